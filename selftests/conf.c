// SPDX-License-Identifier: GPL-2.0-only
/* module/conf.c, in user space: what a setting may be; all of a change is made, or nothing. */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "conf.h"
#include "device.h"
#include "gc.h"
#include "hook.h"
#include "net.h"

#define BITS(name)	BIT(TT_CONF_##name)

FIXTURE(conf)
{
	struct tt_net tn;
	struct tt_conf was;
	struct tt_conf_change change;
	struct list_head devices;
};

struct mutex tt_nets_mutex;	/* the collector's: nobody waits for the RTNL with it */
unsigned long jiffies;

/* What the hooks were asked for, what they found set then, and what they say to it. */
static int switched, switch_err;
static struct tt_conf at_switch;

/* The same of early_devices; the errors are those of the first swap and of the second. */
static int swapped, swap_err[2];

static int kicked;

int tt_hook_switch(struct tt_net *tn)
{
	uk_check(!tt_nets_mutex.held, "tt_nets_mutex is held");
	uk_check(tn->conf_lock.held, "conf_lock is not held");
	switched++;
	at_switch = tn->conf;
	return switch_err;
}

int tt_device_swap(struct tt_net *tn, struct list_head *list)
{
	uk_check(tn->conf_lock.held, "conf_lock is not held");
	uk_check(!tt_nets_mutex.held, "tt_nets_mutex is held");
	uk_check(swapped < 2, "more than there and back");
	return swap_err[swapped++];
}

void tt_gc_kick(struct tt_net *tn)
{
	uk_check(!tn->conf_lock.held && !tt_nets_mutex.held, "the collector takes them");
	kicked++;
}

/* Every value is another one before and after. */
FIXTURE_SETUP(conf)
{
	int i;

	for (i = 0; i < TT_CONF_COUNT; i++) {
		tt_conf_put(&self->tn.conf, i, 100 + i);
		tt_conf_put(&self->change.conf, i, 200 + i);
	}
	self->was = self->tn.conf;
	INIT_LIST_HEAD(&self->devices);
}

FIXTURE_TEARDOWN(conf)
{
	EXPECT_EQ(0, self->tn.conf_lock.held);
	EXPECT_EQ(0, tt_nets_mutex.held);
}

/* Those of @set are new, all others as they were. */
static bool is_set(struct _test_data_conf *self, const struct tt_conf *conf, unsigned long set)
{
	unsigned int i;

	for (i = 0; i < TT_CONF_COUNT; i++) {
		const struct tt_conf *from = set & BIT(i) ? &self->change.conf : &self->was;

		if (tt_conf_get(conf, i) != tt_conf_get(from, i))
			return false;
	}
	return true;
}

/* As Documentation/sysctl.rst has them: name, least, greatest, at load. */
TEST(ranges)
{
	static const struct {
		const char *name;
		unsigned int least, greatest, initial;
	} want[] = {
		{ "flows_max", 4, INT_MAX, TT_BY_MEMORY },
		{ "halfopen_max", 1, INT_MAX, TT_BY_MEMORY },
		{ "halfopen_listener_max", 0, INT_MAX, 0 },
		{ "halfopen_source_max", 0, INT_MAX, 0 },
		{ "halfopen_timeout_min", 100, 600000, 3000 },
		{ "cookie_start", 0, 100, 75 },
		{ "cookie_end", 0, 100, 40 },
		{ "cookie_min_time", 0, 600000, 10000 },
		{ "cookie_resets", 0, 100000, 64 },
		{ "mode", 0, 2, TT_ENFORCE },
		{ "overflow", 0, 2, TT_OVERFLOW_COOKIE },
		{ "forward", 0, 1, 1 },
		{ "early", 0, 2, TT_EARLY_OFF },
		{ "reply", 0, 1, TT_REPLY_ROUTE },
	};
	unsigned int i;

	ASSERT_EQ(TT_CONF_COUNT, ARRAY_SIZE(want));
	for (i = 0; i < TT_CONF_COUNT; i++) {
		const struct tt_conf_range *r = &tt_conf_ranges[i];

		EXPECT_STREQ(want[i].name, r->name);
		EXPECT_EQ(want[i].least, r->least);
		EXPECT_EQ(want[i].greatest, r->greatest);
		EXPECT_EQ(want[i].initial, r->initial);
		EXPECT_TRUE(tt_conf_in_range(i, r->least));
		EXPECT_TRUE(tt_conf_in_range(i, r->greatest));
		EXPECT_FALSE(tt_conf_in_range(i, r->greatest + 1));
		EXPECT_FALSE(tt_conf_in_range(i, UINT_MAX));
		if (r->least)
			EXPECT_FALSE(tt_conf_in_range(i, r->least - 1));
		if (r->initial != TT_BY_MEMORY)
			EXPECT_TRUE(tt_conf_in_range(i, r->initial));
	}
}

/* Each number in a range is a word, and the next one is their end. */
TEST(words)
{
	static const char * const mode[] = { "enforce", "monitor", "off" };
	static const char * const overflow[] = { "cookie", "recycle", "drop" };
	static const char * const forward[] = { "0", "1" };
	static const char * const early[] = { "off", "prerouting", "ingress" };
	static const char * const reply[] = { "route", "reflect" };
	static const char * const * const want[TT_CONF_COUNT] = {
		[TT_CONF_mode] = mode, [TT_CONF_overflow] = overflow,
		[TT_CONF_forward] = forward, [TT_CONF_early] = early, [TT_CONF_reply] = reply,
	};
	unsigned int i, j;

	for (i = 0; i < TT_CONF_COUNT; i++) {
		const struct tt_conf_range *r = &tt_conf_ranges[i];

		EXPECT_EQ(!!want[i], !!r->words);
		if (!want[i])
			continue;
		for (j = 0; j <= r->greatest; j++)
			EXPECT_STREQ(want[i][j], r->words[j]);
		EXPECT_EQ(NULL, r->words[j]);
	}
}

TEST(refusals)
{
	EXPECT_STREQ("flows_max is a number from 4 to 2147483647",
		     tt_conf_ranges[TT_CONF_flows_max].refusal);
	EXPECT_STREQ("cookie_end is a number from 0 to 100",
		     tt_conf_ranges[TT_CONF_cookie_end].refusal);
	EXPECT_STREQ("early has no such value", tt_conf_ranges[TT_CONF_early].refusal);
}

/* One by one: of these four the hooks are told, with the new value and without any other. */
TEST_F(conf, each)
{
	unsigned long hooks = BITS(mode) | BITS(forward) | BITS(early) | BITS(reply);
	unsigned int i;

	for (i = 0; i < TT_CONF_COUNT; i++) {
		self->tn.conf = self->was;
		self->change.set = BIT(i);
		switched = kicked = 0;
		EXPECT_EQ(0, tt_conf_set(&self->tn, &self->change));
		EXPECT_TRUE(is_set(self, &self->tn.conf, BIT(i)));
		EXPECT_EQ(!!(hooks & BIT(i)), switched);
		if (switched)
			EXPECT_TRUE(is_set(self, &at_switch, BIT(i)));
		EXPECT_EQ(1, kicked);
	}
	EXPECT_EQ(0, swapped);
}

TEST_F(conf, none)
{
	EXPECT_EQ(0, tt_conf_set(&self->tn, &self->change));
	EXPECT_TRUE(is_set(self, &self->tn.conf, 0));
	EXPECT_EQ(0, switched);
}

/* The hooks first: no packet is judged by a limit that may yet be refused. */
TEST_F(conf, several)
{
	self->change.set = BITS(mode) | BITS(reply) | BITS(flows_max) | BITS(overflow);
	EXPECT_EQ(0, tt_conf_set(&self->tn, &self->change));
	EXPECT_EQ(1, switched);
	EXPECT_TRUE(is_set(self, &at_switch, BITS(mode) | BITS(reply)));
	EXPECT_TRUE(is_set(self, &self->tn.conf, self->change.set));
}

TEST_F(conf, all)
{
	self->change.set = BIT(TT_CONF_COUNT) - 1;
	self->change.devices = &self->devices;
	EXPECT_EQ(0, tt_conf_set(&self->tn, &self->change));
	EXPECT_EQ(1, swapped);
	EXPECT_EQ(0, memcmp(&self->change.conf, &self->tn.conf, sizeof(self->tn.conf)));
}

TEST_F(conf, hooks_refuse)
{
	switch_err = -EOPNOTSUPP;
	self->change.set = BIT(TT_CONF_COUNT) - 1;
	EXPECT_EQ(-EOPNOTSUPP, tt_conf_set(&self->tn, &self->change));
	EXPECT_TRUE(is_set(self, &self->tn.conf, 0));
	EXPECT_EQ(0, swapped);
	EXPECT_EQ(1, kicked);
}

/* The list of devices goes back, too; who cannot do that says so. */
TEST_F(conf, hooks_refuse_after_the_devices)
{
	switch_err = -ENOMEM;
	self->change.set = BITS(early) | BITS(cookie_start);
	self->change.devices = &self->devices;
	EXPECT_EQ(-ENOMEM, tt_conf_set(&self->tn, &self->change));
	EXPECT_TRUE(is_set(self, &self->tn.conf, 0));
	EXPECT_EQ(2, swapped);
	EXPECT_EQ(0, uk_warnings);

	swapped = 0;
	swap_err[1] = -ENOMEM;
	EXPECT_EQ(-ENOMEM, tt_conf_set(&self->tn, &self->change));
	EXPECT_EQ(2, swapped);
	EXPECT_EQ(1, uk_warnings);
}

TEST_F(conf, devices_refuse)
{
	swap_err[0] = -EBUSY;
	self->change.set = BITS(mode) | BITS(cookie_start);
	self->change.devices = &self->devices;
	EXPECT_EQ(-EBUSY, tt_conf_set(&self->tn, &self->change));
	EXPECT_EQ(1, swapped);
	EXPECT_EQ(0, switched);
	EXPECT_TRUE(is_set(self, &self->tn.conf, 0));
}

TEST_HARNESS_MAIN
