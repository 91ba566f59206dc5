/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_WATERMARK_H
#define TCPTRACK_WATERMARK_H

struct tt_listener;
struct tt_net;
struct tt_queue;

/**
 * tt_watermark_level() - half-open connections of a listener
 * @l: listener
 *
 * Context: RCU read side.
 *
 * Return: what the stack held of it when it was read last, and what is reserved.
 */
int tt_watermark_level(const struct tt_listener *l);

/**
 * tt_watermark_limit() - sum of the limits of a listener's sockets
 * @l: listener
 *
 * Context: RCU read side.
 *
 * Return: the sum.
 */
int tt_watermark_limit(const struct tt_listener *l);

/**
 * tt_watermark_timeout() - how long a half-open connection may live now
 * @q: its queue
 *
 * RFC 4987, 3.3: between cookie_end and cookie_start linearly less.
 *
 * Context: RCU read side.
 *
 * Return: milliseconds, or 0: as long as the stack wants.
 */
unsigned int tt_watermark_timeout(const struct tt_queue *q);

/**
 * tt_watermark_check() - enter cookie mode if a start watermark is reached
 * @q: queue that a SYN came for
 *
 * Context: RCU read side, softirq or process.
 */
void tt_watermark_check(struct tt_queue *q);

/**
 * tt_watermark_longest() - read the stack's counts of all listeners, find the longest queue
 * @tn: namespace
 * @share: set to how many may go of it before another one is as long, and no more than
 *	the stack holds too many in the namespace: 0 or less if it does not
 *
 * Context: RCU read side.
 *
 * Return: that queue or NULL.
 */
struct tt_queue *tt_watermark_longest(struct tt_net *tn, int *share);

/**
 * tt_watermark_refresh() - read the stack's counts of all listeners of a namespace
 * @tn: namespace
 *
 * At most once a jiffy, and more seldom where there are hundreds: what other listeners have
 * given back shows only so.
 *
 * Context: RCU read side.
 *
 * Return: whether anything was read.
 */
bool tt_watermark_refresh(struct tt_net *tn);

#endif /* TCPTRACK_WATERMARK_H */
