// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows with an end on this host. Its state is its socket's: taken from it
 * where it is at hand, foreseen by the machine where a segment is about to
 * change it, corrected by the collector where neither held.
 */

#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/inet_hashtables.h>
#include <net/ip6_fib.h>
#include <net/route.h>
#include <net/tcp.h>

#include "flow.h"
#include "local.h"
#include "net.h"
#include "recent.h"
#include "sock.h"
#include "table.h"
#include "track.h"
#include "window.h"

/* The peer's state when nothing but the local one is known: it received all. */
static const u8 peer_of[TT_STATES] = {
	[TT_LISTEN]	  = TT_LISTEN,
	[TT_SYN_SENT]	  = TT_SYN_RECEIVED,
	[TT_SYN_RECEIVED] = TT_ESTABLISHED,
	[TT_ESTABLISHED]  = TT_ESTABLISHED,
	[TT_FIN_WAIT_1]	  = TT_CLOSE_WAIT,
	[TT_FIN_WAIT_2]	  = TT_CLOSE_WAIT,
	[TT_CLOSE_WAIT]	  = TT_FIN_WAIT_2,
	[TT_CLOSING]	  = TT_CLOSING,
	[TT_LAST_ACK]	  = TT_TIME_WAIT,
	[TT_TIME_WAIT]	  = TT_CLOSED,
	[TT_CLOSED]	  = TT_CLOSED,
};

static bool other_lives(const struct tt_flow *flow, int end)
{
	return flow->local & BIT(!end) && tt_has_socket(flow->ep[!end].state);
}

void tt_local_finish(struct tt_flow *flow, int end, enum tt_reason reason)
{
	if (!other_lives(flow, end)) {
		/* of two local ends, the one that went first knows why */
		tt_flow_end(flow, flow->local & BIT(!end) && flow->reason < TT_REASONS ?
			    TT_NO_REASON : reason);
		return;
	}
	if (flow->reason == TT_NO_REASON)
		flow->reason = reason;
	tt_flow_set_state(flow, end, TT_CLOSED);
	tt_flow_put(flow);
}

void tt_local_finish_later(struct tt_flow *flow, int end, enum tt_reason reason)
{
	flow->reason = reason;
	tt_flow_set_state(flow, end, TT_CLOSED);
	flow->touched = tt_now();
	if (!other_lives(flow, end))
		flow->flags |= TT_F_ENDING;
	tt_flow_put(flow);
}

/* Of a TIME_WAIT socket, as it was seen last. */
static bool timer_is_over(const struct tt_flow *flow)
{
	return flow->flags & TT_F_TIMER && (s32)(tt_now() - flow->half) >= 0;
}

/* The last wait was 1 s, doubled for each retransmission (RFC 6298). */
static bool waited_out(const struct tt_flow *flow, u8 retransmissions)
{
	return tt_ms_since(flow->half) >= 900U << min_t(u8, retransmissions, 7);
}

/* No wait is shorter than the one before (tcp_syn_linear_timeouts: as long). */
static bool syn_timed_out(const struct tt_flow *flow)
{
	return flow->syns && tt_ms_since(flow->half) + 100 >= flow->syn_gap;
}

static enum tt_reason gone_reason(const struct tt_flow *flow, int end)
{
	if (flow->reason < TT_REASONS)
		return flow->reason;
	switch (flow->ep[end].state) {
	case TT_SYN_RECEIVED:
		/* an answer to a SYN that came again is no time-out */
		return waited_out(flow, flow->synacks - min(flow->synacks, flow->syns)) &&
		       tt_sock_has_listener(flow->tn, &flow->key, end, flow->ifindex) ?
			TT_HANDSHAKE_TIMEOUT : TT_SOCKET_GONE;
	case TT_SYN_SENT:
		return syn_timed_out(flow) ? TT_HANDSHAKE_TIMEOUT : TT_SOCKET_GONE;
	case TT_FIN_WAIT_1:
	case TT_CLOSING:
	case TT_LAST_ACK:
		return TT_RETRANS_TIMEOUT;
	case TT_FIN_WAIT_2:
		/* an orphan's may be so short that nobody has seen it */
		return !(flow->flags & TT_F_TIMER) || timer_is_over(flow) ? TT_IDLE :
									    TT_SOCKET_GONE;
	case TT_TIME_WAIT:
		/* (where tcp_max_tw_buckets leaves no room, there never was one) */
		return !(flow->flags & TT_F_TIMER) || timer_is_over(flow) ? TT_NORMAL :
									    TT_SOCKET_GONE;
	default:
		return TT_SOCKET_GONE;
	}
}

void tt_track_gone(struct tt_flow *flow, int end)
{
	tt_local_finish(flow, end, gone_reason(flow, end));
}

void tt_local_arrive(struct tt_flow *flow, int end)
{
	if (flow->ep[end].state != TT_LISTEN)
		tt_flow_place(flow, end, TT_LISTEN);
	tt_flow_set_local(flow, flow->local | BIT(end));
}

struct tt_flow *tt_track_adopt(struct tt_net *tn, const struct tt_key *key, u32 hash, int end,
			       const struct sock *sk)
{
	enum tt_state state = tt_sock_state(sk);
	struct tt_flow *flow;

	if (!tt_has_socket(state))
		return NULL;
	flow = tt_flow_new(tn, key, hash, BIT(end), TT_STAT_flows_adopted, false);
	if (!flow)
		return NULL;
	tt_local_mark(flow, end);
	if (!tt_has_socket(flow->ep[end].state)) {
		tt_flow_place(flow, end, state);
		if (tt_sock_is_request(sk))
			tt_flow_set_request(flow, sk);
	}
	if (!(flow->local & BIT(!end)) && !(flow->flags & TT_F_ADOPTED))
		tt_flow_place(flow, !end, peer_of[state]);
	flow->flags |= TT_F_ADOPTED;
	flow->ifindex = READ_ONCE(sk->sk_bound_dev_if);
	tt_sock_sync(&flow->ep[end], sk);
	flow->iss = flow->ep[end].snd_una;
	if (state != TT_SYN_SENT && state != TT_SYN_RECEIVED)
		tt_flow_prove(flow);
	return flow;
}

struct tt_flow *tt_local_adopt(const struct tt_ctx *ctx, int end, const struct sock *sk)
{
	if (tt_table_had(ctx->hash))
		return NULL;
	return tt_track_adopt(ctx->tn, &ctx->key, ctx->hash, end, sk);
}

bool tt_local_routed(const struct tt_ctx *ctx)
{
	const struct dst_entry *dst = skb_dst(ctx->skb);

	if (!dst)
		return false;
	if (ctx->state->pf == NFPROTO_IPV4)
		return skb_rtable(ctx->skb)->rt_type == RTN_LOCAL;
	return ((const struct rt6_info *)dst)->rt6i_flags & RTF_LOCAL;
}

/*
 * What leaves here is presumed to arrive. A local receiver speaks for itself,
 * so where the route leads back here nothing is presumed before its segments
 * have been seen to come from elsewhere (DNAT in OUTPUT).
 */
enum tt_event tt_local_presume(struct tt_flow *flow, const struct tt_ctx *ctx)
{
	int to = !ctx->from;
	struct tt_endpoint next = flow->ep[to];
	enum tt_event ev;

	if (flow->local & BIT(to))
		return TT_EV_NONE;
	if (!(flow->flags & TT_F_PEER_AWAY) && tt_local_routed(ctx))
		return TT_EV_NONE;
	/* it acknowledged and sent things that the early return did not show us */
	next.flags &= ~TT_EP_RCV;
	if (next.flags & TT_EP_SEQ && ctx->seg.flags & TT_ACK &&
	    tt_before(next.snd_nxt, ctx->seg.ack))
		next.snd_nxt = ctx->seg.ack;
	ev = tt_step(&next, TT_RECEIVED, &ctx->seg);
	tt_track_apply(flow, to, &next);
	return ev;
}

void tt_track_timer(struct tt_flow *flow, const struct sock *sk)
{
	if (sk->sk_state != TCP_TIME_WAIT)
		return;
	flow->half = (u32)READ_ONCE(inet_twsk(sk)->tw_timer.expires);
	flow->flags |= TT_F_TIMER;
}

/* Only forwards: the sample may be older than what the machine foresaw. */
void tt_local_sample(struct tt_flow *flow, int end, const struct sock *sk)
{
	enum tt_state state = tt_sock_state(sk);

	/* (what a TIME_WAIT socket was before that, nobody has followed) */
	if (sk->sk_state == TCP_TIME_WAIT && flow->ep[end].state == TT_LISTEN)
		tt_flow_place(flow, end, state);
	else if (tt_has_socket(state) && tt_flow_ahead(flow, end, state))
		tt_flow_set_state(flow, end, state);
	if (tt_sock_is_request(sk) && flow->ep[end].state == TT_SYN_RECEIVED)
		tt_flow_set_request(flow, sk);
	tt_track_timer(flow, sk);
	tt_sock_sync(&flow->ep[end], sk);
}

/* Why a full socket closed, where it says so. */
static enum tt_reason closed_reason(const struct tt_flow *flow, int end, const struct sock *sk)
{
	enum tt_state was = flow->ep[end].state;

	switch (READ_ONCE(sk->sk_err)) {
	case ETIMEDOUT:
		return was == TT_SYN_SENT || was == TT_SYN_RECEIVED ? TT_HANDSHAKE_TIMEOUT :
								      TT_RETRANS_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EPROTO:
	case EOPNOTSUPP:
	case EMSGSIZE:
		return TT_UNREACHABLE;
	case ECONNREFUSED:
		/* by a RST it would have ended already; so it was an ICMP error */
		return TT_UNREACHABLE;
	case ECONNRESET:
		/* data for nobody: its RST is to come (a FIN would have left these states) */
		if ((was == TT_FIN_WAIT_1 || was == TT_FIN_WAIT_2) &&
		    READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN)
			return TT_RESET_BY_US;
		fallthrough;
	case EPIPE:
		/* by a RST that seemed to be ahead: what was before it waited in the backlog */
		return flow->reason < TT_REASONS ? flow->reason : TT_RESET_BY_PEER;
	}
	return flow->reason < TT_REASONS ? flow->reason : TT_NO_REASON;
}

/* Why it closed if no RST follows: what ends so sends it from here on. */
static enum tt_reason silent_reason(enum tt_state was)
{
	switch (was) {
	case TT_LAST_ACK:
	case TT_CLOSING:
	case TT_TIME_WAIT:
		return TT_NORMAL;
	case TT_FIN_WAIT_2:
		return TT_IDLE;
	default:
		return TT_SOCKET_GONE;
	}
}

/* A socket closed; @now is what has its tuple since. */
static void sock_closed(struct tt_flow *flow, int end, const struct sock *sk,
			const struct sock *now)
{
	enum tt_reason reason;

	/* a TIME_WAIT socket has taken over: FIN_WAIT_2 or TIME_WAIT */
	if (now && now->sk_state == TCP_TIME_WAIT) {
		tt_local_sample(flow, end, now);
		tt_flow_put(flow);
		return;
	}
	reason = closed_reason(flow, end, sk);
	/* close() with unread data, say, enters CLOSE before its RST leaves */
	if (reason == TT_NO_REASON)
		tt_local_finish_later(flow, end, silent_reason(flow->ep[end].state));
	else
		tt_local_finish(flow, end, reason);
}

/* The segment that causes this may have been followed further already. */
static void sock_moved(struct tt_flow *flow, int end, enum tt_state state)
{
	if (!tt_flow_behind(flow, end, state)) {
		tt_flow_set_state(flow, end, state);
		tt_flow_prove(flow);
	}
	/* the socket says so before it is so (inet_sk_state_store()) */
	flow->touched = tt_now();
	tt_flow_put(flow);
}

/*
 * The segment that this CPU has just followed causes this, and all is known already. Not locked:
 * a flow that ends meanwhile, and is another one by now, would not have been found either.
 */
static bool is_foreseen(const struct tt_flow *flow, int end, int state)
{
	/* any value that each of them had since the flow was found will do */
	return data_race(state != TCP_CLOSE && flow->ep[end].state == tt_state_of(state) &&
			 flow->touched == tt_now() && flow->local & BIT(end) &&
			 (flow->flags & (TT_F_PROVEN | TT_F_FORWARD | TT_F_DEAD)) ==
			 TT_F_PROVEN);
}

/* @recent: what tt_recent_sock() found, with *end, or NULL. Returns it or another one, locked. */
static struct tt_flow *flow_of_sock(struct tt_net *tn, const struct sock *sk,
				    struct tt_flow *recent, int *end)
{
	struct tt_key key __uninitialized;
	u32 hash;

	if (recent && tt_flow_lock(tn, recent)) {
		if (tt_key_is_sock(&recent->key, sk) == *end)
			return recent;
		tt_flow_put(recent);
	}
	*end = tt_key_sock(&key, sk, tn->net);
	return *end < 0 ? NULL : tt_recent_seek(tn, &key, &hash);
}

void tt_track_sock(struct tt_net *tn, struct sock *sk, int state)
{
	struct tt_flow *flow;
	struct sock *now;
	int end;

	/* a child is not told its peer before it is ESTABLISHED, nor a client its port */
	if (state == TCP_SYN_SENT || state == TCP_SYN_RECV)
		return;
	flow = tt_recent_sock(tn, sk, &end);
	if (flow && is_foreseen(flow, end, state))
		return;
	flow = flow_of_sock(tn, sk, flow, &end);
	if (!flow)
		return;
	if (flow->flags & TT_F_FORWARD || !(flow->local & BIT(end))) {
		tt_flow_put(flow);
		return;
	}
	if (state != TCP_CLOSE) {
		sock_moved(flow, end, tt_state_of(state));
		return;
	}
	now = tt_sock_find(tn, &flow->key, end, READ_ONCE(sk->sk_bound_dev_if));
	/* two CPUs may make a child each of one request (inet_ehash_nolisten): one goes */
	if (now && now != sk && now->sk_state != TCP_TIME_WAIT)
		tt_flow_put(flow);
	else
		sock_closed(flow, end, sk, now);
	if (now)
		sock_gen_put(now);
}
