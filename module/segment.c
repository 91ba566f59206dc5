// SPDX-License-Identifier: GPL-2.0-only
/* From an skb to a checked struct tt_seg. */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "segment.h"

#define TCPOPT_AUTH	29	/* TCP-AO; not in the headers of older kernels */
#define MPTCP_JOIN	1

int tt_segment_find_v6(const struct sk_buff *skb, unsigned int *thoff, enum tt_stat *why)
{
	unsigned short frag = 0;
	/* what is behind an AH is nobody's segment before IPsec has checked it, as in IPv4 */
	int flags = IP6_FH_F_AUTH;
	int proto;

	if (likely(ipv6_hdr(skb)->nexthdr == IPPROTO_TCP)) {
		*thoff = sizeof(struct ipv6hdr);
		return IPPROTO_TCP;
	}
	*thoff = 0;
	proto = ipv6_find_hdr(skb, thoff, -1, &frag, &flags);
	if (proto == IPPROTO_TCP && (flags & IP6_FH_F_FRAG || frag))
		*why = TT_STAT_invalid_fragment;
	else if (proto < 0 && proto != -ENOENT)
		*why = TT_STAT_invalid_header;
	return proto;
}

/*
 * The kernel has read none of them yet: IPv6 takes them after LOCAL_IN. (A forged one is refused
 * there, so it brings nobody past the check of cookies.)
 */
bool tt_segment_is_underway(const struct sk_buff *skb)
{
	int flags = IP6_FH_F_SKIP_RH;
	unsigned int off = 0;

	if (ipv6_find_hdr(skb, &off, NEXTHDR_ROUTING, NULL, &flags) >= 0)
		return true;
	off = 0;
	return ipv6_find_hdr(skb, &off, NEXTHDR_DEST, NULL, NULL) >= 0 &&
	       ipv6_find_tlv(skb, off, IPV6_TLV_HAO) >= 0;
}

/*
 * One option, whose length lies within the header. Of two of a kind the last one counts, as
 * tcp_parse_options() has it.
 */
static void take_option(struct tt_seg *seg, const u8 *p)
{
	u16 mss;

	switch (p[0] << 8 | p[1]) {
	case TCPOPT_MSS << 8 | TCPOLEN_MSS:
		mss = get_unaligned_be16(p + 2);
		if (mss)
			seg->mss = mss;
		return;
	case TCPOPT_WINDOW << 8 | TCPOLEN_WINDOW:
		/* RFC 7323, 2.3: a shift above 14 counts as 14 */
		seg->wscale = min_t(u8, p[2], TCP_MAX_WSCALE);
		return;
	case TCPOPT_SACK_PERM << 8 | TCPOLEN_SACK_PERM:
		seg->sack = true;
		return;
	case TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP:
		seg->has_ts = true;
		seg->tsval = get_unaligned_be32(p + 2);
		seg->tsecr = get_unaligned_be32(p + 6);
		return;
	}
	if (seg->wants != TT_WANTS_NOTHING)
		return;
	if (p[0] == TCPOPT_MD5SIG || p[0] == TCPOPT_AUTH)
		seg->wants = TT_WANTS_AUTH;
	else if (p[0] == TCPOPT_MPTCP && p[1] > 2 && p[2] >> 4 == MPTCP_JOIN)
		seg->wants = TT_WANTS_JOIN;
}

/* MSS, SACK-permitted, timestamp, NOP, window scale: as many stacks write them. */
static bool take_usual(struct tt_seg *seg, const u8 *p, int len)
{
	if (len != 20 ||
	    get_unaligned_be16(p) != (TCPOPT_MSS << 8 | TCPOLEN_MSS) ||
	    get_unaligned_be32(p + 4) != (TCPOPT_SACK_PERM << 24 | TCPOLEN_SACK_PERM << 16 |
					  TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP) ||
	    get_unaligned_be32(p + 16) >> 8 != (TCPOPT_NOP << 16 | TCPOPT_WINDOW << 8 |
						TCPOLEN_WINDOW))
		return false;
	seg->mss = get_unaligned_be16(p + 2);
	seg->sack = true;
	seg->has_ts = true;
	seg->tsval = get_unaligned_be32(p + 8);
	seg->tsecr = get_unaligned_be32(p + 12);
	seg->wscale = min_t(u8, p[19], TCP_MAX_WSCALE);
	return true;
}

/*
 * Only what the tracker and an answer need is taken; but every length is checked, because
 * a SYN whose options lie is not one that a TCP sends (RFC 9293, 3.1).
 */
enum tt_stat tt_segment_options(struct tt_seg *seg, const struct sk_buff *skb,
				unsigned int off, int len)
{
	u8 buf[MAX_TCP_OPTION_SPACE];
	const u8 *p;

	p = skb_header_pointer(skb, off, len, buf);
	if (!p)
		return TT_STAT_invalid_length;
	if (take_usual(seg, p, len))
		return TT_SEGMENT_OK;
	while (len > 0) {
		int size;

		if (*p == TCPOPT_EOL)
			break;
		if (*p == TCPOPT_NOP) {
			p++;
			len--;
			continue;
		}
		if (len < 2)
			return TT_STAT_invalid_option;
		size = p[1];
		if (size < 2 || size > len)
			return TT_STAT_invalid_option;
		take_option(seg, p);
		p += size;
		len -= size;
	}
	return TT_SEGMENT_OK;
}

bool tt_segment_checksum_ok(struct sk_buff *skb, unsigned int thoff,
			    const struct nf_hook_state *state)
{
	if (skb_is_gso(skb))
		return true;	/* GRO has verified each part, or a local stack made it */
	if (state->pf == NFPROTO_IPV4)
		return !nf_ip_checksum(skb, state->hook, thoff, IPPROTO_TCP);
	return !nf_ip6_checksum(skb, state->hook, thoff, IPPROTO_TCP);
}
