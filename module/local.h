/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_LOCAL_H
#define TCPTRACK_LOCAL_H

#include "flow.h"
#include "recent.h"
#include "track.h"

/* Of a local end: LISTEN stands for one that has not answered yet. */
static inline bool tt_has_socket(enum tt_state state)
{
	return state != TT_LISTEN && state != TT_CLOSED;
}

/**
 * tt_local_get() - the flow of a segment of this host
 * @ctx: the segment
 *
 * A forwarded flow whose tuple turns out to be ours is ended.
 *
 * Return: the flow, locked, or NULL.
 */
static inline struct tt_flow *tt_local_get(struct tt_ctx *ctx)
{
	struct tt_flow *flow = tt_recent_seek(ctx->tn, &ctx->key, &ctx->hash);

	if (flow && unlikely(flow->flags & TT_F_FORWARD)) {
		tt_flow_end(flow, TT_IDLE);
		return NULL;
	}
	return flow;
}

/* What tt_local_mark() does the first time. */
void tt_local_arrive(struct tt_flow *flow, int end);

/**
 * tt_local_mark() - an end is on this host
 * @flow: locked
 * @end: the end
 */
static inline void tt_local_mark(struct tt_flow *flow, int end)
{
	if (!(flow->local & BIT(end)))
		tt_local_arrive(flow, end);
}

/**
 * tt_local_sample() - take an end's state and variables from its socket
 * @flow: locked
 * @end: the end
 * @sk: its socket
 *
 * Only forwards: the sample may be older than what the machine foresaw.
 */
void tt_local_sample(struct tt_flow *flow, int end, const struct sock *sk);

/**
 * tt_local_adopt() - make the flow of a socket that a segment was seen of
 * @ctx: the segment, of no flow
 * @end: the socket's end
 * @sk: full, request or TIME_WAIT socket
 *
 * Return: the flow, locked, or NULL; so, too, if its flow has just ended, as the socket is about
 * to. If it is not, the collector will see.
 */
struct tt_flow *tt_local_adopt(const struct tt_ctx *ctx, int end, const struct sock *sk);

/**
 * tt_local_routed() - whether what leaves comes back to this host
 * @ctx: a segment at LOCAL_OUT
 *
 * Return: true if its route leads to LOCAL_IN.
 */
bool tt_local_routed(const struct tt_ctx *ctx);

/**
 * tt_local_presume() - what leaves here is presumed to arrive
 * @flow: locked
 * @ctx: the segment, at LOCAL_OUT
 *
 * A local receiver speaks for itself, so where the route leads back here
 * nothing is presumed before its segments have been seen to come from
 * elsewhere (DNAT in OUTPUT).
 *
 * Return: what it meant to the peer.
 */
enum tt_event tt_local_presume(struct tt_flow *flow, const struct tt_ctx *ctx);

/**
 * tt_local_finish() - a local end is CLOSED
 * @flow: locked; unlocked, perhaps freed, on return
 * @end: the end; with a local peer that is not CLOSED the flow goes on
 * @reason: why
 */
void tt_local_finish(struct tt_flow *flow, int end, enum tt_reason reason);

/**
 * tt_local_finish_later() - the same, but a better reason may still come
 * @flow: locked; unlocked on return, buried by the collector
 * @end: the end
 * @reason: what is told if no better one comes
 */
void tt_local_finish_later(struct tt_flow *flow, int end, enum tt_reason reason);

/* The same for an end that has sent its FIN first. */
enum tt_event tt_local_step_closed(struct tt_endpoint *next, const struct tt_seg *seg,
				   const struct sock *sk);

/**
 * tt_local_step() - what a segment means to a local end, as its socket will see it
 * @next: the end, changed in place
 * @seg: the segment
 * @sk: its socket, or NULL
 *
 * Of data for who does not read any more, only the acknowledgment counts: it is answered
 * by a RST, which ends the socket. What the socket has already, up to its last octet, may
 * still acknowledge its FIN.
 *
 * Return: what tt_step() says.
 */
static inline enum tt_event tt_local_step(struct tt_endpoint *next, const struct tt_seg *seg,
					  const struct sock *sk)
{
	if (unlikely(next->flags & TT_EP_FIN_SENT))
		return tt_local_step_closed(next, seg, sk);
	return tt_step(next, TT_RECEIVED, seg);
}

/**
 * tt_local_mini_ends() - whether a segment is a RST that ends an orphan in FIN_WAIT_2
 * @ep: the local end
 * @seg: the segment
 * @sk: its socket, or NULL
 *
 * Return: true if its TIME_WAIT socket goes: for that, each RST in the window does.
 */
bool tt_local_mini_ends(const struct tt_endpoint *ep, const struct tt_seg *seg,
			const struct sock *sk);

/**
 * tt_local_mini_resets() - whether an orphan in FIN_WAIT_2 answers a segment by a RST
 * @ep: the local end
 * @seg: the segment
 * @sk: its socket, or NULL
 *
 * Return: true if its TIME_WAIT socket does, and goes.
 */
bool tt_local_mini_resets(const struct tt_endpoint *ep, const struct tt_seg *seg,
			  const struct sock *sk);

#endif /* TCPTRACK_LOCAL_H */
