#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The bound on half-open connections holds for what the stack holds: a witness
# (watch/) that knows nothing of tcptrack adds it up at each SYN and SYN-ACK, and
# ss agrees. Each SYN is accounted for exactly.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

N=64		# the bound of most cases
SENT=1280	# 20 times as many SYNs

namespace_bound()
{
	policy halfopen_max="$N"
	fresh
	begin 0
	flood "$port" -n "$SENT" &&
		was_held "$N" && youngest $((SENT - N)) &&
		counters_are "$a" syns "$SENT" over_namespace $((SENT - N)) over_listener 0 \
			halfopen_evicted $((SENT - N)) closed_evicted $((SENT - N)) \
			halfopen_expired 0 syns_dropped 0 halfopen "$N" &&
		listener_is "$port" sockets 1 halfopen "$N" peak "$N" limit 1024 syns "$SENT" \
			halfopen_evicted $((SENT - N)) over_namespace $((SENT - N))
}

listener_bound()
{
	policy halfopen_listener_max="$N"
	fresh
	begin "$N"
	flood "$port" -n "$SENT" &&
		was_held "$N" && watch_is listener_over 0 && youngest $((SENT - N)) &&
		counters_are "$a" syns "$SENT" over_listener $((SENT - N)) over_namespace 0 \
			halfopen_evicted $((SENT - N)) closed_evicted $((SENT - N)) \
			syns_dropped 0 halfopen "$N" &&
		listener_is "$port" halfopen "$N" peak "$N" limit "$N" over_listener $((SENT - N))
}

# From all CPUs at once: how many go in the end depends on who meets whom, but the bound
# is never exceeded, and each SYN that came in is half-open or was evicted.
all_cpus()
{
	local cpu pids=() pid held most
	policy halfopen_max="$N"
	fresh
	begin 0
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		in_ns "$b" taskset -c "$cpu" flood -m "$mac_a" -s $((cpu + 1)) -n "$SENT" \
			v1 "$to" "$port" >/dev/null &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || return; done
	held=$(halfopen_of "$a") most=$(watch_value sum_max)
	[[ $held -le $N && $held -ge $((N - $(nproc))) && $most -ge $held && $most -le $N ]] ||
		{ echo "$held are held, the most were $most"; return 1; }
	counters_are "$a" syns $((SENT * $(nproc))) halfopen "$held" || return
	counters_since "$a" | awk '
		{ is[$1] = $2 }
		END {
			gone = is["halfopen_evicted"] + is["syns_dropped"]
			if (is["syns"] == is["halfopen"] + gone && is["closed_evicted"] == is["halfopen_evicted"])
				exit
			print is["syns"], "SYNs,", is["halfopen"], "half-open,", gone, "gone"
			exit 1
		}'
}

# 0: its own backlog.
backlog_bound()
{
	policy
	fresh 16
	begin 0
	flood "$port" -n 320 &&
		was_held 16 && watch_is listener_over 0 &&
		counters_are "$a" syns 320 over_listener 304 halfopen_evicted 304 halfopen 16 &&
		listener_is "$port" halfopen 16 peak 16 limit 16
}

drop()
{
	policy halfopen_max="$N" overflow=drop
	fresh
	begin 0
	flood "$port" -n "$SENT" &&
		was_held "$N" && oldest $((N - 1)) &&
		counters_are "$a" syns "$SENT" over_namespace $((SENT - N)) \
			syns_dropped $((SENT - N)) halfopen_evicted 0 closed_evicted 0 halfopen "$N"
}

# What the stack holds is what it would hold without the module.
monitor()
{
	policy halfopen_max="$N" halfopen_listener_max=$((N / 2)) mode=monitor
	fresh
	begin 0
	flood "$port" -n 400 &&
		was_held 400 &&
		counters_are "$a" syns 400 over_listener $((400 - N / 2)) over_namespace 0 \
			syns_dropped 0 halfopen_evicted 0 halfopen 400 || return
	policy halfopen_max="$N" mode=monitor
	begin 0
	flood "$port" -n 400 &&
		was_held 400 &&
		counters_are "$a" syns 400 over_namespace $((400 - N)) over_listener 0 \
			syns_dropped 0 halfopen_evicted 0 halfopen 400
}

plan 12
flood_setup
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "recycle, halfopen_max" namespace_bound
	run "recycle, from all CPUs" all_cpus
	run "recycle, halfopen_listener_max" listener_bound
	run "recycle, the listener's backlog" backlog_bound
	run "drop" drop
	run "monitor" monitor
done
finish
