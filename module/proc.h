/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_PROC_H
#define TCPTRACK_PROC_H

struct net;

int tt_proc_init(void);
void tt_proc_exit(void);

/**
 * tt_proc_net_init() - tcptrack, tcptrack_flows, tcptrack_listeners, stat/tcptrack in /proc/net
 * @net: namespace, its tt_net complete
 *
 * Return: 0 or -ENOMEM, with nothing left behind.
 */
int tt_proc_net_init(struct net *net);
void tt_proc_net_exit(struct net *net);

int tt_proc_flows_init(struct net *net);
void tt_proc_flows_exit(struct net *net);
int tt_proc_listeners_init(struct net *net);
void tt_proc_listeners_exit(struct net *net);

#endif /* TCPTRACK_PROC_H */
