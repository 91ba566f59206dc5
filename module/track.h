/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_TRACK_H
#define TCPTRACK_TRACK_H

#include <net/netfilter/nf_conntrack.h>

#include "flow.h"
#include "key.h"
#include "state.h"
#include "stats.h"

struct hlist_nulls_head;
struct nf_hook_state;
struct sk_buff;
struct sock;
struct tt_flow;
struct tt_net;

/* What becomes of a packet. */
enum tt_verdict {
	TT_PASS,
	TT_DROP,	/* a counter says why */
	TT_STOLEN,	/* it was turned into an answer */
};

/**
 * struct tt_ctx - a segment on its way through the steps
 * @tn: namespace
 * @skb: the packet
 * @state: where the hook runs
 * @thoff: offset of its TCP header
 * @key: of its flow
 * @hash: of @key, once it was looked for
 * @from: the sender's end in @key
 * @seg: the checked segment
 * @early: before routing (tt_early()): what is not dealt with now, LOCAL_IN will be
 *	shown, so nothing else may change or be counted
 * @bucket: from tt_sock_expect(), or NULL
 * @no_socket: LOCAL_IN has looked, and no socket has this tuple
 * @left: why the stack has to have a SYN that would have got a cookie, or TT_STAT_COUNT
 * @malformed: a SYN with an option that is none; what the stack makes of it is bounded
 */
struct tt_ctx {
	struct tt_net *tn;
	struct sk_buff *skb;
	const struct nf_hook_state *state;
	unsigned int thoff;
	struct tt_key key;
	u32 hash;
	int from;
	struct tt_seg seg;
	const struct hlist_nulls_head *bucket;
	enum tt_stat left;
	bool early;
	bool no_socket;
	bool malformed;
};

/* Its key, sender and segment are the caller's to write, before anybody reads them. */
static inline void tt_ctx_init(struct tt_ctx *ctx, struct tt_net *tn, struct sk_buff *skb,
			       const struct nf_hook_state *state, unsigned int thoff)
{
	ctx->tn = tn;
	ctx->skb = skb;
	ctx->state = state;
	ctx->thoff = thoff;
	ctx->hash = 0;
	ctx->bucket = NULL;
	ctx->left = TT_STAT_COUNT;
	ctx->early = false;
	ctx->no_socket = false;
	ctx->malformed = false;
}

#define TT_SFR	(TT_SYN | TT_FIN | TT_RST)

/**
 * tt_track_in() - a segment arrived for this host
 * @ctx: the segment
 *
 * This and its siblings: RCU read side, softirq or process; no flow is locked
 * before or after.
 *
 * Return: %TT_PASS, but for a SYN over the bound or at a full accept queue, and an ACK with a
 * bad cookie.
 */
enum tt_verdict tt_track_in(struct tt_ctx *ctx);

/**
 * tt_track_out() - a segment leaves this host
 * @ctx: the segment, with the tuple of its socket
 */
void tt_track_out(struct tt_ctx *ctx);

/**
 * tt_track_forward() - a segment passes through
 * @ctx: the segment
 */
void tt_track_forward(struct tt_ctx *ctx);

/**
 * tt_track_sock() - follow a state change that the socket layer told
 * @tn: namespace
 * @sk: full socket, owned by the caller
 * @state: TCP_* state that it is about to enter
 */
void tt_track_sock(struct tt_net *tn, struct sock *sk, int state);

/**
 * tt_track_adopt() - make the flow of a socket that has none, or complete it
 * @tn: namespace
 * @key: from tt_key_sock()
 * @hash: of @key
 * @end: the socket's end
 * @sk: full, request or TIME_WAIT socket
 *
 * Return: the flow, locked, or NULL.
 */
struct tt_flow *tt_track_adopt(struct tt_net *tn, const struct tt_key *key, u32 hash, int end,
			       const struct sock *sk);

/**
 * tt_track_gone() - a local end has no socket any more
 * @flow: locked; unlocked, perhaps freed, on return
 * @end: the end
 */
void tt_track_gone(struct tt_flow *flow, int end);

/**
 * tt_track_timer() - remember when the timer of a TIME_WAIT socket will fire
 * @flow: locked
 * @sk: any socket of the flow
 */
void tt_track_timer(struct tt_flow *flow, const struct sock *sk);

/**
 * tt_track_stray() - count a segment that belongs to no flow and begins none
 * @ctx: the segment
 */
void tt_track_stray(const struct tt_ctx *ctx);

/* What tt_track_count() does with most of them. */
void tt_track_count_event(struct tt_flow *flow, enum tt_event ev, u8 flags);

/**
 * tt_track_count() - count what a segment meant to an end
 * @flow: locked
 * @ev: from tt_step()
 * @flags: of the segment
 */
static inline void tt_track_count(struct tt_flow *flow, enum tt_event ev, u8 flags)
{
	if (ev != TT_EV_NONE)
		tt_track_count_event(flow, ev, flags);
}

/**
 * tt_track_refused() - whether an end ignored what a segment wanted
 * @ev: from tt_step(), RECEIVED
 * @flags: of the segment
 *
 * Who sent it has then not moved either: it is forged or late.
 *
 * Return: true if so.
 */
static inline bool tt_track_refused(enum tt_event ev, u8 flags)
{
	switch (ev) {
	case TT_EV_BAD_ACK:
		return true;
	case TT_EV_CHALLENGE:
	case TT_EV_OLD_DUP:
	case TT_EV_RST_IGNORED:
	case TT_EV_UNEXPECTED:
		return flags & TT_SFR;
	default:
		return false;
	}
}

/**
 * tt_track_apply() - make the result of tt_step() the flow's
 * @flow: locked
 * @end: the end
 * @next: its new variables and state
 */
static inline void tt_track_apply(struct tt_flow *flow, int end, const struct tt_endpoint *next)
{
	struct tt_endpoint *ep = &flow->ep[end];
	enum tt_state was = ep->state;

	*ep = *next;
	if (was == next->state)
		return;
	ep->state = was;
	tt_flow_move(flow, end, next->state);
}

/* The same for a FIN from CLOSE_WAIT. */
bool tt_track_fins_cross(struct tt_flow *flow, int from, const struct tt_seg *seg);

/**
 * tt_track_crossed() - a FIN that does not acknowledge the other side's
 * @flow: locked
 * @from: its sender, presumed to have received the other's FIN
 * @seg: the segment
 *
 * It had not received it: both closed at once (3.6, figure 13).
 *
 * Return: whether that is so; the sender is CLOSING now and needs no SENT step.
 */
static inline bool tt_track_crossed(struct tt_flow *flow, int from, const struct tt_seg *seg)
{
	return seg->flags & TT_FIN && flow->ep[from].state == TT_CLOSE_WAIT &&
	       tt_track_fins_cross(flow, from, seg);
}

#define TT_OFFLOADED	(IPS_OFFLOAD | IPS_HW_OFFLOAD)

/**
 * tt_track_rewritten() - whether the numbers of a segment are not those of its ends
 * @skb: the segment, with the conntrack that it may have
 *
 * Return: not 0 if it cannot be judged by them: conntrack offloads the flow past us
 * (%TT_OFFLOADED), or will still adjust its sequence numbers.
 */
static inline unsigned long tt_track_rewritten(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);

	return ct ? READ_ONCE(ct->status) & (IPS_SEQ_ADJUST | TT_OFFLOADED) : 0;
#else
	return 0;
#endif
}

/**
 * tt_track_halfclose() - count data that flows after the first FIN, once for a flow
 * @flow: locked
 * @from: sender
 * @seg: the segment
 */
void tt_track_halfclose(struct tt_flow *flow, int from, const struct tt_seg *seg);

#endif /* TCPTRACK_TRACK_H */
