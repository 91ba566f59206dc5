#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whatever is done with the module, with each of its allocations failing in turn
# (failnth.c): insmod, a new namespace, each operation of netlink, each sysctl, each file
# of /proc, a connection. First only those that the module's own code asks for, of which
# at least as many have to be refused as it cannot do without; then any. What was refused
# has changed nothing, and a connection is never refused because of us.
# The kernel needs CONFIG_FAULT_INJECTION: the debug kernels have it, a distribution's do not.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_fault.sh
. "$(dirname "$0")/lib_fault.sh"

transitions_not "flows are refused"
SYSCTL=/proc/sys/net/tcptrack
TIMES=1000000

# What is asked, and how many of our own allocations are refused.
operations='
do counters-get 3
do states-get 3
do listeners-get 2
dump listeners-get 0
do flows-get 2
dump flows-get 0
do settings-get 3
do flood-get 2
do listener-set 1
do listener-delete 0
do subscription-set 2
do subscription-delete 0'

# Name, what it is (a comma is a space), what is written, how many of our own allocations
# are refused.
sysctls='
mode off enforce 6
mode enforce off 0
forward 0 1 2
forward 1 0 0
early off prerouting 2
early prerouting off 0
early_devices lo lo,v1,later 4
early_devices lo,v1 v1 2
early off ingress 2
early prerouting ingress 2
early ingress prerouting 2
early_devices lo,v1 v1,later,lo 6
overflow cookie drop 0
reply route reflect 0
flows_max 4000 5000 0
halfopen_max 1000 1001 0
halfopen_listener_max 0 7 0
halfopen_source_max 0 8 0
halfopen_timeout_min 3000 2999 0
cookie_start 75 70 0
cookie_end 40 30 0
cookie_min_time 10000 9999 0
cookie_resets 64 63 0'

# Of those that failed since faults_on, as the kernel counts them, the number in $injected.
injected()
{
	local d left
	injected=0
	for d in failslab fail_page_alloc; do
		[[ -e $FAULTS/$d/times ]] || continue
		read -r left <"$FAULTS/$d/times"
		injected=$((injected + TIMES - left))
	done
}

# each WHERE LEAST ARGUMENT...: of failnth in $where; WHERE is "ours" or "any".
each()
{
	local flags=() out faults refused
	[[ $1 != ours ]] || flags=(-o)
	faults_on "$TIMES" Y
	out=$(in_ns "$where" failnth "${flags[@]}" "${@:3}" 2>&1) || { echo "$1: $out"; return 1; }
	injected
	read -r _ faults _ refused <<<"$out"
	echo "$1: $out"
	[[ $faults -eq $injected ]] || { echo "the kernel says $injected"; return 1; }
	[[ $refused -ge $2 ]] || { echo "less than $2"; return 1; }
}

# ours LEAST ARGUMENT...: what the module's own code asks for, of slab and of pages, one by
# one: what is in the slab already needs no page.
ours()
{
	[[ -e $FILTER ]] || return 0	# it cannot be told whose they are
	within "${text[@]}"
	only failslab
	each ours "$@" || return
	within "${text[@]}"
	only fail_page_alloc
	each ours 0 "${@:2}"
}

both()
{
	ours "$@" && within && each any 1 "${@:2}"
}

# run NAME COMMAND...: a case (ONLY: a pattern, those alone)
run()
{
	if [[ -z ${ONLY:-} || $1 =~ $ONLY ]]; then check "$@"; else skip "$1" "not asked for"; fi
}

failing_insmod()
{
	local h status where=$c ko=$TCPTRACK_KO whose=ours
	[[ -e $FILTER ]] || whose=any
	# what is for debuggers is nine tenths of it
	strip -g -o "$scratch/tcptrack.ko" "$ko" 2>/dev/null && ko=$scratch/tcptrack.ko
	tt_unload
	hold h "$a" 127.0.0.1 80 3
	# what insmod's own code calls
	# shellcheck disable=SC2046
	within $(kernel_text do_one_initcall)
	only failslab
	each "$whose" 50 insmod "$ko" tracepoint=1
	status=$?
	within
	tt_load tracepoint=1
	parity "$a" && release h && return "$status"
}

# It begins with init_net's settings: with all hooks that there are.
failing_netns()
{
	local status where=-
	in_ns - netns - -w net.tcptrack.early=prerouting
	if [[ -e $FILTER ]]; then ours 15 netns; else each any 15 netns; fi
	status=$?
	in_ns - netns - -w net.tcptrack.early=off
	return "$status"
}

failing_sysctl()
{
	local where=$c
	ns_sysctl "$c" "net.tcptrack.$1=${2//,/ }"
	both "$4" write "$SYSCTL/$1" "${3//,/ }"
}

# Hooks of devices are there, others are to come.
failing_swap()
{
	local where=$c status
	ns_sysctl "$c" net.tcptrack.early=ingress "net.tcptrack.early_devices=lo v1"
	both 7 "do" settings-set prerouting
	status=$?
	ns_sysctl "$c" net.tcptrack.early=off net.tcptrack.early_devices=
	return "$status"
}

# In a softirq fail-nth is not looked at: there, and here, all that we ask for fails.
none_at_all()
{
	local out status
	within "${text[@]}"
	faults_on "$TIMES" Y
	echo 100 >"$FAULTS/failslab/probability"
	out=$(in_ns "$c" failnth connect blind)
	status=$?
	faults_off
	injected
	echo "$out; $injected in all"
	# each of its two ends asks for a flow, or for a listener
	[[ $status -eq 0 && $injected -ge 4 ]]
}

all_sysctls()
{
	diff <(cd "$SYSCTL" && ls) <(awk 'NF { print $1 }' <<<"$sysctls" | sort -u)
}

if [[ ! -d $FAULTS/failslab || ! -e /proc/thread-self/fail-nth ]]; then
	echo "1..0 # SKIP needs a kernel with CONFIG_FAILSLAB"
	exit $KSFT_SKIP
fi
trap 'faults_off; caches 0; cleanup' EXIT
tt_load tracepoint=1
ns_add a b
ns_link "$a" "$b" 1
serve srv "$a" 80
hold h "$b" 10.1.1.1 80 40
# where there is no traffic but ours
ns_add c
ip -n "$c" link add v1 type veth peer name v2
where=$a
read -ra text < <(module_text)
caches 1
within
plan $(($(grep -c . <<<"$operations$sysctls") + 12))
while read -r kind name least; do
	[[ -z $kind ]] || run "$kind $name" both "$least" "$kind" "$name"
done <<<"$operations"
where=$c run "settings-set, to hooks at ingress" both 6 "do" settings-set ingress
run "settings-set, from hooks at ingress" failing_swap
run "each sysctl has a case" all_sysctls
while read -r name from to least; do
	[[ -z $name ]] || run "$name, from $from to $to" failing_sysctl "$name" "$from" "$to" "$least"
done <<<"$sysctls"
ns_sysctl "$c" net.tcptrack.early=off
run "/proc/tcptrack" both 1 read /proc/tcptrack
run "/proc/net/tcptrack_flows" both 0 read /proc/net/tcptrack_flows
run "/proc/net/tcptrack_listeners" both 0 read /proc/net/tcptrack_listeners
run "/proc/net/stat/tcptrack" both 0 read /proc/net/stat/tcptrack
run "/proc/net/stat/tcptrack_flood" both 0 read /proc/net/stat/tcptrack_flood
where=$c run "a connection" both 1 connect
if [[ -e $FILTER ]]; then
	run "a connection, and no memory at all for us" none_at_all
else
	skip "a connection, and no memory at all for us" "needs CONFIG_FAULT_INJECTION_STACKTRACE_FILTER"
fi
run "a new namespace" failing_netns
run "insmod" failing_insmod
finish
