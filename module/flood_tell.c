// SPDX-License-Identifier: GPL-2.0-only
/* What is told of floods: events of the group "flood", and lines of the log. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <uapi/linux/tcptrack.h>

#include "flood.h"
#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "notify.h"

/* Of init_net, and of another namespace: so much is told in one run of the collector. */
#define NOTICES		8192
#define NOTICES_OTHER	32

static const char *name(char *buf, size_t size, const struct tt_flood_report *r)
{
	if (!r->family)
		return "*";
	if (r->family == AF_INET)
		scnprintf(buf, size, "%pI4:%u", &r->addr.s6_addr32[3], ntohs(r->port));
	else
		scnprintf(buf, size, "[%pI6c]:%u", &r->addr, ntohs(r->port));
	return buf;
}

static void top_prefixes(char *buf, size_t size, const struct tt_flood_report *r)
{
	size_t len = 0;
	int i;

	buf[0] = '\0';
	for (i = 0; i < TT_FLOOD_TOP && r->top[i].family; i++) {
		len += scnprintf(buf + len, size - len, "%s", len ? "," : " top=");
		if (r->top[i].family == AF_INET)
			len += scnprintf(buf + len, size - len, "%pI4",
					 &r->top[i].addr.s6_addr32[3]);
		else
			len += scnprintf(buf + len, size - len, "%pI6c", &r->top[i].addr);
		len += scnprintf(buf + len, size - len, "/%u:%u%%", r->top[i].len,
				 r->top[i].percent);
	}
}

/* So many lines of a namespace, and of all but init_net together. */
static bool may_log(struct tt_net *tn)
{
	static DEFINE_RATELIMIT_STATE(others, 60 * HZ, 100);

	return __ratelimit(&tn->ratelimit) &&
	       (net_eq(tn->net, &init_net) || __ratelimit(&others));
}

static void log_begin(const struct tt_net *tn, const struct tt_flood_report *r)
{
	char buf[64];

	pr_info("event=flood_start netns=%u listener=%s reason=%s halfopen=%d limit=%d\n",
		tn->net->ns.inum, name(buf, sizeof(buf), r), r->family ? "listener" : "namespace",
		r->level, r->limit);
}

static void log_end(const struct tt_net *tn, const struct tt_flood_report *r)
{
	static const char * const classes[TT_FLOOD_CLASSES] = {
		[TT_SLOW_ACCEPT] = "slow_accept",
		[TT_CROWD]	 = "crowd",
		[TT_FEW_SOURCES] = "few_sources",
		[TT_SPOOFED]	 = "spoofed",
	};
	char buf[64], top[192];

	top_prefixes(top, sizeof(top), r);
	pr_info("event=flood_end netns=%u listener=%s duration_ms=%u class=%s syns=%lu cookies_sent=%lu cookies_valid=%lu accept_full=%lu sources=%llu%s\n",
		tn->net->ns.inum, name(buf, sizeof(buf), r), r->duration_ms, classes[r->class],
		r->n[0], r->n[1], r->n[2], r->n[3], r->sources, top);
}

struct notice {
	struct list_head list;
	u8 cmd;
	struct tt_flood_report report;
};

void tt_flood_note(struct tt_net *tn, u8 cmd, const struct tt_flood_report *r)
{
	unsigned int max = net_eq(tn->net, &init_net) ? NOTICES : NOTICES_OTHER;
	struct notice *n = NULL;

	lockdep_assert_held(&tn->flood_lock);
	if (tn->nnotices < max)
		n = kmalloc(sizeof(*n), GFP_ATOMIC | __GFP_NOWARN);
	if (!n) {
		tn->notices_lost++;
		return;
	}
	n->cmd = cmd;
	n->report = *r;
	list_add_tail(&n->list, &tn->notices);
	tn->nnotices++;
}

static void tell(struct tt_net *tn, const struct notice *n)
{
	tt_netlink_flood(tn, n->cmd, &n->report);
	if (!may_log(tn))
		return;
	if (n->cmd == TCPTRACK_CMD_FLOOD_BEGIN)
		log_begin(tn, &n->report);
	else
		log_end(tn, &n->report);
}

void tt_flood_tell(struct tt_net *tn)
{
	struct notice *n, *next;
	LIST_HEAD(notices);
	unsigned int lost;

	spin_lock_bh(&tn->flood_lock);
	list_splice_init(&tn->notices, &notices);
	lost = tn->notices_lost;
	tn->notices_lost = 0;
	tn->nnotices = 0;
	spin_unlock_bh(&tn->flood_lock);
	list_for_each_entry_safe(n, next, &notices, list) {
		tell(tn, n);
		kfree(n);
	}
	if (lost)
		tt_notify_lost(tn, TCPTRACK_NLGRP_FLOOD, lost);
}
