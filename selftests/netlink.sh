#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Generic netlink, as tcptrackctl shows it: the same as /proc, value by value; what it
# refuses, and in which words; dumps while flows come and go, and while the module is to go.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

find_tool
N=2000		# flows that come at a time
STAY=100
ALL=$((2 * STAY + 3))

# between COMMAND...: what it prints is /proc's $file in $a, line by line and word by word
# (in any order of lines). What has changed from the reading before to that after is a
# number between them.
between()
{
	in_ns "$a" cat "/proc/net/$file" | "$part" | sort >"$scratch/before"
	"$@" | sort >"$scratch/between"
	in_ns "$a" cat "/proc/net/$file" | "$part" | sort >"$scratch/after"
	paste -d '\n' "$scratch/before" "$scratch/between" "$scratch/after" | awk '
		{ line[NR % 3] = $0 }
		NR % 3 { next }
		{
			n = split(line[1], b); m = split(line[2], v); split(line[0], a)
			for (i = 1; i <= n || i <= m; i++) {
				if (v[i] "" == b[i] "" && v[i] "" == a[i] "") continue
				if (a[i] != b[i] && v[i] ~ /^[0-9]+$/ && v[i] + 0 >= b[i] + 0 &&
				    v[i] + 0 <= a[i] + 0) continue
				print "/proc: " line[1] "\nnetlink: " line[2]
				bad = 1; break
			}
		}
		END { exit bad || NR < 3 * least }' "least=$least" -
}

values() { sed '1,/^$/d'; }
table() { sed '/^$/,$d'; }
all() { cat; }
# without its header
lines() { tail -n +2; }

ctl_a()
{
	"$ctl" -n "$a" "$@"
}

# What -j says, in the words of /proc.
json_object()
{
	ctl_a -j "$1" | sed 's/^{//; s/}$//; s/,"/\n"/g' | sed 's/^"//; s/":/ /; s/"//g'
}

json_states()
{
	echo "state local remote forward entered"
	ctl_a -j states | sed -n 's/"[a-z]*"://g; s/"//g; s/^{\(.*\)}.*/\1/p' | tr ',' ' '
}

# As "family endpoint... other values": $1 is how many endpoints.
json_list()
{
	ctl_a -j "$2" | sed 's/"flags":\[\([^]]*\)\]/\1/; s/^{//; s/},*$//' | grep -v '^[][]$' |
		sed 's/"[a-z_]*"://g' | awk -v ends="$1" '
		{
			split($0, half, /,"(local|loopback|forward)/)
			flags = substr($0, length(half[1]) + 2)
			gsub(/"/, "", half[1]); gsub(/"/, "", flags)
			n = split(half[1], v, ",")
			line = v[1]
			for (i = 0; i < ends; i++)
				line = line " " (v[1] == "ipv6" ? "[" v[2 * i + 2] "]" : v[2 * i + 2]) \
					":" v[2 * i + 3]
			# (dev, the last of a flow, is not in /proc)
			for (i = 2 * ends + 2; i <= n - (flags != ""); i++) line = line " " v[i]
			print line (flags != "" ? " " flags : "")
		}'
}

# part FILTER FILE LEAST COMMAND...: that many lines at least
part()
{
	local part=$1 file=$2 least=$3
	between "${@:4}"
}

same_settings()
{
	local name
	ctl_a settings >"$scratch/settings"
	in_ns "$a" grep -H '' /proc/sys/net/tcptrack/* | sed 's|.*/\([^/:]*\):|\1 = |' |
		sort | diff - <(sort "$scratch/settings") || return
	json_object settings | sed 's/ / = /' | diff - "$scratch/settings"
}

# same_pretty COMMAND...: but for time that passes, and more lines.
same_pretty()
{
	ctl_a -p "$@" >"$scratch/pretty"
	ctl_a -j "$@" >"$scratch/json"
	[[ $(wc -l <"$scratch/pretty") -gt $(wc -l <"$scratch/json") ]] &&
		diff <(squeeze pretty) <(squeeze json)
}

squeeze()
{
	tr -d ' \n' <"$scratch/$1" | sed 's/\("[a-z]*_ms":\)[0-9]*/\1N/g; s/,/,\n/g'
}

# (The doctor has something to say.)
pretty()
{
	local c
	ns_sysctl "$a" net.ipv4.tcp_timestamps=0
	for c in states settings listeners flows status stats doctor explain 'explain halfopen_max'; do
		# shellcheck disable=SC2086	# words
		same_pretty $c || { echo "$c"; return 1; }
	done
	ns_sysctl "$a" net.ipv4.tcp_timestamps=1
	[[ $(ctl_a -p states | wc -l) -eq $((11 * 7 + 2)) ]]
}

# flows_of N [ARGUMENT]...: so many are listed.
flows_of()
{
	local n
	n=$(ctl_a flows "${@:2}" | wc -l)
	n=$((n - 1))	# without its header: -1, if it failed
	[[ $n -eq $1 ]] || { echo "flows ${*:2}: $n, not $1"; return 1; }
}

filters()
{
	flows_of "$ALL" &&
		flows_of $((STAY + 3)) family ipv4 && flows_of "$STAY" family ipv6 &&
		flows_of $((2 * STAY)) state established && flows_of 3 state FIN_WAIT_2 &&
		flows_of "$ALL" port 80 && flows_of 0 port 81 &&
		flows_of "$STAY" addr fd01:0:0:2::/64 && flows_of 0 addr fd01:0:0:3::/64 &&
		flows_of "$STAY" addr fd01:0:0:2::2 && flows_of 0 addr fd01:0:0:2::3 &&
		flows_of $((STAY + 3)) addr 10.1.2.2/24 && flows_of 0 addr 10.1.3.0/24 &&
		flows_of $((STAY + 3)) addr 0.0.0.0/0 && flows_of "$STAY" addr ::/0 &&
		flows_of 3 state close_wait port 80 addr 10.1.2.2 family ipv4 &&
		flows_of 0 state close_wait family ipv6 &&
		flows_of "$ALL" sport 80 && flows_of 0 dport 80 && flows_of 0 sport 80 dport 80 &&
		flows_of $((STAY + 3)) src 10.1.2.1 && flows_of 0 dst 10.1.2.1 &&
		flows_of $((STAY + 3)) dst 10.1.2.2/31 src 10.1.2.0/24 && flows_of 0 src 10.1.2.2 &&
		flows_of "$STAY" src fd01:0:0:2::1 dst fd01:0:0:2::2/127 && flows_of 0 src fd01:0:0:2::2 &&
		flows_of $((STAY + 3)) addr 10.1.2.2 src 10.1.2.1 &&
		flows_of "$ALL" state established,close_wait && flows_of 3 state fin-wait-2,TIME_WAIT &&
		flows_of "$ALL" state synchronized && flows_of "$ALL" state connected &&
		flows_of "$ALL" state big && flows_of 0 state bucket && flows_of 0 state syn-sent,syn-recv &&
		[[ $(ctl_a -6 flows | lines | wc -l) -eq $STAY ]]
}

other_namespace()
{
	[[ $("$ctl" -n "$alone" flows | wc -l) -eq 1 && $("$ctl" -n "$alone" -j listeners) == '[]' &&
	   $("$ctl" -n "$alone" states | awk 'NR > 1 { n += $2 + $3 + $4 + $5 }
		END { print NR, n }') == '12 0' &&
	   $("$ctl" -n "$alone" stats | awk '$1 == "flows" { print $2 }') == 0 ]]
}

verdict()
{
	ctl_a >"$scratch/verdict"
	grep -q "^enforce · up [0-9dhms ]* · half-open 0/[0-9]* · flows $ALL/[0-9]* · no flood\$" \
		"$scratch/verdict" && grep -q '^\[::\]:80 *\[ \{20\}\] 0/[0-9]*$' "$scratch/verdict" &&
		[[ $(ctl_a -j | sed 's/"\(uptime_ms\|halfopen_max\|flows_max\|limit\)":[0-9]*/"\1":N/g') == \
		'{"mode":"enforce","uptime_ms":N,"halfopen":0,"halfopen_max":N,"flows":'"$ALL"',"flows_max":N,"cookie_mode":0,"listeners":[{"family":"ipv6","address":"::","port":80,"dev":0,"halfopen":0,"limit":N,"mode":"normal"}]}' &&
		$(ctl_a -4 -j) == *',"listeners":[]}' ]] &&
		cmp "$scratch/verdict" <(ctl_a status | sed "1s/up [^·]*/$(sed -n '1s/.*\(up [^·]*\).*/\1/p' "$scratch/verdict")/") &&
		return
	cat "$scratch/verdict"
	ctl_a -j
	return 1
}

# says STATUS TEXT COMMAND...: it fails so, and prints nothing else.
says()
{
	local out status
	out=$("${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "tcptrackctl: $2" ]] ||
		{ echo "status $status, not $1: $out"; return 1; }
}

refusals()
{
	local refuses="the module refuses: " time="is no time up to 49d: 500ms, 10s, 5m, 2h"
	local filters="family, state, port, addr, src, sport, dst, dport, older, younger"
	says 2 "${refuses}the prefix is longer than the address: Invalid argument" \
		ctl_a flows addr 10.0.0.1/33 &&
	says 2 "${refuses}the prefix is longer than the address: Invalid argument" \
		ctl_a flows addr ::1/129 &&
	says 2 "${refuses}the address is of another family: Invalid argument" \
		ctl_a -4 flows addr ::1 &&
	says 1 'no state is called "OPEN" ("tcptrackctl states" lists them)' ctl_a flows state OPEN &&
	says 1 'port "65536" is not a number from 0 to 65535' ctl_a flows port 65536 &&
	says 1 '"port" needs a value' ctl_a flows port &&
	says 1 '"10.0.0" is not an address' ctl_a flows addr 10.0.0 &&
	says 1 'family "ipv5" is neither ipv4 nor ipv6' ctl_a flows family ipv5 &&
	says 1 "no filter is called \"sports\": $filters" ctl_a flows sports 1 &&
	says 1 'sport "65536" is not a number from 0 to 65535' ctl_a flows sport 65536 &&
	says 1 'dport is a number, not ":80"' ctl_a flows dport :80 &&
	says 1 'no state is called "" ("tcptrackctl states" lists them)' ctl_a flows state listen, &&
	says 1 "older \"10\" $time" ctl_a flows older 10 &&
	says 1 "older \"s\" $time" ctl_a flows older s &&
	says 1 "younger \"50d\" $time" ctl_a flows younger 50d &&
	says 1 "younger \"-1s\" $time" ctl_a flows younger -1s &&
	says 1 "younger \"18446744073709551616s\" $time" ctl_a flows younger 18446744073709551616s &&
	says 2 "${refuses}age_min_ms is more than age_max_ms: Invalid argument" \
		ctl_a flows older 2s younger 1s &&
	says 2 "${refuses}the address is of another family: Invalid argument" \
		ctl_a flows src 10.0.0.1 dst ::1 &&
	says 2 "${refuses}the prefix is longer than the address: Invalid argument" \
		ctl_a flows dst 10.0.0.1/33 &&
	says 1 'stats takes no argument: "x"' ctl_a stats x &&
	says 1 'unknown command "x", try "tcptrackctl help"' ctl_a x &&
	says 1 'no network namespace "none" ("ip netns" lists them)' "$ctl" -n none stats
}

only="only root may see flows (CAP_NET_ADMIN in this namespace)"
not_for_users()
{
	says 2 "$only" in_ns "$a" "${nobody[@]}" "$ctl" flows &&
		cmp <(in_ns "$a" "${nobody[@]}" "$ctl" states) <(ctl_a states) &&
		[[ $(in_ns "$a" "${nobody[@]}" "$ctl" stats | wc -l) -eq $(ctl_a stats | wc -l) &&
		   $(in_ns "$a" "${nobody[@]}" "$ctl" listeners | wc -l) -eq 2 ]]
}

# Root of a user namespace sees what is its own.
user_namespace()
{
	says 2 "$only" in_ns "$a" unshare --user --map-root-user "$ctl" flows &&
		[[ $(unshare --user --map-root-user --net "$ctl" flows | wc -l) -eq 1 ]]
}

# The kernel's own client, by the spec.
ynl()
{
	in_ns "$a" /usr/bin/python3 "$YNL" --no-schema --spec "$TCPTRACK_SPEC" "$@" 2>&1
}

# ynl_says TEXT ARGUMENT...: it ends with an error, the kernel's word for it.
ynl_says()
{
	local out
	out=$(ynl "${@:2}") && { echo "not refused: ${*:2}"; return 1; }
	grep -Fq "'msg': '$1'" <<<"$out" || { echo "not '$1': $out"; return 1; }
}

# ynl_value NAME ARGUMENT...
ynl_value()
{
	ynl "${@:2}" | sed -n "s/^[[{ ]*'$1': \([^,}]*\).*/\1/p"
}

by_ynl()
{
	local any=00000000000000000000000000000000 port
	local server='"addr_b":"0a010201","port_b":80'
	[[ $(ynl_value flows --do counters-get) -eq $ALL &&
	   $(ynl_value local --do states-get | awk '{ n += $1 } END { print n }') -eq $((ALL + 1)) &&
	   $(ynl_value port_a --dump flows-get | wc -l) -eq $ALL &&
	   $(ynl_value port_a --dump flows-get --json '{"state":"close_wait"}' | wc -l) -eq 3 &&
	   $(ynl_value port_a --dump flows-get --json '{"states":["close_wait","listen"]}' | wc -l) -eq 3 &&
	   $(ynl_value port_a --dump flows-get \
		--json '{"addr_b":"0a010200","prefix_len_b":24,"port_a":80}' | wc -l) -eq $((STAY + 3)) &&
	   $(ynl_value port_a --dump flows-get --json '{"age_min_ms":0}' | wc -l) -eq $ALL &&
	   -z $(ynl_value port_a --dump flows-get --json '{"age_max_ms":0}') &&
	   $(ynl --do flood-get) == '{}' &&
	   $(ynl_value cookie_start --do settings-get) -eq 75 &&
	   $(ynl_value port --dump listeners-get) -eq 80 &&
	   $(ynl_value acceptq --do listeners-get --json "{\"addr\":\"$any\",\"port\":80}") == 0 ]] ||
		return
	port=$(ctl_a flows state close_wait | sed -n '2s/.*10.1.2.2:\([0-9]*\) .*/\1/p')
	[[ $(ynl_value state_a --do flows-get \
		--json "{\"addr_a\":\"0a010202\",\"port_a\":$port,$server}") == "'close_wait'" ]] &&
	ynl_says 'no such flow' --do flows-get --json "{\"addr_a\":\"0a010203\",\"port_a\":9,$server}" &&
	ynl_says 'a flow has two addresses and two ports' --do flows-get --json "{$server}" &&
	ynl_says 'this is for a dump' --do flows-get --json '{"port":80}' &&
	ynl_says 'this is no filter of a dump' --dump flows-get --json '{"dev":1}' &&
	ynl_says 'no flow is in none of the states' --dump flows-get --json '{"states":[]}' &&
	ynl_says 'a prefix length without an address' --dump flows-get --json '{"prefix_len":8}' &&
	ynl_says 'an address has 4 or 16 bytes' --dump flows-get --json '{"addr":"0a0102"}' &&
	ynl_says 'the family is neither AF_INET nor AF_INET6' --dump flows-get --json '{"family":3}' &&
	ynl_says 'no such listener' --do listeners-get --json "{\"addr\":\"$any\",\"port\":81}" &&
	ynl_says 'a listener has an address and a port' --do listeners-get --json '{"port":80}' &&
	ynl_says 'Unknown attribute type' --do counters-get --json '{"flows":1}'
}

# Each reading has every flow that stays once, and none twice.
come_and_go()
{
	local readings=0 n twice stay
	to=10.1.2.2
	flood_start 9 -n "$N" -s 1 -f 1000
	while kill -0 "$flood_pid" 2>/dev/null; do
		read -r n twice stay < <(ctl_a flows 2>/dev/null | awk 'NR == 1 { next }
			{ n++; if (seen[$2, $3]++) twice++; if ($2 ~ /:80$/) stay++ }
			END { print n + 0, twice + 0, stay + 0 }')
		readings=$((readings + 1))
		[[ $twice -eq 0 && $stay -eq $ALL && $n -ge $stay ]] && continue
		echo "reading $readings: $n flows, $twice twice, $stay that stay"
		return 1
	done
	wait "$flood_pid"
	[[ $readings -gt 0 ]] && flows_of "$N" port 9 && flows_of "$N" dport 9 dst 10.1.2.2 &&
		flows_of 0 sport 9 && flows_of 0 src 10.1.2.2
}

# Those that came now are younger than the youngest of those that were there before.
by_age()
{
	local ms
	ms=$(ctl_a flows sport 80 | awk 'NR == 2 || NR > 2 && $6 < ms { ms = $6 } END { print ms }')
	flows_of "$ALL" older "${ms}ms" && flows_of "$N" younger "$((ms - 1))ms" &&
		flows_of "$STAY" older "${ms}ms" family ipv6 && flows_of 0 older 49d &&
		flows_of $((ALL + N)) older 0s younger 1d && flows_of $((ALL + N)) younger 24h &&
		flows_of $((ALL + N)) younger 1440m
}

in_use()
{
	[[ $(</sys/module/tcptrack/refcnt) -gt 0 ]]
}

not_in_use()
{
	! in_use
}

# Nobody else waits for a dump's end: who reads, who sets, and another dump.
meanwhile()
{
	local ask=(timeout "$DEADLINE" "$ctl" -n "$a")
	[[ $("${ask[@]}" stats | awk '$1 == "flows" { print $2 }') == $((ALL + N)) ]] &&
		"${ask[@]}" set cookie_resets="$1" && in_ns "$a" grep -qx "$1" /proc/sys/net/tcptrack/cookie_resets &&
		[[ $("${ask[@]}" flows | lines | wc -l) -eq $((ALL + N)) ]] && in_use
}

# A dump that nobody reads on: what it prints fills a pipe.
while_dumping()
{
	local pid status
	mkfifo "$scratch/fifo"
	exec 7<>"$scratch/fifo"
	nsenter --net="/run/netns/$a" -- "$ctl" -j flows >"$scratch/fifo" 2>/dev/null &
	pid=$!
	wait_for in_use 10 && ! rmmod tcptrack 2>/dev/null && meanwhile "$2" || return
	case $1 in
	read)
		sed '/^]$/q' "$scratch/fifo" >"$scratch/read"
		wait "$pid"
		status=$?
		grep -c '"port_b":80\|"port_a":80' "$scratch/read" | grep -qx "$ALL";;
	killed)
		kill -KILL "$pid"
		wait "$pid" 2>/dev/null
		status=0;;
	esac || return
	exec 7>&-
	rm "$scratch/fifo"
	[[ $status -eq 0 ]] && wait_for not_in_use 10
}

gone()
{
	tt_unload
	says 3 'no module tcptrack, or one without netlink ("modprobe tcptrack")' "$ctl" stats
}

plan 21
tt_load flows_max=$((4 * N))
ns_add a b c alone
flood_link mac_a "$a" "$b"
ns_link "$a" "$c" 2
ns_sysctl "$a" net.ipv4.ip_forward=1
serve server "$a" 80
hold four "$c" 10.1.2.1 80 $STAY
hold six "$c" fd01:0:0:2::1 80 $STAY
hold half "$c" 10.1.2.1 80 3 holdhalf
settle_state "$a" local ESTABLISHED $((2 * STAY)) || bail "no connections"
settle_state "$a" local CLOSE_WAIT 3 || bail "not half closed"
# quiet from here
kill -STOP "$server" "$four" "$six" "$half"
check "stats are the values of /proc" part values tcptrack 200 ctl_a stats
check "stats -j, too" part values tcptrack 200 json_object stats
check "states are the table of /proc" part table tcptrack 12 ctl_a states
check "states -j, too" part table tcptrack 12 json_states
check "listeners are those of /proc" part all tcptrack_listeners 2 ctl_a listeners
check "listeners -j, too" part lines tcptrack_listeners 1 json_list 1 listeners
check "flows are those of /proc" part all tcptrack_flows $((ALL + 1)) ctl_a flows
check "flows -j, too" part lines tcptrack_flows "$ALL" json_list 2 flows
check "settings are net.tcptrack" same_settings
check "-p is the same as -j" pretty
check "a verdict, without a command" verdict
check "filters of flows" filters
check "another namespace has its own" other_namespace
check "each refusal says why" refusals
check "counters are for users, flows are not" not_for_users
if [[ -e /proc/self/ns/user ]]; then
	check "root of another user namespace is no other user" user_namespace
else
	skip "root of another user namespace" "no user namespaces"
fi
if [[ -e ${YNL:-} ]] && /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	check "the kernel's own client, get and refusals" by_ynl
else
	skip "the kernel's own client" "no ynl (linux-source-6.12, python3-yaml)"
fi
check "a dump while flows come and go" come_and_go
check "filters by age" by_age
check "during a dump no rmmod, and all else" eval \
	'while_dumping read 63 && while_dumping killed 62'
check "without the module" gone
finish
