#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# insmod and rmmod, and namespaces made and destroyed, all under traffic: no
# connection is lost, no warning in the console, nothing left in slab.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

NAMESPACES=${TCPTRACK_NAMESPACES:-1000}

no_slab()
{
	! grep '^tcptrack' /proc/slabinfo
}

no_report()
{
	! dmesg | awk -v mark="$mark" 'index($0, mark) { seen = 1; next }
		seen && /WARNING|BUG|Oops|INFO: |UBSAN|ODEBUG|leaked|refcount/' | grep .
}

reload_under_traffic()
{
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		tt_load tracepoint=$((i % 2))
		in_ns "$b" traffic client 10.1.1.1 80 client 10 || return
		tt_unload
		no_slab || return
	done
}

namespaces_under_traffic()
{
	in_ns "$a" traffic client 127.0.0.1 1 netns "${1:-$NAMESPACES}" 4
}

# Both at once: a namespace may be dying while the module comes or goes.
reload_among_namespaces()
{
	local pid i status
	namespaces_under_traffic $((NAMESPACES / 4)) &
	pid=$!
	for i in 1 2 3 4 5 6; do
		tt_load tracepoint=$((i % 2))
		tt_unload
	done
	wait "$pid"
	status=$?
	tt_load tracepoint=1
	return "$status"
}

none_lost()
{
	release h4 && release h6 && release hh
}

# What is over is no longer counted: a namespace's flows go with it.
nothing_left()
{
	parity "$a" && parity "$b" && parity -
}

unloaded()
{
	tt_unload
	no_slab && ! module_loaded && [[ ! -e /proc/tcptrack && ! -e /proc/net/tcptrack ]]
}

plan 8
transitions_not "the module comes and goes in the middle of them"
mark="churn-$$"
echo "$mark" >/dev/kmsg
ns_add a b
ns_link "$a" "$b" 1
serve srv "$a" 80
hold h4 "$b" 10.1.1.1 80 20
hold h6 "$b" fd01:0:0:1::1 80 20
hold hh "$b" 10.1.1.1 80 10 holdhalf
check "insmod and rmmod ten times under traffic" reload_under_traffic
tt_load tracepoint=1
check "parity of what was there before" parity "$a"
check "$NAMESPACES namespaces under traffic" namespaces_under_traffic
check "insmod and rmmod while namespaces come and go" reload_among_namespaces
check "parity in all that is left" nothing_left
check "no connection was lost" none_lost
check "unloaded: nothing in slab or /proc" unloaded
check "no report in the console" no_report
finish
