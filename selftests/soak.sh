#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All at once, for SOAK_SECONDS (30): floods of SYNs and of ACKs, real connections, dumps,
# settings that change, namespaces and devices that come, go and are renamed, and the
# module itself. Afterwards nobody has lost a connection, every gauge is zero, and nothing
# is left in slab or in the log.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

SECONDS_LONG=${SOAK_SECONDS:-30}
RATE=${SOAK_RATE:-300}		# of each flood, packets a second
FOREVER=100000000
ctl=$(command -v "${TCPTRACKCTL:-tcptrackctl}")

# until_end NAME COMMAND...: again and again; how often, and how often it failed, is told
# in $scratch/did.NAME.
until_end()
{
	local name=$1 times=0 failures=0
	shift
	while [[ ! -e $scratch/end ]]; do
		"$@" >"$scratch/out.$name" 2>&1 || {
			failures=$((failures + 1))
			tail -n 3 "$scratch/out.$name" >>"$scratch/failed.$name"
		}
		times=$((times + 1))
		echo "$name $times $failures" >"$scratch/did.$name"
	done
}

# did NAME: without a failure, and at all.
did()
{
	local name times failures
	read -r name times failures <"$scratch/did.$1" || return
	[[ $times -gt 0 && $failures -eq 0 ]] || { tail -n 5 "$scratch/failed.$1"; return 1; }
}

floods()
{
	local to=$1
	shift
	in_ns "$b" timeout -k 5 5 flood -m "$mac_a" -n "$FOREVER" -r "$RATE" -s "$RANDOM" "$@" \
		v1 "$to" 80
	local status=$?
	# (killed, where it is slow to end)
	[[ $status -eq 124 || $status -eq 137 ]]
}

# To the listener that is flooded as well: cookies let them in.
connections()
{
	in_ns "$b" traffic client "$1" 80 keep 20 4 && in_ns "$b" traffic client "$1" 80 client 5 4 &&
		in_ns "$b" traffic client "$1" 80 server 5 4 && in_ns "$b" traffic client "$1" 80 half 5
}

# The module may be gone at any time: then there is nothing to read or set.
readings()
{
	local f
	for f in tcptrack tcptrack_flows tcptrack_listeners stat/tcptrack stat/tcptrack_flood; do
		in_ns "$a" cat "/proc/net/$f"
	done
	for f in stats states listeners flows settings; do "$ctl" -n "$a" "$f"; done
	return 0
}

spoilt_messages()
{
	in_ns "$c" fuzz_netlink -n 200 -s "$RANDOM"
	return 0
}

# In one namespace what is right for real connections; their order is random.
settings()
{
	local s=(mode=enforce mode=monitor mode=off cookie_start=0 cookie_start=75
		 halfopen_max=100000 halfopen_max=32 halfopen_listener_max=0 halfopen_listener_max=16
		 halfopen_timeout_min=600000 halfopen_timeout_min=1000 early=off early=prerouting
		 early=ingress "early_devices=v1 d0" early_devices=d1 reply=route reply=reflect
		 forward=0 forward=1 cookie_min_time=0 cookie_min_time=1000 flows_max=500
		 flows_max=100000 cookie_resets=0 cookie_resets=64 mode=enforce mode=enforce)
	in_ns "$a" sysctl -qw "net.tcptrack.${s[RANDOM % ${#s[@]}]}"
	sleep 0.1
	return 0
}

# traffic makes each of them with a connection in it
namespaces_go()
{
	in_ns "$a" traffic client 127.0.0.1 1 netns 20 2
}

devices()
{
	ip -n "$a" link add d0 type dummy && ip -n "$a" link set d0 up &&
		ip -n "$a" link set d0 down && ip -n "$a" link set d0 name d1 &&
		ip -n "$a" link set d1 up && ip -n "$a" link del d1
}

module()
{
	local i
	for ((i = 0; i < 50; i++)); do
		[[ ! -e $scratch/end ]] || return 0
		sleep 0.1
	done
	wait_for rmmod tcptrack 20 || return
	insmod "$TCPTRACK_KO" tracepoint=$((RANDOM % 2))
}

actors()
{
	local job pids=()
	for job in "syn4 floods 10.1.1.1" "syn6 floods fd01:0:0:1::1" "ack4 floods 10.1.1.1 -a 100" \
		   "few6 floods fd01:0:0:1::1 -f 3" "real4 connections 10.1.1.1" \
		   "real6 connections fd01:0:0:1::1" "read readings" "spoil spoilt_messages" \
		   "set settings" "netns namespaces_go" "device devices" "module module"; do
		# shellcheck disable=SC2086	# a list
		until_end $job &
		pids+=($!)
	done
	sleep "$SECONDS_LONG"
	touch "$scratch/end"
	wait "${pids[@]}"
	cat "$scratch"/did.*
}

all_did()
{
	local name status=0
	for name in syn4 syn6 ack4 few6 real4 real6 read spoil set netns device module; do
		did "$name" || { echo "$name"; status=1; }
	done
	return "$status"
}

# Flows, half-open connections, floods (cookie mode lasts for its time), the states' table,
# and what a listener has, where one is left.
# (somebody may listen: in init_net what another test has left)
gauges_zero()
{
	local listen
	listen=$(in_ns "$1" ss -Hltn | wc -l)
	in_ns "$1" awk '/^(flows|flows_unproven|halfopen|cookie_mode) / { n++; bad += $2 }
		END { exit bad || n != 4 }' /proc/net/tcptrack &&
		in_ns "$1" awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "halfopen") c = i; next }
			$c { exit 1 }' /proc/net/tcptrack_listeners &&
		in_ns "$1" awk -v listen="$listen" '$1 == "LISTEN" { $2 -= listen }
			NF == 5 && NR > 1 && ($2 || $3 || $4) { bad = 1 } NF == 0 { exit bad }' \
			/proc/net/tcptrack
}

# TIME_WAIT, and what the flood left half-open, take a minute and more.
all_zero()
{
	local ns
	ip netns pids "$a" | xargs -r kill -KILL
	ip netns pids "$b" | xargs -r kill -KILL
	in_ns "$a" ss -K state syn-recv >/dev/null
	for ns in "$a" "$b" -; do
		wait_for gauges_zero "$ns" 200 || {
			echo "$ns"
			in_ns "$ns" head -n 20 /proc/net/tcptrack
			in_ns "$ns" head -n 5 /proc/net/tcptrack_flows
			return 1
		}
	done
}

no_slab()
{
	tt_unload
	! grep '^tcptrack' /proc/slabinfo
}

no_report()
{
	! dmesg | awk -v mark="$mark" 'index($0, mark) { seen = 1; next }
		seen && /WARNING|BUG|Oops|INFO: |UBSAN|ODEBUG|leaked|refcount/' | grep .
}

none_lost()
{
	release h4 && release h6
}

[[ -n $ctl ]] || bail "no tcptrackctl"
plan 6
transitions_not "the module comes and goes"
mark="soak-$$"
echo "$mark" >/dev/kmsg
tt_load
sysctl -qw net.core.netdev_max_backlog=100000 net.ipv4.tcp_syncookies=1
flood_between
ns_add c
serve srv "$a" 80
hold h4 "$b" 10.1.1.1 80 10 holdecho
hold h6 "$b" fd01:0:0:1::1 80 10 holdecho
check "everything at once, $SECONDS_LONG s" actors
check "each of them did what it had to" all_did
check "no connection was lost" none_lost
module_loaded || tt_load
check "every gauge is zero" all_zero
check "unloaded: nothing in slab" no_slab
check "no report in the console" no_report
finish
