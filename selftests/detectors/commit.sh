#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# commit.sh DIRECTORY DEFECT...: inside a test kernel, commit one defect after
# the other. The verdict is read from the console, not given here.

dir=$1
shift
for defect in "$@"; do
	echo "selftests: $defect" >/dev/kmsg
	if insmod "$dir/defects.ko" "what=$defect"; then
		rmmod defects
	else
		echo "$defect: the module could not be loaded"
	fi
	if [ "$defect" = leak ] && [ -e /sys/kernel/debug/kmemleak ]; then
		# Only what is older than five seconds is reported.
		sleep 6
		echo scan >/sys/kernel/debug/kmemleak
		sleep 6
		echo scan >/sys/kernel/debug/kmemleak
	fi
	echo "defects: done $defect" >/dev/kmsg
done
echo 'selftests: end' >/dev/kmsg
