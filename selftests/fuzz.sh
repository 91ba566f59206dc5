#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzzers inside the machine: packets, generic netlink, /proc and sysctl. FUZZ_RUNS
# executions of each (1000; on an emulated machine 200) from FUZZ_SEED, which is told: the
# same seed is the same run (FUZZ_ONLY: a pattern, those alone). What has come in is counted,
# exactly; who is connected meanwhile loses nothing.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

RUNS=${FUZZ_RUNS:-$(time_travels && echo 1000 || echo 200)}
SEED=${FUZZ_SEED:-$((RANDOM * 32768 + RANDOM))}
MODES="plain cookie prerouting ingress"
PACKETS=()
for mode in $MODES; do PACKETS+=("-4 -m $mode" "-6 -m $mode"); done

# fuzz NAME COMMAND...: says what it did, whether it failed or not.
fuzz()
{
	local name=$1 status
	shift
	[[ -z ${FUZZ_ONLY:-} || $name =~ $FUZZ_ONLY ]] || { skip "$name" "not asked for"; return; }
	"$@" >"$scratch/fuzz" 2>&1
	status=$?
	sed 's/^#* */# /' "$scratch/fuzz"
	case $status in
	0)	ok "$name";;
	4)	skip "$name" "this kernel has no user namespaces";;
	*)	not_ok "$name (seed $SEED)";;
	esac
}

# Nothing that it did has an effect on others, or stays when its namespace is gone.
left_alone()
{
	parity - && parity "$b" && release h && value_is - flows 0
}

plan $((${#PACKETS[@]} + 4))
note "FUZZ_SEED=$SEED FUZZ_RUNS=$RUNS"
transitions_not "the sockets of the fuzzers see what no other test asks for"
tt_load
ns_add a b
ns_link "$a" "$b" 1
serve srv "$a" 80
TRAFFIC_SPORT=40000 hold h "$b" 10.1.1.1 80 50
for options in "${PACKETS[@]}"; do
	# shellcheck disable=SC2086	# a list
	fuzz "packets $options" fuzz_packets $options -n "$RUNS" -s "$SEED"
done
fuzz "generic netlink" in_ns "$a" fuzz_netlink -n "$RUNS" -s "$SEED"
fuzz "generic netlink from a user namespace" fuzz_netlink -u -n "$RUNS" -s "$SEED"
fuzz "/proc and sysctl" in_ns "$a" fuzz_files -n "$RUNS" -s "$SEED"
in_ns "$a" sysctl -qw net.tcptrack.mode=enforce
check "nobody else has noticed" left_alone
finish
