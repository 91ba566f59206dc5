// SPDX-License-Identifier: GPL-2.0-only
/* What makes a flow that flow, from a packet, from an ICMP error, from a socket. */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/tcp.h>

#include "key.h"

/* Whether the first one is the greater. */
static bool order(const struct in6_addr *a, const struct in6_addr *b, u16 aport, u16 bport)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (a->s6_addr32[i] != b->s6_addr32[i])
			return ntohl(a->s6_addr32[i]) > ntohl(b->s6_addr32[i]);
	}
	return aport > bport;
}

/* The smaller end first; returns where the first argument went. */
static int canonicalise(struct tt_key *key, const struct in6_addr *a, __be16 aport,
			const struct in6_addr *b, __be16 bport)
{
	int first = order(a, b, ntohs(aport), ntohs(bport));

	key->addr[first] = *a;
	key->port[first] = aport;
	key->addr[!first] = *b;
	key->port[!first] = bport;
	return first;
}

void tt_key_ends(struct tt_key *key, u32 family, const struct in6_addr addr[2],
		 const __be16 port[2], u32 dev)
{
	canonicalise(key, &addr[0], port[0], &addr[1], port[1]);
	key->family = family;
	key->dev = dev;
}

/* (one look for each segment and each change of a socket: a call would be a third of it) */
static __always_inline int canonicalise_v4(struct tt_key *key, __be32 a, __be16 aport, __be32 b,
					   __be16 bport)
{
	/* as order() has it: they differ only here */
	int first = a == b ? ntohs(aport) > ntohs(bport) : ntohl(a) > ntohl(b);

	/* in place: a copy of each on the stack would be cleared first, and then moved */
	ipv6_addr_set_v4mapped(a, &key->addr[first]);
	ipv6_addr_set_v4mapped(b, &key->addr[!first]);
	key->port[first] = aport;
	key->port[!first] = bport;
	key->family = AF_INET;
	return first;
}

static bool link_local(const struct in6_addr *a, const struct in6_addr *b)
{
	return (ipv6_addr_type(a) | ipv6_addr_type(b)) & IPV6_ADDR_LINKLOCAL;
}

bool tt_key_is_link_local(const struct tt_key *key)
{
	return link_local(&key->addr[0], &key->addr[1]);
}

static u32 packet_l3mdev(const struct nf_hook_state *state)
{
	const struct net_device *dev = state->hook == NF_INET_LOCAL_OUT ? state->out : state->in;

	/* which it would find out as well, by a call */
	if (!dev || !(netif_is_l3_master(dev) || netif_is_l3_slave(dev)))
		return 0;
	return l3mdev_master_ifindex_rcu(dev);
}

/* The interface by which a link-local peer is reached, the VRF device aside. */
static u32 packet_scope(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct inet6_dev *idev;

	if (state->hook != NF_INET_LOCAL_OUT)
		return inet6_iif(skb);
	idev = skb_dst(skb) ? ip6_dst_idev(skb_dst(skb)) : NULL;
	return idev ? idev->dev->ifindex : 0;
}

static noinline int packet_v6(struct tt_key *key, const struct sk_buff *skb,
			      const __be16 ports[2], const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);

	if (unlikely(link_local(&ip6h->saddr, &ip6h->daddr)))
		key->dev = packet_scope(skb, state);
	key->family = AF_INET6;
	return canonicalise(key, &ip6h->saddr, ports[0], &ip6h->daddr, ports[1]);
}

int tt_key_packet(struct tt_key *key, const struct sk_buff *skb, const __be16 ports[2],
		  const struct nf_hook_state *state)
{
	key->dev = packet_l3mdev(state);
	if (state->pf == NFPROTO_IPV4)
		return canonicalise_v4(key, ip_hdr(skb)->saddr, ports[0],
				       ip_hdr(skb)->daddr, ports[1]);
	return packet_v6(key, skb, ports, state);
}

/* Whether tcp_v4_err() lets a request go for it; of a full socket any may be the end. */
static bool icmp4_fatal(const struct icmphdr *icmp)
{
	return icmp->type != ICMP_DEST_UNREACH || icmp->code == ICMP_NET_UNREACH ||
	       icmp->code == ICMP_HOST_UNREACH;
}

static int icmp4(struct tt_key *key, const struct sk_buff *skb, struct tt_icmp *told)
{
	unsigned int off = ip_hdrlen(skb);
	struct { struct icmphdr icmp; struct iphdr ip; } buf;
	const struct icmphdr *icmp = skb_header_pointer(skb, off, sizeof(buf), &buf);
	const struct iphdr *ip;
	struct { __be16 port[2]; __be32 seq; } th_buf, *th;

	if (!icmp || (icmp->type != ICMP_DEST_UNREACH && icmp->type != ICMP_TIME_EXCEEDED &&
		      icmp->type != ICMP_PARAMETERPROB))
		return -ENOENT;
	if (icmp->type == ICMP_DEST_UNREACH &&
	    (icmp->code == ICMP_FRAG_NEEDED || icmp->code > NR_ICMP_UNREACH))
		return -ENOENT;
	ip = (const struct iphdr *)(icmp + 1);
	if (ip->protocol != IPPROTO_TCP || ip->ihl < 5)
		return -ENOENT;
	th = skb_header_pointer(skb, off + sizeof(*icmp) + ip->ihl * 4, sizeof(th_buf), &th_buf);
	if (!th)
		return -ENOENT;
	told->seq = ntohl(th->seq);
	told->fatal = icmp4_fatal(icmp);
	return canonicalise_v4(key, ip->saddr, th->port[0], ip->daddr, th->port[1]);
}

static int icmp6(struct tt_key *key, const struct sk_buff *skb, const struct nf_hook_state *state,
		 struct tt_icmp *told)
{
	unsigned int off = sizeof(struct ipv6hdr);
	struct { struct icmp6hdr icmp; struct ipv6hdr ip; } __packed buf;
	const struct icmp6hdr *icmp = skb_header_pointer(skb, off, sizeof(buf), &buf);
	const struct ipv6hdr *ip;
	struct { __be16 port[2]; __be32 seq; } th_buf, *th;
	int err;

	if (!icmp || icmp->icmp6_type < ICMPV6_DEST_UNREACH ||
	    icmp->icmp6_type > ICMPV6_PARAMPROB || icmp->icmp6_type == ICMPV6_PKT_TOOBIG)
		return -ENOENT;
	ip = (const struct ipv6hdr *)(icmp + 1);
	if (ip->nexthdr != IPPROTO_TCP)
		return -ENOENT;
	th = skb_header_pointer(skb, off + sizeof(*icmp) + sizeof(*ip), sizeof(th_buf), &th_buf);
	if (!th)
		return -ENOENT;
	told->seq = ntohl(th->seq);
	told->fatal = icmpv6_err_convert(icmp->icmp6_type, icmp->icmp6_code, &err);
	if (link_local(&ip->saddr, &ip->daddr))
		key->dev = packet_scope(skb, state);
	key->family = AF_INET6;
	return canonicalise(key, &ip->saddr, th->port[0], &ip->daddr, th->port[1]);
}

int tt_key_icmp(struct tt_key *key, const struct sk_buff *skb, const struct nf_hook_state *state,
		struct tt_icmp *told)
{
	key->dev = packet_l3mdev(state);
	if (state->pf == NFPROTO_IPV4)
		return icmp4(key, skb, told);
	return icmp6(key, skb, state, told);
}

int tt_key_sock(struct tt_key *key, const struct sock *sk, struct net *net)
{
	__be16 lport, rport = sk->sk_dport;
	u32 bound = READ_ONCE(sk->sk_bound_dev_if);
	struct net_device *dev;

	/* sk_num is cleared before the last state change of a full socket */
	lport = sk_fullsock(sk) ? inet_sk(sk)->inet_sport : htons(sk->sk_num);
	if (!rport || !lport)
		return -ENOTCONN;

	key->dev = 0;
	dev = unlikely(bound) ? dev_get_by_index_rcu(net, bound) : NULL;
	if (dev)
		key->dev = l3mdev_master_ifindex_rcu(dev);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr)) {
		if (link_local(&sk->sk_v6_rcv_saddr, &sk->sk_v6_daddr))
			key->dev = bound;
		key->family = AF_INET6;
		return canonicalise(key, &sk->sk_v6_rcv_saddr, lport, &sk->sk_v6_daddr, rport);
	}
#endif
	return canonicalise_v4(key, sk->sk_rcv_saddr, lport, sk->sk_daddr, rport);
}
