// SPDX-License-Identifier: GPL-2.0-only
/* Who floods: an estimate of the distinct sources, and their most frequent prefixes. */

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/socket.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "sketch.h"

/* One SYN of so many, a power of 2, goes into the prefixes. */
#define SAMPLE	8

void tt_sketch_init(struct tt_sketch *s)
{
	memset(s, 0, sizeof(*s));
	spin_lock_init(&s->lock);
}

static void add_prefix(struct tt_sketch *s, __be64 addr, u16 family)
{
	struct tt_prefix *least = s->top;
	int i;

	lockdep_assert_held(&s->lock);
	s->sampled++;
	for (i = 0; i < TT_SKETCH_TOP; i++) {
		struct tt_prefix *p = &s->top[i];

		if (p->family == family && p->addr == addr) {
			p->count++;
			return;
		}
		if (p->count < least->count)
			least = p;
	}
	least->addr = addr;
	least->family = family;
	least->count++;
}

/*
 * Sources in strict turn shall not fall into step with this; but the kernel's own random
 * numbers cost more than all the rest. (Marsaglia, "Xorshift RNGs", 2003.)
 */
static bool is_sample(void)
{
	static DEFINE_PER_CPU(u32, state);
	u32 x = this_cpu_read(state) ?: get_random_u32() | 1;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	this_cpu_write(state, x);
	return !(x >> 16 & (SAMPLE - 1));
}

/* Each bit of the result depends on each of @x (Steele et al., "Fast Splittable ...", 2014). */
static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/*
 * Nobody ever sees a hash, only how many there are when the flood is over: it does not have to
 * stand what siphash stands, and costs a tenth of that.
 */
static u64 hash_of(const struct in6_addr *addr, u16 family, const siphash_key_t *secret)
{
	u64 low = (u64)(__force u32)addr->s6_addr32[2] << 32 | (__force u32)addr->s6_addr32[3];
	u64 high = (u64)(__force u32)addr->s6_addr32[0] << 32 | (__force u32)addr->s6_addr32[1];

	if (family == AF_INET6)
		low ^= mix((high + secret->key[1]) * (secret->key[0] | 1));
	return mix((low + secret->key[0]) * (secret->key[1] | 1));
}

void tt_sketch_add(struct tt_sketch *s, const struct in6_addr *addr, u16 family,
		   const siphash_key_t *secret)
{
	u64 hash = hash_of(addr, family, secret);
	u32 i = reciprocal_scale(lower_32_bits(hash), TT_SKETCH_REGISTERS);
	u8 rank = upper_32_bits(hash) ? __ffs(upper_32_bits(hash)) + 1 : 33;
	__be64 prefix;

	if (READ_ONCE(s->reg[i]) < rank)
		WRITE_ONCE(s->reg[i], rank);
	if (!is_sample() || !spin_trylock(&s->lock))
		return;
	if (family == AF_INET)
		prefix = (__force __be64)(u64)(__force u32)(addr->s6_addr32[3] &
							   htonl(0xffffff00));
	else
		memcpy(&prefix, addr, sizeof(prefix));
	add_prefix(s, prefix, family);
	spin_unlock(&s->lock);
}

/*
 * Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017: as
 * HyperLogLog's own estimate, but without its bias where many registers are empty:
 * m^2 / (2 * ln(2) * (sum(2^-register) + m * sigma(empty / m))), the sum being that of
 * the others, and sigma(x) = x + sum(x^(2^k) * 2^(k - 1), k >= 1). In 2^-32.
 */
u64 tt_sketch_distinct(const struct tt_sketch *s)
{
	const u64 m = TT_SKETCH_REGISTERS;
	u64 sum = 0, empty = 0, x, weight;
	unsigned int i;

	for (i = 0; i < TT_SKETCH_REGISTERS; i++) {
		u8 reg = READ_ONCE(s->reg[i]);

		if (reg)
			sum += 1ULL << (32 - min_t(u8, reg, 32));
		else
			empty++;
	}
	if (empty == m)
		return 0;
	x = div_u64(empty << 32, TT_SKETCH_REGISTERS);
	sum += m * x;
	for (weight = 1; x; weight *= 2) {
		x = x * x >> 32;
		sum += m * x * weight;
	}
	return div64_u64((m * m * 7213475 / 10000000 << 32) + sum / 2, sum);
}

static int by_count(const void *a, const void *b)
{
	const struct tt_prefix *p = a, *q = b;

	return p->count < q->count ? 1 : -(p->count > q->count);
}

u32 tt_sketch_top(struct tt_sketch *s)
{
	u32 sampled;

	spin_lock_bh(&s->lock);
	sort(s->top, TT_SKETCH_TOP, sizeof(s->top[0]), by_count, NULL);
	sampled = s->sampled;
	spin_unlock_bh(&s->lock);
	return sampled;
}
