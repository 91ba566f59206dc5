#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A full table: traffic goes on undisturbed, the counter says exactly what was not
# tracked, and proven flows are never displaced.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_traffic.sh
. "$TESTS/lib_traffic.sh"

full()
{
	local h status
	ns_sysctl "$a" net.tcptrack.flows_max=40
	counters_begin "$a"
	hold h "$b" 10.1.1.1 80 60
	settle_value "$a" flows 40 && settle_state "$a" local ESTABLISHED 40 &&
		counters_are "$a" flows_created 40 flows_refused_full 20 flows_destroyed 0
	status=$?
	release h && return "$status"
}

undisturbed()
{
	local h status
	hold h "$b" fd01:0:0:1::1 80 60
	in_ns "$b" traffic client 10.1.1.1 80 client 50 &&
		in_ns "$b" traffic client 10.1.1.1 80 bulk 1 &&
		in_ns "$b" traffic client 10.1.1.1 81 refused 20
	status=$?
	release h && return "$status"
}

# Room again: what was not tracked is found by its next segment or by the collector.
room()
{
	local h status
	hold h "$b" 10.1.1.1 80 60
	settle_state "$a" local ESTABLISHED 40 || return
	ns_sysctl "$a" net.tcptrack.flows_max=4000
	settle_state "$a" local ESTABLISHED 60 && parity "$a"
	status=$?
	release h && return "$status"
}

# What passes by and finds no room takes none from what this host is about to open.
opening()
{
	local own passing status
	counters_begin "$a"
	netns "$a" traffic client 10.1.2.99 80 hold 1 >/dev/null 2>&1 &
	own=$!
	settle_state "$a" local SYN_SENT 1 || return
	netns "$b" traffic client 10.1.2.98 80 hold 1 >/dev/null 2>&1 &
	passing=$!
	wait_for value_moves flows_refused_full 1 10 && settle_state "$a" local SYN_SENT 1 &&
		counters_are "$a" closed_evicted 0 flows_created 1
	status=$?
	kill -KILL "$own" "$passing"
	wait "$own" "$passing" 2>/dev/null
	return "$status"
}

# What passes by may be played by one who is on the way, at both ends: a quarter is not for it.
passing_by()
{
	local h g status
	ns_sysctl "$a" net.ipv4.ip_forward=1 net.tcptrack.flows_max=40
	ip -n "$b" route add default via 10.1.1.1
	ip -n "$c" route add default via 10.1.2.1
	counters_begin "$a"
	hold h "$b" 10.1.2.2 80 60
	hold g "$b" 10.1.1.1 80 10
	settle_state "$a" forward ESTABLISHED 60 && settle_state "$a" local ESTABLISHED 10 &&
		counters_are "$a" flows 40 flows_created 40 flows_refused_full 30 flows_destroyed 0
	status=$?
	release g && settle_value "$a" flows 30 && opening || status=1
	release h || return
	ns_sysctl "$a" net.tcptrack.flows_max=4000
	return "$status"
}

# opens NAME NS N ADDRESS LOCAL: N connections at once to who does not answer
opens()
{
	background "$1" "$2" traffic cross "$4" 7000 "$3" "$5"
	kill -USR1 "${!1}"
}

# Old unproven flows of this host do not keep what passes by from taking the places of its own:
# of a hundred, three quarters, however many come.
in_front()
{
	local h own passing status n
	ns_sysctl "$a" net.tcptrack.flows_max=100
	for n in 98 99; do
		ip -n "$a" neigh replace "10.1.2.$n" lladdr 02:00:00:00:00:99 nud permanent dev v2
	done
	# what has passed by before goes
	ns_sysctl "$a" net.tcptrack.mode=off
	settle_value "$a" flows 0 || return
	ns_sysctl "$a" net.tcptrack.mode=enforce
	counters_begin "$a"
	hold h "$b" 10.1.2.2 80 70
	opens own "$a" 20 10.1.2.99 10.1.2.1
	settle_state "$a" local SYN_SENT 20 || return
	opens passing "$b" 200 10.1.2.98 10.1.1.2
	# (not each of them: no more than some of the oldest are looked at)
	wait_for value_moves closed_evicted 100 "$DEADLINE" &&
		settle_state "$a" local SYN_SENT 20 && settle_value "$a" flows 95
	status=$?
	kill -KILL "$own" "$passing"
	wait "$own" "$passing" 2>/dev/null
	release h || return
	ns_sysctl "$a" net.tcptrack.flows_max=4000
	return "$status"
}

# In $sum the flows of the three namespaces: with those of others that are about to go (of
# tests before this one) they are 38.
others()
{
	sum=$(($(proc_value "$a" flows) + $(proc_value "$b" flows) + $(proc_value "$c" flows)))
	[[ $sum -gt 0 && $sum -le 38 ]]
}

nobody_waits()
{
	[[ -z $(ss -Htan state time-wait) ]]
}

# init_net's flows_max bounds the sum over all namespaces, and a quarter of it is its own.
bounded_sum()
{
	local h g k='' status sum
	# what is adopted in init_net would be of tests before this one
	ss -K state time-wait >/dev/null 2>&1
	wait_for nobody_waits 5 || { echo "sockets in TIME_WAIT stay"; return 1; }
	# (so that each run of the collector looks for sockets that have found room since)
	tt_load tracepoint=0 flows_max=50
	hold h "$b" 10.1.1.1 80 30
	hold g "$c" 10.1.2.1 80 30
	wait_for collector_ran $(($(proc_value - collector_runs) + 3)) 20 && others &&
		hold k "$c" 10.1.3.1 80 20 && settle_value - flows 12 && others
	status=$?
	[[ $status -eq 0 ]] || echo "$sum flows in the others, $(proc_value - flows) in init_net"
	[[ -z $k ]] || release k || return
	release h && release g && return "$status"
}

plan 6
transitions_not "the table is full, so that sockets are not tracked"
ns_add a b c
ns_link "$a" "$b" 1
ns_link "$a" "$c" 2
ns_link - "$c" 3
serve srv "$a" 80
serve own - 80
serve far "$c" 80
tt_load tracepoint=1
check "full: flows_refused_full is exact" full
check "full: traffic goes on" undisturbed
check "room again: parity" room
check "what passes by leaves a quarter to this host" passing_by
check "local flows in front, what passes by goes on" in_front
check "init_net's flows_max bounds all namespaces" bounded_sum
finish
