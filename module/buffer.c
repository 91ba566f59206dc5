// SPDX-License-Identifier: GPL-2.0-only
/* The buffer of a SYN becomes that of its answer. */

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/dst_metadata.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/tcp.h>

#include "buffer.h"
#include "net.h"

/*
 * The firewall shall see an answer for what it is, in OUTPUT as well. An answer
 * confirms nothing (__nf_conntrack_confirm), so that no entry comes of it.
 */
static void hand_conntrack(struct sk_buff *answer, struct sk_buff *syn)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(syn, &ctinfo);
	bool routed = skb_valid_dst(syn);

	if (ctinfo == IP_CT_UNTRACKED) {
		nf_ct_set(answer, NULL, IP_CT_UNTRACKED);
	} else if (ct && !nf_ct_is_confirmed(ct) && !nf_ct_is_template(ct)) {
		if (answer != syn)
			nf_conntrack_get(&ct->ct_general);
		nf_ct_set(answer, ct, IP_CT_ESTABLISHED_REPLY);
	} else {
		nf_reset_ct(answer);
		/* before routing: what conntrack has not seen shall not be INVALID to it */
		if (!routed)
			nf_ct_set(answer, NULL, IP_CT_UNTRACKED);
	}
}

/* Nothing of the SYN may show in the answer: as alloc_skb() would give it, but for its buffer. */
static void clean(struct sk_buff *skb)
{
	u16 alloc_cpu = skb->alloc_cpu;

	skb_orphan(skb);
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	memset(skb_shinfo(skb), 0, offsetof(struct skb_shared_info, dataref));
	memset(&skb->headers, 0, sizeof(skb->headers));
	memset(skb->cb, 0, sizeof(skb->cb));
	skb->alloc_cpu = alloc_cpu;
	skb->queue_mapping = 0;
	skb->peeked = 0;
	skb->tstamp = 0;
	skb->dev = NULL;
	skb->mac_len = 0;
	skb->hdr_len = 0;
}

/* Nobody else looks at it, and a packet of LEN octets fits after ROOM for the link. */
static bool can_serve(const struct sk_buff *skb, unsigned int room, unsigned int len)
{
	return !skb_shared(skb) && !skb_cloned(skb) && !skb_is_nonlinear(skb) &&
	       !skb_is_gso(skb) && !skb_pfmemalloc(skb) && !skb_zcopy((struct sk_buff *)skb) &&
	       skb_end_offset(skb) >= room + len;
}

struct sk_buff *tt_buffer_get(struct tt_net *tn, struct sk_buff *syn, const struct dst_entry *dst,
			      unsigned int len)
{
	unsigned int room = LL_RESERVED_SPACE(dst->dev) + dst->header_len;
	struct sk_buff *skb = syn;

	if (can_serve(syn, room, len + dst->trailer_len)) {
		hand_conntrack(skb, syn);
		clean(skb);
		skb->data = skb->head + room;
		skb->len = 0;
		skb_reset_tail_pointer(skb);
		__tt_stat_inc(tn, cookies_own_buffer);
	} else {
		skb = alloc_skb(room + MAX_TCP_HEADER + dst->trailer_len, GFP_ATOMIC);
		if (!skb)
			return NULL;
		skb_reserve(skb, room + MAX_TCP_HEADER - len);
		hand_conntrack(skb, syn);
		consume_skb(syn);
	}
	skb_put(skb, len);
	skb_reset_network_header(skb);
	skb_unset_mac_header(skb);
	return skb;
}
