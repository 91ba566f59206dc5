#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tcptrackctl top, on a terminal that is tmux's: each screen, character by character, each
# key, each size, and what becomes of it without the module.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"
# shellcheck source=selftests/lib_top.sh
. "$TESTS/lib_top.sh"

transitions_not "the module goes while flows do not"
find_tool

footer='q quit ? help p pause +- delay <> sort r reverse t states ↑↓ scroll'
head='LISTENER            QUEUE  ▼HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE'

# From the first sample: no rates yet. It stays as it is, with the pause.
whole()
{
	term 80 24 C.UTF-8 "$ctl -n $a top -d 60" && shows 18 <<<"$head" && key p && shows '1,$' <<'END'
 tcptrack in NS · enforce · up T PAUSED every 60s · HH:MM:SS
 ● flood: cookie mode at 1
half-open ╸────────────── 11/400         flows ╸───────────────── 14/1000
SYN/s          -          cookies/s      -          valid/s        -
dropped/s      -          accept/s       -          invalid/s      -
STATE          LOCAL           REMOTE          FORWARD          ENTER/S
LISTEN            16        ▂       0                0                -
SYN_SENT           0                0                0                -
SYN_RECEIVED      11        ▂       0                0                -
ESTABLISHED        3        ▂      14        ▂       0                -
FIN_WAIT_1         0                0                0                -
FIN_WAIT_2         0                0                0                -
CLOSE_WAIT         0                0                0                -
CLOSING            0                0                0                -
LAST_ACK           0                0                0                -
TIME_WAIT          0                0                0                -
CLOSED             0                0                0                -
LISTENER            QUEUE  ▼HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
[::]:7000           ━━━━━━──       6/8     6     0/64     -      -      - cookie
[::]:80             ━━╸─╂───      5/16     8     0/16     -      -      -      -
127.0.0.1:20001     ────────       0/4     0      0/4     -      -      -      -
127.0.0.1:20002     ────────       0/4     0      0/4     -      -      -      -
127.0.0.1:20003     ────────       0/4     0      0/4     -      -      -      -
q quit ? help p pause +- delay <> sort r reverse t states ↑↓ scroll   1-5 of 16
END
}

helps()
{
	local before
	before=$(screen '1,$')
	key '?'
	shows '1,$' <<'END' || return
Keys
 q         quit                            ?        this, and back
 p         pause, and go on                + -      longer, shorter interval
 ↑ ↓       scroll (or k, j)                t        states: all, busy, none
 PgUp PgDn  by a page                      Home End  to the ends (or g, G)
 < >       sort by the next column (or ← →)
 r         the other way round             L M      sort by name, mode
 H P A     half-open, peak, accept queue   S C D    SYNs, cookies, drops
Of the namespace, a second
 SYN       SYNs that found a listener      cookies  of these, so answered
 dropped   of these, over a limit          accept   of these, at a full queue
 valid     ACKs with a good cookie         invalid  in cookie mode, without
States
 LOCAL     ends on this host               REMOTE   their peers
 FORWARD   both ends of what passes        ENTER/S  local ends, a second
Listeners: what is in cookie mode is yellow
 QUEUE     half-open connections, of their limit; the mark is the peak
 ACCEPTQ   connections that wait for accept(), of the backlog; red: full
 SYN/S     SYNs                            COOK/S   cookies sent
 DROP/S    SYNs that nobody answers: over a limit, or at a full queue
 MODE      cookie; or always, never, as "tcptrackctl listener set" has it


 tcptrackctl explain NAME says more
END
	key '?' && shows '1,$' <<<"$before" && key h && shows 1 <<<Keys && key h && shows '1,$' <<<"$before"
}

# each KEY SECONDS...: pressed again and again, it is every so many seconds.
each()
{
	local s
	for s in "${@:2}"; do
		key "$1" && shows 1 <<<" tcptrack in NS · enforce · up T every ${s}s · HH:MM:SS" || return
	done
}

# Paused, it does not ask; then it does: of what there was in between, nothing has moved.
delays()
{
	key p && each + 300 900 3600 3600 && each - 900 300 60 30 10 5 2 1 0.5 0.2 0.1 0.1 &&
		shows 11,12 <<'END' && shows 4,10 <<'END2' && shows 19,20 <<'END3' && each + 0.2 0.5 1 2 5
FIN_WAIT_1         0                0                0                0
FIN_WAIT_2         0                0                0                0
END
SYN/s          0          cookies/s      0          valid/s        0
dropped/s      0          accept/s       0          invalid/s      0
STATE          LOCAL           REMOTE          FORWARD          ENTER/S
LISTEN            16 ▂▂▂▂▂▂▂▂       0                0                0
SYN_SENT           0                0                0                0
SYN_RECEIVED      11 ▂▂▂▂▂▂▂▂       0                0                0
ESTABLISHED        3 ▂▂▂▂▂▂▂▂      14 ▂▂▂▂▂▂▂▂       0                0
END2
[::]:7000           ━━━━━━──       6/8     6     0/64     0      0      0 cookie
[::]:80             ━━╸─╂───      5/16     8     0/16     0      0      0      -
END3
}

states()
{
	key t
	shows 6,11 <<'END' || return
STATE          LOCAL           REMOTE          FORWARD          ENTER/S
LISTEN            16 ▂▂▂▂▂▂▂▂       0                0                0
SYN_RECEIVED      11 ▂▂▂▂▂▂▂▂       0                0                0
ESTABLISHED        3 ▂▂▂▂▂▂▂▂      14 ▂▂▂▂▂▂▂▂       0                0
LISTENER            QUEUE  ▼HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
[::]:7000           ━━━━━━──       6/8     6     0/64     0      0      0 cookie
END
	key t
	shows 5,8 <<'END' || return
dropped/s      0          accept/s       0          invalid/s      0
LISTENER            QUEUE  ▼HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
[::]:7000           ━━━━━━──       6/8     6     0/64     0      0      0 cookie
[::]:80             ━━╸─╂───      5/16     8     0/16     0      0      0      -
END
	key t && shows 18 <<<"$head"
}

# sorted KEY HEAD NAME...: these come first.
sorted()
{
	local want
	key "$1" || return
	want=$2$(printf '\n%s' "${@:3}")
	wait_for begins "$want" 20 && return
	echo "$1: not $want, but"
	screen 18,23
	return 1
}

begins()
{
	[[ $(screen 18; screen 19,23 | cut -d ' ' -f 1 | head -n $(($(wc -l <<<"$1") - 1))) == "$1" ]]
}

# marked N: the head with a mark at the column N.
marked()
{
	local plain='LISTENER            QUEUE   HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE'
	echo "${plain:0:$1}${2:-▼}${plain:$(($1 + 1))}"
}

# shellcheck disable=SC2086	# names of listeners
orders()
{
	local web='[::]:80' attacked='[::]:7000' slow='[::]:9000' tls='[::]:443' l=127.0.0.1
	sorted H "$(marked 27)" $attacked $web $l:20001 &&
	sorted r "$(marked 27 ▲)" $l:20001 $l:20002 $l:20003 &&
	sorted r "$(marked 27)" $attacked $web &&
	sorted P "$(marked 39)" $web $attacked $slow $l:20001 &&
	sorted A "$(marked 45)" $slow $attacked $web &&
	sorted '>' "$(marked 53)" $attacked $web &&
	sorted '>' "$(marked 59)" && sorted Right "$(marked 66)" &&
	sorted Right "$(marked 75)" $attacked $tls $web &&
	sorted M "$(marked 75)" $attacked $tls $web &&
	sorted '>' "$(marked 8)" $l:20001 $l:20002 $l:20003 &&
	sorted '<' "$(marked 75)" && sorted Left "$(marked 66)" && sorted S "$(marked 53)" &&
	sorted C "$(marked 59)" && sorted D "$(marked 66)" &&
	sorted L "$(marked 8)" $l:20001 $l:20002 $l:20003 && sorted r "$(marked 8 ▲)" '[fd01:…0:1::1]:8443' $slow &&
	sorted r "$(marked 8)" $l:20001
}

# scrolled KEY FIRST-LAST NAME: those of 16 are there, of which the first is called so.
scrolled()
{
	key "$1" && wait_for first_is "$3" "$2 of 16" 20 && return
	echo "$1: not $2, $3, but"
	screen 18,24
	return 1
}

first_is()
{
	[[ $(screen 19 | cut -d ' ' -f 1) == "$1" && $(screen 24) == *" $2" ]]
}

# shellcheck disable=SC2086	# the same
scrolls()
{
	local l=127.0.0.1:2000
	scrolled j 2-6 ${l}2 && scrolled Down 3-7 ${l}3 && scrolled k 2-6 ${l}2 && scrolled Up 1-5 ${l}1 &&
	scrolled Up 1-5 ${l}1 && scrolled NPage 6-10 ${l}6 && scrolled NPage 11-15 127.0.0.1:20011 &&
	scrolled NPage 12-16 '[::]:80' && scrolled j 12-16 '[::]:80' && scrolled PPage 7-11 ${l}7 &&
	scrolled Home 1-5 ${l}1 && scrolled End 12-16 '[::]:80' && scrolled g 1-5 ${l}1 &&
	scrolled G 12-16 '[::]:80' && shows 18,24 <<'END' && key H && scrolled g 1-5 '[::]:7000'
LISTENER▼           QUEUE   HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
[::]:80             ━━╸─╂───      5/16     8     0/16     0      0      0      -
[::]:443            ────────      0/32     0     0/32     0      0      0 always
[::]:7000           ━━━━━━──       6/8     6     0/64     0      0      0 cookie
[::]:9000           ─╂──────       0/8     1      3/8     0      0      0      -
[fd01:…0:1::1]:8443 ────────       0/4     0      0/4     0      0      0      -
q quit ? help p pause +- delay <> sort r reverse t states ↑↓ scroll 12-16 of 16
END
}

# What another program wrote there is wiped away.
redraws()
{
	local before
	key p
	shows 1 <<<" tcptrack in NS · enforce · up T PAUSED every 5s · HH:MM:SS" || return
	before=$(screen '1,$')
	printf '\033[3;1HXXXXXXXX' >"$(tm display-message -p '#{pane_tty}')"
	wait_for written 10 && key C-l && shows '1,$' <<<"$before" && key Space &&
		shows 1 <<<" tcptrack in NS · enforce · up T every 5s · HH:MM:SS"
}

written()
{
	[[ $(screen '1,$') == *XXXXXXXX* ]]
}

size()
{
	tm resize-window -x "$1" -y "$2"
}

wide()
{
	size 120 30
	shows '6,$' <<'END' || return
STATE          LOCAL                     REMOTE                    FORWARD                    ENTER/S
LISTEN            16 ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂       0                          0                          0
SYN_SENT           0                          0                          0                          0
SYN_RECEIVED      11 ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂       0                          0                          0
ESTABLISHED        3 ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂      14 ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂       0                          0
FIN_WAIT_1         0                          0                          0                          0
FIN_WAIT_2         0                          0                          0                          0
CLOSE_WAIT         0                          0                          0                          0
CLOSING            0                          0                          0                          0
LAST_ACK           0                          0                          0                          0
TIME_WAIT          0                          0                          0                          0
CLOSED             0                          0                          0                          0
LISTENER                                QUEUE                      ▼HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
[::]:7000                               ━━━━━━━━━━━━━━━━━━━━━───────       6/8     6     0/64     0      0      0 cookie
[::]:80                                 ━━━━━━━━╸─────╂─────────────      5/16     8     0/16     0      0      0      -
127.0.0.1:20001                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20002                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20003                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20004                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20005                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20006                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20007                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20008                         ────────────────────────────       0/4     0      0/4     0      0      0      -
127.0.0.1:20009                         ────────────────────────────       0/4     0      0/4     0      0      0      -
q quit ? help p pause +- delay <> sort r reverse t states ↑↓ scroll                                          1-11 of 16
END
}

narrow()
{
	size 60 12
	shows '2,$' <<'END' || return
 ● flood: cookie mode at 1
half-open ╸──── 11/400         flows ╸─────── 14/1000
SYN/s          0    cookies/s      0    valid/s        0
dropped/s      0    accept/s       0    invalid/s      0
STATE          LOCAL      REMOTE     FORWARD     ENTER/S
LISTEN            16 ▂▂▂       0           0           0
SYN_RECEIVED      11 ▂▂▂       0           0           0
ESTABLISHED        3 ▂▂▂      14 ▂▂▂       0           0
LISTENER            QUEUE  ▼HALF/LIMIT  PEAK  ACCEPTQ SYN/S
[::]:7000           ━━━━━━──       6/8     6     0/64     0
q quit ? help p pause +- delay <> sort r reverse  1-1 of 16
END
	size 60 10
	shows '6,$' <<'END' || return
STATE          LOCAL      REMOTE     FORWARD     ENTER/S
LISTEN            16 ▂▂▂       0           0           0
SYN_RECEIVED      11 ▂▂▂       0           0           0
ESTABLISHED        3 ▂▂▂      14 ▂▂▂       0           0
q quit ? help p pause +- delay <> sort r reverse
END
}

too_small()
{
	size 59 24 && shows '1,$' <<<'too small: 60x10 at least' && size 80 9 &&
		shows '1,$' <<<'too small: 60x10 at least' && size 1 1 && shows '1,$' <<<'' &&
		key '?' && size 30 5 && shows '1,$' <<<'too small: 60x10 at least' && key '?' &&
		size 80 24 && shows 18,20 <<'END'
LISTENER            QUEUE  ▼HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
[::]:7000           ━━━━━━──       6/8     6     0/64     0      0      0 cookie
[::]:80             ━━╸─╂───      5/16     8     0/16     0      0      0      -
END
}

# between_samples COMMAND...: while it pauses; what has come since the sample before is shown.
# The seconds that this may be are from 5, less a rounding, to $most_s.
between_samples()
{
	local now begun
	key p && shows 1 <<<" tcptrack in NS · enforce · up T PAUSED every 5s · HH:MM:SS" || return
	now_ms; begun=$now
	"$@" && key p || return
	wait_for rates_seen 20 || { screen '1,$'; return 1; }
	now_ms; most_s=$(((now - begun + 5999) / 1000))
	key p && shows 1 <<<" tcptrack in NS · enforce · up T PAUSED every 5s · HH:MM:SS" || return
	screen 4,5
	screen 18,21
}

rates_seen()
{
	[[ $(screen 4) =~ ^SYN/s\ +[1-9] ]]
}

# rate NAME: of the namespace
rate()
{
	screen 4,5 | sed -n "s|.*\b$1 *\([0-9]*\).*|\1|p"
}

# rates_of LISTENER: its SYN/s, COOK/S and DROP/S
rates_of()
{
	screen 19,23 | awk -v name="$1" '$1 == name { print $(NF - 3), $(NF - 2), $(NF - 1) }'
}

# is_rate NAME N: of so many in all
is_rate()
{
	local shown
	shown=$(rate "$1")
	[[ $shown -ge $(($2 / most_s)) && $shown -le $(($2 / 5 + 1)) ]]
}

to_cookies()
{
	flood 443 -n 600 -s 3 && flood 7000 -n 300 -s 4 && flood 7000 -n 900 -a 0 -s 5
}

# As many cookies as SYNs, and as many ACKs of none; the line beside it is up, from nothing.
rates()
{
	local per cookies=(443 7000) l
	between_samples to_cookies && is_rate SYN/s 900 || return
	per=$(rate SYN/s)
	[[ $(rate cookies/s) == "$per" && $(rate invalid/s) == "$per" && $(rate valid/s) == 0 &&
	   $(rate dropped/s) == 0 && $(screen 4) =~ ^SYN/s\ +$per\ +█\ +cookies/s\ +$per\ +█\ +valid/s &&
	   $(screen 5) =~ invalid/s\ +$per\ +█$ ]] || return
	sorted S "$(marked 53)" '[::]:443' '[::]:7000' '[::]:80' || return
	for l in "${cookies[@]}"; do
		[[ $(rates_of "[::]:$l") =~ ^([1-9][0-9]*)\ ([0-9]+)\ 0$ &&
		   ${BASH_REMATCH[1]} -eq ${BASH_REMATCH[2]} ]] || return
	done
	key p
}

one_more()
{
	[[ $(screen 3) == 'half-open '*' 12/400 '* ]]
}

drops()
{
	local per
	"$ctl" -n "$a" listener set '[::]:443' cookie-mode never overflow drop limit 1 &&
		flood 443 -n 1 -s 6 && wait_for one_more 20 && between_samples flood 443 -n 600 -s 7 &&
		is_rate SYN/s 600 || return
	per=$(rate SYN/s)
	[[ $(rate dropped/s) == "$per" && $(rate cookies/s) == 0 && $(rate invalid/s) == 0 &&
	   $(rates_of '[::]:443') == "$per 0 $per" ]] || return
	"$ctl" -n "$a" listener set '[::]:443' cookie-mode always &&
		in_ns "$a" ss -K state syn-recv 'sport = :443' >/dev/null && key p
}

# batch [ARGUMENT]...
batch()
{
	LC_ALL=C.UTF-8 "$ctl" top -n "$a" -b -N 1 -d 0.2 "$@" | masked
}

# listed [ARGUMENT]...: the names of listeners, in words
listed()
{
	batch "$@" | sed '1,/^LISTENER/d; s/ .*//' | xargs
}

widest()
{
	batch | wc -L
}

# As text: what happened since the sample before, all states, all listeners, and an empty line.
batches()
{
	local -x LC_ALL=C.UTF-8
	local l=127.0.0.1:200 all
	all="[::]:7000 [::]:80 $(printf "$l%02d " {1..11})[::]:443 [::]:9000 [fd01:…0:1::1]:8443"
	diff - <(batch | sed -n '1,21p') <<-END || return
	 tcptrack in NS · enforce · up T every 0.2s · HH:MM:SS
	 ● flood: cookie mode at 1
	half-open ╸────────────── 11/400         flows ╸───────────────── 14/1000
	SYN/s          0          cookies/s      0          valid/s        0
	dropped/s      0          accept/s       0          invalid/s      0
	STATE          LOCAL           REMOTE          FORWARD          ENTER/S
	LISTEN            16       ▂▂       0                0                0
	SYN_SENT           0                0                0                0
	SYN_RECEIVED      11       ▂▂       0                0                0
	ESTABLISHED        3       ▂▂      14       ▂▂       0                0
	FIN_WAIT_1         0                0                0                0
	FIN_WAIT_2         0                0                0                0
	CLOSE_WAIT         0                0                0                0
	CLOSING            0                0                0                0
	LAST_ACK           0                0                0                0
	TIME_WAIT          0                0                0                0
	CLOSED             0                0                0                0
	$head
	[::]:7000           ━━━━━━──       6/8     6     0/64     0      0      0 cookie
	[::]:80             ━━╸─╂───      5/16     8     0/16     0      0      0      -
	127.0.0.1:20001     ────────       0/4     0      0/4     0      0      0      -
	END
	[[ $(listed) == "$all" && $(listed -6) == "$(xargs -n 1 <<<"$all" | grep -F '[' | xargs)" &&
	   $(listed -4) == "$(xargs -n 1 <<<"$all" | grep -vF '[' | xargs)" &&
	   $(batch | tail -n 1) == '' && $(batch -N 3 | grep -c '^ tcptrack in NS · enforce · ') == 3 &&
	   $(widest) == 80 && $(COLUMNS=120 widest) == 120 && $(COLUMNS=19 widest) == 80 &&
	   $(COLUMNS=x widest) == 80 && $(COLUMNS=20 widest) == 20 ]]
}

# prints STATUS TEXT ARGUMENT...
prints()
{
	local out status
	out=$("$ctl" top "${@:3}" 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "tcptrackctl: $2" ]] || { echo "status $status: $out"; return 1; }
}

batch_refused()
{
	local d
	for d in 0.05 x 3601 -1 '' nan 1s; do
		prints 1 "delay \"$d\" is not a number of seconds from 0.1 to 3600" -b -d "$d" || return
	done
	prints 1 'count is a number, not "x"' -b -N x && prints 1 '-N is for -b' -N 1 &&
		prints 1 'top takes no argument: "x"' -b x &&
		prints 1 'no network namespace "none" ("ip netns" lists them)' -b -n none &&
		[[ $("$ctl" -j top 2>&1) == \
		'tcptrackctl: top has no JSON (-j states, listeners, stats and status do)' ]]
}

# coloured: whether there is any, by the terminal
coloured()
{
	tm capture-pane -ep | grep -q $'\e\\[[0-9;]*[34][0-8]'
}

no_colours()
{
	term 80 24 C.UTF-8 "$ctl -n $a top -d 60" && shows 18 <<<"$head" && coloured &&
		term 80 24 C.UTF-8 "NO_COLOR=1 $ctl -n $a top -d 60" && shows 18 <<<"$head" && ! coloured
}

# Without it, what was seen last stays there, and goes on with the next one.
without_module()
{
	term 80 24 C.UTF-8 "$ctl -n $a top -d 0.5" && shows 2 <<<' ● flood: cookie mode at 1' &&
		shows 4 <<<'SYN/s          0          cookies/s      0          valid/s        0' || return
	tt_unload
	prints 3 'no module tcptrack, or one without netlink ("modprobe tcptrack")' -b || return
	shows 2 <<<' no module tcptrack, or one without netlink ("modprobe tcptrack")' &&
		shows 19,20 <<'END' && key '?' && shows 1 <<<Keys && key '?' && key L &&
[::]:7000           ━━━━━━──       6/8     6     0/64     0      0      0 cookie
[::]:80             ━━╸─╂───      5/16     8     0/16     0      0      0      -
END
		shows 18,19 <<'END' || return
LISTENER▼           QUEUE   HALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
127.0.0.1:20001     ────────       0/4     0      0/4     0      0      0      -
END
	tt_load
	shows 2 <<<' ● no flood' && shows 7,10 <<'END'
LISTEN            16 ▂▂▂▂▂▂▂▂       0                0                0
SYN_SENT           0                0                0                0
SYN_RECEIVED      11 ▂▂▂▂▂▂▂▂       0                0                0
ESTABLISHED        3 ▂▂▂▂▂▂▂▂      14 ▂▂▂▂▂▂▂▂       0                0
END
}

# In the middle of a sample as well.
quits()
{
	term 80 24 C.UTF-8 "$ctl -n $a top -d 0.1" && shows 18 <<<"$head" && key q && shows '1,$' <<-'END'
		before
		status 0
	END
}

# Where the locale is not UTF-8.
ascii()
{
	term 80 24 C "$ctl -n $a top -d 60" && shows 24 <<<"${footer/↑↓/^v}   1-5 of 16" && key p &&
		shows '1,$' <<'END'
 tcptrack in NS | enforce | up T PAUSED every 60s | HH:MM:SS
 * flood: cookie mode at 1
half-open #-------------- 11/400         flows #----------------- 14/1000
SYN/s          -          cookies/s      -          valid/s        -
dropped/s      -          accept/s       -          invalid/s      -
STATE          LOCAL           REMOTE          FORWARD          ENTER/S
LISTEN            16        _       0                0                -
SYN_SENT           0                0                0                -
SYN_RECEIVED      11        _       0                0                -
ESTABLISHED        3        _      14        _       0                -
FIN_WAIT_1         0                0                0                -
FIN_WAIT_2         0                0                0                -
CLOSE_WAIT         0                0                0                -
CLOSING            0                0                0                -
LAST_ACK           0                0                0                -
TIME_WAIT          0                0                0                -
CLOSED             0                0                0                -
LISTENER            QUEUE  vHALF/LIMIT  PEAK  ACCEPTQ SYN/S COOK/S DROP/S   MODE
[::]:7000           ######--       6/8     6     0/64     -      -      - cookie
[::]:80             ###-|---      5/16     8     0/16     -      -      -      -
127.0.0.1:20001     --------       0/4     0      0/4     -      -      -      -
127.0.0.1:20002     --------       0/4     0      0/4     -      -      -      -
127.0.0.1:20003     --------       0/4     0      0/4     -      -      -      -
q quit ? help p pause +- delay <> sort r reverse t states ^v scroll   1-5 of 16
END
}

# On a terminal that nobody reads (drawn anew with Ctrl-L until that has no room) it is ended all
# the same, with 2, and the terminal's modes are those of before.
unread()
{
	cat >"$scratch/unread.py" <<-'END'
	import fcntl, os, pty, signal, struct, sys, termios, time

	ours, its = pty.openpty()
	fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 250, 0, 0))
	before = termios.tcgetattr(its)
	pid = os.fork()
	if not pid:
	    os.setsid()
	    fcntl.ioctl(its, termios.TIOCSCTTY, 0)
	    for fd in range(3):
	        os.dup2(its, fd)
	    os.execvpe(sys.argv[1], sys.argv[1:], dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8"))
	for i in range(100):
	    time.sleep(0.1)
	    os.write(ours, b"\x0c")
	drawing = termios.tcgetattr(its)[3] & termios.ICANON == 0
	os.kill(pid, signal.SIGTERM)
	begun = time.monotonic()
	while time.monotonic() < begun + 5:
	    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
	        break
	    time.sleep(0.05)
	took = time.monotonic() - begun
	os.kill(pid, signal.SIGKILL)
	print(drawing, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), took < 2,
	      termios.tcgetattr(its) == before)
	END
	[[ $(timeout 60 python3 "$scratch/unread.py" "$ctl" -n "$a" top 2>&1 | tee "$scratch/unread") == \
		'True 2 True True' ]] && return
	cat "$scratch/unread"
	return 1
}

by_signal()
{
	local s
	for s in TERM INT HUP QUIT; do
		term 80 24 C.UTF-8 "$ctl -n $a top -d 60" && shows 18 <<<"$head" &&
			kill "-$s" "$(pgrep -o -f "^$ctl -n $a top")" && shows '1,$' <<-'END' || return
			before
			status 0
		END
	done
}

refused()
{
	term 80 24 C.UTF-8 "TERM=nothing $ctl -n $a top" && shows '1,$' <<-'END' &&
		before
		tcptrackctl: top cannot draw on a terminal "nothing" (TERM; "top -b" prints)
		status 1
	END
	term 80 24 C.UTF-8 "$ctl -n $a top </dev/null" && shows '1,$' <<-'END' &&
		before
		tcptrackctl: top needs a terminal ("top -b" prints)
		status 1
	END
	term 80 24 C.UTF-8 "$ctl -n nobody top" && shows '1,$' <<-'END'
		before
		tcptrackctl: no network namespace "nobody" ("ip netns" lists them)
		status 1
	END
}

gone()
{
	tm kill-server
	wait_for no_server 10 || { started; return 1; }
}

plan 23
tt_load
something_to_see
run "a screen" whole
run "help" helps
run "intervals" delays
run "states" states
run "the order of listeners" orders
run "scrolling" scrolls
run "drawn anew" redraws
run "120 columns, 30 lines" wide
run "60 columns, 12 and 10 lines" narrow
run "too small, and as it was" too_small
run "as text" batches
run "rates" rates
run "rates of drops" drops
run "what it refuses as text" batch_refused
run "without colours" no_colours
run "it holds nothing of ours" holds_nothing
run "quit" quits
run "ASCII" ascii
run "the module goes and comes" without_module
run "ended by a signal" by_signal
run "ended by a signal while nobody reads" unread
run "what it refuses" refused
run "nothing is left of it" gone
finish
