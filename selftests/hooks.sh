#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The hooks' places: whether conntrack and synproxy were there before the module or
# come after it, what they drop, confirm or translate is seen the same.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=5

conntrack()
{
	in_ns "$a" nft flush ruleset
	in_ns "$a" nft -f - <<-END
	table inet t {
		chain input {
			type filter hook input priority 0
			ct state invalid drop
			tcp dport 81 counter drop
			tcp dport 82 reject with tcp reset
		}
		chain output { type filter hook output priority 0; ct state new,established accept; }
	}
	END
}

# Only what answers the proxy's cookie gets through to the server.
synproxy()
{
	ns_sysctl "$a" net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_syncookies=1 \
		net.ipv4.tcp_timestamps=1
	in_ns "$a" nft -f - <<-END
	table inet t {
		chain pre {
			type filter hook prerouting priority raw
			tcp dport 80 tcp flags syn notrack
		}
		chain in {
			type filter hook input priority 10
			tcp dport 80 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
			tcp dport 80 ct state invalid drop
		}
	}
	END
}

no_rules()
{
	in_ns "$a" nft flush ruleset
}

# What the firewall drops reached no socket: the tracker has nothing of it either.
dropped()
{
	local status before
	before=$(drops)
	counters_begin "$a"
	stack_begin "$b"
	in_ns "$b" timeout 2 traffic client "$1" 81 client 1 1
	status=$?
	[[ $status -eq 124 ]] || { echo "the client: status $status"; return 1; }
	parity "$a" && counters_are "$a" flows_created 0 flows_picked_up 0 syns 0 &&
		state_is "$a" remote SYN_SENT 0 && wait_for all_dropped "$before" 5
}

drops()
{
	in_ns "$a" nft list chain inet t input | sed -n 's/.* counter packets \([0-9]*\) .* drop$/\1/p'
}

# all_dropped BEFORE: as many SYNs as the client has sent, the first one and those that followed.
all_dropped()
{
	local n
	n=$(($(drops) - $1))
	[[ $n -gt 0 ]] && stack_is "$b" TCPSynRetrans $((n - 1))
}

# What the firewall refuses has a flow at the client only.
refused()
{
	counters_begin "$a"
	counters_begin "$b"
	! in_ns "$b" traffic client "$1" 82 client 1 1 >/dev/null 2>&1 || return
	parity "$a" && parity "$b" && counters_are "$a" flows_created 0 flows_picked_up 0 syns 0 stray 0 &&
		counters_are "$b" flows_created 1 closed_refused 1
}

# turned_away HOW: with the rules of conntrack()
turned_away()
{
	local to
	for to in 10.1.1.1 fd01:0:0:1::1; do
		check "$1: $to: what was dropped" dropped "$to"
		check "$1: $to: what was refused" refused "$to"
	done
	check "$1: nothing picked up" picked_up_none
}

# One flow for each connection, which ends as its client ended it: what SYNPROXY sends to the
# server is none, and the numbers that are rewritten after us are no reason to refuse a FIN.
proxied()
{
	counters_begin "$a"
	traffic_agrees "$1" && counters_are "$a" flows_created $((7 * N)) flows_picked_up 0 \
		closed_idle 0 closed_retrans_timeout 0 closed_socket_gone 0 bad_acks 0
}

agree()
{
	parity "$a" && parity "$b"
}

traffic_agrees()
{
	local m h status
	for m in keep client server half rserver rclient; do
		in_ns "$b" traffic client "$1" 80 "$m" "$N" || return
	done
	hold h "$b" "$1" 80 "$N"
	agree
	status=$?
	release h && [[ $status -eq 0 ]] && agree
}

# cases HOW [COMMAND]: with the rules in force
cases()
{
	check "$1: IPv4" "${2:-traffic_agrees}" 10.1.1.1
	check "$1: IPv6" "${2:-traffic_agrees}" fd01:0:0:1::1
}

# Nothing that was not there is invented by reordered hooks.
picked_up_none()
{
	value_is "$a" flows_picked_up 0 && value_is "$b" flows_picked_up 0
}

plan 20
ns_add a b
ns_link "$a" "$b" 1
serve srv "$a" 80
conntrack || bail "no conntrack"
tt_load tracepoint=0
cases "conntrack before the module"
turned_away "conntrack before the module"
no_rules
tt_load tracepoint=0
conntrack
cases "conntrack after the module"
turned_away "conntrack after the module"
no_rules
synproxy || bail "no synproxy"
tt_load tracepoint=0
cases "synproxy before the module" proxied
check "synproxy before the module: nothing picked up" picked_up_none
no_rules
tt_load tracepoint=0
synproxy
cases "synproxy after the module" proxied
check "synproxy after the module: nothing picked up" picked_up_none
finish
