#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SYN cookies: what else their SYNs and ACKs may be: data, buffers of each kind, a lost ACK,
# one that comes again and again (as by the stack's own cookies), a tuple that has just been
# another connection's, a full accept queue, a SO_REUSEPORT group.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

script=$(cat <<'EOF'
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

case Fast Open: a cookie acknowledges nothing of the data, nor does its ACK
sysctl net.ipv4.tcp_fastopen 0x603
sysctl net.tcptrack.cookie_start 0
flow f 80 40000
listen s
opt s fastopen 16
> S opt mss=1460 len 100
< SA ack 1
> A seq 1
state ESTABLISHED ESTABLISHED
> A seq 1 len 100
< A ack 101
accept c s
read c 100
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case a listener of MPTCP: who had a cookie has fallen back to TCP
sysctl net.tcptrack.cookie_start 0
flow f 80 40000
mptcp s
listen s
> S opt mss=1460,hex=1e040101
< SA
> A
state ESTABLISHED ESTABLISHED
accept c s
> A len 10
< A ack +0
read c 10
write c 100
< PA len 100
> A
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
asks g 40001
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
asks a 40001
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

case the listener was closed and opened again meanwhile: it takes its cookies all the same
sysctl net.tcptrack.cookie_start 0
asked f 40000
close s
sysctl net.tcptrack.cookie_start 75
listen s
> A
state ESTABLISHED ESTABLISHED
accept c s
STACK SyncookiesRecv 1 SyncookiesFailed 0
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case a cookie of one of eight listeners comes back to another
EIGHT
noflow
chosen s0 7
> A
state ESTABLISHED ESTABLISHED
accept c s7
STACK SyncookiesRecv 1 SyncookiesFailed 0
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case the packet chooses among the eight: its data, as for the stack
sysctl net.tcptrack.overflow drop
sysctl net.tcptrack.halfopen_listener_max 1
flow f 80 40000
group s 8
chosenby s0
> S len 100
< SA ack 1
flow g 80 40001
> S len 100
quiet
flow h 80 40002
> S len 100
quiet
flow i 80 40003
> S len 100
quiet
count flows_created 1 over_listener 3 syns_dropped 3

case the eight have one stamp: the stack takes its own SYN cookie, without us
EIGHT
sysctl net.tcptrack.mode off
chosen s0 7
> A
accept c s7
sysctl net.tcptrack.mode enforce
> A len 100
< A
read c 100
state ESTABLISHED ESTABLISHED
STACK SyncookiesRecv 1 SyncookiesFailed 0
count flows_adopted 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1

case a connection of a SYN cookie that is not followed is not judged, also without early demux
sysctl net.ipv4.tcp_early_demux 0
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
sysctl net.tcptrack.mode off
asked f 40000
> A
accept c s
sysctl net.tcptrack.mode enforce
asks g 40001
flow f
> A len 100
< A
read c 100
state ESTABLISHED ESTABLISHED
count flows_adopted 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1
EOF
)

# One cookie again and again: while its connection is there, after it has gone, and (where
# minutes pass in an instant) when it is too old. The same lines for us and for the stack.
replayed=$(cat <<'EOF'
asked f 40000
> A
state ESTABLISHED ESTABLISHED
accept c s
> A
quiet
> R
read c ECONNRESET
noflow
> A
state ESTABLISHED ESTABLISHED
accept d s
> A len 100
< A
read d 100
close d
< FA
> A seq 1
< A
> FA
< A
state TIME_WAIT CLOSED
> A seq 1
< A
state TIME_WAIT CLOSED
STACK SyncookiesRecv 2 SyncookiesFailed 0
EOF
)
too_old=$(cat <<'EOF'
wait 121000
noflow
asks g 40001
flow f
> A seq 1 ack 1
< R
noflow
STACK SyncookiesRecv 2 SyncookiesFailed 1
EOF
)
ours="count flows_created 2 closed_forgotten 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 \
cookies_valid 2"
theirs="count flows_created 1 flows_adopted 1 closed_forgotten 1 stray 1"
if time_travels; then
	replayed+=$'\n'$too_old
	ours="count flows_created 2 closed_normal 1 closed_forgotten 1 cookie_modes 1 \
cookies_sent 2 cookies_own_buffer 2 cookies_valid 2 cookies_invalid 1 cookies_invalid_passed 1 stray 1"
	theirs="count flows_created 2 flows_adopted 1 closed_normal 1 closed_forgotten 1 stray 2"
fi

script+=$(cat <<EOF


case a cookie that is replayed: ours
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_min_time 600000
sysctl net.tcptrack.cookie_resets 100000
$replayed
$ours

case a cookie that is replayed: the stack's own SYN cookie
sysctl net.ipv4.tcp_syncookies 2
sysctl net.tcptrack.mode monitor
$replayed
$theirs
EOF
)
# EIGHT: a group of listeners, the first of which has sent a cookie
eight='sysctl net.tcptrack.cookie_start 0
flow f 80 40000
group s 8
chosen s0 0
> S opt mss=1460
< SA'
script=${script//EIGHT/"$eight"}
# STACK [COUNTER N]...: what the stack itself has counted
script=$(sed '/^STACK /{s/ \([A-Z][A-Za-z]*\) \([0-9]*\)/ \&\& nstat -asz TcpExt\1 | grep -q "^TcpExt\1 *\2 "/g
	s/^STACK && /sh /}' <<<"$script")

peer_test "$script"
