// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events, to who listens: the tracepoints and the groups of the netlink family. States
 * change under locks, in softirq, many thousand times a second: what is to be told of
 * them is put into a message at once, and sent a tick later, with all that came until then.
 */

#include <linux/jiffies.h>
#include <net/genetlink.h>
#include <uapi/linux/tcptrack.h>

#include "flow.h"
#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "notify.h"
#include "pool.h"
#include "subscription.h"
#include "view.h"

/* For trace.h, if the kernel has tracepoints: what %pISpc prints, an IPv4 address as one. */
static void __maybe_unused tt_trace_sockaddr(void *to, const struct tt_key *key, int end)
{
	struct sockaddr_in6 *six = to;
	struct sockaddr_in *four = to;

	memset(to, 0, sizeof(*six));
	if (key->family == AF_INET) {
		four->sin_family = AF_INET;
		four->sin_port = key->port[end];
		four->sin_addr.s_addr = key->addr[end].s6_addr32[3];
	} else {
		six->sin6_family = AF_INET6;
		six->sin6_port = key->port[end];
		six->sin6_addr = key->addr[end];
	}
}

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Messages that wait, of init_net, of all others, of all of users' own: 1 MB each. */
#define BATCHES		256
static atomic_t batches[TT_POOL_CLASSES];

/* A socket that had no room is tried again after so long. */
#define LOST_AGAIN	(HZ / 10)

/* After events that nobody took, none are made for so long. */
#define DEAF		(HZ / 4)

/* What is in a message, until it is sent: then the place is netlink's. */
#define EVENTS_IN(skb)	(*(unsigned int *)(skb)->cb)

/* Of any event: family, two addresses and ports, dev and four more numbers. */
#define EVENT_SIZE	(NLMSG_HDRLEN + GENL_HDRLEN + nla_total_size(sizeof(u16)) + \
			 2 * nla_total_size(sizeof(struct in6_addr)) + \
			 2 * nla_total_size(sizeof(__be16)) + 5 * nla_total_size(sizeof(u32)))

/* The groups are those of our family: written by tt_notify_open() and tt_notify_close(). */
static bool is_open;

/* Nobody has ever listened: then nobody needs to be asked. */
bool tt_notify_wanted;

void tt_notify_want(void)
{
	WRITE_ONCE(tt_notify_wanted, true);
}

static bool opened(void)
{
	/* pairs with tt_notify_open(): the family knows its groups */
	return smp_load_acquire(&is_open);
}

bool tt_notify_heard(const struct tt_net *tn, unsigned int group)
{
	return opened() && genl_has_listeners(&tt_netlink_family, tn->net, group);
}

/*
 * The kernel has one list of listeners for all namespaces: one in any of them, and each is asked
 * for its events. Of a namespace where nobody takes them, none are made for a moment.
 */
static bool is_deaf(struct tt_notify *n)
{
	if (likely(!READ_ONCE(n->deaf)))
		return false;
	if (!READ_ONCE(n->missed))
		WRITE_ONCE(n->missed, 1);
	smp_mb();	/* pairs with hear_again(): this one is told, or told of */
	return READ_ONCE(n->deaf);
}

static bool state_heard(struct tt_net *tn)
{
	return tt_notify_heard(tn, TCPTRACK_NLGRP_STATE) && !is_deaf(&tn->notify);
}

static void become_deaf(struct tt_notify *n)
{
	spin_lock_bh(&n->lock);
	/* whoever joins is not in the group yet when we hear of it */
	if (!n->joins || (u32)jiffies - n->join_at >= DEAF) {
		n->joins = false;
		n->deaf_at = (u32)jiffies;
		WRITE_ONCE(n->deaf, true);
	}
	spin_unlock_bh(&n->lock);
}

/* Who was there, but had no room, or has come since (6.1 tells nobody) has missed something. */
static void end_deafness(struct tt_notify *n)
{
	WRITE_ONCE(n->deaf, false);
	smp_mb();	/* pairs with is_deaf() */
	if (xchg(&n->missed, 0))
		tt_notify_lost(n->tn, TCPTRACK_NLGRP_STATE, 0);
}

static void hear_again(struct tt_notify *n)
{
	if (!READ_ONCE(n->deaf))
		return;
	if ((u32)jiffies - READ_ONCE(n->deaf_at) < DEAF) {
		queue_delayed_work(system_unbound_wq, &n->work, DEAF);
		return;
	}
	end_deafness(n);
}

void tt_notify_join(struct tt_net *tn)
{
	struct tt_notify *n = &tn->notify;

	tt_notify_want();
	spin_lock_bh(&n->lock);
	n->joins = true;
	n->join_at = (u32)jiffies;
	spin_unlock_bh(&n->lock);
	/* (who joins is not in the group yet, and is told nothing) */
	end_deafness(n);
}

void tt_notify_lost(struct tt_net *tn, unsigned int group, unsigned int events)
{
	this_cpu_add(tn->stats->stat[TT_STAT_events_lost], events);
	rcu_read_lock();
	if (opened())
		genl_set_err(&tt_netlink_family, tn->net, 0, group, -ENOBUFS);
	rcu_read_unlock();
}

int tt_notify_send(struct tt_net *tn, unsigned int group, struct sk_buff *skb,
		   unsigned int events)
{
	int err = 0;

	rcu_read_lock();
	if (opened())
		err = genlmsg_multicast_netns(&tt_netlink_family, tn->net, skb, 0, group,
					      GFP_ATOMIC);
	else
		kfree_skb(skb);
	rcu_read_unlock();
	/* its listener knows, the kernel has told it; -ESRCH: there was none */
	if (err == -ENOBUFS)
		this_cpu_add(tn->stats->stat[TT_STAT_events_lost], events);
	return err;
}

static atomic_t *batches_of(const struct tt_net *tn)
{
	return &batches[tt_pool_class(tn)];
}

static struct sk_buff *batch_new(struct tt_notify *n)
{
	struct sk_buff *skb = NULL;

	if (atomic_inc_return(batches_of(n->tn)) <= BATCHES)
		skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC | __GFP_NOWARN);
	if (skb)
		__skb_queue_tail(&n->batches, skb);
	else
		atomic_dec(batches_of(n->tn));
	return skb;
}

static struct sk_buff *batch_get(struct tt_notify *n)
{
	struct sk_buff *skb = skb_peek_tail(&n->batches);

	lockdep_assert_held(&n->lock);
	return skb && skb_tailroom(skb) >= EVENT_SIZE ? skb : batch_new(n);
}

static void batch_free(const struct tt_net *tn, struct sk_buff *skb)
{
	atomic_dec(batches_of(tn));
	kfree_skb(skb);
}

/*
 * Of a subscription; true if it has got there. Its socket may be full, or about to go: then
 * another one may have its port ID, which did not ask for this.
 */
static bool send_one(const struct tt_notify *n, struct sk_buff *skb)
{
	if (opened() && !tt_notify_closed(n))
		return !genlmsg_unicast(n->tn->net, skb, n->portid);
	kfree_skb(skb);
	return false;
}

static bool tell_lost(const struct tt_notify *n, unsigned int lost)
{
	struct sk_buff *skb = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	void *hdr = skb ? genlmsg_put(skb, 0, 0, &tt_netlink_family, 0,
				      TCPTRACK_CMD_SUBSCRIPTION_LOST) : NULL;

	if (!hdr || nla_put_u32(skb, TCPTRACK_A_SUBSCRIPTION_LOST, lost)) {
		nlmsg_free(skb);
		return false;
	}
	genlmsg_end(skb, hdr);
	return send_one(n, skb);
}

/* It is told as soon as it has room again. */
static void lose(struct tt_notify *n, unsigned int lost)
{
	if (!n->sk) {
		tt_notify_lost(n->tn, TCPTRACK_NLGRP_STATE, 0);
		return;
	}
	if (tell_lost(n, lost))
		return;
	spin_lock_bh(&n->lock);
	n->lost += lost;
	spin_unlock_bh(&n->lock);
	queue_delayed_work(system_unbound_wq, &n->work, LOST_AGAIN);
}

/* Return: how many events of a subscription were lost. */
static unsigned int send_batch(struct tt_notify *n, struct sk_buff *skb)
{
	unsigned int events = EVENTS_IN(skb);

	EVENTS_IN(skb) = 0;
	atomic_dec(batches_of(n->tn));
	if (!n->sk) {
		if (tt_notify_send(n->tn, TCPTRACK_NLGRP_STATE, skb, events) == -ESRCH)
			become_deaf(n);
		return 0;
	}
	if (send_one(n, skb))
		return 0;
	this_cpu_add(n->tn->stats->stat[TT_STAT_events_lost], events);
	return events;
}

static void flush(struct work_struct *work)
{
	struct tt_notify *n = container_of(to_delayed_work(work), struct tt_notify, work);
	struct sk_buff_head list;
	struct sk_buff *skb;
	unsigned int lost;

	__skb_queue_head_init(&list);
	spin_lock_bh(&n->lock);
	skb_queue_splice_init(&n->batches, &list);
	lost = n->lost;
	n->lost = 0;
	spin_unlock_bh(&n->lock);
	while ((skb = __skb_dequeue(&list))) {
		lost += send_batch(n, skb);
		cond_resched();
	}
	if (lost)
		lose(n, lost);
	if (!n->sk)
		hear_again(n);
}

static bool put_event(struct sk_buff *skb, const struct tt_flow *flow, const struct tt_notice *e)
{
	const struct tt_key *key = &flow->key;
	int a = tt_view_first_end(flow), b = !a, i;
	void *hdr = genlmsg_put(skb, 0, 0, &tt_netlink_family, 0, e->cmd);

	if (!hdr || nla_put_u16(skb, TCPTRACK_A_FLOW_FAMILY, key->family) ||
	    tt_netlink_put_addr(skb, TCPTRACK_A_FLOW_ADDR_A, &key->addr[a], key->family) ||
	    nla_put_be16(skb, TCPTRACK_A_FLOW_PORT_A, key->port[a]) ||
	    tt_netlink_put_addr(skb, TCPTRACK_A_FLOW_ADDR_B, &key->addr[b], key->family) ||
	    nla_put_be16(skb, TCPTRACK_A_FLOW_PORT_B, key->port[b]) ||
	    nla_put_u32(skb, TCPTRACK_A_FLOW_DEV, key->dev))
		goto cancel;
	for (i = 0; i < ARRAY_SIZE(e->number); i++) {
		if (nla_put_u32(skb, e->number[i].attr, e->number[i].value))
			goto cancel;
	}
	genlmsg_end(skb, hdr);
	return true;

cancel:
	genlmsg_cancel(skb, hdr);
	return false;
}

void tt_notify_queue(struct tt_notify *n, const struct tt_flow *flow, const struct tt_notice *e)
{
	struct sk_buff *skb;
	bool first;

	lockdep_assert_held(&flow->lock);
	spin_lock(&n->lock);
	first = skb_queue_empty(&n->batches);
	skb = batch_get(n);
	if (skb && put_event(skb, flow, e)) {
		EVENTS_IN(skb)++;
	} else {
		n->lost++;
		first = false;
		tt_stat_inc(n->tn, events_lost);
	}
	spin_unlock(&n->lock);
	/* not as late as what was lost is told: what waits has taken a place that others want */
	if (first)
		mod_delayed_work(system_unbound_wq, &n->work, 1);
	else
		queue_delayed_work(system_unbound_wq, &n->work, 1);
}

bool tt_notify_ask(struct tt_flow *flow)
{
	bool heard = state_heard(flow->tn) ||
		     tt_subscription_any(flow->tn);

	flow->heard = heard ? TT_HEARD_YES : TT_HEARD_NO;
	return heard;
}

static void tell(const struct tt_flow *flow, const struct tt_notice *e)
{
	if (state_heard(flow->tn))
		tt_notify_queue(&flow->tn->notify, flow, e);
	if (tt_subscription_any(flow->tn))
		tt_subscription_tell(flow, e);
}

void tt_tell_state(struct tt_flow *flow, int end, enum tt_state was, enum tt_state next)
{
	enum tt_side side = tt_flow_side(flow, end);

	/* an end that has no socket yet stands in LISTEN; who opens came from CLOSED */
	if (was == TT_LISTEN && next == TT_SYN_SENT)
		was = TT_CLOSED;
	if (side == TT_LOCAL)
		trace_tcptrack_state(flow, end, was, next);
	trace_state(flow, end, was, next);
	if (!tt_notify_somebody(flow))
		return;
	tell(flow, &(struct tt_notice) { TCPTRACK_CMD_FLOW_STATE, BIT(side), next, {
		{ TCPTRACK_A_FLOW_END, end != tt_view_first_end(flow) },
		{ TCPTRACK_A_FLOW_SIDE, side },
		{ TCPTRACK_A_FLOW_OLD, was },
		{ TCPTRACK_A_FLOW_NEW, next },
	} });
}

void tt_tell_end(struct tt_flow *flow)
{
	int a = tt_view_first_end(flow);
	u32 sides = BIT(tt_flow_side(flow, 0)) | BIT(tt_flow_side(flow, 1));

	trace_state(flow, a, flow->ep[a].state, TT_TRACE_END);
	if (!tt_notify_somebody(flow))
		return;
	tell(flow, &(struct tt_notice) { TCPTRACK_CMD_FLOW_END, sides, flow->reason, {
		{ TCPTRACK_A_FLOW_STATE_A, flow->ep[a].state },
		{ TCPTRACK_A_FLOW_STATE_B, flow->ep[!a].state },
		{ TCPTRACK_A_FLOW_AGE_MS, tt_ms_since(flow->created) },
		{ TCPTRACK_A_FLOW_REASON, flow->reason },
	} });
}

void tt_trace_halfopen(const struct tt_flow *flow, enum tt_halfopen_event event,
		       enum tt_reason reason)
{
	int end = flow->local & BIT(0) && flow->ep[0].state == TT_SYN_RECEIVED ? 0 : 1;

	trace_halfopen(flow, end, event, reason);
}

void tt_trace_cookie(const struct tt_ctx *ctx, enum tt_cookie_event event)
{
	trace_cookie(ctx, event);
}

void tt_notify_init(struct tt_notify *n, struct tt_net *tn, struct sock *sk, u32 portid)
{
	n->tn = tn;
	n->sk = sk;
	n->portid = portid;
	n->lost = 0;
	n->deaf = false;
	n->joins = false;
	n->missed = 0;
	spin_lock_init(&n->lock);
	__skb_queue_head_init(&n->batches);
	INIT_DELAYED_WORK(&n->work, flush);
}

void tt_notify_exit(struct tt_notify *n)
{
	struct sk_buff *skb;

	cancel_delayed_work_sync(&n->work);
	while ((skb = __skb_dequeue(&n->batches)))
		batch_free(n->tn, skb);
}

void tt_notify_open(void)
{
	/* groups may have been joined by number before they were ours */
	if (!TT_GENL_HAS_BIND ||
	    genl_has_listeners(&tt_netlink_family, &init_net, TCPTRACK_NLGRP_STATE))
		tt_notify_want();
	/* pairs with opened() */
	smp_store_release(&is_open, true);
}

void tt_notify_close(void)
{
	WRITE_ONCE(is_open, false);
	synchronize_rcu();
}

static_assert(sizeof(struct sockaddr_in6) == TT_TRACE_SOCKADDR);

/* The enums of the module are those of its users. */
static_assert(TCPTRACK_SIDE_FORWARD + 1 == (int)TT_SIDES);
static_assert(TCPTRACK_CLOSE_REASON_SOCKET_GONE + 1 == (int)TT_REASONS);
