#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# NAT: the tracker goes by the socket's own tuple, so parity holds and one connection
# is one flow, whatever nft makes of the packets. Forwarded flows are followed once.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=5

# rules NS: nft's, from stdin, instead of what was there.
rules()
{
	in_ns "$1" nft flush ruleset && in_ns "$1" nft -f -
}

# Connections of each kind to where the rules lead; then all ends agree with ss.
through()
{
	local addr=$1 port=$2 h status m
	for m in keep client server half; do
		in_ns "$client" traffic client "$addr" "$port" "$m" "$N" || { explain; return 1; }
	done
	hold h "$client" "$addr" "$port" "$N"
	all_agree
	status=$?
	release h || return
	[[ $status -eq 0 ]] && all_agree
}

# What may tell why a connection was lost.
explain()
{
	local ns
	for ns in "$client" "$router" "$server"; do
		echo "$ns:"
		in_ns "$ns" nstat -as
		in_ns "$ns" ss -Htano
		in_ns "$ns" cat /proc/tcptrack /proc/net/nf_conntrack
		ip -n "$ns" -statistics neigh
	done
}

all_agree()
{
	local ns
	for ns in "$client" "$router" "$server"; do parity "$ns" || return; done
}

# The router's own counters: N flows of five kinds, each once, none by halves.
routed()
{
	counters_begin "$router"
	through "$@" &&
		counters_are "$router" flows_created $((5 * N)) flows_picked_up 0 flows_adopted 0
}

# The client's: the same, nothing that its own NAT could have split in two.
local_only()
{
	counters_begin "$client"
	through "$@" &&
		counters_are "$client" flows_created $((5 * N)) flows_picked_up 0 flows_adopted 0
}

dnat_output()
{
	rules "$client" <<-END
	table ip nat {
		chain output {
			type nat hook output priority -100
			ip daddr 10.99.0.1 tcp dport 8000 dnat to 10.1.2.2:80
		}
	}
	table ip6 nat {
		chain output {
			type nat hook output priority -100
			ip6 daddr fd99::1 tcp dport 8000 dnat to [fd01:0:0:2::2]:80
		}
	}
	END
}

# Both ends here, and each with another tuple.
redirect_output()
{
	rules "$client" <<-END
	table inet nat {
		chain output {
			type nat hook output priority -100
			tcp dport 8001 redirect to :80
		}
	}
	END
}

redirect_prerouting()
{
	rules "$server" <<-END
	table inet nat {
		chain prerouting {
			type nat hook prerouting priority -100
			tcp dport 8002 redirect to :80
		}
	}
	END
}

masquerade()
{
	rules "$router" <<-END
	table inet nat {
		chain postrouting {
			type nat hook postrouting priority 100
			oifname "v2" masquerade
		}
	}
	END
}

dnat_and_masquerade()
{
	rules "$router" <<-END
	table ip nat {
		chain prerouting {
			type nat hook prerouting priority -100
			ip daddr 10.1.1.2 tcp dport 8003 dnat to 10.1.2.2:80
		}
		chain postrouting {
			type nat hook postrouting priority 100
			masquerade
		}
	}
	END
}

# nft's flowtable takes what is established past us; the FIN that ends it comes by again.
offloaded()
{
	local h held
	in_ns "$router" nft flush ruleset
	in_ns "$router" nft -f - <<-END || return
		table inet fast {
			flowtable f { hook ingress priority 0; devices = { v1, v2 }; }
			chain forward {
				type filter hook forward priority 0
				ct state established meta l4proto tcp flow add @f
			}
		}
	END
	counters_begin "$router"
	hold h "$client" "$1" 80 "$N" || return
	held=$(in_ns "$router" grep -c '\[OFFLOAD\]' /proc/net/nf_conntrack)
	release h && in_ns "$client" traffic client "$1" 80 bulk "$N" || return
	[[ $held -eq $N ]] || { echo "$held are offloaded"; return 1; }
	settle_state "$router" forward ESTABLISHED 0 &&
		counters_are "$router" flows_created $((2 * N)) flows_picked_up 0 flows_adopted 0
}

redirected()
{
	local loop
	serve loop "$client" 80
	through 127.0.0.1 8001 && through ::1 8001
	local status=$?
	kill -KILL "$loop"
	wait "$loop" 2>/dev/null
	return "$status"
}

with()
{
	"$1" && "${@:2}"
}

plan 13
ns_add client router server
ns_link "$client" "$router" 1
ns_link "$router" "$server" 2
ns_sysctl "$router" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n "$client" route add default via 10.1.1.2
ip -n "$client" route add default via fd01:0:0:1::2
ip -n "$server" route add default via 10.1.2.1
ip -n "$server" route add default via fd01:0:0:2::1
# the packet machine by itself
tt_load tracepoint=0
serve srv "$server" 80
check "routed, IPv4" routed 10.1.2.2 80
check "routed, IPv6" routed fd01:0:0:2::2 80
check "output dnat, IPv4" with dnat_output local_only 10.99.0.1 8000
check "output dnat, IPv6" with dnat_output local_only fd99::1 8000
check "output redirect" with redirect_output redirected
in_ns "$client" nft flush ruleset
check "prerouting redirect, IPv4" with redirect_prerouting through 10.1.2.2 8002
check "prerouting redirect, IPv6" with redirect_prerouting through fd01:0:0:2::2 8002
in_ns "$server" nft flush ruleset
check "masquerade, IPv4" with masquerade routed 10.1.2.2 80
check "masquerade, IPv6" with masquerade routed fd01:0:0:2::2 80
check "dnat and masquerade on the router" with dnat_and_masquerade routed 10.1.1.2 8003
for a in 10.1.2.2 fd01:0:0:2::2; do
	if grep -qw nft_flow_offload_init /proc/kallsyms || modprobe -q nft_flow_offload; then
		check "past a flowtable, $a" offloaded $a
	else
		skip "past a flowtable, $a" "not in this kernel"
	fi
done
in_ns "$router" nft flush ruleset
check "routed again" routed 10.1.2.2 80
finish
