// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worlds of rfc9293_net.c, watched by the module itself (ukernel.h): at the hooks of the
 * host of one end, LOCAL_IN and LOCAL_OUT with that end's socket, or in the middle, at
 * FORWARD. It sees what passes there and nothing else.
 *
 * - On its host an end's state is always the endpoint's.
 * - Whenever nothing is on its way, the network is made to behave: what is not acknowledged
 *   is sent again until all is, then one end closes, then the other. Each time the state of
 *   both ends must be the endpoint's, wherever it was seen from; when both have closed, the
 *   flow must be over.
 * - A RST that the endpoint ignores changes nothing that is known of either end.
 * - The gauges count the ends of the flow and nothing else; no lock is left behind.
 *
 * What the wire cannot tell, and so is not compared:
 * - of a peer that is CLOSED while this end is not: it was reset, and the RST was lost;
 * - in the middle, as long as one end is CLOSED, the other: the RST that passed may not have
 *   arrived;
 * - on a host whose socket is gone: its flow is gone with it, whatever the peer does;
 * - whether both ends have closed at once (CLOSING and TIME_WAIT, not LAST_ACK and CLOSED),
 *   if the FIN that did not acknowledge the other's was lost or late before it was seen;
 * - in the middle, a flow after a SYN-ACK for an old duplicate SYN, after a RST that its
 *   sender refused a SYN with before it opened itself, or after a second copy of the SYN
 *   that comes when all is over: not every segment that would tell passes.
 * In the middle, nothing passes before its sender's SYN-ACK, and a RST is only forged where
 * the tracker's RCV.NXT is the receiver's: else it cannot tell it from a true one.
 *
 * Argument: worlds for each setup and each place.
 */
#include <assert.h>

#include "ukernel_test.h"

#include "table.h"

#include "rfc9293_net.h"

#define WORLDS		60000

#define MISLED		BIT(2)	/* a SYN that was over, or the answer to one, was seen */

/* What the tracker knows of the one flow. */
struct knowledge {
	struct { u32 una, nxt, rcv, wnd, fin; } ep[2];
	u32 iss;
	u16 flags;
	u8 state[2], ep_flags[2];
	u8 exists, local, opener, reason;
	u8 crossed;	/* ends whose FIN was seen without an acknowledgment of the other's */
};

static const struct setup *setup;
static u32 host;		/* which end is on this host */
static struct knowledge before;

static struct knowledge *known(struct world *w)
{
	static_assert(sizeof(struct knowledge) <= KNOWS_MAX);
	return (struct knowledge *)w->knows;
}

static bool is_middle(void)
{
	return !uk.host;
}

/* The tracker's memory, into a world and out of it */

static void recall(const struct knowledge *k)
{
	struct tt_flow *flow;
	struct tt_key key;
	u32 i;

	uk_forget();
	if (!k->exists)
		return;
	uk_key(&key);
	flow = tt_flow_new(&uk.tn, &key, tt_flow_hash(&uk.tn, &key), k->local,
			   TT_STAT_flows_created, true);
	if (k->flags & TT_F_PROVEN)
		tt_flow_prove(flow);
	for (i = 0; i < 2; i++) {
		tt_flow_place(flow, i, k->state[i]);
		flow->ep[i] = (struct tt_endpoint){
			.snd_una = k->ep[i].una, .snd_nxt = k->ep[i].nxt, .rcv_nxt = k->ep[i].rcv,
			.rcv_wnd = k->ep[i].wnd, .fin_seq = k->ep[i].fin, .state = k->state[i],
			.flags = k->ep_flags[i], .wscale = TT_WSCALE_NONE,
		};
	}
	flow->iss = k->iss;
	flow->flags = k->flags;
	flow->opener = k->opener;
	flow->reason = k->reason;
	uk.stats.halfopen = !!(k->flags & TT_F_REQUEST);
	tt_flow_put(flow);
}

static void keep(struct knowledge *k)
{
	const struct tt_flow *flow = uk_flow();
	u8 crossed = k->crossed;
	u32 i;

	memset(k, 0, sizeof(*k));
	k->crossed = crossed;
	if (flow) {
		k->exists = 1;
		for (i = 0; i < 2; i++) {
			const struct tt_endpoint *ep = &flow->ep[i];

			k->ep[i].una = ep->snd_una;
			k->ep[i].nxt = ep->snd_nxt;
			k->ep[i].rcv = ep->rcv_nxt;
			k->ep[i].wnd = ep->rcv_wnd;
			k->ep[i].fin = ep->flags & TT_EP_FIN_SEEN ? ep->fin_seq : 0;
			k->state[i] = ep->state;
			k->ep_flags[i] = ep->flags;
		}
		k->iss = flow->iss;
		k->flags = flow->flags;
		k->local = flow->local;
		k->opener = flow->opener;
		k->reason = flow->reason;
	}
	uk_account();
}

/* The socket of the end on this host */

static bool is_request(const struct model *m)
{
	return m->state == TT_SYN_RECEIVED && m->flags & M_PASSIVE && !(m->flags & M_TFO_TAKE);
}

static struct sock *sock_of(const struct model *m, u8 state, struct sock *sk)
{
	static const u8 tcp_states[TT_STATES] = {
		[TT_SYN_SENT] = TCP_SYN_SENT, [TT_SYN_RECEIVED] = TCP_SYN_RECV,
		[TT_ESTABLISHED] = TCP_ESTABLISHED, [TT_FIN_WAIT_1] = TCP_FIN_WAIT1,
		[TT_FIN_WAIT_2] = TCP_FIN_WAIT2, [TT_CLOSE_WAIT] = TCP_CLOSE_WAIT,
		[TT_CLOSING] = TCP_CLOSING, [TT_LAST_ACK] = TCP_LAST_ACK,
		[TT_TIME_WAIT] = TCP_TIME_WAIT, [TT_CLOSED] = TCP_CLOSE,
	};

	if (state == TT_LISTEN)
		return NULL;
	*sk = (struct sock){
		.net = &init_net, .sk_state = tcp_states[state], .sk_protocol = IPPROTO_TCP,
		.sk_type = SOCK_STREAM, .sk_family = AF_INET, .tw_substate = tcp_states[state],
		.snd_una = m->una, .snd_nxt = m->nxt, .write_seq = m->nxt, .rcv_nxt = m->rcv,
		.rcv_wnd = M_WINDOW, .snt_isn = m->iss, .rcv_isn = m->rcv - 1,
		.rsk_rcv_wnd = M_WINDOW, .tw_snd_nxt = m->nxt, .tw_rcv_nxt = m->rcv,
		.tw_rcv_wnd = M_WINDOW, .max_window = U32_MAX / 4, .bytes_acked = U32_MAX / 4,
	};
	if (is_request(m))
		sk->sk_state = TCP_NEW_SYN_RECV;
	return sk;
}

/* A socket that answers by way of the namespace's own: requests, TIME_WAIT, none. */
static bool is_answer(const struct model *m, const struct tt_seg *s)
{
	if (m->state == TT_CLOSED || m->state == TT_LISTEN || s->flags & TT_RST)
		return true;
	return is_request(m) && !(s->flags & TT_SYN);
}

/* What the watcher is shown */

static void begins(struct world *w, const struct setup *what)
{
	setup = what;
	if (!is_middle())
		w->tcp[host].flags |= M_LINUX;
}

/* What passes the middle before its sender's SYN-ACK, and arrives after it, is missed. */
static bool may_pass(const struct world *w, const struct wire *x)
{
	const struct knowledge *k = known((struct world *)w);
	u32 from = !x->to, i;

	for (i = 0; x->flags & TT_RST && i < NET_MAX; i++)
		if (w->net[i].leg == 1 && w->net[i].to == x->to && w->net[i].flags & TT_SYN)
			return x->flags & TT_ACK;
	return !k->exists || k->state[from] != TT_SYN_RECEIVED || k->crossed & MISLED ||
	       k->ep_flags[from] & TT_EP_SEQ || x->flags & (TT_SYN | TT_RST);
}

static bool may(const struct world *w, enum action a, u32 who)
{
	const struct knowledge *k = known((struct world *)w);

	if (a == PASS)
		return may_pass(w, &w->net[who]);
	if (a == EXPIRE)	/* 2MSL: nothing is left of it */
		return net_idle(w);
	/* nobody owns a request */
	if ((a == CLOSE || a == ABORT) && !is_middle() && who == host && is_request(&w->tcp[who]))
		return false;
	if (a == FORGE && is_middle())
		return k->exists && !(k->flags & (TT_F_PICKUP | TT_F_ONEWAY)) &&
		       (!(k->ep_flags[who] & TT_EP_RCV) ||
			k->ep[who].rcv == w->tcp[who].rcv) &&
		       k->state[who] == w->tcp[who].state;
	return true;
}

/* An end without a connection, and a flow that waits for its burial. */
static u8 normal(u8 state)
{
	return state == TT_LISTEN ? TT_CLOSED : state;
}

static u8 tracked(const struct knowledge *k, u32 end)
{
	return !k->exists || k->flags & TT_F_ENDING ? TT_CLOSED : normal(k->state[end]);
}

/* A segment of @who has come by. */
static void look(struct world *w, u32 who, const struct tt_seg *s)
{
	const struct model *other = &w->tcp[!who];
	u8 says = tracked(known(w), who);

	if (s->flags & TT_FIN && other->flags & M_FIN_SENT && s->ack != other->nxt &&
	    says != TT_LAST_ACK && says != TT_CLOSED)
		known(w)->crossed |= BIT(who);
	if (s->flags & TT_SYN && s->flags & TT_ACK && m_lt(s->ack, other->iss))
		known(w)->crossed |= MISLED;
	/* a RST from before it opened itself */
	if (s->flags & TT_RST && s->flags & TT_ACK && normal(w->tcp[who].state) != TT_CLOSED)
		known(w)->crossed |= MISLED;
	/* of a SYN that was sent twice, the second one passes after all the rest */
	if ((s->flags & (TT_SYN | TT_ACK)) == TT_SYN && s->seq == w->tcp[who].iss &&
	    w->tcp[who].state != TT_SYN_SENT && (says == TT_CLOSED || says == TT_TIME_WAIT))
		known(w)->crossed |= MISLED;
}

/* Linux sends the ACK of a FIN before it leaves FIN_WAIT_1 and FIN_WAIT_2 for it. */
static u8 arrival_state;

static u8 sending_state(u8 state)
{
	if (arrival_state == TT_FIN_WAIT_1 && state == TT_CLOSING)
		return TT_FIN_WAIT_1;
	if (state == TT_TIME_WAIT &&
	    (arrival_state == TT_FIN_WAIT_1 || arrival_state == TT_FIN_WAIT_2))
		return TT_FIN_WAIT_2;
	return state;
}

static void leaves(struct world *w, u32 who, const struct tt_seg *s, enum cause why)
{
	const struct model *m = &w->tcp[who];
	u8 state = m->state;
	struct sock sk;

	if (is_middle() || who != host)
		return;
	if (why == ANSWERS)
		state = sending_state(state);
	recall(known(w));
	uk.sk = NULL;
	if (why == ABORTS)
		uk.sk = sock_of(m, TT_CLOSED, &sk);
	else if (!is_answer(m, s) && state != TT_TIME_WAIT)
		uk.sk = sock_of(m, state, &sk);
	uk_segment(NF_INET_LOCAL_OUT, who, s, uk.sk);
	uk.sk = NULL;
	keep(known(w));
}

static void passes(struct world *w, u32 who, const struct tt_seg *s)
{
	before = *known(w);
	recall(known(w));
	look(w, who, s);
	uk_segment(NF_INET_FORWARD, who, s, NULL);
	keep(known(w));
}

static const char *arrives(struct world *w, u32 who, const struct tt_seg *s)
{
	struct sock sk;

	arrival_state = w->tcp[who].state;
	if (is_middle() || who != host)
		return NULL;
	before = *known(w);
	recall(known(w));
	if (w->tcp[who].state != TT_CLOSED)
		uk.sk = sock_of(&w->tcp[who], w->tcp[who].state, &sk);
	look(w, !who, s);
	uk_segment(NF_INET_LOCAL_IN, !who, s, uk.sk);
	uk.sk = NULL;
	keep(known(w));
	return NULL;
}

/* Of the socket's own end, the variables are the socket's: they are read whenever one looks. */
static bool moved(const struct knowledge *a, const struct knowledge *b)
{
	u32 i;

	if (tracked(a, 0) == TT_CLOSED && tracked(a, 1) == TT_CLOSED)
		return false;
	if (tracked(a, 0) != tracked(b, 0) || tracked(a, 1) != tracked(b, 1))
		return true;
	for (i = 0; i < 2; i++)
		if ((is_middle() || i != host) && (a->ep_flags[i] != b->ep_flags[i] ||
						   memcmp(&a->ep[i], &b->ep[i], sizeof(a->ep[i]))))
			return true;
	return false;
}

static const char *arrived(struct world *w, u32 who, const struct tt_seg *s, u8 was)
{
	/* in the middle, what passed has changed nothing only if it arrives at once */
	bool looked = is_middle() ? net_forging : who == host;

	if (looked && s->flags & TT_RST && w->tcp[who].state == was && moved(&before, known(w)))
		return "a RST that the endpoint ignores has moved what is known";
	return NULL;
}

static void expires(struct world *w, u32 who)
{
	struct tt_flow *flow;

	recall(known(w));
	flow = uk_flow();
	if (flow && is_middle()) {
		tt_flow_lock(&uk.tn, flow);
		tt_flow_end(flow, TT_NORMAL);
	} else if (flow && who == host) {
		tt_flow_lock(&uk.tn, flow);
		tt_track_gone(flow, who);
	}
	keep(known(w));
}

/* What is to be true */

static const char *equal_local(struct world *w)
{
	if (tracked(known(w), host) == normal(w->tcp[host].state))
		return NULL;
	return "the state of the end on this host is not its socket's";
}

static bool is_told(struct world *w, u32 end)
{
	u8 state = normal(w->tcp[end].state), says = tracked(known(w), end);

	if (says == state)
		return true;
	if (known(w)->crossed & BIT(end))
		return false;
	return (state == TT_CLOSING && says == TT_LAST_ACK) ||
	       (state == TT_TIME_WAIT && says == TT_CLOSED);
}

/* Nothing is on its way, and all is acknowledged. */
static const char *equal(struct world *w)
{
	u8 state[2] = { normal(w->tcp[0].state), normal(w->tcp[1].state) };
	u32 end;

	if (!is_middle()) {
		const char *wrong = equal_local(w);

		if (wrong || state[host] == TT_CLOSED || state[!host] == TT_CLOSED)
			return wrong;
		return is_told(w, !host) ? NULL :
			"the state of the peer is not the endpoint's";
	}
	if (state[0] == TT_CLOSED || state[1] == TT_CLOSED || known(w)->crossed & MISLED)
		return NULL;
	for (end = 0; end < 2; end++)
		if (!is_told(w, end))
			return "in the middle, a state is not the endpoint's";
	return NULL;
}

static bool is_over(struct world *w)
{
	u8 a = tracked(known(w), 0), b = tracked(known(w), 1);

	/* nobody is there for a SYN that passed late, or a RST was lost: time will tell */
	if (is_middle() && (!(known(w)->flags & TT_F_PROVEN) || known(w)->crossed & MISLED ||
			    (w->acts[0] | w->acts[1]) & BIT(ABORT)))
		return true;
	return (a == TT_TIME_WAIT || a == TT_CLOSED) && (b == TT_TIME_WAIT || b == TT_CLOSED);
}

static const char *check(struct world *w)
{
	const char *wrong = is_middle() ? NULL : equal_local(w);
	u8 a, b;

	if (wrong || !net_idle(w))
		return wrong;
	wrong = net_close(w, equal);
	if (wrong)
		return wrong;
	a = w->tcp[0].state;
	b = w->tcp[1].state;
	if (a == TT_FIN_WAIT_2 || b == TT_FIN_WAIT_2 || is_over(w))
		return NULL;
	return "both ends have closed, but not the flow";
}

static void print(const struct world *w)
{
	const struct knowledge *k = known((struct world *)w);

	if (!k->exists)
		printf(", no flow");
	else
		printf(", tracked %s %s flags=%#x", state_names[k->state[0]],
		       state_names[k->state[1]], k->flags);
}

static struct watcher watcher = {
	.begin = begins,
	.may = may,
	.leaves = leaves,
	.passes = passes,
	.arrives = arrives,
	.arrived = arrived,
	.expires = expires,
	.check = check,
	.print = print,
};

static const struct setup setups[] = {
	{ "client and server", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 1, 0, false },
	{ "client and server, forged RSTs", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 0, 1, false },
	{ "client and server, aborts", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 3, 1, 0, 0, false },
	{ "simultaneous open", { TT_CLOSED, TT_CLOSED }, { 0 }, 3, 0, 1, 0, 0, false },
	{ "simultaneous open, forged RSTs", { TT_CLOSED, TT_CLOSED }, { 0 }, 3, 0, 0, 0, 1, false },
	{ "an old duplicate SYN", { TT_CLOSED, TT_LISTEN }, { 0 }, 1, 0, 1, 0, 0, true },
	{ "a closed port", { TT_CLOSED, TT_CLOSED }, { 0 }, 1, 0, 2, 1, 0, false },
	{ "Fast Open, text taken", { TT_CLOSED, TT_LISTEN }, { M_TFO_SEND, M_TFO_TAKE }, 1, 0, 1, 0,
	  0, false },
	{ "Fast Open, text refused", { TT_CLOSED, TT_LISTEN }, { M_TFO_SEND, 0 }, 1, 0, 1, 0, 0,
	  false },
};

static const char * const places[] = { "the first end's host", "the second end's host",
				       "the middle" };

int main(int argc, char **argv)
{
	u32 worlds = argc > 1 ? strtoul(argv[1], NULL, 0) : WORLDS;
	u32 i, place, n = 0, failed = 0;

	uk_init();
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(setups) * ARRAY_SIZE(places));
	for (i = 0; i < ARRAY_SIZE(setups); i++)
		for (place = 0; place < ARRAY_SIZE(places); place++) {
			host = place;
			watcher.name = places[place];
			watcher.middle = place == 2;
			uk.host = !watcher.middle;
			failed += !net_explore(&watcher, &setups[i], worlds, ++n);
		}
	return failed ? 1 : 0;
}
