#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Events, as "tcptrackctl monitor" and the kernel's own client show them: each transition of
# both ends, one by one; floods, with the figures of the log; who may listen, and to what;
# what is lost is counted; what becomes of listeners when the namespace or the module goes.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

transitions_not "its floods are longer than the record"
find_tool
LOST=12000	# SYNs, of which a reader who sleeps cannot keep all

# --- monitors ---

# joined PID: its socket is in all groups: that of families (16) is the last one.
joined()
{
	awk -v pid="$1" '$2 == 16 && $3 == pid && substr($4, 5, 1) ~ /[89a-f]/ { ok = 1 }
		END { exit !ok }' "/proc/$1/net/netlink"
}

# monitor VARIABLE NS COMMAND...: its process id in the variable, what it prints in
# $scratch/VARIABLE, in $scratch/VARIABLE.err what went wrong.
monitor()
{
	nsenter --net="/run/netns/$2" -- "${@:3}" >"$scratch/$1" 2>"$scratch/$1.err" &
	printf -v "$1" %s $!
	wait_for joined "${!1}" 20 || bail "${*:3}: $(cat "$scratch/$1.err")"
}

# monitor_end VARIABLE [SIGNAL]: it ends by it, with 0, and had nothing to complain of.
monitor_end()
{
	local status
	kill "-${2:-TERM}" "${!1}"
	wait "${!1}"
	status=$?
	[[ $status -eq 0 && ! -s $scratch/$1.err ]] ||
		{ echo "status $status"; cat "$scratch/$1.err"; return 1; }
}

# lines_are VARIABLE N: so many so far.
lines_are()
{
	[[ $(wc -l <"$scratch/$1") -eq $2 ]]
}

# --- transitions, by the scripted peer: segment by segment ---

# "events begin" and "events WANT": all of them since then, in the namespace of the case.
events_script()
{
	cat >"$scratch/events" <<-END
	#!/bin/bash
	ctl='$ctl' dir='$scratch'
	$(declare -f joined)
	END
	cat >>"$scratch/events" <<-'END'
	out=$dir/events.$(readlink /proc/self/ns/net)
	# Without addresses, which are those of the case: a has port 80 or is the one who
	# opens, and the ports are compared.
	told()
	{
		sed -E 's/(\[[^]]*\]|[0-9.]+):([0-9]+)/\2/g; s/^flow-state ([0-9]+ [0-9]+) /\1 /
			s/ ->//; s/ (local|remote|forward) / /; s/^flow-end ([0-9]+ [0-9]+) /\1 end /
			s/ age_ms [0-9]+//' "$out" | sed "s/^$ports //" | paste -sd, | sed 's/,/, /g'
	}
	if [[ $1 == begin ]]; then
		"$ctl" monitor state >"$out" 2>&1 &
		echo $! >"$out.pid"
		for ((i = 0; i < 500; i++)); do
			joined "$(<"$out.pid")" && exit 0
			sleep 0.02
		done
		cat "$out"
		exit 1
	fi
	ports=$1 want=$2 commas=${2//[^,]/}
	for ((i = 0; i < 100; i++)); do
		mapfile -t lines <"$out"
		[[ ${#lines[@]} -le ${#commas} ]] || break
		sleep 0.02
	done
	# nothing more comes
	sleep 0.1
	kill -TERM "$(<"$out.pid")"
	[[ $(told) != "$want" ]] || exit 0
	echo "# wanted: $want"
	echo "# told:   $(told)"
	exit 1
	END
	chmod +x "$scratch/events"
}

cases()
{
	cat <<-EOF
	case the peer opens and closes
	flow f 80 40000
	listen s
	sh $scratch/events begin
	> S
	< SA
	> A
	accept c s
	> FA
	< A ack +0
	close c
	< FA
	> A
	noflow
	sh $scratch/events '80 40000' 'b CLOSED SYN_SENT, a LISTEN SYN_RECEIVED, b SYN_SENT ESTABLISHED, a SYN_RECEIVED ESTABLISHED, b ESTABLISHED FIN_WAIT_1, a ESTABLISHED CLOSE_WAIT, b FIN_WAIT_1 FIN_WAIT_2, a CLOSE_WAIT LAST_ACK, b FIN_WAIT_2 TIME_WAIT, a LAST_ACK CLOSED, end CLOSED TIME_WAIT normal'
	count flows_created 1 closed_normal 1

	case we open and close
	flow f 50000 80
	sh $scratch/events begin
	connect c
	< S
	> SA
	< A ack 1
	close c
	< FA
	> A
	> FA
	< A ack +0
	sh $scratch/events '50000 80' 'a CLOSED SYN_SENT, b LISTEN SYN_RECEIVED, a SYN_SENT ESTABLISHED, b SYN_RECEIVED ESTABLISHED, a ESTABLISHED FIN_WAIT_1, b ESTABLISHED CLOSE_WAIT, a FIN_WAIT_1 FIN_WAIT_2, b CLOSE_WAIT LAST_ACK, a FIN_WAIT_2 TIME_WAIT, b LAST_ACK CLOSED'
	count flows_created 1

	case reset by the peer
	flow f 80 40000
	listen s
	sh $scratch/events begin
	> S
	< SA
	> A
	accept c s
	> RA
	noflow
	sh $scratch/events '80 40000' 'b CLOSED SYN_SENT, a LISTEN SYN_RECEIVED, b SYN_SENT ESTABLISHED, a SYN_RECEIVED ESTABLISHED, b ESTABLISHED CLOSED, a ESTABLISHED CLOSED, end CLOSED CLOSED reset_by_peer'
	count flows_created 1 closed_reset_by_peer 1

	case refused
	flow f 50000 80
	sh $scratch/events begin
	connect c
	< S
	> RA
	noflow
	sh $scratch/events '50000 80' 'a CLOSED SYN_SENT, b LISTEN SYN_RECEIVED, b SYN_RECEIVED CLOSED, a SYN_SENT CLOSED, end CLOSED CLOSED refused'
	count flows_created 1 closed_refused 1

	case forwarded
	fwd f 40000 80
	sh $scratch/events begin
	> S
	< SA
	> A
	> RA
	noflow
	sh $scratch/events '40000 80' 'b LISTEN SYN_RECEIVED, a CLOSED SYN_SENT, a SYN_SENT ESTABLISHED, b SYN_RECEIVED ESTABLISHED, end ESTABLISHED ESTABLISHED reset_by_peer'
	count flows_created 1 closed_reset_by_peer 1
	EOF
}

# --- connections and floods between $a and $b ---

# always [NAME=VALUE]...: every SYN gets a cookie, until the listener closes.
always()
{
	policy overflow=cookie cookie_start=0 cookie_min_time=600000 "$@"
}

# The whole of an event, as JSON, with its time.
as_json()
{
	local port from
	fresh_server
	monitor json "$a" "$ctl" monitor -t -j state
	monitor text "$a" "$ctl" monitor -t state
	in_ns "$b" traffic client "$to" "$port" client 1 1 || return
	wait_for grep -q flow-end "$scratch/json" 10
	wait_for grep -q flow-end "$scratch/text" 10
	monitor_end text
	monitor_end json INT || return
	from=$(sed -n '1s/.*"port_b":\([0-9]*\).*/\1/p' "$scratch/json")
	sed -E 's/"time":"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}[+-][0-9]{2}:[0-9]{2}"/TIME/' \
		"$scratch/json" >"$scratch/json.told"
	[[ $(head -n 1 "$scratch/json.told") == '{"event":"flow-state",TIME,"family":"ipv4","addr_a":"10.1.1.1","port_a":'"$port"',"addr_b":"10.1.1.2","port_b":'"$from"',"dev":0,"end":"b","side":"remote","old":"CLOSED","new":"SYN_SENT"}' &&
	   $(tail -n 1 "$scratch/json.told" | sed 's/"age_ms":[0-9]*/AGE/') == '{"event":"flow-end",TIME,"family":"ipv4","addr_a":"10.1.1.1","port_a":'"$port"',"addr_b":"10.1.1.2","port_b":'"$from"',"dev":0,"state_a":"CLOSED","state_b":"TIME_WAIT","reason":"normal",AGE}' ]] && as_text "$from" && return
	cat "$scratch/json.told" "$scratch/text"
	return 1
}

# as_text PORT: the same as text; each line begins with the time.
as_text()
{
	local ends="10.1.1.1:$port 10.1.1.2:$1"
	sed -E 's/^\[20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\] /TIME /' \
		"$scratch/text" >"$scratch/text.told"
	[[ $(wc -l <"$scratch/text.told") -eq $(wc -l <"$scratch/json.told") &&
	   $(grep -c '^TIME flow-' "$scratch/text.told") -eq $(wc -l <"$scratch/text") &&
	   $(head -n 1 "$scratch/text.told") == "TIME flow-state $ends b remote CLOSED -> SYN_SENT" &&
	   $(tail -n 1 "$scratch/text.told" | sed 's/age_ms [0-9]*/AGE/') == \
		"TIME flow-end $ends CLOSED TIME_WAIT normal AGE" ]]
}

# As the log says it, in the words of the monitor.
in_the_log()
{
	told flood_start "$1" | sed 's/.*event=flood_start netns=[0-9]* listener=/flood-begin /; s/=/ /g'
	told flood_end "$1" | sed 's/.*event=flood_end netns=[0-9]* listener=/flood-end /; s/=/ /g'
}

# as_logged VARIABLE PORT: its two lines are those of the log. (The end has the begin, too.)
as_logged()
{
	diff <(in_the_log "$2") <(sed 's/^\(flood-end [^ ]*\) reason [^ ]* halfopen [^ ]* limit [^ ]*/\1/' \
		"$scratch/$1")
}

# is_last BEFORE AFTER: what the event of its end said is what is asked for, and it was between
# these (of now_ms, whose steps are 10 ms).
is_last()
{
	local now asked ended
	wait_for passed "$2" 500 5
	now_ms; asked=$now
	in_ns "$a" "$ctl" -j status >"$scratch/status"
	now_ms
	ended=$(sed 's/.*"ended_ms":\([0-9]*\).*/\1/' "$scratch/status")
	diff <(sed -n 's/^{"event":"flood-end",\(.*\)}$/\1/p' "$scratch/json") \
		<(sed 's/^{"last_flood":{//; s/"ended_ms":[0-9]*,//; s/},"mode":.*//' "$scratch/status") &&
		[[ $ended -ge $((asked - $2 - 10)) && $ended -le $((now - $1 + 10)) ]] && return
	echo "ended $ended ms before $asked to $now, not from $1 to $2"
	return 1
}

# passed SINCE MS
passed()
{
	local now
	now_ms
	[[ $((now - $1)) -ge $2 ]]
}

# few: a flood of a listener from few sources, followed by nobody: its events, the log, the
# verdict and flood-get say the same.
few()
{
	local line ms rate now before
	always
	fresh
	monitor floods "$a" "${nobody[@]}" "$ctl" monitor flood
	monitor json "$a" "$ctl" monitor -j flood
	flood "$port" -n 6000 -f 600 -p 3 && wait_for lines_are floods 1 10 || return
	now_ms; before=$now
	serve_end server
	wait_for lines_are floods 2 10 || { cat "$scratch/floods"; return 1; }
	wait_for lines_are json 2 10 || { cat "$scratch/json"; return 1; }
	now_ms
	monitor_end floods && monitor_end json && is_last "$before" "$now" || return
	cat "$scratch/floods"
	as_logged floods "$port" || return
	line=$(tail -n 1 "$scratch/floods")
	[[ $line == "flood-end [::]:$port reason listener halfopen 0 limit 1024 duration_ms "*" class few_sources syns 6000 cookies_sent 6000 cookies_valid 0 accept_full 0 sources "*" top "*/*:*%,*/*:*%,*/*:*% ]] ||
		return
	ms=${line#* duration_ms } ms=${ms%% *}
	rate=$((6000 * 1000 / ms))
	[[ $rate -lt 10000 ]] || rate=$((rate / 1000))k
	in_ns "$a" "$ctl" | grep -F " · no flood (last: :$port, 00:00:$(printf %02d $((ms / 1000))), $rate/s, few_sources)" ||
		{ in_ns "$a" "$ctl"; return 1; }
	[[ $(in_ns "$a" "$ctl" -j status | sed 's/.*"last_flood":{\(.*\),"sources":.*/\1/') == '"family":"ipv6","address":"::","port":'"$port"',"dev":0,"reason":"listener","halfopen":0,"limit":1024,"duration_ms":'"$ms"',"class":"few_sources","syns":6000,"cookies_sent":6000,"cookies_valid":0,"accept_full":0' ]] ||
		{ in_ns "$a" "$ctl" -j status; return 1; }
}

# More floods than the log has lines for: each is told. (Twenty lines in a minute.)
unlimited()
{
	local n
	flood_between	# for a log that has said nothing yet
	always
	monitor floods "$a" "$ctl" monitor flood
	for ((n = 0; n < 14; n++)); do
		fresh
		flood "$port" -n 1 || return
		serve_end server
	done
	wait_for lines_are floods 28 10
	monitor_end floods &&
		[[ $(grep -c '^flood-begin ' "$scratch/floods") -eq 14 &&
		   $(grep -c '^flood-end .* syns 1 cookies_sent 1 ' "$scratch/floods") -eq 14 &&
		   $(flood_log "$(netns_of "$a")" | wc -l) -eq 20 ]] && return
	cat "$scratch/floods"
	flood_log "$(netns_of "$a")"
	return 1
}

in_mode()
{
	[[ $(listener_value "$port" mode) == "$1" ]]
}

# The namespace's own: no address.
whole_namespace()
{
	policy overflow=cookie halfopen_max=64 cookie_min_time=1000
	fresh
	monitor floods "$a" "$ctl" monitor flood
	flood "$port" -n 200 && wait_for lines_are floods 1 10 || return
	in_ns "$a" ss -K state syn-recv >/dev/null
	wait_for lines_are floods 2 60
	monitor_end floods && as_logged floods '*' &&
		grep -q '^flood-begin \* reason namespace halfopen 4[0-9] limit 64$' "$scratch/floods" &&
		in_ns "$a" "$ctl" | grep -F 'no flood (last: *, '
}

# Nothing of $a is seen elsewhere.
elsewhere()
{
	always
	fresh
	monitor here "$a" "$ctl" monitor
	monitor other "$alone" "$ctl" monitor
	flood "$port" -n 100 && in_ns "$b" traffic client "$to" "$port" client 1 1 || return
	serve_end server
	if ! wait_for grep -q ^flood-end "$scratch/here" 10 ||
	   ! wait_for grep -q ^flow-end "$scratch/here" 10; then
		cat "$scratch/here"
		return 1
	fi
	monitor_end here && monitor_end other && [[ ! -s $scratch/other ]] || return
	in_ns "$alone" "$ctl" | grep ' · no flood$'
}

# Who listens elsewhere has had events made here that nobody took; who comes misses none.
first_heard()
{
	policy
	monitor other "$alone" "$ctl" monitor state
	flood 9 -n 100 && settle_value "$a" flows 0 || return
	monitor here "$a" "$ctl" monitor state
	if ! { flood 9 -n 10 && settle_value "$a" flows 0 && wait_for lines_are here 30 10; }; then
		cat "$scratch/here"
		return 1
	fi
	monitor_end here && monitor_end other && [[ ! -s $scratch/other ]]
}

# says STATUS TEXT COMMAND...: it fails so, and prints nothing else.
says()
{
	local out status
	out=$("${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "tcptrackctl: $2" ]] ||
		{ echo "status $status, not $1: $out"; return 1; }
}

only='only root may follow flows (CAP_NET_ADMIN in this namespace); "monitor flood" is for everybody'
not_for_users()
{
	says 2 "$only" in_ns "$a" "${nobody[@]}" "$ctl" monitor state &&
		says 2 "$only" in_ns "$a" "${nobody[@]}" "$ctl" monitor &&
		says 1 'there are no events "x": flood, state' in_ns "$a" "$ctl" monitor x &&
		says 1 'monitor flood takes no argument: "state"' \
			in_ns "$a" "$ctl" monitor flood state
}

# Who joined each group by its number, when no family had it, hears nothing of ours.
joined_before()
{
	local before heard
	tt_unload
	background before "$a" "${nobody[@]}" /usr/bin/python3 -uc 'import signal, socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
s.bind((0, 0))
for group in range(1, 65):
    try:
        s.setsockopt(270, 1, group)
    except OSError:
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("ready")
signal.sigwait([signal.SIGTERM])
s.setblocking(False)
n = 0
try:
    while True:
        n += struct.unpack_from("=H", s.recv(65536), 4)[0] != 16	# the controller itself
except BlockingIOError:
    print("heard", n)'
	tt_load
	fresh_server
	monitor after "$a" "$ctl" monitor state
	in_ns "$b" traffic client 10.1.1.1 "$port" client 1 || return
	wait_for grep -q flow-end "$scratch/after" 10 || { echo "no event"; return 1; }
	monitor_end after
	kill -TERM "$before"
	wait "$before"
	heard=$(grep '^heard' "$scratch/before")
	[[ $heard == "heard 0" ]] || { echo "$heard"; return 1; }
}

# Root of a user namespace follows what is its own.
user_namespace()
{
	says 2 "$only" in_ns "$a" unshare --user --map-root-user "$ctl" monitor state || return
	unshare --user --map-root-user --net "$ctl" monitor state &
	own=$!
	wait_for joined "$own" 10 && monitor_end own
}

# The reader sleeps: what it has read and what was lost is all there was, and it says so.
# Each SYN to a port without a listener has three events.
counted()
{
	local lost n
	policy
	counters_begin "$a"
	monitor slow "$a" "$ctl" monitor state
	kill -STOP "$slow"
	flood 9 -n "$LOST" && settle_value "$a" flows 0 || return
	kill -CONT "$slow"
	wait_for grep -q 'events were lost' "$scratch/slow.err" 20 || { echo "nothing is lost"; return 1; }
	wait_for is_still slow 20
	lost=$(counter_since "$a" events_lost)
	n=$(wc -l <"$scratch/slow")
	kill -TERM "$slow"
	wait "$slow" || return
	echo "$n read, $lost lost"
	[[ $lost -gt 0 && $n -gt 0 && $((n + lost)) -eq $((3 * LOST)) ]]
}

# is_still VARIABLE: it has written nothing for a while.
is_still()
{
	local n
	n=$(wc -l <"$scratch/$1")
	sleep 0.3
	[[ $(wc -l <"$scratch/$1") -eq $n ]]
}

# A listener that nobody reads loses nothing of others'.
nobody_listens()
{
	counters_begin "$a"
	flood 9 -n 100 && settle_value "$a" flows 0 && counters_are "$a" events_lost 0 closed_refused 100
}

# Who cannot write, for nobody reads, is ended all the same; what was not written is told.
unread()
{
	local begun now status
	policy
	mkfifo "$scratch/full"
	exec 8<>"$scratch/full"
	nsenter --net="/run/netns/$a" -- "$ctl" monitor state >"$scratch/full" 2>"$scratch/unread.err" &
	unread=$!
	wait_for joined "$unread" 20 || return
	# (more than a pipe has room for, 64 KiB)
	flood 9 -n 1000 && settle_value "$a" flows 0 || return
	pause 1
	now_ms
	begun=$now
	kill -TERM "$unread"
	wait_for eval '! kill -0 "$unread" 2>/dev/null' 10
	now_ms
	kill -KILL "$unread" 2>/dev/null
	wait "$unread"
	status=$?
	exec 8<&-
	echo "status $status, $((now - begun)) ms"
	[[ $status -eq 2 && $((now - begun)) -lt 2000 ]]
}

# ynl_hears GROUP: the kernel's own client, from now on for 10 s.
ynl_hears()
{
	nsenter --net="/run/netns/$a" -- /usr/bin/python3 "$YNL" --no-schema --spec "$TCPTRACK_SPEC" \
		--subscribe "$1" --sleep 10 >"$scratch/ynl" 2>&1 &
	ynl=$!
	wait_for ynl_joined 60 || { cat "$scratch/ynl"; return 1; }
}

# As many events as the monitor has lines, each with its words.
state_by_ynl()
{
	policy
	fresh_server
	ynl_hears state || return
	monitor text "$a" "$ctl" monitor state
	in_ns "$b" traffic client "$to" "$port" client 1 1 || return
	wait "$ynl"
	monitor_end text || return
	tr -d ' \n' <"$scratch/ynl" >"$scratch/ynl.flat"
	[[ $(grep -o "'name':'flow-[a-z]*'" "$scratch/ynl.flat" | wc -l) -eq $(wc -l <"$scratch/text") ]] &&
		grep -q "'new':'syn_sent','old':'closed',.*'side':'remote'},'name':'flow-state'}" \
			"$scratch/ynl.flat" &&
		grep -q "'reason':'normal','state_a':'closed','state_b':'time_wait'},'name':'flow-end'}" \
			"$scratch/ynl.flat" && return
	cat "$scratch/ynl" "$scratch/text"
	return 1
}

by_ynl()
{
	always
	fresh
	ynl_hears flood || return
	flood "$port" -n 100 || return
	serve_end server
	wait "$ynl"
	tr -d ' \n' <"$scratch/ynl" >"$scratch/ynl.flat"
	grep -q "'limit':1024,'port':$port,'reason':'listener'},'name':'flood-begin'}" \
		"$scratch/ynl.flat" &&
		grep -q "'class':'spoofed','cookies_sent':100,.*'syns':100},'name':'flood-end'}" \
			"$scratch/ynl.flat" && last_by_ynl && return
	cat "$scratch/ynl"
	return 1
}

# The same is asked for, afterwards.
last_by_ynl()
{
	in_ns "$a" /usr/bin/python3 "$YNL" --no-schema --spec "$TCPTRACK_SPEC" --do flood-get \
		>"$scratch/last" 2>&1
	tr -d ' \n' <"$scratch/last" |
		sed 's/,.duration_ms.:[0-9]*//; s/,.ended_ms.:[0-9]*//; s/,.sources.:[0-9]*//' >"$scratch/last.flat"
	grep -qxF "{'accept_full':0,'addr':'::','class':'spoofed','cookies_sent':100,'cookies_valid':0,'dev':0,'family':10,'halfopen':0,'limit':1024,'port':$port,'reason':'listener','syns':100}" \
		"$scratch/last.flat" && return
	cat "$scratch/last" "$scratch/last.flat"
	return 1
}

ynl_joined()
{
	in_ns "$a" awk '$2 == 16 && $3 > 0 && $4 != "00000000" { ok = 1 } END { exit !ok }' \
		/proc/net/netlink
}

# netns_goes: in cookie mode, with somebody who listens until the last moment.
netns_goes()
{
	local inum
	flood_between	# for a log that has lines left
	policy overflow=cookie halfopen_max=64 cookie_min_time=600000
	fresh
	monitor floods "$a" "$ctl" monitor
	flood "$port" -n 200 && wait_for grep -q '^flood-begin' "$scratch/floods" 10 || return
	inum=$(netns_of "$a")
	kill -KILL "$floods"
	wait "$floods" 2>/dev/null
	serve_end server
	ns_del "$a"
	wait_for ended_in "$inum" 20
}

ended_in()
{
	[[ $(flood_log "$1" | grep -c "event=flood_end netns=$1 listener=\* ") -eq 1 ]]
}

# module_goes: who listens is told of the end, and that the module went.
module_goes()
{
	local status
	always
	fresh
	monitor floods "$a" "$ctl" monitor flood
	flood_start "$port" -n 1000000 -r 500
	wait_for lines_are floods 1 20 || { flood_stop; return 1; }
	tt_unload
	wait_for grep -q unloaded "$scratch/floods.err" 10
	flood_stop
	wait "$floods"
	status=$?
	cat "$scratch/floods" "$scratch/floods.err"
	[[ $status -eq 3 && $(<"$scratch/floods.err") == "tcptrackctl: the module was unloaded" ]] &&
		lines_are floods 2 && as_logged floods "$port"
}

events_script
n=$(peer_count "$(cases)") || exit "$KSFT_FAIL"
plan $((n + 18))
tt_load
peer_cases '' "$(cases)"
to=10.1.1.1
flood_between
ns_add alone
run "a whole event, as JSON" as_json
for to in 10.1.1.1 fd01:0:0:1::1; do
	run "a flood: events, log, verdict" few
done
to=10.1.1.1
run "a flood of the namespace" whole_namespace
run "another namespace hears nothing" elsewhere
run "the log is limited, events are not" unlimited
check "states are not for users" not_for_users
if [[ -e /proc/self/ns/user ]]; then
	check "root of another user namespace is no other user" user_namespace
else
	skip "root of another user namespace" "no user namespaces"
fi
run "what is lost is counted, and said" counted
run "ended while nobody reads" unread
check "nobody listens, nothing is lost" nobody_listens
if [[ $(uname -r) == 6.1.* ]]; then
	skip "the first event of who joins" "this kernel does not tell who joins"
else
	check "the first event of who joins" first_heard
fi
if [[ -e ${YNL:-} ]] && /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
	run "the kernel's own client: floods" by_ynl
	run "the kernel's own client: states" state_by_ynl
else
	skip "the kernel's own client: floods" "no ynl (linux-source-6.12, python3-yaml)"
	skip "the kernel's own client: states" "no ynl (linux-source-6.12, python3-yaml)"
fi
run "the namespace goes during a flood" netns_goes
flood_between
run "the module goes during a flood" module_goes
check "and comes again" eval 'tt_load && says 1 "there are no events \"x\": flood, state" "$ctl" monitor x'
run "who joined before it came hears nothing" joined_before
finish
