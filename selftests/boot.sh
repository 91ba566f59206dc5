#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Right without configuration on this machine, whatever it was booted with: scripts/test has
# it run twice, the second time in 512 MB and with ipv6.disable=1.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=10
addresses=10.1.1.1
if [[ -e /proc/net/if_inet6 ]]; then addresses+=" fd01:0:0:1::1"; fi

# What is not told at load is a share of the memory, and no namespace has another one.
by_memory()
{
	local kb ns
	kb=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
	for ns in - "$a"; do
		value_is "$ns" halfopen_max $((kb / 128)) && value_is "$ns" flows_max $((kb / 16)) &&
			continue
		proc_show "$ns" | grep _max
		return 1
	done
	echo "$kb kB"
}

defaults()
{
	[[ $(in_ns "$a" sysctl -n net.tcptrack.mode net.tcptrack.overflow \
		net.tcptrack.cookie_start net.tcptrack.cookie_end | xargs) == "enforce cookie 75 40" ]] &&
		[[ $(proc_value - cookie_selftest) == 0 ]]
}

# Each kind of connection, each flow once, and at the end all is as the stack has it.
kinds()
{
	local mode addr n=0
	counters_begin "$a"
	for addr in $addresses; do
		for mode in keep client server half rserver rclient; do
			in_ns "$b" traffic client "$addr" 80 "$mode" "$N" || return
			n=$((n + N))
		done
	done
	parity "$a" && parity "$b" && counters_are "$a" flows_created "$n" flows_picked_up 0 \
		flows_adopted 0
}

cookies()
{
	local addr n=0
	ns_sysctl "$a" net.tcptrack.cookie_start=0
	counters_begin "$a"
	for addr in $addresses; do
		in_ns "$b" traffic client "$addr" 80 client "$N" || return
		n=$((n + N))
	done
	parity "$a" && counters_are "$a" cookies_sent "$n" cookies_valid "$n" cookies_invalid 0 \
		flows_created "$n"
}

adopted()
{
	local h addr status=0 all=()
	for addr in $addresses; do
		h=held${#all[@]}
		hold "$h" "$b" "$addr" 80 "$N"
		all+=("$h")
	done
	tt_load
	parity "$a" && parity "$b" || status=1
	for h in "${all[@]}"; do release "$h" || status=1; done
	[[ $status -eq 0 ]] && parity "$a" && parity "$b"
}

plan 5
tt_load
ns_add a b
ns_link "$a" "$b" 1
serve srv "$a" 80
check "limits by the memory" by_memory
check "enforce, with cookies that work" defaults
check "each kind of connection" kinds
check "cookies" cookies
check "adopted at insmod" adopted
finish
