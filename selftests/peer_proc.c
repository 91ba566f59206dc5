// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer: what the tracker shows, beside what the stack itself shows. A script
 * names the counters that change, and by how much; all others must stand still.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#include "peer.h"

#define STATES		11
#define MAX_VALUES	400

static const char * const states[STATES] = {
	"LISTEN", "SYN_SENT", "SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2",
	"CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT", "CLOSED",
};

/* The stack's number for each. */
static const int stack_number[STATES] = { 10, 2, 3, 1, 4, 5, 8, 11, 9, 6, 7 };

static const char * const columns[] = { "local", "remote", "forward", "entered" };

/* These say how, not what; they are compared only where a script names them. */
static const char * const unwatched[] = {
	"version", "mode", "uptime_ms", "flows", "flows_max", "flows_unproven", "halfopen",
	"timewait_max", "tracepoint", "segments_seen", "segments_early", "segments_repeat",
	"collector_runs", "flows_destroyed", "syns", "halfopen_max", "cookie_mode",
	"cookie_selftest", "handshakes_completed",
};

struct value {
	char name[48];
	long n;
	long expected;		/* change since the case began */
	bool named;
};

struct snapshot {
	long gauge[STATES][4];
	struct value value[MAX_VALUES];
	int nvalues;
};

static struct snapshot base, seen;
static struct value expected[64];
static int nexpected;
static char maybe[48];
static bool silent;

static int state_index(const char *name)
{
	int i;

	for (i = 0; i < STATES; i++)
		if (!strcmp(states[i], name))
			return i;
	fail("state %s: unknown", name);
}

static void take(struct snapshot *s)
{
	FILE *f = fopen("/proc/self/net/tcptrack", "r");
	char line[256], name[48], text[64];
	long *g;
	int i;

	if (!f)
		fail("/proc/net/tcptrack: %s", strerror(errno));
	memset(s, 0, sizeof(*s));
	while (fgets(line, sizeof(line), f)) {
		long n[4];

		if (sscanf(line, "%47s %ld %ld %ld %ld", name, n, n + 1, n + 2, n + 3) == 5) {
			g = s->gauge[state_index(name)];
			for (i = 0; i < 4; i++)
				g[i] = n[i];
		} else if (sscanf(line, "%47s %63s", name, text) == 2 &&
			   strcmp(name, "state") && s->nvalues < MAX_VALUES) {
			snprintf(s->value[s->nvalues].name, 48, "%s", name);
			s->value[s->nvalues++].n = strtol(text, NULL, 0);
		}
	}
	fclose(f);
}

static struct value *value_find(struct snapshot *s, const char *name)
{
	int i;

	for (i = 0; i < s->nvalues; i++)
		if (!strcmp(s->value[i].name, name))
			return &s->value[i];
	fail("/proc/tcptrack has no %s", name);
}

/* The state of the current flow's socket, -1 if the stack has none. */
static void state_of_current(const struct stack_socket *s, void *arg)
{
	const struct end *l = &cur->end[1], *r = &cur->end[0];
	size_t len = family == AF_INET ? 4 : 16;

	if (s->family == family && s->sport == l->port && s->dport == r->port &&
	    !memcmp(s->src, l->ip, len) && !memcmp(s->dst, r->ip, len))
		*(int *)arg = s->state;
}

static int stack_state(void)
{
	int found = -1;

	stack_sockets(family, state_of_current, &found);
	return found;
}

struct flow_line {
	char state[2][24];	/* local or A; remote or B */
	char flags[100];
	char text[256];
	int found;
};

static void flow_find(struct flow_line *fl)
{
	FILE *f = fopen("/proc/self/net/tcptrack_flows", "r");
	char line[256], a[64], b[64], sa[24], sb[24], flags[96], want[2][64];

	if (!f)
		fail("/proc/net/tcptrack_flows: %s", strerror(errno));
	flow_text(&cur->end[0], want[1], sizeof(want[1]));
	flow_text(&cur->end[1], want[0], sizeof(want[0]));
	memset(fl, 0, sizeof(*fl));
	while (fgets(line, sizeof(line), f)) {
		bool same, swapped;

		if (sscanf(line, "%*s %63s %63s %23s %23s %*s %*s %*s %95s",
			   a, b, sa, sb, flags) != 5)
			continue;
		same = !strcmp(a, want[0]) && !strcmp(b, want[1]);
		swapped = !strcmp(b, want[0]) && !strcmp(a, want[1]);
		if (!same && !(swapped && cur->forward))
			continue;
		if (cur->forward)
			same = !same;	/* scripts name the opener first */
		snprintf(fl->state[!same], sizeof(sa), "%s", sa);
		snprintf(fl->state[same], sizeof(sb), "%s", sb);
		snprintf(fl->flags, sizeof(fl->flags), ",%s,", flags);
		snprintf(fl->text, sizeof(fl->text), "%s", line);
		fl->found++;
	}
	fclose(f);
}

struct state_wait {
	const char *want[2];
	struct flow_line fl;
	int stack;
};

static bool state_is(void *arg)
{
	struct state_wait *w = arg;

	w->stack = cur->forward ? -1 : stack_state();
	if (!cur->forward && strcmp(w->want[0], "-") && strcmp(w->want[0], "*") &&
	    w->stack != (strcmp(w->want[0], "CLOSED") ?
			 stack_number[state_index(w->want[0])] : -1))
		return false;
	if (no_module)
		return true;
	flow_find(&w->fl);
	return w->fl.found == 1 &&
	       (!strcmp(w->want[0], "*") || !strcmp(w->fl.state[0], w->want[0]) ||
		(!strcmp(w->want[0], "-") && w->stack < 0)) &&
	       (!strcmp(w->want[1], "*") || !strcmp(w->fl.state[1], w->want[1]));
}

/* "-": the stack has no socket, the tracker may call it LISTEN, CLOSED or what not. */
void proc_state(const char *local, const char *remote)
{
	struct state_wait w = { .want = { local, remote } };

	if (!wait_until(state_is, &w, 2500))
		fail("state %s %s: the tracker shows %s (%d flows), the stack has state %d",
		     local, remote, w.fl.found ? w.fl.text : "none", w.fl.found, w.stack);
}

static bool no_flow(void *arg)
{
	struct state_wait *w = arg;

	w->stack = cur->forward ? -1 : stack_state();
	if (!no_module)
		flow_find(&w->fl);
	return w->stack < 0 && !w->fl.found;
}

/* The flow ends from @min to @max ms after @mark. */
void proc_gone(long mark, long min, long max)
{
	struct state_wait w = {};
	bool gone;
	long left;

	/* ever more often towards the time from which it may go */
	while (!(gone = no_flow(&w)) && now_ms() < mark + max) {
		left = mark + min - now_ms();
		usleep(left > 40 ? left * 500 : 20000);
	}
	left = now_ms() - mark;
	if (!gone)
		fail("it is still there after %ld ms: the tracker shows %s, the stack has state %d",
		     left, w.fl.found ? w.fl.text : "none", w.stack);
	if (left < min)
		fail("it went after %ld ms", left);
}

void proc_noflow(void)
{
	struct state_wait w = {};

	if (!wait_until(no_flow, &w, 3000))
		fail("noflow: the tracker shows %s, the stack has state %d",
		     w.fl.found ? w.fl.text : "none", w.stack);
}

void proc_flags(const char *flags)
{
	char copy[96], want[40], *word, *save;
	struct flow_line fl;

	if (no_module)
		return;
	flow_find(&fl);
	snprintf(copy, sizeof(copy), "%s", flags);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		bool not = *word == '!';

		snprintf(want, sizeof(want), ",%s,", word + not);
		if (!fl.found || !strstr(fl.flags, want) != not)
			fail("flags %s: %s", flags, fl.found ? fl.text : "no flow");
	}
}

struct gauge_wait {
	int column, state;
	long want, got;
};

static bool gauge_is(void *arg)
{
	struct gauge_wait *w = arg;

	take(&seen);
	w->got = seen.gauge[w->state][w->column];
	if (w->column == 3)
		w->got -= base.gauge[w->state][3];
	return w->got == w->want;
}

void proc_gauge(const char *column, const char *state, long n)
{
	struct gauge_wait w = { .state = state_index(state), .want = n };

	if (no_module)
		return;
	while (strcmp(columns[w.column], column))
		if (++w.column == 4)
			fail("column %s: unknown", column);
	if (!wait_until(gauge_is, &w, 2500))
		fail("%s %s is %ld, not %ld", column, state, w.got, n);
}

void proc_maybe(const char *name)
{
	snprintf(maybe, sizeof(maybe), "%s", name);
}

void proc_silent(void)
{
	silent = true;
}

long proc_tracepoint(void)
{
	return no_module ? 1 : value_find(&base, "tracepoint")->n;
}

void proc_count(const char *name, long n)
{
	int i;

	for (i = 0; i < nexpected && strcmp(expected[i].name, name); i++)
		;
	if (i == nexpected) {
		if (nexpected == 64)
			fail("too many counters");
		snprintf(expected[nexpected++].name, 48, "%s", name);
	}
	expected[i].n += n;
}

static bool watched(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(unwatched) / sizeof(*unwatched); i++)
		if (!strcmp(unwatched[i], name))
			return false;
	if (silent && !strcmp(name, "corrected"))
		return false;
	return !strstr(name, "_ge");
}

static void compare(struct value *v, long n, char *text, size_t size)
{
	size_t at = strlen(text);

	v->n -= n;
	if (strcmp(v->name, maybe) && (watched(v->name) || v->named) &&
	    v->n != v->expected)
		snprintf(text + at, size - at, "%s%s changed by %ld, not by %ld",
			 at ? "; " : "", v->name, v->n, v->expected);
}

/* The counters that are not what the script says. */
static bool counters_right(void *text)
{
	struct value *v;
	long ended = 0;
	int i;

	take(&seen);
	*(char *)text = 0;
	for (i = 0; i < nexpected; i++) {
		v = value_find(&seen, expected[i].name);
		v->expected = expected[i].n;
		v->named = true;
	}
	for (i = 0; i < seen.nvalues; i++) {
		v = &seen.value[i];
		compare(v, base.nvalues > i ? base.value[i].n : 0, text, 512);
		if (!strncmp(v->name, "closed_", 7))
			ended += v->n;
	}
	v = value_find(&seen, "flows_destroyed");
	if (v->n != ended)
		strncat(text, " flows_destroyed is not the sum of closed_*", 60);
	return !*(char *)text;
}

void proc_check(void)
{
	char text[600];

	if (!no_module && !wait_until(counters_right, text, 2500)) {
		flow_unread();
		fail("%s", text);
	}
}

static void count_state(const struct stack_socket *s, void *arg)
{
	((long *)arg)[s->state & 15]++;
}

static bool has_looked(void *until)
{
	struct snapshot now;

	take(&now);
	return value_find(&now, "collector_runs")->n >= *(long *)until;
}

void proc_looked(int runs)
{
	struct snapshot now;
	long until;

	take(&now);
	until = value_find(&now, "collector_runs")->n + runs;
	if (!no_module && !wait_until(has_looked, &until, deadline_ms))
		fail("looked: the collector does not come");
}

static bool parity(void *arg)
{
	long count[16] = {}, *bad = arg;
	int i;

	stack_sockets(AF_INET, count_state, count);
	stack_sockets(AF_INET6, count_state, count);
	take(&seen);
	for (i = 0; i < STATES; i++) {
		bad[0] = i;
		bad[1] = seen.gauge[i][0];
		bad[2] = count[stack_number[i]];
		if (bad[1] != bad[2])
			return false;
	}
	return true;
}

void proc_begin(void)
{
	if (!no_module)
		take(&base);
}

/* Every case ends so: all counters exact, and the local column is the stack's. */
void proc_end(void)
{
	long bad[3];

	proc_check();
	if (!no_module && !wait_until(parity, bad, 2500))
		fail("parity: local %s is %ld, the stack has %ld", states[bad[0]], bad[1], bad[2]);
}
