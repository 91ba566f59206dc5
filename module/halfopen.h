/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_HALFOPEN_H
#define TCPTRACK_HALFOPEN_H

#include "track.h"

struct tt_queue;

/*
 * The bound on what the stack holds half-open. A SYN for which a request would
 * be made reserves a place in LOCAL_IN, under the lock of its listener's queue;
 * the request's SYN-ACK in LOCAL_OUT, still in the same receive, shows that the
 * stack has counted it, and the reservation is given back.
 */

/**
 * tt_halfopen_syn() - whether a SYN may become a request
 * @ctx: SYN at LOCAL_IN, checked
 * @tw: the TIME_WAIT socket that has its tuple, or NULL: there is no socket
 *
 * Context: RCU read side, bottom halves off, no flow locked. May evict.
 *
 * Return: %TT_PASS: the stack may have it; %TT_DROP: it is over the bound, or the
 * accept queue is full; %TT_STOLEN: it was answered with a cookie, the packet is gone.
 */
enum tt_verdict tt_halfopen_syn(struct tt_ctx *ctx, const struct sock *tw);

/**
 * tt_halfopen_left() - count a SYN of a tuple that has a socket, if others get cookies there
 * @ctx: SYN at LOCAL_IN, checked; its skb may be another's afterwards (pulled)
 *
 * Context: RCU read side, bottom halves off, no flow locked.
 */
void tt_halfopen_left(struct tt_ctx *ctx);

/**
 * tt_halfopen_early() - answer a SYN before it is routed
 * @ctx: SYN for this host, checked, @ctx->early
 *
 * Only if its listener is in cookie mode already. Nothing else is changed or counted.
 *
 * Context: RCU read side, bottom halves off, no flow locked.
 *
 * Return: %TT_STOLEN: it was answered with a cookie, the packet is gone; or %TT_PASS.
 */
enum tt_verdict tt_halfopen_early(struct tt_ctx *ctx);

/**
 * tt_halfopen_ack() - whether an ACK may reach a listener
 * @ctx: ACK at LOCAL_IN or, with @ctx->early, before; checked, of no socket
 *
 * A good cookie begins an ESTABLISHED flow, in LOCAL_IN. Outside of cookie mode
 * nothing is looked at.
 *
 * Context: RCU read side, bottom halves off, no flow locked.
 *
 * Return: %TT_PASS or %TT_DROP.
 */
enum tt_verdict tt_halfopen_ack(struct tt_ctx *ctx);

/**
 * tt_halfopen_queue() - tt_queue_get() for who makes or answers a request
 * @tn: namespace
 * @sk: its listener
 *
 * Mostly it is the one of the SYN that this CPU has just passed on, which has a reference on
 * it: then nothing is looked up.
 *
 * Context: as tt_queue_get().
 *
 * Return: as tt_queue_get().
 */
struct tt_queue *tt_halfopen_queue(struct tt_net *tn, struct sock *sk);

/**
 * tt_halfopen_synack() - a request has sent its SYN-ACK: the stack holds it
 * @tn: namespace
 * @req: request socket
 *
 * Context: RCU read side, LOCAL_OUT, no flow locked.
 */
void tt_halfopen_synack(struct tt_net *tn, const struct sock *req);

/**
 * tt_halfopen_answered() - a SYN was answered without a request: by the stack's own cookie
 * (RFC 4987, 3.6), or by a socket that is there already (RFC 7413)
 *
 * The place that was reserved for it is free.
 *
 * Context: LOCAL_OUT, no flow locked.
 */
void tt_halfopen_answered(void);

/**
 * tt_halfopen_enforce() - evict what is over a limit or too old, forget stale reservations
 * @tn: namespace
 * @until: jiffies after which no more than a few go now: others wait
 *
 * Context: process, tt_nets_mutex held.
 */
void tt_halfopen_enforce(struct tt_net *tn, unsigned long until);

void tt_halfopen_init(void);

/**
 * tt_halfopen_net_exit() - give a namespace's reservations back
 * @tn: no hook runs in it any more
 */
void tt_halfopen_net_exit(struct tt_net *tn);

#endif /* TCPTRACK_HALFOPEN_H */
