// SPDX-License-Identifier: GPL-2.0-only
/* module/override.c, in user space: what one listener has otherwise than its namespace. */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "gc.h"
#include "listener.h"
#include "net.h"
#include "override.h"

int tt_cookie_result;

#define MOST		256	/* of a namespace */
#define MOST_OTHERS	4096	/* of all but init_net */
#define PLACES		(MOST_OTHERS / MOST + 1)

/* A namespace and its listeners, by their port; those that are there have a reference. */
struct place {
	struct net net;
	struct tt_net tn;
	struct tt_stats stats[UK_CPUS];
	struct tt_listener listener[MOST + 1];
};

FIXTURE(override)
{
	struct place own;
	struct tt_override_change change;
};

unsigned long jiffies;
struct net init_net;
spinlock_t tt_listeners_lock;	/* of what is kept */

static int stopped, kicked;
static struct tt_listener *stopped_last;

static struct place *place_of(const struct tt_net *tn)
{
	return container_of(tn, struct place, tn);
}

static unsigned int others_max = 2 * MOST_OTHERS;

unsigned int tt_listener_others_max(void)
{
	return others_max;
}

struct tt_listener *tt_listener_find(const struct tt_listener_key *key)
{
	struct tt_listener *l = &place_of(key->tn)->listener[key->port];

	uk_check(tt_listeners_lock, "tt_listeners_lock is not held");
	return l->ref.counter ? l : NULL;
}

struct tt_listener *tt_listener_get(const struct tt_listener_key *key)
{
	struct tt_listener *l = &place_of(key->tn)->listener[key->port];

	if (uk_no_memory && !l->ref.counter)
		return NULL;
	if (!l->ref.counter++)
		list_add_tail(&l->list, &key->tn->listeners);
	return l;
}

void tt_listener_leave(struct tt_listener *l)
{
	uk_check(!l->kept, "it is kept");
	if (l->ref.counter == 1)
		list_del(&l->list);
}

void tt_listener_put(struct tt_listener *l)
{
	l->ref.counter--;
}

void tt_flood_stop(struct tt_net *tn, struct tt_listener *l)
{
	stopped++;
	stopped_last = l;
}

void tt_gc_kick(struct tt_net *tn)
{
	uk_check(!tt_listeners_lock, "the collector takes it");
	kicked++;
}

static void place_init(struct place *place)
{
	int i;

	memset(place, 0, sizeof(*place));
	place->net.ipv4.sysctl_tcp_syncookies = 1;
	place->tn.net = &place->net;
	place->tn.stats = place->stats;
	INIT_LIST_HEAD(&place->tn.listeners);
	for (i = 0; i <= MOST; i++) {
		place->listener[i].key.tn = &place->tn;
		place->listener[i].key.port = i;
		memset(&place->listener[i].override, 0xff, sizeof(struct tt_override));
		tt_override_init(&place->listener[i].override);
	}
}

FIXTURE_SETUP(override)
{
	place_init(&self->own);
	self->own.tn.conf.overflow = TT_OVERFLOW_DROP;
	self->own.tn.conf.halfopen_listener_max = 77;
}

FIXTURE_TEARDOWN(override)
{
	tt_override_net_exit(&self->own.tn);
	EXPECT_EQ(0, self->own.tn.nkept);
	EXPECT_TRUE(list_empty(&self->own.tn.listeners));
	EXPECT_EQ(0, atomic_read(&self->own.tn.answering));
	EXPECT_EQ(0, tt_listeners_lock);
}

static int set(struct _test_data_override *self, int n)
{
	return tt_override_set(&self->own.listener[n].key, &self->change);
}

static int delete(struct _test_data_override *self, int n)
{
	return tt_override_delete(&self->own.listener[n].key);
}

TEST_F(override, limit)
{
	struct tt_listener *l = &self->own.listener[0];

	EXPECT_EQ(77, tt_override_limit(l));
	self->change.limit = true;
	self->change.to.limit = 5;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(5, tt_override_limit(l));
	self->change.to.limit = 0;	/* as its backlog */
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(0, tt_override_limit(l));
	self->change.to.limit = INT_MAX;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(INT_MAX, tt_override_limit(l));
	self->change.to.limit = TT_LIMIT_INHERIT;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(77, tt_override_limit(l));
	EXPECT_EQ(0, self->own.stats[0].stat[TT_STAT_settings_refused]);
}

/* What was set, else what the namespace has; but no cookie where there may be none. */
TEST_F(override, overflow)
{
	static const struct {
		enum tt_overflow conf;
		u32 set;
		enum tt_cookies cookies;
		u8 syncookies;
		enum tt_overflow is;
	} cases[] = {
		{ TT_OVERFLOW_DROP, TT_OVERFLOW_INHERIT, TT_COOKIES_AUTO, 1, TT_OVERFLOW_DROP },
		{ TT_OVERFLOW_RECYCLE, TT_OVERFLOW_INHERIT, TT_COOKIES_AUTO, 1,
		  TT_OVERFLOW_RECYCLE },
		{ TT_OVERFLOW_COOKIE, TT_OVERFLOW_INHERIT, TT_COOKIES_AUTO, 1, TT_OVERFLOW_COOKIE },
		{ TT_OVERFLOW_COOKIE, TT_OVERFLOW_INHERIT, TT_COOKIES_ALWAYS, 2,
		  TT_OVERFLOW_COOKIE },
		{ TT_OVERFLOW_COOKIE, TT_OVERFLOW_INHERIT, TT_COOKIES_NEVER, 1,
		  TT_OVERFLOW_RECYCLE },
		{ TT_OVERFLOW_COOKIE, TT_OVERFLOW_INHERIT, TT_COOKIES_AUTO, 0,
		  TT_OVERFLOW_RECYCLE },
		{ TT_OVERFLOW_COOKIE, TT_OVERFLOW_DROP, TT_COOKIES_NEVER, 0, TT_OVERFLOW_DROP },
		{ TT_OVERFLOW_COOKIE, TT_OVERFLOW_RECYCLE, TT_COOKIES_AUTO, 1,
		  TT_OVERFLOW_RECYCLE },
		{ TT_OVERFLOW_DROP, TT_OVERFLOW_COOKIE, TT_COOKIES_AUTO, 1, TT_OVERFLOW_COOKIE },
		{ TT_OVERFLOW_DROP, TT_OVERFLOW_COOKIE, TT_COOKIES_ALWAYS, 0,
		  TT_OVERFLOW_RECYCLE },
	};
	struct tt_listener *l = &self->own.listener[0];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		self->own.tn.conf.overflow = cases[i].conf;
		self->own.net.ipv4.sysctl_tcp_syncookies = cases[i].syncookies;
		l->override.overflow = cases[i].set;
		l->override.cookies = cases[i].cookies;
		EXPECT_EQ(cases[i].is, tt_override_overflow(l))
			TH_LOG("case %u", i);
	}
	l->override.cookies = TT_COOKIES_AUTO;
}

/* What is not set stays as it was. */
TEST_F(override, each)
{
	struct tt_listener *l = &self->own.listener[0];

	self->change.to = (struct tt_override){ 9, TT_OVERFLOW_COOKIE, TT_COOKIES_NEVER };
	self->change.limit = true;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(9, l->override.limit);
	EXPECT_EQ(TT_OVERFLOW_INHERIT, l->override.overflow);
	EXPECT_EQ(TT_COOKIES_AUTO, l->override.cookies);
	self->change.limit = false;
	self->change.overflow = true;
	self->change.to.limit = 8;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(9, l->override.limit);
	EXPECT_EQ(TT_OVERFLOW_COOKIE, l->override.overflow);
	EXPECT_EQ(TT_COOKIES_AUTO, l->override.cookies);
	self->change.overflow = false;
	self->change.cookies = true;
	self->change.to.overflow = TT_OVERFLOW_DROP;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(9, l->override.limit);
	EXPECT_EQ(TT_OVERFLOW_COOKIE, l->override.overflow);
	EXPECT_EQ(TT_COOKIES_NEVER, l->override.cookies);
	EXPECT_EQ(3, kicked);
}

/* Whoever always answers with cookies is asked for by ACKs, once each. */
TEST_F(override, answering)
{
	self->change.cookies = true;
	self->change.to.cookies = TT_COOKIES_ALWAYS;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(1, atomic_read(&self->own.tn.answering));
	EXPECT_EQ(0, set(self, 1));
	EXPECT_EQ(2, atomic_read(&self->own.tn.answering));
	self->change.to.cookies = TT_COOKIES_NEVER;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(1, atomic_read(&self->own.tn.answering));
	EXPECT_EQ(0, delete(self, 1));
	EXPECT_EQ(0, atomic_read(&self->own.tn.answering));
}

TEST_F(override, cookie_mode_ends)
{
	self->own.tn.conf.overflow = TT_OVERFLOW_COOKIE;
	self->change.overflow = true;
	self->change.to.overflow = TT_OVERFLOW_COOKIE;
	EXPECT_EQ(0, set(self, 3));
	EXPECT_EQ(0, stopped);
	self->change.to.overflow = TT_OVERFLOW_RECYCLE;
	EXPECT_EQ(0, set(self, 3));
	EXPECT_EQ(1, stopped);
	EXPECT_EQ(&self->own.listener[3], stopped_last);
}

/* It is kept once, and stays for its sockets when nothing is set any more. */
TEST_F(override, kept)
{
	struct tt_listener *l = &self->own.listener[0];

	tt_listener_get(&l->key);
	EXPECT_EQ(-ENOENT, delete(self, 0));
	self->change.limit = true;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(2, l->ref.counter);
	EXPECT_EQ(1, self->own.tn.nkept);
	kicked = 0;
	EXPECT_EQ(0, delete(self, 0));
	EXPECT_EQ(1, kicked);
	EXPECT_EQ(1, l->ref.counter);
	EXPECT_EQ(TT_LIMIT_INHERIT, l->override.limit);
	EXPECT_EQ(0, self->own.tn.nkept);
	EXPECT_EQ(-ENOENT, delete(self, 0));
	EXPECT_EQ(-ENOENT, delete(self, 1));
	EXPECT_EQ(1, kicked);
	tt_listener_leave(l);
	tt_listener_put(l);
}

TEST_F(override, no_memory)
{
	uk_no_memory = true;
	EXPECT_EQ(-ENOMEM, set(self, 0));
	EXPECT_EQ(1, self->own.stats[0].stat[TT_STAT_settings_refused]);
	EXPECT_EQ(0, self->own.tn.nkept);
	EXPECT_EQ(0, kicked);
}

TEST_F(override, so_many_of_a_namespace)
{
	int i;

	for (i = 0; i < MOST; i++)
		ASSERT_EQ(0, set(self, i));
	EXPECT_EQ(-ENOSPC, set(self, MOST));
	EXPECT_EQ(1, self->own.stats[0].stat[TT_STAT_settings_refused]);
	EXPECT_EQ(0, set(self, MOST - 1));
	EXPECT_EQ(0, delete(self, 5));
	EXPECT_EQ(0, set(self, MOST));
	EXPECT_EQ(-ENOSPC, set(self, 5));
}

/* init_net's are not among them, nor too many because of them. */
TEST_F(override, so_many_of_others)
{
	static struct place other[PLACES - 1], first;
	int i, j;

	place_init(&first);
	first.tn.net = &init_net;
	EXPECT_EQ(0, tt_override_set(&first.listener[0].key, &self->change));
	for (i = 0; i < PLACES - 1; i++) {
		place_init(&other[i]);
		for (j = 0; j < MOST; j++)
			ASSERT_EQ(0, tt_override_set(&other[i].listener[j].key, &self->change));
	}
	EXPECT_EQ(-ENOSPC, set(self, 0));
	EXPECT_EQ(0, tt_override_set(&first.listener[1].key, &self->change));
	tt_override_net_exit(&first.tn);
	EXPECT_EQ(-ENOSPC, set(self, 0));
	EXPECT_EQ(0, tt_override_delete(&other[0].listener[7].key));
	EXPECT_EQ(0, set(self, 0));
	for (i = 0; i < PLACES - 1; i++)
		tt_override_net_exit(&other[i].tn);
}

/* Any user may make some of these: they have a quarter of that. */
TEST_F(override, so_many_of_guests)
{
	static struct place guest[PLACES / 4 + 1];
	static struct user_namespace users;
	int i, j;

	for (i = 0; i <= PLACES / 4; i++) {
		place_init(&guest[i]);
		guest[i].net.user_ns = &users;
		for (j = 0; j < MOST; j++)
			ASSERT_EQ(i < PLACES / 4 ? 0 : -ENOSPC,
				  tt_override_set(&guest[i].listener[j].key, &self->change));
	}
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(0, tt_override_delete(&guest[0].listener[7].key));
	EXPECT_EQ(0, tt_override_set(&guest[i - 1].listener[0].key, &self->change));
	for (i = 0; i <= PLACES / 4; i++)
		tt_override_net_exit(&guest[i].tn);
}

/* Nor more than the counters of all listeners may take. */
TEST_F(override, so_many_as_there_is_memory_for)
{
	others_max = 2;
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(0, set(self, 1));
	EXPECT_EQ(-ENOSPC, set(self, 2));
	EXPECT_EQ(0, delete(self, 0));
	EXPECT_EQ(0, set(self, 2));
}

TEST_HARNESS_MAIN
