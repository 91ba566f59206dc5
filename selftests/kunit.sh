#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The KUnit suites (kunit/), which run when their module is loaded. They need a
# kernel with CONFIG_KUNIT: the debug kernels have it, a distribution's do not.

PATH=$PATH:/usr/sbin:/sbin
results=/sys/kernel/debug/kunit
ko=${TCPTRACK_KUNIT_KO:-}

if [ -z "$ko" ]; then
	echo "1..0 # SKIP needs a kernel with CONFIG_KUNIT, and the suites built for it"
	exit 4
fi
echo "TAP version 13"
insmod "$ko" || exit 1
out=$(cat $results/tcptrack_*/results)
rmmod tcptrack_kunit || exit 1
# The cases only: not the parameters of one, and not the suites once more.
echo "$out" | grep -E '^    ((not )?ok [0-9]|# .*:[0-9]+$|# [a-z_]+: (EXP|ASS))' | sed 's/^    //'
suites=$(echo "$out" | grep -cE '^ok [0-9]+ tcptrack_')
# the sources are beside what was built of them
wanted=$(cat "${ko%/*}"/*_test.c | grep -c '^kunit_test_suites(&')
[ "$suites" -eq "$wanted" ] || echo "# $suites suites were run, of $wanted"
[ "$suites" -gt 0 ] && [ "$suites" -eq "$wanted" ] && ! echo "$out" | grep -q '^ *not ok'
