# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A part of lib.sh: the transitions of each socket, as the kernel's own tracepoint and
# as tcptrack's record them, compared (transitions.c).

# A file for what transitions_end finds, or nothing: then nothing is recorded. With it
# the module never has the tracepoint's help.
TRANSITIONS=${TCPTRACK_TRANSITIONS:-}
tracing=/sys/kernel/tracing
TRACE=$tracing/instances/tcptrack-transitions
export TCPTRACK_MARKER=''

# transitions_not WHY: this test is not compared.
transitions_not()
{
	[[ -z $TRANSITIONS ]] || echo "not compared: $*" >>"$TRANSITIONS"
	TRANSITIONS=''
}

transitions_record()
{
	[[ ! -d $TRACE ]] || rmdir "$TRACE"
	[[ -d $tracing/events ]] || mount -t tracefs tracefs $tracing
	mkdir "$TRACE" || bail "no tracefs"
	# no clock is the same on two CPUs whose machine waits for its own
	echo counter >"$TRACE/trace_clock"
	echo 16384 >"$TRACE/buffer_size_kb"
	echo 1 >"$TRACE/events/tcptrack/tcptrack_state/enable" || bail "no tcptrack_state"
	echo 1 >"$TRACE/events/sock/inet_sock_set_state/enable" ||
		bail "no sock:inet_sock_set_state"
	TCPTRACK_MARKER=$TRACE/trace_marker
	transitions_mark
}

# transitions_mark [WHAT]: what begins from here on; transitions.c makes exceptions by it.
transitions_mark()
{
	[[ -z $TCPTRACK_MARKER ]] || echo "${0##*/}${1:+: $1}" >"$TCPTRACK_MARKER"
}

# What no segment shows, the collector has found after two more runs.
collector_ran()
{
	[[ $(proc_value - collector_runs) -ge $1 ]]
}

# transitions_compare: what was recorded since the last time; its output, its status.
transitions_compare()
{
	local status
	wait_for collector_ran $(($(proc_value - collector_runs) + 2)) 20 || return
	echo 0 >"$TRACE/events/sock/inet_sock_set_state/enable"
	transitions "$TRACE"
	status=$?
	transitions_mark
	echo 1 >"$TRACE/events/sock/inet_sock_set_state/enable"
	return "$status"
}

transitions_end()
{
	[[ -d $TRACE ]] || return
	transitions_compare >>"$TRANSITIONS" 2>&1 || echo "not equal" >>"$TRANSITIONS"
	rmdir "$TRACE"
}
