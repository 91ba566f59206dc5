// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink: listeners. */

#include <linux/netdevice.h>
#include <linux/rculist.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <uapi/linux/tcptrack.h>

#include "conf.h"
#include "listener.h"
#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_names.h"
#include "override.h"
#include "view.h"

/* Which listeners are asked for: what has no attribute may be anything. */
struct which {
	u16 family;
	struct in6_addr addr;
	const struct nlattr *has_addr, *has_port, *has_dev;
};

static int which_get(struct which *which, struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	int err;

	err = tt_netlink_get_family(attrs[TCPTRACK_A_LISTENER_FAMILY], &which->family, extack);
	if (err)
		return err;
	which->has_addr = attrs[TCPTRACK_A_LISTENER_ADDR];
	which->has_port = attrs[TCPTRACK_A_LISTENER_PORT];
	which->has_dev = attrs[TCPTRACK_A_LISTENER_DEV];
	if (!which->has_addr)
		return 0;
	return tt_netlink_get_addr(which->has_addr, &which->addr, &which->family, extack);
}

/* The one that is asked for by its address and port. */
static int which_one(struct which *which, struct genl_info *info)
{
	int err = which_get(which, info->attrs, info->extack);

	if (err)
		return err;
	if (which->has_addr && which->has_port)
		return 0;
	NL_SET_ERR_MSG(info->extack, "a listener has an address and a port");
	return -EINVAL;
}

static bool is_it(const struct which *which, const struct tt_listener_key *key)
{
	return (!which->family || which->family == key->family) &&
	       (!which->has_addr || ipv6_addr_equal(&which->addr, &key->addr)) &&
	       (!which->has_port || nla_get_be16(which->has_port) == key->port) &&
	       (!which->has_dev || nla_get_u32(which->has_dev) == key->dev);
}

static bool put_stats(struct sk_buff *skb, const struct tt_listener *l)
{
	static const u16 attrs[TT_LISTENER_STAT_COUNT] = {
#define A(name, NAME) [TT_LISTENER_##name] = TCPTRACK_A_LISTENER_##NAME,
		TT_LISTENER_ATTRS(A)
#undef A
	};
	struct tt_listener_stats sum;
	int i;

	tt_listener_sum(l, &sum);
	for (i = 0; i < TT_LISTENER_STAT_COUNT; i++) {
		if (nla_put_uint(skb, attrs[i], sum.stat[i]))
			return false;
	}
	return true;
}

static bool put_override(struct sk_buff *skb, const struct tt_override *o)
{
	u32 limit = READ_ONCE(o->limit);

	return (limit == TT_LIMIT_INHERIT ||
		!nla_put_u32(skb, TCPTRACK_A_LISTENER_LIMIT_SET, limit)) &&
	       !nla_put_u32(skb, TCPTRACK_A_LISTENER_OVERFLOW, READ_ONCE(o->overflow)) &&
	       !nla_put_u32(skb, TCPTRACK_A_LISTENER_COOKIE_MODE, READ_ONCE(o->cookies));
}

static bool put_listener(struct sk_buff *skb, const struct tt_listener *l)
{
	u32 mode = tt_flood_is_on(l) ? TCPTRACK_LISTENER_MODE_COOKIE :
				       TCPTRACK_LISTENER_MODE_NORMAL;
	const struct tt_listener_key *key = &l->key;
	struct tt_view_listener t;

	tt_view_listener(l, &t);
	return !(nla_put_u16(skb, TCPTRACK_A_LISTENER_FAMILY, key->family) ||
		 tt_netlink_put_addr(skb, TCPTRACK_A_LISTENER_ADDR, &key->addr, key->family) ||
		 nla_put_be16(skb, TCPTRACK_A_LISTENER_PORT, key->port) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_DEV, key->dev) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_SOCKETS, t.sockets) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_HALFOPEN, t.halfopen) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_YOUNG, t.young) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_PEAK, t.peak) ||
		 nla_put_uint(skb, TCPTRACK_A_LISTENER_LIMIT, t.limit) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_ACCEPTQ, t.acceptq) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_ACCEPTQ_MAX, t.acceptq_max) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_MODE, mode) ||
		 nla_put_u32(skb, TCPTRACK_A_LISTENER_AGE_MS, tt_listener_age_ms(l))) &&
	       put_stats(skb, l) && put_override(skb, &l->override);
}

static const struct tt_listener *find(const struct tt_net *tn, const struct which *which)
{
	const struct tt_listener *l;

	list_for_each_entry_rcu(l, &tn->listeners, list) {
		if (is_it(which, &l->key))
			return l;
	}
	return NULL;
}

int tcptrack_nl_listeners_get_doit(struct sk_buff *request, struct genl_info *info)
{
	const struct tt_net *tn = tt_net(genl_info_net(info));
	const struct tt_listener *l;
	struct which which;
	struct sk_buff *skb;
	int err;
	void *hdr;

	err = which_one(&which, info);
	if (err)
		return err;
	skb = tt_netlink_reply(info, NLMSG_GOODSIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	rcu_read_lock();
	l = find(tn, &which);
	err = !l ? -ENOENT : !put_listener(skb, l) ? -EMSGSIZE : 0;
	rcu_read_unlock();
	if (err) {
		if (err == -ENOENT)
			NL_SET_ERR_MSG(info->extack, "no such listener");
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* From where the message before has ended: cb->args[0], an id. */
int tcptrack_nl_listeners_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct tt_net *tn = tt_net(sock_net(skb->sk));
	const struct tt_listener *l;
	struct which which;
	int err;

	err = which_get(&which, tt_genl_dump_attrs(cb), cb->extack);
	if (err)
		return err;
	cb->seq = READ_ONCE(tn->listeners_seq) + 1;
	rcu_read_lock();
	list_for_each_entry_rcu(l, &tn->listeners, list) {
		void *hdr;

		if (l->id <= (u32)cb->args[0] || !is_it(&which, &l->key))
			continue;
		hdr = tt_netlink_dump(skb, cb, TCPTRACK_CMD_LISTENERS_GET);
		if (!hdr || !put_listener(skb, l)) {
			if (hdr)
				genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		cb->args[0] = l->id;
	}
	rcu_read_unlock();
	return skb->len;
}

static bool has_device(struct net *net, u32 ifindex)
{
	bool has;

	rcu_read_lock();
	has = ifindex <= INT_MAX && dev_get_by_index_rcu(net, ifindex);
	rcu_read_unlock();
	return has;
}

static int get_key(struct tt_listener_key *key, struct genl_info *info)
{
	struct which which = { };
	int err = which_one(&which, info);

	if (err)
		return err;
	memset(key, 0, sizeof(*key));
	key->tn = tt_net(genl_info_net(info));
	key->addr = which.addr;
	key->family = which.family;
	key->port = nla_get_be16(which.has_port);
	if (!key->port)
		return tt_netlink_refuse(which.has_port, info->extack, "nothing listens on port 0",
					 -EINVAL);
	if (which.has_dev)
		key->dev = nla_get_u32(which.has_dev);
	return 0;
}

int tcptrack_nl_listener_set_doit(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *limit = info->attrs[TCPTRACK_A_LISTENER_LIMIT_SET];
	const struct nlattr *overflow = info->attrs[TCPTRACK_A_LISTENER_OVERFLOW];
	const struct nlattr *cookies = info->attrs[TCPTRACK_A_LISTENER_COOKIE_MODE];
	struct tt_override_change change = {
		.limit = limit,
		.overflow = overflow,
		.cookies = cookies,
		.to = {
			.limit = limit ? nla_get_u32(limit) : 0,
			.overflow = overflow ? nla_get_u32(overflow) : 0,
			.cookies = cookies ? nla_get_u32(cookies) : 0,
		},
	};
	struct tt_listener_key key;
	int err = get_key(&key, info);

	if (err)
		return err;
	if (key.dev && !has_device(genl_info_net(info), key.dev))
		return tt_netlink_refuse(info->attrs[TCPTRACK_A_LISTENER_DEV], info->extack,
					 "there is no such device", -ENODEV);
	if (!limit && !overflow && !cookies) {
		NL_SET_ERR_MSG(info->extack,
			       "nothing to set: limit_set, overflow or cookie_mode is needed");
		return -EINVAL;
	}
	if (limit && !tt_conf_in_range(TT_CONF_halfopen_listener_max, change.to.limit))
		return tt_netlink_refuse(limit, info->extack,
					 "the limit is a number from 0 to 2147483647", -ERANGE);
	err = tt_override_set(&key, &change);
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "too many listeners have settings: delete some");
	return err;
}

int tcptrack_nl_listener_delete_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tt_listener_key key;
	int err = get_key(&key, info) ?: tt_override_delete(&key);

	if (err == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "nothing is set for this listener");
	return err;
}

/* The enums of the module are those of its users. */
static_assert(TCPTRACK_LISTENER_OVERFLOW_DROP == (int)TT_OVERFLOW_DROP);
static_assert(TCPTRACK_LISTENER_OVERFLOW_INHERIT == (int)TT_OVERFLOW_INHERIT);
static_assert(TCPTRACK_COOKIE_MODE_NEVER == (int)TT_COOKIES_NEVER);
