// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures of RFC 9293 and what else takes more than one segment, step by
 * step through both endpoints' machines of module/state.c. A and B are the two
 * TCP peers of the figures.
 */
#include <stdio.h>

#include "state.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define A		0
#define B		1
#define SENT		TT_SENT
#define GOT		TT_RECEIVED
#define FIN		TT_FIN
#define SYN		TT_SYN
#define RST		TT_RST
#define ACK		TT_ACK
#define STEPS_MAX	24

struct step {
	u8 who, dir, flags;
	u32 seq, ack, len;
	u8 state, event;	/* after it */
};

struct walk {
	const char *name;
	u8 from[2];
	bool open;	/* begins with the handshake */
	struct step steps[STEPS_MAX];
};

#define STEP(who, dir, flags, seq, ack, len, state, event) \
	{ who, dir, flags, seq, ack, len, TT_##state, TT_EV_##event }

/* The opening of most walks: A's ISS is 100, B's 300. */
static const struct walk handshake = {
	"figure 6: basic handshake", { TT_CLOSED, TT_LISTEN }, false, {
		STEP(A, SENT, SYN, 100, 0, 0, SYN_SENT, NONE),
		STEP(B, GOT, SYN, 100, 0, 0, SYN_RECEIVED, NONE),
		STEP(B, SENT, SYN | ACK, 300, 101, 0, SYN_RECEIVED, NONE),
		STEP(A, GOT, SYN | ACK, 300, 101, 0, ESTABLISHED, NONE),
		STEP(A, SENT, ACK, 101, 301, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 301, 0, ESTABLISHED, NONE),
	}
};

static const struct walk walks[] = {
	{ "figure 7: simultaneous open", { TT_CLOSED, TT_CLOSED }, false, {
		STEP(A, SENT, SYN, 100, 0, 0, SYN_SENT, NONE),
		STEP(B, SENT, SYN, 300, 0, 0, SYN_SENT, NONE),
		STEP(A, GOT, SYN, 300, 0, 0, SYN_RECEIVED, SIMUL_OPEN),
		STEP(B, GOT, SYN, 100, 0, 0, SYN_RECEIVED, SIMUL_OPEN),
		STEP(A, SENT, SYN | ACK, 100, 301, 0, SYN_RECEIVED, SYNACK_RETRANS),
		STEP(B, SENT, SYN | ACK, 300, 101, 0, SYN_RECEIVED, SYNACK_RETRANS),
		STEP(A, GOT, SYN | ACK, 300, 101, 0, ESTABLISHED, NONE),
		STEP(B, GOT, SYN | ACK, 100, 301, 0, ESTABLISHED, NONE),
	} },
	{ "figure 7 with an ACK for the last SYN,ACK", { TT_CLOSED, TT_CLOSED }, false, {
		STEP(A, SENT, SYN, 100, 0, 0, SYN_SENT, NONE),
		STEP(B, SENT, SYN, 300, 0, 0, SYN_SENT, NONE),
		STEP(A, GOT, SYN, 300, 0, 0, SYN_RECEIVED, SIMUL_OPEN),
		STEP(B, GOT, SYN, 100, 0, 0, SYN_RECEIVED, SIMUL_OPEN),
		STEP(A, SENT, SYN | ACK, 100, 301, 0, SYN_RECEIVED, SYNACK_RETRANS),
		STEP(B, SENT, ACK, 301, 101, 0, SYN_RECEIVED, NONE),
		STEP(A, GOT, ACK, 301, 101, 0, ESTABLISHED, NONE),
		STEP(A, SENT, ACK, 101, 301, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 301, 0, ESTABLISHED, NONE),
	} },
	{ "figure 8: recovery from an old duplicate SYN", { TT_CLOSED, TT_LISTEN }, false, {
		STEP(A, SENT, SYN, 100, 0, 0, SYN_SENT, NONE),
		STEP(B, GOT, SYN, 90, 0, 0, SYN_RECEIVED, NONE),
		STEP(B, SENT, SYN | ACK, 300, 91, 0, SYN_RECEIVED, NONE),
		STEP(A, GOT, SYN | ACK, 300, 91, 0, SYN_SENT, BAD_ACK),
		STEP(A, SENT, RST, 91, 0, 0, SYN_SENT, NONE),
		STEP(B, GOT, RST, 91, 0, 0, LISTEN, RESET),
		STEP(A, SENT, SYN, 100, 0, 0, SYN_SENT, SYN_RETRANS),
		STEP(B, GOT, SYN, 100, 0, 0, SYN_RECEIVED, NONE),
		STEP(B, SENT, SYN | ACK, 400, 101, 0, SYN_RECEIVED, NONE),
		STEP(A, GOT, SYN | ACK, 400, 101, 0, ESTABLISHED, NONE),
		STEP(A, SENT, ACK, 101, 401, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 401, 0, ESTABLISHED, NONE),
	} },
	{ "figure 11: an old duplicate SYN and two passive ends", { TT_LISTEN, TT_LISTEN }, false, {
		STEP(B, GOT, SYN, 500, 0, 0, SYN_RECEIVED, NONE),
		STEP(B, SENT, SYN | ACK, 300, 501, 0, SYN_RECEIVED, NONE),
		STEP(A, GOT, SYN | ACK, 300, 501, 0, LISTEN, BAD_ACK),
		STEP(A, SENT, RST, 501, 0, 0, LISTEN, NONE),
		STEP(B, GOT, RST, 501, 0, 0, LISTEN, RESET),
	} },
	{ "figure 12: normal close", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(A, SENT, FIN | ACK, 101, 301, 0, FIN_WAIT_1, NONE),
		STEP(B, GOT, FIN | ACK, 101, 301, 0, CLOSE_WAIT, NONE),
		STEP(B, SENT, ACK, 301, 102, 0, CLOSE_WAIT, NONE),
		STEP(A, GOT, ACK, 301, 102, 0, FIN_WAIT_2, NONE),
		STEP(B, SENT, FIN | ACK, 301, 102, 0, LAST_ACK, NONE),
		STEP(A, GOT, FIN | ACK, 301, 102, 0, TIME_WAIT, NONE),
		STEP(B, SENT, FIN | ACK, 301, 102, 0, LAST_ACK, FIN_RETRANS),
		STEP(A, GOT, FIN | ACK, 301, 102, 0, TIME_WAIT, TW_RESTART),
		STEP(A, SENT, ACK, 102, 302, 0, TIME_WAIT, NONE),
		STEP(B, GOT, ACK, 102, 302, 0, CLOSED, NONE),
	} },
	{ "figure 13: simultaneous close", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(A, SENT, FIN | ACK, 101, 301, 0, FIN_WAIT_1, NONE),
		STEP(B, SENT, FIN | ACK, 301, 101, 0, FIN_WAIT_1, NONE),
		STEP(A, GOT, FIN | ACK, 301, 101, 0, CLOSING, SIMUL_CLOSE),
		STEP(B, GOT, FIN | ACK, 101, 301, 0, CLOSING, SIMUL_CLOSE),
		STEP(A, SENT, ACK, 102, 302, 0, CLOSING, NONE),
		STEP(B, SENT, ACK, 302, 102, 0, CLOSING, NONE),
		STEP(A, GOT, ACK, 302, 102, 0, TIME_WAIT, NONE),
		STEP(B, GOT, ACK, 102, 302, 0, TIME_WAIT, NONE),
	} },
	{ "half-close: text after the FIN of the other side", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(A, SENT, FIN | ACK, 101, 301, 10, FIN_WAIT_1, NONE),
		STEP(B, GOT, FIN | ACK, 101, 301, 10, CLOSE_WAIT, NONE),
		STEP(B, SENT, ACK, 301, 112, 500, CLOSE_WAIT, NONE),
		STEP(A, GOT, ACK, 301, 112, 500, FIN_WAIT_2, NONE),
		STEP(A, SENT, ACK, 112, 801, 0, FIN_WAIT_2, NONE),
		STEP(B, GOT, ACK, 112, 801, 0, CLOSE_WAIT, NONE),
		STEP(B, SENT, FIN | ACK, 801, 112, 5, LAST_ACK, NONE),
		STEP(A, GOT, FIN | ACK, 801, 112, 5, TIME_WAIT, NONE),
	} },
	{ "figures 9 and 10: one end has forgotten", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(B, SENT, RST, 999, 0, 0, ESTABLISHED, RST_IGNORED),
		STEP(B, GOT, SYN, 400, 0, 0, ESTABLISHED, CHALLENGE),
		STEP(B, SENT, ACK, 301, 101, 0, ESTABLISHED, NONE),
		STEP(B, GOT, RST, 105, 0, 0, ESTABLISHED, CHALLENGE),
		STEP(B, GOT, RST, 101, 0, 0, CLOSED, RESET),
		STEP(B, GOT, ACK, 101, 301, 1, CLOSED, UNEXPECTED),
		STEP(B, SENT, RST, 301, 0, 0, CLOSED, NONE),
	} },
	{ "refused", { TT_CLOSED, TT_CLOSED }, false, {
		STEP(A, SENT, SYN, 100, 0, 0, SYN_SENT, NONE),
		STEP(B, GOT, SYN, 100, 0, 0, CLOSED, UNEXPECTED),
		STEP(B, SENT, RST | ACK, 0, 101, 0, CLOSED, NONE),
		STEP(A, GOT, RST | ACK, 0, 101, 0, CLOSED, REFUSED),
	} },
	{ "split handshake", { TT_CLOSED, TT_LISTEN }, false, {
		STEP(A, SENT, SYN, 100, 0, 0, SYN_SENT, NONE),
		STEP(B, GOT, SYN, 100, 0, 0, SYN_RECEIVED, NONE),
		STEP(A, GOT, SYN, 300, 0, 0, SYN_RECEIVED, SIMUL_OPEN),
		STEP(A, SENT, SYN | ACK, 100, 301, 0, SYN_RECEIVED, SYNACK_RETRANS),
		STEP(A, GOT, ACK, 301, 101, 0, ESTABLISHED, NONE),
	} },
	{ "Fast Open: the text on the SYN is taken", { TT_CLOSED, TT_LISTEN }, false, {
		STEP(A, SENT, SYN, 100, 0, 50, SYN_SENT, NONE),
		STEP(B, GOT, SYN, 100, 0, 50, SYN_RECEIVED, NONE),
		STEP(B, SENT, SYN | ACK, 300, 151, 0, SYN_RECEIVED, NONE),
		STEP(B, SENT, ACK, 301, 151, 500, SYN_RECEIVED, NONE),
		STEP(A, GOT, SYN | ACK, 300, 151, 0, ESTABLISHED, NONE),
		STEP(A, GOT, ACK, 301, 151, 500, ESTABLISHED, NONE),
		STEP(A, SENT, ACK, 151, 801, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 151, 801, 0, ESTABLISHED, NONE),
	} },
	{ "Fast Open: the text on the SYN is refused", { TT_CLOSED, TT_LISTEN }, false, {
		STEP(A, SENT, SYN, 100, 0, 50, SYN_SENT, NONE),
		STEP(B, GOT, SYN, 100, 0, 50, SYN_RECEIVED, NONE),
		STEP(B, SENT, SYN | ACK, 300, 101, 0, SYN_RECEIVED, NONE),
		STEP(B, GOT, SYN, 100, 0, 50, SYN_RECEIVED, SYN_RETRANS),
		STEP(A, GOT, SYN | ACK, 300, 101, 0, ESTABLISHED, NONE),
		STEP(A, SENT, ACK, 101, 301, 50, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 301, 50, ESTABLISHED, NONE),
	} },
	{ "FIN ahead of a hole that fills", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(B, GOT, FIN | ACK, 111, 301, 0, ESTABLISHED, NONE),
		STEP(B, SENT, ACK, 301, 101, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 301, 4, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 105, 301, 6, CLOSE_WAIT, NONE),
		STEP(B, SENT, FIN | ACK, 301, 112, 0, LAST_ACK, NONE),
	} },
	{ "FIN ahead of a hole, taken when it is acknowledged", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(B, GOT, FIN | ACK, 111, 301, 5, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 301, 10, ESTABLISHED, NONE),
		STEP(B, SENT, ACK, 301, 111, 0, ESTABLISHED, NONE),
		STEP(B, SENT, ACK, 301, 117, 0, CLOSE_WAIT, NONE),
	} },
	{ "FIN ahead of a hole, in FIN_WAIT_1 and FIN_WAIT_2", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(A, SENT, FIN | ACK, 101, 301, 0, FIN_WAIT_1, NONE),
		STEP(A, GOT, FIN | ACK, 311, 101, 5, FIN_WAIT_1, NONE),
		STEP(B, SENT, FIN | ACK, 301, 101, 0, FIN_WAIT_1, NONE),
		STEP(A, SENT, ACK, 102, 317, 0, CLOSING, SIMUL_CLOSE),
		STEP(B, GOT, FIN | ACK, 105, 302, 5, FIN_WAIT_2, NONE),
		STEP(B, SENT, ACK, 302, 105, 0, FIN_WAIT_2, NONE),
		STEP(B, SENT, ACK, 302, 111, 0, TIME_WAIT, NONE),
	} },
	{ "text ahead of a hole", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(B, GOT, ACK, 111, 301, 5, ESTABLISHED, NONE),
		STEP(B, SENT, ACK, 301, 101, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 301, 10, ESTABLISHED, NONE),
		STEP(B, SENT, ACK, 301, 116, 0, ESTABLISHED, NONE),
		STEP(B, GOT, FIN | ACK, 116, 301, 0, CLOSE_WAIT, NONE),
	} },
	{ "FIN ahead of a hole that was none", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(B, GOT, FIN | ACK, 111, 301, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 101, 301, 50, ESTABLISHED, NONE),
		STEP(B, SENT, ACK, 301, 151, 0, ESTABLISHED, NONE),
		STEP(B, GOT, ACK, 151, 301, 0, ESTABLISHED, NONE),
		STEP(B, GOT, FIN | ACK, 151, 301, 0, CLOSE_WAIT, NONE),
	} },
	{ "FIN seen after an ACK that left after it", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(A, SENT, ACK, 102, 301, 0, ESTABLISHED, NONE),
		STEP(A, SENT, FIN | ACK, 101, 301, 0, FIN_WAIT_1, NONE),
		STEP(A, GOT, ACK, 301, 102, 0, FIN_WAIT_2, NONE),
	} },
	{ "FIN of an octet that was acknowledged as text", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(A, SENT, ACK, 101, 301, 1, ESTABLISHED, NONE),
		STEP(A, GOT, ACK, 301, 102, 0, ESTABLISHED, NONE),
		STEP(A, SENT, FIN | ACK, 101, 301, 0, ESTABLISHED, UNEXPECTED),
	} },
	{ "an ACK seen before the SYN-ACK", { TT_CLOSED, TT_LISTEN }, false, {
		STEP(B, GOT, SYN, 100, 0, 0, SYN_RECEIVED, NONE),
		STEP(B, SENT, ACK, 302, 101, 0, SYN_RECEIVED, NONE),
		STEP(B, SENT, SYN | ACK, 300, 101, 0, SYN_RECEIVED, NONE),
		STEP(B, GOT, ACK, 101, 301, 0, ESTABLISHED, NONE),
	} },
	{ "crafted segments with wrong numbers", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(B, GOT, RST, 50, 0, 0, ESTABLISHED, RST_IGNORED),
		STEP(B, GOT, RST, 0x40000000, 0, 0, ESTABLISHED, RST_IGNORED),
		STEP(B, GOT, FIN | ACK, 50, 301, 0, ESTABLISHED, OLD_DUP),
		STEP(B, GOT, FIN | ACK, 0x40000000, 301, 0, ESTABLISHED, OLD_DUP),
		STEP(B, GOT, FIN | ACK, 101, 9999, 0, ESTABLISHED, BAD_ACK),
		STEP(B, GOT, SYN, 0x40000000, 0, 0, ESTABLISHED, CHALLENGE),
		STEP(B, SENT, FIN | ACK, 290, 101, 0, ESTABLISHED, UNEXPECTED),
		STEP(B, GOT, ACK, 100, 301, 0, ESTABLISHED, OLD_DUP),
	} },
	{ "TIME_WAIT: reopened only by a newer SYN", { TT_CLOSED, TT_LISTEN }, true, {
		STEP(A, SENT, FIN | ACK, 101, 301, 0, FIN_WAIT_1, NONE),
		STEP(A, GOT, FIN | ACK, 301, 102, 0, TIME_WAIT, NONE),
		STEP(A, SENT, ACK, 102, 302, 0, TIME_WAIT, NONE),
		STEP(A, GOT, SYN, 200, 0, 0, TIME_WAIT, OLD_DUP),
		STEP(A, GOT, SYN, 90000000, 0, 0, TIME_WAIT, TW_REOPEN),
		STEP(A, GOT, RST, 302, 0, 0, CLOSED, TW_ASSASSINATED),
	} },
};

static bool walk_on(const struct walk *w, struct tt_endpoint *ep)
{
	const struct step *s = w->steps;
	u32 i, event;

	for (i = 0; i < STEPS_MAX && s->flags; i++, s++) {
		struct tt_seg seg = {
			.seq = s->seq, .ack = s->ack, .len = s->len, .wnd = 20000,
			.flags = s->flags, .wscale = TT_WSCALE_NONE,
		};

		event = tt_step(&ep[s->who], s->dir, &seg);
		if (ep[s->who].state == s->state && event == s->event)
			continue;
		printf("# %s, step %u: want state %u event %u, got %u, %u\n", w->name, i + 1,
		       s->state, s->event, ep[s->who].state, event);
		return false;
	}
	return true;
}

static bool walk(const struct walk *w)
{
	struct tt_endpoint ep[2];

	tt_endpoint_init(&ep[A], w->from[A]);
	tt_endpoint_init(&ep[B], w->from[B]);
	return (!w->open || walk_on(&handshake, ep)) && walk_on(w, ep);
}

/* RFC 7323, 2.2: the window of a SYN is never scaled, all others are. */
static bool windows(u8 wscale, u32 factor)
{
	struct tt_seg s = { .seq = 100, .wnd = 1000, .flags = SYN, .wscale = wscale };
	struct tt_endpoint ep;
	bool ok;

	tt_endpoint_init(&ep, TT_CLOSED);
	ok = ep.state == TT_CLOSED && !ep.flags && ep.wscale == TT_WSCALE_NONE;
	tt_step(&ep, SENT, &s);
	ok = ok && ep.rcv_wnd == 1000;
	s = (struct tt_seg){ .seq = 300, .ack = 101, .wnd = 7, .flags = SYN | ACK, .wscale = 3 };
	tt_step(&ep, GOT, &s);
	ok = ok && ep.rcv_wnd == 1000 && ep.wscale == wscale;
	s = (struct tt_seg){ .seq = 101, .ack = 301, .wnd = 1000, .flags = ACK,
			     .wscale = TT_WSCALE_NONE };
	tt_step(&ep, SENT, &s);
	return ok && ep.rcv_wnd == 1000 * factor;
}

static struct tt_seg plain(u8 flags, u32 seq, u32 ack)
{
	return (struct tt_seg){ .seq = seq, .ack = ack, .wnd = 100, .flags = flags,
				.wscale = TT_WSCALE_NONE };
}

static struct tt_endpoint synced(u8 state)
{
	return (struct tt_endpoint){ .snd_una = 1000, .snd_nxt = 1000, .rcv_nxt = 5000,
				     .rcv_wnd = 9000, .state = state,
				     .flags = TT_EP_SEQ | TT_EP_RCV, .wscale = TT_WSCALE_NONE };
}

/* The socket is in FIN_WAIT_1, CLOSING or LAST_ACK before its FIN has left. */
static bool late_fin(u8 state, u8 acked)
{
	struct tt_endpoint ep = synced(state);
	struct tt_seg s = plain(ACK, 5000, 1000);
	bool ok;

	tt_step(&ep, GOT, &s);
	ok = ep.state == state;
	s = plain(FIN | ACK, 1000, 5000);
	ok = ok && tt_step(&ep, SENT, &s) == TT_EV_NONE && ep.state == state;
	s = plain(ACK, 5000, 1001);
	tt_step(&ep, GOT, &s);
	return ok && ep.state == acked;
}

/* The socket has told the state already when the ACK of an early FIN leaves. */
static bool told_before(u8 state)
{
	struct tt_endpoint ep = synced(state);
	struct tt_seg s = plain(ACK, 1000, 5010);

	ep.flags |= TT_EP_FIN_SEEN;
	ep.fin_seq = 5010;
	tt_step(&ep, SENT, &s);
	return ep.state == state && ep.rcv_nxt == 5010 && !(ep.flags & TT_EP_FIN_SEEN);
}

/* What is left of an earlier connection does not reach into the next one. */
static bool reused(u8 from)
{
	struct tt_endpoint ep = synced(from);
	struct tt_seg s = plain(SYN, 100, 0);

	ep.flags |= TT_EP_FIN_SENT | TT_EP_FIN_SEEN;
	ep.fin_seq = 4000;
	tt_step(&ep, from == TT_LISTEN ? GOT : SENT, &s);
	if (from == TT_LISTEN) {
		s = plain(SYN | ACK, 300, 101);
		tt_step(&ep, SENT, &s);
		s = plain(ACK, 101, 301);
	} else {
		s = plain(SYN | ACK, 300, 101);
	}
	tt_step(&ep, GOT, &s);
	return ep.state == TT_ESTABLISHED && !(ep.flags & (TT_EP_FIN_SENT | TT_EP_FIN_SEEN));
}

/* Picked up in the middle: it learns from the first segment that it sees. */
static bool midstream(void)
{
	struct tt_endpoint ep = synced(TT_ESTABLISHED);
	struct tt_seg s = plain(ACK, 7000, 1000);
	bool ok;

	ep.flags = TT_EP_LOOSE;
	s.len = 10;
	tt_step(&ep, GOT, &s);
	ok = ep.flags & TT_EP_RCV && ep.rcv_nxt == 7010;
	s = plain(RST, 7000, 0);
	ok = ok && tt_step(&ep, GOT, &s) == TT_EV_RST_IGNORED;
	s = plain(ACK, 2001, 7010);	/* behind a FIN that was not seen */
	ok = ok && tt_step(&ep, SENT, &s) == TT_EV_NONE && ep.snd_nxt == 2001;
	s = plain(FIN | ACK, 2000, 7010);
	return ok && tt_step(&ep, SENT, &s) == TT_EV_NONE && ep.state == TT_FIN_WAIT_1;
}

/* A FIN that the other end's text goes past is forgotten. */
static bool forgotten(void)
{
	struct tt_endpoint ep = synced(TT_ESTABLISHED);
	struct tt_seg s = plain(FIN | ACK, 5010, 1000);
	bool ok;

	tt_step(&ep, GOT, &s);
	ok = ep.flags & TT_EP_FIN_SEEN && ep.fin_seq == 5011;
	s = plain(ACK, 1000, 5100);
	tt_step(&ep, SENT, &s);
	return ok && ep.state == TT_ESTABLISHED && !(ep.flags & TT_EP_FIN_SEEN);
}

static bool result(bool ok, u32 number, const char *name)
{
	printf("%s %u %s\n", ok ? "ok" : "not ok", number, name);
	return ok;
}

int main(void)
{
	u32 i, n = ARRAY_SIZE(walks);
	bool ok = true;

	printf("TAP version 13\n1..%u\n", n + 7);
	for (i = 0; i < n; i++)
		ok &= result(walk(&walks[i]), i + 1, walks[i].name);
	ok &= result(windows(TT_WSCALE_NONE, 1) && windows(0, 1) && windows(7, 128) &&
		     windows(14, 16384), n + 1, "window scale");
	ok &= result(late_fin(TT_FIN_WAIT_1, TT_FIN_WAIT_2) && late_fin(TT_CLOSING, TT_TIME_WAIT) &&
		     late_fin(TT_LAST_ACK, TT_CLOSED), n + 2, "closed before its FIN leaves");
	ok &= result(told_before(TT_CLOSE_WAIT) && told_before(TT_CLOSING) &&
		     told_before(TT_LAST_ACK) && told_before(TT_TIME_WAIT), n + 3,
		     "the socket told of an early FIN first");
	ok &= result(walk(&handshake), n + 4, handshake.name);
	ok &= result(reused(TT_LISTEN) && reused(TT_CLOSED), n + 5, "a reused endpoint");
	ok &= result(midstream(), n + 6, "picked up in the middle");
	ok &= result(forgotten(), n + 7, "a FIN that text goes past");
	return ok ? 0 : 1;
}
