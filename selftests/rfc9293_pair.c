// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worlds of rfc9293_net.c, followed by the machine of module/state.c at each end: it
 * steps SENT when a segment leaves and RECEIVED when it arrives. The states that it tells
 * must be those of the two TCPs, no pair of states that RFC 9293 excludes may come up, a
 * forged RST that the RFCs ignore may change nothing, and once the network behaves, both
 * close, and nothing but CLOSED and TIME_WAIT is left.
 * Argument: worlds for each setup.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rfc9293_net.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define WORLDS		200000

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

static u16 pairs[TT_STATES];
static struct tt_endpoint before;

/* What the watcher knows: both endpoints. */
static struct tt_endpoint *known(struct world *w)
{
	static_assert(2 * sizeof(struct tt_endpoint) <= KNOWS_MAX);
	return (struct tt_endpoint *)w->knows;
}

static void begins(struct world *w, const struct setup *setup)
{
	tt_endpoint_init(&known(w)[0], setup->state[0]);
	tt_endpoint_init(&known(w)[1], setup->state[1]);
}

static void leaves(struct world *w, u32 who, const struct tt_seg *s, enum cause why)
{
	tt_step(&known(w)[who], TT_SENT, s);
}

static const char *arrives(struct world *w, u32 who, const struct tt_seg *s)
{
	before = known(w)[who];
	tt_step(&known(w)[who], TT_RECEIVED, s);
	return NULL;
}

static const char *arrived(struct world *w, u32 who, const struct tt_seg *s, u8 was)
{
	if (s->flags & TT_RST && w->tcp[who].state == was &&
	    memcmp(&before, &known(w)[who], sizeof(before)))
		return "a RST that the endpoint ignores has moved what is known of it";
	return NULL;
}

static void expires(struct world *w, u32 who)
{
	tt_endpoint_init(&known(w)[who], TT_CLOSED);
}

static const char *equal(struct world *w)
{
	u32 a = known(w)[0].state, b = known(w)[1].state;

	if (a != w->tcp[0].state || b != w->tcp[1].state)
		return "the tracked state is not the endpoint's";
	if (!(partners[a] & (1u << b)) || !(partners[b] & (1u << a)))
		return "a pair of states that RFC 9293 excludes";
	pairs[a] |= 1u << b;
	pairs[b] |= 1u << a;
	return NULL;
}

static const char *check(struct world *w)
{
	const char *wrong = equal(w);

	return wrong || !net_idle(w) ? wrong : net_close(w, equal);
}

static void print(const struct world *w)
{
	const struct tt_endpoint *ep = known((struct world *)w);

	printf(", tracked %s %s", state_names[ep[0].state], state_names[ep[1].state]);
}

static const struct watcher each_end = {
	.name = "",
	.begin = begins,
	.leaves = leaves,
	.arrives = arrives,
	.arrived = arrived,
	.expires = expires,
	.check = check,
	.print = print,
};

static const struct setup setups[] = {
	{ "client and server", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 1, 0, false },
	{ "client and server, forged RSTs", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 0, 2, false },
	{ "client and server, aborts", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 3, 1, 0, 0, false },
	{ "simultaneous open", { TT_CLOSED, TT_CLOSED }, { 0 }, 3, 0, 1, 0, 0, false },
	{ "simultaneous open, aborts", { TT_CLOSED, TT_CLOSED }, { 0 }, 3, 3, 0, 0, 0, false },
	{ "simultaneous open, forged RSTs", { TT_CLOSED, TT_CLOSED }, { 0 }, 3, 0, 0, 0, 2, false },
	{ "an old duplicate SYN", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 1, 0, true },
	{ "a closed port", { TT_CLOSED, TT_CLOSED }, { 0 }, 1, 0, 2, 2, 0, false },
	{ "Fast Open, text taken", { TT_CLOSED, TT_LISTEN }, { M_TFO_SEND, M_TFO_TAKE }, 1, 0, 1, 0,
	  0, false },
	{ "Fast Open, text refused", { TT_CLOSED, TT_LISTEN }, { M_TFO_SEND, 0 }, 1, 0, 1, 0, 0,
	  false },
};

int main(int argc, char **argv)
{
	u32 i, met = 0, allowed = 0, failed = 0, n = ARRAY_SIZE(setups);
	u32 worlds = argc > 1 ? strtoul(argv[1], NULL, 0) : WORLDS;

	printf("TAP version 13\n1..%u\n", n + 1);
	for (i = 0; i < n; i++)
		failed += !net_explore(&each_end, &setups[i], worlds, i + 1);
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
	return failed ? 1 : 0;
}
