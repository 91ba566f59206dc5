// SPDX-License-Identifier: GPL-2.0-only
/* A segment leaves this host: its socket has moved already. */

#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/route.h>
#include <net/tcp.h>

#include "halfopen.h"
#include "local.h"
#include "net.h"
#include "recent.h"
#include "sock.h"
#include "window.h"

/*
 * A handshake begins anew on the tuple: what was there is over (RFC 6191 for TIME_WAIT).
 * Over loopback, the other end may have begun it.
 */
static void begin_again(struct tt_flow *flow, int end)
{
	bool reopened = flow->ep[end].state == TT_TIME_WAIT;
	struct tt_endpoint other = flow->ep[!end];
	bool opens = flow->local & BIT(!end) && other.state == TT_SYN_SENT;

	if (!tt_has_socket(flow->ep[end].state) && !(flow->flags & TT_F_ENDING))
		return;
	if (opens)
		tt_flow_place(flow, !end, TT_LISTEN);
	if (reopened)
		tt_stat_inc(flow->tn, timewait_reopened);
	tt_flow_restart(flow, reopened ? TT_NORMAL : TT_NO_REASON);
	if (opens) {
		tt_flow_place(flow, !end, TT_SYN_SENT);
		flow->ep[!end] = other;
	}
}

/* The first SYN-ACK of a request: whatever the tuple was before is over. */
static void begin_synack(struct tt_flow *flow, const struct tt_ctx *ctx, const struct sock *sk)
{
	int from = ctx->from;
	struct tt_endpoint next;
	const struct tt_seg syn = {
		.seq = tcp_rsk(inet_reqsk(sk))->rcv_isn,
		.flags = TT_SYN,
		.wscale = TT_WSCALE_NONE,
	};

	begin_again(flow, from);
	flow->syns = 0;		/* what came again before has raised no time-out of the request */
	flow->opener = !from;
	/* the request is young, though its SYN may have come before and been refused */
	WRITE_ONCE(flow->created, tt_now());
	if (!(flow->local & BIT(!from)) && flow->ep[!from].state == TT_LISTEN) {
		next = flow->ep[!from];
		tt_step(&next, TT_SENT, &syn);
		tt_track_apply(flow, !from, &next);
	}
	next = flow->ep[from];
	tt_endpoint_init(&next, TT_LISTEN);
	tt_step(&next, TT_SENT, &ctx->seg);
	tt_track_apply(flow, from, &next);
	flow->flags |= TT_F_SYNACK;
	tt_flow_set_request(flow, sk);
}

/* ESTABLISHED was foreseen, but the request has refused that ACK (PAWS, say). */
static bool taken_back(struct tt_flow *flow, const struct tt_ctx *ctx, const struct sock *sk)
{
	const struct tt_endpoint *ep = &flow->ep[ctx->from];
	u32 half = flow->half;

	if (ep->state != TT_ESTABLISHED || !(ep->flags & TT_EP_PASSIVE) ||
	    ep->snd_nxt != ctx->seg.seq + 1)
		return false;
	tt_stat_inc(flow->tn, corrected);
	tt_flow_take_back(flow, ctx->from, sk);
	flow->half = half;
	return true;
}

static void out_request(struct tt_flow *flow, const struct tt_ctx *ctx, const struct sock *sk)
{
	bool again = flow->flags & TT_F_REQUEST && flow->ep[ctx->from].snd_una == ctx->seg.seq;

	/* of a child by Fast Open only what is sent again comes from its request */
	if (tcp_rsk(inet_reqsk(sk))->tfo_listener) {
		tt_track_count(flow, TT_EV_SYNACK_RETRANS, ctx->seg.flags);
		tt_flow_put(flow);
		return;
	}
	if (again)
		tt_flow_set_request(flow, sk);
	if (again || taken_back(flow, ctx, sk))
		tt_track_count(flow, TT_EV_SYNACK_RETRANS, ctx->seg.flags);
	else
		begin_synack(flow, ctx, sk);
	tt_sock_sync(&flow->ep[ctx->from], sk);
	tt_local_presume(flow, ctx);
	tt_flow_put(flow);
}

/* SYN or SYN-ACK of a full socket: active open, simultaneous open, Fast Open. */
static void out_syn(struct tt_flow *flow, const struct tt_ctx *ctx, enum tt_state state)
{
	int from = ctx->from;
	struct tt_endpoint next;
	enum tt_event ev;

	if (state == TT_SYN_SENT && flow->ep[from].state != TT_SYN_SENT) {
		begin_again(flow, from);
		flow->opener = from;
		/* of the connection before, whose other end is still here (loopback) */
		flow->reason = TT_NO_REASON;
	}
	next = flow->ep[from];
	ev = tt_step(&next, TT_SENT, &ctx->seg);
	flow->iss = ctx->seg.seq;
	if (ctx->seg.flags & TT_ACK) {
		if (ev == TT_EV_SYNACK_RETRANS && !(flow->flags & TT_F_SYNACK))
			ev = TT_EV_NONE;
		if (ev == TT_EV_NONE && !(flow->flags & TT_F_SYNACK)) {
			flow->half = tt_now();
			if (!(flow->flags & TT_F_SIMOPEN))
				tt_stat_inc(flow->tn, fast_opens);
		}
		flow->flags |= TT_F_SYNACK;
	}
	tt_track_count(flow, ev, ctx->seg.flags);
	tt_track_apply(flow, from, &next);
}

static void out_full(struct tt_flow *flow, const struct tt_ctx *ctx, const struct sock *sk)
{
	int from = ctx->from;
	struct tt_endpoint *ep = &flow->ep[from];
	enum tt_state state = tt_sock_state(sk);

	if (ctx->seg.flags & TT_RST) {
		/* its FIN had overtaken what was still in the socket's backlog */
		if (ep->state == TT_ESTABLISHED && sock_flag(sk, SOCK_DONE))
			tt_flow_set_state(flow, from, TT_CLOSE_WAIT);
		tt_local_presume(flow, ctx);
		tt_local_finish_later(flow, from, TT_RESET_BY_US);
		return;
	}
	if (ctx->seg.flags & TT_SYN)
		out_syn(flow, ctx, state);
	else if (ctx->seg.flags & TT_FIN && tt_sock_sent_before(sk, tt_seg_end(&ctx->seg)))
		tt_track_count(flow, TT_EV_FIN_RETRANS, ctx->seg.flags);
	tt_local_sample(flow, from, sk);
	tt_track_halfclose(flow, from, &ctx->seg);
	tt_local_presume(flow, ctx);
	if (ep->state != TT_SYN_SENT && ep->state != TT_SYN_RECEIVED)
		tt_flow_prove(flow);
	tt_flow_put(flow);
}

/* A RST for what ended a socket a moment ago, which did not say why. */
static bool ends_by_reset(const struct tt_flow *flow, const struct tt_ctx *ctx)
{
	if (!(ctx->seg.flags & TT_RST) || !(flow->flags & TT_F_ENDING))
		return false;
	return flow->reason == TT_RESET_BY_US ||
	       ((flow->reason == TT_IDLE || flow->reason == TT_NORMAL) &&
		ctx->seg.seq == flow->ep[ctx->from].snd_nxt);
}

/*
 * A rule's RST (nft reject) ends no socket here: one that has to send it without itself has left
 * the table before.
 */
static bool is_of_a_rule(const struct sock *sk)
{
	return sk && sk_fullsock(sk) && READ_ONCE(sk->sk_state) != TCP_CLOSE;
}

/* RST and ACK that the stack sends without a full socket. */
static void out_control(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	int from = ctx->from;
	enum tt_state was = flow->ep[from].state;
	struct tt_endpoint next = flow->ep[from];
	enum tt_event ev = tt_step(&next, TT_SENT, &ctx->seg);
	enum tt_event taken = TT_EV_NONE;
	struct sock *sk;

	if (ev != TT_EV_RST_IGNORED && !(was == TT_SYN_RECEIVED && ctx->seg.flags & TT_RST &&
					 ev != TT_EV_RESET))
		taken = tt_local_presume(flow, ctx);
	if (!tt_has_socket(was)) {
		if (taken == TT_EV_REFUSED)
			tt_flow_end(flow, TT_REFUSED);
		else if (ends_by_reset(flow, ctx))
			tt_flow_end(flow, TT_RESET_BY_US);
		else
			tt_flow_put(flow);
		return;
	}
	/* (an orphan's answer has the number that it was asked for, or none) */
	if (ev == TT_EV_RESET ||
	    (flow->reason == TT_RESET_BY_US && ctx->seg.flags & TT_RST)) {
		sk = tt_sock_find(flow->tn, &flow->key, from, flow->ifindex);
		if (is_of_a_rule(sk))
			tt_flow_put(flow);
		else
			tt_local_finish(flow, from, TT_RESET_BY_US);
		if (sk)
			sock_gen_put(sk);
		return;
	}
	tt_track_apply(flow, from, &next);
	tt_flow_put(flow);
}

static struct tt_flow *begin_out(struct tt_ctx *ctx, struct sock *sk)
{
	u8 flags = ctx->seg.flags & (TT_SFR | TT_ACK);
	struct tt_flow *flow;

	if (tt_sock_is_request(sk))	/* its SYN came by us: a fragment, say */
		return tt_flow_new(ctx->tn, &ctx->key, ctx->hash, BIT(ctx->from),
				   TT_STAT_flows_created, false);
	if (flags == TT_SYN && tt_sock_state(sk) == TT_SYN_SENT) {
		flow = tt_flow_new(ctx->tn, &ctx->key, ctx->hash, BIT(ctx->from),
				   TT_STAT_flows_created, true);
		if (flow)
			flow->opener = ctx->from;
		return flow;
	}
	return tt_local_adopt(ctx, ctx->from, sk);
}

static bool source_is_local(const struct tt_ctx *ctx)
{
	const struct in6_addr *addr = &ctx->key.addr[ctx->from];

	if (ctx->key.family == AF_INET)
		return inet_addr_type_dev_table(ctx->state->net, ctx->state->out,
						addr->s6_addr32[3]) == RTN_LOCAL;
	return ipv6_chk_addr(ctx->state->net, addr, NULL, 0);
}

static void step_out(struct tt_flow *flow, const struct tt_ctx *ctx, const struct sock *sk)
{
	tt_local_mark(flow, ctx->from);
	flow->touched = tt_now();
	/* nobody has answered yet, and the collector may look for a socket that is bound */
	if (!flow->ifindex)
		flow->ifindex = READ_ONCE(sk->sk_bound_dev_if);
	if (tt_sock_is_request(sk))
		out_request(flow, ctx, sk);
	else
		out_full(flow, ctx, sk);
}

void tt_track_out(struct tt_ctx *ctx)
{
	struct sock *sk = tt_sock_of(ctx->skb, ctx->state->net);
	struct tt_flow *flow;

	if ((!sk || !tt_sock_is_request(sk)) &&
	    (ctx->seg.flags & (TT_SYN | TT_ACK)) == (TT_SYN | TT_ACK))
		tt_halfopen_answered();
	if (!sk) {
		flow = tt_recent_seek(ctx->tn, &ctx->key, &ctx->hash);
		if (flow && flow->local & BIT(ctx->from)) {
			out_control(flow, ctx);
			return;
		}
		if (flow)
			tt_flow_put(flow);
		/*
		 * Without a socket and from elsewhere: forwarded (IPVS, nft reject). What comes
		 * back to LOCAL_IN will be seen there (the SYN of SYNPROXY).
		 */
		if (!tt_local_routed(ctx) && !source_is_local(ctx))
			tt_track_forward(ctx);
		return;
	}
	flow = tt_local_get(ctx);
	if (!flow)
		flow = begin_out(ctx, sk);
	if (flow)
		step_out(flow, ctx, sk);
	if (tt_sock_is_request(sk))
		tt_halfopen_synack(ctx->tn, sk);
}
