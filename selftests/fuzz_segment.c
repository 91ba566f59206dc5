// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any octets as an IP packet at each hook, as much of them linear as the first
 * octets of the input say; the packet ends where its memory ends. What comes out of
 * tt_segment_parse() must lie in the packet, each packet must be counted once as seen and
 * at most once as refused, and the flows must add up.
 */
#include "fuzz.h"
#include "segment.h"

/* First octets of the input. */
struct head {
	u8 hook, pf, linear, socket, state, flags;
};

static void check_parse(const struct sk_buff *skb, u8 pf)
{
	struct tcphdr buf, *th;
	struct tt_seg seg;
	unsigned int thoff;
	enum tt_stat why;

	if (tt_segment_find(skb, pf, &thoff, &why) != IPPROTO_TCP || why != TT_SEGMENT_OK)
		return;
	th = skb_header_pointer(skb, thoff, sizeof(buf), &buf);
	if (!th || tt_segment_parse(&seg, skb, th, thoff) != TT_SEGMENT_OK)
		return;
	uk_check(thoff + th->doff * 4 + seg.len == skb->len, "the text is not in the packet");
	uk_check(seg.wscale <= 14 || seg.wscale == TT_WSCALE_NONE, "no window scale");
	uk_check(seg.flags & TT_SYN || (seg.wscale == TT_WSCALE_NONE && !seg.has_ts),
		 "options of a SYN without a SYN");
}

static unsigned long refused(void)
{
	const unsigned long *stat = uk.stats.stat;
	unsigned long n = 0;
	u32 i;

	for (i = TT_STAT_segments_early; i <= TT_STAT_stray; i++)
		n += stat[i];
	return n;
}

static void show(u8 hook, u8 pf, struct sk_buff *skb)
{
	unsigned long seen = tt_stats_seen(&uk.stats), not = refused();

	uk_check(uk_hook(hook, pf, skb) == NF_ACCEPT, "a packet is not accepted");
	uk_check(tt_stats_seen(&uk.stats) - seen <= 1, "seen more than once");
	uk_check(refused() - not <= tt_stats_seen(&uk.stats) - seen,
		 "refused more often than seen");
	uk_account();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_defaults(argc, argv);
	uk_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 hooks[] = { NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_FORWARD };
	struct head head;
	struct sock sk = { .net = &init_net, .sk_protocol = IPPROTO_TCP, .sk_type = SOCK_STREAM };
	struct sk_buff skb = { 0 };
	u8 pf, hook;
	size_t least;

	if (size < sizeof(head))
		return 0;
	memcpy(&head, data, sizeof(head));
	data += sizeof(head);
	size -= sizeof(head);
	pf = head.pf & 1 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	least = head.pf & 1 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	if (size < least || size > 2000)
		return 0;
	skb.data = malloc(size);
	if (!skb.data)
		return 0;
	memcpy(skb.data, data, size);
	/* the stack has looked at the IP header, but a raw socket may write what it likes */
	hook = hooks[head.hook % ARRAY_SIZE(hooks)];
	if (pf == NFPROTO_IPV4 && hook != NF_INET_LOCAL_OUT && (ip_hdr(&skb)->ihl < 5 ||
								ip_hdr(&skb)->ihl * 4U > size))
		goto out;
	skb.len = size;
	skb.headlen = least + head.linear < size ? least + head.linear : size;
	skb.bad_checksum = head.flags & 1;
	skb.gso = head.flags & 2;
	skb.pkt_type = head.flags >> 2 & 1;
	uk.host = head.flags & 8;
	uk.no_memory = head.flags & 16;
	sk.sk_state = head.state % (TCP_NEW_SYN_RECV + 1);
	sk.tw_substate = head.state & 16 ? TCP_FIN_WAIT2 : TCP_TIME_WAIT;
	skb.sk = head.socket & 1 ? &sk : NULL;
	uk.sk = head.socket & 2 && sk.sk_state != TCP_LISTEN ? &sk : NULL;
	check_parse(&skb, pf);
	show(hook, pf, &skb);
	/* and once more, for what it has found: a flow, perhaps */
	show(hook, pf, &skb);
	uk.no_memory = false;
	uk_forget();
out:
	free(skb.data);
	return 0;
}
