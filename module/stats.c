// SPDX-License-Identifier: GPL-2.0-only
/* Counters: per CPU, summed when somebody looks. */

#include <linux/log2.h>
#include <linux/percpu.h>

#include "net.h"
#include "stats.h"

const char * const tt_state_names[TT_STATES] = {
	[TT_LISTEN]	  = "LISTEN",
	[TT_SYN_SENT]	  = "SYN_SENT",
	[TT_SYN_RECEIVED] = "SYN_RECEIVED",
	[TT_ESTABLISHED]  = "ESTABLISHED",
	[TT_FIN_WAIT_1]	  = "FIN_WAIT_1",
	[TT_FIN_WAIT_2]	  = "FIN_WAIT_2",
	[TT_CLOSE_WAIT]	  = "CLOSE_WAIT",
	[TT_CLOSING]	  = "CLOSING",
	[TT_LAST_ACK]	  = "LAST_ACK",
	[TT_TIME_WAIT]	  = "TIME_WAIT",
	[TT_CLOSED]	  = "CLOSED",
};

const char * const tt_stat_names[TT_STAT_COUNT] = {
#define TT_STAT(name, meaning) [TT_STAT_##name] = #name,
	TT_STATS(TT_STAT)
#undef TT_STAT
};

/* Bucket 0 is below the first edge, bucket n from edge * 2^(n-1). */
static unsigned int bucket(unsigned int ms, unsigned int edge, unsigned int buckets)
{
	unsigned int n = ms < edge ? 0 : ilog2(ms / edge) + 1;

	return min(n, buckets - 1);
}

void tt_stats_gap(struct tt_net *tn, enum tt_gap what, unsigned int attempt, unsigned int ms)
{
	if (attempt && attempt <= TT_GAP_ATTEMPTS)
		this_cpu_inc(tn->stats->gap[what][attempt - 1][bucket(ms, 750, TT_GAP_BUCKETS)]);
}

void tt_stats_life(struct tt_net *tn, unsigned int ms)
{
	this_cpu_inc(tn->stats->life[bucket(ms, 1, TT_LIFE_BUCKETS)]);
}

/* Everything in struct tt_stats is a long, so it is summed as an array of them. */
void tt_stats_sum(const struct tt_net *tn, struct tt_stats *sum)
{
	long *to = (long *)sum;
	unsigned int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const long *from = (const long *)per_cpu_ptr(tn->stats, cpu);

		for (i = 0; i < sizeof(*sum) / sizeof(long); i++)
			to[i] += READ_ONCE(from[i]);
	}
	sum->stat[TT_STAT_segments_seen] = tt_stats_seen(sum);
}
