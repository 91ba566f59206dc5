// SPDX-License-Identifier: GPL-2.0-only
/* A segment arrived for this host: what its socket is about to make of it. */

#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/inet_hashtables.h>

#include "excess.h"
#include "halfopen.h"
#include "listener.h"
#include "local.h"
#include "net.h"
#include "segment.h"
#include "sock.h"
#include "window.h"

static struct tt_flow *begin_in(struct tt_ctx *ctx, struct sock *sk)
{
	struct tt_flow *flow;
	u8 flags = ctx->seg.flags & (TT_SFR | TT_ACK);

	if (sk && (sk_fullsock(sk) || flags != TT_SYN))
		return tt_local_adopt(ctx, !ctx->from, sk);
	if (flags != TT_SYN) {
		tt_track_stray(ctx);
		return NULL;
	}
	/* over loopback, its sender's LOCAL_OUT has counted it */
	flow = tt_flow_new(ctx->tn, &ctx->key, ctx->hash, BIT(!ctx->from), TT_STAT_flows_created,
			   !(ctx->state->in->flags & IFF_LOOPBACK));
	if (flow)
		flow->opener = ctx->from;
	return flow;
}

/* A SYN for an end that has no socket yet: what it becomes shows when it answers. */
static void pending_syn(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	struct tt_endpoint next = flow->ep[ctx->from];
	enum tt_event ev;

	if (flow->local & BIT(ctx->from))
		return;
	ev = tt_step(&next, TT_SENT, &ctx->seg);
	if (ev == TT_EV_UNEXPECTED) {
		tt_flow_restart(flow, TT_HANDSHAKE_TIMEOUT);
		flow->opener = ctx->from;
		next = flow->ep[ctx->from];
		ev = tt_step(&next, TT_SENT, &ctx->seg);
	}
	tt_track_count(flow, ev, ctx->seg.flags);
	tt_track_apply(flow, ctx->from, &next);
}

static enum tt_reason reset_reason(enum tt_state was, enum tt_event ev, u8 flags)
{
	if (ev == TT_EV_REFUSED)
		return TT_REFUSED;
	if (was == TT_SYN_RECEIVED)
		return TT_HALFOPEN_RESET;
	/* 3.10.7.1: a RST for a segment that acknowledges carries no ACK itself */
	return flags & TT_ACK ? TT_RESET_BY_PEER : TT_FORGOTTEN;
}

static void peer_sent(struct tt_flow *flow, const struct tt_ctx *ctx, enum tt_event taken,
		      const struct sock *sk)
{
	int from = ctx->from;
	struct tt_endpoint next = flow->ep[from];

	if (flow->local & BIT(from))
		return;
	/* data for a socket that nobody owns any more is answered by a RST */
	if (sk && sk_fullsock(sk) && !(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN))
		tt_track_halfclose(flow, from, &ctx->seg);
	if (taken == TT_EV_RESET || taken == TT_EV_REFUSED || taken == TT_EV_TW_ASSASSINATED) {
		tt_flow_set_state(flow, from, TT_CLOSED);
		return;
	}
	if (tt_track_crossed(flow, from, &ctx->seg))
		return;
	tt_step(&next, TT_SENT, &ctx->seg);
	tt_track_apply(flow, from, &next);
}

/*
 * What the peer sends again shows at the receiver, who knows what it had; a
 * local peer has been counted when it sent.
 */
static void count_received(struct tt_flow *flow, const struct tt_ctx *ctx, enum tt_event ev)
{
	u8 flags = ctx->seg.flags;
	bool local = flow->local & BIT(ctx->from);

	if (ev == TT_EV_CHALLENGE && flags & TT_SYN && flags & TT_ACK &&
	    tt_seqrel(&flow->ep[!ctx->from], &ctx->seg) == TT_SEQ_OLD)
		ev = TT_EV_SYNACK_RETRANS;
	/* a TIME_WAIT socket challenges no RST (tcp_timewait_state_process) */
	if (ev == TT_EV_CHALLENGE && flags & TT_RST && flow->ep[!ctx->from].state == TT_TIME_WAIT)
		ev = TT_EV_RST_IGNORED;
	if (ev == TT_EV_TW_RESTART && flags & TT_FIN && !local)
		tt_track_count(flow, TT_EV_FIN_RETRANS, flags);
	if (local && (ev == TT_EV_SYN_RETRANS || ev == TT_EV_SYNACK_RETRANS ||
		      ev == TT_EV_FIN_RETRANS))
		return;
	tt_track_count(flow, ev, flags);
}

/*
 * The ACK that completes an active open leaves from a socket that is already
 * ESTABLISHED and is not looked at; so the peer is taken to have it.
 */
static void opened(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	/* RFC 7413, 4.2.2: the SYN-ACK acknowledges data as well */
	if (ctx->seg.ack != flow->iss + 1)
		tt_stat_inc(flow->tn, fast_opens);
	if (!(flow->local & BIT(ctx->from)))
		tt_flow_set_state(flow, ctx->from, TT_ESTABLISHED);
}

/* The options of what is no SYN are read only where they count. */
static bool has_old_timestamp(const struct tt_ctx *ctx, const struct sock *sk)
{
	unsigned int off = ctx->thoff + sizeof(struct tcphdr);
	struct tt_seg seg = { .has_ts = false };

	return tt_segment_options(&seg, ctx->skb, off, ctx->skb->len - off - ctx->seg.len) ==
	       TT_SEGMENT_OK && tt_sock_paws_refuses(sk, &seg);
}

/* What only a socket knows of what would move it. */
static enum tt_event refused_by(const struct tt_ctx *ctx, const struct sock *sk,
				enum tt_state was, const struct tt_endpoint *next)
{
	u8 flags = ctx->seg.flags;

	if ((next->state != was || flags & TT_FIN) && has_old_timestamp(ctx, sk))
		return TT_EV_OLD_DUP;
	/* RFC 5961, 5.2 (without TT_EP_SEQ, it is not the socket's number) */
	if (sk_fullsock(sk) && flags & TT_ACK && next->flags & TT_EP_SEQ &&
	    tt_sock_ack_too_old(sk, &ctx->seg))
		return TT_EV_BAD_ACK;
	return TT_EV_NONE;
}

/* Where Linux reads the RFCs otherwise, its socket is the truth. */
static enum tt_event as_linux(const struct tt_flow *flow, const struct tt_ctx *ctx,
			      const struct sock *sk, struct tt_endpoint *next, enum tt_event ev)
{
	const struct tt_endpoint *ep = &flow->ep[!ctx->from];
	u8 flags = ctx->seg.flags;

	if (ep->state == TT_TIME_WAIT && (flags & (TT_SFR | TT_ACK)) == TT_SYN && sk &&
	    tt_sock_reopens(sk, &ctx->seg))
		return TT_EV_TW_REOPEN;
	if (ep->state == TT_SYN_SENT && ev == TT_EV_NONE && sk && sk_fullsock(sk) &&
	    tt_sock_echo_is_bad(sk, &ctx->seg)) {
		*next = *ep;
		return TT_EV_BAD_ACK;
	}
	/* a full socket (Fast Open) challenges the SYN for which a request goes */
	if (ev == TT_EV_RESET && !(flags & TT_RST) && !(flow->flags & TT_F_REQUEST)) {
		*next = *ep;
		return TT_EV_CHALLENGE;
	}
	/* a RST behind what came after a hole counts, too */
	if (sk && sk_fullsock(sk) && ev == TT_EV_CHALLENGE && flags & TT_RST &&
	    tt_sock_sack_edge(sk, ctx->seg.seq)) {
		next->state = TT_CLOSED;
		return TT_EV_RESET;
	}
	if ((ev == TT_EV_NONE || ev == TT_EV_SIMUL_CLOSE || next->state != ep->state) &&
	    !(flags & TT_RST) && ep->state != TT_SYN_SENT && sk && !tt_sock_is_request(sk)) {
		enum tt_event refused = refused_by(ctx, sk, ep->state, next);

		if (refused != TT_EV_NONE) {
			*next = *ep;
			return refused;
		}
	}
	if (flags & TT_RST && tt_local_mini_ends(ep, &ctx->seg, sk)) {
		next->state = TT_CLOSED;
		return TT_EV_RESET;
	}
	/* tcp_reset_check(): a RST for the FIN's own number counts, too */
	if (ev == TT_EV_RST_IGNORED && sk && sk_fullsock(sk) &&
	    (ep->state == TT_CLOSE_WAIT || ep->state == TT_LAST_ACK || ep->state == TT_CLOSING) &&
	    ctx->seg.seq + 1 == ep->rcv_nxt) {
		next->state = TT_CLOSED;
		return TT_EV_RESET;
	}
	return ev;
}

/*
 * The socket has said nothing since the FIN; but it takes that one before this RST, whose number
 * is the FIN's own where it answers what had left the socket before.
 */
static bool fin_pending(const struct tt_flow *flow, const struct tt_ctx *ctx)
{
	const struct tt_endpoint *peer = &flow->ep[ctx->from];

	return peer->flags & TT_EP_FIN_SENT &&
	       (peer->snd_nxt == ctx->seg.seq || peer->snd_nxt == ctx->seg.seq + 1);
}

/* The local end takes what the machine foresees, but for what its socket decides later. */
static void received(struct tt_flow *flow, const struct tt_ctx *ctx, const struct sock *sk)
{
	int to = !ctx->from;
	enum tt_state was = flow->ep[to].state;
	struct tt_endpoint next = flow->ep[to];
	u8 flags = ctx->seg.flags;
	enum tt_event ev;

	/* (behind SYNPROXY it is what they acknowledge: a RST has to have its number) */
	if (unlikely(tt_track_rewritten(ctx->skb)))
		next.flags &= flags & TT_RST ? ~TT_EP_SEQ : ~(TT_EP_SEQ | TT_EP_RCV);
	if (was == TT_FIN_WAIT_2 && tt_local_mini_resets(&next, &ctx->seg, sk) &&
	    !has_old_timestamp(ctx, sk)) {
		flow->reason = TT_RESET_BY_US;	/* out_control() */
		flow->touched = tt_now();
		tt_flow_put(flow);
		return;
	}
	ev = tt_local_step(&next, &ctx->seg, sk);
	ev = as_linux(flow, ctx, sk, &next, ev);
	count_received(flow, ctx, ev);
	if (tt_track_refused(ev, flags)) {
		tt_flow_put(flow);
		return;
	}
	/* it is over, whether the accept queue has room for what follows it or not */
	if (ev == TT_EV_TW_REOPEN && !(flow->local & BIT(ctx->from)))
		flow->reason = TT_NORMAL;
	/* (what moves nothing, and anybody can send, is no reason to wait with looking) */
	if (next.state != was || flags & TT_SFR)
		flow->touched = tt_now();
	flow->ifindex = tt_key_ifindex(ctx->skb, ctx->key.family);
	if (ev == TT_EV_RESET && was == TT_ESTABLISHED && fin_pending(flow, ctx))
		tt_flow_set_state(flow, to, TT_CLOSE_WAIT);
	peer_sent(flow, ctx, ev, sk);
	if (ev == TT_EV_RESET || ev == TT_EV_REFUSED) {
		tt_local_finish(flow, to, reset_reason(was, ev, flags));
		return;
	}
	if (ev == TT_EV_TW_ASSASSINATED || next.state == TT_CLOSED) {
		tt_local_finish(flow, to, TT_NORMAL);
		return;
	}
	if (was == TT_SYN_RECEIVED && next.state != was && flow->flags & TT_F_REQUEST && sk &&
	    tt_sock_is_request(sk) && tt_sock_request_waits(sk, ctx->seg.len)) {
		if (flow->queue)
			tt_queue_answer(flow->queue, flow);
		tt_flow_put(flow);
		return;
	}
	/* close() may overtake the FIN: CLOSE_WAIT shows when the socket sends */
	if (next.state == TT_CLOSE_WAIT && was != TT_CLOSE_WAIT)
		next.state = TT_ESTABLISHED;
	/* before it leaves its half-open queue, or it would wait among the unproven for this */
	if (next.state != TT_SYN_RECEIVED && next.state != TT_SYN_SENT)
		tt_flow_prove(flow);
	tt_track_apply(flow, to, &next);
	if (was == TT_SYN_SENT && next.state == TT_ESTABLISHED)
		opened(flow, ctx);
	if (next.state != TT_SYN_RECEIVED && (was == TT_SYN_SENT || was == TT_SYN_RECEIVED))
		flow->reason = TT_NO_REASON;	/* no ICMP error has ended it */
	tt_flow_put(flow);
}

static void step_in(struct tt_flow *flow, struct tt_ctx *ctx, const struct sock *sk)
{
	int to = !ctx->from;
	bool syn = (ctx->seg.flags & (TT_SFR | TT_ACK)) == TT_SYN;

	tt_local_mark(flow, to);
	if (!(flow->local & BIT(ctx->from)))
		flow->flags |= TT_F_PEER_AWAY;
	if (!flow->ifindex)
		flow->ifindex = tt_key_ifindex(ctx->skb, ctx->key.family);
	if (syn && flow->flags & TT_F_ENDING) {
		tt_flow_restart(flow, TT_NO_REASON);
		flow->opener = ctx->from;
	}
	if (sk)
		tt_local_sample(flow, to, sk);
	if (tt_has_socket(flow->ep[to].state)) {
		received(flow, ctx, sk);
		return;
	}
	if (ctx->seg.flags & TT_RST && !(flow->local & BIT(ctx->from)) &&
	    ctx->seg.seq == flow->ep[ctx->from].snd_nxt) {
		/* before anybody answered, or it crossed what ended the socket */
		tt_flow_end(flow, flow->flags & TT_F_ENDING ? TT_NO_REASON : TT_RESET_BY_PEER);
		return;
	}
	if (syn) {
		flow->touched = tt_now();
		pending_syn(flow, ctx);
	}
	tt_flow_put(flow);
}

/*
 * Neither end has anything to learn from it. (Over loopback, an end that is foreseen
 * ESTABLISHED may have no socket yet: this may be the ACK that makes it.)
 */
static bool quiet(const struct tt_flow *flow, const struct tt_ctx *ctx)
{
	return !(ctx->seg.flags & TT_SFR) && ctx->seg.flags & TT_ACK &&
	       flow->local & BIT(!ctx->from) &&
	       flow->ep[0].state == TT_ESTABLISHED && flow->ep[1].state == TT_ESTABLISHED;
}

/* Connected to itself: one socket, end 0, takes what it has sent in LOCAL_OUT. */
static void self_in(struct tt_ctx *ctx)
{
	struct tt_flow *flow = tt_flow_get(ctx->tn, &ctx->key,
					   tt_flow_hash(ctx->tn, &ctx->key));
	struct tt_endpoint next;
	enum tt_event ev;

	if (!flow)
		return;
	next = flow->ep[0];
	ev = tt_step(&next, TT_RECEIVED, &ctx->seg);
	if (tt_has_socket(flow->ep[0].state) && tt_has_socket(next.state) &&
	    !tt_track_refused(ev, ctx->seg.flags)) {
		if (ev == TT_EV_SIMUL_OPEN || ev == TT_EV_SIMUL_CLOSE)
			tt_track_count(flow, ev, ctx->seg.flags);
		tt_track_apply(flow, 0, &next);
	}
	tt_flow_put(flow);
}

/* A SYN that a listener may get, an ACK that it may get: the bound and the cookies. */
static enum tt_verdict judge(struct tt_ctx *ctx, const struct sock *sk)
{
	u8 flags = ctx->seg.flags & (TT_SFR | TT_ACK);
	enum tt_verdict verdict = TT_PASS;

	/* NFQUEUE gives packets back in a process */
	local_bh_disable();
	if (flags == TT_SYN &&
	    (!sk || (sk->sk_state == TCP_TIME_WAIT && tt_sock_takes_syn(sk, &ctx->seg))))
		verdict = tt_halfopen_syn(ctx, sk);
	else if (flags == TT_SYN && atomic_read(&ctx->tn->answering))
		tt_halfopen_left(ctx);
	else if (!sk && (flags & (TT_SYN | TT_RST | TT_ACK)) == TT_ACK)
		verdict = tt_halfopen_ack(ctx);
	local_bh_enable();
	return verdict;
}

static void step_or_begin(struct tt_flow *flow, struct tt_ctx *ctx, struct sock *sk)
{
	if (!flow)
		flow = begin_in(ctx, sk);
	if (flow)
		step_in(flow, ctx, sk);
}

/* Neither the bound nor a cookie concerns what has a socket already and is no SYN. */
static void follow_known(struct tt_ctx *ctx, struct sock *sk)
{
	struct tt_flow *flow = tt_local_get(ctx);

	if (flow && quiet(flow, ctx))
		tt_flow_put(flow);
	else
		step_or_begin(flow, ctx, sk);
}

static void follow(struct tt_ctx *ctx, struct sock *sk)
{
	step_or_begin(tt_local_get(ctx), ctx, sk);
}

/*
 * Whether the end that receives it has a socket, as far as its flow knows. While a request is
 * exchanged for its child, a look-up without the bucket's lock finds neither
 * (inet_ehash_insert()); so a look-up that finds nothing does not tell.
 */
static bool has_receiver(const struct tt_flow *flow, int to)
{
	return !(flow->flags & TT_F_ENDING) && flow->local & BIT(to) &&
	       tt_has_socket(flow->ep[to].state);
}

/* Loopback, NAT, or no early demux: nobody has looked for its socket. */
static struct sock *find_sock(struct tt_ctx *ctx, const struct tt_flow *flow)
{
	struct sock *sk = NULL;

	/* a stranger has none */
	if (!flow)
		tt_sock_expect(ctx);
	if (!tt_sock_none(ctx))
		sk = tt_sock_find(ctx->tn, &ctx->key, !ctx->from,
				  tt_key_ifindex(ctx->skb, ctx->key.family));
	ctx->no_socket = !sk;
	return sk;
}

/* @flow: locked, its receiver known, or NULL. */
static enum tt_verdict judge_and_follow(struct tt_ctx *ctx, struct sock *sk, struct tt_flow *flow)
{
	enum tt_verdict verdict;

	if (flow) {
		step_in(flow, ctx, sk);
		return TT_PASS;
	}
	verdict = judge(ctx, sk);
	if (verdict == TT_PASS)
		follow(ctx, sk);
	return verdict;
}

enum tt_verdict tt_track_in(struct tt_ctx *ctx)
{
	struct sock *sk = tt_sock_of(ctx->skb, ctx->state->net), *found = NULL;
	struct tt_flow *flow = NULL;
	enum tt_verdict verdict;

	tt_excess_relieve(ctx->tn);
	/* no TCP takes what was sent to many (RFC 9293, 3.9.2.3) */
	if (ctx->skb->pkt_type != PACKET_HOST ||
	    (ctx->state->pf == NFPROTO_IPV6 && unlikely(ctx->thoff != sizeof(struct ipv6hdr)) &&
	     tt_segment_is_underway(ctx->skb))) {
		tt_track_stray(ctx);
		return TT_PASS;
	}
	if (tt_key_is_self(&ctx->key)) {
		self_in(ctx);
		return TT_PASS;
	}
	/* a BPF program has accepted its cookie: what the stack makes of that shows itself */
	if (sk && tt_sock_is_request(sk) && inet_reqsk(sk)->syncookie)
		return TT_PASS;
	if (sk && !(ctx->seg.flags & TT_SYN)) {
		follow_known(ctx, sk);
		return TT_PASS;
	}
	if (!(ctx->seg.flags & (TT_SYN | TT_RST)))
		flow = tt_local_get(ctx);
	if (flow && quiet(flow, ctx)) {
		tt_flow_put(flow);
		return TT_PASS;
	}
	if (flow && !has_receiver(flow, !ctx->from)) {
		tt_flow_put(flow);
		flow = NULL;
	}
	if (!sk) {
		found = find_sock(ctx, flow);
		sk = found;
	}
	verdict = judge_and_follow(ctx, sk, flow);
	if (found)
		sock_gen_put(found);
	return verdict;
}
