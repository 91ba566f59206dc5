// SPDX-License-Identifier: GPL-2.0-only
/* The ACK that brings a cookie back, and those that only say so. */

#include <linux/jhash.h>
#include <linux/math64.h>
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
#include "target.h"

#define SHARES	64
#define UNDRAWN	U32_MAX

/**
 * struct tt_budget - ACKs without a good cookie that the stack may answer with a RST
 * @since: jiffies when this second began
 * @salt: decides which sources have which share, this second
 * @left: of each share
 *
 * A second's, of a namespace on a CPU; bottom halves are off. Were it one for all, then who
 * spends it in the name of another would learn from his own answers whether that one is
 * connected, for whom has a socket spends nothing (CVE-2016-5696). So each source has but a
 * share, another one each second, whose size nobody knows.
 */
struct tt_budget {
	unsigned long since;
	u32 salt;
	u32 left[SHARES];
};

int tt_cookie_ack_net_init(struct tt_net *tn)
{
	tn->budget = alloc_percpu_gfp(struct tt_budget, GFP_KERNEL_ACCOUNT);
	return tn->budget ? 0 : -ENOMEM;
}

void tt_cookie_ack_net_exit(struct tt_net *tn)
{
	free_percpu(tn->budget);
}

/* Any of 0 to 2 / SHARES of all, and so on average its part. */
static u32 draw(u32 resets)
{
	u64 part = (u64)get_random_u32() * (2ULL * resets + 1) >> 32;

	return div_u64(part + get_random_u32() % SHARES, SHARES);
}

/* What the sender has left, or NULL: nothing. An IPv6 host has a /64. */
static u32 *share(const struct tt_ctx *ctx)
{
	u32 resets = READ_ONCE(ctx->tn->conf.cookie_resets);
	const struct in6_addr *addr = &ctx->key.addr[ctx->from];
	struct tt_budget *b = this_cpu_ptr(ctx->tn->budget);
	unsigned int at = ctx->key.family == AF_INET ? 2 : 0;
	u32 *left, hash;

	if (!resets)
		return NULL;
	/* (a CPU may not have been here for half of what jiffies of 32 bits can tell apart) */
	if (jiffies - b->since >= HZ) {
		b->since = jiffies;
		b->salt = get_random_u32();
		memset(b->left, 0xff, sizeof(b->left));
	}
	hash = jhash_2words((__force u32)addr->s6_addr32[at],
			    (__force u32)addr->s6_addr32[at + 1], b->salt);
	left = &b->left[hash % SHARES];
	if (*left == UNDRAWN)
		*left = draw(resets);
	return *left ? left : NULL;
}

/* The stack is about to make its socket: SYN_RECEIVED, and ESTABLISHED at once. */
static void begin(struct tt_ctx *ctx)
{
	int from = ctx->from, to = !from;
	struct tt_flow *flow = tt_local_get(ctx);

	if (flow && flow->flags & TT_F_ENDING)
		tt_flow_restart(flow, TT_NO_REASON);
	if (!flow)
		flow = tt_flow_new(ctx->tn, &ctx->key, ctx->hash, BIT(to), TT_STAT_flows_created,
				   true);
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
	u32 *left = share(ctx);

	if (left && ctx->early)
		return TT_PASS;	/* LOCAL_IN, on the same CPU, will spend it */
	__tt_listener_inc(l, cookies_invalid);
	if (!hashed)
		__tt_stat_inc(ctx->tn, cookies_invalid_unhashed);
	tt_notify_cookie(ctx, hashed ? TT_COOKIE_WRONG : TT_COOKIE_NONE);
	if (!left)
		return TT_DROP;
	(*left)--;
	__tt_stat_inc(ctx->tn, cookies_invalid_passed);
	return TT_PASS;
}

static bool is_good(struct tt_ctx *ctx)
{
	struct tcphdr *th = (struct tcphdr *)(ctx->skb->data + ctx->thoff);

	return tt_cookie_check(ctx->skb, th, ctx->state->pf);
}

/* The stack answers what we leave to it with cookies of its own, and does not tell us. */
static bool stack_sends(const struct tt_net *tn, const struct sock *sk)
{
	return READ_ONCE(tn->net->ipv4.sysctl_tcp_syncookies) == 2 ||
	       !READ_ONCE(sk->sk_max_ack_backlog);
}

/*
 * Ours are counted. The stack's and those of a module that was here before this one are not,
 * but the stack's stamp tells that its listener sent some, and the stack would take them.
 */
static bool may_have_one(struct tt_net *tn, const struct sock *sk)
{
	if (tt_flood_outstanding(&tn->flood))
		return true;
	if (stack_sends(tn, sk))
		return !tcp_synq_no_recent_overflow(sk);
	if (!READ_ONCE(tn->was_there))
		return false;
	if (ktime_get_ns() - tn->started > (u64)TCP_SYNCOOKIE_VALID * TICK_NSEC)
		WRITE_ONCE(tn->was_there, false);
	return !tcp_synq_no_recent_overflow(sk);
}

enum tt_verdict tt_halfopen_ack(struct tt_ctx *ctx)
{
	struct tt_net *tn = ctx->tn;
	struct tt_queue *q;
	bool on;

	/* nothing to learn, nothing to refuse */
	if (!atomic_read(&tn->answering) && !tt_flood_outstanding(&tn->flood))
		return TT_PASS;
	/* LOCAL_IN makes one, and counts it if it cannot */
	q = ctx->early ? tt_target_find(ctx) : tt_target_get(ctx);
	if (!q || READ_ONCE(tn->conf.mode) != TT_ENFORCE || !tt_cookie_enabled(tn->net))
		return TT_PASS;
	on = tt_flood_is_on(q->listener);
	if (ctx->early && !on)
		return TT_PASS;
	if (!may_have_one(tn, q->sk))
		return on ? refuse(ctx, q->listener, false) : TT_PASS;
	if (!is_good(ctx))
		return on ? refuse(ctx, q->listener, true) : TT_PASS;
	/* the stack has no place for it now (its peer will say it again), or LOCAL_IN is next */
	if (ctx->early || sk_acceptq_is_full(q->sk))
		return TT_PASS;
	__tt_listener_inc(q->listener, cookies_valid);
	__tt_listener_inc(q->listener, handshakes_completed);
	tt_notify_cookie(ctx, TT_COOKIE_VALID);
	/* a listener that was closed and opened again has forgotten that it sends cookies */
	tcp_synq_overflow(q->sk);
	begin(ctx);
	return TT_PASS;
}
