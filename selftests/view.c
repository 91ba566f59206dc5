// SPDX-License-Identifier: GPL-2.0-only
/* module/view.c, in user space: what is shown of counts, flows and listeners. */
#include "ukernel.h"
#include "kselftest_harness.h"

#include <linux/tcptrack.h>
#include "listener.h"
#include "net.h"
#include "probe.h"
#include "sock.h"
#include "table.h"
#include "view.h"

#define QUEUES	2

FIXTURE(view)
{
	struct net net;
	struct tt_net tn;
	struct tt_stats sum;
	struct tt_flow flow;
	struct tt_listener listener;
	struct tt_queue queue[QUEUES];
	struct sock sk[QUEUES];
};

unsigned long jiffies = 0xffffffff - 1000;
int tt_cookie_result;
static int flows_max, halfopen_max, limits[QUEUES];
static struct _test_data_view *all;

/* The sockets of a flow's ends, and when they heard something last. */
static struct sock *found[2];
static unsigned int idle[2];

/* The walk: so many flows in each step, of which each is another one. */
static int steps[4], step;
static struct tt_flow of_table;

unsigned int tt_net_flows_max(const struct tt_net *tn)
{
	return flows_max;
}

int tt_net_halfopen_max(const struct tt_net *tn)
{
	return halfopen_max;
}

bool tt_probe_active(void)
{
	return true;
}

int tt_queue_limit(const struct tt_queue *q)
{
	return limits[q - all->queue];
}

struct sock *tt_sock_find(const struct tt_net *tn, const struct tt_key *key, int end, int ifindex)
{
	uk_check(tn == &all->tn && key == &all->flow.key && ifindex == 5, "another one's socket");
	if (found[end])
		found[end]->held++;
	return found[end];
}

unsigned int tt_sock_idle_ms(const struct sock *sk)
{
	return idle[sk == found[1]];
}

bool tt_table_each(struct tt_net *tn, u64 *next, void (*fn)(struct tt_flow *flow, void *arg),
		   void *arg)
{
	int i;

	for (i = 0; i < steps[step]; i++) {
		spin_lock(&of_table.lock);
		of_table.created++;
		fn(&of_table, arg);
		uk_check(!of_table.lock, "a flow is left locked");
	}
	*next = ++step;
	return step < (int)ARRAY_SIZE(steps);
}

FIXTURE_SETUP(view)
{
	int i;

	all = self;
	self->tn.net = &self->net;
	self->flow.tn = &self->tn;
	self->flow.ifindex = 5;
	INIT_LIST_HEAD(&self->listener.queues);
	for (i = 0; i < QUEUES; i++) {
		self->queue[i].sk = &self->sk[i];
		list_add_tail(&self->queue[i].list, &self->listener.queues);
		self->sk[i].sk_state = TCP_ESTABLISHED;
	}
}

FIXTURE_TEARDOWN(view)
{
	EXPECT_EQ(0, self->sk[0].held);
	EXPECT_EQ(0, self->sk[1].held);
}

TEST_F(view, values)
{
	s64 value[TT_VALUE_COUNT];
	unsigned int i;

	self->tn.started = 5000000;
	uk_ns = 5000000 + 4999999;
	self->tn.nflows.counter = 7;
	flows_max = 8;
	self->tn.nunproven.counter = 3;
	self->sum.halfopen = 2;
	halfopen_max = 9;
	self->tn.nfloods.counter = 1;
	tt_cookie_result = -EINVAL;
	self->net.ipv4.tcp_death_row.sysctl_max_tw_buckets = 4096;
	for (i = 0; i < TT_VALUE_COUNT; i++)
		value[i] = -77;
	tt_view_values(&self->tn, &self->sum, value);
	EXPECT_EQ(4, value[TT_VALUE_uptime_ms]);
	EXPECT_EQ(7, value[TT_VALUE_flows]);
	EXPECT_EQ(8, value[TT_VALUE_flows_max]);
	EXPECT_EQ(3, value[TT_VALUE_flows_unproven]);
	EXPECT_EQ(2, value[TT_VALUE_halfopen]);
	EXPECT_EQ(9, value[TT_VALUE_halfopen_max]);
	EXPECT_EQ(1, value[TT_VALUE_cookie_mode]);
	EXPECT_EQ(-EINVAL, value[TT_VALUE_cookie_selftest]);
	EXPECT_EQ(4096, value[TT_VALUE_timewait_max]);
	EXPECT_EQ(1, value[TT_VALUE_tracepoint]);
	EXPECT_STREQ("uptime_ms", tt_value_names[TT_VALUE_uptime_ms]);
	EXPECT_STREQ("tracepoint", tt_value_names[TT_VALUE_tracepoint]);
}

/* Ten years are no negative number, and a sum that is below 0 for a moment is none either. */
TEST_F(view, values_at_their_ends)
{
	s64 value[TT_VALUE_COUNT];

	uk_ns = 315360000ULL * 1000000000;
	self->tn.nflows.counter = -1;
	self->tn.nunproven.counter = -1;
	self->sum.halfopen = LONG_MIN;
	flows_max = INT_MAX;
	halfopen_max = INT_MAX;
	tt_view_values(&self->tn, &self->sum, value);
	EXPECT_EQ(315360000000, value[TT_VALUE_uptime_ms]);
	EXPECT_EQ(0, value[TT_VALUE_flows]);
	EXPECT_EQ(0, value[TT_VALUE_flows_unproven]);
	EXPECT_EQ(0, value[TT_VALUE_halfopen]);
	EXPECT_EQ(INT_MAX, value[TT_VALUE_flows_max]);
	EXPECT_EQ(INT_MAX, value[TT_VALUE_halfopen_max]);
	EXPECT_EQ(1, tt_view_gauge(1));
	EXPECT_EQ(0, tt_view_gauge(0));
	EXPECT_EQ(0, tt_view_gauge(-1));
}

/* Listening sockets are counted apart, and are local. */
TEST_F(view, states)
{
	unsigned long side[TT_SIDES];

	self->sum.gauge[TT_LOCAL][TT_LISTEN] = 4;
	self->sum.gauge[TT_REMOTE][TT_LISTEN] = 5;
	self->sum.gauge[TT_LOCAL][TT_ESTABLISHED] = 6;
	self->sum.gauge[TT_REMOTE][TT_ESTABLISHED] = -1;
	self->sum.gauge[TT_FORWARD][TT_ESTABLISHED] = 8;
	self->tn.nlisten.counter = 9;
	tt_view_state(&self->tn, &self->sum, TT_LISTEN, side);
	EXPECT_EQ(9, side[TT_LOCAL]);
	EXPECT_EQ(5, side[TT_REMOTE]);
	EXPECT_EQ(0, side[TT_FORWARD]);
	tt_view_state(&self->tn, &self->sum, TT_ESTABLISHED, side);
	EXPECT_EQ(6, side[TT_LOCAL]);
	EXPECT_EQ(0, side[TT_REMOTE]);
	EXPECT_EQ(8, side[TT_FORWARD]);
	self->tn.nlisten.counter = -1;
	tt_view_state(&self->tn, &self->sum, TT_LISTEN, side);
	EXPECT_EQ(0, side[TT_LOCAL]);
}

/* They are ABI. */
TEST(edges)
{
	static const unsigned int gap[TT_GAP_BUCKETS] = {
		0, 750, 1500, 3000, 6000, 12000, 24000, 48000,
	};
	int i;

	for (i = 0; i < TT_GAP_BUCKETS; i++)
		EXPECT_EQ(gap[i], tt_view_gap_edge(i));
	EXPECT_EQ(0, tt_view_life_edge(0));
	EXPECT_EQ(1, tt_view_life_edge(1));
	EXPECT_EQ(2, tt_view_life_edge(2));
	EXPECT_EQ(65536, tt_view_life_edge(TT_LIFE_BUCKETS - 1));
}

/* A step without flows is nothing to show; and what one has too many is not shown. */
TEST_F(view, flows)
{
	struct tt_view_flows flows = { .count = 99 };

	steps[1] = 3;
	steps[2] = TT_VIEW_FLOWS + 1;
	EXPECT_TRUE(tt_view_flows(&self->tn, &flows));
	EXPECT_EQ(3, flows.count);
	EXPECT_EQ(2, flows.next);
	EXPECT_EQ(1, flows.flow[0].created);
	EXPECT_EQ(3, flows.flow[2].created);
	EXPECT_TRUE(tt_view_flows(&self->tn, &flows));
	EXPECT_EQ(TT_VIEW_FLOWS, flows.count);
	EXPECT_EQ(3 + TT_VIEW_FLOWS, flows.flow[TT_VIEW_FLOWS - 1].created);
	EXPECT_EQ(3, flows.next);
	EXPECT_FALSE(tt_view_flows(&self->tn, &flows));
	EXPECT_EQ(0, flows.count);
}

TEST_F(view, flows_of_the_last_step)
{
	struct tt_view_flows flows = { };

	steps[3] = 1;
	EXPECT_FALSE(tt_view_flows(&self->tn, &flows));
	EXPECT_EQ(1, flows.count);
}

TEST_F(view, first_end)
{
	static const struct {
		u8 local, opener;
		int first;
		bool passive;
	} cases[] = {
		{ 0, 0, 0, false }, { 0, 1, 1, false }, { 1, 0, 0, false }, { 1, 1, 0, true },
		{ 2, 0, 1, true }, { 2, 1, 1, false }, { 3, 0, 0, false }, { 3, 1, 1, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		self->flow.local = cases[i].local;
		self->flow.opener = cases[i].opener;
		EXPECT_EQ(cases[i].first, tt_view_first_end(&self->flow));
		EXPECT_EQ(cases[i].passive,
			  !!(tt_view_flags(&self->flow) & TCPTRACK_FLOW_FLAGS_PASSIVE))
			TH_LOG("local %u, opener %u", cases[i].local, cases[i].opener);
	}
}

/* Each flag as a bit, and the bit as a word. */
TEST_F(view, flags)
{
	static const struct {
		u16 flag;
		u32 shown;
		const char *word;
	} cases[] = {
		{ TT_F_PROVEN, TCPTRACK_FLOW_FLAGS_PROVEN, "proven" },
		{ TT_F_ADOPTED, TCPTRACK_FLOW_FLAGS_ADOPTED, "adopted" },
		{ TT_F_PICKUP, TCPTRACK_FLOW_FLAGS_PICKUP, "pickup" },
		{ TT_F_ONEWAY, TCPTRACK_FLOW_FLAGS_ONEWAY, "oneway" },
		{ TT_F_REQUEST, TCPTRACK_FLOW_FLAGS_HALFOPEN, "halfopen" },
		{ TT_F_SIMOPEN, TCPTRACK_FLOW_FLAGS_SIMOPEN, "simopen" },
		{ TT_F_ENDING, TCPTRACK_FLOW_FLAGS_ENDING, "ending" },
	};
	u16 shown = TT_F_FORWARD;
	unsigned int i;

	self->flow.local = 1;
	EXPECT_EQ(TCPTRACK_FLOW_FLAGS_LOCAL, tt_view_flags(&self->flow));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		self->flow.flags = cases[i].flag;
		EXPECT_EQ(TCPTRACK_FLOW_FLAGS_LOCAL | cases[i].shown, tt_view_flags(&self->flow));
		EXPECT_STREQ(cases[i].word, tt_flow_flag_names[__builtin_ctz(cases[i].shown)]);
		shown |= cases[i].flag;
	}
	self->flow.flags = ~shown;
	EXPECT_EQ(TCPTRACK_FLOW_FLAGS_LOCAL, tt_view_flags(&self->flow));
	self->flow.local = 3;
	EXPECT_EQ(TCPTRACK_FLOW_FLAGS_LOOPBACK, tt_view_flags(&self->flow));
	self->flow.flags = TT_F_FORWARD | TT_F_PROVEN;
	self->flow.local = 0;
	EXPECT_EQ(TCPTRACK_FLOW_FLAGS_FORWARD | TCPTRACK_FLOW_FLAGS_PROVEN,
		  tt_view_flags(&self->flow));
	EXPECT_STREQ("forward", tt_flow_flag_names[__builtin_ctz(TCPTRACK_FLOW_FLAGS_FORWARD)]);
	EXPECT_STREQ("loopback", tt_flow_flag_names[__builtin_ctz(TCPTRACK_FLOW_FLAGS_LOOPBACK)]);
	EXPECT_STREQ("local", tt_flow_flag_names[__builtin_ctz(TCPTRACK_FLOW_FLAGS_LOCAL)]);
	EXPECT_STREQ("passive", tt_flow_flag_names[__builtin_ctz(TCPTRACK_FLOW_FLAGS_PASSIVE)]);
	EXPECT_EQ(NULL, tt_flow_flag_names[11]);
}

static unsigned int idle_of(struct _test_data_view *self, u8 local, enum tt_state a,
			    enum tt_state b)
{
	self->flow.local = local;
	self->flow.ep[0].state = a;
	self->flow.ep[1].state = b;
	return tt_view_idle_ms(&self->flow);
}

/* A local end that is ESTABLISHED knows more, if its socket is there and a full one. */
TEST_F(view, idle)
{
	self->flow.touched = jiffies;
	jiffies += 2000;	/* and the time of 32 bits begins again */
	idle[0] = 30;
	idle[1] = 20;
	EXPECT_EQ(2000, idle_of(self, 3, TT_ESTABLISHED, TT_ESTABLISHED));
	found[0] = &self->sk[0];
	found[1] = &self->sk[1];
	EXPECT_EQ(20, idle_of(self, 3, TT_ESTABLISHED, TT_ESTABLISHED));
	EXPECT_EQ(30, idle_of(self, 1, TT_ESTABLISHED, TT_ESTABLISHED));
	EXPECT_EQ(30, idle_of(self, 3, TT_ESTABLISHED, TT_CLOSE_WAIT));
	EXPECT_EQ(20, idle_of(self, 2, TT_ESTABLISHED, TT_ESTABLISHED));
	EXPECT_EQ(2000, idle_of(self, 2, TT_ESTABLISHED, TT_FIN_WAIT_1));
	EXPECT_EQ(2000, idle_of(self, 0, TT_ESTABLISHED, TT_ESTABLISHED));
	idle[1] = 2001;
	EXPECT_EQ(2000, idle_of(self, 2, TT_ESTABLISHED, TT_ESTABLISHED));
	self->sk[1].sk_state = TCP_TIME_WAIT;
	idle[1] = 20;
	EXPECT_EQ(2000, idle_of(self, 2, TT_ESTABLISHED, TT_ESTABLISHED));
}

TEST_F(view, listener)
{
	struct tt_view_listener t;
	int i;

	memset(&t, 0xff, sizeof(t));
	for (i = 0; i < QUEUES; i++) {
		struct sock *sk = &self->sk[i];

		sk->icsk_accept_queue.len = 10 + i;
		sk->icsk_accept_queue.young = 20 + i;
		self->queue[i].peak = 30 + i;
		limits[i] = INT_MAX - i;
		sk->sk_ack_backlog = 40 + i;
		sk->sk_max_ack_backlog = 50 + i;
	}
	tt_view_listener(&self->listener, &t);
	EXPECT_EQ(2, t.sockets);
	/* one that listens no more has its connections still */
	self->queue[1].dying = true;
	tt_view_listener(&self->listener, &t);
	EXPECT_EQ(1, t.sockets);
	EXPECT_EQ(21, t.halfopen);
	EXPECT_EQ(41, t.young);
	EXPECT_EQ(61, t.peak);
	EXPECT_EQ(2LL * INT_MAX - 1, t.limit);
	EXPECT_EQ(81, t.acceptq);
	EXPECT_EQ(101, t.acceptq_max);
}

TEST_HARNESS_MAIN
