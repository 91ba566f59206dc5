// SPDX-License-Identifier: GPL-2.0-only
/* What a sequence or acknowledgment number may do (RFC 9293, 3.4 and 3.10.7.4). */

#include "state.h"
#include "window.h"

enum tt_seqrel tt_seqrel(const struct tt_endpoint *ep, const struct tt_seg *seg)
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

enum tt_ackrel tt_ackrel(const struct tt_endpoint *ep, const struct tt_seg *seg)
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

void tt_learn_irs(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	ep->rcv_nxt = seg->seq + 1;
	ep->flags |= TT_EP_RCV;
	ep->flags &= ~TT_EP_FIN_SEEN;
}

void tt_learn_iss(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	ep->snd_una = seg->seq;
	ep->snd_nxt = seg->seq + 1 + seg->len;
	ep->wscale = seg->wscale;
	ep->flags |= TT_EP_SEQ;
	ep->flags &= ~TT_EP_FIN_SENT;
}

/* The window of a SYN is never scaled (RFC 7323, 2.2). */
void tt_learn_window(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	u8 shift = seg->flags & TT_SYN || ep->wscale == TT_WSCALE_NONE ? 0 : ep->wscale;

	ep->rcv_wnd = (u32)seg->wnd << shift;
}

/* What every segment of a connection tells about its sender. */
void tt_learn_sent(struct tt_endpoint *ep, const struct tt_seg *seg)
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
