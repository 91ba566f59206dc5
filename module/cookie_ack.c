// SPDX-License-Identifier: GPL-2.0-only
/* The ACK that brings a cookie back, and those that only say so. */

#include <linux/netfilter.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "cookie.h"
#include "flow.h"
#include "halfopen.h"
#include "listener.h"
#include "local.h"
#include "net.h"
#include "notify.h"
#include "sock.h"

/*
 * ACKs without a good cookie that the stack may answer with a RST, a second and
 * CPU: jittered, so that the answers to one flood tell nothing of another
 * (CVE-2016-5696).
 */
struct budget {
	unsigned long until;
	unsigned int left;
};

static DEFINE_PER_CPU(struct budget, budget);

static bool may_answer(const struct tt_net *tn)
{
	unsigned int resets = READ_ONCE(tn->conf.cookie_resets);
	struct budget *b = this_cpu_ptr(&budget);

	if (!resets)
		return false;

	if (time_after_eq(jiffies, b->until)) {
		b->until = jiffies + HZ;
		b->left = resets / 2 + get_random_u32() % (resets + 1);
	}
	return b->left;
}

/* The stack is about to make its socket: SYN_RECEIVED, and ESTABLISHED at once. */
static void begin(struct tt_ctx *ctx)
{
	int from = ctx->from, to = !from;
	struct tt_flow *flow = tt_local_get(ctx);

	if (!flow)
		flow = tt_flow_new(ctx->tn, &ctx->key, ctx->hash, BIT(to), TT_STAT_flows_created,
				   TT_STAT_flows_refused_full);
	if (!flow)
		return;
	tt_local_mark(flow, to);
	flow->touched = tt_now();
	flow->opener = from;
	flow->flags |= TT_F_SYNACK;
	tt_flow_set_state(flow, to, TT_SYN_RECEIVED);
	tt_flow_set_state(flow, to, TT_ESTABLISHED);
	if (!(flow->local & BIT(from))) {
		flow->flags |= TT_F_PEER_AWAY;
		tt_flow_set_state(flow, from, TT_ESTABLISHED);
	}
	tt_flow_prove(flow);
	tt_flow_put(flow);
}

static enum tt_verdict refuse(const struct tt_ctx *ctx, struct tt_listener *l, bool hashed)
{
	bool pass = may_answer(ctx->tn);

	if (pass && ctx->early)
		return TT_PASS;	/* LOCAL_IN, on the same CPU, will spend it */
	tt_listener_inc(l, cookies_invalid);
	if (!hashed)
		tt_stat_inc(ctx->tn, cookies_invalid_unhashed);
	tt_notify_cookie(ctx, hashed ? TT_COOKIE_WRONG : TT_COOKIE_NONE);
	if (!pass)
		return TT_DROP;
	this_cpu_ptr(&budget)->left--;
	tt_stat_inc(ctx->tn, cookies_invalid_passed);
	return TT_PASS;
}

/* LOCAL_IN makes one, and counts it if it cannot. */
static struct tt_queue *get_queue(const struct tt_ctx *ctx, struct sock *sk)
{
	return ctx->early ? tt_queue_find(sk) : tt_queue_get(ctx->tn, sk);
}

static bool is_good(struct tt_ctx *ctx)
{
	struct tcphdr *th = (struct tcphdr *)(ctx->skb->data + ctx->thoff);

	return tt_cookie_check(ctx->skb, th, ctx->state->pf);
}

enum tt_verdict tt_halfopen_ack(struct tt_ctx *ctx)
{
	struct tt_net *tn = ctx->tn;
	struct tt_queue *q;
	struct sock *sk;
	bool on;

	/* nothing to learn, nothing to refuse */
	if (!atomic_read(&tn->answering) && !tt_flood_outstanding(&tn->flood))
		return TT_PASS;
	sk = tt_sock_listener(ctx);
	q = sk ? get_queue(ctx, sk) : NULL;
	if (!q || sk_acceptq_is_full(sk) || READ_ONCE(tn->conf.mode) != TT_ENFORCE)
		return TT_PASS;
	on = tt_flood_is_on(q->listener);
	if (ctx->early && !on)
		return TT_PASS;
	if (!tt_flood_outstanding(&tn->flood))
		return on ? refuse(ctx, q->listener, false) : TT_PASS;
	if (!is_good(ctx))
		return on ? refuse(ctx, q->listener, true) : TT_PASS;
	if (ctx->early)
		return TT_PASS;
	tt_listener_inc(q->listener, cookies_valid);
	tt_notify_cookie(ctx, TT_COOKIE_VALID);
	/* a listener that was closed and opened again has forgotten that it sends cookies */
	tcp_synq_overflow(sk);
	begin(ctx);
	return TT_PASS;
}
