#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tcptrackctl save and restore: what is saved, exactly; that it comes back, over a new module,
# too; and what is said of what cannot come back.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

find_tool

# prints STATUS TEXT COMMAND...: exactly so.
prints()
{
	local out status
	out=$("${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "$2" ]] || { echo "status $status, not $1: $out"; return 1; }
}

# Nothing in $a is as it is by default.
set_all()
{
	"$ctl" -n "$a" set mode=monitor overflow=recycle forward=0 early=prerouting reply=reflect \
		flows_max=1000 halfopen_max=99 halfopen_listener_max=7 halfopen_source_max=3 \
		halfopen_timeout_min=500 cookie_start=60 cookie_end=30 cookie_min_time=1234 \
		cookie_resets=5 early_devices="v1 eth0" &&
	"$ctl" -n "$a" listener set 10.1.1.1:80 limit 0 &&
	"$ctl" -n "$a" listener set '[::]:443' dev v1 limit 4096 overflow drop cookie-mode always &&
	"$ctl" -n "$a" listener set 0.0.0.0:22 cookie-mode never &&
	"$ctl" -n "$a" listener set 0.0.0.0:23 limit 5 && "$ctl" -n "$a" listener delete 0.0.0.0:23
}

text_of_a()
{
	cat <<-END
		{
		    "tcptrack_settings": 1,
		    "version": "0.1.0",
		    "namespaces": [
		        {
		            "netns": "$a",
		            "settings": {
		                "mode": "monitor",
		                "overflow": "recycle",
		                "forward": 0,
		                "early": "prerouting",
		                "reply": "reflect",
		                "flows_max": 1000,
		                "halfopen_max": 99,
		                "halfopen_listener_max": 7,
		                "halfopen_source_max": 3,
		                "halfopen_timeout_min": 500,
		                "cookie_start": 60,
		                "cookie_end": 30,
		                "cookie_min_time": 1234,
		                "cookie_resets": 5,
		                "early_devices": "v1 eth0"
		            },
		            "listeners": [
		                {
		                    "family": "ipv4",
		                    "address": "0.0.0.0",
		                    "port": 22,
		                    "device": "",
		                    "overflow": "inherit",
		                    "cookie_mode": "never"
		                },
		                {
		                    "family": "ipv4",
		                    "address": "10.1.1.1",
		                    "port": 80,
		                    "device": "",
		                    "limit": 0,
		                    "overflow": "inherit",
		                    "cookie_mode": "auto"
		                },
		                {
		                    "family": "ipv6",
		                    "address": "::",
		                    "port": 443,
		                    "device": "v1",
		                    "limit": 4096,
		                    "overflow": "drop",
		                    "cookie_mode": "always"
		                }
		            ]
		        }
		    ]
		}
	END
}

# begin NAME: all is set, and saved in $file.
begin()
{
	set_all && file=$scratch/$1 && rm -rf "$file" && "$ctl" save "$file"
}

exactly()
{
	set_all && prints 0 "$(text_of_a)" "$ctl" -n "$a" save
}

# The namespace where save runs and all that have a name: each once, in that order.
everywhere()
{
	local names
	begin all || return
	names=$({ echo null; ip netns list | awk '{ print "\"" $1 "\"" }' | sort; } | tr '\n' ' ')
	[[ $(sed -n 's/^ *"netns": \(.*\),$/\1/p' "$file" | tr '\n' ' ') == "$names" ]] ||
		{ grep netns "$file"; return 1; }
}

# change NAMESPACE: nothing there is as it was saved.
change()
{
	"$ctl" -n "$1" set mode=enforce overflow=drop forward=1 early=off reply=route \
		flows_max=2000 halfopen_max=98 halfopen_listener_max=8 halfopen_source_max=4 \
		halfopen_timeout_min=501 cookie_start=61 cookie_end=31 cookie_min_time=1235 \
		cookie_resets=6 early_devices=
}

and_back()
{
	begin back || return
	change "$a" && change "$b" && sysctl -qw net.tcptrack.cookie_start=11 || return
	"$ctl" -n "$a" listener delete 10.1.1.1:80 && "$ctl" -n "$a" listener delete 0.0.0.0:22 &&
		"$ctl" -n "$a" listener set '[::]:443' dev v1 limit 1 overflow recycle cookie-mode auto || return
	prints 0 '' "$ctl" restore "$file" && "$ctl" save | cmp - "$file"
}

over_a_new_module()
{
	begin new || return
	tt_load
	[[ $("$ctl" -n "$a" settings | grep '^cookie_start') == 'cookie_start = 75' ]] || return
	prints 0 '' "$ctl" restore "$file" && "$ctl" save | cmp - "$file"
}

by_stdin()
{
	begin stdin || return
	change "$a" && prints 0 '' eval '"$ctl" restore <"$file"' && "$ctl" -n "$a" save | cmp - <(text_of_a)
}

# What was set after the save goes: all of a listener that the file does not have, a limit that
# it does not have, and the words that it has as they are by default. Without --exact that is
# only these words.
and_back_exactly()
{
	begin exactly || return
	"$ctl" -n "$a" listener set 0.0.0.0:22 limit 9 overflow drop cookie-mode always &&
		"$ctl" -n "$a" listener set 10.1.1.1:80 overflow recycle cookie-mode never &&
		"$ctl" -n "$a" listener set 10.1.1.1:81 limit 3 &&
		"$ctl" -n "$a" listener set '[::]:443' overflow recycle &&
		"$ctl" -n "$a" listener set '[::]:443' dev lo cookie-mode never &&
		"$ctl" -n "$b" listener set 0.0.0.0:22 limit 8 || return
	"$ctl" -n "$b" save >"$scratch/b" && prints 0 '' "$ctl" restore "$file" || return
	[[ $("$ctl" -n "$a" listeners | awk 'NR > 1 { print $2, ($3 > 0), $(NF - 3), $(NF - 2), $(NF - 1) }' |
		sort) == '0.0.0.0:22 0 9 inherit never
10.1.1.1:80 0 0 inherit auto
10.1.1.1:81 0 3 inherit auto
[::]:443 0 inherit recycle auto
[::]:443 1 4096 drop always
[::]:443 1 inherit inherit never' ]] || { "$ctl" -n "$a" listeners; return 1; }
	prints 0 '' "$ctl" -n "$a" restore --exact "$file" && "$ctl" -n "$a" save | cmp - <(text_of_a) &&
		"$ctl" -n "$b" save | cmp - "$scratch/b" &&
		prints 0 '' eval '"$ctl" restore --exact <"$file"' && "$ctl" save | cmp - "$file"
}

# With -n, that one only, there and back.
one_only()
{
	begin one || return
	change "$a" && change "$b" && "$ctl" -n "$b" save >"$scratch/b" || return
	prints 0 '' "$ctl" -n "$a" restore "$file" && "$ctl" -n "$a" save | cmp - <(text_of_a) &&
		"$ctl" -n "$b" save | cmp - "$scratch/b" &&
		prints 1 "tcptrackctl: $scratch/b has nothing of network namespace \"$a\"" \
			"$ctl" -n "$a" restore "$scratch/b"
}

# Whole or not at all, and for nobody else to read.
atomic()
{
	local small=$scratch/small status
	begin atomic && [[ $(stat -c %a "$file") == 600 ]] || return
	mkdir -p "$small" && mount -t tmpfs -o size=8k tmpfs "$small" || return
	echo before >"$small/file" && head -c 4096 /dev/zero >"$small/full"
	prints 2 "tcptrackctl: $small/file: No space left on device" "$ctl" save "$small/file" &&
		[[ $(<"$small/file") == before && $(ls "$small") == $'file\nfull' ]] &&
		rm "$small/full" && prints 2 \
		"tcptrackctl: the metrics were not written: No space left on device" \
		"$ctl" metrics "$small/file" &&
		[[ $(<"$small/file") == before && $(ls "$small") == file ]] &&
		prints 2 "tcptrackctl: $small/no/file: No such file or directory" \
			"$ctl" save "$small/no/file"
	status=$?
	umount "$small"
	return "$status"
}

# What is no file of its own is written to, and stays what it is. (What is read from a fifo is
# there while it is written.)
through()
{
	local null=$scratch/null fifo=$scratch/fifo
	set_all && mknod "$null" c 1 3 && chmod 606 "$null" && mkfifo "$fifo" || return
	prints 0 '' "$ctl" -n "$a" save "$null" && prints 0 '' "$ctl" -n "$a" metrics "$null" &&
		[[ -c $null && $(stat -c %a "$null") == 606 ]] || return
	cat "$fifo" >"$scratch/read" &
	prints 0 '' "$ctl" -n "$a" save "$fifo" && wait $! && [[ -p $fifo ]] &&
		cmp "$scratch/read" <(text_of_a) || return
	prints 2 "tcptrackctl: $scratch: Is a directory" "$ctl" -n "$a" save "$scratch" &&
		[[ -z $(compgen -G "$null.*"; compgen -G "$fifo.*"; compgen -G "$scratch.*") ]]
}

# What stdout is already, by the name of it: after what is there.
own_stdout()
{
	set_all && echo before >"$scratch/out" &&
		prints 0 '' eval '"$ctl" -n "$a" save /dev/stdout >>"$scratch/out"' &&
		cmp "$scratch/out" <(echo before; text_of_a) &&
		prints 0 "$(text_of_a)" "$ctl" -n "$a" save /dev/stdout && [[ -h /dev/stdout ]]
}

# A link stays one; what it leads to is another file with the mode and the owner of before.
links()
{
	local link=$scratch/link file=$scratch/target inode
	set_all && echo before >"$file" && chown 1:2 "$file" && chmod 640 "$file" &&
		ln -s target "$link" || return
	inode=$(stat -c %i "$file")
	prints 0 '' "$ctl" -n "$a" save "$link" && [[ $(readlink "$link") == target ]] &&
		[[ $(stat -c '%F %a %u:%g' "$file") == 'regular file 640 1:2' ]] &&
		[[ $(stat -c %i "$file") -ne $inode ]] && cmp "$file" <(text_of_a) || return
	ln -sf nowhere "$link" &&
		prints 2 "tcptrackctl: $link: No such file or directory" "$ctl" -n "$a" save "$link" &&
		[[ -z $(compgen -G "$link.*"; compgen -G "$file.*"; compgen -G "$scratch/nowhere*") ]]
}

# Ended by a signal while it writes (here: at the size that a file may have), it takes away what
# it began.
ended()
{
	local dir=$scratch/ended
	mkdir -p "$dir" && echo before >"$dir/file" || return
	prlimit --fsize=100 --core=0 "$ctl" -n "$a" save "$dir/file"
	[[ $? -eq $((128 + $(kill -l XFSZ))) && $(<"$dir/file") == before && $(ls "$dir") == file ]] ||
		{ ls "$dir"; return 1; }
}

# A line of the file for another: edit SED...
edit()
{
	sed "$@" "$file" >"$file.edited" && ! cmp -s "$file" "$file.edited"
}

# What is refused is told, line by line; the rest is there.
partly()
{
	"$ctl" -n "$a" save "$scratch/partly" && file=$scratch/partly || return
	edit -e 's/"cookie_start": 60/"cookie_start": 101/' -e 's/"recycle"/"recycled"/' \
		-e 's/"forward": 0/"forwards": 0/' -e 's/"flows_max": 1000/"flows_max": -1/' \
		-e 's/"cookie_end": 30/"cookie_end": "30"/' -e 's/"v1 eth0"/"a\/b"/' \
		-e 's/"limit": 0/"limit": 4294967295/' -e 's/"device": "v1"/"device": "v9"/' \
		-e 's/"0.0.0.0"/"0.0.0.256"/' || return
	change "$a"
	prints 5 "tcptrackctl: $a: overflow is not restored: it is no word that this program knows
tcptrackctl: $a: forwards is not restored: it is no setting that this program knows
tcptrackctl: $a: flows_max is not restored: it is no number that a setting can be
tcptrackctl: $a: cookie_end is not restored: it is no number that a setting can be
tcptrackctl: $a: cookie_start=101 is not restored: cookie_start is a number from 0 to 100: \
Numerical result out of range
tcptrackctl: $a: early_devices=\"a/b\" is not restored: early_devices has what is no name of a \
device: Invalid argument
tcptrackctl: $a: listener 0.0.0.256:22 is not restored: that is no address and port
tcptrackctl: $a: listener 10.1.1.1:80 is not restored: the limit is a number from 0 to \
2147483647: Numerical result out of range
tcptrackctl: $a: listener [::]:443 dev v9 is not restored: there is no such device" \
		"$ctl" restore "$file.edited" || return
	prints 0 'mode = monitor
overflow = drop
forward = 1
early = prerouting
reply = reflect
flows_max = 2000
halfopen_max = 99
halfopen_listener_max = 7
halfopen_source_max = 3
halfopen_timeout_min = 500
cookie_start = 61
cookie_end = 31
cookie_min_time = 1234
cookie_resets = 5
early_devices = ' "$ctl" -n "$a" settings
}

# Of a listener, a word that is not known is not set, the rest is; a number that only its lowest
# bits make a port is none.
partly_listeners()
{
	set_all && file=$scratch/listeners && "$ctl" -n "$a" save "$file" || return
	edit -e 's/"overflow": "drop"/"overflow": "dropped"/' -e 's/"never"/"seldom"/' \
		-e 's/"port": 80/"port": 4294967376/' || return
	change "$a" && "$ctl" -n "$a" listener set 0.0.0.0:22 overflow recycle cookie-mode always &&
		"$ctl" -n "$a" listener delete 10.1.1.1:80 &&
		"$ctl" -n "$a" listener set '[::]:443' dev v1 limit 1 overflow recycle cookie-mode auto || return
	prints 5 "tcptrackctl: $a: listener 0.0.0.0:22: cookie_mode is not restored: it is no word that \
this program knows
tcptrackctl: $a: listener 10.1.1.1:4294967376 is not restored: that is no address and port
tcptrackctl: $a: listener [::]:443 dev v1: overflow is not restored: it is no word that this \
program knows" "$ctl" restore "$file.edited" || return
	[[ $("$ctl" -n "$a" listeners | awk 'NR > 1 { print $2, $(NF - 3), $(NF - 2), $(NF - 1) }' |
		sort) == '0.0.0.0:22 inherit inherit always
[::]:443 4096 recycle always' ]] || { "$ctl" -n "$a" listeners; return 1; }
}

# What is of no namespace, as far as the file says, is not taken for the host's.
malformed()
{
	local not="of namespaces is not what save prints: not restored" host was
	was=$("$ctl" -n "$b" settings | sed -n 's/^cookie_start = //p')
	host=$("$ctl" save) && file=$scratch/malformed || return
	cat >"$file" <<-END
		{ "tcptrack_settings": 1, "namespaces": [
			{ "netns": 5, "settings": { "cookie_start": 7 }, "listeners": [] },
			{ "settings": { "cookie_start": 7 }, "listeners": [] },
			{ "netns": null, "settings": [], "listeners": [] },
			{ "netns": null, "settings": { "cookie_start": 7 }, "listeners": {} },
			{ "netns": "$b", "settings": { "cookie_start": 44 }, "listeners": [] },
			1 ] }
	END
	prints 5 "tcptrackctl: entry 1 $not
tcptrackctl: entry 2 $not
tcptrackctl: entry 3 $not
tcptrackctl: entry 4 $not
tcptrackctl: entry 6 $not" "$ctl" restore "$file" || return
	[[ $("$ctl" -n "$b" settings | grep '^cookie_start') == 'cookie_start = 44' ]] &&
		"$ctl" -n "$b" set cookie_start="$was" && cmp <(echo "$host") <("$ctl" save)
}

# A name that is gone, a name that is none, and the one behind them.
namespace_gone()
{
	begin gone || return
	edit -e "s/\"netns\": \"$a\"/\"netns\": \"gone\"/" || return
	"$ctl" -n "$b" set cookie_start=33 && "$ctl" -n "$b" save "$scratch/b" && prints 5 \
"tcptrackctl: gone: nothing of this namespace is restored: No such file or directory" \
		"$ctl" restore "$file.edited" &&
		! "$ctl" -n "$b" save | cmp -s - "$scratch/b" || return
	edit -e "s/\"netns\": \"$a\"/\"netns\": \"..\/x\"/" && prints 5 \
"tcptrackctl: ../x: nothing of this namespace is restored: Invalid argument" \
		"$ctl" restore "$file.edited"
}

newer()
{
	begin newer || return
	edit -e 's/"tcptrack_settings": 1,/"tcptrack_settings": 2, "more": [],/' && change "$a" &&
		prints 5 "tcptrackctl: $file.edited was written by a newer tcptrackctl (format 2, \
this one knows 1): what is known of it is restored" "$ctl" restore "$file.edited" &&
		"$ctl" -n "$a" save | cmp - <(text_of_a)
}

# Nothing of these is believed.
other_files()
{
	local not="is not what \"tcptrackctl save\" prints"
	file=$scratch/other
	prints 1 "tcptrackctl: $file: No such file or directory" "$ctl" restore "$file" &&
	echo '[]' >"$file" && prints 1 "tcptrackctl: $file $not" "$ctl" restore "$file" &&
	"$ctl" -j settings >"$file" && prints 1 "tcptrackctl: $file $not" "$ctl" restore "$file" &&
	echo '{"tcptrack_settings": 0, "namespaces": []}' >"$file" &&
	prints 1 "tcptrackctl: $file $not" "$ctl" restore "$file" &&
	echo '{"tcptrack_settings": 4294967297, "namespaces": []}' >"$file" &&
	prints 5 "tcptrackctl: $file was written by a newer tcptrackctl (format 4294967297, this one \
knows 1): what is known of it is restored" "$ctl" restore "$file" &&
	echo '{"tcptrack_settings": 1, "namespaces": {}}' >"$file" &&
	prints 1 "tcptrackctl: $file $not" "$ctl" restore "$file" &&
	begin whole && head -n 9 "$file" >"$scratch/cut" && prints 1 \
		"tcptrackctl: $scratch/cut $not: line 10: string or '}' expected near end of file" \
		"$ctl" restore "$scratch/cut" &&
	prints 1 'tcptrackctl: save FILE takes no argument: "b"' "$ctl" save a b &&
	prints 1 'tcptrackctl: restore FILE takes no argument: "b"' "$ctl" restore a b &&
	prints 1 'tcptrackctl: restore FILE takes no argument: "--exact"' "$ctl" restore a --exact
}

# A file of before is no namespace: it is told, and the others are saved.
no_namespace()
{
	: >/run/netns/stale
	prints 5 "tcptrackctl: stale is not saved: Invalid argument" eval '"$ctl" save >"$scratch/stale"'
	local status=$?
	rm /run/netns/stale
	[[ $status -eq 0 ]] && "$ctl" save | cmp - "$scratch/stale"
}

# Names that JSON cannot have.
odd_names()
{
	local odd=$'odd\xe9' status
	ip netns add "$odd" && ip -n "$b" link add "$odd" type dummy &&
		"$ctl" -n "$b" set early_devices="$odd" &&
		"$ctl" -n "$b" listener set '[::]:444' dev "$odd" limit 1 || return
	prints 5 "tcptrackctl: odd? is not saved: its name is not UTF-8" \
		eval '"$ctl" -n "$odd" save >"$scratch/odd"' && prints 5 \
"tcptrackctl: $b: early_devices is not saved: it is not UTF-8
tcptrackctl: $b: [::]:444 is not saved: the name of its device is not UTF-8" \
		eval '"$ctl" -n "$b" save >"$scratch/odd"' && grep -q cookie_start "$scratch/odd" &&
		prints 5 'tcptrackctl: early_devices is not shown: it is not UTF-8' \
		eval '"$ctl" -n "$b" settings >/dev/null'
	status=$?
	"$ctl" -n "$b" listener delete '[::]:444' dev "$odd"
	"$ctl" -n "$b" set early_devices=
	ip -n "$b" link del "$odd"
	ip netns del "$odd"
	return "$status"
}

# Where cookies do not work, the module's own mode is nobody's wish: what is enforced is saved, and
# restored.
no_cookies()
{
	local TCPTRACK_KO=$TCPTRACK_KO ko=$scratch/tcptrack.ko
	broken_cookies "$ko" && begin cookies || return
	edit -e 's/"mode": "monitor"/"mode": "enforce"/' || return
	TCPTRACK_KO=$ko
	tt_load
	prints 0 '' "$ctl" -n "$a" restore "$file" &&
		cmp <("$ctl" -n "$a" save) <(text_of_a | sed '/"mode"/d') &&
		prints 0 '' "$ctl" -n "$a" restore "$file.edited" &&
		cmp <("$ctl" -n "$a" save) <(text_of_a | sed 's/"mode": "monitor"/"mode": "enforce"/') &&
		prints 0 '' "$ctl" -n "$a" restore <("$ctl" -n "$a" save)
}

# What would move a terminal's cursor, of a name of a namespace or out of a file.
for_terminals()
{
	local odd=$'\e]0;\x9b2Jx'
	: >"/run/netns/$odd"
	prints 5 "tcptrackctl: ?]0;?2Jx is not saved: Invalid argument" eval '"$ctl" save >/dev/null'
	local status=$?
	prints 1 'tcptrackctl: "?]0;?2Jx" is no network namespace' "$ctl" -n "$odd" stats || status=1
	rm "/run/netns/$odd"
	[[ $status -eq 0 ]] || return
	file=$scratch/terminal
	cat >"$file" <<-'END'
		{ "tcptrack_settings": 1, "namespaces": [
			{ "netns": "\u001b[2J", "settings": {}, "listeners": [] },
			{ "netns": null, "settings": { "\u009bx": 1 }, "listeners": [] } ] }
	END
	prints 5 "tcptrackctl: ?[2J: nothing of this namespace is restored: No such file or directory
tcptrackctl: ??x is not restored: it is no setting that this program knows" "$ctl" restore "$file"
}

for_users()
{
	begin users && chmod 644 "$file" && change "$a" || return
	prints 2 "tcptrackctl: only root may change this (CAP_NET_ADMIN in this namespace)" \
		in_ns "$a" "${nobody[@]}" "$ctl" restore "$file" || return
	in_ns "$a" "${nobody[@]}" "$ctl" save >"$scratch/nobody" 2>"$scratch/error"
	[[ $? -eq 5 ]] && grep -qx "tcptrackctl: $a is not saved: Operation not permitted" \
		"$scratch/error" && cmp <(sed 's/"netns": .*/"netns": null,/' \
		<("$ctl" -n "$a" save)) "$scratch/nobody"
}

no_module()
{
	tt_unload
	prints 3 'tcptrackctl: no module tcptrack, or one without netlink ("modprobe tcptrack")' \
		"$ctl" save "$scratch/none" && [[ ! -e $scratch/none ]]
}

plan 24
tt_load
ns_add a b
ns_link "$a" "$b" 1
check "save, exactly" exactly
check "save, of all namespaces" everywhere
check "restore" and_back
check "restore, over a new module" over_a_new_module
check "restore, of standard input" by_stdin
check "--exact: what was set afterwards goes" and_back_exactly
check "-n, one namespace" one_only
check "a file is whole, or as it was" atomic
check "a device, a fifo and a directory are not replaced" through
check "/dev/stdout" own_stdout
check "a link stays, mode and owner, too" links
check "a signal leaves nothing" ended
check "what cannot be restored is told, the rest is restored" partly
check "what of a listener cannot be restored is told, the rest is restored" partly_listeners
check "parts that are not what they should be" malformed
check "a namespace that is gone" namespace_gone
check "a file of a newer program" newer
check "what is no saved file" other_files
check "what is no namespace" no_namespace
check "names that are not UTF-8" odd_names
check "names that a terminal would obey" for_terminals
check "for users" for_users
check "where SYN cookies do not work" no_cookies
check "without the module" no_module
finish
