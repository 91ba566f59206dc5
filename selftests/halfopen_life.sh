#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The bound on half-open connections, while listeners, namespaces and the module
# itself come and go, timers fire and settings change.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

N=64

# Each member has its own limit; they are one line.
group()
{
	policy halfopen_listener_max=16
	fresh 1024 4
	begin 16
	flood "$port" -n 1280 &&
		was_held 64 && watch_is listener_max 16 && watch_is listener_over 0 &&
		counters_are "$a" syns 1280 over_listener 1216 halfopen_evicted 1216 halfopen 64 &&
		listener_is "$port" sockets 4 halfopen 64 peak 64 limit 64 acceptq_max 4096
}

# Two processes on one port, with a backlog of their own each: no member has another's limit.
unequal()
{
	local other status
	policy halfopen_listener_max="$1"
	fresh 8 2
	other=$server server=
	background server "$a" listeners "$port" 32 2
	begin "$1"
	flood "$port" -n 400 && was_held "$2" && watch_is listener_over 0 &&
		counters_are "$a" syns 400 over_listener $((400 - $2)) \
			halfopen_evicted $((400 - $2)) halfopen "$2" &&
		listener_is "$port" sockets 4 limit "$2" halfopen "$2" peak "$2" acceptq_max 80
	status=$?
	serve_end other
	return "$status"
}

# What a member that closes leaves to the others can be taken out there.
migrated()
{
	local other status
	policy
	ns_sysctl "$a" net.ipv4.tcp_migrate_req=1
	fresh 1024 2
	other=$server server=
	background server "$a" listeners "$port" 1024 2
	begin 0
	flood "$port" -n "$N" && holds "$a" "$N" && listener_is "$port" sockets 4
	status=$?
	serve_end other
	[[ $status -eq 0 ]] && wait_for two_have_all "$DEADLINE" &&
		ns_sysctl "$a" net.tcptrack.halfopen_listener_max=8 &&
		{ wait_for holds_now "$a" 16 3 || { echo "$(halfopen_of "$a") are left"; false; }; } &&
		counters_are "$a" halfopen_evicted $((N - 16)) closed_evicted $((N - 16)) halfopen 16
	status=$?
	ns_sysctl "$a" net.ipv4.tcp_migrate_req=0
	return "$status"
}

two_have_all()
{
	listener_is "$port" sockets 2 halfopen "$N" >/dev/null
}

# shutdown() and listen() on one socket: the requests of its first life are there yet.
listens_again()
{
	policy halfopen_listener_max="$N"
	fresh
	begin "$N"
	flood "$port" -n "$N" && was_held "$N" && kill -HUP "$server" &&
		wait_for grep -q again "$scratch/server" 5 &&
		flood "$port" -n 640 -s 2 && was_held "$N" &&
		counters_are "$a" syns 704 over_listener 640 halfopen_evicted 640 &&
		listener_is "$port" sockets 1 limit "$N"
}

# Its requests outlive it, and count until they go: when their SYN-ACK would be sent again, which
# is 2 s after the first time.
closed()
{
	policy
	fresh
	begin 0
	flood "$port" -n 20 && holds "$a" 20 || return
	listener_is "$port" sockets 1 halfopen 20 || return
	wait_for value_moves synack_retrans 20 "$DEADLINE" || return
	serve_end server
	wait_for listener_is "$port" sockets 0 halfopen 20 5 || return
	empty "$a" || return
	wait_for no_line 10 || { in_ns "$a" cat /proc/net/tcptrack_listeners; return 1; }
}

no_line()
{
	[[ -z $(listener_value "$port" sockets) ]]
}

sent_again()
{
	policy halfopen_max="$N"
	fresh
	begin 0
	flood "$port" -n 20 && flood "$port" -n 20 && was_held 20 &&
		counters_are "$a" syns 20 syn_retrans 20 flows_created 20 halfopen 20
}

# A SYN on a TIME_WAIT tuple reconnects, though the queue is full.
reopened()
{
	policy halfopen_max="$N"
	fresh
	begin 0
	flood "$port" -n "$N" && was_held "$N" &&
		TRAFFIC_SPORT=500 in_ns "$b" traffic client "$to" "$port" server 2 1 &&
		watch_is sum_max "$N" && holds "$a" $((N - 1)) &&
		counters_are "$a" syns $((N + 2)) over_namespace 1 halfopen_evicted 1 \
			timewait_reopened 1 halfopen $((N - 1))
}

# SYN-ACKs go out again, in the timers of the requests that are evicted.
retransmitted()
{
	policy halfopen_max=500
	fresh
	begin 0
	flood "$port" -n 3000 -r 200 && was_held 500 &&
		counters_are "$a" syns 3000 over_namespace 2500 halfopen_evicted 2500 &&
		value_moves synack_retrans 2000
}

# Over loopback its client is ESTABLISHED first; a filter keeps the third ACK from its request.
loopback()
{
	local client lo=::1 status
	[[ $to == *:* ]] || lo=127.0.0.1
	policy
	fresh_server
	begin 0
	in_ns "$a" nft add table inet thirds \; add chain inet thirds in \
		'{ type filter hook input priority 0; }' \; add rule inet thirds in \
		tcp dport "$port" tcp flags '& (syn | ack) == ack' drop || return
	in_ns "$a" traffic client "$lo" "$port" client 1 &
	client=$!
	wait_for client_is_in 5 && value_is "$a" halfopen 1 && state_is "$a" local SYN_RECEIVED 1 &&
		holds_now "$a" 1
	status=$?
	in_ns "$a" nft delete table inet thirds
	wait "$client" && [[ $status -eq 0 ]] && settle_value "$a" halfopen 0
}

client_is_in()
{
	[[ $(in_ns "$a" ss -Htan state established dport = ":$port" | wc -l) -eq 1 ]]
}

# Hooks out: nothing is seen, and settings are kept.
off()
{
	local was
	policy halfopen_max="$N"
	fresh
	begin 0
	ns_sysctl "$a" net.tcptrack.mode=off
	was=$(proc_value "$a" segments_seen)
	flood "$port" -n 400 && watch_is sum_max 400 &&
		value_is "$a" segments_seen "$was" && value_is "$a" mode off &&
		[[ $(in_ns "$a" sysctl -n net.tcptrack.halfopen_max) -eq "$N" ]] || return
	counters_begin "$a"
	ns_sysctl "$a" net.tcptrack.mode=enforce
	wait_for holds_now "$a" "$N" 3 && flood "$port" -n 100 -s 2 && holds "$a" "$N" &&
		counters_are "$a" syns 100 over_namespace 100
}

# It goes and comes back, and so does the listener; the clients of another get in.
unloaded()
{
	local i status=0 other=$((port + 500)) quiet
	policy halfopen_max="$N"
	fresh
	serve quiet "$a" "$other"
	flood_start "$port" -n 10000000 -r 1000
	for i in 1 2 3 4; do
		tt_unload
		in_ns "$b" traffic client "$to" "$other" client 5 || status=1
		tt_load halfopen_max="$N" tracepoint=$((i % 2))
		ns_sysctl "$a" net.tcptrack.overflow=recycle
		serve_end server
		background server "$a" listeners "$port" 1024 1
		in_ns "$b" traffic client "$to" "$other" client 5 || status=1
	done
	flood_stop
	serve_end quiet
	return "$status"
}

conf()
{
	in_ns "$1" cat "/proc/sys/net/tcptrack/$2"
}

defaults()
{
	local ram bad=0
	tt_load
	ram=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
	while read -r name value; do
		[[ $(conf - "$name") == "$value" ]] && continue
		echo "$name is $(conf - "$name"), not $value"
		bad=1
	done <<-EOT
	mode enforce
	overflow cookie
	flows_max $((ram / 16))
	halfopen_max $((ram / 128))
	halfopen_listener_max 0
	halfopen_source_max 0
	halfopen_timeout_min 3000
	cookie_start 75
	cookie_end 40
	cookie_min_time 10000
	EOT
	return "$bad"
}

# refused NAME VALUE: EINVAL, and as before.
refused()
{
	local was err
	was=$(conf "$a" "$1")
	# shellcheck disable=SC2016	# for that shell
	if err=$(in_ns "$a" bash -c 'printf "%s\n" "$2" >"/proc/sys/net/tcptrack/$1"' - "$@" 2>&1); then
		echo "$1=$2 was taken"
		return 1
	fi
	[[ $err == *"nvalid argument"* ]] || { echo "$1=$2: $err"; return 1; }
	[[ $(conf "$a" "$1") == "$was" ]] || { echo "$1=$2 left $(conf "$a" "$1")"; return 1; }
}

ranges()
{
	local bad=0 name least most
	while read -r name least most; do
		ns_sysctl "$a" "net.tcptrack.$name=$least" "net.tcptrack.$name=$most"
		[[ $(conf "$a" "$name") == "$most" ]] || bad=1
		refused "$name" $((least - 1)) || bad=1
		refused "$name" $((most + 1)) || bad=1
		refused "$name" x || bad=1
	done <<-EOT
	flows_max 4 2147483647
	halfopen_max 1 2147483647
	halfopen_listener_max 0 2147483647
	halfopen_source_max 0 2147483647
	halfopen_timeout_min 100 600000
	cookie_start 0 100
	cookie_end 0 100
	cookie_min_time 0 600000
	EOT
	return "$bad"
}

words()
{
	local bad=0 name word
	for name in mode overflow; do
		for word in '' on enforc enforcement 0 'recycle drop'; do
			refused "$name" "$word" || bad=1
		done
	done
	for word in monitor off enforce; do
		ns_sysctl "$a" net.tcptrack.mode="$word"
		[[ $(conf "$a" mode) == "$word" ]] && value_is "$a" mode "$word" || bad=1
	done
	for word in recycle drop cookie; do
		ns_sysctl "$a" net.tcptrack.overflow="$word"
		[[ $(conf "$a" overflow) == "$word" ]] || bad=1
	done
	return "$bad"
}

# A new namespace begins with what init_net has, and never gets more.
inherited()
{
	ns_sysctl - net.tcptrack.halfopen_max=777 net.tcptrack.overflow=drop \
		net.tcptrack.cookie_start=66
	ns_add e
	ns_sysctl - net.tcptrack.overflow=recycle
	[[ $(conf "$e" halfopen_max) == 777 && $(conf "$e" overflow) == drop &&
	   $(conf "$e" cookie_start) == 66 ]] || return
	ns_sysctl "$e" net.tcptrack.halfopen_max=1000
	[[ $(conf "$e" halfopen_max) == 1000 ]] && value_is "$e" halfopen_max 777 || return
	ns_sysctl "$e" net.tcptrack.halfopen_max=100
	value_is "$e" halfopen_max 100 && value_is - halfopen_max 777
}

# Who sets something all the time, and in a namespace of his own everybody can, does not have
# the collector, which walks all of them, run any more often.
often()
{
	local was runs begun now
	now_ms
	begun=$now
	was=$(proc_value "$a" collector_runs)
	# shellcheck disable=SC2016	# for that shell
	in_ns "$a" sh -c 'for i in $(seq 100); do
		echo $((5000 + i)) >/proc/sys/net/tcptrack/halfopen_timeout_min; sleep 0.01; done'
	runs=$(($(proc_value "$a" collector_runs) - was))
	now_ms
	[[ $runs -ge 1 && $runs -le $(((now - begun) / 750 + 1)) ]] ||
		{ echo "$runs runs in $((now - begun)) ms"; return 1; }
}

plan 31
flood_setup
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "a SO_REUSEPORT group" group
	run "a SO_REUSEPORT group of unequal backlogs" unequal 0 80
	run "a SO_REUSEPORT group, a limit between their backlogs" unequal 16 48
	run "a SO_REUSEPORT group, tcp_migrate_req" migrated
	run "a socket that listens again" listens_again
	run "a listener closed" closed
	run "a SYN sent again" sent_again
	run "a TIME_WAIT tuple" reopened
	run "over loopback" loopback
	run "evicted while SYN-ACKs go out again" retransmitted
	run "mode=off and back" off
	run "rmmod and insmod in a flood" unloaded
	run "parity" parity "$a"
done
to=sysctl
run "defaults" defaults
run "ranges" ranges
run "words" words
run "settings set all the time" often
run "init_net's hold for new namespaces" inherited
finish
