#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run tests as the kernel's kselftest/runner.sh does, with KTAP output, and end
# with "N passed, N failed, N skipped": the cases of a test that speaks TAP itself
# count one by one. Each test's name goes to the kernel's log, and a report there
# (oops, WARNING, ...) fails the test during which it came. TCPTRACK_TRANSITIONS=1: each
# test's sockets are compared with their flows as well, transition by transition.
# TCPTRACK_AGAIN=1: a test whose own cases fail is run once more, and the second time
# counts; the first one is told as "# flaky". A report of the kernel is never forgiven.
# Usage: run.sh [--no-kmsg] TEST...

set -u
here=$(cd "$(dirname "$0")" && pwd -P)
limit=$(sed -n 's/^timeout=//p' "$here/settings" 2>/dev/null)
# Where time travels to the next timer, a guest's seconds cost nothing.
[[ $(cat /proc/cmdline) != *time-travel* ]] || limit=$((${limit:-300} * 10))
[[ -z ${TCPTRACK_LONG:-} ]] || limit=$((${limit:-300} * 4))
limit=$((${limit:-300} * ${TCPTRACK_SLOW:-1}))
# what was asked to be long (300,000 executions of the fuzzers: an hour, if slow)
limit=$((${limit:-300} + ${SOAK_SECONDS:-0} + ${FUZZ_RUNS:-0} / 80))
kmsg=/dev/kmsg
tracing=/sys/kernel/tracing
passed=0 failed=0 skipped=0 held=''
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"; release_keys' EXIT

if [[ ${TCPTRACK_TRANSITIONS:-0} == 0 ]]; then
	unset TCPTRACK_TRANSITIONS
else
	export TCPTRACK_TRANSITIONS=$tmp/transitions TCPTRACK_TRACEPOINT=0
	"$here/transitions" --exceptions | sed 's/^/# transitions, exception: /'
fi

mark()
{
	[[ -z $kmsg ]] || printf 'selftests: %s\n' "$1" >"$kmsg"
}

# The kernel's reports since the last mark. (No "grep -q": dmesg must end by itself.)
kernel_reports()
{
	[[ -n $kmsg ]] || return 0
	dmesg | awk -f "$here/kcsan.awk" | awk -v name="$1" '
		index($0, "selftests: " name) { n = 0 }
		/BUG:|BUG [a-z]|WARNING: |Oops|general protection fault|UBSAN:|ODEBUG:/ ||
		/refcount_t: |INFO: .*(detected|blocked for)|new suspected memory leaks/ ||
		/waiting for [^ ]* to become free/ { line[n++] = $0 }
		END { for (i = 0; i < n; i++) print line[i] }'
}

# The kernel patches its hooks' static keys in when the first one comes, and out after the last.
# QEMU, where it emulates several CPUs, may still run what was there for a moment ("Oops:
# int3" in ip_local_deliver()); so there, a namespace of its own keeps hooks everywhere. And the
# tracepoint of the sockets' states is kept the same way ("Oops: int3" in inet_sk_state_store()).
hold_keys()
{
	[[ $(cat /sys/class/dmi/id/sys_vendor 2>/dev/null) == QEMU ]] || return 0
	[[ -d $tracing/events ]] || mount -t tracefs tracefs $tracing
	mkdir "$tracing/instances/tt-keys" && echo 0 >"$tracing/instances/tt-keys/tracing_on" &&
		echo 1 >"$tracing/instances/tt-keys/events/sock/inet_sock_set_state/enable" ||
		echo "# no tracepoint is held"
	ip netns add tt-keys && held=tt-keys && ip -n $held link set lo up &&
		nsenter --net=/run/netns/$held -- nft -f - <<-'END' || echo "# no hooks are held"
		table inet keys {
			chain prerouting { type filter hook prerouting priority 0; }
			chain input { type filter hook input priority 0; }
			chain forward { type filter hook forward priority 0; }
			chain output { type filter hook output priority 0; }
			chain postrouting { type filter hook postrouting priority 0; }
		}
		table netdev keys {
			chain ingress { type filter hook ingress device lo priority 0; }
		}
	END
}

release_keys()
{
	[[ -z $held ]] || ip netns del "$held"
	[[ ! -d $tracing/instances/tt-keys ]] || rmdir "$tracing/instances/tt-keys"
}

# Count the cases in a test's own TAP; without any, the test itself is the case.
# A test that ends badly without saying which case failed has one more, failed.
count()
{
	local status=$1 file=$2 ok notok skip
	skip=$(grep -cE '^ *ok [0-9]+.*# *SKIP' "$file")
	ok=$(($(grep -cE '^ *ok [0-9]+' "$file") - skip))
	notok=$(grep -cE '^ *not ok [0-9]+' "$file")
	if [[ $((ok + notok + skip)) -eq 0 ]]; then
		case $status in
		0)	ok=1;;
		4)	skip=1;;
		*)	notok=1;;
		esac
	elif [[ $status -ne 0 && $status -ne 4 && $notok -eq 0 ]]; then
		notok=1
	fi
	passed=$((passed + ok)) failed=$((failed + notok)) skipped=$((skipped + skip))
}

# once TEST LAST: the test, and all that is looked at after it. Sets status, reports, took.
once()
{
	local name=${1##*/} after begun=$SECONDS
	mark "$name"
	: >"$tmp/transitions"
	(cd "$(dirname "$1")" && exec timeout -k 10 "${limit:-300}" "./$name") \
		</dev/null 2>&1 | tee "$tmp/out" | sed -u 's/^/# /'
	status=${PIPESTATUS[0]}
	took=$((SECONDS - begun))
	reports=$(kernel_reports "$name")
	if [[ -n $kmsg ]] && ! after=$("$here/after.sh" "$2"); then
		reports+=${reports:+$'\n'}"after the test: $after"
	fi
	[[ -z $reports ]] || status=1
	sed 's/^/# transitions: /' "$tmp/transitions"
	! grep -qx 'not equal' "$tmp/transitions" || status=1
}

run_one()
{
	local number=$1 test=$2 name=${2##*/} status took reports directive=''
	printf '# selftests: tcptrack: %s\n' "$name"
	once "$test" "$3"
	if [[ ${TCPTRACK_AGAIN:-0} == 1 && $status -ne 0 && $status -ne 4 && -z $reports ]]; then
		sed -n "s/^not ok/# flaky: $name: not ok/p" "$tmp/out"
		printf '# flaky: %s: status %d, once more:\n' "$name" "$status"
		once "$test" "$3"
	fi
	[[ -z $reports ]] || printf '# the kernel reported: %s\n' "${reports//$'\n'/$'\n# '}"
	count "$status" "$tmp/out"
	printf '# time: %d s\n' "$took"
	case $status in
	0)	;;
	4)	directive=' # SKIP';;
	124|137) directive=" # TIMEOUT ${limit:-300} seconds";;
	*)	directive=" # exit=$status";;
	esac
	[[ $status -eq 0 || $status -eq 4 ]] || printf 'not '
	printf 'ok %d selftests: tcptrack: %s%s\n' "$number" "$name" "$directive"
}

main()
{
	local test number=0 last=''
	[[ ${1:-} != --no-kmsg ]] || { kmsg=''; shift; }
	[[ -z $kmsg || -w $kmsg ]] || kmsg=''
	printf 'TAP version 13\n1..%d\n' $#
	[[ -z $kmsg ]] || hold_keys
	[[ -z $kmsg ]] || "$here/after.sh" begin
	for test in "$@"; do
		number=$((number + 1))
		[[ $number -lt $# ]] || last=end
		run_one "$number" "$(realpath "$test")" "$last"
	done
	mark "end"
	printf '# %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[[ $failed -eq 0 ]]
}

main "$@"
