#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# insmod in the middle of it: a socket in each of its states is followed at once, as what it
# is, and from there on as if the module had always been there.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

transitions_not "the module comes in the middle of them"
PEER_JOBS=1	# one module at a time

# (a packet may still be in one of its hooks)
cat >"$scratch/again" <<-END
	#!/bin/bash
	with=\$(</sys/module/tcptrack/parameters/tracepoint)
	for ((i = 0; i < 100; i++)); do rmmod tcptrack && break; sleep 0.1; done
	insmod "$TCPTRACK_KO" tracepoint="\$with"
END
chmod 755 "$scratch/again"

cases=$(cat <<'EOF'
case SYN_SENT
flow f 50000 80
connect c
< S
AGAIN
state SYN_SENT *
gauge local SYN_SENT 1
drain
> SA
< A
state ESTABLISHED ESTABLISHED
maybe syn_retrans
count flows_adopted 1

case SYN_RECEIVED
flow f 80 40000
listen s
> S
< SA
AGAIN
state SYN_RECEIVED *
gauge local SYN_RECEIVED 1
gauge local LISTEN 1
drain
> A
state ESTABLISHED ESTABLISHED
accept c s
maybe synack_retrans
count flows_adopted 1 handshakes_completed 1

case ESTABLISHED
OPENED
AGAIN
state ESTABLISHED *
shutdown c
< FA
state FIN_WAIT_1 *
count flows_adopted 1

case FIN_WAIT_1
OPENED
shutdown c
< FA
AGAIN
state FIN_WAIT_1 *
> A
state FIN_WAIT_2 *
> FA
< A
state TIME_WAIT *
count flows_adopted 1

case FIN_WAIT_2
OPENED
shutdown c
< FA
> A
AGAIN
state FIN_WAIT_2 *
> FA
< A
state TIME_WAIT *
count flows_adopted 1

case CLOSING
OPENED
close c
< FA
> FA ack -1
< A ack +0
AGAIN
state CLOSING *
> A
state TIME_WAIT *
count flows_adopted 1

case TIME_WAIT
OPENED
close c
< FA
> FA
< A
AGAIN
state TIME_WAIT *
gauge local TIME_WAIT 1
count flows_adopted 1

case CLOSE_WAIT
OPENED
> FA
< A
AGAIN
state CLOSE_WAIT *
close c
< FA
state LAST_ACK *
> A
noflow
count flows_adopted 1 closed_normal 1

case LAST_ACK
OPENED
> FA
< A
close c
< FA
AGAIN
state LAST_ACK *
> A
noflow
count flows_adopted 1 closed_normal 1
EOF
)

# OPENED: a connection, and what is not acknowledged is not sent again so soon. (One family has
# the first route.)
opened="sh ip route replace 10.9.0.0/24 dev peer0 rto_min 10s 2>/dev/null; \
ip route add fd09::/64 dev peer0 metric 1 rto_min 10s 2>/dev/null; true
asked f 40000
> A
accept c s"
cases=${cases//OPENED/"$opened"}
peer_test "${cases//AGAIN/"sh $scratch/again"}"
