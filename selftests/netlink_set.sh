#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# net.tcptrack by generic netlink: all that is set together or nothing, with the ranges of
# the sysctls; each refusal, its errno and its words; and who may.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

transitions_not "mode=off in the middle of its connections"
find_tool
SYSCTLS=/proc/sys/net/tcptrack
ROUNDS=100

# NAME, least and greatest.
numbers="
	forward 0 1
	flows_max 4 2147483647
	halfopen_max 1 2147483647
	halfopen_listener_max 0 2147483647
	halfopen_source_max 0 2147483647
	halfopen_timeout_min 100 600000
	cookie_start 0 100
	cookie_end 0 100
	cookie_min_time 0 600000
	cookie_resets 0 100000"

ctl_a()
{
	"$ctl" -n "$a" "$@"
}

set_a()
{
	ctl_a set "$@"
}

# settings_of NS: by the sysctls, "NAME=VALUE" a line.
settings_of()
{
	in_ns "$1" grep -H '' "$SYSCTLS"/* | sed 's|.*/\([^/:]*\):|\1=|' | sort
}

# setting_is NAME VALUE: by both.
setting_is()
{
	local sysctl netlink
	sysctl=$(in_ns "$a" cat "$SYSCTLS/$1")
	netlink=$(ctl_a settings | sed -n "s/^$1 = //p")
	[[ $sysctl == "$2" && $netlink == "$2" ]] ||
		{ echo "$1: sysctl $sysctl, netlink $netlink, not $2"; return 1; }
}

# unchanged COMMAND...: it leaves all settings of $a as they were.
unchanged()
{
	settings_of "$a" >"$scratch/were"
	"$@" && diff "$scratch/were" <(settings_of "$a")
}

# says STATUS TEXT COMMAND...: it fails so, and prints nothing else.
says()
{
	local out status
	out=$("${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "tcptrackctl: $2" ]] ||
		{ echo "status $status, not $1: $out (${*:3})"; return 1; }
}

# refused TEXT ERRNO ARGUMENT...: by the module.
refused()
{
	says 2 "the module refuses: $1: $2" set_a "${@:3}"
}

words()
{
	local word
	for word in mode=monitor mode=off mode=enforce overflow=recycle overflow=drop \
		overflow=cookie early=prerouting early=ingress early=off reply=reflect reply=route; do
		set_a "$word" && setting_is "${word%=*}" "${word#*=}" || return
	done
}

devices()
{
	set_a "early_devices=v1 nosuch  v1" && setting_is early_devices "v1 nosuch" &&
		set_a early_devices= && setting_is early_devices ''
}

sysctl_refuses()
{
	! in_ns "$a" sh -c "echo $2 >$SYSCTLS/$1" 2>/dev/null ||
		{ echo "the sysctl $1 takes $2"; return 1; }
}

# ranges: netlink and sysctl take the ends of each range, and neither what is beyond.
ranges()
{
	local name least greatest text n
	while read -r name least greatest; do
		[[ -n $name ]] || continue
		text="$name is a number from $least to $greatest"
		[[ $name != forward ]] || text="forward has no such value"
		for n in "$least" "$greatest"; do
			set_a "$name=$n" && setting_is "$name" "$n" &&
				in_ns "$a" sh -c "echo $n >$SYSCTLS/$name" || return
		done
		for n in $((greatest + 1)) $([[ $least -eq 0 ]] || echo $((least - 1))); do
			sysctl_refuses "$name" "$n" &&
				refused "$text" "Numerical result out of range" "$name=$n" || return
		done
		setting_is "$name" "$greatest" || return
	done <<<"$numbers"
}

together()
{
	settings_of "$a" | sed 's/^mode=.*/mode=monitor/; s/^halfopen_max=.*/halfopen_max=77/
		s/^early_devices=.*/early_devices=x y/; s/^cookie_resets=.*/cookie_resets=5/' \
		>"$scratch/want"
	set_a mode=monitor halfopen_max=77 "early_devices=x y" cookie_resets=5 &&
		diff "$scratch/want" <(settings_of "$a") || return
	# all of them
	settings_of "$b" >"$scratch/all"
	mapfile -t all <"$scratch/all"
	set_a "${all[@]}" && diff "$scratch/all" <(settings_of "$a")
}

nothing()
{
	local many
	many=$(seq -s ' ' 33)
	unchanged refused "cookie_start is a number from 0 to 100" "Numerical result out of range" \
		mode=off halfopen_max=5 early_devices=z cookie_start=101 &&
	unchanged refused "early_devices has what is no name of a device" "Invalid argument" \
		mode=off halfopen_max=5 early_devices=a/b &&
	unchanged refused "early_devices are 32 names at most" "Argument list too long" \
		mode=off halfopen_max=5 "early_devices=$many" &&
	unchanged refused "early_devices are 32 names at most" "Argument list too long" \
		mode=off halfopen_max=5 "early_devices=$(printf '%0600d' 0)"
}

command_line()
{
	local lists='("tcptrackctl settings" lists them)'
	unchanged says 1 "set what? NAME=VALUE... $lists" set_a &&
	unchanged says 1 '"mode" is not NAME=VALUE' set_a mode &&
	unchanged says 1 "no setting is called \"x\" $lists" set_a x=1 &&
	unchanged says 1 'mode is enforce, monitor or off, not "on"' set_a mode=on &&
	unchanged says 1 'reply is route or reflect, not ""' set_a reply= &&
	unchanged says 1 'flows_max is a number, not "-1"' set_a flows_max=-1 &&
	unchanged says 1 'flows_max is a number, not "4294967296"' set_a flows_max=4294967296 &&
	unchanged says 1 'flows_max is a number, not "9x"' set_a flows_max=9x &&
	unchanged says 1 'flows_max is set twice' set_a flows_max=9 flows_max=8 &&
	unchanged says 1 'early_devices are too many' set_a "early_devices=$(printf '%01025d' 0)"
}

# seen N: over loopback, so many segments are looked at, or more if N is "some".
seen()
{
	local n
	counters_begin "$a"
	in_ns "$a" traffic client 127.0.0.1 80 keep 1 || return
	n=$(counter_since "$a" segments_seen)
	[[ $1 == some && $n -gt 0 || $1 == "$n" ]] || { echo "$n segments seen"; return 1; }
}

mode_off()
{
	seen some && set_a mode=off cookie_start=74 && seen 0 && setting_is mode off &&
		set_a mode=monitor && seen some && set_a mode=enforce cookie_start=75 && seen some
}

# shows SETTINGS NAME=VALUE...: all of them (no process: this is done a hundred times).
shows()
{
	local want
	for want in "${@:2}"; do
		[[ $'\n'$1$'\n' == *$'\n'"${want/=/ = }"$'\n'* ]] || return
	done
}

# Settings that are set together, while devices that need the RTNL come and go.
never_half()
{
	local i out
	local low_ones=(early=off cookie_start=10 cookie_end=10 early_devices=d1)
	set_a "${low_ones[@]}"
	while :; do
		ip -n "$a" link add d1 type dummy && ip -n "$a" link del d1
	done 2>/dev/null &
	local links=$!
	while :; do
		set_a early=ingress cookie_start=20 cookie_end=20 "early_devices=d1 d2"
		set_a "${low_ones[@]}"
	done 2>/dev/null &
	local sets=$! low=0 high=0
	for ((i = 0; i < ROUNDS || (i < 20 * ROUNDS && (low == 0 || high == 0)); i++)); do
		out=$(ctl_a settings)
		if shows "$out" early=off cookie_start=10 cookie_end=10 early_devices=d1; then
			low=$((low + 1))
		elif shows "$out" early=ingress cookie_start=20 cookie_end=20 "early_devices=d1 d2"; then
			high=$((high + 1))
		else
			echo "reading $i: $out"
			break
		fi
		out=
	done
	kill "$links" "$sets"
	wait "$links" "$sets" 2>/dev/null
	ip -n "$a" link del d1 2>/dev/null
	set_a early=off early_devices= cookie_start=75 cookie_end=40
	[[ -z $out && $low -gt 0 && $high -gt 0 ]] || { echo "low $low high $high"; return 1; }
}

only="only root may change this (CAP_NET_ADMIN in this namespace)"
not_for_users()
{
	unchanged says 2 "$only" in_ns "$a" "${nobody[@]}" "$ctl" set mode=off &&
		cmp <(in_ns "$a" "${nobody[@]}" "$ctl" settings) <(ctl_a settings)
}

# Root of a user namespace sets what is its own.
user_namespace()
{
	local mode
	unchanged says 2 "$only" in_ns "$a" unshare --user --map-root-user "$ctl" set mode=off ||
		return
	settings_of - >"$scratch/init"
	mode=$(unshare --user --map-root-user --net sh -c \
		"'$ctl' set mode=off halfopen_max=7 && '$ctl' settings" |
		sed -n 's/^\(mode\|halfopen_max\) = //p' | tr '\n' ' ')
	[[ $mode == "off 7 " ]] || { echo "its own: $mode"; return 1; }
	diff "$scratch/init" <(settings_of -)
}

namespaces()
{
	local max
	settings_of "$b" >"$scratch/b"
	settings_of - >"$scratch/init"
	max=$(in_ns - cat "$SYSCTLS/halfopen_max")
	set_a mode=monitor cookie_start=3 halfopen_max=$((max + 1)) &&
		diff "$scratch/b" <(settings_of "$b") && diff "$scratch/init" <(settings_of -) ||
		return
	# clamped where it holds, as by the sysctl
	setting_is halfopen_max $((max + 1)) && value_is "$a" halfopen_max "$max" &&
		set_a mode=enforce cookie_start=75 halfopen_max="$max" || return
	"$ctl" set cookie_start=74 && [[ $(in_ns - cat "$SYSCTLS/cookie_start") -eq 74 ]] &&
		"$ctl" set cookie_start=75 && diff "$scratch/init" <(settings_of -)
}

# The kernel's own client, by the spec.
ynl()
{
	in_ns "$a" /usr/bin/python3 "$YNL" --no-schema --spec "$TCPTRACK_SPEC" "$@" 2>&1
}

# ynl_refused ERRNO ATTRIBUTE TEXT JSON
ynl_refused()
{
	local out
	out=$(ynl --do settings-set --json "$4") && { echo "not refused: $4"; return 1; }
	if ! grep -q "error: $1\\b" <<<"$out" || ! grep -Fq "'msg': '$3'" <<<"$out" ||
		{ [[ -n $2 ]] && ! grep -Fq "'bad-attr': '.$2'" <<<"$out"; }; then
		echo "not $1, $2, '$3': $out"
		return 1
	fi
}

by_ynl()
{
	ynl --do settings-set --json \
		'{"mode":"monitor","halfopen_max":99,"early_devices":"x y","reply":"reflect"}' &&
	setting_is mode monitor && setting_is halfopen_max 99 && setting_is early_devices "x y" &&
	setting_is reply reflect || return
	unchanged ynl_refused -22 '' 'nothing to set: at least one setting is needed' '{}' &&
	unchanged ynl_refused -34 cookie_start 'cookie_start is a number from 0 to 100' \
		'{"mode":"off","cookie_start":101}' &&
	unchanged ynl_refused -34 forward 'forward has no such value' '{"forward":2}' &&
	unchanged ynl_refused -22 early_devices 'early_devices has what is no name of a device' \
		'{"mode":"off","early_devices":"a/b"}' &&
	unchanged ynl_refused -7 early_devices 'early_devices are 32 names at most' \
		"{\"mode\":\"off\",\"early_devices\":\"$(seq -s ' ' 33)\"}" &&
	ynl --do settings-set --json \
		'{"mode":"enforce","halfopen_max":100,"early_devices":"","reply":"route"}'
}

plan 12
tt_load
ns_add a b
serve server "$a" 80
check "each word" words
check "early_devices" devices
check "the ends of each range, and what is beyond" ranges
check "several, and all" together
check "one of them is refused: nothing is set" nothing
check "what the command line has to be" command_line
check "mode=off takes the hooks out" mode_off
check "nobody reads half of it" never_half
check "not for users" not_for_users
if [[ -e /proc/self/ns/user ]]; then
	check "root of a user namespace sets its own" user_namespace
else
	skip "root of a user namespace sets its own" "no user namespaces"
fi
check "another namespace has its own, clamped by the initial one's" namespaces
if [[ -e ${YNL:-} ]] && /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	check "the kernel's own client, set and refusals" by_ynl
else
	skip "the kernel's own client, set and refusals" "no ynl (linux-source-6.12, python3-yaml)"
fi
finish
