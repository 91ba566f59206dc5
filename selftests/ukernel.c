// SPDX-License-Identifier: GPL-2.0-only
/* What ukernel.h declares, and what of module/ is not compiled with it. */
#include "ukernel_test.h"

#include "device.h"
#include "early.h"
#include "excess.h"
#include "halfopen.h"
#include "hook.h"
#include "listener.h"
#include "notify.h"
#include "recent.h"
#include "source.h"
#include "synack.h"
#include "table.h"

#define CONFLICT	((struct tt_flow *)-ENOMEM)

struct uk uk;
unsigned long jiffies = 100000;
static struct net_generic gen = { .ptr = { &uk.tn } };
struct net init_net = { .gen = &gen };
unsigned int tt_net_id;
struct tt_net *tt_net_first = &uk.tn;

/* Memory */

static void (*construct)(void *object);
static size_t object_size;

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, int flags,
				     void (*ctor)(void *object))
{
	construct = ctor;
	object_size = size;
	return (struct kmem_cache *)&object_size;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
}

void *kmem_cache_alloc(struct kmem_cache *cache, int flags)
{
	void *object = uk.no_memory ? NULL : calloc(1, object_size);

	if (object)
		construct(object);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	free(object);
}

/* The flow table */

u32 tt_flow_hash(const struct tt_net *tn, const struct tt_key *key)
{
	return ntohs(key->port[0] ^ key->port[1]);
}

struct tt_flow *tt_table_find(struct tt_net *tn, const struct tt_key *key, u32 hash)
{
	u32 i;

	for (i = 0; i < UK_FLOWS; i++)
		if (uk.flows[i] && !memcmp(&uk.flows[i]->key, key, sizeof(*key)))
			return uk.flows[i];
	return NULL;
}

struct tt_flow *tt_table_insert(struct tt_net *tn, struct tt_flow *flow)
{
	struct tt_flow *old = tt_table_find(tn, &flow->key, flow->hash);
	u32 i;

	for (i = 0; !old && i < UK_FLOWS; i++) {
		if (uk.flows[i])
			continue;
		uk.flows[i] = flow;
		return NULL;
	}
	return old ? old : CONFLICT;
}

void tt_table_remove(struct tt_net *tn, struct tt_flow *flow)
{
	u32 i;

	for (i = 0; i < UK_FLOWS; i++) {
		if (uk.flows[i] != flow)
			continue;
		uk.flows[i] = NULL;
		return;
	}
	uk_check(false, "a flow is removed that is not in the table");
}

/* (one CPU: what ends a socket has come to it before anything else) */
bool tt_table_had(u32 hash)
{
	return false;
}

int tt_table_init(struct tt_net *tn)
{
	return 0;
}

void tt_table_exit(struct tt_net *tn, void (*free_flow)(void *ptr, void *arg))
{
}

int tt_recent_init(void)
{
	return 0;
}

void tt_recent_exit(void)
{
}

struct tt_flow *tt_recent_seek(struct tt_net *tn, const struct tt_key *key, u32 *hash)
{
	*hash = tt_flow_hash(tn, key);
	return tt_flow_get(tn, key, *hash);
}

struct tt_flow *tt_recent_sock(const struct tt_net *tn, const struct sock *sk, int *end)
{
	return NULL;
}

void tt_recent_add(struct tt_flow *flow)
{
}

void tt_recent_del(struct tt_flow *flow)
{
}

unsigned int tt_net_flows_max(const struct tt_net *tn)
{
	return tn->conf.flows_max;
}

/* The bound, the cookies and the early hook: nothing here is over any limit. */

enum tt_verdict tt_halfopen_syn(struct tt_ctx *ctx, const struct sock *tw)
{
	return TT_PASS;
}

enum tt_verdict tt_halfopen_ack(struct tt_ctx *ctx)
{
	return TT_PASS;
}

void tt_excess_relieve(struct tt_net *tn)
{
}

void tt_halfopen_synack(struct tt_net *tn, const struct sock *req)
{
}

void tt_halfopen_left(struct tt_ctx *ctx)
{
}

void tt_halfopen_answered(void)
{
}

struct tt_queue *tt_halfopen_queue(struct tt_net *tn, struct sock *sk)
{
	return NULL;
}

bool tt_queue_add(struct tt_queue *q, struct tt_flow *flow)
{
	return false;
}

void tt_queue_answer(struct tt_queue *q, struct tt_flow *flow)
{
}

void tt_queue_del(struct tt_queue *q, struct tt_flow *flow)
{
}

struct tt_source *tt_source_get(struct tt_net *tn, const struct tt_key *key, int end)
{
	return NULL;
}

void tt_source_put(struct tt_source *source)
{
}

bool tt_notify_wanted;

bool tt_notify_ask(struct tt_flow *flow)
{
	return false;
}

void tt_tell_state(struct tt_flow *flow, int end, enum tt_state was, enum tt_state next)
{
}

void tt_tell_end(struct tt_flow *flow)
{
}

void tt_trace_halfopen(const struct tt_flow *flow, enum tt_halfopen_event event,
		       enum tt_reason reason)
{
}

enum tt_verdict tt_early(struct tt_net *tn, struct sk_buff *skb, const struct nf_hook_state *at)
{
	return TT_PASS;
}

bool tt_synack_is_own(const struct sk_buff *skb)
{
	return false;
}

void tt_special_switch(struct tt_net *tn, bool on)
{
}

int tt_device_switch(struct tt_net *tn, bool on)
{
	return 0;
}

/* Sockets and addresses */

struct sock *uk_lookup_sock(int family, const void *laddr, u16 lport)
{
	return uk.sk;
}

struct sock *uk_lookup_listener(int family, const void *laddr, u16 lport)
{
	return NULL;
}

unsigned int inet_addr_type_dev_table(struct net *net, const struct net_device *dev, __be32 addr)
{
	return uk.host ? RTN_LOCAL : RTN_UNICAST;
}

bool ipv6_chk_addr(struct net *net, const struct in6_addr *addr, const struct net_device *dev,
		   int strict)
{
	return uk.host;
}

/* As ipv6_find_hdr(): to the last header (-1), that of a later fragment, or the one asked for. */
int ipv6_find_hdr(const struct sk_buff *skb, unsigned int *off, int target,
		  unsigned short *frag, int *flags)
{
	u8 next = ipv6_hdr(skb)->nexthdr, buf[8];
	unsigned int at = sizeof(struct ipv6hdr);
	const u8 *p;

	while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH) {
		p = skb_header_pointer(skb, at, sizeof(buf), buf);
		if (!p)
			return -EBADMSG;
		if (next == target && !(flags && *flags & IP6_FH_F_SKIP_RH && !p[3])) {
			*off = at;
			return next;
		}
		if (next == IPPROTO_AH && flags && *flags & IP6_FH_F_AUTH)
			break;
		if (next == IPPROTO_FRAGMENT) {
			unsigned short behind = (p[2] << 8 | p[3]) & ~7;

			if (flags)
				*flags |= IP6_FH_F_FRAG;
			if (frag)
				*frag = behind;
			if (behind) {
				*off = at;
				return p[0];
			}
			at += 8;
		} else {
			at += next == IPPROTO_AH ? (p[1] + 2) * 4 : (p[1] + 1) * 8;
		}
		next = p[0];
	}
	if (target >= 0)
		return -ENOENT;
	*off = at;
	return next;
}

/* Hooks */

static struct nf_hook_ops hooks[2][NF_INET_LOCAL_OUT + 1];	/* IPv4, IPv6 */

int nf_register_net_hooks(struct net *net, const struct nf_hook_ops *ops, unsigned int n)
{
	while (n--)
		hooks[ops[n].pf == NFPROTO_IPV6][ops[n].hooknum] = ops[n];
	return 0;
}

void nf_unregister_net_hooks(struct net *net, const struct nf_hook_ops *ops, unsigned int n)
{
}

unsigned int uk_hook(u8 hook, u8 pf, struct sk_buff *skb)
{
	struct net_device dev = { .ifindex = 2 };
	struct dst_entry dst = { .rt_type = RTN_UNICAST };
	const struct nf_hook_state state = {
		.hook = hook, .pf = pf, .in = &dev, .out = &dev, .net = &init_net,
	};
	const struct nf_hook_ops *ops = &hooks[pf == NFPROTO_IPV6][hook];
	u32 i;
	unsigned int verdict;

	skb->dst = &dst;
	verdict = ops->hook(ops->priv, skb, &state);
	for (i = 0; i < UK_FLOWS; i++)
		uk_check(!uk.flows[i] || !uk.flows[i]->lock, "a flow is left locked");
	uk_check(!uk.tn.unproven_lock, "unproven_lock is left locked");
	return verdict;
}

void uk_init(void)
{
	uk.tn.net = &init_net;
	uk.tn.stats = &uk.stats;
	uk.tn.conf.forward = 1;
	uk.tn.conf.flows_max = 1000;
	uk.tn.conf_lock.held = 1;	/* nobody else is there */
	uk_check(!tt_flow_init() && !tt_flow_table_init(&uk.tn) && !tt_hook_switch(&uk.tn),
		 "no start");
}

/* Segments */

static void put16(u8 *p, u32 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(u8 *p, u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

unsigned int uk_segment(u8 hook, u32 from, const struct tt_seg *seg, struct sock *sk)
{
	u8 packet[sizeof(struct iphdr) + sizeof(struct tcphdr) + 4 + UK_TEXT] = { 0 };
	u32 options = seg->flags & TT_SYN && seg->wscale != TT_WSCALE_NONE ? 4 : 0;
	struct sk_buff skb = { .data = packet, .sk = sk };
	u8 *th = packet + sizeof(struct iphdr);

	uk_check(seg->len <= UK_TEXT, "too much text");
	skb.len = sizeof(struct iphdr) + sizeof(struct tcphdr) + options + seg->len;
	skb.headlen = skb.len;
	packet[0] = 0x45;
	packet[9] = IPPROTO_TCP;
	put32(packet + 12, 0x0a000001 + from);
	put32(packet + 16, 0x0a000001 + !from);
	put16(th, 1000 + from + uk.ports);
	put16(th + 2, 1000 + !from + uk.ports);
	put32(th + 4, seg->seq);
	put32(th + 8, seg->ack);
	th[12] = (5 + options / 4) << 4;
	th[13] = seg->flags;
	put16(th + 14, seg->wnd);
	if (options)
		put32(th + 20, TCPOPT_NOP << 24 | TCPOPT_WINDOW << 16 | TCPOLEN_WINDOW << 8 |
		      seg->wscale);
	return uk_hook(hook, NFPROTO_IPV4, &skb);
}

void uk_key(struct tt_key *key)
{
	const __be16 port[2] = { htons(1000 + uk.ports), htons(1001 + uk.ports) };
	struct in6_addr addr[2];

	ipv6_addr_set_v4mapped(htonl(0x0a000001), &addr[0]);
	ipv6_addr_set_v4mapped(htonl(0x0a000002), &addr[1]);
	tt_key_ends(key, AF_INET, addr, port, 0);
}

struct tt_flow *uk_flow(void)
{
	struct tt_key key;

	uk_key(&key);
	return tt_table_find(&uk.tn, &key, 0);
}

/* Accounting */

static bool is_counted(const struct tt_flow *flow, u32 end)
{
	return flow->flags & TT_F_FORWARD || !(flow->local & BIT(end)) ||
	       (flow->ep[end].state != TT_LISTEN && flow->ep[end].state != TT_CLOSED);
}

static void check_flow(const struct tt_flow *flow, long gauge[TT_SIDES][TT_STATES])
{
	u32 end;

	for (end = 0; end < 2; end++) {
		const struct tt_endpoint *ep = &flow->ep[end];

		uk_check(ep->state < TT_STATES, "no state at all");
		uk_check(ep->wscale <= 14 || ep->wscale == TT_WSCALE_NONE, "no window scale");
		if (!is_counted(flow, end))
			continue;
		gauge[flow->flags & TT_F_FORWARD ? TT_FORWARD :
		      flow->local & BIT(end) ? TT_LOCAL : TT_REMOTE][ep->state]++;
	}
	uk_check(flow->reason <= TT_NO_REASON, "no reason at all");
}

void uk_account(void)
{
	long gauge[TT_SIDES][TT_STATES] = { 0 }, flows = 0, unproven = 0, requests = 0;
	long forward = 0;
	const unsigned long *stat = uk.stats.stat;
	unsigned long closed = 0;
	u32 i;

	for (i = 0; i < UK_FLOWS; i++) {
		if (!uk.flows[i])
			continue;
		flows++;
		unproven += !(uk.flows[i]->flags & TT_F_PROVEN);
		forward += !!(uk.flows[i]->flags & TT_F_FORWARD);
		requests += !!(uk.flows[i]->flags & TT_F_REQUEST);
		check_flow(uk.flows[i], gauge);
	}
	for (i = 0; i < TT_REASONS; i++)
		closed += stat[TT_STAT_closed_normal + i];
	uk_check(!memcmp(gauge, uk.stats.gauge, sizeof(gauge)), "a gauge is wrong");
	uk_check(uk.stats.halfopen == requests, "halfopen is wrong");
	uk_check(atomic_read(&uk.tn.nflows) == flows, "nflows is wrong");
	uk_check(atomic_read(&uk.tn.nunproven) == unproven, "nunproven is wrong");
	uk_check(atomic_read(&uk.tn.nforward) == forward, "nforward is wrong");
	uk_check(stat[TT_STAT_flows_destroyed] == closed, "not every end has its reason");
	uk_check(stat[TT_STAT_flows_created] + stat[TT_STAT_flows_adopted] +
		 stat[TT_STAT_flows_picked_up] == closed + flows, "flows are lost");
}

void uk_forget(void)
{
	u32 i;

	for (i = 0; i < UK_FLOWS; i++)
		if (uk.flows[i] && tt_flow_lock(&uk.tn, uk.flows[i]))
			tt_flow_end(uk.flows[i], TT_UNCOUNTED);
	memset(&uk.stats, 0, sizeof(uk.stats));
}
