#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SYN cookies: when they are sent, what their ACK brings, what any other ACK brings,
# segment by segment; then real clients, all of which have to get in.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

CLIENTS=${TCPTRACK_CLIENTS:-100}

script=$(cat <<'EOF'
case a cookie completes the handshake
sysctl net.tcptrack.cookie_start 0
asked f 40000
noflow
> A
state ESTABLISHED ESTABLISHED
flags local,passive,proven
accept c s
gauge entered SYN_RECEIVED 1
gauge entered ESTABLISHED 1
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case data on the third ACK
sysctl net.tcptrack.cookie_start 0
asked f 40000
> A len 200
< A ack +0
state ESTABLISHED ESTABLISHED
accept c s
read c 200
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case the ACK never comes, the next SYN does
sysctl net.tcptrack.cookie_start 0
asked f 40000
noflow
> S opt mss=1460
< SA
noflow
count cookie_modes 1 cookies_sent 2 cookies_own_buffer 2

case forged ACKs are dropped without a word
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
asked f 40000
flow g 80 40001
repeat 50 > A ack 1000
quiet
noflow
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_invalid 50

case a cookie of another tuple is refused
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
asked f 40000
asks g 40001
> A ack 700
quiet
noflow
> A ack 1
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 cookies_invalid 1 cookies_valid 1

case cookie_resets lets the stack answer
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 100000
asked f 40000
flow g 80 40001
> A ack 1000
< R
noflow
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_invalid 1 cookies_invalid_passed 1 stray 1

case nothing is hashed while no cookie is in flight
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
asked f 40000
> A
state ESTABLISHED ESTABLISHED
wait 2500
flow g 80 40001
> A ack 1000
quiet
noflow
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1 cookies_invalid 1 cookies_invalid_unhashed 1

case a cookie that comes back again and again pays for no other
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
asks g 40001
wait 1500
> A
state ESTABLISHED ESTABLISHED
count flows_created 4 cookie_modes 1 cookies_sent 2 cookies_own_buffer 2 cookies_valid 4 closed_forgotten 2

case an end that has had a socket is not judged
sysctl net.tcptrack.cookie_resets 0
asked f 40000
state SYN_RECEIVED ESTABLISHED
sysctl net.tcptrack.cookie_start 0
asks g 40001
flow f
destroy
> A
< R
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 closed_reset_by_us 1

case the other listener is not in cookie mode
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
asked f 40000
> A
state ESTABLISHED ESTABLISHED
wait 2500
flow g 81 40001
listen t
> A ack 1000
< R
noflow
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1 stray 1

case outside of cookie mode no ACK is judged
flow f 80 40000
listen s
> A ack 1000
< R
noflow
count stray 1

case cookie mode begins at the start watermark
sysctl net.tcptrack.halfopen_listener_max 4
sysctl net.tcptrack.cookie_start 50
sysctl net.tcptrack.halfopen_timeout_min 600000
asked a 40001
asks b 40002
asks c 40003
noflow
> A
state ESTABLISHED ESTABLISHED
flow b
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
flow a
> A
state ESTABLISHED ESTABLISHED
count flows_created 3 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case an honest burst fills the backlog without cookies
flow a 80 40001
listen s 3
> S opt mss=1460
< SA
asks b 40002
asks c 40003
state SYN_RECEIVED ESTABLISHED
asks d 40004
noflow
> A
state ESTABLISHED ESTABLISHED
flow a
> A
flow b
> A
flow c
> A
state ESTABLISHED ESTABLISHED
count flows_created 4 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1

case who has answered keeps the time that the stack gives him (TCP_DEFER_ACCEPT)
sysctl net.tcptrack.overflow recycle
sysctl net.tcptrack.halfopen_timeout_min 1000
flow a 80 40001
listen s 4
opt s defer_accept 30
> S opt mss=1460
< SA
> A
asks b 40002
> A
flow c 80 40003
mark
> S opt mss=1460
< SA
gone 1000 3500
drain
flow a
state SYN_RECEIVED ESTABLISHED
> A len 10
< A
accept c s
read c 10
state ESTABLISHED ESTABLISHED
flow b
state SYN_RECEIVED ESTABLISHED
> A len 10
< A
state ESTABLISHED ESTABLISHED
maybe synack_retrans
count flows_created 3 halfopen_expired 1 closed_handshake_timeout 1

case who has answered is no reason for cookies, nor in the way of anybody
sysctl net.tcptrack.cookie_resets 0
flow a 80 40001
listen s 4
opt s defer_accept 30
> S opt mss=1460
< SA
> A
asks b 40002
> A
asks c 40003
> A
wait 1300
asks d 40004
state SYN_RECEIVED ESTABLISHED
> A len 10
< A
state ESTABLISHED ESTABLISHED
asks e 40005
state SYN_RECEIVED ESTABLISHED
count flows_created 5

case for another one, who has answered goes last
sysctl net.tcptrack.overflow recycle
sysctl net.tcptrack.halfopen_listener_max 2
flow a 80 40001
listen s 4
opt s defer_accept 30
> S opt mss=1460
< SA
> A
asks b 40002
asks c 40003
flow b
noflow
flow a
state SYN_RECEIVED ESTABLISHED
flow c
> A
asks d 40004
flow a
noflow
flow c
state SYN_RECEIVED ESTABLISHED
count flows_created 4 over_listener 2 halfopen_evicted 2 closed_evicted 2

case who answers all pins no more than half of the places
sysctl net.tcptrack.overflow recycle
sysctl net.tcptrack.halfopen_listener_max 4
flow a 80 40001
listen s 4
opt s defer_accept 30
> S opt mss=1460
< SA
> A
asks b 40002
> A
asks c 40003
> A
asks d 40004
> A
asks e 40005
asks f 40006
flow e
> A len 10
< A
state ESTABLISHED ESTABLISHED
flow b
noflow
flow c
state SYN_RECEIVED ESTABLISHED
count flows_created 6 over_listener 2 halfopen_evicted 2 closed_evicted 2

case without tcp_syncookies, and with overflow=drop, the last quarter is left to the stack
sysctl net.ipv4.tcp_syncookies 0
sysctl net.ipv4.tcp_max_syn_backlog 4
sysctl net.tcptrack.overflow drop
asked a 40001
sh awk 'NR == 2 { limit = $8 } END { exit limit != 128 }' /proc/net/tcptrack_listeners
sysctl net.tcptrack.overflow recycle
sh awk 'NR == 2 { limit = $8 } END { exit limit != 4 }' /proc/net/tcptrack_listeners
count flows_created 1

case without tcp_syncookies the stack leaves a quarter of tcp_max_syn_backlog free
sysctl net.ipv4.tcp_syncookies 0
sysctl net.ipv4.tcp_max_syn_backlog 4
asked a 40001
asks b 40002
asks c 40003
asks d 40004
asks e 40005
state SYN_RECEIVED ESTABLISHED
flow a
noflow
count flows_created 5 over_listener 1 halfopen_evicted 1 closed_evicted 1

case tcp_syncookies is switched off: the stack takes no cookie, and none is counted
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
asked f 40000
sysctl net.ipv4.tcp_syncookies 0
> A
< R
count cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 stray 1

case a SYN for a socket of a listener without cookies is not counted as left
sysctl net.tcptrack.cookie_start 0
asked f 40000
sysctl net.tcptrack.cookie_start 75
flow g 81 40001
listen t
> S opt mss=1460
< SA
> S seq -1 opt mss=1460
< SA
state SYN_RECEIVED ESTABLISHED
count flows_created 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 syn_retrans 1 synack_retrans 1 synack_gap1_ge0ms 1

case without tcp_syncookies the oldest goes
sysctl net.ipv4.tcp_syncookies 0
sysctl net.tcptrack.halfopen_listener_max 1
asked a 40001
asks b 40002
state SYN_RECEIVED ESTABLISHED
flow a
noflow
flow b
> A
state ESTABLISHED ESTABLISHED
count flows_created 2 over_listener 1 halfopen_evicted 1 closed_evicted 1

case monitor counts and changes nothing
sysctl net.tcptrack.mode monitor
sysctl net.tcptrack.cookie_start 0
asked f 40000
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 1 cookie_modes 1

case a SYN on a TIME_WAIT tuple is the stack's
sysctl net.tcptrack.cookie_start 0
asked f 40000
> A
accept c s
close c
< FA
> FA
< A
state TIME_WAIT CLOSED
iss +100000
> S opt mss=1460
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 2 timewait_reopened 1 closed_normal 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1 cookie_left_socket 1

case nothing is answered while the accept queue is full
sysctl net.tcptrack.cookie_start 0
flow a 80 40001
listen s 0
> S opt mss=1460
< SA
> A
state ESTABLISHED ESTABLISHED
flow b 80 40002
> S opt mss=1460
quiet
count flows_created 1 accept_full 1 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1 cookies_valid 1
EOF
)

# What lasts minutes: where they pass in an instant.
long=$(cat <<'EOF'

case a cookie of two minutes ago is refused
sysctl net.tcptrack.cookie_start 0
sysctl net.tcptrack.cookie_resets 0
asked f 40000
wait 121000
asks g 40001
flow f
> A
quiet
noflow
count cookie_modes 2 cookies_sent 2 cookies_own_buffer 2 cookies_invalid 1

case cookie mode ends when no cookie is on its way
sysctl net.tcptrack.halfopen_listener_max 2
sysctl net.tcptrack.halfopen_timeout_min 600000
sysctl net.ipv4.tcp_synack_retries 0
asked a 40001
asks b 40002
asks c 40003
noflow
wait 20000
> S opt mss=1460
< SA
state SYN_RECEIVED ESTABLISHED
> A
state ESTABLISHED ESTABLISHED
count flows_created 3 closed_handshake_timeout 2 cookie_modes 1 cookies_sent 1 cookies_own_buffer 1
EOF
)
! time_travels || script+=$long

# get_in ADDRESS MODE [NS]: all clients, each with a cookie, as the stack says, too.
get_in()
{
	counters_begin "$a"
	stack_begin "$a"
	in_ns "${3:-$b}" traffic client "$1" 80 "$2" "$CLIENTS" || return
	# their SYNs are clones, without a checksum: there is another buffer for the answer
	counters_are "$a" syns "$CLIENTS" cookies_sent "$CLIENTS" cookies_valid "$CLIENTS" \
		cookies_own_buffer 0 cookies_invalid 0 flows_created "$CLIENTS" || return
	stack_is "$a" SyncookiesRecv "$CLIENTS" SyncookiesFailed 0 ListenDrops 0 && parity "$a" && parity "$b"
}

options_of()
{
	in_ns "$a" ss -Htino state established sport = :80 |
		grep -oE '(ts|sack|ecn|wscale:[0-9,]+|mss:[0-9]+|pmtu:[0-9]+|advmss:[0-9]+)( |$)' |
		tr -d '\n'
}

# same_options ADDRESS COOKIES: of a connection with a cookie of ours, and of one that
# the stack alone has made with that tcp_syncookies.
same_options()
{
	local with without
	hold one "$b" "$1" 80 1
	with=$(options_of)
	release one || return
	ns_sysctl "$a" net.tcptrack.mode=monitor net.ipv4.tcp_syncookies="$2"
	[[ $2 -ne 2 ]] || transitions_mark "the stack's own SYN cookie"
	hold two "$b" "$1" 80 1
	without=$(options_of)
	release two || return
	transitions_mark
	ns_sysctl "$a" net.tcptrack.mode=enforce net.ipv4.tcp_syncookies=1
	[[ -n $with && $with == "$without" ]] && return
	echo "with a cookie: $with, without: $without"
	return 1
}

# timestamps ADDRESS VALUE COOKIES: 0: the stack has no place then for window scale and SACK,
# nor have we; 2: without an offset.
timestamps()
{
	ns_sysctl "$a" net.ipv4.tcp_timestamps="$2"
	get_in "$1" keep && same_options "$1" "$3"
	local status=$?
	ns_sysctl "$a" net.ipv4.tcp_timestamps=1
	return "$status"
}

logged()
{
	dmesg | grep -c "tcptrack: event=$1 netns=$inode listener=\[::\]:80 "
}

logged_is()
{
	[[ $(logged "$1") -eq $2 ]]
}

# One line when it begins, one when it ends.
told()
{
	local begun
	ns_sysctl "$a" net.tcptrack.cookie_min_time=100 net.tcptrack.cookie_start=75
	settle_mode 0 || return
	begun=$(logged flood_start)
	logged_is flood_end "$begun" || { echo "not as many ends as beginnings"; return 1; }
	ns_sysctl "$a" net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000
	in_ns "$b" traffic client "$1" 80 keep 10 || return
	settle_mode 1 || return
	ns_sysctl "$a" net.tcptrack.cookie_start=75 net.tcptrack.cookie_min_time=100
	settle_mode 0 || return
	wait_for logged_is flood_end $((begun + 1)) 5 && logged_is flood_start $((begun + 1)) &&
		dmesg | grep "event=flood_end netns=$inode" | tail -n 1 |
			grep ' class=crowd .* cookies_sent=10 cookies_valid=10 .* sources=1$' && return
	dmesg | grep "event=flood"
	return 1
}

settle_mode()
{
	wait_for value_is "$a" cookie_mode "$1" 30 || {
		echo "cookie_mode $(proc_value "$a" cookie_mode), not $1"
		return 1
	}
}

cases=$(peer_count "$script") || exit "$KSFT_FAIL"
plan $((cases + 17))
tt_load
peer_cases "" "$script"

ns_add a b
inode=$(in_ns "$a" stat -Lc %i /proc/self/ns/net)
ns_link "$a" "$b" 1
ns_sysctl "$a" net.tcptrack.cookie_start=0 net.core.somaxconn=4096
serve server "$a" 80
for to in 10.1.1.1 fd01:0:0:1::1; do
	for mode in keep client server half; do
		check "$to, $mode: every client gets in with a cookie" get_in $to $mode
	done
	check "$to: the same options as without a cookie" same_options $to 1
	check "$to: over loopback" get_in $to keep "$a"
done
for to in 10.1.1.1 fd01:0:0:1::1; do
	check "$to: without timestamps" timestamps $to 0 2
	check "$to: timestamps without an offset" timestamps $to 2 1
done
check "one line when it begins, one when it ends" told 10.1.1.1
finish
