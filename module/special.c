// SPDX-License-Identifier: GPL-2.0-only
/* Which IPv4 addresses may be this host's, or many hosts': what the FIB tells of its entries. */

#include <linux/hash.h>
#include <net/fib_notifier.h>
#include <net/inet_dscp.h>
#include <net/ip_fib.h>

#include "net.h"
#include "pool.h"
#include "special.h"

static unsigned int net_of(u32 addr)
{
	return hash_32(addr >> 8, TT_SPECIAL_BITS);
}

bool tt_special_may_be(const struct tt_special *s, __be32 addr)
{
	u32 a = ntohl(addr);

	/* pairs with tt_special_switch(): who sees it sees the marks */
	return !smp_load_acquire(&s->known) || test_bit(a >> 24, s->octets) ||
	       test_bit(net_of(a), s->nets);
}

static void mark(struct tt_special *s, u32 dst, int len)
{
	unsigned int octet = dst >> 24, n = len < 8 ? BIT(8 - len) : 1;

	if (len >= 24) {
		set_bit(net_of(dst), s->nets);
		return;
	}
	while (n--)
		set_bit(octet++, s->octets);
}

/* An entry for one DSCP may hide another one. */
static bool is_special(const struct fib_entry_notifier_info *fen)
{
	return fen->type != RTN_UNICAST || inet_dscp_to_dsfield(fen->dscp);
}

/* Under the RTNL; or, while it is registered, under RCU: then both may run at once. */
static int event(struct notifier_block *nb, unsigned long what, void *info)
{
	struct tt_special *s = container_of(nb, struct tt_special, notifier);
	const struct fib_notifier_info *fib = info;
	const struct fib_entry_notifier_info *fen;

	if (fib->family != AF_INET ||
	    (what != FIB_EVENT_ENTRY_REPLACE && what != FIB_EVENT_ENTRY_APPEND &&
	     what != FIB_EVENT_ENTRY_ADD))
		return NOTIFY_DONE;
	fen = container_of(fib, struct fib_entry_notifier_info, info);
	if (is_special(fen))
		mark(s, fen->dst, fen->dst_len);
	return NOTIFY_DONE;
}

/* What is special without an entry: 0.0.0.0/8, multicast and what is above it. */
static void mark_all_time(struct tt_special *s)
{
	bitmap_zero(s->octets, 256);
	bitmap_zero(s->nets, TT_SPECIAL_NETS);
	mark(s, 0, 8);
	mark(s, 0xe0000000, 3);
}

void tt_special_switch(struct tt_net *tn, bool on)
{
	struct tt_special *s = &tn->special;

	lockdep_assert_held(&tn->conf_lock);
	/* any user may have thousands of namespaces; at their end each would wait by itself */
	if (tt_pool_is_guest(tn))
		return;
	if (on && !s->listening) {
		mark_all_time(s);
		s->notifier.notifier_call = event;
		if (register_fib_notifier(tn->net, &s->notifier, NULL, NULL))
			return;
		s->listening = true;
	}
	/* pairs with tt_special_may_be() */
	smp_store_release(&s->known, on);
}

void tt_special_exit(struct tt_net *tn)
{
	/* waits for a grace period: not for each who switches it, and not under a lock */
	if (tn->special.listening)
		unregister_fib_notifier(tn->net, &tn->special.notifier);
}
