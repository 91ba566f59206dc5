#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of scripts/bench that runs on the kernel that is measured, as root of a machine
# that is thrown away. Each set-up gets a network namespace of its own; all of them are
# measured in turn, several rounds. Prints a line for each run:
#   ROUND FAMILY SETUP RECIPE NAME VALUE NAME VALUE ...
#
# ROUNDS, FAMILIES, SETUPS, RECIPES, COUNT: what, if not all of it

set -u
shopt -s extglob
cd "$(dirname "$0")" || exit 1
export LC_ALL=C

ROUNDS=${ROUNDS:-5}
FAMILIES=${FAMILIES:-4 6}
COUNT=${COUNT:-131072}
NS=bench
PROC=/proc/tcptrack_bench
DEV=ttbench0

# The peers first, then ours: OVERFLOW-REPLY-EARLY, after ct- with conntrack's rules as well,
# after before- the module in TCPTRACK_BEFORE_KO (only where it is asked for).
SETUPS=${SETUPS:-nothing drop none cookie1 cookie2 synproxy conntrack
	off
	recycle-route-off recycle-route-prerouting recycle-route-ingress
	cookie-route-off cookie-route-prerouting cookie-route-ingress
	cookie-reflect-off cookie-reflect-prerouting cookie-reflect-ingress
	ct-cookie-route-off ct-cookie-route-prerouting ct-cookie-route-ingress
	ct-cookie-reflect-ingress}
RECIPES=${RECIPES:-free syn ack ack-unhashed data forward conn}

fail()
{
	echo "bench: $*" >&2
	exit 1
}

in_ns()
{
	ip netns exec $NS "$@"
}

# What is forwarded leaves by the device by which it came.
forwarding()
{
	in_ns sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.$DEV.send_redirects=0
}

# Clients are behind one gateway, whose neighbour entry is permanent.
net_up()
{
	ip netns add $NS && ip link set $DEV netns $NS && syncookies 1 && ip -n $NS -batch - <<-EOF
		link set lo up
		addr add 198.51.100.1/24 dev $DEV
		addr add 2001:db8::1/64 dev $DEV nodad
		link set $DEV up
		neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev $DEV nud permanent
		neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev $DEV nud permanent
		route add 10.0.0.0/8 via 198.51.100.2
		route add 203.0.113.0/24 via 198.51.100.2
		route add 2001:db8:8000::/33 via 2001:db8::2
		route add 2001:db8:4000::/34 via 2001:db8::2
	EOF
}

# The device goes back to the first namespace by itself.
net_down()
{
	ip netns del $NS
	! grep -q '^tcptrack ' /proc/modules || rmmod tcptrack
	local i
	for i in {1..500}; do
		[[ ! -e /sys/class/net/$DEV ]] || return 0
		sleep 0.01
	done
	fail "$DEV does not come back"
}

syncookies()
{
	in_ns sysctl -qw net.ipv4.tcp_syncookies="$1"
}

setup_drop()
{
	in_ns nft -f - <<-EOF
		table inet bench {
			chain pre {
				type filter hook prerouting priority raw
				tcp dport 80 drop
			}
		}
	EOF
}

# As its documentation says (nft(8), SYNPROXY STATEMENT).
setup_synproxy()
{
	in_ns sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_timestamps=1
	in_ns nft -f - <<-EOF
		table inet bench {
			chain pre {
				type filter hook prerouting priority raw
				tcp dport 80 tcp flags syn notrack
			}
			chain in {
				type filter hook input priority filter
				tcp dport 80 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
				ct state invalid drop
			}
		}
	EOF
}

# An ordinary stateful firewall.
conntrack_rules()
{
	in_ns nft -f - <<-EOF
		table inet bench {
			chain in {
				type filter hook input priority filter; policy drop
				iif lo accept
				ct state established,related accept
				ct state invalid drop
				meta l4proto icmpv6 accept
				tcp dport 80 ct state new accept
			}
			chain through {
				type filter hook forward priority filter; policy drop
				ct state established,related accept
				ct state invalid drop
				tcp dport 80 ct state new accept
			}
		}
	EOF
}

setup_tcptrack()
{
	local overflow reply early ko=$TCPTRACK_KO
	[[ $1 != before-* ]] || ko=$TCPTRACK_BEFORE_KO
	IFS=- read -r overflow reply early <<<"${1#before-}"
	insmod "$ko" || return
	in_ns sysctl -qw net.tcptrack.overflow="$overflow" net.tcptrack.reply="$reply" \
		net.tcptrack.early_devices=$DEV net.tcptrack.early="$early"
}

# What only a flood is answered with: ours is always in cookie mode.
setup_flood()
{
	case $1 in
	none)	syncookies 0;;
	cookie2|conntrack) syncookies 2;;
	esac
	[[ ! -e /proc/sys/net/tcptrack ]] ||
		in_ns sysctl -qw net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000
}

setup()
{
	case $1 in
	nothing|none|cookie1|cookie2) ;;
	drop)	setup_drop;;
	synproxy) setup_synproxy;;
	conntrack) conntrack_rules;;
	off)	setup_tcptrack cookie-route-off && in_ns sysctl -qw net.tcptrack.mode=off;;
	ct-*)	conntrack_rules && setup_tcptrack "${1#ct-}";;
	*)	setup_tcptrack "$1";;
	esac || fail "$1: cannot be set up"
}

# run SETUP RECIPE SENT WORDS...: SENT is how many packets leave for a hundred that arrive,
# 0 or 100 but for 5 (and SYN-ACKs are sent again), or unknown (-): who does not do his
# work is not measured.
run()
{
	local name=$1 recipe=$2 want=$3 result percent
	shift 3
	[[ " $RECIPES " == *" $recipe "* ]] || return 0
	in_ns sh -c "echo 'family=$family seed=$round $*' >$PROC" ||
		fail "$name: $recipe did not work"
	result=$(tr '\n' ' ' <$PROC)
	percent=$(awk '{ printf "%d", $16 * 100 / $14 }' <<<"$result")
	[[ $want == - || ($want -eq 0 && $percent -le 5) || ($want -gt 0 && $percent -ge 95) ]] ||
		fail "$name: $recipe: $percent packets sent for 100, not $want"
	echo "$round $family $name $recipe $result"
}

# How many of 100 SYNs are answered with the queue full, how many forged ACKs.
answers()
{
	case ${1#before-}-$2 in
	drop-*|none-syn) echo 0;;
	*-syn)	echo 100;;
	cookie-*-*-ack|ct-cookie-*-ack) echo 0;;
	# with rules: by the state that each of them is in
	conntrack-ack|ct-*|synproxy-ack) echo -;;
	*-ack)	echo 100;;
	esac
}

# What each of them is asked.
measure()
{
	case $1 in
	nothing)
		run "$1" syn 0 kind=syn sink=nothing count="$COUNT"
		run "$1" ack 0 kind=ack sink=nothing count="$COUNT"
		run "$1" free 0 kind=syn sink=free count="$COUNT"
		return;;
	none|conntrack|*-route-off)
		run "$1" data - kind=data flows=256 len=100 count="$COUNT"
		run "$1" forward 100 kind=forward flows=256 len=100 count="$COUNT"
		run "$1" conn - kind=conn count=$((COUNT / 16)) warm=1024;;
	esac
	setup_flood "$1"
	run "$1" syn "$(answers "$1" syn)" kind=syn warm=16384 count="$COUNT"
	run "$1" ack "$(answers "$1" ack)" kind=ack floods=16384 count="$COUNT"
	# a cookie is waited for for 8 to 16 s
	[[ $round -gt 2 || $1 != cookie-route-+(prerouting|ingress) ]] ||
		run "$1" ack-unhashed 0 kind=ack floods=1 wait=18000 count="$COUNT"
	[[ $1 != drop ]] || run "$1" ack-unhashed 0 kind=ack count="$COUNT"
}

main()
{
	local round family name
	insmod "$TCPTRACK_BENCH_KO" || fail "no injector"
	modprobe -qa nf_conntrack nf_tables nft_ct nf_synproxy_core nft_synproxy
	sysctl -qw net.netfilter.nf_conntrack_max=2000000
	echo 262144 >/sys/module/nf_conntrack/parameters/hashsize
	for ((round = 1; round <= ROUNDS; round++)); do
		for family in $FAMILIES; do
			for name in $SETUPS; do
				{ net_up && forwarding; } || fail "no namespace"
				setup "$name"
				measure "$name"
				net_down
			done
		done
	done
}

main
