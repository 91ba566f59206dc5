#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real Prometheus scrapes two namespaces as two servers: it has what each of them shows, and
# the alert that comes with us fires for the one that is flooded, and for it alone.

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=selftests/lib_flood.sh
. "$TESTS/lib_flood.sh"

command -v prometheus >/dev/null || { echo "1..0 # SKIP no prometheus (package prometheus)"; exit $KSFT_SKIP; }
find_tool
rules=${TCPTRACK_EXAMPLES:-$TESTS/../Documentation/examples}/prometheus/tcptrack.rules.yml
LIMIT=8		# of the flooded listener: in cookie mode with 6
EVERY=3		# seconds between scrapes
LATER=60	# by then it has scraped, and has looked at its rules
one=10.1.3.2:9475 two=10.1.4.2:9475

# serve_metrics NS ADDRESS:PORT
serve_metrics()
{
	nsenter --net="/run/netns/$1" -- "$ctl" serve-metrics --listen "$2" &
	wait_for listens "$1" "${2##*:}" 20 || bail "serve-metrics does not listen"
}

servers()
{
	flood_between
	ns_add c watcher
	# shellcheck disable=SC2154	# from ns_add
	ns_link "$watcher" "$a" 3
	ns_link "$watcher" "$c" 4
	ns_sysctl "$a" net.ipv4.tcp_synack_retries=20 net.tcptrack.flows_max=1000
	ns_sysctl "$c" net.tcptrack.flows_max=2000
	policy overflow=cookie
	background web "$a" listeners 80 64 1
	background other "$c" listeners 80 64 1
	"$ctl" -n "$a" listener set '[::]:80' limit "$LIMIT" || bail "listener set"
	serve_metrics "$a" "$one"
	serve_metrics "$c" "$two"
}

# Watched by curl from within its own namespace, where it listens on loopback.
prometheus_start()
{
	cat >"$scratch/prometheus.yml" <<-END
	global: { scrape_interval: ${EVERY}s, scrape_timeout: ${EVERY}s, evaluation_interval: ${EVERY}s }
	rule_files: [ $rules ]
	scrape_configs:
	  - job_name: tcptrack
	    static_configs: [ targets: [ "$one", "$two" ] ]
	END
	nsenter --net="/run/netns/$watcher" -- prometheus --config.file="$scratch/prometheus.yml" \
		--storage.tsdb.path="$scratch/tsdb" --web.listen-address=127.0.0.1:9090 \
		--log.level=warn >"$scratch/prometheus.log" 2>&1 &
	wait_for ready 120 || bail "no Prometheus: $(tail -n 5 "$scratch/prometheus.log")"
}

# api PATH [ARGUMENT]... of curl
api()
{
	in_ns "$watcher" curl -sfG --max-time 30 "http://127.0.0.1:9090/$1" "${@:2}"
}

ready()
{
	api -/ready >/dev/null
}

# query EXPRESSION: "INSTANCE VALUE" a line.
query()
{
	api api/v1/query --data-urlencode "query=$1" | /usr/bin/python3 -c '
import json, sys
for r in json.load(sys.stdin)["data"]["result"]:
    print(r["metric"].get("instance"), r["value"][1])' | sort
}

# firing: "ALERT INSTANCE" a line.
firing()
{
	api api/v1/alerts | /usr/bin/python3 -c '
import json, sys
for a in json.load(sys.stdin)["data"]["alerts"]:
    if a["state"] == "firing":
        print(a["labels"]["alertname"], a["labels"]["instance"])' | sort
}

is()
{
	[[ $("${@:2}" 2>"$scratch/error") == "$1" ]]
}

# becomes WANTED COMMAND...
becomes()
{
	wait_for is "$@" "$LATER" && return
	echo "${*:2}: not"
	echo "$1"
	echo "but"
	"${@:2}"
	tail -n 3 "$scratch/prometheus.log"
	return 1
}

# each EXPRESSION ONE TWO: so much of the one, so much of the other.
each()
{
	becomes "$one $2"$'\n'"$two $3" query "$1"
}

scraped()
{
	each up 1 1 &&
	each tcptrack_flows_max 1000 2000 &&
	each tcptrack_halfopen 0 0 &&
	each 'tcptrack_flows{side="local",state="SYN_RECEIVED"}' 0 0 &&
	each 'tcptrack_listener_limit{port="80"}' "$LIMIT" 64 &&
	each tcptrack_cookie_mode 0 0 &&
	becomes '' firing
}

flooded()
{
	flood 80 -n $((LIMIT + 2)) || return
	each tcptrack_halfopen $((LIMIT - 2)) 0 &&
	each 'tcptrack_flows{side="local",state="SYN_RECEIVED"}' $((LIMIT - 2)) 0 &&
	each 'tcptrack_listener_halfopen{port="80"}' $((LIMIT - 2)) 0 &&
	each tcptrack_cookies_sent_total 4 0 &&
	each tcptrack_cookie_modes_total 1 0 &&
	each tcptrack_cookie_mode 1 0 &&
	becomes "TcptrackFlood $one" firing
}

# The same queue again, after its minute.
near_limit()
{
	LATER=180 becomes "TcptrackFlood $one"$'\n'"TcptrackListenerQueueNearLimit $one" firing
}

without_module()
{
	tt_unload
	each up 0 0 || return
	tt_load
	each up 1 1
}

plan 4
tt_load
servers
prometheus_start
to=10.1.1.1
run "what two servers show" scraped
run "a flood" flooded
run "a queue near its limit for a minute" near_limit
run "the module goes and comes" without_module
finish
