// SPDX-License-Identifier: GPL-2.0-only
/* The states of a flow's ends, and the half-open queue that it is in meanwhile. */

#include <net/inet_sock.h>
#include <net/request_sock.h>

#include "flow.h"
#include "halfopen.h"
#include "listener.h"
#include "net.h"
#include "notify.h"
#include "source.h"

const s8 tt_flow_rank[TT_STATES] = {
	[TT_LISTEN] = -1,
	[TT_SYN_SENT] = 0, [TT_SYN_RECEIVED] = 1, [TT_ESTABLISHED] = 2,
	[TT_FIN_WAIT_1] = 3, [TT_CLOSE_WAIT] = 3,
	[TT_FIN_WAIT_2] = 4, [TT_CLOSING] = 4, [TT_LAST_ACK] = 4,
	[TT_TIME_WAIT] = 5, [TT_CLOSED] = 6,
};

/*
 * A local end without a socket of its own is not counted: LISTEN counts
 * listening sockets, and `ss` knows no CLOSED.
 */
static __always_inline void gauge_side(const struct tt_flow *flow, enum tt_side side,
				       enum tt_state state, long n)
{
	if (side == TT_LOCAL && (state == TT_LISTEN || state == TT_CLOSED))
		return;
	__this_cpu_add(flow->tn->stats->gauge[side][state], n);
}

static void gauge_add(const struct tt_flow *flow, int end, long n)
{
	gauge_side(flow, tt_flow_side(flow, end), flow->ep[end].state, n);
}

void tt_flow_place(struct tt_flow *flow, int end, enum tt_state state)
{
	gauge_add(flow, end, -1);
	flow->ep[end].state = state;
	gauge_add(flow, end, 1);
}

void tt_flow_gauge(const struct tt_flow *flow, long n)
{
	gauge_add(flow, 0, n);
	gauge_add(flow, 1, n);
}

void tt_flow_set_local(struct tt_flow *flow, u8 local)
{
	tt_flow_gauge(flow, -1);
	flow->local = local;
	tt_flow_gauge(flow, 1);
}

/* What is half-open waits in its listener's queue, and makes no room for strangers. */
static void enqueue(struct tt_flow *flow, const struct sock *req)
{
	struct sock *sk = inet_reqsk(req)->rsk_listener;
	struct tt_queue *q = sk ? tt_halfopen_queue(flow->tn, sk) : NULL;
	int end = flow->local & BIT(0) && flow->ep[0].state == TT_SYN_RECEIVED ? 0 : 1;

	flow->source = tt_source_get(flow->tn, &flow->key, !end);
	if (!q)
		return;
	if (!(flow->flags & TT_F_PROVEN))
		tt_flow_unproven_del(flow);
	if (tt_queue_add(q, flow)) {
		flow->queue = q;
		if (inet_rsk(inet_reqsk(req))->acked)
			tt_queue_answer(q, flow);
	} else if (!(flow->flags & TT_F_PROVEN)) {
		tt_flow_unproven_add(flow);
	}
}

void tt_flow_unqueue(struct tt_flow *flow)
{
	if (flow->source)
		tt_source_put(flow->source);
	flow->source = NULL;
	if (!flow->queue)
		return;
	tt_queue_del(flow->queue, flow);
	flow->queue = NULL;
	if (!(flow->flags & TT_F_PROVEN))
		tt_flow_unproven_add(flow);
}

void tt_flow_set_request(struct tt_flow *flow, const struct sock *req)
{
	if (flow->flags & TT_F_REQUEST) {
		/* tcp_migrate_req: its listener closed, and another of the group has it */
		if (!flow->queue || flow->queue->sk != inet_reqsk(req)->rsk_listener) {
			tt_flow_unqueue(flow);
			enqueue(flow, req);
		}
		return;
	}
	flow->flags |= TT_F_REQUEST;
	__this_cpu_inc(flow->tn->stats->halfopen);
	flow->half = tt_now();
	enqueue(flow, req);
	tt_notify_halfopen(flow, TT_HALFOPEN_ADD, TT_NO_REASON);
}

/* A counter never goes back: what was counted too early, the next one is not counted for. */
static bool is_paid(atomic_t *owed)
{
	return unlikely(atomic_read(owed)) && atomic_dec_if_positive(owed) >= 0;
}

static void count_completed(const struct tt_flow *flow)
{
	struct tt_listener *l = flow->queue ? flow->queue->listener : NULL;

	if (l && !is_paid(&l->owed))
		__this_cpu_inc(l->stats->stat[TT_LISTENER_handshakes_completed]);
	if (!is_paid(&flow->tn->owed))
		__tt_stat_inc(flow->tn, handshakes_completed);
}

void tt_flow_end_request(struct tt_flow *flow, enum tt_reason reason)
{
	if (!(flow->flags & TT_F_REQUEST))
		return;
	flow->flags &= ~TT_F_REQUEST;
	if (reason == TT_COMPLETED) {
		flow->reason = TT_NO_REASON;	/* what was about to end it has not */
		count_completed(flow);
		flow->counted = true;
	}
	__this_cpu_add(flow->tn->stats->halfopen, -1);
	tt_flow_unqueue(flow);
	tt_stats_life(flow->tn, tt_ms_since(flow->created));
	tt_notify_halfopen(flow, TT_HALFOPEN_END, reason);
}

/* Figure 5: the next state on the only way from one to another. */
static enum tt_state via(enum tt_state from, enum tt_state to)
{
	bool beyond = tt_flow_rank[to] > tt_flow_rank[TT_ESTABLISHED] && to != TT_CLOSED;

	switch (from) {
	case TT_LISTEN:	/* a cookie of the stack's own: no request, and so no SYN_RECEIVED */
	case TT_SYN_SENT:
		return beyond ? TT_ESTABLISHED : to;
	case TT_SYN_RECEIVED:
		/* 3.10.4: CLOSE leads from here to FIN_WAIT_1 directly */
		return beyond && to != TT_FIN_WAIT_1 ? TT_ESTABLISHED : to;
	case TT_ESTABLISHED:
		if (to == TT_LAST_ACK)
			return TT_CLOSE_WAIT;
		return to == TT_FIN_WAIT_2 || to == TT_CLOSING || to == TT_TIME_WAIT ?
			TT_FIN_WAIT_1 : to;
	case TT_FIN_WAIT_1:
		/* the fifth check of 3.10.7.4 comes before the eighth */
		return to == TT_TIME_WAIT ? TT_FIN_WAIT_2 : to;
	default:
		return to;
	}
}

/* @side: tt_flow_side() of that end */
static __always_inline void move(struct tt_flow *flow, int end, enum tt_side side,
				 enum tt_state next)
{
	enum tt_state was = flow->ep[end].state;

	gauge_side(flow, side, was, -1);
	gauge_side(flow, side, next, 1);
	flow->ep[end].state = next;
	if (side == TT_LOCAL)
		__this_cpu_inc(flow->tn->stats->entered[next]);
	tt_notify_state(flow, end, was, next);
}

/* By itself, so that the way of a remote end, which is short, saves no registers for it. */
static noinline void move_local(struct tt_flow *flow, int end, enum tt_state state)
{
	do {
		enum tt_state was = flow->ep[end].state;
		enum tt_state next = via(was, state);

		if (was == TT_SYN_RECEIVED)
			tt_flow_end_request(flow, next == TT_CLOSED ? flow->reason : TT_COMPLETED);
		move(flow, end, TT_LOCAL, next);
	} while (flow->ep[end].state != state);
}

void tt_flow_move(struct tt_flow *flow, int end, enum tt_state state)
{
	enum tt_side side = tt_flow_side(flow, end);

	if (side == TT_LOCAL)
		move_local(flow, end, state);
	else
		move(flow, end, side, state);
}

void tt_flow_take_back(struct tt_flow *flow, int end, const struct sock *req)
{
	bool foreseen = flow->ep[end].state == TT_ESTABLISHED;

	tt_flow_set_state(flow, end, TT_SYN_RECEIVED);
	tt_flow_set_request(flow, req);
	if (!foreseen || !flow->counted)
		return;
	flow->counted = false;
	atomic_inc(&flow->tn->owed);
	if (flow->queue)
		atomic_inc(&flow->queue->listener->owed);
}
