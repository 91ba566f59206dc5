/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_COOKIE_H
#define TCPTRACK_COOKIE_H

#include <net/net_namespace.h>

#include "stats.h"

struct sk_buff;
struct sock;
struct tcphdr;
struct tt_ctx;

/**
 * tt_cookie_answer() - answer a SYN with a cookie, as tcp_syncookies=2 would
 * @ctx: the SYN (no ACK, RST, FIN): parsed and with a right checksum, its TCP header linear
 * @sk: the listener, in TCP_LISTEN; its accept queue has room
 *
 * The listener is marked, so that the stack completes the handshake when the
 * ACK comes. Needs tt_cookie_enabled().
 *
 * Context: RCU read side, bottom halves off, no lock held. At a hook before routing, the SYN has no
 * route: then the caller has seen that its destination is local and unicast, and that its
 * source is unicast (inet_addr_type()).
 *
 * Return: TT_SYNACK_OK: the answer left, its skb is gone. Else the counter of why not, with
 * the skb as it was: only the stack can answer it (cookie_left_*, invalid_*), or nobody for lack of
 * a way back or of memory (cookies_no_route, cookies_no_memory).
 */
enum tt_stat tt_cookie_answer(const struct tt_ctx *ctx, struct sock *sk);

/**
 * tt_cookie_listener() - may a cookie of ours stand for this listener at all
 * @sk: in TCP_LISTEN
 * @pf: family of the SYN, NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: TT_STAT_COUNT if so, else the counter of why not.
 */
enum tt_stat tt_cookie_listener(const struct sock *sk, u8 pf);

/**
 * tt_cookie_check() - read the MSS from the ACK of a cookie
 * @skb: the ACK, network header set
 * @th: its TCP header, copied or in place
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Two hashes and no side effect; the counter of the stack stays as it is.
 *
 * Return: that MSS, or 0 if this acknowledges no cookie of this host.
 */
u16 tt_cookie_check(const struct sk_buff *skb, const struct tcphdr *th, u8 pf);

/**
 * tt_cookie_selftest() - make cookies, check them, refuse others
 *
 * Return: 0, or a negative errno if this kernel does not do what a cookie needs.
 */
int tt_cookie_selftest(void);

/* What it said at load. */
extern int tt_cookie_result;

/* What a namespace spends on bad cookies; -ENOMEM. */
int tt_cookie_ack_net_init(struct tt_net *tn);
void tt_cookie_ack_net_exit(struct tt_net *tn);

/*
 * Where the administrator has set 0, the stack would complete no cookie; where the self-test has
 * failed, it completes none of ours, whatever mode is set afterwards.
 */
static inline bool tt_cookie_enabled(const struct net *net)
{
	return READ_ONCE(net->ipv4.sysctl_tcp_syncookies) && likely(!tt_cookie_result);
}

#endif /* TCPTRACK_COOKIE_H */
