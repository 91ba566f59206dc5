#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The files themselves: shape, rights, isolation between namespaces. They are ABI.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

states="LISTEN SYN_SENT SYN_RECEIVED ESTABLISHED FIN_WAIT_1 FIN_WAIT_2 CLOSE_WAIT CLOSING \
LAST_ACK TIME_WAIT CLOSED"

is_link()
{
	[[ $(readlink /proc/tcptrack) == self/net/tcptrack ]] &&
		cmp <(cut -d' ' -f1 /proc/tcptrack) <(cut -d' ' -f1 /proc/net/tcptrack)
}

# Header, eleven rows of a name and four numbers, an empty line, then only values.
shape()
{
	proc_show "$1" | awk -v states="$states" '
		function bad(why) { print "line " NR ": " why ": " $0; failed = 1; exit 1 }
		BEGIN { n = split(states, s) }
		function line(a, b, c, d, e) { return sprintf("%-12s %8s %8s %8s %12s", a, b, c, d, e) }
		NR == 1 { if ($0 != line("state", "local", "remote", "forward", "entered")) bad("header")
			  next }
		NR <= n + 1 { if ($0 != line(s[NR - 1], $2, $3, $4, $5) || $0 !~ /^[A-Z_12]+[ 0-9]+$/) bad("row")
			      next }
		NR == n + 2 { if ($0 != "") bad("not empty"); next }
		$0 !~ /^[a-z0-9_]+ [^ ]+$/ { bad("value") }
		seen[$1]++ { bad("twice") }
		END { if (!failed && NR < n + 30) { print NR " lines only"; exit 1 } }'
}

all_zero()
{
	proc_show "$1" | awk 'NR > 1 && NF == 5 && ($2 || $3 || $4 || $5) { print; bad = 1 }
		END { exit bad }'
}

has_values()
{
	local missing
	missing=$(printf '%s\n' version mode uptime_ms flows flows_max flows_unproven halfopen \
		timewait_max tracepoint segments_seen segments_early invalid_checksum \
		flows_created flows_adopted flows_refused_full flows_destroyed closed_normal \
		closed_idle closed_socket_gone syn_retrans synack_retrans synack_gap1_ge0ms \
		synack_gap6_ge48000ms syn_gap1_ge0ms halfopen_life_ge0ms \
		halfopen_life_ge65536ms |
		in_ns "$1" awk 'NR == FNR { if (NF == 2) have[$1] = 1; next } !($1 in have)' \
			/proc/net/tcptrack -)
	[[ -z $missing ]] || { echo "no $missing"; return 1; }
}

# The sum of the closed_* counters is what was destroyed; nothing is lost.
sums()
{
	proc_show "$1" | awk '$1 ~ /^closed_/ { closed += $2 } { v[$1] = $2 }
		END { made = v["flows_created"] + v["flows_adopted"] + v["flows_picked_up"]
		      print made, v["flows_destroyed"], closed, v["flows"]
		      exit v["flows_destroyed"] != closed || made - closed != v["flows"] }'
}

flows_file()
{
	[[ $(in_ns "$1" stat -L -c %a /proc/net/tcptrack_flows) == 440 ]] || return
	in_ns "$1" head -n 1 /proc/net/tcptrack_flows |
		grep -qx 'family a b state_a state_b age_ms idle_ms ifindex flags' || return
	! in_ns "$1" awk 'NR > 1 && !(NF == 9 && $1 ~ /^ipv[46]$/ && $2 ~ /:[0-9]+$/ &&
		$3 ~ /:[0-9]+$/ && $6 ~ /^[0-9]+$/ && $7 ~ /^[0-9]+$/ && $7 <= $6)' \
		/proc/net/tcptrack_flows | grep .
}

not_for_users()
{
	! in_ns "$1" setpriv --reuid=65534 --regid=65534 --clear-groups \
		cat /proc/net/tcptrack_flows 2>/dev/null &&
	in_ns "$1" setpriv --reuid=65534 --regid=65534 --clear-groups \
		cat /proc/net/tcptrack >/dev/null
}

# Each flow is listed once, and as many as "flows" says.
listed()
{
	local n
	n=$(in_ns "$1" awk 'NR > 1 { print $2, $3 }' /proc/net/tcptrack_flows | sort | uniq | wc -l)
	[[ $n == "$2" ]] || { echo "$n flows listed, not $2"; return 1; }
	settle_value "$1" flows "$2"
}

lnstat_reads()
{
	local out
	out=$(in_ns "$1" lnstat -f tcptrack -c 1 -i 1 2>&1)	# its status says nothing
	if ! grep -q 'entries|' <<<"$out" || ! grep -Eq '^ +[0-9]+\|( +[0-9]+\|){20}' <<<"$out"
	then
		echo "$out"
		return 1
	fi
	# a header, then a line of hexadecimal numbers for each CPU
	in_ns "$1" awk 'NR == 1 { n = NF; next } NF != n || /[^0-9a-f ]/ { print; bad = 1 }
		END { exit bad || NR < 2 }' /proc/net/stat/tcptrack
}

# The columns of /proc/net/stat/tcptrack and of tcptrack_flood, in their order.
LNSTAT_FLOOD="entries syns handshakes_completed accept_full syns_dropped over_listener
over_namespace over_source halfopen_evicted halfopen_expired cookie_modes cookies_sent
cookies_reflected cookies_valid cookies_invalid cookies_invalid_unhashed cookies_invalid_passed
cookies_no_route cookies_no_memory early_acks_dropped"
LNSTAT="entries segments_seen segments_early stray invalid_checksum invalid_fragment
invalid_option invalid_offset flows_created flows_adopted flows_picked_up flows_refused_full
flows_refused_memory flows_destroyed closed_normal closed_reset_by_peer closed_reset_by_us
closed_refused closed_halfopen_reset closed_forgotten closed_handshake_timeout
closed_retrans_timeout closed_unreachable closed_evicted closed_idle closed_socket_gone
syn_retrans synack_retrans fin_retrans challenge_acks timewait_reopened timewait_assassinated"

# lnstat_order NS FILE COLUMN...
lnstat_order()
{
	local ns=$1 file=$2
	shift 2
	in_ns "$ns" awk 'NR == 1 { $1 = $1; print }' "/proc/net/stat/$file" | diff - <(echo "$@") &&
		in_ns "$ns" lnstat -f "$file" -d | sed -n 's/^\t *[0-9]*: *//p' |
			diff - <(printf '%s\n' "$@")
}

# lnstat_equal NS FILE ENTRIES COLUMN...: of each field what /proc/tcptrack says, before and
# after: it is at rest.
lnstat_equal()
{
	local ns=$1 file=$2 before after
	shift 2
	before=$(lnstat_wanted "$ns" "$@")
	{ in_ns "$ns" lnstat -f "$file" -j -c 1 -i 1 | tr -d '{}"\n ' | tr ',:' '\n '; echo; } \
		>"$scratch/lnstat"
	after=$(lnstat_wanted "$ns" "$@")
	[[ $before == "$after" ]] || { echo "not at rest"; return 1; }
	diff "$scratch/lnstat" - <<<"$before"
}

# "NAME VALUE" in the order of the columns.
lnstat_wanted()
{
	local ns=$1 entries=$2
	shift 2
	proc_show "$ns" | awk -v names="$*" -v entries="$entries" 'NF == 2 { v[$1] = $2 }
		END { n = split(names, name); v["entries"] = v[entries]
		      for (i = 1; i <= n; i++) print name[i], v[name[i]] }'
}

sysctl_clamped()
{
	local max
	max=$(sysctl -n net.tcptrack.flows_max)
	[[ $(in_ns "$1" sysctl -n net.tcptrack.flows_max) == "$max" ]] || return
	in_ns "$1" sysctl -qw net.tcptrack.flows_max=100 || return
	[[ $(proc_value "$1" flows_max) == 100 && $(proc_value - flows_max) == "$max" ]] || return
	in_ns "$1" sysctl -qw net.tcptrack.flows_max=$((max * 4)) || return
	[[ $(proc_value "$1" flows_max) == "$max" ]]
}

# What does not fit is refused, not cut off until it fits.
word_cut_off()
{
	local file=/proc/sys/net/tcptrack/mode
	in_ns "$1" sh -c "echo ' monitor ' >$file" || return
	! in_ns "$1" sh -c "echo 'off             monitor' >$file" 2>/dev/null &&
		[[ $(in_ns "$1" cat "$file") == monitor ]] && in_ns "$1" sh -c "echo enforce >$file"
}

isolated()
{
	local h status
	serve srv "$a" 80
	hold h "$b" 10.1.1.1 80 7
	settle_state "$a" local ESTABLISHED 7 && settle_state "$b" local ESTABLISHED 7 &&
		settle_state "$a" remote ESTABLISHED 7 && settle_state "$a" local LISTEN 1 &&
		listed "$a" 7 && listed "$b" 7 && all_zero "$alone" && listed "$alone" 0 &&
		parity "$a" && parity "$b" && shape "$a" && flows_file "$a" && sums "$a" >/dev/null
	status=$?
	release h && return "$status"
}

same_after_rename()
{
	[[ $(modinfo -F depends "$TCPTRACK_KO") == '' && $(modinfo -F license "$TCPTRACK_KO") == GPL* ]]
}

# Of files, parameters and attributes: those that are known, and no others.
no_other()
{
	local words='(^|[-_])(secrets?|keys?|seeds?|salts?|hash|random)($|[-_])'
	[[ $(cd /sys/module/tcptrack/parameters && echo *) == "flows_max halfopen_max mode tracepoint" ]] ||
		{ ls /sys/module/tcptrack/parameters; return 1; }
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug || return
	# the kernel's own, of any module's caches, tracepoints and coverage
	! find /sys/kernel/debug \( -path '*/slab' -o -path '*/tracing' -o -path '*/gcov' \) -prune \
		-o -iname '*tcptrack*' -print | grep . || return
	grep -q 'name: tcptrack$' "$TCPTRACK_SPEC" || { echo "no $TCPTRACK_SPEC"; return 1; }
	! sed -n 's/^ *\(- \)\?name: *//p' "$TCPTRACK_SPEC" | grep -E "$words"
}

# seen NAME: what can be read of a new namespace in which this and that has happened, but
# for what hangs on time.
seen()
{
	local ns server addr port
	ns_add ns
	ns_sysctl "$ns" net.tcptrack.cookie_start=0 net.tcptrack.cookie_min_time=600000
	serve server "$ns" 80
	for addr in 127.0.0.1 ::1; do
		for port in 20000 20001 20002; do
			TRAFFIC_SPORT=$port in_ns "$ns" traffic client "$addr" 80 client 1 || return
		done
	done
	settle_state "$ns" local TIME_WAIT 6 || return
	proc_show "$ns" | grep -vE '^(uptime|segments_|collector_|[a-z]*_gap|halfopen_life)' >"$scratch/$1"
	in_ns "$ns" awk 'NR > 1 { $12 = "" } 1' /proc/net/tcptrack_listeners >>"$scratch/$1"
	in_ns "$ns" awk 'NR > 1 { $6 = $7 = "" } 1' /proc/net/tcptrack_flows | sort >>"$scratch/$1"
	kill -KILL "$server"
	ns_del "$ns"
}

# Each namespace has a secret of its own. So nothing of it is in what two of them show alike.
no_secret()
{
	seen one && seen two && diff "$scratch/one" "$scratch/two" &&
		[[ $(grep -c '^ipv' "$scratch/one") -eq 7 ]] && ! grep -E '[0-9a-f]{16}' "$scratch/one"
}

plan 22
tt_load tracepoint=1
ns_add a b alone
ns_link "$a" "$b" 1
check "/proc/tcptrack is a link to the reader's namespace" is_link
check "shape, init_net" shape -
check "shape, a namespace" shape "$a"
check "rows are there, and zero, where nothing is" all_zero "$alone"
check "values" has_values "$a"
check "flows file" flows_file "$a"
check "flows file is not for users, the counters are" not_for_users "$a"
check "a namespace sees its own flows and counters only" isolated
check "created + adopted + picked up - destroyed = flows" sums "$a"
check "lnstat reads" lnstat_reads "$a"
# shellcheck disable=SC2086	# lists
{
	check "lnstat, the columns and their order" lnstat_order "$a" tcptrack $LNSTAT
	check "lnstat, floods, the columns and their order" \
		lnstat_order "$a" tcptrack_flood $LNSTAT_FLOOD
	check "lnstat, each value" wait_for lnstat_equal "$a" tcptrack flows $LNSTAT 20
	check "lnstat, floods, each value" \
		wait_for lnstat_equal "$a" tcptrack_flood halfopen $LNSTAT_FLOOD 20
}
check "flows_max is per namespace and clamped" sysctl_clamped "$b"
check "a word and what it is cut off from is refused" word_cut_off "$b"
check "modinfo: no dependencies" same_after_rename
check "parameters, debugfs, attributes: none for a secret" no_other
check "nothing that is shown hangs on a secret" no_secret
if [[ -n $TRANSITIONS ]]; then
	skip "module parameter tracepoint" "transitions are recorded without it"
else
	check "module parameter tracepoint" value_is - tracepoint 1
fi
tt_load flows_max=5000 tracepoint=0
check "module parameter flows_max" value_is - flows_max 5000
check "module parameter tracepoint=0" value_is - tracepoint 0
finish
