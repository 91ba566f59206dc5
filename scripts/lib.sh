# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts beside this file share. Sourced, never run.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/tcptrack
KERNELS_DIR=$CACHE/kernels	# boot/ and lib/modules/ of kernels that are not installed
NEWER=$CACHE/chroot/trixie	# a Debian whose compiler newer kernels' headers want
export TOP CACHE KERNELS_DIR NEWER

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

tap_number=0 tap_failed=0

# tap_case NAME COMMAND...: a line of TAP; what it said, if it fails
tap_case()
{
	local name=$1 out
	shift
	tap_number=$((tap_number + 1))
	if out=$("$@" 2>&1); then
		say "ok $tap_number $name"
	else
		[[ -z $out ]] || printf '# %s\n' "${out//$'\n'/$'\n# '}"
		say "not ok $tap_number $name"
		tap_failed=$((tap_failed + 1))
	fi
}

# Ends with the status of all.
tap_end()
{
	say "1..$tap_number"
	say "# $((tap_number - tap_failed)) passed, $tap_failed failed"
	[[ $tap_failed -eq 0 ]]
}

# The one place that says which version this is.
version()
{
	sed -n 's/^#define TCPTRACK_VERSION "\(.*\)"$/\1/p' "$TOP/module/version.h"
}

# The files that root's own part of a job left behind go back to who called sudo.
give_back()
{
	[[ $EUID -ne 0 || -z ${SUDO_UID:-} ]] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$@"
}

# Under sudo, everything but installing packages is done as the user: restart so
# (unless the tree is root's own). The environment stays, but for HOME.
drop_root()
{
	[[ $EUID -eq 0 && ${SUDO_UID:-0} -ne 0 && $(stat -c %u "$TOP") -ne 0 ]] || return 0
	local home
	home=$(getent passwd "$SUDO_UID" | cut -d: -f6)
	exec setpriv --reuid="$SUDO_UID" --regid="$SUDO_GID" --init-groups \
		env HOME="${home:-/}" "$@"
}

# kernel_matches RELEASE WANTED: is 6.12.117+deb12-amd64 what "6.12" asks for?
# A special flavour has to be named, and so has one that scripts/kernels fetched.
kernel_matches()
{
	local rest=${1#"$2"}
	[[ -n $2 || ! -e $NEWER/usr/lib/modules/$1 ]] &&
		[[ $1 == "$2"* && (-z $2 || $rest =~ ^([.+-]|$)) && ! $rest =~ (cloud|rt|dbg|debug|kvm)(-|$) ]]
}

# Print the directory of a release's modules; a directory that only holds the
# links of a headers package has none.
kernel_moddir()
{
	local d
	for d in {/lib/modules,/usr/lib/modules,"$KERNELS_DIR"/{,usr/}lib/modules,"$NEWER"/usr/lib/modules}/"$1"; do
		[[ -d $d/kernel ]] && say "$d" && return 0
	done
	return 1
}

# Print "RELEASE IMAGE" of all bootable kernels, oldest first. An image that may
# not be read (Ubuntu keeps /boot/vmlinuz from users) is told on stderr.
kernel_list()
{
	local f r
	for f in "$KERNELS_DIR"/{boot,usr/boot}/vmlinuz-* /boot/vmlinuz-* \
		 {/usr/lib/modules,"$KERNELS_DIR"/usr/lib/modules,"$NEWER"/usr/lib/modules}/*/vmlinuz; do
		[[ -e $f ]] || continue
		r=${f##*/vmlinuz-}
		[[ $f == */vmlinuz ]] && r=$(basename "$(dirname "$f")")
		kernel_moddir "$r" >/dev/null || continue
		if [[ -r $f ]]; then
			say "$r $f"
		else
			say "$f may not be read by this user, looking for a copy" >&2
		fi
	done | sort -V -s -u -k1,1
}

# kernel_find WANTED: set KREL, KIMAGE, KMODDIR of the newest kernel that fits.
kernel_find()
{
	local r f
	KREL='' KIMAGE='' KMODDIR=''
	while read -r r f; do
		kernel_matches "$r" "$1" || continue
		KREL=$r KIMAGE=$f
	done < <(kernel_list)
	[[ -n $KREL ]] || return 1
	KMODDIR=$(kernel_moddir "$KREL")
	export KREL KIMAGE KMODDIR
}

# Print the directory to build a release's modules in: installed headers, or those
# in the cache.
kernel_headers()
{
	local d
	for d in "/lib/modules/$1/build" {"$KERNELS_DIR","$NEWER"}/usr/src/linux-headers-"$1"; do
		[[ -e $d/Makefile ]] && say "$d" && return 0
	done
	return 1
}

# kernel_build_dir WANTED: print the newest directory to build modules in.
kernel_build_dir()
{
	local d r found=
	for d in /lib/modules/*/build "$KERNELS_DIR"/usr/src/linux-headers-*; do
		[[ -e $d/.config ]] || continue
		r=${d#/lib/modules/}
		r=${r%/build}
		say "${r##*/linux-headers-}"
	done | sort -V | {
		while read -r r; do
			kernel_matches "$r" "$1" && found=$r
		done
		[[ -n $found ]] && kernel_headers "$found"
	}
}

# The kernels to test with when nobody names one: what Debian 12 has, or else the
# newest that can be had here.
default_kernels()
{
	local v found=
	for v in 6.1 6.12; do
		[[ -n $(kernel_pick "$v" || kernel_available "$v") ]] && found+="$v "
	done
	[[ -n $found ]] || found=$(kernel_pick "" || kernel_available "")
	say "$found"
}

# kernel_pick WANTED: print the newest release that can be built for and booted.
kernel_pick()
{
	local r f found=
	while read -r r f; do
		kernel_matches "$r" "$1" && kernel_headers "$r" >/dev/null && found=$r
	done < <(kernel_list 2>/dev/null)
	[[ -n $found ]] && say "$found"
}

# packages_of PREFIX: what apt knows, without the prefix.
packages_of()
{
	! command -v apt-cache >/dev/null || apt-cache pkgnames "$1" | sed "s/^$1//" | sort -u
}

# Print the newest release that apt has both headers and image of.
kernel_available()
{
	local r found=
	while read -r r; do
		[[ $r =~ ^[0-9]+\.[0-9]+\.[0-9].*-(amd64|arm64|generic)$ ]] &&
			kernel_matches "$r" "${1:-${r%%[-+]*}}" && found=$r
	done < <(comm -12 <(packages_of linux-headers-) \
		<({ packages_of linux-image-; packages_of linux-binary-; } | sort -u) | sort -V)
	[[ -n $found ]] && say "$found"
}

# The packages that a release's image, modules and headers are in: it differs.
kernel_packages()
{
	packages_of linux- | grep -Fx -e "image-$1" -e "binary-$1" -e "modules-$1" \
		-e "modules-extra-$1" | sed 's/^/linux-/'
	header_packages "$1"
}

header_packages()
{
	say "linux-headers-$1"
	depends "linux-headers-$1" | grep -E '^linux-(headers|kbuild)-'
}

# What the programs of the headers (objtool, modpost, ...) need beside them.
header_dependencies()
{
	local p
	for p in $(header_packages "$1"); do
		depends "$p"
	done | grep -Ev '^(linux-|<)' | sort -u
}

depends()
{
	apt-cache depends "$1" | sed -n 's/^ *|\{0,1\}Depends: *//p'
}

# What make run and make test begin with, and print first of all. Installs what is
# missing, then goes on as the user. Arguments: the kernels; then the script's own.
begin()
{
	local kernels=$1
	shift
	if [[ -z ${TCPTRACK_BEGUN:-} ]]; then
		say "This host's own kernel is not touched: everything runs in a throw-away virtual machine."
		export TCPTRACK_BEGUN=1
		# shellcheck disable=SC2086
		"$TOP/scripts/install" $kernels || exit 1
	fi
	drop_root "$@"
}

# in_newer COMMAND...: as root, in that Debian, which sees its own /proc for so long only, and
# this tree's build/.
in_newer()
{
	# shellcheck disable=SC2016	# the inner shell's
	unshare -m sh -c 'root=$1 top=$2; shift 2; mkdir -p "$root$top/build" "$top/build" &&
		mount -t proc proc "$root/proc" && mount --bind "$top/build" "$root$top/build" &&
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			DEBIAN_FRONTEND=noninteractive "$@"' sh "$NEWER" "$TOP" "$@"
}

# kernel_make RELEASE DIR: the external module in DIR (below build/), any warning is told.
kernel_make()
{
	local headers
	headers=$(kernel_headers "$1") || return
	if [[ $headers == "$NEWER"/* ]]; then
		in_newer make -C "${headers#"$NEWER"}" M="$2" W=1 -j"$(nproc)" modules
	else
		make -C "$headers" M="$2" W=1 modules
	fi
}

# build_module RELEASE: build in build/RELEASE, so that kernels do not mix.
# Any warning is an error here.
build_module()
{
	local dir=$TOP/build/$1 log=$TOP/build/$1.log
	mkdir -p "$dir"
	copy_sources "$dir"
	if ! kernel_make "$1" "$dir" >"$log" 2>&1 ||
	   grep -i 'warning:' "$log" | grep -qv 'the compiler differs'; then
		cat "$log" >&2
		say "module: does not build without a warning for $1" >&2
		return 1
	fi
}

# build_other NAME RELEASE: the module in selftests/NAME, for the same kernel; prints the
# directory.
build_other()
{
	local dir=$TOP/build/$1-$2
	mkdir -p "$dir"
	cp -pu "$TOP/selftests/$1"/* "$dir/"
	if ! kernel_make "$2" "$dir" >"$dir.log" 2>&1 ||
	   grep -i 'warning:' "$dir.log" | grep -qv 'the compiler differs'; then
		cat "$dir.log" >&2
		return 1
	fi
	say "$dir"
}

# copy_tree DIR: all that is tracked or new here, into a new DIR.
copy_tree()
{
	rm -rf "$1" && mkdir -p "$1" || return
	(cd "$TOP" && git ls-files -co --exclude-standard | while read -r f; do
		[[ ! -f $f ]] || say "$f"
	done | tar -cf - -T -) | tar -xf - -C "$1"
}

# Only what changed is copied, so that make builds only what changed; what is no
# longer in the source goes.
copy_sources()
{
	local f
	(cd "$TOP" && find Kbuild module -type f \( -name '*.[chS]' -o -name 'Kbuild*' \
		-o -name '*.sh' \) ! -name '*.mod.c') | sort >"$1/sources.new"
	if [[ -e $1/sources ]]; then
		comm -23 "$1/sources" "$1/sources.new" | (cd "$1" && xargs -r rm -f)
	fi
	mv "$1/sources.new" "$1/sources"
	while read -r f; do
		cmp -s "$TOP/$f" "$1/$f" || install -D -m 644 "$TOP/$f" "$1/$f"
	done <"$1/sources"
}

# make_debian DIR [OPTION]...: a Debian 12, as debootstrap makes it with these options, and what has
# been mended in it since.
make_debian()
{
	local mirror=http://deb.debian.org
	mkdir -p "$1" && debootstrap "${@:2}" bookworm "$1" $mirror/debian || return
	{
		say "deb $mirror/debian bookworm-updates main"
		say "deb $mirror/debian-security bookworm-security main"
	} >>"$1/etc/apt/sources.list"
	cp /etc/resolv.conf "$1/etc/"
}

# make_debs DIR VERSION [HOW]: the packages of that version in DIR/VERSION; HOW spoils the source.
make_debs()
{
	local src=$1/source-$2
	copy_tree "$src" || return
	sed -i "s/^\(#define TCPTRACK_VERSION\) .*/\1 \"$2\"/" "$src/module/version.h"
	sed -i "1s/(.*)/($2)/" "$src/debian/changelog"
	[[ -z ${3:-} ]] || "$3" "$src"
	(cd "$src" && git init -q . && scripts/deb "$1/$2")
}

spoil()
{
	echo '#error spoilt' >>"$1/module/hook.c"
}

# make_versions DIR: one, one that does not build, and one that does.
make_versions()
{
	make_debs "$1" 0.9.1 && make_debs "$1" 0.9.2 spoil && make_debs "$1" 0.9.3
}
