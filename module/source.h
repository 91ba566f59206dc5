/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SOURCE_H
#define TCPTRACK_SOURCE_H

#include <linux/types.h>

struct tt_key;
struct tt_net;
struct tt_source;

/*
 * How many half-open connections a source prefix has (/32 and /64), while
 * net.tcptrack.halfopen_source_max asks for it. Each of them, and each
 * reservation, holds a reference on its prefix: the count is that of the
 * references.
 */

/**
 * tt_source_full() - take a place of a source prefix, if there is one
 * @tn: namespace
 * @key: key of the flow
 * @end: the source's end
 * @source: set to what tt_source_put() gives back; NULL if nothing is limited,
 *	or there is no memory
 *
 * Return: true if the prefix has had its share; then @source is NULL.
 */
bool tt_source_full(struct tt_net *tn, const struct tt_key *key, int end,
		    struct tt_source **source);

/* The same for a connection that is there already: nothing is refused. */
struct tt_source *tt_source_get(struct tt_net *tn, const struct tt_key *key, int end);

/* Context: any; no lock of ours but a flow's is held. */
void tt_source_put(struct tt_source *source);

int tt_source_init(void);
void tt_source_exit(void);

#endif /* TCPTRACK_SOURCE_H */
