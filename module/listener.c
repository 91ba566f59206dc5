// SPDX-License-Identifier: GPL-2.0-only
/* Listening sockets and their half-open queues: who they are, how long they are. */

#include <linux/percpu.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <net/inet_connection_sock.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "flow.h"
#include "listener.h"
#include "net.h"
#include "pool.h"

/* Of all namespaces together, of all but init_net, and of one of those. */
#define LISTENERS_MAX	65536
#define LISTENERS_OTHERS	49152
#define LISTENERS_OTHER	4096
/* What their counters, which are each CPU's, may take of all but init_net. */
#define LISTENERS_BYTES	SZ_32M

const char * const tt_listener_stat_names[TT_LISTENER_STAT_COUNT] = {
#define STAT(name) [TT_LISTENER_##name] = #name,
	TT_LISTENER_STATS(STAT)
#undef STAT
};

DEFINE_SPINLOCK(tt_listeners_lock);
static struct rhashtable listeners, queues;
static unsigned int nlisteners;		/* queues of all namespaces */
static struct tt_pool pool;		/* of all but init_net */
static unsigned int walk;
static unsigned int queues_seq;		/* changes with queues; tt_listeners_lock */

static const struct rhashtable_params listener_params = {
	.head_offset = offsetof(struct tt_listener, node),
	.key_offset = offsetof(struct tt_listener, key),
	.key_len = sizeof(struct tt_listener_key),
	.automatic_shrinking = true,
};

static const struct rhashtable_params queue_params = {
	.head_offset = offsetof(struct tt_queue, node),
	.key_offset = offsetof(struct tt_queue, sk),
	.key_len = sizeof(struct sock *),
	.automatic_shrinking = true,
};

bool tt_queue_hold(struct tt_queue *q)
{
	return refcount_inc_not_zero(&q->ref);
}

static void listener_free(struct rcu_head *rcu)
{
	struct tt_listener *l = container_of(rcu, struct tt_listener, rcu);

	free_percpu(l->stats);
	kfree(l);
}

void tt_listener_put(struct tt_listener *l)
{
	if (refcount_dec_and_test(&l->ref))
		call_rcu(&l->rcu, listener_free);
}

static void queue_free(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct tt_queue, rcu));
}

/* The listener goes with the last of its queues, when nobody refers to that any more. */
void tt_queue_put(struct tt_queue *q)
{
	struct tt_listener *l = q->listener;

	if (!refcount_dec_and_test(&q->ref))
		return;
	tt_listener_put(l);
	call_rcu(&q->rcu, queue_free);
}

static void key_of(struct tt_listener_key *key, struct tt_net *tn, const struct sock *sk)
{
	memset(key, 0, sizeof(*key));
	key->tn = tn;
	key->dev = READ_ONCE(sk->sk_bound_dev_if);
	key->port = htons(inet_sk(sk)->inet_num);
	key->family = sk->sk_family;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		key->addr = sk->sk_v6_rcv_saddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &key->addr);
}

struct tt_listener *tt_listener_find(const struct tt_listener_key *key)
{
	lockdep_assert_held(&tt_listeners_lock);
	return rhashtable_lookup_fast(&listeners, key, listener_params);
}

struct tt_listener *tt_listener_get(const struct tt_listener_key *key)
{
	struct tt_listener *l = tt_listener_find(key);
	struct tt_net *tn = key->tn;

	if (l && refcount_inc_not_zero(&l->ref))
		return l;
	l = kzalloc(sizeof(*l), GFP_ATOMIC | __GFP_NOWARN);
	if (!l)
		return NULL;
	l->stats = alloc_percpu_gfp(struct tt_listener_stats, GFP_ATOMIC | __GFP_NOWARN);
	if (!l->stats)
		goto err_stats;
	l->key = *key;
	tt_override_init(&l->override);
	l->created = get_jiffies_64();
	refcount_set(&l->ref, 1);
	INIT_LIST_HEAD(&l->queues);
	tt_flood_init(&l->flood);
	if (rhashtable_insert_fast(&listeners, &l->node, listener_params))
		goto err_insert;
	WRITE_ONCE(tn->listeners_seq, tn->listeners_seq + 1);
	l->id = tn->listeners_seq;
	list_add_tail_rcu(&l->list, &tn->listeners);
	return l;

err_insert:
	free_percpu(l->stats);
err_stats:
	kfree(l);
	return NULL;
}

void tt_listener_leave(struct tt_listener *l)
{
	lockdep_assert_held(&tt_listeners_lock);
	if (!list_empty(&l->queues))
		return;
	tt_flood_end(l->key.tn, l);
	if (l->kept)
		return;
	rhashtable_remove_fast(&listeners, &l->node, listener_params);
	list_del_rcu(&l->list);
	WRITE_ONCE(l->key.tn->listeners_seq, l->key.tn->listeners_seq + 1);
}

static void count(struct tt_net *tn, int n)
{
	lockdep_assert_held(&tt_listeners_lock);
	WRITE_ONCE(tn->nqueues, tn->nqueues + n);
	WRITE_ONCE(nlisteners, nlisteners + n);
	tt_pool_count(&pool, tn, n);
	smp_store_release(&queues_seq, queues_seq + 1);	/* see tt_queues_seq() */
}

static struct tt_queue *queue_new(struct tt_net *tn, struct sock *sk)
{
	struct tt_queue *q = kzalloc(sizeof(*q), GFP_ATOMIC | __GFP_NOWARN);
	struct tt_listener_key key;

	lockdep_assert_held(&tt_listeners_lock);
	if (!q)
		return NULL;
	key_of(&key, tn, sk);
	q->listener = tt_listener_get(&key);
	if (!q->listener)
		goto err_listener;
	q->tn = tn;
	q->sk = sk;
	refcount_set(&q->ref, 1);
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->oldest);
	INIT_LIST_HEAD(&q->answered);
	q->walk = READ_ONCE(walk);
	q->calm = jiffies - 1;
	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		goto err_sock;
	if (rhashtable_insert_fast(&queues, &q->node, queue_params))
		goto err_insert;
	if (list_empty(&q->listener->queues))
		tt_flood_again(tn, q->listener);
	list_add_tail_rcu(&q->list, &q->listener->queues);
	count(tn, 1);
	return q;

err_insert:
	sock_put(sk);
err_sock:
	tt_listener_leave(q->listener);
	tt_listener_put(q->listener);
err_listener:
	kfree(q);
	return NULL;
}

unsigned int tt_listener_others_max(void)
{
	size_t each = sizeof(struct tt_listener_stats) * num_possible_cpus();

	return min_t(size_t, LISTENERS_OTHERS, LISTENERS_BYTES / each);
}

static bool too_many(const struct tt_net *tn)
{
	return READ_ONCE(nlisteners) >= LISTENERS_MAX ||
	       (!net_eq(tn->net, &init_net) && READ_ONCE(tn->nqueues) >= LISTENERS_OTHER) ||
	       tt_pool_is_full(&pool, tn, tt_listener_others_max());
}

unsigned int tt_queues_seq(void)
{
	/* pairs with count(): who sees the new number does not find what has gone */
	return smp_load_acquire(&queues_seq);
}

struct tt_queue *tt_queue_find(const struct sock *sk)
{
	return rhashtable_lookup(&queues, &sk, queue_params);
}

struct tt_queue *tt_queue_get(struct tt_net *tn, struct sock *sk)
{
	struct tt_queue *q = tt_queue_find(sk);

	if (likely(q && !READ_ONCE(q->dying)))
		return q;
	/* just before it closes, this may still be LISTEN: the collector sets it right */
	if (READ_ONCE(sk->sk_state) != TCP_LISTEN)
		return NULL;
	/* (a flood of SYNs to it shall not wait for a lock that all namespaces share) */
	if (!q && too_many(tn)) {
		tt_stat_inc(tn, listeners_refused);
		return NULL;
	}
	spin_lock_bh(&tt_listeners_lock);
	q = tt_queue_find(sk);
	if (q) {
		WRITE_ONCE(q->dying, false);	/* listen() again, after shutdown() */
	} else if (!READ_ONCE(tn->leaving)) {
		if (!too_many(tn))
			q = queue_new(tn, sk);
		if (!q)
			tt_stat_inc(tn, listeners_refused);
	}
	spin_unlock_bh(&tt_listeners_lock);
	return q;
}

/* What it held of the bound goes with it. */
static void queue_remove(struct tt_queue *q)
{
	lockdep_assert_held(&tt_listeners_lock);
	rhashtable_remove_fast(&queues, &q->node, queue_params);
	list_del_rcu(&q->list);
	/* before any grace period that frees it begins */
	count(q->tn, -1);
	tt_listener_leave(q->listener);
}

/* After queue_remove(), without the lock: the last reference may free the socket. */
static void queue_bury(struct tt_queue *q)
{
	spin_lock_bh(&q->lock);
	WRITE_ONCE(q->gone, true);
	if (rcu_access_pointer(q->tn->longest) == q)
		RCU_INIT_POINTER(q->tn->longest, NULL);
	spin_unlock_bh(&q->lock);
	tt_queue_sync(q);
	sock_put(q->sk);
	tt_queue_put(q);
}

/* Its requests may still be there; their socket is kept until they are gone. */
void tt_listener_closed(const struct sock *sk)
{
	struct tt_queue *q;
	bool gone = false;

	spin_lock_bh(&tt_listeners_lock);
	q = tt_queue_find(sk);
	if (q) {
		gone = !inet_csk_reqsk_queue_len(sk);
		WRITE_ONCE(q->dying, true);
		if (gone)
			queue_remove(q);
	}
	spin_unlock_bh(&tt_listeners_lock);
	if (gone)
		queue_bury(q);
}

void tt_listener_walk_begin(void)
{
	WRITE_ONCE(walk, walk + 1);
}

void tt_listener_walk(struct tt_net *tn, struct sock *sk)
{
	struct tt_queue *q = tt_queue_get(tn, sk);

	if (!q)
		return;
	WRITE_ONCE(q->walk, walk);
	tt_queue_sync(q);
}

/* A walk may miss a socket that moves; two do not. */
static bool is_missed(const struct tt_queue *q)
{
	return READ_ONCE(walk) - READ_ONCE(q->walk) >= 2;
}

static bool is_gone(struct tt_queue *q)
{
	if (q->dying)
		return !tt_queue_sync(q);
	if (!is_missed(q))
		return false;
	WRITE_ONCE(q->dying, READ_ONCE(q->sk->sk_state) != TCP_LISTEN);
	return false;
}

/* Without the lock, which all namespaces share: nearly always none has. */
static bool any_gone(struct tt_net *tn)
{
	struct tt_listener *l;
	struct tt_queue *q;
	bool any = false;

	rcu_read_lock();
	list_for_each_entry_rcu(l, &tn->listeners, list) {
		list_for_each_entry_rcu(q, &l->queues, list)
			any |= READ_ONCE(q->dying) || is_missed(q);
		if (any)
			break;
	}
	rcu_read_unlock();
	return any;
}

static struct tt_queue *next_gone(struct tt_net *tn)
{
	struct tt_listener *l;
	struct tt_queue *q;

	list_for_each_entry(l, &tn->listeners, list) {
		list_for_each_entry(q, &l->queues, list) {
			if (tn->leaving || is_gone(q))
				return q;
		}
	}
	return NULL;
}

void tt_listener_walk_end(struct tt_net *tn)
{
	struct tt_queue *q;

	if (!READ_ONCE(tn->leaving) && !any_gone(tn))
		return;
	do {
		spin_lock_bh(&tt_listeners_lock);
		q = next_gone(tn);
		if (q)
			queue_remove(q);
		spin_unlock_bh(&tt_listeners_lock);
		if (q)
			queue_bury(q);
		cond_resched();
	} while (q);
}

void tt_listener_sum(const struct tt_listener *l, struct tt_listener_stats *sum)
{
	unsigned int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct tt_listener_stats *from = per_cpu_ptr(l->stats, cpu);

		for (i = 0; i < TT_LISTENER_STAT_COUNT; i++)
			sum->stat[i] += READ_ONCE(from->stat[i]);
	}
}

void tt_listener_net_init(struct tt_net *tn)
{
	INIT_LIST_HEAD(&tn->listeners);
	atomic_set(&tn->held, 0);
	atomic_set(&tn->queued, 0);
	atomic_set(&tn->nfloods, 0);
	atomic_set(&tn->answering, 0);
	spin_lock_init(&tn->flood_lock);
	ratelimit_state_init(&tn->ratelimit, 60 * HZ, 20);
	tt_flood_init(&tn->flood);
	INIT_LIST_HEAD(&tn->notices);
	tn->refreshed = jiffies - 1;
}

void tt_listener_net_exit(struct tt_net *tn)
{
	WRITE_ONCE(tn->leaving, true);
	tt_listener_walk_end(tn);
	tt_override_net_exit(tn);
	tt_flood_end(tn, NULL);
	tt_flood_tell(tn);
}

int __init tt_listener_init(void)
{
	int err = rhashtable_init(&listeners, &listener_params);

	if (err)
		return err;
	err = rhashtable_init(&queues, &queue_params);
	if (err)
		rhashtable_destroy(&listeners);
	return err;
}

void tt_listener_exit(void)
{
	rhashtable_destroy(&queues);
	rhashtable_destroy(&listeners);
}
