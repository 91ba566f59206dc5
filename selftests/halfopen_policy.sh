#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who has to go, and when, for the bound on half-open connections: between two
# listeners, for a lowered limit, by source, by age.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

N=64

# The oldest of the longest queue goes: who floods one listener does not lock the
# clients of another out.
two_listeners()
{
	local other=$((port + 500)) quiet status
	policy halfopen_max="$N"
	fresh
	serve quiet "$a" "$other"
	begin 0
	flood_start "$port" -n 1000000 -r 1000
	wait_for value_moves halfopen_evicted 100 20 &&
		in_ns "$b" traffic client "$to" "$other" client 20
	status=$?
	flood_stop
	# where the last client was the last to come, its place is free again
	flood "$port" -n 5 -s 9
	[[ $status -eq 0 ]] && was_held "$N" &&
		listener_is "$other" syns 20 syns_dropped 0 halfopen_evicted 0 halfopen 0 &&
		listener_is "$port" halfopen "$N" syns_dropped 0
	status=$?
	serve_end quiet
	return "$status"
}

# within_1s N: from now on, so many are half-open.
within_1s()
{
	wait_for holds_now "$a" "$1" 1 && return
	echo "$(halfopen_of "$a") after 1 s"
	return 1
}

# Within 1 s of the write.
lowered()
{
	policy halfopen_max=200
	fresh
	begin 0
	flood "$port" -n 200 && was_held 200 || return
	ns_sysctl "$a" net.tcptrack.halfopen_max=50
	within_1s 50 || return
	youngest 150 &&
		counters_are "$a" syns 200 over_namespace 0 halfopen_evicted 150 \
			closed_evicted 150 halfopen 50 &&
		listener_is "$port" halfopen 50 peak 200 halfopen_evicted 150
}

# A flood of one listener takes of another one's places no more than makes both as long,
# however fast it is.
shared()
{
	local one quiet status
	policy halfopen_max="$N"
	fresh
	one="$port"
	quiet=$server server=
	fresh
	begin 0
	flood "$one" -n 40 && flood "$port" -n $((20 * N)) && was_held "$N" &&
		counters_are "$a" syns $((20 * N + 40)) halfopen_evicted $((19 * N + 40)) syns_dropped 0 &&
		listener_is "$one" halfopen $((N / 2)) halfopen_evicted $((40 - N / 2)) &&
		listener_is "$port" halfopen $((N / 2))
	status=$?
	serve_end quiet
	return "$status"
}

# The limit of each listener.
listener_lowered()
{
	policy
	fresh
	begin 0
	flood "$port" -n 200 && was_held 200 || return
	ns_sysctl "$a" net.tcptrack.halfopen_listener_max=50
	within_1s 50 || return
	youngest 150 &&
		counters_are "$a" over_listener 0 halfopen_evicted 150 closed_evicted 150 halfopen 50 &&
		listener_is "$port" halfopen 50 limit 50 halfopen_evicted 150
}

# What init_net has is the limit of all.
clamped()
{
	policy
	fresh
	begin 0
	flood "$port" -n 200 && was_held 200 || return
	ns_sysctl - net.tcptrack.halfopen_max=50
	within_1s 50 || return
	youngest 150 && value_is "$a" halfopen_max 50 &&
		counters_are "$a" over_namespace 0 halfopen_evicted 150 closed_evicted 150 halfopen 50
}

# One limit for two queues: the longer one shrinks until both are as long.
lowered_for_two()
{
	local one quiet status
	policy
	fresh
	one="$port"
	quiet=$server server=
	fresh
	begin 0
	flood "$one" -n 90 && flood "$port" -n 70 && was_held 160 &&
		ns_sysctl "$a" net.tcptrack.halfopen_max=50 &&
		within_1s 50 &&
		counters_are "$a" halfopen_evicted 110 halfopen 50 &&
		listener_is "$one" halfopen 25 && listener_is "$port" halfopen 25
	status=$?
	serve_end quiet
	return "$status"
}

# A load with more than the limit.
loaded()
{
	local status
	policy
	fresh
	empty "$a"
	tt_unload
	flood "$port" -n 200
	tt_load halfopen_max=50
	ns_sysctl "$a" net.tcptrack.overflow=recycle net.tcptrack.halfopen_timeout_min=600000
	within_1s 50 && holds "$a" 50 && value_is "$a" halfopen_evicted 150
	status=$?
	in_ns - sysctl -qw net.tcptrack.halfopen_max=100000
	return "$status"
}

# A load with more than the backlog of a listener, which has begun again with a smaller one.
loaded_over_backlog()
{
	policy
	fresh
	empty "$a"
	tt_unload
	flood "$port" -n 200
	ns_sysctl "$a" net.core.somaxconn=50
	kill -HUP "$server" && wait_for grep -q again "$scratch/server" 5 && holds_now "$a" 200 || return
	tt_load halfopen_max=100000
	ns_sysctl "$a" net.core.somaxconn=4096 net.tcptrack.overflow=recycle \
		net.tcptrack.halfopen_timeout_min=600000
	within_1s 50 && holds "$a" 50 && value_is "$a" halfopen_evicted 150 &&
		listener_is "$port" halfopen 50 limit 50
}

# A flow for one of them only: the others have to go all the same.
loaded_unfollowed()
{
	local status
	policy
	fresh
	empty "$a"
	tt_unload
	flood "$port" -n 200
	tt_load halfopen_max=50 flows_max=4
	ns_sysctl "$a" net.tcptrack.overflow=recycle net.tcptrack.halfopen_timeout_min=600000
	within_1s 50 && value_is "$a" halfopen_evicted 150
	status=$?
	[[ $status -eq 0 ]] || proc_show "$a" | grep halfopen
	empty "$a"
	tt_load
	return "$status"
}

# (The fourth is for the initial namespace.)
no_place()
{
	[[ $(($(proc_value "$a" flows) + $(proc_value "$b" flows))) -eq 3 ]]
}

# At the limit, none of them has a flow: one goes for another all the same. (Which one, nobody
# knows; the namespace's table of sockets is so small that one is found.)
full_unfollowed()
{
	local status
	policy
	fresh
	empty "$a"
	fresh_server
	hold clients "$b" "$to" "$port" 20
	tt_unload
	tt_load halfopen_max=50 flows_max=4
	wait_for no_place 10 || { proc_show "$a" | grep flows; false; }
	status=$?
	ns_sysctl "$a" net.tcptrack.overflow=recycle net.tcptrack.halfopen_timeout_min=600000
	begin 50
	[[ $status -eq 0 ]] && flood "$port" -n 200 && watch_is sum_max 50 && [[ $(halfopen_of "$a") -eq 50 ]] &&
		counters_are "$a" syns 200 halfopen_evicted 150 syns_dropped 0 flows_created 0
	status=$?
	release clients || status=1
	empty "$a"
	tt_load
	return "$status"
}

# One source has its share, and only that: /32, /64.
by_source()
{
	policy halfopen_source_max=8
	fresh
	begin 0
	flood "$port" -n 100 -f 1 && was_held 8 &&
		counters_are "$a" syns 100 over_source 92 syns_dropped 92 halfopen_evicted 0 \
			over_namespace 0 over_listener 0 halfopen 8 &&
		listener_is "$port" over_source 92 &&
		in_ns "$b" traffic client "$to" "$port" client 20 4 &&
		counters_are "$a" syns 120 over_source 92 halfopen 8 || return
	begin 0
	flood "$port" -n 100 -f 2 -p 2 -s 2 && was_held 16 &&
		counters_are "$a" syns 100 over_source 84 || return
	[[ $to == *:* ]] || return 0
	begin 0
	flood "$port" -n 100 -f 50 -s 3 && was_held 8	# 50 addresses of one /64
}

# What a source has given back it may have again.
source_again()
{
	policy halfopen_source_max=8
	fresh
	begin 0
	flood "$port" -n 8 -f 1 && was_held 8 || return
	empty "$a"
	flood "$port" -n 9 -f 1 -s 2 && holds "$a" 8 &&
		counters_are "$a" syns 17 over_source 1
}

# In monitor mode it is only counted.
source_monitored()
{
	policy halfopen_source_max=8 mode=monitor
	fresh
	begin 0
	flood "$port" -n 100 -f 1 && was_held 100 &&
		counters_are "$a" syns 100 over_source 92 syns_dropped 0
}

# Where others get cookies, who has had his share gets one: no place, and no cookie mode of it.
source_cookies()
{
	policy overflow=cookie halfopen_source_max=8 cookie_min_time=600000
	fresh
	begin 0
	flood "$port" -n 100 -f 1 && was_held 8 &&
		counters_are "$a" syns 100 over_source 92 cookies_sent 92 syns_dropped 0 \
			cookie_modes 0 halfopen_evicted 0 halfopen 8 &&
		listener_is "$port" over_source 92 cookies_sent 92 mode normal
}

# What one listener has given back counts no more when SYNs come for another one.
given_back()
{
	local one quiet status
	policy overflow=cookie halfopen_max="$N"
	fresh
	one="$port"
	quiet=$server server=
	fresh
	begin 0
	flood "$one" -n 40 && in_ns "$a" ss -K state syn-recv >/dev/null && holds_now "$a" 0 &&
		flood "$port" -n 20 -s 2 && holds "$a" 20 &&
		counters_are "$a" syns 60 cookie_modes 0 cookies_sent 0 halfopen_evicted 0 \
			halfopen_expired 0
	status=$?
	serve_end quiet
	return "$status"
}

# Above the upper watermark they go after halfopen_timeout_min, below the lower one
# they live on; between, the time-out is scaled by what is left.
aged()
{
	local full=63
	policy halfopen_max=100 halfopen_timeout_min=3000
	fresh
	if ! time_travels; then
		full=7
		ns_sysctl "$a" net.ipv4.tcp_synack_retries=2 net.tcptrack.halfopen_timeout_min=1000
	fi
	begin 0
	# what is held between two looks, only a clock that stands still tells
	flood "$port" -n 100 && watch_is sum_max 100 && wait_for under 75 5 &&
		{ ! time_travels || [[ $(halfopen_of "$a") -gt 40 ]]; } &&
		wait_for holds_now "$a" 0 $((full * 5 / 4)) && settle_value "$a" halfopen 0 || return
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=5
	if time_travels; then
		counters_are "$a" syns 100 halfopen_expired 60 closed_handshake_timeout 100 \
			halfopen_evicted 0
	else
		value_moves halfopen_expired 25 && counters_are "$a" closed_handshake_timeout 100
	fi
}

under()
{
	[[ $(halfopen_of "$a") -lt $1 ]]
}

# As many as the lower watermark: the stack's own time.
not_aged()
{
	policy halfopen_max=100 halfopen_timeout_min=1000
	fresh
	begin 0
	flood "$port" -n 40
	if time_travels; then
		sleep 60
	else
		sleep 3
	fi
	was_held 40 && counters_are "$a" halfopen_expired 0 halfopen 40
}

plan 36
sysctl -qw net.ipv4.tcp_child_ehash_entries=1024
flood_setup
sysctl -qw net.ipv4.tcp_child_ehash_entries=0
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "two listeners: the longest queue pays" two_listeners
	run "two listeners: a fast flood of the shorter queue" shared
	run "halfopen_max is lowered: under it within 1 s" lowered
	run "halfopen_listener_max is lowered: under it within 1 s" listener_lowered
	run "init_net's halfopen_max is lowered: under it within 1 s" clamped
	run "halfopen_max is lowered: two queues shrink alike" lowered_for_two
	run "insmod with more than halfopen_max: under it at once" loaded
	run "insmod with more than the backlog: under it at once" loaded_over_backlog
	run "insmod with more than halfopen_max, and no room for flows" loaded_unfollowed
	run "halfopen_max, and no room for flows" full_unfollowed
	run "halfopen_source_max: each has its share" by_source
	run "halfopen_source_max: given back" source_again
	run "halfopen_source_max: monitored" source_monitored
	run "halfopen_source_max: cookies" source_cookies
	run "cookie mode: not for what another listener had" given_back
	run "the time-out shrinks between the watermarks" aged
	run "and not below them" not_aged
	run "parity" parity "$a"
done
finish
