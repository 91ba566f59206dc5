// SPDX-License-Identifier: GPL-2.0-only
/* Where Linux goes other ways than tt_step() when a segment arrives: its socket decides. */

#include <linux/tcp.h>
#include <net/inet_timewait_sock.h>
#include <net/tcp.h>

#include "local.h"
#include "sock.h"
#include "window.h"

/* An orphan in FIN_WAIT_2 that is a TIME_WAIT socket, as what is at hand and the flow say. */
static bool is_mini(const struct tt_endpoint *ep, const struct sock *sk)
{
	return ep->state == TT_FIN_WAIT_2 && ep->flags & TT_EP_RCV && sk &&
	       READ_ONCE(sk->sk_state) == TCP_TIME_WAIT && tt_sock_state(sk) == TT_FIN_WAIT_2;
}

/* As tcp_in_window() does. */
static bool in_window(const struct tt_endpoint *ep, const struct tt_seg *seg)
{
	u32 end = tt_seg_end(seg), edge = ep->rcv_nxt + ep->rcv_wnd;

	return seg->seq == ep->rcv_nxt || (seg->seq == edge && seg->seq == end) ||
	       (tt_before(ep->rcv_nxt, end) && tt_before(seg->seq, edge));
}

/* This and the next as tcp_timewait_state_process() does. */
bool tt_local_mini_ends(const struct tt_endpoint *ep, const struct tt_seg *seg,
			const struct sock *sk)
{
	return is_mini(ep, sk) && in_window(ep, seg);
}

bool tt_local_mini_resets(const struct tt_endpoint *ep, const struct tt_seg *seg,
			  const struct sock *sk)
{
	u32 end = tt_seg_end(seg);

	if (!is_mini(ep, sk) || seg->flags & TT_RST || !in_window(ep, seg))
		return false;
	if (seg->flags & TT_SYN)
		return !tt_before(seg->seq, ep->rcv_nxt);
	return seg->flags & TT_ACK && end != seg->seq && tt_before(ep->rcv_nxt, end) &&
	       !(seg->flags & TT_FIN && end == ep->rcv_nxt + 1);
}

/* As tcp_rcv_state_process() does: data after the end of reading is answered by a RST. */
static bool nobody_reads(const struct tt_endpoint *ep, const struct tt_seg *seg,
			 const struct sock *sk)
{
	u32 end = tt_seg_end(seg);
	enum tt_seqrel rel;

	if (ep->state != TT_FIN_WAIT_1 && ep->state != TT_FIN_WAIT_2)
		return false;
	if (!sk || !sk_fullsock(sk) || !(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN))
		return false;
	if (!(ep->flags & TT_EP_RCV) || seg->flags & (TT_SYN | TT_RST) || end == seg->seq ||
	    !tt_before(ep->rcv_nxt, end - !!(seg->flags & TT_FIN)))
		return false;
	rel = tt_seqrel(ep, seg);
	return rel != TT_SEQ_OLD && rel != TT_SEQ_BEYOND;
}

/* As tcp_sequence() does: what ends at RCV.NXT is acceptable, new or not. */
static bool is_repeated(const struct tt_endpoint *ep, const struct tt_seg *seg,
			const struct sock *sk)
{
	u32 end = tt_seg_end(seg);

	return sk && sk_fullsock(sk) && ep->flags & TT_EP_RCV && end == ep->rcv_nxt &&
	       end != seg->seq && !(seg->flags & (TT_SYN | TT_RST));
}

static enum tt_event step_acked(struct tt_endpoint *next, const struct tt_seg *seg)
{
	struct tt_seg ack = *seg;

	ack.seq = next->rcv_nxt;
	ack.len = 0;
	ack.flags &= ~TT_FIN;
	return tt_step(next, TT_RECEIVED, &ack);
}

enum tt_event tt_local_step_closed(struct tt_endpoint *next, const struct tt_seg *seg,
				   const struct sock *sk)
{
	enum tt_event ev;

	/* the RST ends it; until then, only what the segment acknowledges counts */
	if (nobody_reads(next, seg, sk))
		return step_acked(next, seg);
	ev = tt_step(next, TT_RECEIVED, seg);
	if ((ev == TT_EV_FIN_RETRANS || ev == TT_EV_OLD_DUP) && is_repeated(next, seg, sk) &&
	    step_acked(next, seg) == TT_EV_BAD_ACK)
		return TT_EV_BAD_ACK;
	return ev;
}
