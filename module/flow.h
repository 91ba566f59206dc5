/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_FLOW_H
#define TCPTRACK_FLOW_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>

#include "key.h"
#include "state.h"
#include "stats.h"

struct sock;
struct tt_net;
struct tt_queue;
struct tt_source;

/* struct tt_flow flags */
#define TT_F_DEAD	0x0001	/* out of the table; whoever locks it looks up again */
#define TT_F_PROVEN	0x0002	/* a handshake was completed, or a socket vouches for it */
#define TT_F_ADOPTED	0x0004	/* made from a socket that existed before */
#define TT_F_PICKUP	0x0008	/* forwarded, picked up mid-stream, or after an offload */
#define TT_F_ONEWAY	0x0010	/* only one direction passes here */
#define TT_F_FORWARD	0x0020	/* neither end is on this host */
#define TT_F_PEER_AWAY	0x0040	/* the peer's segments come from outside */
#define TT_F_REQUEST	0x0080	/* the local SYN_RECEIVED is a request socket: half-open */
#define TT_F_HALFCLOSED	0x0100	/* counted in half_closes */
#define TT_F_SIMOPEN	0x0200	/* counted in simultaneous_opens */
#define TT_F_SIMCLOSE	0x0400	/* counted in simultaneous_closes */
#define TT_F_ENDING	0x0800	/* all local ends are CLOSED; the collector buries it */
#define TT_F_SEEN0	0x1000	/* end 0 has sent a segment; end 1: the next bit */
#define TT_F_SEEN1	0x2000
#define TT_F_SYNACK	0x4000	/* a SYN-ACK was seen */
#define TT_F_TIMER	0x8000	/* half is when its TIME_WAIT socket's timer will fire */

/* Why a flow ended, in the order of the closed_* counters. */
enum tt_reason {
	TT_NORMAL,
	TT_RESET_BY_PEER,
	TT_RESET_BY_US,
	TT_REFUSED,
	TT_HALFOPEN_RESET,
	TT_FORGOTTEN,
	TT_HANDSHAKE_TIMEOUT,
	TT_RETRANS_TIMEOUT,
	TT_UNREACHABLE,
	TT_EVICTED,
	TT_IDLE,
	TT_SOCKET_GONE,
	TT_REASONS,
	TT_NO_REASON = TT_REASONS,
	TT_UNCOUNTED,		/* the namespace or the module goes: nothing ended */
	TT_COMPLETED		/* of a half-open connection only: it is ESTABLISHED */
};

/**
 * struct tt_flow - one flow, both directions
 * @node: in tt_net.flows
 * @hash: of @key, constant while in the table
 * @key: constant while in the table
 * @tn: its namespace, constant while in the table
 * @lock: guards everything below; survives the flow (SLAB_TYPESAFE_BY_RCU), so
 *	whoever takes it checks %TT_F_DEAD, @tn and @key again. Outside of
 *	tt_net.unproven_lock and of rhashtable's bucket locks.
 * @ep: the endpoints, in the order of @key
 * @unproven: in a list of @queue's while that is set, under its lock; else in
 *	tt_net.unproven while not %TT_F_PROVEN, under tt_net.unproven_lock
 * @queue: with %TT_F_REQUEST: the half-open queue that it is in, referenced, or
 *	NULL if there is none for its listener
 * @source: the same for its source prefix
 * @created: when it began
 * @touched: when the last segment left, or came and could move it: what the socket makes
 *	of it may take a moment. For an ESTABLISHED local socket the socket knows better
 * @half: when the last SYN or SYN-ACK left; with %TT_F_TIMER something else
 * @flags: TT_F_*
 * @iss: of the local end that opened, until it is ESTABLISHED; of a forwarded flow, of
 *	the SYN before the last one, if that had another number
 * @ifindex: interface by which the peer is reached, or 0
 * @local: bit n: end n is on this host
 * @opener: the end that sent the first SYN
 * @counted: its handshake is in handshakes_completed
 * @answered: with @queue: it is counted in tt_queue.nanswered, under the queue's lock
 * @syn_gap: ms between the last two SYNs, at most U16_MAX
 * @syns: retransmissions of the SYN
 * @synacks: retransmissions of the SYN-ACK
 * @reason: enum tt_reason that is told if nothing better comes
 * @heard: whether somebody is to be told of it, asked once for as long as it is locked
 * @cpu: 1 + the CPU that remembers it (recent.c), or 0
 *
 * All times are in jiffies, truncated to 32 bits.
 */
struct tt_flow {
	struct rhash_head node;
	u32 hash;
	struct tt_key key;
	struct tt_net *tn;
	spinlock_t lock;	/* guards what follows */
	struct tt_endpoint ep[2];
	struct list_head unproven;
	struct tt_queue *queue;
	struct tt_source *source;
	u32 created;
	u32 touched;
	u32 half;
	u32 iss;
	int ifindex;
	u16 flags;
	u16 syn_gap;
	u8 local;
	u8 opener : 1;
	u8 answered : 1;
	u8 counted : 1;
	u8 syns;
	u8 synacks;
	u8 reason;
	u8 heard;
	u16 cpu;
};

/* tt_flow.heard */
enum tt_heard {
	TT_HEARD_UNASKED,
	TT_HEARD_NO,
	TT_HEARD_YES,
};

static inline u32 tt_now(void)
{
	return (u32)jiffies;
}

/* The jiffies whose milliseconds are a u32. */
#define TT_MS_JIFFIES	((u32)min_t(u64, U32_MAX, (u64)U32_MAX * HZ / MSEC_PER_SEC))

static inline unsigned int tt_ms_since(u32 then)
{
	u32 passed = tt_now() - then;

	/* (seven weeks: it would begin again with 0) */
	return passed < TT_MS_JIFFIES ? jiffies_to_msecs(passed) : U32_MAX;
}

/* Whose an end is: the column of /proc/tcptrack in which it counts. */
static inline enum tt_side tt_flow_side(const struct tt_flow *flow, int end)
{
	if (flow->flags & TT_F_FORWARD)
		return TT_FORWARD;
	return flow->local & BIT(end) ? TT_LOCAL : TT_REMOTE;
}

/**
 * tt_flow_hash() - hash of a key in a namespace
 * @tn: namespace; its secret makes the hash unpredictable
 * @key: the key
 *
 * Return: the hash.
 */
u32 tt_flow_hash(const struct tt_net *tn, const struct tt_key *key);

/**
 * tt_flow_get() - look a flow up and lock it
 * @tn: namespace
 * @key: its key
 * @hash: tt_flow_hash() of @key
 *
 * Context: RCU read side, softirq or process.
 *
 * Return: the flow, locked (undo with tt_flow_put()), or NULL.
 */
struct tt_flow *tt_flow_get(struct tt_net *tn, const struct tt_key *key, u32 hash);

/**
 * tt_flow_lock() - lock a flow that a table walk came by
 * @tn: namespace whose table it was seen in
 * @flow: seen under the RCU read lock that is still held
 *
 * Return: false, with nothing locked, if it has left that table since.
 */
static inline bool tt_flow_lock(const struct tt_net *tn, struct tt_flow *flow)
{
	spin_lock_bh(&flow->lock);
	if (!(flow->flags & TT_F_DEAD) && flow->tn == tn) {
		flow->heard = TT_HEARD_UNASKED;
		__release(&flow->lock);		/* the caller's now */
		return true;
	}
	spin_unlock_bh(&flow->lock);
	return false;
}

/**
 * tt_flow_put() - unlock
 * @flow: from tt_flow_get() or tt_flow_new()
 */
static inline void tt_flow_put(struct tt_flow *flow)
{
	__acquire(&flow->lock);
	spin_unlock_bh(&flow->lock);
}

/**
 * tt_flow_new() - make a flow and lock it
 * @tn: namespace
 * @key: its key
 * @hash: tt_flow_hash() of @key
 * @local: mask of the ends on this host; 0 for a forwarded flow
 * @why: counter to add one to: flows_created, flows_adopted or flows_picked_up
 * @counted: whether to count it if there is no room or no memory: flows that are
 *	not tracked are counted, by their first SYN, not the later attempts at them
 *
 * A place is reserved before anything is allocated. The new flow is unproven;
 * if that quota is spent, the oldest unproven flow makes room. If another CPU
 * has made the flow meanwhile, that one is returned.
 *
 * Context: RCU read side, softirq or process; no flow may be locked.
 *
 * Return: the flow, locked, or NULL: not tracked.
 */
struct tt_flow *tt_flow_new(struct tt_net *tn, const struct tt_key *key, u32 hash, u8 local,
			    enum tt_stat why, bool counted);

/**
 * tt_flow_end() - the flow is over: count it, take it out, unlock and free it
 * @flow: locked; not to be touched afterwards
 * @reason: why; %TT_NO_REASON tells what @flow->reason says
 */
void tt_flow_end(struct tt_flow *flow, enum tt_reason reason);

/**
 * tt_flow_restart() - another connection begins on the same tuple
 * @flow: locked, stays locked and in the table
 * @reason: why the one before ended
 */
void tt_flow_restart(struct tt_flow *flow, enum tt_reason reason);

/**
 * tt_flow_prove() - the flow is real: it leaves the unproven quota
 * @flow: locked
 */
void tt_flow_prove(struct tt_flow *flow);

/**
 * tt_flow_unproven_add() - it is the youngest of those that make room for others
 * tt_flow_unproven_del() - ... no longer
 * @flow: locked; its @unproven node is free, or in that list
 */
void tt_flow_unproven_add(struct tt_flow *flow);
void tt_flow_unproven_del(struct tt_flow *flow);

/**
 * tt_flow_gauge() - both ends in the gauges of their states
 * @flow: locked
 * @n: 1 or -1
 */
void tt_flow_gauge(const struct tt_flow *flow, long n);

/**
 * tt_flow_set_local() - an end turns out to be on this host, or no longer
 * @flow: locked
 * @local: new mask
 */
void tt_flow_set_local(struct tt_flow *flow, u8 local);

/* What tt_flow_set_state() does where @state is another one. */
void tt_flow_move(struct tt_flow *flow, int end, enum tt_state state);

/**
 * tt_flow_set_state() - move an end, with gauges and counters
 * @flow: locked
 * @end: 0 or 1
 * @state: where it is now. A local end is counted in each state on the way
 *	that figure 5 of RFC 9293 leaves no other way around.
 */
static inline void tt_flow_set_state(struct tt_flow *flow, int end, enum tt_state state)
{
	if (flow->ep[end].state != state)
		tt_flow_move(flow, end, state);
}

/**
 * tt_flow_place() - put an end into a state without having entered it
 * @flow: locked
 * @end: 0 or 1
 * @state: where it was found
 */
void tt_flow_place(struct tt_flow *flow, int end, enum tt_state state);

/* How far along figure 5 of RFC 9293 a state is; equal numbers exclude each other. */
extern const s8 tt_flow_rank[TT_STATES];

/**
 * tt_flow_ahead() - whether a state lies further on the way than an end's
 * @flow: locked
 * @end: 0 or 1
 * @state: seen at a moment that may be before the flow's own knowledge
 *
 * Return: whether it does.
 */
static inline bool tt_flow_ahead(const struct tt_flow *flow, int end, enum tt_state state)
{
	return tt_flow_rank[state] > tt_flow_rank[flow->ep[end].state];
}

/* The reverse; of two states that exclude each other, neither is behind. */
static inline bool tt_flow_behind(const struct tt_flow *flow, int end, enum tt_state state)
{
	return tt_flow_rank[state] < tt_flow_rank[flow->ep[end].state];
}

/**
 * tt_flow_set_request() - the local SYN_RECEIVED is a request socket: half-open
 * @flow: locked
 * @req: the request
 *
 * Context: RCU read side.
 */
void tt_flow_set_request(struct tt_flow *flow, const struct sock *req);

/**
 * tt_flow_take_back() - its request is there, whatever was foreseen: half-open (again)
 * @flow: locked
 * @end: the local end
 * @req: the request
 *
 * Context: RCU read side.
 */
void tt_flow_take_back(struct tt_flow *flow, int end, const struct sock *req);

/**
 * tt_flow_end_request() - it is not half-open any more, if it was
 * @flow: locked
 * @reason: why it ended, or %TT_COMPLETED
 */
void tt_flow_end_request(struct tt_flow *flow, enum tt_reason reason);

/**
 * tt_flow_unqueue() - it leaves its half-open queue, if it is in one, and its source's count
 * @flow: locked
 *
 * Until its next SYN-ACK, if its request is still there, it is unproven like any other.
 */
void tt_flow_unqueue(struct tt_flow *flow);

int tt_flow_table_init(struct tt_net *tn);

/**
 * tt_flow_table_exit() - free what is left
 * @tn: no hook, probe or collector can reach it any more
 */
void tt_flow_table_exit(struct tt_net *tn);

int tt_flow_init(void);
void tt_flow_exit(void);

#endif /* TCPTRACK_FLOW_H */
