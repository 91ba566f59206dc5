/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_KEY_H
#define TCPTRACK_KEY_H

#include <linux/in6.h>
#include <linux/ipv6.h>
#include <linux/string.h>
#include <linux/types.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>

struct net;
struct net_device;
struct nf_hook_state;
struct sk_buff;
struct sock;

/**
 * struct tt_key - what makes a flow that flow
 * @addr: both addresses as the socket has them, the smaller end first; IPv4
 *	as ::ffff:a.b.c.d
 * @port: their ports, network order
 * @dev: l3mdev (VRF) ifindex, or the interface of link-local addresses, else 0
 * @family: AF_INET or AF_INET6; a u32 leaves no padding to hash
 */
struct tt_key {
	struct in6_addr addr[2];
	__be16 port[2];
	u32 dev;
	u32 family;
};

/**
 * tt_key_packet() - key of a TCP segment
 * @key: written whole
 * @skb: segment, network header set
 * @ports: source and destination port
 * @state: where the hook runs
 *
 * Context: RCU read side.
 *
 * Return: the index (0 or 1) of the sender in @key.
 */
int tt_key_packet(struct tt_key *key, const struct sk_buff *skb, const __be16 ports[2],
		  const struct nf_hook_state *state);

/**
 * struct tt_icmp - what an ICMP error says of the segment that it quotes
 * @seq: its SEG.SEQ
 * @fatal: the stack lets a request go for it, too, and not only a socket in SYN_SENT
 */
struct tt_icmp {
	u32 seq;
	bool fatal;
};

/**
 * tt_key_icmp() - key of the TCP segment that an ICMP error quotes
 * @key: written whole
 * @skb: the ICMP packet at LOCAL_IN
 * @state: where the hook runs
 * @told: written, if this is such an error
 *
 * Context: RCU read side.
 *
 * Return: the index of the end that sent the quoted segment, or -ENOENT if
 * this is no such error.
 */
int tt_key_icmp(struct tt_key *key, const struct sk_buff *skb, const struct nf_hook_state *state,
		struct tt_icmp *told);

/**
 * tt_key_sock() - key of a TCP socket: full, request or TIME_WAIT
 * @key: written whole
 * @sk: the socket; its addresses are read without its lock
 * @net: its namespace: one that is being made anew has forgotten it
 *
 * Context: RCU read side.
 *
 * Return: the index of @sk's end in @key, or -ENOTCONN if it has no peer.
 */
int tt_key_sock(struct tt_key *key, const struct sock *sk, struct net *net);

/* Without their ports; @end: the socket's. */
static inline bool tt_key_has_addrs(const struct tt_key *key, int end,
				    const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return key->family == AF_INET6 &&
		       ipv6_addr_equal(&key->addr[end], &sk->sk_v6_rcv_saddr) &&
		       ipv6_addr_equal(&key->addr[!end], &sk->sk_v6_daddr);
#endif
	return key->family == AF_INET && key->addr[end].s6_addr32[3] == sk->sk_rcv_saddr &&
	       key->addr[!end].s6_addr32[3] == sk->sk_daddr;
}

/**
 * tt_key_is_sock() - whether a key is that of a full socket
 * @key: the key
 * @sk: the socket, of @key's namespace
 *
 * Without making it: false only means that tt_key_sock() has to tell.
 *
 * Return: the index of @sk's end in @key, or -ENOENT.
 */
static inline int tt_key_is_sock(const struct tt_key *key, const struct sock *sk)
{
	int end = key->port[1] == inet_sk(sk)->inet_sport;

	/* a server's port may be its client's, too */
	if (end && key->port[0] == key->port[1])
		return -ENOENT;
	if (key->port[end] != inet_sk(sk)->inet_sport || key->port[!end] != sk->sk_dport ||
	    key->dev || READ_ONCE(sk->sk_bound_dev_if) || !tt_key_has_addrs(key, end, sk))
		return -ENOENT;
	return end;
}

/**
 * tt_key_ends() - key of a flow whose ends somebody names
 * @key: written whole
 * @family: AF_INET or AF_INET6
 * @addr: of both, IPv4 as ::ffff:a.b.c.d
 * @port: of both
 * @dev: as in struct tt_key
 */
void tt_key_ends(struct tt_key *key, u32 family, const struct in6_addr addr[2],
		 const __be16 port[2], u32 dev);

static inline u64 tt_key_word(const struct tt_key *key, int i)
{
	u64 word;

	/* two of its members that follow each other; it may lie at any fourth octet */
	memcpy(&word, (const u8 *)key + i * sizeof(word), sizeof(word));
	return word;
}

/* Without a call and a branch: each look-up asks twice. */
static inline bool tt_key_equal(const struct tt_key *a, const struct tt_key *b)
{
	u64 differs = a->family ^ b->family;

	differs |= tt_key_word(a, 0) ^ tt_key_word(b, 0);
	differs |= tt_key_word(a, 1) ^ tt_key_word(b, 1);
	differs |= tt_key_word(a, 2) ^ tt_key_word(b, 2);
	differs |= tt_key_word(a, 3) ^ tt_key_word(b, 3);
	differs |= tt_key_word(a, 4) ^ tt_key_word(b, 4);
	return !differs;
}

/* A socket that is connected to itself is both ends. */
static inline bool tt_key_is_self(const struct tt_key *key)
{
	return key->port[0] == key->port[1] && ipv6_addr_equal(&key->addr[0], &key->addr[1]);
}

/* Then @dev is the interface and not an l3mdev. */
bool tt_key_is_link_local(const struct tt_key *key);

/**
 * tt_key_ifindex() - interface by which a packet came in, below any VRF
 * @skb: the packet at LOCAL_IN
 * @family: AF_INET or AF_INET6
 *
 * Return: its index.
 */
static inline int tt_key_ifindex(const struct sk_buff *skb, u32 family)
{
	if (family == AF_INET)
		return inet_sdif(skb) ?: inet_iif(skb);
	return inet6_sdif(skb) ?: inet6_iif(skb);
}

#endif /* TCPTRACK_KEY_H */
