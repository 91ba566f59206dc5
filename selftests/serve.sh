#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tcptrackctl serve-metrics: what it answers, to whom it does not, and that nobody holds it up.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

find_tool
GET='GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'

# known PORT: somebody listens there, and the module knows.
known()
{
	"$ctl" -n "$a" -j listeners | grep -q "\"port\":$1,"
}

# serve_at VARIABLE ADDRESS PORT: its process id.
serve_at()
{
	nsenter --net="/run/netns/$a" -- "$ctl" serve-metrics --listen "$2:$3" &
	printf -v "$1" %s $!
	wait_for known "$3" 10 || bail "serve-metrics does not listen"
}

# serve_named VARIABLE ADDRESS PORT: the same, by its own -n.
serve_named()
{
	"$ctl" -n "$a" serve-metrics --listen "$2:$3" &
	printf -v "$1" %s $!
	wait_for known "$3" 10 || bail "serve-metrics -n does not listen"
}

# http ADDRESS PORT REQUEST: the answer; the request is a format of printf.
http()
{
	# shellcheck disable=SC2016,SC2059	# the other shell's; a format
	in_ns "$a" timeout 60 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "$2" >&3 && cat <&3' "$@" |
		tr -d '\r'
}

# answers STATUS [REQUEST [ADDRESS [PORT]]]
answers()
{
	local line
	line=$(http "${3:-127.0.0.1}" "${4:-9475}" "${2:-$GET}" | head -n 1)
	[[ $line == "HTTP/1.1 $1" ]] || { echo "not $1: $line"; return 1; }
}

# The body has the lines of "metrics" (of the array ask), in whatever moment; as long as it says.
page()
{
	local body=$scratch/body size
	http "${1:-127.0.0.1}" "${2:-9475}" "${3:-$GET}" >"$scratch/page"
	sed '1,/^$/d' "$scratch/page" >"$body"
	size=$(sed -n 's/^Content-Length: //p' "$scratch/page")
	[[ $(head -n 1 "$scratch/page") == 'HTTP/1.1 200 OK' && $(stat -c %s "$body") -eq $size ]] &&
		grep -qx 'Content-Type: text/plain; version=0.0.4; charset=utf-8' "$scratch/page" &&
		cmp <(sed 's/ [^ ]*$//' "$body") <("${ask[@]}" metrics | sed 's/ [^ ]*$//') && return
	head -n 5 "$scratch/page"
	return 1
}

# Each of its lines has the name.
page_named()
{
	local ask=("$ctl" -n "$a")
	page ::1 9478 && ! grep -v '^#' "$scratch/body" | grep -vF "netns=\"$a\""
}

refusals()
{
	local long
	printf -v long '%5000s' ''
	long=${long// /a}
	answers '404 Not Found' 'GET / HTTP/1.1\r\n\r\n' &&
	answers '404 Not Found' 'GET /metricsx HTTP/1.1\r\n\r\n' &&
	answers '405 Method Not Allowed' 'POST /metrics HTTP/1.1\r\n\r\n' &&
	answers '400 Bad Request' 'GET /metrics\r\n\r\n' &&
	answers '400 Bad Request' 'GET /metrics HTTP/2.0\r\n\r\n' &&
	answers '400 Bad Request' 'GET metrics HTTP/1.1\r\n\r\n' &&
	answers '400 Bad Request' 'GET * HTTP/1.1\r\n\r\n' &&
	answers '400 Bad Request' 'GET ftp://x/metrics HTTP/1.1\r\n\r\n' &&
	answers '404 Not Found' 'GET http://x HTTP/1.1\r\n\r\n' &&
	answers '404 Not Found' 'GET http://x?/metrics HTTP/1.1\r\n\r\n' &&
	answers '405 Method Not Allowed' 'OPTIONS * HTTP/1.1\r\n\r\n' &&
	answers '400 Bad Request' '\r\n\r\n' &&
	answers '400 Bad Request' '\000\001\r\n\r\n' &&
	answers '400 Bad Request' "GET /${long:0:600} HTTP/1.1"'\r\n\r\n' &&
	answers '431 Request Header Fields Too Large' "GET /$long HTTP/1.1"'\r\n\r\n' &&
	answers '431 Request Header Fields Too Large' "GET /metrics HTTP/1.1\r\nX: $long" &&
	http 127.0.0.1 9475 'POST /metrics HTTP/1.1\r\n\r\n' | grep -qx 'Allow: GET, HEAD'
}

head_only()
{
	http 127.0.0.1 9475 'HEAD /metrics HTTP/1.1\r\n\r\n' >"$scratch/head"
	[[ $(sed -n '1p;$p' "$scratch/head" | tr '\n' ' ') == 'HTTP/1.1 200 OK  ' ]] &&
		[[ $(http 127.0.0.1 9475 'HEAD / HTTP/1.1\r\n\r\n' | sed '1,/^$/d' | wc -c) -eq 0 ]] &&
		answers '404 Not Found' 'HEAD / HTTP/1.1\r\n\r\n' &&
		[[ $(sed -n 's/^Content-Length: //p' "$scratch/head") -gt 10000 ]]
}

# peak PID: the most memory that it has had, in bytes.
peak()
{
	echo $(($(sed -n 's/^VmPeak:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status") * 1024))
}

# With many listeners a page is long, and there is no second one of it in the server; whoever
# takes it slowly gets all of it.
long_page()
{
	local before size i
	page || return
	before=$(peak "$four")
	for ((i = 1; i <= 256; i++)); do
		"$ctl" -n "$a" listener set "192.0.2.1:$i" limit 1 || return
	done
	sleep 1.1	# for another page
	page || return
	size=$(stat -c %s "$scratch/body")
	echo "page $size, memory $before and $(($(peak "$four") - before)) more"
	[[ $size -gt 500000 && $(($(peak "$four") - before)) -lt $((size / 4)) ]] || return
	# shellcheck disable=SC2016	# the other shell's
	in_ns "$a" timeout 60 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9475
		printf "$0" >&3; sleep 3; cat <&3' "$GET" | tr -d '\r' >"$scratch/slow"
	whole "$scratch/slow" || { wc "$scratch/slow"; return 1; }
}

memfds()
{
	find "/proc/$four/fd" -lname '/memfd:*' | wc -l
}

# Who asks and does not read takes no memory of his own. (A socket here takes less than a page.)
readers()
{
	local before status
	before=$(in_ns "$a" sysctl -n net.ipv4.tcp_wmem)
	ns_sysctl "$a" net.ipv4.tcp_wmem="4096 16384 16384"
	# shellcheck disable=SC2016	# the other shell's
	nsenter --net="/run/netns/$a" -- timeout 60 bash -c '
		ask() { exec {fd}<>/dev/tcp/127.0.0.1/9475; printf "$0" >&$fd; fds+=($fd); }
		for ((i = 0; i < 5; i++)); do ask; done
		for ((i = 0; i < 4; i++)); do sleep 1.1; ask; done
		echo ready
		until [[ -e $1/go ]]; do sleep 0.1; done
		for i in 0 8; do cat <&${fds[i]} | tr -d "\r" >"$1/reader$i"; done
		echo done' "$GET" "$scratch" >"$scratch/readers" &
	wait_for grep -q ready "$scratch/readers" 20 && [[ $(memfds) -eq 2 ]] && page &&
		[[ $(memfds) -eq 2 ]] && : >"$scratch/go" && wait_for grep -q "done" "$scratch/readers" 20 &&
		! whole "$scratch/reader0" && whole "$scratch/reader8"
	status=$?
	ns_sysctl "$a" net.ipv4.tcp_wmem="$before"
	[[ $status -eq 0 ]] || echo "$(memfds) pages"
	return "$status"
}

# As long as it says.
whole()
{
	[[ $(sed '1,/^$/d' "$1" | wc -c) -eq $(sed -n 's/^Content-Length: //p' "$1") ]]
}

# Within a second it is the same page, later another one.
shared()
{
	# shellcheck disable=SC2016	# the other shell's
	in_ns "$a" timeout 60 bash -c '
		ask() { exec {fd}<>/dev/tcp/127.0.0.1/9475; printf "$0" >&$fd; fds+=($fd); }
		sleep 1.1; ask; ask; sleep 1.1; ask
		for fd in "${fds[@]}"; do cat <&$fd; done' "$GET" |
		awk '/^tcptrack_uptime_seconds / { at[++n] = $2 }
			END { print at[1], at[2], at[3]; exit !(n == 3 && at[1] == at[2] && at[2] < at[3]) }'
}

# The URL in full, as for a proxy.
absolute()
{
	page 127.0.0.1 9475 'GET http://x:9475/metrics HTTP/1.1\r\n\r\n' &&
		page 127.0.0.1 9475 'GET HTTP://127.0.0.1/metrics?x=/y HTTP/1.1\r\n\r\n'
}

# In pieces, which each come by themselves.
in_pieces()
{
	# shellcheck disable=SC2016	# the other shell's
	in_ns "$a" timeout 60 bash -c '
		exec 3<>/dev/tcp/127.0.0.1/9475
		for c in G ET " " /metrics "?x=1 HTTP/1." 0 "\r" "\n" "\r" "\n"; do
			printf "$c" >&3; sleep 0.1
		done
		cat <&3' | grep -q '^tcptrack_flows_tracked '
}

# idle N: so many clients that say nothing, until they are closed.
idle()
{
	# shellcheck disable=SC2016	# the other shell's
	nsenter --net="/run/netns/$a" -- timeout 60 bash -c '
		for ((i = 0; i < $0; i++)); do exec {fd}<>/dev/tcp/127.0.0.1/9475; fds+=($fd); done
		echo ready
		for fd in "${fds[@]}"; do cat <&$fd; done
		echo closed' "$1" >"$scratch/idle" &
	wait_for grep -q ready "$scratch/idle" 20
}

# They have 5 s, and hold up nobody meanwhile: who was there first makes room.
crowd()
{
	local begun now
	idle 20 || return
	now_ms
	begun=$now
	answers '200 OK' || return
	now_ms
	[[ $((now - begun)) -lt 3000 ]] || { echo "$((now - begun)) ms"; return 1; }
	grep -q closed "$scratch/idle" && { echo "the idle ones were closed at once"; return 1; }
	page || return
	wait_for grep -q closed "$scratch/idle" 20
}

# As systemd does: a socket that listens, as descriptor 3.
by_systemd()
{
	local status
	nsenter --net="/run/netns/$a" -- perl -MSocket -MPOSIX -e '
		my $s;
		socket($s, AF_INET, SOCK_STREAM, 0) && setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) &&
			bind($s, pack_sockaddr_in(9476, INADDR_LOOPBACK)) &&
			($ARGV[1] eq "no" || listen($s, 5)) || die $!;
		POSIX::dup2(fileno($s), 3) if fileno($s) != 3;
		$^F = 3; fcntl($s, 2, 0);
		$ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1;
		exec $ARGV[0], "serve-metrics"' "$ctl" "${1:-}" 2>"$scratch/error" &
	served=$!
	if [[ ${1:-} == no ]]; then
		wait "$served"
		status=$?
		[[ $status -eq 1 ]] && grep -qx 'tcptrackctl: systemd gives no socket that listens (Accept=no)' \
			"$scratch/error"
		return
	fi
	wait_for known 9476 10 && page 127.0.0.1 9476
	status=$?
	kill "$served"
	return "$status"
}

# says STATUS TEXT ARGUMENT...
says()
{
	local out status
	out=$(in_ns "$a" timeout 10 "$ctl" serve-metrics "${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "tcptrackctl: $2" ]] ||
		{ echo "status $status, not $1: $out"; return 1; }
}

arguments()
{
	says 1 "serve-metrics needs --listen ADDRESS:PORT, or systemd's socket" &&
	says 1 'serve-metrics takes --listen ADDRESS:PORT, not "x"' x &&
	says 1 '"9475" is not ADDRESS:PORT' --listen 9475 &&
	says 1 '"127.0.0.1:" is not ADDRESS:PORT' --listen 127.0.0.1: &&
	says 1 '":9475" is not ADDRESS:PORT' --listen :9475 &&
	says 1 '"localhost:9475" is not ADDRESS:PORT' --listen localhost:9475 &&
	says 1 '"127.0.0.1:99999" is not ADDRESS:PORT' --listen 127.0.0.1:99999 &&
	says 2 '127.0.0.1:9475: Address already in use' --listen 127.0.0.1:9475 &&
	says 2 '10.9.9.9:9475: Cannot assign requested address' --listen 10.9.9.9:9475
}

# It outlives the module, and finds the next one.
without_module()
{
	tt_unload
	answers '503 Service Unavailable' || return
	http 127.0.0.1 9475 "$GET" | grep -qx \
		'tcptrackctl: no module tcptrack, or one without netlink ("modprobe tcptrack")' || return
	tt_load
	page && kill -0 "$four" "$six"
}

for_users()
{
	local status
	nsenter --net="/run/netns/$a" -- setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$ctl" serve-metrics --listen 127.0.0.1:9477 &
	served=$!
	wait_for known 9477 10 && page 127.0.0.1 9477
	status=$?
	kill "$served"
	return "$status"
}

# Its status is known, whoever started it and with whatever memory. (memfd_noexec is of Linux 6.3.)
started_oddly()
{
	local noexec=/proc/sys/vm/memfd_noexec status
	[[ ! -e $noexec ]] || echo 2 >"$noexec" || return
	nsenter --net="/run/netns/$a" -- perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' \
		"$ctl" serve-metrics --listen 127.0.0.1:9479 &
	served=$!
	wait_for known 9479 10 && page 127.0.0.1 9479
	status=$?
	kill "$served"
	[[ ! -e $noexec ]] || echo 0 >"$noexec"
	return "$status"
}

# unable TEXT COMMAND...: a server that cannot ask says why.
unable()
{
	local status
	nsenter --net="/run/netns/$a" -- setpriv --reuid=65534 --regid=65534 --clear-groups "${@:2}" \
		"$ctl" serve-metrics --listen 127.0.0.1:9480 &
	served=$!
	wait_for known 9480 10 && http 127.0.0.1 9480 "$GET" >"$scratch/unable"
	kill "$served"
	wait_for gone 9480 10
	[[ $(sed -n '1p;$p' "$scratch/unable") == "HTTP/1.1 503 Service Unavailable"$'\n'"tcptrackctl: $1" ]] ||
		{ cat "$scratch/unable"; return 1; }
}

gone()
{
	! known "$1"
}

reasons()
{
	unable "nobody to ask the module: Resource temporarily unavailable" prlimit --nproc=0 &&
		unable "nobody to ask the module: Too many open files" prlimit --nofile=5 &&
		unable "no answer from the module" prlimit --fsize=100 --core=0
}

plan 17
tt_load
ns_add a
serve_at four 127.0.0.1 9475
serve_named six '[::1]' 9478
ask=(in_ns "$a" "$ctl")
check "a page" page
check "a page over IPv6, of a namespace by its name" page_named
check "a page by HTTP/1.0, and with LF only" eval \
	'page 127.0.0.1 9475 "GET /metrics HTTP/1.0\r\n\r\n" && page 127.0.0.1 9475 "GET /metrics HTTP/1.1\n\n"'
check "HEAD" head_only
check "what is refused" refusals
check "the absolute form" absolute
check "a request in pieces" in_pieces
check "clients that say nothing" crowd
check "socket activation" eval 'by_systemd && by_systemd no'
check "arguments" arguments
check "for a user without privileges" for_users
check "a page for all who ask within a second" shared
check "a long page" long_page
check "clients that ask and do not read" readers
check "ignored children, and no executable memory" started_oddly
check "why there is no page" reasons
check "without the module, and with another one" without_module
finish
