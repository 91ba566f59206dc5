# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the tests beside this file share: KTAP, namespaces, the module, and the
# comparison of what tcptrack shows with what the stack says. Sourced, never run.
# A namespace is called by its name, init_net by "-".

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
PATH=$TESTS:$PATH:/usr/local/sbin:/usr/sbin:/sbin
export LC_ALL=C

KSFT_PASS=0
KSFT_FAIL=1
KSFT_SKIP=4

TCPTRACK_KO=${TCPTRACK_KO:-$TESTS/../module/tcptrack.ko}
TRACEPOINTS=${TCPTRACK_TRACEPOINT:-1 0}	# how the tests load the module, in turn

# Seconds that the collector has to settle, and the most that a slow machine gets.
SETTLED=2
DEADLINE=$((15 * ${TCPTRACK_SLOW:-1}))

planned=0 number=0 passed=0 failed=0 skipped=0
namespaces=() scratch=''

# --- KTAP ---

plan()
{
	planned=$1
	echo "TAP version 13"
	echo "1..$1"
}

note()
{
	local line
	while IFS= read -r line; do echo "# $line"; done <<<"$*"
}

ok()
{
	number=$((number + 1)) passed=$((passed + 1))
	echo "ok $number $*"
}

not_ok()
{
	number=$((number + 1)) failed=$((failed + 1))
	echo "not ok $number $*"
}

# skip NAME WHY: only for what cannot exist on this kernel.
skip()
{
	number=$((number + 1)) skipped=$((skipped + 1))
	echo "ok $number $1 # SKIP $2"
}

# check NAME COMMAND...: ok if the command succeeds; its output is shown if not.
check()
{
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		[[ -z $out ]] || note "$out"
		ok "$name"
	else
		note "$name: $*"
		[[ -z $out ]] || note "$out"
		not_ok "$name"
		return 1
	fi
}

bail()
{
	echo "Bail out! $*"
	exit $KSFT_FAIL
}

# Totals and exit status; a plan that was not kept is a failure.
finish()
{
	echo "# Totals: pass:$passed fail:$failed xfail:0 xpass:0 skip:$skipped error:0"
	[[ $failed -eq 0 && $number -eq $planned ]] || exit $KSFT_FAIL
	[[ $passed -eq 0 ]] || exit $KSFT_PASS
	[[ $skipped -gt 0 ]] || exit $KSFT_FAIL
	exit $KSFT_SKIP
}

# --- waiting ---

# Milliseconds in $now (no subshell: each costs on an emulated machine).
now_ms()
{
	read -r now _ </proc/uptime
	now=$((10#${now/./} * 10))
}

# pause SECONDS (no process, as above: from there nothing ever comes)
exec {nothing}<> <(:)
pause()
{
	read -rt "$1" -u "$nothing"
	true
}

# wait_for CONDITION... TIMEOUT (seconds): until the command succeeds.
wait_for()
{
	local end now
	now_ms
	end=$((now + ${*: -1} * 1000))
	until "${@:1:$#-1}"; do
		now_ms
		[[ $now -lt $end ]] || return 1
		pause 0.05
	done
}

# --- namespaces ---

in_ns()
{
	local ns=$1
	shift
	if [[ $ns == - ]]; then
		"$@"
	else
		netns "$ns" "$@"
	fi
}

# ns_add VARIABLE...: a new namespace each, its name in the variable.
ns_add()
{
	local v
	for v in "$@"; do
		printf -v "$v" 'tt-%s-%s-%s' "$v" $$ "${#namespaces[@]}"
		ip netns add "${!v}" || bail "ip netns add ${!v}"
		namespaces+=("${!v}")
		ip -n "${!v}" link set lo up
	done
}

ns_del()
{
	local ns
	for ns in "$@"; do
		ip netns pids "$ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null
		ip netns del "$ns" 2>/dev/null
	done
}

# ip(8) in a namespace
ip_ns()
{
	local ns=$1
	shift
	if [[ $ns == - ]]; then ip "$@"; else ip -n "$ns" "$@"; fi
}

# ns_link A B N: a veth pair vN; A gets 10.1.N.1 and fd01:0:0:N::1, B .2 and ::2.
# A may be "-".
ns_link()
{
	local a=$1 b=$2 n=$3 side=1 ns peer=$1
	[[ $a != - ]] || peer=1		# the process whose namespace is init_net
	ip -n "$b" link add "v$n" type veth peer name "v$n" netns "$peer" ||
		bail "no veth pair"
	for ns in "$a" "$b"; do
		ip_ns "$ns" addr add "10.1.$n.$side/24" dev "v$n"
		ip_ns "$ns" addr add "fd01:0:0:$n::$side/64" dev "v$n" nodad
		ip_ns "$ns" link set "v$n" up
		side=2
	done
	for ns in "$a" "$b"; do
		wait_for link_ready "$ns" "v$n" 5 || bail "v$n in $ns does not come up"
	done
}

link_ready()
{
	[[ $(ip_ns "$1" -o link show dev "$2") == *LOWER_UP* ]] &&
		[[ -z $(ip_ns "$1" -o addr show dev "$2" tentative) ]]
}

ns_sysctl()
{
	netns "$1" -w "${@:2}" || bail "sysctl ${*:2}"
}

# --- the module ---

# broken_cookies FILE: the module, with IPv6 given the cookies of IPv4: its self-test fails.
broken_cookies()
{
	objcopy --redefine-sym __cookie_v6_init_sequence=__cookie_v4_init_sequence "$TCPTRACK_KO" "$1"
}

module_loaded()
{
	[[ -d /sys/module/tcptrack ]]
}

# tt_load [PARAMETER=VALUE]...: (again) with these parameters.
tt_load()
{
	[[ $EUID -eq 0 ]] || { echo "1..0 # SKIP needs root"; exit $KSFT_SKIP; }
	! module_loaded || tt_unload
	[[ -z $TRANSITIONS ]] || set -- "$@" tracepoint=0
	if [[ -e $TCPTRACK_KO ]]; then
		insmod "$TCPTRACK_KO" "$@" || bail "insmod $TCPTRACK_KO $*"
	else
		modprobe tcptrack "$@" || bail "modprobe tcptrack $*"
	fi
	# (mode=off follows nothing)
	[[ -z $TRANSITIONS || " $* " == *" mode=off "* ]] || transitions_record
}

tt_unload()
{
	[[ -z $TRANSITIONS ]] || transitions_end
	wait_for rmmod tcptrack 10 || bail "rmmod tcptrack"
}

cleanup()
{
	local job
	for job in $(jobs -p); do kill -KILL "$job" 2>/dev/null; done
	wait 2>/dev/null
	[[ -z $TRANSITIONS ]] || ! module_loaded || transitions_end
	ns_del "${namespaces[@]}"
	[[ -z $scratch ]] || rm -rf "$scratch"
	! module_loaded || rmmod tcptrack
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
scratch=$(mktemp -d)
export TRAFFIC_PORTS=$scratch/ports

# The tool in $ctl, where those of $nobody, too, may run it.
find_tool()
{
	ctl=$scratch/tcptrackctl
	install -m 755 "$(command -v "${TCPTRACKCTL:-tcptrackctl}")" "$ctl" || bail "no tcptrackctl"
	chmod 711 "$scratch"
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
}

# --- what tcptrack shows ---

proc_show()
{
	in_ns "$1" cat /proc/net/tcptrack
}

# (by show.c: one process, where each costs)

# proc_state NS local|remote|forward|entered STATE
proc_state()
{
	show "$1" state "$2" "$3"
}

# proc_value NS NAME
proc_value()
{
	show "$1" value "$2"
}

# state_is NS SIDE STATE N, value_is NS NAME N: now.
state_is()
{
	show -w 0 "$1" state "$2" "$3" "$4"
}

value_is()
{
	show -w 0 "$1" value "$2" "$3"
}

# settle_state NS SIDE STATE N, settle_value NS NAME N: wait for an exact value.
settle_state()
{
	show -w "$DEADLINE" "$1" state "$2" "$3" "$4" && return
	echo "$2 $3 in $1 is $(proc_state "$1" "$2" "$3"), not $4"
	return 1
}

settle_value()
{
	show -w "$DEADLINE" "$1" value "$2" "$3" && return
	echo "$2 in $1 is $(proc_value "$1" "$2"), not $3"
	return 1
}

# --- exact changes of counters ---

counters_begin()
{
	proc_show "$1" >"$scratch/begin.$1"
}

# counters_since NS: "NAME CHANGE" of all that changed.
counters_since()
{
	show "$1" since "$scratch/begin.$1"
}

# counter_since NS NAME: of one, 0 if it has not changed.
counter_since()
{
	counters_since "$1" | awk -v name="$2" '$1 == name { n = $2 } END { print n + 0 }'
}

# value_moves NAME N: in $a since counters_begin, by so many at least.
value_moves()
{
	[[ $(counter_since "$a" "$1") -ge $2 ]]
}

# counters_are NS NAME CHANGE [NAME CHANGE]...: exactly so since counters_begin.
counters_are()
{
	show -w "$DEADLINE" "$1" since "$scratch/begin.$1" "${@:2}" && return
	echo "wanted: ${*:2}"
	echo "since counters_begin: $(counters_since "$1" | tr '\n' ';')"
	return 1
}

# stack_begin NS: of the stack's own counters (TcpExt) the change counts, from now on.
stack_begin()
{
	in_ns "$1" cat /proc/net/netstat >"$scratch/netstat.$1"
}

# stack_since NS NAME
stack_since()
{
	in_ns "$1" awk -v name="$2" '
		/^TcpExt: [A-Z]/ { for (i = 2; i <= NF; i++) if ($i == name) c = i; next }
		/^TcpExt:/ { sum += NR == FNR ? -$c : $c } END { print sum }' \
		"$scratch/netstat.$1" /proc/net/netstat
}

# stack_is NS [NAME CHANGE]...
stack_is()
{
	local ns=$1 have
	shift
	while [[ $# -gt 0 ]]; do
		have=$(stack_since "$ns" "$1")
		[[ $have -eq $2 ]] || { echo "the stack: $1 $have, not $2"; return 1; }
		shift 2
	done
}

# --- parity with the stack ---

# parity NS: in all eleven rows the local column is what ss counts, within 2 s (where the
# machine may be slow: longer, and it is said).
parity()
{
	local begun now
	now_ms
	begun=$now
	if ! show -w "$DEADLINE" "$1" parity; then
		echo "state tracker stack ($1)"
		show "$1" parity
		in_ns "$1" ss -Htan | head -n 20
		in_ns "$1" head -n 21 /proc/net/tcptrack_flows
		return 1
	fi
	now_ms
	[[ $((now - begun)) -gt $((SETTLED * 1000)) ]] || return 0
	echo "parity took $((now - begun)) ms"
	! time_travels
}

# --- real traffic (traffic.c; lib_traffic.sh has more) ---

# background VARIABLE NS COMMAND...: its process id in the variable, its output in
# $scratch/VARIABLE; back when it says "ready".
background()
{
	local v=$1 enter=()
	[[ $2 == - ]] || enter=(netns "$2")
	shift 2
	: >"$scratch/$v"
	"${enter[@]}" "$@" >"$scratch/$v" 2>&1 &
	printf -v "$v" %s $!
	wait_for grep -q '^ready' "$scratch/$v" 20 || bail "$*: $(cat "$scratch/$v")"
}

# serve VARIABLE NS PORT
serve()
{
	background "$1" "$2" traffic server "$3"
}

# hold VARIABLE NS ADDRESS PORT N [MODE]: connections until release.
hold()
{
	background "$1" "$2" traffic client "$3" "$4" "${6:-hold}" "$5"
}

# release VARIABLE: they close; status 0 if none was lost. (By what it says, not by
# "wait": the caller may be a subshell of who started it.)
release()
{
	kill -TERM "${!1}" 2>/dev/null
	wait_for grep -q ' lost$' "$scratch/$1" 20 || echo "$1 does not end"
	grep -q ', 0 lost$' "$scratch/$1" && return
	cat "$scratch/$1"
	return 1
}

time_travels()
{
	grep -q time-travel /proc/cmdline
}

# --- cases of the scripted peer (peer.c) ---

# How many cases wait beside each other, where time passes as it does: one, where their
# transitions are told apart by when they came (the module is loaded, and they are recorded).
peer_jobs()
{
	if time_travels || [[ -n $TCPTRACK_MARKER ]]; then echo 1; else echo "${PEER_JOBS:-3}"; fi
}

# A machine that is too slow is tried again, and it is said; there it cannot be.
peer_tries()
{
	if time_travels; then echo 1; else echo 5; fi
}

# peer_count SCRIPT: how many cases it has.
peer_count()
{
	local n
	n=$(peer ${PEER_ONLY:+-c "$PEER_ONLY"} -n - <<<"$1")
	[[ ${n:-0} -gt 0 ]] || bail "no cases${PEER_ONLY:+ have \"$PEER_ONLY\"}" >&2
	echo "$n"
}

# peer_cases PREFIX SCRIPT: one result for each case.
peer_cases()
{
	local prefix=$1 line
	while IFS= read -r line; do
		case $line in
		"ok "*)		ok "$prefix${line#ok }";;
		"not ok "*)	not_ok "$prefix${line#not ok }";;
		*)		echo "$line";;
		esac
	done < <(peer -j "$(peer_jobs)" -t "$(peer_tries)" ${PEER_ONLY:+-c "$PEER_ONLY"} - <<<"$2")
}

# peer_test SCRIPT: all its cases, with the tracepoint and without; then the end.
peer_test()
{
	local n tp
	n=$(peer_count "$1") || exit "$KSFT_FAIL"
	# shellcheck disable=SC2086	# a list
	set -- "$1" $TRACEPOINTS
	plan $((n * ($# - 1)))
	for tp in "${@:2}"; do
		tt_load tracepoint="$tp"
		peer_cases "tracepoint=$tp: " "$1"
	done
	finish
}

# shellcheck source=selftests/lib_traffic.sh
. "$TESTS/lib_traffic.sh"
# shellcheck source=selftests/lib_transitions.sh
. "$TESTS/lib_transitions.sh"
