// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows that pass through: both ends are known by their segments only, and
 * every segment moves both. Whoever cannot be judged (a gap, one direction
 * only, rewritten sequence numbers) is judged liberally.
 */

#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "flow.h"
#include "net.h"
#include "recent.h"
#include "segment.h"
#include "track.h"
#include "window.h"

static void forget_seq(struct tt_flow *flow)
{
	flow->ep[0].flags &= ~(TT_EP_SEQ | TT_EP_RCV);
	flow->ep[1].flags &= ~(TT_EP_SEQ | TT_EP_RCV);
}

static void place_both(struct tt_flow *flow, enum tt_state state)
{
	tt_flow_place(flow, 0, state);
	tt_flow_place(flow, 1, state);
}

static struct tt_flow *pick_up(struct tt_ctx *ctx)
{
	struct tt_flow *flow;

	if (!tt_segment_checksum_ok(ctx->skb, ctx->thoff, ctx->state)) {
		tt_stat_inc(ctx->tn, invalid_checksum);
		return NULL;
	}
	flow = tt_flow_new(ctx->tn, &ctx->key, ctx->hash, 0, TT_STAT_flows_picked_up, false);
	if (!flow)
		return NULL;
	flow->flags |= TT_F_PICKUP;
	/* nobody knows by how much their windows are scaled */
	flow->ep[0].wscale = TCP_MAX_WSCALE;
	flow->ep[1].wscale = TCP_MAX_WSCALE;
	flow->opener = ctx->from;
	flow->iss = ctx->seg.seq;
	if (ctx->seg.flags & TT_SYN)
		tt_flow_place(flow, !ctx->from, TT_SYN_SENT);
	else
		place_both(flow, TT_ESTABLISHED);
	return flow;
}

static struct tt_flow *begin(struct tt_ctx *ctx)
{
	u8 flags = ctx->seg.flags & (TT_SFR | TT_ACK);
	struct tt_flow *flow;

	/* from LOCAL_OUT, or a handler that was running when the hook was taken out */
	if (!READ_ONCE(ctx->tn->conf.forward))
		return NULL;
	if (flags & TT_ACK && !(flags & TT_RST) && !(flags & TT_SYN && flags & TT_FIN))
		return pick_up(ctx);
	if (flags != TT_SYN) {
		tt_track_stray(ctx);
		return NULL;
	}
	flow = tt_flow_new(ctx->tn, &ctx->key, ctx->hash, 0, TT_STAT_flows_created, true);
	if (flow) {
		flow->opener = ctx->from;
		flow->iss = ctx->seg.seq;
	}
	return flow;
}

/* Only one direction passes here when it goes on as if the other had answered. */
static void notice_oneway(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	u16 seen = ctx->from ? TT_F_SEEN1 : TT_F_SEEN0;
	u16 other = ctx->from ? TT_F_SEEN0 : TT_F_SEEN1;

	flow->flags |= seen;
	if (flow->flags & other) {
		flow->flags &= ~TT_F_ONEWAY;
		return;
	}
	if ((flow->ep[ctx->from].state == TT_SYN_SENT ||
	     flow->ep[ctx->from].state == TT_SYN_RECEIVED) && ctx->seg.flags & TT_ACK &&
	    !(ctx->seg.flags & (TT_SYN | TT_RST))) {
		flow->flags |= TT_F_ONEWAY;
		forget_seq(flow);
		place_both(flow, TT_ESTABLISHED);
	}
}

/* What was picked up is in step again: the one end sends what the other waits for. */
static void notice_step(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	const struct tt_endpoint *receiver = &flow->ep[!ctx->from];
	enum tt_ackrel ack;

	if (~flow->flags & (TT_F_PICKUP | TT_F_SEEN0 | TT_F_SEEN1) ||
	    ~receiver->flags & (TT_EP_SEQ | TT_EP_RCV) || ctx->seg.flags & (TT_SYN | TT_RST))
		return;
	ack = tt_ackrel(receiver, &ctx->seg);
	if (tt_seqrel(receiver, &ctx->seg) != TT_SEQ_EXACT ||
	    (ack != TT_ACK_ALL && ack != TT_ACK_NEW && ack != TT_ACK_DUP))
		return;
	flow->flags &= ~TT_F_PICKUP;
	tt_flow_prove(flow);
}

static bool over(const struct tt_flow *flow)
{
	enum tt_state a = flow->ep[0].state, b = flow->ep[1].state;

	return (a == TT_TIME_WAIT || a == TT_CLOSED) && (b == TT_TIME_WAIT || b == TT_CLOSED);
}

/* Who was in TIME_WAIT answers a SYN that did not look like one: for its timestamp (RFC 6191). */
static void answered(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	const struct tt_endpoint *ep = &flow->ep[ctx->from];

	if (ep->state != TT_TIME_WAIT || !over(flow) || !(ep->flags & TT_EP_SEQ) ||
	    !tt_before(ep->snd_nxt, ctx->seg.seq))
		return;
	tt_stat_inc(flow->tn, timewait_reopened);
	tt_flow_restart(flow, TT_NORMAL);
	tt_flow_place(flow, !ctx->from, TT_SYN_SENT);
	flow->opener = !ctx->from;
	flow->iss = ctx->seg.ack - 1;
}

/* A SYN on a tuple that has a flow: a new connection, or nothing. */
static void again(struct tt_flow *flow, const struct tt_ctx *ctx, enum tt_event taken)
{
	enum tt_state from = flow->ep[ctx->from].state;

	if ((ctx->seg.flags & (TT_SFR | TT_ACK)) == (TT_SYN | TT_ACK))
		answered(flow, ctx);
	if ((ctx->seg.flags & (TT_SFR | TT_ACK)) != TT_SYN)
		return;
	if (over(flow)) {
		/* 2MSL still runs, and the number is not higher: RFC 6191 says no */
		if (flow->ep[!ctx->from].state == TT_TIME_WAIT && taken != TT_EV_TW_REOPEN)
			return;
		if (taken == TT_EV_TW_REOPEN)
			tt_stat_inc(flow->tn, timewait_reopened);
		tt_flow_restart(flow, TT_NORMAL);
		flow->iss = ctx->seg.seq;
	} else if (from == TT_SYN_SENT && flow->opener == ctx->from &&
		   ctx->seg.seq != flow->ep[ctx->from].snd_una) {
		flow->iss = flow->ep[ctx->from].snd_una;
		tt_flow_restart(flow, TT_HANDSHAKE_TIMEOUT);
	} else {
		return;
	}
	flow->opener = ctx->from;
}

/*
 * Of two SYNs on one tuple the later one may be an old duplicate, or forged: the
 * SYN-ACK tells which of them has been answered.
 */
static void choose_syn(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	struct tt_endpoint *opener = &flow->ep[!ctx->from];
	u32 iss = flow->iss;

	if (!(ctx->seg.flags & TT_ACK) || opener->state != TT_SYN_SENT ||
	    ctx->seg.ack != iss + 1 || opener->snd_una == iss)
		return;
	flow->iss = opener->snd_una;
	opener->snd_una = iss;
	opener->snd_nxt = iss + 1;
	flow->ep[ctx->from].rcv_nxt = iss + 1;
}

static enum tt_reason reset_reason(const struct tt_flow *flow, int to, enum tt_event ev, u8 flags)
{
	enum tt_state was = flow->ep[to].state;

	if (ev == TT_EV_REFUSED)
		return TT_REFUSED;
	if (was == TT_SYN_RECEIVED || !(flow->flags & (TT_F_PROVEN | TT_F_PICKUP | TT_F_ONEWAY)))
		return TT_HALFOPEN_RESET;
	return flags & TT_ACK ? TT_RESET_BY_PEER : TT_FORGOTTEN;
}

/*
 * What is sent again before it was acknowledged may be the first that arrives, so what
 * it acknowledges counts: the receiver will learn that, if not from this one.
 */
static void take_ack_again(const struct tt_flow *flow, const struct tt_ctx *ctx,
			   struct tt_endpoint *receiver)
{
	const struct tt_endpoint *sender = &flow->ep[ctx->from];
	struct tt_seg ack __uninitialized;

	if (ctx->seg.flags & (TT_SYN | TT_RST) || !(ctx->seg.flags & TT_ACK) ||
	    !tt_before(sender->snd_una, tt_seg_end(&ctx->seg)) ||
	    tt_seqrel(&flow->ep[!ctx->from], &ctx->seg) != TT_SEQ_OLD)
		return;
	ack = ctx->seg;
	ack.seq = receiver->rcv_nxt;
	ack.len = 0;
	ack.flags = TT_ACK;
	tt_step(receiver, TT_RECEIVED, &ack);
}

static void step(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	int from = ctx->from, to = !from;
	struct tt_endpoint receiver = flow->ep[to], sender = flow->ep[from];
	enum tt_state was = receiver.state;
	enum tt_event taken, sent;

	taken = tt_step(&receiver, TT_RECEIVED, &ctx->seg);
	if (taken == TT_EV_RESET || taken == TT_EV_REFUSED || taken == TT_EV_TW_ASSASSINATED) {
		tt_track_count(flow, taken, ctx->seg.flags);
		tt_flow_end(flow, taken == TT_EV_TW_ASSASSINATED ? TT_NORMAL :
			    reset_reason(flow, to, taken, ctx->seg.flags));
		return;
	}
	take_ack_again(flow, ctx, &receiver);
	if (tt_track_crossed(flow, from, &ctx->seg)) {
		tt_track_count(flow, taken, ctx->seg.flags);
		tt_track_apply(flow, to, &receiver);
		tt_flow_put(flow);
		return;
	}
	sent = tt_step(&sender, TT_SENT, &ctx->seg);
	if (ctx->seg.flags & TT_SYN && ctx->seg.flags & TT_ACK) {
		/* the SYN-ACK of a simultaneous open repeats the SYN only */
		if (sent == TT_EV_SYNACK_RETRANS && !(sender.flags & TT_EP_SYNACK))
			sent = TT_EV_NONE;
		sender.flags |= TT_EP_SYNACK;
	}
	if (tt_track_refused(taken, ctx->seg.flags) && sent != TT_EV_SYN_RETRANS &&
	    sent != TT_EV_SYNACK_RETRANS && sent != TT_EV_FIN_RETRANS) {
		tt_track_count(flow, taken, ctx->seg.flags);
		tt_flow_put(flow);
		return;
	}
	/* a retransmission is its sender's to count */
	tt_track_count(flow, sent, ctx->seg.flags);
	if (taken == TT_EV_SIMUL_OPEN || taken == TT_EV_SIMUL_CLOSE || taken == TT_EV_TW_RESTART)
		tt_track_count(flow, taken, ctx->seg.flags);
	tt_track_halfclose(flow, from, &ctx->seg);
	if (ctx->seg.flags & TT_SYN && ctx->seg.flags & TT_ACK && !(flow->flags & TT_F_SYNACK)) {
		flow->flags |= TT_F_SYNACK;
		flow->half = tt_now();
	}
	tt_track_apply(flow, to, &receiver);
	tt_track_apply(flow, from, &sender);
	/* the opener has acknowledged the other's ISN: it is there */
	if (was == TT_SYN_RECEIVED && receiver.state == TT_ESTABLISHED)
		tt_flow_prove(flow);
	tt_flow_put(flow);
}

void tt_track_forward(struct tt_ctx *ctx)
{
	struct tt_flow *flow = tt_recent_seek(ctx->tn, &ctx->key, &ctx->hash);
	struct tt_endpoint probe __uninitialized;
	unsigned long rewritten;

	if (!flow)
		flow = begin(ctx);
	if (!flow)
		return;
	if (!(flow->flags & TT_F_FORWARD)) {
		tt_flow_put(flow);	/* an end is here; what passes by is a copy of it */
		return;
	}
	if (ctx->seg.flags & TT_SYN) {
		probe = flow->ep[!ctx->from];
		again(flow, ctx, tt_step(&probe, TT_RECEIVED, &ctx->seg));
		choose_syn(flow, ctx);
	}
	flow->touched = tt_now();
	notice_oneway(flow, ctx);
	rewritten = tt_track_rewritten(ctx->skb);
	if (!rewritten)
		notice_step(flow, ctx);
	else if (rewritten & TT_OFFLOADED)
		flow->flags |= TT_F_PICKUP;	/* the FIN comes without that mark again */
	if (flow->flags & (TT_F_ONEWAY | TT_F_PICKUP) || rewritten) {
		/* a RST or FIN that cannot be judged is believed by the stack, too */
		flow->ep[!ctx->from].flags &= ~(TT_EP_SEQ | TT_EP_RCV);
	}
	step(flow, ctx);
}
