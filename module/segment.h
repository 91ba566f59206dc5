/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SEGMENT_H
#define TCPTRACK_SEGMENT_H

#include <linux/ip.h>
#include <linux/netfilter.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "state.h"
#include "stats.h"

struct nf_hook_state;
struct sk_buff;
struct tcphdr;

/* What tt_segment_parse() returns for a segment that can be judged. */
#define TT_SEGMENT_OK	TT_STAT_segments_seen

/* The same for an IPv6 packet; *why is %TT_SEGMENT_OK before. */
int tt_segment_find_v6(const struct sk_buff *skb, unsigned int *thoff, enum tt_stat *why);

/**
 * tt_segment_find() - offset of the transport header
 * @skb: packet at a netfilter hook, skb->data at its network header
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @thoff: set to the offset of the transport header from skb->data
 * @why: set when a TCP packet cannot be judged, else %TT_SEGMENT_OK
 *
 * Trusts nothing: raw sockets write their own headers.
 *
 * Return: the transport protocol; for IPv6 that of the first fragment, too.
 */
static inline int tt_segment_find(const struct sk_buff *skb, u8 pf, unsigned int *thoff,
				  enum tt_stat *why)
{
	const struct iphdr *iph = ip_hdr(skb);

	*why = TT_SEGMENT_OK;
	if (pf == NFPROTO_IPV6)
		return tt_segment_find_v6(skb, thoff, why);
	*thoff = iph->ihl * 4;
	if (unlikely(ip_is_fragment(iph)) && iph->protocol == IPPROTO_TCP)
		*why = TT_STAT_invalid_fragment;
	return iph->protocol;
}

/**
 * tt_segment_options() - the options of a segment
 * @seg: written when %TT_SEGMENT_OK is returned
 * @skb: packet, linear or not
 * @off: offset of the options
 * @len: their length, which lies in the packet
 *
 * Return: %TT_SEGMENT_OK, or the counter of what is wrong with them.
 */
enum tt_stat tt_segment_options(struct tt_seg *seg, const struct sk_buff *skb, unsigned int off,
				int len);

/**
 * tt_segment_parse() - checked segment from an skb
 * @seg: written when %TT_SEGMENT_OK is returned
 * @skb: packet, linear or not, GRO or GSO or neither
 * @th: its TCP header, copied or in place
 * @thoff: offset of that header
 *
 * Return: %TT_SEGMENT_OK, or the counter of what is wrong with it.
 */
static inline enum tt_stat tt_segment_parse(struct tt_seg *seg, const struct sk_buff *skb,
					    const struct tcphdr *th, unsigned int thoff)
{
	unsigned int hdrlen = th->doff * 4;

	if (hdrlen < sizeof(*th) || thoff + hdrlen > skb->len)
		return TT_STAT_invalid_offset;
	seg->seq = ntohl(th->seq);
	seg->ack = ntohl(th->ack_seq);
	seg->wnd = ntohs(th->window);
	seg->len = skb->len - thoff - hdrlen;
	seg->flags = tcp_flag_byte(th);
	seg->wscale = TT_WSCALE_NONE;
	seg->has_ts = false;
	seg->mss = 0;
	seg->sack = false;
	seg->wants = TT_WANTS_NOTHING;
	if (!(seg->flags & TT_SYN) || hdrlen == sizeof(*th))
		return TT_SEGMENT_OK;
	return tt_segment_options(seg, skb, thoff + sizeof(*th), hdrlen - sizeof(*th));
}

/**
 * tt_segment_checksum_ok() - verify the TCP checksum as the stack would
 * @skb: packet that came from outside (LOCAL_IN, FORWARD); its checksum state may be updated
 * @thoff: offset of the TCP header
 * @state: where the hook runs
 *
 * Return: true if it is right, or made or verified by this host.
 */
bool tt_segment_checksum_ok(struct sk_buff *skb, unsigned int thoff,
			    const struct nf_hook_state *state);

/**
 * tt_segment_is_underway() - whether a header will make another tuple's segment of it
 * @skb: IPv6 packet with extension headers, at LOCAL_IN
 *
 * Return: true if it has a routing header with segments left (RFC 8754, 4.3), or a home address
 * (RFC 6275, 6.3).
 */
bool tt_segment_is_underway(const struct sk_buff *skb);

/**
 * tt_segment_is_ipvs() - whether IPVS has had it
 * @skb: packet
 *
 * Return: true if it is for, or from, a real server of a virtual service here.
 */
static inline bool tt_segment_is_ipvs(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_IP_VS)
	return skb->ipvs_property;
#else
	return false;
#endif
}

#endif /* TCPTRACK_SEGMENT_H */
