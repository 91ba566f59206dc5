#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A flood of forwarded SYNs and ACKs at ten times flows_max: it recycles among itself,
# and every real flow, of this host or through it, is still followed. And forward=0.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# Real flows before the flood and after it: eight through us, eight of a server here.
real()
{
	local i
	for i in 1 2 3 4 5 6 7 8; do
		printf 'fwd p%d %d 80\n> S\n< SA\n> A\n' $i $((2000 + i))
		printf 'flow l%d 80 %d\n> S\n< SA\n> A\naccept c%d s\n' $i $((3000 + i)) $i
	done
}

followed()
{
	local i
	for i in 1 2 3 4 5 6 7 8; do
		printf 'flow p%d\nstate ESTABLISHED ESTABLISHED\nflags proven\n' $i
		printf 'flow l%d\nstate ESTABLISHED ESTABLISHED\nflags proven\n' $i
	done
}

# One of this host's and one that passes by, now the current one.
one_each()
{
	printf 'flow l 80 3000\nlisten s\n> S\n< SA\n> A\n'
	printf 'fwd p 1 80\n> S\n< SA\n> A\nstate ESTABLISHED ESTABLISHED\n'
}

closed()
{
	local i
	for i in 1 2 3 4 5 6 7 8; do
		printf 'flow p%d\n> FA\nstate FIN_WAIT_1 CLOSE_WAIT\n' $i
		printf '< FA\nstate TIME_WAIT LAST_ACK\n> A\nstate TIME_WAIT CLOSED\n'
		printf 'flow l%d\n> FA\n< A\nstate CLOSE_WAIT FIN_WAIT_2\n' $i
		printf 'close c%d\n< FA\n> A\nnoflow\n' $i
	done
}

peer_test "$(cat <<EOF
case flood of forwarded SYNs, ten times flows_max
sysctl net.tcptrack.flows_max 64
flow l 80 1
listen s
$(real)
fwd p 1 80
flood 640 S
$(followed)
count flows_created 656 closed_evicted 624

case flood of forwarded ACKs, ten times flows_max
sysctl net.tcptrack.flows_max 64
flow l 80 1
listen s
$(real)
fwd p 1 80
flood 640 A
$(followed)
count flows_created 16 flows_picked_up 640 closed_evicted 624

case flood of both, then all real flows close
sysctl net.tcptrack.flows_max 64
flow l 80 1
listen s
$(real)
fwd p 1 80
flood 640 S
flood 640 A len 10
$(followed)
$(closed)
count flows_created 656 flows_picked_up 640 closed_evicted 1264 closed_normal 8

case new flows find room in the middle of the flood
sysctl net.tcptrack.flows_max 64
flow l 80 1
listen s
fwd p 1 80
flood 640 S
$(real)
flow p
flood 640 A
$(followed)
count flows_created 656 flows_picked_up 640 closed_evicted 1264

case forward=0: what passes by is not looked at, what is for this host is
sysctl net.tcptrack.forward 0
fwd p 1 80
> S
< SA
> A
noflow
sh [ "\$(awk '\$1 == "segments_seen" { print \$2 }' /proc/net/tcptrack)" -eq 0 ]
flow l 80 3000
listen s
> S
< SA
> A
state ESTABLISHED ESTABLISHED
count flows_created 1

case forward=0 ends what is known, and only that; with 1 again, it is picked up
$(one_each)
sysctl net.tcptrack.forward 0
noflow
> A len 10
noflow
flow l
state ESTABLISHED ESTABLISHED
sysctl net.tcptrack.forward 1
flow p
> A len 10
state ESTABLISHED ESTABLISHED
count flows_created 2 closed_idle 1 flows_picked_up 1

case mode=off ends it as well: what closes meanwhile is not there afterwards
$(one_each)
sysctl net.tcptrack.mode off
noflow
> FA
< FA
> A
sysctl net.tcptrack.mode enforce
noflow
flow l
state ESTABLISHED ESTABLISHED
count flows_created 2 closed_idle 1
EOF
)"
