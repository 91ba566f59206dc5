// SPDX-License-Identifier: GPL-2.0-only
/* What is shown, gathered once for /proc and for netlink. */

#include <linux/rculist.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include <uapi/linux/tcptrack.h>

#include "cookie.h"
#include "flow.h"
#include "listener.h"
#include "net.h"
#include "probe.h"
#include "sock.h"
#include "table.h"
#include "view.h"

const char * const tt_value_names[TT_VALUE_COUNT] = {
#define TT_VALUE(name, meaning) [TT_VALUE_##name] = #name,
	TT_VALUES(TT_VALUE)
#undef TT_VALUE
};

const char * const tt_flow_flag_names[] = {
	"forward", "loopback", "local", "passive", "proven", "adopted", "pickup", "oneway",
	"halfopen", "simopen", "ending", NULL
};

void tt_view_values(const struct tt_net *tn, const struct tt_stats *sum,
		    s64 value[TT_VALUE_COUNT])
{
	const struct inet_timewait_death_row *row = &tn->net->ipv4.tcp_death_row;

	value[TT_VALUE_uptime_ms] = div_u64(ktime_get_ns() - tn->started, NSEC_PER_MSEC);
	value[TT_VALUE_flows] = tt_view_gauge(atomic_read(&tn->nflows));
	value[TT_VALUE_flows_max] = tt_net_flows_max(tn);
	value[TT_VALUE_flows_unproven] = tt_view_gauge(atomic_read(&tn->nunproven));
	value[TT_VALUE_halfopen] = tt_view_gauge(sum->halfopen);
	value[TT_VALUE_halfopen_max] = tt_net_halfopen_max(tn);
	value[TT_VALUE_cookie_mode] = atomic_read(&tn->nfloods);
	value[TT_VALUE_cookie_selftest] = tt_cookie_result;
	value[TT_VALUE_timewait_max] = READ_ONCE(row->sysctl_max_tw_buckets);
	value[TT_VALUE_tracepoint] = tt_probe_active();
}

void tt_view_state(const struct tt_net *tn, const struct tt_stats *sum, enum tt_state state,
		   unsigned long side[TT_SIDES])
{
	int i;

	for (i = 0; i < TT_SIDES; i++)
		side[i] = tt_view_gauge(sum->gauge[i][state]);
	if (state == TT_LISTEN)
		side[TT_LOCAL] = tt_view_gauge(atomic_read(&tn->nlisten));
}

static void copy(struct tt_flow *flow, void *arg)
{
	struct tt_view_flows *flows = arg;

	if (flows->count < TT_VIEW_FLOWS)
		/* its neighbours in table and list, which other locks guard: any will do */
		data_race(memcpy(&flows->flow[flows->count++], flow, sizeof(*flow)));
	tt_flow_put(flow);
}

bool tt_view_flows(struct tt_net *tn, struct tt_view_flows *flows)
{
	bool more;

	/* most steps of a sparse table are empty */
	flows->count = 0;
	do {
		more = tt_table_each(tn, &flows->next, copy, flows);
		cond_resched();
	} while (!flows->count && more);
	return more;
}

int tt_view_first_end(const struct tt_flow *flow)
{
	if (flow->local == BIT(0) || flow->local == BIT(1))
		return flow->local == BIT(1);
	return flow->opener;
}

/* The segments of an ESTABLISHED local flow are not looked at; its socket remembers them. */
unsigned int tt_view_idle_ms(const struct tt_flow *flow)
{
	unsigned int idle = tt_ms_since(flow->touched);
	int end;

	for (end = 0; end < 2; end++) {
		struct sock *sk;

		if (!(flow->local & BIT(end)) || flow->ep[end].state != TT_ESTABLISHED)
			continue;
		sk = tt_sock_find(flow->tn, &flow->key, end, flow->ifindex);
		if (!sk)
			continue;
		if (sk_fullsock(sk))
			idle = min(idle, tt_sock_idle_ms(sk));
		sock_gen_put(sk);
	}
	return idle;
}

u32 tt_view_flags(const struct tt_flow *flow)
{
	static const struct {
		u16 flag;
		u32 shown;
	} flags[] = {
		{ TT_F_PROVEN, TCPTRACK_FLOW_FLAGS_PROVEN },
		{ TT_F_ADOPTED, TCPTRACK_FLOW_FLAGS_ADOPTED },
		{ TT_F_PICKUP, TCPTRACK_FLOW_FLAGS_PICKUP },
		{ TT_F_ONEWAY, TCPTRACK_FLOW_FLAGS_ONEWAY },
		{ TT_F_REQUEST, TCPTRACK_FLOW_FLAGS_HALFOPEN },
		{ TT_F_SIMOPEN, TCPTRACK_FLOW_FLAGS_SIMOPEN },
		{ TT_F_ENDING, TCPTRACK_FLOW_FLAGS_ENDING },
	};
	u32 shown;
	int i;

	if (flow->flags & TT_F_FORWARD)
		shown = TCPTRACK_FLOW_FLAGS_FORWARD;
	else
		shown = flow->local == 3 ? TCPTRACK_FLOW_FLAGS_LOOPBACK :
					   TCPTRACK_FLOW_FLAGS_LOCAL;
	if (flow->local && flow->opener != tt_view_first_end(flow))
		shown |= TCPTRACK_FLOW_FLAGS_PASSIVE;
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (flow->flags & flags[i].flag)
			shown |= flags[i].shown;
	}
	return shown;
}

void tt_view_listener(const struct tt_listener *l, struct tt_view_listener *t)
{
	struct tt_queue *q;

	memset(t, 0, sizeof(*t));
	list_for_each_entry_rcu(q, &l->queues, list) {
		const struct request_sock_queue *icsk = &inet_csk(q->sk)->icsk_accept_queue;

		t->sockets += !READ_ONCE(q->dying);
		t->halfopen += reqsk_queue_len(icsk);
		t->young += reqsk_queue_len_young(icsk);
		t->peak += READ_ONCE(q->peak);
		t->limit += tt_queue_limit(q);
		t->acceptq += READ_ONCE(q->sk->sk_ack_backlog);
		t->acceptq_max += READ_ONCE(q->sk->sk_max_ack_backlog);
	}
}
