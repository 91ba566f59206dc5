// SPDX-License-Identifier: GPL-2.0-only
/*
 * SYN cookies in the stack's own format, so that the stack completes them.
 *
 *   ISN	hash of the tuple and of the minute, and an index into four MSS
 *   TSval	| milliseconds ... | ECN | SACK | window scale: 4 bits |
 *		a scale of 15 says that there was none; the offset of the tuple
 *		is added to the whole
 */

#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/security.h>
#include <linux/tcp.h>
#include <net/dst_metadata.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/secure_seq.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "cookie.h"
#include "net.h"
#include "sock.h"
#include "synack.h"
#include "track.h"

#define TS_BITS		6
#define TS_NO_SCALE	15
#define TS_SACK		BIT(4)
#define TS_ECN		BIT(5)

enum tt_stat tt_cookie_listener(const struct sock *sk, u8 pf)
{
	const struct tcp_sock *tp = tcp_sk(sk);

#ifdef CONFIG_TCP_MD5SIG
	if (rcu_access_pointer(tp->md5sig_info))
		return TT_STAT_cookie_left_auth;
#endif
#ifdef CONFIG_TCP_AO
	if (rcu_access_pointer(tp->ao_info))
		return TT_STAT_cookie_left_auth;
#endif
	if (rcu_access_pointer(sk->sk_filter))
		return TT_STAT_cookie_left_filter;
	if (BPF_SOCK_OPS_TEST_FLAG(tp, BPF_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG))
		return TT_STAT_cookie_left_option;
	if (pf == NFPROTO_IPV4)
		return READ_ONCE(inet_sk(sk)->min_ttl) ? TT_STAT_cookie_left_ttl : TT_SYNACK_OK;
	if (READ_ONCE(inet6_sk(sk)->min_hopcount))
		return TT_STAT_cookie_left_ttl;
	return rcu_access_pointer(inet6_sk(sk)->opt) ? TT_STAT_cookie_left_option : TT_SYNACK_OK;
}

/* Not for one host, and perhaps not from one. */
static bool is_for_many(const struct sk_buff *skb, u8 pf)
{
	if (skb->pkt_type != PACKET_HOST)
		return true;
	if (!skb_valid_dst(skb))
		return false;
	if (pf == NFPROTO_IPV4)
		return skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST);
	return !ipv6_unicast_destination(skb) ||
	       ipv6_addr_v4mapped(&ipv6_hdr(skb)->saddr);
}

static bool is_translated(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && READ_ONCE(ct->status) & (IPS_NAT_MASK | IPS_SEQ_ADJUST);
}

static enum tt_stat judge_packet(const struct net *net, const struct sk_buff *skb,
				 unsigned int thoff, u8 pf)
{
	/* another namespace's is the sender's */
	if (skb->sk && net_eq(sock_net(skb->sk), net))
		return skb->sk->sk_state == TCP_LISTEN ? TT_STAT_cookie_left_tproxy :
							 TT_STAT_cookie_left_socket;
	if (thoff != (pf == NFPROTO_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)))
		return TT_STAT_cookie_left_header;
	if (is_for_many(skb, pf))
		return TT_STAT_cookie_left_multicast;
	if (is_translated(skb))
		return TT_STAT_cookie_left_nat;
	return TT_SYNACK_OK;
}

/* A label that a security module would add to the answer is the stack's to write. */
static bool security_objects(struct tt_synack *a, struct sk_buff *skb)
{
	struct inet_request_sock *ireq = &a->treq.req;
	int err = security_inet_conn_request(a->sk, skb, &ireq->req);
	void *label = rcu_dereference_protected(ireq->ireq_opt, 1);

	if (likely(!label))
		return err;
	kfree(label);
	return true;
}

/* All that the stack asks before it answers; what it would drop it shall drop. */
static enum tt_stat judge_access(struct tt_synack *a, const struct tt_ctx *ctx)
{
	struct sk_buff *skb = ctx->skb;

	/* the third ACK would find this socket and never the listener */
	if (!ctx->no_socket && tt_sock_exists(ctx))
		return TT_STAT_cookie_left_socket;
	if (a->pf == NFPROTO_IPV4 ? !xfrm4_policy_check(a->sk, XFRM_POLICY_IN, skb) :
				    !xfrm6_policy_check(a->sk, XFRM_POLICY_IN, skb))
		return TT_STAT_cookie_left_ipsec;
	if (sk_filter(a->sk, skb))
		return TT_STAT_cookie_left_filter;
	if (security_objects(a, skb))
		return TT_STAT_cookie_left_security;
	return TT_SYNACK_OK;
}

/* RFC 3168, 6.1.1: no SYN is itself ECN-capable; one that is comes from a broken box. */
static bool negotiates_ecn(struct tt_synack *a)
{
	const struct tcphdr *th = &a->th;
	u32 wanted = dst_feature(a->dst, DST_FEATURE_ECN_MASK);
	bool allowed = READ_ONCE(a->net->ipv4.sysctl_tcp_ecn) || wanted;

	if (!th->ece || !th->cwr)
		return false;
	if (allowed && (INET_ECN_is_not_ect(a->treq.syn_tos) || th->res1))
		return true;
	return tcp_ca_needs_ecn(a->sk) || wanted & DST_FEATURE_ECN_CA ||
	       tt_synack_bpf_ecn(a);
}

/* @ip: network header of the peer's segment, here and below. */
static u32 timestamp_offset(const struct net *net, const void *ip, const struct tcphdr *th, u8 pf)
{
	const struct iphdr *iph = ip;
	const struct ipv6hdr *ip6h = ip;
	union tcp_seq_and_ts_off st;

	if (pf == NFPROTO_IPV4)
		st = secure_tcp_seq_and_ts_off(net, iph->daddr, iph->saddr, th->dest, th->source);
	else
		st = secure_tcpv6_seq_and_ts_off(net, ip6h->daddr.s6_addr32,
						 ip6h->saddr.s6_addr32, th->dest, th->source);
	return st.ts_off;
}

/* A tick late is early enough, and costs no look at the clock. */
static u64 now_ms(void)
{
	return div_u64(ktime_get_coarse_ns(), NSEC_PER_MSEC);
}

/* The latest timestamp that is not in the future and ends with the options. */
static u32 timestamp(const struct inet_request_sock *ireq, u64 ms)
{
	u32 options = ireq->wscale_ok ? ireq->snd_wscale : TS_NO_SCALE;
	u64 ts;

	if (ireq->sack_ok)
		options |= TS_SACK;
	if (ireq->ecn_ok)
		options |= TS_ECN;
	ts = (ms >> TS_BITS << TS_BITS) | options;
	return ts > ms ? ts - BIT(TS_BITS) : ts;
}

static u32 sequence(const void *ip, const struct tcphdr *th, u8 pf, u16 *mss)
{
	if (pf == NFPROTO_IPV4)
		return __cookie_v4_init_sequence(ip, th, mss);
	return __cookie_v6_init_sequence(ip, th, mss);
}

static u16 check(const void *ip, const struct tcphdr *th, u8 pf)
{
	if (pf == NFPROTO_IPV4)
		return tt_cookie_check_v4(ip, th);
	return tt_cookie_check_v6(ip, th);
}

u16 tt_cookie_check(const struct sk_buff *skb, const struct tcphdr *th, u8 pf)
{
	return check(skb_network_header(skb), th, pf);
}

static void bake(struct tt_synack *a, const struct sk_buff *skb)
{
	struct inet_request_sock *ireq = &a->treq.req;

	a->ack_mss = ireq->req.mss;
	a->treq.snt_isn = sequence(skb_network_header(skb), &a->th, a->pf, &a->ack_mss);
	if (!ireq->tstamp_ok)
		return;
	ireq->ecn_ok = negotiates_ecn(a);
	a->tsval = timestamp(ireq, now_ms()) +
		   timestamp_offset(a->net, skb_network_header(skb), &a->th, a->pf);
}

/* TT_SYNACK_OK: all is decided, and the way back held. */
static enum tt_stat prepare(struct tt_synack *a, const struct tt_ctx *ctx, struct sock *sk)
{
	struct tt_net *tn = ctx->tn;
	struct sk_buff *skb = ctx->skb;
	u8 pf = ctx->state->pf;
	enum tt_stat why = judge_packet(tn->net, skb, ctx->thoff, pf);

	if (ctx->malformed)
		why = TT_STAT_cookie_left_option;
	if (why == TT_SYNACK_OK)
		why = tt_cookie_listener(sk, pf);
	if (why == TT_SYNACK_OK)
		why = tt_synack_init(a, ctx, sk);
	if (why == TT_SYNACK_OK)
		why = judge_access(a, ctx);
	if (why != TT_SYNACK_OK)
		return why;
	a->reflect = READ_ONCE(tn->conf.reply) == TT_REPLY_REFLECT;
	why = tt_synack_route(a, skb);
	if (why != TT_SYNACK_OK)
		return why;
	bake(a, skb);
	if (tt_synack_window(a))
		return TT_SYNACK_OK;
	tt_synack_unroute(a);
	return TT_STAT_cookie_left_window;
}

enum tt_stat tt_cookie_answer(const struct tt_ctx *ctx, struct sock *sk)
{
	struct tt_synack a __uninitialized;
	enum tt_stat why = prepare(&a, ctx, sk);

	if (why != TT_SYNACK_OK)
		return why;
	tcp_synq_overflow(sk);
	return tt_synack_send(&a, ctx->tn, ctx->skb) ? TT_SYNACK_OK : TT_STAT_cookies_no_memory;
}

/* IPv4's cookies know it and IPv6's, too. */
#define TEST_MSS	1440

/* One cookie for the tuple of @ip and @th: taken back as it was given, and no other. */
static int test_tuple(const void *ip, struct tcphdr *th, u8 pf)
{
	u16 mss = TEST_MSS;
	u32 isn = sequence(ip, th, pf, &mss);

	if (mss != TEST_MSS)
		return -EPROTO;
	th->seq = htonl(ntohl(th->seq) + 1);
	th->ack_seq = htonl(isn + 1);
	if (check(ip, th, pf) != mss)
		return -EBADMSG;
	th->source ^= htons(1);
	if (check(ip, th, pf))
		return -EKEYREJECTED;
	th->source ^= htons(1);
	th->ack_seq = htonl(isn + 2 + (1 << 23));
	if (check(ip, th, pf))
		return -EKEYREJECTED;
	return 0;
}

/* RFC 7323, 5.4: an offset for each tuple, unless the administrator wants the same for all. */
static int test_offset(const void *ip, struct tcphdr *th, u8 pf)
{
	bool random = READ_ONCE(init_net.ipv4.sysctl_tcp_timestamps) == 1;
	u32 offset = timestamp_offset(&init_net, ip, th, pf);

	if (timestamp_offset(&init_net, ip, th, pf) != offset)
		return -ESTALE;
	th->source ^= htons(1);
	if (random ? timestamp_offset(&init_net, ip, th, pf) == offset : offset)
		return -EOPNOTSUPP;
	return 0;
}

static int test_timestamp(void)
{
	struct inet_request_sock ireq = { .wscale_ok = 1, .snd_wscale = 9, .sack_ok = 1 };
	const u64 ms = 0x123456789aULL;
	const u32 now = lower_32_bits(ms);
	u32 ts = timestamp(&ireq, ms);

	if ((ts & 63) != (9 | TS_SACK) || now - ts > 63)
		return -ERANGE;
	ireq.wscale_ok = 0;
	ireq.ecn_ok = 1;
	ts = timestamp(&ireq, ms);
	return (ts & 63) != (TS_NO_SCALE | TS_SACK | TS_ECN) || now - ts > 63 ? -ERANGE : 0;
}

int tt_cookie_result;

int tt_cookie_selftest(void)
{
	const struct iphdr iph = { .saddr = htonl(0xc0000201), .daddr = htonl(0xc6336401) };
	const struct ipv6hdr ip6h = {
		.saddr.s6_addr32 = { htonl(0x20010db8), 0, 0, htonl(1) },
		.daddr.s6_addr32 = { htonl(0x20010db8), 0, 0, htonl(2) },
	};
	struct tcphdr th = { .source = htons(40000), .dest = htons(80), .seq = htonl(~0u) };
	int err = test_timestamp();

	err = err ?: test_tuple(&iph, &th, NFPROTO_IPV4);
	err = err ?: test_offset(&iph, &th, NFPROTO_IPV4);
	if (!IS_ENABLED(CONFIG_IPV6))
		return err;
	err = err ?: test_tuple(&ip6h, &th, NFPROTO_IPV6);
	return err ?: test_offset(&ip6h, &th, NFPROTO_IPV6);
}
