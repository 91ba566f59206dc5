#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Equal tuples that are different connections: in two VRFs, and on two links with
# link-local addresses. Packets that VRF shows twice are counted once.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=10

# Two connections with equal addresses and ports: 2 N flows, all as ss has them.
both_sides()
{
	local left right status
	counters_begin "$host"
	TRAFFIC_SPORT=20000 hold left "$b" "$1" 80 "$N"
	TRAFFIC_SPORT=20000 hold right "$c" "$2" 80 "$N"
	settle_state "$host" local ESTABLISHED $((2 * N)) &&
		settle_state "$host" remote ESTABLISHED $((2 * N)) &&
		counters_are "$host" flows_created $((2 * N)) flows_picked_up 0 \
			flows_adopted 0 challenge_acks 0 old_duplicates 0 bad_acks 0 &&
		agree
	status=$?
	release left || return
	[[ $status -eq 0 ]] && settle_state "$host" local ESTABLISHED "$N" && agree &&
		release right && settle_state "$host" local ESTABLISHED 0 && agree
}

# with_cookies LEFT RIGHT: the same, and each client gets in with a cookie.
with_cookies()
{
	local status
	ns_sysctl "$host" net.tcptrack.cookie_start=0
	both_sides "$@" && counters_are "$host" syns $((2 * N)) cookies_sent $((2 * N)) \
		cookies_valid $((2 * N)) cookies_invalid 0
	status=$?
	ns_sysctl "$host" net.tcptrack.cookie_start=75
	return "$status"
}

agree()
{
	local ns
	for ns in "$host" "$b" "$c"; do parity "$ns" || return; done
}

kinds()
{
	local m
	for m in keep client server half rserver rclient; do
		in_ns "$b" traffic client "$1" 80 "$m" 20 || return
		in_ns "$c" traffic client "$2" 80 "$m" 20 || return
	done
	agree
}

# What a client and its server send each other is what the hooks count, not twice it.
counted_once()
{
	local own other
	counters_begin "$host"
	counters_begin "$b"
	in_ns "$b" traffic client "$1" 80 client 1 || return
	wait_for same_segments 5
}

same_segments()
{
	own=$(counters_since "$host" | awk '{ v[$1] = $2 }
		END { print v["segments_seen"] - v["segments_repeat"] }')
	other=$(counters_since "$b" | awk '{ v[$1] = $2 } END { print v["segments_seen"] }')
	[[ $own == "$other" ]] || { echo "$own and $other segments"; return 1; }
}

vrf_setup()
{
	local vrf n=0
	for vrf in red blue; do
		n=$((n + 1))
		ip -n "$host" link add $vrf type vrf table $((n * 10)) || return
		ip -n "$host" link set $vrf up
		ip -n "$host" link set "v$n" master $vrf
		ip -n "$host" addr flush dev "v$n"
		ip -n "$host" addr add 10.1.9.1/24 dev "v$n"
		ip -n "$host" addr add fd01:0:0:9::1/64 dev "v$n" nodad
	done
	ns_sysctl "$host" net.ipv4.tcp_l3mdev_accept=1
	n=0
	for vrf in "$b" "$c"; do
		n=$((n + 1))
		ip -n "$vrf" addr flush dev "v$n" scope global
		ip -n "$vrf" addr add 10.1.9.2/24 dev "v$n"
		ip -n "$vrf" addr add fd01:0:0:9::2/64 dev "v$n" nodad
	done
}

linklocal_setup()
{
	local n ns
	for n in 1 2; do
		ip -n "$host" addr add fe80::99/64 dev "v$n" nodad
		ns=$([[ $n == 1 ]] && echo "$b" || echo "$c")
		ip -n "$ns" addr add fe80::98/64 dev "v$n" nodad
		# the client's choice shall be this one
		ip -n "$ns" -o addr show dev "v$n" scope link | awk '{ print $4 }' |
			grep -v fe80::98 | xargs -r -I{} ip -n "$ns" addr del {} dev "v$n"
	done
}

# A socket that is bound to a device is found there, though nobody has answered.
bound_alone()
{
	local client status
	ip -n "$host" neigh replace 10.1.1.77 lladdr 02:00:00:00:00:77 dev v1 nud permanent
	counters_begin "$host"
	TRAFFIC_DEV=v1 nsenter --net="/run/netns/$host" -- traffic client 10.1.1.77 80 client 1 &
	client=$!
	counters_are "$host" flows_created 1 syn_retrans 2
	status=$?
	state_is "$host" local SYN_SENT 1 || status=1
	kill -KILL "$client"
	wait "$client"
	settle_state "$host" local SYN_SENT 0 && return "$status"
}

# What it sends to this host comes in by lo, and the stack says that it came by the device.
bound_local()
{
	local held runs status
	counters_begin "$host"
	TRAFFIC_DEV=v1 hold held "$host" "$1" 80 1
	runs=$(($(proc_value "$host" collector_runs) + 5))
	wait_for have_run 20 && state_is "$host" local ESTABLISHED 2 && parity "$host" &&
		counters_are "$host" flows_created 1 flows_adopted 0 corrected 0
	status=$?
	release held && settle_state "$host" local ESTABLISHED 0 && return "$status"
}

have_run()
{
	[[ $(proc_value "$host" collector_runs) -ge $runs ]]
}

plan 26
ns_add host b c
ns_link "$host" "$b" 1
ns_link "$host" "$c" 2
linklocal_setup || bail "no link-local addresses"
for tp in 1 0; do
	tt_load tracepoint=$tp
	serve srv "$host" 80
	check "tracepoint=$tp: link-local, equal tuples on two links" \
		both_sides fe80::99%v1 fe80::99%v2
	check "tracepoint=$tp: link-local, all kinds" kinds fe80::99%v1 fe80::99%v2
	check "tracepoint=$tp: link-local, with cookies" with_cookies fe80::99%v1 fe80::99%v2
	check "tracepoint=$tp: bound to a device, no answer" bound_alone
	for to in 10.1.1.1 fd01:0:0:1::1; do
		check "tracepoint=$tp: bound to a device, to this host, $to" bound_local "$to"
	done
	kill -KILL "$srv"
	wait "$srv" 2>/dev/null
done
vrf_setup || bail "no VRF"
for tp in 1 0; do
	tt_load tracepoint=$tp
	serve srv "$host" 80
	check "tracepoint=$tp: IPv4, equal tuples in two VRFs" both_sides 10.1.9.1 10.1.9.1
	check "tracepoint=$tp: IPv4, all kinds in two VRFs" kinds 10.1.9.1 10.1.9.1
	check "tracepoint=$tp: IPv6, equal tuples in two VRFs" \
		both_sides fd01:0:0:9::1 fd01:0:0:9::1
	check "tracepoint=$tp: IPv6, all kinds in two VRFs" kinds fd01:0:0:9::1 fd01:0:0:9::1
	check "tracepoint=$tp: each segment is counted once" counted_once 10.1.9.1
	for to in 10.1.9.1 fd01:0:0:9::1; do
		check "tracepoint=$tp: two VRFs, with cookies, $to" with_cookies $to $to
	done
	kill -KILL "$srv"
	wait "$srv" 2>/dev/null
done
finish
