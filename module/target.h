/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_TARGET_H
#define TCPTRACK_TARGET_H

struct tt_ctx;
struct tt_queue;

/**
 * tt_target_get() - the half-open queue of the listener that a segment is for
 * @ctx: segment that came for this host; its skb may be another's afterwards (pulled)
 *
 * Each CPU remembers for the rest of the jiffy whom it has found last: the segments of a
 * flood are for one listener. Nothing is remembered where the source has a say (SO_REUSEPORT,
 * a BPF program), nor with PREEMPT_RT.
 *
 * Context: RCU read side, bottom halves off; valid until the RCU read side ends, or longer
 * with tt_queue_hold().
 *
 * Return: the queue, made if there is none, and the TCP header is linear; or NULL: nobody
 * listens, or tt_queue_get() has no queue for it.
 */
struct tt_queue *tt_target_get(struct tt_ctx *ctx);

/* The same, but no queue is made. */
struct tt_queue *tt_target_find(struct tt_ctx *ctx);

#endif /* TCPTRACK_TARGET_H */
