// SPDX-License-Identifier: GPL-2.0-only
/* What was set for one listener, by its address, port and device. */

#include <linux/rculist.h>
#include <linux/spinlock.h>

#include "cookie.h"
#include "gc.h"
#include "listener.h"
#include "net.h"
#include "override.h"
#include "pool.h"

/* Listeners with settings: of a namespace, and of all but init_net together, at most. */
#define KEPT_MAX	256
#define KEPT_OTHERS	4096

static struct tt_pool pool;	/* tt_listeners_lock */

void tt_override_init(struct tt_override *o)
{
	o->limit = TT_LIMIT_INHERIT;
	o->overflow = TT_OVERFLOW_INHERIT;
	o->cookies = TT_COOKIES_AUTO;
}

unsigned int tt_override_limit(const struct tt_listener *l)
{
	u32 limit = READ_ONCE(l->override.limit);

	return limit == TT_LIMIT_INHERIT ? READ_ONCE(l->key.tn->conf.halfopen_listener_max) :
					   limit;
}

enum tt_overflow tt_override_overflow(const struct tt_listener *l)
{
	const struct tt_net *tn = l->key.tn;
	u32 overflow = READ_ONCE(l->override.overflow);

	if (overflow == TT_OVERFLOW_INHERIT)
		overflow = READ_ONCE(tn->conf.overflow);
	if (overflow == TT_OVERFLOW_COOKIE &&
	    (READ_ONCE(l->override.cookies) == TT_COOKIES_NEVER || !tt_cookie_enabled(tn->net)))
		return TT_OVERFLOW_RECYCLE;
	return overflow;
}

/* A listener of its own accord answers ACKs; so they have to be looked at. */
static void apply(struct tt_listener *l, const struct tt_override *to)
{
	struct tt_net *tn = l->key.tn;
	int was = l->override.cookies == TT_COOKIES_ALWAYS;
	int is = to->cookies == TT_COOKIES_ALWAYS;

	lockdep_assert_held(&tt_listeners_lock);
	WRITE_ONCE(l->override.limit, to->limit);
	WRITE_ONCE(l->override.overflow, to->overflow);
	WRITE_ONCE(l->override.cookies, to->cookies);
	atomic_add(is - was, &tn->answering);
	if (tt_override_overflow(l) != TT_OVERFLOW_COOKIE)
		tt_flood_stop(tn, l);
}

static bool too_many(const struct tt_net *tn)
{
	unsigned int most = min_t(unsigned int, KEPT_OTHERS, tt_listener_others_max());

	return tn->nkept >= KEPT_MAX || tt_pool_is_full(&pool, tn, most);
}

static void count(struct tt_net *tn, int n)
{
	tn->nkept += n;
	tt_pool_count(&pool, tn, n);
}

/* The reference of tt_listener_get() is that of who keeps it. */
static int keep(const struct tt_listener_key *key, struct tt_listener **l)
{
	*l = tt_listener_find(key);
	if (*l && (*l)->kept)
		return 0;
	if (too_many(key->tn))
		return -ENOSPC;
	*l = tt_listener_get(key);
	if (!*l)
		return -ENOMEM;
	(*l)->kept = true;
	count(key->tn, 1);
	return 0;
}

static void let_go(struct tt_listener *l)
{
	struct tt_override none;

	tt_override_init(&none);
	apply(l, &none);
	l->kept = false;
	count(l->key.tn, -1);
	tt_listener_leave(l);
	tt_listener_put(l);
}

int tt_override_set(const struct tt_listener_key *key, const struct tt_override_change *change)
{
	struct tt_listener *l;
	struct tt_override to;
	int err;

	spin_lock_bh(&tt_listeners_lock);
	err = keep(key, &l);
	if (!err) {
		to = l->override;
		if (change->limit)
			to.limit = change->to.limit;
		if (change->overflow)
			to.overflow = change->to.overflow;
		if (change->cookies)
			to.cookies = change->to.cookies;
		apply(l, &to);
	} else {
		tt_stat_inc(key->tn, settings_refused);
	}
	spin_unlock_bh(&tt_listeners_lock);
	if (!err)
		tt_gc_kick(key->tn);
	return err;
}

int tt_override_delete(const struct tt_listener_key *key)
{
	struct tt_listener *l;
	int err = -ENOENT;

	spin_lock_bh(&tt_listeners_lock);
	l = tt_listener_find(key);
	if (l && l->kept) {
		let_go(l);
		err = 0;
	}
	spin_unlock_bh(&tt_listeners_lock);
	if (!err)
		tt_gc_kick(key->tn);
	return err;
}

void tt_override_net_exit(struct tt_net *tn)
{
	struct tt_listener *l, *next;

	spin_lock_bh(&tt_listeners_lock);
	list_for_each_entry_safe(l, next, &tn->listeners, list)
		let_go(l);
	spin_unlock_bh(&tt_listeners_lock);
}
