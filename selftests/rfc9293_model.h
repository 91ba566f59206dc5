/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TCP of its own, as small as it can be: what RFC 9293, 3.10 makes of user
 * calls and of segments, with one octet of text, a window that never closes and
 * a place for one segment that came too early. It knows nothing of module/.
 */
#ifndef TCPTRACK_RFC9293_MODEL_H
#define TCPTRACK_RFC9293_MODEL_H

#include <string.h>

#include "state.h"

#define M_WINDOW	1000
#define M_PASSIVE	0x01
#define M_TEXT_SENT	0x02
#define M_FIN_SENT	0x04
#define M_HELD		0x08	/* held_seq..held_end waits for the hole before it */
#define M_HELD_FIN	0x10	/* and ends in a FIN */
#define M_TFO_SEND	0x20	/* the octet of text goes with the SYN */
#define M_TFO_TAKE	0x40	/* and is taken there */
#define M_LINUX		0x80	/* as Linux: m_reset_check(), m_repeated() */

struct model {
	u32 iss, una, nxt, rcv;
	u32 held_seq, held_end;
	u8 state;
	u8 flags;
	u8 lives;	/* how often it went back to LISTEN */
};

/* What one event makes an endpoint send. */
struct outbox {
	struct tt_seg seg[2];
	u32 n;
};

static inline bool m_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline u32 m_len(const struct tt_seg *s)
{
	return s->len + !!(s->flags & TT_SYN) + !!(s->flags & TT_FIN);
}

static inline void m_send(struct outbox *out, u8 flags, u32 seq, u32 ack, u32 len)
{
	out->seg[out->n++] = (struct tt_seg){
		.seq = seq, .ack = ack, .len = len, .wnd = M_WINDOW, .flags = flags,
		.wscale = TT_WSCALE_NONE,
	};
}

static inline void m_ack(const struct model *m, struct outbox *out)
{
	m_send(out, TT_ACK, m->nxt, m->rcv, 0);
}

/* Section 3.5.2: the RST that the sender of @s will believe. */
static inline void m_reset(const struct tt_seg *s, struct outbox *out)
{
	if (s->flags & TT_ACK)
		m_send(out, TT_RST, s->ack, 0, 0);
	else
		m_send(out, TT_RST | TT_ACK, 0, s->seq + m_len(s), 0);
}

/* All that is not acknowledged, in one segment; @first: only what begins it. */
static inline void m_retransmit(const struct model *m, struct outbox *out, bool first)
{
	u32 end = m->nxt - !!(m->flags & M_FIN_SENT);
	u32 text = end - m->una;
	u8 flags = TT_ACK;

	if (m->state == TT_SYN_SENT) {
		m_send(out, TT_SYN, m->iss, 0, first ? 0 : m->nxt - m->iss - 1);
	} else if (m->state == TT_SYN_RECEIVED) {
		m_send(out, TT_SYN | TT_ACK, m->iss, m->rcv, 0);
	} else {
		if (m->una == m->iss) {		/* FIN_WAIT_1 before its SYN was acknowledged */
			m_send(out, TT_SYN | TT_ACK, m->iss, m->rcv, 0);
			return;
		}
		if (m->flags & M_FIN_SENT && !(first && text))
			flags |= TT_FIN;
		m_send(out, flags, m->una, m->rcv, text);
	}
}

static inline void m_open(struct model *m, struct outbox *out)
{
	u32 text = !!(m->flags & M_TFO_SEND);

	m->state = TT_SYN_SENT;
	m->una = m->iss;
	m->nxt = m->iss + 1 + text;
	m->flags |= text ? M_TEXT_SENT : 0;
	m_send(out, TT_SYN, m->iss, 0, text);
}

static inline void m_write(struct model *m, struct outbox *out)
{
	m_send(out, TT_ACK | TT_PSH, m->nxt++, m->rcv, 1);
	m->flags |= M_TEXT_SENT;
}

static inline void m_close(struct model *m, struct outbox *out)
{
	m_send(out, TT_FIN | TT_ACK, m->nxt++, m->rcv, 0);
	m->flags |= M_FIN_SENT;
	m->state = m->state == TT_CLOSE_WAIT ? TT_LAST_ACK : TT_FIN_WAIT_1;
}

static inline void m_abort(struct model *m, struct outbox *out)
{
	m_send(out, TT_RST, m->nxt, 0, 0);
	m->state = TT_CLOSED;
}

static inline void m_listen_arrival(struct model *m, const struct tt_seg *s, struct outbox *out)
{
	if (s->flags & TT_RST)
		return;
	if (s->flags & TT_ACK) {
		m_reset(s, out);
	} else if (s->flags & TT_SYN) {
		m->iss += 64000 * m->lives;
		m->una = m->iss;
		m->nxt = m->iss + 1;
		m->rcv = s->seq + 1 + (m->flags & M_TFO_TAKE ? s->len : 0);
		m->state = TT_SYN_RECEIVED;
		m->flags |= M_PASSIVE;
		m_send(out, TT_SYN | TT_ACK, m->iss, m->rcv, 0);
	}
}

static inline void m_syn_sent_arrival(struct model *m, const struct tt_seg *s, struct outbox *out)
{
	bool ack = s->flags & TT_ACK;

	if (ack && (!m_lt(m->iss, s->ack) || m_lt(m->nxt, s->ack))) {
		if (!(s->flags & TT_RST))
			m_reset(s, out);
		return;
	}
	if (s->flags & TT_RST) {
		if (ack)
			m->state = TT_CLOSED;
		return;
	}
	if (!(s->flags & TT_SYN))
		return;
	m->rcv = s->seq + 1;
	if (ack) {
		m->una = s->ack;
		m->state = TT_ESTABLISHED;
		m_ack(m, out);
	} else {
		m->state = TT_SYN_RECEIVED;
		m_send(out, TT_SYN | TT_ACK, m->iss, m->rcv, 0);
	}
}

/* 3.10.7.4, first: table 6. */
static inline bool m_acceptable(const struct model *m, const struct tt_seg *s)
{
	u32 n = m_len(s);

	return s->seq - m->rcv < M_WINDOW || (n && s->seq + n - 1 - m->rcv < M_WINDOW);
}

/* 3.10.7.4, second and fourth; true if the segment ends there. */
static inline bool m_rst_or_syn(struct model *m, const struct tt_seg *s, struct outbox *out)
{
	bool passive = m->state == TT_SYN_RECEIVED && m->flags & M_PASSIVE;

	if (!(s->flags & (TT_RST | TT_SYN)))
		return false;
	if (s->flags & TT_RST ? s->seq == m->rcv : passive && !m_lt(s->seq, m->rcv)) {
		m->state = passive ? TT_LISTEN : TT_CLOSED;
		m->lives += passive;
	} else {
		m_ack(m, out);		/* RFC 5961 */
	}
	return true;
}

/* 3.10.7.4, fifth; true if the segment ends there. */
static inline bool m_ack_arrival(struct model *m, const struct tt_seg *s, struct outbox *out)
{
	bool good = m_lt(m->una, s->ack) && !m_lt(m->nxt, s->ack);

	if (!(s->flags & TT_ACK))
		return true;
	if (m->state == TT_SYN_RECEIVED && !good) {
		m_reset(s, out);
		return true;
	}
	if (m_lt(m->nxt, s->ack)) {
		m_ack(m, out);
		return true;
	}
	if (good)
		m->una = s->ack;
	if (m->state == TT_SYN_RECEIVED)
		m->state = TT_ESTABLISHED;
	if (!(m->flags & M_FIN_SENT) || m->una != m->nxt)
		return false;
	if (m->state == TT_FIN_WAIT_1)
		m->state = TT_FIN_WAIT_2;
	else if (m->state == TT_CLOSING)
		m->state = TT_TIME_WAIT;
	else if (m->state == TT_LAST_ACK)
		m->state = TT_CLOSED;
	return m->state == TT_CLOSED;
}

static inline void m_fin_arrival(struct model *m)
{
	if (m->state == TT_ESTABLISHED)
		m->state = TT_CLOSE_WAIT;
	else if (m->state == TT_FIN_WAIT_1)
		m->state = TT_CLOSING;
	else if (m->state == TT_FIN_WAIT_2)
		m->state = TT_TIME_WAIT;
}

/* 3.10.7.4, seventh and eighth, with SHLD-31. */
static inline void m_text_arrival(struct model *m, const struct tt_seg *s, struct outbox *out)
{
	u32 end = s->seq + m_len(s);
	bool fin = s->flags & TT_FIN;

	if (s->seq == end || (m->state != TT_ESTABLISHED && m->state != TT_FIN_WAIT_1 &&
			      m->state != TT_FIN_WAIT_2))
		return;
	if (m_lt(m->rcv, s->seq)) {
		m->flags |= M_HELD | (fin ? M_HELD_FIN : 0);
		m->held_seq = s->seq;
		m->held_end = end;
	} else if (m_lt(m->rcv, end)) {
		m->rcv = end;
		if (m->flags & M_HELD && !m_lt(m->rcv, m->held_seq)) {
			if (m_lt(m->rcv, m->held_end)) {
				m->rcv = m->held_end;
				fin = m->flags & M_HELD_FIN;
			}
			m->flags &= ~(M_HELD | M_HELD_FIN);
			m->held_seq = 0;
			m->held_end = 0;
		}
		if (fin)
			m_fin_arrival(m);
	}
	m_ack(m, out);
}

/* Figure 7, line 6: the SYN,ACK of a simultaneous open counts, though its SYN is old. */
static inline bool m_crossed_syn_ack(const struct model *m, const struct tt_seg *s)
{
	return m->state == TT_SYN_RECEIVED && !(m->flags & M_PASSIVE) &&
	       (s->flags & (TT_SYN | TT_ACK | TT_RST)) == (TT_SYN | TT_ACK) &&
	       s->seq + 1 == m->rcv && s->ack == m->nxt;
}

/* tcp_reset_check(): some stacks send it so after they have closed. */
static inline bool m_reset_check(const struct model *m, const struct tt_seg *s)
{
	return m->flags & M_LINUX && s->seq + 1 == m->rcv &&
	       (m->state == TT_CLOSE_WAIT || m->state == TT_CLOSING || m->state == TT_LAST_ACK);
}

/* tcp_sequence(): what ends at RCV.NXT is acceptable, though all of it is old. */
static inline bool m_repeated(const struct model *m, const struct tt_seg *s)
{
	return m->flags & M_LINUX && m->flags & M_FIN_SENT && m_len(s) &&
	       s->seq + m_len(s) == m->rcv && !(s->flags & (TT_SYN | TT_RST));
}

/* SEGMENT ARRIVES */
static inline void m_arrival(struct model *m, const struct tt_seg *s, struct outbox *out)
{
	switch (m->state) {
	case TT_CLOSED:
		if (!(s->flags & TT_RST))
			m_reset(s, out);
		return;
	case TT_LISTEN:
		m_listen_arrival(m, s, out);
		return;
	case TT_SYN_SENT:
		m_syn_sent_arrival(m, s, out);
		return;
	default:
		break;
	}
	if (m_crossed_syn_ack(m, s)) {
		m->una = s->ack;
		m->state = TT_ESTABLISHED;
		return;
	}
	if (!m_acceptable(m, s)) {
		if (m_repeated(m, s) && m_ack_arrival(m, s, out))
			return;
		if (!(s->flags & TT_RST))
			m_ack(m, out);
		else if (m_reset_check(m, s))
			m->state = TT_CLOSED;
		return;
	}
	if (m_rst_or_syn(m, s, out) || m_ack_arrival(m, s, out))
		return;
	m_text_arrival(m, s, out);
}

#endif /* TCPTRACK_RFC9293_MODEL_H */
