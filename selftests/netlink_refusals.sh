#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every refusal of generic netlink, by a client that knows no better: the errno, the attribute
# that is meant and the words, for each operation; who may what; and which namespace it is.
# (Not here: no memory, failslab.sh; too many, netlink_listener.sh and netlink_subscribe.sh.)

# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/lib.sh"

transitions_not "it has two connections"
find_tool	# (for $nobody)
install -m 755 "$(command -v nldo)" "$scratch"
any4=00000000 any6=00000000000000000000000000000000

# Operation, its attributes, and what is said: each is refused, and leaves all as it was.
refusals="
counters-get flows=01000000 | EINVAL|flows|Unknown attribute type
-d counters-get | EOPNOTSUPP||
states-get state= | EINVAL|state|Unknown attribute type
-d states-get | EOPNOTSUPP||
flood-get syns=01000000 | EINVAL|syns|Unknown attribute type
-d flood-get | EOPNOTSUPP||
settings-get mode=00000000 | EINVAL|mode|Unknown attribute type
-d settings-get | EOPNOTSUPP||

listeners-get | EINVAL||a listener has an address and a port
listeners-get port=0050 | EINVAL||a listener has an address and a port
listeners-get addr=$any4 | EINVAL||a listener has an address and a port
listeners-get addr=$any6 port=0051 | ENOENT||no such listener
listeners-get addr=$any6 port=0050 dev=01000000 | ENOENT||no such listener
listeners-get addr=$any4 port=0050 | ENOENT||no such listener
listeners-get addr=000000 port=0050 | EINVAL|addr|an address has 4 or 16 bytes
listeners-get family=0300 | EAFNOSUPPORT|family|the family is neither AF_INET nor AF_INET6
listeners-get family=0200 addr=$any6 port=0050 | EINVAL|addr|the address is of another family
listeners-get sockets=01000000 | EINVAL|sockets|Unknown attribute type
-d listeners-get addr=00 | EINVAL|addr|an address has 4 or 16 bytes
-d listeners-get family=0300 | EAFNOSUPPORT|family|the family is neither AF_INET nor AF_INET6
-d listeners-get family=0a00 addr=$any4 | EINVAL|addr|the address is of another family
-d listeners-get sockets=01000000 | EINVAL|sockets|Unknown attribute type

flows-get | EINVAL||a flow has two addresses and two ports
flows-get addr_a=0a010101 port_a=0050 addr_b=0a010102 | EINVAL||a flow has two addresses and two ports
flows-get addr_a=0a010101 port_a=0050 addr_b=0a010102 port_b=0001 | ENOENT||no such flow
flows-get addr_a=0a010101 port_a=0050 addr_b=$any6 port_b=0001 | EINVAL|addr_b|the address is of another family
flows-get addr_a=0a01 port_a=0050 addr_b=0a010102 port_b=0001 | EINVAL|addr_a|an address has 4 or 16 bytes
flows-get family=0300 addr_a=0a010101 port_a=0050 addr_b=0a010102 port_b=0001 | EAFNOSUPPORT|family|the family is neither AF_INET nor AF_INET6
flows-get state=00000000 | EINVAL|state|this is for a dump
flows-get port=0050 | EINVAL|port|this is for a dump
flows-get addr=$any4 | EINVAL|addr|this is for a dump
flows-get prefix_len=08 | EINVAL|prefix_len|this is for a dump
flows-get age_min_ms=00000000 | EINVAL|age_min_ms|this is for a dump
flows-get age_max_ms=00000000 | EINVAL|age_max_ms|this is for a dump
flows-get prefix_len_a=08 | EINVAL|prefix_len_a|this is for a dump
flows-get prefix_len_b=08 | EINVAL|prefix_len_b|this is for a dump
flows-get states=01000000 | EINVAL|states|this is for a dump
flows-get state_a=00000000 | EINVAL|state_a|Unsupported attribute
-d flows-get addr_a=0a0101 | EINVAL|addr_a|an address has 4 or 16 bytes
-d flows-get addr_b=0a0101 | EINVAL|addr_b|an address has 4 or 16 bytes
-d flows-get addr_a=0a010101 addr_b=$any6 | EINVAL|addr_b|the address is of another family
-d flows-get addr=$any6 addr_a=0a010101 | EINVAL|addr_a|the address is of another family
-d flows-get family=0a00 addr_b=0a010101 | EINVAL|addr_b|the address is of another family
-d flows-get addr=$any4 prefix_len_a=08 | EINVAL|prefix_len_a|a prefix length without an address
-d flows-get addr_a=$any4 prefix_len_b=08 | EINVAL|prefix_len_b|a prefix length without an address
-d flows-get addr_a=0a010101 prefix_len_a=21 | EINVAL|prefix_len_a|the prefix is longer than the address
-d flows-get addr_b=$any6 prefix_len_b=81 | EINVAL|prefix_len_b|the prefix is longer than the address
-d flows-get dev=01000000 | EINVAL|dev|this is no filter of a dump
-d flows-get family=0300 | EAFNOSUPPORT|family|the family is neither AF_INET nor AF_INET6
-d flows-get addr=0a0101 | EINVAL|addr|an address has 4 or 16 bytes
-d flows-get family=0a00 addr=0a010101 | EINVAL|addr|the address is of another family
-d flows-get prefix_len=08 | EINVAL|prefix_len|a prefix length without an address
-d flows-get addr=0a010101 prefix_len=21 | EINVAL|prefix_len|the prefix is longer than the address
-d flows-get addr=$any6 prefix_len=81 | EINVAL|prefix_len|the prefix is longer than the address
-d flows-get state=0b000000 | ERANGE|state|integer out of range
-d flows-get states=00000000 | EINVAL|states|no flow is in none of the states
-d flows-get states=00080000 | EINVAL|states|reserved bit set
-d flows-get age_min_ms=02000000 age_max_ms=01000000 | EINVAL|age_min_ms|age_min_ms is more than age_max_ms
-d flows-get state_a=00000000 | EINVAL|state_a|Unsupported attribute

settings-set | EINVAL||nothing to set: at least one setting is needed
settings-set mode=03000000 | ERANGE|mode|integer out of range
settings-set overflow=03000000 | ERANGE|overflow|integer out of range
settings-set early=03000000 | ERANGE|early|integer out of range
settings-set reply=02000000 | ERANGE|reply|integer out of range
settings-set forward=02000000 | ERANGE|forward|forward has no such value
settings-set flows_max=03000000 | ERANGE|flows_max|flows_max is a number from 4 to 2147483647
settings-set flows_max=00000080 | ERANGE|flows_max|flows_max is a number from 4 to 2147483647
settings-set mode=02000000 cookie_start=65000000 | ERANGE|cookie_start|cookie_start is a number from 0 to 100
settings-set early_devices=612f6200 | EINVAL|early_devices|early_devices has what is no name of a device
settings-set early_devices=6131 | EINVAL|early_devices|Attribute failed policy validation
settings-set 99=00 | EINVAL|99|Unknown attribute type

listener-set | EINVAL||a listener has an address and a port
listener-set addr=$any6 limit_set=01000000 | EINVAL||a listener has an address and a port
listener-set addr=$any6 port=0050 | EINVAL||nothing to set: limit_set, overflow or cookie_mode is needed
listener-set addr=$any6 port=0000 limit_set=01000000 | EINVAL|port|nothing listens on port 0
listener-set addr=00 port=0050 limit_set=01000000 | EINVAL|addr|an address has 4 or 16 bytes
listener-set family=0300 addr=$any6 port=0050 limit_set=01000000 | EAFNOSUPPORT|family|the family is neither AF_INET nor AF_INET6
listener-set family=0200 addr=$any6 port=0050 limit_set=01000000 | EINVAL|addr|the address is of another family
listener-set addr=$any6 port=0050 dev=0f270000 limit_set=01000000 | ENODEV|dev|there is no such device
listener-set addr=$any6 port=0050 dev=ffffffff limit_set=01000000 | ENODEV|dev|there is no such device
listener-set addr=$any6 port=0050 limit_set=00000080 | ERANGE|limit_set|the limit is a number from 0 to 2147483647
listener-set addr=$any6 port=0050 overflow=04000000 | ERANGE|overflow|integer out of range
listener-set addr=$any6 port=0050 cookie_mode=03000000 | ERANGE|cookie_mode|integer out of range
listener-set addr=$any6 port=0050 limit_set=01000000 sockets=01000000 | EINVAL|sockets|Unsupported attribute

listener-delete | EINVAL||a listener has an address and a port
listener-delete addr=$any6 port=0000 | EINVAL|port|nothing listens on port 0
listener-delete addr=$any6 port=0050 | ENOENT||nothing is set for this listener
listener-delete addr=000000 port=0050 | EINVAL|addr|an address has 4 or 16 bytes
listener-delete family=0300 addr=$any6 port=0050 | EAFNOSUPPORT|family|the family is neither AF_INET nor AF_INET6
listener-delete family=0a00 addr=$any4 port=0050 | EINVAL|addr|the address is of another family
listener-delete addr=$any6 port=0050 limit_set=01000000 | EINVAL|limit_set|Unknown attribute type

subscription-set sides=00000000 | EINVAL|sides|nothing to tell: no side
subscription-set states=00000000 reasons=00000000 | EINVAL||nothing to tell: neither a state nor a reason
subscription-set sides=08000000 | EINVAL|sides|reserved bit set
subscription-set states=00080000 | EINVAL|states|reserved bit set
subscription-set reasons=00100000 | EINVAL|reasons|reserved bit set
subscription-set addr=0a0101 | EINVAL|addr|an address has 4 or 16 bytes
subscription-set family=0a00 addr=0a010101 | EINVAL|addr|the address is of another family
subscription-set family=0300 | EAFNOSUPPORT|family|the family is neither AF_INET nor AF_INET6
subscription-set prefix_len=08 | EINVAL|prefix_len|a prefix length without an address
subscription-set addr=0a010101 prefix_len=21 | EINVAL|prefix_len|the prefix is longer than the address
subscription-set lost=01000000 | EINVAL|lost|Unknown attribute type
-d subscription-set | EOPNOTSUPP||
subscription-delete | ENOENT||this socket has not subscribed
subscription-delete port=0050 | EINVAL|port|Unknown attribute type

flow-end | EOPNOTSUPP||
200 | EOPNOTSUPP||"

# Until 6.10, a dump that is refused by who makes it does not say which attribute it means.
[[ $(uname -r) != 6.1.* ]] ||
	refusals=$(sed '/^-d /{/integer out\|reserved bit\|Un[a-z]* attribute/!s/|[a-z_]*|/||/}' <<<"$refusals")

# Operations that are for root of the namespace, as they succeed or are refused for another
# reason; and for everybody.
for_root="
-d flows-get | ok *
flows-get | EINVAL*
settings-set | EINVAL*
listener-set | EINVAL*
listener-delete | EINVAL*
subscription-set | ok 0
subscription-delete | ENOENT*
join state | ok 0"
for_all="
counters-get | ok 1
states-get | ok 1
settings-get | ok 1
flood-get | ok 1
-d listeners-get | ok *
listeners-get | EINVAL*
join flood | ok 0"

# says WANTED COMMAND...: WANTED is a pattern.
says()
{
	local out
	out=$("${@:2}" 2>&1)
	# shellcheck disable=SC2053
	[[ $out == $1 ]] || { echo "$out, not $1 (${*:2})"; return 1; }
}

# Each line of a table, by COMMAND...; how many there were is in $n.
each()
{
	local line bad=0
	n=0
	while read -r line; do
		[[ -n $line ]] || continue
		n=$((n + 1))
		# shellcheck disable=SC2086	# words
		says "${line#* | }" "${@:2}" ${line%% | *} || bad=1
	done <<<"$1"
	return "$bad"
}

# What there is to change.
state()
{
	in_ns "$a" sh -c 'cd /proc/sys/net/tcptrack && grep -H . *; cat /proc/net/tcptrack_listeners' |
		sed 's/ \[::\]:80 .* \([^ ]* [^ ]* [^ ]*\)$/ \1/'
}

all_refused()
{
	state >"$scratch/were"
	each "$refusals" in_ns "$a" nldo && diff "$scratch/were" <(state)
}

# hooks N: so many at prerouting, of another's
hooks()
{
	{
		echo 'table ip others {'
		printf 'chain c%d { type filter hook prerouting priority 0; }\n' $(seq "$1")
		echo '}'
	} | in_ns "$a" nft -f - 2>/dev/null
}

# A kernel has room for 1024 hooks at a place; one more there cannot be, and then nothing is set.
no_more_hooks()
{
	local n
	for n in 1024 1023 1022 1021; do ! hooks "$n" || break; done
	state >"$scratch/were"
	says 'E2BIG||the hooks could not be changed' \
		in_ns "$a" nldo settings-set early=01000000 cookie_start=0a000000 &&
		diff "$scratch/were" <(state) && in_ns "$a" nft delete table ip others &&
		says 'ok 0' in_ns "$a" nldo settings-set early=01000000 &&
		says 'ok 0' in_ns "$a" nldo settings-set early=00000000
}

root_may()
{
	each "$for_root" in_ns "$a" nldo && each "$for_all" in_ns "$a" nldo
}

# refused_to COMMAND...: what is for root, and what is not is not.
refused_to()
{
	local line bad=0
	while read -r line; do
		[[ -n $line ]] || continue
		# shellcheck disable=SC2086	# words
		says 'EPERM||' in_ns "$a" "$@" "$scratch/nldo" ${line%% | *} || bad=1
	done <<<"$for_root"
	each "$for_all" in_ns "$a" "$@" "$scratch/nldo" && [[ $bad -eq 0 ]]
}

own_namespace()
{
	each "$for_root" unshare --user --map-root-user --net "$scratch/nldo" &&
		each "$for_all" unshare --user --map-root-user --net "$scratch/nldo"
}

# ends -4|-6 A B: of the connection from B (in hexadecimal) to A, in $end_a and $end_b as nldo
# has them.
ends()
{
	local port
	port=$(in_ns "$b" ss "$1" -Htn 'dport = :80' | awk '{ sub(/.*:/, "", $4); print $4 }')
	end_a="$2 0050" end_b="$3 $(printf %04x "$port")"
}

# as WHICH END: its words for nldo
as()
{
	echo "addr_$1=${2% *} port_$1=${2#* }"
}

# found FAMILY: by its ends in either order it is the same flow, whose end a is the local one.
found()
{
	local is first second
	is="ok 1 family=$1 $(as a "$end_a") $(as b "$end_b") dev=00000000 state_a=03000000"
	first="flows-get $(as a "$end_a") $(as b "$end_b")"
	second="flows-get $(as a "$end_b") $(as b "$end_a")"
	each "-v $first | $is
		-v $second | $is" in_ns "$a" nldo &&
		each "$first | ENOENT||no such flow
			$second | ENOENT||no such flow" in_ns "$alone" nldo
}

by_tuple()
{
	ends -4 0a010101 0a010102 && found 0200 &&
		ends -6 fd010000000000010000000000000001 fd010000000000010000000000000002 && found 0a00
}

by_listener()
{
	local get="listeners-get addr=$any6 port=0050"
	each "-v $get | ok 1 family=0a00 addr=$any6 port=0050 dev=00000000 sockets=01000000*" \
		in_ns "$a" nldo && each "$get | ENOENT||no such listener" in_ns "$alone" nldo
}

plan 7
tt_load
ns_add a b alone
ns_link "$a" "$b" 1
serve server "$a" 80
hold four "$b" 10.1.1.1 80 1
hold six "$b" fd01:0:0:1::1 80 1
# (without the tracepoint, the collector is the first to see it)
wait_for in_ns "$a" grep -qF '[::]:80 ' /proc/net/tcptrack_listeners 10 || bail "no listener"
check "each refusal: errno, attribute, words" all_refused
check "a flow by its ends, in either order, in its namespace only" by_tuple
check "a listener in its namespace only" by_listener
check "a hook for which there is no room" no_more_hooks
check "root may" root_may
check "nobody may only read" refused_to "${nobody[@]}"
if [[ -e /proc/self/ns/user ]]; then
	check "root of a user namespace may in its own only" eval \
		'refused_to unshare --user --map-root-user && own_namespace'
else
	skip "root of a user namespace" "no user namespaces"
fi
finish
