/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_PROBE_H
#define TCPTRACK_PROBE_H

#include <linux/types.h>

/**
 * tt_probe_init() - join the tracepoint sock:inet_sock_set_state
 *
 * Does nothing when the module parameter tracepoint is 0.
 *
 * Return: 0, also when this kernel has no such tracepoint, or a negative errno.
 */
int tt_probe_init(void);

/**
 * tt_probe_exit() - leave it; returns when no probe of ours runs any more
 */
void tt_probe_exit(void);

/**
 * tt_probe_active() - whether full sockets tell their state changes
 *
 * Return: true if so.
 */
bool tt_probe_active(void);

#endif /* TCPTRACK_PROBE_H */
