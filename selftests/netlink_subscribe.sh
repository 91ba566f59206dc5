#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Subscriptions of single sockets to what becomes of flows: each is told what it asked for,
# all of it and nothing else; how many it was not told; how many may; what becomes of them
# when the socket, the namespace or the module goes. (Refusals: netlink_refusals.sh.)

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

transitions_not "its floods are longer than the record"
find_tool
N=200		# SYNs to a port without a listener: two transitions each, and an end
MANY=5000	# the same, of which a reader who sleeps cannot keep all
MORE=15000	# ... nor tcptrackctl, which has room for much
MOST=64		# sockets that may subscribe in a namespace

# Bits of masks (tcptrack.h).
local=1 remote=2 forward=4
syn_sent=0x2 established=0x8 closed=0x400
normal=0x1 refused=0x8

listeners=()

# hear NS STATES ENDS [OPTION]...: a subscription, which is to be told so many.
hear()
{
	local v=heard${#listeners[@]}
	background "$v" "$1" nlevents -s "${@:4}"
	listeners+=("$v $2 $3 ${*:4}")
}

# heard: each of them what it was to be told, and has lost nothing.
heard()
{
	local line v states ends options bad=0
	for line in "${listeners[@]}"; do
		read -r v states ends options <<<"$line"
		heard_is "$v" "$states" "$ends" 0 0 || { echo "nlevents -s $options"; bad=1; }
	done
	listeners=()
	return "$bad"
}

# nlevents_said VARIABLE NAME
nlevents_said()
{
	awk -v name="$2" '$1 == name { print $2 }' "$scratch/$1"
}

# heard_end VARIABLE
heard_end()
{
	kill -TERM "${!1}"
	wait "${!1}"
}

# heard_is VARIABLE STATES ENDS LOST OVERRUNS
heard_is()
{
	heard_end "$1" && [[ $(nlevents_said "$1" states) == "$2" &&
		$(nlevents_said "$1" ends) == "$3" && $(nlevents_said "$1" lost) == "$4" &&
		$(nlevents_said "$1" overruns) == "$5" ]] && return
	echo "wanted states $2, ends $3, lost $4, overruns $5; told:"
	cat "$scratch/$1"
	return 1
}

refuse()
{
	flood 9 -n "${1:-$N}" && settle_value "$a" flows 0
}

# What each filter lets through of flows that are refused.
filters()
{
	local addr=0a010101 other=0a010102 family=2 against=10 sources=c6120000 bits=15
	[[ $to == 10.* ]] || {
		addr=fd010000000000010000000000000001 other=fd010000000000010000000000000002
		family=10 against=2 sources=20010002000000000000000000000000 bits=48
	}
	hear "$a" $((2 * N)) "$N"
	hear "$a" $((2 * N)) "$N" -p 9
	hear "$a" 0 0 -p 10
	hear "$a" $((2 * N)) "$N" -f "$family"
	hear "$a" 0 0 -f "$against"
	hear "$a" $((2 * N)) "$N" -a "$addr"
	hear "$a" 0 0 -a "$other"
	hear "$a" $((2 * N)) "$N" -a "$sources" -l "$bits" -p 9
	hear "$a" "$N" "$N" -x "$syn_sent"
	hear "$a" "$N" 0 -x "$closed" -y 0
	hear "$a" 0 0 -x "$established" -y 0
	hear "$a" 0 "$N" -x 0
	hear "$a" 0 "$N" -x 0 -y "$refused" -p 9 -a "$addr" -z $((local + remote))
	hear "$a" 0 0 -x 0 -y "$normal"
	hear "$a" $((2 * N)) "$N" -z "$remote"
	hear "$a" 0 "$N" -z "$local"
	hear "$a" 0 0 -z "$forward"
	hear "$b" 0 0 -p 10
	hear "$alone" 0 0
	refuse && heard
}

# Of connections, by the group and by a subscription the same, and of each two that are open.
as_the_group()
{
	fresh_server
	background group "$a" nlevents
	background all "$a" nlevents -s -p "$port" -y "$normal"
	hear "$a" $((2 * 20)) 0 -p "$port" -x "$established" -y 0
	in_ns "$b" traffic client "$to" "$port" client 20 1 || return
	wait_for ended 20 20 || return
	heard && heard_end group && heard_end all && cat "$scratch/group" &&
		cmp "$scratch/group" "$scratch/all" && [[ $(nlevents_said all ends) -eq 20 ]]
}

# ended N: so many flows of the peer's are over, on our side.
ended()
{
	[[ $(counter_since "$a" closed_normal) -eq $1 ]]
}

deleted()
{
	background sub "$a" nlevents -s
	refuse || return
	# what is on its way is not told any more, so it has to be there
	wait_for queue_read "$sub" 10 || return
	kill -USR1 "$sub"
	wait_for grep -q deleted "$scratch/sub" 10 || return
	refuse && heard_is sub $((2 * N)) "$N" 0 0
}

# queue_read PID: it has read what was sent; nothing is left in the module, either.
queue_read()
{
	local i
	for ((i = 0; i < 4; i++)); do
		[[ $(in_ns "$a" awk -v pid="$1" '$3 == pid { print $5 }' /proc/net/netlink) == 0 ]] ||
			return 1
		sleep 0.05
	done
}

# counted: what it reads and what it is told that it has lost is all there was; the
# namespace's counter has the same, and nobody else has lost anything.
counted()
{
	local lost n
	counters_begin "$a"
	background slow "$a" nlevents -s -b 16384
	background other "$a" nlevents -s -b 16000000
	kill -STOP "$slow"
	refuse "$MANY" || return
	lost=$(counter_since "$a" events_lost)
	kill -CONT "$slow"
	wait_for queue_read "$slow" 20 || return
	# the number of those lost comes when there is room
	sleep 0.3
	heard_end slow && cat "$scratch/slow" || return
	n=$(($(nlevents_said slow states) + $(nlevents_said slow ends)))
	echo "$n read, $lost lost"
	[[ $lost -gt 0 && $((n + lost)) -eq $((3 * MANY)) && $(nlevents_said slow lost) -eq $lost &&
	   $(nlevents_said slow overruns) -gt 0 ]] || return
	heard_is other $((2 * MANY)) "$MANY" 0 0
}

# does WANTED COMMAND...: nldo says so.
does()
{
	local out
	out=$("${@:2}" 2>&1)
	[[ $out == "$1" ]] || { echo "$out, not $1 (${*:2})"; return 1; }
}

# bounded: so many and no more; who goes leaves a place.
bounded()
{
	local i full='ENOSPC||too many sockets have subscribed' v
	for ((i = 0; i < MOST; i++)); do background "most$i" "$a" nlevents -s -p 9; done
	does "$full" in_ns "$a" nldo subscription-set &&
		does 'ok 0' in_ns "$b" nldo subscription-set || return
	kill -KILL "$most0"
	wait "$most0" 2>/dev/null
	# nldo's own goes with it
	does 'ok 0' in_ns "$a" nldo subscription-set &&
		does 'ok 0' in_ns "$a" nldo subscription-set || return
	background most0 "$a" nlevents -s -p 9
	does "$full" in_ns "$a" nldo subscription-set || return
	for ((i = 0; i < MOST; i++)); do
		v=most$i
		kill -KILL "${!v}"
		wait "${!v}" 2>/dev/null
	done
	does 'ok 0' in_ns "$a" nldo subscription-set
}

# reused: who takes the port ID of one that is just closing keeps what it subscribed to.
reused()
{
	in_ns "$a" nlreuse 50 >"$scratch/reused" || { cat "$scratch/reused"; return 1; }
	sed 's/^/figures: /' "$scratch/reused"
	[[ $(nlevents_said reused lost) == 0 ]] && does 'ENOENT||this socket has not subscribed' \
		in_ns "$a" nldo subscription-delete
}

# joined PID: it is in the group of families, the last that it joins.
joined()
{
	awk -v pid="$1" '$2 == 16 && $3 == pid && substr($4, 5, 1) ~ /[89a-f]/ { ok = 1 }
		END { exit !ok }' "/proc/$1/net/netlink" 2>/dev/null
}

# says STATUS TEXT [-4|-6] ARGUMENT...: of "tcptrackctl monitor"
says()
{
	local out status family=()
	[[ ${3:-} != -[46] ]] || family=("$3")
	out=$(timeout 10 "$ctl" -n "$a" "${family[@]}" monitor "${@:3+${#family[@]}}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "tcptrackctl: $2" ]] ||
		{ echo "status $status, not $1: $out (${*:3})"; return 1; }
}

# By the tool: its filters, in words; what is lost; what it does not take.
by_tool()
{
	local filters='family, addr, port, side, state, reason'
	nsenter --net="/run/netns/$a" -- "$ctl" monitor -j state family ipv4 addr 198.18.0.0/15 port 9 side remote,local \
		state syn-sent reason refused,idle >"$scratch/told" 2>"$scratch/tool.err" &
	tool=$!
	wait_for joined "$tool" 20 || { cat "$scratch/tool.err"; return 1; }
	kill -STOP "$tool"
	refuse "$MORE" || return
	kill -CONT "$tool"
	wait_for grep -q 'events were lost' "$scratch/tool.err" 20 || { echo "nothing is lost"; return 1; }
	kill -TERM "$tool"
	wait "$tool" || return
	awk -v all=$((2 * MORE)) '
		/"event":"subscription-lost"/ { n = $0; gsub(/.*"lost":|}.*/, "", n); lost += n; next }
		/"event":"flow-state".*"new":"SYN_SENT"}$/ || /"event":"flow-end".*"reason":"refused"/ {
			told++; next }
		{ print; bad = 1 }
		END { print told " told, " lost " lost"; exit bad || !lost || told + lost != all }' \
		"$scratch/told" || return
	says 1 "no filter is called \"dport\": $filters" state dport 1 &&
	says 1 '"port" needs a value' state port &&
	says 1 'port is given twice' state port 1 port 2 &&
	says 1 'port "65536" is not a number from 0 to 65535' state port 65536 &&
	says 1 'port is a number, not "x"' state port x &&
	says 1 '"10.0.0" is not an address' state addr 10.0.0 &&
	says 1 'family "ipv5" is neither ipv4 nor ipv6' state family ipv5 &&
	says 1 'no state is called "OPEN" ("tcptrackctl states" lists them)' state state closed,OPEN &&
	says 1 'no reason is called "x"' state reason x &&
	says 1 'no side is called "x"' state side x &&
	says 1 'monitor flood takes no argument: "port"' flood port 9 &&
	says 2 'the module refuses: nothing to tell: neither a state nor a reason: Invalid argument' \
		state state none reason none
}

# told_of OPTION PORT: what is told with it of a connection by each family is one's alone.
told_of()
{
	nsenter --net="/run/netns/$a" -- "$ctl" "$1" monitor state >"$scratch/told" 2>&1 &
	tool=$!
	wait_for joined "$tool" 20 || { cat "$scratch/told"; return 1; }
	in_ns "$b" traffic client fd01:0:0:1::1 9 refused 5 >/dev/null &&
		in_ns "$b" traffic client 10.1.1.1 9 refused 5 >/dev/null || return
	sleep 0.3
	kill -TERM "$tool"
	wait "$tool" || return
	[[ $(grep -c "^flow-end $2:9 " "$scratch/told") -eq 5 ]] &&
		! grep -v "^flow-[a-z]* $2:9 " "$scratch/told"
}

# -4 and -6, which are for the states of flows.
by_family()
{
	told_of -4 10.1.1.1 && told_of -6 '\[fd01:0:0:1::1\]' &&
	says 1 'family is given twice' -4 state family ipv4 &&
	says 1 '-4 and -6 are for "monitor state"' -4 &&
	says 1 '-4 and -6 are for "monitor state"' -6 flood
}

# The kernel's own client: a second set takes the place of the first.
by_ynl()
{
	cat >"$scratch/client.py" <<-'END'
	import sys, time
	sys.path.append(sys.argv[1])
	from lib import YnlFamily
	y = YnlFamily(sys.argv[2], schema='')
	y.do('subscription-set', {'port': 10})
	y.do('subscription-set', {'port': 9, 'states': {'syn_sent'}, 'reasons': {'refused'}})
	print('ready', flush=True)
	sys.stdin.readline()
	y.check_ntf()
	names = [e['name'] for e in y.async_msg_queue]
	new = {e['msg']['new'] for e in y.async_msg_queue if e['name'] == 'flow-state'}
	reasons = {e['msg']['reason'] for e in y.async_msg_queue if e['name'] == 'flow-end'}
	print(names.count('flow-state'), names.count('flow-end'), *new, *reasons)
	y.do('subscription-delete', {})
	END
	mkfifo "$scratch/go"
	exec 7<>"$scratch/go"
	nsenter --net="/run/netns/$a" -- /usr/bin/python3 "$scratch/client.py" "${YNL%/*}" \
		"$TCPTRACK_SPEC" <&7 >"$scratch/client" 2>&1 &
	client=$!
	wait_for grep -q ready "$scratch/client" 60 || { cat "$scratch/client"; return 1; }
	refuse 20 || return
	sleep 0.3	# a tick, and what a batch takes
	echo >&7
	wait "$client" && exec 7>&- && [[ $(tail -n 1 "$scratch/client") == '20 20 syn_sent refused' ]] &&
		return
	cat "$scratch/client"
	return 1
}

# netns_goes: with a socket that has subscribed, and is told something just then.
netns_goes()
{
	background sub "$a" nlevents -s
	refuse || return
	ns_del "$a"
	wait "$sub" 2>/dev/null
	flood_between
	hear "$a" $((2 * N)) "$N"
	refuse && heard
}

# module_goes: with subscriptions, which are gone when it comes again.
module_goes()
{
	background sub "$a" nlevents -s
	refuse || return
	tt_unload
	tt_load
	refuse && heard_is sub $((2 * N)) "$N" 0 0
}

plan 12
tt_load
flood_between
ns_add alone
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "each is told what it asked for" filters
done
to=10.1.1.1
counters_begin "$a"
run "the same as the group" as_the_group
run "it is deleted" deleted
run "what is lost is counted, for each" counted
run "by tcptrackctl monitor" by_tool
run "by tcptrackctl -4 and -6 monitor" by_family
run "so many and no more" bounded
run "a port ID that is taken again" reused
if [[ -e ${YNL:-} ]] && /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	run "the kernel's own client" by_ynl
else
	skip "the kernel's own client" "no ynl (linux-source-6.12, python3-yaml)"
fi
run "the namespace goes" netns_goes
run "the module goes" module_goes
finish
