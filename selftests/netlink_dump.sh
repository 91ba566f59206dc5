#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A dump of flows by generic netlink while flows come and go, a million of them in the
# nightly run: every flow that lived throughout is in it once, it says that it was
# interrupted, and its reader needs little memory. How long it took is told, not judged: the
# machine may be an emulated one, and others may use it.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

transitions_not "its floods are longer than the record"
find_tool
# So many are picked up mid-stream: they stay for 300 s, without a segment. A quarter of all
# is for what nobody has proven.
N=${TCPTRACK_LONG:+1000000}
N=${N:-10000}
KIB=16384	# of address space, for a reader of any number of flows

dump_a()
{
	in_ns "$a" nldump "$@"
}

# said NAME: by nldump, in $scratch/said
said()
{
	awk -v name="$1" '$1 == name { print $2 }' "$scratch/said"
}

took()
{
	echo "figures: $(said flows) flows in $(said ms) ms"
}

at_rest()
{
	dump_a "$scratch/before" 9 >"$scratch/said" || return
	cat "$scratch/said"
	took
	[[ $(said flows) -eq $N && $(said twice) == 0 && $(said interrupted) == 0 ]]
}

# churn PORT ADDRESS: SYNs until churn_end, to a port of $a without a listener, whose flows
# go at once, and to one behind it, whose flows come.
churn()
{
	nsenter --net="/run/netns/$b" -- sh -c "
		seed=100
		while :; do
			flood -m '$mac_a' -n 2000 -s \$seed v1 $go 7
			flood -m '$mac_a' -n 100 -s \$seed v1 $to 8
			seed=\$((seed + 1))
		done" >/dev/null 2>&1 &
	churn=$!
	wait_for value_moves closed_refused 1000 20
}

churn_end()
{
	kill -KILL "$churn"
	wait "$churn" 2>/dev/null
}

# Those that stay are asked for before and after by their port.
while_churning()
{
	local status=0
	counters_begin "$a"
	churn || return
	dump_a "$scratch/middle" >"$scratch/said" || status=1
	churn_end
	dump_a "$scratch/after" 9 >/dev/null &&
		nldump "$scratch/before" "$scratch/middle" "$scratch/after" >>"$scratch/said" &&
		cat "$scratch/said" && took &&
		[[ $status -eq 0 && $(said stay) -eq $N && $(said missing) -eq 0 &&
		   $(said twice) == 0 && $(said interrupted) -gt 0 && $(said flows) -ge $N ]]
}

# What the tool prints it does not keep.
little_memory()
{
	local n
	n=$(in_ns "$a" sh -c "ulimit -v $KIB && exec '$ctl' flows port 9" | wc -l)
	[[ $n -eq $((N + 1)) ]] || { echo "$n lines"; return 1; }
}

plan 6
sysctl -qw net.core.netdev_max_backlog=1000000
for to in 10.1.2.2 fd01:0:0:2::2; do
	tt_load flows_max=$((5 * N))
	flood_between
	ns_add c
	ns_link "$a" "$c" 2
	ns_sysctl "$a" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.tcptrack.flows_max=$((5 * N))
	[[ $to == 10.* ]] && go=10.1.1.1 || go=fd01:0:0:1::1
	# (of one source to the next, so that no tuple is there twice)
	flood 9 -n "$N" -a 0 -f 100000 || bail "no flows"
	settle_value "$a" flows "$N" || bail "not so many flows"
	run "all, at rest" at_rest
	run "while flows come and go" while_churning
	run "by the tool, with little memory" little_memory
done
finish
