// SPDX-License-Identifier: GPL-2.0-only
/* What each CPU remembers of the flow table. */

#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <net/inet_sock.h>

#include "flow.h"
#include "net.h"
#include "recent.h"

/* 8 KB for each CPU. */
#define SLOTS_BITS	10

struct recent {
	struct tt_flow __rcu *slot[BIT(SLOTS_BITS)];
};

static struct recent __percpu *recent;

/*
 * Not keyed, as the table's hash is: who makes many flows share a slot makes them look into
 * the table, and that is all.
 */
static unsigned int slot_by(__be32 addr, __be16 port)
{
	/* (the last octets of both, which are what differs most, do not lie above each other) */
	return hash_32((__force u32)addr ^ (__force u32)port, SLOTS_BITS);
}

/* It does not matter which end is which: a socket need not be asked for the order of its key. */
static unsigned int slot_of(const struct tt_key *key)
{
	return slot_by(key->addr[0].s6_addr32[3] ^ key->addr[1].s6_addr32[3],
		       key->port[0] ^ key->port[1]);
}

/* IPv6 sockets have their addresses' last words elsewhere, unless IPv4 is what they speak. */
static unsigned int slot_of_sock(const struct sock *sk)
{
	__be16 port = inet_sk(sk)->inet_sport ^ sk->sk_dport;

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return slot_by(sk->sk_v6_rcv_saddr.s6_addr32[3] ^ sk->sk_v6_daddr.s6_addr32[3],
			       port);
#endif
	return slot_by(sk->sk_rcv_saddr ^ sk->sk_daddr, port);
}

/* A flow that this CPU remembers, not locked: it may be freed and reused at any moment. */
static struct tt_flow *find(const struct tt_net *tn, const struct tt_key *key)
{
	struct tt_flow *flow = rcu_dereference(raw_cpu_ptr(recent)->slot[slot_of(key)]);

	/* its lock will tell for certain; but no stranger's is taken for nothing */
	return flow && data_race(flow->tn == tn && flow->key.port[0] == key->port[0] &&
				 flow->key.port[1] == key->port[1]) ? flow : NULL;
}

static noinline struct tt_flow *from_table(struct tt_net *tn, const struct tt_key *key, u32 *hash)
{
	struct tt_flow *flow;

	*hash = tt_flow_hash(tn, key);
	flow = tt_flow_get(tn, key, *hash);
	if (flow)
		tt_recent_add(flow);
	return flow;
}

struct tt_flow *tt_recent_seek(struct tt_net *tn, const struct tt_key *key, u32 *hash)
{
	struct tt_flow *flow = find(tn, key);

	if (flow && tt_flow_lock(tn, flow)) {
		if (likely(tt_key_equal(&flow->key, key))) {
			*hash = flow->hash;
			return flow;
		}
		tt_flow_put(flow);
	}
	return from_table(tn, key, hash);
}

struct tt_flow *tt_recent_sock(const struct tt_net *tn, const struct sock *sk, int *end)
{
	struct tt_flow *flow = rcu_dereference(raw_cpu_ptr(recent)->slot[slot_of_sock(sk)]);

	/* as above */
	if (!flow || data_race(flow->tn != tn))
		return NULL;
	/* as above */
	*end = data_race(tt_key_is_sock(&flow->key, sk));
	return *end < 0 ? NULL : flow;
}

void tt_recent_add(struct tt_flow *flow)
{
	unsigned int cpu = smp_processor_id();

	lockdep_assert_held(&flow->lock);
	if (flow->cpu != cpu + 1)
		tt_recent_del(flow);
	flow->cpu = cpu + 1;
	rcu_assign_pointer(per_cpu_ptr(recent, cpu)->slot[slot_of(&flow->key)], flow);
}

void tt_recent_del(struct tt_flow *flow)
{
	struct tt_flow __rcu **slot;

	if (!flow->cpu)
		return;
	slot = &per_cpu_ptr(recent, flow->cpu - 1)->slot[slot_of(&flow->key)];
	flow->cpu = 0;
	/* another flow may have taken it, or be about to */
	if (rcu_access_pointer(*slot) == flow)
		unrcu_pointer(cmpxchg(slot, RCU_INITIALIZER(flow), RCU_INITIALIZER(NULL)));
}

int __init tt_recent_init(void)
{
	BUILD_BUG_ON(CONFIG_NR_CPUS >= U16_MAX);
	recent = alloc_percpu(struct recent);
	return recent ? 0 : -ENOMEM;
}

void tt_recent_exit(void)
{
	free_percpu(recent);
}
