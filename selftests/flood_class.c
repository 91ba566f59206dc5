// SPDX-License-Identifier: GPL-2.0-only
/* module/flood.c, in user space: the figures of a flood, and how it is called by them. */
#include "flood_unit.h"

/* The SYN that finds it so was counted before. */
TEST_F(flood, begins)
{
	*of_listener(self, SYNS) = 10;
	*of_listener(self, FULL) = 3;
	enter(self);
	/* the other CPU has a share, too */
	self->lstats[0].stat[TT_LISTENER_syns] = 90;
	EXPECT_TRUE(self->listener.flood.on);
	EXPECT_FALSE(self->tn.flood.on);
	EXPECT_EQ(1, atomic_read(&self->tn.nfloods));
	EXPECT_EQ(1, atomic_read(&self->tn.answering));
	EXPECT_EQ(1, self->lstats[0].stat[TT_LISTENER_cookie_modes]);
	EXPECT_EQ(1, self->stats[0].stat[TT_STAT_cookie_modes]);
	enter(self);
	EXPECT_EQ(1, atomic_read(&self->tn.nfloods));
	EXPECT_EQ(0, begins);

	tt_flood_tick(&self->tn);
	tt_flood_tick(&self->tn);
	EXPECT_EQ(1, begins);
	EXPECT_EQ(2, told);
	EXPECT_EQ(AF_INET6, report.family);
	EXPECT_EQ(htons(443), report.port);
	EXPECT_EQ(7, report.dev);
	EXPECT_EQ(0x20, report.addr.s6_addr[0]);
	EXPECT_EQ(77, report.level);
	EXPECT_EQ(100, report.limit);
	EXPECT_EQ(0, report.ended);

	jiffies += 1234;
	uk_ns = 5;
	*of_listener(self, SYNS) += 6;
	*of_listener(self, SENT) += 5;
	*of_listener(self, VALID) += 1;
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(1, ends);
	EXPECT_EQ(5, report.ended);
	EXPECT_EQ(1234, report.duration_ms);
	EXPECT_EQ(97, report.n[SYNS]);
	EXPECT_EQ(5, report.n[SENT]);
	EXPECT_EQ(1, report.n[VALID]);
	EXPECT_EQ(0, report.n[FULL]);
	EXPECT_EQ(AF_INET6, report.family);
	EXPECT_FALSE(self->listener.flood.on);
	memset(&report, 0, sizeof(report));
	tt_flood_last(&self->tn, &report);
	EXPECT_EQ(97, report.n[SYNS]);
}

TEST_F(flood, begins_in_the_namespace)
{
	*of_net(self, SYNS) = 3;
	tt_flood_enter(&self->tn, NULL, 750);
	EXPECT_TRUE(self->tn.flood.on);
	EXPECT_FALSE(self->listener.flood.on);
	EXPECT_EQ(1, self->stats[0].stat[TT_STAT_cookie_modes]);
	EXPECT_EQ(0, self->lstats[0].stat[TT_LISTENER_cookie_modes]);
	*of_net(self, SYNS) = 4;
	*of_listener(self, SYNS) = 400;
	tt_flood_end(&self->tn, NULL);
	EXPECT_EQ(1, begins);	/* first what was not told yet */
	EXPECT_EQ(0, report.family);
	EXPECT_EQ(750, report.level);
	EXPECT_EQ(1000, report.limit);
	EXPECT_EQ(2, report.n[SYNS]);
}

/* The counters of a flood so long that they began again with 0. */
TEST_F(flood, counters_wrap)
{
	*of_listener(self, SYNS) = ULONG_MAX;
	*of_listener(self, SENT) = ULONG_MAX - 4;
	enter(self);
	*of_listener(self, SYNS) = 8;
	*of_listener(self, SENT) = 0;
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(10, report.n[SYNS]);
	EXPECT_EQ(5, report.n[SENT]);
}

/* Documentation/flood.rst, "What you see". */
TEST_F(flood, class)
{
	static const struct {
		unsigned long n[TT_FLOOD_COUNTERS];	/* SYNs, cookies, good ones, no room */
		u64 sources;
		enum tt_flood_class class;
	} cases[] = {
		{ { 100, 100, 0, 0 }, 100, TT_SPOOFED },
		/* no room for most */
		{ { 100, 49, 0, 50 }, 100, TT_SPOOFED },
		{ { 100, 49, 0, 51 }, 100, TT_SLOW_ACCEPT },
		{ { 101, 50, 0, 50 }, 101, TT_SPOOFED },
		{ { 101, 50, 0, 51 }, 101, TT_SLOW_ACCEPT },
		{ { 1, 0, 0, 1 }, 1, TT_SLOW_ACCEPT },
		{ { 100, 49, 49, 51 }, 1, TT_SLOW_ACCEPT },
		{ { ULONG_MAX, 0, 0, ULONG_MAX }, 1, TT_SLOW_ACCEPT },
		/* at least half came back */
		{ { 100, 100, 49, 0 }, 100, TT_SPOOFED },
		{ { 100, 100, 50, 0 }, 100, TT_CROWD },
		{ { 101, 101, 50, 0 }, 101, TT_SPOOFED },
		{ { 101, 101, 51, 0 }, 101, TT_CROWD },
		{ { 1, 1, 0, 0 }, 1, TT_SPOOFED },
		{ { 1, 1, 1, 0 }, 1, TT_CROWD },
		{ { 2, 2, 1, 0 }, 2, TT_CROWD },
		{ { 3, 3, 1, 0 }, 3, TT_SPOOFED },
		{ { 100, 50, 50, 50 }, 100, TT_CROWD },
		{ { 100, 100, 50, 0 }, 1, TT_CROWD },
		{ { 9, 0, 1, 0 }, 9, TT_CROWD },	/* those of before */
		{ { ULONG_MAX, ULONG_MAX, ULONG_MAX, 0 }, 1, TT_CROWD },
		{ { 0, 0, 0, 0 }, 0, TT_SPOOFED },
		/* more than four each */
		{ { 100, 100, 0, 0 }, 25, TT_SPOOFED },
		{ { 100, 100, 0, 0 }, 24, TT_FEW_SOURCES },
		{ { 101, 101, 0, 0 }, 25, TT_FEW_SOURCES },
		{ { 4, 4, 0, 0 }, 1, TT_SPOOFED },
		{ { 5, 5, 0, 0 }, 1, TT_FEW_SOURCES },
		{ { 1000, 1000, 499, 500 }, 1, TT_FEW_SOURCES },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		tt_flood_again(&self->tn, &self->listener);
		*of_listener(self, SYNS) = 1;
		for (j = SENT; j <= FULL; j++)
			*of_listener(self, j) = 0;
		enter(self);
		for (j = 0; j < TT_FLOOD_COUNTERS; j++)
			*of_listener(self, j) = cases[i].n[j];
		distinct = cases[i].sources;
		tt_flood_end(&self->tn, &self->listener);
		EXPECT_EQ(cases[i].class, report.class)
			TH_LOG("case %u", i);
		EXPECT_EQ(cases[i].sources, report.sources);
	}
}

TEST_F(flood, sources_are_not_known)
{
	distinct = 1;
	uk_no_memory = true;
	*of_listener(self, SYNS) = 1;
	enter(self);
	EXPECT_TRUE(self->listener.flood.on);
	tt_flood_syn(&self->listener, &self->listener.key.addr, AF_INET6);
	EXPECT_EQ(0, added);
	*of_listener(self, SYNS) = 1000;
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(0, report.sources);
	EXPECT_EQ(TT_SPOOFED, report.class);
}

/* Of both, where both are in cookie mode. */
TEST_F(flood, sources_are_counted)
{
	tt_flood_syn(&self->listener, &self->listener.key.addr, AF_INET6);
	EXPECT_EQ(0, added);
	enter(self);
	tt_flood_syn(&self->listener, &self->listener.key.addr, AF_INET6);
	EXPECT_EQ(1, added);
	tt_flood_enter(&self->tn, NULL, 1);
	tt_flood_syn(&self->listener, &self->listener.key.addr, AF_INET6);
	EXPECT_EQ(3, added);
}

/* The prefixes, and their share of those SYNs that were looked at. */
TEST_F(flood, top)
{
	struct in6_addr four;

	ipv6_addr_set_v4mapped(htonl(0xc6336400), &four);
	top[0] = (struct tt_prefix){ htonl(0xc6336400), AF_INET, 4000000000U };
	top[1].family = AF_INET6;
	top[1].count = 39999999;
	memcpy(&top[1].addr, &self->listener.key.addr, sizeof(top[1].addr));
	sampled = 4000000000U;
	*of_listener(self, SYNS) = 1;
	enter(self);
	*of_listener(self, SYNS) = 1000;
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(TT_FEW_SOURCES, report.class);
	EXPECT_EQ(AF_INET, report.top[0].family);
	EXPECT_EQ(24, report.top[0].len);
	EXPECT_EQ(100, report.top[0].percent);
	EXPECT_EQ(0, memcmp(&four, &report.top[0].addr, sizeof(four)));
	EXPECT_EQ(AF_INET6, report.top[1].family);
	EXPECT_EQ(64, report.top[1].len);
	EXPECT_EQ(0, report.top[1].percent);
	EXPECT_EQ(0, memcmp(&self->listener.key.addr, &report.top[1].addr, sizeof(four)));
	EXPECT_EQ(0, report.top[2].family);
}

/* No more than are told of; and none where it is no question of sources. */
TEST_F(flood, top_of_many)
{
	int i;

	for (i = 0; i < TT_SKETCH_TOP; i++)
		top[i] = (struct tt_prefix){ htonl(i << 8), AF_INET, 1 };
	sampled = TT_SKETCH_TOP;
	*of_listener(self, SYNS) = 1;
	enter(self);
	*of_listener(self, SYNS) = 1000;
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(AF_INET, report.top[TT_FLOOD_TOP - 1].family);
	EXPECT_EQ(6, report.top[TT_FLOOD_TOP - 1].percent);

	tt_flood_again(&self->tn, &self->listener);
	top[1].count = 0;
	sampled = 1;
	enter(self);
	*of_listener(self, SYNS) += 1000;
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(100, report.top[0].percent);
	EXPECT_EQ(0, report.top[1].family);

	tt_flood_again(&self->tn, &self->listener);
	distinct = 1000;
	enter(self);
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(TT_SPOOFED, report.class);
	EXPECT_EQ(0, report.top[0].family);
}

/* Sketches are for so many at once; nobody's place is lost when memory is. */
TEST_F(flood, sketches)
{
	static struct tt_flood_report none;
	static struct tt_listener l[130];
	int i, n = 0;

	uk_no_memory = true;
	for (i = 0; i < 130; i++) {
		l[i] = (struct tt_listener){ .key = { .tn = &self->tn }, .stats = self->lstats };
		tt_flood_enter(&self->tn, &l[i], 1);
		tt_flood_end(&self->tn, &l[i]);
		tt_flood_again(&self->tn, &l[i]);
	}
	uk_no_memory = false;
	for (i = 0; i < 130; i++)
		tt_flood_enter(&self->tn, &l[i], 1);
	distinct = 9;
	for (i = 0; i < 130; i++) {
		tt_flood_end(&self->tn, &l[i]);
		n += report.sources == 9;
		report = none;
	}
	EXPECT_EQ(128, n);
	/* and they are given back */
	tt_flood_enter(&self->tn, &self->listener, 1);
	tt_flood_end(&self->tn, &self->listener);
	EXPECT_EQ(9, report.sources);
}

TEST_F(flood, sketches_of_init_net)
{
	static struct tt_listener l[1026];
	int i, n = 0;

	self->tn.net = &init_net;
	distinct = 9;
	for (i = 0; i < 1026; i++) {
		l[i] = (struct tt_listener){ .key = { .tn = &self->tn }, .stats = self->lstats };
		tt_flood_enter(&self->tn, &l[i], 1);
	}
	for (i = 0; i < 1026; i++) {
		tt_flood_end(&self->tn, &l[i]);
		n += report.sources == 9;
	}
	EXPECT_EQ(1024, n);
}

TEST_HARNESS_MAIN
