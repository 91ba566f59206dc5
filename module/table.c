// SPDX-License-Identifier: GPL-2.0-only
/* The flow table: the kernel's rhashtable, found under RCU. */

#include <linux/bitrev.h>
#include <linux/log2.h>
#include <linux/rhashtable.h>

#include "flow.h"
#include "net.h"
#include "table.h"

struct arg {
	const struct tt_key *key;
	u32 hash;
};

static u32 key_hash(const void *data, u32 len, u32 seed)
{
	return ((const struct arg *)data)->hash;
}

static u32 flow_hash(const void *data, u32 len, u32 seed)
{
	return READ_ONCE(((const struct tt_flow *)data)->hash);
}

static int flow_cmp(struct rhashtable_compare_arg *ca, const void *obj)
{
	const struct arg *arg = ca->key;
	const struct tt_flow *flow = obj;

	if (READ_ONCE(flow->hash) != arg->hash)
		return 1;
	/* a key that changes meanwhile is compared again under its lock */
	return data_race(!tt_key_equal(&flow->key, arg->key));
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct tt_flow, node),
	.key_len = sizeof(struct arg),
	.hashfn = key_hash,
	.obj_hashfn = flow_hash,
	.obj_cmpfn = flow_cmp,
	/* 2 KB; with less, each burst of some tens of connections would make it grow, and shrink */
	.min_size = 256,
	.automatic_shrinking = true,
};

u32 tt_flow_hash(const struct tt_net *tn, const struct tt_key *key)
{
	u64 addrs, rest;

	if (key->family != AF_INET)
		return siphash(key, sizeof(*key), &tn->secret);
	/* all that differs between keys of IPv4, in a third of the rounds */
	addrs = (u64)(__force u32)key->addr[0].s6_addr32[3] << 32 |
		(__force u32)key->addr[1].s6_addr32[3];
	rest = (u64)key->dev << 32 | (u32)(__force u16)key->port[0] << 16 |
	       (__force u16)key->port[1];
	return siphash_2u64(addrs, rest, &tn->secret);
}

struct tt_flow *tt_table_find(struct tt_net *tn, const struct tt_key *key, u32 hash)
{
	const struct arg arg = { .key = key, .hash = hash };

	return rhashtable_lookup(&tn->flows, &arg, params);
}

struct tt_flow *tt_table_insert(struct tt_net *tn, struct tt_flow *flow)
{
	const struct arg arg = { .key = &flow->key, .hash = flow->hash };

	return rhashtable_lookup_get_insert_key(&tn->flows, &arg, &flow->node, params);
}

/*
 * What has gone last of what had a socket, of all namespaces: its hash, and when. Written by
 * whoever removes a flow.
 */
static u64 gone[1024];

/* So long a CPU may take from the hook to the socket. */
#define JUST_MS	200

static u64 *gone_at(u32 hash)
{
	return &gone[hash % ARRAY_SIZE(gone)];
}

void tt_table_remove(struct tt_net *tn, struct tt_flow *flow)
{
	/* before it is no longer found */
	if (flow->local)
		WRITE_ONCE(*gone_at(flow->hash), (u64)flow->hash << 32 | tt_now());
	rhashtable_remove_fast(&tn->flows, &flow->node, params);
}

bool tt_table_had(u32 hash)
{
	u64 last = READ_ONCE(*gone_at(hash));

	return last >> 32 == hash && tt_ms_since((u32)last) < JUST_MS;
}

/*
 * A flow's place in the walk is its hash with the bits reversed: the flows of
 * one bucket are one range of places, in a table of any size. So a walk goes
 * from place to place, and a table that grows or shrinks meanwhile neither
 * hides a flow from it nor shows one twice.
 */
#define STEP_MAX	32

struct step {
	u32 from, to;		/* places, both inclusive */
	unsigned int count;
	struct tt_flow *flow[STEP_MAX];
};

u32 tt_table_place(const struct tt_flow *flow)
{
	return bitrev32(READ_ONCE(flow->hash));
}

static bool step_has(const struct step *step, const struct tt_flow *flow)
{
	u32 place = tt_table_place(flow);

	return place >= step->from && place <= step->to;
}

static bool step_add(struct step *step, struct tt_flow *flow)
{
	unsigned int i;

	for (i = 0; i < step->count; i++) {
		if (step->flow[i] == flow)
			return true;
	}
	if (step->count == STEP_MAX)
		return false;
	step->flow[step->count++] = flow;
	return true;
}

static bool step_bucket(struct step *step, struct bucket_table *tbl, unsigned int index)
{
	struct rhash_lock_head __rcu *const *bkt = rht_bucket(tbl, index);
	struct rhash_head *he;

	if (!bkt)
		return true;
	do {
		rht_for_each_rcu_from(he, rht_ptr_rcu(bkt), tbl, index) {
			struct tt_flow *flow = container_of(he, struct tt_flow, node);

			if (step_has(step, flow) && !step_add(step, flow))
				return false;
		}
		/* a flow that was moved has led to another chain: once more */
	} while (he != RHT_NULLS_MARKER(bkt));
	return true;
}

static bool step_table(struct step *step, struct bucket_table *tbl, unsigned int bits)
{
	unsigned int first = bitrev32(step->from), index;

	if (ilog2(tbl->size) <= bits)
		return step_bucket(step, tbl, first & (tbl->size - 1));
	for (index = first & (BIT(bits) - 1); index < tbl->size; index += BIT(bits)) {
		if (!step_bucket(step, tbl, index))
			return false;
	}
	return true;
}

/* All flows with a place in the step, or false if they are too many for one. */
static bool step_collect(struct tt_net *tn, struct step *step, unsigned int bits)
{
	struct bucket_table *tbl = rht_dereference_rcu(tn->flows.tbl, &tn->flows);

	step->count = 0;
	/* Flows move from a table to its successor: in this order none is missed. */
	while (tbl) {
		if (!step_table(step, tbl, bits))
			return false;
		smp_rmb();	/* pairs with rhashtable's publication of future_tbl */
		tbl = rht_dereference_rcu(tbl->future_tbl, &tn->flows);
	}
	return true;
}

bool tt_table_each(struct tt_net *tn, u64 *cursor, void (*fn)(struct tt_flow *flow, void *arg),
		   void *arg)
{
	struct step step = { .from = *cursor };
	unsigned int bits, i;

	rcu_read_lock();
	bits = ilog2(rht_dereference_rcu(tn->flows.tbl, &tn->flows)->size);
	for (;; bits++) {
		step.to = step.from | U32_MAX >> bits;
		if (step_collect(tn, &step, bits) || bits == 31)
			break;
	}
	for (i = 0; i < step.count; i++) {
		if (!tt_flow_lock(tn, step.flow[i]))
			continue;
		if (step_has(&step, step.flow[i]))
			fn(step.flow[i], arg);
		else
			tt_flow_put(step.flow[i]);
	}
	rcu_read_unlock();
	*cursor = (u64)step.to + 1;
	return *cursor <= U32_MAX;
}

int tt_table_init(struct tt_net *tn)
{
	return rhashtable_init(&tn->flows, &params);
}

void tt_table_exit(struct tt_net *tn, void (*free)(void *ptr, void *arg))
{
	rhashtable_free_and_destroy(&tn->flows, free, NULL);
}
