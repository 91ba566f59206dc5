#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Another build of the module takes the place of the one that is loaded, with save before and
# restore after it: no client is lost, cookies that are on their way are completed, and the
# settings are back.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

transitions_not "another module comes in the middle of them"
find_tool
PEER_JOBS=1	# one module at a time

# The other build: it says another version of itself, in as many letters.
other_build()
{
	LC_ALL=C sed 's/0\.1\.0/0.1.9/g' "$TCPTRACK_KO" >"$scratch/other.ko" &&
		! cmp -s "$TCPTRACK_KO" "$scratch/other.ko"
}

# What an administrator does. "change KO COMMAND": COMMAND comes while there is no module.
change_script()
{
	cat >"$scratch/change" <<-END
		#!/bin/bash
		"$ctl" save "$scratch/saved" || exit
		for ((i = 0; i < 100; i++)); do rmmod tcptrack && break; sleep 0.1; done
		[[ -z \$2 ]] || eval "\$2"
		insmod "\$1" && "$ctl" restore "$scratch/saved"
	END
	chmod 755 "$scratch/change"
}

# A listener that always sends cookies, and has sent one.
always="sysctl net.tcptrack.cookie_resets 0
sh $ctl listener set [::]:80 cookie-mode always && $ctl listener set 0.0.0.0:80 cookie-mode always
asked f 40000"

script=$(cat <<END
case a cookie that is on its way, and no listener in cookie mode
sysctl net.tcptrack.cookie_start 0
asked f 40000
noflow
sh $scratch/change $scratch/other.ko
> A
state ESTABLISHED ESTABLISHED
accept c s
> A len 200
< A
read c 200
count stray 1 flows_adopted 1

case a cookie that is on its way to a listener that always sends them
$always
noflow
sh $scratch/change $scratch/other.ko
> A
state ESTABLISHED ESTABLISHED
accept c s
count flows_created 1 cookies_valid 1

case a forged ACK to it is refused all the same
$always
sh $scratch/change $scratch/other.ko
flow g 80 40001
repeat 5 > A ack 1000
quiet
noflow
count cookies_invalid 5

case a connection that is there
asked f 40000
> A
state ESTABLISHED ESTABLISHED
accept c s
sh $scratch/change $scratch/other.ko
state ESTABLISHED ESTABLISHED
> A len 200
< A
read c 200
close c
< FA
> A
state FIN_WAIT_2 CLOSE_WAIT
count flows_adopted 1
END
)

version_is()
{
	in_ns "$a" grep -qx "version $1" /proc/net/tcptrack
}

# Until $scratch/stop is there; each one has to get in, and be served.
clients()
{
	while [[ ! -e $scratch/stop ]]; do
		in_ns "$b" traffic client "$to" "$port" keep 10 4 || return
	done
}

# (the namespace may be, too: for a moment nobody bounds the stack's queue)
in_cookie_mode()
{
	[[ $(proc_value "$a" cookie_mode) -ge 1 ]]
}

# Clients come all the time, some stay; the flood does not stop for it. Of each build, one
# after the other, some clients have a cookie.
in_a_flood()
{
	local n ko
	policy overflow=cookie halfopen_max=1000 halfopen_listener_max=64 cookie_min_time=600000
	fresh_server
	"$ctl" -n "$a" listener set "[::]:$port" limit 32 || return
	hold stay "$b" "$to" "$port" 10
	flood_start "$port" -n 1000000000 -r 2000
	wait_for in_cookie_mode 60 || return
	rm -f "$scratch/stop"
	clients >"$scratch/clients" 2>&1 &
	clients=$!
	for n in 9 0 9; do
		ko=$TCPTRACK_KO
		[[ $n == 0 ]] || ko=$scratch/other.ko
		"$scratch/change" "$ko" && version_is "0.1.$n" &&
			"$ctl" save | cmp - "$scratch/saved" || return
		wait_for in_cookie_mode 60 || { echo "no cookie mode again"; return 1; }
		counters_begin "$a"
		wait_for value_moves cookies_valid 20 120 || { echo "no client by a cookie"; return 1; }
	done
	touch "$scratch/stop"
	wait "$clients" || { cat "$scratch/clients"; return 1; }
	flood_stop
	release stay
}

cases=$(peer_count "$script") || exit "$KSFT_FAIL"
plan $((cases + 1))
tt_load
if ! other_build || ! change_script; then bail "no other build"; fi
peer_cases "" "$script"
tt_load
ns_add a b
flood_link mac_a "$a" "$b"
to=10.1.1.1
run "in a flood no client is lost, and the settings are back" in_a_flood
serve_end server
flood_stop
finish
