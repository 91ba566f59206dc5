#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# /proc/net/tcptrack_flows while flows come and go, a million of them in the nightly run:
# each reading has every flow that stays exactly once, and none twice.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

# So many come at a time. They are flows that nobody has answered: a quarter of all is for
# them, and after a while they go by themselves.
N=${TCPTRACK_LONG:+1000000}
N=${N:-2000}
STAY=100

# LINES, those of them that are there twice, those of the server
reading()
{
	in_ns "$a" awk 'NR == 1 { next }
		{ n++; if (seen[$2, $3]++) twice++; if ($2 ~ /:80$/) stay++ }
		END { print n + 0, twice + 0, stay + 0 }' /proc/net/tcptrack_flows
}

# pass_by SEED: while so many pass by, with the ports that the seed says.
pass_by()
{
	local n twice stay
	flood_start 9 -n "$N" -s "$1" -f 1000
	readings=0
	while kill -0 "$flood_pid" 2>/dev/null; do
		read -r n twice stay < <(reading)
		readings=$((readings + 1))
		[[ $twice -eq 0 && $stay -eq $((2 * STAY)) && $n -ge $stay ]] && continue
		echo "reading $readings: $n flows, $twice of them twice, $stay of $((2 * STAY)) that stay"
		return 1
	done
	wait "$flood_pid"
	[[ $(<"$scratch/flood") == "sent $N" && $readings -gt 0 ]]
}

# The second flood's take the places of the first's.
come_and_go()
{
	counters_begin "$a"
	pass_by 1 && counters_are "$a" flows_created "$N" && pass_by 100 &&
		counters_are "$a" flows_created $((2 * N))
}

# All are listed, or some go meanwhile.
at_rest()
{
	local n twice stay most least
	most=$(proc_value "$a" flows)
	read -r n twice stay < <(reading)
	least=$(proc_value "$a" flows)
	[[ $n -le $most && $n -ge $least && $twice -eq 0 && $stay -eq $((2 * STAY)) ]] && return
	echo "$n flows of $most to $least, $twice of them twice, $stay that stay"
	return 1
}

plan 5
tt_load flows_max=$((4 * N))
ns_add a b c
flood_link mac_a "$a" "$b"
ns_link "$a" "$c" 2
sysctl -qw net.core.netdev_max_backlog=1000000
ns_sysctl "$a" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.tcptrack.flows_max=$((4 * N))
serve server "$a" 80
hold four "$c" 10.1.2.1 80 $STAY
hold six "$c" fd01:0:0:2::1 80 $STAY
settle_state "$a" local ESTABLISHED $((2 * STAY)) || bail "no connections"
for to in 10.1.2.2 fd01:0:0:2::2; do
	check "$to: every reading is right while flows come and go" come_and_go
	check "$to: all are listed" at_rest
	tt_load flows_max=$((4 * N))
	settle_state "$a" local ESTABLISHED $((2 * STAY)) || bail "not adopted"
done
check "none of those that stayed was lost" eval 'release four && release six'
finish
