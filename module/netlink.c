// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink (Documentation/netlink/specs/tcptrack.yaml): counters, states. */

#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <uapi/linux/tcptrack.h>

#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_names.h"
#include "notify.h"
#include "subscription.h"
#include "view.h"

#define REGISTER_TRIES	20

/* Who sees transitions sees flows, so it takes what flows-get takes. */
static const struct genl_multicast_group groups[] = {
	[TCPTRACK_NLGRP_FLOOD] = { .name = TCPTRACK_MCGRP_FLOOD },
	[TCPTRACK_NLGRP_STATE] = {
		.name = TCPTRACK_MCGRP_STATE,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

/*
 * A socket is about to be in a group; it is nearly always one of the namespace that we are in, and
 * else whoever asks may have no right to this one's events.
 */
static int __maybe_unused join(int group)
{
	struct net *net = current->nsproxy->net_ns;

	if (group != TCPTRACK_NLGRP_STATE)
		return 0;
	if (ns_capable_noaudit(net->user_ns, CAP_NET_ADMIN))
		tt_notify_join(tt_net(net));
	else
		tt_notify_want();
	return 0;
}

/* In parallel: whoever dumps a million flows keeps nobody's requests waiting. */
struct genl_family tt_netlink_family __ro_after_init = {
	.name = TCPTRACK_FAMILY_NAME,
	.version = TCPTRACK_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = tcptrack_nl_ops,
	.n_ops = ARRAY_SIZE(tcptrack_nl_ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	TT_GENL_BIND(join)
};

struct sk_buff *tt_netlink_reply(struct genl_info *info, size_t size, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put_reply(skb, info, &tt_netlink_family, 0, info->genlhdr->cmd);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

void *tt_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				&tt_netlink_family, NLM_F_MULTI, cmd);

	if (hdr)
		genl_dump_check_consistent(cb, hdr);
	return hdr;
}

int tt_netlink_refuse(const struct nlattr *attr, struct netlink_ext_ack *extack, const char *why,
		      int err)
{
	NL_SET_BAD_ATTR(extack, attr);
	extack->_msg = why;
	return err;
}

int tt_netlink_get_family(const struct nlattr *attr, u16 *family, struct netlink_ext_ack *extack)
{
	*family = attr ? nla_get_u16(attr) : 0;
	if (!attr || *family == AF_INET || *family == AF_INET6)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "the family is neither AF_INET nor AF_INET6");
	return -EAFNOSUPPORT;
}

int tt_netlink_get_addr(const struct nlattr *attr, struct in6_addr *addr, u16 *family,
			struct netlink_ext_ack *extack)
{
	u16 is = AF_INET6;

	if (nla_len(attr) == sizeof(__be32)) {
		is = AF_INET;
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), addr);
	} else if (nla_len(attr) == sizeof(*addr)) {
		*addr = nla_get_in6_addr(attr);
	} else {
		NL_SET_ERR_MSG_ATTR(extack, attr, "an address has 4 or 16 bytes");
		return -EINVAL;
	}
	if (*family && *family != is) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "the address is of another family");
		return -EINVAL;
	}
	*family = is;
	return 0;
}

int tt_netlink_put_addr(struct sk_buff *skb, int type, const struct in6_addr *addr, u16 family)
{
	if (family == AF_INET)
		return nla_put_in_addr(skb, type, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, type, addr);
}

int tt_netlink_end(struct sk_buff *skb, void *hdr, struct genl_info *info, bool failed)
{
	if (WARN_ON_ONCE(failed)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static bool put_bucket(struct sk_buff *skb, int type, int attempt, unsigned int edge, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || (attempt && nla_put_u32(skb, TCPTRACK_A_BUCKET_ATTEMPT, attempt)) ||
	    nla_put_u32(skb, TCPTRACK_A_BUCKET_GE_MS, edge) ||
	    nla_put_uint(skb, TCPTRACK_A_BUCKET_COUNT, count))
		return false;
	nla_nest_end(skb, nest);
	return true;
}

static bool put_gaps(struct sk_buff *skb, int type, const struct tt_stats *sum, enum tt_gap what)
{
	int attempt, i;

	for (attempt = 0; attempt < TT_GAP_ATTEMPTS; attempt++) {
		for (i = 0; i < TT_GAP_BUCKETS; i++) {
			if (!put_bucket(skb, type, attempt + 1, tt_view_gap_edge(i),
					sum->gap[what][attempt][i]))
				return false;
		}
	}
	return true;
}

static bool put_lives(struct sk_buff *skb, const struct tt_stats *sum)
{
	int i;

	for (i = 0; i < TT_LIFE_BUCKETS; i++) {
		if (!put_bucket(skb, TCPTRACK_A_COUNTERS_HALFOPEN_LIFE, 0, tt_view_life_edge(i),
				sum->life[i]))
			return false;
	}
	return true;
}

static bool put_counters(struct sk_buff *skb, const struct tt_net *tn, const struct tt_stats *sum)
{
	static const u16 value_attrs[TT_VALUE_COUNT] = {
#define A(name, NAME) [TT_VALUE_##name] = TCPTRACK_A_COUNTERS_##NAME,
		TT_VALUE_ATTRS(A)
#undef A
	};
	static const u16 stat_attrs[TT_STAT_COUNT] = {
#define A(name, NAME) [TT_STAT_##name] = TCPTRACK_A_COUNTERS_##NAME,
		TT_STAT_ATTRS(A)
#undef A
	};
	s64 value[TT_VALUE_COUNT];
	int i;

	tt_view_values(tn, sum, value);
	if (nla_put_string(skb, TCPTRACK_A_COUNTERS_VERSION, THIS_MODULE->version) ||
	    nla_put_u32(skb, TCPTRACK_A_COUNTERS_MODE, READ_ONCE(tn->conf.mode)))
		return false;
	for (i = 0; i < TT_VALUE_COUNT; i++) {
		if (i == TT_VALUE_cookie_selftest ? nla_put_s32(skb, value_attrs[i], value[i]) :
						    nla_put_uint(skb, value_attrs[i], value[i]))
			return false;
	}
	for (i = 0; i < TT_STAT_COUNT; i++) {
		if (nla_put_uint(skb, stat_attrs[i], sum->stat[i]))
			return false;
	}
	return true;
}

#define UINT_SIZE	nla_total_size(sizeof(u64))
#define U32_SIZE	nla_total_size(sizeof(u32))
#define BUCKETS		(TT_GAPS * TT_GAP_ATTEMPTS * TT_GAP_BUCKETS + TT_LIFE_BUCKETS)

int tcptrack_nl_counters_get_doit(struct sk_buff *request, struct genl_info *info)
{
	const struct tt_net *tn = tt_net(genl_info_net(info));
	struct tt_stats *sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	struct sk_buff *skb;
	bool done;
	void *hdr;

	if (!sum)
		return -ENOMEM;
	skb = tt_netlink_reply(info, nla_total_size(strlen(THIS_MODULE->version) + 1) + U32_SIZE +
			       (TT_VALUE_COUNT + TT_STAT_COUNT) * UINT_SIZE +
			       BUCKETS * (nla_total_size(0) + 2 * U32_SIZE + UINT_SIZE), &hdr);
	if (!skb) {
		kfree(sum);
		return -ENOMEM;
	}
	tt_stats_sum(tn, sum);
	done = put_counters(skb, tn, sum) &&
	       put_gaps(skb, TCPTRACK_A_COUNTERS_SYN_GAP, sum, TT_GAP_SYN) &&
	       put_gaps(skb, TCPTRACK_A_COUNTERS_SYNACK_GAP, sum, TT_GAP_SYNACK) &&
	       put_lives(skb, sum);
	kfree(sum);
	return tt_netlink_end(skb, hdr, info, !done);
}

static bool put_state(struct sk_buff *skb, const struct tt_net *tn, const struct tt_stats *sum,
		      enum tt_state state)
{
	struct nlattr *nest = nla_nest_start(skb, TCPTRACK_A_STATES_STATE);
	unsigned long n[TT_SIDES];

	tt_view_state(tn, sum, state, n);
	if (!nest || nla_put_u32(skb, TCPTRACK_A_STATE_ROW_STATE, state) ||
	    nla_put_uint(skb, TCPTRACK_A_STATE_ROW_LOCAL, n[TT_LOCAL]) ||
	    nla_put_uint(skb, TCPTRACK_A_STATE_ROW_REMOTE, n[TT_REMOTE]) ||
	    nla_put_uint(skb, TCPTRACK_A_STATE_ROW_FORWARD, n[TT_FORWARD]) ||
	    nla_put_uint(skb, TCPTRACK_A_STATE_ROW_ENTERED, sum->entered[state]))
		return false;
	nla_nest_end(skb, nest);
	return true;
}

int tcptrack_nl_states_get_doit(struct sk_buff *request, struct genl_info *info)
{
	const struct tt_net *tn = tt_net(genl_info_net(info));
	struct tt_stats *sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	struct sk_buff *skb;
	bool done = true;
	void *hdr;
	int i;

	if (!sum)
		return -ENOMEM;
	skb = tt_netlink_reply(info, TT_STATES * (nla_total_size(0) + U32_SIZE + 4 * UINT_SIZE),
			       &hdr);
	if (!skb) {
		kfree(sum);
		return -ENOMEM;
	}
	tt_stats_sum(tn, sum);
	for (i = 0; i < TT_STATES && done; i++)
		done = put_state(skb, tn, sum, i);
	kfree(sum);
	return tt_netlink_end(skb, hdr, info, !done);
}

/* The enums of the module are those of its users. */
static_assert(TCPTRACK_STATE_CLOSED + 1 == (int)TT_STATES);
static_assert((int)TT_OFF == TCPTRACK_MODE_OFF);
static_assert((int)TT_OVERFLOW_DROP == TCPTRACK_OVERFLOW_DROP);
static_assert((int)TT_EARLY_INGRESS == TCPTRACK_EARLY_INGRESS);
static_assert((int)TT_REPLY_REFLECT == TCPTRACK_REPLY_REFLECT);

/*
 * A group is guarded when it is joined. Who has joined its number before was asked by nobody: then
 * the family goes again, which takes its groups from who is in them. Somebody who tries all the
 * time may be in again each time, so it is said.
 */
static int __init register_family(void)
{
	int tries, err;

	for (tries = 0; tries < REGISTER_TRIES; tries++) {
		err = genl_register_family(&tt_netlink_family);
		if (err || !genl_has_listeners(&tt_netlink_family, &init_net, TCPTRACK_NLGRP_STATE))
			return err;
		genl_unregister_family(&tt_netlink_family);
	}
	pr_warn("somebody is in the group \"state\" who was not asked for CAP_NET_ADMIN\n");
	return genl_register_family(&tt_netlink_family);
}

int __init tt_netlink_init(void)
{
	int err = tt_subscription_init();

	if (err)
		return err;
	err = register_family();
	if (err)
		tt_subscription_exit();
	else
		tt_notify_open();
	return err;
}

void tt_netlink_exit(void)
{
	tt_notify_close();
	genl_unregister_family(&tt_netlink_family);
	tt_subscription_exit();
}
