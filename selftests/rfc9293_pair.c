// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two small TCPs of their own (rfc9293_model.h), joined by a network that loses,
 * doubles and reorders, and followed by the machine of module/state.c: it steps
 * SENT when a segment leaves and RECEIVED when it arrives. Every order of events
 * is tried, breadth first. The states that it tells must be those of the two
 * TCPs, and no pair of states that RFC 9293 excludes may come up.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfc9293_model.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NET_MAX		3
#define NODES_MAX	600000
#define SLOTS		0x200000

enum action { OPEN, CLOSE, WRITE, ABORT, EXPIRE, AGAIN, AGAIN_FIRST, ARRIVE, DOUBLE, LOSE };

static const char * const action_names[] = {
	"open", "close", "write", "abort", "2MSL", "retransmit", "retransmit first", "deliver",
	"deliver, keep", "lose",
};

static const char * const state_names[] = {
	"LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2",
	"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT", "CLOSED",
};

/* A segment on its way to endpoint @to. */
struct wire {
	u32 seq, ack;
	u8 flags, len, to, used;
};

struct world {
	struct model tcp[2];
	struct tt_endpoint ep[2];
	struct wire net[NET_MAX];
	u8 retransmits[2];
	u8 doubles;
	u8 acts[2];	/* bit mask of what its user has done */
};

struct node {
	struct world w;
	u32 parent;
	u8 action, arg;
};

struct setup {
	const char *name;
	u8 state[2];
	u8 flags[2];
	u8 active;		/* which of them may open */
	u8 aborts;		/* which of them may abort */
	u8 retransmits, doubles;
	bool old_syn;		/* a SYN of an earlier connection is on its way to the second */
};

#define S(state)	(1u << TT_##state)

/* The states in which the other end may be, without crashes (sections 3.5 and 3.6). */
static const u16 partners[TT_STATES] = {
	[TT_LISTEN] = S(CLOSED) | S(SYN_SENT),
	[TT_SYN_SENT] = S(CLOSED) | S(LISTEN) | S(SYN_SENT) | S(SYN_RECEIVED) | S(FIN_WAIT_1),
	[TT_SYN_RECEIVED] = S(CLOSED) | S(SYN_SENT) | S(SYN_RECEIVED) | S(ESTABLISHED) |
			    S(FIN_WAIT_1),
	[TT_ESTABLISHED] = S(CLOSED) | S(SYN_RECEIVED) | S(ESTABLISHED) | S(FIN_WAIT_1),
	[TT_FIN_WAIT_1] = S(CLOSED) | S(SYN_SENT) | S(SYN_RECEIVED) | S(ESTABLISHED) |
			  S(FIN_WAIT_1) | S(CLOSE_WAIT) | S(CLOSING) | S(LAST_ACK),
	[TT_FIN_WAIT_2] = S(CLOSED) | S(CLOSE_WAIT) | S(CLOSING) | S(LAST_ACK),
	[TT_CLOSE_WAIT] = S(CLOSED) | S(FIN_WAIT_1) | S(FIN_WAIT_2),
	[TT_CLOSING] = S(CLOSED) | S(FIN_WAIT_1) | S(FIN_WAIT_2) | S(CLOSING) | S(TIME_WAIT),
	[TT_LAST_ACK] = S(CLOSED) | S(FIN_WAIT_1) | S(FIN_WAIT_2) | S(TIME_WAIT),
	[TT_TIME_WAIT] = S(CLOSED) | S(CLOSING) | S(LAST_ACK) | S(TIME_WAIT),
	[TT_CLOSED] = (1u << TT_STATES) - 1,
};

static struct node *nodes;
static u32 *slots, n_nodes, n_next;
static u16 pairs[TT_STATES];
static bool broken;

static int wire_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct wire));
}

static void leaves(struct world *w, u32 who, const struct tt_seg *s)
{
	u32 i;

	tt_step(&w->ep[who], TT_SENT, s);
	for (i = 0; i < NET_MAX; i++)
		if (!w->net[i].used) {	/* else it is lost */
			w->net[i] = (struct wire){ s->seq, s->ack, s->flags, s->len, !who, 1 };
			return;
		}
}

static void flush(struct world *w, u32 who, const struct outbox *out)
{
	u32 i;

	for (i = 0; i < out->n; i++)
		leaves(w, who, &out->seg[i]);
}

static void arrives(struct world *w, u32 i, bool keep)
{
	const struct wire x = w->net[i];
	struct tt_seg s = {
		.seq = x.seq, .ack = x.ack, .len = x.len, .wnd = M_WINDOW, .flags = x.flags,
		.wscale = TT_WSCALE_NONE,
	};
	struct outbox out = { .n = 0 };

	if (!keep)
		memset(&w->net[i], 0, sizeof(w->net[i]));
	tt_step(&w->ep[x.to], TT_RECEIVED, &s);
	m_arrival(&w->tcp[x.to], &s, &out);
	flush(w, x.to, &out);
}

/* What the user or the clock does to an endpoint; false if it cannot be. */
static bool happens(struct world *w, const struct setup *setup, enum action a, u32 who)
{
	struct model *m = &w->tcp[who];
	struct outbox out = { .n = 0 };
	u32 here = 1u << m->state;

	if (a < EXPIRE && w->acts[who] & (1u << a))
		return false;
	if (a == OPEN && m->state == TT_CLOSED && setup->active & (1u << who) && !w->acts[who])
		m_open(m, &out);
	else if (a == CLOSE && here & (S(SYN_RECEIVED) | S(ESTABLISHED) | S(CLOSE_WAIT)))
		m_close(m, &out);
	else if (a == WRITE && here & (S(ESTABLISHED) | S(CLOSE_WAIT)) &&
		 !(m->flags & M_TEXT_SENT))
		m_write(m, &out);
	else if (a == ABORT && setup->aborts & (1u << who) &&
		 here & (S(SYN_RECEIVED) | S(ESTABLISHED) | S(FIN_WAIT_1) | S(FIN_WAIT_2) |
			 S(CLOSE_WAIT)))
		m_abort(m, &out);
	else if ((a == AGAIN || a == AGAIN_FIRST) && w->retransmits[who] && m->una != m->nxt &&
		 !(here & (S(CLOSED) | S(LISTEN) | S(TIME_WAIT))))
		m_retransmit(m, &out, a == AGAIN_FIRST);
	else if (a == EXPIRE && m->state == TT_TIME_WAIT)
		m->state = TT_CLOSED;
	else
		return false;
	if (a < EXPIRE)
		w->acts[who] |= 1u << a;
	if (a == AGAIN || a == AGAIN_FIRST)
		w->retransmits[who]--;
	if (a == EXPIRE)
		tt_endpoint_init(&w->ep[who], TT_CLOSED);
	flush(w, who, &out);
	return true;
}

static u32 hash(const struct world *w)
{
	const u8 *p = (const u8 *)w;
	u32 i, h = 2166136261u;		/* FNV-1a */

	for (i = 0; i < sizeof(*w); i++)
		h = (h ^ p[i]) * 16777619u;
	return h ^ h >> 15;
}

static void print_world(const struct node *n)
{
	const struct world *w = &n->w;
	u32 i;

	printf("#   %s %u: tcp %s %s, tracked %s %s", action_names[n->action], n->arg,
	       state_names[w->tcp[0].state], state_names[w->tcp[1].state],
	       state_names[w->ep[0].state], state_names[w->ep[1].state]);
	for (i = 0; i < NET_MAX; i++)
		if (w->net[i].used)
			printf(" [to %u flags=%#x seq=%u ack=%u len=%u]", w->net[i].to,
			       w->net[i].flags, w->net[i].seq, w->net[i].ack, w->net[i].len);
	printf("\n");
}

static void complain(const char *what)
{
	u32 i = n_nodes - 1, path[64], n = 0;

	if (broken)
		return;
	broken = true;
	printf("# %s, after\n", what);
	for (; n < 64; i = nodes[i].parent) {
		path[n++] = i;
		if (!i)
			break;
	}
	while (n--)
		print_world(&nodes[path[n]]);
}

/* The invariants; the world is the last node. */
static void check(const struct world *w)
{
	u32 a = w->ep[0].state, b = w->ep[1].state;

	if (a != w->tcp[0].state || b != w->tcp[1].state)
		complain("the tracked state is not the endpoint's");
	if (!(partners[a] & (1u << b)) || !(partners[b] & (1u << a)))
		complain("a pair of states that RFC 9293 excludes");
	pairs[a] |= 1u << b;
	pairs[b] |= 1u << a;
}

static void add(struct world *w, u32 parent, enum action a, u32 arg)
{
	u32 i;

	qsort(w->net, NET_MAX, sizeof(w->net[0]), wire_compare);
	for (i = hash(w) & (SLOTS - 1); slots[i]; i = (i + 1) & (SLOTS - 1))
		if (!memcmp(&nodes[slots[i] - 1].w, w, sizeof(*w)))
			return;
	if (n_nodes == NODES_MAX)
		return;
	nodes[n_nodes].w = *w;
	nodes[n_nodes].parent = parent;
	nodes[n_nodes].action = a;
	nodes[n_nodes].arg = arg;
	slots[i] = ++n_nodes;
	check(w);
}

static void expand(u32 from, const struct setup *setup)
{
	struct world w;
	u32 a, i;

	for (a = OPEN; a <= AGAIN_FIRST; a++)
		for (i = 0; i < 2; i++) {
			w = nodes[from].w;
			if (happens(&w, setup, a, i))
				add(&w, from, a, i);
		}
	for (i = 0; i < NET_MAX; i++) {
		if (!nodes[from].w.net[i].used)
			continue;
		w = nodes[from].w;
		arrives(&w, i, false);
		add(&w, from, ARRIVE, i);
		w = nodes[from].w;
		memset(&w.net[i], 0, sizeof(w.net[i]));
		add(&w, from, LOSE, i);
		w = nodes[from].w;
		if (!w.doubles)
			continue;
		w.doubles--;
		arrives(&w, i, true);
		add(&w, from, DOUBLE, i);
	}
}

static bool explore(const struct setup *setup, u32 number)
{
	struct world w;
	u32 i;

	memset(&w, 0, sizeof(w));
	memset(slots, 0, SLOTS * sizeof(*slots));
	n_nodes = 0;
	broken = false;
	for (i = 0; i < 2; i++) {
		w.tcp[i].state = setup->state[i];
		w.tcp[i].flags = setup->flags[i];
		w.tcp[i].iss = i ? 0x7ffffffe : 0xfffffffe;
		w.retransmits[i] = setup->retransmits;
		tt_endpoint_init(&w.ep[i], setup->state[i]);
	}
	w.doubles = setup->doubles;
	if (setup->old_syn)
		w.net[0] = (struct wire){ w.tcp[0].iss - 500, 0, TT_SYN, 0, 1, 1 };
	add(&w, 0, OPEN, 0);
	for (n_next = 0; n_next < n_nodes && !broken; n_next++)
		expand(n_next, setup);
	printf("%s %u %s # %u worlds%s\n", broken ? "not ok" : "ok", number, setup->name, n_nodes,
	       n_nodes == NODES_MAX ? " (bound)" : "");
	return !broken;
}

static const struct setup setups[] = {
	{ "client and server", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 1, false },
	{ "client and server, aborts", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 3, 1, 0, false },
	{ "simultaneous open", { TT_CLOSED, TT_CLOSED }, { 0 }, 3, 0, 1, 0, false },
	{ "simultaneous open, aborts", { TT_CLOSED, TT_CLOSED }, { 0 }, 3, 3, 0, 0, false },
	{ "an old duplicate SYN", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 1, true },
	{ "a closed port", { TT_CLOSED, TT_CLOSED }, { 0 }, 1, 0, 2, 2, false },
	{ "Fast Open, text taken", { TT_CLOSED, TT_LISTEN }, { M_TFO_SEND, M_TFO_TAKE }, 1, 0, 1, 0,
	  false },
	{ "Fast Open, text refused", { TT_CLOSED, TT_LISTEN }, { M_TFO_SEND, 0 }, 1, 0, 1, 0,
	  false },
};

int main(void)
{
	u32 i, met = 0, allowed = 0, failed = 0, n = ARRAY_SIZE(setups);

	nodes = calloc(NODES_MAX, sizeof(*nodes));
	slots = calloc(SLOTS, sizeof(*slots));
	if (!nodes || !slots) {
		printf("Bail out! no memory\n");
		return 1;
	}
	printf("TAP version 13\n1..%u\n", n + 1);
	for (i = 0; i < n; i++)
		failed += !explore(&setups[i], i + 1);
	for (i = 0; i < TT_STATES; i++) {
		met += __builtin_popcount(pairs[i]);
		allowed += __builtin_popcount(partners[i]);
		if (partners[i] & ~pairs[i])
			printf("# %s: partners not met %#x\n", state_names[i],
			       partners[i] & ~pairs[i]);
	}
	failed += met != allowed;
	printf("%s %u every pair of states that can be was met # %u of %u\n",
	       met == allowed ? "ok" : "not ok", n + 1, met, allowed);
	free(nodes);
	free(slots);
	return failed ? 1 : 0;
}
