#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A connection of this host with itself is one flow: from the same port again, while the
# server's end is still in TIME_WAIT, it begins anew, and each end opens once.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# are STATE N...: how often the local ends have entered each of these states
are()
{
	while [[ $# -gt 0 ]]; do
		settle_state "$ns" entered "$1" "$2" || return
		shift 2
	done
}

# reconnects ADDRESS PORT
reconnects()
{
	local server i
	serve server "$ns" 80
	counters_begin "$ns"
	for i in 1 2; do
		TRAFFIC_SPORT=$2 in_ns "$ns" traffic client "$1" 80 server 1 || return
		settle_state "$ns" local TIME_WAIT 1 || return
	done
	are SYN_SENT 2 SYN_RECEIVED 2 ESTABLISHED 4 CLOSE_WAIT 2 LAST_ACK 2 FIN_WAIT_1 2 \
		FIN_WAIT_2 2 TIME_WAIT 2 CLOSED 3 &&
		counters_are "$ns" flows_created 2 timewait_reopened 1 closed_normal 1 || return
	kill -KILL "$server"
}

# shellcheck disable=SC2086	# a list
set -- $TRACEPOINTS
plan $((2 * $#))
for tp; do
	tt_load tracepoint="$tp"
	for addr in 127.0.0.1 ::1; do
		ns_add ns
		check "tracepoint=$tp: again from the same port, $addr" reconnects "$addr" 40000
		ns_del "$ns"
	done
done
finish
