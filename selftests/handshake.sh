#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How connections begin: every way of RFC 9293, 3.5, segment by segment, with the
# state of both endpoints after each and the exact counters at the end.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# OVERFLOWS N: what the stack itself calls so: SYNs (accept_full) and third ACKs for which the
# accept queue has no room
overflows='sh nstat -asz TcpExtListenOverflows | grep -q "^TcpExtListenOverflows *\1 "'

peer_test "$(sed "s/^OVERFLOWS \(.*\)/$overflows/" <<'EOF'
case passive open
flow f 80 40000
listen s
gauge local LISTEN 1
> S opt mss=1460,sack,wscale=7
< SA
state SYN_RECEIVED ESTABLISHED
flags local,passive,!proven
gauge local SYN_RECEIVED 1
gauge remote ESTABLISHED 1
> A
state ESTABLISHED ESTABLISHED
flags local,passive,proven
gauge local ESTABLISHED 1
gauge entered SYN_RECEIVED 1
gauge entered ESTABLISHED 1
count flows_created 1

case active open
flow f 50000 80
connect c
< S
state SYN_SENT SYN_RECEIVED
gauge local SYN_SENT 1
gauge remote SYN_RECEIVED 1
> SA
< A ack 1
state ESTABLISHED ESTABLISHED
flags local,!passive,proven
gauge entered SYN_SENT 1
gauge entered SYN_RECEIVED 0
gauge entered ESTABLISHED 1
count flows_created 1

case data on the third ACK
flow f 80 40000
listen s
> S
< SA
> A len 200
< A ack +0
state ESTABLISHED ESTABLISHED
accept c s
read c 200
count flows_created 1

case FIN on the third ACK
flow f 80 40000
listen s
> S
< SA
> FA
< A ack +0
state CLOSE_WAIT FIN_WAIT_2
gauge entered ESTABLISHED 1
gauge entered CLOSE_WAIT 1
count flows_created 1

case SYN received again
flow f 80 40000
listen s
> S
< SA
> S
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
gauge entered SYN_RECEIVED 1
count flows_created 1 syn_retrans 1 synack_retrans 1

case SYN-ACK sent again by the timer
flow f 80 40000
listen s
> S
< SA
< SA gap 800 1900
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 synack_retrans 1 synack_gap1_ge750ms 1

case SYN sent again by the timer
flow f 50000 80
connect c
< S
< S gap 800 1900
state SYN_SENT SYN_RECEIVED
> SA
< A
state ESTABLISHED ESTABLISHED
gauge entered SYN_SENT 1
count flows_created 1 syn_retrans 1 syn_gap1_ge750ms 1

case SYN-ACK received again
flow f 50000 80
connect c
< S
> SA
< A
> SA
< A
state ESTABLISHED ESTABLISHED
count flows_created 1 synack_retrans 1

case simultaneous open
flow f 50000 80
connect c
< S
> S
< SA
state SYN_RECEIVED *
gauge entered SYN_RECEIVED 1
> A
state ESTABLISHED ESTABLISHED
gauge entered ESTABLISHED 1
count flows_created 1 simultaneous_opens 1

case simultaneous open, our SYN again
flow f 50000 80
connect c
< S
< S gap 800 1900
> S
< SA
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 simultaneous_opens 1 syn_retrans 1 syn_gap1_ge750ms 1

case split handshake
flow f 50000 80
connect c
< S
> A
quiet
state SYN_SENT *
> S
< SA
state SYN_RECEIVED *
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 simultaneous_opens 1

case old duplicate SYN meets the opener (figure 9)
flow f 50000 80
connect c
< S
> SA ack -30000
< R
# Linux sends its SYN again after two ticks then
< S
state SYN_SENT *
> SA
< A
state ESTABLISHED ESTABLISHED
count flows_created 1 bad_acks 1 syn_retrans 1 syn_gap1_ge0ms 1

case SYN-ACK that echoes a timestamp which was never sent
flow f 50000 80
connect c
< S
> SA opt mss=1460,ts=1:12345
< R
state SYN_SENT *
> SA
< A
state ESTABLISHED ESTABLISHED
count flows_created 1 bad_acks 1

case another SYN in SYN_RECEIVED
flow f 80 40000
listen s
> S
< SA
> S seq -5000
< A
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 old_duplicates 1

case bad ACK in SYN_RECEIVED
flow f 80 40000
listen s
> S
< SA
> A ack +1000
< R
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
gauge entered CLOSED 0
count flows_created 1 bad_acks 1

case ACK with a bad sequence number in SYN_RECEIVED
flow f 80 40000
listen s
> S
< SA
> A seq +100000
< A
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1

case TCP_DEFER_ACCEPT, the bare ACK
flow f 80 40000
listen s
opt s defer_accept 5
> S
< SA
> A
quiet
OVERFLOWS 0
state SYN_RECEIVED ESTABLISHED
gauge local SYN_RECEIVED 1
gauge local ESTABLISHED 0
> A len 10
drain
state ESTABLISHED ESTABLISHED
accept c s
read c 10
gauge entered ESTABLISHED 1
count flows_created 1

case a third ACK that PAWS refuses: the collector has ESTABLISHED taken back
flow f 80 40000
listen s
> S opt mss=1460,ts=100000:0
< SA
< SA gap 900 2000
< SA gap 1800 4000
> A opt ts=1:0
< A
wait 2600
state SYN_RECEIVED *
count flows_created 1 synack_retrans 2 corrected 1 halfopen 1 handshakes_completed 1
check
gauge local SYN_RECEIVED 1
gauge local ESTABLISHED 0
gauge entered SYN_RECEIVED 2
gauge entered ESTABLISHED 1
> A opt ts=100001:0
state ESTABLISHED ESTABLISHED
gauge local SYN_RECEIVED 0
gauge entered ESTABLISHED 2
accept c s
count halfopen -1 handshakes_completed 0

case a third ACK that PAWS refuses: the SYN-ACK has ESTABLISHED taken back
flow f 80 40000
listen s
> S opt mss=1460,ts=100000:0
< SA
wait 850
> A opt ts=1:0
< A
< SA
state SYN_RECEIVED *
count flows_created 1 synack_retrans 1 corrected 1 halfopen 1 handshakes_completed 1
check
gauge local SYN_RECEIVED 1
gauge entered SYN_RECEIVED 2
> A opt ts=100001:0
state ESTABLISHED ESTABLISHED
accept c s
count halfopen -1 handshakes_completed 0

case accept queue full at the SYN
flow a 80 40000
listen s 1
> S
< SA
> A
flow c 80 40001
> S
< SA
> A
state ESTABLISHED ESTABLISHED
flow b 80 40002
> S
quiet
OVERFLOWS 1
noflow
gauge remote SYN_SENT 0
gauge local SYN_RECEIVED 0
accept x s
> S
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 3 syn_retrans 0 accept_full 1 over_listener 0

case accept queue full at the SYN, but a program may choose another one of the group
flow a 80 40000
group s 2
chosen s0 0
listen s0 0
> S
< SA
> A
state ESTABLISHED ESTABLISHED
flow b 80 40001
> S
quiet
OVERFLOWS 1
state - SYN_SENT
chosen s0 1
> S
< SA
> A
state ESTABLISHED ESTABLISHED
accept c s1
count flows_created 2 syn_retrans 1 accept_full 1 syns_dropped 0

case accept queue full at the third ACK
flow a 80 40000
listen s 2
> S
< SA
> A
flow c 80 40001
> S
< SA
> A
flow b 80 40002
> S
< SA
flow d 80 40003
> S
< SA
> A
state ESTABLISHED ESTABLISHED
flow b
> A
quiet
OVERFLOWS 1
state SYN_RECEIVED ESTABLISHED
gauge local SYN_RECEIVED 1
gauge local ESTABLISHED 3
accept x s
< SA
> A
state ESTABLISHED ESTABLISHED
gauge entered ESTABLISHED 4
count flows_created 4 synack_retrans 1 synack_gap1_ge750ms 1

case the stack's own SYN cookie holds no request
sysctl net.ipv4.tcp_syncookies 2
asked f 40000
state - ESTABLISHED
gauge local SYN_RECEIVED 0
gauge remote ESTABLISHED 1
> A
state ESTABLISHED ESTABLISHED
count flows_created 1

case the stack's own SYN cookie, closed before anything else has left
sysctl net.ipv4.tcp_syncookies 2
asked f 40000
> A
accept c s
close c
< FA
state FIN_WAIT_1 *
gauge entered SYN_RECEIVED 0
gauge entered ESTABLISHED 1
gauge entered FIN_WAIT_1 1
count flows_created 1

case Fast Open, passive
sysctl net.ipv4.tcp_fastopen 0x603
flow f 80 40000
listen s
opt s fastopen 16
> S len 100 opt mss=1460
< SA ack 101
state SYN_RECEIVED ESTABLISHED
gauge local SYN_RECEIVED 1
accept c s
read c 100
> A
state ESTABLISHED ESTABLISHED
gauge entered SYN_RECEIVED 1
gauge entered ESTABLISHED 1
count flows_created 1 fast_opens 1

case Fast Open, passive, the SYN-ACK again
sysctl net.ipv4.tcp_fastopen 0x603
flow f 80 40000
listen s
opt s fastopen 16
> S len 100 opt mss=1460
< SA ack 101
< SA ack 101 gap 800 1900
state SYN_RECEIVED ESTABLISHED
gauge entered SYN_RECEIVED 1
accept c s
read c 100
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
count flows_created 1 fast_opens 1 halfopen 0 synack_retrans 1 synack_gap1_ge750ms 1

case Fast Open, passive: its child is not half-open, and goes for nobody
sysctl net.ipv4.tcp_fastopen 0x603
sysctl net.tcptrack.overflow recycle
sysctl net.tcptrack.halfopen_listener_max 1
flow f 80 40000
listen s
opt s fastopen 16
> S len 100 opt mss=1460
< SA ack 101
asks g 40001
asks h 40002
flow g
noflow
flow f
flags local,passive,!halfopen
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 3 fast_opens 1 over_listener 1 halfopen_evicted 1 closed_evicted 1

case Fast Open, passive, data sent before the third ACK
sysctl net.ipv4.tcp_fastopen 0x603
flow f 80 40000
listen s
opt s fastopen 16
> S len 100 opt mss=1460
< SA ack 101
accept c s
read c 100
write c 300
< A len 300
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 fast_opens 1

case Fast Open, passive, closed before the third ACK
sysctl net.ipv4.tcp_fastopen 0x603
flow f 80 40000
listen s
opt s fastopen 16
> S len 100 opt mss=1460
< SA ack 101
accept c s
read c 100
close c
< FA
state FIN_WAIT_1 CLOSE_WAIT
> A
state FIN_WAIT_2 CLOSE_WAIT
> FA
< A
state TIME_WAIT CLOSED
gauge entered ESTABLISHED 0
gauge entered FIN_WAIT_1 1
count flows_created 1 fast_opens 1

case Fast Open, refused data
flow f 80 40000
listen s
> S len 100 opt mss=1460
< SA ack 1
state SYN_RECEIVED ESTABLISHED
> A seq 1 len 100
< A ack 101
state ESTABLISHED ESTABLISHED
count flows_created 1

case Fast Open, active
sysctl net.ipv4.tcp_fastopen 0x5
flow f 50000 80
connect c fastopen 200
< S len 200
state SYN_SENT SYN_RECEIVED
> SA
< A
state ESTABLISHED ESTABLISHED
count flows_created 1 fast_opens 1

case forwarded handshake
fwd f 40000 80
> S
state SYN_SENT SYN_RECEIVED
gauge forward SYN_SENT 1
gauge forward SYN_RECEIVED 1
flags forward,!proven
< SA
state ESTABLISHED SYN_RECEIVED
> A
state ESTABLISHED ESTABLISHED
flags forward,proven
gauge forward ESTABLISHED 2
gauge local ESTABLISHED 0
gauge entered ESTABLISHED 0
count flows_created 1

case forwarded simultaneous open
fwd f 40000 80
> S
< S
> SA
< SA
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 simultaneous_opens 1

case forwarded, picked up mid-stream
fwd f 40000 80
> A len 100
state ESTABLISHED ESTABLISHED
flags forward,pickup
< A len 3000 gso 1000
> FA
< A
< FA
> A
state TIME_WAIT CLOSED
count flows_picked_up 1

case forwarded in one direction only
fwd f 40000 80
> S
> A seq 1 ack 1
> A seq 1 ack 1 len 100
> A seq 101 ack 500 len 100
flags forward,oneway
count flows_created 1

case forwarded, only what answers passes
fwd f 40000 80
< SA
< A seq 1 ack 1
flags forward,oneway
state ESTABLISHED ESTABLISHED
< A seq 1 ack 200 len 100
state ESTABLISHED ESTABLISHED
count flows_picked_up 1
EOF
)"
