/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_VIEW_H
#define TCPTRACK_VIEW_H

#include "flow.h"
#include "stats.h"

struct tt_listener;
struct tt_net;

/*
 * What /proc/tcptrack shows above the counters, once: TT_VALUE(name, meaning). /proc and
 * netlink are made from this list. Names are ABI.
 */
#define TT_VALUES(TT_VALUE) \
	TT_VALUE(uptime_ms, "milliseconds since tracking began in the namespace") \
	TT_VALUE(flows, "flows that are followed") \
	TT_VALUE(flows_max, "the most that may be") \
	TT_VALUE(flows_unproven, "of these: not proven by a handshake or a socket") \
	TT_VALUE(halfopen, "half-open connections") \
	TT_VALUE(halfopen_max, "the most that the stack may hold") \
	TT_VALUE(cookie_mode, "listeners in cookie mode, the namespace counted as one") \
	TT_VALUE(cookie_selftest, "0 if SYN cookies work on this kernel, else a negative errno") \
	TT_VALUE(timewait_max, "net.ipv4.tcp_max_tw_buckets") \
	TT_VALUE(tracepoint, "1 if the tracepoint sock:inet_sock_set_state is used")

enum tt_value {
#define TT_VALUE(name, meaning) TT_VALUE_##name,
	TT_VALUES(TT_VALUE)
#undef TT_VALUE
	TT_VALUE_COUNT
};

extern const char * const tt_value_names[TT_VALUE_COUNT];

/* The words of a flow's flags, by bit of enum tcptrack_flow_flags. */
extern const char * const tt_flow_flag_names[];

/* Flows of one step of the table's walk. */
#define TT_VIEW_FLOWS	32

/**
 * struct tt_view_flows - copies of flows: they are shown without a lock
 * @next: cursor of tt_table_each()
 * @count: how many
 * @flow: these
 */
struct tt_view_flows {
	u64 next;
	unsigned int count;
	struct tt_flow flow[TT_VIEW_FLOWS];
};

/**
 * struct tt_view_listener - what the sockets of a listener have together
 * @sockets: those that listen
 * @halfopen: half-open connections
 * @young: of these: SYN-ACK sent once
 * @peak: the sum of their peaks
 * @acceptq: connections that wait for accept()
 * @acceptq_max: how many may
 * @limit: how many half-open connections there may be
 */
struct tt_view_listener {
	unsigned int sockets, halfopen, young, peak, acceptq, acceptq_max;
	u64 limit;
};

/* Gauges are summed while they move: an endpoint between two CPUs' sums is no debt. */
static inline unsigned long tt_view_gauge(long sum)
{
	return max(sum, 0L);
}

/* Where a bucket of a histogram begins, in ms. */
static inline unsigned int tt_view_gap_edge(int bucket)
{
	return bucket ? 750U << (bucket - 1) : 0;
}

static inline unsigned int tt_view_life_edge(int bucket)
{
	return bucket ? 1U << (bucket - 1) : 0;
}

/**
 * tt_view_values() - the values of a namespace
 * @tn: namespace
 * @sum: from tt_stats_sum()
 * @value: filled
 */
void tt_view_values(const struct tt_net *tn, const struct tt_stats *sum,
		    s64 value[TT_VALUE_COUNT]);

/**
 * tt_view_state() - a row of the table of states
 * @tn: namespace
 * @sum: from tt_stats_sum()
 * @state: which row
 * @side: filled with how many endpoints are in that state, by side
 */
void tt_view_state(const struct tt_net *tn, const struct tt_stats *sum, enum tt_state state,
		   unsigned long side[TT_SIDES]);

/**
 * tt_view_flows() - go on with a walk until there is something to show
 * @tn: namespace
 * @flows: @flows->next is 0 to begin; filled
 *
 * Context: process, may sleep.
 *
 * Return: false if there are no more; then @flows->count may still be some.
 */
bool tt_view_flows(struct tt_net *tn, struct tt_view_flows *flows);

/* End a of a flow as it is shown: the local one of a flow with one, else the opener. */
int tt_view_first_end(const struct tt_flow *flow);

/**
 * tt_view_idle_ms() - since the last segment
 * @flow: a copy
 *
 * Context: RCU read side.
 *
 * Return: milliseconds.
 */
unsigned int tt_view_idle_ms(const struct tt_flow *flow);

/* Return: bits of enum tcptrack_flow_flags. */
u32 tt_view_flags(const struct tt_flow *flow);

/**
 * tt_view_listener() - add a listener's sockets up
 * @l: listener
 * @t: written whole
 *
 * Context: RCU read side.
 */
void tt_view_listener(const struct tt_listener *l, struct tt_view_listener *t);

#endif /* TCPTRACK_VIEW_H */
