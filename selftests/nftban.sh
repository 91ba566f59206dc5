#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Documentation/recipe_nft.rst, as it stands there: the prefixes of a flood of few sources get
# into the set, what they send then is dropped before the module sees it, and they go again.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

find_tool
EXAMPLES=${TCPTRACK_EXAMPLES:-$TESTS/../Documentation/examples}
LASTS=15

# In the set of the family of $to, without their times.
banned()
{
	in_ns "$a" nft -j list set inet tcptrack_ban "$set" | python3 -c '
import json, sys
for e in json.load(sys.stdin)["nftables"]:
	for x in e.get("set", {}).get("elem", []):
		p = x["elem"]["val"]["prefix"]
		print("%s/%d" % (p["addr"], p["len"]))' | sort | tr '\n' ' '
}

banned_is()
{
	[[ $(banned) == "$1" ]]
}

recipe()
{
	in_ns "$a" nft -f "$EXAMPLES/nft-few-sources.nft" || return
	nsenter --net="/run/netns/$a" -- bash -c '"$0" monitor -j flood | "$1" '"$LASTS 1" \
		"$ctl" "$EXAMPLES/nft-few-sources" >"$scratch/recipe" 2>&1 &
	wait_for monitors 10
}

# (the group has a listener)
monitors()
{
	local pid
	for pid in $(ip netns pids "$a"); do
		[[ $(cat "/proc/$pid/comm" 2>/dev/null) == tcptrackctl ]] &&
			grep -q '^State:.S' "/proc/$pid/status" && return
	done
	return 1
}

# A flood in cookie mode, that ends when its listener closes.
flood_over()
{
	policy overflow=cookie cookie_start=0 cookie_min_time=600000
	fresh
	empty "$a"
	flood "$port" "$@" || return
	serve_end server
	empty "$a"
	wait_for told_times flood_end "$port" 1 "$DEADLINE" || { echo "the flood does not end"; return 1; }
}

# few PREFIXES: what was banned is dropped, others get in, and the time is over.
few()
{
	flood_over -n 6000 -f 600 -p 3 || return
	wait_for banned_is "$1" 20 || { echo "in the set: $(banned)"; cat "$scratch/recipe"; return 1; }
	policy overflow=cookie
	fresh_server
	counters_begin "$a"
	flood "$port" -n 100 -f 600 -p 3 || return
	in_ns "$b" traffic client "$to" "$port" keep 5 || return
	counters_are "$a" syns 5 flows_created 5 || return
	wait_for banned_is "" $((2 * LASTS + 30)) || { echo "still there: $(banned)"; return 1; }
	counters_begin "$a"
	flood "$port" -n 100 -s 2 -f 600 -p 3 && counters_are "$a" syns 100
}

# Who forges all addresses bans none.
spoofed()
{
	flood_over -n 6000 || return
	# (the recipe reads in order: when it has dealt with this one, the other was before it)
	flood_over -n 6000 -f 600 -p 3 -s 3 && wait_for banned_is "$1" 20 &&
		[[ $(grep -c ' for ' "$scratch/recipe") -eq $((expected + $(wc -w <<<"$1"))) ]]
}

# at_ingress NET: before an early hook there, the sets have to be looked at there, too.
at_ingress()
{
	policy overflow=cookie cookie_start=0 cookie_min_time=600000 early_devices=v1 early=ingress
	fresh
	in_ns "$a" nft flush set inet tcptrack_ban "$set" &&
		in_ns "$a" nft add element inet tcptrack_ban "$set" "{ $1 timeout 1h }" &&
		in_ns "$b" traffic client "$to" "$port" client 1 || return
	counters_begin "$a"
	flood "$port" -n 100 -f 100 -p 3 && counters_are "$a" syns 100 early_cookies 100 || return
	sed 's/eth0/v1/' "$EXAMPLES/nft-few-sources-ingress.nft" | in_ns "$a" nft -f - || return
	counters_begin "$a"
	flood "$port" -n 100 -f 100 -p 3 && in_ns "$b" traffic client "$to" "$port" client 5 &&
		counters_are "$a" syns 5 early_cookies 5 || return
	in_ns "$a" nft add element inet tcptrack_ban "never${set#v}" "{ $1 }" &&
		flood "$port" -n 100 -f 100 -p 3 && counters_are "$a" syns 105 early_cookies 105 || return
	in_ns "$a" nft delete chain inet tcptrack_ban ingress &&
		in_ns "$a" nft flush set inet tcptrack_ban "$set" &&
		ns_sysctl "$a" net.tcptrack.early=off
}

plan 6
tt_load
flood_between
recipe || bail "$(cat "$scratch/recipe")"
expected=0
four="198.18.0.0/24 198.18.1.0/24 198.18.2.0/24 "
six="2001:2:0:1::/64 2001:2:0:2::/64 2001:2::/64 "
to=10.1.1.1 set=v4
run "few sources are banned, and let go" few "$four"
expected=3
run "a spoofed flood bans nobody" spoofed "$four"
to=fd01:0:0:1::1 set=v6 expected=6
run "few sources are banned, and let go" few "$six"
expected=9
run "a spoofed flood bans nobody" spoofed "$six"
run "with the early hook at ingress" at_ingress 2001:2::/48
to=10.1.1.1 set=v4
run "with the early hook at ingress" at_ingress 198.18.0.0/22
finish
