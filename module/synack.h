/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SYNACK_H
#define TCPTRACK_SYNACK_H

#include <linux/tcp.h>
#include <net/dst.h>
#include <net/flow.h>

#include "stats.h"

struct net;
struct sk_buff;
struct sock;
struct tt_ctx;

/* What the functions below return when nothing stands against an answer. */
#define TT_SYNACK_OK	TT_STAT_COUNT

/**
 * struct tt_synack - the SYN-ACK that the stack would send with tcp_syncookies=2
 * @treq: the request that the stack would make for it: so its own inline
 *	functions, BPF programs and security modules see what they expect. It
 *	lives on the stack of the caller, is never hashed and nobody keeps it.
 * @net: namespace
 * @sk: the listener
 * @dst: the way back, a reference, or @mirror; NULL until tt_synack_route()
 * @reflect: whether that is wished; after tt_synack_route(): whether it is so
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @tsval: the timestamp that carries what does not fit into the cookie
 * @flowlabel: of the SYN, where the listener reflects it
 * @mss: the MSS that the answer announces; from tt_synack_window()
 * @ack_mss: the MSS that the stack will read from the cookie
 * @th: the SYN's TCP header without its options
 * @fl: the way back, as it was looked up; written only where that is done
 * @mirror: in place of a route, where it goes back to where the SYN came from; written
 *	only then
 */
struct tt_synack {
	struct tcp_request_sock treq;
	struct net *net;
	struct sock *sk;
	struct dst_entry *dst;
	bool reflect;
	u8 pf;
	u32 tsval;
	__be32 flowlabel;
	u16 mss;
	u16 ack_mss;
	struct tcphdr th;
	struct flowi fl;
	struct dst_entry mirror;
};

/**
 * tt_synack_init() - read the SYN
 * @a: written whole, but for @fl and @mirror
 * @ctx: SYN; its options have been read, its TCP header is linear
 * @sk: listener
 *
 * Return: %TT_SYNACK_OK, or the counter of what the stack alone can answer.
 */
enum tt_stat tt_synack_init(struct tt_synack *a, const struct tt_ctx *ctx, struct sock *sk);

/**
 * tt_synack_route() - find the way back
 * @a: from tt_synack_init()
 * @skb: the SYN
 *
 * Context: RCU read side.
 *
 * Return: %TT_SYNACK_OK, then @a->dst is for tt_synack_send() or
 * tt_synack_unroute(); or the counter of why not, then it is NULL.
 */
enum tt_stat tt_synack_route(struct tt_synack *a, const struct sk_buff *skb);

/**
 * tt_synack_unroute() - there will be no answer
 * @a: routed; its way back is given up
 */
void tt_synack_unroute(struct tt_synack *a);

/**
 * tt_synack_bpf_ecn() - whether a program of the listener's cgroup wants ECN
 * @a: from tt_synack_init()
 *
 * Return: true if so.
 */
bool tt_synack_bpf_ecn(const struct tt_synack *a);

/**
 * tt_synack_window() - choose window and scale
 * @a: routed, with its cookie's MSS
 *
 * Return: whether the stack will choose the same scale at the ACK, when all
 * that it knows of the SYN is in the cookie.
 */
bool tt_synack_window(struct tt_synack *a);

/**
 * tt_synack_send() - build and send it
 * @a: complete; its dst is given away
 * @tn: namespace, for the counters
 * @skb: the SYN
 *
 * Context: RCU read side, bottom halves off.
 *
 * Return: true: @skb is gone, whatever became of the answer. False: no memory,
 * @skb is as it was.
 */
bool tt_synack_send(struct tt_synack *a, struct tt_net *tn, struct sk_buff *skb);

/**
 * tt_synack_is_own() - whether a packet at LOCAL_OUT is a SYN-ACK of ours
 * @skb: the packet
 *
 * It belongs to no socket, and a flow that once had its tuple is not concerned.
 *
 * Context: LOCAL_OUT, bottom halves off.
 *
 * Return: true if so.
 */
bool tt_synack_is_own(const struct sk_buff *skb);

#endif /* TCPTRACK_SYNACK_H */
