#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Connections that end without a word, or almost: time-outs, ICMP errors, room that
# was needed, and sockets that just go. "silent" marks what no segment shows.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# unreachable FAMILY ERROR, makes_room FAMILY ERROR: a case each
unreachable()
{
	cat <<END
case unreachable, passive (a $2)
only $1
flow f 80 40000
listen s
> S
< SA
icmp $2
noflow
gauge local SYN_RECEIVED 0
silent
count flows_created 1 closed_unreachable 1
END
}

# The stack keeps the request: tcp_v4_err() and tcp_v6_err() ask for the code, too.
not_believed()
{
	cat <<END
case unreachable, passive, but not for the stack (a $2)
only $1
sysctl net.ipv4.tcp_synack_retries 0
flow f 80 40000
listen s
> S
< SA
icmp $2
state SYN_RECEIVED ESTABLISHED
wait 1000
noflow
silent
count flows_created 1 closed_handshake_timeout 1
END
}

makes_room()
{
	cat <<END
case an ICMP error (a $2) makes room at once, a forged one does not
only $1
sysctl net.tcptrack.overflow drop
sysctl net.tcptrack.halfopen_listener_max 1
flow f 80 40000
listen s
> S
< SA
icmp $2 forged
flow g 80 40001
> S
quiet 300
flow f
icmp $2
flow g
> S
< SA
state SYN_RECEIVED ESTABLISHED
flow f
noflow
silent
count flows_created 2 over_listener 1 syns_dropped 1 closed_unreachable 1
END
}

# where five minutes pass at once
long=$(! time_travels || cat <<'EOF'


case only one direction passes here: it is forgotten, however long keepalive would keep it
fwd f 40000 80
> S
> A
state ESTABLISHED ESTABLISHED
flags forward,oneway
mark
wait 298000
gone 299000 303000
gauge forward ESTABLISHED 0
count flows_created 1 closed_idle 1
EOF
)

peer_test "$(cat <<EOF
case handshake timeout, passive
sysctl net.ipv4.tcp_synack_retries 0
flow f 80 40000
listen s
> S
< SA
state SYN_RECEIVED ESTABLISHED
wait 1100
noflow
quiet
silent
gauge local SYN_RECEIVED 0
count flows_created 1 closed_handshake_timeout 1

case handshake timeout, passive, one retransmission
sysctl net.ipv4.tcp_synack_retries 1
flow f 80 40000
listen s
> S
< SA
< SA gap 800 1900
wait 1500
noflow
quiet
silent
count flows_created 1 synack_retrans 1 synack_gap1_ge750ms 1 closed_handshake_timeout 1

# both count as retransmissions, but only the timer's makes the last wait longer
case handshake timeout, passive, the SYN again
sysctl net.ipv4.tcp_synack_retries 1
flow f 80 40000
listen s
> S
< SA
> S
< SA
< SA gap 800 1900
wait 1500
noflow
quiet
silent
count flows_created 1 syn_retrans 1 synack_retrans 2 closed_handshake_timeout 1

case handshake timeout, active
trysysctl net.ipv4.tcp_syn_linear_timeouts 0
flow f 50000 80
bind c
opt c syncnt 1
connect c
< S
< S gap 800 1900
error c ETIMEDOUT
noflow
quiet
silent
count flows_created 1 syn_retrans 1 syn_gap1_ge750ms 1 closed_handshake_timeout 1

case retransmission timeout
opened f 40000
opt c user_timeout 300
write c 100
< A len 100
error c ETIMEDOUT
noflow
silent
# no segment says why
count flows_created 1
with 1 count closed_retrans_timeout 1
with 0 count closed_socket_gone 1

case keepalive timeout
opened f 40000
opt c keepidle 1
opt c keepintvl 1
opt c keepcnt 1
opt c keepalive 1
< A seq -1
error c ETIMEDOUT
noflow
drain
silent
# its RST is all that the wire shows
count flows_created 1
with 1 count closed_retrans_timeout 1
with 0 count closed_reset_by_us 1

case orphan in FIN_WAIT_1 times out
sysctl net.ipv4.tcp_orphan_retries 1
opened f 40000
close c
< FA
state FIN_WAIT_1 CLOSE_WAIT
< FA gap 100 4000
< FA gap 100 4000
noflow
quiet
silent
count flows_created 1 fin_retrans 2 closed_retrans_timeout 1

case unreachable, active
flow f 50000 80
connect c
< S
icmp host
noflow
error c EHOSTUNREACH
silent
count flows_created 1 closed_unreachable 1

case unreachable, active, IP_RECVERR
flow f 50000 80
bind c
opt c recverr 1
connect c
< S
icmp port
noflow
error c ECONNREFUSED
silent
count flows_created 1 closed_unreachable 1

$(unreachable 4 host)

$(unreachable 6 port)

$(not_believed 4 port)

$(not_believed 4 admin)

$(not_believed 6 host)

case a forged ICMP error changes nothing
flow f 50000 80
connect c
< S
icmp host forged
state SYN_SENT SYN_RECEIVED
> SA
< A
icmp host
icmp port
state ESTABLISHED ESTABLISHED
count flows_created 1

case a forged ICMP error changes nothing, passive
flow f 80 40000
listen s
> S
< SA
icmp host forged
icmp port forged
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1

$(makes_room 4 host)

$(makes_room 6 port)

case evicted: unproven flows recycle among themselves
sysctl net.tcptrack.flows_max 64
fwd p 40000 80
> S
< SA
> A
fwd f01 1001 80
> S
fwd f02 1002 80
> S
fwd f03 1003 80
> S
fwd f04 1004 80
> S
fwd f05 1005 80
> S
fwd f06 1006 80
> S
fwd f07 1007 80
> S
fwd f08 1008 80
> S
fwd f09 1009 80
> S
fwd f10 1010 80
> S
fwd f11 1011 80
> S
fwd f12 1012 80
> S
fwd f13 1013 80
> S
fwd f14 1014 80
> S
fwd f15 1015 80
> S
fwd f16 1016 80
> S
fwd f17 1017 80
> S
fwd f18 1018 80
> S
flow f01
noflow
flow f02
noflow
flow f03
state SYN_SENT SYN_RECEIVED
flow p
state ESTABLISHED ESTABLISHED
count flows_created 19 closed_evicted 2

case socket gone: ss -K in SYN_SENT
flow f 50000 80
connect c
< S
state SYN_SENT SYN_RECEIVED
destroy
noflow
quiet
silent
count flows_created 1 closed_socket_gone 1

case socket gone: close in SYN_SENT
flow f 50000 80
connect c
< S
close c
noflow
quiet
silent
count flows_created 1 closed_socket_gone 1

case socket gone: disconnect in SYN_SENT
flow f 50000 80
connect c
< S
disconnect c
noflow
quiet
silent
count flows_created 1 closed_socket_gone 1

case socket gone: its listener closes
flow f 80 40000
listen s
> S
< SA
# before, the collector cannot tell it from the end of tcp_synack_retries=0
< SA gap 800 1900
close s
# the request stays until its timer finds that nobody listens: 3 s after the SYN
wait 2100
noflow
quiet
silent
gauge local LISTEN 0
count synack_retrans 1 synack_gap1_ge750ms 1
count flows_created 1 closed_socket_gone 1

case socket gone: ss -K on a request
flow f 80 40000
listen s
> S
< SA
< SA gap 800 1900
destroy
noflow
silent
count synack_retrans 1 synack_gap1_ge750ms 1
count flows_created 1 closed_socket_gone 1

case socket gone: ss -K on TIME_WAIT
opened f 40000
close c
< FA
> FA
< A
state TIME_WAIT CLOSED
# before the collector has seen its timer, it could as well have found no room
wait 1200
destroy
noflow
silent
count flows_created 1 closed_socket_gone 1

case no room for a TIME_WAIT socket: closed all the same
sysctl net.ipv4.tcp_max_tw_buckets 0
opened f 40000
close c
< FA
> FA
< A
noflow
silent
count flows_created 1 closed_normal 1

case no room for an orphan's FIN_WAIT_2
sysctl net.ipv4.tcp_max_tw_buckets 0
opened f 40000
close c
< FA
> A
noflow
silent
count flows_created 1 closed_idle 1

case ss -K in ESTABLISHED sends a RST
opened f 40000
destroy
drain
noflow
silent
count flows_created 1 closed_reset_by_us 1

case disconnect in ESTABLISHED sends a RST
opened f 40000
disconnect c
< RA
noflow
silent
count flows_created 1 closed_reset_by_us 1

case an idle flow that passes through: as long as keepalive would let it
sysctl net.ipv4.tcp_keepalive_time 2
sysctl net.ipv4.tcp_keepalive_probes 2
sysctl net.ipv4.tcp_keepalive_intvl 1
fwd f 40000 80
> S
< SA
> A
> A len 10
state ESTABLISHED ESTABLISHED
mark
gone 3900 6500
gauge forward ESTABLISHED 0
gauge forward CLOSED 0
count flows_created 1 closed_idle 1

case an idle flow that passes through, kept by its segments
sysctl net.ipv4.tcp_keepalive_time 2
sysctl net.ipv4.tcp_keepalive_probes 2
sysctl net.ipv4.tcp_keepalive_intvl 1
fwd f 40000 80
> S
< SA
> A
wait 3000
> A len 10
wait 3000
< A
state ESTABLISHED ESTABLISHED
mark
gone 3900 6500
count flows_created 1 closed_idle 1
EOF
)$long"
