// SPDX-License-Identifier: GPL-2.0-only
/*
 * An Ethernet device with nobody at the other end: what is sent is read, where that is
 * asked for, and freed. As dummy, it computes checksums itself (by not doing so).
 */

#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "bench.h"

/* Who watches. The device knows no other; written with it down or idle. */
struct watch {
	struct bench_peer *peers;
	unsigned int n;
};

static struct net_device *device;
static struct watch watch;
static unsigned long sent;

static const struct tcphdr *tcp_header(const struct sk_buff *skb, unsigned int *len)
{
	unsigned int ip;

	switch (skb->protocol) {
	case htons(ETH_P_IP):
		if (ip_hdr(skb)->protocol != IPPROTO_TCP)
			return NULL;
		ip = ip_hdrlen(skb);
		break;
	case htons(ETH_P_IPV6):
		if (ipv6_hdr(skb)->nexthdr != IPPROTO_TCP)
			return NULL;
		ip = sizeof(struct ipv6hdr);
		break;
	default:
		return NULL;
	}
	*len = skb->len - skb_network_offset(skb) - ip;
	return (const struct tcphdr *)(skb_network_header(skb) + ip);
}

/* The stack puts the timestamp behind MSS in a SYN-ACK, first of all elsewhere. */
static u32 timestamp(const struct tcphdr *th)
{
	const u8 *p = (const u8 *)(th + 1) + (th->syn ? TCPOLEN_MSS : 0);

	if (__tcp_hdrlen(th) < sizeof(*th) + (th->syn ? TCPOLEN_MSS : 0) + TCPOLEN_TSTAMP_ALIGNED ||
	    p[2] != TCPOPT_TIMESTAMP)
		return 0;
	return get_unaligned_be32(p + 4);
}

static void note(const struct sk_buff *skb)
{
	struct bench_peer *peers = READ_ONCE(watch.peers);
	const struct tcphdr *th;
	struct bench_peer *peer;
	unsigned int len, i;

	if (!peers)
		return;
	th = tcp_header(skb, &len);
	i = th ? ntohs(th->dest) - BENCH_PORT : UINT_MAX;
	if (i >= READ_ONCE(watch.n) || th->rst)
		return;
	peer = &peers[i];
	peer->ack = ntohl(th->seq) + len - __tcp_hdrlen(th) + th->syn + th->fin;
	peer->tsecr = timestamp(th);
	peer->answered = true;
}

static netdev_tx_t transmit(struct sk_buff *skb, struct net_device *dev)
{
	note(skb);
	sent++;
	dev_consume_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops ops = {
	.ndo_start_xmit = transmit,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static void setup(struct net_device *dev)
{
	static const u8 address[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0x01 };

	ether_setup(dev);
	dev->netdev_ops = &ops;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->features |= NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA;
	dev->hw_features |= dev->features;
	eth_hw_addr_set(dev, address);
}

struct net_device *bench_device(const struct net *net)
{
	return net_eq(dev_net(device), net) ? device : NULL;
}

void bench_device_watch(struct bench_peer *peers, unsigned int n)
{
	WRITE_ONCE(watch.peers, NULL);
	synchronize_net();
	WRITE_ONCE(watch.n, n);
	WRITE_ONCE(watch.peers, peers);
}

unsigned long bench_device_sent(void)
{
	return READ_ONCE(sent);
}

int __init bench_device_init(void)
{
	int err;

	device = alloc_netdev(0, BENCH_DEV, NET_NAME_USER, setup);
	if (!device)
		return -ENOMEM;
	err = register_netdev(device);
	if (err)
		free_netdev(device);
	return err;
}

void bench_device_exit(void)
{
	unregister_netdev(device);
	free_netdev(device);
}
