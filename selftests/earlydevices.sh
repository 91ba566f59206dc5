#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The early hook and real clients; the list of devices at whose ingress it is, as these
# are renamed, go, come and change their namespace; and the module goes meanwhile.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

N=10

# set_early NAME VALUE: early or early_devices in $a; fails if it is refused.
set_early()
{
	in_ns "$a" tee "/proc/sys/net/tcptrack/$1" <<<"$2" >/dev/null 2>&1
}

# early_on WHERE DEVICES: and the listener is in cookie mode.
early_on()
{
	ns_sysctl "$a" net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000
	set_early early_devices "$2" && set_early early "$1" &&
		in_ns "$b" traffic client 10.1.1.1 80 keep 1
}

devices_are()
{
	local is
	is=$(in_ns "$a" cat /proc/sys/net/tcptrack/early_devices)
	[[ $is == "$1" ]] || { echo "early_devices is '$is', not '$1'"; return 1; }
}

# all_in EARLY: N clients of each family, each with a cookie, so many of these early.
all_in()
{
	local to
	for to in 10.1.1.1 fd01:0:0:1::1; do
		counters_begin "$a"
		in_ns "$b" traffic client "$to" 80 keep "$N" || return
		counters_are "$a" syns "$N" cookies_sent "$N" cookies_valid "$N" \
			cookies_invalid 0 flows_created "$N" early_cookies "$1" \
			early_acks_dropped 0 || return
	done
	parity "$a"
}

# A link-local address is one of that device only.
link_local()
{
	local to n mac
	mac=$(ip -n "$a" -o link show dev v1 | sed -n 's,.*link/ether \([0-9a-f:]*\).*,\1,p')
	to=$(ip -n "$a" -o -6 addr show dev v1 scope link | sed 's,.*inet6 \([^/]*\)/.*,\1,')
	counters_begin "$a"
	in_ns "$b" traffic client "$to%v1" 80 keep "$N" &&
		counters_are "$a" syns "$N" cookies_sent "$N" cookies_valid "$N" flows_created "$N" \
			early_cookies "$N" early_acks_dropped 0 || return
	ip -n "$a" link add other type dummy
	ip -n "$a" addr add fe80::1:2:3/64 dev other nodad
	ip -n "$a" link set other up
	ip -n "$a" -6 route add 2001:2::/48 via fd01:0:0:1::2
	for n in 5 0; do
		counters_begin "$a"
		in_ns "$b" flood -n 5 -m "$mac" v1 "$to" 80 &&
			counters_are "$a" early_cookies "$n" cookies_sent "$n" syns "$n" || return
		to=fe80::1:2:3
	done
	ip -n "$a" link del other
	ip -n "$a" -6 route del 2001:2::/48
}

# up DEVICE: in $a, with its addresses
up()
{
	ip -n "$a" addr replace 10.1.1.1/24 dev "$1"
	ip -n "$a" addr replace fd01:0:0:1::1/64 dev "$1" nodad
	ip -n "$a" link set "$1" up
	wait_for link_ready "$a" "$1" 5 && wait_for link_ready "$b" v1 5
}

renamed()
{
	ip -n "$a" link set v1 down
	ip -n "$a" link set v1 name w1
	up w1 && devices_are "nosuch w1" && all_in "$N"
}

# Another device comes by the name of one that went.
again()
{
	ip -n "$a" link del w1
	ip -n "$b" link add v1 type veth peer name w1 netns "$a"
	ip -n "$b" addr add 10.1.1.2/24 dev v1
	ip -n "$b" addr add fd01:0:0:1::2/64 dev v1 nodad
	ip -n "$b" link set v1 up
	up w1 && devices_are "nosuch w1" && all_in "$N"
}

moved()
{
	ip -n "$a" link set w1 netns "$b" && ip -n "$b" link set w1 netns "$a" &&
		up w1 && all_in "$N"
}

listed()
{
	set_early early_devices nosuch && all_in 0 &&
		set_early early_devices "w1 w1  nosuch" && devices_are "w1 nosuch" && all_in "$N"
}

refused()
{
	! set_early early_devices "v1 a/b" && devices_are "w1 nosuch" &&
		! set_early early_devices "$(echo {1..33})" && devices_are "w1 nosuch" &&
		! set_early early always && all_in "$N"
}

switched()
{
	set_early early off && all_in 0 && set_early early ingress && all_in "$N" &&
		ns_sysctl "$a" net.tcptrack.mode=off net.tcptrack.mode=enforce && all_in "$N"
}

# A device is none of its alternative names. (The entry of one of these was freed while it was
# hooked, when the device was renamed to it.)
altname()
{
	ip -n "$a" link property add dev w1 altname alt1 &&
		set_early early_devices "alt1 w1" && all_in "$N" &&
		set_early early_devices alt1 && all_in 0 &&
		ip -n "$a" link property del dev w1 altname alt1 || return
	ip -n "$a" link set w1 down
	ip -n "$a" link set w1 name alt1
	up alt1 && devices_are alt1 && all_in "$N" || return
	ip -n "$a" link set alt1 down
	ip -n "$a" link set alt1 name w1
	up w1 && devices_are w1 && all_in "$N" &&
		set_early early_devices nosuch && all_in 0 &&
		set_early early_devices "w1 nosuch" && all_in "$N"
}

# A flood is dealt with early, and the module goes.
unloaded()
{
	local mac flood where
	mac=$(ip -n "$a" -o link show dev w1 | sed -n 's,.*link/ether \([0-9a-f:]*\).*,\1,p')
	ip -n "$a" route add 198.18.0.0/15 via 10.1.1.2
	ip -n "$b" route add blackhole 198.18.0.0/15
	nsenter --net="/run/netns/$b" -- flood -n 1000000 -r 5000 -m "$mac" v1 10.1.1.1 80 \
		>/dev/null &
	flood=$!
	for where in prerouting ingress; do
		early_on "$where" w1 || break
		counters_begin "$a"
		wait_for value_moves early_cookies 1 20 || { echo "$where: nothing is dealt with"; break; }
		tt_load
		where=''
	done
	kill -KILL "$flood"
	wait "$flood" 2>/dev/null
	[[ -z $where ]]
}

plan 11
tt_load
ns_add a b
ns_link "$a" "$b" 1
ns_sysctl "$a" net.core.somaxconn=4096
serve server "$a" 80
early_on prerouting "nosuch v1"
check "prerouting: every client gets in" all_in $N
early_on ingress "nosuch v1"
check "ingress: every client gets in" all_in $N
check "ingress: a link-local address" link_local
check "a device is renamed" renamed
check "a device comes by the name of one that went" again
check "a device goes to another namespace and comes back" moved
check "an alternative name" altname
check "the list is another" listed
check "what is no name, no word and too much is refused" refused
check "it is switched off and on" switched
check "the module goes during a flood" unloaded
finish
