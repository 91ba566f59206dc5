// SPDX-License-Identifier: GPL-2.0-only
/* Cookie mode: when it begins, when it ends, and its figures. */

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <uapi/linux/tcptrack.h>

#include "cookie.h"
#include "flow.h"
#include "listener.h"
#include "net.h"
#include "pool.h"
#include "sketch.h"
#include "watermark.h"

/* In the order of tt_flood.begin. */
struct counts {
	unsigned long n[TT_FLOOD_COUNTERS];
};

static void count(struct counts *c, const struct tt_net *tn, const struct tt_listener *l)
{
	static const enum tt_listener_stat of_listener[TT_FLOOD_COUNTERS] = {
		TT_LISTENER_syns, TT_LISTENER_cookies_sent, TT_LISTENER_cookies_valid,
		TT_LISTENER_accept_full,
	};
	static const enum tt_stat of_net[TT_FLOOD_COUNTERS] = {
		TT_STAT_syns, TT_STAT_cookies_sent, TT_STAT_cookies_valid, TT_STAT_accept_full,
	};
	int cpu, i;

	memset(c, 0, sizeof(*c));
	for_each_possible_cpu(cpu) {
		for (i = 0; i < TT_FLOOD_COUNTERS; i++)
			c->n[i] += l ? READ_ONCE(per_cpu_ptr(l->stats, cpu)->stat[of_listener[i]]) :
				       READ_ONCE(per_cpu_ptr(tn->stats, cpu)->stat[of_net[i]]);
	}
}

void tt_flood_init(struct tt_flood *flood)
{
	memset(flood, 0, sizeof(*flood));
	flood->window_since = tt_now();
	flood->last = flood->window_since - 2 * HZ;
	flood->rolled = flood->last;
}

/* There is not one for every listener of a host. */
static atomic_t nsketches[TT_POOL_CLASSES];
static const int sketches_max[] = {
	[TT_POOL_FIRST] = 1024, [TT_POOL_OTHER] = 128, [TT_POOL_GUEST] = 32,
};

static struct tt_sketch *sketch_new(const struct tt_net *tn)
{
	enum tt_pool_class class = tt_pool_class(tn);
	struct tt_sketch *sketch = NULL;

	if (atomic_inc_return(&nsketches[class]) <= sketches_max[class])
		sketch = kmalloc(sizeof(*sketch), GFP_ATOMIC | __GFP_NOWARN);
	if (sketch)
		tt_sketch_init(sketch);
	else
		atomic_dec(&nsketches[class]);
	return sketch;
}

static void sketch_free(const struct tt_net *tn, struct tt_sketch *sketch)
{
	if (!sketch)
		return;
	atomic_dec(&nsketches[tt_pool_class(tn)]);
	kfree_rcu(sketch, rcu);
}

bool tt_flood_is_on(const struct tt_listener *l)
{
	const struct tt_net *tn = l->key.tn;

	if (READ_ONCE(l->override.cookies) == TT_COOKIES_ALWAYS)
		return tt_cookie_enabled(tn->net);
	return (READ_ONCE(l->flood.on) || READ_ONCE(tn->flood.on)) &&
	       tt_override_overflow(l) == TT_OVERFLOW_COOKIE;
}

/* By what was set for it, whatever its namespace does. */
static bool is_barred(const struct tt_listener *l)
{
	return l && tt_override_overflow(l) != TT_OVERFLOW_COOKIE;
}

void tt_flood_enter(struct tt_net *tn, struct tt_listener *l, int level)
{
	struct tt_flood *flood = l ? &l->flood : &tn->flood;
	struct tt_sketch *sketch;
	struct counts now;

	if (READ_ONCE(flood->on) || READ_ONCE(flood->gone))
		return;
	count(&now, tn, l);
	sketch = sketch_new(tn);
	spin_lock_bh(&tn->flood_lock);
	if (!flood->on && !flood->gone && !is_barred(l)) {
		memcpy(flood->begin, now.n, sizeof(now.n));
		flood->begin[0]--;	/* the SYN that found it so is one of its own */
		flood->since = tt_now();
		flood->level = level;
		flood->limit = l ? tt_watermark_limit(l) : tt_net_halfopen_max(tn);
		flood->announced = false;
		sketch = rcu_replace_pointer(flood->sketch, sketch,
					     lockdep_is_held(&tn->flood_lock));
		WRITE_ONCE(flood->on, true);
		atomic_inc(&tn->nfloods);
		atomic_inc(&tn->answering);
		if (l)
			tt_listener_inc(l, cookie_modes);
		else
			tt_stat_inc(tn, cookie_modes);
	}
	spin_unlock_bh(&tn->flood_lock);
	sketch_free(tn, sketch);
}

static void add_source(struct tt_flood *flood, const struct in6_addr *addr, u16 family,
		       const siphash_key_t *secret)
{
	struct tt_sketch *sketch = rcu_dereference(flood->sketch);

	if (sketch)
		tt_sketch_add(sketch, addr, family, secret);
}

void tt_flood_syn(struct tt_listener *l, const struct in6_addr *addr, u16 family)
{
	struct tt_net *tn = l->key.tn;

	add_source(&l->flood, addr, family, &tn->secret);
	add_source(&tn->flood, addr, family, &tn->secret);
}

/* @known: the sources were counted */
static enum tt_flood_class class(const struct tt_flood_report *r, bool known)
{
	unsigned long syns = r->n[0], sent = r->n[1], valid = r->n[2], accept_full = r->n[3];

	if (accept_full > syns / 2)
		return TT_SLOW_ACCEPT;
	if (valid && valid >= sent - sent / 2)
		return TT_CROWD;
	return known && r->sources * 4 < syns ? TT_FEW_SOURCES : TT_SPOOFED;
}

static void report_begin(struct tt_flood_report *r, const struct tt_listener *l,
			 const struct tt_flood *flood)
{
	memset(r, 0, sizeof(*r));
	if (l) {
		r->family = l->key.family;
		r->addr = l->key.addr;
		r->port = l->key.port;
		r->dev = l->key.dev;
	}
	r->level = flood->level;
	r->limit = flood->limit;
}

static void report_top(struct tt_flood_report *r, struct tt_sketch *sketch)
{
	u32 sampled = tt_sketch_top(sketch);
	int i;

	for (i = 0; i < TT_FLOOD_TOP && sketch->top[i].count; i++) {
		const struct tt_prefix *p = &sketch->top[i];

		r->top[i].family = p->family;
		r->top[i].percent = div_u64(100ULL * p->count, max(sampled, 1U));
		if (p->family == AF_INET) {
			r->top[i].len = 24;
			ipv6_addr_set_v4mapped((__force __be32)(__force u64)p->addr,
					       &r->top[i].addr);
		} else {
			r->top[i].len = 64;
			memcpy(&r->top[i].addr, &p->addr, sizeof(p->addr));
		}
	}
}

static void report_end(struct tt_flood_report *r, const struct tt_net *tn,
		       const struct tt_listener *l, const struct tt_flood *flood,
		       struct tt_sketch *sketch)
{
	struct counts now;
	int i;

	report_begin(r, l, flood);
	count(&now, tn, l);
	for (i = 0; i < TT_FLOOD_COUNTERS; i++)
		r->n[i] = now.n[i] - flood->begin[i];
	r->ended = ktime_get_ns();
	r->duration_ms = tt_ms_since(flood->since);
	r->sources = sketch ? tt_sketch_distinct(sketch) : 0;
	r->class = class(r, sketch);
	if (sketch && r->class == TT_FEW_SOURCES)
		report_top(r, sketch);
}

static void announce(struct tt_net *tn, const struct tt_listener *l, struct tt_flood *flood)
{
	struct tt_flood_report r;

	if (flood->announced)
		return;
	flood->announced = true;
	report_begin(&r, l, flood);
	tt_flood_note(tn, TCPTRACK_CMD_FLOOD_BEGIN, &r);
}

static void leave(struct tt_net *tn, const struct tt_listener *l, struct tt_flood *flood)
{
	struct tt_sketch *sketch;

	lockdep_assert_held(&tn->flood_lock);
	WRITE_ONCE(flood->on, false);
	atomic_dec(&tn->nfloods);
	atomic_dec(&tn->answering);
	sketch = rcu_replace_pointer(flood->sketch, NULL, lockdep_is_held(&tn->flood_lock));
	announce(tn, l, flood);
	report_end(&tn->last_flood, tn, l, flood, sketch);
	tt_flood_note(tn, TCPTRACK_CMD_FLOOD_END, &tn->last_flood);
	sketch_free(tn, sketch);
}

void tt_flood_end(struct tt_net *tn, struct tt_listener *l)
{
	struct tt_flood *flood = l ? &l->flood : &tn->flood;

	spin_lock_bh(&tn->flood_lock);
	flood->gone = true;
	if (flood->on)
		leave(tn, l, flood);
	spin_unlock_bh(&tn->flood_lock);
}

void tt_flood_again(struct tt_net *tn, struct tt_listener *l)
{
	spin_lock_bh(&tn->flood_lock);
	l->flood.gone = false;
	spin_unlock_bh(&tn->flood_lock);
}

void tt_flood_stop(struct tt_net *tn, struct tt_listener *l)
{
	spin_lock_bh(&tn->flood_lock);
	if (l->flood.on)
		leave(tn, l, &l->flood);
	spin_unlock_bh(&tn->flood_lock);
}

void tt_flood_leave_all(void)
{
	struct tt_listener *l;
	struct tt_net *tn;

	mutex_lock(&tt_nets_mutex);
	list_for_each_entry(tn, &tt_nets, list) {
		rcu_read_lock();
		list_for_each_entry_rcu(l, &tn->listeners, list)
			tt_flood_end(tn, l);
		rcu_read_unlock();
		tt_flood_end(tn, NULL);
		tt_flood_tell(tn);
	}
	mutex_unlock(&tt_nets_mutex);
}

void tt_flood_last(struct tt_net *tn, struct tt_flood_report *report)
{
	spin_lock_bh(&tn->flood_lock);
	*report = tn->last_flood;
	spin_unlock_bh(&tn->flood_lock);
}

/*
 * Who sends one cookie again and again seems to bring back those of others. Then the sum
 * tells nothing, for as long as one of these may be on its way.
 */
static bool is_overpaid(struct tt_flood *flood, long all)
{
	if (all < 0) {
		flood->overpaid = true;
		flood->overpaid_since = tt_now();
	} else if (tt_ms_since(flood->overpaid_since) >= TT_FLOOD_WINDOWS * TT_FLOOD_WINDOW_MS) {
		flood->overpaid = false;
	}
	return flood->overpaid;
}

/* Moves the ring on; returns the cookies in flight of its two last windows. */
static long roll(struct tt_flood *flood, const struct counts *now)
{
	long recent, all = 0;
	int i, prev;

	if (tt_ms_since(flood->window_since) >= TT_FLOOD_WINDOWS * TT_FLOOD_WINDOW_MS) {
		memset(flood->sent, 0, sizeof(flood->sent));
		flood->window_since = tt_now();
	}
	while (tt_ms_since(flood->window_since) >= TT_FLOOD_WINDOW_MS) {
		flood->window = (flood->window + 1) % TT_FLOOD_WINDOWS;
		flood->sent[flood->window] = 0;
		flood->window_since += msecs_to_jiffies(TT_FLOOD_WINDOW_MS);
	}
	flood->sent[flood->window] += (long)(now->n[1] - flood->last_sent) -
				      (long)(now->n[2] - flood->last_valid);
	flood->last_sent = now->n[1];
	flood->last_valid = now->n[2];
	for (i = 0; i < TT_FLOOD_WINDOWS; i++)
		all += flood->sent[i];
	WRITE_ONCE(flood->outstanding, all > 0 || is_overpaid(flood, all));
	prev = (flood->window + TT_FLOOD_WINDOWS - 1) % TT_FLOOD_WINDOWS;
	recent = flood->sent[flood->window] + flood->sent[prev];
	return max(recent, 0L);
}

/* Whether it may be left: so few half-open connections, and cookies that may come back. */
static bool is_low(const struct tt_net *tn, const struct tt_listener *l, long recent)
{
	unsigned int end = min(READ_ONCE(tn->conf.cookie_end), READ_ONCE(tn->conf.cookie_start));
	int level = l ? tt_watermark_level(l) : atomic_read(&tn->held);
	int limit = l ? tt_watermark_limit(l) : tt_net_halfopen_max(tn);

	return level + recent <= (long)div_u64((u64)limit * end, 100);
}

static void tick(struct tt_net *tn, const struct tt_listener *l, struct tt_flood *flood)
{
	u32 last = READ_ONCE(flood->last);
	struct counts now;
	long recent;

	/* a tick may come so late that those of a flood that has ended are not counted yet */
	if (!READ_ONCE(flood->on) && !tt_flood_outstanding(flood) && last == flood->rolled)
		return;
	/* in this jiffy there may be more */
	flood->rolled = last == tt_now() ? last - 1 : last;
	count(&now, tn, l);
	recent = roll(flood, &now);
	spin_lock_bh(&tn->flood_lock);
	if (flood->on) {
		announce(tn, l, flood);
		if (tt_ms_since(flood->since) >= READ_ONCE(tn->conf.cookie_min_time) &&
		    is_low(tn, l, recent))
			leave(tn, l, flood);
	}
	spin_unlock_bh(&tn->flood_lock);
}

void tt_flood_tick(struct tt_net *tn)
{
	struct tt_listener *l;

	rcu_read_lock();
	list_for_each_entry_rcu(l, &tn->listeners, list)
		tick(tn, l, &l->flood);
	rcu_read_unlock();
	tick(tn, NULL, &tn->flood);
	tt_flood_tell(tn);
}
