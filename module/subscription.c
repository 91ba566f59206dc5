// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a single socket wants to be told of flows: unlike for the group "state", only what
 * fits is made at all, and where nobody has subscribed nothing is.
 */

#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <uapi/linux/tcptrack.h>

#include "flow.h"
#include "net.h"
#include "pool.h"
#include "netlink.h"
#include "netlink_filter.h"
#include "netlink_gen.h"
#include "notify.h"
#include "subscription.h"

/* Of a namespace, and of all but init_net together. */
#define SUBSCRIPTIONS		64
#define SUBSCRIPTIONS_OTHERS	1024

/* What fits: all of it has to. A bit for each side, state and reason. */
struct filter {
	struct rcu_head rcu;
	struct tt_netlink_filter ends;
	u32 sides, states, reasons;
};

struct subscription {
	struct list_head list;
	struct filter __rcu *filter;
	struct tt_notify notify;
};

/* Guards the writing of the lists, their numbers, and of the filters. */
static DEFINE_MUTEX(mutex);
static struct tt_pool pool;

static bool fits(const struct filter *f, const struct tt_flow *flow, const struct tt_notice *e)
{
	u32 wanted = e->cmd == TCPTRACK_CMD_FLOW_STATE ? f->states : f->reasons;

	return wanted & BIT(e->what) && f->sides & e->sides &&
	       tt_netlink_filter_fits(&f->ends, &flow->key, 0);	/* (nobody names an end) */
}

void tt_subscription_tell(const struct tt_flow *flow, const struct tt_notice *e)
{
	struct subscription *s;

	rcu_read_lock();
	list_for_each_entry_rcu(s, &flow->tn->subscriptions, list) {
		if (fits(rcu_dereference(s->filter), flow, e))
			tt_notify_queue(&s->notify, flow, e);
	}
	rcu_read_unlock();
}

static void count(struct tt_net *tn, int n)
{
	tn->nsubscriptions += n;
	tt_pool_count(&pool, tn, n);
}

static bool too_many(const struct tt_net *tn)
{
	return tn->nsubscriptions >= SUBSCRIPTIONS ||
	       tt_pool_is_full(&pool, tn, SUBSCRIPTIONS_OTHERS);
}

static struct subscription *find(const struct tt_net *tn, const struct sock *sk)
{
	struct subscription *s;

	lockdep_assert_held(&mutex);
	list_for_each_entry(s, &tn->subscriptions, list) {
		if (s->notify.sk == sk)
			return s;
	}
	return NULL;
}

/*
 * When a socket is closing, another one may have its port ID already. But only those that
 * closed are dead, and each of them comes here once.
 */
static struct subscription *find_closed(const struct tt_net *tn, u32 portid)
{
	struct subscription *s;

	lockdep_assert_held(&mutex);
	list_for_each_entry(s, &tn->subscriptions, list) {
		if (s->notify.portid == portid && tt_notify_closed(&s->notify))
			return s;
	}
	return NULL;
}

/* @filter is taken over if there is no error. */
static int set(struct tt_net *tn, struct sock *sk, u32 portid, struct filter *filter)
{
	struct subscription *s = find(tn, sk);

	if (s) {
		filter = rcu_replace_pointer(s->filter, filter, lockdep_is_held(&mutex));
		kfree_rcu(filter, rcu);
		return 0;
	}
	if (too_many(tn))
		return -ENOSPC;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	RCU_INIT_POINTER(s->filter, filter);
	sock_hold(sk);
	tt_notify_init(&s->notify, tn, sk, portid);
	tt_notify_want();
	count(tn, 1);
	list_add_tail_rcu(&s->list, &tn->subscriptions);
	return 0;
}

/* Nobody finds it any more. */
static void release(struct subscription *s)
{
	tt_notify_exit(&s->notify);
	sock_put(s->notify.sk);
	kfree(rcu_dereference_protected(s->filter, true));
	kfree(s);
}

static void take_out(struct tt_net *tn, struct subscription *s)
{
	lockdep_assert_held(&mutex);
	list_del_rcu(&s->list);
	count(tn, -1);
}

/* It is taken out. */
static void forget(struct subscription *s)
{
	synchronize_rcu();
	release(s);
}

void tt_subscription_net_exit(struct tt_net *tn)
{
	struct subscription *s, *next;

	mutex_lock(&mutex);
	list_for_each_entry_safe(s, next, &tn->subscriptions, list) {
		take_out(tn, s);
		release(s);
	}
	mutex_unlock(&mutex);
}

static u32 mask(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : U32_MAX;
}

static int get_filter(struct filter *f, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	const struct tt_netlink_filter_attrs ends = {
		.family = attrs[TCPTRACK_A_SUBSCRIPTION_FAMILY],
		.any = {
			.addr = attrs[TCPTRACK_A_SUBSCRIPTION_ADDR],
			.prefix_len = attrs[TCPTRACK_A_SUBSCRIPTION_PREFIX_LEN],
			.port = attrs[TCPTRACK_A_SUBSCRIPTION_PORT],
		},
	};

	f->sides = mask(attrs[TCPTRACK_A_SUBSCRIPTION_SIDES]);
	f->states = mask(attrs[TCPTRACK_A_SUBSCRIPTION_STATES]);
	f->reasons = mask(attrs[TCPTRACK_A_SUBSCRIPTION_REASONS]);
	if (!f->sides)
		return tt_netlink_refuse(attrs[TCPTRACK_A_SUBSCRIPTION_SIDES], info->extack,
					 "nothing to tell: no side", -EINVAL);
	if (!f->states && !f->reasons) {
		NL_SET_ERR_MSG(info->extack, "nothing to tell: neither a state nor a reason");
		return -EINVAL;
	}
	return tt_netlink_filter_get(&f->ends, &ends, info->extack);
}

int tcptrack_nl_subscription_set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct filter *filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	int err;

	if (!filter)
		return -ENOMEM;
	err = get_filter(filter, info);
	if (!err) {
		mutex_lock(&mutex);
		err = set(tt_net(genl_info_net(info)), NETLINK_CB(request).sk, info->snd_portid,
			  filter);
		mutex_unlock(&mutex);
		if (err == -ENOSPC)
			NL_SET_ERR_MSG(info->extack, "too many sockets have subscribed");
	}
	if (err)
		kfree(filter);
	return err;
}

int tcptrack_nl_subscription_delete_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tt_net *tn = tt_net(genl_info_net(info));
	struct subscription *s;

	mutex_lock(&mutex);
	s = find(tn, NETLINK_CB(request).sk);
	if (s)
		take_out(tn, s);
	mutex_unlock(&mutex);
	if (!s) {
		NL_SET_ERR_MSG(info->extack, "this socket has not subscribed");
		return -ENOENT;
	}
	forget(s);
	return 0;
}

static int socket_closed(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct netlink_notify *n = data;
	struct subscription *s;
	struct tt_net *tn;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	tn = tt_net(n->net);
	mutex_lock(&mutex);
	s = find_closed(tn, n->portid);
	if (s)
		take_out(tn, s);
	mutex_unlock(&mutex);
	if (s)
		forget(s);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = socket_closed };

int __init tt_subscription_init(void)
{
	return netlink_register_notifier(&notifier);
}

void tt_subscription_exit(void)
{
	netlink_unregister_notifier(&notifier);
}

/* The enums of the module are those of its users. */
static_assert(TCPTRACK_SIDE_FORWARD == (int)TT_FORWARD);
