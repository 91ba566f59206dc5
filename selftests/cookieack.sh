#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SYN cookies: what else their SYNs and ACKs may be: data, buffers of each kind, a lost ACK,
# one that comes again and again, a tuple that has just been another connection's, a full
# accept queue.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

peer_test "$(cat <<'EOF'
case the third ACK is lost: nothing is sent again, what the client says next opens
sysctl net.tcptrack.cookie_start 0
asked f 40000
quiet 3500
noflow
> A len 10
< A ack +0
state ESTABLISHED ESTABLISHED
accept c s
read c 10
write c 100
< PA len 100
> A
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case a SYN with data, of which nothing is acknowledged
sysctl net.tcptrack.cookie_start 0
flow f 80 40000
listen s
> S opt mss=1460 len 100
< SA ack 1
> A seq 1
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case a SYN with data in frags
sysctl net.tcptrack.cookie_start 0
flow f 80 40000
listen s
> S opt mss=1460 len 6000 linear 40
< SA ack 1
> A seq 1
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_valid 1

case a SYN with data as GSO
sysctl net.tcptrack.cookie_start 0
flow f 80 40000
listen s
> S opt mss=1460 len 4000 gso 1000
< SA ack 1
> A seq 1
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_valid 1

case a tuple whose connection we have just reset
asked f 40000
> A
accept c s
> A len 100
< A
sysctl net.tcptrack.cookie_start 0
close c
< RA
iss +100000
> S opt mss=1460
< SA
> A
state ESTABLISHED ESTABLISHED
wait 2500
state ESTABLISHED ESTABLISHED
count flows_created 2 closed_reset_by_us 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case a cookie that comes back again and again does not make others be taken for lost
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
asked f 40000
> A
state ESTABLISHED ESTABLISHED
> R
noflow
> A
state ESTABLISHED ESTABLISHED
> R
noflow
> A
state ESTABLISHED ESTABLISHED
wait 2500
flow g 80 40001
> S opt mss=1460
< SA
wait 4000
> A
state ESTABLISHED ESTABLISHED
count flows_created 4 cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 cookies_valid 4 closed_forgotten 2

case bad ACKs are refused while the accept queue is full, a good one waits for a place
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
flow b 80 40002
listen s 0
> S opt mss=1460
< SA
flow a 80 40001
> S opt mss=1460
< SA
> A
state ESTABLISHED ESTABLISHED
flow g 80 40003
repeat 20 > A ack 1000
quiet
noflow
flow b
> A
quiet
noflow
flow a
accept c s
flow b
> A
state ESTABLISHED ESTABLISHED
count flows_created 2 cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 cookies_valid 2 cookies_invalid 20 stray 1
EOF
)"
