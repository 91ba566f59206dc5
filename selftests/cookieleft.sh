#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SYNs that a cookie of ours cannot or must not answer are left to the stack, each
# with the counter of its reason and no other; the others are answered. In the cases
# ON means: from here on every SYN is to be answered with a cookie, if it can.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# cookies_always on|off: the command that has every SYN of a namespace answered with
# a cookie of ours, or none.
cookies_always()
{
	local mode=enforce
	[[ $1 == on ]] || mode=monitor
	echo "sysctl -qw net.tcptrack.cookie_start=0 net.tcptrack.mode=$mode"
}

cases=$(cat <<'EOF'
case a SYN that nothing stands against
OFF
flow f 80 40000
listen s
ON
> S opt mss=1460,sack,ts=1:0,nop,wscale=7
< SA
> S opt mss=1460,sack,ts=1:0,nop,wscale=7
< SA
count cookies_sent 2 cookies_own_buffer 2

case a SYN for a request of the stack
OFF
flow f 80 40000
listen s
> S
< SA
ON
> S
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_socket 1 syn_retrans 1 synack_retrans 1

case a SYN for a connection
OFF
flow f 80 40000
listen s
> S
< SA
> A
ON
> S seq 1000
< A
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_left_socket 1 challenge_acks 1

case a SYN for a TIME_WAIT reopens it
OFF
TIMEWAIT
state TIME_WAIT CLOSED
ON
iss +100000
> S opt mss=1460
< SA
> A
state ESTABLISHED ESTABLISHED
count flows_created 2 cookie_left_socket 1 timewait_reopened 1 closed_normal 1

case a SYN for a TIME_WAIT reopens it, though its source has had its share
OFF
sysctl net.tcptrack.halfopen_source_max 1
TIMEWAIT
state TIME_WAIT CLOSED
asks g 40001
ON
flow f
iss +100000
> S opt mss=1460
< SA
> A
state ESTABLISHED ESTABLISHED
count flows_created 3 cookie_left_socket 1 over_source 1 timewait_reopened 1 closed_normal 1

case a SYN for a TIME_WAIT without early demux
OFF
sysctl net.ipv4.tcp_early_demux 0
TIMEWAIT
ON
iss +100000
> S opt mss=1460
< SA
> A
state ESTABLISHED ESTABLISHED
count flows_created 2 cookie_left_socket 1 timewait_reopened 1 closed_normal 1

case a listener with a MD5 key
OFF
flow f 80 40000
bind s
opt s md5 1
listen s
ON
> S
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_auth 1

case a signed SYN for a listener without a key
OFF
flow f 80 40000
listen s
ON
> S opt mss=1460,nop,nop,hex=131200112233445566778899aabbccddeeff
quiet
> S opt mss=1460,hex=1d100000000102030405060708090a0b
drain
count flows_created 1 cookie_left_auth 2 syn_retrans 1

case a listener with a minimal TTL that the SYN has
OFF
flow f 80 40000
bind s
opt s minttl 10
listen s
ON
> S
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_ttl 1

case a listener with a minimal TTL that the SYN has not
OFF
flow f 80 40000
bind s
opt s minttl 255
listen s
ON
> S
quiet
count flows_created 1 cookie_left_ttl 1

case a listener with a filter
OFF
flow f 80 40000
bind s
opt s filter 1
listen s
ON
> S
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_filter 1

case a listener whose own options go with each packet
only 6
OFF
flow f 80 40000
bind s
opt s dstopts 1
listen s
ON
> S
drain
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_option 1

case a SYN whose options are wrong
OFF
flow f 80 40000
listen s
ON
> S opt mss=1460,hex=0301
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_option 1 invalid_option 1

case IP options
only 4
OFF
flow f 80 40000
listen s
ON
> S ext nop
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_header 1

case extension headers
only 6
OFF
flow f 80 40000
listen s
ON
> S ext hbh
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_header 1

case MP_JOIN
OFF
flow f 80 40000
listen s
ON
> S opt mss=1460,hex=1e0c10000102030405060708
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_mptcp 1

case MP_CAPABLE falls back to TCP
OFF
flow f 80 40000
listen s
ON
> S opt mss=1460,hex=1e040101
< SA
count cookies_sent 1 cookies_own_buffer 1

case a window scale that the ACK would not find again
only 4
OFF
flow f 80 40000
bind s
opt s rcvbufforce 16777976
listen s
ON
> S opt mss=1460,ts=1:0,nop,wscale=7
< SA
state SYN_RECEIVED ESTABLISHED
# without scaling there is nothing to find
flow g 80 40001
> S opt mss=1460,ts=1:0
< SA
count flows_created 1 cookie_left_window 1 cookies_sent 1 cookies_own_buffer 1

case DNAT
OFF
REDIRECT
flow f 80 40000
listen s
flow g 8080 40000
ON
> S
< SA
flow f
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_nat 1

case the stack's own cookie, of a SYN that was left to it, comes back
OFF
sysctl net.ipv4.tcp_syncookies 2
sysctl net.tcptrack.cookie_resets 0
REDIRECT
flow f 80 40000
listen s
flow g 8080 40000
ON
> S
< SA
> A
accept c s
flow f
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_left_nat 1 cookies_valid 1

case NAT in the namespace, but not of this SYN
OFF
REDIRECT
sh nft 'add chain inet t q { type nat hook postrouting priority srcnat; }'
sh nft add rule inet t q tcp dport 8080 masquerade
flow f 80 40000
listen s
ON
> S
< SA
count cookies_sent 1 cookies_own_buffer 1

case strict rules by connection state, in and out; no entry comes of a cookie
OFF
sh nft add table inet t
sh nft 'add chain inet t i { type filter hook input priority 0; policy drop; }'
sh nft 'add chain inet t o { type filter hook output priority 0; policy drop; }'
sh nft add rule inet t i ct state established,related accept
sh nft add rule inet t i tcp dport 80 ct state new accept
sh nft add rule inet t i meta l4proto ipv6-icmp accept
sh nft add rule inet t o ct state established,related accept
sh nft add rule inet t o meta l4proto ipv6-icmp accept
flow f 80 40000
listen s
ON
> S opt mss=1460,ts=1:0
< SA
sh test -r /proc/net/nf_conntrack && ! grep -q dport=80 /proc/net/nf_conntrack
count cookies_sent 1 cookies_own_buffer 1

case a connection that is not tracked stays so
OFF
sh nft add table inet t
sh nft 'add chain inet t r { type filter hook prerouting priority raw; }'
sh nft add rule inet t r notrack
sh nft 'add chain inet t o { type filter hook output priority 0; policy drop; }'
sh nft add rule inet t o ct state untracked accept
sh nft add rule inet t o meta l4proto ipv6-icmp accept
flow f 80 40000
listen s
ON
> S
< SA
count cookies_sent 1 cookies_own_buffer 1

case TPROXY
OFF
sh nft add table inet t
sh nft 'add chain inet t p { type filter hook prerouting priority mangle; }'
sh nft add rule inet t p tcp dport 80 tproxy to :80
flow f 80 40000
bind s
opt s transparent 1
listen s
ON
> S
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_tproxy 1

case the mark and the priority of the SYN are not those of the answer
OFF
MARKED
flow f 80 40000
listen s
ON
> S
< SA
sh nft list chain inet t o | grep -q 'mark 0x00000000 meta priority none counter packets 1 '
count cookies_sent 1 cookies_own_buffer 1

case but those of its listener
OFF
MARKED
flow f 80 40000
bind s
opt s mark 9
opt s priority 5
listen s
ON
> S
< SA
sh nft list chain inet t o | grep -q 'mark 0x00000009 meta priority 0:5 counter packets 1 '
count cookies_sent 1 cookies_own_buffer 1

case no way back
OFF
flow f 80 40000
bind s
opt s mark 7
listen s
sh ip rule add fwmark 7 unreachable
sh ip -6 rule add fwmark 7 unreachable
ON
> S
quiet
noflow
count cookies_no_route 1 syns_dropped 1

case cookies are switched off
OFF
sysctl net.ipv4.tcp_syncookies 0
flow f 80 40000
listen s
ON
> S
< SA
state SYN_RECEIVED ESTABLISHED
 count flows_created 1

case the third ACK opens, its forgery does not
OFF
sysctl net.tcptrack.cookie_resets 100000
flow f 80 40000
listen s
ON
> S opt mss=1460,sack,ts=1:0,nop,wscale=7
< SA
> A ack +1000000
< R
> A len 10
< A
accept c s
read c 10
state ESTABLISHED ESTABLISHED
count stray 1 flows_created 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1 cookies_invalid 1 cookies_invalid_passed 1
EOF
)

# What only some kernels have: TCP-AO, and the hash that it needs.
can_sign()
{
	/usr/bin/python3 -c 'import socket, struct
key = struct.pack("=H2x4s120x64s10xBBBBBB80s", socket.AF_INET, b"\xc0\0\2\1", b"hmac(sha1)",
		  32, 1, 1, 0, 0, 3, b"key")
socket.socket().setsockopt(socket.IPPROTO_TCP, 38, key)' 2>/dev/null
}

! can_sign || cases+=$(cat <<'EOF'


case a listener with an AO key
OFF
flow f 80 40000
bind s
opt s ao 1
listen s
ON
> S
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_left_auth 1
EOF
)
group=$scratch/cgroup
mkdir "$group"
if mount -t cgroup2 none "$group" 2>/dev/null; then
	trap 'umount "$group"; cleanup' EXIT
	cases+=$(cat <<EOF


case a listener with a filter of its cgroup
OFF
flow f 80 40000
sh mkdir $group/tt-\$PPID && xdp -c $group/tt-\$PPID && echo \$PPID >$group/tt-\$PPID/cgroup.procs
listen s
ON
> S
quiet
sh echo \$\$ >$group/cgroup.procs && echo \$PPID >$group/cgroup.procs && rmdir $group/tt-\$PPID
count flows_created 1 cookie_left_filter 1
EOF
)
fi

# The kernels with this have BPF, which can be a security module.
[[ -e /sys/kernel/security/lsm ]] || mount -t securityfs none /sys/kernel/security 2>/dev/null
if [[ $(cat /sys/kernel/security/lsm 2>/dev/null) == *bpf* ]]; then
	PEER_JOBS=1	# it is one for all namespaces
	bpf=$scratch/bpf
	mkdir "$bpf"
	mount -t bpf bpf "$bpf"
	trap 'umount "$group" "$bpf"; cleanup' EXIT
	cases+=$(cat <<EOF


case a connection that a security module does not allow
OFF
flow f 80 40000
listen s
ON
sh rm -f $bpf/no && xdp -l $bpf/no
> S
quiet
sh rm $bpf/no
count flows_created 1 cookie_left_security 1
EOF
)
fi

# MARKED: SYNs have a mark and a priority; answers are counted by theirs
marked="sh nft add table inet t
sh nft 'add chain inet t p { type filter hook prerouting priority mangle; }'
sh nft add rule inet t p tcp dport 80 meta mark set 7 meta priority set 1:7
sh nft 'add chain inet t o { type filter hook output priority 0; }'
sh nft add rule inet t o tcp sport 80 meta mark 0 meta priority none counter
sh nft add rule inet t o tcp sport 80 meta mark 9 meta priority 0:5 counter"
cases=${cases//MARKED/"$marked"}

# TIMEWAIT: a connection that we have closed
closed="asked f 40000
> A
accept c s
close c
< FA
> FA
< A"
cases=${cases//TIMEWAIT/"$closed"}

# REDIRECT: what is for port 8080 is for port 80
redirect="sh nft add table inet t
sh nft 'add chain inet t p { type nat hook prerouting priority dstnat; }'
sh nft add rule inet t p tcp dport 8080 redirect to :80"
cases=${cases//REDIRECT/"$redirect"}
peer_test "$(sed "s|^ON$|sh $(cookies_always on)|;s|^OFF$|sh $(cookies_always off)|;s|^count .*|& cookie_modes 1|" <<<"$cases")"
