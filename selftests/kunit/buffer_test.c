// SPDX-License-Identifier: GPL-2.0-only
/* KUnit: nothing of a SYN shows in its answer, whosever buffer that has. */

#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>

#include "buffer.c"
#include "dirty.h"

#define FRAME	512	/* room in a SYN's buffer */
#define ANSWER	(sizeof(struct iphdr) + sizeof(struct tcphdr) + 20)

#define ROOM	ALIGN(LL_RESERVED_SPACE(init_net.loopback_dev) + ANSWER, 8)

/**
 * struct scene - what a buffer is asked for with
 * @tn: only its counters
 * @dst: the way back, of which only the device is asked
 * @md: a SYN's route, refcounted
 * @ct: a SYN's conntrack, with a reference of this scene
 */
struct scene {
	struct tt_net tn;
	struct dst_entry dst;
	struct metadata_dst *md;
	struct nf_conn ct;
};

static int scene_init(struct kunit *test)
{
	struct scene *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	if (!s)
		return -ENOMEM;
	s->tn.stats = alloc_percpu(struct tt_stats);
	s->md = metadata_dst_alloc(0, METADATA_IP_TUNNEL, GFP_KERNEL);
	if (!s->tn.stats || !s->md) {
		free_percpu(s->tn.stats);
		if (s->md)
			dst_release(&s->md->dst);
		return -ENOMEM;
	}
	s->dst.dev = init_net.loopback_dev;
	refcount_set(&s->ct.ct_general.use, 1);
	test->priv = s;
	return 0;
}

static void scene_exit(struct kunit *test)
{
	struct scene *s = test->priv;

	if (!s)
		return;
	s->md->dst.flags |= DST_METADATA;
	dst_release(&s->md->dst);
	free_percpu(s->tn.stats);
}

/* (What comes from the wire is never cloned, nor its head anything but pages or slab.) */
struct sk_buff *dirty_syn(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(FRAME, GFP_KERNEL);
	struct skb_shared_info *shinfo;
	int id;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	memset(skb->head, 0xee, skb_end_offset(skb));
	skb_put(skb, ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr));
	memset(&skb->headers, 0xff, sizeof(skb->headers));
	skb_reset_mac_header(skb);
	skb_pull(skb, ETH_HLEN);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, sizeof(struct iphdr));
	memset(skb->cb, 0xff, sizeof(skb->cb));
	skb->alloc_cpu = raw_smp_processor_id();
	skb->dev = init_net.loopback_dev;
	skb->tstamp = NSEC_PER_SEC;
	skb->queue_mapping = 7;
	skb->peeked = 1;
	skb->mac_len = ETH_HLEN;
	skb->hdr_len = 54;
	for (id = 0; id < SKB_EXT_NUM; id++) {
		void *ext = skb_ext_add(skb, id);

		KUNIT_ASSERT_NOT_NULL(test, ext);
		memset(ext, 0, 8);	/* what is asked where it is freed: a path of no states */
	}
	shinfo = skb_shinfo(skb);
	shinfo->flags = SKBFL_SHARED_FRAG;
	shinfo->meta_len = 8;
	shinfo->tx_flags = SKBTX_HW_TSTAMP | SKBTX_IN_PROGRESS;
	shinfo->gso_segs = 1;
	shinfo->gso_type = SKB_GSO_DODGY;
	shinfo->hwtstamps.hwtstamp = NSEC_PER_SEC;
	shinfo->tskey = 9;
	return skb;
}

void dirty_headers(const struct sk_buff *skb, struct sk_buff *copy)
{
	memset(copy, 0, sizeof(*copy));
	memcpy(&copy->headers, &skb->headers, sizeof(copy->headers));
	copy->network_header = 0;
	copy->transport_header = 0;
	copy->mac_header = 0;
	copy->alloc_cpu = 0;
	copy->slow_gro = 0;
	skb_set_kcov_handle(copy, 0);
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		copy->csum_start -= skb->network_header;
}

static struct sk_buff *answer_to(struct scene *s, struct sk_buff *syn)
{
	struct sk_buff *skb;

	local_bh_disable();
	skb = tt_buffer_get(&s->tn, syn, &s->dst, ANSWER);
	local_bh_enable();
	return skb;
}

static unsigned long own_buffers(const struct scene *s)
{
	unsigned long n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += per_cpu_ptr(s->tn.stats, cpu)->stat[TT_STAT_cookies_own_buffer];
	return n;
}

/* By name, so that a failure says which; then all of them, for those of other kernels. */
static void expect_no_headers(struct kunit *test, const struct sk_buff *skb)
{
	struct sk_buff *is = kunit_kzalloc(test, 2 * sizeof(*is), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, is);
	KUNIT_EXPECT_EQ(test, (u8)skb->pkt_type, PACKET_HOST);
	KUNIT_EXPECT_EQ(test, (u8)skb->ignore_df, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->ip_summed, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, (u8)skb->csum_valid, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->csum_complete_sw, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->csum_level, 0);
	KUNIT_EXPECT_EQ(test, (u32)skb->csum, 0u);
	KUNIT_EXPECT_EQ(test, (u8)skb->ooo_okay, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->dst_pending_confirm, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->remcsum_offload, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->encapsulation, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->encap_hdr_csum, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->inner_protocol_type, 0);
	KUNIT_EXPECT_EQ(test, (u16)skb->inner_protocol, 0);
	KUNIT_EXPECT_EQ(test, skb->inner_transport_header, 0);
	KUNIT_EXPECT_EQ(test, skb->inner_network_header, 0);
	KUNIT_EXPECT_EQ(test, skb->inner_mac_header, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->l4_hash, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->sw_hash, 0);
	KUNIT_EXPECT_EQ(test, skb->hash, 0u);
	KUNIT_EXPECT_EQ(test, (u8)skb->no_fcs, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->redirected, 0);
	KUNIT_EXPECT_EQ(test, skb->priority, 0u);
	KUNIT_EXPECT_EQ(test, skb->skb_iif, 0);
	KUNIT_EXPECT_EQ(test, skb->mark, 0u);
	KUNIT_EXPECT_EQ(test, (u16)skb->protocol, 0);
	KUNIT_EXPECT_FALSE(test, skb_vlan_tag_present(skb));
	KUNIT_EXPECT_EQ(test, (u16)skb->vlan_proto, 0);
	KUNIT_EXPECT_EQ(test, skb->vlan_tci, 0);
#if IS_ENABLED(CONFIG_NF_TABLES)
	KUNIT_EXPECT_EQ(test, (u8)skb->nf_trace, 0);
#endif
#ifdef CONFIG_NET_CLS_ACT
	KUNIT_EXPECT_EQ(test, (u8)skb->tc_skip_classify, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->tc_at_ingress, 0);
#endif
#ifdef CONFIG_NET_SCHED
	KUNIT_EXPECT_EQ(test, skb->tc_index, 0);
#endif
#ifdef CONFIG_NET_RX_BUSY_POLL
	KUNIT_EXPECT_EQ(test, skb->napi_id, 0u);
#endif
#ifdef CONFIG_NETWORK_SECMARK
	KUNIT_EXPECT_EQ(test, skb->secmark, 0u);
#endif
	dirty_headers(skb, is);
	KUNIT_EXPECT_EQ(test, memcmp(&is->headers, &is[1].headers, sizeof(is->headers)), 0);
}

/* As alloc_skb() leaves it before anybody has written to it. */
static void expect_clean(struct kunit *test, const struct sk_buff *skb)
{
	static const struct skb_shared_info fresh;
	static const char cb[sizeof(skb->cb)];

	KUNIT_EXPECT_PTR_EQ(test, skb->next, NULL);
	KUNIT_EXPECT_PTR_EQ(test, skb->prev, NULL);
	KUNIT_EXPECT_PTR_EQ(test, skb->dev, NULL);
	KUNIT_EXPECT_PTR_EQ(test, skb->sk, NULL);
	KUNIT_EXPECT_EQ(test, skb->tstamp, 0);
	KUNIT_EXPECT_EQ(test, memcmp(skb->cb, cb, sizeof(cb)), 0);
	KUNIT_EXPECT_EQ(test, skb->_skb_refdst, 0ul);
	KUNIT_EXPECT_PTR_EQ(test, skb->destructor, NULL);
	KUNIT_EXPECT_EQ(test, skb->len, (unsigned int)ANSWER);
	KUNIT_EXPECT_EQ(test, skb->data_len, 0u);
	KUNIT_EXPECT_EQ(test, skb->mac_len, 0);
	KUNIT_EXPECT_EQ(test, skb->hdr_len, 0);
	KUNIT_EXPECT_EQ(test, skb->queue_mapping, 0);
	KUNIT_EXPECT_FALSE(test, skb_cloned(skb));
	KUNIT_EXPECT_FALSE(test, skb_shared(skb));
	KUNIT_EXPECT_EQ(test, (u8)skb->nohdr, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->peeked, 0);
	KUNIT_EXPECT_EQ(test, (u8)skb->pfmemalloc, 0);
	KUNIT_EXPECT_EQ(test, skb->active_extensions, 0);
	KUNIT_EXPECT_EQ(test, skb_network_offset(skb), 0);
	KUNIT_EXPECT_FALSE(test, skb_mac_header_was_set(skb));
	KUNIT_EXPECT_PTR_EQ(test, skb_tail_pointer(skb), skb->data + ANSWER);
	KUNIT_EXPECT_GE(test, skb_headroom(skb), LL_RESERVED_SPACE(init_net.loopback_dev));
	KUNIT_EXPECT_EQ(test, memcmp(skb_shinfo(skb), &fresh,
				     offsetof(struct skb_shared_info, dataref)), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&skb_shinfo(skb)->dataref), 1);
	expect_no_headers(test, skb);
}

/* The SYN's own buffer, and its own skb. */
static void buffer_own(struct kunit *test)
{
	struct scene *s = test->priv;
	struct sk_buff *syn = dirty_syn(test), *held = alloc_skb(1, GFP_KERNEL), *skb;
	unsigned char *head = syn->head;

	KUNIT_ASSERT_NOT_NULL(test, held);
	__skb_ext_copy(held, syn);
	skb = answer_to(s, syn);
	KUNIT_EXPECT_PTR_EQ(test, skb, syn);
	KUNIT_EXPECT_PTR_EQ(test, skb->head, head);
	KUNIT_EXPECT_EQ(test, own_buffers(s), 1ul);
	KUNIT_EXPECT_EQ(test, refcount_read(&held->extensions->refcnt), 1);
	expect_clean(test, skb);
	kfree_skb(held);
	kfree_skb(skb);
}

static void set_end(struct sk_buff *skb, unsigned int offset)
{
	skb_set_end_offset(skb, offset);
	memset(skb_shinfo(skb), 0, sizeof(struct skb_shared_info));
	atomic_set(&skb_shinfo(skb)->dataref, 1);
}

/* It has just the room; and then not the one that IPsec wants, before or behind the answer. */
static void buffer_fits(struct kunit *test)
{
	static const struct {
		unsigned int header, trailer;
		bool own;
	} wants[] = { { 0, 0, true }, { 8, 0, false }, { 0, 8, false }, { 0, PAGE_SIZE, false } };
	struct scene *s = test->priv;
	unsigned long own = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(wants); i++) {
		struct sk_buff *skb = dirty_syn(test);

		set_end(skb, ROOM);
		s->dst.header_len = wants[i].header;
		s->dst.trailer_len = wants[i].trailer;
		skb = answer_to(s, skb);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		own += wants[i].own;
		KUNIT_EXPECT_EQ(test, own_buffers(s), own);
		KUNIT_EXPECT_GE(test, skb_headroom(skb),
				LL_RESERVED_SPACE(s->dst.dev) + wants[i].header);
		KUNIT_EXPECT_GE(test, skb_tailroom(skb), (int)wants[i].trailer);
		expect_clean(test, skb);
		kfree_skb(skb);
	}
}

static void make_shared(struct sk_buff *skb, struct sk_buff **other)
{
	*other = skb_get(skb);
}

static void make_cloned(struct sk_buff *skb, struct sk_buff **other)
{
	*other = skb_clone(skb, GFP_KERNEL);
}

static void make_nonlinear(struct sk_buff *skb, struct sk_buff **other)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	skb_fill_page_desc(skb, 0, page, 0, 10);
	skb->len += 10;
	skb->data_len += 10;
	skb->truesize += PAGE_SIZE;
}

static void make_gso(struct sk_buff *skb, struct sk_buff **other)
{
	skb_shinfo(skb)->gso_size = 100;
}

static void make_pfmemalloc(struct sk_buff *skb, struct sk_buff **other)
{
	skb->pfmemalloc = 1;
}

static void make_small(struct sk_buff *skb, struct sk_buff **other)
{
	set_end(skb, ROOM - 8);
}

static const struct other_case {
	const char *name;
	void (*make)(struct sk_buff *skb, struct sk_buff **other);
} other_cases[] = {
	{ "shared", make_shared },
	{ "cloned", make_cloned },
	{ "nonlinear", make_nonlinear },
	{ "gso", make_gso },
	{ "pfmemalloc", make_pfmemalloc },
	{ "small", make_small },
};

static void other_name(const struct other_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(other, other_cases, other_name);

/* Another's buffer; and who else holds the SYN has it as it was. */
static void buffer_other(struct kunit *test)
{
	const struct other_case *c = test->param_value;
	struct scene *s = test->priv;
	struct sk_buff *syn = dirty_syn(test), *other = NULL, *skb;
	struct sk_buff *was = kunit_kzalloc(test, 2 * sizeof(*was), GFP_KERNEL);
	u8 octets[54];

	KUNIT_ASSERT_NOT_NULL(test, was);
	c->make(syn, &other);
	if (other) {
		memcpy(&was[0].headers, &other->headers, sizeof(was->headers));
		memcpy(octets, skb_mac_header(other), sizeof(octets));
	}
	skb = answer_to(s, syn);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, own_buffers(s), 0ul);
	expect_clean(test, skb);
	if (other) {
		memcpy(&was[1].headers, &other->headers, sizeof(was->headers));
		KUNIT_EXPECT_EQ(test, memcmp(&was[0].headers, &was[1].headers,
					     sizeof(was->headers)), 0);
		KUNIT_EXPECT_EQ(test, memcmp(skb_mac_header(other), octets, sizeof(octets)), 0);
		KUNIT_EXPECT_EQ(test, skb_shinfo(other)->tskey, 9u);
		KUNIT_EXPECT_NE(test, other->active_extensions, 0);
		KUNIT_EXPECT_FALSE(test, skb_shared(other));
		kfree_skb(other);
	}
	kfree_skb(skb);
}

static int destroyed;

static void destroy(struct sk_buff *skb)
{
	destroyed++;
}

/* The sender's memory, by whom it was sent on this host; and the route that it came by. */
static void buffer_references(struct kunit *test)
{
	struct scene *s = test->priv;
	struct sk_buff *skb = dirty_syn(test);

	destroyed = 0;
	skb->destructor = destroy;
	skb->sk = (struct sock *)s;
	skb_dst_set(skb, dst_clone(&s->md->dst));
	skb = answer_to(s, skb);
	KUNIT_EXPECT_EQ(test, destroyed, 1);
	KUNIT_EXPECT_EQ(test, own_buffers(s), 1ul);
	expect_clean(test, skb);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, destroyed, 1);
}

/* A SYN with a conntrack, or without; whether its answer has it, and as what. */
static const struct ct_case {
	const char *name;
	bool ct, routed;
	unsigned long status;
	enum ip_conntrack_info info;
	bool has;
	enum ip_conntrack_info is;
} ct_cases[] = {
	{ "new", true, true, 0, IP_CT_NEW, true, IP_CT_ESTABLISHED_REPLY },
	{ "new, before routing", true, false, 0, IP_CT_NEW, true, IP_CT_ESTABLISHED_REPLY },
	{ "confirmed", true, true, IPS_CONFIRMED, IP_CT_NEW, false, 0 },
	{ "confirmed, before routing", true, false, IPS_CONFIRMED, IP_CT_NEW, false,
	  IP_CT_UNTRACKED },
	{ "template", true, true, IPS_TEMPLATE, IP_CT_NEW, false, 0 },
	{ "template, before routing", true, false, IPS_TEMPLATE, IP_CT_NEW, false,
	  IP_CT_UNTRACKED },
	{ "untracked", false, true, 0, IP_CT_UNTRACKED, false, IP_CT_UNTRACKED },
	{ "untracked, before routing", false, false, 0, IP_CT_UNTRACKED, false,
	  IP_CT_UNTRACKED },
	{ "none", false, true, 0, 0, false, 0 },
	{ "none, before routing", false, false, 0, 0, false, IP_CT_UNTRACKED },
};

static void ct_name(const struct ct_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ct, ct_cases, ct_name);

static void expect_conntrack(struct kunit *test, bool own)
{
	const struct ct_case *c = test->param_value;
	struct scene *s = test->priv;
	struct sk_buff *skb = dirty_syn(test), *other = NULL;
	enum ip_conntrack_info info;

	if (!own)
		make_shared(skb, &other);
	s->ct.status = c->status;
	if (c->ct)
		nf_conntrack_get(&s->ct.ct_general);
	nf_ct_set(skb, c->ct ? &s->ct : NULL, c->info);
	/* (a tunnel's is no route) */
	s->md->dst.flags = c->routed ? 0 : DST_METADATA;
	skb_dst_set(skb, dst_clone(&s->md->dst));
	skb = answer_to(s, skb);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_EXPECT_EQ(test, own_buffers(s), (unsigned long)own);
	expect_clean(test, skb);
	KUNIT_EXPECT_PTR_EQ(test, nf_ct_get(skb, &info), c->has ? &s->ct : NULL);
	KUNIT_EXPECT_EQ(test, info, c->is);
	s->md->dst.flags = DST_METADATA;
	kfree_skb(other);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->ct.ct_general.use), c->has ? 2 : 1);
	kfree_skb(skb);
	KUNIT_EXPECT_EQ(test, refcount_read(&s->ct.ct_general.use), 1);
}

static void buffer_conntrack_own(struct kunit *test)
{
	expect_conntrack(test, true);
}

static void buffer_conntrack_other(struct kunit *test)
{
	expect_conntrack(test, false);
}

static struct kunit_case buffer_cases[] = {
	KUNIT_CASE(buffer_own),
	KUNIT_CASE(buffer_fits),
	KUNIT_CASE_PARAM(buffer_other, other_gen_params),
	KUNIT_CASE(buffer_references),
	KUNIT_CASE_PARAM(buffer_conntrack_own, ct_gen_params),
	KUNIT_CASE_PARAM(buffer_conntrack_other, ct_gen_params),
	{}
};

static struct kunit_suite buffer_suite = {
	.name = "tcptrack_buffer",
	.init = scene_init,
	.exit = scene_exit,
	.test_cases = buffer_cases,
};

kunit_test_suites(&buffer_suite);
