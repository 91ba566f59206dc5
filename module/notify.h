/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_NOTIFY_H
#define TCPTRACK_NOTIFY_H

#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/tracepoint-defs.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "flow.h"
#include "state.h"

struct tt_ctx;
struct tt_net;

/**
 * struct tt_notice - what has become of a flow
 * @cmd: TCPTRACK_CMD_FLOW_STATE or TCPTRACK_CMD_FLOW_END
 * @sides: on which the end that moved is, of a flow's end both of its own; a bit each
 * @what: the state that was entered, or the reason
 * @number: what is told of it, beside the flow's tuple
 */
struct tt_notice {
	u8 cmd;
	u32 sides;
	unsigned int what;
	struct {
		u16 attr;
		u32 value;
	} number[4];
};

/**
 * struct tt_notify - what the group "state", or the socket of a subscription, is still to be told
 * @tn: namespace
 * @sk: the socket, held by the subscription; NULL: it is the group
 * @portid: the socket's, which another one may have as soon as this one is dead
 * @lock: guards what follows; innermost, taken under a flow's lock
 * @batches: messages, each with as many events as fit; the last one is being filled.
 *	One queue for all CPUs, so that the events of a flow stay in their order
 * @lost: so many found no room or no memory
 * @deaf: of the group: nobody took the last ones, so that none are made
 * @joins: of the group: somebody is about to be in it
 * @missed: while @deaf there was something to tell
 * @deaf_at: when @deaf began (jiffies)
 * @join_at: when @joins began
 * @work: sends them
 */
struct tt_notify {
	struct tt_net *tn;
	struct sock *sk;
	u32 portid;
	spinlock_t lock;	/* guards what follows */
	struct sk_buff_head batches;
	unsigned int lost;
	bool deaf, joins;
	u32 missed, deaf_at, join_at;
	struct delayed_work work;
};

/* For the inlines below, and nobody else. */
DECLARE_TRACEPOINT(state);
DECLARE_TRACEPOINT(tcptrack_state);
extern bool tt_notify_wanted;
bool tt_notify_ask(struct tt_flow *flow);
void tt_tell_state(struct tt_flow *flow, int end, enum tt_state was, enum tt_state next);
void tt_tell_end(struct tt_flow *flow);

/* Whoever comes to listen while the flow is locked will be told what comes later. */
static inline bool tt_notify_somebody(struct tt_flow *flow)
{
	if (likely(!READ_ONCE(tt_notify_wanted)))
		return false;
	return flow->heard == TT_HEARD_UNASKED ? tt_notify_ask(flow) :
						 flow->heard == TT_HEARD_YES;
}

/**
 * tt_notify_state() - an end of a flow has entered a state
 * @flow: locked
 * @end: 0 or 1
 * @was: its state before
 * @next: its state now
 *
 * Told to the tracepoints, and to who listens.
 */
static inline void tt_notify_state(struct tt_flow *flow, int end, enum tt_state was,
				   enum tt_state next)
{
	if (tracepoint_enabled(state) || tracepoint_enabled(tcptrack_state) ||
	    tt_notify_somebody(flow))
		tt_tell_state(flow, end, was, next);
}

/**
 * tt_notify_end() - a flow is over
 * @flow: locked; its reason says why
 */
static inline void tt_notify_end(struct tt_flow *flow)
{
	if (tracepoint_enabled(state) || tt_notify_somebody(flow))
		tt_tell_end(flow);
}

/* What becomes of a half-open connection; each that is added ends once. */
enum tt_halfopen_event {
	TT_HALFOPEN_ADD,
	TT_HALFOPEN_EVICT,	/* and so it will end */
	TT_HALFOPEN_END
};

/* What becomes of a SYN or an ACK in cookie mode. */
enum tt_cookie_event {
	TT_COOKIE_SENT,
	TT_COOKIE_VALID,
	TT_COOKIE_WRONG,
	TT_COOKIE_NONE		/* is in flight, so this cannot be one */
};

DECLARE_TRACEPOINT(halfopen);
DECLARE_TRACEPOINT(cookie);
void tt_trace_halfopen(const struct tt_flow *flow, enum tt_halfopen_event event,
		       enum tt_reason reason);
void tt_trace_cookie(const struct tt_ctx *ctx, enum tt_cookie_event event);

/**
 * tt_notify_halfopen() - tell the tracepoint of a half-open connection
 * @flow: locked; one end is local and in SYN_RECEIVED
 * @event: what becomes of it
 * @reason: why
 */
static inline void tt_notify_halfopen(const struct tt_flow *flow, enum tt_halfopen_event event,
				      enum tt_reason reason)
{
	if (tracepoint_enabled(halfopen))
		tt_trace_halfopen(flow, event, reason);
}

/**
 * tt_notify_cookie() - tell the tracepoint of a cookie
 * @ctx: the SYN, whose packet may be gone, or the ACK
 * @event: what became of it
 */
static inline void tt_notify_cookie(const struct tt_ctx *ctx, enum tt_cookie_event event)
{
	if (tracepoint_enabled(cookie))
		tt_trace_cookie(ctx, event);
}

/**
 * tt_notify_heard() - whether somebody listens
 * @tn: namespace
 * @group: TCPTRACK_NLGRP_*
 *
 * Return: false if nobody does in any namespace, or the family is not there.
 */
bool tt_notify_heard(const struct tt_net *tn, unsigned int group);

/**
 * tt_notify_send() - send a message to the listeners of a namespace
 * @tn: namespace
 * @group: TCPTRACK_NLGRP_*
 * @skb: complete; taken over
 * @events: how many there are in it
 *
 * What the kernel reports as not delivered is counted (events_lost).
 *
 * Context: any; @tn's namespace is not gone.
 * Return: 0, or -ENOBUFS, or -ESRCH: nobody has got it.
 */
int tt_notify_send(struct tt_net *tn, unsigned int group, struct sk_buff *skb,
		   unsigned int events);

/**
 * tt_notify_lost() - events could not be made
 * @tn: namespace
 * @group: TCPTRACK_NLGRP_*, whose listeners are told (ENOBUFS)
 * @events: how many; 0 if they were counted already
 *
 * Context: as tt_notify_send().
 */
void tt_notify_lost(struct tt_net *tn, unsigned int group, unsigned int events);

/**
 * tt_notify_queue() - a listener is to be told
 * @n: what it is still to be told
 * @flow: locked
 * @e: what has become of it
 */
void tt_notify_queue(struct tt_notify *n, const struct tt_flow *flow, const struct tt_notice *e);

void tt_notify_init(struct tt_notify *n, struct tt_net *tn, struct sock *sk, u32 portid);

/* Whether a subscription's socket has closed. */
static inline bool tt_notify_closed(const struct tt_notify *n)
{
	/* close() sets it under a lock of the socket; who calls us from there has seen that */
	return data_race(sock_flag(n->sk, SOCK_DEAD));
}

/**
 * tt_notify_exit() - what was not sent is forgotten
 * @n: nothing is queued any more
 *
 * Context: may sleep.
 */
void tt_notify_exit(struct tt_notify *n);

/**
 * tt_notify_want() - somebody is about to listen
 *
 * From now on, in all namespaces: who does is asked each time.
 */
void tt_notify_want(void);

/**
 * tt_notify_join() - somebody is about to be in the group "state"
 * @tn: namespace
 *
 * Context: process.
 */
void tt_notify_join(struct tt_net *tn);

/* The family is there, with its groups. */
void tt_notify_open(void);

/**
 * tt_notify_close() - the family is about to go
 *
 * On return nothing is sent, nor will be.
 *
 * Context: may sleep.
 */
void tt_notify_close(void);

#endif /* TCPTRACK_NOTIFY_H */
