// SPDX-License-Identifier: GPL-2.0-only
/* net.tcptrack.reply=reflect: an answer goes back to where its SYN came from. */

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/dst_metadata.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "net.h"
#include "reflect.h"
#include "segment.h"

/* What ipv4_default_advmss() and ip6_default_advmss() make of a route without metrics. */
static unsigned int advmss_v4(const struct dst_entry *dst)
{
	unsigned int headers = sizeof(struct iphdr) + sizeof(struct tcphdr);
	unsigned int mtu = min(READ_ONCE(dst->dev->mtu), IP_MAX_MTU);

	return max_t(int, mtu - headers, READ_ONCE(dev_net(dst->dev)->ipv4.ip_rt_min_advmss));
}

static unsigned int advmss_v6(const struct dst_entry *dst)
{
	unsigned int headers = sizeof(struct ipv6hdr) + sizeof(struct tcphdr), mtu = IPV6_MIN_MTU;
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet6_dev *idev = __in6_dev_get(dst->dev);

	if (idev)
		mtu = READ_ONCE(idev->cnf.mtu6);
#endif
	mtu = min_t(unsigned int, mtu, IPV6_MAXPLEN + sizeof(struct ipv6hdr));
	return mtu - headers;
}

static struct dst_ops ops_v4 = { .family = AF_INET, .default_advmss = advmss_v4 };
static struct dst_ops ops_v6 = { .family = AF_INET6, .default_advmss = advmss_v6 };

/*
 * A forged source is not always one that a packet may be sent to. With IPv4 routing has seen
 * to it; before that it would drop a martian, and what fails the strict check of the way back.
 */
static bool is_from_one(struct net *net, const struct sk_buff *skb, u8 pf)
{
	struct in_device *in_dev;

	if (pf == NFPROTO_IPV6)
		return ipv6_addr_type(&ipv6_hdr(skb)->saddr) & IPV6_ADDR_UNICAST;
	if (skb_valid_dst(skb))
		return true;
	in_dev = __in_dev_get_rcu(skb->dev);
	if (!in_dev || IN_DEV_RPFILTER(in_dev) == 1)
		return false;
	/* nearly always, and a look-up for each source would cost as much as a cookie */
	if (!tt_special_may_be(&tt_net_rcu(net)->special, ip_hdr(skb)->saddr))
		return true;
	return inet_addr_type_dev_table(net, skb->dev, ip_hdr(skb)->saddr) == RTN_UNICAST;
}

static bool is_protected(const struct net *net, const struct sk_buff *skb)
{
#ifdef CONFIG_XFRM
	/* as unprotected by a lock as where the stack reads it; the second are all sockets' */
	if (data_race(net->xfrm.policy_count[XFRM_POLICY_OUT] ||
		      net->xfrm.policy_count[XFRM_POLICY_MAX + XFRM_POLICY_OUT]))
		return true;
	return secpath_exists(skb) ||
	       READ_ONCE(net->xfrm.policy_default[XFRM_POLICY_OUT]) == XFRM_USERPOLICY_BLOCK;
#else
	return false;
#endif
}

bool tt_reflect_can(struct net *net, const struct sk_buff *skb, u8 pf)
{
	const struct net_device *dev = skb->dev;

	return dev->type == ARPHRD_ETHER && !netif_is_l3_master(dev) && !netif_is_l3_slave(dev) &&
	       skb_mac_header_was_set(skb) && skb_network_offset(skb) == 0 &&
	       skb_network_header(skb) - skb_mac_header(skb) >= ETH_HLEN &&
	       is_valid_ether_addr(eth_hdr(skb)->h_source) && !is_protected(net, skb) &&
	       !tt_segment_is_ipvs(skb) && is_from_one(net, skb, pf);
}

void tt_reflect_dst(struct dst_entry *dst, const struct sk_buff *skb, u8 pf)
{
	/* all that is asked of it; the rest would have to be cleared for nothing */
	dst->dev = skb->dev;
	dst->ops = pf == NFPROTO_IPV4 ? &ops_v4 : &ops_v6;
	dst->header_len = 0;
	dst->trailer_len = 0;
	dst_init_metrics(dst, dst_default_metrics.metrics, true);
}

void tt_reflect_send(struct sk_buff *skb, const struct dst_entry *dst, const struct ethhdr *syn)
{
	if (skb->protocol == htons(ETH_P_IP)) {
		ip_hdr(skb)->tot_len = htons(skb->len);
		ip_hdr(skb)->check = 0;
		ip_hdr(skb)->check = ip_fast_csum(ip_hdr(skb), sizeof(struct iphdr) / 4);
	} else {
		ipv6_hdr(skb)->payload_len = htons(skb->len - sizeof(struct ipv6hdr));
	}
	nf_reset_ct(skb);
	skb->dev = dst->dev;
	if (dev_hard_header(skb, skb->dev, ntohs(skb->protocol), syn->h_source, syn->h_dest,
			    skb->len) < 0)
		kfree_skb(skb);
	else
		dev_queue_xmit(skb);
}
