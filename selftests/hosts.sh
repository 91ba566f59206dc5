#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What else a host may be: a bridge that shows its frames to the IP hooks (Docker's,
# libvirt's), one end of an IPsec association, a waypoint of an SRv6 path.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=5

# through FROM ADDRESS NS...: connections of each kind; then all these agree with ss.
through()
{
	local from=$1 addr=$2 m h ns status=0
	shift 2
	for m in keep client server half; do
		in_ns "$from" traffic client "$addr" 80 "$m" "$N" || return
	done
	hold h "$from" "$addr" 80 "$N"
	for ns; do parity "$ns" || status=1; done
	release h && return "$status"
}

bridge()
{
	local ns i=1
	modprobe -q br_netfilter
	ip -n "$bridge" link add br0 type bridge
	ip -n "$bridge" addr add 10.2.0.1/24 dev br0
	ip -n "$bridge" addr add fd02::1/64 dev br0 nodad
	ip -n "$bridge" link set br0 up
	for ns in "$a" "$b"; do
		i=$((i + 1))
		ip -n "$bridge" link add "p$i" type veth peer name e0 netns "$ns"
		ip -n "$bridge" link set "p$i" master br0 up
		ip -n "$ns" addr add "10.2.0.$i/24" dev e0
		ip -n "$ns" addr add "fd02::$i/64" dev e0 nodad
		ip -n "$ns" link set e0 up
		wait_for link_ready "$ns" e0 5 || bail "no link to the bridge"
	done
	ns_sysctl "$bridge" net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
}

# What crosses the bridge is followed there as what is routed is.
across()
{
	counters_begin "$bridge"
	through "$b" "$1" "$a" "$b" "$bridge" &&
		counters_are "$bridge" flows_created $((5 * N)) flows_adopted 0 flows_picked_up 0 \
			invalid_checksum 0
}

# What ends at the bridge's own address passes it, and is local.
to_bridge()
{
	counters_begin "$bridge"
	through "$b" "$1" "$bridge" "$b" &&
		counters_are "$bridge" flows_created $((5 * N)) flows_adopted 0 flows_picked_up 0
}

# associate NS LEFT RIGHT: what NS sends to RIGHT and gets from it is encrypted
associate()
{
	local esp=(proto esp spi 0x1000 mode transport
		   aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128)
	ip -n "$1" xfrm state add src "$2" dst "$3" "${esp[@]}" &&
		ip -n "$1" xfrm state add src "$3" dst "$2" "${esp[@]}" &&
		ip -n "$1" xfrm policy add dir out src "$2" dst "$3" tmpl proto esp mode transport &&
		ip -n "$1" xfrm policy add dir in src "$3" dst "$2" tmpl proto esp mode transport
}

clear()
{
	local ns
	for ns in "$a" "$b"; do
		ip -n "$ns" xfrm policy flush
		ip -n "$ns" xfrm state flush
	done
}

ipsec()
{
	local esp
	associate "$a" "$1" "$2" && associate "$b" "$2" "$1" || return
	counters_begin "$a"
	esp=$(in_ns "$a" awk '/XfrmInError/ { print $2 }' /proc/net/xfrm_stat)
	through "$b" "$1" "$a" "$b" &&
		counters_are "$a" flows_created $((5 * N)) flows_adopted 0 flows_picked_up 0 \
			invalid_checksum 0 &&
		[[ $(in_ns "$a" awk '/XfrmInError/ { print $2 }' /proc/net/xfrm_stat) -eq $esp ]]
}

# syn ADDRESS COUNTER [PORT]: one at least is sent there, and counted so.
syn()
{
	local pid
	in_ns "$b" traffic client "$1" "${3:-80}" refused 1 2>/dev/null &
	pid=$!
	wait_for value_moves "$2" 1 5 || { echo "no SYN came"; return 1; }
	kill "$pid"
	wait "$pid" 2>/dev/null
	return 0
}

# A SYN that came through the association is not answered outside of it.
no_way_back()
{
	local status
	ip -n "$a" xfrm policy delete dir out src "$1" dst "$2" || return
	counters_begin "$a"
	syn "$1" cookie_left_ipsec && counters_are "$a" cookie_left_ipsec 1 cookies_sent 0 cookies_reflected 0
	status=$?
	in_ns "$a" ss -K state syn-recv >/dev/null
	ip -n "$a" xfrm policy add dir out src "$1" dst "$2" tmpl proto esp mode transport &&
		return "$status"
}

# A cookie goes through the association, too; a SYN that came outside of it is answered
# by nobody.
ipsec_cookies()
{
	local reply
	for reply in reflect route; do
		ns_sysctl "$a" net.tcptrack.cookie_start=0 "net.tcptrack.reply=$reply"
		counters_begin "$a"
		in_ns "$b" traffic client "$1" 80 keep "$N" &&
			counters_are "$a" cookies_sent "$N" cookies_valid "$N" cookie_left_ipsec 0 \
				cookies_reflected 0 flows_created "$N" || return
		no_way_back "$1" "$2" || return
	done
	ip -n "$b" xfrm policy flush
	counters_begin "$a"
	syn "$1" cookie_left_ipsec || return
	counters_since "$a" | grep "^cookies_sent " && return 1
	[[ $(in_ns "$a" ss -Htan state syn-recv | wc -l) -eq 0 ]]
}

# What IPsec lets nothing out for is not reflected, either.
ipsec_default()
{
	local status
	ns_sysctl "$a" net.tcptrack.cookie_start=0 net.tcptrack.reply=reflect
	ip -n "$a" xfrm policy setdefault out block || return
	counters_begin "$a"
	syn "$1" syns || return
	counters_are "$a" cookies_sent 0 cookies_reflected 0
	status=$?
	ip -n "$a" xfrm policy setdefault out accept
	counters_begin "$a"
	in_ns "$b" traffic client "$1" 80 keep "$N" &&
		counters_are "$a" cookies_sent "$N" cookies_reflected "$N" && return "$status"
}

# A listener that lets nothing out itself (IP_XFRM_POLICY, IPV6_XFRM_POLICY): it is not reflected.
ipsec_socket()
{
	local status own
	background own "$a" /usr/bin/python3 -uc 'import signal, socket, struct, sys
six = ":" in sys.argv[1]
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
# struct xfrm_userpolicy_info: anything, no limits, XFRM_POLICY_OUT, XFRM_POLICY_BLOCK
info = bytearray(168)
struct.pack_into("=H", info, 40, s.family)
struct.pack_into("=4Q", info, 56, *[2**64 - 1] * 4)
struct.pack_into("=2B", info, 160, 1, 1)
s.setsockopt(socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP, 35 if six else 17, bytes(info))
s.bind((sys.argv[1], 81))
s.listen()
print("ready")
signal.pause()' "$1"
	ns_sysctl "$a" net.tcptrack.cookie_start=0 net.tcptrack.reply=reflect
	counters_begin "$a"
	syn "$1" syns 81
	status=$?
	[[ $status -eq 0 ]] && counters_are "$a" syns 1 cookies_sent 0 cookies_reflected 0
	status=$?
	kill -KILL "$own"
	wait "$own" 2>/dev/null
	return "$status"
}

# What b sends to c is first addressed to the waypoint, which has a listener of that port in
# cookie mode: it is none of its connections.
waypoint()
{
	local ns
	ns_sysctl "$a" net.ipv6.conf.all.forwarding=1 net.tcptrack.cookie_start=0
	for ns in "$a" "$c"; do
		ns_sysctl "$ns" net.ipv6.conf.all.seg6_enabled=1 net.ipv6.conf.default.seg6_enabled=1
		for dev in v1 v3; do
			in_ns "$ns" sysctl -qw "net.ipv6.conf.$dev.seg6_enabled=1" 2>/dev/null
		done
	done
	ip -n "$b" -6 route add fd01:0:0:3::2 encap seg6 mode inline segs fd01:0:0:1::1 dev v1 &&
		ip -n "$c" -6 route add fd01:0:0:1::/64 via fd01:0:0:3::1 || return
	counters_begin "$a"
	in_ns "$b" traffic client fd01:0:0:1::1 80 keep 1 && counters_are "$a" cookies_sent 1 &&
		in_ns "$b" traffic client fd01:0:0:3::2 80 keep "$N" &&
		counters_are "$a" cookies_sent 1 cookies_valid 1 cookies_invalid 0 syns 1 &&
		through "$b" fd01:0:0:3::2 "$b" "$c" &&
		counters_are "$a" cookies_sent 1 cookies_invalid 0 syns 1 syns_dropped 0
}

plan 13
ns_add a b c bridge
tt_load
for ns in "$a" "$b" "$c" "$bridge"; do serve "server_${ns//-/_}" "$ns" 80; done
bridge
check "across a bridge with br_netfilter, IPv4" across 10.2.0.2
check "across a bridge with br_netfilter, IPv6" across fd02::2
check "to the bridge's own address, IPv4" to_bridge 10.2.0.1
check "to the bridge's own address, IPv6" to_bridge fd02::1
ns_link "$a" "$b" 1
for net in "10.1.1.1 10.1.1.2" "fd01:0:0:1::1 fd01:0:0:1::2"; do
	# shellcheck disable=SC2086	# two addresses
	set -- $net
	check "IPsec, transport mode, $1" ipsec "$@"
	check "IPsec in cookie mode, $1" ipsec_cookies "$@"
	clear
	check "IPsec that lets nothing out, $1" ipsec_default "$1"
	check "IPsec of a socket's own, $1" ipsec_socket "$1"
	ns_sysctl "$a" net.tcptrack.cookie_start=75
done
ns_link "$a" "$c" 3
check "a waypoint of an SRv6 path" waypoint
finish
