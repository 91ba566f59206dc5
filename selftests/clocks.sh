#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The clocks of the textbook, as the wire and /proc/tcptrack show them. Where time
# travels (UML), and with TCPTRACK_LONG, in full: 63 s of SYN-ACKs, 127 s of SYNs, 2MSL;
# elsewhere what a test may wait for: few retransmissions.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

if time_travels; then
	L=-15 H=120	# what a clock's tick may take or add, ms
else
	L=-250 H=900	# an emulated machine is late
fi

# A long timer may be late by an eighth: the grain of the kernel's timer wheel.
range()
{
	echo "$(($1 * 1000 + L)) $(($1 * 1125 + H + ${2:-0}))"
}

gap()
{
	echo "gap $(range "$1")"
}

# The gaps' counters, by attempt: synack_gap1_ge750ms and so on.
histogram()
{
	local kind=$1 n=0 s edges=(0 750 1500 3000 6000 12000 24000 48000) e b
	shift
	for s; do
		n=$((n + 1)) b=0
		[[ $n -le 6 ]] || break
		for e in "${edges[@]}"; do [[ $((s * 1000)) -lt $e ]] || b=$e; done
		printf 'count %s_gap%d_ge%dms 1\n' "$kind" "$n" "$b"
	done
}

# synack RETRIES GAP... END: unanswered SYN-ACKs, then a handshake timeout.
synack()
{
	local retries=$1 end=${*: -1} g
	shift
	printf 'case SYN-ACK, tcp_synack_retries=%d: gone after %d s\n' "$retries" "$end"
	printf 'sysctl net.ipv4.tcp_synack_retries %d\nflow f 80 40000\nlisten s\n' "$retries"
	printf '> S\n< SA\nmark\n'
	for g in "${@:1:$#-1}"; do printf '< SA %s\n' "$(gap "$g")"; done
	printf 'state SYN_RECEIVED ESTABLISHED\n'
	printf 'gone %s\nquiet\nsilent\n' "$(range "$end" 2000)"
	printf 'count flows_created 1 closed_handshake_timeout 1 synack_retrans %d\n' $(($# - 1))
	histogram synack "${@:1:$#-1}"
	# (in the middle of its bucket, the collector's second included)
	[[ $end -ne 3 ]] || echo "count halfopen_life_ge2048ms 1"
}

# How long it was half-open, in a bucket from 256 to 512 ms.
life()
{
	cat <<-EOF
	case half-open for 300 ms
	flow f 80 40000
	listen s
	> S
	< SA
	wait 300
	> A
	state ESTABLISHED ESTABLISHED
	count flows_created 1 handshakes_completed 1 halfopen_life_ge256ms 1 halfopen_life_ge128ms 0 halfopen_life_ge512ms 0
	EOF
}

# syn NAME SYSCTL RETRIES GAP... END: unanswered SYNs.
syn()
{
	local name=$1 linear=$2 retries=$3 end=${*: -1} g
	shift 3
	printf 'case SYN, %s: gone after %d s\n' "$name" "$end"
	[[ -z $linear ]] || printf 'trysysctl net.ipv4.tcp_syn_linear_timeouts %d\n' "$linear"
	printf 'flow f 50000 80\nbind c\nopt c syncnt %d\nconnect c\n< S\nmark\n' "$retries"
	for g in "${@:1:$#-1}"; do printf '< S %s\n' "$(gap "$g")"; done
	printf 'state SYN_SENT SYN_RECEIVED\n'
	printf 'gone %s\nquiet\nsilent\n' "$(range "$end" 2000)"
	printf 'error c ETIMEDOUT\n'
	printf 'count flows_created 1 closed_handshake_timeout 1 syn_retrans %d\n' $(($# - 1))
	histogram syn "${@:1:$#-1}"
}

time_wait()
{
	cat <<-EOF
	case TIME_WAIT stays 60 s (2MSL)
	flow f 80 40000
	listen s
	> S
	< SA
	> A
	accept c s
	close c
	< FA
	> FA
	< A
	mark
	gone $(range 60 2000)
	silent
	count flows_created 1 closed_normal 1

	case TIME_WAIT, a retransmitted FIN restarts its 60 s
	flow f 80 40000
	listen s
	> S
	< SA
	> A
	accept c s
	close c
	< FA
	> FA
	< A
	wait 30000
	> FA seq -1
	< A
	mark
	gone $(range 60 2000)
	silent
	count flows_created 1 closed_normal 1 timewait_restarted 1 fin_retrans 1

	case FIN_WAIT_2 of an orphan: tcp_fin_timeout 60 s
	flow f 80 40000
	listen s
	> S
	< SA
	> A
	accept c s
	close c
	< FA
	> A
	mark
	state FIN_WAIT_2 CLOSE_WAIT
	gone $(range 60 2000)
	silent
	count flows_created 1 closed_idle 1
	EOF
}

everywhere()
{
	life
	synack 0 1
	synack 1 1 3
	syn "one retransmission, exponential" 0 1 1 3
}

in_full()
{
	synack 2 1 2 7
	synack 5 1 2 4 8 16 63
	syn "six retransmissions, exponential" 0 6 1 2 4 8 16 32 127
	time_wait
}

# RTO stays 1 s for the first four (since 6.5), then doubles.
linear()
{
	[[ ! -e /proc/sys/net/ipv4/tcp_syn_linear_timeouts ]] ||
		syn "tcp_syn_linear_timeouts=4" 4 2 1 1 1 1 1 7
}

peer_test "$(everywhere; ! { time_travels || [[ -n ${TCPTRACK_LONG:-} ]]; } || { in_full; linear; })"
