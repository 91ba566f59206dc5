/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two small TCPs (rfc9293_model.h), joined by a network that loses, doubles, delays and
 * reorders, and somebody who watches. Every order of events is tried, breadth first; a
 * world that was met before, with the same watcher's knowledge, is not gone into again.
 */
#ifndef TCPTRACK_RFC9293_NET_H
#define TCPTRACK_RFC9293_NET_H

#include "rfc9293_model.h"

#define NET_MAX		3
#define KNOWS_MAX	64

enum action {
	OPEN, CLOSE, WRITE, ABORT, EXPIRE, AGAIN, AGAIN_FIRST, FORGE,
	ARRIVE, DOUBLE, PASS, PASS_DOUBLE, LOSE,
	ACTIONS
};

/* A segment on its way to endpoint @to. */
struct wire {
	u32 seq, ack;
	u8 flags, len, to;
	u8 leg;		/* 1: before the watcher in the middle, 2: past it, 0: none */
};

struct world {
	struct model tcp[2];
	struct wire net[NET_MAX];
	u8 retransmits[2];
	u8 doubles, forges;
	u8 acts[2];	/* bit mask of what its user has done */
	u32 knows[KNOWS_MAX / 4];	/* the watcher's */
};

struct setup {
	const char *name;
	u8 state[2];
	u8 flags[2];
	u8 active;		/* which of them may open */
	u8 aborts;		/* which of them may abort */
	u8 retransmits, doubles, forges;
	bool old_syn;		/* a SYN of an earlier connection is on its way to the second */
};

/* Why a segment leaves. */
enum cause {
	ACTS,		/* the user or the clock */
	ABORTS,
	ANSWERS,	/* another has arrived */
};

/*
 * Who watches, and what is to be true. Each returns NULL, or what is wrong; @check after
 * each action. All of them find what they know in world.knows, and leave it there.
 */
struct watcher {
	const char *name;
	bool middle;	/* segments pass by it: two legs */
	void (*begin)(struct world *w, const struct setup *setup);
	bool (*may)(const struct world *w, enum action a, u32 arg);	/* whose, or which wire */
	void (*leaves)(struct world *w, u32 who, const struct tt_seg *s, enum cause why);
	void (*passes)(struct world *w, u32 who, const struct tt_seg *s);
	const char *(*arrives)(struct world *w, u32 who, const struct tt_seg *s);
	const char *(*arrived)(struct world *w, u32 who, const struct tt_seg *s, u8 was);
	void (*expires)(struct world *w, u32 who);
	const char *(*check)(struct world *w);
	void (*print)(const struct world *w);
};

#define S(state)	(1u << TT_##state)

/* The segment that passes and arrives now is a forged one. */
extern bool net_forging;

extern const char * const state_names[TT_STATES];

/* Explore up to @worlds_max of them, and print a TAP line: false if something is wrong. */
bool net_explore(const struct watcher *watcher, const struct setup *setup, u32 worlds_max,
		 u32 number);

/* Whether nothing is on its way. */
bool net_idle(const struct world *w);

/* What the user, the clock or a forger does to an endpoint; false if it cannot be. */
bool net_act(struct world *w, enum action a, u32 who, u32 arg, const char **wrong);

/*
 * From here on the network delivers everything, in order, and the endpoints send again what
 * is not acknowledged, until nothing is left to send. Returns NULL, or what is wrong.
 */
const char *net_settle(struct world *w);

/* It settles, the first end closes, it settles, the second closes: @check each time. */
const char *net_close(struct world *w, const char *(*check)(struct world *w));

#endif /* TCPTRACK_RFC9293_NET_H */
