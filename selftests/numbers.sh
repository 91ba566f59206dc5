#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All that shows numbers shows the same ones: /proc, generic netlink (by the kernel's own
# client), tcptrackctl as text and JSON, its metrics, and lnstat; counter by counter, state by
# state, bucket by bucket, at rest after much has happened.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

transitions_not "its floods are longer than the record"
find_tool

ctl_a()
{
	"$ctl" -n "$a" "$@"
}

# As the names of /proc have it (stdin: metrics).
unmetric()
{
	awk '
		/^#|^tcptrack_listener_|^tcptrack_info/ { next }
		{ value = $NF; name = $1; sub(/^tcptrack_/, "", name) }
		name ~ /^flows{/ {
			split(name, part, "\""); print part[4], part[2], value; next }
		name ~ /^state_entered_total{/ {
			split(name, part, "\""); print part[2], "entered", value; next }
		name ~ /_bucket{/ {
			attempt = name ~ /attempt=/ ? name : ""; le = name
			gsub(/.*attempt="|".*/, "", attempt); gsub(/.*le="|".*/, "", le)
			sub(/_seconds_bucket.*/, "", name)
			print name attempt "_ge" ge * 1000 "ms", value - before
			before = le == "+Inf" ? 0 : value; ge = le == "+Inf" ? 0 : le
			next
		}
		name ~ /_count({|$)/ { next }
		name ~ /^closed_total{/ { split(name, part, "\""); print "closed_" part[2], value; next }
		{
			sub(/_total$/, "", name)
			if (name == "flows_tracked") name = "flows"
			if (name != "uptime_seconds") print name, value
		}'
}

# Of each CPU a line of hexadecimal numbers; the first column is the same everywhere.
lnstat_sums()
{
	local file
	for file in tcptrack tcptrack_flood; do
		in_ns "$a" cat "/proc/net/stat/$file" | perl -ane '
			if (!@n) { @n = @F; next }
			for (1 .. $#F) { $s[$_] += hex $F[$_] }
			$s[0] = hex $F[0];
			END { print "$n[$_] $s[$_]\n" for 0 .. $#n }' | entries_of "$file"
	done
}

# entries_of FILE: what its first column is.
entries_of()
{
	if [[ $1 == tcptrack ]]; then sed 's/^entries /flows /'; else sed 's/^entries /halfopen /'; fi
}

by_lnstat()
{
	local file
	for file in tcptrack tcptrack_flood; do
		in_ns "$a" lnstat -j -f "$file" -c 1 -i 1 | tr -d ' \n' | tr '{,}' '\n' |
			sed -n 's/^"\([a-z_]*\)":\([0-9]*\)$/\1 \2/p' | entries_of "$file"
	done
}

# The kernel's own client: its words are in lower case.
by_ynl()
{
	local op
	for op in counters-get states-get; do
		in_ns "$a" /usr/bin/python3 "$YNL" --no-schema --spec "$TCPTRACK_SPEC" --do "$op" \
			--output-json || return
	done | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    for name, value in json.loads(line).items():
        if name == "state":
            for row in value:
                for side in "local", "remote", "forward", "entered":
                    print(row["state"].upper(), side, row[side])
        elif isinstance(value, list):
            for row in value:
                print("%s%s_ge%dms %d" % (name, row.get("attempt", ""), row["ge_ms"], row["count"]))
        else:
            print(name, value)'
}

# What is not at rest, ever. (mode is a word in one, a number in the other.)
at_rest()
{
	grep -vE '^(uptime_ms|collector_runs|mode|version) ' | sort
}

proc_names()
{
	in_ns "$a" cat /proc/net/tcptrack | awk '
		NR == 1 { split($0, side); next }
		NF == 5 { for (i = 2; i <= 5; i++) print $1, side[i], $i; next }
		NF { print }'
}

# has FILE COMMAND...: the command's lines are the file's, those that it has of them.
part_of()
{
	local n
	n=$("${@:2}" | at_rest | tee "$scratch/part" | wc -l)
	[[ $n -gt 30 && -z $(comm -13 "$1" "$scratch/part") ]] && return
	comm -13 "$1" "$scratch/part" | sed "s/^/$2: /"
	return 1
}

# same FILE COMMAND...: the command's lines are all of the file's, and no others.
same()
{
	"${@:2}" | at_rest >"$scratch/other"
	diff "$1" "$scratch/other" >"$scratch/diff" && return
	sed "s/^/${*:2}: /" "$scratch/diff"
	return 1
}

json_stats()
{
	ctl_a -j stats | sed 's/^{//; s/}$//; s/,"/\n"/g' | sed 's/^"//; s/":/ /; s/"//g'
}

tool_states()
{
	ctl_a states | awk 'NR == 1 { split($0, side); next }
		{ for (i = 2; i <= 5; i++) print $1, side[i], $i }'
}

metrics()
{
	in_ns "$a" "$ctl" metrics | unmetric
}

all_the_same()
{
	local now=$scratch/proc
	proc_names | at_rest >"$now"
	grep -v '^[A-Z]' "$now" >"$now.values"
	grep '^[A-Z]' "$now" >"$now.states"
	same "$now" metrics && same "$now.values" ctl_a stats && same "$now.values" json_stats &&
		same "$now.states" tool_states && part_of "$now" lnstat_sums &&
		part_of "$now" by_lnstat || return
	[[ -z ${client:-} ]] || same "$now" by_ynl || return
	# it was at rest
	same "$now" proc_names
}

# All that is shown is compared: so many names, and of lnstat's all columns.
nothing_left_out()
{
	local n m
	n=$(wc -l <"$scratch/proc")
	m=$(in_ns "$a" head -qn 1 /proc/net/stat/{tcptrack,tcptrack_flood} | wc -w)
	[[ $n -ge 250 && $m -ge 52 && $(lnstat_sums | wc -l) -eq $m && $(by_lnstat | wc -l) -eq $m ]] &&
		return
	echo "$n names, $m of lnstat, $(lnstat_sums | wc -l), $(by_lnstat | wc -l)"
	return 1
}

# So many are not 0, and so many of these differ: two that were interchanged would show.
many_happened()
{
	local n distinct
	n=$(in_ns "$a" awk 'NF == 2 && $2 > 0' /proc/net/tcptrack | wc -l)
	distinct=$(in_ns "$a" awk 'NF == 2 && $2 > 0 { print $2 }' /proc/net/tcptrack | sort -u | wc -l)
	[[ $n -ge 35 && $distinct -ge 22 ]] || {
		echo "$n values, $distinct of them different"
		in_ns "$a" awk 'NF == 2 && $2 > 0' /proc/net/tcptrack
		return 1
	}
}

# Each kind of thing another number of times, as far as that can be.
much_happens()
{
	local way n=1
	to=10.1.1.1
	serve server "$a" 80
	for way in keep client server half rserver rclient; do
		n=$((n + 2))
		in_ns "$b" traffic client 10.1.1.1 80 $way $n 1 || return
	done
	in_ns "$b" traffic client 10.1.1.1 81 refused 4 1 || return
	in_ns "$a" traffic client 10.1.1.1 80 client 6 1 || return
	in_ns "$b" traffic client 10.1.2.2 80 refused 8 1
	flood 80 -n 23 -b
	flood 80 -n 31 -a 0
	flood 82 -n 29
	# a queue that fills, with nobody behind it, and one that answers with cookies
	policy overflow=recycle
	fresh 20 1 never
	flood "$port" -n 50 -f 1000 || return
	empty "$a"
	policy overflow=drop halfopen_max=30
	fresh
	flood "$port" -n 47 -f 2000 || return
	empty "$a"
	policy overflow=cookie cookie_start=0
	fresh
	flood "$port" -n 71 && flood "$port" -n 37 -a 0 && serve_end server
}

quiet()
{
	local before
	before=$(proc_names | at_rest)
	sleep 1.2	# a run of the collector
	[[ $before == "$(proc_names | at_rest)" ]]
}

[[ ! -e ${YNL:-} ]] || ! /usr/bin/python3 -c 'import yaml' 2>/dev/null || client=1
plan 4
tt_load
flood_between
ns_add c
ns_link "$a" "$c" 2
ip -n "$b" route add 10.1.2.0/24 via 10.1.1.1
ip -n "$c" route add 10.1.1.0/24 via 10.1.2.1
ns_sysctl "$a" net.ipv4.ip_forward=1
much_happens >"$scratch/out" 2>&1 || bail "$(cat "$scratch/out")"
# TIME_WAIT goes by itself
wait_for value_is "$a" flows 0 150 || bail "flows stay"
wait_for quiet 20 || bail "it does not come to rest"
check "many different things have happened" many_happened
if [[ -n ${client:-} ]]; then
	check "/proc, netlink, stats, states, metrics and lnstat are the same" all_the_same
else
	check "/proc, stats, states, metrics and lnstat are the same (no ynl here)" all_the_same
fi
check "and nothing is left out" nothing_left_out
check "in a namespace where nothing happened, too" eval 'a=$c && all_the_same'
finish
