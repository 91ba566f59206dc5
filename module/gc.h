/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_GC_H
#define TCPTRACK_GC_H

/**
 * tt_gc_start() - adopt every socket there is, then look again every 750 ms
 *
 * Context: process; hooks and probe are in place already.
 */
void tt_gc_start(void);

/**
 * tt_gc_kick() - a limit was lowered
 * @tn: where
 *
 * What is over it goes now, ten times at most before the collector runs next: then with it. Only
 * init_net's limits, which are everybody's, make that run come at once.
 *
 * Context: process.
 */
void tt_gc_kick(struct tt_net *tn);

/**
 * tt_gc_stop() - returns when the collector runs no more
 */
void tt_gc_stop(void);

#endif /* TCPTRACK_GC_H */
