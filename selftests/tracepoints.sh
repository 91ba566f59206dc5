#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tcptrack:state, halfopen and cookie, as tracefs prints them, line by line: each transition of
# either end and the end of the flow; the life of half-open connections; what becomes of SYNs
# and ACKs in cookie mode. Nothing is told by who is not asked.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

transitions_not "it has tracepoints of its own"
EVENTS=/sys/kernel/tracing/events/tcptrack
TRACED=/sys/kernel/tracing/instances/tcptrack-test
CLIENT=500	# a port

# --- what is told ---

# trace EVENT [FILTER]: from now on.
trace()
{
	untrace
	mkdir "$TRACED" || bail "no tracefs"
	# no clock is the same on two CPUs whose machine waits for its own
	echo counter >"$TRACED/trace_clock"
	echo "${2:-0}" >"$TRACED/events/tcptrack/$1/filter"
	echo 1 >"$TRACED/events/tcptrack/$1/enable" || bail "no tcptrack:$1"
}

untrace()
{
	[[ ! -d $TRACED ]] || rmdir "$TRACED"
}

# traced NS: its lines, but for the milliseconds.
traced()
{
	sed -En "s/^.*: (state|halfopen|cookie): netns=$(netns_of "$1") /\1 /p" "$TRACED/trace" |
		sed -E 's/age_ms=[0-9]+/age_ms=N/'
}

traced_lines()
{
	[[ $(traced "$1" | wc -l) -ge $2 ]]
}

# tells NS TEXT: exactly these lines, and then no more.
tells()
{
	wait_for traced_lines "$1" "$(wc -l <<<"$2")" "$DEADLINE"
	sleep 0.2
	diff <(echo "$2") <(traced "$1")
}

# Address and port, as they are printed.
at()
{
	if [[ $1 == *:* ]]; then
		printf '[%s]:%s' "$1" "$2"
	else
		printf '%s:%s' "$1" "$2"
	fi
}

# --- state ---

# ends LOCAL REMOTE: "local" and "remote" in the lines that follow.
ends()
{
	sed -E "s,^(state side=local),\1 src=$1 dest=$2,; s,^(state side=remote),\1 src=$2 dest=$1,"
}

# Handshake, data, RST of the client: as both hosts see it.
a_connection()
{
	local here there
	fresh_server
	here=$(at "$to" "$port") there=$(at "$peer" "$CLIENT")
	trace state
	TRAFFIC_SPORT=$CLIENT in_ns "$b" traffic client "$to" "$port" rclient 1 1 || return
	tells "$a" "$(ends "$here" "$there" <<-'END'
		state side=remote oldstate=CLOSED newstate=SYN_SENT reason=-
		state side=local oldstate=LISTEN newstate=SYN_RECEIVED reason=-
		state side=remote oldstate=SYN_SENT newstate=ESTABLISHED reason=-
		state side=local oldstate=SYN_RECEIVED newstate=ESTABLISHED reason=-
		state side=remote oldstate=ESTABLISHED newstate=CLOSED reason=-
		state side=local oldstate=ESTABLISHED newstate=CLOSED reason=-
		state side=local oldstate=CLOSED newstate=END reason=reset_by_peer
		END
	)" && tells "$b" "$(ends "$there" "$here" <<-'END'
		state side=local oldstate=CLOSED newstate=SYN_SENT reason=-
		state side=remote oldstate=LISTEN newstate=SYN_RECEIVED reason=-
		state side=local oldstate=SYN_SENT newstate=ESTABLISHED reason=-
		state side=remote oldstate=SYN_RECEIVED newstate=ESTABLISHED reason=-
		state side=local oldstate=ESTABLISHED newstate=CLOSED reason=-
		state side=remote oldstate=ESTABLISHED newstate=CLOSED reason=-
		state side=local oldstate=CLOSED newstate=END reason=reset_by_us
		END
	)"
}

# Only ends (11), only of this port.
filtered()
{
	trace state "newstate == 11 && sport == 9"
	flood 8 -n 1 -f 1 && flood 9 -n 2 -f 1 || return
	tells "$a" "state side=local src=$(at "$to" 9) dest=$(at "$source" 1037) oldstate=LISTEN newstate=END reason=refused
state side=local src=$(at "$to" 9) dest=$(at "$source" 1038) oldstate=LISTEN newstate=END reason=refused"
}

# --- halfopen ---

# halfopen_line PEER EVENT REASON [RETRANSMISSIONS]
halfopen_line()
{
	echo "halfopen src=$(at "$to" "$port") dest=$1 event=$2 reason=$3 age_ms=N synack_retrans=${4:-0}"
}

completed()
{
	policy
	fresh_server
	trace halfopen
	TRAFFIC_SPORT=$CLIENT in_ns "$b" traffic client "$to" "$port" rclient 1 1 || return
	tells "$a" "$(halfopen_line "$(at "$peer" "$CLIENT")" add -
		halfopen_line "$(at "$peer" "$CLIENT")" end completed)"
}

# The third one needs the place of the first.
evicted()
{
	local one two three
	policy halfopen_max=2
	fresh
	empty "$a"
	one=$(at "$source" 1037) two=$(at "$source" 1038) three=$(at "$source" 1039)
	trace halfopen
	flood "$port" -n 3 -f 1 || return
	tells "$a" "$(halfopen_line "$one" add -; halfopen_line "$two" add -
		halfopen_line "$one" evict evicted; halfopen_line "$one" end evicted
		halfopen_line "$three" add -)"
}

# Nobody answers: SYN-ACKs again after 1 s, the end after 3.
timed_out()
{
	policy
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=1
	fresh
	empty "$a"
	trace halfopen
	flood "$port" -n 1 -f 1 || return
	wait_for traced_lines "$a" 2 20
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=5
	tells "$a" "$(halfopen_line "$(at "$source" 1037)" add -
		halfopen_line "$(at "$source" 1037)" end handshake_timeout 1)"
}

# --- cookie ---

# cookie_line PEER EVENT WHY [EARLY]
cookie_line()
{
	echo "cookie src=$(at "$to" "$port") dest=$1 event=$2 why=$3 early=${4:-0}"
}

# Cookie mode for every SYN; what is forged gets no RST.
always()
{
	policy overflow=cookie cookie_start=0 cookie_min_time=600000 cookie_resets=0 "$@"
}

cookies()
{
	local client forger
	always
	fresh_server
	client=$(at "$peer" "$CLIENT") forger=$(at "$source" 1037)
	trace cookie
	TRAFFIC_SPORT=$CLIENT in_ns "$b" traffic client "$to" "$port" rclient 1 1 || return
	# it was the only one in flight, and is no more
	sleep 2.5
	flood "$port" -a 0 -n 1 -f 1 && flood "$port" -n 1 -f 1 && flood "$port" -a 0 -n 1 -f 1 ||
		return
	tells "$a" "$(cookie_line "$client" sent -; cookie_line "$client" valid -
		cookie_line "$forger" invalid none_in_flight; cookie_line "$forger" sent -
		cookie_line "$forger" invalid wrong)"
}

# (It has to be in cookie mode before.)
early()
{
	local first second
	always
	fresh
	first=$(at "$source" 1037) second=$(at "$source" 1038)
	trace cookie
	flood "$port" -n 1 -f 1 || return
	tells "$a" "$(cookie_line "$first" sent -)" || return
	ns_sysctl "$a" net.tcptrack.early=prerouting
	flood "$port" -n 2 -f 1 && flood "$port" -a 0 -n 1 -f 1
	tells "$a" "$(cookie_line "$first" sent -; cookie_line "$first" sent - 1
		cookie_line "$second" sent - 1; cookie_line "$first" invalid wrong 1)"
	local status=$?
	ns_sysctl "$a" net.tcptrack.early=off
	return "$status"
}

# --- Documentation/tracepoints.rst ---

# The number that a tracepoint has for a reason.
reason_number()
{
	sed -En "s/^print fmt.*\\{ ?([0-9]+), ?\"$1\" ?\\}.*/\1/p" "$EVENTS/state/format"
}

fetch()
{
	in_ns "$b" traffic client "$to" "$port" rclient "$1" "$1"
}

# (The last probe to be attached is the one that says so.)
by_bpftrace()
{
	policy
	fresh_server
	: >"$scratch/bt"
	bpftrace -e "tracepoint:tcptrack:state /args->newstate == 11 &&
		args->netns == $(netns_of "$a")/ { @[args->reason] = count(); }
		interval:ms:100 { printf(\"ready\n\"); }" >"$scratch/bt" 2>&1 &
	wait_for grep -q '^ready' "$scratch/bt" 90 || { cat "$scratch/bt"; return 1; }
	fetch 5 && kill $! && wait_for grep -q '^@' "$scratch/bt" 20
	diff <(echo "@[$(reason_number reset_by_peer)]: 5") <(grep '^@' "$scratch/bt")
}

# by_perf EVENT COMMAND: with that policy, each connection has two lines: it begins and ends; or
# its cookie is sent, and valid.
by_perf()
{
	local asked
	"$2"
	fresh_server
	asked=(-a -o "$scratch/perf" -e "tcptrack:$1" --filter "netns == $(netns_of "$a")")
	export -f fetch in_ns
	export to port b
	perf stat -x , "${asked[@]}" bash -c 'fetch 5' &&
		[[ $(sed -n "s/,.*tcptrack:$1.*//p" "$scratch/perf") == 10 ]] &&
		perf trace "${asked[@]}" bash -c 'fetch 5' &&
		[[ $(grep -c "tcptrack:$1(" "$scratch/perf") -eq 10 ]] && return
	cat "$scratch/perf"
	return 1
}

# --- all of them ---

# Off until somebody wants them; whoever reads the binary buffer knows what the numbers say.
described()
{
	local event
	for event in state halfopen cookie tcptrack_state; do
		[[ $(<"$EVENTS/$event/enable") == 0 ]] || { echo "$event is on"; return 1; }
		! grep -E 'TT_[A-Z]+|sizeof' "$EVENTS/$event/format" || return
	done
}

# with PROGRAM NAME COMMAND: they are large, so they come with what nightly installs only.
with()
{
	if [[ ! -e /sys/kernel/btf/vmlinux ]]; then
		skip "$to: $2" "this kernel tells no types"
	elif ! command -v "$1" >/dev/null; then
		skip "$to: $2" "no $1 (INSTALL_DEBUG=all scripts/install)"
	else
		run "${@:2}"
	fi
}

trap 'untrace; cleanup' EXIT
tt_load
plan 21
check "off, and described" described
for to in 10.1.1.1 fd01:0:0:1::1; do
	flood_between
	peer=${to%1}2 source=198.18.0.1
	[[ $to != *:* ]] || source=2001:2::1
	run "state: a connection, as both hosts see it" a_connection
	run "state: filtered" filtered
	run "halfopen: completed" completed
	run "halfopen: evicted" evicted
	run "halfopen: timed out" timed_out
	run "cookie: sent, valid, invalid" cookies
	run "cookie: early" early
	with bpftrace "bpftrace" by_bpftrace
	with perf "perf stat, perf trace: halfopen" by_perf halfopen policy
	with perf "perf stat, perf trace: cookie" by_perf cookie always
done
untrace
finish
