// SPDX-License-Identifier: GPL-2.0-only
/* Half-open connections by source prefix. */

#include <linux/hash.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "key.h"
#include "net.h"
#include "source.h"

struct prefix {
	const struct tt_net *tn;
	u64 family;
	__be64 addr;
};

struct tt_source {
	struct rhash_head node;
	struct prefix prefix;
	unsigned int count;	/* its prefix's lock */
	struct rcu_head rcu;
};

/* Each guards the counts of some prefixes, and their coming and going. */
#define LOCK_BITS	6
static spinlock_t locks[BIT(LOCK_BITS)];
static struct rhashtable sources;

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct tt_source, node),
	.key_offset = offsetof(struct tt_source, prefix),
	.key_len = sizeof(struct prefix),
	.automatic_shrinking = true,
};

static void prefix_of(struct prefix *prefix, const struct tt_net *tn, const struct tt_key *key,
		      int end)
{
	memset(prefix, 0, sizeof(*prefix));
	prefix->tn = tn;
	prefix->family = key->family;
	memcpy(&prefix->addr, &key->addr[end].s6_addr[key->family == AF_INET ? 8 : 0],
	       sizeof(prefix->addr));
}

static spinlock_t *lock_of(const struct prefix *prefix)
{
	return &locks[hash_64((__force u64)prefix->addr ^ (unsigned long)prefix->tn, LOCK_BITS)];
}

static struct tt_source *source_new(const struct prefix *prefix)
{
	struct tt_source *source = kzalloc(sizeof(*source), GFP_ATOMIC | __GFP_NOWARN);

	if (!source)
		return NULL;
	source->prefix = *prefix;
	if (!rhashtable_insert_fast(&sources, &source->node, params))
		return source;
	kfree(source);
	return NULL;
}

static struct tt_source *get(struct tt_net *tn, const struct tt_key *key, int end,
			     unsigned int max, bool *full)
{
	struct tt_source *source;
	struct prefix prefix;
	spinlock_t *lock;	/* the prefix's */

	prefix_of(&prefix, tn, key, end);
	lock = lock_of(&prefix);
	spin_lock_bh(lock);
	source = rhashtable_lookup_fast(&sources, &prefix, params);
	if (!source)
		source = source_new(&prefix);
	*full = source && source->count >= max;
	if (*full)
		source = NULL;
	if (source)
		source->count++;
	spin_unlock_bh(lock);
	return source;
}

bool tt_source_full(struct tt_net *tn, const struct tt_key *key, int end,
		    struct tt_source **source)
{
	unsigned int max = READ_ONCE(tn->conf.halfopen_source_max);
	bool full = false;

	*source = max ? get(tn, key, end, max, &full) : NULL;
	return full;
}

struct tt_source *tt_source_get(struct tt_net *tn, const struct tt_key *key, int end)
{
	bool full;

	if (!READ_ONCE(tn->conf.halfopen_source_max))
		return NULL;
	return get(tn, key, end, UINT_MAX, &full);
}

void tt_source_put(struct tt_source *source)
{
	spinlock_t *lock = lock_of(&source->prefix);
	bool last;

	spin_lock_bh(lock);
	last = !--source->count;
	if (last)
		rhashtable_remove_fast(&sources, &source->node, params);
	spin_unlock_bh(lock);
	if (last)
		kfree_rcu(source, rcu);
}

int __init tt_source_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(locks); i++)
		spin_lock_init(&locks[i]);
	return rhashtable_init(&sources, &params);
}

void tt_source_exit(void)
{
	rhashtable_destroy(&sources);
}
