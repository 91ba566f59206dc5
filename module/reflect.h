/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_REFLECT_H
#define TCPTRACK_REFLECT_H

#include <linux/types.h>

struct dst_entry;
struct ethhdr;
struct net;
struct sk_buff;

/**
 * tt_reflect_can() - whether an answer may go back to where its SYN came from
 * @net: namespace
 * @skb: the SYN
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * It may if the SYN came as an Ethernet frame from one host, and if nothing here
 * wants to see where an answer goes (IPsec, VRF, a strict reverse path filter that
 * the SYN has not passed yet).
 *
 * Context: RCU read side.
 *
 * Return: true if it may.
 */
bool tt_reflect_can(struct net *net, const struct sk_buff *skb, u8 pf);

/**
 * tt_reflect_dst() - stand in for the route that is not looked up
 * @dst: what an answer asks of a route is written, the rest left as it was; it has no
 *	reference count, and no skb may ever have it. What an answer is told by its route
 *	it has from the device, as if the administrator had set nothing.
 * @skb: the SYN; its device stays as long as the caller's RCU read side
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
void tt_reflect_dst(struct dst_entry *dst, const struct sk_buff *skb, u8 pf);

/**
 * tt_reflect_send() - send an answer out of its SYN's device
 * @skb: complete but for what ip_local_out() writes; it is given away
 * @dst: from tt_reflect_dst()
 * @syn: the Ethernet header of the SYN
 *
 * It passes no hook of netfilter but egress.
 *
 * Context: RCU read side, bottom halves off.
 */
void tt_reflect_send(struct sk_buff *skb, const struct dst_entry *dst, const struct ethhdr *syn);

#endif /* TCPTRACK_REFLECT_H */
