// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/cookie_ack.c, in user space: which ACKs are looked at for a cookie, and how many without
 * a good one the stack may answer. What is random is a row of numbers here.
 */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "cookie.h"
#include "flow.h"
#include "halfopen.h"
#include "listener.h"
#include "local.h"
#include "net.h"
#include "notify.h"
#include "recent.h"
#include "target.h"
#include "track.h"

int tt_cookie_result;

#define SHARES	64

FIXTURE(cookie_ack)
{
	struct net net;
	struct tt_net tn;
	struct tt_stats stats[UK_CPUS];
	struct tt_listener listener;
	struct tt_listener_stats lstats[UK_CPUS];
	struct tt_queue queue;
	struct sock sk;
	struct tt_flow flow;
	struct tcphdr th;
	struct sk_buff skb;
	struct nf_hook_state state;
	struct tt_ctx ctx;
};

unsigned long jiffies;
bool tt_notify_wanted;
int uk_tracepoint;

static struct _test_data_cookie_ack *all;
static u32 chance;	/* whatever is asked for */
static bool on, good, nobody_listens, no_flow;
static int checked, made, restarted;
static u32 entered;	/* states, a bit each */

u32 get_random_u32(void)
{
	return chance;
}

struct tt_queue *tt_target_get(struct tt_ctx *ctx)
{
	return nobody_listens ? NULL : &all->queue;
}

struct tt_queue *tt_target_find(struct tt_ctx *ctx)
{
	return tt_target_get(ctx);
}

bool tt_flood_is_on(const struct tt_listener *l)
{
	return on;
}

u16 tt_cookie_check(const struct sk_buff *skb, const struct tcphdr *th, u8 pf)
{
	checked++;
	return good ? 1460 : 0;
}

static bool known;

struct tt_flow *tt_recent_seek(struct tt_net *tn, const struct tt_key *key, u32 *hash)
{
	if (!known)
		return NULL;
	spin_lock(&all->flow.lock);
	return &all->flow;
}

struct tt_flow *tt_flow_new(struct tt_net *tn, const struct tt_key *key, u32 hash, u8 local,
			    enum tt_stat why, bool counted)
{
	uk_check(why == TT_STAT_flows_created && counted, "another count");
	made++;
	if (no_flow)
		return NULL;
	spin_lock(&all->flow.lock);
	all->flow.local = local;
	return &all->flow;
}

void tt_flow_restart(struct tt_flow *flow, enum tt_reason reason)
{
	restarted++;
}

void tt_flow_end(struct tt_flow *flow, enum tt_reason reason)
{
	tt_flow_put(flow);
}

void tt_local_arrive(struct tt_flow *flow, int end)
{
	flow->local |= BIT(end);
}

void tt_flow_move(struct tt_flow *flow, int end, enum tt_state state)
{
	entered |= BIT(state);
	flow->ep[end].state = state;
}

void tt_flow_prove(struct tt_flow *flow)
{
	flow->flags |= TT_F_PROVEN;
}

void tt_trace_cookie(const struct tt_ctx *ctx, enum tt_cookie_event event)
{
}

FIXTURE_SETUP(cookie_ack)
{
	all = self;
	self->net.ipv4.sysctl_tcp_syncookies = 1;
	self->tn.net = &self->net;
	self->tn.stats = self->stats;
	self->tn.conf.cookie_resets = 64;
	self->tn.answering.counter = 1;
	uk_check(!tt_cookie_ack_net_init(&self->tn), "no memory");
	self->listener.key.tn = &self->tn;
	self->listener.stats = self->lstats;
	self->queue.listener = &self->listener;
	self->queue.sk = &self->sk;
	self->sk.sk_max_ack_backlog = 10;
	self->skb.data = (u8 *)&self->th;
	self->ctx.tn = &self->tn;
	self->ctx.skb = &self->skb;
	self->ctx.state = &self->state;
	self->ctx.key.family = AF_INET;
	self->tn.flood.outstanding = true;
	jiffies = 100000;
	on = true;
}

FIXTURE_TEARDOWN(cookie_ack)
{
	tt_cookie_ack_net_exit(&self->tn);
	EXPECT_EQ(0, uk_allocated);
	EXPECT_EQ(0, self->flow.lock);
}

/* How many bad ACKs of a source are passed on, of more than there can be. */
static unsigned int passed(struct _test_data_cookie_ack *self, u32 source)
{
	unsigned int n = 0, i;

	self->ctx.key.addr[0].s6_addr32[3] = source;
	for (i = 0; i < 5000; i++)
		n += tt_halfopen_ack(&self->ctx) == TT_PASS;
	return n;
}

/* A share is 0 to 2 / 64 of all, on average its part: at both ends of chance, and between. */
TEST_F(cookie_ack, share)
{
	static const struct {
		u32 resets, chance;
		unsigned int passed;
	} cases[] = {
		{ 0, U32_MAX, 0 }, { 1, 0, 0 }, { 1, U32_MAX, 1 }, { 1, 61, 0 },
		{ 64, 0, 0 }, { 64, U32_MAX, 2 }, { 64, 0x80000000, 1 }, { 64, 0x7fffffff, 1 },
		{ 64, 0x7fffffc0, 1 }, { 64, 0x10000, 0 },
		{ 100000, 0, 0 }, { 100000, U32_MAX, 3125 }, { 100000, 0x80000000, 1562 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		jiffies += HZ;
		self->tn.conf.cookie_resets = cases[i].resets;
		chance = cases[i].chance;
		EXPECT_EQ(cases[i].passed, passed(self, 0))
			TH_LOG("case %u", i);
	}
}

/* Whose share it is: 64 of them, of an IPv4 address or an IPv6 /64. */
TEST_F(cookie_ack, source)
{
	struct in6_addr *addr = &self->ctx.key.addr[0];

	chance = U32_MAX;
	EXPECT_EQ(2, passed(self, 1));
	self->ctx.key.addr[1].s6_addr32[0] = 5;	/* whoever it speaks to */
	EXPECT_EQ(0, passed(self, 1));
	self->ctx.key.addr[1].s6_addr32[0] = 0;
	EXPECT_EQ(2, passed(self, 2));
	EXPECT_EQ(0, passed(self, 1 + SHARES));
	EXPECT_EQ(2, passed(self, SHARES - 1));
	EXPECT_EQ(2, passed(self, SHARES));
	self->ctx.from = 1;
	self->ctx.key.addr[1].s6_addr32[3] = 3;
	EXPECT_EQ(2, passed(self, 1));
	self->ctx.from = 0;
	EXPECT_EQ(0, passed(self, 3));

	self->ctx.key.family = AF_INET6;
	jiffies += HZ;
	EXPECT_EQ(2, passed(self, 1));
	addr->s6_addr32[2] = 9;
	EXPECT_EQ(0, passed(self, 2));
	addr->s6_addr32[1] = 1;
	EXPECT_EQ(2, passed(self, 2));
	addr->s6_addr32[0] = 2;
	EXPECT_EQ(2, passed(self, 2));
}

TEST_F(cookie_ack, each_second)
{
	chance = U32_MAX;
	EXPECT_EQ(2, passed(self, 1));
	jiffies += HZ - 1;
	EXPECT_EQ(0, passed(self, 1));
	jiffies += 1;
	EXPECT_EQ(2, passed(self, 1));
	/* a second begins with who comes, however long nobody did */
	jiffies += 1234567;
	EXPECT_EQ(2, passed(self, 1));
	jiffies += HZ - 1;
	EXPECT_EQ(0, passed(self, 1));
}

/* Jiffies of 32 bits begin 300 s before they wrap, and may be half of their circle away. */
TEST_F(cookie_ack, each_second_whatever_the_time_is)
{
	chance = U32_MAX;
	jiffies = -300UL * HZ;
	EXPECT_EQ(2, passed(self, 1));
	jiffies = -500UL;
	EXPECT_EQ(2, passed(self, 1));
	jiffies = 499;
	EXPECT_EQ(0, passed(self, 1));
	jiffies = 500;
	EXPECT_EQ(2, passed(self, 1));
	jiffies += ULONG_MAX / 2 + 2;
	EXPECT_EQ(2, passed(self, 1));
}

TEST_F(cookie_ack, counts)
{
	const unsigned long *stat = self->stats[0].stat;

	chance = U32_MAX;
	passed(self, 1);
	EXPECT_EQ(5000, stat[TT_STAT_cookies_invalid]);
	EXPECT_EQ(5000, self->lstats[0].stat[TT_LISTENER_cookies_invalid]);
	EXPECT_EQ(0, stat[TT_STAT_cookies_invalid_unhashed]);
	EXPECT_EQ(2, stat[TT_STAT_cookies_invalid_passed]);
	EXPECT_EQ(5000, checked);
	self->tn.flood.outstanding = false;
	self->tn.flood.last = jiffies - 2 * HZ;
	passed(self, 1);
	EXPECT_EQ(5000, stat[TT_STAT_cookies_invalid_unhashed]);
	EXPECT_EQ(5000, checked);
}

/* Before routing nothing is spent of what LOCAL_IN will spend, nor counted twice. */
TEST_F(cookie_ack, early)
{
	chance = U32_MAX;
	self->ctx.early = true;
	EXPECT_EQ(5000, passed(self, 1));
	EXPECT_EQ(0, self->stats[0].stat[TT_STAT_cookies_invalid]);
	self->ctx.early = false;
	EXPECT_EQ(2, passed(self, 1));
	self->ctx.early = true;
	EXPECT_EQ(0, passed(self, 1));
	EXPECT_EQ(10000 - 2 - 2 + 2 + 2, self->stats[0].stat[TT_STAT_cookies_invalid]);
	good = true;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	EXPECT_EQ(0, self->stats[0].stat[TT_STAT_cookies_valid]);
	on = false;
	checked = 0;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	EXPECT_EQ(0, checked);
}

static bool is_checked(struct _test_data_cookie_ack *self)
{
	checked = 0;
	tt_halfopen_ack(&self->ctx);
	return checked;
}

/* Who is asked for a hash, and who need not be. */
TEST_F(cookie_ack, may_have_one)
{
	struct tt_flood *flood = &self->tn.flood;

	EXPECT_TRUE(is_checked(self));
	flood->outstanding = false;
	flood->last = jiffies - 1999;
	EXPECT_TRUE(is_checked(self));
	flood->last = jiffies - 2000;
	EXPECT_FALSE(is_checked(self));
	/* the stack sends some of its own accord */
	self->net.ipv4.sysctl_tcp_syncookies = 2;
	EXPECT_FALSE(is_checked(self));
	self->sk.overflowed = true;
	EXPECT_TRUE(is_checked(self));
	self->net.ipv4.sysctl_tcp_syncookies = 1;
	EXPECT_FALSE(is_checked(self));
	self->sk.sk_max_ack_backlog = 0;
	EXPECT_TRUE(is_checked(self));
	self->sk.sk_max_ack_backlog = 1;
	/* a module of before has sent some, until they are too old */
	self->tn.was_there = true;
	self->tn.started = 5;
	uk_ns = 5 + 120000000000;
	EXPECT_TRUE(is_checked(self));
	EXPECT_TRUE(self->tn.was_there);
	self->sk.overflowed = false;
	EXPECT_FALSE(is_checked(self));
	self->sk.overflowed = true;
	uk_ns++;
	is_checked(self);
	EXPECT_FALSE(self->tn.was_there);
	EXPECT_FALSE(is_checked(self));
}

/* Outside of cookie mode, or where cookies are none of ours, nothing is refused. */
TEST_F(cookie_ack, left_alone)
{
	EXPECT_EQ(TT_DROP, tt_halfopen_ack(&self->ctx));
	on = false;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	on = true;
	self->tn.conf.mode = TT_MONITOR;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	self->tn.conf.mode = TT_ENFORCE;
	self->net.ipv4.sysctl_tcp_syncookies = 0;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	self->net.ipv4.sysctl_tcp_syncookies = 1;
	nobody_listens = true;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	nobody_listens = false;
	EXPECT_EQ(TT_DROP, tt_halfopen_ack(&self->ctx));
	self->tn.flood.outstanding = false;
	self->tn.flood.last = jiffies - 2 * HZ;
	EXPECT_EQ(TT_DROP, tt_halfopen_ack(&self->ctx));
	self->tn.answering.counter = 0;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
}

/* A good one is a connection at once; where there is no place for it, the stack drops it. */
TEST_F(cookie_ack, good_one)
{
	good = true;
	self->flow.opener = 1;
	self->sk.sk_ack_backlog = 11;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	EXPECT_EQ(0, self->stats[0].stat[TT_STAT_cookies_valid]);
	EXPECT_EQ(0, made);
	self->sk.sk_ack_backlog = 10;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	EXPECT_EQ(1, self->lstats[0].stat[TT_LISTENER_cookies_valid]);
	EXPECT_EQ(1, self->lstats[0].stat[TT_LISTENER_handshakes_completed]);
	EXPECT_TRUE(self->sk.overflowed);
	EXPECT_EQ(1, made);
	EXPECT_EQ(BIT(1), self->flow.local);
	EXPECT_EQ(0, self->flow.opener + 0);
	EXPECT_EQ(BIT(TT_SYN_RECEIVED) | BIT(TT_ESTABLISHED), entered);
	EXPECT_EQ(TT_ESTABLISHED, self->flow.ep[0].state);
	EXPECT_EQ(TT_ESTABLISHED, self->flow.ep[1].state);
	EXPECT_EQ(TT_F_SYNACK | TT_F_PROVEN | TT_F_PEER_AWAY, self->flow.flags);
	EXPECT_EQ((u32)jiffies, self->flow.touched);
	/* without room for its flow it is one all the same */
	no_flow = true;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	EXPECT_EQ(2, self->stats[0].stat[TT_STAT_cookies_valid]);
	/* of a connection of before, or of loopback, there is one */
	known = true;
	self->flow.flags = TT_F_ENDING;
	self->flow.local = BIT(0);
	self->flow.ep[0].state = TT_SYN_SENT;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	EXPECT_EQ(1, restarted);
	EXPECT_EQ(3, self->flow.local);
	EXPECT_EQ(TT_SYN_SENT, self->flow.ep[0].state);
	EXPECT_EQ(2, made);
	self->flow.flags = TT_F_PROVEN;
	EXPECT_EQ(TT_PASS, tt_halfopen_ack(&self->ctx));
	EXPECT_EQ(1, restarted);
}

TEST_HARNESS_MAIN
