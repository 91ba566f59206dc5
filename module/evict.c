// SPDX-License-Identifier: GPL-2.0-only
/* Who has to go for another half-open connection, or because it is too old. */

#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/rculist_nulls.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>

#include "evict.h"
#include "flow.h"
#include "listener.h"
#include "local.h"
#include "net.h"
#include "notify.h"
#include "sock.h"
#include "watermark.h"

/* Flows to look at for one eviction. */
#define EVICT_TRIES	1024
/* Buckets of the socket table to look at, where there are none: at most */
#define EVICT_BUCKETS	8192

/* The end of a flow whose socket is a request. */
static int request_end(const struct tt_flow *flow)
{
	return flow->local & BIT(0) && flow->ep[0].state == TT_SYN_RECEIVED ? 0 : 1;
}

static bool is_request_of(const struct tt_queue *q, const struct sock *sk)
{
	return tt_sock_is_request(sk) && READ_ONCE(inet_reqsk(sk)->rsk_listener) == q->sk;
}

/*
 * Takes a request out of the stack, silently. It waits for the request's timer,
 * in which SYN-ACKs are sent again and come through our hook: so never from
 * LOCAL_OUT, and never with a lock that a hook takes.
 */
static bool destroy(const struct tt_queue *q, const struct tt_key *key, int end, int ifindex)
{
	struct sock *sk = tt_sock_find(q->tn, key, end, ifindex);
	bool ours;

	if (!sk)
		return false;
	ours = is_request_of(q, sk);
	if (ours)
		sk->sk_prot->diag_destroy(sk, ECONNABORTED);
	sock_gen_put(sk);
	return ours;
}

/*
 * @flow: locked; unlocked on return. Whoever finds its request gone tells why, and that may be
 * the collector. One that cannot be ended is no longer the queue's.
 */
static bool evict_one(struct tt_queue *q, struct tt_flow *flow, enum tt_reason reason)
{
	const struct tt_key key = flow->key;
	int end = request_end(flow), ifindex = flow->ifindex;
	const u32 iss = flow->ep[end].snd_una;
	enum tt_reason was = flow->reason;
	struct tt_net *tn = q->tn;
	bool gone, same;

	flow->reason = reason;
	tt_flow_put(flow);
	gone = destroy(q, &key, end, ifindex);
	flow = tt_flow_get(tn, &key, tt_flow_hash(tn, &key));
	if (!flow)
		return gone;
	/* the next request of the tuple has another number */
	same = flow->ep[end].snd_una == iss;
	if (gone && same && flow->queue == q) {
		tt_notify_halfopen(flow, TT_HALFOPEN_EVICT, reason);
		tt_local_finish(flow, end, reason);
		return true;
	}
	/* (migrated, it has another queue, and must not keep this reason either) */
	if (!gone && same && flow->reason == reason)
		flow->reason = was;
	if (!gone && same && flow->queue == q)
		tt_flow_unqueue(flow);
	tt_flow_put(flow);
	return gone;
}

/*
 * The oldest half-open connection goes, if it is at least that old. Those that have ended
 * and nobody has seen it are passed over, but for so many that a SYN cannot wait for it.
 */
static bool evict(struct tt_queue *q, unsigned int ms, enum tt_reason reason)
{
	struct tt_flow *flow;
	unsigned int tries;

	for (tries = 0; tries < EVICT_TRIES && (flow = tt_queue_oldest(q, ms)); tries++) {
		if (!tt_flow_lock(q->tn, flow))
			continue;
		if (flow->queue != q)
			tt_flow_put(flow);
		else if (evict_one(q, flow, reason))
			return true;
	}
	return false;
}

/*
 * A request of a queue's, with a reference: the next one in the socket table from anywhere. They
 * are not spread evenly, for who follows a gap goes first, and that makes a larger one.
 */
static struct sock *any_request(const struct tt_queue *q)
{
	const struct inet_hashinfo *info = q->tn->net->ipv4.tcp_death_row.hashinfo;
	unsigned int n = min_t(unsigned int, info->ehash_mask + 1, EVICT_BUCKETS);
	unsigned int slot = get_random_u32();

	for (; n; n--, slot++) {
		const struct inet_ehash_bucket *head = &info->ehash[slot & info->ehash_mask];
		struct hlist_nulls_node *node;
		struct sock *sk;

		sk_nulls_for_each_rcu(sk, node, &head->chain) {
			if (!is_request_of(q, sk) || !refcount_inc_not_zero(&sk->sk_refcnt))
				continue;
			/* it may have become another's meanwhile */
			if (is_request_of(q, sk))
				return sk;
			sock_gen_put(sk);
		}
	}
	return NULL;
}

/*
 * While the table of flows is full, nobody follows what is half-open, and nobody knows who is
 * the oldest: anybody goes.
 */
static bool evict_unfollowed(const struct tt_queue *q)
{
	struct sock *sk;

	/* (those that another CPU is about to end are in no list, but followed) */
	if (READ_ONCE(q->gone) || READ_ONCE(q->seen) <= READ_ONCE(q->followed))
		return false;
	sk = any_request(q);
	if (!sk)
		return false;
	sk->sk_prot->diag_destroy(sk, ECONNABORTED);
	sock_gen_put(sk);
	return true;
}

/* One has to go for another. */
bool tt_evict_oldest(struct tt_queue *q)
{
	if (!evict(q, 0, TT_EVICTED) && !evict_unfollowed(q))
		return false;
	tt_listener_inc(q->listener, halfopen_evicted);
	return true;
}

/*
 * When the namespace is full, it is the longest queue that gives its oldest: the one that was it
 * when all were looked at last, as long as it has more.
 */
bool tt_evict_for(struct tt_queue *q, enum tt_room room)
{
	struct tt_queue *longest;

	if (room == TT_FULL_NAMESPACE) {
		longest = rcu_dereference(q->tn->longest);
		if (longest && READ_ONCE(longest->seen) > READ_ONCE(q->seen) &&
		    tt_evict_oldest(longest)) {
			tt_queue_sync(longest);
			return true;
		}
	}
	return tt_evict_oldest(q);
}

bool tt_evict_is_over(const struct tt_queue *q)
{
	/* a queue that is gone keeps no socket: RCU does, for who finds it not gone */
	return !READ_ONCE(q->gone) &&
	       (READ_ONCE(q->seen) > tt_queue_limit(q) ||
		atomic_read(&q->tn->queued) > tt_net_halfopen_max(q->tn));
}

bool tt_evict_shrink(struct tt_queue *q)
{
	tt_queue_sync(q);
	if (!tt_evict_is_over(q))
		return false;
	return tt_evict_for(q, READ_ONCE(q->seen) > tt_queue_limit(q) ? TT_FULL_LISTENER :
								     TT_FULL_NAMESPACE);
}

unsigned int tt_evict_expired(struct tt_queue *q, unsigned int most)
{
	unsigned int ms, n;

	/* with each that goes, the others may stay longer */
	for (n = 0; n < most; n++) {
		ms = tt_watermark_timeout(q);
		if (!ms || !evict(q, ms, TT_HANDSHAKE_TIMEOUT))
			break;
		tt_queue_sync(q);
		tt_listener_inc(q->listener, halfopen_expired);
	}
	return n;
}

/* Where nobody's time is over, nobody's is for the rest of the jiffy. */
void tt_evict_expired_now(struct tt_queue *q)
{
	unsigned long now = jiffies;

	if (READ_ONCE(q->calm) != now && !tt_evict_expired(q, SYN_EVICTS))
		WRITE_ONCE(q->calm, now);
}
