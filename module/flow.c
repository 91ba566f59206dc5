// SPDX-License-Identifier: GPL-2.0-only
/* The life of a flow: its place in the bound, its end. */

#include <linux/slab.h>

#include "flow.h"
#include "listener.h"
#include "net.h"
#include "notify.h"
#include "pool.h"
#include "recent.h"
#include "source.h"
#include "table.h"

/* Of the oldest unproven flows so many are looked at for one that is forwarded. */
#define POP_TRIES	16

static struct kmem_cache *flow_cache;

/* Flows of all namespaces together; init_net's flows_max bounds it. */
static atomic_t flows_total = ATOMIC_INIT(0);
static atomic_t flows_guests = ATOMIC_INIT(0);	/* of these: of namespaces that any user may make */

void tt_flow_unproven_add(struct tt_flow *flow)
{
	struct tt_net *tn = flow->tn;

	spin_lock(&tn->unproven_lock);
	list_add_tail(&flow->unproven, &tn->unproven);
	spin_unlock(&tn->unproven_lock);
}

void tt_flow_unproven_del(struct tt_flow *flow)
{
	struct tt_net *tn = flow->tn;

	spin_lock(&tn->unproven_lock);
	list_del_init(&flow->unproven);
	spin_unlock(&tn->unproven_lock);
}

void tt_flow_prove(struct tt_flow *flow)
{
	struct tt_net *tn = flow->tn;

	if (flow->flags & TT_F_PROVEN)
		return;
	flow->flags |= TT_F_PROVEN;
	if (!flow->queue)
		tt_flow_unproven_del(flow);
	atomic_dec(&tn->nunproven);
}

struct tt_flow *tt_flow_get(struct tt_net *tn, const struct tt_key *key, u32 hash)
{
	struct tt_flow *flow;

	/* A flow that is freed between look-up and lock may be another by then. */
	while ((flow = tt_table_find(tn, key, hash))) {
		if (!tt_flow_lock(tn, flow))
			continue;
		if (tt_key_equal(&flow->key, key))
			return flow;
		tt_flow_put(flow);
	}
	return NULL;
}

static void give_back_total(const struct tt_net *tn)
{
	if (tt_pool_is_guest(tn))
		atomic_dec(&flows_guests);
	atomic_dec(&flows_total);
}

static void give_back(struct tt_net *tn, bool unproven, bool forward)
{
	if (unproven)
		atomic_dec(&tn->nunproven);
	if (forward)
		atomic_dec(&tn->nforward);
	atomic_dec(&tn->nflows);
	give_back_total(tn);
}

static void count_end(struct tt_flow *flow)
{
	if (flow->reason < TT_REASONS) {
		__this_cpu_inc(flow->tn->stats->stat[TT_STAT_closed_normal + flow->reason]);
		__tt_stat_inc(flow->tn, flows_destroyed);
		tt_notify_end(flow);
	}
}

/* Local ends are CLOSED from here on; they enter it unless the module just leaves. */
static void close_ends(struct tt_flow *flow, enum tt_reason reason)
{
	int end;

	if (reason == TT_NO_REASON)
		reason = flow->reason < TT_REASONS ? flow->reason : TT_SOCKET_GONE;
	flow->reason = reason;
	tt_flow_end_request(flow, reason);
	for (end = 0; end < 2; end++) {
		if (flow->ep[end].state != TT_LISTEN && flow->local & BIT(end) &&
		    reason != TT_UNCOUNTED)
			tt_flow_set_state(flow, end, TT_CLOSED);
	}
}

void tt_flow_end(struct tt_flow *flow, enum tt_reason reason)
{
	struct tt_net *tn = flow->tn;
	bool unproven = !(flow->flags & TT_F_PROVEN), forward = flow->flags & TT_F_FORWARD;

	__acquire(&flow->lock);
	close_ends(flow, reason);
	count_end(flow);
	tt_flow_gauge(flow, -1);
	if (unproven)
		tt_flow_unproven_del(flow);
	flow->flags |= TT_F_DEAD;
	tt_recent_del(flow);
	tt_table_remove(tn, flow);
	spin_unlock_bh(&flow->lock);
	kmem_cache_free(flow_cache, flow);
	give_back(tn, unproven, forward);
}

static void begin(struct tt_flow *flow)
{
	u32 now = tt_now();

	/* tt_queue_oldest() has another lock */
	WRITE_ONCE(flow->created, now);
	flow->touched = now;
	flow->half = now;
	flow->syns = 0;
	flow->syn_gap = 0;
	flow->synacks = 0;
	flow->opener = 0;
	flow->counted = false;
	flow->reason = TT_NO_REASON;
	tt_endpoint_init(&flow->ep[0], TT_LISTEN);
	tt_endpoint_init(&flow->ep[1], TT_LISTEN);
	tt_flow_gauge(flow, 1);
}

/* It keeps its quota: a tuple that was proven once stays so. */
void tt_flow_restart(struct tt_flow *flow, enum tt_reason reason)
{
	close_ends(flow, reason);
	count_end(flow);
	tt_flow_gauge(flow, -1);
	flow->flags &= TT_F_PROVEN | TT_F_FORWARD | TT_F_PEER_AWAY;
	__tt_stat_inc(flow->tn, flows_created);
	begin(flow);
}

static struct tt_flow *pop_unproven(struct tt_net *tn, bool forward)
{
	struct tt_flow *flow, *found = NULL;
	unsigned int tries = POP_TRIES;

	spin_lock_bh(&tn->unproven_lock);
	while (tries-- && !found) {
		flow = list_first_entry_or_null(&tn->unproven, struct tt_flow, unproven);
		if (!flow)
			break;
		/* (on the list it stays what it is) */
		if (!forward || data_race(flow->flags) & TT_F_FORWARD) {
			list_del_init(&flow->unproven);
			found = flow;
		} else {
			/* or some of its kind in front would keep all others */
			list_move_tail(&flow->unproven, &tn->unproven);
		}
	}
	spin_unlock_bh(&tn->unproven_lock);
	return found;
}

/* The oldest unproven flow, of forwarded ones if asked so, makes room; false if there is none. */
static bool evict_one(struct tt_net *tn, bool forward)
{
	struct tt_flow *flow;

	while ((flow = pop_unproven(tn, forward))) {
		/* it may have ended, or be another by now: then the next one */
		if (!tt_flow_lock(tn, flow))
			continue;
		if (!(flow->flags & TT_F_PROVEN) && (!forward || flow->flags & TT_F_FORWARD)) {
			tt_flow_end(flow, TT_EVICTED);
			return true;
		}
		tt_flow_put(flow);
	}
	return false;
}

/*
 * A quarter of what holds for all stays with init_net, whatever thousand namespaces do; and no
 * more than a quarter goes to those of users' own.
 */
static bool reserve_total(struct tt_net *tn)
{
	struct tt_net *init = tt_net_first;
	unsigned int max = tt_net_flows_max(init);
	unsigned int total = atomic_inc_return(&flows_total);

	unsigned int guests = tt_pool_is_guest(tn) ? atomic_inc_return(&flows_guests) : 0;
	unsigned int quarter = max / 4;

	if (tn != init)
		max = max - quarter + min_t(unsigned int, atomic_read(&init->nflows), quarter);
	if (total <= max && guests <= quarter)
		return true;
	give_back_total(tn);
	return false;
}

static bool reserve_flow(struct tt_net *tn)
{
	if (atomic_inc_return(&tn->nflows) <= tt_net_flows_max(tn) && reserve_total(tn))
		return true;
	atomic_dec(&tn->nflows);
	return false;
}

/*
 * Who is on the way can play both ends of what passes by, with a handshake and all: so a quarter
 * stays with the flows of this host.
 */
static bool reserve_forward(struct tt_net *tn)
{
	unsigned int max = tt_net_flows_max(tn);

	if (atomic_inc_return(&tn->nforward) <= max - max / 4)
		return true;
	atomic_dec(&tn->nforward);
	return false;
}

static bool reserve_unproven(struct tt_net *tn)
{
	if (atomic_inc_return(&tn->nunproven) <= max(tt_net_flows_max(tn) / 4, 1U))
		return true;
	atomic_dec(&tn->nunproven);
	return false;
}

/* reserve_*(), for which the oldest unproven flows make room; for @forward only such. */
static bool reserve_one(struct tt_net *tn, bool (*one)(struct tt_net *tn), bool forward)
{
	int tries;

	for (tries = 0; !one(tn); tries++) {
		if (tries == 2 || !evict_one(tn, forward))
			return false;
	}
	return true;
}

/* One place among those that pass by, one among all, and one among the unproven. */
static bool reserve(struct tt_net *tn, bool forward)
{
	if (forward && !reserve_one(tn, reserve_forward, true))
		return false;
	if (reserve_one(tn, reserve_flow, false)) {
		if (reserve_one(tn, reserve_unproven, false))
			return true;
		atomic_dec(&tn->nflows);
		give_back_total(tn);
	}
	if (forward)
		atomic_dec(&tn->nforward);
	return false;
}

static void flow_ctor(void *p)
{
	struct tt_flow *flow = p;

	spin_lock_init(&flow->lock);
	flow->flags = TT_F_DEAD;
}

static struct tt_flow *alloc(struct tt_net *tn, const struct tt_key *key, u32 hash,
			     bool forward, bool counted)
{
	struct tt_flow *flow;

	if (!reserve(tn, forward)) {
		if (counted)
			tt_stat_inc(tn, flows_refused_full);
		return NULL;
	}
	flow = kmem_cache_alloc(flow_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!flow) {
		give_back(tn, true, forward);
		if (counted)
			tt_stat_inc(tn, flows_refused_memory);
		return NULL;
	}
	spin_lock_bh(&flow->lock);
	flow->tn = tn;
	flow->key = *key;
	WRITE_ONCE(flow->hash, hash);
	flow->ifindex = 0;
	flow->queue = NULL;
	flow->source = NULL;
	flow->heard = TT_HEARD_UNASKED;
	flow->answered = false;
	flow->cpu = 0;
	INIT_LIST_HEAD(&flow->unproven);
	__release(&flow->lock);			/* the caller's now */
	return flow;
}

struct tt_flow *tt_flow_new(struct tt_net *tn, const struct tt_key *key, u32 hash, u8 local,
			    enum tt_stat why, bool counted)
{
	struct tt_flow *flow, *old;

	for (;;) {
		flow = alloc(tn, key, hash, !local, counted);
		if (!flow)
			return NULL;
		flow->flags = local ? 0 : TT_F_FORWARD;
		flow->local = local;
		old = tt_table_insert(tn, flow);
		if (!old)
			break;

		flow->flags = TT_F_DEAD;
		tt_flow_put(flow);
		kmem_cache_free(flow_cache, flow);
		give_back(tn, true, !local);
		if (IS_ERR(old)) {
			if (counted)
				tt_stat_inc(tn, flows_refused_memory);
			return NULL;
		}
		old = tt_flow_get(tn, key, hash);
		if (old)
			return old;
	}
	__this_cpu_inc(tn->stats->stat[why]);
	begin(flow);
	tt_flow_unproven_add(flow);
	tt_recent_add(flow);
	return flow;
}

int tt_flow_table_init(struct tt_net *tn)
{
	atomic_set(&tn->nflows, 0);
	atomic_set(&tn->nunproven, 0);
	atomic_set(&tn->nforward, 0);
	spin_lock_init(&tn->unproven_lock);
	INIT_LIST_HEAD(&tn->unproven);
	get_random_bytes(&tn->secret, sizeof(tn->secret));
	return tt_table_init(tn);
}

static void free_flow(void *ptr, void *arg)
{
	struct tt_flow *flow = ptr;

	if (flow->queue)
		tt_queue_del(flow->queue, flow);
	if (flow->source)
		tt_source_put(flow->source);
	tt_recent_del(flow);
	give_back_total(flow->tn);
	kmem_cache_free(flow_cache, flow);
}

void tt_flow_table_exit(struct tt_net *tn)
{
	tt_table_exit(tn, free_flow);
}

int __init tt_flow_init(void)
{
	int err = tt_recent_init();

	if (err)
		return err;
	flow_cache = kmem_cache_create("tcptrack_flow", sizeof(struct tt_flow), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU, flow_ctor);
	if (flow_cache)
		return 0;
	tt_recent_exit();
	return -ENOMEM;
}

void tt_flow_exit(void)
{
	WARN_ON_ONCE(atomic_read(&flows_total));
	kmem_cache_destroy(flow_cache);
	tt_recent_exit();
}
