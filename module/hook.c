// SPDX-License-Identifier: GPL-2.0-only
/* Where packets come in; the only file that knows NF_ACCEPT and its kind. */

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/tcp.h>
#include <net/dst_metadata.h>
#include <net/l3mdev.h>
#include <net/tcp.h>

#include "device.h"
#include "early.h"
#include "excess.h"
#include "flow.h"
#include "hook.h"
#include "net.h"
#include "segment.h"
#include "sock.h"
#include "synack.h"
#include "track.h"

/*
 * IPVS runs LOCAL_OUT again for the real server. What it took from LOCAL_IN, and what
 * comes here for the first time then, still has the device that it came by.
 */
static bool is_again_by_ipvs(const struct sk_buff *skb)
{
	return tt_segment_is_ipvs(skb) && !skb->dev;
}

/*
 * A VRF runs LOCAL_OUT for its own device and again for the one below it; only
 * then skb->dev is set already, and to the VRF.
 */
static bool is_again_by_vrf(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	return unlikely(skb->dev) && skb->dev != state->out && netif_is_l3_master(skb->dev);
}

static bool is_repeat(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	return state->hook == NF_INET_LOCAL_OUT &&
	       (is_again_by_ipvs(skb) || is_again_by_vrf(skb, state));
}

/* An ICMP error tells why a request may be about to go. */
static noinline void note_icmp(struct tt_net *tn, const struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct tt_flow *flow;
	struct tt_icmp told;
	struct tt_key key;
	int end = tt_key_icmp(&key, skb, state, &told);

	if (end < 0)
		return;
	flow = tt_flow_get(tn, &key, tt_flow_hash(tn, &key));
	if (!flow)
		return;
	/* tcp_v4_err() and tcp_req_err() ask for the same */
	if ((flow->flags & TT_F_REQUEST ? told.fatal : flow->ep[end].state == TT_SYN_SENT) &&
	    flow->ep[end].snd_una == told.seq)
		flow->reason = TT_UNREACHABLE;
	tt_flow_put(flow);
}

/*
 * A SYN together with a FIN opens nothing (RFC 9293, 3.10.7.2, and every stack). With a RST, it
 * is one: that is looked at before (3.10.7.3 and 3.10.7.4, second).
 */
static bool is_nonsense(u8 flags)
{
	return (flags & TT_SFR) == (TT_SYN | TT_FIN);
}

static __always_inline enum tt_verdict track(struct tt_net *tn, struct sk_buff *skb,
					     const struct nf_hook_state *state,
					     const struct tcphdr *th, unsigned int thoff)
{
	const __be16 ports[2] = { th->source, th->dest };
	struct tt_ctx ctx __uninitialized;
	enum tt_stat why;

	tt_ctx_init(&ctx, tn, skb, state, thoff);
	why = tt_segment_parse(&ctx.seg, skb, th, thoff);
	if (why != TT_SEGMENT_OK) {
		this_cpu_inc(tn->stats->stat[why]);
		/* the stack takes a SYN whose options lie: it has to have its place */
		ctx.malformed = why == TT_STAT_invalid_option && state->hook == NF_INET_LOCAL_IN;
		if (!ctx.malformed)
			return TT_PASS;
	}
	/* what passes by pays for it only where it may move more than a window */
	if ((state->hook == NF_INET_LOCAL_IN || ctx.seg.flags & TT_SFR) &&
	    state->hook != NF_INET_LOCAL_OUT && !tt_segment_checksum_ok(skb, thoff, state)) {
		/* a segment is refused for one reason */
		if (!ctx.malformed)
			tt_stat_inc(tn, invalid_checksum);
		return TT_PASS;
	}
	if (is_nonsense(ctx.seg.flags)) {
		tt_track_stray(&ctx);
		return TT_PASS;
	}
	ctx.from = tt_key_packet(&ctx.key, skb, ports, state);
	switch (state->hook) {
	case NF_INET_LOCAL_IN:
		return tt_track_in(&ctx);
	case NF_INET_LOCAL_OUT:
		tt_track_out(&ctx);
		return TT_PASS;
	default:
		tt_track_forward(&ctx);
		return TT_PASS;
	}
}

static unsigned int nf_verdict(enum tt_verdict verdict)
{
	switch (verdict) {
	case TT_DROP:
		return NF_DROP;
	case TT_STOLEN:
		return NF_STOLEN;
	default:
		return NF_ACCEPT;
	}
}

/* ipvlan's L3S mode shows this namespace what is for a socket of another one. */
static bool is_foreign(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	return state->hook == NF_INET_LOCAL_IN && skb_valid_dst(skb) &&
	       !net_eq(dev_net(skb_dst(skb)->dev), state->net);
}

/* The steps of every packet that is not ordinary. */
static unsigned int hook_slow(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct tt_net *tn = tt_net_rcu(state->net);
	struct tcphdr buf __uninitialized, *th;
	enum tt_stat why;
	unsigned int thoff;
	int proto;

	if (is_foreign(skb, state))
		return NF_ACCEPT;
	/* a cookie belongs to no flow yet */
	if (state->hook == NF_INET_LOCAL_OUT && tt_synack_is_own(skb)) {
		tt_stat_inc(tn, segments_seen);
		if (is_repeat(skb, state))
			tt_stat_inc(tn, segments_repeat);
		return NF_ACCEPT;
	}
	proto = tt_segment_find(skb, state->pf, &thoff, &why);
	if (proto != IPPROTO_TCP) {
		if (why != TT_SEGMENT_OK) {
			tt_stat_inc(tn, segments_seen);
			this_cpu_inc(tn->stats->stat[why]);
		}
		if ((proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) &&
		    state->hook == NF_INET_LOCAL_IN)
			note_icmp(tn, skb, state);
		return NF_ACCEPT;
	}
	tt_stat_inc(tn, segments_seen);
	if (why != TT_SEGMENT_OK) {
		this_cpu_inc(tn->stats->stat[why]);
		if (state->hook == NF_INET_LOCAL_IN)
			tt_excess_relieve(tn);
		return NF_ACCEPT;
	}
	th = skb_header_pointer(skb, thoff, sizeof(buf), &buf);
	if (!th) {
		tt_stat_inc(tn, invalid_length);
		return NF_ACCEPT;
	}
	if (is_repeat(skb, state)) {
		tt_stat_inc(tn, segments_repeat);
		return NF_ACCEPT;
	}
	if (!(tcp_flag_byte(th) & TT_SFR) && tt_sock_is_established(skb->sk, state->net)) {
		this_cpu_dec(tn->stats->stat[TT_STAT_segments_seen]);	/* but as this: */
		tt_stat_inc(tn, segments_early);
		return NF_ACCEPT;
	}
	return nf_verdict(track(tn, skb, state, th, thoff));
}

/*
 * Nearly all that a server sees: a segment that opens and closes nothing, of a socket that is
 * ESTABLISHED. Nothing but its flags is looked at: with such a socket it is no fragment, and if
 * it were, it would only pass. One function for each hook, with the counters as its argument:
 * to find them by the namespace would take nine instructions more, of some twenty.
 *
 * The socket says here what hook_slow() reads from the packet. LOCAL_IN: ip_rcv() lets go of
 * the socket that another namespace has sent it from, and who finds one before us (early demux,
 * TPROXY) looks for it here, by a TCP header that it has seen, though not always as a linear
 * one, nor, in IPv6, where the fixed header ends. LOCAL_OUT: with no device yet it is of this
 * namespace and as TCP has made it, or what IPsec has made of that.
 */
static __always_inline unsigned int hook(void *priv, struct sk_buff *skb,
					 const struct nf_hook_state *state, u8 pf, bool out)
{
	struct tt_stats __percpu *stats = (struct tt_stats __force __percpu *)priv;
	const struct tcphdr *th = tcp_hdr(skb);

	if (!tt_sock_is_ordinary(skb->sk))
		return hook_slow(priv, skb, state);
	if (skb_tail_pointer(skb) - (const u8 *)th < (int)sizeof(*th))
		return hook_slow(priv, skb, state);
	/* set where a packet may come for the second time (is_repeat()) */
	if (out && (skb->dev || tt_segment_is_ipvs(skb)))
		return hook_slow(priv, skb, state);
	if ((out || pf == NFPROTO_IPV6) &&
	    (pf == NFPROTO_IPV4 ? ip_hdr(skb)->protocol : ipv6_hdr(skb)->nexthdr) !=
		   IPPROTO_TCP)
		return hook_slow(priv, skb, state);
	if (tcp_flag_byte(th) & TT_SFR)
		return hook_slow(priv, skb, state);
	this_cpu_inc(stats->stat[TT_STAT_segments_early]);
	return NF_ACCEPT;
}

static notrace unsigned int in_v4(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return hook(priv, skb, state, NFPROTO_IPV4, false);
}

static notrace unsigned int in_v6(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return hook(priv, skb, state, NFPROTO_IPV6, false);
}

static notrace unsigned int out_v4(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return hook(priv, skb, state, NFPROTO_IPV4, true);
}

static notrace unsigned int out_v6(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return hook(priv, skb, state, NFPROTO_IPV6, true);
}

unsigned int tt_hook_early(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	return nf_verdict(tt_early(tt_net_rcu(state->net), skb, state));
}

/*
 * LOCAL_IN after the filter, before conntrack's confirm (INT_MAX on IPv4,
 * INT_MAX - 1 on IPv6). LOCAL_OUT first of all: there the packet has its
 * socket's own tuple. FORWARD after the filter, too, and before IPVS (99 and 100 in both
 * families), which gives what a real server answers the virtual service's address.
 */
#define TT_HOOK(function, family, num, prio) { \
	.hook = (function), \
	.pf = (family), \
	.hooknum = (num), \
	.priority = (prio), \
}

static const struct nf_hook_ops local_ops[] = {
	TT_HOOK(in_v4, NFPROTO_IPV4, NF_INET_LOCAL_IN, INT_MAX - 2),
	TT_HOOK(out_v4, NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_FIRST),
	TT_HOOK(in_v6, NFPROTO_IPV6, NF_INET_LOCAL_IN, INT_MAX - 2),
	TT_HOOK(out_v6, NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP6_PRI_FIRST),
};

static const struct nf_hook_ops forward_ops[] = {
	TT_HOOK(hook_slow, NFPROTO_IPV4, NF_INET_FORWARD, 98),
	TT_HOOK(hook_slow, NFPROTO_IPV6, NF_INET_FORWARD, 98),
};

/* Sets of banned addresses in raw still win; conntrack has not seen it yet. */
static const struct nf_hook_ops early_ops[] = {
	{
		.hook = tt_hook_early,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP_PRI_RAW + 1,
	}, {
		.hook = tt_hook_early,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = NF_IP6_PRI_RAW + 1,
	},
};

/* What is switched together: bits of tt_net.hooked. */
enum {
	LOCAL,
	FORWARD,
	PREROUTING,
	INGRESS,
	SPECIAL,
	SETS
};

static const struct {
	const struct nf_hook_ops *ops;
	unsigned int n;
} sets[SETS] = {
	[LOCAL] = { local_ops, ARRAY_SIZE(local_ops) },
	[FORWARD] = { forward_ops, ARRAY_SIZE(forward_ops) },
	[PREROUTING] = { early_ops, ARRAY_SIZE(early_ops) },
};

static unsigned int wanted(const struct tt_net *tn)
{
	if (tn->dismantled || tn->conf.mode == TT_OFF)
		return 0;
	return BIT(LOCAL) | (tn->conf.forward ? BIT(FORWARD) : 0) |
	       (tn->conf.early == TT_EARLY_PREROUTING ? BIT(PREROUTING) : 0) |
	       (tn->conf.early == TT_EARLY_INGRESS ? BIT(INGRESS) : 0) |
	       (tn->conf.early != TT_EARLY_OFF && tn->conf.reply == TT_REPLY_REFLECT ?
		BIT(SPECIAL) : 0);
}

static const struct nf_hook_ops *ops_of(const struct tt_net *tn, unsigned int set)
{
	return set == LOCAL ? tn->local_ops : sets[set].ops;
}

/* Each namespace has its own, with its counters. */
static void fill_local_ops(struct tt_net *tn)
{
	unsigned int i;

	BUILD_BUG_ON(sizeof(tn->local_ops) != sizeof(local_ops));
	memcpy(tn->local_ops, local_ops, sizeof(local_ops));
	for (i = 0; i < ARRAY_SIZE(tn->local_ops); i++)
		tn->local_ops[i].priv = (void __force *)tn->stats;
}

static int enter(struct tt_net *tn, unsigned int set)
{
	if (set == INGRESS)
		return tt_device_switch(tn, true);
	if (set == SPECIAL) {
		tt_special_switch(tn, true);
		return 0;
	}
	if (set == LOCAL)
		fill_local_ops(tn);
	return nf_register_net_hooks(tn->net, ops_of(tn, set), sets[set].n);
}

static void leave(struct tt_net *tn, unsigned int those)
{
	unsigned int i;

	for (i = 0; i < SETS; i++) {
		if (!(those & BIT(i)))
			continue;
		if (i == INGRESS)
			tt_device_switch(tn, false);
		else if (i == SPECIAL)
			tt_special_switch(tn, false);
		else
			nf_unregister_net_hooks(tn->net, ops_of(tn, i), sets[i].n);
	}
	tn->hooked &= ~those;
}

int tt_hook_switch(struct tt_net *tn)
{
	unsigned int want = wanted(tn), was = tn->hooked, i;
	int err;

	lockdep_assert_held(&tn->conf_lock);
	for (i = 0; i < SETS; i++) {
		if (!(want & ~was & BIT(i)))
			continue;
		err = enter(tn, i);
		if (err)
			goto err_enter;
		tn->hooked |= BIT(i);
	}
	leave(tn, was & ~want);
	return 0;

err_enter:
	leave(tn, tn->hooked & ~was);
	return err;
}
