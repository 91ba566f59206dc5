#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What goes on during a flood: real clients get in, each with a cookie, who is connected
# loses nothing, other listeners do not notice; cookie mode begins and ends where the
# watermarks are. Floods go on until what is looked for has happened.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

N=64		# the bound
CLIENTS=${TCPTRACK_LONG:+1000}
CLIENTS=${CLIENTS:-100}

# get_in: during a flood every client gets in, each with a cookie of ours, as the stack, too,
# counts them.
get_in()
{
	local status
	under_flood || { flood_stop; return 1; }
	stack_begin "$a"
	counters_begin "$b"
	in_ns "$b" traffic client "$to" "$port" echo "$CLIENTS" 1
	status=$?
	flood_stop
	[[ $status -eq 0 ]] &&
		counters_are "$a" cookies_valid "$CLIENTS" cookies_invalid 0 accept_full 0 &&
		stack_is "$a" SyncookiesRecv "$CLIENTS" SyncookiesFailed 0 &&
		no_resets "$a" && no_resets "$b"
}

clients()
{
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=600000
	fresh_server
	begin "$N"
	get_in && watch_under "$N"
}

# Without timestamps a cookie has no options, but for the MSS.
no_timestamps()
{
	local status
	ns_sysctl "$a" net.ipv4.tcp_timestamps=0
	clients && under_flood && options_are ""
	status=$?
	flood_stop
	ns_sysctl "$a" net.ipv4.tcp_timestamps=1
	return "$status"
}

# A SO_REUSEPORT group: one mode for all of its sockets, a limit for each of them.
eight()
{
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=600000
	fresh 1024 8
	begin "$N"
	[[ $(in_ns "$a" ss -Hltn "sport = :$port" | wc -l) -eq 8 ]] && get_in &&
		watch_under $((8 * N)) && watch_is listener_over 0 &&
		listener_is "$port" sockets 8 cookie_modes 1 cookies_valid "$CLIENTS"
}

# bound_to INDEX OPTION...: a listener with these options of listeners.c, and no other.
bound_to()
{
	local status
	listen_as=("${@:2}")
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=600000
	fresh
	listen_as=()
	begin "$N"
	get_in && watch_under "$N" &&
		listener_is "$port" dev "$1" sockets 1 cookie_modes 1 cookies_valid "$CLIENTS"
}

to_device()
{
	bound_to "$(index_of "$1")" -d "$1"
}

index_of()
{
	ip -n "$a" -o link show dev "$1" | sed 's/:.*//'
}

# The device of the flood belongs to it, from now on.
in_vrf()
{
	ip -n "$a" link add red type vrf table 10 && ip -n "$a" link set red up &&
		ip -n "$a" link set v1 master red &&
		ip -n "$a" addr replace fd01:0:0:1::1/64 dev v1 nodad || return
	flood_way "$a" "$b" vrf red
	to_device red
}

# The same options as without a flood, as both ends have them: also ECN, for which the client
# has to ask.
options()
{
	local status all="ts sack ecn wscale:7,7"
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=600000
	ns_sysctl "$b" net.ipv4.tcp_ecn=1
	fresh_server
	begin "$N"
	options_are "$all" && counters_are "$a" cookies_sent 0 && under_flood && options_are "$all" &&
		counters_are "$a" cookies_valid 1
	status=$?
	flood_stop
	ns_sysctl "$b" net.ipv4.tcp_ecn=2
	return "$status"
}

# options_are "OPTION...": those, and the MSS that they leave.
options_are()
{
	local mss=1460 one ns have status=0
	[[ $to == *.* ]] || mss=1440
	[[ $1 != ts* ]] || mss=$((mss - 12))
	hold one "$b" "$to" "$port" 1
	for ns in "$a" "$b"; do
		have=$(in_ns "$ns" ss -Htino state established "( sport = :$port or dport = :$port )" |
			tr ' ' '\n' | grep -xE 'ts|sack|ecn|(wscale|mss|pmtu|advmss):[0-9,]+' | xargs)
		[[ $have == "$1${1:+ }mss:$mss pmtu:1500 advmss:$mss" ]] ||
			{ echo "$ns: $have"; status=1; }
	done
	release one && return "$status"
}

# docker WHERE: a container's port is published by DNAT, and docker-proxy listens on it, too.
# To the early hook an ACK of such a connection is one for that listener, with no socket.
docker()
{
	local c container status
	policy overflow=cookie cookie_start=0 cookie_min_time=600000 cookie_resets=0
	fresh
	begin 0
	ns_add c
	ns_link "$a" "$c" 9
	ip -n "$c" route add default via 10.1.9.1
	ip -n "$c" route add default via fd01:0:0:9::1
	ns_sysctl "$a" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.tcptrack.early_devices=v1 net.tcptrack.early="$1"
	serve container "$c" 80
	in_ns "$a" nft -f - <<-END || return
		table inet docker {
			chain pre {
				type nat hook prerouting priority dstnat;
				ip saddr 10.1.1.2 tcp dport $port dnat ip to 10.1.9.2:80
				ip6 saddr fd01:0:0:1::2 tcp dport $port dnat ip6 to [fd01:0:0:9::2]:80
			}
		}
	END
	published "$c"
	status=$?
	in_ns "$a" nft delete table inet docker
	ns_sysctl "$a" net.tcptrack.early=off net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	serve_end container
	ns_del "$c"
	ip -n "$a" link del v9 2>/dev/null
	return "$status"
}

# published CONTAINER
published()
{
	flood "$port" -n 500 && listener_is "$port" mode cookie cookies_sent 500 &&
		undisturbed container_flooded "$1"
}

container_flooded()
{
	[[ $(in_ns "$1" ss -Htn state established "sport = :80" | wc -l) -eq 4 ]] || return
	counters_begin "$a"
	flood "$port" -n "$ACKS" -a 0 && flood "$port" -n "$ACKS" -a 1400 -s 2 &&
		counters_are "$a" cookies_invalid $((2 * ACKS)) cookies_valid 0 \
			early_acks_dropped 0 early_cookies 0 flows_created 0
}

syn_flood_passes()
{
	local status
	flood_start "$port" -n "$FOREVER"
	wait_for flooded 5000 60 && turns
	status=$?
	flood_stop
	return "$status"
}

transfers()
{
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=600000
	fresh_server
	begin "$N"
	undisturbed syn_flood_passes && watch_under "$N" && in_mode cookie &&
		counters_are "$a" cookies_invalid 0 syns_dropped 0
}

ACKS=${TCPTRACK_LONG:+20000}
ACKS=${ACKS:-5000}

# ack_flood COOKIE_RESETS: each is refused, and the stack sees those of the budget only.
ack_flood()
{
	policy overflow=cookie cookie_start=0 cookie_min_time=600000 cookie_resets="$1"
	fresh_server
	begin 0
	undisturbed acks_pass "$1"
}

acks_pass()
{
	local passed begun now most
	# cookies are in flight, and two of three floods have their tuples
	flood "$port" -n 500 && counters_are "$a" cookies_sent 504 cookies_valid 4 || return
	counters_begin "$a"
	stack_begin "$a"
	now_ms
	begun=$now
	flood "$port" -n "$ACKS" -a 0 && flood "$port" -n "$ACKS" -a 1400 &&
		flood "$port" -n 100 -a 0 -s 2 || return
	now_ms
	# each second no more than twice the budget, on each CPU
	most=$((2 * $1 * $(nproc) * ((now - begun) / 1000 + 2)))
	passed=$(counter_since "$a" cookies_invalid_passed)
	[[ $passed -le $most && ($1 -eq 0 || $passed -gt 0) ]] ||
		{ echo "$passed were passed, of $most at most, in $((now - begun)) ms"; return 1; }
	counters_are "$a" cookies_invalid $((2 * ACKS + 100)) cookies_invalid_unhashed 0 \
		cookies_invalid_passed "$passed" stray "$passed" cookies_valid 0 \
		flows_created 0 flows_picked_up 0 &&
		stack_is "$a" SyncookiesFailed "$passed" SyncookiesRecv 0
}

# others LISTENER_MAX NAMESPACE_MAX: $port is flooded, clients come to another listener.
others()
{
	local other=$((port + 500)) quiet status
	policy overflow=cookie halfopen_listener_max="$1" halfopen_max="$2" cookie_min_time=600000
	fresh
	serve quiet "$a" "$other"
	begin 0
	under_flood && in_ns "$b" traffic client "$to" "$other" echo 20 4
	status=$?
	flood_stop
	[[ $status -eq 0 ]] && watch_under "$N" && other_is "$other" "$2"
	status=$?
	serve_end quiet
	return "$status"
}

# other_is PORT NAMESPACE_MAX
other_is()
{
	if [[ $2 -gt $N ]]; then
		listener_is "$1" cookie_modes 0 mode normal syns 20 cookies_sent 0 syns_dropped 0 &&
			listener_is "$port" cookie_modes 1 mode cookie &&
			counters_are "$a" cookie_modes 1
	else
		listener_is "$1" cookie_modes 0 mode cookie syns 20 cookies_sent 20 cookies_valid 20 &&
			listener_is "$port" cookie_modes 0 mode cookie &&
			counters_are "$a" cookie_modes 1 cookies_valid 20
	fi
}

# Who is connected does not notice that the listener of the flooded port is closed and opened
# again, nor that the module goes and comes; and clients get in.
come_and_go()
{
	local i status=0 servers=() later
	policy overflow=cookie cookie_start=0 cookie_min_time=600000
	fresh_server
	servers=("$server")
	begin 0
	hold transfers "$b" "$to" "$port" 4 holdecho
	flood_start "$port" -n "$FOREVER" -r "$RATE"
	for i in 1 2; do
		in_ns "$a" ss -K state listening sport = ":$port" >/dev/null
		server='' && serve server "$a" "$port" && servers+=("$server")
		in_ns "$b" traffic client "$to" "$port" client 5 || status=1
		tt_unload
		in_ns "$b" traffic client "$to" "$port" client 5 || status=1
		tt_load
		policy overflow=cookie cookie_start=0 cookie_min_time=600000
		counters_begin "$a"
		in_ns "$b" traffic client "$to" "$port" client 5 || status=1
		counters_are "$a" cookies_valid 5 cookies_invalid 0 || status=1
	done
	flood_stop
	release transfers || status=1
	for later in "${servers[@]}"; do serve_end later; done
	server=''
	return "$status"
}

# A SYN that was time-stamped when it came, as all are while somebody wants it of one socket:
# fq would take that for when its answer shall leave.
fq()
{
	local status before stamps eyes
	policy overflow=cookie cookie_start=0 cookie_min_time=600000
	fresh
	in_ns "$a" tc qdisc add dev v1 root fq || return
	background stamps "$a" /usr/bin/python3 -uc 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 35, 1)	# SO_TIMESTAMPNS
print("ready")
time.sleep(600)'
	begin 0
	before=$(received)
	flood "$port" -n 500 && counters_are "$a" cookies_sent 500 cookies_own_buffer 500 &&
		wait_for came "$before" 500 "$DEADLINE" || echo "$(($(received) - before)) answers came"
	[[ $(($(received) - before)) -ge 500 ]]
	status=$?
	# and one who looks on holds the SYN: it has another buffer for the answer
	background eyes "$a" sniff v1 "$port"
	before=$(received)
	flood "$port" -n 500 -s 2 && counters_are "$a" cookies_sent 1000 &&
		wait_for came "$before" 500 "$DEADLINE" &&
		in_ns "$b" traffic client "$to" "$port" client 5 &&
		counters_are "$a" cookies_valid 5 || status=1
	serve_end stamps
	serve_end eyes
	in_ns "$a" tc qdisc del dev v1 root
	return "$status"
}

# Packets that came to $b.
received()
{
	in_ns "$b" awk '$1 == "v1:" { print $3 }' /proc/net/dev
}

came()
{
	[[ $(($(received) - $1)) -ge $2 ]]
}

# One source has its share of the budget, or who spends it could learn from what is left: of
# 6400 none to 200 a second, another share each second, so none at all in three of them is not
# to be expected. The stack has no others.
share_of_budget()
{
	local passed begun now
	policy overflow=cookie cookie_start=0 cookie_min_time=600000 cookie_resets=6400
	fresh
	begin 0
	stack_begin "$a"
	flood "$port" -n 100 || return
	now_ms
	begun=$now
	flood "$port" -n 10000 -r 3333 -a 0 -f 1 -s 7 || return
	now_ms
	passed=$(counter_since "$a" cookies_invalid_passed)
	[[ $passed -gt 0 && $passed -le $((200 * ((now - begun) / 1000 + 2))) ]] ||
		{ echo "one source had $passed in $((now - begun)) ms"; return 1; }
	counters_are "$a" cookies_invalid 10000 cookies_invalid_passed "$passed" stray "$passed" &&
		stack_is "$a" SyncookiesFailed "$passed"
}

conntracked()
{
	in_ns "$a" cat /proc/sys/net/netfilter/nf_conntrack_count
}

# Rules by connection state; cookied SYNs make no entry.
conntrack()
{
	local status before
	policy overflow=cookie cookie_start=0 cookie_min_time=600000
	fresh_server
	in_ns "$a" nft -f - <<-END || return
		table inet t {
			chain i {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				ct state invalid drop
				tcp dport $port ct state new accept
				meta l4proto ipv6-icmp accept
			}
			chain o {
				type filter hook output priority 0; policy drop;
				ct state established,related accept
				meta l4proto ipv6-icmp accept
			}
		}
	END
	begin 0
	before=$(conntracked)
	flood "$port" -n 2000 && counters_are "$a" cookies_sent 2000 &&
		{ [[ $(conntracked) -le $before ]] || { echo "$(conntracked) entries, were $before"; false; }; } &&
		in_ns "$b" traffic client "$to" "$port" echo 20 4 &&
		counters_are "$a" cookies_sent 2020 cookies_valid 20
	status=$?
	in_ns "$a" nft delete table inet t
	return "$status"
}

PULSES=4

# Between two pulses nothing comes, and nothing ends: cookies are on their way.
pulses()
{
	local i
	policy overflow=cookie halfopen_listener_max="$N"
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=1
	fresh
	begin "$N"
	for ((i = 1; i <= PULSES; i++)); do
		flood "$port" -n 500 -s "$i" && listener_is "$port" mode cookie cookie_modes 1 || return
		sleep 3
	done
	once 1 && watch_under "$N" && watch_is listener_over 0 && flood "$port" -n 500 -s 9 && once 2
	i=$?
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=5
	return "$i"
}

# once TIMES: so many floods of $port have begun, and ended; the last one as it should.
once()
{
	local line
	if ! wait_for told_times flood_end "$port" "$1" 90 ||
	   ! told_times flood_start "$port" "$1"; then
		dmesg | grep event=flood
		return 1
	fi
	listener_is "$port" cookie_modes "$1" mode normal || return
	line=$(told flood_end "$port" | tail -n 1)
	[[ $(field duration_ms "$line") -ge 10000 ]] || { echo "too early: $line"; return 1; }
	line_is "$line" class spoofed cookies_valid 0
}

# It begins with the SYN that finds start percent, and ends with no more than end percent.
watermarks()
{
	local line
	policy overflow=cookie halfopen_listener_max="$N"
	fresh
	begin "$N"
	flood "$port" -n 48 && was_held 48 && in_mode normal &&
		flood "$port" -n 1 -s 2 && was_held 48 && in_mode cookie &&
		counters_are "$a" cookie_modes 1 cookies_sent 1 over_listener 0 || return
	line=$(wait_for told_times flood_start "$port" 1 "$DEADLINE"; told flood_start "$port")
	line_is "$line" reason listener halfopen 48 limit "$N" || return
	# the cookie is on its way no longer, but 26 of 64 are more than 40 %
	leave_halfopen 26
	sleep 20
	in_mode cookie || { echo "it ended with 26 of $N"; return 1; }
	leave_halfopen 25
	wait_for in_mode normal "$DEADLINE" || { echo "it does not end with 25 of $N"; return 1; }
	line=$(wait_for told_times flood_end "$port" 1 "$DEADLINE"; told flood_end "$port")
	line_is "$line" class spoofed syns 1 cookies_sent 1 cookies_valid 0 sources 1
}

# leave_halfopen N: of the flood's first SYNs; the others are taken out.
leave_halfopen()
{
	in_ns "$a" ss -K state syn-recv dport ge ":$((1024 + 13 + $1))" >/dev/null
	wait_for holds_now "$a" "$1" 5 || echo "$(halfopen_of "$a") half-open, not $1"
	settle_value "$a" halfopen "$1"
}

# Not before cookie_min_time, however quiet it is.
lasts()
{
	local line
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=30000
	fresh
	begin "$N"
	flood "$port" -n 100 && in_mode cookie && empty "$a"
	wait_for told_times flood_end "$port" 1 60
	line=$(told flood_end "$port")
	[[ $(field duration_ms "$line") -ge 30000 ]] || { echo "too early: $line"; return 1; }
	! time_travels || [[ $(field duration_ms "$line") -lt 32000 ]] || { echo "too late: $line"; return 1; }
}

# Who has a cookie may come back yet: until two windows of 8 s have passed, that counts as
# much as if he were half-open.
in_flight()
{
	local line
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=0
	fresh
	begin "$N"
	flood "$port" -n $((N * 3 / 4 + 100)) && in_mode cookie &&
		counters_are "$a" cookies_sent 100 cookie_modes 1 && empty "$a" || return
	wait_for told_times flood_end "$port" 1 30 || { echo "it does not end"; return 1; }
	in_mode normal || return
	line=$(told flood_end "$port")
	[[ $(field duration_ms "$line") -ge 8000 ]] ||
		{ echo "it ended with 100 cookies in flight: $line"; return 1; }
}

addresses=(10.1.1.1 fd01:0:0:1::1)
if [[ ${TCPTRACK_CI:-} == true ]]; then
	# .ci/run has some seconds for it, not minutes
	addresses=(10.1.1.1)
	ONLY=': ([0-9]+ clients get in|transfers during a flood of SYNs|rules by connection state)'
	plan 3
else
	plan 44
fi
flood_setup
for to in "${addresses[@]}"; do
	if [[ $to == *.* ]]; then any=0.0.0.0; else any=$to; fi
	[[ $to == "${addresses[0]}" ]] || flood_between	# for its log's limit is a namespace's
	run "$CLIENTS clients get in, each with a cookie" clients
	run "without timestamps" no_timestamps
	run "to one of eight listeners" eight
	run "to a listener at $any" bound_to 0 -a "$any"
	run "to a listener that is bound to a device" to_device v1
	run "the same options as without a flood" options
	run "transfers during a flood of SYNs" transfers
	run "transfers during a flood of ACKs; all are refused" ack_flood 0
	run "the stack sees those of the budget only" ack_flood 64
	run "of which one source has its share" share_of_budget
	run "a DNATed connection, early=prerouting" docker prerouting
	run "a DNATed connection, early=ingress" docker ingress
	run "fq, while somebody captures" fq
	run "the listener and the module go and come" come_and_go
	run "another listener does not notice" others "$N" 100000
	run "rules by connection state" conntrack
	run "a flood that pulses" pulses
	run "begins and ends at the watermarks" watermarks
	run "lasts for cookie_min_time" lasts
	run "lasts while cookies are in flight" in_flight
	# that flood ends with the namespace
	run "another listener, but for the namespace's limit" others 0 "$N"
	[[ ${TCPTRACK_CI:-} == true ]] || flood_between
	run "to a listener of a VRF" in_vrf
done
finish
