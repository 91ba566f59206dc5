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

# mode=WORD from the first packet, here and in a namespace that was there before.
at_load()
{
	local ns
	tt_load "mode=$1"
	for ns in - "$a"; do
		[[ $(in_ns "$ns" sysctl -n net.tcptrack.mode) == "$1" ]] &&
			value_is "$ns" mode "$1" || return
	done
	does "$1"
}

# does MODE: what it makes of SYNs that are all to be answered with a cookie; none: they cannot.
does()
{
	local wanted
	case $1 in
	enforce) wanted="syns $N flows_created $N cookie_modes 1 cookies_sent $N cookies_valid $N handshakes_completed $N";;
	monitor) wanted="syns $N flows_created $N cookie_modes 1 cookies_sent 0 cookies_valid 0 handshakes_completed $N";;
	none)	wanted="syns $N flows_created $N cookie_modes 0 cookies_sent 0 cookies_valid 0 handshakes_completed $N";;
	# (the collector may come by a request, and see it completed)
	off)	wanted="syns 0 flows_created 0 cookie_modes 0 cookies_sent 0 segments_seen 0";;
	esac
	ns_sysctl "$a" net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000
	counters_begin "$a"
	stack_begin "$a"
	# shellcheck disable=SC2086	# a list
	in_ns "$b" traffic client 10.1.1.1 80 client "$N" && counters_are "$a" $wanted &&
		stack_is "$a" SyncookiesRecv "$([[ $1 == enforce ]] && echo "$N" || echo 0)"
}

log_begin()
{
	log_mark="boot.sh: $RANDOM$RANDOM"
	echo "$log_mark" >/dev/kmsg
}

# logged TEXT: one line of the module since log_begin, and this one; "": none. (What it tells
# of floods is another matter.)
logged()
{
	local lines
	lines=$(dmesg | sed -n "/$log_mark\$/,\$p" | sed -n '/tcptrack: event=/d; s/.*tcptrack: //p')
	[[ $lines == "$1" ]] || { echo "in the log: $lines"; return 1; }
}

# A word that is none: EINVAL (in the words of kmod), and nothing is left.
no_word()
{
	local said f
	tt_unload
	log_begin
	if said=$(insmod "$TCPTRACK_KO" mode=junk 2>&1); then return 1; fi
	[[ $said == *": Invalid parameters" ]] || { echo "$said"; return 1; }
	for f in /sys/module/tcptrack /proc/tcptrack /proc/net/tcptrack /proc/sys/net/tcptrack; do
		[[ ! -e $f ]] || { echo "$f is there"; return 1; }
	done
	! grep '\[tcptrack\]' /proc/kallsyms && ! grep '^tcptrack' /proc/slabinfo &&
		logged "mode=junk: neither enforce nor monitor nor off"
}

# A kernel whose cookies are not what they should be: here, IPv6 is given those of IPv4. None is
# sent, whoever sets mode=enforce afterwards.
broken()
{
	local TCPTRACK_KO=$TCPTRACK_KO ko=$scratch/tcptrack.ko
	broken_cookies "$ko" || return
	TCPTRACK_KO=$ko
	log_begin
	tt_load
	value_is - mode monitor && value_is "$a" mode monitor &&
		value_is - cookie_selftest -74 && does none &&
		logged "cookies do not work on this kernel (-74): mode=monitor" || return
	ns_sysctl "$a" net.tcptrack.mode=enforce
	does none || return
	# who wants nothing of us is told nothing
	log_begin
	tt_load mode=off
	value_is - mode off && value_is - cookie_selftest -74 && logged ""
}

plan 10
tt_load
ns_add a b
ns_link "$a" "$b" 1
serve srv "$a" 80
check "limits by the memory" by_memory
check "enforce, with cookies that work" defaults
check "each kind of connection" kinds
check "cookies" cookies
for mode in monitor off enforce; do
	check "mode=$mode" at_load $mode
done
check "mode=junk" no_word
check "cookies that do not work: monitor" broken
check "adopted at insmod" adopted
finish
