#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tcptrackctl doctor: each finding is provoked, told in its words, and mended by the very
# command that is printed with it.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$(dirname "$0")/lib_flood.sh"

find_tool
well="nothing is wrong"

# says STATUS TEXT
says()
{
	local out status
	out=$("$ctl" -n "$a" doctor 2>&1)
	status=$?
	[[ $status -eq $1 && $out == "$2" ]] || { echo "status $status, not $1: $out"; return 1; }
}

is_well()
{
	says 0 "$well"
}

# finds CHECK TEXT COMMAND
finds()
{
	says 4 "$1: $2
    $3"
}

# mends CHECK TEXT COMMAND: it is found, the command that is printed is run, and all is well.
mends()
{
	finds "$@" || return
	bash -c "$("$ctl" -n "$a" doctor | sed -n 's/^    //p')" || return
	is_well
}

sysctl_in_a="ip netns exec"

syncookies()
{
	local text="net.ipv4.tcp_syncookies is 0: the stack takes no cookie back, so none is sent"
	ns_sysctl "$a" net.ipv4.tcp_syncookies=0 net.tcptrack.overflow=recycle
	is_well || return
	own_cookies finds tcp_syncookies "$text" \
		"$sysctl_in_a $a sysctl -w net.ipv4.tcp_syncookies=1" || return
	ns_sysctl "$a" net.tcptrack.overflow=cookie
	mends tcp_syncookies "$text" "$sysctl_in_a $a sysctl -w net.ipv4.tcp_syncookies=1"
}

# own_cookies COMMAND...: while a listener, alone, is to send cookies, by either word, it succeeds;
# and with it, too, it is one that sends none, all is well.
own_cookies()
{
	local words
	for words in "overflow cookie" "cookie-mode always"; do
		# shellcheck disable=SC2086	# words
		"$ctl" -n "$a" listener set '[2001:db8::1]:443' $words && "$@" || return
	done
	"$ctl" -n "$a" listener set '[2001:db8::1]:443' overflow cookie cookie-mode never && is_well &&
		"$ctl" -n "$a" listener delete '[2001:db8::1]:443'
}

# A kernel on which they do not work.
selftest()
{
	local TCPTRACK_KO=$TCPTRACK_KO ko=$scratch/tcptrack.ko
	broken_cookies "$ko" || return
	TCPTRACK_KO=$ko
	tt_load
	says 4 "cookie_selftest: SYN cookies do not work on this kernel (Bad message); the oldest \
half-open connection can go instead
    $sysctl_in_a $a sysctl -w net.tcptrack.overflow=recycle
mode: mode is monitor, since the self-test of the cookies failed: nothing is bounded
    $sysctl_in_a $a sysctl -w net.tcptrack.mode=enforce" &&
		bash -c "$("$ctl" -n "$a" doctor | sed -n 's/^    //p')" && is_well
}

timestamps()
{
	ns_sysctl "$a" net.ipv4.tcp_timestamps=0
	mends tcp_timestamps "net.ipv4.tcp_timestamps is 0: connections by cookies have no window \
scale and no SACK" "$sysctl_in_a $a sysctl -w net.ipv4.tcp_timestamps=1"
}

# (as_json: one element, whose words are those of the text)
as_json()
{
	local out
	ns_sysctl "$a" net.ipv4.tcp_timestamps=0
	out=$("$ctl" -n "$a" -j doctor)
	[[ $? -eq 4 && $out == '[
{"check":"tcp_timestamps","text":"net.ipv4.tcp_timestamps is 0: connections by cookies have no window scale and no SACK","command":"ip netns exec '"$a"' sysctl -w net.ipv4.tcp_timestamps=1"}
]' ]] || { echo "$out"; return 1; }
	ns_sysctl "$a" net.ipv4.tcp_timestamps=1
	[[ $("$ctl" -n "$a" -j doctor) == '[]' ]]
}

# listens_with BACKLOG: and the module knows.
listens_with()
{
	fresh "$1" && wait_for listener_is "$port" sockets 1 20
}

# A backlog that is less than somaxconn is the server's own wish.
somaxconn()
{
	local text="is cut to net.core.somaxconn, 100; the server has to be started again afterwards"
	ns_sysctl "$a" net.core.somaxconn=100
	listens_with 99 && is_well && listens_with 1024 || return
	mends somaxconn "the backlog of [::]:$port $text" \
		"$sysctl_in_a $a sysctl -w net.core.somaxconn=4096" || return
	listens_with 1024 && listener_is "$port" acceptq_max 1024 && is_well
}

# At the kernel's default only if it has been too little.
somaxconn_full()
{
	ns_sysctl "$a" net.core.somaxconn=4096
	listens_with 4096 && is_well || return
	policy halfopen_listener_max=10
	flood "$port" -n 11 || return
	mends somaxconn "the backlog of [::]:$port is cut to net.core.somaxconn, 4096, and was full; \
the server has to be started again afterwards" \
		"$sysctl_in_a $a sysctl -w net.core.somaxconn=8192" || return
	empty "$a"
	policy overflow=cookie
	listens_with 16
}

# The limit is the initial namespace's; what becomes of an ACK is each one's own.
conntrack()
{
	local before status
	in_ns "$a" nft -f - <<-END
		table inet track { chain c { type filter hook prerouting priority 0; ct state new accept; }; }
	END
	fresh_server
	hold client "$b" 10.1.1.1 "$port" 9
	before=$(sysctl -n net.netfilter.nf_conntrack_max)
	sysctl -qw net.netfilter.nf_conntrack_max=11
	is_well || return
	sysctl -qw net.netfilter.nf_conntrack_max=10
	mends conntrack "conntrack's table is nearly full (9 of 10): then it drops packets" \
		"sysctl -w net.netfilter.nf_conntrack_max=20"
	status=$?
	sysctl -qw net.netfilter.nf_conntrack_max="$before"
	ns_sysctl "$a" net.netfilter.nf_conntrack_tcp_loose=0
	mends tcp_loose "net.netfilter.nf_conntrack_tcp_loose is 0: conntrack takes the ACK of a \
cookie for invalid" "$sysctl_in_a $a sysctl -w net.netfilter.nf_conntrack_tcp_loose=1" || status=1
	ns_sysctl "$a" net.tcptrack.overflow=recycle net.netfilter.nf_conntrack_tcp_loose=0
	is_well || status=1
	"$ctl" -n "$a" listener set 192.0.2.1:80 overflow cookie
	finds tcp_loose "net.netfilter.nf_conntrack_tcp_loose is 0: conntrack takes the ACK of a \
cookie for invalid" "$sysctl_in_a $a sysctl -w net.netfilter.nf_conntrack_tcp_loose=1" || status=1
	"$ctl" -n "$a" listener delete 192.0.2.1:80
	ns_sysctl "$a" net.tcptrack.overflow=cookie net.netfilter.nf_conntrack_tcp_loose=1
	release client
	in_ns "$a" nft delete table inet track
	return "$status"
}

flows_max()
{
	local text="the table of flows is nearly full" before
	before=$(sysctl -n net.tcptrack.flows_max)
	wait_flows 0 || return
	fresh_server
	hold client "$b" 10.1.1.1 "$port" 9
	settle_value "$a" flows 9 || return
	ns_sysctl "$a" net.tcptrack.flows_max=11
	is_well || return
	ns_sysctl "$a" net.tcptrack.flows_max=10
	mends flows_max "$text (9 of 10)" "$sysctl_in_a $a sysctl -w net.tcptrack.flows_max=20" ||
		return
	sysctl -qw net.tcptrack.flows_max=10
	mends flows_max "$text (9 of 10), by the limit of the initial namespace" \
		"sysctl -w net.tcptrack.flows_max=20" || return
	sysctl -qw net.tcptrack.flows_max="$before"
	ns_sysctl "$a" net.tcptrack.flows_max="$before"
	release client
}

# Those of before are forgotten: their sockets are in TIME_WAIT at most.
wait_flows()
{
	in_ns "$a" ss -K >/dev/null
	wait_for value_is "$a" flows "$1" 200
}

early()
{
	local text="a listener in cookie mode answers before nft's chain wall input can hide it"
	in_ns "$a" nft -f - <<-END
		table inet wall {
			chain input { type filter hook input priority 0; policy accept; }
			chain output { type filter hook output priority 0; policy drop; }
		}
	END
	ns_sysctl "$a" net.tcptrack.early=prerouting
	is_well || return
	in_ns "$a" nft add rule inet wall input tcp dport 81 drop
	ns_sysctl "$a" net.tcptrack.early=off
	is_well || return
	ns_sysctl "$a" net.tcptrack.early=prerouting
	mends early "$text" "$sysctl_in_a $a sysctl -w net.tcptrack.early=off" || return
	in_ns "$a" nft flush chain inet wall input
	in_ns "$a" nft 'chain inet wall input { policy drop; }'
	ns_sysctl "$a" net.tcptrack.early=prerouting
	mends early "$text" "$sysctl_in_a $a sysctl -w net.tcptrack.early=off" || return
	in_ns "$a" nft delete table inet wall
}

# behind EARLY CHAIN: with the early hook there this chain is told of, and with it off all is well.
behind()
{
	ns_sysctl "$a" net.tcptrack.early="$1"
	mends early "a listener in cookie mode answers before $2 can hide it" \
		"$sysctl_in_a $a sysctl -w net.tcptrack.early=off"
}

before_all()
{
	ns_sysctl "$a" net.tcptrack.early="$1"
	is_well && ns_sysctl "$a" net.tcptrack.early=off
}

# prerouting PRIORITY: a chain there, and what it is told as, in $chain.
prerouting()
{
	in_ns "$a" nft -f - <<-END || return
		table inet wall {
			chain p { type filter hook prerouting priority $1; policy accept; }
		}
	END
	chain="nft's chain wall p"
}

# Banned addresses are where they win, or not.
early_prerouting()
{
	local chain drop='add rule inet wall p tcp dport 81 drop' p
	prerouting raw && before_all ingress && in_ns "$a" nft "$drop" && before_all prerouting &&
		behind ingress "$chain" && in_ns "$a" nft delete table inet wall || return
	for p in -299 mangle 100; do
		prerouting "$p" && before_all prerouting && before_all ingress &&
			in_ns "$a" nft "$drop" && behind prerouting "$chain" && behind ingress "$chain" &&
			in_ns "$a" nft delete table inet wall || return
	done
	prerouting -301 && in_ns "$a" nft 'chain inet wall p { policy drop; }' &&
		before_all prerouting && behind ingress "$chain" &&
		in_ns "$a" nft delete table inet wall || return
	in_ns "$a" nft -f - <<-END
		table inet wall {
			chain p { type filter hook ingress device v1 priority 0; tcp dport 81 drop; }
		}
	END
	before_all prerouting && before_all ingress && in_ns "$a" nft delete table inet wall
}

# legacy OF ARGUMENT...: iptables or ip6tables
legacy()
{
	in_ns "$a" "$1-legacy" "${@:2}"
}

# A table that lets everything pass hides nothing.
early_iptables()
{
	local of
	for of in iptables ip6tables; do
		legacy "$of" -S INPUT >/dev/null && before_all prerouting &&
			legacy "$of" -A INPUT -i v9 -j DROP && behind prerouting "$of' INPUT" &&
			legacy "$of" -F INPUT && before_all prerouting &&
			legacy "$of" -P INPUT DROP && behind ingress "$of' INPUT" &&
			legacy "$of" -P INPUT ACCEPT && legacy "$of" -P OUTPUT DROP &&
			before_all ingress && legacy "$of" -P OUTPUT ACCEPT || return
		legacy "$of" -t raw -A PREROUTING -i v9 -j DROP && before_all prerouting &&
			behind ingress "$of' raw PREROUTING" && legacy "$of" -t raw -F || return
	done
}

# Who may not look is told what was not looked at, and that nothing is known of it.
for_users()
{
	local out cannot="is not checked: Operation not permitted"
	ns_sysctl "$a" net.tcptrack.early=prerouting
	out=$(in_ns "$a" "${nobody[@]}" "$ctl" doctor 2>&1)
	[[ $? -eq 5 && $out == "tcptrackctl: early $cannot
tcptrackctl: flowtable $cannot
nothing found; 2 not checked" ]] || { echo "$out"; return 1; }
	out=$(in_ns "$a" "${nobody[@]}" "$ctl" -j doctor 2>/dev/null)
	[[ $? -eq 5 && $out == '[]' ]] || { echo "$out"; return 1; }
	ns_sysctl "$a" net.tcptrack.early=off net.ipv4.tcp_timestamps=0
	out=$(in_ns "$a" "${nobody[@]}" "$ctl" doctor 2>/dev/null)
	[[ $? -eq 4 && $out == tcp_timestamps:* ]] || { echo "$out"; return 1; }
	ns_sysctl "$a" net.ipv4.tcp_timestamps=1
}

# Where /proc/sys shows nothing of it, as in some containers, the module is asked.
masked()
{
	local sysctls=/proc/sys/net/tcptrack status
	mkdir -p "$scratch/empty"
	in_ns "$a" nft -f - <<-'END' || return
		table inet wall { chain input { type filter hook input priority 0; policy drop; }; }
	END
	nsenter --net="/run/netns/$a" -- mount --bind "$scratch/empty" "$sysctls" || return
	[[ -z $(in_ns "$a" ls "$sysctls") ]] && is_well &&
		ns_sysctl "$a" net.ipv4.tcp_syncookies=0 && "$ctl" -n "$a" set early=prerouting &&
		says 4 "tcp_syncookies: net.ipv4.tcp_syncookies is 0: the stack takes no cookie back, so \
none is sent
    $sysctl_in_a $a sysctl -w net.ipv4.tcp_syncookies=1
early: a listener in cookie mode answers before nft's chain wall input can hide it
    $sysctl_in_a $a sysctl -w net.tcptrack.early=off"
	status=$?
	nsenter --net="/run/netns/$a" -- umount "$sysctls"
	ns_sysctl "$a" net.ipv4.tcp_syncookies=1 net.tcptrack.early=off
	in_ns "$a" nft delete table inet wall
	return "$status"
}

xdp_program()
{
	mkdir -p "$scratch/bpf"
	mount -t bpf bpf "$scratch/bpf" && xdp "$scratch/bpf/pass" &&
		ip -n "$a" link set dev v1 xdpgeneric pinned "$scratch/bpf/pass" || return
	mends xdp "what the XDP program of v1 drops, answers or redirects, the module does not see" \
		"$sysctl_in_a $a ip link set dev v1 xdpgeneric off"
	local status=$?
	[[ $status -ne 0 ]] || { interrupted && odd_xdp; }
	status=$?
	umount "$scratch/bpf"
	return "$status"
}

# A list that changed while it was read is read again, at most five times in all.
interrupted()
{
	local out
	ip -n "$a" link set dev v1 xdpgeneric pinned "$scratch/bpf/pass" || return
	out=$(interrupt 4)
	[[ $? -eq 4 && $(wc -l <<<"$out") -eq 2 && $out == "xdp: what the XDP program of v1 "* ]] ||
		{ echo "$out"; return 1; }
	out=$(interrupt 5)
	[[ $? -eq 5 && $out == "tcptrackctl: xdp is not checked: it changed meanwhile
nothing found; 1 not checked" ]] || { echo "$out"; return 1; }
	ip -n "$a" link set dev v1 xdpgeneric off
}

interrupt()
{
	DUMP_INTR=$1 LD_PRELOAD=$TESTS/dumpintr.so "$ctl" -n "$a" doctor 2>&1
}

# A device with a name that a shell would run: no command.
odd_xdp()
{
	local odd=$'d;`id`\xe9' status
	ip -n "$a" link add "$odd" type dummy &&
		ip -n "$a" link set dev "$odd" xdpgeneric pinned "$scratch/bpf/pass" &&
		says 4 "xdp: what the XDP program of d;\`id\`? drops, answers or redirects, the module \
does not see"
	status=$?
	ip -n "$a" link del "$odd"
	return "$status"
}

flowtable()
{
	in_ns "$a" nft -f - <<-'END' || return
		table inet fast { flowtable f { hook ingress priority 0; devices = { v1 }; }; }
	END
	mends flowtable "what nft's flowtable fast f takes over passes the module by: the states of \
forwarded flows are guesses" "$sysctl_in_a $a sysctl -w net.tcptrack.forward=0" || return
	in_ns "$a" nft delete table inet fast
	ns_sysctl "$a" net.tcptrack.forward=1
	is_well
}

# For modprobe.
module_installed()
{
	local dir
	dir=/lib/modules/$(uname -r)/extra
	mkdir -p "$dir" && cp "$TCPTRACK_KO" "$dir" && depmod 2>/dev/null
}

module_gone()
{
	tt_unload
	mends module "the module is not loaded" "modprobe tcptrack"
}

# What was set is there again with the new module. Where the service of the settings runs, it is
# the one that saves and restores.
older()
{
	local text="the module that is loaded is 0.0.9, older than this program (0.1.0)" PATH=$scratch:$PATH
	local reload="modprobe -r tcptrack && modprobe tcptrack" saved=/root/tcptrack.json status
	echo 0.0.9 >"$scratch/version"
	mount --bind "$scratch/version" /sys/module/tcptrack/version &&
		"$ctl" -n "$a" set cookie_start=71 || return
	mkdir /run/tcptrack-restore
	finds version "$text" "systemctl stop tcptrack-restore && $reload && \
systemctl start tcptrack-restore"
	status=$?
	rmdir /run/tcptrack-restore
	[[ $status -eq 0 ]] && mends version "$text" \
		"tcptrackctl save $saved && $reload && tcptrackctl restore $saved" &&
		[[ $("$ctl" -n "$a" settings | grep ^cookie_start) == 'cookie_start = 71' ]]
}

# signed_with KEY: it is found, and that key is the one to enrol.
signed_with()
{
	says 4 \
"module: the module is not loaded
    modprobe tcptrack
secure_boot: Secure Boot is on, where a kernel may refuse a module that is not signed with a \
known key; DKMS signs with this one, which the firmware asks about at the next boot
    mokutil --import $1"
}

# What the firmware says, in a directory that is laid over it. (Its own command asks the
# firmware; here, the key is trusted when the variable says no more.)
secure_boot()
{
	local dir=/sys/firmware name=SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c status
	local ubuntu=/var/lib/shim-signed/mok/MOK.der
	mount -t tmpfs tmpfs "$dir" && mkdir -p "$dir/efi/efivars" || return
	printf '\6\0\0\0\0' >"$dir/efi/efivars/$name"
	is_well && printf '\6\0\0\0\1' >"$dir/efi/efivars/$name" && tt_unload &&
		signed_with /var/lib/dkms/mok.pub && mkdir -p "${ubuntu%/*}" && : >"$ubuntu" &&
		signed_with "$ubuntu"
	status=$?
	rm -f "$ubuntu"
	umount "$dir"
	tt_load
	return "$status"
}

plan 18
tt_load
ns_add a b
flood_link mac_a "$a" "$b"
to=10.1.1.1
check "nothing is wrong" is_well
check "net.ipv4.tcp_syncookies=0" syncookies
check "net.ipv4.tcp_timestamps=0" timestamps
check "-j" as_json
# (in this shell: they start servers)
run "a backlog that was cut" somaxconn
run "a backlog that was cut, and full" somaxconn_full
run "conntrack nearly full, or strict" conntrack
run "flows_max nearly reached" flows_max
check "early and a firewall" early
check "early and prerouting" early_prerouting
if command -v iptables-legacy >/dev/null && legacy iptables -S >/dev/null 2>&1; then
	check "early and iptables" early_iptables
else
	skip "early and iptables" "no iptables-legacy (package iptables), or a kernel without it"
fi
check "for users" for_users
check "for who sees no sysctls" masked
check "an XDP program" xdp_program
if modprobe -q nf_flow_table || grep -qw nf_flow_table_init /proc/kallsyms; then
	check "a flowtable" flowtable
else
	skip "a flowtable" "CONFIG_NF_FLOW_TABLE"
fi
module_installed || bail "modprobe does not find the module"
check "no module, a module that is older than the program" eval 'module_gone && older'
check "Secure Boot" secure_boot
check "a kernel on which SYN cookies do not work" selftest
finish
