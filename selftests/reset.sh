#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How connections end otherwise: every close reason, and every RST, SYN and ICMP
# error that must not end one (RFC 9293, 3.10.7.4; RFC 5961).

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# where there is a page that makes its reader wait
held=$([[ ! -e /proc/sys/vm/unprivileged_userfaultfd ]] || cat <<'EOF'


case the owner is in the middle of a write: the collector does not take it for a new one
opened f 40000
own c
> RA
gauge local ESTABLISHED 0
looked 3
gauge local ESTABLISHED 0
disown c
< PA
read c ECONNRESET
noflow
count flows_created 1 closed_reset_by_peer 1

case the owner is in the middle of a write: a FIN, and a RST of its number
opened f 40000
own c
> FA
> R seq -1
disown c
read c eof
noflow
gauge entered CLOSE_WAIT 1
count flows_created 1 closed_forgotten 1
EOF
)

# The collector comes each 750 ms (830, as far as this kernel's timers go), and peer has seen it
# 50 ms later at most; here, where no time passes for what is done, when one likes. A
# rule behind our hook has the RST for as long as its socket might not have had it.
underway=$(! time_travels || cat <<'EOF'


case what closes it has passed the hook only: the collector waits, and then believes the socket
opened f 40000
sh nft add table inet t
sh nft 'add chain inet t i { type filter hook input priority 2147483647; }'
sh nft add rule inet t i tcp flags rst drop
looked 1
wait 640
> RA
looked 1
gauge local ESTABLISHED 0
looked 1
gauge local ESTABLISHED 1
state ESTABLISHED ESTABLISHED
silent
count flows_created 1 flows_adopted 1 closed_reset_by_peer 1
EOF
)

peer_test "$(cat <<'EOF'
case reset by the peer
opened f 40000
> RA
noflow
read c ECONNRESET
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_peer 1

case reset by the peer in CLOSE_WAIT
opened f 40000
> FA
< A
> RA
noflow
count flows_created 1 closed_reset_by_peer 1

case reset by the peer in FIN_WAIT_1
opened f 40000
close c
< FA
> RA
noflow
count flows_created 1 closed_reset_by_peer 1

case reset by us
opened f 40000
abort c
< RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case closed with data unread
opened f 40000
> A len 100
< A
close c
< RA
noflow
count flows_created 1 closed_reset_by_us 1

case listener closed with the child not accepted
flow f 80 40000
listen s
> S
< SA
> A
state ESTABLISHED ESTABLISHED
close s
< RA
noflow
gauge local LISTEN 0
count flows_created 1 closed_reset_by_us 1

case refused, passive
flow f 81 40000
> S
< RA
noflow
gauge entered SYN_RECEIVED 0
count flows_created 1 closed_refused 1

case refused, active
flow f 50000 80
connect c
< S
> RA
noflow
error c ECONNREFUSED
gauge entered SYN_SENT 1
gauge entered CLOSED 1
count flows_created 1 closed_refused 1

case RST to SYN_SENT without or with a wrong ACK is none
flow f 50000 80
connect c
< S
> R
> RA ack +1000
# Linux sends its SYN again after two ticks then
< S
state SYN_SENT *
> SA
< A
state ESTABLISHED ESTABLISHED
count flows_created 1 rst_ignored 2 syn_retrans 1 syn_gap1_ge0ms 1

case half-open reset
flow f 80 40000
listen s
> S
< SA
state SYN_RECEIVED ESTABLISHED
> R
noflow
gauge local LISTEN 1
gauge entered SYN_RECEIVED 1
count flows_created 1 closed_halfopen_reset 1

case half-open, a RST outside
flow f 80 40000
listen s
> S
< SA
> R seq +100000
drain
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 rst_ignored 1

case forgotten: the peer no longer knows the connection
asked f 40000
> A
accept c s
write c 100
< A len 100
> R
noflow
read c ECONNRESET
count flows_created 1 closed_forgotten 1

case RST in the window is challenged (RFC 5961, 3.2)
flow f 80 40000
listen s
> S
< SA
> A
> R seq +100
< A ack +0
state ESTABLISHED ESTABLISHED
count flows_created 1 challenge_acks 1

case RST at the end of what lies behind a hole
flow f 80 40000
listen s
> S opt mss=1460,hex=01010402
< SA
> A
accept c s
> A seq +100 len 10
< A ack +0
> RA seq +110
noflow
read c ECONNRESET
count flows_created 1 closed_reset_by_peer 1

case SYN in the window is challenged (RFC 5961, 4.2)
flow f 80 40000
listen s
> S
< SA
> A
> S seq +100
< A ack +0
state ESTABLISHED ESTABLISHED
count flows_created 1 challenge_acks 1

case SYN outside the window is challenged as well
flow f 80 40000
listen s
> S
< SA
> A
> S seq +1000000
< A ack +0
state ESTABLISHED ESTABLISHED
count flows_created 1 challenge_acks 1

case RST outside the window is ignored
opened f 40000
> R seq +1000000
> R seq -2
quiet
state ESTABLISHED ESTABLISHED
count flows_created 1 rst_ignored 2

case FIN outside the window is acknowledged and dropped
flow f 80 40000
listen s
> S
< SA
> A
> FA seq +1000000
< A ack +0
state ESTABLISHED ESTABLISHED
count flows_created 1 old_duplicates 1

case FIN that acknowledges what was never sent
flow f 80 40000
listen s
> S
< SA
> A
> FA seq +0 ack +100000
drain
state ESTABLISHED ESTABLISHED
count flows_created 1 bad_acks 1

case FIN that acknowledges what is long past (RFC 5961, 5.2)
flow f 80 40000
listen s
> S
< SA
> A
> FA seq +0 ack -1000000
drain
state ESTABLISHED ESTABLISHED
count flows_created 1 bad_acks 1

case RST, SYN and FIN outside the window in FIN_WAIT_2
opened f 40000
shutdown c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> R seq +1000000
quiet
> FA seq +1000000
< A
state FIN_WAIT_2 *
count flows_created 1 rst_ignored 1 old_duplicates 1

case forwarded, picked up: judged again, once it is in step
fwd f 40000 80
> A len 100
< A len 100
> A
flags forward,!pickup
> R seq +1000000
< R seq +1000000
> FA seq +1500000000
state ESTABLISHED ESTABLISHED
> RA
noflow
count flows_picked_up 1 challenge_acks 2 old_duplicates 1 closed_reset_by_peer 1

case forwarded, picked up: its RST ends a connection, not a handshake
fwd f 40000 80
> A len 100
> RA
noflow
count flows_picked_up 1 closed_reset_by_peer 1

case a segment without flags proves no SYN_SENT
silent
flow f 50000 80
bind c
connect c
< S
> 0
state SYN_SENT *
flags local,!proven
close c
noflow
count flows_created 1 closed_socket_gone 1

case probes that open nothing, no listener
flow f 81 40000
> SF
drain
> F
drain
> 0
drain
> FPU
drain
noflow
count probe_syn_fin 1 probe_fin 1 probe_null 1 probe_xmas 1

case a RST with a SYN is a RST
opened f 40000
> SRA seq +0
noflow
error c ECONNRESET
count flows_created 1 closed_reset_by_peer 1

case a RST with a SYN refuses an active open
flow f 50000 80
connect c
< S
> SRA
noflow
error c ECONNREFUSED
count flows_created 1 closed_refused 1

case a RST by a rule ends no socket here
opened f 40000
sh nft add table inet t
sh nft 'add chain inet t i { type filter hook input priority 0; }'
sh nft add rule inet t i tcp dport 80 reject with tcp reset
> A len 100
< R
state ESTABLISHED CLOSED
sh nft flush ruleset
write c 100
< A len 100
state ESTABLISHED CLOSED
count flows_created 1

case probes that open nothing, at a listener
flow f 80 40000
listen s
> F
quiet
> 0
quiet
> FPU
quiet
noflow
count probe_fin 1 probe_null 1 probe_xmas 1

case ACK to no connection
flow f 81 40000
> A ack +0
< R
noflow
drain
gauge entered CLOSED 0
count stray 1

case forwarded: reset by either side
fwd f 40000 80
> S
< SA
> A
> RA
noflow
fwd g 40001 80
> S
< SA
> A
< RA
noflow
count flows_created 2 closed_reset_by_peer 2

case forwarded: refused, half-open reset
fwd f 40000 80
> S
< RA
noflow
fwd g 40001 80
> S
< SA
> R
noflow
count flows_created 2 closed_refused 1 closed_halfopen_reset 1

case forwarded: forgotten
fwd f 40000 80
> S
< SA
> A
> A len 100
< R
noflow
count flows_created 1 closed_forgotten 1

case forwarded: what neither end would believe
fwd f 40000 80
> S
< SA
> A
> R seq +1000000
< R seq +1000000
> FA seq +1000000
> S seq +1000000
state ESTABLISHED ESTABLISHED
count flows_created 1 rst_ignored 2 old_duplicates 1 challenge_acks 1
EOF
)$held$underway"
