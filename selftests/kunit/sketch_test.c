// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: the estimate of how many sources a flood has. */

#include <kunit/test.h>

#include "sketch.c"

#define ROUNDS	16

/* Each estimate is within 5 %, and their mean, which owes less to luck, within 1.5 %. */
static void sketch_of(struct kunit *test, struct tt_sketch *s, u32 n)
{
	struct in6_addr addr = {};
	siphash_key_t secret;
	u64 sum = 0;
	u32 round, i;

	for (round = 0; round < ROUNDS; round++) {
		u64 estimate;

		get_random_bytes(&secret, sizeof(secret));
		tt_sketch_init(s);
		for (i = 0; i < n; i++) {
			addr.s6_addr32[3] = htonl(i);
			tt_sketch_add(s, &addr, AF_INET, &secret);
		}
		estimate = tt_sketch_distinct(s);
		KUNIT_EXPECT_LE(test, estimate, n + n / 20);
		KUNIT_EXPECT_GE(test, estimate, n - n / 20);
		sum += estimate;
	}
	KUNIT_EXPECT_LE(test, 1000 * sum, 1015 * (u64)ROUNDS * n);
	KUNIT_EXPECT_GE(test, 1000 * sum, 985 * (u64)ROUNDS * n);
}

/* From where most registers are empty to where none is. */
static void sketch_distinct(struct kunit *test)
{
	static const u32 sizes[] = { 1000, 5000, 10500, 18500, 40000 };
	struct tt_sketch *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		sketch_of(test, s, sizes[i]);
}

/* A few are counted as they are, however often they come. */
static void sketch_few(struct kunit *test)
{
	struct tt_sketch *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	const siphash_key_t secret = { { 1, 2 } };
	struct in6_addr addr = {};
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	tt_sketch_init(s);
	KUNIT_EXPECT_EQ(test, tt_sketch_distinct(s), 0ull);
	for (i = 0; i < 1000; i++) {
		addr.s6_addr32[3] = htonl(i % 10);
		tt_sketch_add(s, &addr, AF_INET, &secret);
		if (i < 10)
			KUNIT_EXPECT_EQ(test, tt_sketch_distinct(s), i + 1ull);
	}
	KUNIT_EXPECT_EQ(test, tt_sketch_distinct(s), 10ull);
}

static struct kunit_case sketch_cases[] = {
	KUNIT_CASE(sketch_distinct),
	KUNIT_CASE(sketch_few),
	{}
};

static struct kunit_suite sketch_suite = {
	.name = "tcptrack_sketch",
	.test_cases = sketch_cases,
};

kunit_test_suites(&sketch_suite);
