// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/watermark.c, in user space: how full is full, how long a half-open connection may
 * live then, and whose it is that has to go.
 */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "listener.h"
#include "net.h"
#include "watermark.h"

#define QUEUES	3

FIXTURE(watermark)
{
	struct net net;
	struct tt_net tn;
	struct tt_listener listener[2];
	struct tt_queue queue[QUEUES];	/* the first two are the first listener's */
	struct sock sk[QUEUES];
};

unsigned long jiffies = 1000;
static struct _test_data_watermark *all;
static unsigned int limits[QUEUES], halfopen_max, override_limit;
static int gone[QUEUES];	/* that the stack has no more, and nobody has looked */
static int entered[3], entered_level;	/* of the listeners, of the namespace */

int tt_queue_limit(const struct tt_queue *q)
{
	return limits[q - all->queue];
}

int tt_net_halfopen_max(const struct tt_net *tn)
{
	return halfopen_max;
}

unsigned int tt_override_limit(const struct tt_listener *l)
{
	return override_limit;
}

int tt_queue_sync(struct tt_queue *q)
{
	int *n = &gone[q - all->queue];

	q->seen -= *n;
	q->tn->held.counter -= *n;
	*n = 0;
	return q->seen + q->reserved;
}

void tt_flood_enter(struct tt_net *tn, struct tt_listener *l, int level)
{
	entered[l ? l - all->listener : 2]++;
	entered_level = level;
}

FIXTURE_SETUP(watermark)
{
	int i;

	all = self;
	self->net.ipv4.sysctl_tcp_synack_retries = 5;
	self->tn.net = &self->net;
	self->tn.conf = (struct tt_conf){
		.cookie_start = 75, .cookie_end = 40, .halfopen_timeout_min = 3000,
	};
	INIT_LIST_HEAD(&self->tn.listeners);
	for (i = 0; i < 2; i++) {
		INIT_LIST_HEAD(&self->listener[i].queues);
		list_add_tail(&self->listener[i].list, &self->tn.listeners);
	}
	for (i = 0; i < QUEUES; i++) {
		struct tt_queue *q = &self->queue[i];

		q->tn = &self->tn;
		q->sk = &self->sk[i];
		q->listener = &self->listener[i / 2];
		list_add_tail(&q->list, &q->listener->queues);
		limits[i] = 100;
	}
	self->tn.nqueues = QUEUES;
	halfopen_max = 1000;
}

FIXTURE_TEARDOWN(watermark)
{
}

static unsigned int timeout_at(struct _test_data_watermark *self, int seen)
{
	self->queue[0].seen = seen;
	return tt_watermark_timeout(&self->queue[0]);
}

/* RFC 6298, 2 and 5.5: 1 s, doubled; five more SYN-ACKs are sent in 1 + 2 + 4 + ... + 32 s. */
TEST_F(watermark, timeout_shrinks_between_the_watermarks)
{
	EXPECT_EQ(0, timeout_at(self, 0));
	EXPECT_EQ(0, timeout_at(self, 40));
	EXPECT_EQ(63000 - 60000 / 35, timeout_at(self, 41));
	EXPECT_EQ(63000 - 60000 * 10 / 35, timeout_at(self, 50));
	EXPECT_EQ(63000 - 60000 * 34 / 35, timeout_at(self, 74));
	EXPECT_EQ(3000, timeout_at(self, 75));
	EXPECT_EQ(3000, timeout_at(self, 100));
	EXPECT_EQ(3000, timeout_at(self, 1000));
}

TEST_F(watermark, timeout_of_the_namespace)
{
	self->tn.held.counter = 400;
	EXPECT_EQ(0, timeout_at(self, 1));
	self->tn.held.counter = 575;
	EXPECT_EQ(63000 - 60000 * 17 / 35, timeout_at(self, 1));
	/* the fuller of the two counts */
	EXPECT_EQ(63000 - 60000 * 18 / 35, timeout_at(self, 58));
	self->tn.held.counter = 750;
	EXPECT_EQ(3000, timeout_at(self, 1));
}

/* What another listener has given back, a look at it shows: not twice in a jiffy. */
TEST_F(watermark, timeout_of_the_namespace_by_what_there_is)
{
	self->queue[2].seen = 575;
	self->tn.held.counter = 575;
	gone[2] = 175;
	EXPECT_EQ(0, timeout_at(self, 1));
	EXPECT_EQ(400, self->tn.held.counter);
	self->tn.held.counter = self->queue[2].seen = 575;
	gone[2] = 175;
	EXPECT_EQ(63000 - 60000 * 17 / 35, timeout_at(self, 1));
	jiffies++;
	EXPECT_EQ(0, timeout_at(self, 1));
}

TEST_F(watermark, timeout_by_retries)
{
	self->net.ipv4.sysctl_tcp_synack_retries = 0;
	EXPECT_EQ(1000, timeout_at(self, 100));	/* no longer than the stack's own */
	EXPECT_EQ(1000, timeout_at(self, 50));
	self->net.ipv4.sysctl_tcp_synack_retries = 2;
	EXPECT_EQ(7000 - 4000 * 10 / 35, timeout_at(self, 50));
	self->sk[0].icsk_syn_retries = 1;	/* TCP_SYNCNT */
	EXPECT_EQ(3000, timeout_at(self, 50));
	/* RFC 6298, 2.5: 120 s at most; 1 + 2 + ... + 64 + 120 + 120 */
	self->sk[0].icsk_syn_retries = 8;
	self->tn.conf.halfopen_timeout_min = 600000;
	EXPECT_EQ(367000, timeout_at(self, 50));
}

/* cookie_end at or above cookie_start: there is no between. */
TEST_F(watermark, timeout_without_a_between)
{
	self->tn.conf.cookie_end = 80;
	EXPECT_EQ(0, timeout_at(self, 80));
	EXPECT_EQ(3000, timeout_at(self, 81));
	self->tn.conf.cookie_end = 100;
	EXPECT_EQ(0, timeout_at(self, 100));
}

TEST_F(watermark, level_and_limit_of_a_group)
{
	self->queue[0].seen = 3;
	self->queue[0].reserved = 2;
	self->queue[1].seen = 10;
	self->queue[2].seen = 50;
	EXPECT_EQ(15, tt_watermark_level(&self->listener[0]));
	EXPECT_EQ(50, tt_watermark_level(&self->listener[1]));
	EXPECT_EQ(200, tt_watermark_limit(&self->listener[0]));
	limits[0] = INT_MAX;
	EXPECT_EQ(INT_MAX, tt_watermark_limit(&self->listener[0]));
}

static int check(struct _test_data_watermark *self, int queue)
{
	memset(entered, 0, sizeof(entered));
	tt_watermark_check(&self->queue[queue]);
	return entered[0] + 10 * entered[1] + 100 * entered[2];
}

TEST_F(watermark, start_of_a_listener)
{
	self->queue[2].seen = 74;
	EXPECT_EQ(0, check(self, 2));
	self->queue[2].reserved = 1;
	EXPECT_EQ(10, check(self, 2));
	EXPECT_EQ(75, entered_level);
	self->listener[1].flood.on = true;
	EXPECT_EQ(0, check(self, 2));
}

/* All of its sockets together. */
TEST_F(watermark, start_of_a_group)
{
	self->queue[0].seen = 99;
	self->queue[1].seen = 50;
	EXPECT_EQ(0, check(self, 0));
	self->queue[1].seen = 51;
	EXPECT_EQ(1, check(self, 0));
	EXPECT_EQ(150, entered_level);
	EXPECT_EQ(0, check(self, 1));	/* a SYN for the other one does not look */
}

/* ... as they are now. */
TEST_F(watermark, start_of_a_group_by_what_there_is)
{
	self->queue[0].seen = 99;
	self->queue[1].seen = 90;
	gone[1] = 40;
	EXPECT_EQ(0, check(self, 0));
	EXPECT_EQ(50, self->queue[1].seen);
	self->queue[1].seen = 90;
	gone[1] = 39;
	EXPECT_EQ(1, check(self, 0));
	EXPECT_EQ(150, entered_level);
}

/* Young ones may fill a backlog, but not what was set as a limit; nor what is full. */
TEST_F(watermark, start_with_young_ones)
{
	self->queue[2].seen = 80;
	self->sk[2].icsk_accept_queue.young = 5;
	EXPECT_EQ(10, check(self, 2));
	self->sk[2].icsk_accept_queue.young = 6;
	EXPECT_EQ(0, check(self, 2));
	override_limit = 100;
	EXPECT_EQ(10, check(self, 2));
	override_limit = 0;
	self->queue[2].seen = 99;
	self->sk[2].icsk_accept_queue.young = 99;
	EXPECT_EQ(0, check(self, 2));
	self->queue[2].seen = 100;
	EXPECT_EQ(10, check(self, 2));
}

/* Nor may any of a group's, and those that have answered. */
TEST_F(watermark, start_with_innocent_ones)
{
	self->queue[0].seen = 90;
	self->queue[1].seen = 70;
	EXPECT_EQ(1, check(self, 0));
	self->sk[1].icsk_accept_queue.young = 11;
	EXPECT_EQ(0, check(self, 0));
	self->sk[1].icsk_accept_queue.young = 10;
	EXPECT_EQ(1, check(self, 0));
	self->sk[0].icsk_accept_queue.young = 1;
	EXPECT_EQ(0, check(self, 0));
	self->sk[0].icsk_accept_queue.young = 0;
	self->queue[1].nanswered = 1;
	EXPECT_EQ(0, check(self, 0));
	self->queue[0].seen = 130;
	EXPECT_EQ(1, check(self, 0));	/* full */
}

/* 0: always, as for who wants nothing but cookies; but no namespace is for that. */
TEST_F(watermark, start_at_once)
{
	self->tn.conf.cookie_start = 0;
	EXPECT_EQ(10, check(self, 2));
	EXPECT_EQ(0, entered_level);
}

TEST_F(watermark, start_of_the_namespace)
{
	self->tn.held.counter = 749;
	EXPECT_EQ(0, check(self, 0));
	self->tn.held.counter = 750;
	EXPECT_EQ(100, check(self, 0));
	EXPECT_EQ(750, entered_level);
	self->tn.flood.on = true;
	EXPECT_EQ(0, check(self, 0));
}

TEST_F(watermark, start_of_the_namespace_by_what_there_is)
{
	self->queue[2].seen = 60;
	self->tn.held.counter = 760;
	gone[2] = 11;
	EXPECT_EQ(0, check(self, 0));
	EXPECT_EQ(749, self->tn.held.counter);
	jiffies++;
	self->tn.held.counter = 760;
	gone[2] = 10;
	EXPECT_EQ(100, check(self, 0));
	EXPECT_EQ(750, entered_level);
}

static struct tt_queue *longest(struct _test_data_watermark *self, int a, int b, int c, int *share)
{
	self->queue[0].seen = a;
	self->queue[1].seen = b;
	self->queue[2].seen = c;
	return tt_watermark_longest(&self->tn, share);
}

TEST_F(watermark, the_longest_queue_gives)
{
	int share;

	halfopen_max = 15;
	/* five too many, and three until another one is as long */
	EXPECT_EQ(&self->queue[0], longest(self, 10, 7, 3, &share));
	EXPECT_EQ(3, share);
	EXPECT_EQ(&self->queue[2], longest(self, 1, 3, 13, &share));
	EXPECT_EQ(2, share);
	halfopen_max = 5;
	EXPECT_EQ(&self->queue[2], longest(self, 1, 3, 13, &share));
	EXPECT_EQ(10, share);
	halfopen_max = 15;
	/* as long as each other: a third of what is too many */
	EXPECT_EQ(&self->queue[0], longest(self, 10, 10, 10, &share));
	EXPECT_EQ(5, share);
	/* not too many */
	EXPECT_EQ(&self->queue[1], longest(self, 4, 8, 3, &share));
	EXPECT_EQ(0, share);
	EXPECT_EQ(&self->queue[1], longest(self, 1, 2, 1, &share));
	EXPECT_EQ(-11, share);
}

TEST_F(watermark, nobody_listens)
{
	int share;

	INIT_LIST_HEAD(&self->tn.listeners);
	EXPECT_EQ(NULL, tt_watermark_longest(&self->tn, &share));
	EXPECT_EQ(-1000, share);
	EXPECT_TRUE(tt_watermark_refresh(&self->tn));
	EXPECT_EQ(NULL, self->tn.longest);
}

/* Once a jiffy; once in two where there are 256 of them. */
TEST_F(watermark, read_seldom_enough)
{
	self->queue[1].seen = 5;
	EXPECT_TRUE(tt_watermark_refresh(&self->tn));
	EXPECT_EQ(&self->queue[1], self->tn.longest);
	EXPECT_FALSE(tt_watermark_refresh(&self->tn));
	jiffies++;
	self->queue[1].gone = true;
	self->queue[1].seen = 6;
	self->tn.longest = NULL;
	EXPECT_TRUE(tt_watermark_refresh(&self->tn));
	EXPECT_EQ(NULL, self->tn.longest);
	self->tn.nqueues = 256;
	jiffies++;
	EXPECT_FALSE(tt_watermark_refresh(&self->tn));
	jiffies++;
	EXPECT_TRUE(tt_watermark_refresh(&self->tn));
	EXPECT_EQ(0, self->queue[1].lock);
}

TEST_HARNESS_MAIN
