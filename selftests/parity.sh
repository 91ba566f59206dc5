#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The local column is what ss counts, state by state: under every kind of real
# traffic, in init_net and in other namespaces, with the tracepoint and without.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=${TCPTRACK_N:-40}	# connections of each kind
WRK=3			# cases; where time only passes in idleness, it would not begin
! time_travels || WRK=0
CLIENTS=100		# of wrk
AFTER=1			# cases that wait for the time-outs: two minutes, where time passes as it does
time_travels || [[ -n ${TCPTRACK_LONG:-} ]] || AFTER=0
ALL=1			# everything in init_net, too
[[ ${TCPTRACK_CI:-} != true ]] || ALL=0

# both SERVER CLIENT: parity in both namespaces.
both()
{
	parity "$1" && parity "$2"
}

# run MODE: N connections over IPv4 (mapped on the server) and over IPv6.
run()
{
	in_ns "$client" traffic client "$v4" "${2:-80}" "$1" "$N" &&
		in_ns "$client" traffic client "$v6" "${2:-80}" "$1" "$N"
}

# Sockets of IPv6 at both ends, segments of IPv4; while they are there, too.
mapped()
{
	local h m status
	for m in client server half rserver rclient; do
		in_ns "$client" traffic client "::ffff:$v4" 80 "$m" 10 || return
	done
	in_ns "$client" traffic client "::ffff:$v4" 81 refused 10 || return
	hold h "$client" "::ffff:$v4" 80 10
	[[ $(in_ns "$client" ss -Htan6 state established | wc -l) -eq 10 ]] &&
		state_is "$client" local ESTABLISHED 10 && both "$server" "$client"
	status=$?
	release h && return "$status"
}

# Without TIME_WAIT: of those, hundreds go in the same instant, and that is found within 2 s.
total()
{
	proc_show "$1" | awk 'NF == 5 && NR > 1 && $1 !~ /^(CLOSED|TIME_WAIT)$/ { n += $2 }
		END { print n }'
}

stack_total()
{
	in_ns "$server" ss -Htan exclude time-wait | wc -l
}

# busy N: so many at least are open.
busy()
{
	[[ $(stack_total) -ge $1 ]]
}

# in_flight SLACK BEFORE: while traffic runs, the sums differ by no more than what is in
# flight; BEFORE were there without it.
in_flight()
{
	local before stack after i bad=0
	wait_for busy $(($2 + CLIENTS * 3 / 4)) 20 || { echo "no traffic"; return 1; }
	for i in 1 2 3; do
		before=$(total "$server")
		stack=$(stack_total)
		after=$(total "$server")
		[[ $stack -ge $((before - $1)) && $stack -le $((after + $1)) ]] || {
			echo "try $i: tracker $before, stack $stack, tracker $after"
			bad=1
		}
	done
	return "$bad"
}

# run_and_look SLACK PATH [HEADER]: wrk's own closing is by the client; "Connection: close" and
# /close by the server.
run_and_look()
{
	local a pid were status=0
	for a in "$v4" "[$v6]"; do
		were=$(stack_total)
		nsenter --net="/run/netns/$client" -- wrk -t1 -c"$CLIENTS" -d300s ${3:+-H "$3"} \
			"http://$a:8080/$2" >/dev/null &
		pid=$!
		in_flight "$1" "$were" || status=1
		kill -INT "$pid"
		wait "$pid" || status=1
	done
	return "$status"
}

iperf()
{
	local pid
	in_ns "$server" iperf3 -s -1 -p 5201 >/dev/null 2>&1 &
	pid=$!
	wait_for listens "$server" 5201 10 || return
	in_ns "$client" iperf3 -c "$1" -p 5201 -n 20M -P 2 ${2:+"$2"} >/dev/null
	local status=$?
	wait "$pid"
	return "$status"
}

half_held()
{
	local h4 h6 status
	hold h4 "$client" "$v4" 80 20 holdhalf
	hold h6 "$client" "$v6" 80 20 holdhalf
	both "$server" "$client" && settle_state "$server" local CLOSE_WAIT 40 &&
		settle_state "$client" local FIN_WAIT_2 40
	status=$?
	release h4 && release h6 && return "$status"
}

# The stack's own answer to "ss -K" is a RST; the peers see it.
killed_by_ss()
{
	local h status
	hold h "$client" "$v4" 80 20
	in_ns "$1" ss -K "$2" = :80 >/dev/null 2>&1
	both "$server" "$client" && state_is "$server" local ESTABLISHED "$established"
	status=$?
	release h >/dev/null	# they are lost, and shall be
	return "$status"
}

killed_server()
{
	local h s status
	serve s "$server" 82
	hold h "$client" "$v6" 82 20
	both "$server" "$client" || return
	kill -KILL "$s"
	both "$server" "$client"
	status=$?
	release h >/dev/null
	wait "$s" 2>/dev/null
	return "$status"
}

loopback()
{
	local a
	for a in 127.0.0.1 ::1 "$1"; do
		for m in keep client server half rserver rclient; do
			in_ns "$server" traffic client "$a" 80 "$m" 20 || return
		done
		in_ns "$server" traffic client "$a" 83 refused 10 || return
	done
	in_ns "$server" traffic client 127.0.0.1 0 self 5 1
}

loopback_counts_two()
{
	local h status
	hold h "$server" ::1 80 10
	settle_state "$server" local ESTABLISHED $((established + 20)) && parity "$server"
	status=$?
	release h && return "$status"
}

# No socket is on its way into another state (or out of TIME_WAIT: so two looks below).
still()
{
	[[ -z $(in_ns "$1" ss -Htan state syn-recv state fin-wait-1 state closing state last-ack) ]]
}

# insmod has walked the tables before it returns: what is there is there at the first look.
at_once()
{
	show -w 0 "$1" parity || show -w 0 "$1" parity && return
	show "$1" parity
	return 1
}

# rmmod and insmod in the middle: at once as before, and nobody notices.
reload()
{
	local h g status
	hold h "$client" "$v4" 80 20
	hold g "$client" "$v6" 80 20 holdhalf
	tt_unload
	run client && wait_for still "$server" 10 && wait_for still "$client" 10 || return
	tt_load tracepoint="$1"
	at_once "$server" && at_once "$client"
	status=$?
	run server || status=1
	both "$server" "$client" || status=1
	release h && release g && return "$status"
}

looks()
{
	while :; do
		sysctl -qw net.tcptrack.cookie_min_time=10 >/dev/null
	done
}

# The collector, asked ten times a second, comes by while sockets end, those of the other CPU:
# none of them is taken for one that nobody has followed.
looked_at()
{
	local pid m status
	counters_begin "$server"
	looks &
	pid=$!
	for m in client server rserver rclient; do
		in_ns "$client" traffic client "$v6" 80 "$m" 400
	done
	both "$server" "$client" && counters_are "$server" flows_created 1600 flows_adopted 0 closed_socket_gone 0
	status=$?
	kill "$pid"
	wait "$pid" 2>/dev/null
	return "$status"
}

# Who sets up a namespace chooses the size of its table of sockets: one chain here, which
# insmod and the collector walk.
one_chain()
{
	local chain s h status
	sysctl -qw net.ipv4.tcp_child_ehash_entries=1
	ns_add chain
	sysctl -qw net.ipv4.tcp_child_ehash_entries=0
	[[ $(in_ns "$chain" sysctl -n net.ipv4.tcp_ehash_entries) -eq 1 ]] || return
	tt_unload
	serve s "$chain" 80
	hold h "$chain" 127.0.0.1 80 500
	tt_load tracepoint="$1"
	at_once "$chain" && state_is "$chain" local ESTABLISHED 1000 &&
		value_is "$chain" flows_adopted 500
	status=$?
	release h && parity "$chain" || status=1
	end_all "$s"
	wait "$s" 2>/dev/null
	ns_del "$chain"
	return "$status"
}

end_all()
{
	local pid
	for pid; do
		pgrep -P "$pid" | xargs -r kill -KILL
		kill -KILL "$pid" 2>/dev/null
	done
}

both_after()
{
	"$@" && both "$server" "$client"
}

# every HOW TRACEPOINT: all kinds of traffic
every()
{
	local how=$1 n
	check "$how: listening sockets" both "$server" "$client"
	for m in keep client server half rserver rclient; do
		check "$how: $m" both_after run "$m"
	done
	check "$how: refused" both_after run refused 81
	if [[ $WRK -gt 0 ]]; then
		check "$how: wrk, keep-alive" both_after run_and_look 8 ''
		check "$how: wrk, the server closes" both_after run_and_look 50 close
		check "$how: wrk, Connection: close" both_after run_and_look 50 '' 'Connection: close'
	fi
	check "$how: iperf3 over IPv4" both_after iperf "$v4"
	check "$how: iperf3 over IPv6, backwards" both_after iperf "$v6" -R
	check "$how: slow half-closed connections" both_after half_held
	check "$how: ss -K on the server" both_after killed_by_ss "$server" sport
	check "$how: ss -K on the client" both_after killed_by_ss "$client" dport
	check "$how: SIGKILL of the server" both_after killed_server
	few "$@"
}

# few HOW TRACEPOINT: what init_net could do differently; all that .ci/run has time for
few()
{
	local how=$1
	check "$how: mapped clients" both_after mapped
	check "$how: loopback" both_after loopback "$self"
	check "$how: loopback counts two" loopback_counts_two
	check "$how: the server closes" both_after run server
	check "$how: the collector comes by" looked_at
	check "$how: rmmod and insmod in the middle" reload "$2"
	if [[ $AFTER -gt 0 ]]; then
		sleep 130
		check "$how: after the time-outs" both "$server" "$client"
	fi
}

# shellcheck disable=SC2086	# a list
set -- $TRACEPOINTS
few=$((6 + AFTER)) every=$((14 + WRK))
plan $(((1 + 2 * few + (1 + ALL) * every) * $#))
ns_add away client
ns_link - "$client" 1
ns_link "$away" "$client" 2
established=0
for tp; do
	tt_load tracepoint="$tp"
	for server in "$away" -; do
		n=$([[ $server == - ]] && echo 1 || echo 2)
		v4=10.1.$n.1 v6=fd01:0:0:$n::1 self=10.1.$n.1
		serve server_pid "$server" 80
		nginx_start "$server"
		if [[ $server != - ]]; then
			every "tracepoint=$tp" "$tp"
		elif [[ $ALL -eq 1 ]]; then
			every "tracepoint=$tp, init_net" "$tp"
		else
			few "tracepoint=$tp, init_net" "$tp"
		fi
		end_all "$nginx" "$server_pid"
		wait "$nginx" "$server_pid" 2>/dev/null
	done
	check "tracepoint=$tp: a table of one chain" one_chain "$tp"
done
finish
