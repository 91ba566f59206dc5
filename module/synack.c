// SPDX-License-Identifier: GPL-2.0-only
/* The SYN-ACK that the stack itself would have sent with tcp_syncookies=2. */

#include <linux/bpf-cgroup.h>
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/log2.h>
#include <linux/netfilter.h>
#include <linux/security.h>
#include <linux/tcp.h>
#include <net/dst_metadata.h>
#include <net/inet_ecn.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/tcp.h>

#include "buffer.h"
#include "net.h"
#include "reflect.h"
#include "synack.h"
#include "track.h"

/* All that anybody asks of it is the family. */
static const struct request_sock_ops ops4 = { .family = PF_INET };
static const struct request_sock_ops ops6 = { .family = PF_INET6 };

static void init_request(struct tt_synack *a, struct sk_buff *skb)
{
	struct inet_request_sock *ireq = &a->treq.req;
	struct request_sock *req = &ireq->req;

	req->rsk_ops = a->pf == NFPROTO_IPV4 ? &ops4 : &ops6;
	req->rsk_listener = a->sk;
	req->syncookie = true;
	ireq->ireq_family = req->rsk_ops->family;
	ireq->ireq_state = TCP_NEW_SYN_RECV;
	write_pnet(&ireq->ireq_net, a->net);
	ireq->ir_num = ntohs(a->th.dest);
	ireq->ir_rmt_port = a->th.source;
	ireq->ir_mark = inet_request_mark(a->sk, skb);
	ireq->ir_iif = inet_request_bound_dev_if(a->sk, skb);
	a->treq.rcv_isn = ntohl(a->th.seq);
	a->treq.rcv_nxt = a->treq.rcv_isn + 1;
	if (a->pf == NFPROTO_IPV4) {
		ireq->ir_rmt_addr = ip_hdr(skb)->saddr;
		ireq->ir_loc_addr = ip_hdr(skb)->daddr;
		a->treq.syn_tos = ip_hdr(skb)->tos;
		req->mss = TCP_MSS_DEFAULT;
		return;
	}
	ireq->ir_v6_rmt_addr = ipv6_hdr(skb)->saddr;
	ireq->ir_v6_loc_addr = ipv6_hdr(skb)->daddr;
	a->treq.syn_tos = ipv6_get_dsfield(ipv6_hdr(skb));
	req->mss = IPV6_MIN_MTU - sizeof(struct tcphdr) - sizeof(struct ipv6hdr);
	a->flowlabel = ip6_flowlabel(ipv6_hdr(skb));
	/* a link-local peer is only known together with its link */
	if ((!a->sk->sk_bound_dev_if || ipv6_l3mdev_skb(IP6CB(skb)->flags)) &&
	    ipv6_addr_type(&ireq->ir_v6_rmt_addr) & IPV6_ADDR_LINKLOCAL)
		ireq->ir_iif = inet6_iif(skb);
}

/* The SYN's options; what the stack's sysctls refuse is as if it were not there. */
static void take_options(struct tt_synack *a, const struct tt_seg *seg)
{
	struct inet_request_sock *ireq = &a->treq.req;
	const struct netns_ipv4 *ipv4 = &a->net->ipv4;
	u16 user_mss = READ_ONCE(tcp_sk(a->sk)->rx_opt.user_mss);

	if (seg->mss)
		ireq->req.mss = user_mss && user_mss < seg->mss ? user_mss : seg->mss;
	/* without a timestamp there is no place to remember the others */
	if (!seg->has_ts || !READ_ONCE(ipv4->sysctl_tcp_timestamps))
		return;
	ireq->tstamp_ok = 1;
	ireq->req.ts_recent = seg->tsval;
	ireq->sack_ok = seg->sack && READ_ONCE(ipv4->sysctl_tcp_sack);
	if (seg->wscale != TT_WSCALE_NONE && READ_ONCE(ipv4->sysctl_tcp_window_scaling)) {
		ireq->wscale_ok = 1;
		ireq->snd_wscale = seg->wscale;
	}
}

enum tt_stat tt_synack_init(struct tt_synack *a, const struct tt_ctx *ctx, struct sock *sk)
{
	memset(a, 0, offsetof(struct tt_synack, th));
	a->net = ctx->tn->net;
	a->sk = sk;
	a->pf = ctx->state->pf;
	a->th = *(const struct tcphdr *)(ctx->skb->data + ctx->thoff);
	init_request(a, ctx->skb);
	if (ctx->seg.wants == TT_WANTS_AUTH)
		return TT_STAT_cookie_left_auth;
	if (ctx->seg.wants == TT_WANTS_JOIN)
		return TT_STAT_cookie_left_mptcp;
	take_options(a, &ctx->seg);
	return TT_SYNACK_OK;
}

static void route_v4(struct tt_synack *a)
{
	const struct inet_request_sock *ireq = &a->treq.req;
	struct flowi4 *fl4 = &a->fl.u.ip4;
	struct rtable *rt;

	flowi4_init_output(fl4, ireq->ir_iif, ireq->ir_mark, ip_sock_rt_tos(a->sk),
			   ip_sock_rt_scope(a->sk), IPPROTO_TCP, inet_sk_flowi_flags(a->sk),
			   ireq->ir_rmt_addr, ireq->ir_loc_addr, ireq->ir_rmt_port,
			   htons(ireq->ir_num), a->sk->sk_uid);
	security_req_classify_flow(&ireq->req, flowi4_to_flowi_common(fl4));
	rt = ip_route_output_flow(a->net, fl4, a->sk);
	if (!IS_ERR(rt))
		a->dst = &rt->dst;
}

static void route_v6(struct tt_synack *a)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct inet_request_sock *ireq = &a->treq.req;
	struct flowi6 *fl6 = &a->fl.u.ip6;
	struct dst_entry *dst;

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = IPPROTO_TCP;
	fl6->daddr = ireq->ir_v6_rmt_addr;
	fl6->saddr = ireq->ir_v6_loc_addr;
	fl6->flowi6_oif = ireq->ir_iif;
	fl6->flowi6_mark = ireq->ir_mark;
	fl6->fl6_dport = ireq->ir_rmt_port;
	fl6->fl6_sport = htons(ireq->ir_num);
	fl6->flowi6_uid = a->sk->sk_uid;
	security_req_classify_flow(&ireq->req, flowi6_to_flowi_common(fl6));
	dst = ip6_dst_lookup_flow(a->net, a->sk, fl6, NULL);
	if (!IS_ERR(dst))
		a->dst = dst;
#endif
}

/*
 * A forged source is not always one that a packet may be sent to; nor to this host, unless it
 * was routed, and so came from there.
 */
static bool goes_astray(const struct tt_synack *a, const struct sk_buff *skb)
{
	const struct rtable *rt = (const struct rtable *)a->dst;

	if (a->pf == NFPROTO_IPV4)
		return rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST) ||
		       (!skb_valid_dst(skb) && rt->rt_type != RTN_UNICAST);
	return !(ipv6_addr_type(&a->treq.req.ir_v6_rmt_addr) & IPV6_ADDR_UNICAST);
}

/* Routing, which is still to come, would drop a SYN whose way back is another (RFC 3704). */
static bool fails_strict(const struct tt_synack *a, const struct sk_buff *skb)
{
	struct in_device *in_dev;

	if (a->pf != NFPROTO_IPV4 || skb_valid_dst(skb) || a->dst->dev == skb->dev)
		return false;
	in_dev = __in_dev_get_rcu(skb->dev);
	return !in_dev || IN_DEV_RPFILTER(in_dev) == 1;
}

enum tt_stat tt_synack_route(struct tt_synack *a, const struct sk_buff *skb)
{
	enum tt_stat why = TT_SYNACK_OK;

	a->reflect = a->reflect && tt_reflect_can(a->net, skb, a->pf);
	if (a->reflect) {
		tt_reflect_dst(&a->mirror, skb, a->pf);
		a->dst = &a->mirror;
		return TT_SYNACK_OK;
	}
	if (a->pf == NFPROTO_IPV4)
		route_v4(a);
	else
		route_v6(a);
	if (!a->dst)
		return TT_STAT_cookies_no_route;
	if (fails_strict(a, skb))
		why = TT_STAT_cookies_no_route;
	else if (goes_astray(a, skb))
		why = TT_STAT_cookie_left_multicast;
	else if (secpath_exists(skb) && !dst_xfrm(a->dst))
		why = TT_STAT_cookie_left_ipsec;
	if (why != TT_SYNACK_OK)
		tt_synack_unroute(a);
	return why;
}

void tt_synack_unroute(struct tt_synack *a)
{
	if (!a->reflect)
		dst_release(a->dst);
	a->dst = NULL;
}

/* The stack's choice of a first window: whole segments, of no more than @most octets. */
static u32 first_window(int space, u32 mss, u32 most)
{
	u32 window = min_t(u32, max(space, 0), most);

	return window > mss ? rounddown(window, mss) : window;
}

/* As a shift, what it may grow to; @grown: by the sysctls. */
static u8 scale_of(u32 window, u32 grown, u32 most)
{
	u32 space = max(window, grown);
	int bits;

	/* (one macro at a time: sparse reads no longer ones) */
	space = min(space, most);
	bits = ilog2(space);
	return clamp_t(int, bits - 15, 0, TCP_MAX_WSCALE);
}

/* Not asked for nothing: to ask, the kernel clears a struct bpf_sock_ops_kern. */
static u32 bpf_window(const struct tt_synack *a)
{
	return cgroup_bpf_enabled(CGROUP_SOCK_OPS) ?
		tcp_rwnd_init_bpf((struct sock *)&a->treq) : 0;
}

bool tt_synack_bpf_ecn(const struct tt_synack *a)
{
	return cgroup_bpf_enabled(CGROUP_SOCK_OPS) &&
	       tcp_bpf_ca_needs_ecn((struct sock *)&a->treq);
}

bool tt_synack_window(struct tt_synack *a)
{
	struct inet_request_sock *ireq = &a->treq.req;
	const struct netns_ipv4 *ipv4 = &a->net->ipv4;
	const struct sock *sk = a->sk;
	u32 clamp = READ_ONCE(tcp_sk(sk)->window_clamp) ?: dst_metric(a->dst, RTAX_WINDOW);
	u32 grown = max_t(u32, READ_ONCE(ipv4->sysctl_tcp_rmem[2]), READ_ONCE(sysctl_rmem_max));
	u32 segments = bpf_window(a), mss, most, window;
	int full = tcp_full_space(sk), space = full;

	a->mss = tcp_mss_clamp(tcp_sk(sk), tcp_dst_advmss(a->dst));
	mss = a->mss;
	/* who locks his buffer does not want more */
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK && (clamp > (u32)full || !clamp))
		clamp = full;
	most = clamp ?: (u32)U16_MAX << TCP_MAX_WSCALE;
	if (!segments)
		segments = dst_metric(a->dst, RTAX_INITRWND);
	else if (space < (int)(segments * mss))
		space = segments * mss;
	if (ireq->tstamp_ok)
		mss -= TCPOLEN_TSTAMP_ALIGNED;
	window = first_window(space, mss, most);
	if (ireq->wscale_ok) {
		ireq->rcv_wscale = scale_of(window, grown, most);
		/* where both windows are below what they may grow to, there is but one scale */
		if (max(space, full) > (int)min_t(u32, grown, INT_MAX) &&
		    scale_of(first_window(full, a->ack_mss, most), grown, most) !=
		    ireq->rcv_wscale)
			return false;
	}
	if (READ_ONCE(ipv4->sysctl_tcp_workaround_signed_windows))
		window = min(window, MAX_TCP_WINDOW);
	ireq->req.rsk_rcv_wnd = segments ? min(window, segments * mss) : window;
	return true;
}

static unsigned int header_length(const struct tt_synack *a)
{
	const struct inet_request_sock *ireq = &a->treq.req;

	return sizeof(struct tcphdr) + TCPOLEN_MSS_ALIGNED +
	       (ireq->tstamp_ok ? TCPOLEN_TSTAMP_ALIGNED : 0) +
	       (ireq->wscale_ok ? TCPOLEN_WSCALE_ALIGNED : 0);
}

/* In the stack's order: SACK-permitted takes the place of the timestamp's padding. */
static void put_options(const struct tt_synack *a, __be32 *p)
{
	const struct inet_request_sock *ireq = &a->treq.req;

	*p++ = htonl(TCPOPT_MSS << 24 | TCPOLEN_MSS << 16 | a->mss);
	if (ireq->tstamp_ok) {
		u32 lead = ireq->sack_ok ? TCPOPT_SACK_PERM << 8 | TCPOLEN_SACK_PERM :
					   TCPOPT_NOP << 8 | TCPOPT_NOP;

		*p++ = htonl(lead << 16 | TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP);
		*p++ = htonl(a->tsval);
		*p++ = htonl(ireq->req.ts_recent);
	}
	if (ireq->wscale_ok)
		*p++ = htonl(TCPOPT_NOP << 24 | TCPOPT_WINDOW << 16 | TCPOLEN_WINDOW << 8 |
			     ireq->rcv_wscale);
}

static void put_tcp(const struct tt_synack *a, struct sk_buff *skb)
{
	const struct inet_request_sock *ireq = &a->treq.req;
	unsigned int len = header_length(a);
	struct tcphdr *th = tcp_hdr(skb);

	th->source = htons(ireq->ir_num);
	th->dest = ireq->ir_rmt_port;
	th->seq = htonl(a->treq.snt_isn);
	th->ack_seq = htonl(a->treq.rcv_nxt);
	/* data offset, flags and window at once */
	tcp_flag_word(th) = htonl(len / 4 << 28 | min_t(u32, ireq->req.rsk_rcv_wnd, U16_MAX)) |
			    TCP_FLAG_SYN | TCP_FLAG_ACK | (ireq->ecn_ok ? TCP_FLAG_ECE : 0);
	th->urg_ptr = 0;
	put_options(a, (__be32 *)(th + 1));
	if (a->pf == NFPROTO_IPV4)
		th->check = ~tcp_v4_check(len, ireq->ir_loc_addr, ireq->ir_rmt_addr, 0);
	else
		th->check = ~tcp_v6_check(len, &ireq->ir_v6_loc_addr, &ireq->ir_v6_rmt_addr, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

/* DSCP of the SYN where that is wished; whether ECT is set is never the peer's choice. */
static u8 reply_tos(const struct tt_synack *a, u8 tos)
{
	if (READ_ONCE(a->net->ipv4.sysctl_tcp_reflect_tos))
		tos = (a->treq.syn_tos & ~INET_ECN_MASK) | (tos & INET_ECN_MASK);
	if (!INET_ECN_is_capable(tos) && tt_synack_bpf_ecn(a))
		tos |= INET_ECN_ECT_0;
	return tos;
}

static void put_ipv4(const struct tt_synack *a, struct sk_buff *skb)
{
	const struct inet_sock *inet = inet_sk(a->sk);
	struct iphdr *iph = ip_hdr(skb);
	int ttl = READ_ONCE(inet->uc_ttl);

	iph->version = 4;
	iph->ihl = 5;
	iph->tos = reply_tos(a, READ_ONCE(inet->tos));
	iph->id = 0;
	iph->frag_off = htons(IP_DF);	/* the stack's way with packets below 68 octets */
	iph->ttl = ttl < 0 ? ip4_dst_hoplimit(a->dst) : ttl;
	iph->protocol = IPPROTO_TCP;
	iph->saddr = a->treq.req.ir_loc_addr;
	iph->daddr = a->treq.req.ir_rmt_addr;
}

#if IS_ENABLED(CONFIG_IPV6)
static bool labels_itself(const struct tt_synack *a)
{
	if (!inet6_test_bit(AUTOFLOWLABEL_SET, a->sk))
		return ip6_default_np_autolabel(a->net);
	return inet6_test_bit(AUTOFLOWLABEL, a->sk);
}

static void put_ipv6(struct tt_synack *a, struct sk_buff *skb)
{
	const struct ipv6_pinfo *np = inet6_sk(a->sk);
	struct ipv6hdr *ip6h = ipv6_hdr(skb);
	__be32 label = inet6_test_bit(REPFLOW, a->sk) ? a->flowlabel : 0;
	/* a bit-field on 6.1, where READ_ONCE() cannot read it */
	int hops = data_race(np->hop_limit);

	label = ip6_make_flowlabel(a->net, skb, label, labels_itself(a), &a->fl.u.ip6);
	ip6_flow_hdr(ip6h, reply_tos(a, np->tclass), label);
	ip6h->nexthdr = IPPROTO_TCP;
	ip6h->hop_limit = hops < 0 ? ip6_dst_hoplimit(a->dst) : hops;
	ip6h->saddr = a->treq.req.ir_v6_loc_addr;
	ip6h->daddr = a->treq.req.ir_v6_rmt_addr;
}
#else
static void put_ipv6(struct tt_synack *a, struct sk_buff *skb)
{
}
#endif

/* On its way from this CPU to the hooks of LOCAL_OUT. */
static DEFINE_PER_CPU(const struct sk_buff *, own);

bool tt_synack_is_own(const struct sk_buff *skb)
{
	return this_cpu_read(own) == skb;
}

/* With the sockets that the stack passes on with its own cookies. */
static void send(struct tt_synack *a, struct sk_buff *skb)
{
	const struct sk_buff *outer = this_cpu_read(own);

	this_cpu_write(own, skb);
	if (a->pf == NFPROTO_IPV4)
		ip_local_out(a->net, NULL, skb);
#if IS_ENABLED(CONFIG_IPV6)
	else
		ip6_local_out(a->net, a->sk, skb);
#endif
	this_cpu_write(own, outer);
}

bool tt_synack_send(struct tt_synack *a, struct tt_net *tn, struct sk_buff *skb)
{
	unsigned int ip = a->pf == NFPROTO_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct ethhdr eth;

	if (a->reflect)
		eth = *eth_hdr(skb);
	skb = tt_buffer_get(tn, skb, a->dst, ip + header_length(a));
	if (!skb) {
		tt_synack_unroute(a);
		return false;
	}
	skb_set_transport_header(skb, ip);
	skb->mark = a->treq.req.ir_mark ?: READ_ONCE(a->sk->sk_mark);
	skb->priority = READ_ONCE(a->sk->sk_priority);
	skb->protocol = a->pf == NFPROTO_IPV4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
	/* as good as a random number, and at hand */
	skb_set_hash(skb, a->treq.snt_isn | 1, PKT_HASH_TYPE_L4);
	put_tcp(a, skb);
	if (a->pf == NFPROTO_IPV4)
		put_ipv4(a, skb);
	else
		put_ipv6(a, skb);
	if (a->reflect) {
		__tt_stat_inc(tn, cookies_reflected);
		tt_reflect_send(skb, a->dst, &eth);
		return true;
	}
	skb_dst_set(skb, a->dst);
	send(a, skb);
	return true;
}
