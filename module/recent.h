/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_RECENT_H
#define TCPTRACK_RECENT_H

struct sock;
struct tt_flow;
struct tt_key;
struct tt_net;

/*
 * The flows that each CPU has had to do with lately, so that what a segment sets off (the
 * answer, the changes of its socket) finds its flow without a hash of the table. Only an
 * index: a flow that is not found here is found in the table.
 *
 * A slot is set by its own CPU, under the lock of the flow that it shall refer to; it is
 * cleared by who holds the lock of the flow to which it refers, on any CPU, before that
 * flow is freed. So who finds a flow here under RCU may lock it, as one of the table. A
 * flow is in one slot at most: its @cpu says whose, its key which.
 */

/**
 * tt_recent_seek() - look a flow up and lock it, for who follows a segment, or what it sets off
 * @tn: namespace
 * @key: its key
 * @hash: set to tt_flow_hash() of @key
 *
 * What this CPU has had to do with lately is found without hashing, and what is found
 * will be: the answer to a segment, and what it does to its socket, are the same flow's.
 *
 * Context: RCU read side, softirq or process.
 *
 * Return: the flow, locked, or NULL.
 */
struct tt_flow *tt_recent_seek(struct tt_net *tn, const struct tt_key *key, u32 *hash);

/**
 * tt_recent_sock() - a flow of a full socket that this CPU remembers
 * @tn: namespace
 * @sk: the socket
 * @end: set to its end, if a flow is found
 *
 * Context: RCU read side. The flow may be freed and reused at any moment: lock it and
 * compare again.
 *
 * Return: a flow that had the socket's key a moment ago, or NULL.
 */
struct tt_flow *tt_recent_sock(const struct tt_net *tn, const struct sock *sk, int *end);

/**
 * tt_recent_add() - this CPU remembers a flow, and no other one does
 * @flow: locked, in the table
 */
void tt_recent_add(struct tt_flow *flow);

/**
 * tt_recent_del() - no CPU remembers a flow any more
 * @flow: locked, or out of everybody's reach
 */
void tt_recent_del(struct tt_flow *flow);

/* Return: 0 or -ENOMEM. */
int tt_recent_init(void);

/* There are no flows any more. */
void tt_recent_exit(void);

#endif /* TCPTRACK_RECENT_H */
