#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The early hook, before routing and at ingress: in cookie mode what it deals with has the
# same answer as later, byte by byte; what is not plainly for a listener here goes on.
# ON in the cases: cookie mode at the first SYN, which LOCAL_IN answers, and the early hook.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

cases=$(cat <<'EOF'
case a cookie completes the handshake, and each segment is counted once
ON
asked z 39999
flow f 80 40000
> S opt mss=1460,sack,ts=1:0,nop,wscale=7
< SA
noflow
> A
state ESTABLISHED ESTABLISHED
flags local,passive,proven
accept c s
count flows_created 1 cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 early_cookies 1 cookies_valid 1 segments_seen 5

case what has a socket is never judged
ON
sysctl net.tcptrack.cookie_resets 0
asked z 39999
> A
accept c s
> A len 100
< A
read c 100
close c
< FA
> FA
< A
state TIME_WAIT CLOSED
> A
iss +100000
> S opt mss=1460
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 2 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1 closed_normal 1 cookie_left_socket 1 timewait_restarted 1 timewait_reopened 1

case forged ACKs are dropped before the firewall sees them
ON
sysctl net.tcptrack.cookie_resets 0
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t p { type filter hook prerouting priority mangle; }'
sh nft add rule inet t p tcp dport 80 counter
sh nft 'add chain inet t i { type filter hook input priority filter; }'
sh nft add rule inet t i tcp dport 80 counter
flow g 80 40001
repeat 50 > A ack 1000
> A ack 1000 pad 7
> FA ack 1000
quiet
noflow
sh test $(nft list table inet t | grep -c 'counter packets 0 ') = 2
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_invalid 52 early_acks_dropped 52 segments_seen 54

case nothing is hashed while no cookie is in flight
ON
sysctl net.tcptrack.cookie_resets 0
asked z 39999
> A
state ESTABLISHED ESTABLISHED
wait 2500
flow g 80 40001
> A ack 1000
quiet
noflow
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1 cookies_invalid 1 cookies_invalid_unhashed 1 early_acks_dropped 1

case the stack still answers some of them
ON
sysctl net.tcptrack.cookie_resets 100000
asked z 39999
flow g 80 40001
> A ack 1000
< R
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_invalid 1 cookies_invalid_passed 1 stray 1

case outside of cookie mode nothing happens early
ON
sysctl net.tcptrack.cookie_start 75
sysctl net.tcptrack.cookie_resets 0
asked f 40000
state SYN_RECEIVED ESTABLISHED
flow g 80 40001
> A ack 1000
< R
count flows_created 1 stray 1

case monitor changes nothing
ON
sysctl net.tcptrack.mode monitor
sysctl net.tcptrack.cookie_resets 0
asked z 39999
asks f 40000
state SYN_RECEIVED ESTABLISHED
flow g 80 40001
> A ack 1000
< R
count flows_created 2 cookie_modes 1 stray 1

case no listener, no answer but the stack's
ON
asked z 39999
flow f 81 40000
> S opt mss=1460
< RA
> A ack 1000
< R
count flows_created 1 closed_refused 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 stray 1

case the accept queue is full
ON
flow z 80 39999
listen s 0
> S opt mss=1460
< SA
> A
state ESTABLISHED ESTABLISHED
flow f 80 40000
> S opt mss=1460
quiet
count flows_created 1 accept_full 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case a short frame is padded
ON
asked z 39999
flow f 80 40000
> S opt mss=1460 pad 9
< SA
> A pad 6
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 early_cookies 1 cookies_valid 1

case what is malformed is LOCAL_IN's to count
ON
sysctl net.tcptrack.cookie_resets 0
asked z 39999
flow f 80 40000
> S opt mss=1460 badsum
> S opt mss=1460 doff 4
> S opt mss=1460 cut 10
> A ack 1000 badsum
> SF opt mss=1460
quiet
noflow
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 invalid_checksum 2 invalid_offset 1 invalid_length 1 probe_syn_fin 1

case IPv4 fragments are put together first
only 4
ON
asked z 39999
flow f 80 40000
> S opt mss=1460,wscale=7 frag 24
< SA
count cookie_modes 1 cookies_sent 2 cookies_own_buffer 2

case IPv6 fragments are put together first
only 6
ON
asked z 39999
flow f 80 40000
> S opt mss=1460,wscale=7 frag 24
< SA
state SYN_RECEIVED ESTABLISHED
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 flows_created 1 invalid_fragment 2

case IP options or extension headers
ON
asked z 39999
flow f 80 40000
> S ext hbh
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookie_left_header 1

case a broadcast address
only 4
ON
asked z 39999
sh ip route del local 10.9.0.1 dev peer0 table local
sh ip route add broadcast 10.9.0.1 dev peer0 table local
flow f 80 40000
> S opt mss=1460
quiet
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookie_left_multicast 1

case a martian is left to the routing
only 4
ON
asked z 39999
sh ip addr add 10.9.0.2/32 dev lo
flow f 80 40000
> S opt mss=1460
quiet
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case the strict reverse path filter
only 4
ON
asked z 39999
sh ip link add name other type dummy
sh ip link set other up
sh ip route add 10.9.0.2/32 dev other
sysctl net.ipv4.conf.peer0.rp_filter 1
flow f 80 40000
> S opt mss=1460
quiet
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case a mark that decides about the way back
ON
sysctl net.ipv4.tcp_fwmark_accept 1
asked z 39999
asks f 40000
count cookie_modes 1 cookies_sent 2 cookies_own_buffer 2

case what is forwarded is not answered
ON
asked z 39999
fwd p 50000 80
> S opt mss=1460
< SA
> A
> A len 100
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case a firewalled port is answered all the same
ON
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t i { type filter hook input priority filter; }'
sh nft add rule inet t i tcp dport 80 drop
asks f 40000
count cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 early_cookies 1

case a firewalled port is silent with early=off
ON
sysctl net.tcptrack.early off
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t i { type filter hook input priority filter; }'
sh nft add rule inet t i tcp dport 80 drop
flow f 80 40000
> S opt mss=1460
quiet
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case a banned address in raw wins
ON
sysctl net.tcptrack.early prerouting
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t r { type filter hook prerouting priority raw; }'
sh nft add rule inet t r ip saddr 10.9.0.2 drop
sh nft add rule inet t r ip6 saddr fd09::2 drop
flow f 80 40000
> S opt mss=1460
quiet
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case a banned address in raw does not win at ingress
ON
sysctl net.tcptrack.early ingress
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t r { type filter hook prerouting priority raw; }'
sh nft add rule inet t r ip saddr 10.9.0.2 drop
sh nft add rule inet t r ip6 saddr fd09::2 drop
asks f 40000
count cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 early_cookies 1

case a banned address in a chain of inet at ingress wins
ON
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t r { type filter hook ingress device peer0 priority 10000; }'
sh nft add rule inet t r ip saddr 10.9.0.2 drop
sh nft add rule inet t r ip6 saddr fd09::2 drop
flow f 80 40000
> S opt mss=1460
quiet
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case a banned address at ingress wins
ON
asked z 39999
sh nft add table netdev t
sh nft 'add chain netdev t r { type filter hook ingress device peer0 priority 10000; }'
sh nft add rule netdev t r ip saddr 10.9.0.2 drop
sh nft add rule netdev t r ip6 saddr fd09::2 drop
flow f 80 40000
> S opt mss=1460
quiet
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case rules by connection state do not take the answer for INVALID; no entry comes of it
ON
sh nft add table inet t
sh nft 'add chain inet t o { type filter hook output priority filter; }'
sh nft add rule inet t o ct state invalid drop
asked z 39999
asks f 40000
sh test -r /proc/net/nf_conntrack && ! grep -q sport=40000 /proc/net/nf_conntrack
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 early_cookies 1 cookies_valid 1

case NAT in the namespace: later, and nothing that was translated is judged
ON
sysctl net.tcptrack.cookie_resets 0
flow y 8080 39998
listen t
> S opt mss=1460
< SA
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t p { type nat hook prerouting priority dstnat; }'
sh nft add rule inet t p tcp dport 8080 redirect to :80
flow f 80 40000
flow g 8080 40000
> S opt mss=1460
< SA
> A
flow f
state ESTABLISHED ESTABLISHED
accept c s
flow x 80 50000
repeat 50 > A ack 1000
quiet
> S opt mss=1460
< SA
flow g
> A len 100
< A
read c 100
count flows_created 1 cookie_modes 2 cookies_sent 3 cookies_own_buffer 3 cookie_left_nat 1 cookies_invalid 50

case NAT gone, early again
ON
asked z 39999
sh nft add table inet t
sh nft 'add chain inet t p { type nat hook postrouting priority srcnat; }'
asks f 40000
sh nft delete table inet t
asks g 40001
count cookie_modes 1 cookies_sent 3 cookies_own_buffer 3 early_cookies 1
EOF
)

# on WHERE: what ON stands for, one command a line.
on()
{
	echo "sysctl net.tcptrack.cookie_start 0"
	echo "sysctl net.tcptrack.cookie_min_time 600000"
	echo "sysctl net.tcptrack.early_devices peer0"
	echo "sysctl net.tcptrack.early $1"
}

# script WHERE: the cases with the early hook there.
script()
{
	printf '%s\n' "${cases//$'\nON\n'/$'\n'$(on "$1")$'\n'}"
}

# As cookieparity.sh, in some of its environments; in all of these every SYN is dealt with early.
environments=$(cat <<'END'
defaults; only 46m
somebody else holds the SYN; only 46m; tap
MTU 1280; sh ip link set peer0 mtu 1280
no timestamps; sysctl net.ipv4.tcp_timestamps=0
ECN; sysctl net.ipv4.tcp_ecn=1
TCP_MAXSEG 1300; maxseg 1300
reflected TOS; sysctl net.ipv4.tcp_reflect_tos=1
conntrack; sh nft -f ct.nft
END
)

# always WHERE MODE: the command that has every SYN answered there with a cookie, or none.
always()
{
	echo "sysctl -qw net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000" \
		"net.tcptrack.early_devices=peer0 net.tcptrack.early=$1 net.tcptrack.mode=$2"
}

parity_cases()
{
	local line
	transitions_mark "one of the two is the stack's own SYN cookie"
	while IFS= read -r line; do
		case $line in
		"ok "*)		ok "$1: same answer: ${line#ok }";;
		"not ok "*)	not_ok "$1: same answer: ${line#not ok }";;
		*)		echo "$line";;
		esac
	done < <(cd "$scratch" && cookiepeer "$(always "$1" enforce)" "$(always "$1" monitor)" \
		early <<<"$environments")
}

cat >"$scratch/ct.nft" <<-'END'
	table inet t {
		chain output {
			type filter hook output priority filter
			ct state invalid drop
		}
	}
END
n=$(peer_count "$(script ingress)") || exit "$KSFT_FAIL"
plan $((2 * n + 2 * 18))
tt_load
for where in prerouting ingress; do
	peer_cases "$where: " "$(script $where)"
	parity_cases $where
done

finish
