/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module/flood.c, in user space: what it calls, and what its two units begin with. What the
 * sketch of the sources says is the test's own choice.
 */
#ifndef TCPTRACK_FLOOD_UNIT_H
#define TCPTRACK_FLOOD_UNIT_H

#include "ukernel.h"
#include "kselftest_harness.h"

#include <linux/tcptrack.h>
#include "listener.h"
#include "net.h"
#include "sketch.h"
#include "watermark.h"

int tt_cookie_result;

#define SYNS	0
#define SENT	1
#define VALID	2
#define FULL	3

FIXTURE(flood)
{
	struct net net;
	struct tt_net tn;
	struct tt_stats stats[UK_CPUS];
	struct tt_listener listener;
	struct tt_listener_stats lstats[UK_CPUS];
};

/* The 32 bits of it that are looked at begin again in 100 s. */
unsigned long jiffies = 0xffffffff - 100000;
struct net init_net;
LIST_HEAD(tt_nets);
struct mutex tt_nets_mutex;	/* of tt_nets */

static int level, limit = 100, net_max = 1000;
static enum tt_overflow overflow = TT_OVERFLOW_COOKIE;

/* What was to be told: how often, and the last of it. */
static int begins, ends, told;
static struct tt_flood_report report;

/* It was made, and is not another one's memory. */
#define SKETCH	0x5e7c4

/* The sketch's answers. */
static u64 distinct;
static u32 sampled;
static struct tt_prefix top[TT_SKETCH_TOP];
static int added;

int tt_watermark_level(const struct tt_listener *l)
{
	return level;
}

int tt_watermark_limit(const struct tt_listener *l)
{
	return limit;
}

int tt_net_halfopen_max(const struct tt_net *tn)
{
	return net_max;
}

enum tt_overflow tt_override_overflow(const struct tt_listener *l)
{
	return overflow;
}

void tt_flood_note(struct tt_net *tn, u8 cmd, const struct tt_flood_report *r)
{
	uk_check(tn->flood_lock, "flood_lock is not held");
	if (cmd == TCPTRACK_CMD_FLOOD_BEGIN)
		begins++;
	else
		ends++;
	report = *r;
}

void tt_flood_tell(struct tt_net *tn)
{
	told++;
}

void tt_sketch_init(struct tt_sketch *s)
{
	s->sampled = SKETCH;
}

void tt_sketch_add(struct tt_sketch *s, const struct in6_addr *addr, u16 family,
		   const siphash_key_t *secret)
{
	uk_check(s->sampled == SKETCH, "no sketch");
	added++;
}

u64 tt_sketch_distinct(const struct tt_sketch *s)
{
	uk_check(s->sampled == SKETCH, "no sketch");
	return distinct;
}

u32 tt_sketch_top(struct tt_sketch *s)
{
	memcpy(s->top, top, sizeof(top));
	return sampled;
}

FIXTURE_SETUP(flood)
{
	self->net.ipv4.sysctl_tcp_syncookies = 1;
	self->tn.net = &self->net;
	self->tn.stats = self->stats;
	self->tn.conf = (struct tt_conf){
		.cookie_start = 75, .cookie_end = 40, .cookie_min_time = 10000,
	};
	INIT_LIST_HEAD(&self->tn.listeners);
	INIT_LIST_HEAD(&self->tn.notices);
	memset(&self->tn.flood, 0xff, sizeof(self->tn.flood));
	tt_flood_init(&self->tn.flood);
	self->listener.key = (struct tt_listener_key){
		.tn = &self->tn, .family = AF_INET6, .port = htons(443), .dev = 7,
		.addr.s6_addr = { 0x20, 1 },
	};
	self->listener.stats = self->lstats;
	tt_flood_init(&self->listener.flood);
	list_add_tail(&self->listener.list, &self->tn.listeners);
	list_add_tail(&self->tn.list, &tt_nets);
}

FIXTURE_TEARDOWN(flood)
{
	tt_flood_end(&self->tn, &self->listener);
	tt_flood_end(&self->tn, NULL);
	EXPECT_EQ(0, self->tn.flood_lock);
	EXPECT_EQ(0, atomic_read(&self->tn.nfloods));
	EXPECT_EQ(0, atomic_read(&self->tn.answering));
	EXPECT_EQ(begins, ends);
	EXPECT_EQ(0, uk_allocated);
	EXPECT_TRUE(list_empty(&self->tn.notices));	/* what lies behind last_flood */
}

static unsigned long *of_listener(struct _test_data_flood *self, int counter)
{
	static const int stat[TT_FLOOD_COUNTERS] = {
		TT_LISTENER_syns, TT_LISTENER_cookies_sent, TT_LISTENER_cookies_valid,
		TT_LISTENER_accept_full,
	};

	return &self->lstats[1].stat[stat[counter]];
}

static unsigned long *of_net(struct _test_data_flood *self, int counter)
{
	static const int stat[TT_FLOOD_COUNTERS] = {
		TT_STAT_syns, TT_STAT_cookies_sent, TT_STAT_cookies_valid, TT_STAT_accept_full,
	};

	return &self->stats[1].stat[stat[counter]];
}

static void enter(struct _test_data_flood *self)
{
	tt_flood_enter(&self->tn, &self->listener, 77);
}

#endif /* TCPTRACK_FLOOD_UNIT_H */
