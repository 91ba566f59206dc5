// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/subscription.c, in user space: what a socket is told of, and how many sockets may be.
 * The filter of a flow's ends is netlink_filter.c's.
 */
#include "ukernel.h"
#include "kselftest_harness.h"

#include <linux/tcptrack.h>
#include "netlink.h"
#include "netlink_filter.h"
#include "netlink_gen.h"
#include "notify.h"
#include "subscription.h"

#define MOST		64	/* of a namespace */
#define MOST_OTHERS	1024	/* of all but init_net */
#define ATTRS		(TCPTRACK_A_SUBSCRIPTION_REASONS + 1)

/* A namespace and what is in it. */
struct place {
	struct net net;
	struct net_generic gen;
	struct tt_net tn;
	struct sock sk[MOST + 1];
};

FIXTURE(subscription)
{
	struct place own;
	struct tt_flow flow;
	struct netlink_ext_ack extack;
	struct nlattr *attrs[ATTRS];
	struct nlattr value[ATTRS];
};

unsigned long jiffies;
struct net init_net;
unsigned int tt_net_id;

static struct notifier_block *notifier;
static const struct tt_netlink_filter_attrs *asked;
static int filter_err, wanted, inits, exits, told;
static const struct sock *told_last;
static bool other_ends;

int netlink_register_notifier(struct notifier_block *nb)
{
	notifier = nb;
	return 0;
}

int netlink_unregister_notifier(struct notifier_block *nb)
{
	uk_check(notifier == nb, "it is not registered");
	notifier = NULL;
	return 0;
}

int tt_netlink_refuse(const struct nlattr *attr, struct netlink_ext_ack *extack, const char *why,
		      int err)
{
	extack->bad_attr = attr;
	extack->_msg = why;
	return err;
}

int tt_netlink_filter_get(struct tt_netlink_filter *filter,
			  const struct tt_netlink_filter_attrs *attrs,
			  struct netlink_ext_ack *extack)
{
	static struct tt_netlink_filter_attrs copy;

	copy = *attrs;
	asked = &copy;
	filter->family = 99;
	return filter_err;
}

bool tt_netlink_filter_fits(const struct tt_netlink_filter *filter, const struct tt_key *key,
			    int a)
{
	uk_check(filter->family == 99, "not the filter that was made");
	return !other_ends;
}

void tt_notify_want(void)
{
	wanted++;
}

void tt_notify_init(struct tt_notify *n, struct tt_net *tn, struct sock *sk, u32 portid)
{
	inits++;
	n->tn = tn;
	n->sk = sk;
	n->portid = portid;
}

void tt_notify_exit(struct tt_notify *n)
{
	exits++;
}

void tt_notify_queue(struct tt_notify *n, const struct tt_flow *flow, const struct tt_notice *e)
{
	told++;
	told_last = n->sk;
}

static void place_init(struct place *place)
{
	memset(place, 0, sizeof(*place));
	place->gen.ptr[0] = &place->tn;
	place->net.gen = &place->gen;
	place->tn.net = &place->net;
	INIT_LIST_HEAD(&place->tn.subscriptions);
}

FIXTURE_SETUP(subscription)
{
	place_init(&self->own);
	self->flow.tn = &self->own.tn;
	uk_check(!tt_subscription_init(), "no notifier");
}

FIXTURE_TEARDOWN(subscription)
{
	int i;

	tt_subscription_net_exit(&self->own.tn);
	tt_subscription_exit();
	EXPECT_EQ(NULL, notifier);
	EXPECT_FALSE(tt_subscription_any(&self->own.tn));
	EXPECT_EQ(0, self->own.tn.nsubscriptions);
	EXPECT_EQ(inits, exits);
	EXPECT_EQ(0, uk_allocated);
	for (i = 0; i <= MOST; i++)
		EXPECT_EQ(0, self->own.sk[i].held);
}

/* The request of a place's socket number @n. */
static int ask(struct _test_data_subscription *self, struct place *place, int n,
	       int (*doit)(struct sk_buff *request, struct genl_info *info))
{
	struct sk_buff request = { .sk = &place->sk[n] };
	struct genl_info info = {
		.attrs = self->attrs, .extack = &self->extack, .net = &place->net,
		.snd_portid = 1000 + n,
	};

	memset(&self->extack, 0, sizeof(self->extack));
	return doit(&request, &info);
}

static int set(struct _test_data_subscription *self, int n)
{
	return ask(self, &self->own, n, tcptrack_nl_subscription_set_doit);
}

static int delete(struct _test_data_subscription *self, int n)
{
	return ask(self, &self->own, n, tcptrack_nl_subscription_delete_doit);
}

static void mask(struct _test_data_subscription *self, int attr, u32 value)
{
	self->value[attr].len = sizeof(value);
	memcpy(self->value[attr].data, &value, sizeof(value));
	self->attrs[attr] = &self->value[attr];
}

static bool is_told(struct _test_data_subscription *self, u8 cmd, u32 sides, unsigned int what)
{
	struct tt_notice e = { .cmd = cmd, .sides = sides, .what = what };
	int before = told;

	tt_subscription_tell(&self->flow, &e);
	return told - before;
}

TEST_F(subscription, to_all)
{
	EXPECT_FALSE(tt_subscription_any(&self->own.tn));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_LISTEN));
	EXPECT_EQ(0, set(self, 0));
	EXPECT_TRUE(tt_subscription_any(&self->own.tn));
	EXPECT_EQ(1, wanted);
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), 0));
	EXPECT_EQ(&self->own.sk[0], told_last);
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_FORWARD), 31));
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_END, BIT(TT_REMOTE), 0));
	other_ends = true;
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_END, BIT(TT_REMOTE), 0));
}

/* What was entered is one of the states, why it ended one of the reasons; and all has to fit. */
TEST_F(subscription, to_some)
{
	mask(self, TCPTRACK_A_SUBSCRIPTION_SIDES, BIT(TT_LOCAL));
	mask(self, TCPTRACK_A_SUBSCRIPTION_STATES, BIT(TT_ESTABLISHED) | BIT(31));
	mask(self, TCPTRACK_A_SUBSCRIPTION_REASONS, BIT(TT_NORMAL));
	EXPECT_EQ(0, set(self, 0));
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_ESTABLISHED));
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), 31));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_ESTABLISHED - 1));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_ESTABLISHED + 1));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_NORMAL));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_REMOTE), TT_ESTABLISHED));
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_END, BIT(TT_LOCAL), TT_NORMAL));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_END, BIT(TT_LOCAL), TT_ESTABLISHED));
	/* of a flow's end both sides are its own */
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_END, BIT(TT_LOCAL) | BIT(TT_REMOTE),
			    TT_NORMAL));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_END, BIT(TT_FORWARD), TT_NORMAL));
}

TEST_F(subscription, to_one_kind)
{
	mask(self, TCPTRACK_A_SUBSCRIPTION_STATES, 0);
	EXPECT_EQ(0, set(self, 0));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_ESTABLISHED));
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_END, BIT(TT_LOCAL), TT_NORMAL));
}

TEST_F(subscription, refusals)
{
	mask(self, TCPTRACK_A_SUBSCRIPTION_SIDES, 0);
	EXPECT_EQ(-EINVAL, set(self, 0));
	EXPECT_STREQ("nothing to tell: no side", self->extack._msg);
	EXPECT_EQ(self->attrs[TCPTRACK_A_SUBSCRIPTION_SIDES], self->extack.bad_attr);
	self->attrs[TCPTRACK_A_SUBSCRIPTION_SIDES] = NULL;
	mask(self, TCPTRACK_A_SUBSCRIPTION_STATES, 0);
	mask(self, TCPTRACK_A_SUBSCRIPTION_REASONS, 0);
	EXPECT_EQ(-EINVAL, set(self, 0));
	EXPECT_STREQ("nothing to tell: neither a state nor a reason", self->extack._msg);
	mask(self, TCPTRACK_A_SUBSCRIPTION_REASONS, 1);
	filter_err = -EAFNOSUPPORT;
	EXPECT_EQ(-EAFNOSUPPORT, set(self, 0));
	filter_err = 0;
	uk_fail_nth = 1;
	EXPECT_EQ(-ENOMEM, set(self, 0));
	uk_fail_nth = 2;
	EXPECT_EQ(-ENOMEM, set(self, 0));
	EXPECT_EQ(NULL, self->extack._msg);
	EXPECT_EQ(0, uk_allocated);
	EXPECT_EQ(-ENOENT, delete(self, 0));
	EXPECT_STREQ("this socket has not subscribed", self->extack._msg);
	EXPECT_FALSE(tt_subscription_any(&self->own.tn));
	EXPECT_EQ(0, wanted);
}

/* Ends a and b are nobody's; what is asked of either end is passed on. */
TEST_F(subscription, ends)
{
	static const int attrs[] = {
		TCPTRACK_A_SUBSCRIPTION_FAMILY, TCPTRACK_A_SUBSCRIPTION_ADDR,
		TCPTRACK_A_SUBSCRIPTION_PREFIX_LEN, TCPTRACK_A_SUBSCRIPTION_PORT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++)
		mask(self, attrs[i], 0);
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(&self->value[attrs[0]], asked->family);
	EXPECT_EQ(&self->value[attrs[1]], asked->any.addr);
	EXPECT_EQ(&self->value[attrs[2]], asked->any.prefix_len);
	EXPECT_EQ(&self->value[attrs[3]], asked->any.port);
	EXPECT_EQ(NULL, asked->end[0].addr);
	EXPECT_EQ(NULL, asked->end[1].port);
}

/* A second one of the same socket is in the place of the first, and so is none. */
TEST_F(subscription, again)
{
	mask(self, TCPTRACK_A_SUBSCRIPTION_STATES, 0);
	EXPECT_EQ(0, set(self, 0));
	EXPECT_EQ(0, set(self, 1));
	mask(self, TCPTRACK_A_SUBSCRIPTION_STATES, BIT(TT_LISTEN));
	EXPECT_EQ(0, set(self, 1));
	EXPECT_EQ(2, self->own.tn.nsubscriptions);
	EXPECT_EQ(2, inits);
	EXPECT_EQ(1, self->own.sk[1].held);
	EXPECT_TRUE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_LISTEN));
	EXPECT_EQ(&self->own.sk[1], told_last);
	EXPECT_EQ(0, delete(self, 1));
	EXPECT_FALSE(is_told(self, TCPTRACK_CMD_FLOW_STATE, BIT(TT_LOCAL), TT_LISTEN));
	EXPECT_EQ(-ENOENT, delete(self, 1));
	EXPECT_EQ(1, self->own.tn.nsubscriptions);
}

TEST_F(subscription, so_many_of_a_namespace)
{
	int i;

	for (i = 0; i < MOST; i++)
		ASSERT_EQ(0, set(self, i));
	EXPECT_EQ(-ENOSPC, set(self, MOST));
	EXPECT_STREQ("too many sockets have subscribed", self->extack._msg);
	EXPECT_EQ(0, set(self, MOST - 1));	/* this one has */
	EXPECT_EQ(0, delete(self, 0));
	EXPECT_EQ(0, set(self, MOST));
	EXPECT_EQ(-ENOSPC, set(self, 0));
}

/* But init_net's are not among those of others, nor too many because of them. */
TEST_F(subscription, so_many_of_others)
{
	static struct place other[MOST_OTHERS / MOST + 1], first;
	int i, j;

	place_init(&first);
	first.tn.net = &init_net;
	EXPECT_EQ(0, ask(self, &first, 0, tcptrack_nl_subscription_set_doit));
	for (i = 0; i < MOST_OTHERS / MOST; i++) {
		place_init(&other[i]);
		for (j = 0; j < MOST; j++)
			ASSERT_EQ(0, ask(self, &other[i], j, tcptrack_nl_subscription_set_doit));
	}
	EXPECT_EQ(-ENOSPC, set(self, 0));
	EXPECT_EQ(0, ask(self, &first, 1, tcptrack_nl_subscription_set_doit));
	tt_subscription_net_exit(&first.tn);
	EXPECT_EQ(-ENOSPC, set(self, 0));
	EXPECT_EQ(0, ask(self, &other[0], 0, tcptrack_nl_subscription_delete_doit));
	EXPECT_EQ(0, set(self, 0));
	for (i = 0; i < MOST_OTHERS / MOST; i++)
		tt_subscription_net_exit(&other[i].tn);
}

static void closes(struct _test_data_subscription *self, int n, unsigned long what, int protocol)
{
	struct netlink_notify notify = {
		.net = &self->own.net, .portid = 1000 + n, .protocol = protocol,
	};

	uk_check(notifier->notifier_call(notifier, what, &notify) == NOTIFY_DONE, "no answer");
}

/* Another socket may have the port ID of one that is being closed. */
TEST_F(subscription, closes)
{
	EXPECT_EQ(0, set(self, 0));
	closes(self, 0, NETLINK_URELEASE, NETLINK_GENERIC);
	EXPECT_EQ(1, self->own.tn.nsubscriptions);	/* not dead */
	self->own.sk[0].sk_done = true;
	closes(self, 1, NETLINK_URELEASE, NETLINK_GENERIC);
	closes(self, 0, NETLINK_URELEASE + 1, NETLINK_GENERIC);
	closes(self, 0, NETLINK_URELEASE, NETLINK_GENERIC + 1);
	EXPECT_EQ(1, self->own.tn.nsubscriptions);
	closes(self, 0, NETLINK_URELEASE, NETLINK_GENERIC);
	EXPECT_EQ(0, self->own.tn.nsubscriptions);
	EXPECT_EQ(0, self->own.sk[0].held);
	closes(self, 0, NETLINK_URELEASE, NETLINK_GENERIC);
}

TEST_HARNESS_MAIN
