#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How connections end in peace: RFC 9293, 3.6, and what a lost, early or
# repeated FIN changes.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# Linux takes it since 6.12; before, when it comes again.
bare_fin()
{
	cat <<'EOF'
case a bare FIN in a closed window
flow f 80 40000
bind s
opt s rcvbuf 1
listen s
asks f 40000
> A
accept c s
> A len 1152
< A ack +0 win 0
> FA
EOF
	if [[ $(uname -r) == 6.1.* ]]; then
		cat <<'EOF'
< A ack 1153
state ESTABLISHED *
read c 1152
drain
> FA seq -1
EOF
	fi
	cat <<'EOF'
drain
state CLOSE_WAIT FIN_WAIT_2
count flows_created 1

EOF
}

peer_test "$(bare_fin; cat <<'EOF'
case passive close
opened f 40000
> FA
< A ack +0
state CLOSE_WAIT FIN_WAIT_2
gauge local CLOSE_WAIT 1
gauge remote FIN_WAIT_2 1
close c
< FA
state LAST_ACK TIME_WAIT
gauge local LAST_ACK 1
gauge remote TIME_WAIT 1
> A
noflow
gauge entered CLOSE_WAIT 1
gauge entered LAST_ACK 1
gauge entered CLOSED 1
gauge entered TIME_WAIT 0
count flows_created 1 closed_normal 1

case active close
opened f 40000
close c
< FA
state FIN_WAIT_1 CLOSE_WAIT
gauge local FIN_WAIT_1 1
gauge remote CLOSE_WAIT 1
> A
state FIN_WAIT_2 CLOSE_WAIT
gauge local FIN_WAIT_2 1
> FA
< A ack +0
state TIME_WAIT CLOSED
gauge local TIME_WAIT 1
gauge remote CLOSED 1
gauge entered FIN_WAIT_1 1
gauge entered FIN_WAIT_2 1
gauge entered TIME_WAIT 1
gauge entered CLOSED 0
count flows_created 1

case remote LAST_ACK
opened f 40000
shutdown c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
# the FIN behind a hole is only pending; its sender is in LAST_ACK already
> FA seq +100
< A
state FIN_WAIT_2 LAST_ACK
gauge remote LAST_ACK 1
> A len 100
< A ack 102
state TIME_WAIT CLOSED
count flows_created 1

case FIN and ACK of ours in one segment
opened f 40000
close c
< FA
> FA
< A ack +0
state TIME_WAIT CLOSED
gauge entered FIN_WAIT_1 1
gauge entered FIN_WAIT_2 1
gauge entered TIME_WAIT 1
count flows_created 1

case simultaneous close
opened f 40000
close c
< FA
> FA ack -1
< A ack +0
state CLOSING TIME_WAIT
gauge local CLOSING 1
> A
state TIME_WAIT TIME_WAIT
gauge entered FIN_WAIT_1 1
gauge entered FIN_WAIT_2 0
gauge entered CLOSING 1
gauge entered TIME_WAIT 1
count flows_created 1 simultaneous_closes 1

case simultaneous close, the peer's FIN behind a hole
opened f 40000
shutdown c
< FA
> FA seq +100 ack -1
< A ack 1
state FIN_WAIT_1 CLOSING
gauge remote CLOSING 1
> A len 100 ack -1
drain
state CLOSING TIME_WAIT
> A seq +1
state TIME_WAIT TIME_WAIT
count flows_created 1 simultaneous_closes 1

case half-close, the peer goes on sending
opened f 40000
shutdown c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> A len 500
< A ack 501
read c 500
> A len 500
< A ack 1001
read c 500
state FIN_WAIT_2 CLOSE_WAIT
> FA
< A
state TIME_WAIT CLOSED
count flows_created 1 half_closes 1

case half-close, we go on sending
opened f 40000
> FA
< A
read c eof
write c 500
< A len 500
> A
write c 500
< A len 500
> A
state CLOSE_WAIT FIN_WAIT_2
close c
< FA
> A
noflow
count flows_created 1 half_closes 1 closed_normal 1

case FIN and data not acknowledged stay in FIN_WAIT_1
opened f 40000
write c 100
< A len 100
close c
< FA
> A ack 51
state FIN_WAIT_1 CLOSE_WAIT
> A
state FIN_WAIT_2 CLOSE_WAIT
count flows_created 1

case close with a closed window: FIN_WAIT_1 before any FIN
flow f 80 40000
listen s
> S
< SA
> A win 0
accept c s
write c 100
close c
state FIN_WAIT_1 *
drain
> A win 65535
< FA len 100
> A
state FIN_WAIT_2 CLOSE_WAIT
gauge entered FIN_WAIT_1 1
silent
count flows_created 1

case our FIN again
opened f 40000
close c
< FA
< FA gap 100 4000
state FIN_WAIT_1 CLOSE_WAIT
> A
state FIN_WAIT_2 CLOSE_WAIT
count flows_created 1 fin_retrans 1

case our FIN acknowledged by the peer's, sent again: LAST_ACK
opened f 40000
> FA
< A
close c
< FA
state LAST_ACK TIME_WAIT
> FA seq -1
noflow
gauge entered LAST_ACK 1
count flows_created 1 fin_retrans 1 closed_normal 1

case our FIN acknowledged by the peer's, sent again: CLOSING
opened f 40000
close c
< FA
> FA ack -1
< A
state CLOSING TIME_WAIT
> FA seq -1
state TIME_WAIT TIME_WAIT
count flows_created 1 fin_retrans 1 simultaneous_closes 1

case our FIN acknowledged by data sent again
opened f 40000
> A len 100
< A
read c 100
close c
< FA
> A seq -100 len 100
state FIN_WAIT_2 CLOSE_WAIT
count flows_created 1

case the peer's FIN again
opened f 40000
> FA
< A
> FA seq -1
< A
state CLOSE_WAIT FIN_WAIT_2
close c
< FA
> A
noflow
count flows_created 1 fin_retrans 1 closed_normal 1

case an old FIN, ESTABLISHED (RFC 7323, 5.3)
flow f 80 40000
listen s
> S opt mss=1460,ts=100000:0
< SA
> A opt ts=100001:0
accept c s
> FA opt ts=1:0
< A ack 1
state ESTABLISHED ESTABLISHED
count flows_created 1 old_duplicates 1
> FA seq -1 opt ts=100002:0
< A ack 2
state CLOSE_WAIT FIN_WAIT_2
count old_duplicates 0

case an old ACK and an old FIN, FIN_WAIT
flow f 80 40000
listen s
> S opt mss=1460,ts=100000:0
< SA
> A opt ts=100001:0
accept c s
close c
< FA
> A opt ts=1:0
< A ack 1
state FIN_WAIT_1 *
> A opt ts=100002:0
state FIN_WAIT_2 CLOSE_WAIT
> FA opt ts=1:0
< A ack 1
state FIN_WAIT_2 CLOSE_WAIT
> FA seq -1 opt ts=100003:0
< A ack 2
state TIME_WAIT CLOSED
count flows_created 1 old_duplicates 1

case an old FIN again, LAST_ACK
flow f 80 40000
listen s
> S opt mss=1460,ts=100000:0
< SA
> A opt ts=100001:0
accept c s
> FA opt ts=100002:0
< A ack 2
close c
< FA
> FA seq -1 opt ts=1:0
< A ack 2
state LAST_ACK TIME_WAIT
> A opt ts=100003:0
noflow
count flows_created 1 flows_adopted 0 closed_normal 1 old_duplicates 1

case old data for nobody, FIN_WAIT_2
flow f 80 40000
listen s
> S opt mss=1460,ts=100000:0
< SA
> A opt ts=100001:0
accept c s
close c
< FA
> A opt ts=100002:0
state FIN_WAIT_2 CLOSE_WAIT
> A len 10 opt ts=1:0
< A ack 1
state FIN_WAIT_2 CLOSE_WAIT
# before the collector has seen its timer, it could as well have found no room
wait 1200
destroy
noflow
count flows_created 1 closed_socket_gone 1 closed_reset_by_us 0

case the last ACK was lost
opened f 40000
> FA
< A
close c
< FA
< FA gap 100 4000
state LAST_ACK TIME_WAIT
> A
noflow
count flows_created 1 fin_retrans 1 closed_normal 1

case early FIN, then the data before it
opened f 40000
> FA seq +100
< A ack 1
state ESTABLISHED FIN_WAIT_1
gauge remote FIN_WAIT_1 1
> A len 100
< A ack 102
state CLOSE_WAIT FIN_WAIT_2
read c 100
read c eof
gauge entered CLOSE_WAIT 1
count flows_created 1

case forwarded close
fwd f 40000 80
> S
< SA
> A
> FA
state FIN_WAIT_1 CLOSE_WAIT
gauge forward FIN_WAIT_1 1
gauge forward CLOSE_WAIT 1
< A
state FIN_WAIT_2 CLOSE_WAIT
gauge forward FIN_WAIT_2 1
< A len 100
> A
< FA
state TIME_WAIT LAST_ACK
gauge forward TIME_WAIT 1
gauge forward LAST_ACK 1
> A
state TIME_WAIT CLOSED
gauge forward CLOSED 1
count flows_created 1 half_closes 1

case forwarded simultaneous close
fwd f 40000 80
> S
< SA
> A
> FA
< FA ack -1
state CLOSING CLOSING
gauge forward CLOSING 2
> A
< A
state TIME_WAIT TIME_WAIT
gauge forward TIME_WAIT 2
count flows_created 1 simultaneous_closes 1
EOF
)"
