// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/gc.c, in user space: whose time is over, and why it ended; how often the collector
 * comes, and for how long it stays with whom.
 */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "excess.h"
#include "flow.h"
#include "gc.h"
#include "halfopen.h"
#include "listener.h"
#include "net.h"
#include "probe.h"
#include "sock.h"
#include "table.h"
#include "track.h"

#define SECOND		1000UL
#define NOBODY		99	/* has ended it */

FIXTURE(gc)
{
	struct net other;
	struct tt_net tn[2];		/* of init_net and of @other */
	struct tt_stats stats[2][UK_CPUS];
	struct tt_flow flow;
	struct sock sk[2];
};

unsigned long jiffies = 0xffffffff - 5000 * SECOND;
struct net init_net;
LIST_HEAD(tt_nets);
struct mutex tt_nets_mutex;	/* of the collector */
bool tt_notify_wanted;

static struct _test_data_gc *all;
static struct inet_ehash_bucket ehash[2];
static struct inet_listen_hashbucket lhash2[2];
static struct inet_hashinfo hashinfo = {
	.ehash_mask = 1, .lhash2_mask = 1, .ehash = ehash, .lhash2 = lhash2,
};

static enum tt_reason ended;	/* the flow, or NOBODY */
static int gone, moved, taken_back, timers, synced;
static bool probe = true, full[2];	/* what the last step of a table was told */
static struct sock *found[2];
static unsigned long enforced_until[2];
static int enforced[2], enforcing, ticks[2], steps[2], slow, walks;

static int number(const struct tt_net *tn)
{
	return tn - all->tn;
}

void tt_flow_end(struct tt_flow *flow, enum tt_reason reason)
{
	ended = reason;
	tt_flow_put(flow);
}

void tt_track_gone(struct tt_flow *flow, int end)
{
	gone |= BIT(end);
	tt_flow_put(flow);
}

void tt_track_timer(struct tt_flow *flow, const struct sock *sk)
{
	timers++;
}

void tt_flow_move(struct tt_flow *flow, int end, enum tt_state state)
{
	flow->ep[end].state = state;
	moved++;
}

void tt_flow_take_back(struct tt_flow *flow, int end, const struct sock *req)
{
	taken_back++;
}

void tt_sock_sync(struct tt_endpoint *ep, const struct sock *sk)
{
	synced++;
}

struct sock *tt_sock_find(const struct tt_net *tn, const struct tt_key *key, int end, int ifindex)
{
	if (found[end])
		found[end]->held++;
	return found[end];
}

bool tt_probe_active(void)
{
	return probe;
}

/* The flow is in the table of init_net, if there are steps. */
bool tt_table_each(struct tt_net *tn, u64 *cursor, void (*fn)(struct tt_flow *flow, void *arg),
		   void *arg)
{
	walks++;
	full[number(tn)] = *(bool *)arg;
	jiffies += slow;
	if (!number(tn) && !*cursor) {
		spin_lock(&all->flow.lock);
		fn(&all->flow, arg);
		uk_check(!all->flow.lock, "the flow is left locked");
	}
	++*cursor;
	return (int)*cursor < steps[number(tn)];
}

void tt_halfopen_enforce(struct tt_net *tn, unsigned long until)
{
	enforced[number(tn)]++;
	enforced_until[number(tn)] = until - jiffies;
	jiffies += enforcing;
}

void tt_flood_tick(struct tt_net *tn)
{
	ticks[number(tn)]++;
}

struct tt_net *tt_net_find(const struct net *net)
{
	return net == &init_net ? &all->tn[0] : net == &all->other ? &all->tn[1] : NULL;
}

void tt_listener_walk_begin(void)
{
}

void tt_listener_walk(struct tt_net *tn, struct sock *sk)
{
}

void tt_listener_walk_end(struct tt_net *tn)
{
}

void tt_excess_unfollowed(struct tt_net *tn, struct sock *sk)
{
}

int tt_key_sock(struct tt_key *key, const struct sock *sk, struct net *net)
{
	return -ENOTCONN;
}

u32 tt_flow_hash(const struct tt_net *tn, const struct tt_key *key)
{
	return 7;
}

/* No test puts a socket into the tables, of which a flow would have to be made. */
struct tt_flow *tt_flow_get(struct tt_net *tn, const struct tt_key *key, u32 hash)
{
	return NULL;
}

bool tt_table_had(u32 hash)
{
	return false;
}

struct tt_flow *tt_track_adopt(struct tt_net *tn, const struct tt_key *key, u32 hash, int end,
			       const struct sock *sk)
{
	return NULL;
}

bool tt_sock_is_behind(const struct sock *sk)
{
	return false;
}

bool tt_sock_opens_now(const struct sock *sk) __attribute__((alias("tt_sock_is_behind")));

FIXTURE_SETUP(gc)
{
	int i;

	all = self;
	init_net.ipv4.tcp_death_row.hashinfo = &hashinfo;
	self->other.ipv4.tcp_death_row.hashinfo = &hashinfo;
	init_net.ipv4.sysctl_tcp_keepalive_time = 7200 * HZ;
	init_net.ipv4.sysctl_tcp_keepalive_intvl = 75 * HZ;
	init_net.ipv4.sysctl_tcp_keepalive_probes = 9;
	for (i = 0; i < 2; i++) {
		self->tn[i].net = i ? &self->other : &init_net;
		self->tn[i].stats = self->stats[i];
		self->tn[i].conf.forward = 1;
		atomic_set(&self->tn[i].nflows, 1);
		list_add_tail(&self->tn[i].list, &tt_nets);
		self->sk[i].net = &init_net;
	}
	self->flow.tn = &self->tn[0];
}

FIXTURE_TEARDOWN(gc)
{
	tt_gc_stop();
	EXPECT_EQ(NULL, uk_work);
	EXPECT_EQ(0, tt_nets_mutex.held);
	EXPECT_EQ(0, self->sk[0].held);
	EXPECT_EQ(0, self->sk[1].held);
}

/* What becomes of a flow that was touched so many ms ago: in a run that looks at full sockets. */
static unsigned int after(struct _test_data_gc *self, unsigned long ms)
{
	self->flow.touched = tt_now() - ms;
	ended = NOBODY;
	tt_gc_start();
	return ended;
}

static void is(struct _test_data_gc *self, u16 flags, u8 local, enum tt_state a, enum tt_state b)
{
	self->flow.flags = flags;
	self->flow.local = local;
	self->flow.ep[0].state = a;
	self->flow.ep[1].state = b;
}

/* Each state of a forwarded flow, alone and with a state that has more time. */
TEST_F(gc, forward)
{
	static const struct {
		enum tt_state a, b;
		unsigned long ms;
		enum tt_reason reason;
	} cases[] = {
		{ TT_SYN_SENT, TT_LISTEN, 63000, TT_HANDSHAKE_TIMEOUT },
		{ TT_SYN_SENT, TT_SYN_RECEIVED, 63000, TT_HANDSHAKE_TIMEOUT },
		{ TT_ESTABLISHED, TT_SYN_RECEIVED, 63000, TT_HANDSHAKE_TIMEOUT },
		{ TT_SYN_RECEIVED, TT_FIN_WAIT_1, 63000, TT_HANDSHAKE_TIMEOUT },
		{ TT_ESTABLISHED, TT_ESTABLISHED, 7875000, TT_IDLE },
		{ TT_FIN_WAIT_1, TT_ESTABLISHED, 120000, TT_IDLE },
		{ TT_FIN_WAIT_2, TT_CLOSE_WAIT, 3600000, TT_IDLE },
		{ TT_CLOSE_WAIT, TT_ESTABLISHED, 3600000, TT_IDLE },
		{ TT_FIN_WAIT_2, TT_LAST_ACK, 120000, TT_IDLE },
		{ TT_CLOSING, TT_CLOSING, 120000, TT_IDLE },
		{ TT_TIME_WAIT, TT_CLOSED, 60000, TT_NORMAL },
		{ TT_LAST_ACK, TT_TIME_WAIT, 60000, TT_NORMAL },
		{ TT_CLOSED, TT_SYN_SENT, 60000, TT_NORMAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		is(self, TT_F_FORWARD | TT_F_SEEN0 | TT_F_SEEN1, 0, cases[i].a, cases[i].b);
		EXPECT_EQ(NOBODY, after(self, cases[i].ms - 1));
		EXPECT_EQ(cases[i].reason, after(self, cases[i].ms))
			TH_LOG("case %u", i);
		is(self, TT_F_FORWARD | TT_F_SEEN0 | TT_F_SEEN1, 0, cases[i].b, cases[i].a);
		EXPECT_EQ(NOBODY, after(self, cases[i].ms - 1));
		EXPECT_EQ(cases[i].reason, after(self, cases[i].ms));
	}
}

/* As long as the stack would keep a dead peer's: the sysctls, whatever somebody sets. */
TEST_F(gc, forward_established)
{
	static const struct {
		int time, intvl;
		u8 probes;
		unsigned long ms;
	} cases[] = {
		{ 7200 * HZ, 75 * HZ, 0, 7200000 }, { 60 * HZ, 10 * HZ, 3, 90000 },
		{ 63 * HZ, 0, 9, 63000 }, { 33 * HZ, 10 * HZ, 3, 63000 },
		{ INT_MAX, INT_MAX, 255, INT_MAX }, { INT_MAX, 0, 9, INT_MAX },
		{ 60 * HZ, INT_MIN, 9, 60000 }, { -5, 10 * HZ, 3, 30000 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		init_net.ipv4.sysctl_tcp_keepalive_time = cases[i].time;
		init_net.ipv4.sysctl_tcp_keepalive_intvl = cases[i].intvl;
		init_net.ipv4.sysctl_tcp_keepalive_probes = cases[i].probes;
		is(self, TT_F_FORWARD | TT_F_SEEN0 | TT_F_SEEN1, 0, TT_ESTABLISHED,
		   TT_ESTABLISHED);
		EXPECT_EQ(NOBODY, after(self, cases[i].ms - 1));
		EXPECT_EQ(TT_IDLE, after(self, cases[i].ms))
			TH_LOG("case %u", i);
	}
	/* less than a handshake has: then it has less, too, but it is still one */
	init_net.ipv4.sysctl_tcp_keepalive_time = 10 * HZ;
	init_net.ipv4.sysctl_tcp_keepalive_intvl = 0;
	is(self, TT_F_FORWARD | TT_F_SEEN0 | TT_F_SEEN1, 0, TT_ESTABLISHED, TT_SYN_RECEIVED);
	EXPECT_EQ(NOBODY, after(self, 9999));
	EXPECT_EQ(TT_HANDSHAKE_TIMEOUT, after(self, 10000));
}

TEST_F(gc, forward_of_one_side)
{
	static const u16 seen[] = { 0, TT_F_SEEN0, TT_F_SEEN1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		is(self, TT_F_FORWARD | seen[i], 0, TT_ESTABLISHED, TT_ESTABLISHED);
		EXPECT_EQ(NOBODY, after(self, 299999));
		EXPECT_EQ(TT_IDLE, after(self, 300000));
	}
	is(self, TT_F_FORWARD, 0, TT_SYN_SENT, TT_LISTEN);
	EXPECT_EQ(TT_HANDSHAKE_TIMEOUT, after(self, 63000));
	is(self, TT_F_FORWARD | TT_F_SEEN0 | TT_F_SEEN1, 0, TT_ESTABLISHED, TT_ESTABLISHED);
	EXPECT_EQ(NOBODY, after(self, 300000));
	self->tn[0].conf.forward = 0;
	EXPECT_EQ(TT_IDLE, after(self, 0));
}

/* A segment of now may know more than the socket; after 200 ms the socket does. */
TEST_F(gc, local_settles)
{
	is(self, 0, 1, TT_ESTABLISHED, TT_ESTABLISHED);
	after(self, 199);
	EXPECT_EQ(0, gone);
	after(self, 200);
	EXPECT_EQ(BIT(0), gone);
	found[0] = &self->sk[0];
	self->sk[0].sk_state = TCP_CLOSE_WAIT;
	after(self, 199);
	EXPECT_EQ(0, moved);
	after(self, 200);
	EXPECT_EQ(1, moved);
	EXPECT_EQ(1, synced);
	EXPECT_EQ(1, self->stats[0][0].stat[TT_STAT_corrected]);
	after(self, 200);
	EXPECT_EQ(1, moved);
	EXPECT_EQ(NOBODY, ended);
	is(self, TT_F_ENDING, 1, TT_CLOSED, TT_ESTABLISHED);
	EXPECT_EQ(NOBODY, after(self, 199));
	EXPECT_EQ(TT_NO_REASON, after(self, 200));
}

/* Nobody is there yet: a SYN that no socket has answered. */
TEST_F(gc, local_handshake)
{
	is(self, 0, 2, TT_SYN_SENT, TT_LISTEN);
	EXPECT_EQ(NOBODY, after(self, 62999));
	EXPECT_EQ(TT_HANDSHAKE_TIMEOUT, after(self, 63000));
	EXPECT_EQ(0, gone);
	is(self, 0, 3, TT_CLOSED, TT_LISTEN);
	EXPECT_EQ(NOBODY, after(self, 62999));
	EXPECT_EQ(TT_HANDSHAKE_TIMEOUT, after(self, 63000));
	is(self, 0, 3, TT_SYN_SENT, TT_LISTEN);
	found[0] = &self->sk[0];
	self->sk[0].sk_state = TCP_SYN_SENT;
	EXPECT_EQ(NOBODY, after(self, 63000));
}

TEST_F(gc, local_corrected)
{
	found[1] = &self->sk[1];
	self->sk[1].sk_state = TCP_NEW_SYN_RECV;
	is(self, 0, 2, TT_ESTABLISHED, TT_ESTABLISHED);
	after(self, 1000);
	EXPECT_EQ(1, taken_back);
	EXPECT_EQ(0, moved);
	/* tcp_tw_reuse: its SYN has yet to leave */
	self->sk[1].sk_state = TCP_SYN_SENT;
	is(self, 0, 2, TT_ESTABLISHED, TT_TIME_WAIT);
	timers = 0;
	after(self, 1000);
	EXPECT_EQ(0, moved + timers);
	is(self, 0, 2, TT_ESTABLISHED, TT_SYN_SENT);
	after(self, 1000);
	EXPECT_EQ(1, timers);
	self->sk[1].sk_state = TCP_TIME_WAIT;
	self->sk[1].tw_substate = TCP_TIME_WAIT;
	is(self, 0, 2, TT_ESTABLISHED, TT_TIME_WAIT);
	after(self, 1000);
	EXPECT_EQ(2, timers);
	timers = 0;
	self->sk[1].sk_state = TCP_CLOSE;
	is(self, 0, 2, TT_ESTABLISHED, TT_FIN_WAIT_2);
	after(self, 1000);
	EXPECT_EQ(0, moved);
	EXPECT_EQ(1, timers);
}

static void two_runs(void)
{
	uk_work->func(NULL);
	uk_work->func(NULL);
}

/* Every other run, or each one where no tracepoint tells; what is silent, in all of them. */
TEST_F(gc, full_sockets_are_looked_at_seldom)
{
	int i;

	found[0] = &self->sk[0];
	self->sk[0].sk_state = TCP_ESTABLISHED;
	is(self, 0, 1, TT_ESTABLISHED, TT_ESTABLISHED);
	after(self, 1000);
	timers = 0;
	for (i = 0; i < 4; i++) {
		uk_work->func(NULL);
		EXPECT_EQ(750, uk_delay);
		EXPECT_EQ((i + 1) / 2, timers);
	}
	probe = false;
	uk_work->func(NULL);
	EXPECT_EQ(3, timers);
	probe = true;
	self->sk[0].sk_state = TCP_FIN_WAIT2;
	is(self, 0, 1, TT_FIN_WAIT_2, TT_ESTABLISHED);
	two_runs();
	EXPECT_EQ(5, timers);
	/* a request is, a full socket in its state is not; nor is another state of that flow */
	self->sk[0].sk_state = TCP_NEW_SYN_RECV;
	is(self, TT_F_REQUEST, 1, TT_SYN_RECEIVED, TT_ESTABLISHED);
	two_runs();
	EXPECT_EQ(7, timers);
	is(self, 0, 1, TT_SYN_RECEIVED, TT_ESTABLISHED);
	two_runs();
	EXPECT_EQ(8, timers);
	self->sk[0].sk_state = TCP_ESTABLISHED;
	is(self, TT_F_REQUEST, 1, TT_ESTABLISHED, TT_ESTABLISHED);
	two_runs();
	EXPECT_EQ(9, timers);
}

/* Where the time of all but init_net is over, the next run goes on, and with others first. */
TEST_F(gc, a_large_table_is_swept_in_parts)
{
	is(self, TT_F_FORWARD, 0, TT_SYN_SENT, TT_LISTEN);
	steps[0] = 20;
	steps[1] = 20;
	slow = 100;
	after(self, 0);
	EXPECT_EQ(20 + 6, walks);	/* 500 ms are over with the sixth */
	EXPECT_EQ(0, self->tn[0].sweep_at);
	EXPECT_EQ(6, self->tn[1].sweep_at);
	EXPECT_EQ(60 * SECOND, enforced_until[0]);
	EXPECT_EQ(-75UL, enforced_until[1]);	/* of a turn of 125 ms */
	EXPECT_EQ(1, ticks[1]);
	EXPECT_EQ(1, self->stats[1][0].stat[TT_STAT_collector_runs]);
	EXPECT_TRUE(full[0] && full[1]);
	uk_work->func(NULL);
	/* a pass that began with full sockets goes on with them */
	EXPECT_TRUE(!full[0] && full[1]);
	EXPECT_EQ(12, self->tn[1].sweep_at);
	uk_work->func(NULL);
	EXPECT_EQ(18, self->tn[1].sweep_at);
	uk_work->func(NULL);
	EXPECT_EQ(0, self->tn[1].sweep_at);
	EXPECT_EQ(&self->tn[0].list, tt_nets.next);
}

/* What init_net sets has effect at once, if nothing had in the last 100 ms. */
TEST_F(gc, kicked_by_init_net)
{
	static const unsigned long later[] = { 0, 99, 1, 100000 }, delay[] = { 100, 1, 0, 0 };
	unsigned int i;

	tt_gc_kick(&self->tn[0]);
	EXPECT_EQ(NULL, uk_work);	/* before the first run */
	tt_gc_start();
	uk_work->func(NULL);
	for (i = 0; i < ARRAY_SIZE(later); i++) {
		jiffies += later[i];
		tt_gc_kick(&self->tn[0]);
		EXPECT_EQ(delay[i], uk_delay);
	}
	tt_gc_stop();
	tt_gc_kick(&self->tn[0]);
	EXPECT_EQ(NULL, uk_work);
}

/* Another namespace looks at its own limits, ten times between two runs, and for 100 ms in all. */
TEST_F(gc, kicked_by_another)
{
	int i;

	for (i = 0; i < 12; i++)
		tt_gc_kick(&self->tn[1]);
	EXPECT_EQ(10, enforced[1]);
	EXPECT_EQ(100 - 9, enforced_until[1]);
	EXPECT_EQ(NULL, uk_work);
	tt_gc_start();
	enforcing = 60;
	for (i = 0; i < 3; i++)
		tt_gc_kick(&self->tn[1]);
	EXPECT_EQ(39, enforced_until[1]);
	EXPECT_EQ(13, enforced[1]);
	self->tn[1].dismantled = true;
	uk_work->func(NULL);
	tt_gc_kick(&self->tn[1]);
	EXPECT_EQ(14, enforced[1]);
}

TEST_HARNESS_MAIN
