/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_OVERRIDE_H
#define TCPTRACK_OVERRIDE_H

#include <linux/types.h>

#include "conf.h"

struct tt_listener;
struct tt_listener_key;
struct tt_net;

/* As halfopen_listener_max says. */
#define TT_LIMIT_INHERIT	U32_MAX

/* As overflow says; the others are enum tt_overflow. */
#define TT_OVERFLOW_INHERIT	(TT_OVERFLOW_DROP + 1)

/* When SYNs are answered with cookies; numbers as in enum tcptrack_cookie_mode. */
enum tt_cookies {
	TT_COOKIES_AUTO,
	TT_COOKIES_ALWAYS,
	TT_COOKIES_NEVER,
};

/**
 * struct tt_override - what one listener has otherwise than its namespace
 * @limit: half-open connections of each of its sockets, 0: its backlog; or %TT_LIMIT_INHERIT
 * @overflow: enum tt_overflow, or %TT_OVERFLOW_INHERIT
 * @cookies: enum tt_cookies
 *
 * It is a part of &struct tt_listener: who has a listener at hand has what was set for it,
 * without a look-up. Written under tt_listeners_lock, each value by itself, and read without
 * a lock: a SYN may meet the one before the change and the other after it.
 *
 * A listener with a setting is kept (&tt_listener.kept): it stays in the tables when the last
 * of its sockets closes, or is made when there was none, and is found there by the next socket
 * of its address, port and device. So it is there before the first SYN is looked at.
 *
 * Locks: tt_listeners_lock, and under it tt_net.flood_lock, where a cookie mode is ended that
 * may not be any more. tt_flood_enter() looks at the override again under flood_lock: either
 * it sees what was written, or tt_flood_stop() sees what it has entered.
 */
struct tt_override {
	u32 limit;
	u32 overflow;
	u32 cookies;
};

/**
 * struct tt_override_change - what of it is set; the rest stays as it is
 * @limit: @to.limit is, 0 to %INT_MAX
 * @overflow: @to.overflow is
 * @cookies: @to.cookies is
 * @to: the values
 */
struct tt_override_change {
	bool limit, overflow, cookies;
	struct tt_override to;
};

/* Nothing is set. */
void tt_override_init(struct tt_override *o);

/**
 * tt_override_limit() - how many half-open connections each socket of a listener may have
 * @l: listener
 *
 * Return: what was set for it, else halfopen_listener_max; 0: its backlog.
 */
unsigned int tt_override_limit(const struct tt_listener *l);

/**
 * tt_override_overflow() - what happens to a SYN for which there is no room
 * @l: listener
 *
 * Return: what was set for it, else what its namespace has; recycle instead of cookie where
 * it never answers with cookies or the stack would not take them.
 */
enum tt_overflow tt_override_overflow(const struct tt_listener *l);

/**
 * tt_override_set() - set something for a listener, which need not be there
 * @key: which; all of it written, also what is between its members
 * @change: what
 *
 * It holds for the next SYN; what is over a lower limit goes as soon as the collector has
 * run, which is asked to.
 *
 * Context: process.
 *
 * Return: 0, %-ENOSPC (too many listeners have something set) or %-ENOMEM; these are counted.
 */
int tt_override_set(const struct tt_listener_key *key, const struct tt_override_change *change);

/**
 * tt_override_delete() - the listener is as its namespace again
 * @key: as in tt_override_set()
 *
 * Context: process.
 *
 * Return: 0 or %-ENOENT: nothing was set.
 */
int tt_override_delete(const struct tt_listener_key *key);

/**
 * tt_override_net_exit() - forget all that is set in a namespace
 * @tn: its listeners have no queues any more
 */
void tt_override_net_exit(struct tt_net *tn);

#endif /* TCPTRACK_OVERRIDE_H */
