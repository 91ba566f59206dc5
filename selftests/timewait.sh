#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# After the close: TIME_WAIT (RFC 1337, RFC 6191) and orphans in FIN_WAIT_2.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# Where no time passes, the collector does not come before the SYN.
unseen=$(! time_travels || cat <<'EOF'


case of a TIME_WAIT socket that was not followed no state was entered
sysctl net.tcptrack.mode off
opened f 40000
close c
< FA
> FA
< A
sysctl net.tcptrack.mode enforce
> S seq -1000
< A
gauge local TIME_WAIT 1
gauge entered ESTABLISHED 0
gauge entered FIN_WAIT_1 0
gauge entered FIN_WAIT_2 0
silent
count flows_created 1 old_duplicates 1
EOF
)

peer_test "$(cat <<'EOF'
case orphan in FIN_WAIT_2, then its FIN
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
wait 1200
state FIN_WAIT_2 CLOSE_WAIT
> FA
< A
state TIME_WAIT CLOSED
count flows_created 1

case orphan in FIN_WAIT_2 times out
opened f 40000
opt c linger2 1
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
wait 1500
noflow
silent
count flows_created 1 closed_idle 1

case orphan in FIN_WAIT_2 gets data
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> A len 10
< R
noflow
silent
count flows_created 1 closed_reset_by_us 1

case orphan in FIN_WAIT_2 gets data and a FIN
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> FA len 10
< R
noflow
gauge entered TIME_WAIT 0
silent
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case orphan in FIN_WAIT_2 gets a RST in its window
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> RA seq +100
silent
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_peer 1

case orphan in FIN_WAIT_2 gets a RST beyond its window, then in it
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> RA seq +1000000
state FIN_WAIT_2 CLOSE_WAIT
> RA seq +100
silent
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_peer 1 rst_ignored 1

case orphan in FIN_WAIT_2 gets a SYN in its window
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> S seq +100
< RA
silent
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case orphan in FIN_WAIT_2 gets data that acknowledges what was never sent
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> A len 10 ack +1000000
< R
silent
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case FIN retransmitted to TIME_WAIT
opened f 40000
close c
< FA
> FA
< A
> FA seq -1
< A
state TIME_WAIT CLOSED
gauge entered TIME_WAIT 1
count flows_created 1 timewait_restarted 1 fin_retrans 1

case TIME_WAIT reopened by a SYN beyond it (RFC 6191)
opened f 40000
close c
< FA
> FA
< A
state TIME_WAIT CLOSED
iss +100000
> S
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
gauge local TIME_WAIT 0
gauge entered TIME_WAIT 1
gauge entered CLOSED 1
count flows_created 2 timewait_reopened 1 closed_normal 1

case TIME_WAIT reopened by a newer timestamp (RFC 6191)
flow f 80 40000
listen s
> S opt mss=1460,ts=1000:0
< SA
> A opt ts=1001:0
accept c s
close c
< FA
> FA opt ts=1002:0
< A
state TIME_WAIT CLOSED
iss -50000
wait 1100
> S opt mss=1460,ts=9000:0
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 2 timewait_reopened 1 closed_normal 1

case TIME_WAIT is not reopened by a SYN-ACK with a newer timestamp
flow f 80 40000
listen s
> S opt mss=1460,ts=1000:0
< SA
> A opt ts=1001:0
accept c s
close c
< FA
> FA opt ts=1002:0
< A
state TIME_WAIT CLOSED
iss -50000
wait 1100
> SA opt mss=1460,ts=9000:0
< A
state TIME_WAIT CLOSED
count flows_created 1 timewait_reopened 0 synack_retrans 1

case TIME_WAIT, tcp_timestamps=0: a newer timestamp is none
flow f 80 40000
listen s
> S opt mss=1460,ts=1000:0
< SA
> A opt ts=1001:0
accept c s
close c
< FA
> FA opt ts=1002:0
< A
state TIME_WAIT CLOSED
sysctl net.ipv4.tcp_timestamps 0
iss -50000
wait 1100
> S opt mss=1460,ts=9000:0
< A
state TIME_WAIT CLOSED
count flows_created 1 timewait_reopened 0 old_duplicates 1

case forwarded: TIME_WAIT reopened by a newer timestamp (RFC 6191)
fwd f 40000 80
> S
< SA
> A
< FA
> FA
< A
state CLOSED TIME_WAIT
iss -50000
> S opt mss=1460,ts=9000:0
state CLOSED TIME_WAIT
< SA seq +100000
state ESTABLISHED SYN_RECEIVED
> A ack +100001
state ESTABLISHED ESTABLISHED
count flows_created 2 timewait_reopened 1 closed_normal 1 old_duplicates 1

case TIME_WAIT stays where there is no room for the SYN
flow f 80 40000
listen s 0
> S
< SA
> A
accept c s
close c
< FA
> FA
< A
state TIME_WAIT CLOSED
flow g 80 40001
> S
< SA
> A
state ESTABLISHED ESTABLISHED
flow f
iss +100000
> S
state TIME_WAIT CLOSED
quiet
silent
count flows_created 2 closed_normal 0 accept_full 1

case TIME_WAIT refuses an old SYN (RFC 6191)
opened f 40000
close c
< FA
> FA
< A
> S seq -5000
< A
state TIME_WAIT CLOSED
count flows_created 1 old_duplicates 1

case an old SYN for a TIME_WAIT takes no other's place
sysctl net.tcptrack.overflow recycle
sysctl net.tcptrack.halfopen_listener_max 1
opened f 40000
close c
< FA
> FA
< A
asks g 40001
flow f
> S seq -5000
< A
state TIME_WAIT CLOSED
flow g
state SYN_RECEIVED ESTABLISHED
count flows_created 2 old_duplicates 1

case a SYN that ends an orphan in FIN_WAIT_2 takes no other's place
sysctl net.tcptrack.overflow recycle
sysctl net.tcptrack.halfopen_listener_max 1
opened f 40000
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
asks g 40001
flow f
> S seq +100
< RA
noflow
flow g
state SYN_RECEIVED ESTABLISHED
silent
count flows_created 2 closed_reset_by_us 1

case a SYN beyond a TIME_WAIT with an older timestamp takes no other's place
sysctl net.tcptrack.overflow recycle
sysctl net.tcptrack.halfopen_listener_max 1
flow f 80 40000
listen s
> S opt mss=1460,ts=1000:0
< SA
> A opt ts=1001:0
accept c s
close c
< FA
> FA opt ts=1002:0
< A
state TIME_WAIT CLOSED
asks g 40001
flow f
iss +100000
> S opt mss=1460,ts=500:0
< A
gauge local TIME_WAIT 1
flow g
state SYN_RECEIVED ESTABLISHED
count flows_created 2

case TIME_WAIT assassinated (tcp_rfc1337=0)
sysctl net.ipv4.tcp_rfc1337 0
opened f 40000
close c
< FA
> FA
< A
state TIME_WAIT CLOSED
> R
noflow
gauge entered CLOSED 1
count flows_created 1 timewait_assassinated 1 closed_normal 1

case TIME_WAIT not assassinated (tcp_rfc1337=1)
sysctl net.ipv4.tcp_rfc1337 1
opened f 40000
close c
< FA
> FA
< A
> R
quiet
state TIME_WAIT CLOSED
count flows_created 1 rst_ignored 1

case TIME_WAIT and a RST outside
opened f 40000
close c
< FA
> FA
< A
> R seq +5000
state TIME_WAIT CLOSED
count flows_created 1 rst_ignored 1

case the same port to another peer is a new flow at once
opened f 40000
close c
< FA
> FA
< A
flow g 80 40001
> S
< SA
> A
state ESTABLISHED ESTABLISHED
flow f
state TIME_WAIT CLOSED
gauge local TIME_WAIT 1
gauge local ESTABLISHED 1
count flows_created 2
EOF
)$unseen"
