/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_EARLY_H
#define TCPTRACK_EARLY_H

#include "track.h"

struct nf_hook_state;
struct sk_buff;
struct tt_net;

/**
 * tt_early() - deal with a packet before it is routed, if that is certain
 * @tn: namespace
 * @skb: at PRE_ROUTING after raw, or at the ingress of a device
 * @at: where the hook runs
 *
 * In cookie mode a SYN for a listener is answered, and an ACK that brings no
 * good cookie to one dropped, as LOCAL_IN would: those are counted here. Of all
 * else nothing is changed and nothing counted; LOCAL_IN will see it, or nobody.
 *
 * Context: RCU read side.
 *
 * Return: %TT_PASS, %TT_DROP or %TT_STOLEN.
 */
enum tt_verdict tt_early(struct tt_net *tn, struct sk_buff *skb, const struct nf_hook_state *at);

#endif /* TCPTRACK_EARLY_H */
