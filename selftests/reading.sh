#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel runs to show the counters: as many calls of the same functions with ten
# flows as with ten thousand, and none that walks flows or sockets. By the kernel's function
# tracer.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

MANY=10000
SOCKETS=10	# of either family, and ten times as many then
TRACED=$tracing/instances/tcptrack-reading

# All of ours that a reading may call (some of them are inline here or there).
ALLOWED="show show_states show_gaps stat_start stat_next stat_stop stat_names stat_line
flows_show floods_show tt_net tt_stats_sum
tt_view_gap_edge tt_view_gauge tt_view_life_edge tt_view_state tt_view_values tt_net_flows_max
tt_net_halfopen_max tt_probe_active"

# What walks, or looks up, in the kernel: of hash tables and of sockets.
WALKERS="rhashtable_* rhltable_* rht_* *inet_lookup* *inet6_lookup* *inet*ehash* *inet*hash2*
	tcp_seek_* listening_get_* established_get_* tcp_get_idx *sk_lookup* *reqsk_queue*"

begin_tracing()
{
	local f
	[[ -d $tracing/events ]] || mount -t tracefs tracefs $tracing 2>/dev/null
	[[ -r $tracing/available_tracers && " $(<$tracing/available_tracers) " == *" function "* ]] ||
		{ echo "1..0 # SKIP no function tracer in this kernel"; exit $KSFT_SKIP; }
	tt_load
	mkdir "$TRACED" || bail "no instance of tracefs"
	trap 'echo nop >"$TRACED/current_tracer"; rmdir "$TRACED"; cleanup' EXIT
	echo ':mod:tcptrack' >"$TRACED/set_ftrace_filter" || bail "no function of ours can be traced"
	set -f
	for f in $WALKERS; do echo "$f" >>"$TRACED/set_ftrace_filter"; done 2>/dev/null
	set +f
	echo 0 >"$TRACED/tracing_on"
	echo function >"$TRACED/current_tracer" || bail "no function tracer"
}

# traced FILE: "CALLS FUNCTION" of what a reader of it runs in the kernel, interrupts aside.
traced()
{
	echo >"$TRACED/trace"
	# shellcheck disable=SC2016	# the reader's
	in_ns "$a" sh -c 'echo $$ >"$1/set_ftrace_pid"; echo 1 >"$1/tracing_on"; exec cat "$2"' \
		sh "$TRACED" "$1" >/dev/null
	echo 0 >"$TRACED/tracing_on"
	awk '$1 ~ /^cat-/ && substr($3, 3, 1) == "." { f = $5; sub(/\..*/, "", f); n[f]++ }
		END { for (f in n) print n[f], f }' "$TRACED/trace" | sort -k 2
}

FILES="/proc/net/tcptrack /proc/net/stat/tcptrack /proc/net/stat/tcptrack_flood"

# trace_all WHEN: all the files, to compare later
trace_all()
{
	local f
	for f in $FILES; do
		traced "$f" >"$scratch/${f//\//_}.$1"
	done
}

only_allowed()
{
	local f=$scratch/${1//\//_}.few
	grep -q show "$f" || { echo "nothing was traced"; return 1; }
	! awk -v allowed="$ALLOWED" 'BEGIN { n = split(allowed, a); for (i in a) ok[a[i]] = 1 }
		!($2 in ok)' "$f" | grep .
}

same_calls()
{
	diff "$scratch/${1//\//_}.few" "$scratch/${1//\//_}.many"
}

# That a walk would be seen: this file is one.
flows_file_walks()
{
	traced /proc/net/tcptrack_flows >"$scratch/flows"
	grep -q ' tt_table_each$' "$scratch/flows" && grep -q 'inet.*lookup_established$' "$scratch/flows" &&
		return
	cat "$scratch/flows"
	return 1
}

# connections N: of either family
connections()
{
	hold "four$1" "$c" 10.1.2.1 80 "$1"
	hold "six$1" "$c" fd01:0:0:2::1 80 "$1"
}

plan 8
begin_tracing
ns_add a b c
flood_link mac_a "$a" "$b"
ns_link "$a" "$c" 2
sysctl -qw net.core.netdev_max_backlog=100000
ns_sysctl "$a" net.ipv4.ip_forward=1
serve server "$a" 80
connections $((SOCKETS / 2))
settle_value "$a" flows $SOCKETS || bail "no connections"
trace_all few
check "a walk would be seen" flows_file_walks
connections $((SOCKETS * 5))
to=10.1.2.2
check "$MANY flows, and $((SOCKETS * 11)) connections" eval \
	'flood 9 -n $((MANY - SOCKETS * 11)) && settle_value "$a" flows $MANY'
trace_all many
for f in $FILES; do
	check "$f: none of ours that walks, no socket" only_allowed "$f"
	check "$f: as many calls with $MANY flows" same_calls "$f"
done
finish
