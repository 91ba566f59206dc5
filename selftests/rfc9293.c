// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds module/state.c and module/window.h against rfc9293_table.h: every
 * state, sent and received, all flags, every relation of SEG.SEQ and SEG.ACK to
 * the endpoint, with and without text, around the wrap of sequence numbers and
 * with a closed window. What cannot be is enumerated as well: nothing moves.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rfc9293_want.h"
#include "window.h"

#define MAX_DIAGS	12	/* for each test line */

static const char * const event_names[] = {
	"NONE", "SYN_RETRANS", "SYNACK_RETRANS", "FIN_RETRANS", "SIMUL_OPEN", "SIMUL_CLOSE",
	"CHALLENGE", "OLD_DUP", "BAD_ACK", "REFUSED", "RESET", "RST_IGNORED", "TW_RESTART",
	"TW_REOPEN", "TW_ASSASSINATED", "UNEXPECTED",
};

static const char * const rel_names[][5] = {
	{ "AT", "OVER", "GAP", "AGAIN", "BACK" },
	{ "EXACT", "OVERLAP", "AHEAD", "OLD", "BEYOND" },
};

static const char * const ack_names[] = { "NONE", "OLD", "DUP", "NEW", "ALL", "BEYOND" };

static unsigned long cells, bad_seqrel, bad_ackrel;
static u32 tests, failed, diags;

static struct {
	const void *row;
	u32 got;
} seen[MAX_DIAGS];

static void result(bool ok, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("%s %u ", ok ? "ok" : "not ok", ++tests);
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	failed += !ok;
	diags = 0;
}

/* Comparing */

static bool diag_wanted(const void *row, u32 got)
{
	u32 i;

	for (i = 0; i < diags; i++)
		if (seen[i].row == row && seen[i].got == got)
			return false;
	if (diags == MAX_DIAGS)
		return false;
	seen[diags].row = row;
	seen[diags++].got = got;
	return true;
}

static void print_events(u32 events)
{
	u32 i;

	for (i = 0; i < TT_EVENTS; i++)
		if (events & (1u << i))
			printf(" %s", event_names[i]);
}

static void report(const struct cell *c, const struct want *w, const struct tt_endpoint *got,
		   u32 event, const char *what)
{
	const struct tt_seg *s = &c->seg;

	if (!diag_wanted(w->row, got->state | event << 8 | (what ? 1u << 16 : 0)))
		return;
	printf("# state=%s dir=%s flags=%s%s%s%s(%#x) seq=%s ack=%s", state_names[c->state],
	       c->dir == TT_SENT ? "SENT" : "RECEIVED", s->flags & SYN ? "S" : "",
	       s->flags & FIN ? "F" : "", s->flags & RST ? "R" : "", s->flags & ACK ? "A" : "",
	       s->flags, rel_names[c->dir][c->rel], ack_names[c->ack]);
	printf(" len=%u wnd=%u facts=%#x: want %s%s,", s->len, c->wnd, c->facts,
	       state_names[w->state], w->or_stay ? "?" : "");
	print_events(w->events);
	printf(", got %s, %s", got->state < TT_STATES ? state_names[got->state] : "?",
	       event < TT_EVENTS ? event_names[event] : "?");
	if (what)
		printf("; %s: una %u->%u nxt %u->%u rcv %u->%u, want una %u nxt %u rcv %u..%u",
		       what, c->una, got->snd_una, c->nxt, got->snd_nxt, c->rcv, got->rcv_nxt,
		       w->una, w->nxt, w->rcv_min, w->rcv_max);
	printf(" (RFC %s)\n", w->row->rfc);
}

static bool flags_follow(const struct cell *c, const struct want *w, const struct tt_endpoint *got)
{
	/* a SYN without ACK is an active open, even late (split handshake) */
	if (c->dir == TT_SENT && c->state == TT_SYN_RECEIVED &&
	    (c->seg.flags & (SYN | ACK | RST)) == SYN)
		return true;
	if (w->or_stay || w->state == c->state)
		return w->or_stay ||
		       !((got->flags ^ c->ep.flags) & (TT_EP_PASSIVE | TT_EP_RFC1337));
	if (w->state == TT_SYN_RECEIVED)
		return !(got->flags & TT_EP_PASSIVE) == (c->state == TT_SYN_SENT);
	if (c->dir == TT_SENT && (c->seg.flags & (FIN | RST)) == FIN)
		return got->flags & TT_EP_FIN_SENT;
	return true;
}

static const char *wrong(const struct cell *c, const struct want *w, const struct tt_endpoint *got)
{
	const struct tt_endpoint *was = &c->ep;

	if (!flags_follow(c, w, got))
		return "flags";
	if (w->same && (got->snd_una != was->snd_una || got->snd_nxt != was->snd_nxt ||
			got->rcv_nxt != was->rcv_nxt || got->flags != was->flags))
		return "changed";
	if (w->same)
		return NULL;
	if (w->check_snd && (got->snd_una != w->una || got->snd_nxt != w->nxt ||
			     !(got->flags & TT_EP_SEQ)))
		return "SND";
	if (w->check_rcv && (got->rcv_nxt - w->rcv_min > w->rcv_max - w->rcv_min))
		return "RCV.NXT";
	return NULL;
}

static bool run(struct cell *c)
{
	struct want w = { 0 };
	struct tt_endpoint got;
	const char *what;
	bool ok = true;
	u32 event, i;

	if (c->dir == TT_RECEIVED) {
		want_received(&w, c);
		bad_seqrel += (u32)tt_seqrel(&c->ep, &c->seg) != c->rel;
		bad_ackrel += (u32)tt_ackrel(&c->ep, &c->seg) != c->ack;
	} else {
		want_sent(&w, c);
	}
	/* Twice: with ECE and CWR, which must not matter, the other way round. */
	for (i = 0; i < 2; i++, c->seg.flags ^= TT_ECE | TT_CWR) {
		got = c->ep;
		event = tt_step(&got, c->dir, &c->seg);
		cells++;
		what = wrong(c, &w, &got);
		if ((got.state == w.state || (w.or_stay && got.state == c->state)) &&
		    event < TT_EVENTS && (w.events & (1u << event)) && !what)
			continue;
		report(c, &w, &got, event, what);
		ok = false;
	}
	return ok;
}

/* Building */

static const u32 bases[][2] = {		/* SND.UNA, RCV.NXT */
	{ 1000, 5000 }, { 0xfffffffe, 0xffffffff }, { 0, 0 },
	{ 0x7fffff80, 0x7fffffff }, { 0xffffff9c, 0xffff8ad0 },
};

static const u32 windows[] = { 30000, 3, 0 };

/* What may vary in each state. */
static const u8 variants[TT_STATES] = {
	[TT_LISTEN] = V_LEFTOVER,
	[TT_CLOSED] = V_LEFTOVER,
	[TT_SYN_SENT] = V_TFO,
	[TT_SYN_RECEIVED] = V_PASSIVE | V_TFO | V_NOSEQ | V_RFC1337,
	[TT_ESTABLISHED] = V_PASSIVE | V_IDLE | V_RFC1337,
	[TT_CLOSE_WAIT] = V_PASSIVE | V_IDLE | V_RFC1337,
	[TT_FIN_WAIT_1] = V_PASSIVE | V_FIN_SENT | V_IDLE | V_RFC1337,
	[TT_CLOSING] = V_PASSIVE | V_FIN_SENT | V_IDLE | V_RFC1337,
	[TT_LAST_ACK] = V_PASSIVE | V_FIN_SENT | V_IDLE | V_RFC1337,
	[TT_FIN_WAIT_2] = V_PASSIVE | V_FIN_SENT | V_IDLE | V_RFC1337,
	[TT_TIME_WAIT] = V_PASSIVE | V_FIN_SENT | V_IDLE | V_RFC1337,
};

static bool variant_exists(u32 state, u32 v)
{
	bool fin_unacked = state == TT_FIN_WAIT_1 || state == TT_CLOSING || state == TT_LAST_ACK;

	if (v & ~variants[state])
		return false;
	if ((v & V_NOSEQ) && ((v & V_TFO) || !(v & V_PASSIVE)))
		return false;
	return !(fin_unacked && (v & V_FIN_SENT) && (v & V_IDLE));
}

static void build_endpoint(struct cell *c, const u32 *base, u32 wnd)
{
	struct tt_endpoint *ep = &c->ep;
	bool none = c->state == TT_CLOSED || c->state == TT_LISTEN;
	u32 v = c->variant;

	tt_endpoint_init(ep, none ? c->state : TT_CLOSED);
	c->una = base[0];
	c->rcv = base[1];
	c->wnd = wnd;
	c->nxt = c->una + (v & V_IDLE ? 0 : 200);
	if (c->state == TT_SYN_SENT || c->state == TT_SYN_RECEIVED)
		c->nxt = c->una + (v & V_TFO ? 51 : 1);
	ep->state = c->state;
	ep->rcv_wnd = wnd;
	if (none && !(v & V_LEFTOVER))
		return;
	ep->flags = (v & V_PASSIVE ? TT_EP_PASSIVE : 0) | (v & V_FIN_SENT ? TT_EP_FIN_SENT : 0) |
		    (v & V_RFC1337 ? TT_EP_RFC1337 : 0) | (v & V_NOSEQ ? 0 : TT_EP_SEQ) |
		    (c->state == TT_SYN_SENT ? 0 : TT_EP_RCV);
	if (!(v & V_NOSEQ)) {
		ep->snd_una = c->una;
		ep->snd_nxt = c->nxt;
	}
	if (c->state != TT_SYN_SENT)
		ep->rcv_nxt = c->rcv;
}

/* A segment of @n octets of sequence space that arrives; false if there is none. */
static bool place_received(struct cell *c, u32 n, u32 pos)
{
	u32 r = c->rcv, *seq = &c->seg.seq;

	if (!(c->ep.flags & TT_EP_RCV)) {
		*seq = r + pos * 0x40000000;
		return c->rel == TT_SEQ_EXACT;
	}
	switch (c->rel) {
	case TT_SEQ_EXACT:
		*seq = r;
		return !pos && (c->wnd || !n);
	case TT_SEQ_OVERLAP:
		*seq = pos ? r - (n - 1) : r - 1;
		return n >= 2 && *seq + n - r <= c->wnd;
	case TT_SEQ_AHEAD:
		*seq = r + (pos ? c->wnd - 1 : 1);
		return c->wnd >= 2;
	case TT_SEQ_OLD:
		*seq = pos ? r - n - 1000 : r - (n ? n : 1);
		return true;
	default:
		*seq = r + c->wnd + pos * 0x10000000;
		return c->wnd || n || pos;
	}
}

static bool place_sent(struct cell *c, u32 n, u32 pos)
{
	u32 u = c->una, room = c->nxt - c->una, *seq = &c->seg.seq;

	if (!(c->ep.flags & TT_EP_SEQ)) {
		*seq = u + pos * 0x40000000;
		return c->rel == RFC_AT;
	}
	switch (c->rel) {
	case RFC_AT:
		*seq = c->nxt;
		return !pos;
	case RFC_OVER:
		*seq = pos && n - 1 <= room ? c->nxt - (n - 1) : pos ? u : c->nxt - 1;
		return room && n >= 2 && *seq + n - u > room;
	case RFC_GAP:
		*seq = c->nxt + (pos ? 5000 : 1);
		return true;
	case RFC_AGAIN:
		*seq = pos || n > room ? u : n ? c->nxt - n : c->nxt - 1;
		return room && n <= room;
	default:
		*seq = pos ? u - 30000 : n > room ? c->nxt - n : u - 1;
		return true;
	}
}

static bool place_ack(struct cell *c)
{
	u32 u = c->una, n = c->nxt, known = c->ep.flags & TT_EP_SEQ, *ack = &c->seg.ack;

	if (c->dir == TT_SENT) {	/* only how it moves RCV.NXT */
		const u32 off[] = { 0, -1, 0, 1, c->wnd, c->wnd + 1 };

		*ack = c->rcv + off[c->ack];
		return true;
	}
	switch (c->ack) {
	case TT_ACK_OLD:
		*ack = u - (c->seg.len ? 1 : 50000);
		return known;
	case TT_ACK_DUP:
		*ack = u;
		return known && u != n;
	case TT_ACK_NEW:
		*ack = c->seg.len ? u + 1 : n - 1;
		return known && n - u >= 2;
	case TT_ACK_BEYOND:
		*ack = n + (c->seg.len ? 1 : 100000);
		return known;
	default:
		*ack = n;
		return true;
	}
}

static void build_facts(struct cell *c)
{
	u32 v = c->variant, end = seg_end(&c->seg), r = c->rcv;

	c->facts = (v & V_PASSIVE ? F_PASSIVE : F_ACTIVE) |
		   (v & V_FIN_SENT ? F_FIN_SENT : F_NO_FIN) | (v & V_RFC1337 ? F_RFC1337 : 0) |
		   (v & V_NOSEQ ? F_NOSEQ : 0) | (c->seg.len ? F_DATA : 0);
	if (c->dir == TT_SENT) {
		c->facts |= (c->seg.seq == c->una && !(v & V_NOSEQ) ? F_ISN : 0) |
			    (end == c->nxt ? F_SAME_END : 0);
		return;
	}
	c->facts |= (c->seg.seq == r - 1 ? F_ISN : 0) | (end == r ? F_SAME_END : 0);
	if ((s32)(c->seg.seq - r) > 0)
		c->facts |= F_NEWER;
	if (c->seg.seq == r && c->rel == TT_SEQ_BEYOND)
		c->facts |= F_SHUT;
	if (c->rel != TT_SEQ_OLD && c->rel != TT_SEQ_BEYOND && (s32)(end - (r + c->wnd)) > 0)
		c->facts |= F_TRIMMED;
}

static bool cell_run(struct cell *c, u32 n_data, u32 pos)
{
	u32 n = n_data + !!(c->seg.flags & SYN) + !!(c->seg.flags & FIN);

	c->seg.len = n_data;
	c->seg.wnd = 1000;
	c->seg.wscale = TT_WSCALE_NONE;
	if (!(c->dir == TT_SENT ? place_sent(c, n, pos) : place_received(c, n, pos)) ||
	    !place_ack(c))
		return true;
	build_facts(c);
	return run(c);
}

static bool relations_run(struct cell *c, u32 flags)
{
	static const u32 sizes[] = { 0, 1, 100 };
	u32 first = flags & ACK ? TT_ACK_OLD : TT_ACK_NONE;
	u32 last = flags & ACK ? TT_ACK_BEYOND : TT_ACK_NONE;
	bool ok = true;
	u32 k;

	for (c->rel = 0; c->rel < TT_SEQRELS; c->rel++)
		for (c->ack = first; c->ack <= last; c->ack++)
			for (k = 0; k < 2 * ARRAY_SIZE(sizes); k++) {
				c->seg.flags = flags;
				ok &= cell_run(c, sizes[k / 2], k % 2);
			}
	return ok;
}

static bool segments_run(struct cell *c)
{
	bool ok = true;
	u32 flags;

	for (flags = 0; flags < TT_ECE; flags++)
		ok &= relations_run(c, flags);
	return ok;
}

static void state_run(enum tt_state state, enum tt_dir dir)
{
	struct cell c = { .state = state, .dir = dir };
	u32 b, w;
	bool ok = true;

	for (c.variant = 0; c.variant <= V_ALL; c.variant++) {
		if (!variant_exists(state, c.variant))
			continue;
		for (b = 0; b < ARRAY_SIZE(bases); b++)
			for (w = 0; w < ARRAY_SIZE(windows); w++) {
				build_endpoint(&c, bases[b], windows[w]);
				ok &= segments_run(&c);
			}
	}
	result(ok, "%s %s", state_names[state], dir == TT_SENT ? "sent" : "received");
}

static void rows_met(void)
{
	u32 i, j;
	bool ok = true;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		for (j = 0; j < steps[i].n; j++)
			if (!hits[i][j]) {
				printf("# step %u row %u (RFC %s) was never used\n", i, j,
				       steps[i].rows[j].rfc);
				ok = false;
			}
	result(ok, "every row of the table decided a cell");
}

int main(void)
{
	u32 state;

	printf("TAP version 13\n1..%u\n", 2 * TT_STATES + 3);
	for (state = 0; state < TT_STATES; state++) {
		state_run(state, TT_RECEIVED);
		state_run(state, TT_SENT);
	}
	result(!bad_seqrel, "relation of SEG.SEQ to the window (%lu wrong)", bad_seqrel);
	result(!bad_ackrel, "relation of SEG.ACK to what was sent (%lu wrong)", bad_ackrel);
	rows_met();
	printf("# %lu steps\n# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:0 error:0\n", cells,
	       tests - failed, failed);
	return failed ? 1 : 0;
}
