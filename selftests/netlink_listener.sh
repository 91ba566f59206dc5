#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is set for one listener by generic netlink: its limit, its overflow policy and when
# it answers with cookies, in real floods; kept when it closes and opens again; who may, and
# what is refused in which words.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

find_tool
N=16		# the limit that is set
SYNS=100
MOST=256	# listeners that may have settings in a namespace

ctl_a()
{
	"$ctl" -n "$a" "$@"
}

# set_it NAME VALUE...: for the listener at $port.
set_it()
{
	ctl_a listener set "[::]:$port" "$@"
}

delete_it()
{
	ctl_a listener delete "[::]:$port"
}

# again: it is killed, and when nothing of it is left begins again at the same port.
again()
{
	serve_end server
	wait_for listener_is "$port" sockets 0 limit 0 "$DEADLINE" >/dev/null ||
		{ listener_is "$port" sockets 0 limit 0; return 1; }
	background server "$a" listeners "$port" 1024 1
}

# two: listeners, $other as its namespace says, and $port.
two()
{
	fresh
	other=$port
	quiet=$server server=
	fresh
}

two_end()
{
	local status=$?
	serve_end quiet
	return "$status"
}

limited()
{
	policy halfopen_listener_max=$((N / 2))
	two
	set_it limit "$N"
	begin 0
	flood "$port" -n "$SYNS" && holds "$a" "$N" &&
		listener_is "$port" limit "$N" limit_set "$N" overflow inherit cookie_mode auto \
			peak "$N" over_listener $((SYNS - N)) halfopen_evicted $((SYNS - N)) &&
		youngest $((SYNS - N)) && begin 0 || return
	# of each listener, its own
	flood "$other" -n "$SYNS" && holds "$a" $((N / 2)) &&
		listener_is "$other" limit $((N / 2)) limit_set inherit
}

# 0: the backlog, whatever the namespace says.
backlog()
{
	policy halfopen_listener_max="$N"
	fresh 40
	set_it limit 0
	begin 0
	flood "$port" -n "$SYNS" && holds "$a" 40 &&
		listener_is "$port" limit 40 limit_set 0 halfopen_evicted $((SYNS - 40))
}

# What is over a lower limit goes at once; without the setting there is room again.
at_once()
{
	policy
	fresh
	begin 0
	flood "$port" -n 50 && holds "$a" 50 && set_it limit "$N" || return
	wait_for holds_now "$a" "$N" 1 || { echo "$(halfopen_of "$a") after 1 s"; return 1; }
	youngest $((50 - N)) && listener_is "$port" over_listener 0 halfopen_evicted $((50 - N)) &&
		delete_it && listener_is "$port" limit 1024 limit_set inherit &&
		flood "$port" -n 50 -s 2 && holds "$a" $((N + 50))
}

drops()
{
	policy halfopen_listener_max="$N"
	two
	set_it overflow drop
	begin 0
	flood "$port" -n "$SYNS" && holds "$a" "$N" && oldest $((N - 1)) &&
		listener_is "$port" overflow drop syns_dropped $((SYNS - N)) halfopen_evicted 0 &&
		begin 0 && flood "$other" -n "$SYNS" && holds "$a" "$N" &&
		listener_is "$other" overflow inherit syns_dropped 0 \
			halfopen_evicted $((SYNS - N)) || return
	set_it overflow inherit && begin 0 && flood "$port" -n "$SYNS" -s 2 &&
		listener_is "$port" overflow inherit syns_dropped $((SYNS - N)) \
			halfopen_evicted $((SYNS - N))
}

# Where the others recycle, one has cookies; and the other way round.
cookies_here()
{
	local held=$((N * 3 / 4))
	policy halfopen_listener_max="$N" cookie_min_time=600000
	two
	set_it overflow cookie
	begin 0
	flood "$port" -n "$SYNS" && holds "$a" "$held" &&
		listener_is "$port" overflow cookie mode cookie cookie_modes 1 \
			cookies_sent $((SYNS - held)) halfopen_evicted 0 &&
		flood "$other" -n "$SYNS" &&
		listener_is "$other" mode normal cookies_sent 0 halfopen_evicted $((SYNS - N)) ||
		return
	# it ends with the setting
	delete_it && listener_is "$port" mode normal &&
		wait_for told_times flood_end "$port" 1 "$DEADLINE" && value_is "$a" cookie_mode 0
}

no_cookies_here()
{
	local held=$((N * 3 / 4))
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=600000
	two
	set_it overflow recycle
	begin 0
	flood "$port" -n "$SYNS" && flood "$other" -n "$SYNS" &&
		listener_is "$port" mode normal cookies_sent 0 halfopen_evicted $((SYNS - N)) &&
		listener_is "$other" mode cookie cookies_sent $((SYNS - held)) halfopen_evicted 0
}

# Each SYN, and no event: nobody floods.
always()
{
	policy overflow="$1" halfopen_listener_max="$N"
	two
	set_it cookie-mode always
	begin 0
	listener_is "$port" mode cookie cookie_mode always && flood "$port" -n "$SYNS" &&
		in_ns "$b" traffic client "$to" "$port" client 10 &&
		in_ns "$b" traffic client "$to" "$other" client 10 || return
	counters_are "$a" syns $((SYNS + 20)) cookies_sent $((SYNS + 10)) cookies_valid 10 \
		cookies_invalid 0 halfopen_evicted 0 over_listener 0 cookie_modes 0 &&
		holds "$a" 0 && value_is "$a" cookie_mode 0 && told_times flood_start "$port" 0 &&
		listener_is "$port" syns $((SYNS + 10)) cookies_sent $((SYNS + 10)) cookies_valid 10 &&
		listener_is "$other" syns 10 cookies_sent 0 mode normal
}

# What is no good cookie is refused, where there may be cookies, and only there.
always_acks()
{
	flood_between	# where no cookie is in flight
	policy overflow=recycle cookie_resets=0
	two
	set_it cookie-mode always
	begin 0
	flood "$port" -n "$SYNS" -a 0 && flood "$other" -n "$SYNS" -a 0 &&
		counters_are "$a" cookies_invalid "$SYNS" cookies_invalid_unhashed "$SYNS" &&
		listener_is "$port" cookies_invalid "$SYNS" &&
		listener_is "$other" cookies_invalid 0 || return
	set_it cookie-mode auto && listener_is "$port" mode normal &&
		flood "$port" -n "$SYNS" -a 0 -s 2 && listener_is "$port" cookies_invalid "$SYNS"
}

# What only the stack can answer goes on to it, and is bounded: here, all of it.
always_left()
{
	local status
	policy overflow=recycle halfopen_listener_max="$N"
	fresh
	set_it cookie-mode always
	begin 0
	ns_sysctl "$a" net.ipv4.tcp_syncookies=0
	listener_is "$port" mode normal && flood "$port" -n "$SYNS" && holds "$a" "$N" &&
		listener_is "$port" cookies_sent 0 halfopen_evicted $((SYNS - N))
	status=$?
	ns_sysctl "$a" net.ipv4.tcp_syncookies=1
	return "$status"
}

# Neither by its own level nor by the namespace's.
never()
{
	policy overflow=cookie halfopen_max="$N" cookie_min_time=600000
	two
	set_it cookie-mode never
	begin 0
	flood "$port" -n "$SYNS" && holds "$a" "$N" && listener_is "$port" mode normal \
		cookie_mode never cookies_sent 0 halfopen_evicted $((SYNS - N)) cookie_modes 0 &&
		counters_are "$a" cookie_modes 0 || return
	# the namespace is full, and the other one's first SYN finds it so
	flood "$other" -n "$SYNS" && value_is "$a" cookie_mode 1 &&
		listener_is "$other" mode cookie cookies_sent "$SYNS" &&
		flood "$port" -n "$SYNS" -s 2 && listener_is "$port" mode normal cookies_sent 0 \
			halfopen_evicted $((2 * SYNS - N))
}

# A cookie mode ends at once, and is told of once.
never_now()
{
	local sent
	policy overflow=cookie halfopen_listener_max="$N" cookie_min_time=600000
	fresh
	begin 0
	flood "$port" -n "$SYNS" && listener_is "$port" mode cookie cookie_modes 1 || return
	sent=$(listener_value "$port" cookies_sent)
	set_it cookie-mode never && listener_is "$port" mode normal && value_is "$a" cookie_mode 0 &&
		wait_for told_times flood_end "$port" 1 "$DEADLINE" && flood "$port" -n "$SYNS" -s 2 &&
		listener_is "$port" mode normal cookies_sent "$sent" cookie_modes 1 &&
		delete_it && flood "$port" -n "$SYNS" -s 3 && listener_is "$port" mode cookie cookie_modes 2
}

# The setting is that of the address and port, whoever listens there.
kept()
{
	local held=$((N * 3 / 4))
	policy cookie_min_time=600000
	fresh
	set_it limit "$N" overflow cookie
	begin 0
	flood "$port" -n "$SYNS" && listener_is "$port" mode cookie cookie_modes 1 && again || return
	wait_for told_times flood_end "$port" 1 "$DEADLINE" || { echo "its end is not told"; return 1; }
	# from its first SYN on, and into another cookie mode
	begin 0
	flood "$port" -n "$SYNS" -s 2 && holds "$a" "$held" &&
		counters_are "$a" cookies_sent $((SYNS - held)) cookie_modes 1 &&
		listener_is "$port" sockets 1 limit "$N" limit_set "$N" overflow cookie \
			cookie_modes 2 || return
	serve_end server
	wait_for listener_is "$port" sockets 0 halfopen 0 limit 0 limit_set "$N" mode normal \
		"$DEADLINE" >/dev/null || { listener_is "$port" sockets 0; return 1; }
	delete_it && [[ -z $(listener_value "$port" limit_set) ]]
}

# Set before anybody listens.
before()
{
	policy
	serve_end server
	port=$((port + 1))
	set_it limit "$N" && listener_is "$port" sockets 0 limit 0 limit_set "$N" syns 0 || return
	background server "$a" listeners "$port" 1024 1
	begin 0
	flood "$port" -n "$SYNS" && holds "$a" "$N" && listener_is "$port" sockets 1 limit "$N"
}

# Several are set one after the other; what is not named stays.
one_by_one()
{
	policy
	fresh
	# (it has a line of its own, then, and not only as long as something is set)
	flood "$port" -n 1 && set_it limit 5 && set_it overflow drop && set_it cookie-mode never &&
		listener_is "$port" limit_set 5 overflow drop cookie_mode never && set_it limit 6 &&
		listener_is "$port" limit_set 6 overflow drop cookie_mode never &&
		delete_it && listener_is "$port" limit_set inherit overflow inherit cookie_mode auto
}

# It is one address, one port, one device.
which()
{
	local rows
	policy
	fresh
	ctl_a listener set "0.0.0.0:$port" limit 3 && ctl_a listener set "[::1]:$port" limit 4 &&
		ctl_a listener set "[::]:$port" dev v1 limit 5 && set_it limit 6 || return
	rows=$(ctl_a -j listeners | sed -n 's/.*"address":"\([^"]*\)","port":'"$port"',"dev":\([0-9]*\),.*"limit_set":\([0-9]*\).*/\1 \2 \3/p' | sort)
	[[ $rows == "0.0.0.0 0 3
:: $(ip_ns "$a" -o link show dev v1 | sed 's/:.*//') 5
:: 0 6
::1 0 4" || $rows == "0.0.0.0 0 3
:: 0 6
:: $(ip_ns "$a" -o link show dev v1 | sed 's/:.*//') 5
::1 0 4" ]] || { echo "$rows"; return 1; }
	ctl_a listener delete "0.0.0.0:$port" && ctl_a listener delete "[::1]:$port" &&
		ctl_a listener delete "[::]:$port" dev v1 &&
		listener_is "$port" limit_set 6 sockets 1 && delete_it
}

# What is set for a device that has gone is told, and is deleted by its number; a name is one first.
device_gone()
{
	local dev
	policy
	fresh
	ip -n "$a" link add gone type dummy && ip -n "$a" link add other type dummy &&
		ctl_a listener set "[::]:$port" dev gone limit 5 &&
		ctl_a listener set "[::]:$port" dev other limit 6 || return
	dev=$(ip_ns "$a" -o link show dev gone | sed 's/:.*//')
	ip -n "$a" link del gone && ip -n "$a" link set other name "if$dev" &&
		says 5 "$a: [::]:$port is not saved: its device is gone" \
			eval 'ctl_a save >/dev/null' || return
	says 1 'no device "nosuch" ("ip link" lists them)' \
		ctl_a listener delete "[::]:$port" dev nosuch &&
	says 1 'no device "if" ("ip link" lists them)' ctl_a listener delete "[::]:$port" dev if &&
	says 1 'no device "0" ("ip link" lists them)' ctl_a listener delete "[::]:$port" dev 0 &&
	says 1 'no device "4294967297" ("ip link" lists them)' \
		ctl_a listener delete "[::]:$port" dev 4294967297 &&
	says 1 "no device \"$dev\" (\"ip link\" lists them)" set_it dev "$dev" limit 1 || return
	[[ $(devices) == "$((dev + 1)) 6 $dev 5 " ]] || { devices; return 1; }
	ctl_a listener delete "[::]:$port" dev "if$dev" && [[ $(devices) == "$dev 5 " ]] &&
		ctl_a listener delete "[::]:$port" dev "$dev" && [[ -z $(devices) ]] &&
		ctl_a save >/dev/null || return
	ip -n "$a" link set "if$dev" name gone && ctl_a listener set "[::]:$port" dev gone limit 5 &&
		ip -n "$a" link del gone &&
		ctl_a listener delete "[::]:$port" dev "if$((dev + 1))" && ctl_a save >/dev/null
}

# The devices for which something is set, and what.
devices()
{
	ctl_a -j listeners | sed -n 's/.*"dev":\([1-9][0-9]*\),.*"limit_set":\([0-9]*\).*/\1 \2/p' |
		sort -rn | tr '\n' ' '
}

namespaces()
{
	policy
	fresh
	set_it limit 5
	[[ $("$ctl" -n "$b" -j listeners) == '[]' ]] || return
	"$ctl" -n "$b" listener set "[::]:$port" limit 7 && listener_is "$port" limit_set 5 &&
		"$ctl" -n "$b" listener delete "[::]:$port" && listener_is "$port" limit_set 5
}

# says STATUS TEXT COMMAND...: it fails so, and prints nothing else.
says()
{
	local out status
	out=$("${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "tcptrackctl: $2" ]] ||
		{ echo "status $status, not $1: $out (${*:3})"; return 1; }
}

bounded()
{
	local i refuses="the module refuses: "
	flood_between	# where nothing is set yet
	policy
	fresh
	counters_begin "$a"
	for ((i = 1; i <= MOST; i++)); do
		ctl_a listener set "192.0.2.1:$i" limit 1 || return
	done
	says 2 "${refuses}too many listeners have settings: delete some: No space left on device" \
		set_it limit 1 && counters_are "$a" settings_refused 1 &&
		listener_is "$port" limit_set inherit &&
		ctl_a listener set "192.0.2.1:1" limit 2 && ctl_a listener delete "192.0.2.1:2" &&
		set_it limit 1 && counters_are "$a" settings_refused 1 || return
	# another namespace has room, and all goes with this one
	"$ctl" -n "$b" listener set "192.0.2.1:1" limit 1 &&
		"$ctl" -n "$b" listener set "192.0.2.1:2" cookie-mode always || return
	serve_end server
	flood_between
	[[ $(ctl_a -j listeners) == '[]' ]]
}

command_line()
{
	local shows='is not ADDRESS:PORT or [ADDRESS]:PORT ("tcptrackctl listeners" shows them)' bad
	for bad in 10.0.0.1 10.0.0:80 ::1:80 '[::1]' '[::1]:' '[10.0.0.1]:80' 10.0.0.1:65536 \
		10.0.0.1:80x '[fe80::1%v1]:80' :80 ''; do
		says 1 "\"$bad\" $shows" ctl_a listener set "$bad" limit 1 || return
	done
	says 1 'no device "nosuch" ("ip link" lists them)' set_it dev nosuch limit 1 &&
	says 1 'listener: "x" is not dev, limit, overflow or cookie-mode' set_it x 1 &&
	says 1 'listener: "limit" is not dev' ctl_a listener delete "[::]:$port" limit 1 &&
	says 1 '"limit" needs a value' set_it limit &&
	says 1 'limit is set twice' set_it limit 1 limit 2 &&
	says 1 'limit is a number, not "x"' set_it limit x &&
	says 1 'overflow is cookie, recycle, drop or inherit, not "x"' set_it overflow x &&
	says 1 'cookie-mode is auto, always or never, not "x"' set_it cookie-mode x
}

refusals()
{
	local refuses="the module refuses: "
	policy
	fresh
	command_line &&
	says 2 "${refuses}nothing to set: limit_set, overflow or cookie_mode is needed: Invalid argument" \
		ctl_a listener set "[::]:$port" &&
	says 2 "${refuses}the limit is a number from 0 to 2147483647: Numerical result out of range" \
		set_it limit 2147483648 overflow drop &&
	says 2 "${refuses}nothing listens on port 0: Invalid argument" \
		ctl_a listener set "[::]:0" limit 1 &&
	says 2 "${refuses}nothing is set for this listener: No such file or directory" delete_it &&
	listener_is "$port" limit_set inherit overflow inherit cookie_mode auto
}

only="only root may change this (CAP_NET_ADMIN in this namespace)"
not_for_users()
{
	policy
	fresh
	set_it limit 5 &&
	says 2 "$only" in_ns "$a" "${nobody[@]}" "$ctl" listener set "[::]:$port" limit 1 &&
	says 2 "$only" in_ns "$a" "${nobody[@]}" "$ctl" listener delete "[::]:$port" &&
	listener_is "$port" limit_set 5 &&
	cmp <(in_ns "$a" "${nobody[@]}" "$ctl" listeners | cut -d ' ' -f 1-10) \
		<(ctl_a listeners | cut -d ' ' -f 1-10)
}

user_namespace()
{
	local own
	policy
	fresh
	flood "$port" -n 1 || return
	says 2 "$only" in_ns "$a" unshare --user --map-root-user "$ctl" \
		listener set "[::]:$port" limit 1 && listener_is "$port" limit_set inherit || return
	own=$(unshare --user --map-root-user --net sh -c \
		"'$ctl' listener set 127.0.0.1:9 limit 8 && '$ctl' listeners" |
		awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "limit_set") c = i } NR == 2 { print $2, $c }')
	[[ $own == "127.0.0.1:9 8" ]] || { echo "its own: $own"; return 1; }
}

# The kernel's own client, by the spec.
ynl()
{
	in_ns "$a" /usr/bin/python3 "$YNL" --no-schema --spec "$TCPTRACK_SPEC" "$@" 2>&1
}

# ynl_refused OPERATION ERRNO ATTRIBUTE TEXT JSON
ynl_refused()
{
	local out
	out=$(ynl --do "$1" --json "$5") && { echo "not refused: $5"; return 1; }
	if ! grep -q "error: $2\\b" <<<"$out" || ! grep -Fq "'msg': '$4'" <<<"$out" ||
		{ [[ -n $3 ]] && ! grep -Fq "'bad-attr': '.$3'" <<<"$out"; }; then
		echo "not $2, $3, '$4': $out"
		return 1
	fi
}

by_ynl()
{
	local at
	policy
	fresh
	at="\"addr\":\"00000000000000000000000000000000\",\"port\":$port"
	ynl --do listener-set --json "{$at,\"limit_set\":5,\"overflow\":\"drop\",\"cookie_mode\":\"never\"}" &&
		listener_is "$port" limit_set 5 overflow drop cookie_mode never &&
		ynl --do listeners-get --json "{$at}" | tr -d '\n' |
			grep -q "'cookie_mode': 'never'.*'limit_set': 5.*'overflow': 'drop'" || return
	ynl_refused listener-set -22 '' 'a listener has an address and a port' '{"port":80,"limit_set":1}' &&
	ynl_refused listener-set -22 '' 'nothing to set: limit_set, overflow or cookie_mode is needed' "{$at}" &&
	ynl_refused listener-set -34 limit_set 'the limit is a number from 0 to 2147483647' \
		"{$at,\"limit_set\":2147483648}" &&
	ynl_refused listener-set -19 dev 'there is no such device' "{$at,\"dev\":9999,\"limit_set\":1}" &&
	ynl_refused listener-set -22 addr 'an address has 4 or 16 bytes' \
		'{"addr":"0a0102","port":80,"limit_set":1}' &&
	ynl_refused listener-set -97 family 'the family is neither AF_INET nor AF_INET6' \
		"{$at,\"family\":3,\"limit_set\":1}" &&
	ynl_refused listener-set -22 addr 'the address is of another family' \
		"{$at,\"family\":2,\"limit_set\":1}" &&
	ynl_refused listener-delete -22 port 'nothing listens on port 0' \
		'{"addr":"0a010203","port":0}' &&
	listener_is "$port" limit_set 5 overflow drop cookie_mode never &&
	ynl --do listener-delete --json "{$at}" &&
	listener_is "$port" limit_set inherit overflow inherit cookie_mode auto &&
	ynl_refused listener-delete -2 '' 'nothing is set for this listener' "{$at}"
}

cases()
{
	run "a limit" limited; two_end
	run "limit 0 is the backlog" backlog
	run "a lower limit holds at once" at_once
	run "overflow drop, of one listener" drops; two_end
	run "overflow cookie, of one listener" cookies_here; two_end
	run "overflow recycle, of one listener" no_cookies_here; two_end
	run "cookie-mode always" always cookie; two_end
	run "cookie-mode always, where others recycle" always recycle; two_end
	run "cookie-mode always refuses bad ACKs" always_acks; two_end
	run "cookie-mode always without tcp_syncookies" always_left
	run "cookie-mode never" never; two_end
	flood_between	# without the namespace's cookie mode
	run "cookie-mode never ends it now" never_now
	run "kept when the listener begins again" kept
	run "set before there is a listener" before
}

[[ -e /proc/self/ns/user ]] && users=1
[[ -e ${YNL:-} ]] && /usr/bin/python3 -c 'import yaml' 2>/dev/null && client=1
plan $((2 * 14 + 9))
flood_setup
for to in 10.1.1.1 fd01:0:0:1::1; do
	cases
done
run "one after the other" one_by_one
run "of this address, port and device" which
run "of a device that has gone" device_gone
run "of this namespace" namespaces
run "refusals" refusals
run "not for users" not_for_users
if [[ -n ${users:-} ]]; then
	run "root of a user namespace sets its own" user_namespace
else
	skip "root of a user namespace sets its own" "no user namespaces"
fi
if [[ -n ${client:-} ]]; then
	run "the kernel's own client" by_ynl
else
	skip "the kernel's own client" "no ynl (linux-source-6.12, python3-yaml)"
fi
run "so many and no more" bounded
serve_end server
finish
