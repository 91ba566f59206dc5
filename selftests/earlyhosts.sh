#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The early hook where something may still come between a packet and its listener: IPsec
# policies, IPVS, a VLAN's tag, a port of a VRF, of a bridge, of a bond, of an ipvlan. There it
# passes everything on, and LOCAL_IN answers: every client gets in, none of them early.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=10

# place NS DEVICE NET SIDE: 10.1.NET.SIDE and its like
place()
{
	ip -n "$1" addr replace "10.1.$3.$4/24" dev "$2"
	ip -n "$1" addr replace "fd01:0:0:$3::$4/64" dev "$2" nodad
	ip -n "$1" link set "$2" up
	wait_for link_ready "$1" "$2" 5 || bail "$2 does not come up"
}

# early WHERE: from here on
early()
{
	ns_sysctl "$a" "net.tcptrack.early=$1"
}

# all_in NET EARLY: N clients of each family, each with a cookie, so many of them early.
all_in()
{
	local to
	for to in "10.1.$1.1" "fd01:0:0:$1::1"; do
		counters_begin "$a"
		in_ns "$b" traffic client "$to" 80 keep "$N" || return
		counters_are "$a" syns "$N" cookies_sent "$N" cookies_valid "$N" \
			cookies_invalid 0 flows_created "$N" early_cookies "$2" || return
	done
	parity "$a"
}

# both NET PREROUTING INGRESS: so many early at each of the two hooks
both()
{
	early prerouting && all_in "$1" "$2" && early ingress && all_in "$1" "$3"
}

# A policy for others, in each direction.
ipsec()
{
	local dir status
	for dir in in out fwd; do
		ip -n "$a" xfrm policy add dir "$dir" src 192.0.2.1 dst 192.0.2.2 \
			tmpl proto esp mode transport || return
		both 1 0 0
		status=$?
		ip -n "$a" xfrm policy flush
		[[ $status -eq 0 ]] || { echo "policy dir $dir"; return 1; }
	done
	both 1 "$N" "$N"
}

# Of another port; of this one it would be IPVS that decides.
ipvs()
{
	local status
	in_ns "$a" ipvsadm -A -t 10.1.1.1:8080 -s rr &&
		in_ns "$a" ipvsadm -a -t 10.1.1.1:8080 -r 10.1.1.2:80 -m && ipvs_both
	status=$?
	in_ns "$a" ipvsadm -C
	return "$status"
}

# IPVS hooks the family of its services.
ipvs_both()
{
	local where
	for where in prerouting ingress; do
		early "$where"
		counters_begin "$a"
		in_ns "$b" traffic client 10.1.1.1 80 keep "$N" &&
			counters_are "$a" cookies_sent "$N" cookies_valid "$N" early_cookies 0 || return
	done
}

# What is tagged has not arrived yet; the VLAN's own device has it without.
vlan()
{
	local ns
	for ns in "$a" "$b"; do
		ip -n "$ns" link add link v1 name v5 type vlan id 5 || return
	done
	place "$a" v5 5 1
	place "$b" v5 5 2
	ns_sysctl "$a" net.tcptrack.early_devices=v1
	both 5 "$N" 0 && ns_sysctl "$a" net.tcptrack.early_devices="v1 v5" && both 5 "$N" "$N"
}

vrf()
{
	ns_link "$a" "$b" 3
	ip -n "$a" link add red type vrf table 10 && ip -n "$a" link set red up &&
		ip -n "$a" link set v3 master red || return
	place "$a" v3 3 1
	ns_sysctl "$a" net.ipv4.tcp_l3mdev_accept=1 net.tcptrack.early_devices="v3 red"
	both 3 0 0
}

# At its port, a frame is the bridge's; with br_netfilter it still is at prerouting.
bridge()
{
	local early=$N
	[[ ! -e /proc/sys/net/bridge ]] || early=0
	ns_link "$a" "$b" 4
	ip -n "$a" addr flush dev v4
	ip -n "$a" link add br4 type bridge && ip -n "$a" link set v4 master br4 || return
	place "$a" br4 4 1
	ns_sysctl "$a" net.tcptrack.early_devices=v4
	both 4 "$early" 0
}

bond()
{
	ip -n "$b" link add v6 type veth peer name v6 netns "$a" &&
		ip -n "$a" link add bond6 type bond mode active-backup miimon 100 &&
		ip -n "$a" link set v6 down && ip -n "$a" link set v6 master bond6 || return
	ip -n "$a" link set v6 up
	place "$b" v6 6 2
	place "$a" bond6 6 1
	ns_sysctl "$a" net.tcptrack.early_devices=v6
	both 6 "$N" 0
}

# counted NAME: so many of the SYNs and of the SYN-ACKs that count_handshakes counts
counted()
{
	in_ns "$b" nft list counter inet handshakes "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

# count_handshakes: from here on, what goes from $b to a port 80, and what comes back
count_handshakes()
{
	in_ns "$b" nft -f - <<-'END'
		table inet handshakes
		delete table inet handshakes
		table inet handshakes {
			counter syn { }
			counter synack { }
			chain output {
				type filter hook output priority 0
				tcp dport 80 tcp flags & (syn | ack) == syn counter name syn
			}
			chain input {
				type filter hook input priority 0
				tcp sport 80 tcp flags & (syn | ack) == (syn | ack) counter name synack
			}
		}
	END
}

# slave_in EARLY SENT: the slave's clients of each family get in, each SYN has one answer; so many
# of them early, so many cookies; and to the host it is as if nobody had come.
slave_in()
{
	local to
	for to in 10.1.7.3 fd01:0:0:7::3; do
		counters_begin "$a"
		counters_begin "$c"
		count_handshakes &&
			in_ns "$b" traffic client "$to" 80 keep "$N" &&
			counters_are "$c" cookies_sent "$2" cookies_valid "$2" cookies_invalid 0 \
				flows_created "$N" early_cookies "$1" early_acks_dropped 0 &&
			counters_are "$a" syns 0 cookies_sent 0 cookies_valid 0 cookies_invalid 0 \
				early_cookies 0 early_acks_dropped 0 || return
		[[ $(counted syn) -eq $N && $(counted synack) -eq $N ]] ||
			{ echo "$(counted syn) SYNs, $(counted synack) SYN-ACKs"; return 1; }
	done
	held_in 10.1.7.3 && held_in fd01:0:0:7::3
}

# held_in ADDRESS: N connections to the slave are the slave's namespace's, and nothing of the host's
held_in()
{
	local status
	hold held "$b" "$1" 80 "$N"
	settle_state "$c" local ESTABLISHED "$N" && parity "$c" && parity "$a" &&
		state_is "$a" local ESTABLISHED 0
	status=$?
	release held && parity "$a" && parity "$c" && return "$status"
}

# ipvlan_mode MODE EARLY SENT: a listener behind an ipvlan, one at its master, both with cookies
ipvlan_mode()
{
	local where
	ip -n "$a" link add link v7 name i7 type ipvlan mode "$1" &&
		ip -n "$a" link set i7 netns "$c" || return
	place "$c" i7 7 3
	in_ns "$b" traffic client 10.1.7.3 80 keep 1 || return
	for where in prerouting ingress; do
		early "$where"
		ns_sysctl "$c" "net.tcptrack.early=$where"
		if ! all_in 7 0 || ! slave_in "$2" "$3"; then
			echo "$where"
			return 1
		fi
	done
	ip -n "$c" link del i7
}

# The master's namespace sees what is for the slave's: in L3S all the way to LOCAL_IN, which the
# slave's never sees (and so, has no cookies of ours).
ipvlan()
{
	local mode
	ns_add c
	ns_link "$a" "$b" 7
	ip -n "$b" route add 10.1.7.3 via 10.1.7.1
	ip -n "$b" route add fd01:0:0:7::3 via fd01:0:0:7::1
	ns_sysctl "$a" net.tcptrack.early_devices=v7
	ns_sysctl "$c" net.core.somaxconn=4096 net.tcptrack.cookie_start=0 \
		net.tcptrack.cookie_min_time=600000 net.tcptrack.early_devices=i7
	serve slave "$c" 80
	for mode in "l2 $N $N" "l3 $N $N" "l3s 0 0"; do
		# shellcheck disable=SC2086	# a list
		ipvlan_mode $mode || { echo "mode $mode"; return 1; }
	done
}

has_ipvlan()
{
	ip -n "$b" link add link v1 name probe type ipvlan mode l3s && ip -n "$b" link del probe
}

# can NAME PROBE...: the case of that name, where the kernel has what it takes
can()
{
	if "${@:2}" >/dev/null 2>&1; then check "$1" "$1"; else skip "$1" "not in this kernel"; fi
}

plan 8
tt_load
ns_add a b
ns_link "$a" "$b" 1
ns_sysctl "$a" net.core.somaxconn=4096 net.tcptrack.cookie_start=0 \
	net.tcptrack.cookie_min_time=600000 net.tcptrack.early_devices=v1
serve server "$a" 80
in_ns "$b" traffic client 10.1.1.1 80 keep 1 || bail "no cookie mode"
check "nothing in between" both 1 "$N" "$N"
can ipsec ip -n "$a" xfrm policy
can ipvs in_ns "$a" ipvsadm -L
check "vlan" vlan
check "vrf" vrf
check "bridge" bridge
can bond ip -n "$b" link add probe type bond
can ipvlan has_ipvlan
finish
