# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154	# a, b: from ns_add
#
# Floods of SYNs to namespace $a from $b, whose sources are behind one gateway and
# answer nothing, and what holds meanwhile. Sourced after lib.sh.
# The address that is flooded is $to.

TCPTRACK_WATCH_KO=${TCPTRACK_WATCH_KO:-$TESTS/watch/tcptrack_watch.ko}
SOURCES4=198.18.0.0/15
SOURCES6=2001:2::/48
RATE=1000	# of a flood that goes on, SYNs or ACKs a second
FOREVER=100000000
listen_as=()

flood_setup()
{
	tt_load
	insmod "$TCPTRACK_WATCH_KO" || bail "insmod $TCPTRACK_WATCH_KO"
	trap 'cleanup; ! [[ -d /sys/module/tcptrack_watch ]] || rmmod tcptrack_watch' EXIT
	# the SYNs of a whole burst may wait for a busy CPU
	sysctl -qw net.core.netdev_max_backlog=100000
	flood_between
}

# flood_between: $a and $b, new ones.
flood_between()
{
	serve_end server
	[[ -z ${a:-} ]] || ns_del "$a" "$b"
	ns_add a b
	flood_mark="flood $$ ${#namespaces[@]}"
	echo "$flood_mark" >/dev/kmsg
	flood_link mac_a "$a" "$b"
}

# run NAME COMMAND...: a case, in this shell, so that what it starts can be ended. (ONLY:
# a pattern, these cases alone.)
run()
{
	local out=$scratch/case
	[[ -z ${ONLY:-} || "$to: $1" =~ $ONLY ]] || return 0
	begun_full=''
	if "${@:2}" >"$out" 2>&1 && [[ -z $begun_full ]]; then
		sed -n 's/^figures: /# &/p' "$out"
		ok "$to: $1"
	else
		note "$(<"$out")"
		not_ok "$to: $1"
	fi
}

# fresh [BACKLOG [SOCKETS [never]]]: a listener that has seen nothing yet, at $port; the
# array listen_as may have options of listeners.c.
fresh()
{
	serve_end server
	port=$((${port:-1000} + 1))
	background server "$a" listeners "${listen_as[@]}" "$port" "${1:-1024}" "${2:-1}" ${3:+"$3"}
}

# listening VARIABLE NS FIRST N: so many sockets, until it is killed
listening()
{
	background "$1" "$2" /usr/bin/python3 -uc 'import resource, signal, socket, sys
first, n = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (n + 100, n + 100))
held = []
for port in range(first, first + n):
    held.append(socket.socket())
    held[-1].bind(("", port))
    held[-1].listen()
print("ready")
signal.pause()' "$3" "$4"
}

# fresh_server: the same, with as many clients at once as like; traffic.c's.
fresh_server()
{
	serve_end server
	port=$((${port:-1000} + 1))
	serve server "$a" "$port"
}

# serve_end VARIABLE: the server is killed, its sockets close.
serve_end()
{
	[[ -z ${!1:-} ]] || { kill -KILL "${!1}" && wait "${!1}"; } 2>/dev/null
	printf -v "$1" ''
}

# flood_link VARIABLE A B: A's way to the sources is B, which makes nothing of what
# comes; A's address for floods in the variable.
flood_link()
{
	ns_link "$2" "$3" 1
	printf -v "$1" %s "$(mac_of "$2" v1)"
	flood_way "$2" "$3"
	ip -n "$3" route add blackhole $SOURCES4
	ip -n "$3" route add blackhole $SOURCES6
}

# flood_way A B [WORD]...: A's routes to the sources, with these words more, as "vrf red".
flood_way()
{
	local mac to
	mac=$(mac_of "$2" v1)
	for to in "$SOURCES4 10.1.1.2" "$SOURCES6 fd01:0:0:1::2"; do
		ip -n "$1" neigh replace "${to#* }" lladdr "$mac" dev v1 nud permanent
		ip -n "$1" route add "${to% *}" via "${to#* }" "${@:3}"
	done
}

# mac_of NS DEVICE
mac_of()
{
	ip_ns "$1" -o link show dev "$2" | sed -n 's,.*link/ether \([0-9a-f:]*\).*,\1,p'
}

# flood PORT [OPTION]...: by flood.c; fails unless all were sent. What it says, "NAME N" a
# line, is in $scratch/flood. One CPU, and so one SYN after the other: while a SYN on
# another CPU is on its way into the queue it counts twice, and one more may be evicted.
flood()
{
	in_ns "$b" taskset -c 0 flood -m "$mac_a" "${@:2}" v1 "$to" "$1" >"$scratch/flood"
}

# flood_start PORT [OPTION]...: in the background, until flood_stop.
flood_start()
{
	nsenter --net="/run/netns/$b" -- flood -m "$mac_a" "${@:2}" v1 "$to" "$1" \
		>"$scratch/flood" 2>&1 &
	flood_pid=$!
}

flood_stop()
{
	kill -TERM "$flood_pid" 2>/dev/null
	wait "$flood_pid" 2>/dev/null
}

# flood_said NAME
flood_said()
{
	awk -v name="$1" '$1 == name { print $2 }' "$scratch/flood"
}

halfopen_of()
{
	in_ns "$1" ss -Htan state syn-recv | wc -l
}

holds_now()
{
	[[ $(halfopen_of "$1") -eq $2 ]]
}

# holds NS N: so many are half-open, as ss counts, and as the tracker does.
holds()
{
	local n
	n=$(halfopen_of "$1")
	[[ $n -eq $2 ]] || { echo "ss counts $n half-open, not $2"; return 1; }
	settle_value "$1" halfopen "$2"
}

# was_held N: the most ever, and what there is now.
was_held()
{
	watch_is sum_max "$1" && holds "$a" "$1"
}

# begin LIMIT: nothing is half-open, or the case fails; all counting begins (LIMIT: of a
# listener, watch.c).
begin()
{
	empty "$a" || begun_full=1
	counters_begin "$a"
	in_ns "$a" sh -c "echo $1 >/proc/net/tcptrack_watch"
}

empty()
{
	in_ns "$1" ss -K state syn-recv >/dev/null
	wait_for holds_now "$1" 0 5 || { echo "half-open connections stay"; return 1; }
	settle_value "$1" halfopen 0
}

# policy [NAME=VALUE]...: of net.tcptrack in $a; what is not named is out of the way.
policy()
{
	local s=(mode=enforce overflow=recycle halfopen_max=100000 halfopen_listener_max=0
		 halfopen_source_max=0 halfopen_timeout_min=600000 cookie_start=75
		 cookie_end=40 cookie_min_time=10000 cookie_resets=64 "$@")
	in_ns - sysctl -qw net.tcptrack.halfopen_max=100000
	ns_sysctl "$a" "${s[@]/#/net.tcptrack.}"
}

# watch_value NAME: what the witness in $a saw.
watch_value()
{
	in_ns "$a" awk -v name="$1" '$1 == name { print $2 }' /proc/net/tcptrack_watch
}

watch_is()
{
	local have
	have=$(watch_value "$1")
	[[ $have == "$2" ]] || { echo "the witness: $1 $have, not $2"; return 1; }
}

# The numbers of the flood's SYNs that are half-open now (their ports tell).
held_numbers()
{
	in_ns "$a" ss -Htan state syn-recv | awk '{ sub(/.*:/, "", $4); print $4 - 1024 - 13 }' |
		sort -n
}

# youngest FIRST: of the flood's SYNs, none before number FIRST is left.
youngest()
{
	local first
	first=$(held_numbers | head -n 1)
	[[ $first -eq $1 ]] || { echo "the oldest that is held is number $first, not $1"; return 1; }
}

# oldest LAST: none after number LAST came in.
oldest()
{
	local last
	last=$(held_numbers | tail -n 1)
	[[ $last -eq $1 ]] || { echo "the youngest that is held is number $last, not $1"; return 1; }
}

# flood_log INUM: the lines of the log for that namespace. (Since $a was made: the number of a
# namespace may have been that of another.)
flood_log()
{
	dmesg | sed -n "/] $flood_mark\$/,\$p" | grep "tcptrack: event=[^ ]* netns=$1 "
}

# told EVENT PORT: the lines of the log for a listener of $a; PORT "*": the namespace's.
told()
{
	local name="[::]:$2"
	[[ $2 != '*' ]] || name='*'
	flood_log "$(netns_of "$a")" | grep -F "tcptrack: event=$1 netns=" | grep -F " listener=$name "
}

# told_times EVENT PORT N: as often.
told_times()
{
	[[ $(told "$1" "$2" | wc -l) -eq $3 ]]
}

netns_of()
{
	in_ns "$1" stat -Lc %i /proc/self/ns/net
}

# field NAME LINE
field()
{
	local word
	for word in $2; do
		[[ $word != "$1="* ]] || echo "${word#*=}"
	done
}

# line_is LINE [NAME VALUE]...
line_is()
{
	local line=$1
	shift
	while [[ $# -gt 0 ]]; do
		[[ $(field "$1" "$line") == "$2" ]] || { echo "not $1=$2: $line"; return 1; }
		shift 2
	done
}

# listener_value PORT COLUMN: of /proc/net/tcptrack_listeners in $a.
listener_value()
{
	in_ns "$a" awk -v port=":$1\$" -v column="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i; next }
		$2 ~ port { print $c; exit }' /proc/net/tcptrack_listeners
}

# listener_is PORT [COLUMN VALUE]...
listener_is()
{
	local port=$1 have
	shift
	while [[ $# -gt 0 ]]; do
		have=$(listener_value "$port" "$1")
		[[ $have == "$2" ]] || {
			echo "listener $port: $1 is $have, not $2"
			in_ns "$a" cat /proc/net/tcptrack_listeners
			return 1
		}
		shift 2
	done
}

# in_mode normal|cookie: $port's.
in_mode()
{
	[[ $(listener_value "$port" mode) == "$1" ]]
}

# under_flood [OPTION]...: of flood.c, until flood_stop; $port is in cookie mode.
under_flood()
{
	flood_start "$port" -n "$FOREVER" -r "$RATE" "$@"
	wait_for in_mode cookie "$DEADLINE" || { echo "no cookie mode"; return 1; }
}

flooded()
{
	[[ $(listener_value "$port" syns) -ge $1 ]]
}

# no_resets NS: neither sent nor taken since counters_begin.
no_resets()
{
	counters_are "$1" closed_reset_by_peer 0 closed_reset_by_us 0 closed_forgotten 0
}

# watch_under LIMIT: the witness has never seen more.
watch_under()
{
	local most
	most=$(watch_value sum_max)
	[[ $most -gt 0 && $most -le $1 ]] || { echo "the witness saw $most, of $1"; return 1; }
}

# turns: from now on, each of undisturbed's transfers has its turn.
turns()
{
	local n
	n=$(grep -c '^again' "$scratch/transfers")
	kill -USR1 "$transfers"
	wait_for turned $((n + 1)) "$DEADLINE" || { echo "transfers stand still"; return 1; }
}

turned()
{
	[[ $(grep -c '^again' "$scratch/transfers") -eq $1 ]]
}

# undisturbed COMMAND...: transfers that go on meanwhile and after it, intact and without a reset.
undisturbed()
{
	local status
	hold transfers "$b" "$to" "$port" 4 holdecho
	counters_begin "$b"
	"$@"
	status=$?
	turns || status=1
	no_resets "$a" && no_resets "$b" || status=1
	release transfers && return "$status"
}
