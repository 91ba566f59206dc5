/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_EVICT_H
#define TCPTRACK_EVICT_H

#include "listener.h"

/* At most so many evictions for one SYN. */
#define SYN_EVICTS	4

/*
 * All of these, but tt_evict_is_over(), take requests out of the stack.
 *
 * Context: RCU read side, LOCAL_IN or process, no flow locked; never LOCAL_OUT, where the timer
 * of a request may be what runs.
 */

/**
 * tt_evict_oldest() - the oldest of a queue goes for another; any, if none of it is followed
 * @q: queue
 *
 * Return: whether one has gone.
 */
bool tt_evict_oldest(struct tt_queue *q);

/**
 * tt_evict_for() - make room in a queue
 * @q: queue
 * @room: what is full; if that is the namespace, the longest queue gives its oldest
 *
 * Return: whether one has gone.
 */
bool tt_evict_for(struct tt_queue *q, enum tt_room room);

/**
 * tt_evict_expired() - those go whose time, which shrinks with the room, is over
 * @q: queue
 * @most: at most so many
 *
 * Return: how many have gone.
 */
unsigned int tt_evict_expired(struct tt_queue *q, unsigned int most);

/**
 * tt_evict_expired_now() - the same for a SYN: %SYN_EVICTS, and only once a jiffy if there are none
 * @q: queue
 */
void tt_evict_expired_now(struct tt_queue *q);

/**
 * tt_evict_is_over() - whether the stack holds more than it may
 * @q: queue, just read
 *
 * Return: whether it does, in this queue or in its namespace.
 */
bool tt_evict_is_over(const struct tt_queue *q);

/**
 * tt_evict_shrink() - one half-open connection goes, if there are too many
 * @q: queue
 *
 * Context: RCU read side, LOCAL_IN or process, no flow locked.
 *
 * Return: whether one has gone.
 */
bool tt_evict_shrink(struct tt_queue *q);

#endif /* TCPTRACK_EVICT_H */
