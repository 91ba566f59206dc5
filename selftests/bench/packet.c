// SPDX-License-Identifier: GPL-2.0-only
/* Packets from clients behind one gateway, as a driver would hand them over. */

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/minmax.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "bench.h"

#define TSVAL	1000000

/*
 * 10.0.0.0/8 and 2001:db8:8000::/33 are the clients. The server is 198.51.100.1, 2001:db8::1;
 * what is forwarded goes to 203.0.113.1, 2001:db8:4000::1 (run.sh).
 */
#define CLIENT4	0x0a000000
#define SERVER4	0xc6336401
#define FAR4	0xcb007101

static const struct in6_addr client6 = { .s6_addr32 = { htonl(0x20010db8), htonl(0x80000000) } };
static const struct in6_addr server6 = { .s6_addr32 = { htonl(0x20010db8), 0, 0, htonl(1) } };
static const struct in6_addr far6 = {
	.s6_addr32 = { htonl(0x20010db8), htonl(0x40000000), 0, htonl(1) }
};

/* As Linux orders them: 20 octets with a SYN, 12 without. */
static unsigned int options_length(const struct bench_segment *s)
{
	if (s->flags & TCPHDR_SYN)
		return TCPOLEN_MSS + TCPOLEN_SACK_PERM + TCPOLEN_TIMESTAMP +
		       TCPOLEN_WSCALE_ALIGNED;
	return TCPOLEN_TSTAMP_ALIGNED;
}

static void put_options(__be32 *p, const struct bench_segment *s)
{
	u32 lead = TCPOPT_NOP << 24 | TCPOPT_NOP << 16;

	if (s->flags & TCPHDR_SYN) {
		*p++ = htonl(TCPOPT_MSS << 24 | TCPOLEN_MSS << 16 | 1440);
		lead = TCPOPT_SACK_PERM << 24 | TCPOLEN_SACK_PERM << 16;
	}
	*p++ = htonl(lead | TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP);
	*p++ = htonl(TSVAL);
	*p++ = htonl(s->tsecr);
	if (s->flags & TCPHDR_SYN)
		*p++ = htonl(TCPOPT_NOP << 24 | TCPOPT_WINDOW << 16 | TCPOLEN_WINDOW << 8 | 7);
}

static void put_tcp(struct sk_buff *skb, const struct bench *b, const struct bench_segment *s)
{
	unsigned int options = options_length(s);
	struct tcphdr *th = skb_put_zero(skb, sizeof(*th) + options + s->len);

	th->source = htons(s->reverse ? b->conf.port : s->port);
	th->dest = htons(s->reverse ? s->port : b->conf.port);
	th->seq = htonl(s->seq);
	th->ack_seq = htonl(s->ack);
	th->doff = (sizeof(*th) + options) / 4;
	((u8 *)th)[13] = s->flags;
	th->window = htons(64240);
	put_options((__be32 *)(th + 1), s);
}

static void put_ipv4(struct sk_buff *skb, const struct bench *b, const struct bench_segment *s,
		     struct tcphdr *th)
{
	struct iphdr *iph = skb_push(skb, sizeof(*iph));
	unsigned int len = skb->len - sizeof(*iph);

	memset(iph, 0, sizeof(*iph));
	iph->version = 4;
	iph->ihl = 5;
	iph->tot_len = htons(skb->len);
	iph->frag_off = htons(IP_DF);
	iph->ttl = 60;
	iph->protocol = IPPROTO_TCP;
	iph->saddr = htonl(CLIENT4 | (s->source & 0xffffff));
	iph->daddr = htonl(b->conf.kind == BENCH_FORWARD ? FAR4 : SERVER4);
	if (s->reverse)
		swap(iph->saddr, iph->daddr);
	iph->check = ip_fast_csum(iph, iph->ihl);
	th->check = tcp_v4_check(len, iph->saddr, iph->daddr, csum_partial(th, len, 0));
}

static void put_ipv6(struct sk_buff *skb, const struct bench *b, const struct bench_segment *s,
		     struct tcphdr *th)
{
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));
	unsigned int len = skb->len - sizeof(*ip6h);

	memset(ip6h, 0, sizeof(*ip6h));
	ip6h->version = 6;
	ip6h->payload_len = htons(len);
	ip6h->nexthdr = IPPROTO_TCP;
	ip6h->hop_limit = 60;
	ip6h->saddr = client6;
	ip6h->saddr.s6_addr32[1] |= htonl(s->source & 0xffff);
	ip6h->saddr.s6_addr32[3] = htonl(s->source | 1);
	ip6h->daddr = b->conf.kind == BENCH_FORWARD ? far6 : server6;
	if (s->reverse)
		swap(ip6h->saddr, ip6h->daddr);
	th->check = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, len, IPPROTO_TCP,
				    csum_partial(th, len, 0));
}

struct sk_buff *bench_packet(const struct bench *b, const struct bench_segment *s)
{
	bool v4 = b->conf.family == 4;
	unsigned int ip = v4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	static const u8 gateway[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x02 };
	struct sk_buff *skb;
	struct ethhdr *eth;

	skb = netdev_alloc_skb_ip_align(b->dev, ETH_HLEN + ip + 60 + s->len);
	if (!skb)
		return NULL;
	skb_reserve(skb, ETH_HLEN + ip);
	put_tcp(skb, b, s);
	if (v4)
		put_ipv4(skb, b, s, (struct tcphdr *)skb->data);
	else
		put_ipv6(skb, b, s, (struct tcphdr *)skb->data);
	eth = skb_push(skb, ETH_HLEN);
	ether_addr_copy(eth->h_dest, b->dev->dev_addr);
	ether_addr_copy(eth->h_source, gateway);
	eth->h_proto = v4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	skb->protocol = eth_type_trans(skb, b->dev);
	return skb;
}
