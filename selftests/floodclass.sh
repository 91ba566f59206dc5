#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is told of a flood: its class, how many sources it had, and which. Then what its
# cookies look like from outside.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

ISNS=${TCPTRACK_LONG:+100000}
ISNS=${ISNS:-20000}
# Pairs that are equal by chance, n^2 / 2^33: 1.2 of 100000, 0.05 of 20000. More than this
# comes once in 10^9 runs.
CHANCE=${TCPTRACK_LONG:+12}
CHANCE=${CHANCE:-6}

# always [NAME=VALUE]...: every SYN gets a cookie, until the listener closes.
always()
{
	policy overflow=cookie cookie_start=0 cookie_min_time=600000 "$@"
}

# over: the listener closes, and with it its flood; the line in $line.
over()
{
	serve_end server
	empty "$a" || return
	if ! wait_for told_times flood_end "$port" 1 "$DEADLINE" ||
	   ! told_times flood_start "$port" 1; then
		dmesg | grep event=flood
		return 1
	fi
	line=$(told flood_end "$port")
}

# estimated N: sources= is less than 5 % away from it.
estimated()
{
	local have
	have=$(field sources "$line")
	[[ $((100 * have)) -gt $((95 * $1)) && $((100 * have)) -lt $((105 * $1)) ]] && return
	echo "of $1 sources: $line"
	return 1
}

# spoofed N
spoofed()
{
	local sources
	always
	fresh
	begin 0
	flood "$port" -n "$1" -s "$1" -c || return
	sources=$(flood_said sources)
	over && line_is "$line" class spoofed syns "$1" cookies_sent "$1" cookies_valid 0 \
		accept_full 0 top '' && estimated "$sources"
}

# few SYNS SOURCES
few()
{
	always
	fresh
	begin 0
	flood "$port" -n "$1" -f "$2" -p 3 || return
	over && line_is "$line" class few_sources syns "$1" cookies_sent "$1" cookies_valid 0 &&
		estimated "$2" && named "$(field top "$line")"
}

# The sources of 128 floods are counted at once (of all namespaces but init_net): of one more
# nothing is said that nobody knows.
uncounted()
{
	local many i
	always
	listening many "$a" 20000 128
	for ((i = 20000; i < 20128; i++)); do flood "$i" -n 1 || return; done
	sleep 61	# the log is limited
	fresh
	begin 0
	flood "$port" -n 6000 -f 600 -p 3 || return
	over && line_is "$line" class spoofed syns 6000 cookies_sent 6000 sources 0 top ''
	local status=$?
	serve_end many
	sleep 61
	[[ $status -eq 0 ]] && few 6000 600
}

# named TOP: the prefixes of flood.c's 600 sources, each with its share, give or take 10 %.
named()
{
	local want prefix share
	want="198.18.0.0/24 42 198.18.1.0/24 42 198.18.2.0/24 14"
	[[ $to != *:* ]] || want="2001:2::/64 33 2001:2:0:1::/64 33 2001:2:0:2::/64 33"
	[[ $1 =~ ^[^,]+,[^,]+,[^,]+$ ]] || { echo "$1"; return 1; }
	# shellcheck disable=SC2086	# a list
	set -- "$1" $want
	while [[ $# -gt 1 ]]; do
		prefix=$2 share=${1##*"$2":}
		share=${share%%\%*}
		[[ $share =~ ^[0-9]+$ && $share -ge $(($3 - 10)) && $share -le $(($3 + 10)) ]] ||
			{ echo "$prefix: not $3 % of $1"; return 1; }
		set -- "$1" "${@:4}"
	done
}

# Real clients, and some who are none.
crowd()
{
	always
	fresh_server
	begin 0
	flood "$port" -n 100 -c && in_ns "$b" traffic client "$to" "$port" client 200 4 &&
		over && line_is "$line" class crowd syns 300 cookies_sent 300 cookies_valid 200 &&
		estimated $(($(flood_said sources) + 1))
}

# Nobody accepts: nothing is answered, nothing held, and each is counted as the stack does.
# slow_accept TCP_ABORT_ON_OVERFLOW
slow_accept()
{
	local status
	always
	ns_sysctl "$a" net.ipv4.tcp_abort_on_overflow="$1"
	fresh 5 1 never
	begin 0
	hold clients "$b" "$to" "$port" 6
	stack_begin "$a"
	flood "$port" -n 1000 -i "$scratch/isn" && [[ $(flood_said answered) == 0 ]] &&
		was_held 0 && listener_is "$port" acceptq 6 acceptq_max 5 accept_full 1000 &&
		counters_are "$a" syns 1006 accept_full 1000 cookies_sent 6 cookies_valid 6 \
			syns_dropped 0 &&
		stack_is "$a" ListenOverflows 1000 ListenDrops 1000
	status=$?
	serve_end clients
	ns_sysctl "$a" net.ipv4.tcp_abort_on_overflow=0
	[[ $status -eq 0 ]] && over &&
		line_is "$line" class slow_accept syns 1006 cookies_sent 6 cookies_valid 6 \
			accept_full 1000
}

# The same for the stack's own SYN-ACKs.
slow_without_cookies()
{
	local status
	policy overflow=recycle
	fresh 5 1 never
	begin 0
	hold clients "$b" "$to" "$port" 6
	stack_begin "$a"
	flood "$port" -n 1000 -i "$scratch/isn" && [[ $(flood_said answered) == 0 ]] &&
		holds "$a" 0 && listener_is "$port" acceptq 6 accept_full 1000 &&
		counters_are "$a" syns 1006 accept_full 1000 halfopen_evicted 0 &&
		stack_is "$a" ListenOverflows 1000 ListenDrops 1000
	status=$?
	serve_end clients
	return "$status"
}

# looks_random FILE N: so many ISNs of neighbouring tuples, and no more is alike than by chance.
looks_random()
{
	local what
	[[ $(flood_said answered) == "$2" && $(wc -l <"$1") -eq $2 ]] ||
		{ cat "$scratch/flood"; return 1; }
	for what in isn address port; do
		[[ $(flood_said "$what") -le $CHANCE ]] && continue
		echo "$what: $(flood_said "$what") pairs are alike"
		return 1
	done
}

# The sequence numbers of the SYNs are all the same, their tuples are neighbours.
isns()
{
	always
	fresh
	begin 0
	flood "$port" -n "$ISNS" -f 500 -i "$scratch/first" && looks_random "$scratch/first" "$ISNS" &&
		counters_are "$a" cookies_sent "$ISNS" || return
	time_travels || return 0
	sleep 120
	flood "$port" -n "$ISNS" -f 500 -i "$scratch/second" && looks_random "$scratch/second" "$ISNS" &&
		! cmp -s "$scratch/first" "$scratch/second" || return
	[[ -z $(sort "$scratch/first" "$scratch/second" | uniq -d | head -n 3) ]] ||
		{ echo "two minutes later, a tuple has the same cookie again"; return 1; }
}

# exchange FILE: what goes over the wire, in some order, by a listener that has just begun;
# but for pure ACKs of connections, of which a timer decides.
exchange()
{
	serve_end server
	background server "$a" listeners 999 1024 1
	background sniffer "$b" sniff v1 999
	flood 999 -n 100 && flood 999 -n 50 -f 1 -s 2 && flood 999 -n 50 -a 100 -s 3 &&
		in_ns "$b" traffic client "$to" 999 client 20 1
	kill -TERM "$sniffer" && wait "$sniffer"
	in_ns "$a" ss -K state syn-recv >/dev/null
	grep -v 'flags 0010 .* data 0 ' "$scratch/sniffer" | sort >"$1"
}

# In monitor mode all goes as without the module, whatever there would be to do.
monitored()
{
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=0
	tt_unload
	exchange "$scratch/without"
	tt_load
	policy mode=monitor overflow=cookie cookie_start=0 halfopen_listener_max=16 halfopen_source_max=4
	counters_begin "$a"
	exchange "$scratch/monitored"
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=5
	counters_are "$a" syns 170 cookie_modes 1 cookies_sent 0 syns_dropped 0 halfopen_evicted 0 \
		cookies_invalid 0 && value_moves over_source 1 && value_moves over_listener 1 || return
	# 200 of the flood and as many answers, 20 connections
	[[ $(wc -l <"$scratch/without") -ge 500 ]] || { wc -l "$scratch/without"; return 1; }
	diff "$scratch/without" "$scratch/monitored"
}

plan $((20 + $(time_travels; echo $((!$?)))))
flood_setup
for to in 10.1.1.1 fd01:0:0:1::1; do
	# no more than twenty lines of the log a minute and namespace
	[[ $to == *.* ]] || flood_between
	for n in 1000 10500 20000; do
		run "spoofed: $n SYNs" spoofed $n
	done
	run "few sources: their prefixes" few 6000 600
	[[ $to == *:* ]] || ! time_travels || run "more floods than are counted" uncounted
	run "crowd" crowd
	run "slow accept" slow_accept 0
	run "slow accept, with tcp_abort_on_overflow" slow_accept 1
	run "slow accept: the stack answers nothing either" slow_without_cookies
	run "$ISNS cookies look random" isns
	run "monitor mode changes no packet" monitored
done
finish
