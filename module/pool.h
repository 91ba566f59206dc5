/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_POOL_H
#define TCPTRACK_POOL_H

#include <linux/user_namespace.h>

#include "net.h"

/**
 * struct tt_pool - what all namespaces but the initial one share, which has its own
 * @others: so much of it is theirs
 * @guests: and of that, of namespaces which any user may make
 *
 * Written under the owner's lock, read by anybody.
 */
struct tt_pool {
	unsigned int others;
	unsigned int guests;
};

/**
 * tt_pool_is_guest() - whether a namespace belongs to another user namespace than the first
 * @tn: the namespace
 *
 * Return: true if so: whoever made it need not be root here.
 */
static inline bool tt_pool_is_guest(const struct tt_net *tn)
{
	return tn->net->user_ns != &init_user_ns;
}

/* Where each kind of namespace has its own. */
enum tt_pool_class {
	TT_POOL_FIRST,	/* the initial one */
	TT_POOL_OTHER,
	TT_POOL_GUEST,
	TT_POOL_CLASSES
};

static inline enum tt_pool_class tt_pool_class(const struct tt_net *tn)
{
	if (net_eq(tn->net, &init_net))
		return TT_POOL_FIRST;
	return tt_pool_is_guest(tn) ? TT_POOL_GUEST : TT_POOL_OTHER;
}

/**
 * tt_pool_is_full() - whether there is nothing left for a namespace
 * @pool: the pool
 * @tn: the namespace
 * @max: what all may have; guests have a quarter of that at most
 *
 * Return: true if so; never for the initial namespace.
 */
static inline bool tt_pool_is_full(const struct tt_pool *pool, const struct tt_net *tn,
				   unsigned int max)
{
	if (net_eq(tn->net, &init_net))
		return false;
	return READ_ONCE(pool->others) >= max ||
	       (tt_pool_is_guest(tn) && READ_ONCE(pool->guests) >= max / 4);
}

/**
 * tt_pool_count() - a namespace takes, or gives back
 * @pool: the pool
 * @tn: the namespace
 * @n: 1 or -1
 */
static inline void tt_pool_count(struct tt_pool *pool, const struct tt_net *tn, int n)
{
	if (net_eq(tn->net, &init_net))
		return;
	WRITE_ONCE(pool->others, pool->others + n);
	if (tt_pool_is_guest(tn))
		WRITE_ONCE(pool->guests, pool->guests + n);
}

#endif /* TCPTRACK_POOL_H */
