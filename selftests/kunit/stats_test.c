// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: the histograms' edges and the sum over all CPUs. */

#include <kunit/test.h>
#include <linux/module.h>

#include "stats.c"

/* The edges are ABI: 0, 750, 1500, ... ms for gaps. */
static void stats_gap_edges(struct kunit *test)
{
	unsigned int n, edge = 750;

	KUNIT_EXPECT_EQ(test, bucket(0, 750, TT_GAP_BUCKETS), 0u);
	KUNIT_EXPECT_EQ(test, bucket(749, 750, TT_GAP_BUCKETS), 0u);
	for (n = 1; n < TT_GAP_BUCKETS; n++, edge *= 2) {
		KUNIT_EXPECT_EQ(test, bucket(edge - 1, 750, TT_GAP_BUCKETS), n - 1);
		KUNIT_EXPECT_EQ(test, bucket(edge, 750, TT_GAP_BUCKETS), n);
	}
	KUNIT_EXPECT_EQ(test, bucket(UINT_MAX, 750, TT_GAP_BUCKETS), TT_GAP_BUCKETS - 1u);
}

/* ... and 0, 1, 2, 4, ... 65536 ms for the life of half-open entries. */
static void stats_life_edges(struct kunit *test)
{
	unsigned int n, edge = 1;

	KUNIT_EXPECT_EQ(test, bucket(0, 1, TT_LIFE_BUCKETS), 0u);
	for (n = 1; n < TT_LIFE_BUCKETS; n++, edge *= 2)
		KUNIT_EXPECT_EQ(test, bucket(edge, 1, TT_LIFE_BUCKETS), n);
	KUNIT_EXPECT_EQ(test, bucket(65535, 1, TT_LIFE_BUCKETS), TT_LIFE_BUCKETS - 2u);
	KUNIT_EXPECT_EQ(test, bucket(UINT_MAX, 1, TT_LIFE_BUCKETS), TT_LIFE_BUCKETS - 1u);
}

/* Nothing is lost, nothing counted twice, and a share may be negative. */
static void stats_sum(struct kunit *test)
{
	struct tt_net *tn = kunit_kzalloc(test, sizeof(*tn), GFP_KERNEL);
	struct tt_stats *sum = kunit_kzalloc(test, sizeof(*sum), GFP_KERNEL);
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, tn);
	KUNIT_ASSERT_NOT_NULL(test, sum);
	tn->stats = alloc_percpu(struct tt_stats);
	KUNIT_ASSERT_NOT_NULL(test, tn->stats);
	for_each_possible_cpu(cpu) {
		per_cpu_ptr(tn->stats, cpu)->stat[TT_STAT_COUNT - 1] = 3;
		per_cpu_ptr(tn->stats, cpu)->gauge[TT_LOCAL][TT_LISTEN] = -1;
		per_cpu_ptr(tn->stats, cpu)->life[TT_LIFE_BUCKETS - 1] = 5;
	}
	tt_stats_gap(tn, TT_GAP_SYN, 0, 1000);
	tt_stats_gap(tn, TT_GAP_SYN, 1, 1000);
	tt_stats_gap(tn, TT_GAP_SYN, TT_GAP_ATTEMPTS, 1000);
	tt_stats_gap(tn, TT_GAP_SYN, TT_GAP_ATTEMPTS + 1, 1000);
	tt_stats_sum(tn, sum);
	KUNIT_EXPECT_EQ(test, sum->stat[TT_STAT_COUNT - 1], 3ul * num_possible_cpus());
	KUNIT_EXPECT_EQ(test, sum->gauge[TT_LOCAL][TT_LISTEN], -(long)num_possible_cpus());
	KUNIT_EXPECT_EQ(test, sum->life[TT_LIFE_BUCKETS - 1], 5ul * num_possible_cpus());
	KUNIT_EXPECT_EQ(test, sum->gap[TT_GAP_SYN][0][1], 1ul);
	KUNIT_EXPECT_EQ(test, sum->gap[TT_GAP_SYN][TT_GAP_ATTEMPTS - 1][1], 1ul);
	KUNIT_EXPECT_EQ(test, sum->gap[TT_GAP_SYNACK][0][1], 0ul);
	free_percpu(tn->stats);
}

static void stats_names(struct kunit *test)
{
	int i;

	for (i = 0; i < TT_STAT_COUNT; i++)
		KUNIT_EXPECT_NOT_NULL(test, tt_stat_names[i]);
	for (i = 0; i < TT_STATES; i++)
		KUNIT_EXPECT_NOT_NULL(test, tt_state_names[i]);
}

static struct kunit_case stats_cases[] = {
	KUNIT_CASE(stats_gap_edges),
	KUNIT_CASE(stats_life_edges),
	KUNIT_CASE(stats_sum),
	KUNIT_CASE(stats_names),
	{}
};

static struct kunit_suite stats_suite = {
	.name = "tcptrack_stats",
	.test_cases = stats_cases,
};

kunit_test_suites(&stats_suite);

MODULE_DESCRIPTION("KUnit suites of tcptrack");
MODULE_LICENSE("GPL");
