/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_LISTENER_H
#define TCPTRACK_LISTENER_H

#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>

#include "flood.h"
#include "override.h"

struct sock;
struct tt_flow;
struct tt_net;

/* Guards both tables, tt_net.listeners and tt_listener.queues; above tt_queue.lock. */
extern spinlock_t tt_listeners_lock;

/* What is counted for each listener, too; TT_STATS says what it means. Names are ABI. */
#define TT_LISTENER_STATS(STAT) \
	STAT(syns) STAT(accept_full) STAT(over_listener) STAT(over_namespace) STAT(over_source) \
	STAT(syns_dropped) STAT(halfopen_evicted) STAT(halfopen_expired) \
	STAT(cookies_sent) STAT(cookies_valid) STAT(cookies_invalid) STAT(cookie_modes) \
	STAT(handshakes_completed)

enum tt_listener_stat {
#define STAT(name) TT_LISTENER_##name,
	TT_LISTENER_STATS(STAT)
#undef STAT
	TT_LISTENER_STAT_COUNT
};

extern const char * const tt_listener_stat_names[TT_LISTENER_STAT_COUNT];

struct tt_listener_stats {
	unsigned long stat[TT_LISTENER_STAT_COUNT];
};

/**
 * struct tt_listener_key - what makes a listener that listener
 * @tn: its namespace
 * @addr: local address, IPv4 as ::ffff:a.b.c.d
 * @dev: interface or VRF that it is bound to, or 0
 * @port: local port, network order
 * @family: AF_INET, or AF_INET6 for one that may serve both
 */
struct tt_listener_key {
	struct tt_net *tn;
	struct in6_addr addr;
	int dev;
	__be16 port;
	u16 family;
};

/**
 * struct tt_listener - the listening sockets of one address and port
 * @node: in the table of all listeners; tt_listeners_lock, read under RCU
 * @key: constant
 * @list: in tt_net.listeners; tt_listeners_lock, read under RCU
 * @id: constant, ascending in tt_net.listeners
 * @queues: its sockets' queues: one, or the members of a SO_REUSEPORT group;
 *	tt_listeners_lock, read under RCU
 * @stats: per CPU; any context may add to its own CPU's
 * @owed: of its handshakes_completed, as tt_net.owed
 * @flood: cookie mode
 * @override: what was set for it; tt_listeners_lock, read without
 * @kept: it stays when it has no queue, for the sake of @override; tt_listeners_lock
 * @ref: its queues, and @kept
 * @created: get_jiffies_64()
 * @rcu: frees it
 */
struct tt_listener {
	struct rhash_head node;
	struct tt_listener_key key;
	struct list_head list;
	u32 id;
	struct list_head queues;
	struct tt_listener_stats __percpu *stats;
	atomic_t owed;
	struct tt_flood flood;
	struct tt_override override;
	bool kept;
	refcount_t ref;
	u64 created;
	struct rcu_head rcu;
};

/**
 * struct tt_queue - the half-open queue of one listening socket
 * @node: in the table of all queues, by @sk; tt_listeners_lock, read under RCU
 * @list: in tt_listener.queues; tt_listeners_lock, read under RCU
 * @listener: constant; lives as long as this
 * @tn: namespace, constant
 * @sk: the socket; a reference is held while @node is hashed
 * @ref: the tables hold one, as does each flow in it and each reservation
 * @dying: the socket listens no more, its requests are still there; written
 *	under tt_listeners_lock
 * @walk: the collector's last walk that saw it; collector only
 * @calm: the last jiffy in which a SYN found nobody in it whose time was over; no lock
 * @lock: guards what follows; innermost, taken under a flow's lock
 * @gone: the reference on @sk was given back
 * @seen: length of the stack's queue when it was read last; part of tt_net.held
 * @reserved: SYNs passed to the stack that have not shown what became of them;
 *	part of tt_net.held
 * @peak: the greatest @seen
 * @followed: the flows whose local end is a request of this socket
 * @oldest: those of them that may go, oldest first
 * @answered: the same of those whose third ACK has come; they are not in @oldest
 * @nanswered: how many
 * @rcu: frees it
 *
 * The stack's own count is the authority: it is read under @lock whenever it
 * may have grown, before the reservation that stood for it is given back. So
 * @seen + @reserved is never less than what the stack holds.
 */
struct tt_queue {
	struct rhash_head node;
	struct list_head list;
	struct tt_listener *listener;
	struct tt_net *tn;
	struct sock *sk;
	refcount_t ref;
	bool dying;
	unsigned int walk;
	unsigned long calm;
	spinlock_t lock;	/* guards what follows */
	bool gone;
	int seen;
	int reserved;
	int peak;
	int followed;
	struct list_head oldest;
	struct list_head answered;
	int nanswered;
	struct rcu_head rcu;
};

/* Seven weeks at most. */
static inline u32 tt_listener_age_ms(const struct tt_listener *l)
{
	return min_t(u64, jiffies64_to_msecs(get_jiffies_64() - l->created), U32_MAX);
}

/* What a reservation found. */
enum tt_room {
	TT_ROOM,
	TT_FULL_LISTENER,
	TT_FULL_NAMESPACE,
};

#define tt_listener_inc(l, name) do { \
	this_cpu_inc((l)->stats->stat[TT_LISTENER_##name]); \
	tt_stat_inc((l)->key.tn, name); \
} while (0)

/* With bottom halves off. */
#define __tt_listener_inc(l, name) do { \
	__this_cpu_inc((l)->stats->stat[TT_LISTENER_##name]); \
	__tt_stat_inc((l)->key.tn, name); \
} while (0)

/**
 * tt_queue_get() - the queue of a listening socket, made if there is none
 * @tn: namespace
 * @sk: full socket in TCP_LISTEN
 *
 * Context: RCU read side, softirq or process; valid until the RCU read side
 * ends, or longer with tt_queue_hold().
 *
 * Return: the queue or NULL: too many, no memory, or it does not listen any
 * more; the reason is counted.
 */
struct tt_queue *tt_queue_get(struct tt_net *tn, struct sock *sk);

/* The same, but not made. */
struct tt_queue *tt_queue_find(const struct sock *sk);

/**
 * tt_queues_seq() - tells whether a queue has come or gone
 *
 * Context: RCU read side: until it ends, a queue that was in the tables when this number was
 * read before, in another read side, and is read again here, is alive.
 *
 * Return: a number that changes with them.
 */
unsigned int tt_queues_seq(void);

/**
 * tt_queue_hold() - keep a queue beyond the RCU read side
 * @q: queue
 *
 * Return: false if it is about to be freed.
 */
bool tt_queue_hold(struct tt_queue *q);
void tt_queue_put(struct tt_queue *q);

/**
 * tt_queue_limit() - how many half-open connections a socket may have
 * @q: queue
 *
 * Return: the smaller of what was set for its listener, else halfopen_listener_max, and the
 * socket's backlog, at least 1. Without tcp_syncookies no more than the stack takes of unknown
 * peers, so that the oldest can go for them, if it shall.
 */
int tt_queue_limit(const struct tt_queue *q);

/**
 * tt_queue_reserve() - a place for one more half-open connection
 * @q: queue
 *
 * Context: softirq or process. With %TT_ROOM the place is taken until
 * tt_queue_release().
 *
 * Return: whether there is room, and if not, whose limit is reached.
 */
enum tt_room tt_queue_reserve(struct tt_queue *q);

/**
 * tt_queue_release() - what was reserved for is in the stack's queue now, or refused
 * @q: queue
 */
void tt_queue_release(struct tt_queue *q);

/**
 * tt_queue_sync() - read the stack's count
 * @q: queue
 *
 * Context: RCU read side, or @q cannot leave its table. Where that is the count that was seen
 * before, nothing is written.
 *
 * Return: the length of the stack's queue and what is reserved.
 */
int tt_queue_sync(struct tt_queue *q);

/**
 * tt_queue_add() - a flow is half-open in this queue, the youngest
 * @q: queue
 * @flow: locked; its @unproven node is free
 *
 * Return: false if the queue is about to be freed.
 */
bool tt_queue_add(struct tt_queue *q, struct tt_flow *flow);

/**
 * tt_queue_del() - it is not half-open any more
 * @q: queue; not to be touched afterwards
 * @flow: locked
 */
void tt_queue_del(struct tt_queue *q, struct tt_flow *flow);

/**
 * tt_queue_answer() - the third ACK has come, but the request stays (TCP_DEFER_ACCEPT, or the
 * accept queue is full)
 * @q: queue that the flow is in
 * @flow: locked
 */
void tt_queue_answer(struct tt_queue *q, struct tt_flow *flow);

/**
 * tt_queue_oldest() - the flow that has been half-open for longest
 * @q: queue
 * @ms: for how long at least; 0: whatever its age, and last those that have answered, which
 *	keep the time that the stack gives them; but while they are more than half, they first
 *
 * It leaves the queue's list, so that the next call returns another.
 *
 * Context: RCU read side. The flow is not locked and may be another by now:
 * tt_flow_lock() it and look again.
 *
 * Return: the flow or NULL.
 */
struct tt_flow *tt_queue_oldest(struct tt_queue *q, unsigned int ms);

/**
 * tt_listener_find() - a listener by what makes it one
 * @key: all of it written, also what is between its members
 *
 * Context: tt_listeners_lock held.
 *
 * Return: the listener or NULL.
 */
struct tt_listener *tt_listener_find(const struct tt_listener_key *key);

/**
 * tt_listener_get() - the same, made if there is none
 * @key: as there
 *
 * Context: tt_listeners_lock held.
 *
 * Return: the listener, with a reference for the caller, or NULL: no memory.
 */
struct tt_listener *tt_listener_get(const struct tt_listener_key *key);

/**
 * tt_listener_leave() - it goes out of the tables, unless it has a queue or is kept
 * @l: listener, on which the caller has a reference
 *
 * Context: tt_listeners_lock held. Without a queue its cookie mode ends.
 */
void tt_listener_leave(struct tt_listener *l);

/* Gives a reference back; any context. */
void tt_listener_put(struct tt_listener *l);

/**
 * tt_listener_others_max() - listeners of all namespaces but the initial one
 *
 * Return: so many may be, by the memory that their counters take on this machine.
 */
unsigned int tt_listener_others_max(void);

/**
 * tt_listener_sum() - a listener's counters over all CPUs
 * @l: listener
 * @sum: written whole
 */
void tt_listener_sum(const struct tt_listener *l, struct tt_listener_stats *sum);

/**
 * tt_listener_closed() - a socket stops listening
 * @sk: the socket, owned by the caller
 */
void tt_listener_closed(const struct sock *sk);

/**
 * tt_listener_walk_begin() - the collector begins to walk over all listening sockets
 * tt_listener_walk() - it came by this one
 * tt_listener_walk_end() - those that it did not come by are gone
 *
 * Context: process, the collector only; tt_listener_walk() under RCU.
 */
void tt_listener_walk_begin(void);
void tt_listener_walk(struct tt_net *tn, struct sock *sk);
void tt_listener_walk_end(struct tt_net *tn);

void tt_listener_net_init(struct tt_net *tn);

/**
 * tt_listener_net_exit() - let go of a namespace's sockets
 * @tn: no hook, probe or collector can reach it any more
 */
void tt_listener_net_exit(struct tt_net *tn);

int tt_listener_init(void);
void tt_listener_exit(void);

#endif /* TCPTRACK_LISTENER_H */
