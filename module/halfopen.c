// SPDX-License-Identifier: GPL-2.0-only
/* The bound on half-open connections: who may come in, and who has to go for it. */

#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "cookie.h"
#include "evict.h"
#include "excess.h"
#include "flow.h"
#include "halfopen.h"
#include "listener.h"
#include "net.h"
#include "notify.h"
#include "source.h"
#include "synack.h"
#include "target.h"
#include "watermark.h"

/* At most so many evictions in one step of the collector. */
#define STEP_EVICTS	256

/**
 * struct pending - the reservation for the SYN that this CPU has passed on last
 * @lock: guards the others
 * @queue: with a reference, or NULL
 * @source: with a reference, or NULL
 * @grace: the collector has seen it; a grace period later the receive is over
 * @seen: @grace is set
 */
struct pending {
	spinlock_t lock;	/* guards what follows */
	struct tt_queue *queue;
	struct tt_source *source;
	unsigned long grace;
	bool seen;
};

static DEFINE_PER_CPU(struct pending, pending);

static void give_back(struct pending *p)
{
	struct tt_queue *q = p->queue;

	lockdep_assert_held(&p->lock);
	if (!q)
		return;
	if (p->source)
		tt_source_put(p->source);
	p->source = NULL;
	tt_queue_release(q);
	WRITE_ONCE(p->queue, NULL);
	tt_queue_put(q);
}

static void pending_set(struct tt_queue *q, struct tt_source *source)
{
	struct pending *p = this_cpu_ptr(&pending);

	spin_lock_bh(&p->lock);
	/* PREEMPT_RT may have let another SYN in between: it counts when its SYN-ACK leaves */
	give_back(p);
	WRITE_ONCE(p->queue, q);
	p->source = source;
	p->seen = false;
	spin_unlock_bh(&p->lock);
}

/* What was reserved is the SYN's that is passed on now; false: the queue has gone meanwhile. */
static bool keep(struct tt_queue *q, struct tt_source *source)
{
	if (!tt_queue_hold(q)) {
		tt_queue_release(q);
		return false;
	}
	pending_set(q, source);
	return true;
}

struct tt_queue *tt_halfopen_queue(struct tt_net *tn, struct sock *sk)
{
	/* under RCU, whoever gives it back meanwhile (any CPU's will do) */
	struct tt_queue *q = READ_ONCE(raw_cpu_ptr(&pending)->queue);

	if (q && q->sk == sk && !READ_ONCE(q->gone) && !READ_ONCE(q->dying))
		return q;
	return tt_queue_get(tn, sk);
}

/* The reservations that are given back: all, or those that no receive waits for. */
enum which { ALL, STALE };

/* Under the lock to the end: net_exit() of another CPU finds either it or all of it done. */
static void pending_release(struct pending *p, enum which those, const struct tt_net *tn)
{
	struct tt_queue *q;

	/* each namespace's collector comes by each CPU: what is just set is for its next turn */
	if (those == STALE && !READ_ONCE(p->queue))
		return;
	spin_lock_bh(&p->lock);
	q = p->queue;
	if (q && tn && q->tn != tn)
		q = NULL;
	if (those == STALE && q && !(p->seen && poll_state_synchronize_rcu(p->grace))) {
		if (!p->seen)
			p->grace = start_poll_synchronize_rcu();
		p->seen = true;
		q = NULL;
	}
	if (q)
		give_back(p);
	spin_unlock_bh(&p->lock);
}

/* The SYN that this CPU has passed on last is in the queue, or was refused. */
static void pending_done(void)
{
	/* set by this CPU only, so what another one is just giving back is not missed */
	if (READ_ONCE(this_cpu_ptr(&pending)->queue))
		pending_release(this_cpu_ptr(&pending), ALL, NULL);
}

static enum tt_verdict drop(struct tt_queue *q)
{
	__tt_listener_inc(q->listener, syns_dropped);
	return TT_DROP;
}

static void count_answer(struct tt_ctx *ctx, struct tt_listener *l)
{
	__tt_listener_inc(l, cookies_sent);
	tt_flood_sent(&l->flood);
	tt_flood_sent(&ctx->tn->flood);
	tt_notify_cookie(ctx, TT_COOKIE_SENT);
}

/* TT_PASS: the stack has to have this one. */
static enum tt_verdict answer(struct tt_ctx *ctx, struct tt_queue *q)
{
	enum tt_stat why;

	/* it was tried, and counted */
	if (ctx->left != TT_SYNACK_OK)
		return TT_PASS;
	why = tt_cookie_answer(ctx, q->sk);
	if (why == TT_SYNACK_OK) {
		count_answer(ctx, q->listener);
		return TT_STOLEN;
	}
	ctx->left = why;
	__this_cpu_inc(ctx->tn->stats->stat[why]);
	return why == TT_STAT_cookies_no_route || why == TT_STAT_cookies_no_memory ? drop(q) :
										     TT_PASS;
}

static void count_over(struct tt_queue *q, enum tt_room room)
{
	if (room == TT_FULL_LISTENER)
		__tt_listener_inc(q->listener, over_listener);
	else
		__tt_listener_inc(q->listener, over_namespace);
}

/*
 * Where others get cookies, it shall take nobody's place: its options lie, or it is signed and
 * the listener has no key, so that the stack drops it.
 */
static bool is_worthless(const struct tt_ctx *ctx, const struct sock *sk)
{
	return ctx->malformed || (ctx->left == TT_STAT_cookie_left_auth &&
				  tt_cookie_listener(sk, ctx->state->pf) == TT_SYNACK_OK);
}

/* There is no room. TT_PASS: there is now, perhaps. */
static enum tt_verdict overflow(struct tt_ctx *ctx, struct tt_queue *q, enum tt_room room,
				const struct sock *tw)
{
	enum tt_overflow how = tt_override_overflow(q->listener);
	enum tt_verdict v = TT_PASS;

	if (how == TT_OVERFLOW_DROP)
		return drop(q);
	if (how == TT_OVERFLOW_COOKIE && !tw) {
		tt_flood_enter(ctx->tn, room == TT_FULL_LISTENER ? q->listener : NULL,
			       room == TT_FULL_LISTENER ? tt_watermark_level(q->listener) :
							  atomic_read(&ctx->tn->held));
		v = answer(ctx, q);
	}
	if (v != TT_PASS)
		return v;
	if (how == TT_OVERFLOW_COOKIE && is_worthless(ctx, q->sk))
		return drop(q);
	return tt_evict_for(q, room) ? TT_PASS : drop(q);
}

static enum tt_verdict admit(struct tt_ctx *ctx, struct tt_queue *q, struct tt_source *source,
			     const struct sock *tw)
{
	bool enforce = READ_ONCE(ctx->tn->conf.mode) == TT_ENFORCE;
	enum tt_verdict v = TT_PASS;
	bool counted = false;
	int tries;

	for (tries = 0; tries < SYN_EVICTS && v == TT_PASS; tries++) {
		enum tt_room room = tt_queue_reserve(q);

		if (room == TT_ROOM) {
			if (keep(q, source))
				return TT_PASS;
			break;
		}
		if (room == TT_FULL_NAMESPACE && tt_watermark_refresh(ctx->tn))
			continue;
		if (!counted)
			count_over(q, room);
		counted = true;
		if (!enforce)
			break;
		v = overflow(ctx, q, room, tw);
	}
	if (source)
		tt_source_put(source);
	if (tries == SYN_EVICTS && v == TT_PASS)
		v = drop(q);
	return v;
}

/*
 * The prefix has had its share: a cookie costs it nothing, else the SYN goes. Not one that
 * reconnects where others get cookies, as it cannot have one: it needs room as any other.
 */
static enum tt_verdict over_source(struct tt_ctx *ctx, struct tt_queue *q, const struct sock *tw)
{
	enum tt_verdict v;

	__tt_listener_inc(q->listener, over_source);
	if (READ_ONCE(ctx->tn->conf.mode) != TT_ENFORCE)
		return TT_PASS;
	if (tt_override_overflow(q->listener) != TT_OVERFLOW_COOKIE)
		return drop(q);
	if (tw)
		return admit(ctx, q, NULL, tw);
	v = answer(ctx, q);
	return v == TT_PASS ? drop(q) : v;
}

static enum tt_verdict cookie_mode(struct tt_ctx *ctx, struct tt_queue *q, const struct sock *tw)
{
	tt_flood_syn(q->listener, &ctx->key.addr[ctx->from], ctx->key.family);
	if (READ_ONCE(ctx->tn->conf.mode) != TT_ENFORCE)
		return TT_PASS;
	/* the third ACK would find this socket and never the listener */
	if (tw) {
		__tt_stat_inc(ctx->tn, cookie_left_socket);
		return TT_PASS;
	}
	return answer(ctx, q);
}

/* The stack may ask another one of its group, who accepts: so not without a place. */
static enum tt_verdict admit_another(struct tt_queue *q)
{
	if (tt_queue_reserve(q) != TT_ROOM)
		return drop(q);
	keep(q, NULL);
	return TT_PASS;
}

/*
 * The accept queue is full: as the stack would, and count, but without its second look, before
 * which accept() on another CPU may make room for a request that has no place.
 */
static enum tt_verdict accept_full(struct tt_ctx *ctx, struct tt_queue *q)
{
	__tt_listener_inc(q->listener, accept_full);
	if (tt_flood_is_on(q->listener))
		tt_flood_syn(q->listener, &ctx->key.addr[ctx->from], ctx->key.family);
	if (READ_ONCE(ctx->tn->conf.mode) != TT_ENFORCE)
		return TT_PASS;
	if (!tt_target_is_certain(ctx, q->sk))
		return admit_another(q);
	__NET_INC_STATS(ctx->tn->net, LINUX_MIB_LISTENOVERFLOWS);
	tcp_listendrop(q->sk);
	return TT_DROP;
}

enum tt_verdict tt_halfopen_syn(struct tt_ctx *ctx, const struct sock *tw)
{
	struct tt_net *tn = ctx->tn;
	struct tt_source *source = NULL;
	enum tt_verdict v = TT_PASS;
	struct tt_queue *q;

	pending_done();
	q = tt_target_get(ctx);
	if (!q)
		return TT_PASS;
	__tt_listener_inc(q->listener, syns);
	if (sk_acceptq_is_full(q->sk))
		return accept_full(ctx, q);
	tt_queue_sync(q);
	if (READ_ONCE(tn->conf.mode) == TT_ENFORCE)
		tt_evict_expired_now(q);
	if (tt_override_overflow(q->listener) == TT_OVERFLOW_COOKIE)
		tt_watermark_check(q);
	if (tt_flood_is_on(q->listener))
		v = cookie_mode(ctx, q, tw);
	if (v != TT_PASS)
		return v;
	if (tt_source_full(tn, &ctx->key, ctx->from, &source))
		return over_source(ctx, q, tw);
	return admit(ctx, q, source, tw);
}

void tt_halfopen_left(struct tt_ctx *ctx)
{
	const struct tt_queue *q = tt_target_find(ctx);

	if (q && tt_flood_is_on(q->listener))
		__tt_stat_inc(ctx->tn, cookie_left_socket);
}

enum tt_verdict tt_halfopen_early(struct tt_ctx *ctx)
{
	struct tt_queue *q = tt_target_find(ctx);

	if (!q || READ_ONCE(q->dying) || sk_acceptq_is_full(q->sk) ||
	    !tt_flood_is_on(q->listener) || READ_ONCE(ctx->tn->conf.mode) != TT_ENFORCE)
		return TT_PASS;
	if (tt_cookie_answer(ctx, q->sk) != TT_SYNACK_OK)
		return TT_PASS;
	__tt_listener_inc(q->listener, syns);
	count_answer(ctx, q->listener);
	tt_flood_syn(q->listener, &ctx->key.addr[ctx->from], ctx->key.family);
	return TT_STOLEN;
}

void tt_halfopen_synack(struct tt_net *tn, const struct sock *req)
{
	struct sock *sk = inet_reqsk(req)->rsk_listener;
	struct tt_queue *q;

	/* NFQUEUE gives packets back in a process */
	local_bh_disable();
	q = sk ? tt_halfopen_queue(tn, sk) : NULL;
	/* that one may have come by us, or be another socket's (reuseport eBPF) */
	if (q && READ_ONCE(this_cpu_ptr(&pending)->queue) != q) {
		tt_queue_sync(q);
		tt_excess_note(q);
	}
	pending_done();
	local_bh_enable();
}

void tt_halfopen_answered(void)
{
	/* some are sent by a process */
	local_bh_disable();
	pending_done();
	local_bh_enable();
}

static unsigned int enforce_queue(struct tt_queue *q, bool limits, unsigned int most,
				  unsigned long until)
{
	unsigned int n = 0, gone;

	tt_queue_sync(q);
	if (!limits)
		return 0;
	while (n < most && READ_ONCE(q->seen) > tt_queue_limit(q) && tt_evict_oldest(q)) {
		tt_queue_sync(q);
		n++;
		if (time_after(jiffies, until))
			return n;
	}
	do {
		gone = tt_evict_expired(q, min(most - n, SYN_EVICTS));
		n += gone;
	} while (gone && n < most && !time_after(jiffies, until));
	return n;
}

/*
 * All queues together are over the namespace's limit: the longest shrinks. What is only
 * reserved takes nobody's place here: it may be on its way into the queue, and count twice.
 */
static unsigned int enforce_sum(struct tt_net *tn, unsigned long until)
{
	unsigned int n = 0;
	struct tt_queue *q;
	int share;

	if (atomic_read(&tn->queued) <= tt_net_halfopen_max(tn))
		return 0;
	q = tt_watermark_longest(tn, &share);
	share = clamp(share, 0, STEP_EVICTS);
	while (q && n < share && tt_evict_oldest(q)) {
		tt_queue_sync(q);
		n++;
		if (time_after(jiffies, until))
			break;
	}
	return n;
}

/* One step; false when there is nothing left to do, or no time. */
static bool enforce(struct tt_net *tn, bool limits, unsigned long until)
{
	unsigned int n = 0, more = 0;
	struct tt_listener *l;
	struct tt_queue *q;

	rcu_read_lock();
	list_for_each_entry_rcu(l, &tn->listeners, list) {
		list_for_each_entry_rcu(q, &l->queues, list) {
			n += enforce_queue(q, limits, STEP_EVICTS - n, until);
			if (n >= STEP_EVICTS || time_after(jiffies, until))
				goto out;
		}
	}
	if (limits)
		more = enforce_sum(tn, until);
out:
	rcu_read_unlock();
	return (n >= STEP_EVICTS || more) && !time_after(jiffies, until);
}

void tt_halfopen_enforce(struct tt_net *tn, unsigned long until)
{
	bool limits = READ_ONCE(tn->conf.mode) == TT_ENFORCE;
	int cpu;

	for_each_possible_cpu(cpu)
		pending_release(per_cpu_ptr(&pending, cpu), STALE, tn);
	while (enforce(tn, limits, until))
		cond_resched();
	tt_excess_forget(tn);
}

void __init tt_halfopen_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(&pending, cpu)->lock);
	tt_excess_init();
}

void tt_halfopen_net_exit(struct tt_net *tn)
{
	int cpu;

	for_each_possible_cpu(cpu)
		pending_release(per_cpu_ptr(&pending, cpu), ALL, tn);
	tt_excess_forget(tn);
}
