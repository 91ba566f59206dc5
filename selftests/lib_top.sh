# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154	# a, ctl, scratch, to: of lib.sh and its callers
#
# A terminal that is tmux's, for top.sh: what runs in it, what it shows,
# and what there is to see. Sourced after lib_flood.sh.

command -v tmux >/dev/null || bail "no tmux (package tmux)"
export TMUX_TMPDIR=$scratch	# its socket's place
unset TMUX
output=$(readlink "/proc/$$/fd/1")

# The server in the background has nothing of ours, but for its socket.
tm()
{
	LC_ALL=C.UTF-8 tmux -u -L top -f /dev/null "$@" </dev/null
}

# Those that it has started know it by their environment.
started()
{
	local e
	for e in /proc/[0-9]*/environ; do
		! grep -qzs "^TMUX=$scratch/" "$e" || echo "${e//[^0-9]/}"
	done
}

no_server()
{
	[[ -z $(started) && ! -e /proc/$tmux_pid ]]
}

# Whoever waits for the end of our output would wait for theirs.
holds_nothing()
{
	local p
	for p in "$tmux_pid" $(started); do
		! readlink "/proc/$p"/fd/* | grep -Fx -e "$output" -e "$scratch/case" || { echo "process $p has it"; return 1; }
	done
}

# term COLUMNS ROWS LOCALE COMMAND: a new terminal, in which it runs.
term()
{
	[[ -z ${tmux_pid:-} ]] || { tm kill-server; wait_for no_server 10 || return; }
	tm new-session -d -x "$1" -y "$2" \
		"echo before; LC_ALL=$3 $4 2>&1; echo status \$?; exec sleep 10000" &&
		tmux_pid=$(tm display-message -p '#{pid}')
}

key()
{
	tm send-keys "$@"
}

# What it shows, without what is another each time.
screen()
{
	tm capture-pane -p | masked | sed -n "${1}p"
}

masked()
{
	sed -E "s/up [0-9]+m [0-9]+s +/up T /; s/ +every/ every/
		s/[0-9]{2}:[0-9]{2}:[0-9]{2}\$/HH:MM:SS/; s/$a/NS/; s/ +\$//"
}

is()
{
	[[ $(screen "$1") == "$2" ]]
}

# shows LINES: those (of sed) are what comes from stdin, sooner or later (18 samples, each 5 s
# after the one before, are the most that is waited for).
shows()
{
	local want
	want=$(cat)
	wait_for is "$1" "$want" 90 && return
	echo "not as wanted (<), but:"
	diff <(echo "$want") <(screen "$1")
	return 1
}

# --- what there is to see ---

HALF=5 MORE=3	# half-open connections of :80, and those that it had beside them
LIMIT=8		# of :7000, which is in cookie mode with 6 of them
WAITING=3	# connections in the accept queue of :9000

# One process, 12 listeners; of the last one the name is long.
many()
{
	# shellcheck disable=SC2016	# perl's
	nsenter --net="/run/netns/$a" -- perl -MSocket=:DEFAULT,inet_pton,pack_sockaddr_in6 -e '
		for (1 .. 11) {
			socket($s[$_], AF_INET, SOCK_STREAM, 0);
			bind($s[$_], pack_sockaddr_in(20000 + $_, INADDR_LOOPBACK)) or die $!;
		}
		socket($s[12], AF_INET6, SOCK_STREAM, 0);
		bind($s[12], pack_sockaddr_in6(8443, inet_pton(AF_INET6, "fd01:0:0:1::1"))) or die $!;
		listen($_, 4) || die $! for @s[1 .. 12];
		sleep' &
	wait_for listens "$a" 8443 20 || bail "no listeners"
}

fill_accept_queue()
{
	# shellcheck disable=SC2016	# the other shell's
	background waiting "$b" bash -c '
		for ((i = 0; i < $0; i++)); do exec {fd}<>/dev/tcp/10.1.1.1/9000; done
		echo ready; exec sleep 10000' "$WAITING"
}

something_to_see()
{
	flood_between
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=20 net.tcptrack.flows_max=1000
	policy overflow=cookie halfopen_max=400 cookie_min_time=600000
	background web "$a" listeners 80 16 1
	background tls "$a" listeners 443 32 1
	background attacked "$a" listeners 7000 64 1
	background slow "$a" listeners 9000 8 1 never
	many
	"$ctl" -n "$a" listener set '[::]:443' cookie-mode always || bail "listener set"
	"$ctl" -n "$a" listener set '[::]:7000' limit "$LIMIT" || bail "listener set"
	to=10.1.1.1
	flood 80 -n $((HALF + MORE))
	in_ns "$a" ss -K state syn-recv "sport = :80 and dport > :$((1024 + 12 + HALF))" >/dev/null
	flood 7000 -n $((LIMIT - 1)) -s 2
	fill_accept_queue
	settle_value "$a" halfopen $((HALF + LIMIT - 2)) || bail "not what there should be"
	settle_value "$a" flows $((HALF + LIMIT - 2 + WAITING)) || bail "not what there should be"
}
