// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink: floods, when they begin, when they end, and the last one. */

#include <linux/ktime.h>
#include <linux/math64.h>
#include <net/genetlink.h>
#include <uapi/linux/tcptrack.h>

#include "flood.h"
#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "notify.h"

#define ADDR_SIZE	nla_total_size(sizeof(struct in6_addr))
#define U32_SIZE	nla_total_size(sizeof(u32))
#define UINT_SIZE	nla_total_size(sizeof(u64))
#define TOP_SIZE	(nla_total_size(0) + ADDR_SIZE + 2 * U32_SIZE)
/* family and port fill what a u32 fills */
#define FLOOD_SIZE	(ADDR_SIZE + 8 * U32_SIZE + (TT_FLOOD_COUNTERS + 2) * UINT_SIZE + \
			 TT_FLOOD_TOP * TOP_SIZE)

static bool put_begin(struct sk_buff *skb, const struct tt_flood_report *r)
{
	u32 reason = r->family ? TCPTRACK_FLOOD_REASON_LISTENER : TCPTRACK_FLOOD_REASON_NAMESPACE;

	if (r->family && (nla_put_u16(skb, TCPTRACK_A_FLOOD_FAMILY, r->family) ||
			  tt_netlink_put_addr(skb, TCPTRACK_A_FLOOD_ADDR, &r->addr, r->family) ||
			  nla_put_be16(skb, TCPTRACK_A_FLOOD_PORT, r->port) ||
			  nla_put_u32(skb, TCPTRACK_A_FLOOD_DEV, r->dev)))
		return false;
	return !(nla_put_u32(skb, TCPTRACK_A_FLOOD_REASON, reason) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOOD_HALFOPEN, r->level) ||
		 nla_put_u32(skb, TCPTRACK_A_FLOOD_LIMIT, r->limit));
}

static bool put_top(struct sk_buff *skb, const struct tt_flood_report *r)
{
	int i;

	for (i = 0; i < TT_FLOOD_TOP && r->top[i].family; i++) {
		struct nlattr *nest = nla_nest_start(skb, TCPTRACK_A_FLOOD_TOP);

		if (!nest ||
		    tt_netlink_put_addr(skb, TCPTRACK_A_FLOOD_PREFIX_ADDR, &r->top[i].addr,
					r->top[i].family) ||
		    nla_put_u8(skb, TCPTRACK_A_FLOOD_PREFIX_PREFIX_LEN, r->top[i].len) ||
		    nla_put_u32(skb, TCPTRACK_A_FLOOD_PREFIX_PERCENT, r->top[i].percent))
			return false;
		nla_nest_end(skb, nest);
	}
	return true;
}

static bool put_end(struct sk_buff *skb, const struct tt_flood_report *r)
{
	static const u16 counters[TT_FLOOD_COUNTERS] = {
		TCPTRACK_A_FLOOD_SYNS, TCPTRACK_A_FLOOD_COOKIES_SENT,
		TCPTRACK_A_FLOOD_COOKIES_VALID, TCPTRACK_A_FLOOD_ACCEPT_FULL,
	};
	int i;

	if (nla_put_u32(skb, TCPTRACK_A_FLOOD_DURATION_MS, r->duration_ms) ||
	    nla_put_u32(skb, TCPTRACK_A_FLOOD_CLASS, r->class) ||
	    nla_put_uint(skb, TCPTRACK_A_FLOOD_SOURCES, r->sources))
		return false;
	for (i = 0; i < TT_FLOOD_COUNTERS; i++) {
		if (nla_put_uint(skb, counters[i], r->n[i]))
			return false;
	}
	return put_top(skb, r);
}

void tt_netlink_flood(struct tt_net *tn, u8 cmd, const struct tt_flood_report *report)
{
	struct sk_buff *skb;
	void *hdr;

	if (!tt_notify_heard(tn, TCPTRACK_NLGRP_FLOOD))
		return;
	skb = genlmsg_new(FLOOD_SIZE, GFP_ATOMIC | __GFP_NOWARN);
	hdr = skb ? genlmsg_put(skb, 0, 0, &tt_netlink_family, 0, cmd) : NULL;
	if (!hdr || !put_begin(skb, report) ||
	    (cmd == TCPTRACK_CMD_FLOOD_END && !put_end(skb, report))) {
		nlmsg_free(skb);
		tt_notify_lost(tn, TCPTRACK_NLGRP_FLOOD, 1);
		return;
	}
	genlmsg_end(skb, hdr);
	tt_notify_send(tn, TCPTRACK_NLGRP_FLOOD, skb, 1);
}

int tcptrack_nl_flood_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tt_net *tn = tt_net(genl_info_net(info));
	struct tt_flood_report last;
	struct sk_buff *skb;
	void *hdr;

	skb = tt_netlink_reply(info, FLOOD_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	tt_flood_last(tn, &last);
	if (last.ended && (!put_begin(skb, &last) || !put_end(skb, &last) ||
			   nla_put_uint(skb, TCPTRACK_A_FLOOD_ENDED_MS,
					div_u64(ktime_get_ns() - last.ended, NSEC_PER_MSEC)))) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* The enums of the module are those of its users. */
static_assert(TCPTRACK_FLOOD_CLASS_SPOOFED + 1 == (int)TT_FLOOD_CLASSES);
