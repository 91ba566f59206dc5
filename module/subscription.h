/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SUBSCRIPTION_H
#define TCPTRACK_SUBSCRIPTION_H

#include <linux/list.h>

#include "net.h"

struct tt_notice;
struct tt_flow;

/* Whether a socket of the namespace has subscribed to anything. */
static inline bool tt_subscription_any(const struct tt_net *tn)
{
	return !list_empty(&tn->subscriptions);
}

/**
 * tt_subscription_tell() - tell the sockets that want to know
 * @flow: locked
 * @e: what has become of it
 */
void tt_subscription_tell(const struct tt_flow *flow, const struct tt_notice *e);

/**
 * tt_subscription_net_exit() - nobody is told any more
 * @tn: nothing tells of its flows
 *
 * Context: may sleep.
 */
void tt_subscription_net_exit(struct tt_net *tn);

/**
 * tt_subscription_init() - be told of sockets that close
 *
 * Before the family, so that no subscription outlives its socket.
 *
 * Return: 0 or a negative errno.
 */
int tt_subscription_init(void);

/* After the family: what is left goes with its namespace. */
void tt_subscription_exit(void);

#endif /* TCPTRACK_SUBSCRIPTION_H */
