#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Allocations that fail. Of flows: traffic goes on undisturbed, what is not tracked is
# counted exactly, and adopted as soon as there is memory again. (Each one in turn, of
# whatever is done with the module: faults.sh.) The kernel needs CONFIG_FAILSLAB: the debug
# kernels have it, a distribution's do not.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_fault.sh
. "$(dirname "$0")/lib_fault.sh"

# fail_begin FLAG [N]: every allocation (of the first N), with cache-filter=Y only of
# marked caches.
fail_begin()
{
	faults_on "${2:--1}" "$1"
	echo 100 >"$FAULTS/failslab/probability"
}

# Print the range of one of the module's functions. (Its symbols are in no order.)
function_text()
{
	awk -v name="$1" '
		$4 != "[tcptrack]" { next }
		$3 == name { first = $1 "" }
		{ at[n++] = $1 "" }
		END { for (i = 0; i < n; i++)
			if (at[i] > first && (last == "" || at[i] < last)) last = at[i]
		      print "0x" first, "0x" last }' /proc/kallsyms
}

# Connections of all kinds, N of each that is 10.
traffic_on()
{
	in_ns "$b" traffic client 10.1.1.1 80 keep 10 &&
		in_ns "$b" traffic client fd01:0:0:1::1 80 client 10 &&
		in_ns "$b" traffic client 10.1.1.1 80 server 10 &&
		in_ns "$b" traffic client fd01:0:0:1::1 80 half 10 &&
		in_ns "$b" traffic client 10.1.1.1 80 rclient 10 &&
		in_ns "$b" traffic client 10.1.1.1 81 refused 10
}

# 20 that stay and 60 that come and go, 10 of them to TIME_WAIT on this side; twice the
# collector meets what it cannot adopt.
untracked()
{
	local runs ns
	traffic_on || return
	runs=$(proc_value "$a" collector_runs)
	wait_for ran "$((runs + 4))" 10 || return
	for ns in "$a" "$b"; do
		value_is "$ns" flows 0 || { echo "flows in $ns"; return 1; }
		counters_are "$ns" flows_refused_memory 80 flows_created 0 flows_adopted 0 \
			flows_refused_full 0 || return
	done
}

ran()
{
	[[ $(proc_value "$a" collector_runs) -ge $1 ]]
}

adopted()
{
	parity "$a" && parity "$b" && counters_are "$a" flows_adopted 30 flows_created 0 &&
		release h && in_ns "$b" traffic client 10.1.1.1 80 keep 10 &&
		counters_are "$a" flows_adopted 30 flows_created 10
}

# A SYN whose answer finds no memory is as if it were lost: its sender tries again.
unanswered()
{
	local status
	# shellcheck disable=SC2046
	within $(function_text tt_buffer_get)
	ns_sysctl "$a" net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000
	counters_begin "$a"
	stack_begin "$a"
	stack_begin "$b"
	fail_begin N 5
	in_ns "$b" traffic client 10.1.1.1 80 client 5 5
	status=$?
	faults_off
	ns_sysctl "$a" net.tcptrack.cookie_start=75
	[[ $status -eq 0 ]] &&
		counters_are "$a" syns 10 cookies_no_memory 5 syns_dropped 5 cookies_sent 5 \
			cookies_valid 5 cookies_own_buffer 0 flows_created 5 &&
		stack_is "$a" SyncookiesRecv 5 && stack_is "$b" TCPSynRetrans 5
}

# A table that cannot grow: more flows than it has buckets are refused.
no_growth()
{
	local status
	# shellcheck disable=SC2046
	within $(kernel_text rht_deferred_worker rhashtable_insert_slow)
	counters_begin "$a"
	fail_begin N
	hold h "$b" 10.1.1.1 80 400
	[[ $(counter_since "$a" flows_refused_memory) -gt 0 ]] &&
		[[ $(($(counter_since "$a" flows_created) + $(counter_since "$a" flows_refused_memory))) -eq 400 ]]
	status=$?
	[[ $status -eq 0 ]] || counters_since "$a"
	faults_off
	parity "$a" && release h && return "$status"
}

if [[ ! -d $FAULTS/failslab ]]; then
	echo "1..0 # SKIP needs a kernel with CONFIG_FAILSLAB"
	exit $KSFT_SKIP
fi
trap 'faults_off; cleanup' EXIT
plan 4
tt_load tracepoint=1
ns_add a b
ns_link "$a" "$b" 1
serve srv "$a" 80
echo 1 >/sys/kernel/slab/tcptrack_flow/failslab
fail_begin Y
counters_begin "$a"
counters_begin "$b"
hold h "$b" 10.1.1.1 80 20
check "no memory for flows: traffic goes on, flows_refused_memory is exact" untracked
faults_off
check "memory again: adopted" adopted
if [[ -e $FILTER ]]; then
	check "no memory for a larger table: flows_refused_memory is exact" no_growth
	check "no memory for a cookie: cookies_no_memory is exact" unanswered
else
	skip "no memory for a larger table" "needs CONFIG_FAULT_INJECTION_STACKTRACE_FILTER"
	skip "no memory for a cookie" "needs CONFIG_FAULT_INJECTION_STACKTRACE_FILTER"
fi
finish
