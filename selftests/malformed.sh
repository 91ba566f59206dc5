#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Segments that lie about themselves: each kind is counted, passed on as if tcptrack
# were not there, and creates nothing. What only looks unusual is followed.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# ARRIVED N: so many segments have come to the stack, whatever it makes of them.
# shellcheck disable=SC2016	# awk's own
arrived='sh [ "$(awk "/^Tcp: [0-9]/ { print \\$11 }" /proc/net/snmp)" -eq \1 ]'
peer_test "$(sed "s|^ARRIVED \(.*\)|$arrived|" <<'EOF'
case bad checksum
flow f 80 40000
listen s
> S badsum
quiet
noflow
ARRIVED 1
count invalid_checksum 1

case bad checksum to a connection
flow f 80 40000
listen s
> S
< SA
> A
> RA badsum
> FA badsum
> S badsum
> A len 10 badsum
quiet
state ESTABLISHED ESTABLISHED
ARRIVED 6
count flows_created 1 invalid_checksum 3

case data offset below 5
flow f 80 40000
listen s
> S doff 4
quiet
noflow
> S doff 0
quiet
noflow
ARRIVED 2
count invalid_offset 2

case data offset beyond the segment
flow f 80 40000
listen s
> S doff 6
quiet
noflow
> S doff 15
quiet
noflow
ARRIVED 2
count invalid_offset 2

case data offset wrong in a connection
flow f 80 40000
listen s
> S
< SA
> A
> RA doff 4
> FA doff 15
quiet
state ESTABLISHED ESTABLISHED
ARRIVED 4
count flows_created 1 invalid_offset 2

case shorter than a TCP header
flow f 80 40000
listen s
> S cut 19
quiet
> S cut 13
quiet
> S cut 8
quiet
> S cut 1
quiet
noflow
ARRIVED 4
count invalid_length 4

case option of length 0: the stack answers all the same, and that is followed
flow f 80 40000
listen s
> S opt hex=0200
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 invalid_option 1

case option of length 1
flow f 80 40000
listen s
> S opt mss=1460,hex=03010101
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 invalid_option 1

case option past the end of the header
flow f 80 40000
listen s
> S opt hex=02080101
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 invalid_option 1

case options that are all right
flow f 80 40000
listen s
> S opt mss=1460,nop,wscale=7,sack,ts=1:0,hex=fd04f989,eol
< SA
> A opt ts=2:0
state ESTABLISHED ESTABLISHED
flow g 80 40001
> S opt nop,nop,nop,eol
< SA
flow h 80 40002
> S opt eol,hex=00ff01
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 3

case forwarded bad checksum is passed on, creates nothing
fwd f 40000 80
> S badsum
noflow
> A badsum len 100
noflow
> RA badsum
noflow
count invalid_checksum 3

case forwarded bad checksum ends nothing
fwd f 40000 80
> S
< SA
> A
> RA badsum
< RA badsum
> FA badsum
state ESTABLISHED ESTABLISHED
count flows_created 1 invalid_checksum 3

case forwarded data offsets are passed on, create nothing
fwd f 40000 80
> S doff 4
noflow
> S doff 15
noflow
count invalid_offset 2

case forwarded options are passed on, create nothing
fwd f 40000 80
> S opt hex=0200
noflow
> S opt hex=0301
noflow
> S opt hex=02080101
noflow
count invalid_option 3

case forwarded fragments are passed on, create nothing
fwd f 40000 80
> A len 1000 frag 600
noflow
> S opt mss=1460,wscale=7 frag 24
noflow
count invalid_fragment 4

case IPv6 fragments of a SYN: the stack answers, and that is followed
only 6
flow f 80 40000
listen s
> S opt mss=1460,wscale=7 frag 24
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 invalid_fragment 2

case IPv6 fragments of a RST: the socket takes it, and that is followed
only 6
opened f 40000
> RA opt nop,nop,nop,nop,nop,nop,nop,nop frag 24
silent
noflow
count flows_created 1 invalid_fragment 2
# the socket says so
with 1 count closed_reset_by_peer 1
with 0 count closed_socket_gone 1

case IPv4 fragments are whole again before LOCAL_IN
only 4
flow f 80 40000
listen s
> S opt mss=1460,wscale=7 frag 24
< SA
> A
accept c s
> A len 1000 frag 600
< A
read c 1000
state ESTABLISHED ESTABLISHED
count flows_created 1

case IPv6 extension headers before TCP
only 6
flow f 80 40000
listen s
> S ext hbh
< SA
state SYN_RECEIVED ESTABLISHED
> A ext dst
state ESTABLISHED ESTABLISHED
accept c s
> FA ext rt
< A
state CLOSE_WAIT FIN_WAIT_2
count flows_created 1

case what is behind an authentication header nobody has checked
only 6
flow f 80 40000
listen s
> S ext ah
noflow
> S
< SA
> A
accept c s
> FA ext ah
> R ext ah
state ESTABLISHED ESTABLISHED
count flows_created 1

case IPv6 extension header past the end of the packet
only 6
flow f 80 40000
listen s
> S ext bad
quiet
noflow
count invalid_header 1

case forwarded IPv6 extension headers
only 6
fwd f 40000 80
> S ext bad lost
noflow
count invalid_header 1

case GSO segments with a FIN at the end
flow f 80 40000
listen s
> S opt mss=1000
< SA
> A
accept c s
> A len 4000 gso 1000
drain
> FA len 4000 gso 1000
drain
read c 8000
read c eof
# 6.1 tells of the window that reading has opened
drain
state CLOSE_WAIT FIN_WAIT_2
close c
< FA
> A
noflow
count flows_created 1 closed_normal 1

case nonlinear: only the IP header is not in frags
sysctl net.ipv4.tcp_early_demux 0
opened f 40000
> A len 6000 linear 40
drain
> FA len 6000 linear 40
drain
read c 12000
read c eof
drain
state CLOSE_WAIT FIN_WAIT_2
close c
< FA
> A
noflow
count flows_created 1 closed_normal 1

case nonlinear, and it lies: checksum, data offset
sysctl net.ipv4.tcp_early_demux 0
flow f 80 40000
listen s
> S len 6000 linear 44 badsum
quiet
> S len 6000 linear 44 doff 4
quiet
noflow
ARRIVED 2
count invalid_checksum 1 invalid_offset 1

case nonlinear SYN, its options in frags
sysctl net.ipv4.tcp_early_demux 0
flow f 80 40000
listen s
> S opt mss=1460,wscale=7 len 6000 linear 40
< SA ack 1
> A seq 1
state ESTABLISHED ESTABLISHED
accept c s
count flows_created 1

case nonlinear SYN, an option that lies in frags
sysctl net.ipv4.tcp_early_demux 0
flow f 80 40000
listen s
> S opt hex=0200 len 6000 linear 40
< SA ack 1
state SYN_RECEIVED ESTABLISHED
count invalid_option 1 flows_created 1

case nonlinear, and it lies in a connection
sysctl net.ipv4.tcp_early_demux 0
flow f 80 40000
listen s
> S
< SA
> A
> RA len 6000 linear 40 badsum
> FA len 6000 linear 40 doff 4
quiet
state ESTABLISHED ESTABLISHED
count flows_created 1 invalid_checksum 1 invalid_offset 1

case forwarded GSO segments with a FIN at the end
fwd f 40000 80
> S opt mss=1000
< SA opt mss=1000
> A
> FA len 4000 gso 1000
state FIN_WAIT_1 CLOSE_WAIT
< FA
> A
state TIME_WAIT CLOSED
count flows_created 1
EOF
)"
