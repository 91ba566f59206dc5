// SPDX-License-Identifier: GPL-2.0-only
/* A listening socket's half-open queue: how long it is, who is in it, whose turn it is to go. */

#include <net/inet_connection_sock.h>

#include "cookie.h"
#include "flow.h"
#include "listener.h"
#include "net.h"

static void sync(struct tt_queue *q)
{
	int len = q->gone ? 0 : inet_csk_reqsk_queue_len(q->sk);

	lockdep_assert_held(&q->lock);
	if (len == q->seen)
		return;
	atomic_add(len - q->seen, &q->tn->held);
	atomic_add(len - q->seen, &q->tn->queued);
	WRITE_ONCE(q->seen, len);
	if (len > q->peak)
		WRITE_ONCE(q->peak, len);
}

int tt_queue_sync(struct tt_queue *q)
{
	int len;

	/* each SYN of a flood asks, and then the stack's count stands still */
	if (!READ_ONCE(q->gone) && inet_csk_reqsk_queue_len(q->sk) == READ_ONCE(q->seen))
		return READ_ONCE(q->seen) + READ_ONCE(q->reserved);
	spin_lock_bh(&q->lock);
	sync(q);
	len = q->seen + q->reserved;
	spin_unlock_bh(&q->lock);
	return len;
}

/* As tcp_conn_request() does: the last quarter is for peers that it knows. */
static unsigned int without_cookies(const struct net *net)
{
	int max = READ_ONCE(net->ipv4.sysctl_max_syn_backlog);

	return max < 0 ? 1 : max - (max >> 2) + 1U;
}

int tt_queue_limit(const struct tt_queue *q)
{
	unsigned int limit = READ_ONCE(q->sk->sk_max_ack_backlog);
	unsigned int max = tt_override_limit(q->listener);

	if (max)
		limit = min(limit, max);
	if (unlikely(!READ_ONCE(q->tn->net->ipv4.sysctl_tcp_syncookies)) &&
	    tt_override_overflow(q->listener) == TT_OVERFLOW_RECYCLE)
		limit = min(limit, without_cookies(q->tn->net));
	return clamp_t(unsigned int, limit, 1, INT_MAX);
}

/* Read first: one more for a moment, on each CPU of a full namespace, would be seen by others. */
static bool hold_place(struct tt_net *tn)
{
	int max = tt_net_halfopen_max(tn);

	if (atomic_read(&tn->held) >= max)
		return false;
	if (atomic_inc_return(&tn->held) <= max)
		return true;
	atomic_dec(&tn->held);
	return false;
}

enum tt_room tt_queue_reserve(struct tt_queue *q)
{
	struct tt_net *tn = q->tn;
	enum tt_room room = TT_ROOM;

	spin_lock_bh(&q->lock);
	sync(q);
	if (!q->gone && q->seen + q->reserved >= tt_queue_limit(q))
		room = TT_FULL_LISTENER;
	else if (hold_place(tn))
		WRITE_ONCE(q->reserved, q->reserved + 1);
	else
		room = TT_FULL_NAMESPACE;
	spin_unlock_bh(&q->lock);
	return room;
}

void tt_queue_release(struct tt_queue *q)
{
	spin_lock_bh(&q->lock);
	sync(q);
	WRITE_ONCE(q->reserved, q->reserved - 1);
	atomic_dec(&q->tn->held);
	spin_unlock_bh(&q->lock);
}

bool tt_queue_add(struct tt_queue *q, struct tt_flow *flow)
{
	if (!tt_queue_hold(q))
		return false;
	spin_lock_bh(&q->lock);
	list_add_tail(&flow->unproven, &q->oldest);
	WRITE_ONCE(q->followed, q->followed + 1);
	spin_unlock_bh(&q->lock);
	return true;
}

void tt_queue_del(struct tt_queue *q, struct tt_flow *flow)
{
	spin_lock_bh(&q->lock);
	list_del_init(&flow->unproven);
	WRITE_ONCE(q->followed, q->followed - 1);
	if (flow->answered)
		WRITE_ONCE(q->nanswered, q->nanswered - 1);
	flow->answered = false;
	spin_unlock_bh(&q->lock);
	tt_queue_put(q);
}

void tt_queue_answer(struct tt_queue *q, struct tt_flow *flow)
{
	spin_lock_bh(&q->lock);
	/* (who is just being evicted is in no list) */
	if (!flow->answered && !list_empty(&flow->unproven)) {
		flow->answered = true;
		list_move_tail(&flow->unproven, &q->answered);
		WRITE_ONCE(q->nanswered, q->nanswered + 1);
	}
	spin_unlock_bh(&q->lock);
}

struct tt_flow *tt_queue_oldest(struct tt_queue *q, unsigned int ms)
{
	struct tt_flow *flow;

	spin_lock_bh(&q->lock);
	flow = list_first_entry_or_null(&q->oldest, struct tt_flow, unproven);
	/* (who answers all can pin no more than half of the places) */
	if (!ms && (!flow || 2 * q->nanswered > q->seen))
		flow = list_first_entry_or_null(&q->answered, struct tt_flow, unproven) ?: flow;
	if (flow && ms && tt_ms_since(READ_ONCE(flow->created)) < ms)
		flow = NULL;
	if (flow)
		list_del_init(&flow->unproven);
	spin_unlock_bh(&q->lock);
	return flow;
}
