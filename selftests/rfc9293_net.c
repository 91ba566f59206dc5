// SPDX-License-Identifier: GPL-2.0-only
/* All orders of events between two endpoints, a network and a watcher. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfc9293_net.h"

#define FORGED		4	/* kinds of forged RST */
#define ROUNDS_MAX	20	/* of retransmission, until all must be settled */
#define STEPS_MAX	400
#define PATH_MAX_STEPS	256

static const char * const action_names[ACTIONS] = {
	"open", "close", "write", "abort", "2MSL", "retransmit", "retransmit first", "forge",
	"deliver", "deliver, keep", "pass", "pass, keep", "lose",
};

const char * const state_names[TT_STATES] = {
	"LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2",
	"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT", "CLOSED",
};

/* How a world was reached. */
struct node {
	u32 parent;
	u8 action, arg;
};

static const struct watcher *watcher;
static const struct setup *setup;
static struct node *nodes;
static struct world *queue;	/* in the order of nodes */
static uint64_t *met;		/* fingerprints; 0: free */
static u32 n_nodes, nodes_max, met_max;
static bool narrate;
bool net_forging;

static int wire_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct wire));
}

static void tell(const char *what, u32 from, const struct wire *x)
{
	if (narrate)
		printf("#     %s: %u -> %u %s%s%s%s%s seq=%u ack=%u len=%u\n", what, from, !from,
		       x->flags & TT_SYN ? "S" : "", x->flags & TT_FIN ? "F" : "",
		       x->flags & TT_RST ? "R" : "", x->flags & TT_PSH ? "P" : "",
		       x->flags & TT_ACK ? "A" : "", x->seq, x->ack, x->len);
}

static struct tt_seg to_seg(const struct wire *x)
{
	return (struct tt_seg){
		.seq = x->seq, .ack = x->ack, .len = x->len, .wnd = M_WINDOW, .flags = x->flags,
		.wscale = TT_WSCALE_NONE,
	};
}

static void emit(struct world *w, u32 who, const struct outbox *out, enum cause why)
{
	u32 i, n;

	for (n = 0; n < out->n; n++) {
		const struct tt_seg *s = &out->seg[n];
		const struct wire x = { s->seq, s->ack, s->flags, s->len, !who,
					watcher->middle ? 1 : 2 };

		tell("sent", who, &x);
		if (watcher->leaves)
			watcher->leaves(w, who, s, why);
		for (i = 0; i < NET_MAX && w->net[i].leg; i++)
			;
		if (i < NET_MAX)	/* else it is lost */
			w->net[i] = x;
	}
}

static const char *deliver(struct world *w, const struct wire *x)
{
	struct tt_seg s = to_seg(x);
	struct outbox out = { .n = 0 };
	u8 was = w->tcp[x->to].state;
	const char *wrong = NULL;

	tell("arrives", !x->to, x);
	if (watcher->arrives)
		wrong = watcher->arrives(w, x->to, &s);
	m_arrival(&w->tcp[x->to], &s, &out);
	if (!wrong && watcher->arrived)
		wrong = watcher->arrived(w, x->to, &s, was);
	emit(w, x->to, &out, ANSWERS);
	return wrong;
}

static const char *arrives(struct world *w, u32 i, bool keep)
{
	const struct wire x = w->net[i];

	if (!keep)
		memset(&w->net[i], 0, sizeof(w->net[i]));
	return deliver(w, &x);
}

static void passes(struct world *w, u32 i, bool keep)
{
	struct tt_seg s = to_seg(&w->net[i]);
	u32 free;

	tell("passes", !w->net[i].to, &w->net[i]);
	watcher->passes(w, !w->net[i].to, &s);
	for (free = 0; keep && free < NET_MAX; free++)
		if (!w->net[free].leg) {
			w->net[free] = w->net[i];
			break;
		}
	w->net[i].leg = 2;
}

/* A RST that the RFCs ignore: beside RCV.NXT, or without what SYN_SENT asks for. */
static bool forge(struct world *w, u32 to, u32 kind, const char **wrong)
{
	static const u32 beside[FORGED] = { -1, 1, M_WINDOW, 0x40000000 };
	const struct model *m = &w->tcp[to];
	struct wire x = { .to = to, .leg = 2, .flags = TT_RST };

	if (!w->forges || m->state == TT_CLOSED || m->state == TT_LISTEN)
		return false;
	if (m->state == TT_SYN_SENT) {
		x.seq = w->tcp[!to].iss;
		x.flags |= kind & 1 ? TT_ACK : 0;
		x.ack = kind & 2 ? m->iss : m->nxt + 1;
		if (kind == 2)
			return false;
	} else {
		x.seq = m->rcv + beside[kind];
	}
	w->forges--;
	net_forging = true;
	if (watcher->middle) {
		struct tt_seg s = to_seg(&x);

		watcher->passes(w, !to, &s);
	}
	*wrong = deliver(w, &x);
	net_forging = false;
	return true;
}

bool net_idle(const struct world *w)
{
	u32 i;

	for (i = 0; i < NET_MAX; i++)
		if (w->net[i].leg)
			return false;
	return true;
}

bool net_act(struct world *w, enum action a, u32 who, u32 arg, const char **wrong)
{
	struct model *m = &w->tcp[who];
	struct outbox out = { .n = 0 };
	u32 here = 1u << m->state;

	if ((a < EXPIRE && w->acts[who] & (1u << a)) ||
	    (watcher->may && !watcher->may(w, a, who)))
		return false;
	if (a == FORGE)
		return forge(w, who, arg, wrong);
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
		watcher->expires(w, who);
	emit(w, who, &out, a == ABORT ? ABORTS : ACTS);
	return true;
}

static const char *drain(struct world *w, u32 *steps)
{
	const char *wrong = NULL;
	u32 i;

	for (i = 0; !wrong && !net_idle(w); i = (i + 1) % NET_MAX) {
		if (!w->net[i].leg)
			continue;
		if (!--*steps)
			return "there is no end of segments";
		if (w->net[i].leg == 2)
			wrong = arrives(w, i, false);
		else if (!watcher->may(w, PASS, i))
			memset(&w->net[i], 0, sizeof(w->net[i]));
		else
			passes(w, i, false);
	}
	return wrong;
}

const char *net_settle(struct world *w)
{
	const char *wrong = NULL;
	u32 round, who, steps = STEPS_MAX;
	bool quiet = false;

	for (round = 0; !quiet && round < ROUNDS_MAX; round++) {
		wrong = drain(w, &steps);
		quiet = true;
		for (who = 0; !wrong && who < 2; who++) {
			w->retransmits[who] = 1;
			quiet &= !net_act(w, AGAIN, who, 0, &wrong);
			w->retransmits[who] = 0;
			wrong = drain(w, &steps);
		}
		if (wrong)
			return wrong;
	}
	return quiet ? NULL : "retransmission has no end";
}

const char *net_close(struct world *w, const char *(*check)(struct world *w))
{
	const char *wrong = net_settle(w);
	u32 who;

	if (!wrong)
		wrong = check(w);
	for (who = 0; !wrong && who < 2; who++) {
		w->acts[who] &= ~(1u << CLOSE);
		net_act(w, CLOSE, who, 0, &wrong);
		wrong = net_settle(w);
		if (!wrong)
			wrong = check(w);
	}
	for (who = 0; !wrong && who < 2; who++) {
		bool gone = w->tcp[!who].state == TT_CLOSED || w->tcp[!who].state == TT_LISTEN;

		/* reset, not closed, and the RST was lost: who waits for its FIN is not told */
		if (gone && w->tcp[who].state == TT_FIN_WAIT_2)
			continue;
		if (!((1u << w->tcp[who].state) & (S(CLOSED) | S(LISTEN) | S(TIME_WAIT))))
			wrong = "both have closed, and it has not ended";
	}
	return wrong;
}

/* One step of the exploration; false if it cannot be made. */
static bool apply(struct world *w, enum action a, u32 arg, const char **wrong)
{
	*wrong = NULL;
	if (a <= FORGE)
		return net_act(w, a, arg & 1, arg >> 1, wrong);
	if (!w->net[arg].leg)
		return false;
	if (a == LOSE) {
		memset(&w->net[arg], 0, sizeof(w->net[arg]));
		return true;
	}
	if (w->net[arg].leg != (a == PASS || a == PASS_DOUBLE ? 1 : 2))
		return false;
	if (w->net[arg].leg == 1 && !watcher->may(w, PASS, arg))
		return false;
	if (a == DOUBLE || a == PASS_DOUBLE) {
		if (!w->doubles)
			return false;
		w->doubles--;
	}
	if (a == PASS || a == PASS_DOUBLE)
		passes(w, arg, a == PASS_DOUBLE);
	else
		*wrong = arrives(w, arg, a == DOUBLE);
	return true;
}

static void begin(struct world *w)
{
	u32 i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < 2; i++) {
		w->tcp[i].state = setup->state[i];
		w->tcp[i].flags = setup->flags[i];
		/* a RST for a SYN has the number 0: nobody's, where both open */
		w->tcp[i].iss = i ? 0x7ffffffe : setup->active == 3 ? 0x3ffffffe : 0xfffffffe;
		w->retransmits[i] = setup->retransmits;
	}
	w->doubles = setup->doubles;
	w->forges = setup->forges;
	if (setup->old_syn)
		w->net[0] = (struct wire){ w->tcp[0].iss - 500, 0, TT_SYN, 0, 1,
					   watcher->middle ? 1 : 2 };
	watcher->begin(w, setup);
}

/* The way to a world, told segment by segment; none is shorter. */
static void complain(const char *what, u32 from, struct node last)
{
	struct node path[PATH_MAX_STEPS];
	const char *wrong;
	struct world w;
	u32 n = 0;

	printf("# %s, after\n", what);
	for (path[n++] = last; from && n < PATH_MAX_STEPS; from = nodes[from].parent)
		path[n++] = nodes[from];
	narrate = true;
	begin(&w);
	while (n--) {
		u32 arg = path[n].arg;

		printf("#   %s %u\n", action_names[path[n].action],
		       path[n].action <= FORGE ? arg & 1 : arg);
		apply(&w, path[n].action, arg, &wrong);
		qsort(w.net, NET_MAX, sizeof(w.net[0]), wire_compare);
		printf("#     tcp %s %s", state_names[w.tcp[0].state], state_names[w.tcp[1].state]);
		watcher->print(&w);
		printf("\n");
	}
	watcher->check(&w);
	narrate = false;
}

static uint64_t fingerprint(const struct world *w)
{
	const u8 *p = (const u8 *)w;
	uint64_t h = 0x9e3779b97f4a7c15, x;
	u32 i;

	for (i = 0; i + 8 <= sizeof(*w); i += 8) {
		memcpy(&x, p + i, 8);
		h = (h ^ x) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	for (x = 0; i < sizeof(*w); i++)
		x = x << 8 | p[i];
	h = (h ^ x) * 0xc4ceb9fe1a85ec53;
	h ^= h >> 29;
	return h ? h : 1;
}

/* Whether a world is new; then it is remembered. */
static bool is_new(const struct world *w)
{
	uint64_t f = fingerprint(w);
	u32 i;

	for (i = f & (met_max - 1); met[i]; i = (i + 1) & (met_max - 1))
		if (met[i] == f)
			return false;
	met[i] = f;
	return true;
}

/* False if something is wrong. */
static bool try(const struct world *from, u32 parent, enum action a, u32 arg)
{
	struct world w = *from;
	const char *wrong;

	if (!apply(&w, a, arg, &wrong))
		return true;
	qsort(w.net, NET_MAX, sizeof(w.net[0]), wire_compare);
	if (!wrong && !is_new(&w))
		return true;
	if (!wrong) {
		struct world again = w;

		wrong = watcher->check(&again);
	}
	if (wrong) {
		complain(wrong, parent, (struct node){ parent, a, arg });
		return false;
	}
	if (n_nodes < nodes_max) {
		queue[n_nodes] = w;
		nodes[n_nodes++] = (struct node){ parent, a, arg };
	}
	return true;
}

static bool expand(const struct world *w, u32 from)
{
	u32 a, i, args;

	for (a = 0; a < ACTIONS; a++) {
		args = a == FORGE ? 2 * FORGED : a < FORGE ? 2 : NET_MAX;
		for (i = 0; i < args; i++)
			if (!try(w, from, a, i))
				return false;
	}
	return true;
}

static bool allocate(u32 worlds_max)
{
	if (worlds_max <= nodes_max)
		return true;
	nodes_max = worlds_max;
	for (met_max = 1024; met_max < 2 * worlds_max; met_max *= 2)
		;
	nodes = realloc(nodes, nodes_max * sizeof(*nodes));
	queue = realloc(queue, nodes_max * sizeof(*queue));
	met = realloc(met, met_max * sizeof(*met));
	return nodes && queue && met;
}

bool net_explore(const struct watcher *who, const struct setup *what, u32 worlds_max, u32 number)
{
	struct world w;
	bool ok = true;
	u32 i;

	watcher = who;
	setup = what;
	if (!allocate(worlds_max)) {
		printf("Bail out! no memory\n");
		exit(1);
	}
	memset(met, 0, met_max * sizeof(*met));
	begin(&w);
	is_new(&w);
	nodes[0] = (struct node){ 0 };
	queue[0] = w;
	n_nodes = 1;
	for (i = 0; ok && i < n_nodes && n_nodes < nodes_max; i++)
		ok = expand(&queue[i], i);
	printf("%s %u %s%s%s # %u worlds%s\n", ok ? "ok" : "not ok", number, what->name,
	       *who->name ? ", seen from " : "", who->name, n_nodes,
	       n_nodes == nodes_max ? ", as far as the bound" : "");
	return ok;
}
