#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The bound on half-open connections holds for what the stack holds: a witness
# (watch/) that knows nothing of tcptrack adds it up at each SYN and SYN-ACK, and
# ss agrees. Each SYN is accounted for exactly.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

N=64		# the bound of most cases
SENT=1280	# 20 times as many SYNs

namespace_bound()
{
	policy halfopen_max="$N"
	fresh
	begin 0
	flood "$port" -n "$SENT" &&
		was_held "$N" && youngest $((SENT - N)) &&
		counters_are "$a" syns "$SENT" over_namespace $((SENT - N)) over_listener 0 \
			halfopen_evicted $((SENT - N)) closed_evicted $((SENT - N)) \
			halfopen_expired 0 syns_dropped 0 halfopen "$N" &&
		listener_is "$port" sockets 1 halfopen "$N" peak "$N" limit 1024 syns "$SENT" \
			halfopen_evicted $((SENT - N)) over_namespace $((SENT - N))
}

listener_bound()
{
	policy halfopen_listener_max="$N"
	fresh
	begin "$N"
	flood "$port" -n "$SENT" &&
		was_held "$N" && watch_is listener_over 0 && youngest $((SENT - N)) &&
		counters_are "$a" syns "$SENT" over_listener $((SENT - N)) over_namespace 0 \
			halfopen_evicted $((SENT - N)) closed_evicted $((SENT - N)) \
			syns_dropped 0 halfopen "$N" &&
		listener_is "$port" halfopen "$N" peak "$N" limit "$N" over_listener $((SENT - N))
}

# The stack takes a SYN whose options lie; so it has its place, and no cookie of ours. Where
# others get one it takes nobody else's place.
wrong_options()
{
	local over=$((SENT - N))
	policy halfopen_max="$N" overflow="$1" cookie_min_time=600000
	fresh
	begin 0
	flood "$port" -n "$SENT" -w && was_held "$N" || return
	if [[ $1 == recycle ]]; then
		youngest "$over" && counters_are "$a" syns "$SENT" invalid_option "$SENT" \
			cookies_sent 0 halfopen_evicted "$over" syns_dropped 0 halfopen "$N"
	else
		oldest $((N - 1)) && counters_are "$a" syns "$SENT" invalid_option "$SENT" \
			cookies_sent 0 halfopen_evicted 0 syns_dropped "$over" halfopen "$N"
	fi
}

# A SYN that can have no cookie is passed on in cookie mode, too, but not without bound: it
# takes the place of the oldest, and is counted as left once, however often it is looked at.
left_to_stack()
{
	local over=$((SENT - N))
	flood_between	# which has not been in cookie mode
	policy overflow=cookie halfopen_max="$N" cookie_min_time=600000
	listen_as=(-f)
	fresh
	listen_as=()
	begin 0
	flood "$port" -n "$SENT" && was_held "$N" && youngest "$over" &&
		counters_are "$a" syns "$SENT" cookie_modes 1 cookies_sent 0 \
			cookie_left_filter $((SENT - N * 3 / 4)) over_namespace "$over" \
			halfopen_evicted "$over" syns_dropped 0 halfopen "$N"
}

# Nobody is asked before they are put together: one is too many, until the next one comes.
fragments()
{
	local most
	policy halfopen_max="$N"
	fresh
	begin 0
	flood "$port" -n $((2 * SENT)) -g || return
	most=$(watch_value sum_max)
	[[ $most -eq $((N + 1)) ]] || { echo "the most were $most"; return 1; }
	wait_for holds_now "$a" "$N" "$DEADLINE" && holds "$a" "$N" && youngest $((SENT - N)) &&
		counters_are "$a" syns 0 halfopen_evicted $((SENT - N)) halfopen "$N"
}

# Each SYN since counters_begin is half-open, was evicted, or, where two CPUs meet over the
# last ones that could go for it, dropped.
all_accounted()
{
	counters_since "$a" | awk '
		{ is[$1] = $2 }
		END {
			gone = is["halfopen_evicted"] + is["syns_dropped"]
			if (is["syns"] == is["halfopen"] + gone && is["closed_evicted"] == is["halfopen_evicted"])
				exit
			print is["syns"], "SYNs,", is["halfopen"], "half-open,", gone, "gone"
			exit 1
		}'
}

# From all CPUs at once: how many go in the end depends on who meets whom, but the bound
# is never exceeded, and each SYN that came in is half-open or was evicted.
all_cpus()
{
	local cpu pids=() pid held most
	policy halfopen_max="$N"
	fresh
	begin 0
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		in_ns "$b" taskset -c "$cpu" flood -m "$mac_a" -s $((cpu + 1)) -n "$SENT" \
			v1 "$to" "$port" >/dev/null &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || return; done
	held=$(halfopen_of "$a") most=$(watch_value sum_max)
	[[ $held -le $N && $held -ge $((N - $(nproc))) && $most -ge $held && $most -le $N ]] ||
		{ echo "$held are held, the most were $most"; return 1; }
	counters_are "$a" syns $((SENT * $(nproc))) halfopen "$held" || return
	all_accounted
}

# The stack answers each SYN with a cookie of its own: none holds a place, whichever CPU it
# came in by.
stack_cookies()
{
	local status
	# (that of left_to_stack)
	policy overflow=cookie halfopen_listener_max=1 cookie_min_time=0
	settle_value "$a" cookie_mode 0 || return
	fresh
	begin 0
	ns_sysctl "$a" net.ipv4.tcp_syncookies=2
	by_each_cpu
	status=$?
	ns_sysctl "$a" net.ipv4.tcp_syncookies=1
	return "$status"
}

by_each_cpu()
{
	local cpu
	stack_begin "$a"
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		in_ns "$b" taskset -c "$cpu" flood -m "$mac_a" -s $((cpu + 1)) -n 1 \
			v1 "$to" "$port" >/dev/null || return
	done
	counters_are "$a" syns "$(nproc)" over_listener 0 cookie_modes 0 cookies_sent 0 &&
		stack_is "$a" SyncookiesSent "$(nproc)" && listener_is "$port" mode normal
}

# SYN-ACKs go out again, in the timers of requests that other CPUs evict meanwhile.
retransmitted()
{
	local cpu pids=() pid held
	policy halfopen_max=500
	fresh
	begin 0
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		in_ns "$b" taskset -c "$cpu" flood -m "$mac_a" -s $((cpu + 1)) \
			-n 2500 -r 200 v1 "$to" "$port" >/dev/null &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || return; done
	held=$(halfopen_of "$a")
	[[ $(watch_value sum_max) -le 500 && $held -gt 490 ]] ||
		{ echo "$held are held, the most were $(watch_value sum_max)"; return 1; }
	value_moves synack_retrans 1000 &&
		counters_are "$a" syns $((2500 * $(nproc))) halfopen "$held" && all_accounted
}

LASTS=${TCPTRACK_LONG:+15}	# seconds that each of four floods lasts, if not 3000 SYNs

# lasting OVERFLOW: two listeners, all CPUs, as fast as it goes, four times; ss agrees each
# time it pauses.
lasting()
{
	local most=$((N * 3 / 4)) one other status=0 i
	policy overflow="$1" halfopen_max="$N" halfopen_listener_max="$most" cookie_min_time=600000
	fresh
	one=$port
	other=$server server=
	fresh
	begin "$most"
	for ((i = 1; i <= 4 && status == 0; i++)); do
		from_all "$i" "$one" "$port" && pauses
		status=$?
	done
	serve_end other
	[[ $status -eq 0 ]] || return
	most=$(watch_value sum_max)
	[[ $most -gt 0 && $most -le $N ]] || { echo "the most were $most"; return 1; }
	echo "figures: $(counter_since "$a" syns) SYNs," \
		"$(watch_value looked) looks of the witness, at most $most half-open"
	watch_is listener_over 0 && [[ $(counters_since "$a" | awk '
		$1 == "syns" { n += $2 } $1 == "cookies_sent" || $1 == "halfopen_evicted" { n -= $2 }
		$1 == "syns_dropped" { n -= $2 } END { print n <= '$((N * 4))' }') -eq 1 ]]
}

# from_all SEED PORT PORT: a flood from each CPU, to one port or the other.
from_all()
{
	local cpu pids=() pid status=0 count=3000 ports=("$2" "$3")
	time_travels || [[ -z $LASTS ]] || count=100000000
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		nsenter --net="/run/netns/$b" -- taskset -c "$cpu" flood -m "$mac_a" \
			-s $((100 * $1 + cpu)) -n "$count" v1 "$to" "${ports[cpu % 2]}" >/dev/null &
		pids+=($!)
	done
	if [[ $count -gt 3000 ]]; then
		sleep "$LASTS"
		kill -TERM "${pids[@]}"
	fi
	for pid in "${pids[@]}"; do wait "$pid" || status=1; done
	return "$status"
}

agrees()
{
	local held
	held=$(halfopen_of "$a")
	[[ $held -gt 0 && $held -le $N ]] && value_is "$a" halfopen "$held"
}

pauses()
{
	wait_for agrees "$DEADLINE" && return
	echo "ss counts $(halfopen_of "$a") half-open, the tracker $(proc_value "$a" halfopen)"
	return 1
}

# The accept queue is full, and accept() on another CPU makes room before the stack looks itself.
accepting()
{
	local delay=/sys/module/tcptrack_watch/parameters/delay_us status
	policy halfopen_listener_max=4
	fresh 8
	begin 4
	echo 1000 >"$delay"
	flood_start "$port" -n "$FOREVER" -r 500
	wait_for overflows 800 $((4 * DEADLINE))
	status=$?
	flood_stop
	echo 0 >"$delay"
	[[ $status -eq 0 ]] || { counters_since "$a"; return 1; }
	echo "figures: $(counter_since "$a" accept_full) SYNs at a full accept queue"
	watch_is listener_max 4 && watch_is listener_over 0
}

# overflows N: so many SYNs have met a full accept queue (one CPU accepts between two SYNs only)
overflows()
{
	in_ns "$b" traffic client "$to" "$port" client 300 64 2>/dev/null
	time_travels || value_moves accept_full "$1"
}

# What the stack refuses, here as there is no way back, has its place no longer when the next SYN
# comes on that CPU, and on another one when the collector has come by.
refused()
{
	local status
	policy overflow=drop halfopen_listener_max=1
	fresh
	begin 1
	ways unreachable replace && flood "$port" -n 3 && holds "$a" 0 &&
		counters_are "$a" syns 3 over_listener 0 syns_dropped 0
	status=$?
	ways unreachable del && flood_way "$a" "$b"
	wait_for value_moves collector_runs 4 "$DEADLINE"
	in_ns "$b" taskset -c $(($(nproc) - 1)) flood -m "$mac_a" -s 2 -n 1 v1 "$to" "$port" >/dev/null &&
		[[ $status -eq 0 ]] && holds "$a" 1 &&
		counters_are "$a" syns 4 over_listener 0 syns_dropped 0
}

# ways TYPE COMMAND: of $a, to the sources
ways()
{
	ip -n "$a" route "$2" "$1" "$SOURCES4" && ip -n "$a" -6 route "$2" "$1" "$SOURCES6"
}

# 0: its own backlog.
backlog_bound()
{
	policy
	fresh 16
	begin 0
	flood "$port" -n 320 &&
		was_held 16 && watch_is listener_over 0 &&
		counters_are "$a" syns 320 over_listener 304 halfopen_evicted 304 halfopen 16 &&
		listener_is "$port" halfopen 16 peak 16 limit 16
}

drop()
{
	policy halfopen_max="$N" overflow=drop
	fresh
	begin 0
	flood "$port" -n "$SENT" &&
		was_held "$N" && oldest $((N - 1)) &&
		counters_are "$a" syns "$SENT" over_namespace $((SENT - N)) \
			syns_dropped $((SENT - N)) halfopen_evicted 0 closed_evicted 0 halfopen "$N"
}

# Who has completed the handshake, who waits, and who of these was answered only once.
completed()
{
	policy halfopen_max="$N" halfopen_timeout_min=600000
	fresh_server
	begin 0
	in_ns "$a" cat /proc/net/snmp >"$scratch/snmp"
	flood "$port" -n 30 && in_ns "$b" traffic client "$to" "$port" echo 20 4 || return
	# elsewhere a second may have passed
	! time_travels || listener_is "$port" young 30 || return
	listener_is "$port" halfopen 30 syns 50 handshakes_completed 20 cookies_sent 0 &&
		counters_are "$a" handshakes_completed 20 && passive_opens 20 || return
	wait_for value_moves synack_retrans 30 "$DEADLINE" &&
		listener_is "$port" halfopen 30 young 0 handshakes_completed 20
}

# passive_opens N: the stack has made so many sockets of SYNs since $scratch/snmp. (Two CPUs, one
# with the ACK, one with the data, may make a socket each of one request: it counts both.)
passive_opens()
{
	local n
	n=$(in_ns "$a" awk '$1 == "Tcp:" && $7 != "PassiveOpens" { n = $7 - n } END { print n }' \
		"$scratch/snmp" /proc/net/snmp)
	[[ $n -eq $1 || ($(nproc) -gt 1 && $n -gt $1 && $n -le $((2 * $1))) ]] || { echo "the stack: PassiveOpens $n, not $1"; return 1; }
}

# Whatever other namespaces do, there is a quarter of all listeners for init_net: 16384.
others_listen()
{
	local i spaces=() servers=() later status=1 ns
	for ((i = 0; i <= 12; i++)); do
		ns_add crowd
		spaces+=("$crowd")
		listening later "$crowd" 1024 4096
		servers+=("$later")
	done
	listening later - 20000 100
	servers+=("$later")
	wait_for refused_are 4096 "${spaces[@]}" "$DEADLINE" &&
		[[ $(grep -c ':20[01][0-9][0-9]' /proc/net/tcptrack_listeners) -eq 100 ]] && status=0
	[[ $status -eq 0 ]] || for ns in - "${spaces[@]}"; do
		echo "$ns: $(in_ns "$ns" grep -c "" /proc/net/tcptrack_listeners) lines," \
			"$(proc_value "$ns" listeners_refused) refused"
	done
	for later in "${servers[@]}"; do serve_end later; done
	ns_del "${spaces[@]}"
	return "$status"
}

# refused_are N NS...: at each look of the collector, so many are refused, of all together
refused_are()
{
	local ns n=0
	for ns in "${@:2}"; do
		n=$((n + 4096 + 1 - $(in_ns "$ns" grep -c "" /proc/net/tcptrack_listeners)))
	done
	[[ $n -eq $1 ]]
}

# What the stack holds is what it would hold without the module.
monitor()
{
	policy halfopen_max="$N" halfopen_listener_max=$((N / 2)) mode=monitor
	fresh
	begin 0
	flood "$port" -n 400 &&
		was_held 400 &&
		counters_are "$a" syns 400 over_listener $((400 - N / 2)) over_namespace 0 \
			syns_dropped 0 halfopen_evicted 0 halfopen 400 || return
	policy halfopen_max="$N" mode=monitor
	begin 0
	flood "$port" -n 400 &&
		was_held 400 &&
		counters_are "$a" syns 400 over_namespace $((400 - N)) over_listener 0 \
			syns_dropped 0 halfopen_evicted 0 halfopen 400
}

long=${TCPTRACK_LONG:+1}
plan $((33 + ${long:=0}))
flood_setup
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "recycle, halfopen_max" namespace_bound
	run "recycle, from all CPUs" all_cpus
	run "recycle, halfopen_listener_max" listener_bound
	run "recycle, the listener's backlog" backlog_bound
	run "recycle, while others accept" accepting
	run "drop, SYNs that the stack refuses" refused
	run "the stack answers with its cookies, from all CPUs" stack_cookies
	run "drop" drop
	run "monitor" monitor
	run "recycle, while SYN-ACKs go out again, from all CPUs" retransmitted
	run "recycle, two listeners, from all CPUs for long" lasting recycle
	run "cookie, two listeners, from all CPUs for long" lasting cookie
	run "who completed, who waits" completed
	run "recycle, SYNs with a wrong option" wrong_options recycle
	run "cookie, SYNs with a wrong option" wrong_options cookie
	run "cookie, a listener that can send none" left_to_stack
	[[ $to != *:* ]] || run "recycle, SYNs in fragments" fragments
done
# 53,000 sockets
[[ $long -eq 0 ]] || run "listeners of others leave room for init_net's" others_listen
finish
