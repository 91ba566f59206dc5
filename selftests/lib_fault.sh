# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Which allocations fail (CONFIG_FAULT_INJECTION): of the module's code, of the kernel's,
# and how many have. Sourced after lib.sh. A distribution's kernel has none of this.

FAULTS=/sys/kernel/debug
FILTER=$FAULTS/failslab/require-start	# (not on x86 before 6.2)

leaky=()		# the kernel's sysfs_slab_add() leaks the name of a cache

# What may fail is what the given range of code, or what it calls, allocates. Without a
# range: anything.
within()
{
	local d
	# (once: the kernel's list is long)
	[[ ${#leaky[@]} -gt 0 ]] || read -ra leaky < <(kernel_text sysfs_slab_add; echo 0 0)
	for d in "$FAULTS"/{failslab,fail_page_alloc}; do
		[[ -e $d/require-start ]] || continue
		echo 0 >"$d/require-start"
		printf 0x%x "${2:--1}" >"$d/require-end"
		printf 0x%x "${1:-0}" >"$d/require-start"
		printf 0x%x "${leaky[1]}" >"$d/reject-end"
		printf 0x%x "${leaky[0]}" >"$d/reject-start"
		echo 32 >"$d/stacktrace-depth"
	done
}

# caches 1|0: with cache-filter=Y all may fail, or none, but those of kmemleak and of
# debugobjects: these do without, ask beside others or not, and so try nothing.
caches()
{
	local f
	for f in /sys/kernel/slab/*/failslab; do
		case $f in
		*/kmemleak_*|*/debug_objects_cache/*) ;;
		*)	{ echo "$1" >"$f"; } 2>/dev/null;;
		esac
	done
}

# only KIND: of what within, with a range, lets fail (failslab: kmalloc and caches;
# fail_page_alloc: what they are cut from, and what is large).
only()
{
	local d
	for d in failslab fail_page_alloc; do
		[[ $d != "$1" && -e $FAULTS/$d/require-start ]] || continue
		echo 1 >"$FAULTS/$d/require-start"
		echo 0 >"$FAULTS/$d/stacktrace-depth"
	done
}

# faults_for NAME VALUE: of each kind of allocation that has such a setting.
faults_for()
{
	local d
	for d in failslab fail_page_alloc; do
		[[ ! -e $FAULTS/$d/$1 ]] || echo "$2" >"$FAULTS/$d/$1"
	done
}

# faults_on TIMES Y|N: every kind of allocation may fail, so often ("times" counts them), as soon
# as there is a probability; Y: only of marked caches.
faults_on()
{
	faults_for probability 0
	faults_for ignore-gfp-wait N
	faults_for verbose 0
	faults_for times "$1"
	faults_for cache-filter "$2"
	faults_for min-order 0
}

faults_off()
{
	faults_for probability 0
	faults_for ignore-gfp-wait Y
	faults_for cache-filter N
	faults_for min-order 1
	within
}

# Print the range of the module's own code.
module_text()
{
	# shellcheck disable=SC2046
	set -- $(grep '^tcptrack ' /proc/modules)
	echo "$6 $(($6 + $2))"
}

# Print the range of these functions of the kernel and of what is between them.
kernel_text()
{
	awk -v names=" $* " '
		index(names, " " $3 " ") { if (!first) first = $1; inside = $1; next }
		inside && $1 != inside { last = $1; inside = "" }
		END { if (first) print "0x" first, "0x" last }' /proc/kallsyms
}
