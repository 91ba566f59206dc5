/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_TARGET_H
#define TCPTRACK_TARGET_H

struct sock;
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

/**
 * tt_target_is_certain() - whether the stack, which looks once more, finds the same listener
 * @ctx: SYN
 * @sk: what tt_target_get() has found for it
 *
 * A BPF program may choose another one the second time.
 *
 * Context: RCU read side.
 *
 * Return: true if it does.
 */
bool tt_target_is_certain(const struct tt_ctx *ctx, const struct sock *sk);

#endif /* TCPTRACK_TARGET_H */
