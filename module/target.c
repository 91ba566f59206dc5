// SPDX-License-Identifier: GPL-2.0-only
/* Whom a segment is for, remembered: in a flood it is the same listener again and again. */

#include <linux/filter.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/sock_reuseport.h>
#include <net/tcp.h>

#include "listener.h"
#include "net.h"
#include "sock.h"
#include "target.h"
#include "track.h"

/* All that a look-up of a listener asks for, but the source. */
struct place {
	const struct tt_net *tn;
	struct in6_addr addr;
	int dif, sdif;
	u32 family;
	__be16 port;
};

/**
 * struct memory - what this CPU has found last; bottom halves are off
 * @place: where
 * @jiffy: in which it holds
 * @seq: tt_queues_seq() before it was looked up: no queue has come or gone since
 * @q: alive while @seq is the same, for who reads that under RCU
 */
struct memory {
	struct place place;
	unsigned long jiffy;
	unsigned int seq;
	struct tt_queue *q;
};

static DEFINE_PER_CPU(struct memory, memory);

static void place_of(struct place *p, const struct tt_ctx *ctx)
{
	const struct sk_buff *skb = ctx->skb;
	bool v4 = ctx->key.family == AF_INET;

	p->tn = ctx->tn;
	p->addr = ctx->key.addr[!ctx->from];
	p->dif = v4 ? inet_iif(skb) : inet6_iif(skb);
	p->sdif = v4 ? inet_sdif(skb) : inet6_sdif(skb);
	p->family = ctx->key.family;
	p->port = ctx->key.port[!ctx->from];
}

/* Whether the source, or who sent it, may choose another listener. */
static bool depends(const struct tt_ctx *ctx, const struct sock *sk)
{
	return !TT_BH_SERIAL || ctx->skb->sk || sk->sk_reuseport ||
	       static_branch_unlikely(&bpf_sk_lookup_enabled);
}

bool tt_target_is_certain(const struct tt_ctx *ctx, const struct sock *sk)
{
	const struct sock_reuseport *group;

	if (static_branch_unlikely(&bpf_sk_lookup_enabled))
		return false;
	if (!sk->sk_reuseport)
		return true;
	/* (since 6.6 the stack chooses in the group of what a program has assigned, too) */
	group = rcu_dereference(sk->sk_reuseport_cb);
	return !ctx->skb->sk && (!group || !rcu_access_pointer(group->prog));
}

static __always_inline bool is_there(const struct place *p, const struct tt_ctx *ctx)
{
	const struct sk_buff *skb = ctx->skb;
	bool v4 = ctx->key.family == AF_INET;

	return p->tn == ctx->tn && p->port == ctx->key.port[!ctx->from] &&
	       p->family == ctx->key.family &&
	       ipv6_addr_equal(&p->addr, &ctx->key.addr[!ctx->from]) &&
	       p->dif == (v4 ? inet_iif(skb) : inet6_iif(skb)) &&
	       p->sdif == (v4 ? inet_sdif(skb) : inet6_sdif(skb));
}

/* A listener that is new to us may be the better match: that waits for the next jiffy. */
static __always_inline struct tt_queue *recall(const struct memory *m, const struct tt_ctx *ctx,
					       unsigned int seq)
{
	if (m->jiffy != jiffies || m->seq != seq || !is_there(&m->place, ctx) ||
	    READ_ONCE(m->q->dying) || READ_ONCE(m->q->sk->sk_state) != TCP_LISTEN)
		return NULL;
	return m->q;
}

static noinline struct tt_queue *look_up(struct tt_ctx *ctx, struct memory *m, unsigned int seq,
					 bool make)
{
	struct tt_queue *q;
	struct sock *sk;

	sk = tt_sock_listener(ctx);
	if (!sk)
		return NULL;
	q = make ? tt_queue_get(ctx->tn, sk) : tt_queue_find(sk);
	if (q && !depends(ctx, sk)) {
		place_of(&m->place, ctx);
		m->jiffy = jiffies;
		m->seq = seq;
		m->q = q;
	}
	return q;
}

/* Pointers into the skb are to be read again. */
static bool pull(const struct tt_ctx *ctx)
{
	unsigned int len = ctx->thoff + sizeof(struct tcphdr);
	struct sk_buff *skb = ctx->skb;

	return pskb_may_pull(skb, len) &&
	       pskb_may_pull(skb, ctx->thoff +
				  __tcp_hdrlen((const struct tcphdr *)(skb->data + ctx->thoff)));
}

static __always_inline struct tt_queue *target(struct tt_ctx *ctx, bool make)
{
	struct memory *m = this_cpu_ptr(&memory);
	unsigned int seq = tt_queues_seq();
	struct tt_queue *q;

	if (!pull(ctx))
		return NULL;
	q = ctx->skb->sk ? NULL : recall(m, ctx, seq);
	return q ?: look_up(ctx, m, seq, make);
}

struct tt_queue *tt_target_get(struct tt_ctx *ctx)
{
	return target(ctx, true);
}

struct tt_queue *tt_target_find(struct tt_ctx *ctx)
{
	return target(ctx, false);
}
