/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_HOOK_H
#define TCPTRACK_HOOK_H

struct nf_hook_state;
struct sk_buff;
struct tt_net;

/**
 * tt_hook_switch() - be shown the packets that net.tcptrack asks for, and no others
 * @tn: the namespace; of one that is being dismantled, none
 *
 * Handlers may still run after they were taken out, until an RCU grace period
 * has passed.
 *
 * Context: process, tt_net.conf_lock held; may take the RTNL.
 *
 * Return: 0 or a negative errno, then the hooks are those of before.
 */
int tt_hook_switch(struct tt_net *tn);

/**
 * tt_hook_early() - the handler before routing
 * @priv: nothing
 * @skb: packet
 * @state: PRE_ROUTING, or the ingress of a device
 *
 * Return: NF_ACCEPT, NF_DROP or NF_STOLEN.
 */
unsigned int tt_hook_early(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

#endif /* TCPTRACK_HOOK_H */
