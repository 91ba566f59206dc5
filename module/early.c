// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before routing. What is known here is less than in LOCAL_IN: DNAT, IPVS, IPsec,
 * reassembly and, at ingress, all that ip_rcv() looks at are still to come. So whatever
 * is not plainly a SYN or an ACK for a listener of this host goes on as it came.
 */

#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "early.h"
#include "flow.h"
#include "halfopen.h"
#include "net.h"
#include "segment.h"
#include "sock.h"

/* It came by a device that is nobody's port, for this host, and nobody has touched it. */
static bool is_plain(struct sk_buff *skb, const struct net_device *in)
{
	if (skb->pkt_type != PACKET_HOST || skb_shared(skb) || skb_vlan_tag_present(skb) ||
	    skb_dst(skb) || secpath_exists(skb) || skb_sk_is_prefetched(skb))
		return false;
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	if (skb_ext_exist(skb, SKB_EXT_BRIDGE_NF))
		return false;
#endif
	return !(in->flags & IFF_LOOPBACK) && !netif_is_l3_slave(in) && !netif_is_l3_master(in) &&
	       !rcu_access_pointer(in->rx_handler);
}

/*
 * As ip_rcv() looks at it, but that nothing is cut off: a short frame is padded. The length
 * of the packet, or 0 if it is none that is dealt with here.
 */
static unsigned int length_v4(struct sk_buff *skb)
{
	const struct iphdr *iph;

	if (!pskb_may_pull(skb, sizeof(struct iphdr) + sizeof(struct tcphdr)))
		return 0;
	iph = ip_hdr(skb);
	if (iph->version != 4 || iph->ihl != 5 || iph->protocol != IPPROTO_TCP ||
	    ip_is_fragment(iph) || ntohs(iph->tot_len) > skb->len || ip_fast_csum(iph, 5))
		return 0;
	return ntohs(iph->tot_len);
}

static unsigned int length_v6(struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h;
	unsigned int len;

	if (!pskb_may_pull(skb, sizeof(struct ipv6hdr) + sizeof(struct tcphdr)))
		return 0;
	ip6h = ipv6_hdr(skb);
	len = sizeof(*ip6h) + ntohs(ip6h->payload_len);
	if (ip6h->version != 6 || ip6h->nexthdr != IPPROTO_TCP || !ip6h->payload_len ||
	    len > skb->len)
		return 0;
	return len;
}

/* A SYN, or an ACK that may be a third one. */
static bool is_wanted(u8 flags)
{
	return (flags & (TT_SFR | TT_ACK)) == TT_SYN ||
	       (flags & (TT_SYN | TT_RST | TT_ACK)) == TT_ACK;
}

static bool is_local_v4(struct net *net, const struct net_device *in, __be32 daddr)
{
	return __in_dev_get_rcu(in) && !ipv4_is_loopback(daddr) &&
	       inet_addr_type_dev_table(net, in, daddr) == RTN_LOCAL;
}

static bool is_unicast_v6(const struct in6_addr *addr)
{
	return (ipv6_addr_type(addr) & (IPV6_ADDR_UNICAST | IPV6_ADDR_LOOPBACK)) ==
	       IPV6_ADDR_UNICAST;
}

static bool is_local_v6(struct net *net, const struct net_device *in,
			const struct in6_addr *daddr)
{
	const struct inet6_dev *idev = __in6_dev_get(in);

	return idev && !READ_ONCE(idev->cnf.disable_ipv6) && is_unicast_v6(daddr) &&
	       ipv6_chk_addr(net, daddr, in, 0);
}

/*
 * A martian is not answered: routing, which is still to come, would drop it. With IPv4 the way
 * back tells most of them (tt_synack_route()).
 */
static bool is_from_one(const struct sk_buff *skb, u8 pf)
{
	if (pf == NFPROTO_IPV4)
		return !ipv4_is_loopback(ip_hdr(skb)->saddr);
	return is_unicast_v6(&ipv6_hdr(skb)->saddr);
}

/* nf_ip_checksum() takes padding for data, and would note its result in the skb. */
static bool checksum_ok(const struct sk_buff *skb, unsigned int thoff, unsigned int len, u8 pf)
{
	__wsum sum;

	if (skb_is_gso(skb) || skb_csum_unnecessary(skb))
		return true;
	if (likely(skb_headlen(skb) >= len))
		sum = csum_partial(skb->data + thoff, len - thoff, 0);
	else
		sum = skb_checksum(skb, thoff, len - thoff, 0);
	if (pf == NFPROTO_IPV4)
		return !csum_tcpudp_magic(ip_hdr(skb)->saddr, ip_hdr(skb)->daddr, len - thoff,
					  IPPROTO_TCP, sum);
	return !csum_ipv6_magic(&ipv6_hdr(skb)->saddr, &ipv6_hdr(skb)->daddr, len - thoff,
				IPPROTO_TCP, sum);
}

static bool has_hook(const struct nf_hook_entries *e, int least, int most)
{
	struct nf_hook_ops **ops;
	unsigned int i;

	if (!e)
		return false;
	ops = nf_hook_entries_get_hook_ops(e);
	for (i = 0; i < e->num_hook_entries; i++) {
		int priority = READ_ONCE(ops[i])->priority;

		if (priority >= least && priority <= most)
			return true;
	}
	return false;
}

/*
 * Who may still make another packet of it. NAT has one place of its own in each hook,
 * IPVS two just before it in LOCAL_IN; both families have the same numbers.
 */
static bool may_be_changed(const struct net *net, u8 pf)
{
	struct nf_hook_entries __rcu * const *hooks =
		pf == NFPROTO_IPV4 ? net->nf.hooks_ipv4 : net->nf.hooks_ipv6;
	bool changed = READ_ONCE(net->ipv4.sysctl_tcp_fwmark_accept);
#ifdef CONFIG_XFRM
	int dir;

	for (dir = 0; dir < XFRM_POLICY_MAX; dir++)
		changed |= READ_ONCE(net->xfrm.policy_count[dir]) ||
			   READ_ONCE(net->xfrm.policy_default[dir]) == XFRM_USERPOLICY_BLOCK;
#endif
	return changed ||
	       has_hook(rcu_dereference(hooks[NF_INET_PRE_ROUTING]), NF_IP_PRI_NAT_DST,
			NF_IP_PRI_NAT_DST) ||
	       has_hook(rcu_dereference(hooks[NF_INET_LOCAL_IN]), NF_IP_PRI_NAT_SRC - 2,
			NF_IP_PRI_NAT_SRC);
}

/*
 * What look-ups of sockets read is not yet written at ingress, and skb->sk is still the
 * sender's. ip_rcv() does the same.
 */
static void receive(struct sk_buff *skb, u8 pf)
{
	skb_orphan(skb);
	if (pf == NFPROTO_IPV4) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		IPCB(skb)->iif = skb->skb_iif;
		return;
	}
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	IP6CB(skb)->iif = skb->skb_iif;
}

/**
 * struct ground - where this CPU may answer early, found last; bottom halves are off
 * @tn: namespace
 * @addr: destination
 * @ifindex: by which device
 * @family: AF_INET or AF_INET6
 * @jiffy: in which it holds; later, an address may be gone, NAT be there
 */
struct ground {
	const struct tt_net *tn;
	struct in6_addr addr;
	int ifindex;
	u32 family;
	unsigned long jiffy;
};

static DEFINE_PER_CPU(struct ground, ground);

/* Routing would do nothing but deliver it here, as it is. */
static bool is_ours(const struct tt_ctx *ctx, const struct nf_hook_state *at)
{
	const struct in6_addr *addr = &ctx->key.addr[!ctx->from];
	struct ground *g = this_cpu_ptr(&ground);
	bool v4 = ctx->key.family == AF_INET;

	if (g->jiffy == jiffies && g->tn == ctx->tn && g->ifindex == at->in->ifindex &&
	    g->family == ctx->key.family && ipv6_addr_equal(&g->addr, addr))
		return true;
	if (!(v4 ? is_local_v4(at->net, at->in, addr->s6_addr32[3]) :
		   is_local_v6(at->net, at->in, addr)) ||
	    may_be_changed(at->net, ctx->state->pf))
		return false;
	if (TT_BH_SERIAL)
		*g = (struct ground){ ctx->tn, *addr, at->in->ifindex, ctx->key.family, jiffies };
	return true;
}

/* Only what nobody here knows of may be a third ACK, good or bad. */
static bool is_known(struct tt_ctx *ctx)
{
	struct tt_flow *flow;

	if (tt_sock_exists(ctx))
		return true;
	ctx->hash = tt_flow_hash(ctx->tn, &ctx->key);
	flow = tt_flow_get(ctx->tn, &ctx->key, ctx->hash);
	if (flow)
		tt_flow_put(flow);
	return flow;
}

/* What is dealt with here is counted here, the rest by LOCAL_IN. */
static enum tt_verdict judge(struct tt_ctx *ctx)
{
	enum tt_verdict verdict;

	if (ctx->seg.flags & TT_SYN)
		verdict = tt_halfopen_early(ctx);
	else
		verdict = tt_halfopen_ack(ctx);
	if (verdict == TT_PASS)
		return TT_PASS;
	__tt_stat_inc(ctx->tn, segments_seen);
	if (verdict == TT_STOLEN)
		__tt_stat_inc(ctx->tn, early_cookies);
	else
		__tt_stat_inc(ctx->tn, early_acks_dropped);
	return verdict;
}

/* An ACK is not answered from here: where it came from makes no difference. */
static enum tt_verdict step(struct tt_ctx *ctx, const struct nf_hook_state *at, unsigned int len)
{
	u8 pf = ctx->state->pf;

	if (!is_ours(ctx, at))
		return TT_PASS;
	if (ctx->seg.flags & TT_ACK ? is_known(ctx) : !is_from_one(ctx->skb, pf))
		return TT_PASS;
	if (!checksum_ok(ctx->skb, ctx->thoff, len, pf))
		return TT_PASS;
	return judge(ctx);
}

/* In the order of what it costs to know. */
enum tt_verdict tt_early(struct tt_net *tn, struct sk_buff *skb, const struct nf_hook_state *at)
{
	bool v4 = skb->protocol == htons(ETH_P_IP);
	u8 pf = v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	unsigned int thoff = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr), len;
	struct nf_hook_state state __uninitialized;
	struct tt_ctx ctx __uninitialized;
	enum tt_verdict verdict;
	const struct tcphdr *th;
	__be16 ports[2];
	bool process;

	if (!atomic_read(&tn->answering) || !is_plain(skb, at->in) ||
	    (!v4 && skb->protocol != htons(ETH_P_IPV6)))
		return TT_PASS;
	len = v4 ? length_v4(skb) : length_v6(skb);
	if (len < thoff + sizeof(*th))
		return TT_PASS;
	tt_ctx_init(&ctx, tn, skb, &state, thoff);
	ctx.early = true;
	th = (const struct tcphdr *)(skb->data + thoff);
	if (!is_wanted(tcp_flag_byte(th)) || thoff + __tcp_hdrlen(th) > len ||
	    tt_segment_parse(&ctx.seg, skb, th, thoff) != TT_SEGMENT_OK)
		return TT_PASS;
	if (at->pf == NFPROTO_NETDEV)
		receive(skb, pf);
	ports[0] = th->source;
	ports[1] = th->dest;
	nf_hook_state_init(&state, NF_INET_LOCAL_IN, pf, at->in, NULL, NULL, at->net, NULL);
	ctx.from = tt_key_packet(&ctx.key, skb, ports, &state);
	tt_sock_expect(&ctx);
	/* NFQUEUE gives packets back in a process */
	process = unlikely(!softirq_count());
	if (process)
		local_bh_disable();
	verdict = step(&ctx, at, len);
	if (process)
		local_bh_enable();
	return verdict;
}
