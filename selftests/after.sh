#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What has to hold after each test, on a kernel that can tell: the module is gone
# and left nothing in slab, lockdep still looks, and no memory has leaked. Prints
# what does not hold, and fails. "after.sh begin": forget what came before.

PATH=$PATH:/usr/sbin:/sbin
kmemleak=/sys/kernel/debug/kmemleak
blind=/run/tcptrack-lockdep-off

# Only what is older than five seconds is reported, and for certain only by a second
# scan. Where waiting costs nothing (time travel) this is done after each test.
leaks()
{
	[ -w $kmemleak ] || return 0
	sleep 6
	# (it does so for good, when it has no memory itself)
	if ! { echo scan >$kmemleak && echo scan >$kmemleak; }; then
		echo "kmemleak has turned itself off"
		return
	fi
	cat $kmemleak
	echo clear >$kmemleak
}

scan_now()
{
	grep -qs 'time-travel' /proc/cmdline || [ "${1:-}" = end ]
}

case ${1:-} in
begin)
	if [ -w $kmemleak ]; then
		echo scan >$kmemleak
		echo clear >$kmemleak
	fi
	exit 0;;
esac

bad=$(
	if [ -d /sys/module/tcptrack ] && ! rmmod tcptrack 2>&1; then
		echo "the module cannot be unloaded"
	elif grep '^tcptrack' /proc/slabinfo 2>/dev/null; then
		echo "the module has left these slab caches"
	fi
	if grep -qs 'debug_locks: *0' /proc/lockdep_stats && [ ! -e "$blind" ]; then
		echo "lockdep has turned itself off: the tests from here on run without it"
		: >"$blind"
	fi
	! scan_now "$@" || leaks
)
[ -z "$bad" ] || echo "$bad"
[ -z "$bad" ]
