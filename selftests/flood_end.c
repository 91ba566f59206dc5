// SPDX-License-Identifier: GPL-2.0-only
/* module/flood.c, in user space: when cookie mode begins and ends, which cookies may come back. */
#include "flood_unit.h"

/* So many cookies leave; @l: of the listener, else of the namespace. */
static void sends(struct _test_data_flood *self, bool l, int n)
{
	*(l ? of_listener(self, SENT) : of_net(self, SENT)) += n;
	tt_flood_sent(l ? &self->listener.flood : &self->tn.flood);
}

static void tick_at(struct _test_data_flood *self, unsigned long at)
{
	jiffies = at;
	tt_flood_tick(&self->tn);
}

TEST_F(flood, is_on)
{
	struct tt_listener *l = &self->listener;

	EXPECT_FALSE(tt_flood_is_on(l));
	enter(self);
	EXPECT_TRUE(tt_flood_is_on(l));
	overflow = TT_OVERFLOW_RECYCLE;
	EXPECT_FALSE(tt_flood_is_on(l));
	overflow = TT_OVERFLOW_COOKIE;
	tt_flood_stop(&self->tn, l);
	EXPECT_FALSE(tt_flood_is_on(l));
	tt_flood_enter(&self->tn, NULL, 1);
	EXPECT_TRUE(tt_flood_is_on(l));
	tt_flood_end(&self->tn, NULL);
	EXPECT_FALSE(tt_flood_is_on(l));

	l->override.cookies = TT_COOKIES_ALWAYS;
	EXPECT_TRUE(tt_flood_is_on(l));
	self->net.ipv4.sysctl_tcp_syncookies = 0;
	EXPECT_FALSE(tt_flood_is_on(l));
}

/* Nor does a sketch stay behind, nor a place for one. */
TEST_F(flood, may_not_begin)
{
	struct tt_listener *l = &self->listener;

	overflow = TT_OVERFLOW_DROP;
	enter(self);
	EXPECT_FALSE(l->flood.on);
	EXPECT_EQ(0, uk_allocated);
	tt_flood_enter(&self->tn, NULL, 1);
	EXPECT_TRUE(self->tn.flood.on);		/* the namespace has no such setting */
	tt_flood_end(&self->tn, NULL);
	overflow = TT_OVERFLOW_COOKIE;
	tt_flood_end(&self->tn, l);
	enter(self);
	EXPECT_FALSE(l->flood.on);
	tt_flood_again(&self->tn, l);
	enter(self);
	EXPECT_TRUE(l->flood.on);
}

/* Stopped, it may begin again; nobody is told of what has not begun. */
TEST_F(flood, stops)
{
	tt_flood_stop(&self->tn, &self->listener);
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(0, ends);
	tt_flood_again(&self->tn, &self->listener);
	enter(self);
	tt_flood_stop(&self->tn, &self->listener);
	EXPECT_EQ(1, begins);
	EXPECT_EQ(1, ends);
	enter(self);
	EXPECT_TRUE(self->listener.flood.on);
	tt_flood_tick(&self->tn);
	EXPECT_EQ(2, begins);
}

TEST_F(flood, leave_all)
{
	enter(self);
	tt_flood_enter(&self->tn, NULL, 1);
	tt_flood_leave_all();
	EXPECT_EQ(2, ends);
	EXPECT_EQ(1, told);
	EXPECT_EQ(0, tt_nets_mutex.held);
	enter(self);
	tt_flood_enter(&self->tn, NULL, 1);
	EXPECT_EQ(0, atomic_read(&self->tn.nfloods));
}

TEST_F(flood, ends_after_cookie_min_time)
{
	unsigned long begin = jiffies;

	enter(self);
	tick_at(self, begin + 9999);
	EXPECT_TRUE(self->listener.flood.on);
	tick_at(self, begin + 10000);
	EXPECT_FALSE(self->listener.flood.on);
	EXPECT_EQ(10000, report.duration_ms);
	self->tn.conf.cookie_min_time = 0;
	enter(self);
	tt_flood_tick(&self->tn);
	EXPECT_FALSE(self->listener.flood.on);
}

/* Its beginning was before the 32 bits of the time began again with 0. */
TEST_F(flood, ends_after_time_has_wrapped)
{
	self->tn.conf.cookie_min_time = 200000;
	enter(self);
	tick_at(self, 0x100000000 + 99998);
	EXPECT_TRUE(self->listener.flood.on);
	tick_at(self, 0x100000000 + 99999);
	EXPECT_FALSE(self->listener.flood.on);
}

static bool stays(struct _test_data_flood *self, int at_level, int of, unsigned int end)
{
	self->tn.conf.cookie_end = end;
	limit = of;
	level = at_level;
	enter(self);
	jiffies += 10000;
	tt_flood_tick(&self->tn);
	return self->listener.flood.on;
}

TEST_F(flood, ends_at_cookie_end)
{
	EXPECT_TRUE(stays(self, 41, 100, 40));
	EXPECT_FALSE(stays(self, 40, 100, 40));
	EXPECT_TRUE(stays(self, 1, 100, 0));
	EXPECT_FALSE(stays(self, 0, 100, 0));
	/* 40 % of 9 are 3 */
	EXPECT_TRUE(stays(self, 4, 9, 40));
	EXPECT_FALSE(stays(self, 3, 9, 40));
	/* no higher than where it begins */
	EXPECT_TRUE(stays(self, 76, 100, 80));
	EXPECT_FALSE(stays(self, 75, 100, 80));
	EXPECT_TRUE(stays(self, 1610612736, INT_MAX, 75));
	EXPECT_FALSE(stays(self, 1610612735, INT_MAX, 75));
	self->tn.conf.cookie_start = 100;
	EXPECT_FALSE(stays(self, INT_MAX, INT_MAX, 100));
}

TEST_F(flood, ends_in_the_namespace)
{
	tt_flood_enter(&self->tn, NULL, 750);
	self->tn.held.counter = 401;
	jiffies += 10000;
	tt_flood_tick(&self->tn);
	EXPECT_TRUE(self->tn.flood.on);
	self->tn.held.counter = 400;
	tt_flood_tick(&self->tn);
	EXPECT_FALSE(self->tn.flood.on);
}

/* With the cookies of the last 8 to 16 s that have not come back. */
TEST_F(flood, ends_without_cookies_in_flight)
{
	unsigned long begin = jiffies;

	self->tn.conf.cookie_min_time = 0;
	level = 30;
	enter(self);
	sends(self, true, 11);
	tick_at(self, begin + 7999);	/* the end of a window */
	EXPECT_TRUE(self->listener.flood.on);
	tick_at(self, begin + 15999);	/* of the next one */
	EXPECT_TRUE(self->listener.flood.on);
	tick_at(self, begin + 16000);
	EXPECT_FALSE(self->listener.flood.on);

	enter(self);
	sends(self, true, 11);
	*of_listener(self, VALID) += 1;
	tt_flood_tick(&self->tn);
	EXPECT_FALSE(self->listener.flood.on);
}

/* More that came back than was sent in these windows is no room for others. */
TEST_F(flood, cookies_of_before_are_no_room)
{
	unsigned long begin = jiffies;

	self->tn.conf.cookie_min_time = 0;
	level = 41;
	enter(self);
	sends(self, true, 100);
	tt_flood_tick(&self->tn);
	tick_at(self, begin + 17000);
	*of_listener(self, VALID) += 50;
	tt_flood_tick(&self->tn);
	EXPECT_TRUE(self->listener.flood.on);
	level = 40;
	tt_flood_tick(&self->tn);
	EXPECT_FALSE(self->listener.flood.on);
}

/* Windows of long ago are not gone through one by one, nor is anything left in them. */
TEST_F(flood, a_tick_after_a_long_time)
{
	struct tt_flood *flood = &self->listener.flood;
	unsigned long begin = jiffies;

	sends(self, true, 5);
	tick_at(self, begin + 1);
	EXPECT_EQ(5, flood->sent[0]);
	EXPECT_TRUE(flood->outstanding);
	/* the last moment of the ring, and the first one after it */
	tick_at(self, begin + 16 * 8000 - 1);
	EXPECT_EQ(15, flood->window);
	EXPECT_EQ(5, flood->sent[0]);
	EXPECT_TRUE(flood->outstanding);
	tick_at(self, begin + 16 * 8000);
	EXPECT_EQ(0, flood->window);
	EXPECT_EQ(0, flood->sent[0]);
	EXPECT_FALSE(flood->outstanding);

	sends(self, true, 7);
	tick_at(self, begin + 1000000);
	EXPECT_EQ(0, flood->window);
	EXPECT_EQ((u32)begin + 1000000, flood->window_since);
	EXPECT_EQ(7, flood->sent[0]);
	EXPECT_TRUE(flood->outstanding);
	tick_at(self, begin + 2000000);
	EXPECT_EQ(0, flood->sent[0]);
	EXPECT_FALSE(flood->outstanding);
}

/* Each cookie is waited for: for so long as the stack takes it, and for no longer. */
TEST_F(flood, outstanding)
{
	struct tt_flood *flood = &self->tn.flood;
	unsigned long begin = jiffies;
	int i;

	/* none was sent; nothing is counted because of that, and at no time is one waited for */
	*of_net(self, SENT) = 5;
	tt_flood_tick(&self->tn);
	EXPECT_EQ(0, flood->last_sent);
	*of_net(self, SENT) = 0;
	for (i = 0; i < 200000; i++, jiffies++)
		ASSERT_FALSE(tt_flood_outstanding(flood));
	jiffies = begin;
	sends(self, false, 2);
	/* before the collector knows of it */
	jiffies += 1999;
	EXPECT_TRUE(tt_flood_outstanding(flood));
	jiffies += 1;
	EXPECT_FALSE(tt_flood_outstanding(flood));
	tt_flood_tick(&self->tn);
	EXPECT_TRUE(tt_flood_outstanding(flood));
	*of_net(self, VALID) += 1;
	tt_flood_tick(&self->tn);
	EXPECT_TRUE(tt_flood_outstanding(flood));
	*of_net(self, VALID) += 1;
	tt_flood_tick(&self->tn);
	EXPECT_FALSE(tt_flood_outstanding(flood));
	EXPECT_FALSE(flood->on);
	tick_at(self, begin + 16 * 8000);
	EXPECT_FALSE(tt_flood_outstanding(flood));
}

/* One that came back at once leaves nothing to wait for. */
static void comes_back_at_once(struct _test_data_flood *self)
{
	sends(self, true, 1);
	*of_listener(self, VALID) += 1;
	tt_flood_tick(&self->tn);
	uk_check(!self->listener.flood.outstanding, "one is outstanding");
}

/* In the jiffy of a tick there may be another cookie after it. */
TEST_F(flood, a_cookie_in_the_jiffy_of_a_tick)
{
	comes_back_at_once(self);
	sends(self, true, 1);
	tick_at(self, jiffies + 5000);
	EXPECT_EQ(1, self->listener.flood.sent[0]);
}

TEST_F(flood, a_cookie_in_the_jiffy_after_a_tick)
{
	comes_back_at_once(self);
	jiffies++;
	sends(self, true, 1);
	tick_at(self, jiffies + 5000);
	EXPECT_EQ(1, self->listener.flood.sent[0]);
}

/* Where none was sent since, whatever is counted is not looked at. */
TEST_F(flood, no_cookie_since_the_last_tick)
{
	comes_back_at_once(self);
	tick_at(self, jiffies + 5000);
	*of_listener(self, SENT) += 1;
	tick_at(self, jiffies + 1);
	EXPECT_EQ(0, self->listener.flood.sent[0]);
}

/* Who brings one cookie back again and again has not paid for those of others. */
TEST_F(flood, overpaid)
{
	struct tt_flood *flood = &self->tn.flood;
	unsigned long begin = jiffies;

	sends(self, false, 3);
	*of_net(self, VALID) += 3;
	tt_flood_tick(&self->tn);
	EXPECT_FALSE(flood->outstanding);
	sends(self, false, 1);
	*of_net(self, VALID) += 2;
	tick_at(self, begin + 1000);
	EXPECT_TRUE(flood->outstanding);
	/* from when that was seen last, which is while the sum is below 0 */
	tick_at(self, begin + 16 * 8000 - 1);
	EXPECT_TRUE(flood->outstanding);
	tick_at(self, begin + 16 * 8000);
	EXPECT_TRUE(flood->outstanding);
	EXPECT_EQ(begin + 16 * 8000 - 1, jiffies - ((u32)jiffies - flood->overpaid_since));
	tick_at(self, begin + 2 * 16 * 8000 - 2);
	EXPECT_TRUE(flood->outstanding);
	tick_at(self, begin + 2 * 16 * 8000 - 1);
	EXPECT_FALSE(flood->outstanding);
}

TEST_HARNESS_MAIN
