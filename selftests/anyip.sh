#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# AnyIP: a whole prefix is local to a server that listens on any address. Connections
# to many of its addresses, from elsewhere and over loopback, are each followed once.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=${TCPTRACK_N:-20}	# addresses of each family

addresses()
{
	local i
	for ((i = 1; i <= N; i++)); do
		echo "10.9.$((i % 7)).$i"
		echo "fd99::$((i % 7)):$i"
	done
}

agree()
{
	parity "$a" && parity "$b"
}

# one_each NS: to each address, one connection of each kind, one after the other.
one_each()
{
	local addr mode modes=(keep client server half rserver rclient) i=0
	while read -r addr; do
		mode=${modes[i++ % 6]}
		in_ns "$1" traffic client "$addr" 80 "$mode" 1 1 || return
	done < <(addresses)
	agree
}

# Every flow in the list of the server's namespace once: no two lines of one tuple.
once()
{
	local list
	list=$(in_ns "$a" awk -v state="$2" 'NR > 1 && $4 == state {
		print ($2 < $3 ? $2 " " $3 : $3 " " $2) }' /proc/net/tcptrack_flows | sort)
	[[ $(wc -l <<<"$list") -eq $1 && -z $(uniq -d <<<"$list") ]] && return
	echo "$(wc -l <<<"$list") flows, not $1, or these twice: $(uniq -d <<<"$list")"
	return 1
}

# held_open NS LOCAL: all at once, LOCAL ends of them in the server's namespace
held_open()
{
	local addr h all=() status
	counters_begin "$a"
	while read -r addr; do
		h=held${#all[@]}
		hold "$h" "$1" "$addr" 80 1
		kill -STOP "${!h}"	# or all of them would go on sending
		all+=("$h")
	done < <(addresses)
	settle_state "$a" local ESTABLISHED "$2" && agree && once $((2 * N)) ESTABLISHED &&
		counters_are "$a" flows_created $((2 * N)) flows_adopted 0 flows_picked_up 0
	status=$?
	for h in "${all[@]}"; do
		kill -TERM "${!h}"	# first, so that its recv() is not just interrupted
		kill -CONT "${!h}"
		release "$h" || status=1
	done
	[[ $status -eq 0 ]] && settle_state "$a" local ESTABLISHED 0 && agree
}

# with_cookies NS: the same in cookie mode, of one listener, whatever the address.
with_cookies()
{
	local n=$((2 * N)) status
	ns_sysctl "$a" net.tcptrack.cookie_start=0
	counters_begin "$a"
	one_each "$1" && counters_are "$a" syns "$n" cookies_sent "$n" cookies_valid "$n" \
		cookies_invalid 0 flows_created "$n" cookie_modes 1 &&
		[[ $(in_ns "$a" grep -c ':80 ' /proc/net/tcptrack_listeners) -eq 1 ]]
	status=$?
	ns_sysctl "$a" net.tcptrack.cookie_start=75
	return "$status"
}

is_one()
{
	[[ $(in_ns "$a" grep -cF "$1:80" /proc/net/tcptrack_flows) -eq 1 ]]
}

# taken_over ADDRESS LENGTH: a SYN is forwarded to it, and nobody is there; when it comes for the
# third time, the address is this host's (VRRP). It is one flow, which is found. (Were the client
# followed, too, its flow would be what the CPU remembers; it is where transitions are compared.)
taken_over()
{
	local host=${1#[} status
	host=${host%]}
	ip -n "$a" neigh replace "$host" lladdr 02:00:00:00:00:09 dev v3 nud permanent
	[[ -n $TRANSITIONS ]] || ns_sysctl "$b" net.tcptrack.mode=off
	counters_begin "$a"
	netns "$b" traffic client "$host" 80 hold 1 >"$scratch/moved" 2>&1 &
	moved=$!
	wait_for value_moves syn_retrans 1 10 || { echo "no SYN"; return 1; }
	ip -n "$a" addr add "$host/$2" dev lo
	wait_for grep -q '^ready' "$scratch/moved" 20
	wait_for collector_ran $(($(proc_value - collector_runs) + 3)) 20
	is_one "$1" && state_is "$a" local ESTABLISHED 1 && parity "$a"
	status=$?
	release moved || status=1
	ns_sysctl "$b" net.tcptrack.mode=enforce
	ip -n "$a" addr del "$host/$2" dev lo
	return "$status"
}

# shellcheck disable=SC2086	# a list
set -- $TRACEPOINTS
plan $((7 * $#))
ns_add a b c
ns_link "$a" "$b" 1
ns_link "$a" "$c" 3
ns_sysctl "$a" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for to in 10.1.3.0/24 fd01:0:0:3::/64; do
	ip -n "$b" route add $to via "$([[ $to == fd* ]] && echo fd01:0:0:1::1 || echo 10.1.1.1)"
done
ip -n "$a" route add local 10.9.0.0/16 dev lo
ip -n "$a" route add local fd99::/64 dev lo
ip -n "$b" route add 10.9.0.0/16 via 10.1.1.1
ip -n "$b" route add fd99::/64 via fd01:0:0:1::1
for tp; do
	tt_load tracepoint="$tp"
	serve srv "$a" 80
	check "tracepoint=$tp: each kind" one_each "$b"
	check "tracepoint=$tp: $((2 * N)) addresses at once" held_open "$b" $((2 * N))
	check "tracepoint=$tp: an address is taken over, IPv4" taken_over 10.1.3.9 32
	check "tracepoint=$tp: an address is taken over, IPv6" taken_over '[fd01:0:0:3::9]' 128
	check "tracepoint=$tp: each kind, over loopback" one_each "$a"
	check "tracepoint=$tp: $((2 * N)) addresses at once, over loopback" \
		held_open "$a" $((4 * N))
	check "tracepoint=$tp: each kind, with cookies" with_cookies "$b"
	kill -KILL "$srv"
	wait "$srv" 2>/dev/null
done
finish
