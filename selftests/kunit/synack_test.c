// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: the SYN-ACK of a cookie: its options, its window and its scale. */

#include <kunit/test.h>
#include <linux/net.h>
#include <linux/random.h>

#include "synack.c"
#include "dirty.h"

#define SEED	4987
#define NEAR	4	/* on both sides of a power of 2 */

/* What these suites have not got of the module. What is sent is here. */
static struct sk_buff *sent;

bool tt_reflect_can(struct net *net, const struct sk_buff *skb, u8 pf)
{
	return false;
}

void tt_reflect_dst(struct dst_entry *dst, const struct sk_buff *skb, u8 pf)
{
}

void tt_reflect_send(struct sk_buff *skb, const struct dst_entry *dst, const struct ethhdr *syn)
{
	sent = skb;
}

/* A listener, its namespace and the way back: as much of them as is asked. */
struct stage {
	struct net net;
	struct tcp_sock tp;
	struct dst_entry dst;
	u32 metrics[RTAX_MAX];
	struct tt_synack a;
};

static int stage_init(struct kunit *test)
{
	struct stage *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	struct sock *sk;
	struct socket *sock;

	if (!s)
		return -ENOMEM;
	/* (how much of a buffer is window is kept in another place by each kernel) */
	if (sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &sock))
		return -ENOMEM;
	memcpy(&s->tp, tcp_sk(sock->sk), sizeof(s->tp));
	sock_release(sock);
	sk = (struct sock *)&s->tp;
	write_pnet(&sk->sk_net, &s->net);
	s->net.ipv4.sysctl_tcp_timestamps = 1;
	s->net.ipv4.sysctl_tcp_sack = 1;
	s->net.ipv4.sysctl_tcp_window_scaling = 1;
	dst_init_metrics(&s->dst, s->metrics, false);
	s->metrics[RTAX_ADVMSS - 1] = 1460;
	s->a.net = &s->net;
	s->a.sk = sk;
	s->a.dst = &s->dst;
	s->a.pf = NFPROTO_IPV4;
	test->priv = s;
	return 0;
}

/* tcp_full_space() is so many octets; of a buffer it may be but a quarter. */
#define SPACE_MAX	BIT(28)

static void set_space(struct stage *s, int space)
{
	struct sock *sk = (struct sock *)&s->tp;

	sk->sk_rcvbuf = space;
	while (tcp_full_space(sk) < space)
		sk->sk_rcvbuf += max(space - tcp_full_space(sk), 1);
}

struct window {
	u32 window, clamp;
	u8 scale;
};

/* tcp_select_initial_window() of net/ipv4/tcp_output.c, which is not exported, word by word. */
static void stack_window(const struct stage *s, int full, u32 mss, u32 segments, bool wscale_ok,
			 struct window *w)
{
	unsigned int space = full < 0 ? 0 : full;

	if (!w->clamp)
		w->clamp = (U16_MAX << TCP_MAX_WSCALE);
	space = min(w->clamp, space);
	if (space > mss)
		space = rounddown(space, mss);
	if (s->net.ipv4.sysctl_tcp_workaround_signed_windows)
		w->window = min(space, MAX_TCP_WINDOW);
	else
		w->window = space;
	if (segments)
		w->window = min(w->window, segments * mss);
	w->scale = 0;
	if (wscale_ok) {
		space = max_t(u32, space, s->net.ipv4.sysctl_tcp_rmem[2]);
		space = max_t(u32, space, sysctl_rmem_max);
		space = min_t(u32, space, w->clamp);
		w->scale = clamp_t(int, ilog2(space) - 15, 0, TCP_MAX_WSCALE);
	}
}

/* What both tcp_openreq_init_rwin() and cookie_v4_check() begin with. */
static void stack_clamp(const struct stage *s, struct window *w)
{
	const struct sock *sk = (const struct sock *)&s->tp;
	u32 full = tcp_full_space(sk);

	w->clamp = s->tp.window_clamp ? : s->metrics[RTAX_WINDOW - 1];
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK && (w->clamp > full || !w->clamp))
		w->clamp = full;
}

/*
 * As the stack would do it at the SYN; and, where that is said to be so, as it will choose its
 * scale again at the ACK, for which it knows the cookie's MSS only. Returns what is said.
 */
static bool expect_stack(struct kunit *test)
{
	struct stage *s = test->priv;
	struct inet_request_sock *ireq = &s->a.treq.req;
	int full = tcp_full_space((struct sock *)&s->tp);
	u32 mss = tcp_mss_clamp(&s->tp, s->metrics[RTAX_ADVMSS - 1]);
	u32 segments = s->metrics[RTAX_INITRWND - 1];
	struct window syn, ack;
	bool same;

	stack_clamp(s, &syn);
	stack_window(s, full, mss - (ireq->tstamp_ok ? TCPOLEN_TSTAMP_ALIGNED : 0), segments,
		     ireq->wscale_ok, &syn);
	stack_clamp(s, &ack);
	stack_window(s, full, s->a.ack_mss, segments, ireq->wscale_ok, &ack);

	ireq->rcv_wscale = 0;
	same = tt_synack_window(&s->a);
	KUNIT_EXPECT_EQ(test, s->a.mss, mss);
	KUNIT_EXPECT_EQ(test, (u8)ireq->rcv_wscale, syn.scale);
	KUNIT_EXPECT_EQ_MSG(test, same, syn.scale == ack.scale,
			    "space %d, clamp %u, mss %u, ack_mss %u", full, syn.clamp, mss,
			    s->a.ack_mss);
	if (same)
		KUNIT_EXPECT_EQ_MSG(test, ireq->req.rsk_rcv_wnd, syn.window,
				    "space %d, clamp %u, mss %u, segments %u", full, syn.clamp,
				    mss, segments);
	return same;
}

static void set_options(struct stage *s, bool tstamp, bool wscale, u16 ack_mss)
{
	s->a.treq.req.tstamp_ok = tstamp;
	s->a.treq.req.wscale_ok = wscale;
	s->a.ack_mss = ack_mss;
}

/* A few exact ones, without the model. */
static void synack_window_exact(struct kunit *test)
{
	struct stage *s = test->priv;
	struct inet_request_sock *ireq = &s->a.treq.req;

	s->net.ipv4.sysctl_tcp_rmem[2] = 6291456;
	set_space(s, 65536);
	set_options(s, false, false, 1460);
	KUNIT_EXPECT_TRUE(test, tt_synack_window(&s->a));
	KUNIT_EXPECT_EQ(test, ireq->req.rsk_rcv_wnd, 44u * 1460);
	KUNIT_EXPECT_EQ(test, (u8)ireq->rcv_wscale, 0);
	set_options(s, true, true, 1460);
	KUNIT_EXPECT_TRUE(test, tt_synack_window(&s->a));
	KUNIT_EXPECT_EQ(test, ireq->req.rsk_rcv_wnd, 45u * 1448);
	KUNIT_EXPECT_EQ(test, (u8)ireq->rcv_wscale, 22 - 15);
	s->net.ipv4.sysctl_tcp_workaround_signed_windows = 1;
	KUNIT_EXPECT_TRUE(test, tt_synack_window(&s->a));
	KUNIT_EXPECT_EQ(test, ireq->req.rsk_rcv_wnd, 32767u);
	s->metrics[RTAX_INITRWND - 1] = 10;
	KUNIT_EXPECT_TRUE(test, tt_synack_window(&s->a));
	KUNIT_EXPECT_EQ(test, ireq->req.rsk_rcv_wnd, 14480u);
	s->tp.rx_opt.user_mss = 536;
	KUNIT_EXPECT_TRUE(test, tt_synack_window(&s->a));
	KUNIT_EXPECT_EQ(test, s->a.mss, 536);
	KUNIT_EXPECT_EQ(test, ireq->req.rsk_rcv_wnd, 5240u);
}

/* A window of whole segments: at one segment, below and above it. */
static void synack_window_segments(struct kunit *test)
{
	struct stage *s = test->priv;
	int space;

	s->net.ipv4.sysctl_tcp_rmem[2] = 6291456;
	for (space = 0; space <= 3 * 1460 + 1; space++) {
		set_space(s, space);
		set_options(s, space & 1, true, 1460);
		KUNIT_EXPECT_TRUE(test, expect_stack(test));
		set_options(s, space & 1, false, 536);
		KUNIT_EXPECT_TRUE(test, expect_stack(test));
	}
}

/* Where what it may grow to crosses a power of 2: by a sysctl or by the clamp. */
static void synack_window_scale(struct kunit *test)
{
	struct stage *s = test->priv;
	int bit, i;

	set_space(s, 65536);
	for (bit = 14; bit < 31; bit++) {
		for (i = -NEAR; i <= NEAR; i++) {
			s->net.ipv4.sysctl_tcp_rmem[2] = (1 << bit) + i;
			set_options(s, true, true, 1460);
			s->tp.window_clamp = 0;
			KUNIT_EXPECT_TRUE(test, expect_stack(test));
			s->tp.window_clamp = (1 << bit) + i;
			s->net.ipv4.sysctl_tcp_rmem[2] = INT_MAX;
			KUNIT_EXPECT_TRUE(test, expect_stack(test));
		}
	}
	s->tp.window_clamp = 0;
	set_options(s, true, true, 1460);
	KUNIT_EXPECT_TRUE(test, expect_stack(test));
	KUNIT_EXPECT_EQ(test, (u8)s->a.treq.req.rcv_wscale, 29 - 15);
}

/* Above what the sysctls say it is the buffer itself, rounded by one MSS or by another. */
static void synack_window_unforeseeable(struct kunit *test)
{
	struct stage *s = test->priv;
	unsigned int left = 0;
	int bit, i;

	for (bit = 17; bit < 28; bit++) {
		for (i = -NEAR; i <= 1460; i += 3) {
			set_space(s, (1 << bit) + i);
			set_options(s, true, true, 536);
			left += !expect_stack(test);
			set_options(s, i & 1, true, 1448);
			expect_stack(test);
		}
	}
	KUNIT_EXPECT_GT(test, left, 0u);
	/* without a scale there is nothing to foresee */
	set_space(s, (1 << 20) + 100);
	set_options(s, true, false, 536);
	KUNIT_EXPECT_TRUE(test, expect_stack(test));
}

/* Who has set his buffer has no more than that; who has set a clamp, too. */
static void synack_window_clamp(struct kunit *test)
{
	static const int spaces[] = { 0, 1, 1460, 65535, 65536, 300000, 1 << 24 };
	struct stage *s = test->priv;
	struct sock *sk = (struct sock *)&s->tp;
	unsigned int i;
	int by;

	s->net.ipv4.sysctl_tcp_rmem[2] = 6291456;
	for (i = 0; i < ARRAY_SIZE(spaces); i++) {
		set_space(s, spaces[i]);
		for (by = -NEAR; by <= NEAR; by++) {
			sk->sk_userlocks = by & 1 ? SOCK_RCVBUF_LOCK : 0;
			s->tp.window_clamp = max(spaces[i] + by, 0);
			s->metrics[RTAX_WINDOW - 1] = 0;
			set_options(s, true, true, 1460);
			expect_stack(test);
			s->metrics[RTAX_WINDOW - 1] = s->tp.window_clamp;
			s->tp.window_clamp = 0;
			expect_stack(test);
		}
	}
}

static u32 any_size(struct rnd_state *rnd)
{
	u32 bits = 1 + prandom_u32_state(rnd) % 30;
	u32 size = prandom_u32_state(rnd) & (BIT(bits) - 1);

	/* often just beside a power of 2 */
	return prandom_u32_state(rnd) % 2 ? size : BIT(bits) + size % (2 * NEAR) - NEAR;
}

static void synack_window_any(struct kunit *test)
{
	struct stage *s = test->priv;
	struct sock *sk = (struct sock *)&s->tp;
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < 20000; i++) {
		u32 how = prandom_u32_state(&rnd);

		set_space(s, min_t(u32, any_size(&rnd), SPACE_MAX));
		s->net.ipv4.sysctl_tcp_rmem[2] = min_t(u32, any_size(&rnd), INT_MAX);
		s->net.ipv4.sysctl_tcp_workaround_signed_windows = how % 2;
		sk->sk_userlocks = how & 2 ? SOCK_RCVBUF_LOCK : 0;
		s->tp.window_clamp = how & 4 ? any_size(&rnd) : 0;
		s->metrics[RTAX_WINDOW - 1] = how & 8 ? any_size(&rnd) : 0;
		s->metrics[RTAX_INITRWND - 1] = how & 16 ? any_size(&rnd) % 100 : 0;
		s->metrics[RTAX_ADVMSS - 1] = 88 + prandom_u32_state(&rnd) % 65408;
		s->tp.rx_opt.user_mss = how & 32 ? 88 + prandom_u32_state(&rnd) % 32680 : 0;
		set_options(s, how & 64, how & 128, 88 + prandom_u32_state(&rnd) % 9000);
		expect_stack(test);
	}
}

struct options_case {
	const char *name;
	u8 ts, sack, wscale;	/* sysctls */
	struct tt_seg seg;
	u16 user_mss;
	u8 tstamp_ok, sack_ok, wscale_ok, snd_wscale;
	u16 mss;
	u8 len;			/* of the answer's options */
	u8 octets[24];
};

#define NONE	TT_WSCALE_NONE
#define SEG(_mss, _has_ts, _sack, _wscale) \
	{ .mss = (_mss), .has_ts = (_has_ts), .sack = (_sack), .wscale = (_wscale), \
	  .tsval = 0x01020304 }

static const struct options_case options_cases[] = {
	{ "none", 1, 1, 1, SEG(0, false, false, NONE), 0, 0, 0, 0, 0, 536,
	  4, { 2, 4, 5, 180 } },
	{ "all", 1, 1, 1, SEG(1400, true, true, 7), 0, 1, 1, 1, 7, 1400,
	  20, { 2, 4, 5, 180, 4, 2, 8, 10, 0xa, 0xb, 0xc, 0xd, 1, 2, 3, 4, 1, 3, 3, 9 } },
	{ "scale 0", 1, 1, 1, SEG(1400, true, false, 0), 0, 1, 0, 1, 0, 1400,
	  20, { 2, 4, 5, 180, 1, 1, 8, 10, 0xa, 0xb, 0xc, 0xd, 1, 2, 3, 4, 1, 3, 3, 9 } },
	{ "no scale", 1, 1, 1, SEG(1400, true, true, NONE), 0, 1, 1, 0, 0, 1400,
	  16, { 2, 4, 5, 180, 4, 2, 8, 10, 0xa, 0xb, 0xc, 0xd, 1, 2, 3, 4 } },
	{ "no timestamp", 1, 1, 1, SEG(1400, false, true, 7), 0, 0, 0, 0, 0, 1400,
	  4, { 2, 4, 5, 180 } },
	{ "tcp_timestamps=0", 0, 1, 1, SEG(1400, true, true, 7), 0, 0, 0, 0, 0, 1400,
	  4, { 2, 4, 5, 180 } },
	{ "tcp_sack=0", 1, 0, 1, SEG(1400, true, true, 7), 0, 1, 0, 1, 7, 1400,
	  20, { 2, 4, 5, 180, 1, 1, 8, 10, 0xa, 0xb, 0xc, 0xd, 1, 2, 3, 4, 1, 3, 3, 9 } },
	{ "tcp_window_scaling=0", 1, 1, 0, SEG(1400, true, true, 7), 0, 1, 1, 0, 0, 1400,
	  16, { 2, 4, 5, 180, 4, 2, 8, 10, 0xa, 0xb, 0xc, 0xd, 1, 2, 3, 4 } },
	{ "user_mss above", 1, 1, 1, SEG(1400, false, false, NONE), 1401, 0, 0, 0, 0, 1400,
	  4, { 2, 4, 5, 180 } },
	{ "user_mss below", 1, 1, 1, SEG(1400, false, false, NONE), 1399, 0, 0, 0, 0, 1399,
	  4, { 2, 4, 5, 180 } },
	{ "user_mss without one", 1, 1, 1, SEG(0, false, false, NONE), 500, 0, 0, 0, 0, 536,
	  4, { 2, 4, 5, 180 } },
};

static void options_name(const struct options_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(synack_options, options_cases, options_name);

static void synack_options(struct kunit *test)
{
	const struct options_case *c = test->param_value;
	struct stage *s = test->priv;
	struct inet_request_sock *ireq = &s->a.treq.req;
	u8 octets[40] = {};

	s->net.ipv4.sysctl_tcp_timestamps = c->ts;
	s->net.ipv4.sysctl_tcp_sack = c->sack;
	s->net.ipv4.sysctl_tcp_window_scaling = c->wscale;
	s->tp.rx_opt.user_mss = c->user_mss;
	ireq->req.mss = TCP_MSS_DEFAULT;
	take_options(&s->a, &c->seg);
	KUNIT_EXPECT_EQ(test, ireq->req.mss, c->mss);
	KUNIT_EXPECT_EQ(test, (u8)ireq->tstamp_ok, c->tstamp_ok);
	KUNIT_EXPECT_EQ(test, (u8)ireq->sack_ok, c->sack_ok);
	KUNIT_EXPECT_EQ(test, (u8)ireq->wscale_ok, c->wscale_ok);
	KUNIT_EXPECT_EQ(test, (u8)ireq->snd_wscale, c->snd_wscale);

	s->a.mss = 1460;
	s->a.tsval = 0x0a0b0c0d;
	ireq->rcv_wscale = 9;
	KUNIT_ASSERT_EQ(test, header_length(&s->a), (unsigned int)sizeof(struct tcphdr) + c->len);
	put_options(&s->a, (__be32 *)octets);
	KUNIT_EXPECT_EQ(test, memcmp(octets, c->octets, c->len), 0);
	KUNIT_EXPECT_EQ(test, octets[c->len], 0);
}

/* DSCP of the SYN where that is wished; ECN never. */
static void synack_tos(struct kunit *test)
{
	struct stage *s = test->priv;

	s->a.treq.syn_tos = 0xb9;
	KUNIT_EXPECT_EQ(test, reply_tos(&s->a, 0x42), 0x42);
	s->net.ipv4.sysctl_tcp_reflect_tos = 1;
	KUNIT_EXPECT_EQ(test, reply_tos(&s->a, 0x42), 0xba);
	KUNIT_EXPECT_EQ(test, reply_tos(&s->a, 0x40), 0xb8);
}

/* Of what the answer's skb has of its own; that it has nothing else: buffer_test.c. */
static void expect_fields(struct kunit *test, const struct sk_buff *skb)
{
	const struct stage *s = test->priv;
	struct sk_buff *is = kunit_kzalloc(test, 2 * sizeof(*is), GFP_KERNEL), *want = is + 1;
	const struct inet_request_sock *ireq = &s->a.treq.req;

	KUNIT_ASSERT_NOT_NULL(test, is);
	KUNIT_EXPECT_EQ(test, skb->mark, ireq->ir_mark ?: s->tp.inet_conn.icsk_inet.sk.sk_mark);
	KUNIT_EXPECT_EQ(test, skb->priority, 6u);
	KUNIT_EXPECT_EQ(test, (u16)skb->protocol, (u16)htons(ETH_P_IP));
	KUNIT_EXPECT_EQ(test, skb->hash, s->a.treq.snt_isn | 1);
	KUNIT_EXPECT_EQ(test, (u8)skb->l4_hash, 1);
	KUNIT_EXPECT_EQ(test, (u8)skb->sw_hash, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->ip_summed, CHECKSUM_PARTIAL);
	KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), (int)sizeof(struct iphdr));
	KUNIT_EXPECT_EQ(test, skb->csum_offset, 16);
	KUNIT_EXPECT_EQ(test, skb_network_offset(skb), 0);
	KUNIT_EXPECT_EQ(test, skb_transport_offset(skb), (int)sizeof(struct iphdr));
	KUNIT_EXPECT_EQ(test, skb->len, (unsigned int)sizeof(struct iphdr) + header_length(&s->a));
	want->mark = skb->mark;
	want->priority = 6;
	want->protocol = htons(ETH_P_IP);
	want->hash = skb->hash;
	want->l4_hash = 1;
	want->ip_summed = CHECKSUM_PARTIAL;
	want->csum_start = sizeof(struct iphdr);
	want->csum_offset = 16;
	dirty_headers(skb, is);
	KUNIT_EXPECT_EQ(test, memcmp(&is->headers, &want->headers, sizeof(is->headers)), 0);
}

/* All that a SYN can carry, and the answer has its own. */
static void synack_fields(struct kunit *test)
{
	struct stage *s = test->priv;
	struct tt_net *tn = kunit_kzalloc(test, sizeof(*tn), GFP_KERNEL);
	struct sock *sk = (struct sock *)&s->tp;
	int mark, shared;

	KUNIT_ASSERT_NOT_NULL(test, tn);
	tn->stats = alloc_percpu(struct tt_stats);
	KUNIT_ASSERT_NOT_NULL(test, tn->stats);
	sk->sk_priority = 6;
	sk->sk_mark = 0x99;
	s->dst.dev = init_net.loopback_dev;
	s->a.reflect = true;
	s->a.treq.snt_isn = 0x12345678;
	set_options(s, true, true, 1460);
	for (mark = 0; mark < 2; mark++) {
		for (shared = 0; shared < 2; shared++) {
			struct sk_buff *syn = dirty_syn(test);
			struct sk_buff *other = shared ? skb_get(syn) : NULL;

			s->a.treq.req.ir_mark = mark ? 0x77 : 0;
			sent = NULL;
			local_bh_disable();
			KUNIT_EXPECT_TRUE(test, tt_synack_send(&s->a, tn, syn));
			local_bh_enable();
			KUNIT_ASSERT_NOT_NULL(test, sent);
			KUNIT_EXPECT_EQ(test, sent == syn, !shared);
			expect_fields(test, sent);
			kfree_skb(sent);
			kfree_skb(other);
		}
	}
	free_percpu(tn->stats);
}

static struct kunit_case synack_cases[] = {
	KUNIT_CASE(synack_window_exact),
	KUNIT_CASE(synack_window_segments),
	KUNIT_CASE(synack_window_scale),
	KUNIT_CASE(synack_window_unforeseeable),
	KUNIT_CASE(synack_window_clamp),
	KUNIT_CASE(synack_window_any),
	KUNIT_CASE_PARAM(synack_options, synack_options_gen_params),
	KUNIT_CASE(synack_tos),
	KUNIT_CASE(synack_fields),
	{}
};

static struct kunit_suite synack_suite = {
	.name = "tcptrack_synack",
	.init = stage_init,
	.test_cases = synack_cases,
};

kunit_test_suites(&synack_suite);
