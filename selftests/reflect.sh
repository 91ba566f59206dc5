#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# net.tcptrack.reply=reflect: a cookie goes back to where its SYN came from, the same
# that would go by the route; where it cannot, it goes by the route.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=20

reply()
{
	ns_sysctl "$a" "net.tcptrack.reply=$1"
}

# get_in ADDRESS REFLECTED [NS]: all clients, so many of their cookies reflected.
get_in()
{
	counters_begin "$a"
	in_ns "${3:-$b}" traffic client "$1" 80 keep "$N" || return
	counters_are "$a" cookies_sent "$N" cookies_valid "$N" cookies_invalid 0 \
		cookies_reflected "$2" cookies_no_route 0 flows_created "$N"
}

get_in_early()
{
	get_in "$@" && counters_are "$a" early_cookies "$N"
}

# synack ADDRESS REPLY [DEVICE]: the answer to one connection, as its client sees it on v1, or
# that device, if there.
synack()
{
	local eyes
	reply "$2"
	background eyes "$b" sniff "${3:-v1}" 80
	in_ns "$b" traffic client "$1" 80 keep 1 || return
	kill -TERM "$eyes" && wait "$eyes"
	grep 'flags 0012' "$scratch/eyes"
}

mtu()
{
	ip -n "$a" link set v1 mtu "$1"
	ip -n "$b" link set v1 mtu "$1"
}

# same ADDRESS MTU: by the route and reflected
same()
{
	local routed reflected
	mtu "$2"
	routed=$(synack "$1" route)
	counters_begin "$a"
	reflected=$(synack "$1" reflect)
	mtu 1500
	{ is_one "$routed" && [[ $routed == "$reflected" ]]; } ||
		{ echo "routed $routed, reflected $reflected"; return 1; }
	counters_are "$a" cookies_sent 1 cookies_reflected 1
}

# asymmetric ADDRESS TO VIA: this way it goes back; reflected, it comes by v1 all the same.
asymmetric()
{
	local routed other reflected
	ip -n "$a" route add "$2" via "$3" || return
	routed=$(synack "$1" route)
	counters_begin "$a"
	other=$(synack "$1" route v2)
	counters_are "$a" cookies_sent 1 cookies_valid 1 cookies_reflected 0 || other=none
	reflected=$(synack "$1" reflect)
	ip -n "$a" route del "$2" via "$3"
	[[ -z $routed ]] && is_one "$other" && is_one "$reflected" && return
	echo "on v1, routed: $routed, on v2: $other, reflected: $reflected"
	return 1
}

is_one()
{
	[[ $(wc -l <<<"$1") -eq 1 && $1 == '< ip '* ]]
}

# v3 belongs to a VRF, v4 to a bridge, v5 is a VLAN on v1; ipip6 and ip6tnl7, where the kernel
# has them, are tunnels through v1.
devices()
{
	local ns
	ns_link "$a" "$b" 3
	ip -n "$a" link add red type vrf table 10 && ip -n "$a" link set red up &&
		ip -n "$a" link set v3 master red || return
	ip -n "$a" addr replace fd01:0:0:3::1/64 dev v3 nodad
	ns_sysctl "$a" net.ipv4.tcp_l3mdev_accept=1
	ns_link "$a" "$b" 4
	ip -n "$a" addr flush dev v4
	ip -n "$a" link add br4 type bridge && ip -n "$a" link set v4 master br4 || return
	place "$a" br4 4 1
	for ns in "$a" "$b"; do
		ip -n "$ns" link add link v1 name v5 type vlan id 5 || return
	done
	place "$a" v5 5 1
	place "$b" v5 5 2
	tunnel 6 ipip 10.1.1.1 10.1.1.2 && tunnel 7 ip6tnl fd01:0:0:1::1 fd01:0:0:1::2 mode any
	return 0
}

# tunnel N TYPE A B [WORD]...: the device TYPEN in both namespaces, between these addresses.
tunnel()
{
	ip -n "$a" link add "$2$1" type "$2" local "$3" remote "$4" "${@:5}" 2>/dev/null &&
		ip -n "$b" link add "$2$1" type "$2" local "$4" remote "$3" "${@:5}" || return
	place "$a" "$2$1" "$1" 1
	place "$b" "$2$1" "$1" 2
}

# through REPLY DEVICE ADDRESS: a tunnel has no link that an answer could go back by, so it
# goes by the route, which is the tunnel again.
through()
{
	if ip -n "$a" link show "$2" >/dev/null 2>&1; then
		check "$2, reply=$1: $3" in_tunnel "$@"
	else
		skip "$2, reply=$1: $3" "not in this kernel"
	fi
}

in_tunnel()
{
	local before
	reply "$1"
	before=$(sent_by "$2")
	# a SYN-ACK, ten replies and a FIN for each of them, at least
	get_in "$3" 0 && [[ $(($(sent_by "$2") - before)) -ge $((12 * N)) ]] && return
	echo "$(($(sent_by "$2") - before)) packets by $2"
	return 1
}

# Packets that left $a by the device.
sent_by()
{
	in_ns "$a" awk -v dev="$1:" '$1 == dev { print $11 }' /proc/net/dev
}

# place NS DEVICE N SIDE
place()
{
	ip -n "$1" addr add "10.1.$3.$4/24" dev "$2"
	ip -n "$1" addr add "fd01:0:0:$3::$4/64" dev "$2" nodad
	ip -n "$1" link set "$2" up
	wait_for link_ready "$1" "$2" 5 || bail "$2 does not come up"
}

# early: the same before routing, where a strict reverse path filter is still to come
early()
{
	local status=1
	ns_sysctl "$a" net.tcptrack.early=prerouting
	get_in_early 10.1.1.1 "$N" && get_in_early fd01:0:0:1::1 "$N" &&
		ns_sysctl "$a" net.ipv4.conf.v1.rp_filter=1 &&
		get_in_early 10.1.1.1 0 && get_in_early fd01:0:0:1::1 "$N" && status=0
	ns_sysctl "$a" net.tcptrack.early=off net.ipv4.conf.v1.rp_filter=0
	return "$status"
}

# nobody: what routing would drop, as its source is none, is not answered before it.
nobody()
{
	counters_begin "$a"
	in_ns "$b" timeout 0.5 traffic client 10.1.1.1 80 keep 1 >/dev/null 2>&1
	counters_are "$a" early_cookies 0 cookies_sent 0 flows_created 0
}

# turns UNDO IP_ARGUMENTS...: what the clients' address turns into, and back
turns()
{
	local status=1 undo=$1
	shift
	# shellcheck disable=SC2086	# words
	get_in_early 10.1.1.1 "$N" && ip -n "$a" "$@" && nobody && ip -n "$a" $undo &&
		get_in_early 10.1.1.1 "$N" && status=0
	return "$status"
}

turns_into_address()
{
	turns "addr del 192.0.2.2/32 dev lo" addr add 192.0.2.2/32 dev lo
}

turns_into_broadcast()
{
	turns "route del broadcast 192.0.2.2 dev v1 table local" \
		route add broadcast 192.0.2.2 dev v1 table local
}

# (because of the VRF's rule, what is local is looked for before what is longer)
turns_into_local_prefix()
{
	turns "route del local 192.0.0.0/12 dev lo" route add local 192.0.0.0/12 dev lo
}

# It was so before anybody asked.
was_address()
{
	ns_sysctl "$a" net.tcptrack.early=off
	ip -n "$a" addr add 192.0.2.2/32 dev lo
	ns_sysctl "$a" "net.tcptrack.early=$1"
	nobody && ip -n "$a" addr del 192.0.2.2/32 dev lo && get_in_early 10.1.1.1 "$N"
}

# source_at WHERE: a source that is no host any more, and is one again. Nothing else of $a's
# is near it.
source_at()
{
	local what
	ip -n "$a" route replace 192.0.2.0/24 via 10.1.1.2
	ip -n "$b" addr replace 192.0.2.2/32 dev lo
	ip -n "$b" route replace 10.1.1.1/32 dev v1 src 192.0.2.2
	ns_sysctl "$a" net.tcptrack.early_devices=v1 "net.tcptrack.early=$1"
	for what in turns_into_address turns_into_broadcast turns_into_local_prefix; do
		check "$1: the source ${what//_/ }" $what
	done
	check "$1: the source was an address before" was_address "$1"
	ns_sysctl "$a" net.tcptrack.early=off
}

bad_word()
{
	in_ns "$a" sysctl -w net.tcptrack.reply=mirror 2>&1 | grep -q 'Invalid argument' &&
		[[ $(in_ns "$a" sysctl -n net.tcptrack.reply) == route ]]
}

plan 35
tt_load
ns_add a b
ns_link "$a" "$b" 1
ns_link "$a" "$b" 2
devices || bail "no devices"
ns_sysctl "$a" net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000
ns_sysctl "$a" net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.v1.rp_filter=0
ns_sysctl "$b" net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.v1.rp_filter=0 net.ipv4.conf.v2.rp_filter=0
serve server "$a" 80
check "a word that it is not" bad_word
check "by the route: IPv4" get_in 10.1.1.1 0
check "by the route: IPv6" get_in fd01:0:0:1::1 0
for mtu in 1500 1280 9000; do
	check "as it is by the route: IPv4, MTU $mtu" same 10.1.1.1 $mtu
	check "as it is by the route: IPv6, MTU $mtu" same fd01:0:0:1::1 $mtu
done
check "another way back: IPv4" asymmetric 10.1.1.1 10.1.1.2/32 10.1.2.2
check "another way back: IPv6" asymmetric fd01:0:0:1::1 fd01:0:0:1::2/128 fd01:0:0:2::2
reply reflect
check "every client gets in: IPv4" get_in 10.1.1.1 "$N"
check "every client gets in: IPv6" get_in fd01:0:0:1::1 "$N"
check "VLAN, IPv4" get_in 10.1.5.1 "$N"
check "VLAN, IPv6" get_in fd01:0:0:5::1 "$N"
check "bridge, IPv4" get_in 10.1.4.1 "$N"
check "bridge, IPv6" get_in fd01:0:0:4::1 "$N"
check "VRF, by the route: IPv4" get_in 10.1.3.1 0
check "VRF, by the route: IPv6" get_in fd01:0:0:3::1 0
check "loopback, by the route" get_in 10.1.1.1 0 "$a"
for how in route reflect; do
	through "$how" ipip6 10.1.6.1
	through "$how" ip6tnl7 10.1.7.1
	through "$how" ip6tnl7 fd01:0:0:7::1
done
check "early" early
for where in prerouting ingress; do
	source_at $where
done
finish
