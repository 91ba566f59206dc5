#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Namespaces that any user can make: a quarter of the flows that there are for all, and
# others have the rest. (The first test of all: sockets that others leave behind in
# namespaces which are about to go take places for minutes.)

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

is_in_another_netns()
{
	[[ $(readlink "/proc/$1/ns/net") != "$(readlink /proc/self/ns/net)" ]]
}

quarter()
{
	local h g srv status
	serve srv "$guest" 80
	counters_begin "$guest"
	counters_begin "$a"
	hold g "$guest" 127.0.0.1 80 30
	hold h "$a" 127.0.0.1 80 20
	settle_state "$guest" local ESTABLISHED 24 &&
		counters_are "$guest" flows 12 flows_created 12 flows_refused_full 18 &&
		settle_state "$a" local ESTABLISHED 40 &&
		counters_are "$a" flows 20 flows_created 20 flows_refused_full 0
	status=$?
	release g && release h || return
	kill -KILL "$srv"
	wait "$srv" 2>/dev/null
	return "$status"
}

[[ -e /proc/self/ns/user ]] || { echo "1..0 # SKIP no user namespaces"; exit "$KSFT_SKIP"; }
plan 1
transitions_not "the table is full, so that sockets are not tracked"
ns_add a
serve own "$a" 80
guest=tt-guest-$$
unshare -Urn sleep 1000 &
pid=$!
trap 'kill -KILL $pid; umount "/run/netns/$guest"; rm -f "/run/netns/$guest"; cleanup' EXIT
wait_for is_in_another_netns "$pid" 10 || bail "no namespace of a user's own"
touch "/run/netns/$guest"
mount --bind "/proc/$pid/ns/net" "/run/netns/$guest" || bail "it has no name"
ip -n "$guest" link set lo up
tt_load tracepoint=0 flows_max=48
check "namespaces of users' own have a quarter" quarter
finish
