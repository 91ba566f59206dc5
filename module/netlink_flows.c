// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink: flows. */

#include <linux/sort.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <uapi/linux/tcptrack.h>

#include "flow.h"
#include "net.h"
#include "netlink.h"
#include "netlink_filter.h"
#include "netlink_gen.h"
#include "table.h"
#include "view.h"

/* Which flows a dump is asked for: either end may be in the state. */
struct filter {
	struct tt_netlink_filter ends;
	u32 state, states;	/* a bit each */
	u32 age_min, age_max;
};

static int get_states(struct filter *filter, struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct nlattr *state = attrs[TCPTRACK_A_FLOW_STATE];
	const struct nlattr *states = attrs[TCPTRACK_A_FLOW_STATES];

	filter->state = state ? BIT(nla_get_u32(state)) : U32_MAX;
	filter->states = states ? nla_get_u32(states) : U32_MAX;
	if (!filter->states)
		return tt_netlink_refuse(states, extack, "no flow is in none of the states",
					 -EINVAL);
	return 0;
}

static int get_ages(struct filter *filter, struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct nlattr *min = attrs[TCPTRACK_A_FLOW_AGE_MIN_MS];
	const struct nlattr *max = attrs[TCPTRACK_A_FLOW_AGE_MAX_MS];

	filter->age_min = min ? nla_get_u32(min) : 0;
	filter->age_max = max ? nla_get_u32(max) : U32_MAX;
	if (filter->age_min > filter->age_max)
		return tt_netlink_refuse(min, extack, "age_min_ms is more than age_max_ms",
					 -EINVAL);
	return 0;
}

static int filter_get(struct filter *filter, struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	const struct nlattr *dev = attrs[TCPTRACK_A_FLOW_DEV];
	const struct tt_netlink_filter_attrs ends = {
		.family = attrs[TCPTRACK_A_FLOW_FAMILY],
		.any = {
			.addr = attrs[TCPTRACK_A_FLOW_ADDR],
			.prefix_len = attrs[TCPTRACK_A_FLOW_PREFIX_LEN],
			.port = attrs[TCPTRACK_A_FLOW_PORT],
		},
		.end = {
			{
				.addr = attrs[TCPTRACK_A_FLOW_ADDR_A],
				.prefix_len = attrs[TCPTRACK_A_FLOW_PREFIX_LEN_A],
				.port = attrs[TCPTRACK_A_FLOW_PORT_A],
			}, {
				.addr = attrs[TCPTRACK_A_FLOW_ADDR_B],
				.prefix_len = attrs[TCPTRACK_A_FLOW_PREFIX_LEN_B],
				.port = attrs[TCPTRACK_A_FLOW_PORT_B],
			},
		},
	};

	if (dev)
		return tt_netlink_refuse(dev, extack, "this is no filter of a dump", -EINVAL);
	return get_states(filter, attrs, extack) ?: get_ages(filter, attrs, extack) ?:
	       tt_netlink_filter_get(&filter->ends, &ends, extack);
}

static bool fits(const struct filter *filter, const struct tt_flow *flow, u32 age)
{
	u32 states = BIT(flow->ep[0].state) | BIT(flow->ep[1].state);

	return age >= filter->age_min && age <= filter->age_max &&
	       states & filter->state && states & filter->states &&
	       tt_netlink_filter_fits(&filter->ends, &flow->key, tt_view_first_end(flow));
}

static bool put_flow(struct sk_buff *skb, const struct tt_flow *flow, u32 age)
{
	const struct tt_key *key = &flow->key;
	int a = tt_view_first_end(flow), b = !a;
	unsigned int idle;

	rcu_read_lock();
	idle = tt_view_idle_ms(flow);
	rcu_read_unlock();
	return !(nla_put_u16(skb, TCPTRACK_A_FLOW_FAMILY, key->family) ||
		 tt_netlink_put_addr(skb, TCPTRACK_A_FLOW_ADDR_A, &key->addr[a], key->family) ||
		 nla_put_be16(skb, TCPTRACK_A_FLOW_PORT_A, key->port[a]) ||
		 tt_netlink_put_addr(skb, TCPTRACK_A_FLOW_ADDR_B, &key->addr[b], key->family) ||
		 nla_put_be16(skb, TCPTRACK_A_FLOW_PORT_B, key->port[b]) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOW_DEV, key->dev) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOW_STATE_A, flow->ep[a].state) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOW_STATE_B, flow->ep[b].state) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOW_AGE_MS, age) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOW_IDLE_MS, idle) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOW_IFINDEX, flow->ifindex) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOW_FLAGS, tt_view_flags(flow)));
}

static int tuple_get(struct tt_key *key, struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	static const u16 filters[] = {
		TCPTRACK_A_FLOW_STATE, TCPTRACK_A_FLOW_PORT, TCPTRACK_A_FLOW_ADDR,
		TCPTRACK_A_FLOW_PREFIX_LEN, TCPTRACK_A_FLOW_AGE_MIN_MS, TCPTRACK_A_FLOW_AGE_MAX_MS,
		TCPTRACK_A_FLOW_PREFIX_LEN_A, TCPTRACK_A_FLOW_PREFIX_LEN_B, TCPTRACK_A_FLOW_STATES,
	};
	const struct nlattr *dev = attrs[TCPTRACK_A_FLOW_DEV];
	struct in6_addr addr[2];
	__be16 port[2];
	u16 family;
	int err, i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		if (attrs[filters[i]])
			return tt_netlink_refuse(attrs[filters[i]], extack, "this is for a dump",
						 -EINVAL);
	}
	for (i = TCPTRACK_A_FLOW_ADDR_A; i <= TCPTRACK_A_FLOW_PORT_B; i++) {
		if (!attrs[i]) {
			NL_SET_ERR_MSG(extack, "a flow has two addresses and two ports");
			return -EINVAL;
		}
	}
	err = tt_netlink_get_family(attrs[TCPTRACK_A_FLOW_FAMILY], &family, extack) ?:
	      tt_netlink_get_addr(attrs[TCPTRACK_A_FLOW_ADDR_A], &addr[0], &family, extack) ?:
	      tt_netlink_get_addr(attrs[TCPTRACK_A_FLOW_ADDR_B], &addr[1], &family, extack);
	if (err)
		return err;
	port[0] = nla_get_be16(attrs[TCPTRACK_A_FLOW_PORT_A]);
	port[1] = nla_get_be16(attrs[TCPTRACK_A_FLOW_PORT_B]);
	tt_key_ends(key, family, addr, port, dev ? nla_get_u32(dev) : 0);
	return 0;
}

/* A copy, as a dump has them. */
static bool find(struct tt_net *tn, const struct tt_key *key, struct tt_flow *copy)
{
	struct tt_flow *flow;

	rcu_read_lock();
	flow = tt_flow_get(tn, key, tt_flow_hash(tn, key));
	if (flow) {
		data_race(memcpy(copy, flow, sizeof(*copy)));	/* see tt_view_flows() */
		tt_flow_put(flow);
	}
	rcu_read_unlock();
	return flow;
}

int tcptrack_nl_flows_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tt_net *tn = tt_net(genl_info_net(info));
	struct tt_flow flow;
	struct sk_buff *skb;
	struct tt_key key;
	void *hdr;
	int err;

	err = tuple_get(&key, info->attrs, info->extack);
	if (err)
		return err;
	if (!find(tn, &key, &flow)) {
		NL_SET_ERR_MSG(info->extack, "no such flow");
		return -ENOENT;
	}
	skb = tt_netlink_reply(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	if (!put_flow(skb, &flow, tt_ms_since(flow.created))) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int by_place(const void *a, const void *b)
{
	u32 pa = tt_table_place(a), pb = tt_table_place(b);

	return pa < pb ? -1 : pa > pb;
}

/* Flows that came and went: a dump in which they did says so. */
static u32 comings_and_goings(const struct tt_net *tn)
{
	u32 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const unsigned long *stat = per_cpu_ptr(tn->stats, cpu)->stat;

		sum += READ_ONCE(stat[TT_STAT_flows_created]) +
		       READ_ONCE(stat[TT_STAT_flows_adopted]) +
		       READ_ONCE(stat[TT_STAT_flows_picked_up]) +
		       READ_ONCE(stat[TT_STAT_flows_destroyed]);
	}
	return sum;
}

/*
 * Those of one step, in the order of their places. If the message is full, the place of
 * the first that is not in it is where the next one begins, so that all flows of a place
 * have to be in the same.
 */
static bool put_step(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct filter *filter, struct tt_view_flows *flows)
{
	unsigned char *mark = skb_tail_pointer(skb);
	unsigned int i;

	sort(flows->flow, flows->count, sizeof(flows->flow[0]), by_place, NULL);
	for (i = 0; i < flows->count; i++) {
		const struct tt_flow *flow = &flows->flow[i];
		/* once: what is shown is what was asked for */
		u32 age = tt_ms_since(flow->created);
		void *hdr;

		if (!i || by_place(flow - 1, flow))
			mark = skb_tail_pointer(skb);
		if (!fits(filter, flow, age))
			continue;
		hdr = tt_netlink_dump(skb, cb, TCPTRACK_CMD_FLOWS_GET);
		if (!hdr || !put_flow(skb, flow, age)) {
			nlmsg_trim(skb, mark);
			flows->next = tt_table_place(flow);
			return false;
		}
		genlmsg_end(skb, hdr);
	}
	return true;
}

int tcptrack_nl_flows_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tt_net *tn = tt_net(sock_net(skb->sk));
	u64 *cursor = (u64 *)cb->ctx;
	struct tt_view_flows *flows;
	struct filter filter;
	int err;

	err = filter_get(&filter, tt_genl_dump_attrs(cb), cb->extack);
	if (err)
		return err;
	flows = kvmalloc(sizeof(*flows), GFP_KERNEL);
	if (!flows)
		return -ENOMEM;
	cb->seq = comings_and_goings(tn) + 1;
	flows->next = *cursor;
	while (flows->next <= U32_MAX) {
		tt_view_flows(tn, flows);
		if (put_step(skb, cb, &filter, flows))
			continue;
		/* not one fits */
		if (!skb->len)
			err = -EMSGSIZE;
		break;
	}
	*cursor = flows->next;
	kvfree(flows);
	return err ?: skb->len;
}
