/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_EXCESS_H
#define TCPTRACK_EXCESS_H

struct sock;
struct tt_net;
struct tt_queue;

/*
 * Requests for which nobody has asked: of SYNs that LOCAL_IN has not seen as such (IPv6
 * fragments, which are put together later), or that another listener has left behind.
 */

/**
 * tt_excess_note() - such a request has come into a queue
 * @q: queue, just read
 *
 * Context: RCU read side, bottom halves off.
 */
void tt_excess_note(struct tt_queue *q);

/**
 * tt_excess_relieve() - what it was too many goes
 * @tn: namespace
 *
 * On this CPU, since this was called last.
 *
 * Context: RCU read side, LOCAL_IN, no flow locked. May evict.
 */
void tt_excess_relieve(struct tt_net *tn);

/**
 * tt_excess_unfollowed() - there was no room for the flow of a request
 * @tn: namespace
 * @sk: the request, with a reference
 *
 * Without one it cannot be found when it has to go; so it goes now, if there are too many.
 *
 * Context: process, the collector only, RCU read side.
 */
void tt_excess_unfollowed(struct tt_net *tn, struct sock *sk);

void tt_excess_init(void);

/**
 * tt_excess_forget() - forget what was noted of a namespace
 * @tn: the collector has just looked at all of its queues, or no hook can reach it any more
 */
void tt_excess_forget(struct tt_net *tn);

#endif /* TCPTRACK_EXCESS_H */
