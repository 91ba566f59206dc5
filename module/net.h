/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_NET_H
#define TCPTRACK_NET_H

#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/notifier.h>
#include <linux/ratelimit_types.h>
#include <linux/rhashtable-types.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "conf.h"
#include "flood.h"
#include "notify.h"
#include "special.h"
#include "stats.h"

struct ctl_table_header;
struct tt_budget;
struct tt_queue;

/**
 * struct tt_net - what belongs to one network namespace
 * @net: the namespace; outlives this
 * @hash: in the index of tt_net_find(); written under tt_nets_mutex, read under RCU
 * @list: in tt_nets, under tt_nets_mutex
 * @hooked: which of its packets are shown to us (hook.c); conf_lock
 * @local_ops: the hooks of LOCAL_IN and LOCAL_OUT, while they are there; conf_lock
 * @dismantled: never again; written under conf_lock
 * @walk_at: up to where the collector got in a table of sockets of its own; tt_nets_mutex
 * @walk_full: full sockets are looked at in this pass, too; tt_nets_mutex
 * @sweep_at: up to where it got in @flows; tt_nets_mutex
 * @sweep_full: as @walk_full; tt_nets_mutex
 * @kicks: how often something was set since the collector ran; tt_nets_mutex
 * @stats: per CPU; any context may add to its own CPU's
 * @budget: per CPU: of bad cookies that the stack may answer (cookie_ack.c)
 * @flows: key -> struct tt_flow; rhashtable's own locking, flows freed type-safe under RCU
 * @secret: key of the flow hash, constant
 * @nflows: flows in @flows and reservations for flows about to be in it
 * @nunproven: of these: unproven
 * @nforward: of these: of no end on this host
 * @conf: what the administrator set; tt_net_flows_max() and
 *	tt_net_halfopen_max() are what holds
 * @conf_lock: guards the writing of @conf and of @devices: who holds it sees what was set
 *	together; and @hooked. Above the RTNL, and never with tt_nets_mutex, for which the
 *	collector and all namespaces that come and go would wait
 * @unproven_lock: guards @unproven; innermost, taken under a flow's lock
 * @unproven: unproven flows, oldest first
 * @nlisten: listening sockets
 * @listen_seen: the collector's own count of them while it walks; tt_nets_mutex
 * @listen_start: @listen_seq when that walk began; tt_nets_mutex
 * @listen_base: @nlisten then; tt_nets_mutex
 * @listen_missed: how many walks in a row the tracepoint has crossed; tt_nets_mutex
 * @listen_seq: changes whenever the tracepoint has changed @nlisten
 * @held: half-open connections: those of the stack when it was looked at last,
 *	and reservations; never less than the stack has. Changed under the
 *	tt_queue.lock of the queue that changes
 * @queued: of @held: those of the stack alone
 * @listeners: its struct tt_listener; the lock of listener.c, read under RCU
 * @listeners_seq: changes with them; the same lock, read without
 * @nqueues: listening sockets known; the same lock, read without
 * @leaving: no new ones; the same lock
 * @refreshed: jiffies when all of them were looked at last
 * @longest: the longest queue then; written under its tt_queue.lock
 * @flood: cookie mode of the whole namespace
 * @flood_lock: guards the entering and leaving of cookie modes, and @notices
 * @nfloods: cookie modes that are on
 * @answering: these, and listeners that always answer with cookies: if 0, no ACK is looked at
 * @owed: handshakes that were counted as completed, and were not after all
 * @nkept: listeners that are kept for what was set for them; the lock of listener.c
 * @last_flood: the one that ended last; flood_lock
 * @notices: what is to be told of floods; this and what follows: flood_lock
 * @nnotices: how many
 * @notices_lost: how many found no room
 * @notify: for the group "state"
 * @subscriptions: for single sockets; the mutex of subscription.c, read under RCU
 * @nsubscriptions: how many; the same mutex
 * @ratelimit: for what is logged
 * @started: ktime_get_ns() when tracking began
 * @was_there: it is older than that, not for long: cookies of a module of before may come back
 * @sysctl: net.tcptrack
 * @devices: those of early_devices; RTNL, as what follows; another list under
 *	@conf_lock as well
 * @ingress: their ingress is hooked, if they are there
 * @notifier: of their comings and goings
 * @special: which IPv4 addresses are not one host elsewhere; known where answers are reflected
 *	early
 */
struct tt_net {
	struct net *net;
	struct hlist_node hash;
	struct list_head list;
	unsigned int hooked;
	struct nf_hook_ops local_ops[4];
	bool dismantled;
	unsigned int walk_at;
	bool walk_full;
	u64 sweep_at;
	bool sweep_full;
	unsigned int kicks;
	struct tt_stats __percpu *stats;
	struct tt_budget __percpu *budget;
	struct rhashtable flows;
	siphash_key_t secret;
	atomic_t nflows ____cacheline_aligned_in_smp;
	atomic_t nunproven;
	atomic_t nforward;
	struct tt_conf conf;
	struct mutex conf_lock;		/* guards the writing of conf and devices */
	spinlock_t unproven_lock;	/* guards unproven */
	struct list_head unproven;
	atomic_t nlisten;
	int listen_seen;
	atomic_t listen_seq;
	int listen_start;
	int listen_base;
	unsigned int listen_missed;
	atomic_t held;
	atomic_t queued;
	struct list_head listeners;
	u32 listeners_seq;
	unsigned int nqueues;
	bool leaving;
	unsigned long refreshed;
	struct tt_queue __rcu *longest;
	struct tt_flood flood;
	spinlock_t flood_lock;	/* guards tt_flood of this namespace and its listeners */
	atomic_t nfloods;
	atomic_t answering;
	atomic_t owed;
	unsigned int nkept;
	struct tt_flood_report last_flood;
	struct list_head notices;
	unsigned int nnotices;
	unsigned int notices_lost;
	struct tt_notify notify;
	struct list_head subscriptions;
	unsigned int nsubscriptions;
	struct ratelimit_state ratelimit;
	u64 started;
	bool was_there;
	struct ctl_table_header *sysctl;
	struct list_head devices;
	bool ingress;
	struct notifier_block notifier;
	struct tt_special special;
};

/*
 * Whether who has bottom halves off has this CPU's to himself, so that a CPU may remember
 * something without a lock. With PREEMPT_RT he has not, since 6.18.
 */
#define TT_BH_SERIAL	(!IS_ENABLED(CONFIG_PREEMPT_RT))

/* Of init_net; a module parameter may set it. */
extern unsigned int tt_mode_at_load;

/* init_net's, whose limits hold for all; there before any other and for as long as they are. */
extern struct tt_net *tt_net_first;

extern unsigned int tt_net_id;
extern struct list_head tt_nets;
extern struct mutex tt_nets_mutex;

/* For hooks: the namespace is alive, its tt_net is there. */
static inline struct tt_net *tt_net(const struct net *net)
{
	return net_generic(net, tt_net_id);
}

/* The same under RCU, as hooks are: net_generic() takes it once more. */
static inline struct tt_net *tt_net_rcu(const struct net *net)
{
	return rcu_dereference(net->gen)->ptr[tt_net_id];
}

/**
 * tt_net_find() - what belongs to a namespace that may be going away
 * @net: compared, never dereferenced
 *
 * For who comes by a namespace through a socket: TIME_WAIT sockets hold no
 * reference on theirs.
 *
 * Context: RCU read side; valid until it ends.
 *
 * Return: NULL once the namespace is being dismantled.
 */
struct tt_net *tt_net_find(const struct net *net);

/**
 * tt_net_flows_max() - the limit that holds in a namespace
 * @tn: the namespace
 *
 * Return: its own flows_max, clamped by that of init_net.
 */
unsigned int tt_net_flows_max(const struct tt_net *tn);

/**
 * tt_net_halfopen_max() - the bound that holds in a namespace
 * @tn: the namespace
 *
 * Return: its own halfopen_max, clamped by that of init_net.
 */
int tt_net_halfopen_max(const struct tt_net *tn);

/**
 * tt_net_init() - begin to follow every namespace
 *
 * Return: 0 or a negative errno; nothing is left behind on failure.
 */
int tt_net_init(void);

/**
 * tt_net_exit() - leave every namespace; returns when no hook of ours runs any more
 */
void tt_net_exit(void);

#endif /* TCPTRACK_NET_H */
