#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A cookie SYN-ACK of ours is, bit by bit, what the stack sends with tcp_syncookies=2,
# and the connection that comes of it is the same: for each kind of SYN (cookiepeer),
# in each of these environments, IPv4, IPv6 and (m) IPv4 at an IPv6 listener.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

# cookies_always on|off: the command that has every SYN of a namespace answered with
# a cookie of ours, or none.
cookies_always()
{
	local mode=enforce
	[[ $1 == on ]] || mode=monitor
	echo "sysctl -qw net.tcptrack.cookie_start=0 net.tcptrack.mode=$mode"
}

environments=$(cat <<'END'
defaults; only 46m
somebody else holds the SYN; only 46m; tap
MTU 1280; sh ip link set peer0 mtu 1280
MTU 576; only 4; sh ip link set peer0 mtu 576
MTU 9000; only 46m; sh ip link set peer0 mtu 9000
MTU 65535; sh ip link set peer0 mtu 65535
no timestamps; only 46m; sysctl net.ipv4.tcp_timestamps=0
timestamps without offset; sysctl net.ipv4.tcp_timestamps=2
no window scaling; sysctl net.ipv4.tcp_window_scaling=0
no SACK; sysctl net.ipv4.tcp_sack=0
no ECN; sysctl net.ipv4.tcp_ecn=0
ECN; only 46m; sysctl net.ipv4.tcp_ecn=1
ECN when asked; sysctl net.ipv4.tcp_ecn=2
small buffer; rcvbuf 4096
large buffer; only 46m; rcvbuf 3000000
buffer of a power of two; rcvbuf 32768
small tcp_rmem; sysctl net.ipv4.tcp_rmem=4096 8192 16384
large tcp_rmem; sysctl net.ipv4.tcp_rmem=4096 1000000 500000000
largest tcp_rmem; sysctl net.ipv4.tcp_rmem=4096 131072 2147483647
signed windows; sysctl net.ipv4.tcp_workaround_signed_windows=1
tcp_adv_win_scale; trysysctl net.ipv4.tcp_adv_win_scale=-2
window clamp; clamp 5000
large window clamp; clamp 1000000
TCP_MAXSEG 536; maxseg 536
TCP_MAXSEG 1300; only 46m; maxseg 1300
TCP_MAXSEG above the route; maxseg 9000
own TTL; only 46m; ttl 7
own TOS; only 46m; tos 0x48
own TOS with ECT; tos 0x4a
reflected TOS; only 46m; sysctl net.ipv4.tcp_reflect_tos=1
reflected TOS, own ECT; sysctl net.ipv4.tcp_reflect_tos=1; tos 2
no flow labels; only 6; sysctl net.ipv6.auto_flowlabels=0
reflected flow labels; only 6; sysctl net.ipv6.flowlabel_consistency=0; reflect
TTL of the namespace; only 4; sysctl net.ipv4.ip_default_ttl=99
hop limit of the device; only 6; sysctl net.ipv6.conf.peer0.hop_limit=33
route, advmss; only 4; sh ip route change 10.9.0.0/24 dev peer0 advmss 1111
route, window; only 4; sh ip route change 10.9.0.0/24 dev peer0 window 4000
route, large window; only 4; sh ip route change 10.9.0.0/24 dev peer0 window 400000
route, initrwnd; only 4; sh ip route change 10.9.0.0/24 dev peer0 initrwnd 2
route, initrwnd 1000; only 4; sh ip route change 10.9.0.0/24 dev peer0 initrwnd 1000
route, hoplimit; only 4; sh ip route change 10.9.0.0/24 dev peer0 hoplimit 9
route, mtu; only 4; sh ip route change 10.9.0.0/24 dev peer0 mtu 1000
route, mtu lock; only 4; sh ip route change 10.9.0.0/24 dev peer0 mtu lock 1000
route, ECN; only 4; sysctl net.ipv4.tcp_ecn=0; sh ip route change 10.9.0.0/24 dev peer0 features ecn
route, metrics; only 6; sh ip -6 route add fd09::2 dev peer0 advmss 1111 initrwnd 3 hoplimit 9
route, window and ECN; only 6; sysctl net.ipv4.tcp_ecn=0; sh ip -6 route add fd09::2 dev peer0 window 4000 features ecn
route, microseconds; only 46m; usec_ts
route, microseconds without offset; sysctl net.ipv4.tcp_timestamps=2; usec_ts
mark of the SYN; sysctl net.ipv4.tcp_fwmark_accept=1; sh nft -f cookiemark.nft; sh ip rule add fwmark 7 table 7; sh ip -6 rule add fwmark 7 table 7; sh ip route add default dev peer0 table 7 advmss 777; sh ip -6 route add default dev peer0 table 7 advmss 777
mark of the SYN without tcp_fwmark_accept; sh nft -f cookiemark.nft; sh ip rule add fwmark 7 table 7; sh ip -6 rule add fwmark 7 table 7; sh ip route add default dev peer0 table 7 advmss 777; sh ip -6 route add default dev peer0 table 7 advmss 777
mark of the listener; mark 7; sh ip rule add fwmark 7 table 7; sh ip -6 rule add fwmark 7 table 7; sh ip route add default dev peer0 table 7 advmss 777; sh ip -6 route add default dev peer0 table 7 advmss 777
END
)

# How many results: two for a line, or as many as families in its "only".
plan "$(awk '{ n = 2 } match($0, /only [46m]+/) { n = RLENGTH - 5 } { sum += n }
	END { print sum }' <<<"$environments")"
tt_load
transitions_mark "one of the two is the stack's own SYN cookie"
cd "$scratch" || bail "no $scratch"
cat >cookiemark.nft <<-'END'
	table inet t {
		chain prerouting {
			type filter hook prerouting priority mangle
			iifname "peer0" tcp flags syn / syn,ack meta mark set 7
		}
	}
END
while IFS= read -r line; do
	case $line in
	"ok "*)		ok "${line#ok }";;
	"not ok "*)	not_ok "${line#not ok }";;
	"skip "*)	skip "${line#skip }" "no route has microseconds before 6.7";;
	*)		echo "$line";;
	esac
done < <(cookiepeer "$(cookies_always on)" "$(cookies_always off)" <<<"$environments")
finish
