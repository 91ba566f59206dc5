#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Simultaneous open and simultaneous close (RFC 9293, 3.5 and 3.6) between two real
# stacks that do not know of each other: a delay on the link makes the SYNs cross, and
# the FINs. Then each state on the way is held, by a filter, until both sides agree
# with ss.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=8
# Three times this has to pass before a SYN is sent again (1 s).
DELAY=300ms

agree()
{
	parity "$a" && parity "$b"
}

# both FUNCTION ARGUMENT...: for either namespace
both()
{
	"$1" "$a" "${@:2}" && "$1" "$b" "${@:2}"
}

# are STATE: all, at both ends, as each of them sees itself; the stacks say so, too.
are()
{
	both settle_state local "$1" "$N" && agree
}

begun()
{
	both counters_begin
	cross "$a" "$1" "$b" "$2" "$N"
	cross_go
}

# No segment was sent twice, so that no counter may have moved but these.
exact()
{
	both counters_are flows_created "$N" simultaneous_opens "$N" simultaneous_closes "$1" \
		syn_retrans 0 synack_retrans 0 fin_retrans 0 flows_adopted 0 flows_picked_up 0 \
		old_duplicates 0 bad_acks 0 rst_ignored 0 stray 0 corrected 0 flows_destroyed 0
}

open_and_close()
{
	begun "$1" "$2"
	cross_is open && are ESTABLISHED && both settle_state remote ESTABLISHED "$N" &&
		exact 0 || return
	cross_go && cross_is closed && are TIME_WAIT && both settle_state remote TIME_WAIT "$N" &&
		exact "$N"
}

# How often each local endpoint entered each state.
entered()
{
	local ns state n
	for ns in "$a" "$b"; do
		while read -r state n; do
			state_is "$ns" entered "$state" $((n * N)) || {
				echo "$ns entered $state $(proc_state "$ns" entered "$state") times"
				return 1
			}
		done <<-END
		SYN_SENT 1
		SYN_RECEIVED 1
		ESTABLISHED 1
		FIN_WAIT_1 1
		FIN_WAIT_2 0
		CLOSING 1
		TIME_WAIT 1
		CLOSE_WAIT 0
		LAST_ACK 0
		END
	done
}

# hold_back RULE...: what the filter drops before anybody on this host has seen it.
hold_back()
{
	local ns rule
	for ns in "$a" "$b"; do
		{
			echo "table inet hold"
			echo "delete table inet hold"
			echo "table inet hold {"
			echo "chain c {"
			echo "type filter hook prerouting priority -300"
			for rule; do echo "$rule"; done
			echo "}"
			echo "}"
		} | in_ns "$ns" nft -f - || return
	done
}

# Only the first FIN of each arrives, and no bare ACK: both sides are left in CLOSING.
FIRST_FIN=("tcp flags fin limit rate over $N/day burst $N packets drop"
	   'tcp flags & (fin|syn|rst|ack) == ack drop')

# What was held back is sent again by timers that have doubled meanwhile.
later()
{
	wait_for state_is "$a" local "$1" "$N" 60 && wait_for state_is "$b" local "$1" "$N" 60
	are "$1"
}

held_syn_sent()
{
	hold_back 'tcp flags syn drop' || return
	begun "$1" "$2"
	are SYN_SENT && both settle_state remote SYN_RECEIVED "$N" || return
	hold_back
	cross_is open && later ESTABLISHED && cross_go && cross_is closed
}

# The SYNs have crossed; of what answers them nothing arrives.
held()
{
	hold_back 'tcp flags & (syn|ack) == syn|ack drop' 'tcp flags & (syn|ack) == ack drop' ||
		return
	begun "$1" "$2"
	are SYN_RECEIVED && both value_is halfopen 0 || return
	hold_back
	cross_is open && later ESTABLISHED || return
	hold_back 'tcp flags fin drop'
	cross_go && cross_is closed && are FIN_WAIT_1 &&
		both counters_are simultaneous_opens "$N" flows_created "$N" flows_destroyed 0
}

held_closing()
{
	begun "$1" "$2"
	cross_is open && hold_back "${FIRST_FIN[@]}" || return
	# each is presumed to have received the ACK that is held back
	cross_go && cross_is closed && are CLOSING && both settle_state remote TIME_WAIT "$N" || return
	hold_back
	later TIME_WAIT && both counters_are simultaneous_opens "$N" simultaneous_closes "$N" \
		flows_created "$N" flows_destroyed 0
}

# from_anew TRACEPOINT: no TIME_WAIT of the case before
from_anew()
{
	tt_unload
	ns_del "${namespaces[@]}"
	namespaces=()
	ns_add a b
	ns_link "$a" "$b" 1
	# however long a state is held (and 6.1 has no linear time-outs)
	ns_sysctl "$a" net.ipv4.tcp_syn_retries=20
	ns_sysctl "$b" net.ipv4.tcp_syn_retries=20
	both in_ns sysctl -qw net.ipv4.tcp_syn_linear_timeouts=20 2>/dev/null
	# Neighbours are found before, so that no SYN waits for them; without the delay, which
	# with theirs would be longer than the timer of these SYNs: a second one would be under
	# way when counting begins.
	in_ns "$a" traffic client 10.1.1.2 9 refused 1
	in_ns "$a" traffic client fd01:0:0:1::2 9 refused 1
	link_delay $DELAY "$a" "$b"
	tt_load tracepoint="$1"
}

# Where time does not travel, the timers that have doubled cost minutes: there the
# states in between are held in the nightly run only.
long=$(time_travels || [[ -n ${TCPTRACK_LONG:-} ]] && echo yes)
# shellcheck disable=SC2086	# a list
set -- $TRACEPOINTS
plan $((($(if [[ -n $long ]]; then echo 10; else echo 4; fi)) * $#))
tt_load
for tp; do
	for net in "10.1.1.1 10.1.1.2" "fd01:0:0:1::1 fd01:0:0:1::2"; do
		how="tracepoint=$tp, $([[ $net == 10.* ]] && echo IPv4 || echo IPv6)"
		from_anew "$tp"
		# shellcheck disable=SC2086	# two addresses
		check "$how: opened and closed from both sides" open_and_close $net
		check "$how: each state was entered as often as it should" entered
		[[ -n $long ]] || continue
		from_anew "$tp"
		# shellcheck disable=SC2086
		check "$how: SYN_SENT" held_syn_sent $net
		from_anew "$tp"
		# shellcheck disable=SC2086
		check "$how: SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1" held $net
		from_anew "$tp"
		# shellcheck disable=SC2086
		check "$how: CLOSING" held_closing $net
	done
done
finish
