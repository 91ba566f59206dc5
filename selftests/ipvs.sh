#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A director of IPVS: what it passes on is one flow, between the client and the real server,
# whichever way IPVS makes of it; what it opens itself is one, too, and its sockets' own. No
# SYN for a virtual service is answered, or counted, by us.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

find_tool
N=5
# (What passes by just after a RST is picked up, so those that abort are not exact where neither
# end is here; and of a direct return nobody here learns that the server has aborted.)
MODES="keep client server half"
ALL=$((N * 5))		# those, and hold
# Nothing of what is followed may look as if it were not of its flow. (closed_forgotten may: an
# orphan's RST has no ACK, and what nothing proves is forgotten on a slow machine.)
NONE="flows_picked_up 0 flows_adopted 0 flows_refused_full 0 stray 0 bad_acks 0 old_duplicates 0
	challenge_acks 0 rst_ignored 0 corrected 0 closed_handshake_timeout 0
	invalid_fragment 0 invalid_header 0 invalid_length 0 invalid_offset 0 invalid_option 0
	invalid_checksum 0"

# none_else [NAME CHANGE]...: these, and nothing amiss
none_else()
{
	# shellcheck disable=SC2086	# a list
	counters_are "$d" "$@" $NONE
}

# service VIRTUAL REAL HOW: port 80 of an address; HOW is ipvsadm's, -m or -g
service()
{
	in_ns "$d" ipvsadm -A -t "$1" -s rr && in_ns "$d" ipvsadm -a -t "$1" -r "$2" "$3"
}

agree()
{
	local ns
	for ns in "$c" "$d" "$real"; do parity "$ns" || return; done
}

# listed N END FLAGS: so many flows with this end and these flags are ESTABLISHED on both sides,
# and no others.
listed()
{
	in_ns "$d" awk -v n="$1" -v to="$2" -v flags="$3" '
		$4 == "ESTABLISHED" && $5 == "ESTABLISHED" {
			if (($2 != to && $3 != to) || $9 != flags) bad++
			n-- }
		END { exit n || bad }' /proc/net/tcptrack_flows && return
	echo "not $1 flows of $2, $3:"
	in_ns "$d" grep ESTABLISHED /proc/net/tcptrack_flows
	return 1
}

# [ADDRESS]:PORT, as it is listed
end()
{
	if [[ $1 == *:* ]]; then echo "[$1]:$2"; else echo "$1:$2"; fi
}

# connections NS ADDRESS PORT END FLAGS: of each kind; the last ones are looked at while they are
# open: they are flows that have this end.
connections()
{
	local m h status
	for m in $MODES; do
		in_ns "$1" traffic client "$2" "$3" "$m" "$N" || { echo "$m is lost"; return 1; }
	done
	hold h "$1" "$2" "$3" "$N"
	wait_for listed "$N" "$4" "$5" "$DEADLINE" >/dev/null
	listed "$N" "$4" "$5" && agree
	status=$?
	release h || return
	[[ $status -eq 0 ]] && agree
}

# VIRTUAL REAL: to another address and port, and back, and both ways pass here.
masquerade()
{
	counters_begin "$d"
	connections "$c" "$1" 8000 "$(end "$2" 80)" forward,proven &&
		none_else flows_created "$ALL" segments_repeat 0 && state_is "$d" forward ESTABLISHED 0
}

# What the director's TCP has sent, with what it has sent again.
sent()
{
	in_ns "$d" awk '/^Tcp: [0-9]/ { print $12 + $13 }' /proc/net/snmp
}

# VIRTUAL: each segment passes LOCAL_OUT twice, to that address and to the real server's.
own()
{
	local before MODES="$MODES rserver rclient" ALL=$((ALL + 2 * N))
	before=$(sent)
	counters_begin "$d"
	connections "$d" "$1" 8000 "$(end "$1" 8000)" local,proven &&
		none_else flows_created "$ALL" segments_repeat $(($(sent) - before))
}

# VIRTUAL REAL: which is here
own_server()
{
	local MODES="$MODES rserver rclient" ALL=$((ALL + 2 * N))
	counters_begin "$d"
	connections "$c" "$1" 8001 "$(end "$2" 80)" local,passive,proven &&
		none_else flows_created "$ALL" segments_repeat 0
}

# VIRTUAL CLIENT WAY: the real server answers the client without us.
direct()
{
	local status
	ip -n "$real" route replace "$2" via "$3" || return
	counters_begin "$d"
	connections "$c" "$1" 80 "$(end "$1" 80)" forward,oneway
	status=$?
	ip -n "$real" route del "$2" via "$3"
	[[ $status -eq 0 ]] && none_else flows_created "$ALL" segments_repeat 0 &&
		state_is "$d" forward ESTABLISHED 0
}

# flooded WHERE SEED: what comes is IPVS's, wherever we would answer, and in cookie mode.
flooded()
{
	local n=200
	ns_sysctl "$d" net.tcptrack.early="$1" net.tcptrack.cookie_start=0
	counters_begin "$d"
	in_ns "$c" flood -m "$mac_d" -n "$n" -s "$2" v1 "$to" 8000 >/dev/null &&
		counters_are "$d" flows_created "$n" syns 0 syns_dropped 0 cookie_modes 0 cookies_sent 0 \
			cookies_invalid 0 early_cookies 0 segments_repeat 0 &&
		value_is "$d" halfopen 0
}

# What was closed is forgotten in time, and what is unanswered.
none_sticks()
{
	DEADLINE=240 settle_value "$d" flows 0
}

# setup: $c, the client, is at v1 of $d, the director; $real, the real server, is at v2 of it and
# at v3 of the client.
setup()
{
	local ns
	ns_add c d real
	flood_link mac_d "$d" "$c"
	ns_link "$d" "$real" 2
	ns_link "$real" "$c" 3
	ns_sysctl "$d" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for ns in "$d" "$real"; do
		ip -n "$ns" addr add 10.9.0.2/32 dev lo
		ip -n "$ns" addr add fd09::2/128 dev lo nodad
	done
	ip -n "$d" addr add 10.9.0.1/32 dev lo
	ip -n "$d" addr add fd09::1/128 dev lo nodad
	ip -n "$c" route add 10.9.0.0/24 via 10.1.1.1
	ip -n "$c" route add fd09::/64 via fd01:0:0:1::1
	ip -n "$real" route add default via 10.1.2.1
	ip -n "$real" route add default via fd01:0:0:2::1
}

services()
{
	service 10.9.0.1:8000 10.1.2.2:80 -m && service 10.9.0.1:8001 10.1.2.1:80 -m &&
		service 10.9.0.2:80 10.1.2.2:80 -g &&
		service '[fd09::1]:8000' '[fd01:0:0:2::2]:80' -m &&
		service '[fd09::1]:8001' '[fd01:0:0:2::1]:80' -m &&
		service '[fd09::2]:80' '[fd01:0:0:2::2]:80' -g
}

# doctor_says STATUS TEXT
doctor_says()
{
	local out status
	out=$("$ctl" -n "$d" doctor 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "$2" ]] || { echo "status $status, not $1: $out"; return 1; }
}

# (by a mark of nftables)
doctor_mends_mark()
{
	in_ns "$d" ipvsadm -A -f 7 && doctor_mends && in_ns "$d" ipvsadm -D -f 7
}

# By the command that is printed with it.
doctor_mends()
{
	local command="ip netns exec $d sysctl -w net.ipv4.vs.drop_entry=1"
	doctor_says 4 "ipvs: IPVS takes connections before they reach a listener here: no bound and no cookie holds for them, only its own defence
    $command" &&
		$command >/dev/null && doctor_says 0 "nothing is wrong" && ns_sysctl "$d" net.ipv4.vs.drop_entry=0
}

ipvsadm -L >/dev/null 2>&1 || { echo "1..0 # SKIP no IPVS in this kernel"; exit $KSFT_SKIP; }
plan 16
# the packet machine by itself
tt_load tracepoint=0
setup
check "doctor, without a service" doctor_says 0 "nothing is wrong"
check "doctor, with one of a mark" doctor_mends_mark
services || bail "no virtual services"
check "doctor, with one" doctor_mends
serve server "$real" 80
serve here "$d" 80
check "masquerading, IPv4" masquerade 10.9.0.1 10.1.2.2
check "masquerading, IPv6" masquerade fd09::1 fd01:0:0:2::2
check "the director's own, IPv4" own 10.9.0.1
check "the director's own, IPv6" own fd09::1
check "the real server is the director, IPv4" own_server 10.9.0.1 10.1.2.1
check "the real server is the director, IPv6" own_server fd09::1 fd01:0:0:2::1
check "direct return, IPv4" direct 10.9.0.2 10.1.1.2 10.1.3.2
check "direct return, IPv6" direct fd09::2 fd01:0:0:1::2 fd01:0:0:3::2
for to in 10.9.0.1 fd09::1; do
	check "flood, $to" flooded off 1
	check "flood, $to, early" flooded prerouting 2
done
check "none sticks" none_sticks
finish
