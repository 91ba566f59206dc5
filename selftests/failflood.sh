#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One allocation in ten of the module's code fails, under a flood, with clients that come and
# transfers that go on: nobody connected loses anything, no client is refused, and each SYN
# and each flow for which there was no memory is counted. The kernel needs CONFIG_FAILSLAB and
# its filter by stack.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"
# shellcheck source=selftests/lib_fault.sh
. "$TESTS/lib_fault.sh"

SYNS=3000

tenth_begin()
{
	# shellcheck disable=SC2046
	within $(module_text)
	faults_on -1 N
	faults_for probability 10
}

# flooded_tenth: SYNS of the flood, and 20 clients.
flooded_tenth()
{
	local status
	tenth_begin
	flood "$port" -n "$SYNS" && in_ns "$b" traffic client "$to" "$port" client 20 20
	status=$?
	faults_off
	return "$status"
}

# One answer, or a count, for each SYN: the transfers', the flood's, the clients', and those
# that they sent again for want of an answer.
answered()
{
	local failed all
	flooded_tenth || { echo "a client got nothing"; return 1; }
	failed=$(counter_since "$a" cookies_no_memory)
	[[ $failed -gt $((SYNS / 50)) ]] || { echo "only $failed failed"; return 1; }
	all=$((4 + SYNS + 20 + $(stack_since "$b" TCPSynRetrans)))
	counters_are "$a" syns "$all" cookies_sent $((all - failed)) syns_dropped "$failed" \
		cookies_valid 24 cookies_invalid 0
}

# Somebody looks on, so that no SYN's own buffer can serve.
cookies()
{
	local status eyes
	policy overflow=cookie cookie_start=0 cookie_min_time=600000
	fresh_server
	background eyes "$a" sniff v1 "$port"
	stack_begin "$b"
	begin 0
	undisturbed answered
	status=$?
	kill "$eyes"
	return "$status"
}

# A flow that finds no memory is found later: then all are known that the stack has.
half_open()
{
	local refused
	flooded_tenth || { echo "a client got nothing"; return 1; }
	refused=$(counter_since "$a" flows_refused_memory)
	[[ $refused -gt $((SYNS / 50)) ]] || { echo "only $refused were refused"; return 1; }
	# (the first client took the place of the oldest, and those of the others after it)
	counters_are "$a" syns_dropped 0 && watch_under "$N" && holds "$a" $((N - 1)) &&
		listener_is "$port" halfopen $((N - 1))
}

N=64

recycled()
{
	policy overflow=recycle halfopen_listener_max="$N"
	fresh_server
	begin "$N"
	undisturbed half_open
}

if [[ ! -e $FILTER ]]; then
	echo "1..0 # SKIP needs CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_STACKTRACE_FILTER"
	exit "$KSFT_SKIP"
fi
plan 4
flood_setup
trap 'faults_off; cleanup; ! [[ -d /sys/module/tcptrack_watch ]] || rmmod tcptrack_watch' EXIT
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "cookies" cookies
	run "recycled" recycled
done
finish
