# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A part of lib.sh: nginx, and connections that both sides open and close.

listens()
{
	[[ -n $(in_ns "$1" ss -Hltn "sport = :$2") ]]
}

nginx_in()
{
	local ns=$1
	shift
	if [[ $ns == - ]]; then exec nginx "$@"; fi
	exec nsenter --net="/run/netns/$ns" -- nginx "$@"
}

# nginx_start NS: on port 8080, its process id in $nginx; /close closes.
nginx_start()
{
	cat >"$scratch/nginx.conf" <<-END
	daemon off; user root; pid $scratch/nginx.pid; error_log /dev/null;
	worker_processes 1; events { worker_connections 1024; }
	http {
		access_log off; client_body_temp_path $scratch; proxy_temp_path $scratch;
		fastcgi_temp_path $scratch; uwsgi_temp_path $scratch; scgi_temp_path $scratch;
		server {
			listen 8080; listen [::]:8080 ipv6only=on;
			location / { return 200 "hello"; }
			location /close { keepalive_timeout 0; return 200 "bye"; }
		}
	}
	END
	nginx_in "$1" -e /dev/null -p "$scratch" -c "$scratch/nginx.conf" >/dev/null 2>&1 &
	# shellcheck disable=SC2034	# the caller's
	nginx=$!
	wait_for listens "$1" 8080 20 || bail "no nginx"
}

# link_delay TIME NS...: that long on the way through v1 out of each of them; 0: no more
link_delay()
{
	local ns
	for ns in "${@:2}"; do
		[[ $1 != 0 ]] || { in_ns "$ns" tc qdisc del dev v1 root; continue; }
		in_ns "$ns" tc qdisc add dev v1 root netem delay "$1" || bail "no netem"
	done
}

CROSS_PORT=7000		# and the following

# cross NS_A ADDRESS_A NS_B ADDRESS_B N: that many sockets on either side, which know
# nothing of each other; cross_go lets both sides connect at once, the next one close.
cross()
{
	background cross_a "$1" traffic cross "$4" $CROSS_PORT "$5" "$2"
	background cross_b "$3" traffic cross "$2" $CROSS_PORT "$5" "$4"
}

cross_go()
{
	kill -USR1 "$cross_a" "$cross_b"
}

crossed()
{
	grep -qx "$1" "$scratch/cross_a" && grep -qx "$1" "$scratch/cross_b"
}

# cross_is open|closed
cross_is()
{
	wait_for crossed "$1" 60 && return
	head "$scratch/cross_a" "$scratch/cross_b"
	return 1
}
