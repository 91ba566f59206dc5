// SPDX-License-Identifier: GPL-2.0-only
/*
 * The collector. Every 750 ms it asks the socket tables for what no packet
 * and no tracepoint shows (request and TIME_WAIT sockets that go, sockets
 * without a flow) and ends the flows whose time is over.
 */

#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rculist_nulls.h>
#include <linux/workqueue.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include "excess.h"
#include "flow.h"
#include "gc.h"
#include "halfopen.h"
#include "listener.h"
#include "net.h"
#include "probe.h"
#include "sock.h"
#include "table.h"
#include "track.h"

/* FULL_EVERY of it, and SETTLE_MS, are less than the 2 s in which all is settled. */
#define INTERVAL	(HZ * 3UL / 4)
/* What was set takes effect soon, however often somebody sets it. */
#define KICK_INTERVAL	(HZ / 10UL)
/* How often at most a namespace looks at its limits between two runs. */
#define KICKS		10
/* How long the flows and queues of other namespaces than init_net are looked at in a run. */
#define SWEEP_MAX	(HZ / 2)
/* Of that, for one of them. */
#define TURN_MAX	(SWEEP_MAX / 4)
/* And between two runs the queues of those, all together, that have set something. */
#define KICK_MAX	(HZ / 10UL)
/* So many walks may be crossed by the tracepoint before one is good enough. */
#define MISSED_MAX	8
/* Full sockets tell their changes by the tracepoint; look at them this seldom. */
#define FULL_EVERY	2
/* A flow that a segment has just moved knows more than a socket read without its lock. */
#define SETTLE_MS	200
/* Unanswered and answered SYNs: the whole SYN-ACK retransmission time by default. */
#define HANDSHAKE_MS	(63 * MSEC_PER_SEC)
#define CLOSING_MS	(120 * MSEC_PER_SEC)
#define HALFCLOSED_MS	(3600 * MSEC_PER_SEC)
#define TIMEWAIT_MS	(60 * MSEC_PER_SEC)
/* Of which nobody knows that there are two sides, or whose closing may have gone another way. */
#define ONE_SIDE_MS	(300 * MSEC_PER_SEC)

static void collect(struct work_struct *work);
static DECLARE_DELAYED_WORK(collector, collect);
static unsigned int runs;
static unsigned long last_run;	/* jiffies at its end; tt_nets_mutex */
static unsigned long kicked;	/* for how long namespaces were looked at since; tt_nets_mutex */
static bool running;	/* tt_nets_mutex: it may be asked to come at once */

/* As long as the stack itself would keep a dead peer's connection (tcp(7), keepalive). */
static unsigned int established_ms(const struct net *net)
{
	u64 time = max(READ_ONCE(net->ipv4.sysctl_tcp_keepalive_time), 0);
	u64 intvl = max(READ_ONCE(net->ipv4.sysctl_tcp_keepalive_intvl), 0);

	time += READ_ONCE(net->ipv4.sysctl_tcp_keepalive_probes) * intvl;
	return min_t(u64, jiffies64_to_msecs(time), INT_MAX);
}

static unsigned int state_ms(const struct net *net, enum tt_state state)
{
	switch (state) {
	case TT_LISTEN:
	case TT_SYN_SENT:
	case TT_SYN_RECEIVED:
		return HANDSHAKE_MS;
	case TT_ESTABLISHED:
		return established_ms(net);
	case TT_FIN_WAIT_2:
	case TT_CLOSE_WAIT:
		return HALFCLOSED_MS;
	case TT_TIME_WAIT:
	case TT_CLOSED:
		return TIMEWAIT_MS;
	default:
		return CLOSING_MS;
	}
}

/* Nothing but time tells about a forwarded flow, and nothing at all if it is not looked at. */
static void sweep_forward(struct tt_flow *flow)
{
	const struct net *net = flow->tn->net;
	enum tt_state a = flow->ep[0].state, b = flow->ep[1].state;
	unsigned int limit = min(state_ms(net, a), state_ms(net, b));
	unsigned int idle = tt_ms_since(flow->touched);

	if (!(flow->flags & TT_F_SEEN0 && flow->flags & TT_F_SEEN1))
		limit = min_t(unsigned int, limit, ONE_SIDE_MS);
	if (!READ_ONCE(flow->tn->conf.forward) || READ_ONCE(flow->tn->conf.mode) == TT_OFF)
		tt_flow_end(flow, TT_IDLE);
	else if (idle < limit)
		tt_flow_put(flow);
	else if (a >= TT_TIME_WAIT || b >= TT_TIME_WAIT)
		tt_flow_end(flow, TT_NORMAL);
	else
		tt_flow_end(flow, a <= TT_SYN_RECEIVED || b <= TT_SYN_RECEIVED ?
				  TT_HANDSHAKE_TIMEOUT : TT_IDLE);
}

/* Whether the state may change without a segment and without the tracepoint. */
static bool is_silent(const struct tt_flow *flow, enum tt_state state)
{
	return state == TT_TIME_WAIT || state == TT_FIN_WAIT_2 ||
	       (state == TT_SYN_RECEIVED && flow->flags & TT_F_REQUEST);
}

/*
 * What the socket of an end is now. Returns whether the flow is still locked
 * and there; *put is a reference to give back after it is unlocked.
 */
static bool sweep_end(struct tt_flow *flow, int end, struct sock **put)
{
	struct sock *sk = tt_sock_find(flow->tn, &flow->key, end, flow->ifindex);
	enum tt_state state = sk ? tt_sock_state(sk) : TT_CLOSED;

	*put = sk;
	if (!sk) {
		tt_track_gone(flow, end);
		return false;
	}
	/* tcp_tw_reuse has just given the tuple to it, and its SYN has yet to leave */
	if (state == TT_SYN_SENT && flow->ep[end].state == TT_TIME_WAIT)
		return true;
	tt_track_timer(flow, sk);
	if (state != flow->ep[end].state && state != TT_CLOSED) {
		tt_stat_inc(flow->tn, corrected);
		if (tt_sock_is_request(sk))
			tt_flow_take_back(flow, end, sk);
		else
			tt_flow_set_state(flow, end, state);
		tt_sock_sync(&flow->ep[end], sk);
	}
	return true;
}

static void sweep_local(struct tt_flow *flow, bool full)
{
	struct sock *put[2] = { NULL, NULL };
	bool settled = tt_ms_since(flow->touched) >= SETTLE_MS;
	bool locked = true, live = false;
	int end;

	for (end = 0; end < 2 && locked; end++) {
		enum tt_state state = flow->ep[end].state;

		if (!(flow->local & BIT(end)) || state == TT_LISTEN || state == TT_CLOSED)
			continue;
		live = true;
		if (settled && (full || is_silent(flow, state)))
			locked = sweep_end(flow, end, &put[end]);
	}
	if (locked) {
		if (flow->flags & TT_F_ENDING && settled)
			tt_flow_end(flow, TT_NO_REASON);
		else if (!live && tt_ms_since(flow->touched) >= HANDSHAKE_MS)
			tt_flow_end(flow, TT_HANDSHAKE_TIMEOUT);
		else
			tt_flow_put(flow);
	}
	for (end = 0; end < 2; end++) {
		if (put[end])
			sock_gen_put(put[end]);
	}
}

static void sweep_flow(struct tt_flow *flow, void *arg)
{
	if (flow->flags & TT_F_FORWARD)
		sweep_forward(flow);
	else
		sweep_local(flow, *(bool *)arg);
}

/* Returns true if it has not got to the end by @until, where it goes on then. */
static bool sweep(struct tt_net *tn, bool full, unsigned long until)
{
	bool more, hurry = !net_eq(tn->net, &init_net);

	if (!tn->sweep_at && !atomic_read(&tn->nflows))
		return false;
	/* one pass, however many runs it takes */
	if (!tn->sweep_at)
		tn->sweep_full = full || !tn->sweep_full;
	do {
		more = tt_table_each(tn, &tn->sweep_at, sweep_flow, &tn->sweep_full);
		cond_resched();
	} while (more && !(hurry && time_after(jiffies, until)));
	if (!more)
		tn->sweep_at = 0;
	return more;
}

/*
 * What the walk came by, with a reference, unless it is another one by now
 * (SLAB_TYPESAFE_BY_RCU). Looking it up again would take as long as its chain is.
 */
static struct sock *hold(struct sock *sk, const struct tt_net *tn, const struct tt_key *key)
{
	struct tt_key now;

	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return NULL;
	/* it may leave its chain at this moment: then the sweep finds that it is gone */
	if (!data_race(sk_unhashed(sk)) && net_eq(sock_net(sk), tn->net) &&
	    tt_key_sock(&now, sk, tn->net) >= 0 && tt_key_equal(&now, key))
		return sk;
	sock_gen_put(sk);
	return NULL;
}

/* A socket of the walk, which may be on its way into another life. */
static void adopt_unknown(struct sock *sk)
{
	struct tt_net *tn = tt_net_find(sock_net(sk));
	struct tt_flow *flow;
	struct tt_key key;
	struct sock *found;
	int end;
	u32 hash;

	if (!tn)
		return;
	end = tt_key_sock(&key, sk, tn->net);
	if (end < 0)
		return;
	hash = tt_flow_hash(tn, &key);
	flow = tt_flow_get(tn, &key, hash);
	if (flow) {
		bool known = flow->local & BIT(end) && flow->ep[end].state != TT_LISTEN;

		if (!known && flow->flags & TT_F_FORWARD) {
			tt_flow_end(flow, TT_IDLE);
		} else {
			if (tt_ms_since(flow->touched) < SETTLE_MS)
				known = true;
			tt_flow_put(flow);
		}
		if (known)
			return;
	} else if (tt_table_had(hash)) {
		return;
	}
	found = hold(sk, tn, &key);
	if (!found)
		return;
	/* what opens while we look is followed from its SYN */
	flow = tt_sock_opens_now(found) || tt_sock_is_behind(found) ? NULL :
	       tt_track_adopt(tn, &key, hash, end, found);
	if (flow) {
		/* no segment has: the walk may come by its other end now (loopback) */
		if (flow->touched == flow->created)
			flow->touched -= msecs_to_jiffies(SETTLE_MS);
		tt_flow_put(flow);
	} else if (tt_sock_is_request(found)) {
		tt_excess_unfollowed(tn, found);
	}
	sock_gen_put(found);
}

static void walk_bucket(const struct inet_hashinfo *hashinfo, unsigned int slot, bool full)
{
	const struct inet_ehash_bucket *head = &hashinfo->ehash[slot];
	struct hlist_nulls_node *node;
	struct sock *sk;

again:
	sk_nulls_for_each_rcu(sk, node, &head->chain) {
		if (full || !sk_fullsock(sk))
			adopt_unknown(sk);
	}
	if (get_nulls_value(node) != slot)
		goto again;
}

/* From @slot on; returns where it has stopped, or 0 at the end. @hurry: at @until it does. */
static unsigned int walk_established(const struct inet_hashinfo *hashinfo, unsigned int slot,
				     bool full, bool hurry, unsigned long until)
{
	unsigned int first = slot;

	for (; slot <= hashinfo->ehash_mask; slot++) {
		if (!(slot % 256)) {
			cond_resched();
			if (hurry && slot != first && time_after(jiffies, until))
				return slot;
		}
		if (hlist_nulls_empty(&hashinfo->ehash[slot].chain))
			continue;
		rcu_read_lock();
		walk_bucket(hashinfo, slot, full);
		rcu_read_unlock();
	}
	return 0;
}

static void walk_listeners(const struct inet_hashinfo *hashinfo)
{
	unsigned int slot;

	for (slot = 0; slot <= hashinfo->lhash2_mask; slot++) {
		struct hlist_nulls_node *node;
		struct sock *sk;

		if (!(slot % 256))
			cond_resched();
		rcu_read_lock();
		sk_nulls_for_each_rcu(sk, node, &hashinfo->lhash2[slot].nulls_head) {
			struct tt_net *tn = tt_net_find(sock_net(sk));

			if (!tn || READ_ONCE(sk->sk_state) != TCP_LISTEN)
				continue;
			tn->listen_seen++;
			tt_listener_walk(tn, sk);
		}
		rcu_read_unlock();
	}
}

/* The table of sockets that a namespace may have for itself (tcp_child_ehash_entries). */
static bool walk_own(struct tt_net *tn, bool full, unsigned long until)
{
	const struct inet_hashinfo *own = tn->net->ipv4.tcp_death_row.hashinfo;

	if (!tn->walk_at)
		tn->walk_full = full || !tn->walk_full;
	tn->walk_at = walk_established(own, tn->walk_at, tn->walk_full, true, until);
	return tn->walk_at;
}

/*
 * Who may choose the size of his namespace's table of sockets can make a look-up, or a walk, as
 * slow as he likes. So all namespaces but init_net have to be done by @until; where one has not
 * got to the end, the next run goes on. Returns true if so. Where nothing is fast, nothing is
 * begun too late.
 */
static bool look_at(struct tt_net *tn, bool full, unsigned long until)
{
	const struct inet_hashinfo *shared = init_net.ipv4.tcp_death_row.hashinfo;
	bool own = tn->net->ipv4.tcp_death_row.hashinfo != shared, more = false;

	if (own && time_after(jiffies, until))
		return true;
	if (own)
		more = walk_own(tn, full, until);
	return sweep(tn, full, until) || more;
}

/*
 * The tracepoint knows better what happened during the walk. Where something always does, what
 * it has told since is added to what was seen, though the walk may have seen some of it.
 */
static void count_listeners(struct tt_net *tn)
{
	bool crossed = tn->listen_start != atomic_read(&tn->listen_seq);

	if (crossed && ++tn->listen_missed < MISSED_MAX)
		return;
	if (crossed)
		atomic_add(tn->listen_seen - tn->listen_base, &tn->nlisten);
	else
		atomic_set(&tn->nlisten, tn->listen_seen);
	tn->listen_missed = 0;
}

static void run(bool full)
{
	const struct inet_hashinfo *shared = init_net.ipv4.tcp_death_row.hashinfo;
	unsigned long until = jiffies;
	struct tt_net *tn, *next;
	LIST_HEAD(late);

	lockdep_assert_held(&tt_nets_mutex);
	list_for_each_entry(tn, &tt_nets, list) {
		tn->listen_seen = 0;
		tn->listen_start = atomic_read(&tn->listen_seq);
		tn->listen_base = atomic_read(&tn->nlisten);
	}
	tt_listener_walk_begin();
	walk_established(shared, 0, full, false, 0);
	walk_listeners(shared);
	/* init_net is the first; who has spent the time of all comes last in the next run */
	list_for_each_entry_safe(tn, next, &tt_nets, list) {
		bool in_time = !time_after(jiffies, until), is_first = net_eq(tn->net, &init_net);
		unsigned long turn = jiffies + TURN_MAX;
		bool more;

		if (time_after(turn, until))
			turn = until;
		tt_stat_inc(tn, collector_runs);
		count_listeners(tn);
		tt_listener_walk_end(tn);
		more = look_at(tn, full, turn);
		tt_halfopen_enforce(tn, is_first ? jiffies + 60 * HZ : turn);
		if (!is_first && in_time && (more || time_after(jiffies, turn)))
			list_move_tail(&tn->list, &late);
		tt_flood_tick(tn);
		tn->kicks = 0;
		if (is_first)
			until = jiffies + SWEEP_MAX;
	}
	/* what is left of that time is for whom a turn was not enough */
	list_for_each_entry(tn, &late, list) {
		if ((tn->walk_at || tn->sweep_at) && !time_after(jiffies, until))
			look_at(tn, full, until);
	}
	list_splice_tail(&late, &tt_nets);
	kicked = 0;
}

static void collect(struct work_struct *work)
{
	unsigned long begun, spent;

	mutex_lock(&tt_nets_mutex);
	begun = jiffies;
	run(!tt_probe_active() || !(++runs % FULL_EVERY));
	last_run = jiffies;
	spent = last_run - begun;
	mutex_unlock(&tt_nets_mutex);
	queue_delayed_work(system_unbound_wq, &collector,
			   INTERVAL - min(spent, INTERVAL - KICK_INTERVAL));
}

void tt_gc_start(void)
{
	mutex_lock(&tt_nets_mutex);
	run(true);
	running = true;
	mutex_unlock(&tt_nets_mutex);
	queue_delayed_work(system_unbound_wq, &collector, INTERVAL);
}

void tt_gc_kick(struct tt_net *tn)
{
	unsigned long now, at, delay;

	mutex_lock(&tt_nets_mutex);
	now = jiffies;
	at = last_run + KICK_INTERVAL;
	delay = time_before(now, at) ? at - now : 0;
	if (!net_eq(tn->net, &init_net)) {
		if (!READ_ONCE(tn->dismantled) && tn->kicks < KICKS && kicked < KICK_MAX) {
			tn->kicks++;
			tt_halfopen_enforce(tn, now + KICK_MAX - kicked);
			kicked += jiffies - now + 1;
		}
	} else if (running) {
		/* (before the first run, @last_run is no time) */
		mod_delayed_work(system_unbound_wq, &collector, min(delay, KICK_INTERVAL));
	}
	mutex_unlock(&tt_nets_mutex);
}

void tt_gc_stop(void)
{
	mutex_lock(&tt_nets_mutex);
	running = false;
	mutex_unlock(&tt_nets_mutex);
	cancel_delayed_work_sync(&collector);
}
