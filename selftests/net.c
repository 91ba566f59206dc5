// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/net.c, in user space: with which settings a namespace begins, which limits hold in it,
 * and that nothing is left of one that could not be made.
 */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "cookie.h"
#include "device.h"
#include "flow.h"
#include "gc.h"
#include "halfopen.h"
#include "hook.h"
#include "listener.h"
#include "net.h"
#include "proc.h"
#include "subscription.h"
#include "sysctl.h"

#define MB		(1024UL * 1024)
#define TB		(1024UL * 1024 * MB)

/* What a namespace is made of, in the order in which it is. */
enum part {
	BUDGET, FLOWS, LISTENERS, NOTIFY, PROC, DEVICES, SYSCTL, HOOKS, PARTS
};

FIXTURE(net)
{
	struct net net;
	struct net_generic gen;
	struct tt_net tn, first;
};

unsigned long jiffies;
struct net init_net;

static struct pernet_operations *ops;
static int registration_err;
static struct net *there;	/* a namespace that is older than the module */
static int fails = PARTS;	/* the part that cannot be made */
static int made[PARTS], hooks_out, let_go;

static int make(enum part part)
{
	if ((int)part == fails)
		return -ENOSPC;
	made[part]++;
	return 0;
}

static void unmake(enum part part)
{
	uk_check(made[part] == 1, "what was not made goes");
	made[part]--;
}

int register_pernet_subsys(struct pernet_operations *those)
{
	if (registration_err)
		return registration_err;
	ops = those;
	return there ? ops->init(there) : 0;
}

void unregister_pernet_subsys(struct pernet_operations *those)
{
	uk_check(ops == those, "they are not registered");
	ops = NULL;
}

int tt_cookie_ack_net_init(struct tt_net *tn)
{
	return make(BUDGET);
}

void tt_cookie_ack_net_exit(struct tt_net *tn)
{
	unmake(BUDGET);
}

int tt_flow_table_init(struct tt_net *tn)
{
	return make(FLOWS);
}

void tt_flow_table_exit(struct tt_net *tn)
{
	unmake(FLOWS);
}

void tt_listener_net_init(struct tt_net *tn)
{
	made[LISTENERS] = 1;
}

void tt_listener_net_exit(struct tt_net *tn)
{
	unmake(LISTENERS);
}

void tt_notify_init(struct tt_notify *n, struct tt_net *tn, struct sock *sk, u32 portid)
{
	uk_check(!sk && n == &tn->notify, "not the group");
	made[NOTIFY] = 1;
}

void tt_notify_exit(struct tt_notify *n)
{
	unmake(NOTIFY);
}

int tt_proc_net_init(struct net *net)
{
	return make(PROC);
}

void tt_proc_net_exit(struct net *net)
{
	unmake(PROC);
}

int tt_device_net_init(struct tt_net *tn)
{
	return make(DEVICES);
}

void tt_device_net_exit(struct tt_net *tn)
{
	unmake(DEVICES);
}

int tt_sysctl_init(struct tt_net *tn)
{
	return make(SYSCTL);
}

void tt_sysctl_exit(struct tt_net *tn)
{
	unmake(SYSCTL);
}

int tt_hook_switch(struct tt_net *tn)
{
	uk_check(!tt_nets_mutex.held, "tt_nets_mutex is held");
	uk_check(tn->conf_lock.held, "conf_lock is not held");
	if (tn->dismantled) {
		hooks_out++;
		made[HOOKS] = 0;
		return 0;
	}
	return make(HOOKS);
}

void tt_halfopen_net_exit(struct tt_net *tn)
{
	uk_check(made[LISTENERS] && made[FLOWS], "its queues and flows have gone");
	let_go++;
}

void tt_subscription_net_exit(struct tt_net *tn)
{
	uk_check(list_empty(&tn->subscriptions), "somebody has subscribed");
	let_go++;
}

void tt_special_exit(struct tt_net *tn)
{
	let_go++;
}

/* Of conf.c, which is compiled with it for what the settings may be. */
int tt_device_swap(struct tt_net *tn, struct list_head *list)
{
	return 0;
}

void tt_gc_kick(struct tt_net *tn)
{
}

static struct tt_net *place(struct net *net, struct net_generic *gen, struct tt_net *tn)
{
	memset(tn, 0, sizeof(*tn));
	gen->ptr[0] = tn;
	net->gen = gen;
	return tn;
}

FIXTURE_SETUP(net)
{
	place(&self->net, &self->gen, &self->tn);
	uk_pages = 512 * MB >> PAGE_SHIFT;
	uk_check(!tt_net_init(), "they were not registered");
}

FIXTURE_TEARDOWN(net)
{
	tt_net_exit();
	EXPECT_EQ(NULL, ops);
	EXPECT_EQ(0, tt_nets_mutex.held);
	EXPECT_EQ(0, uk_allocated);
}

static void leave(struct net *net)
{
	ops->pre_exit(net);
	ops->exit(net);
}

static int arrive(struct _test_data_net *self)
{
	static struct net_generic gen;

	place(&init_net, &gen, &self->first);
	return ops->init(&init_net);
}

/* What init_net begins with. (That it is gone then does not matter to others here.) */
static struct tt_conf begin(struct _test_data_net *self)
{
	uk_check(!arrive(self), "init_net was not made");
	leave(&init_net);
	return self->first.conf;
}

TEST_F(net, defaults)
{
	struct tt_conf conf = begin(self);

	EXPECT_EQ(32768, conf.flows_max);
	EXPECT_EQ(4096, conf.halfopen_max);
	EXPECT_EQ(0, conf.halfopen_listener_max);
	EXPECT_EQ(3000, conf.halfopen_timeout_min);
	EXPECT_EQ(75, conf.cookie_start);
	EXPECT_EQ(40, conf.cookie_end);
	EXPECT_EQ(64, conf.cookie_resets);
	EXPECT_EQ(TT_ENFORCE, conf.mode);
	EXPECT_EQ(1, conf.forward);
	EXPECT_EQ(&self->first, tt_net_first);
}

static u64 by_memory(struct _test_data_net *self, u64 bytes, bool halfopen)
{
	struct tt_conf conf;

	uk_pages = bytes >> PAGE_SHIFT;
	conf = begin(self);
	return halfopen ? conf.halfopen_max : conf.flows_max;
}

/* A flow for each 16 KiB, a half-open connection for each 128, from 16 MB on. */
TEST_F(net, by_memory)
{
	EXPECT_EQ(1024, by_memory(self, 0, false));
	EXPECT_EQ(1024, by_memory(self, 16 * MB + 12288, false));
	EXPECT_EQ(1025, by_memory(self, 16 * MB + 16384, false));
	EXPECT_EQ(128, by_memory(self, 0, true));
	EXPECT_EQ(128, by_memory(self, 16 * MB + 126976, true));
	EXPECT_EQ(129, by_memory(self, 16 * MB + 131072, true));
	EXPECT_EQ(64UL << 20, by_memory(self, TB, false));
	EXPECT_EQ(8UL << 20, by_memory(self, TB, true));
	EXPECT_EQ(INT_MAX, by_memory(self, 32 * TB - 16384, false));
	EXPECT_EQ(INT_MAX - 1, by_memory(self, 32 * TB - 32768, false));
	EXPECT_EQ(INT_MAX, by_memory(self, 32 * TB, false));
	EXPECT_EQ(INT_MAX, by_memory(self, 64 * TB, false));
	EXPECT_EQ(INT_MAX, by_memory(self, 1024 * TB, true));
}

TEST_F(net, parameters)
{
	static const struct {
		unsigned int set, flows_max, halfopen_max;
	} cases[] = {
		{ 0, 32768, 4096 }, { 1, 4, 1 }, { 3, 4, 3 }, { 4, 4, 4 }, { 5, 5, 5 },
		{ INT_MAX, INT_MAX, INT_MAX }, { (u32)INT_MAX + 1, INT_MAX, INT_MAX },
		{ UINT_MAX, INT_MAX, INT_MAX },
	};
	unsigned int i;

	tt_mode_at_load = TT_MONITOR;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tt_conf conf;

		*uk_param_flows_max = *uk_param_halfopen_max = cases[i].set;
		conf = begin(self);
		EXPECT_EQ(cases[i].flows_max, conf.flows_max);
		EXPECT_EQ(cases[i].halfopen_max, conf.halfopen_max);
		EXPECT_EQ(TT_MONITOR, conf.mode);
	}
}

/* Another one begins with what init_net has by then. */
TEST_F(net, of_init_net)
{
	unsigned int i;

	begin(self);
	for (i = 0; i < TT_CONF_COUNT; i++)
		tt_conf_put(&self->first.conf, i, 100 + i);
	*uk_param_flows_max = 7;
	EXPECT_EQ(0, ops->init(&self->net));
	for (i = 0; i < TT_CONF_COUNT; i++)
		EXPECT_EQ(100 + i, tt_conf_get(&self->tn.conf, i));
	EXPECT_EQ(&self->first, tt_net_first);
	leave(&self->net);
}

/* Whatever it sets, init_net's limits hold as well. */
TEST_F(net, limits)
{
	tt_net_first = &self->first;
	self->first.conf.flows_max = 100;
	self->first.conf.halfopen_max = 10;
	self->tn.conf.flows_max = 99;
	self->tn.conf.halfopen_max = 9;
	EXPECT_EQ(99, tt_net_flows_max(&self->tn));
	EXPECT_EQ(9, tt_net_halfopen_max(&self->tn));
	self->tn.conf.flows_max = 101;
	self->tn.conf.halfopen_max = 11;
	EXPECT_EQ(100, tt_net_flows_max(&self->tn));
	EXPECT_EQ(10, tt_net_halfopen_max(&self->tn));
	EXPECT_EQ(100, tt_net_flows_max(&self->first));
	self->first.conf.halfopen_max = INT_MAX;
	self->tn.conf.halfopen_max = INT_MAX;
	EXPECT_EQ(INT_MAX, tt_net_halfopen_max(&self->tn));
}

TEST_F(net, comes_and_goes)
{
	struct net other = { };
	int i;

	uk_ns = 12345;
	EXPECT_EQ(0, begin(self).halfopen_listener_max);
	hooks_out = 0;
	EXPECT_EQ(0, ops->init(&self->net));
	EXPECT_EQ(12345, self->tn.started);
	EXPECT_EQ(&self->net, self->tn.net);
	EXPECT_FALSE(self->tn.was_there);
	for (i = 0; i < PARTS; i++)
		EXPECT_EQ(1, made[i]);
	memset(made, 0, sizeof(made));
	EXPECT_EQ(0, arrive(self));
	EXPECT_EQ(&self->tn, tt_net_find(&self->net));
	EXPECT_EQ(&self->first, tt_net_find(&init_net));
	EXPECT_EQ(NULL, tt_net_find(&other));
	/* in the order in which they came */
	EXPECT_EQ(&self->tn.list, tt_nets.next);
	EXPECT_EQ(&self->first.list, tt_nets.prev);
	ops->pre_exit(&self->net);
	EXPECT_EQ(1, hooks_out);
	EXPECT_TRUE(self->tn.dismantled);
	EXPECT_EQ(NULL, tt_net_find(&self->net));
	EXPECT_EQ(&self->first, tt_net_find(&init_net));
	EXPECT_EQ(&self->first.list, tt_nets.next);
	let_go = 0;
	ops->exit(&self->net);
	EXPECT_EQ(3, let_go);
	for (i = 0; i < PARTS; i++)
		EXPECT_EQ(0, made[i]);
	free_percpu(self->first.stats);
}

/* What can fail has left nothing, and is no namespace of ours. */
TEST_F(net, cannot_be_made)
{
	static const enum part parts[] = { BUDGET, FLOWS, PROC, DEVICES, SYSCTL, HOOKS };
	unsigned int i, j;

	begin(self);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		fails = parts[i];
		hooks_out = 0;
		place(&self->net, &self->gen, &self->tn);
		EXPECT_EQ(-ENOSPC, ops->init(&self->net));
		for (j = 0; j < PARTS; j++)
			EXPECT_TRUE(j == LISTENERS || !made[j])
				TH_LOG("part %u is left when %u fails", j, i);
		memset(made, 0, sizeof(made));
		EXPECT_EQ(0, uk_allocated);
		EXPECT_EQ(parts[i] == HOOKS, hooks_out);
		EXPECT_EQ(NULL, tt_net_find(&self->net));
		EXPECT_TRUE(list_empty(&tt_nets));
		EXPECT_EQ(0, tt_nets_mutex.held);
	}
	uk_no_memory = true;
	EXPECT_EQ(-ENOMEM, ops->init(&self->net));
	for (j = 0; j < PARTS; j++)
		EXPECT_EQ(0, made[j]);
}

/* Those that are there when the module comes are older than it. */
TEST(was_there)
{
	static struct net_generic gen;
	static struct tt_net tn;

	place(&init_net, &gen, &tn);
	registration_err = -ENOMEM;
	EXPECT_EQ(-ENOMEM, tt_net_init());
	registration_err = 0;
	there = &init_net;
	EXPECT_EQ(0, tt_net_init());
	EXPECT_TRUE(tn.was_there);
	leave(&init_net);
	EXPECT_EQ(0, ops->init(&init_net));
	EXPECT_FALSE(tn.was_there);
	leave(&init_net);
	tt_net_exit();
}

TEST_HARNESS_MAIN
