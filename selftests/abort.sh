#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Connections that this host resets after its FIN: what arrives finds nobody who would
# read it, or who closes has not read all. The socket is CLOSED before its RST leaves.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

peer_test "$(cat <<'EOF'
case data for an orphan in FIN_WAIT_1
opened f 40000
close c
< FA
> A len 10 ack -1
< R
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case data for an orphan that acknowledges its FIN
opened f 40000
close c
< FA
> A len 10
< R
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case data and FIN for an orphan in FIN_WAIT_1
opened f 40000
close c
< FA
> FA len 10
< R
noflow
gauge entered TIME_WAIT 0
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case data and FIN for an orphan that do not acknowledge its FIN
opened f 40000
close c
< FA
> FA len 10 ack -1
< R
noflow
gauge entered CLOSING 0
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case data after a shutdown both ways
opened f 40000
shutdown c both
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
> A len 10
< R
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case an orphan without FIN_WAIT_2
opened f 40000
opt c linger2 -1
close c
< FA
> A
< R
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case closed without FIN_WAIT_2
opened f 40000
opt c linger2 -1
shutdown c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
close c
< RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case data unread in FIN_WAIT_2
opened f 40000
shutdown c
< FA
> A
> A len 100
< A
close c
< RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1 half_closes 1

case aborted in FIN_WAIT_2
opened f 40000
shutdown c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
abort c
< RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case disconnected in FIN_WAIT_2
opened f 40000
shutdown c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
disconnect c
< RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case data unread in LAST_ACK
opened f 40000
> A len 100
< A
> FA
< A
shutdown c
< FA
state LAST_ACK TIME_WAIT
close c
< RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1

case data unread in CLOSING
opened f 40000
> A len 100
< A
shutdown c
< FA
> FA ack -1
< A
state CLOSING TIME_WAIT
close c
< RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1 simultaneous_closes 1

case the peer's RST crosses ours
opened f 40000
abort c
< RA
> RA
noflow
gauge entered CLOSED 1
count flows_created 1 closed_reset_by_us 1
EOF
)"
