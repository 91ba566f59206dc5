// SPDX-License-Identifier: GPL-2.0-only
/* Half-open connections that came in by another way than a SYN in LOCAL_IN. */

#include <linux/percpu.h>
#include <net/request_sock.h>
#include <net/sock.h>

#include "evict.h"
#include "excess.h"
#include "listener.h"
#include "net.h"

/* At most so many go for one packet. */
#define EVICTS	4

/**
 * struct excess - the queue that was found too full in LOCAL_OUT, where nobody may go
 * @lock: guards the other
 * @queue: with a reference, or NULL; set by its own CPU only
 */
struct excess {
	spinlock_t lock;	/* guards what follows */
	struct tt_queue *queue;
};

static DEFINE_PER_CPU(struct excess, excess);

void tt_excess_note(struct tt_queue *q)
{
	struct excess *e = this_cpu_ptr(&excess);
	struct tt_queue *other;

	if (READ_ONCE(e->queue) == q || !tt_evict_is_over(q) || !tt_queue_hold(q))
		return;
	spin_lock_bh(&e->lock);
	/* that one has the collector */
	other = e->queue;
	WRITE_ONCE(e->queue, q);
	spin_unlock_bh(&e->lock);
	if (other)
		tt_queue_put(other);
}

/* The reference is the caller's now. */
static struct tt_queue *take(struct excess *e, const struct tt_net *tn)
{
	struct tt_queue *q;

	if (!READ_ONCE(e->queue))
		return NULL;
	spin_lock_bh(&e->lock);
	q = e->queue;
	if (q && q->tn != tn)
		q = NULL;
	if (q)
		WRITE_ONCE(e->queue, NULL);
	spin_unlock_bh(&e->lock);
	return q;
}

static void relieve(struct tt_queue *q)
{
	unsigned int n = 0;

	while (READ_ONCE(q->tn->conf.mode) == TT_ENFORCE && n < EVICTS && tt_evict_shrink(q))
		n++;
	tt_queue_put(q);
}

void tt_excess_relieve(struct tt_net *tn)
{
	struct tt_queue *q;

	if (likely(!READ_ONCE(raw_cpu_ptr(&excess)->queue)))
		return;
	local_bh_disable();
	q = take(this_cpu_ptr(&excess), tn);
	if (q)
		relieve(q);
	local_bh_enable();
}

void tt_excess_unfollowed(struct tt_net *tn, struct sock *sk)
{
	struct sock *listener = inet_reqsk(sk)->rsk_listener;
	struct tt_queue *q = listener ? tt_queue_get(tn, listener) : NULL;

	if (!q || READ_ONCE(tn->conf.mode) != TT_ENFORCE)
		return;
	tt_queue_sync(q);
	if (!tt_evict_is_over(q))
		return;
	sk->sk_prot->diag_destroy(sk, ECONNABORTED);
	tt_queue_sync(q);
	tt_listener_inc(q->listener, halfopen_evicted);
}

void __init tt_excess_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(&excess, cpu)->lock);
}

void tt_excess_forget(struct tt_net *tn)
{
	struct tt_queue *q;
	int cpu;

	for_each_possible_cpu(cpu) {
		q = take(per_cpu_ptr(&excess, cpu), tn);
		if (q)
			tt_queue_put(q);
	}
}
