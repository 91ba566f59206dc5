// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/queue.c, in user space: how many half-open connections a socket may have, who gets a
 * place, and whose turn it is to go.
 */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "flow.h"
#include "listener.h"
#include "net.h"

#define FLOWS	4

FIXTURE(queue)
{
	struct net net;
	struct tt_net tn;
	struct tt_listener listener;
	struct tt_queue queue;
	struct sock sk;
	struct tt_flow flow[FLOWS];
};

unsigned long jiffies = 0xffffffff - 1000;
static unsigned int override_limit;
static enum tt_overflow overflow = TT_OVERFLOW_RECYCLE;
static int net_max = 1000;
static int held;	/* references on the queue */

unsigned int tt_override_limit(const struct tt_listener *l)
{
	return override_limit;
}

enum tt_overflow tt_override_overflow(const struct tt_listener *l)
{
	return overflow;
}

int tt_net_halfopen_max(const struct tt_net *tn)
{
	return net_max;
}

bool tt_queue_hold(struct tt_queue *q)
{
	held += !q->gone;
	return !q->gone;
}

void tt_queue_put(struct tt_queue *q)
{
	uk_check(!q->lock, "it is freed with its lock");
	held--;
}

FIXTURE_SETUP(queue)
{
	self->net.ipv4.sysctl_tcp_syncookies = 1;
	self->net.ipv4.sysctl_max_syn_backlog = 128;
	self->tn.net = &self->net;
	self->queue.tn = &self->tn;
	self->queue.listener = &self->listener;
	self->queue.sk = &self->sk;
	self->sk.sk_max_ack_backlog = 10;
	INIT_LIST_HEAD(&self->queue.oldest);
	INIT_LIST_HEAD(&self->queue.answered);
}

FIXTURE_TEARDOWN(queue)
{
	EXPECT_EQ(0, self->queue.lock);
}

/* The stack has so many. */
static void stack_has(struct _test_data_queue *self, int len)
{
	self->sk.icsk_accept_queue.len = len;
}

static int limit(struct _test_data_queue *self, u32 backlog, unsigned int set)
{
	self->sk.sk_max_ack_backlog = backlog;
	override_limit = set;
	return tt_queue_limit(&self->queue);
}

TEST_F(queue, limit)
{
	EXPECT_EQ(10, limit(self, 10, 0));
	EXPECT_EQ(10, limit(self, 10, 11));
	EXPECT_EQ(10, limit(self, 10, 10));
	EXPECT_EQ(9, limit(self, 10, 9));
	EXPECT_EQ(1, limit(self, 10, 1));
	EXPECT_EQ(1, limit(self, 1, 0));
	EXPECT_EQ(1, limit(self, 0, 0));
	EXPECT_EQ(1, limit(self, 0, 5));
	/* listen(-1) where somaxconn allows it */
	EXPECT_EQ(INT_MAX, limit(self, U32_MAX, 0));
	EXPECT_EQ(INT_MAX, limit(self, (u32)INT_MAX + 1, 0));
	EXPECT_EQ(INT_MAX - 1, limit(self, INT_MAX - 1, 0));
	EXPECT_EQ(7, limit(self, U32_MAX, 7));
}

/*
 * tcp_conn_request(), without tcp_syncookies: nothing of a peer that is not known while
 * max_syn_backlog - len < max_syn_backlog >> 2; so the greatest length at which one is
 * taken is max - (max >> 2), and one more is there then.
 */
TEST_F(queue, limit_without_cookies)
{
	static const int max[] = { 0, 1, 2, 3, 4, 5, 7, 8, 127, 128, 129, INT_MAX };
	unsigned int i;

	self->net.ipv4.sysctl_tcp_syncookies = 0;
	for (i = 0; i < ARRAY_SIZE(max); i++) {
		s64 len = max[i] - (max[i] >> 2);
		int want = len < INT_MAX ? len + 1 : INT_MAX;

		EXPECT_FALSE(max[i] - len < max[i] >> 2);
		EXPECT_TRUE(max[i] - (len + 1) < max[i] >> 2);
		self->net.ipv4.sysctl_max_syn_backlog = max[i];
		EXPECT_EQ(want, limit(self, U32_MAX, 0))
			TH_LOG("max_syn_backlog %d", max[i]);
	}
	self->net.ipv4.sysctl_max_syn_backlog = -1;
	EXPECT_EQ(1, limit(self, 100, 0));
	self->net.ipv4.sysctl_max_syn_backlog = 128;
	EXPECT_EQ(97, limit(self, 98, 0));
	EXPECT_EQ(96, limit(self, 96, 0));
	EXPECT_EQ(5, limit(self, 98, 5));
	/* only there the oldest goes */
	overflow = TT_OVERFLOW_DROP;
	EXPECT_EQ(98, limit(self, 98, 0));
	overflow = TT_OVERFLOW_RECYCLE;
	self->net.ipv4.sysctl_tcp_syncookies = 1;
	EXPECT_EQ(98, limit(self, 98, 0));
}

TEST_F(queue, sync)
{
	stack_has(self, 3);
	self->queue.reserved = 2;
	EXPECT_EQ(5, tt_queue_sync(&self->queue));
	EXPECT_EQ(3, self->queue.seen);
	EXPECT_EQ(3, self->queue.peak);
	EXPECT_EQ(3, atomic_read(&self->tn.held));
	EXPECT_EQ(3, atomic_read(&self->tn.queued));
	EXPECT_EQ(5, tt_queue_sync(&self->queue));
	EXPECT_EQ(3, atomic_read(&self->tn.held));
	stack_has(self, 1);
	EXPECT_EQ(3, tt_queue_sync(&self->queue));
	EXPECT_EQ(1, atomic_read(&self->tn.held));
	EXPECT_EQ(1, atomic_read(&self->tn.queued));
	EXPECT_EQ(3, self->queue.peak);
	/* without its socket it has nobody */
	self->queue.gone = true;
	self->queue.reserved = 0;
	EXPECT_EQ(0, tt_queue_sync(&self->queue));
	EXPECT_EQ(0, atomic_read(&self->tn.held));
	EXPECT_EQ(0, atomic_read(&self->tn.queued));
	self->queue.seen = 1;
	EXPECT_EQ(0, tt_queue_sync(&self->queue));
}

TEST_F(queue, reserve_of_the_listener)
{
	stack_has(self, 8);
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
	EXPECT_EQ(TT_FULL_LISTENER, tt_queue_reserve(&self->queue));
	EXPECT_EQ(2, self->queue.reserved);
	EXPECT_EQ(10, atomic_read(&self->tn.held));
	EXPECT_EQ(8, atomic_read(&self->tn.queued));
	/* one comes into the stack's queue, one does not */
	stack_has(self, 9);
	tt_queue_release(&self->queue);
	EXPECT_EQ(10, atomic_read(&self->tn.held));
	EXPECT_EQ(TT_FULL_LISTENER, tt_queue_reserve(&self->queue));
	tt_queue_release(&self->queue);
	EXPECT_EQ(9, atomic_read(&self->tn.held));
	EXPECT_EQ(9, atomic_read(&self->tn.queued));
	EXPECT_EQ(0, self->queue.reserved);
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
	EXPECT_EQ(TT_FULL_LISTENER, tt_queue_reserve(&self->queue));
}

/* The stack's count may have grown since, beyond the limit, too. */
TEST_F(queue, reserve_looks_at_the_stack)
{
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
	stack_has(self, 9);
	EXPECT_EQ(TT_FULL_LISTENER, tt_queue_reserve(&self->queue));
	stack_has(self, 12);
	EXPECT_EQ(TT_FULL_LISTENER, tt_queue_reserve(&self->queue));
	EXPECT_EQ(13, atomic_read(&self->tn.held));
	/* of a socket that has gone it is not asked */
	self->queue.gone = true;
	self->sk.sk_max_ack_backlog = 0;
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
}

TEST_F(queue, reserve_of_the_namespace)
{
	net_max = 3;
	self->tn.held.counter = 1;	/* another queue's */
	stack_has(self, 1);
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
	EXPECT_EQ(TT_FULL_NAMESPACE, tt_queue_reserve(&self->queue));
	EXPECT_EQ(3, atomic_read(&self->tn.held));
	EXPECT_EQ(1, self->queue.reserved);
	tt_queue_release(&self->queue);
	EXPECT_EQ(TT_ROOM, tt_queue_reserve(&self->queue));
	/* both are full: it is the listener's own fault */
	self->sk.sk_max_ack_backlog = 2;
	EXPECT_EQ(TT_FULL_LISTENER, tt_queue_reserve(&self->queue));
	net_max = 1;
	self->sk.sk_max_ack_backlog = 3;
	EXPECT_EQ(TT_FULL_NAMESPACE, tt_queue_reserve(&self->queue));
}

static void add(struct _test_data_queue *self, int n)
{
	self->flow[n].created = tt_now();
	uk_check(tt_queue_add(&self->queue, &self->flow[n]), "it was not added");
}

/* Which flow's turn it is, by its number, or -1. */
static int oldest(struct _test_data_queue *self, unsigned int ms)
{
	struct tt_flow *flow = tt_queue_oldest(&self->queue, ms);

	return flow ? flow - self->flow : -1;
}

TEST_F(queue, flows)
{
	int i;

	for (i = 0; i < FLOWS; i++)
		add(self, i);
	EXPECT_EQ(FLOWS, held);
	EXPECT_EQ(FLOWS, self->queue.followed);
	tt_queue_del(&self->queue, &self->flow[1]);
	EXPECT_EQ(0, oldest(self, 0));
	EXPECT_EQ(2, oldest(self, 0));
	EXPECT_EQ(3, oldest(self, 0));
	EXPECT_EQ(-1, oldest(self, 0));
	/* they are still followed */
	EXPECT_EQ(FLOWS - 1, self->queue.followed);
	tt_queue_del(&self->queue, &self->flow[0]);
	tt_queue_del(&self->queue, &self->flow[2]);
	tt_queue_del(&self->queue, &self->flow[3]);
	EXPECT_EQ(0, held);
	EXPECT_EQ(0, self->queue.followed);
	self->queue.gone = true;
	EXPECT_FALSE(tt_queue_add(&self->queue, &self->flow[0]));
	EXPECT_EQ(0, self->queue.followed);
	EXPECT_EQ(-1, oldest(self, 0));
}

/* Its time is over when so many milliseconds have passed; they may begin again with 0. */
TEST_F(queue, oldest_by_time)
{
	add(self, 0);
	jiffies += 1;
	add(self, 1);
	jiffies += 1998;
	EXPECT_EQ(-1, oldest(self, 2000));
	jiffies += 1;
	EXPECT_EQ(0, oldest(self, 2000));
	EXPECT_EQ(-1, oldest(self, 2000));
	EXPECT_EQ(1, oldest(self, 1999));
}

/* Who has answered is not shortened in its time, and goes after all others have. */
TEST_F(queue, oldest_of_those_that_answered)
{
	stack_has(self, 4);
	tt_queue_sync(&self->queue);
	add(self, 0);
	add(self, 1);
	add(self, 2);
	tt_queue_answer(&self->queue, &self->flow[0]);
	tt_queue_answer(&self->queue, &self->flow[0]);
	tt_queue_answer(&self->queue, &self->flow[1]);
	EXPECT_EQ(2, self->queue.nanswered);
	jiffies += 100000;
	EXPECT_EQ(2, oldest(self, 1));
	EXPECT_EQ(-1, oldest(self, 1));
	EXPECT_EQ(0, oldest(self, 0));
	/* who is being evicted answers too late */
	tt_queue_answer(&self->queue, &self->flow[2]);
	EXPECT_EQ(2, self->queue.nanswered);
	EXPECT_EQ(0, self->flow[2].answered + 0);
	tt_queue_del(&self->queue, &self->flow[0]);
	EXPECT_EQ(1, self->queue.nanswered);
	EXPECT_EQ(0, self->flow[0].answered + 0);
	tt_queue_del(&self->queue, &self->flow[2]);
	EXPECT_EQ(1, self->queue.nanswered);
	EXPECT_EQ(1, oldest(self, 0));
}

/* While they are more than half of all that the stack has, they go first. */
TEST_F(queue, oldest_where_most_have_answered)
{
	int i;

	for (i = 0; i < FLOWS; i++)
		add(self, i);
	tt_queue_answer(&self->queue, &self->flow[1]);
	stack_has(self, 2);
	tt_queue_sync(&self->queue);
	EXPECT_EQ(0, oldest(self, 0));
	tt_queue_answer(&self->queue, &self->flow[2]);
	stack_has(self, 3);
	tt_queue_sync(&self->queue);
	EXPECT_EQ(1, oldest(self, 0));
	EXPECT_EQ(2, oldest(self, 0));
	/* (those two are on their way) */
	EXPECT_EQ(3, oldest(self, 0));
}

TEST_HARNESS_MAIN
