#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Very many transitions a second: what readers of the group "state" and of subscriptions read,
# and what is counted as lost, is all there was, to the last one.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

transitions_not "its floods are longer than the record"
# SYNs to a port without a listener: two transitions each, and the end of the flow.
N=${TCPTRACK_LONG:+400000}
N=${N:-20000}
ROOM=64000000	# of a reader that misses nothing, for what waits

# said VARIABLE NAME: of nlevents
said()
{
	awk -v name="$2" '$1 == name { print $2 }' "$scratch/$1"
}

# read_by VARIABLE: so many, in $read.
read_by()
{
	kill -TERM "${!1}"
	wait "${!1}" || { cat "$scratch/$1"; return 1; }
	read=$(($(said "$1" states) + $(said "$1" ends)))
}

# From each CPU: half of them. What it took is in $ms.
floods()
{
	local now begun pids=() cpu seed=1
	now_ms
	begun=$now
	for cpu in 0 $((CPUS - 1)); do
		nsenter --net="/run/netns/$b" -- taskset -c "$cpu" flood -m "$mac_a" -s "$seed" \
			-n $((N / 2)) v1 "$to" 9 >"$scratch/flood.$seed" &
		pids+=($!)
		seed=$((seed + 1))
	done
	wait "${pids[@]}" || return
	# the last ones wait for a CPU
	wait_for counters_are "$a" closed_refused "$N" flows_created "$N" flows_destroyed "$N" 60 ||
		{ counters_since "$a"; return 1; }
	now_ms
	ms=$((now - begun))
	[[ $ms -gt 0 ]] || ms=1
	rate=$((3 * N * 1000 / ms))
	# told, not judged: time may travel, and the machine be emulated
	echo "figures: $((3 * N)) events in $ms ms: $rate a second"
}

lost_now()
{
	lost=$(counter_since "$a" events_lost)
}

# A slow one, whose loss the module counts, beside a quick one, which has room for all: what the
# slow one has and what was lost is all. The quick one lost what found no room in the module,
# if anything did: then it knows.
group()
{
	counters_begin "$a"
	background quick "$a" nlevents -b "$ROOM"
	background slow "$a" nlevents -e -d 20000
	floods || return
	wait_for quiet "$quick" 30 || return
	lost_now
	read_by slow || return
	echo "slow: $read read, $(said slow overruns) overruns, $lost lost"
	[[ $((read + lost)) -eq $((3 * N)) && $lost -gt 0 && $(said slow overruns) -gt 0 ]] || return
	read_by quick || return
	echo "quick: $read read, $(said quick overruns) overruns"
	if [[ $(said quick overruns) == 0 ]]; then
		[[ $read -eq $((3 * N)) ]]
	else
		[[ $read -lt $((3 * N)) && $((read + lost)) -ge $((3 * N)) ]]
	fi
}

# Each knows for itself, and together they have lost what the module says.
subscriptions()
{
	local v want all=0
	counters_begin "$a"
	background quick "$a" nlevents -s -b "$ROOM"
	background slow "$a" nlevents -s -d 20000
	background ends "$a" nlevents -s -b "$ROOM" -x 0
	floods || return
	wait_for quiet "$quick" 30 || return
	kill -USR2 "$slow"
	wait_for quiet "$slow" 30 || return
	sleep 0.3	# how often it is tried to tell what was lost
	lost_now
	for v in quick slow ends; do
		read_by "$v" || return
		[[ $v == ends ]] && want=$N || want=$((3 * N))
		echo "$v: $read read, $(said "$v" lost) lost, $(said "$v" overruns) overruns"
		all=$((all + $(said "$v" lost)))
		[[ $((read + $(said "$v" lost))) -eq $want ]] || return
	done
	echo "$lost lost"
	[[ $all -eq $lost && $(said slow lost) -gt 0 ]]
}

# quiet PID: nothing waits in its socket, for a while.
quiet()
{
	local i
	for ((i = 0; i < 4; i++)); do
		[[ $(in_ns "$a" awk -v pid="$1" '$3 == pid { print $5 }' /proc/net/netlink) == 0 ]] ||
			return 1
		sleep 0.05
	done
}

CPUS=$(nproc)
plan 4
tt_load flows_max=$((4 * N))
flood_between
sysctl -qw net.core.netdev_max_backlog=1000000
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "the group" group
	run "subscriptions" subscriptions
done
finish
