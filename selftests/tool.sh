#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tcptrackctl's explain, metrics, diff and rates: what they print for a known state.
# (netlink.sh has the rest of the tool, numbers.sh compares its numbers with all others.)

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

find_tool
EXAMPLES=${TCPTRACK_EXAMPLES:-$TESTS/../Documentation/examples}
COMPLETION=${TCPTRACK_COMPLETION:-$TESTS/../tools/tcptrackctl/completion}
odd_name="v\"\\" odd_escaped="v\\\"\\\\"	# of a device, as it is and as a label

ctl_a()
{
	"$ctl" -n "$a" "$@"
}

# prints STATUS TEXT COMMAND...: exactly so.
prints()
{
	local out status
	out=$("${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "$2" ]] || { echo "status $status, not $1: $out"; return 1; }
}

# What cannot be written is told, whatever it is and however it is shown.
full_disk()
{
	local what='tcptrackctl: what was to be printed was not: No space left on device' c
	prints 2 "tcptrackctl: the metrics were not written: No space left on device" \
		eval "ctl_a metrics >/dev/full" || return
	for c in status stats states listeners settings save explain; do
		echo "$c"
		prints 2 "$what" eval "ctl_a $c >/dev/full" &&
			prints 2 "$what" eval "ctl_a -j $c >/dev/full" &&
			prints 2 "$what" eval "ctl_a -p $c >/dev/full" || return
	done
}

# The same where there is no stdout: nothing that is opened later becomes it.
closed()
{
	local what='tcptrackctl: what was to be printed was not: Bad file descriptor' c
	for c in stats '-j listeners' settings explain -V; do
		echo "$c"
		prints 2 "$what" eval "ctl_a $c >&-" && prints 2 "$what" eval "ctl_a $c <&- >&-" &&
			prints 0 '' eval "ctl_a $c <&- 2>&- >/dev/null" || return
	done
	prints 2 'tcptrackctl: the metrics were not written: Bad file descriptor' eval 'ctl_a metrics >&-' &&
		prints 1 '' eval 'ctl_a explain xyz >&- 2>&-' &&
		prints 0 '' eval 'ctl_a save "$scratch/closed" <&- >&- 2>&-' &&
		cmp "$scratch/closed" <(ctl_a save)
}

# By a path as by a name, as ip(8) has it: of a process, say.
by_path()
{
	local path pid status
	nsenter --net="/run/netns/$a" -- sleep 1000 >/dev/null &
	pid=$! path=/proc/$!/ns/net
	wait_for in_that "$path" 10 && ctl_a set cookie_start=77 || return
	cmp <("$ctl" -n "$path" settings) <(ctl_a settings) &&
		! "$ctl" settings | cmp -s - <(ctl_a settings) &&
		"$ctl" -n "$path" save >"$scratch/path" && ctl_a set cookie_start=75 &&
		"$ctl" -n "$path" restore "$scratch/path" &&
		[[ $(ctl_a settings | grep ^cookie_start) == 'cookie_start = 77' ]] &&
		prints 5 "tcptrackctl: $path: nothing of this namespace is restored: Invalid argument" \
			"$ctl" restore "$scratch/path" &&
		prints 1 "tcptrackctl: no network namespace \"$scratch/x\" (\"ip netns\" lists them)" \
			"$ctl" -n "$scratch/x" settings &&
		prints 1 "tcptrackctl: \"$scratch/path\" is no network namespace" \
			"$ctl" -n "$scratch/path" settings &&
		prints 2 "tcptrackctl: network namespace \"$scratch/path/x\": Not a directory" \
			"$ctl" -n "$scratch/path/x" settings &&
		prints 2 "tcptrackctl: network namespace \"$a\": Operation not permitted (only root may enter it)" \
			"${nobody[@]}" "$ctl" -n "$a" settings
	status=$?
	ctl_a set cookie_start=75
	kill "$pid"
	return "$status"
}

in_that()
{
	[[ $1 -ef /run/netns/$a ]]
}

# The verdict has two bars of an address, port and two devices: they say whose.
whose_bar()
{
	ctl_a listener set 192.0.2.9:9 limit 1 && ctl_a listener set 192.0.2.9:9 dev lo limit 1 || return
	[[ $(ctl_a | sed -n 's/^\(192[^ ]*\) .*/\1/p' | sort) == '192.0.2.9:9
192.0.2.9:9%lo' ]] || { ctl_a; return 1; }
	ctl_a listener delete 192.0.2.9:9 && ctl_a listener delete 192.0.2.9:9 dev lo
}

# --- explain ---

explained()
{
	prints 0 "invalid_length (counter)
    of segments_seen: too short for a TCP header" "$ctl" explain invalid_length &&
	prints 0 "flows_max (value)
    of flows: the most that may be. When it is reached, new flows are not
    followed (flows_refused_full), their traffic goes on.
flows_max (setting net.tcptrack)
    flows, 4 to 2147483647; default RAM / 16 KiB. flows that may be followed;
    that of the initial namespace also bounds the sum over all namespaces, of
    which a quarter is kept for itself. Another quarter is kept from what is
    forwarded. When it is reached, traffic goes on, unfollowed.
flows_max (parameter of the module)
    the same for the initial namespace, from the first packet on." "$ctl" explain flows_max &&
	prints 0 "tcptrack_flows (metric)
    endpoints of flows by side and state" "$ctl" explain tcptrack_flows &&
	prints 0 "tcptrack_info (metric)
    the module's version, and net.tcptrack.mode" "$ctl" explain tcptrack_info &&
	prints 0 "tcptrack_listener_cookie_mode (metric)
    1 in cookie mode, when SYNs are answered with SYN cookies, else 0" \
		"$ctl" explain tcptrack_listener_cookie_mode &&
	prints 0 '[
{"name":"oneway","kind":"flag of a flow","text":"only one direction passes here"}
]' "$ctl" -j explain oneway
}

# The same by another name: OTHER NAME...
by_another_name()
{
	while [[ $# -gt 0 ]]; do
		[[ $("$ctl" explain "$1") == "$("$ctl" explain "$2")"* ]] ||
			{ echo "$1 is not $2"; return 1; }
		shift 2
	done
}

unknown()
{
	prints 1 'tcptrackctl: nothing is called "halfopn"; is it halfopen?' "$ctl" explain halfopn &&
	prints 1 'tcptrackctl: nothing is called "stary"; is it stray?' "$ctl" explain stary &&
	prints 1 'tcptrackctl: nothing is called "xyz" ("tcptrackctl explain" lists all names)' \
		"$ctl" explain xyz &&
	prints 1 'tcptrackctl: explain takes one name: "b"' "$ctl" explain a b
}

# All that the module shows, by name: of histograms without the bucket.
all_explained()
{
	local name n=0
	while read -r name; do
		"$ctl" explain "$name" >/dev/null || return
		n=$((n + 1))
	done < <({ in_ns "$a" sed 's/ .*//' /proc/net/tcptrack | grep -v '^state$'
		in_ns "$a" head -qn 1 /proc/net/tcptrack_listeners | tr ' ' '\n' |
			sed 's/^address$/addr/'
		in_ns "$a" ls /proc/sys/net/tcptrack; } | grep . | sort -u)
	[[ $n -gt 200 ]] || { echo "$n names only"; return 1; }
}

# --- diff ---

# saved NAME=NUMBER...: as "stats -j" prints it.
saved()
{
	local pair text='{"version":"0.1.0"'
	for pair in "$@"; do text+=",\"${pair%=*}\":${pair#*=}"; done
	echo "$text}"
}

diffs()
{
	local A=$scratch/A.json B=$scratch/B.json
	saved mode='"enforce"' uptime_ms=1000 flows=7 segments_seen=10 syns=1 stray=5 \
		halfopen_life_ge0ms=1 >"$A"
	saved mode='"monitor"' uptime_ms=5000 flows=3 segments_seen=11 syns=101 stray=5 \
		halfopen_life_ge0ms=3 newer=1 >"$B"
	prints 0 'name change per_second
mode enforce monitor
uptime_ms +4000 1000.000
flows -4 -1.000
segments_seen +1 0.250
syns +100 25.000
halfopen_life_ge0ms +2 0.500' "$ctl" diff "$A" "$B" &&
	prints 0 '{"syns":{"from":1,"to":101,"change":100,"per_second":25.0}}' \
		eval '"$ctl" -j diff "$A" "$B" | sed "s/.*\(\"syns\":{[^}]*}\).*/{\1}/"' &&
	prints 1 "tcptrackctl: the second was not taken after the first, or the module was loaded \
again in between: uptime_ms 5000, then 1000" "$ctl" diff "$B" "$A" &&
	prints 1 "tcptrackctl: the second was not taken after the first, or the module was loaded \
again in between: uptime_ms 1000, then 1000" "$ctl" diff "$A" "$A" &&
	saved uptime_ms=5000 syns=0 >"$B" &&
	prints 1 "tcptrackctl: these are of two hosts or namespaces, or the module was loaded again \
in between: syns 1, then 0" "$ctl" diff "$A" "$B"
}

diff_refuses()
{
	local A=$scratch/A.json B=$scratch/B.json not='is not what "tcptrackctl -j stats" prints'
	saved uptime_ms=1000 >"$A"
	prints 1 'tcptrackctl: diff takes two files: A.json B.json' "$ctl" diff "$A" &&
	prints 1 "tcptrackctl: $B.no: No such file or directory" "$ctl" diff "$A" "$B.no" &&
	saved flows=1 >"$B" &&
	prints 1 "tcptrackctl: $B $not: no uptime_ms" "$ctl" diff "$A" "$B" &&
	saved uptime_ms='"now"' >"$B" &&
	prints 1 "tcptrackctl: $B $not: no uptime_ms" "$ctl" diff "$A" "$B" &&
	saved uptime_ms=2000 flows='[1]' >"$B" &&
	prints 1 "tcptrackctl: $B $not: flows" "$ctl" diff "$A" "$B" &&
	saved uptime_ms=1000 flows=-9223372036854775808 >"$A" &&
	saved uptime_ms=2000 flows=1 >"$B" &&
	prints 1 'tcptrackctl: flows is no number of "tcptrackctl -j stats"' "$ctl" diff "$A" "$B" &&
	echo '[]' >"$B" && prints 1 "tcptrackctl: $B $not: no uptime_ms" "$ctl" diff "$A" "$B" &&
	ctl_a stats >"$B" && ! "$ctl" diff "$A" "$B" 2>"$scratch/error" &&
	grep -qF "(\"tcptrackctl -j stats >FILE\" makes one)" "$scratch/error"
}

real_diff()
{
	local A=$scratch/A.json B=$scratch/B.json
	ctl_a -j stats >"$A"
	in_ns "$b" traffic client 10.1.1.1 81 refused 7 >/dev/null || return
	settle_moved closed_refused 7 "$A" || return
	ctl_a -j stats >"$B"
	"$ctl" diff "$A" "$B" >"$scratch/diff" && grep -q '^closed_refused +7 [0-9.]*$' "$scratch/diff" &&
		grep -q '^uptime_ms +[0-9]* 1000.000$' "$scratch/diff" &&
		! grep -q '^cookies_sent ' "$scratch/diff" && return
	cat "$scratch/diff"
	return 1
}

# settle_moved NAME N FILE: since FILE.
settle_moved()
{
	local was
	was=$(sed "s/.*\"$1\":\([0-9]*\).*/\1/" "$3")
	settle_value "$a" "$1" $((was + $2))
}

# --- rates ---

# The tool, between its two readings.
sleeps()
{
	grep -q '^tcptrackctl$' "/proc/$1/comm" && grep -q '^State:.S' "/proc/$1/status"
}

# (a number of JSON has as many digits as it needs)
json_rates()
{
	perl -ne '($ms) = /"uptime_ms":\{"from":\d+,"to":\d+,"change":(\d+),"per_second":[\d.]+\}/;
		($from, $to, $rate) = /"closed_refused":\{"from":(\d+),"to":(\d+),"change":50,"per_second":([\d.]+)\}/;
		exit !($ms >= 5000 && $to == $from + 50 && abs($rate * $ms / 1000 - 50) < 1e-9 && !/"syns"/)' \
		"$scratch/rates.json" && return
	cat "$scratch/rates.json"
	return 1
}

rates()
{
	local pid json
	"$ctl" -n "$a" -r 5 stats >"$scratch/rates" &
	pid=$!
	"$ctl" -n "$a" -j -r 5 stats >"$scratch/rates.json" &
	json=$!
	wait_for sleeps "$pid" 4 && wait_for sleeps "$json" 4 || return
	flood 81 -n 50 -f 30000 || return
	wait "$pid" && wait "$json" && json_rates || return
	grep -q '^syns' "$scratch/rates" && return 1
	awk 'NR == 1 { ok = $0 == "name change per_second"; next }
		$1 == "uptime_ms" { ms = substr($2, 2) }
		$1 == "closed_refused" { n = $2; rate = $3 }
		END { exit !(ok && ms >= 5000 && n == "+50" && rate == sprintf("%.3f", 50000 / ms)) }' \
		"$scratch/rates" || { cat "$scratch/rates"; return 1; }
	prints 1 'tcptrackctl: rate "0" is not a number of seconds from 1 to 86400' ctl_a -r 0 stats &&
	prints 1 'tcptrackctl: rate "1s" is not a number of seconds from 1 to 86400' ctl_a -r 1s stats &&
	prints 1 'tcptrackctl: -r is for stats, not for flows' ctl_a -r 1 flows
}

# --- metrics ---

# What a page of metrics has to be (stdin): HELP and TYPE once, before all of a name's
# samples; no sample twice; counters end with _total; buckets ascend, the last is the count.
is_page()
{
	awk '
		function bad(why) { print "line " NR ": " why ": " $0; failed = 1 }
		/^# HELP tcptrack_[a-z0-9_]+ ./ { if (help[$3]++) bad("HELP twice"); next }
		/^# TYPE tcptrack_[a-z0-9_]+ (gauge|counter|histogram)$/ {
			if (type[$3]) bad("TYPE twice")
			if (!help[$3]) bad("no HELP")
			if (($4 == "counter") != ($3 ~ /_total$/)) bad("not named as what it is")
			name = $3; type[$3] = $4; next
		}
		!/^tcptrack_[a-z0-9_]+({[^ ]*})? -?[0-9]+(\.[0-9]+)?$/ { bad("no sample"); next }
		{
			sample = $0; sub(/ [^ ]*$/, "", sample)
			if (seen[sample]++) bad("twice")
			base = sample; sub(/{.*/, "", base)
			if (type[name] == "histogram") sub(/_(bucket|count)$/, "", base)
			if (base != name) bad("not below its TYPE")
			if (sample ~ /_bucket{/) {
				if ($NF < last) bad("less than the bucket before")
				last = sample ~ /le="\+Inf"/ ? 0 : $NF
				if (sample ~ /le="\+Inf"/) all = $NF
			}
			if (sample ~ /_count({|$)/ && type[name] == "histogram" && $NF != all)
				bad("not the last bucket")
		}
		END { if (NR < 300) bad("too short"); exit failed }'
}

# Each listener's line is its line of /proc, column by column.
listeners_same()
{
	local names
	in_ns "$a" "$ctl" metrics | sed -n 's/^tcptrack_listener_//p' >"$scratch/listeners"
	[[ $(grep -c '^halfopen{' "$scratch/listeners") -eq 3 ]] || return
	names=$(in_ns "$a" head -n 1 /proc/net/tcptrack_listeners)
	while read -r line; do
		# shellcheck disable=SC2086	# words
		listener_same "$names" $line || return
	done < <(in_ns "$a" tail -n +2 /proc/net/tcptrack_listeners)
}

# Each name of a metric that there is.
metrics_explained()
{
	local name n=0
	while read -r name; do
		"$ctl" explain "$name" >/dev/null || return
		n=$((n + 1))
	done < <(in_ns "$a" "$ctl" metrics | sed -n 's/^# TYPE \([^ ]*\) .*/\1/p')
	[[ $n -gt 80 ]] || { echo "$n names only"; return 1; }
}

# listener_same NAMES FAMILY ENDPOINT VALUE...
listener_same()
{
	local address=${3%:*} port=${3##*:} family=$2 name value device=''
	address=${address#[} address=${address%]}
	set -- "$1" "${@:4}"
	for name in $1; do
		case $name in
		family|address)	continue;;
		dev)	[[ $2 == 0 ]] || device=$odd_escaped;;
		age_ms|limit_set|overflow|cookie_mode)	;;
		*)
			value=$2
			[[ $name != mode ]] || { name=cookie_mode; [[ $2 == cookie ]]; value=$((!$?)); }
			grep -qF "{family=\"$family\",address=\"$address\",port=\"$port\",device=\"$device\"} $value" \
				<(grep -E "^${name}(_total)?\{" "$scratch/listeners") ||
				{ echo "$address $port: $name is not $value"; return 1; };;
		esac
		set -- "$1" "${@:3}"
	done
}

# Lines of a page that are known.
known_lines()
{
	local line
	in_ns "$a" "$ctl" metrics >"$scratch/page"
	while read -r line; do
		grep -qxF "$line" "$scratch/page" || { echo "not there: $line"; return 1; }
	done <<-'END'
		# HELP tcptrack_info the module's version, and net.tcptrack.mode
		tcptrack_info{version="0.1.0",mode="enforce"} 1
		# HELP tcptrack_uptime_seconds seconds since tracking began in the namespace
		# TYPE tcptrack_flows gauge
		tcptrack_flows{side="local",state="LISTEN"} 3
		tcptrack_flows{side="local",state="ESTABLISHED"} 6
		tcptrack_flows{side="remote",state="SYN_SENT"} 0
		tcptrack_flows{side="forward",state="CLOSED"} 0
		tcptrack_flows_max 1000
		tcptrack_cookie_selftest 0
		# HELP tcptrack_invalid_length_total of segments_seen: too short for a TCP header
		# TYPE tcptrack_invalid_length_total counter
		tcptrack_invalid_length_total 0
		# TYPE tcptrack_closed_total counter
		tcptrack_closed_total{reason="refused"} 62
		tcptrack_closed_total{reason="unreachable"} 0
		# TYPE tcptrack_halfopen_life_seconds histogram
		# HELP tcptrack_listener_limit of halfopen: the most that may be
		tcptrack_listener_limit{family="ipv6",address="::",port="1002",device="v\"\\"} 10
		tcptrack_listener_cookie_mode{family="ipv6",address="::",port="1001",device=""} 0
	END
}

# With -n it says which namespace that is, in each sample, and in nothing else it differs; so two of
# them may be in one node_exporter.
labelled()
{
	ctl_a metrics >"$scratch/labelled"
	in_ns "$a" "$ctl" metrics | sed -E '/^#/!{
		s/^([a-z0-9_]*)\{/\1{netns="'"$a"'",/
		s/^([a-z0-9_]*) /\1{netns="'"$a"'"} /
	}' | without_time | cmp - <(without_time <"$scratch/labelled")
}

without_time()
{
	sed 's/^\(tcptrack_[a-z_]*\(uptime\|age\)_seconds[^ ]*\|tcptrack_collector_runs_total[^ ]*\) .*/\1/'
}

checked_by_promtool()
{
	in_ns "$a" "$ctl" metrics | promtool check metrics && ctl_a metrics | promtool check metrics
}

# One of them is bound to a device whose name needs escaping.
odd_listener()
{
	ip -n "$a" link add "$odd_name" type dummy
	ip -n "$a" link set "$odd_name" up
	nsenter --net="/run/netns/$a" -- perl -MSocket -e '
		my $s;
		socket($s, AF_INET6, SOCK_STREAM, 0) &&
		setsockopt($s, SOL_SOCKET, 25, "v\"\\\0") &&	# SO_BINDTODEVICE
		bind($s, pack_sockaddr_in6(1002, "\0" x 16)) && listen($s, 10) || die $!;
		sleep' &
	odd=$!
	wait_for listens "$a" 1002 10 || bail "no listener of a device"
}

# What is given twice is no filter, and finds no room.
given_twice()
{
	local long
	printf -v long '%1000s' x
	# shellcheck disable=SC2046	# words
	prints 1 'tcptrackctl: addr is given twice' ctl_a flows $(yes addr ::1/64 | head -n 80) &&
	prints 1 'tcptrackctl: port is given twice' ctl_a flows port 1 state listen port 1 &&
	prints 1 'tcptrackctl: family is given twice' ctl_a -6 flows family ipv4 &&
	prints 1 'tcptrackctl: family is given twice' ctl_a flows family ipv6 family ipv4 &&
	prints 1 'tcptrackctl: family is given twice' ctl_a -4 monitor state port 1 family ipv6 &&
	prints 1 'tcptrackctl: early_devices is set twice' \
		ctl_a set early_devices="$long" early_devices="$long"
}

# What is watched is there: each name in the alerts, their test and the dashboard is a sample's.
watched()
{
	local name n=0 bad=0
	ctl_a metrics | sed -n 's/^\(tcptrack_[a-z0-9_]*\).*/\1/p' | sort -u >"$scratch/names"
	while read -r name; do
		n=$((n + 1))
		grep -qx "$name" "$scratch/names" || { echo "there is no $name"; bad=1; }
	done < <(grep -oh '\<tcptrack_[a-z0-9_]*' "$EXAMPLES"/grafana-tcptrack.json \
		"$EXAMPLES"/prometheus/tcptrack.rules*.yml | sort -u)
	echo "$n names"
	[[ $n -gt 20 && $bad -eq 0 ]]
}

# In JSON as RFC 3339 has it: with a colon in its zone.
zoned()
{
	local monitor zone
	for zone in IST-5:30=+05:30 NST3:30=-03:30 UTC=+00:00; do
		TZ=${zone%=*} "$ctl" -n "$a" -j monitor -t state >"$scratch/zoned" &
		monitor=$!
		wait_for sleeps "$monitor" 10 && flood 82 -n 1
		wait_for test -s "$scratch/zoned" 10
		kill "$monitor"
		wait "$monitor"
		grep -qE "\"time\":\"20[0-9-]{8}T[0-9:]{8}\.[0-9]{6}[${zone:(-6):1}]${zone:(-5)}\"" \
			"$scratch/zoned" ||
			{ cat "$scratch/zoned"; return 1; }
	done
}

# --- completion ---

# completes WANTED WORD...: what it offers for the last of the words, as readline splits them.
completes()
{
	local COMP_WORDS=(tcptrackctl "${@:2}") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_tcptrackctl "$ctl"
	[[ ${COMPREPLY[*]} == "$1" ]] || { echo "${*:2}: ${COMPREPLY[*]}, not $1"; return 1; }
}

completion()
{
	local words="dev limit overflow cookie-mode"
	# shellcheck source=tools/tcptrackctl/completion
	. "$COMPLETION" || return
	complete -p tcptrackctl | grep -q -- '-F _tcptrackctl ' &&
	completes 'settings set serve-metrics' -j se &&
	completes 'listeners listener' lis &&
	completes "$a" -n "$a" &&
	completes '--netns' --ne &&
	completes 'cookie_start= cookie_end= cookie_min_time= cookie_resets=' set cookie &&
	completes 'early= early_devices=' set mode = off ea &&
	completes 'enforce monitor off' set mode = &&
	completes 'recycle' -n x set flows_max = 9 overflow = r &&
	completes '' set flows_max = &&
	completes 'set delete' listener '' &&
	completes '' listener set '' &&
	completes "$words" listener set 10.1.1.1 : 80 '' &&
	completes "$words" listener set '[' :: ']' : 443 limit 5 '' &&
	completes 'dev' listener delete 10.1.1.1 : 80 '' &&
	completes 'cookie recycle drop inherit' listener set 10.1.1.1 : 80 overflow '' &&
	completes 'always' listener set 10.1.1.1 : 80 cookie-mode al &&
	completes 'lo' listener delete 10.1.1.1 : 80 dev l &&
	completes '' listener set 10.1.1.1 : 80 limit '' &&
	completes 'state src sport' flows s &&
	completes 'older' -6 flows port 1 o &&
	completes 'syn_sent syn_received synchronized' flows port 80 state syn &&
	completes 'established,time_wait' flows state established,ti &&
	completes 'ipv4 ipv6' flows family '' && completes '' flows older '' &&
	completes 'flood' monitor f && completes 'side state' monitor state s &&
	completes 'close_wait closed' monitor -t state port 9 state close &&
	completes 'local,remote' monitor state side local,r &&
	completes '-n -d -b -N -4 -6' top - && completes "$a" top -b -n "$a" && completes '' top -d '' &&
	completes '--exact' restore -- && completes '--listen' serve-metrics - &&
	completes 'invalid_header' explain invalid_he && completes '' stats ''
}

# --- a module of before ---

# The family of families has none of our operations and groups, as a module that is older.
older_module()
{
	local old="tcptrackctl: the module is older than this program and" no="does not know that"
	local hint='("tcptrackctl doctor" has the command)'
	perl -0777 -pe 's/tcptrack\0/nlctrl\0\0\0/g' "$ctl" >"$scratch/older" &&
		chmod 755 "$scratch/older" || return
	prints 2 "$old $no $hint" "$scratch/older" stats && prints 2 "$old $no $hint" "$scratch/older" flows &&
		prints 2 "$old $no $hint" "$scratch/older" set mode=off &&
		prints 2 "$old has no events $hint" "$scratch/older" monitor flood &&
		prints 2 "$old has no events $hint" "$scratch/older" monitor state
}

# --- monitor ---

# joined PID: its socket is in all groups: that of families (16) is the last one.
joined()
{
	awk -v pid="$1" '$2 == 16 && $3 == pid && substr($4, 5, 1) ~ /[89a-f]/ { ok = 1 }
		END { exit !ok }' "/proc/$1/net/netlink"
}

# A reader who sleeps and has no room for the message that the module goes.
gone_unheard()
{
	local pid status
	sysctl -qw net.tcptrack.flows_max=100000 && ctl_a set flows_max=100000 || return
	nsenter --net="/run/netns/$a" -- "$ctl" monitor state >"$scratch/deaf" 2>"$scratch/deaf.err" &
	pid=$!
	wait_for joined "$pid" 20 || return
	# nobody but the kernel is heard
	in_ns "$a" perl -e 'socket($s, 16, 3, 16) || die; use Errno;
		exit 1 if send($s, pack("LSSLL", 16, 3, 0, 0, 0), 0, pack("SSLL", 16, 0, $ARGV[0], 0));
		exit !$!{ECONNREFUSED}' "$pid" || { echo "another process is heard"; return 1; }
	kill -STOP "$pid"
	flood 9 -n 12000 || return
	tt_unload
	kill -CONT "$pid"
	wait_for grep -q unloaded "$scratch/deaf.err" 20 || { kill "$pid"; return 1; }
	wait "$pid"
	status=$?
	[[ $status -eq 3 && $(grep -c 'events were lost' "$scratch/deaf.err") -ge 1 ]] && return
	echo "status $status"
	cat "$scratch/deaf.err"
	return 1
}

plan 24
check "explain, exactly" explained
check "explain what is written around a name" by_another_name net.tcptrack.early early \
	tcptrack_syns_total syns tcptrack_flows_tracked flows syn_gap3_ge1500ms syn_gap \
	reset_by_us closed_reset_by_us tcptrack_closed_total flows_destroyed time_wait TIME_WAIT tcptrack_uptime_seconds uptime_ms \
	tcptrack_listener_acceptq_max acceptq_max tcptrack_halfopen_life_seconds_bucket halfopen_life
check "explain of what there is not" unknown
check "diff of two files, exactly" diffs
tt_load flows_max=1000
ns_add a b
flood_link mac_a "$a" "$b"
to=10.1.1.1
check "all that is shown is explained" all_explained
check "diff refuses" diff_refuses
check "completion" completion
check "a module that is older than the program" older_module
check "what is given twice" given_twice
fresh 1024
serve echoes "$a" 80
odd_listener
hold four "$b" 10.1.1.1 80 4
hold six "$b" fd01:0:0:1::1 80 2
flood "$port" -n 20 -f 1000
flood 82 -n 5 -f 9000
empty "$a"
check "diff of two readings" real_diff
check "stats -r" rates
settle_state "$a" local ESTABLISHED 6 || bail "no connections"
# quiet from here
kill -STOP "$echoes" "$four" "$six"
check "known lines of metrics" known_lines
check "what alerts and dashboard ask for is there" watched
check "a full disk" full_disk
check "no stdout" closed
check "a namespace by its path" by_path
check "a bar for each device" whose_bar
check "metrics are a page as Prometheus wants it" eval \
	'ctl_a metrics | is_page && in_ns "$a" "$ctl" metrics | is_page'
check "metrics with a namespace's name" labelled
check "each metric is explained" metrics_explained
if command -v promtool >/dev/null; then
	check "promtool finds nothing" checked_by_promtool
else
	skip "promtool finds nothing" "no promtool (package prometheus)"
fi
check "listeners are those of /proc" listeners_same
kill "$odd"
kill -CONT "$echoes" "$four" "$six"
kill "$echoes" "$four" "$six"
check "the time of an event" zoned
check "a monitor that lost the end of the module" gone_unheard
finish
