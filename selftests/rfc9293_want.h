/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Walks a segment through rfc9293_table.h: what the RFCs want of one endpoint
 * in one cell of the enumeration.
 */
#ifndef TCPTRACK_RFC9293_WANT_H
#define TCPTRACK_RFC9293_WANT_H

#include <stdio.h>

#include "rfc9293_table.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_ROWS	64

/* What an endpoint may look like besides its state. */
#define V_PASSIVE	0x01
#define V_FIN_SENT	0x02
#define V_RFC1337	0x04
#define V_IDLE		0x08	/* everything acknowledged: SND.UNA = SND.NXT */
#define V_TFO		0x10	/* text on its SYN (RFC 7413) */
#define V_NOSEQ		0x20	/* SYN_RECEIVED before the SYN,ACK left */
#define V_LEFTOVER	0x40	/* the variables of a connection before, not zeros */
#define V_ALL		0x7f

/* One endpoint, one segment, and how they were built. */
struct cell {
	struct tt_endpoint ep;
	struct tt_seg seg;
	enum tt_state state;
	enum tt_dir dir;
	u32 variant;
	u32 una, nxt, rcv, wnd;
	u32 facts;
	u32 rel;
	u32 ack;
};

/* What the RFCs make of it. */
struct want {
	const struct rfc_row *row;
	u32 events;
	u8 state;
	bool or_stay;
	bool same;		/* no variable may change */
	bool check_snd, check_rcv;
	u32 una, nxt, rcv_min, rcv_max;
};

static const char * const state_names[] = {
	"LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2",
	"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT", "CLOSED",
};

static const struct {
	const struct rfc_row *rows;
	u32 n;
} steps[] = {
	{ rfc_early, ARRAY_SIZE(rfc_early) },
	{ rfc_first, ARRAY_SIZE(rfc_first) },
	{ rfc_second, ARRAY_SIZE(rfc_second) },
	{ rfc_fourth, ARRAY_SIZE(rfc_fourth) },
	{ rfc_fifth, ARRAY_SIZE(rfc_fifth) },
	{ rfc_eighth, ARRAY_SIZE(rfc_eighth) },
	{ rfc_leaves, ARRAY_SIZE(rfc_leaves) },
};

enum { STEP_EARLY, STEP_FIRST, STEP_SECOND, STEP_FOURTH, STEP_FIFTH, STEP_EIGHTH, STEP_LEAVES };

static u32 hits[ARRAY_SIZE(steps)][MAX_ROWS];
static const struct rfc_row *find(u32 step, u32 state, const struct cell *c)
{
	const struct rfc_row *row = steps[step].rows;
	u32 i, flags = c->seg.flags;

	for (i = 0; i < steps[step].n; i++, row++) {
		if (!(row->states & (1u << state)) || (flags & row->set) != row->set ||
		    (flags & row->clear) || !(row->seq & (1u << c->rel)) ||
		    !(row->ack & (1u << c->ack)) || (c->facts & row->facts) != row->facts)
			continue;
		hits[step][i]++;
		return row;
	}
	printf("Bail out! no row for state %s in step %u\n", state_names[state], step);
	return &rfc_early[0];
}

static u32 seg_end(const struct tt_seg *s)
{
	return s->seq + s->len + !!(s->flags & SYN) + !!(s->flags & FIN);
}

/* What a segment that arrives in a synchronized state does to the variables. */
static void arrival_variables(struct want *w, const struct cell *c, u32 step, u32 before)
{
	bool text = before == TT_ESTABLISHED || before == TT_FIN_WAIT_1 || before == TT_FIN_WAIT_2;

	if (w->state == TT_CLOSED || w->state == TT_LISTEN || w->or_stay)
		return;
	if (step < STEP_FIFTH || (w->events & (E(BAD_ACK) | E(OLD_DUP)))) {
		w->same = true;
		return;
	}
	w->same = !(c->seg.flags & ACK);
	w->check_rcv = true;
	w->check_snd = !(c->variant & V_NOSEQ) && w->state != TT_TIME_WAIT;
	w->nxt = c->nxt;
	w->una = c->ack == TT_ACK_NEW || c->ack == TT_ACK_ALL ? c->seg.ack : c->una;
	w->rcv_min = c->rcv;
	w->rcv_max = c->rcv;
	if (!text || c->rel == TT_SEQ_AHEAD || c->rel == TT_SEQ_BEYOND)
		return;
	w->rcv_max = seg_end(&c->seg);
	if (!(c->facts & F_TRIMMED))
		w->rcv_min = w->rcv_max;
}

static void want_received(struct want *w, const struct cell *c)
{
	u32 step, before = c->state, now = c->state;

	for (step = STEP_EARLY; step <= STEP_EIGHTH; step++) {
		w->row = find(step, now, c);
		before = now;
		if (!(w->row->to & STAY))
			now = w->row->to & ~OR_STAY;
		if (w->row->events)
			break;
	}
	w->state = now;
	w->events = w->row->events;
	w->or_stay = w->row->to & OR_STAY;
	if (step != STEP_EARLY) {
		arrival_variables(w, c, step, before);
		return;
	}
	w->same = now == c->state;
	if (w->same || now == TT_CLOSED)
		return;
	w->check_rcv = true;
	w->rcv_min = c->seg.seq + 1;
	w->rcv_max = now == TT_SYN_RECEIVED ? w->rcv_min : seg_end(&c->seg);
	if (now == TT_CLOSE_WAIT)
		w->rcv_min = w->rcv_max;
	w->check_snd = c->state == TT_SYN_SENT;
	w->una = c->seg.flags & ACK ? c->seg.ack : c->una;
	w->nxt = c->nxt;
}

static void want_sent(struct want *w, const struct cell *c)
{
	bool fresh = c->state == TT_CLOSED || c->state == TT_LISTEN || (c->variant & V_NOSEQ);
	u32 end = seg_end(&c->seg);

	w->row = find(STEP_LEAVES, c->state, c);
	w->state = w->row->to & STAY ? c->state : w->row->to & ~OR_STAY;
	w->events = w->row->events;
	w->or_stay = w->row->to & OR_STAY;
	if (w->or_stay || w->state == TT_CLOSED)
		return;
	/* without its SYN nothing tells where it begins */
	w->same = (c->seg.flags & RST) || w->events == E(UNEXPECTED) ||
		  (c->variant & V_NOSEQ && !(c->seg.flags & (SYN | FIN)));
	if (w->same || (w->events & (w->events - 1)))
		return;
	w->check_snd = c->rel != RFC_GAP && (fresh || (c->seg.flags & FIN) ||
					     !(c->facts & F_FIN_SENT));
	w->una = fresh ? c->seg.seq : c->una;
	w->nxt = fresh || (s32)(end - c->nxt) > 0 ? end : c->nxt;
	w->check_rcv = w->state != TT_SYN_SENT && c->ack != TT_ACK_BEYOND;
	w->rcv_min = c->rcv;
	if ((c->seg.flags & ACK) && (c->state == TT_CLOSED || c->state == TT_LISTEN ||
				     c->state == TT_SYN_SENT || (s32)(c->seg.ack - c->rcv) > 0))
		w->rcv_min = c->seg.ack;
	w->rcv_max = w->rcv_min;
}

#endif /* TCPTRACK_RFC9293_WANT_H */
