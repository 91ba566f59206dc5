/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_TABLE_H
#define TCPTRACK_TABLE_H

#include <linux/types.h>

struct tt_flow;
struct tt_key;
struct tt_net;

/*
 * The flow table: the kernel's rhashtable. Its seed is not used: the hash is
 * keyed already (siphash, a secret for each namespace), and an order that does
 * not change when the table is resized lets a dump go on where it was.
 */

/**
 * tt_table_find() - look up without locking
 * @tn: namespace
 * @key: key of the flow
 * @hash: tt_flow_hash() of it
 *
 * Context: RCU read side. The flow may be freed and reused at any moment: lock
 * it and compare again.
 *
 * Return: the flow or NULL.
 */
struct tt_flow *tt_table_find(struct tt_net *tn, const struct tt_key *key, u32 hash);

/**
 * tt_table_insert() - look up and insert as one step
 * @tn: namespace
 * @flow: complete but for its endpoints, locked
 *
 * Return: NULL when @flow is in the table now, the flow that is there already,
 * or an ERR_PTR (-ENOMEM, -EBUSY, -E2BIG).
 */
struct tt_flow *tt_table_insert(struct tt_net *tn, struct tt_flow *flow);

/**
 * tt_table_remove() - take a flow out
 * @tn: namespace
 * @flow: in the table, locked
 */
void tt_table_remove(struct tt_net *tn, struct tt_flow *flow);

/**
 * tt_table_had() - whether a flow of a socket has just gone
 * @hash: tt_flow_hash() of its key
 *
 * What ends its socket may have passed the hook, and be on its way to it on another CPU.
 *
 * Context: any; after tt_table_find() found nothing.
 *
 * Return: true if so. False as well where another one has gone since, by chance (one of 1024).
 */
bool tt_table_had(u32 hash);

/**
 * tt_table_each() - a step of a walk over all flows
 * @tn: namespace
 * @cursor: 0 to begin, or a tt_table_place() to begin there; the next one's afterwards
 * @fn: called for each flow of the step with the flow locked; must unlock it
 *	(tt_flow_put() or tt_flow_end()) and must not sleep
 * @arg: for @fn
 *
 * Each flow that is in the table from the first step to the last is seen
 * exactly once, whatever resizing goes on.
 *
 * Context: process, takes the RCU read lock itself; no flow may be locked. A
 * step sees some tens of flows at most: the caller reschedules between steps.
 *
 * Return: false when the walk is complete.
 */
bool tt_table_each(struct tt_net *tn, u64 *cursor, void (*fn)(struct tt_flow *flow, void *arg),
		   void *arg);

/**
 * tt_table_place() - where a walk sees a flow
 * @flow: the flow or a copy
 *
 * Return: its place, ascending from step to step; a cursor of tt_table_each().
 */
u32 tt_table_place(const struct tt_flow *flow);

int tt_table_init(struct tt_net *tn);
void tt_table_exit(struct tt_net *tn, void (*free)(void *ptr, void *arg));

#endif /* TCPTRACK_TABLE_H */
