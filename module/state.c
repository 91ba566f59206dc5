// SPDX-License-Identifier: GPL-2.0-only
/*
 * One RFC 9293 endpoint. The tables say what a segment does in each state,
 * with the section that says so; the functions below them do it.
 *
 * "9293" sections are 3.10.7.x unless named otherwise.
 */

#include "state.h"
#include "window.h"

/* What a segment is, by the first flag that RFC 9293 looks at. */
enum cls {
	C_RST,		/* RST, whatever else */
	C_SYN,		/* SYN without ACK */
	C_SYNACK,
	C_FIN,		/* FIN, with ACK */
	C_ACK,		/* ACK alone */
	C_BARE,		/* no ACK: nothing that a synchronized state takes */
	C_COUNT
};

enum act {
	/* received */
	R_NOTHING,	/* dropped; no TCP sends it */
	R_NO_RST,	/* a RST without effect */
	R_BAD_ACK,	/* an ACK without a connection: answered by RST */
	R_OPEN,		/* LISTEN: passive open */
	R_SS_RST, R_SS_SYN, R_SS_SYNACK, R_SS_ACK,
	R_SR_SYN,	/* SYN_RECEIVED: the same SYN again, or one in the window */
	R_TW_SYN,	/* TIME_WAIT: RFC 6191 */
	R_SYN,		/* synchronized: RFC 5961, 4.2 */
	R_RST,		/* synchronized: RFC 5961, 3.2 */
	R_TW_RST,	/* TIME_WAIT: RFC 1337 */
	R_ACK,		/* fifth to eighth check of 3.10.7.4 */
	/* sent */
	S_NOTHING,	/* RFC 9293 lets no endpoint send it here */
	S_ANY,		/* moves nothing but the sequence variables */
	S_NO_RST,	/* answers a segment, ends nothing */
	S_SYN,		/* active open */
	S_SYN_AGAIN,
	S_SYNACK,	/* passive open, its SYN not seen */
	S_SR_SYNACK,	/* the SYN-ACK, first or again */
	S_SR_RST,
	S_RST,		/* abort (3.10.5) */
	S_FIN,		/* CLOSE (3.10.4) */
	S_FIN_AGAIN,
};

static const u8 received[TT_STATES][C_COUNT] = {
	/* 3.10.7.2: first RST, second ACK, third SYN */
	[TT_LISTEN]	  = { R_NO_RST, R_OPEN, R_BAD_ACK, R_BAD_ACK, R_BAD_ACK, R_NOTHING },
	/* 3.10.7.3: first ACK, second RST, fourth SYN; without either, dropped (fifth) */
	[TT_SYN_SENT]	  = { R_SS_RST, R_SS_SYN, R_SS_SYNACK, R_SS_ACK, R_SS_ACK, R_NOTHING },
	/* 3.10.7.4: first sequence, second RST, fourth SYN, fifth ACK, eighth FIN */
	[TT_SYN_RECEIVED] = { R_RST, R_SR_SYN, R_SR_SYN, R_ACK, R_ACK, R_NOTHING },
	[TT_ESTABLISHED]  = { R_RST, R_SYN, R_SYN, R_ACK, R_ACK, R_NOTHING },
	[TT_FIN_WAIT_1]	  = { R_RST, R_SYN, R_SYN, R_ACK, R_ACK, R_NOTHING },
	[TT_FIN_WAIT_2]	  = { R_RST, R_SYN, R_SYN, R_ACK, R_ACK, R_NOTHING },
	[TT_CLOSE_WAIT]	  = { R_RST, R_SYN, R_SYN, R_ACK, R_ACK, R_NOTHING },
	[TT_CLOSING]	  = { R_RST, R_SYN, R_SYN, R_ACK, R_ACK, R_NOTHING },
	[TT_LAST_ACK]	  = { R_RST, R_SYN, R_SYN, R_ACK, R_ACK, R_NOTHING },
	/* RFC 1337 for RST, RFC 6191 for SYN */
	[TT_TIME_WAIT]	  = { R_TW_RST, R_TW_SYN, R_SYN, R_ACK, R_ACK, R_NOTHING },
	/* 3.10.7.1: there is no connection; what is not a RST is answered by one */
	[TT_CLOSED]	  = { R_NO_RST, R_NOTHING, R_NOTHING, R_NOTHING, R_NOTHING, R_NOTHING },
};

static const u8 sent[TT_STATES][C_COUNT] = {
	/* 3.10.2: SEND from LISTEN is an active open; a RST answers an ACK (3.10.7.2) */
	[TT_LISTEN]	  = { S_NO_RST, S_SYN, S_SYNACK, S_NOTHING, S_NOTHING, S_NOTHING },
	/* 3.8.1: retransmission; simultaneous open answers after the SYN moved it on */
	[TT_SYN_SENT]	  = { S_NO_RST, S_SYN_AGAIN, S_NOTHING, S_NOTHING, S_NOTHING, S_NOTHING },
	/* 3.10.4: CLOSE in SYN-RECEIVED sends a FIN; 3.5: the SYN of a simultaneous open again */
	[TT_SYN_RECEIVED] = { S_SR_RST, S_SYN_AGAIN, S_SR_SYNACK, S_FIN, S_ANY, S_NOTHING },
	[TT_ESTABLISHED]  = { S_RST, S_NOTHING, S_NOTHING, S_FIN, S_ANY, S_NOTHING },
	[TT_FIN_WAIT_1]	  = { S_RST, S_NOTHING, S_NOTHING, S_FIN_AGAIN, S_ANY, S_NOTHING },
	/* its FIN is acknowledged: it sends nothing but ACKs */
	[TT_FIN_WAIT_2]	  = { S_RST, S_NOTHING, S_NOTHING, S_FIN_AGAIN, S_ANY, S_NOTHING },
	/* 3.10.4: CLOSE in CLOSE-WAIT */
	[TT_CLOSE_WAIT]	  = { S_RST, S_NOTHING, S_NOTHING, S_FIN, S_ANY, S_NOTHING },
	[TT_CLOSING]	  = { S_RST, S_NOTHING, S_NOTHING, S_FIN_AGAIN, S_ANY, S_NOTHING },
	[TT_LAST_ACK]	  = { S_RST, S_NOTHING, S_NOTHING, S_FIN_AGAIN, S_ANY, S_NOTHING },
	/* 3.10.7.4: it only acknowledges; a RST of its answers something else */
	[TT_TIME_WAIT]	  = { S_NO_RST, S_NOTHING, S_NOTHING, S_FIN_AGAIN, S_ANY, S_NOTHING },
	/* 3.10.1: active open; 3.10.7.1: RST in answer to whatever comes */
	[TT_CLOSED]	  = { S_NO_RST, S_SYN, S_SYNACK, S_NOTHING, S_NOTHING, S_NOTHING },
};

/* Figure 5: the state after all that was sent is acknowledged. */
static const u8 acked[TT_STATES] = {
	[TT_LISTEN]	  = TT_LISTEN,
	[TT_SYN_SENT]	  = TT_SYN_SENT,
	[TT_SYN_RECEIVED] = TT_ESTABLISHED,	/* fifth, SYN-RECEIVED */
	[TT_ESTABLISHED]  = TT_ESTABLISHED,
	[TT_FIN_WAIT_1]	  = TT_FIN_WAIT_2,	/* fifth, FIN-WAIT-1 */
	[TT_FIN_WAIT_2]	  = TT_FIN_WAIT_2,
	[TT_CLOSE_WAIT]	  = TT_CLOSE_WAIT,
	[TT_CLOSING]	  = TT_TIME_WAIT,	/* fifth, CLOSING */
	[TT_LAST_ACK]	  = TT_CLOSED,		/* fifth, LAST-ACK */
	[TT_TIME_WAIT]	  = TT_TIME_WAIT,
	[TT_CLOSED]	  = TT_CLOSED,
};

/* Figure 5: the state after the peer's FIN is taken (eighth check). */
static const u8 finned[TT_STATES] = {
	[TT_LISTEN]	  = TT_LISTEN,
	[TT_SYN_SENT]	  = TT_SYN_SENT,
	[TT_SYN_RECEIVED] = TT_CLOSE_WAIT,
	[TT_ESTABLISHED]  = TT_CLOSE_WAIT,
	[TT_FIN_WAIT_1]	  = TT_CLOSING,		/* the fifth check has left it, were ours acked */
	[TT_FIN_WAIT_2]	  = TT_TIME_WAIT,
	[TT_CLOSE_WAIT]	  = TT_CLOSE_WAIT,
	[TT_CLOSING]	  = TT_CLOSING,
	[TT_LAST_ACK]	  = TT_LAST_ACK,
	[TT_TIME_WAIT]	  = TT_TIME_WAIT,
	[TT_CLOSED]	  = TT_CLOSED,
};

/* Figure 5: the state after its own FIN left. */
static const u8 closed[TT_STATES] = {
	[TT_LISTEN]	  = TT_LISTEN,
	[TT_SYN_SENT]	  = TT_SYN_SENT,
	[TT_SYN_RECEIVED] = TT_FIN_WAIT_1,
	[TT_ESTABLISHED]  = TT_FIN_WAIT_1,
	[TT_FIN_WAIT_1]	  = TT_FIN_WAIT_1,
	[TT_FIN_WAIT_2]	  = TT_FIN_WAIT_2,
	[TT_CLOSE_WAIT]	  = TT_LAST_ACK,
	[TT_CLOSING]	  = TT_CLOSING,
	[TT_LAST_ACK]	  = TT_LAST_ACK,
	[TT_TIME_WAIT]	  = TT_TIME_WAIT,
	[TT_CLOSED]	  = TT_CLOSED,
};

static enum cls classify(u8 flags)
{
	if (flags & TT_RST)
		return C_RST;
	if (flags & TT_SYN)
		return flags & TT_ACK ? C_SYNACK : C_SYN;
	if (!(flags & TT_ACK))
		return C_BARE;
	return flags & TT_FIN ? C_FIN : C_ACK;
}

static enum tt_event take_fin(struct tt_endpoint *ep)
{
	u8 from = ep->state;

	ep->flags &= ~TT_EP_FIN_SEEN;
	ep->state = finned[from];
	if (from == TT_FIN_WAIT_1)
		return TT_EV_SIMUL_CLOSE;
	return from == TT_TIME_WAIT ? TT_EV_TW_RESTART : TT_EV_NONE;
}

/* First check of 3.10.7.4 failed: what an unacceptable segment is. */
static enum tt_event unacceptable(const struct tt_endpoint *ep, const struct tt_seg *seg,
				  enum cls cls)
{
	if (cls == C_RST)
		return TT_EV_RST_IGNORED;
	if (cls != C_FIN || tt_seg_end(seg) != ep->rcv_nxt)
		return TT_EV_OLD_DUP;
	switch (ep->state) {
	case TT_TIME_WAIT:
		return TT_EV_TW_RESTART;	/* eighth check, TIME-WAIT */
	case TT_CLOSE_WAIT:
	case TT_CLOSING:
	case TT_LAST_ACK:
		return TT_EV_FIN_RETRANS;
	default:
		return TT_EV_OLD_DUP;
	}
}

/* Has the peer's FIN been taken? Then nothing can follow it (seventh and eighth check). */
static bool fin_taken(const struct tt_endpoint *ep)
{
	return ep->state == TT_CLOSE_WAIT || ep->state == TT_CLOSING ||
	       ep->state == TT_LAST_ACK || ep->state == TT_TIME_WAIT;
}

/* Fifth to eighth check of 3.10.7.4, for an acceptable segment. */
static enum tt_event receive_ack(struct tt_endpoint *ep, const struct tt_seg *seg,
				 enum tt_seqrel rel)
{
	enum tt_ackrel ack = tt_ackrel(ep, seg);
	u32 end = tt_seg_end(seg), edge = ep->rcv_nxt + ep->rcv_wnd;
	u8 from = ep->state;
	bool held;

	if (ack == TT_ACK_BEYOND)
		return TT_EV_BAD_ACK;
	if (ep->state == TT_SYN_RECEIVED) {
		if (ack != TT_ACK_NEW && ack != TT_ACK_ALL)
			return TT_EV_BAD_ACK;
		ep->state = acked[TT_SYN_RECEIVED];
	} else if (ack == TT_ACK_ALL && ep->flags & TT_EP_FIN_SENT) {
		ep->state = acked[ep->state];
	}
	if (ack == TT_ACK_NEW || ack == TT_ACK_ALL)
		ep->snd_una = seg->ack;
	if (ep->state == TT_CLOSED)
		return TT_EV_NONE;
	if (fin_taken(ep))
		return from == TT_TIME_WAIT && (seg->flags & TT_FIN || !seg->len) ?
		       TT_EV_TW_RESTART : TT_EV_NONE;

	/* Behind a hole, or beyond the window (trimmed): counts when it is acknowledged. */
	held = rel == TT_SEQ_AHEAD || (ep->flags & TT_EP_RCV && tt_before(edge, end));
	if (held && seg->flags & TT_FIN) {
		ep->fin_seq = end;
		ep->flags |= TT_EP_FIN_SEEN;
	}
	if (rel == TT_SEQ_AHEAD)
		return TT_EV_NONE;
	if (held)
		end = edge;
	if (!(ep->flags & TT_EP_RCV)) {
		ep->rcv_nxt = end;
		ep->flags |= TT_EP_RCV;
	} else if (tt_before(ep->rcv_nxt, end)) {
		if (end - ep->rcv_nxt < ep->rcv_wnd)
			ep->rcv_wnd -= end - ep->rcv_nxt;
		else
			ep->rcv_wnd = 0;
		ep->rcv_nxt = end;
	}
	if (!held && seg->flags & TT_FIN)
		return take_fin(ep);
	if (!held && ep->flags & TT_EP_FIN_SEEN && ep->rcv_nxt + 1 == ep->fin_seq) {
		ep->rcv_nxt = ep->fin_seq;
		return take_fin(ep);
	}
	return TT_EV_NONE;
}

static enum tt_event receive_rst(struct tt_endpoint *ep, enum tt_seqrel rel)
{
	if (rel != TT_SEQ_EXACT)
		return TT_EV_CHALLENGE;		/* RFC 5961, 3.2, case 3 */
	if (ep->state == TT_SYN_RECEIVED && ep->flags & TT_EP_PASSIVE)
		ep->state = TT_LISTEN;		/* second check, SYN-RECEIVED */
	else
		ep->state = TT_CLOSED;
	return TT_EV_RESET;
}

/* 3.10.7.3; an endpoint without TT_EP_SEQ takes every acknowledgment. */
static enum tt_event receive_syn_sent(struct tt_endpoint *ep, const struct tt_seg *seg,
				      enum act act)
{
	enum tt_ackrel ack = tt_ackrel(ep, seg);
	bool bad = ack != TT_ACK_NONE && ack != TT_ACK_NEW && ack != TT_ACK_ALL;

	if (act == R_SS_RST) {
		if (bad || ack == TT_ACK_NONE)
			return TT_EV_RST_IGNORED;
		ep->state = TT_CLOSED;
		return TT_EV_REFUSED;
	}
	if (bad)
		return TT_EV_BAD_ACK;
	if (act == R_SS_ACK)
		return TT_EV_UNEXPECTED;
	tt_learn_irs(ep, seg);
	if (act == R_SS_SYN) {
		ep->state = TT_SYN_RECEIVED;
		return TT_EV_SIMUL_OPEN;
	}
	ep->rcv_nxt += seg->len;
	ep->snd_una = seg->ack;
	ep->state = TT_ESTABLISHED;
	if (seg->flags & TT_FIN) {
		ep->rcv_nxt++;
		return take_fin(ep);
	}
	return TT_EV_NONE;
}

static enum tt_event receive_syn(struct tt_endpoint *ep, const struct tt_seg *seg,
				 enum tt_seqrel rel, enum act act)
{
	if (act == R_TW_SYN && ep->flags & TT_EP_RCV && tt_before(ep->rcv_nxt, seg->seq))
		return TT_EV_TW_REOPEN;
	if (act == R_SR_SYN && !(seg->flags & TT_ACK) && seg->seq + 1 == ep->rcv_nxt)
		return TT_EV_SYN_RETRANS;
	/* the SYN-ACK of a simultaneous open repeats the SYN (3.5, figure 7, line 6) */
	if (act == R_SR_SYN && seg->flags & TT_ACK && seg->seq + 1 == ep->rcv_nxt &&
	    !(ep->flags & TT_EP_PASSIVE))
		return receive_ack(ep, seg, TT_SEQ_OVERLAP);
	if (act == R_TW_SYN || rel == TT_SEQ_OLD || rel == TT_SEQ_BEYOND)
		return TT_EV_OLD_DUP;
	if (ep->flags & TT_EP_PASSIVE && rel != TT_SEQ_OVERLAP) {
		ep->state = TT_LISTEN;		/* fourth check, SYN-RECEIVED */
		return TT_EV_RESET;
	}
	return TT_EV_CHALLENGE;
}

enum tt_event tt_step_received(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	enum cls cls = classify(seg->flags);
	enum act act = received[ep->state][cls];
	enum tt_seqrel rel;

	switch (act) {
	case R_NO_RST:
		return TT_EV_RST_IGNORED;
	case R_BAD_ACK:
		return TT_EV_BAD_ACK;
	case R_OPEN:
		tt_learn_irs(ep, seg);	/* its text, if taken, shows in the SYN-ACK */
		ep->flags |= TT_EP_PASSIVE;
		ep->flags &= ~TT_EP_SEQ;
		ep->state = TT_SYN_RECEIVED;
		return TT_EV_NONE;
	case R_SS_RST:
	case R_SS_SYN:
	case R_SS_SYNACK:
	case R_SS_ACK:
		return receive_syn_sent(ep, seg, act);
	default:
		break;
	}

	if (act == R_NOTHING && (ep->state == TT_LISTEN || ep->state == TT_SYN_SENT ||
				 ep->state == TT_CLOSED))
		return TT_EV_UNEXPECTED;
	rel = tt_seqrel(ep, seg);
	if (act == R_TW_SYN || act == R_SR_SYN)
		return receive_syn(ep, seg, rel, act);
	if (act == R_SYN)
		return TT_EV_CHALLENGE;		/* RFC 5961, 4.2: irrespective of the number */
	/* first check: with RCV.WND 0 valid ACKs are taken, and what comes with them waits */
	if (act == R_ACK && rel == TT_SEQ_BEYOND && seg->seq == ep->rcv_nxt && !ep->rcv_wnd)
		rel = TT_SEQ_AHEAD;
	if (rel == TT_SEQ_OLD || rel == TT_SEQ_BEYOND)
		return unacceptable(ep, seg, cls);

	switch (act) {
	case R_TW_RST:
		if (rel != TT_SEQ_EXACT)
			return TT_EV_CHALLENGE;
		if (ep->flags & TT_EP_RFC1337)
			return TT_EV_RST_IGNORED;
		ep->state = TT_CLOSED;
		return TT_EV_TW_ASSASSINATED;
	case R_RST:
		return receive_rst(ep, rel);
	case R_ACK:
		return receive_ack(ep, seg, rel);
	default:
		return TT_EV_UNEXPECTED;
	}
}

/*
 * An acknowledgment that covers a FIN which came ahead of a hole: it is taken.
 * One that goes further tells that it was none: nothing follows a FIN.
 */
static enum tt_event sent_ack_of_fin(struct tt_endpoint *ep)
{
	if (!(ep->flags & TT_EP_FIN_SEEN) || tt_before(ep->rcv_nxt, ep->fin_seq))
		return TT_EV_NONE;
	if (ep->rcv_nxt == ep->fin_seq)
		return take_fin(ep);
	ep->flags &= ~TT_EP_FIN_SEEN;
	return TT_EV_NONE;
}

static enum tt_event sent_rst(struct tt_endpoint *ep, const struct tt_seg *seg, enum act act)
{
	bool known = ep->flags & TT_EP_SEQ;

	if (act == S_SR_RST) {
		if (known && seg->seq != ep->snd_nxt)
			return TT_EV_NONE;	/* fifth check: it answers a bad ACK */
	} else if (known && (tt_before(seg->seq, ep->snd_una) ||
			     tt_before(ep->snd_nxt, seg->seq))) {
		return TT_EV_RST_IGNORED;
	}
	ep->state = TT_CLOSED;
	return TT_EV_RESET;
}

static enum tt_event sent_syn(struct tt_endpoint *ep, const struct tt_seg *seg, enum act act)
{
	bool again = ep->flags & TT_EP_SEQ && seg->seq == ep->snd_una;
	enum tt_event ev = TT_EV_NONE;

	if ((act == S_SYN_AGAIN || act == S_SR_SYNACK) && ep->flags & TT_EP_SEQ && !again)
		return TT_EV_UNEXPECTED;	/* it has one ISS only */
	switch (act) {
	case S_SYN:
		tt_learn_iss(ep, seg);
		ep->flags &= ~(TT_EP_RCV | TT_EP_PASSIVE);
		ep->state = TT_SYN_SENT;
		break;
	case S_SYN_AGAIN:
		if (again)
			ev = TT_EV_SYN_RETRANS;
		else
			tt_learn_iss(ep, seg);
		ep->flags &= ~TT_EP_PASSIVE;	/* a SYN without ACK: it opened, too */
		break;
	case S_SYNACK:
		tt_learn_iss(ep, seg);
		ep->flags &= ~TT_EP_RCV;
		ep->flags |= TT_EP_PASSIVE;
		ep->state = TT_SYN_RECEIVED;
		break;
	default:
		if (again)
			ev = TT_EV_SYNACK_RETRANS;
		else
			tt_learn_iss(ep, seg);
	}
	tt_learn_sent(ep, seg);
	tt_learn_window(ep, seg);
	return ev;
}

static enum tt_event sent_fin(struct tt_endpoint *ep, const struct tt_seg *seg, enum act act)
{
	u32 end = tt_seg_end(seg), first = ep->snd_una + (ep->state == TT_SYN_RECEIVED);
	bool late = ep->flags & TT_EP_LOOSE || act == S_FIN_AGAIN || tt_before(first, end);
	enum tt_event ev;

	if (act == S_FIN_AGAIN && (ep->flags & TT_EP_FIN_SENT || ep->state == TT_FIN_WAIT_2 ||
				   ep->state == TT_TIME_WAIT)) {
		if (!(ep->flags & TT_EP_FIN_SENT) || end != ep->snd_nxt)
			return TT_EV_UNEXPECTED;
		tt_learn_sent(ep, seg);
		sent_ack_of_fin(ep);
		return TT_EV_FIN_RETRANS;
	}
	/*
	 * A FIN takes an octet that nothing has taken before; the socket may have
	 * closed (FIN_WAIT_1) before it leaves. Who came late may have missed it. An
	 * ACK that left after the FIN may be seen before it, if that was lost.
	 */
	if (ep->flags & TT_EP_SEQ && !tt_before(ep->snd_nxt, end) &&
	    !(late && end == ep->snd_nxt))
		return TT_EV_UNEXPECTED;
	tt_learn_sent(ep, seg);
	ev = sent_ack_of_fin(ep);
	ep->flags |= TT_EP_FIN_SENT;
	ep->state = closed[ep->state];
	return ev;
}

enum tt_event tt_step_sent(struct tt_endpoint *ep, const struct tt_seg *seg)
{
	enum act act = sent[ep->state][classify(seg->flags)];

	/* 3.10.4: a FIN leaves after the SYN, never with it. */
	if ((seg->flags & (TT_RST | TT_SYN | TT_FIN)) == (TT_SYN | TT_FIN))
		return TT_EV_UNEXPECTED;
	switch (act) {
	case S_NO_RST:
		return ep->state == TT_TIME_WAIT ? TT_EV_RST_IGNORED : TT_EV_NONE;
	case S_SYN:
	case S_SYN_AGAIN:
	case S_SYNACK:
	case S_SR_SYNACK:
		return sent_syn(ep, seg, act);
	case S_SR_RST:
	case S_RST:
		return sent_rst(ep, seg, act);
	case S_FIN:
	case S_FIN_AGAIN:
		return sent_fin(ep, seg, act);
	case S_ANY:
		/* its SYN-ACK is late: only that tells the ISS */
		if (ep->state == TT_SYN_RECEIVED && !(ep->flags & TT_EP_SEQ))
			return TT_EV_NONE;
		tt_learn_sent(ep, seg);
		return sent_ack_of_fin(ep);
	default:
		return TT_EV_UNEXPECTED;
	}
}

void tt_endpoint_init(struct tt_endpoint *ep, enum tt_state state)
{
	*ep = (struct tt_endpoint){ .state = state, .wscale = TT_WSCALE_NONE };
}
