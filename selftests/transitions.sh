#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without the tracepoint the packet machine alone has to find every transition: the
# states of each full socket, one by one and in order, are those that the kernel's own
# sock:inet_sock_set_state recorded. What may differ is the table in transitions.c.
# (TCPTRACK_TRANSITIONS=1 of run.sh does the same around every other test.)

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

PORT=8123
N=${TCPTRACK_N:-40}
TRANSITIONS=${TRANSITIONS:-$scratch/transitions}
v4=10.1.1.1 v6=fd01:0:0:1::1

# recorded N COMMAND...: it succeeds; at least N sockets were recorded, all equal.
recorded()
{
	local n=$1 out status
	shift
	"$@" || return
	out=$(transitions_compare)
	status=$?
	[[ $status -eq 0 && $(tail -n 1 <<<"$out" | cut -d' ' -f1) -ge $n ]] && return
	echo "$out"
	return 1
}

run()
{
	local addr
	for addr in $v4 $v6; do
		in_ns "$b" traffic client "$addr" "$2" "$1" "${3:-$N}" || return
	done
}

# What opens and closes while the collector walks over all sockets, again and again.
hurried()
{
	local kicks status
	while :; do echo 75 >/proc/sys/net/tcptrack/cookie_start; done &
	kicks=$!
	run client "$PORT" && run server "$PORT"
	status=$?
	kill -KILL "$kicks"
	wait "$kicks" 2>/dev/null
	return "$status"
}

held()
{
	local h
	hold h "$b" "$1" "$PORT" 10 "$2"
	release h
}

# Both ends in one namespace, and one socket that is both.
loopback()
{
	local mode
	for mode in keep client server half rserver rclient; do
		in_ns "$a" traffic client 127.0.0.1 "$PORT" "$mode" 10 &&
			in_ns "$a" traffic client ::1 "$PORT" "$mode" 10 || return
	done
	in_ns "$a" traffic client 127.0.0.1 0 self 5 1
}

# With the delay they meet, see simultaneous.sh.
both_ways()
{
	cross "$a" "$1" "$b" "$2" 10
	cross_go && cross_is open && cross_go && cross_is closed
}

# Only "ss -K" and the death of a process close a socket whose peer says nothing.
killed()
{
	local h
	hold h "$b" "$v4" "$PORT" 10
	in_ns "$a" ss -K sport = ":$PORT" >/dev/null 2>&1
	release h >/dev/null
	hold h "$b" "$v6" "$PORT" 10
	kill -KILL "$h"
	wait "$h" 2>/dev/null
	return 0
}

wrk_nginx()
{
	local addr
	for addr in $v4 "[$v6]"; do
		in_ns "$b" wrk -t1 -c8 -d1s ${1:+-H "$1"} "http://$addr:8080/" >/dev/null || return
	done
}

# The comparison itself: sockets that were not tracked are told, and no others.
untracked()
{
	local h out
	hold h "$b" "$v4" "$PORT" 10
	ns_sysctl "$a" net.tcptrack.flows_max=4
	in_ns "$b" traffic client "$v6" "$PORT" client 1
	release h || return
	out=$(transitions_compare)
	ns_sysctl "$a" net.tcptrack.flows_max=4000
	[[ $(grep -c "^socket  " <<<"$out") -eq 1 && $out == *" 1 different"* &&
	   $out == *"socket  [$v6]:$PORT "*" LISTEN SYN_RECEIVED ESTABLISHED "* ]] && return
	echo "$out"
	return 1
}

nginx=$(time_travels || echo 3)		# wrk's second of load does not end there
plan $((18 + ${nginx:-0}))
ns_add a b
ns_link "$a" "$b" 1
tt_load tracepoint=0
serve srv "$a" $PORT
for m in keep client server half rserver rclient; do
	check "$m" recorded $((4 * N)) run "$m" $PORT
done
check "refused" recorded $((2 * N)) run refused 81
check "bulk" recorded 8 run bulk $PORT 2
for m in hold holdhalf; do
	check "$m, IPv4" recorded 20 held $v4 $m
	check "$m, IPv6" recorded 20 held $v6 $m
done
check "loopback" recorded 245 loopback
check "while the collector runs all the time" recorded $((8 * N)) hurried
link_delay 300ms "$a" "$b"
for net in "$v4 10.1.1.2" "$v6 fd01:0:0:1::2"; do
	# shellcheck disable=SC2086	# two words
	check "opened and closed from both sides, ${net% *}" recorded 20 both_ways $net
done
link_delay 0 "$a" "$b"
check "ss -K, and a process that dies" recorded 40 killed
check "a socket that is not tracked is told" untracked
if [[ -n $nginx ]]; then
	nginx_start "$a"
	check "wrk, keep-alive" recorded 32 wrk_nginx
	check "wrk, Connection: close" recorded 32 wrk_nginx 'Connection: close'
	kill "$nginx"
	wait "$nginx"
	check "nginx ends" recorded 0 true
fi
finish
