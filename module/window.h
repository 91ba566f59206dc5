/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_WINDOW_H
#define TCPTRACK_WINDOW_H

#include "state.h"

/*
 * What a sequence or acknowledgment number may do (RFC 9293, 3.4 and 3.10.7.4). Inline: each
 * segment asks several of these, and a call costs as much as an answer.
 */

/* Sequence space is a circle: a is before b (RFC 9293, 3.4). */
static inline bool tt_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* The octet after the segment; SYN and FIN count one each. */
static inline u32 tt_seg_end(const struct tt_seg *seg)
{
	return seg->seq + seg->len + !!(seg->flags & TT_SYN) + !!(seg->flags & TT_FIN);
}

/**
 * tt_seqrel() - where a segment lies in an endpoint's receive window
 * @ep: the receiver; without %TT_EP_RCV every sequence number is EXACT
 * @seg: the segment
 *
 * SYN and FIN count one octet each. A segment of length 0 at RCV.NXT is EXACT
 * even when the window is closed; with RCV.WND = 0 every other is OLD or BEYOND.
 *
 * Pure; any context.
 *
 * Return: the relation.
 */
static inline enum tt_seqrel tt_seqrel(const struct tt_endpoint *ep, const struct tt_seg *seg)
{
	u32 end = tt_seg_end(seg);

	if (!(ep->flags & TT_EP_RCV))
		return TT_SEQ_EXACT;
	if (seg->seq == end) {
		if (seg->seq == ep->rcv_nxt)
			return TT_SEQ_EXACT;
		if (tt_before(seg->seq, ep->rcv_nxt))
			return TT_SEQ_OLD;
	} else {
		if (!tt_before(ep->rcv_nxt, end))
			return TT_SEQ_OLD;
		if (!ep->rcv_wnd)
			return TT_SEQ_BEYOND;
		if (seg->seq == ep->rcv_nxt)
			return TT_SEQ_EXACT;
		if (tt_before(seg->seq, ep->rcv_nxt))
			return TT_SEQ_OVERLAP;
	}
	return seg->seq - ep->rcv_nxt < ep->rcv_wnd ? TT_SEQ_AHEAD : TT_SEQ_BEYOND;
}

/**
 * tt_ackrel() - what a segment acknowledges of what an endpoint sent
 * @ep: the receiver; without %TT_EP_SEQ every acknowledgment is ALL
 * @seg: the segment
 *
 * Pure; any context.
 *
 * Return: the relation.
 */
static inline enum tt_ackrel tt_ackrel(const struct tt_endpoint *ep, const struct tt_seg *seg)
{
	if (!(seg->flags & TT_ACK))
		return TT_ACK_NONE;
	if (!(ep->flags & TT_EP_SEQ) || seg->ack == ep->snd_nxt)
		return TT_ACK_ALL;
	if (tt_before(ep->snd_nxt, seg->ack))
		return TT_ACK_BEYOND;
	if (seg->ack == ep->snd_una)
		return TT_ACK_DUP;
	return tt_before(seg->ack, ep->snd_una) ? TT_ACK_OLD : TT_ACK_NEW;
}

/*
 * What a segment tells about the variables of an endpoint (RFC 9293, 3.3.1): a
 * SYN that it received, a SYN that it sent, the window that it offers, and
 * whatever else it sends.
 */
static inline void tt_learn_irs(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	ep->rcv_nxt = seg->seq + 1;
	ep->flags |= TT_EP_RCV;
	ep->flags &= ~TT_EP_FIN_SEEN;
}

static inline void tt_learn_iss(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	ep->snd_una = seg->seq;
	ep->snd_nxt = seg->seq + 1 + seg->len;
	ep->wscale = seg->wscale;
	ep->flags |= TT_EP_SEQ;
	ep->flags &= ~TT_EP_FIN_SENT;
}

/* The window of a SYN is never scaled (RFC 7323, 2.2). */
static inline void tt_learn_window(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	u8 shift = seg->flags & TT_SYN || ep->wscale == TT_WSCALE_NONE ? 0 : ep->wscale;

	ep->rcv_wnd = (u32)seg->wnd << shift;
}

/* What every segment of a connection tells about its sender. */
static inline void tt_learn_sent(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	u32 end = tt_seg_end(seg);

	if (!(ep->flags & TT_EP_SEQ)) {
		ep->snd_una = seg->seq;
		ep->snd_nxt = end;
		ep->flags |= TT_EP_SEQ;
	} else if (tt_before(ep->snd_nxt, end)) {
		ep->snd_nxt = end;
	}
	if (!(seg->flags & TT_ACK))
		return;
	if (!(ep->flags & TT_EP_RCV) || tt_before(ep->rcv_nxt, seg->ack)) {
		ep->rcv_nxt = seg->ack;
		ep->flags |= TT_EP_RCV;
	}
	tt_learn_window(ep, seg);
}

#endif /* TCPTRACK_WINDOW_H */
