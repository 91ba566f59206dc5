// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: tt_segment_find() and tt_segment_parse() on skbs made by hand. */

#include <kunit/test.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/skbuff.h>

#include "segment.c"

#define IPV4_LEN	((int)sizeof(struct iphdr))
#define TCP_LEN		((int)sizeof(struct tcphdr))
#define SEED		9293

/* One SYN with options, and what is to be said of it. */
struct options_case {
	const char *name;
	u8 len;
	u8 octets[MAX_TCP_OPTION_SPACE];
	enum tt_stat verdict;
	u8 wscale;
	bool has_ts;
	u32 tsval;
};

static const struct options_case options_cases[] = {
	{ "none", 0, { 0 }, TT_SEGMENT_OK, TT_WSCALE_NONE },
	{ "four NOPs", 4, { 1, 1, 1, 1 }, TT_SEGMENT_OK, TT_WSCALE_NONE },
	{ "an end, then anything", 4, { 0, 3, 0, 9 }, TT_SEGMENT_OK, TT_WSCALE_NONE },
	{ "length 0", 4, { 2, 0, 5, 180 }, TT_STAT_invalid_option },
	{ "length 1", 4, { 2, 1, 5, 180 }, TT_STAT_invalid_option },
	{ "a kind without a length", 4, { 1, 1, 1, 3 }, TT_STAT_invalid_option },
	{ "past the end by one", 4, { 3, 5, 7, 1 }, TT_STAT_invalid_option },
	{ "past the end by 251", 4, { 8, 255, 0, 0 }, TT_STAT_invalid_option },
	{ "window scale", 4, { 1, 3, 3, 7 }, TT_SEGMENT_OK, 7 },
	{ "window scale above 14", 4, { 1, 3, 3, 200 }, TT_SEGMENT_OK, 14 },
	{ "window scale of a wrong length", 4, { 3, 4, 7, 7 }, TT_SEGMENT_OK, TT_WSCALE_NONE },
	{ "timestamp", 12, { 1, 1, 8, 10, 0x12, 0x34, 0x56, 0x78 }, TT_SEGMENT_OK,
	  TT_WSCALE_NONE, true, 0x12345678 },
	{ "timestamp of a wrong length", 12, { 1, 1, 1, 8, 9, 0x12, 0x34, 0x56, 0x78 },
	  TT_SEGMENT_OK, TT_WSCALE_NONE },
	{ "an unknown kind", 8, { 253, 6, 1, 2, 3, 4, 1, 1 }, TT_SEGMENT_OK, TT_WSCALE_NONE },
	{ "forty octets", 40, { 253, 40 }, TT_SEGMENT_OK, TT_WSCALE_NONE },
};

static void options_name(const struct options_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(options, options_cases, options_name);

static void put_headers(u8 *at, unsigned int doff, unsigned int total)
{
	struct iphdr *iph = (struct iphdr *)at;
	struct tcphdr *th = (struct tcphdr *)(at + IPV4_LEN);

	iph->version = 4;
	iph->ihl = IPV4_LEN / 4;
	iph->protocol = IPPROTO_TCP;
	iph->tot_len = htons(total);
	th->seq = htonl(0xfffffff0);
	th->ack_seq = htonl(7);
	th->window = htons(512);
	th->doff = doff;
	th->syn = 1;
}

/*
 * A packet of @total octets of which @linear are in the head and the others in
 * a fragment, as a driver may deliver it. Ends exactly where its memory ends,
 * so that KASAN sees every octet that is read past it.
 */
static struct sk_buff *make_skb(struct kunit *test, const u8 *octets, unsigned int total,
				unsigned int linear)
{
	struct sk_buff *skb = alloc_skb(linear, GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_put_data(skb, octets, linear);
	skb_reset_network_header(skb);
	if (linear == total)
		return skb;
	page = alloc_page(GFP_KERNEL);
	if (!page) {
		kfree_skb(skb);
		KUNIT_FAIL(test, "no page");
		return NULL;
	}
	memcpy(page_address(page) + PAGE_SIZE - (total - linear), octets + linear,
	       total - linear);
	skb_fill_page_desc(skb, 0, page, PAGE_SIZE - (total - linear), total - linear);
	skb->len += total - linear;
	skb->data_len += total - linear;
	skb->truesize += PAGE_SIZE;
	return skb;
}

/* As the hook does it: the header in place or a copy of it. */
static enum tt_stat parse(struct tt_seg *seg, const struct sk_buff *skb)
{
	struct tcphdr copy;
	const struct tcphdr *th;
	enum tt_stat why;
	unsigned int thoff;

	if (tt_segment_find(skb, NFPROTO_IPV4, &thoff, &why) != IPPROTO_TCP ||
	    why != TT_SEGMENT_OK)
		return why;
	th = skb_header_pointer(skb, thoff, sizeof(copy), &copy);
	return th ? tt_segment_parse(seg, skb, th, thoff) : TT_STAT_invalid_length;
}

static void segment_options(struct kunit *test)
{
	const struct options_case *c = test->param_value;
	unsigned int total = IPV4_LEN + TCP_LEN + c->len;
	unsigned int linear;
	u8 octets[128] = {};

	put_headers(octets, (TCP_LEN + c->len) / 4, total);
	memcpy(octets + IPV4_LEN + TCP_LEN, c->octets, c->len);
	for (linear = IPV4_LEN; linear <= total; linear++) {
		struct sk_buff *skb = make_skb(test, octets, total, linear);
		struct tt_seg seg = {};

		KUNIT_EXPECT_EQ(test, parse(&seg, skb), c->verdict);
		if (c->verdict == TT_SEGMENT_OK) {
			KUNIT_EXPECT_EQ(test, seg.wscale, c->wscale);
			KUNIT_EXPECT_EQ(test, seg.has_ts, c->has_ts);
			if (c->has_ts)
				KUNIT_EXPECT_EQ(test, seg.tsval, c->tsval);
		}
		kfree_skb(skb);
	}
}

static void segment_fields(struct kunit *test)
{
	unsigned int total = IPV4_LEN + TCP_LEN + 11;
	struct tt_seg seg = {};
	struct sk_buff *skb;
	u8 octets[128] = {};

	put_headers(octets, TCP_LEN / 4, total);
	skb = make_skb(test, octets, total, IPV4_LEN + 3);
	KUNIT_EXPECT_EQ(test, parse(&seg, skb), TT_SEGMENT_OK);
	KUNIT_EXPECT_EQ(test, seg.seq, 0xfffffff0u);
	KUNIT_EXPECT_EQ(test, seg.ack, 7u);
	KUNIT_EXPECT_EQ(test, seg.wnd, 512);
	KUNIT_EXPECT_EQ(test, seg.len, 11u);
	KUNIT_EXPECT_EQ(test, seg.flags, TT_SYN);
	kfree_skb(skb);
}

/* Every data offset against every length: valid exactly from 5 to the end. */
static void segment_offsets(struct kunit *test)
{
	unsigned int doff, total;

	for (doff = 0; doff < 16; doff++) {
		for (total = IPV4_LEN; total <= IPV4_LEN + 64; total++) {
			enum tt_stat want = TT_SEGMENT_OK;
			struct tt_seg seg = {};
			struct sk_buff *skb;
			u8 octets[128] = {};

			put_headers(octets, doff, total);
			if (total < IPV4_LEN + TCP_LEN)
				want = TT_STAT_invalid_length;
			else if (doff < 5 || IPV4_LEN + doff * 4 > total)
				want = TT_STAT_invalid_offset;
			skb = make_skb(test, octets, total, total);
			KUNIT_EXPECT_EQ_MSG(test, parse(&seg, skb), want,
					    "doff %u, %u octets", doff, total);
			kfree_skb(skb);
		}
	}
}

static void segment_fragments(struct kunit *test)
{
	unsigned int total = IPV4_LEN + TCP_LEN;
	struct tt_seg seg = {};
	struct sk_buff *skb;
	u8 octets[128] = {};
	struct iphdr *iph = (struct iphdr *)octets;

	put_headers(octets, TCP_LEN / 4, total);
	iph->frag_off = htons(IP_MF);
	skb = make_skb(test, octets, total, total);
	KUNIT_EXPECT_EQ(test, parse(&seg, skb), TT_STAT_invalid_fragment);
	kfree_skb(skb);

	iph->frag_off = htons(IP_DF);
	skb = make_skb(test, octets, total, total);
	KUNIT_EXPECT_EQ(test, parse(&seg, skb), TT_SEGMENT_OK);
	kfree_skb(skb);
}

/* Anything at all, cut anywhere: a verdict, and no octet read that is not there. */
static void segment_noise(struct kunit *test)
{
	struct rnd_state rnd;
	int i;

	prandom_seed_state(&rnd, SEED);
	for (i = 0; i < 5000; i++) {
		unsigned int total = IPV4_LEN + prandom_u32_state(&rnd) % 90;
		unsigned int linear = IPV4_LEN + prandom_u32_state(&rnd) % (total - IPV4_LEN + 1);
		struct tt_seg seg = {};
		struct sk_buff *skb;
		enum tt_stat verdict;
		u8 octets[128];

		prandom_bytes_state(&rnd, octets, sizeof(octets));
		((struct iphdr *)octets)->ihl = IPV4_LEN / 4;
		((struct iphdr *)octets)->protocol = IPPROTO_TCP;
		((struct iphdr *)octets)->frag_off = 0;
		skb = make_skb(test, octets, total, linear);
		verdict = parse(&seg, skb);
		if (verdict == TT_SEGMENT_OK) {
			KUNIT_EXPECT_LE(test, seg.len, total - IPV4_LEN - TCP_LEN);
		} else if (verdict != TT_STAT_invalid_length) {
			KUNIT_EXPECT_GE(test, verdict, TT_STAT_invalid_offset);
			KUNIT_EXPECT_LE(test, verdict, TT_STAT_invalid_option);
		}
		kfree_skb(skb);
	}
}

static struct kunit_case segment_cases[] = {
	KUNIT_CASE(segment_fields),
	KUNIT_CASE_PARAM(segment_options, options_gen_params),
	KUNIT_CASE(segment_offsets),
	KUNIT_CASE(segment_fragments),
	KUNIT_CASE(segment_noise),
	{}
};

static struct kunit_suite segment_suite = {
	.name = "tcptrack_segment",
	.test_cases = segment_cases,
};

kunit_test_suites(&segment_suite);
