#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A segment of an established connection never pays for a look-up: over 95 % of the
# segments of a bulk transfer return early, at the sender and at the receiver.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# share NS LEAST: the early return took more than 95 % of what the hooks saw.
share()
{
	counters_since "$1" | awk -v least="$2" '{ v[$1] = $2 } END {
		printf "%d of %d segments\n", v["segments_early"], v["segments_seen"]
		exit !(v["segments_seen"] >= least && v["segments_early"] > 0.95 * v["segments_seen"]) }'
}

bulk()
{
	local srv status
	counters_begin "$a"
	counters_begin "$b"
	in_ns "$a" iperf3 -s -1 -p 5201 >/dev/null 2>&1 &
	srv=$!
	wait_for listening 10 || return
	in_ns "$b" iperf3 -c "$1" -p 5201 -n 20M ${2:+"$2"} >/dev/null || return
	wait "$srv"
	share "$a" "$received" && share "$b" 200
}

listening()
{
	[[ -n $(in_ns "$a" ss -Hltn 'sport = :5201') ]]
}

received=200
plan 5
ns_add a b
ns_link "$a" "$b" 1
for tp in 1 0; do
	tt_load tracepoint=$tp
	check "tracepoint=$tp: IPv4" bulk 10.1.1.1
	check "tracepoint=$tp: IPv6, backwards" bulk fd01:0:0:1::1 -R
done
for ns in "$a" "$b"; do in_ns "$ns" ethtool -K v1 tso off gso off gro off >/dev/null || bail "ethtool"; done
received=10000	# 20 MB are 13812 of 1448 octets; some are put together all the same
check "without GSO and GRO" bulk 10.1.1.1
finish
