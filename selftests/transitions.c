// SPDX-License-Identifier: GPL-2.0-only
/*
 * transitions INSTANCE: read what a tracefs instance has recorded and compare, for
 * each socket, the states that the kernel's sock:inet_sock_set_state told with those
 * that tcptrack:tcptrack_state counted: one by one and in order. Prints each
 * difference and, as the last line, how many were compared and excepted by what.
 * Status 0: all equal; 1: not; 2: nothing can be said (the buffer ran over, say).
 *
 * A chain is the life of one socket, or of one end of a flow: its first state and
 * those it entered. The chains with equal addresses and ports, of one case, have to be
 * the same.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transitions.h"

#define SHOWN	30

enum state {
	LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT,
	CLOSING, LAST_ACK, TIME_WAIT, CLOSED
};

static const char * const names[] = {
	"LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2",
	"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT", "CLOSED"
};

/* The kernel's TCP_* numbers. */
static const unsigned char of_kernel[] = {
	CLOSED, ESTABLISHED, SYN_SENT, SYN_RECEIVED, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT, CLOSED,
	CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING, SYN_RECEIVED
};

/*
 * All that may differ. Each is a change that the one side has no way to show, or
 * that concerns no full socket.
 */
enum exception {
	MINI,
	REQUEST,
	LISTENER,
	AGAIN,
	NO_PORT,
	COOKIE,
	LAST,
	TAKEN_BACK,
	LOST,
	CROSSED,
	FORESEEN,
	EXCEPTIONS
};

/* @where: only while the last mark (a test, a case of peer.c) has these words. */
static const struct {
	const char *name, *why, *where;
} exceptions[EXCEPTIONS] = {
	[MINI] = { "mini", "a mini socket took over from FIN_WAIT_2 or CLOSING: CLOSE" },
	[REQUEST] = { "request", "a request socket that never became a full one" },
	[LISTENER] = { "listener", "CLOSE and LISTEN of listening sockets: no flows" },
	[AGAIN] = { "again", "FIN_WAIT_2 is set once more by close(), CLOSE where bind() fails" },
	[NO_PORT] = { "no port", "connect() failed before the socket had a port: no segment" },
	[COOKIE] = { "cookie", "the stack's own SYN cookie: there was no request to be seen",
		     "SYN cookie" },
	[LAST] = { "last", "an orphan gave up after its case, and its namespace went with it",
		   "case " },
	[TAKEN_BACK] = { "taken back", "a third ACK was refused (PAWS); the collector saw it",
			 "taken back" },
	[LOST] = { "lost", "two CPUs made a child of one request: that of the one that lost" },
	[CROSSED] = { "crossed", "FIN and the ACK of ours, on two CPUs: to the socket in reverse" },
	[FORESEEN] = { "foreseen", "a third ACK for a request that somebody has just destroyed",
		       "an end that has had a socket" },
};

static unsigned long excepted[EXCEPTIONS];

#define STATES_MAX	24

struct chain {
	struct tuple tuple;
	bool stack;		/* the kernel's; else the tracker's */
	bool adopted;
	bool matched;
	unsigned long long begun;
	const char *mark;	/* the case in which it began */
	const char *end;	/* and that in which it ended */
	int n;
	unsigned char state[STATES_MAX];
};

static struct chain *chains;
static size_t nchains, schains;

static struct chain *new_chain(const struct event *e)
{
	struct chain *c;

	if (nchains == schains) {
		schains = schains ? schains * 2 : 1024;
		chains = realloc(chains, schains * sizeof(*chains));
	}
	c = &chains[nchains++];
	memset(c, 0, sizeof(*c));
	c->stack = e->kind == STACK;
	c->adopted = e->adopted;
	c->begun = e->ts;
	c->mark = mark_before(e->ts);
	c->state[c->n++] = e->old;
	return c;
}

static int same_socket(const struct event *a, const struct event *b)
{
	int d = (a->kind > b->kind) - (a->kind < b->kind);

	if (!d)
		d = (a->id > b->id) - (a->id < b->id);
	if (!d && a->kind == TRACKER)
		d = (a->dev > b->dev) - (a->dev < b->dev);
	if (!d && a->kind == TRACKER)
		d = memcmp(&a->tuple, &b->tuple, sizeof(a->tuple));
	return d;
}

static int by_socket(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	int d = same_socket(x, y);

	if (!d)
		d = (x->ts > y->ts) - (x->ts < y->ts);
	return d ?: (x->order > y->order) - (x->order < y->order);
}

static void build(struct event *events, size_t n)
{
	const struct event *last = NULL;	/* of @c: one that is left out has no chain */
	struct chain *c = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		struct event *e = &events[i];

		if (e->kind == STACK) {
			e->old = of_kernel[e->old];
			e->new = of_kernel[e->new];
		}
		if (e->old == e->new && (e->old == FIN_WAIT_2 || e->old == CLOSED)) {
			excepted[AGAIN]++;
			continue;
		}
		if (!c || same_socket(e, last) || c->n == STATES_MAX ||
		    c->state[c->n - 1] != e->old || e->old == CLOSED)
			c = new_chain(e);
		last = e;
		c->state[c->n++] = e->new;
		c->end = mark_before(e->ts);
		/* who connects has no port yet when it enters SYN_SENT, a child no peer */
		if (!c->tuple.dport || !c->tuple.sport || (e->tuple.sport && e->tuple.dport))
			c->tuple = e->tuple;
	}
}

static int by_tuple(const void *a, const void *b)
{
	const struct chain *x = a, *y = b;
	int d = memcmp(&x->tuple, &y->tuple, sizeof(x->tuple));

	return d ?: (x->begun > y->begun) - (x->begun < y->begun);
}

static bool is_mini(const struct chain *t)
{
	return t->state[0] == TIME_WAIT ||
	       (t->state[0] == FIN_WAIT_2 && (t->state[1] == TIME_WAIT || t->state[1] == CLOSED));
}

static bool may(enum exception why, const struct chain *c)
{
	return !exceptions[why].where || strstr(c->mark, exceptions[why].where);
}

/* What the tracker's chain has to be for the full socket, and by which exceptions. */
static struct chain full_part(const struct chain *t, const struct chain *s, unsigned int *used)
{
	struct chain full = *t;
	int i;

	*used = 0;
	if (full.n > 4 && full.state[2] == ESTABLISHED && full.state[3] == SYN_RECEIVED &&
	    may(TAKEN_BACK, t)) {
		memmove(&full.state[2], &full.state[4], full.n - 4);
		full.n -= 2;
		*used |= 1 << TAKEN_BACK;
	}
	for (i = 1; i < full.n; i++) {
		if (full.state[i] == TIME_WAIT && (full.state[i - 1] == FIN_WAIT_2 ||
						   full.state[i - 1] == CLOSING)) {
			full.state[i] = CLOSED;
			full.n = i + 1;
			*used |= 1 << MINI;
			return full;
		}
	}
	/* FIN_WAIT_2 without an owner, and it still is */
	if (s->n == full.n + 1 && full.state[full.n - 1] == FIN_WAIT_2 &&
	    s->state[full.n] == CLOSED && full.n < STATES_MAX) {
		full.state[full.n++] = CLOSED;
		*used |= 1 << MINI;
	}
	return full;
}

/* The socket gave up when its case was over, in this recording or in one before it. */
static bool is_last(const struct chain *s)
{
	unsigned char was = s->state[s->n - 2];

	return s->state[s->n - 1] == CLOSED &&
	       (was == FIN_WAIT_1 || was == CLOSING || was == LAST_ACK) &&
	       (s->n == 2 || (s->mark != s->end && may(LAST, s)));
}

static bool several_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) > 1;
}

/* Both are right: FIN_WAIT_2 or CLOSING, between FIN_WAIT_1 and the end. */
static bool is_crossed(const struct chain *full, const struct chain *s)
{
	int i = full->n - 2;

	return several_cpus() && full->n == s->n && i > 0 &&
	       full->state[i - 1] == FIN_WAIT_1 &&
	       ((full->state[i] == FIN_WAIT_2 && s->state[i] == CLOSING) ||
		(full->state[i] == CLOSING && s->state[i] == FIN_WAIT_2));
}

/* Where no segment was seen between the cookie and its socket: how much of the socket's life. */
static int cookie_part(const struct chain *full, const struct chain *s)
{
	if (s->state[0] != LISTEN || s->state[1] != SYN_RECEIVED || !may(COOKIE, full))
		return 0;
	if (full->adopted && full->state[0] == ESTABLISHED)
		return 2;
	return full->state[0] == LISTEN && full->state[1] == ESTABLISHED ? 1 : 0;
}

static bool match(struct chain *s, struct chain *t)
{
	int skip, last = 0, i;
	unsigned int used;
	struct chain full = full_part(t, s, &used);

	skip = cookie_part(&full, s);
	if (skip == 1)
		full.state[0] = SYN_RECEIVED;
	if (full.n == s->n - skip - 1 && is_last(s))
		last = 1;
	if (is_crossed(&full, s)) {
		full.state[full.n - 2] = s->state[s->n - 2];
		used |= 1 << CROSSED;
	}
	if (s->mark != t->mark || full.n != s->n - skip - last ||
	    memcmp(full.state, s->state + skip, full.n))
		return false;
	used |= !!skip << COOKIE | last << LAST;
	for (i = 0; i < EXCEPTIONS; i++)
		excepted[i] += used >> i & 1;
	s->matched = true;
	t->matched = true;
	return true;
}

/* One that was adopted is seen first when it ends. */
static bool is_request(const struct chain *c)
{
	if (c->stack)
		return false;
	if (c->n == 2 && c->state[0] == SYN_RECEIVED)
		return c->state[1] == CLOSED;
	return c->state[0] == LISTEN && c->state[1] == SYN_RECEIVED &&
	       (c->n == 2 || (c->n == 3 && c->state[2] == CLOSED));
}

/* On two CPUs, the half-open queue may destroy it at any time. */
static bool is_foreseen(const struct chain *c)
{
	int i = c->n - 3;

	return !c->stack && (i == 0 || (i == 1 && c->state[0] == LISTEN)) &&
	       c->state[i] == SYN_RECEIVED && c->state[i + 1] == ESTABLISHED &&
	       c->state[i + 2] == CLOSED &&
	       (may(FORESEEN, c) || (several_cpus() && !strncmp(c->mark, "halfopen", 8)));
}

/* A chain without a partner that needs none. */
static bool except(const struct chain *c)
{
	enum exception why;

	if (c->stack && !c->tuple.dport && (c->state[0] == LISTEN || c->state[1] == LISTEN))
		why = LISTENER;
	else if (c->stack && !c->tuple.sport && c->state[0] == CLOSED &&
		 c->state[1] == SYN_SENT && c->state[2] == CLOSED)
		why = NO_PORT;
	else if (is_request(c))
		why = REQUEST;
	else if (is_foreseen(c))
		why = FORESEEN;
	else if (!c->stack && is_mini(c))
		why = MINI;
	else if (several_cpus() && c->stack && c->n == 3 && c->state[0] == LISTEN &&
		 c->state[1] == SYN_RECEIVED && c->state[2] == CLOSED)
		why = LOST;
	else if (c->n == 2 && is_last(c))
		why = LAST;	/* it had not moved since the recording began */
	else
		return false;
	excepted[why]++;
	return true;
}

static void print_end(const unsigned char *addr, unsigned int port)
{
	char buf[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, addr, buf, sizeof(buf));
	if (!strncmp(buf, "::ffff:", 7))
		printf(" %s:%u", buf + 7, port);
	else
		printf(" [%s]:%u", buf, port);
}

static void print_chain(const struct chain *c)
{
	int i;

	printf("%s", c->stack ? "socket " : "tracker");
	print_end(c->tuple.saddr, c->tuple.sport);
	print_end(c->tuple.daddr, c->tuple.dport);
	for (i = 0; i < c->n; i++)
		printf(" %s", names[c->state[i]]);
	printf(" (event %llu, %s)\n", c->begun, c->mark);
}

/* Of one tuple: each socket's chain is that of one flow, and the reverse. */
static void compare_group(struct chain *c, size_t n)
{
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; c[i].stack && j < n && !c[i].matched; j++) {
			if (!c[j].stack && !c[j].matched)
				match(&c[i], &c[j]);
		}
	}
}

static int compare(void)
{
	unsigned long sockets = 0, flows = 0, equal = 0, different = 0;
	size_t i, j;

	qsort(chains, nchains, sizeof(*chains), by_tuple);
	for (i = 0; i < nchains; i = j) {
		for (j = i; j < nchains && !memcmp(&chains[j].tuple, &chains[i].tuple,
						   sizeof(chains[i].tuple)); j++)
			;
		compare_group(&chains[i], j - i);
	}
	for (i = 0; i < nchains; i++) {
		sockets += chains[i].stack;
		flows += !chains[i].stack;
		equal += chains[i].stack && chains[i].matched;
		if (chains[i].matched || except(&chains[i]))
			continue;
		if (different++ < SHOWN)
			print_chain(&chains[i]);
	}
	printf("%lu sockets, %lu ends of flows, %lu equal, %lu different", sockets, flows, equal,
	       different);
	for (i = 0; i < EXCEPTIONS; i++) {
		if (excepted[i])
			printf(", %s %lu", exceptions[i].name, excepted[i]);
	}
	printf("\n");
	return !!different;
}

int main(int argc, char **argv)
{
	struct event *events;
	size_t n, i;

	if (argc == 2 && !strcmp(argv[1], "--exceptions")) {
		for (i = 0; i < EXCEPTIONS; i++)
			printf("%s: %s\n", exceptions[i].name, exceptions[i].why);
		return 0;
	}
	if (argc != 2)
		return 2;
	if (!read_events(argv[1], &events, &n))
		return 2;
	qsort(events, n, sizeof(*events), by_socket);
	build(events, n);
	return compare();
}
