/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SKETCH_H
#define TCPTRACK_SKETCH_H

#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

/* With what else is in it, the sketch fills 8 KiB. */
#define TT_SKETCH_REGISTERS	7680
#define TT_SKETCH_TOP		16

/**
 * struct tt_prefix - a source prefix, /24 or /64
 * @addr: its first 64 bits, or its IPv4 address; host bits are 0
 * @family: AF_INET or AF_INET6; 0 for a free place
 * @count: SYNs from it; at most so many too many as the least of all counts
 */
struct tt_prefix {
	__be64 addr;
	u16 family;
	u32 count;
};

/**
 * struct tt_sketch - where the SYNs of a flood come from, in a fixed size
 * @rcu: frees it
 * @reg: HyperLogLog; written without a lock: a lost update is one source of thousands
 * @lock: guards @top and @sampled
 * @sampled: addresses that went into @top
 * @top: the most frequent prefixes (space-saving)
 */
struct tt_sketch {
	struct rcu_head rcu;
	u8 reg[TT_SKETCH_REGISTERS];
	spinlock_t lock;	/* guards what follows */
	u32 sampled;
	struct tt_prefix top[TT_SKETCH_TOP];
};

/* Written whole; no allocation inside. */
void tt_sketch_init(struct tt_sketch *s);

/**
 * tt_sketch_add() - a SYN came from here
 * @s: sketch
 * @addr: source, IPv4 as ::ffff:a.b.c.d
 * @family: AF_INET or AF_INET6
 * @secret: so that nobody can choose addresses that the sketch takes for one
 *
 * Context: any; takes no lock that it would have to wait for.
 */
void tt_sketch_add(struct tt_sketch *s, const struct in6_addr *addr, u16 family,
		   const siphash_key_t *secret);

/**
 * tt_sketch_distinct() - estimate of how many different sources there were
 * @s: sketch
 *
 * The standard error is 1.2 %.
 *
 * Return: the estimate.
 */
u64 tt_sketch_distinct(const struct tt_sketch *s);

/**
 * tt_sketch_top() - the most frequent prefixes, the first one first
 * @s: sketch; sorted in place
 *
 * Return: how many of the addresses that were sampled.
 */
u32 tt_sketch_top(struct tt_sketch *s);

#endif /* TCPTRACK_SKETCH_H */
