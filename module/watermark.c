// SPDX-License-Identifier: GPL-2.0-only
/* How full the queues are, and what follows from it: shorter time-outs, cookie mode. */

#include <linux/math64.h>
#include <linux/rculist.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

#include "listener.h"
#include "net.h"
#include "watermark.h"

int tt_watermark_level(const struct tt_listener *l)
{
	const struct tt_queue *q;
	int level = 0;

	list_for_each_entry_rcu(q, &l->queues, list)
		level += READ_ONCE(q->seen) + READ_ONCE(q->reserved);
	return level;
}

int tt_watermark_limit(const struct tt_listener *l)
{
	const struct tt_queue *q;
	s64 limit = 0;

	list_for_each_entry_rcu(q, &l->queues, list)
		limit += tt_queue_limit(q);
	return min_t(s64, limit, INT_MAX);
}

/* How long the stack would go on: 1 s, doubled for each SYN-ACK (RFC 6298, 2). */
static unsigned int handshake_ms(const struct tt_queue *q)
{
	unsigned int retries = READ_ONCE(inet_csk(q->sk)->icsk_syn_retries) ?:
			       READ_ONCE(q->tn->net->ipv4.sysctl_tcp_synack_retries);
	unsigned int ms = 0, i;

	for (i = 0; i <= retries; i++)
		ms += min(1000U << min(i, 7U), 120000U);
	return ms;
}

static unsigned int percent(int level, int limit)
{
	return div_u64(100ULL * max(level, 0), max(limit, 1));
}

/* percent() >= @least, without a division: each SYN of a flood asks. */
static bool reaches(int level, int limit, unsigned int least)
{
	return 100ULL * max(level, 0) >= (u64)least * max(limit, 1);
}

/* RFC 4987, 3.3: between the watermarks the time-out shrinks; 0: it is the stack's own. */
unsigned int tt_watermark_timeout(const struct tt_queue *q)
{
	struct tt_net *tn = q->tn;
	unsigned int low = READ_ONCE(tn->conf.cookie_end);
	unsigned int high = READ_ONCE(tn->conf.cookie_start);
	int seen = READ_ONCE(q->seen), limit = tt_queue_limit(q);
	int held = atomic_read(&tn->held), most = tt_net_halfopen_max(tn);
	unsigned int full, least, p;

	/* (what other listeners have given back is in it, until they are looked at) */
	if (reaches(held, most, low + 1) && tt_watermark_refresh(tn))
		held = atomic_read(&tn->held);
	if (!reaches(seen, limit, low + 1) && !reaches(held, most, low + 1))
		return 0;
	p = max(percent(seen, limit), percent(held, most));
	full = handshake_ms(q);
	least = min(READ_ONCE(tn->conf.halfopen_timeout_min), full);
	if (p >= high)
		return least;
	return full - div_u64((u64)(full - least) * (p - low), high - low);
}

/* Of the half-open connections of a listener, those whose third ACK is under way or has come. */
static int innocent(const struct tt_listener *l)
{
	const struct tt_queue *q;
	int n = 0;

	list_for_each_entry_rcu(q, &l->queues, list)
		n += reqsk_queue_len_young(&inet_csk(q->sk)->icsk_accept_queue) +
		     READ_ONCE(q->nanswered);
	return n;
}

/* tt_watermark_level(), but now. */
static int level_now(const struct tt_listener *l)
{
	struct tt_queue *q;
	int level = 0;

	list_for_each_entry_rcu(q, &l->queues, list)
		level += tt_queue_sync(q);
	return level;
}

/*
 * Where the limit is the listener's own backlog, the stack would not have
 * answered with cookies before it is full: those that may be honest may fill it.
 */
static void check_listener(struct tt_queue *q, unsigned int start)
{
	int level, limit;
	bool on;

	/* no group is fuller than the fullest of its members, and a SYN asks but one of them */
	if (!reaches(READ_ONCE(q->seen) + READ_ONCE(q->reserved), tt_queue_limit(q), start))
		return;
	limit = tt_watermark_limit(q->listener);
	if (!reaches(tt_watermark_level(q->listener), limit, start))
		return;
	level = level_now(q->listener);
	on = reaches(level, limit, start);
	if (on && !tt_override_limit(q->listener) && level < limit)
		on = reaches(level - innocent(q->listener), limit, start);
	if (on)
		tt_flood_enter(q->tn, q->listener, level);
}

void tt_watermark_check(struct tt_queue *q)
{
	struct tt_net *tn = q->tn;
	unsigned int start = READ_ONCE(tn->conf.cookie_start);
	int max = tt_net_halfopen_max(tn);

	if (!READ_ONCE(q->listener->flood.on))
		check_listener(q, start);
	if (!start || READ_ONCE(tn->flood.on) || !reaches(atomic_read(&tn->held), max, start))
		return;
	tt_watermark_refresh(tn);
	if (reaches(atomic_read(&tn->held), max, start))
		tt_flood_enter(tn, NULL, atomic_read(&tn->held));
}

static void set_longest(struct tt_queue *q)
{
	spin_lock_bh(&q->lock);
	if (!q->gone)
		rcu_assign_pointer(q->tn->longest, q);
	spin_unlock_bh(&q->lock);
}

struct tt_queue *tt_watermark_longest(struct tt_net *tn, int *share)
{
	int first = 0, second = 0, n = 0, over = -tt_net_halfopen_max(tn);
	struct tt_queue *q, *longest = NULL;
	struct tt_listener *l;

	list_for_each_entry_rcu(l, &tn->listeners, list) {
		list_for_each_entry_rcu(q, &l->queues, list) {
			int len = tt_queue_sync(q);

			n++;
			over += READ_ONCE(q->seen);
			if (longest && len <= first) {
				second = max(second, len);
				continue;
			}
			second = first;
			first = len;
			longest = q;
		}
	}
	*share = min(over, max(first - second, over / max(n, 1)));
	return longest;
}

/* A SYN looks at all of them: at no more than so many in a jiffy, on average. */
#define REFRESHED	256

bool tt_watermark_refresh(struct tt_net *tn)
{
	struct tt_queue *longest;
	unsigned long now = jiffies;
	int share;

	if (now - READ_ONCE(tn->refreshed) <= READ_ONCE(tn->nqueues) / REFRESHED)
		return false;
	WRITE_ONCE(tn->refreshed, now);
	longest = tt_watermark_longest(tn, &share);
	if (longest)
		set_longest(longest);
	return true;
}
