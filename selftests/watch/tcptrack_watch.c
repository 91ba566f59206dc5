// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bound's witness, which knows nothing of tcptrack: at each SYN that the
 * stack is about to get and at each SYN-ACK that it has sent, it adds up what
 * the stack holds half-open, and keeps the maximum.
 *
 * /proc/net/tcptrack_watch, one in each namespace:
 *   sum_max N        the most that all listening sockets of the namespace had together
 *   listener_max N   the most that one of them had
 *   listener_over N  by how much one of them has exceeded its backlog, or the LIMIT
 *   looked N         how often it has looked
 * Writing a LIMIT (0: the backlogs alone) begins anew. With the parameter delay_us the stack gets
 * each SYN so much later: what other CPUs do meanwhile happens between tcptrack and the stack.
 */

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/proc_fs.h>
#include <linux/rculist_nulls.h>
#include <linux/seq_file.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

struct watch {
	spinlock_t lock;	/* guards what follows */
	int limit;
	int sum_max;
	int listener_max;
	int listener_over;
	unsigned long looked;
};

static unsigned int watch_id;

static ushort delay_us;
module_param(delay_us, ushort, 0600);

/* What all listening sockets hold together at this moment. Returns a print of who has what. */
static u64 look(const struct net *net, struct watch *now)
{
	const struct inet_hashinfo *hashinfo = net->ipv4.tcp_death_row.hashinfo;
	struct hlist_nulls_node *node;
	unsigned int slot;
	struct sock *sk;
	u64 print = 0;

	for (slot = 0; slot <= hashinfo->lhash2_mask; slot++) {
		sk_nulls_for_each_rcu(sk, node, &hashinfo->lhash2[slot].nulls_head) {
			int len, limit;

			if (!net_eq(sock_net(sk), net) || READ_ONCE(sk->sk_state) != TCP_LISTEN)
				continue;
			len = inet_csk_reqsk_queue_len(sk);
			limit = min_t(u32, READ_ONCE(sk->sk_max_ack_backlog), INT_MAX);
			if (now->limit)
				limit = min(limit, now->limit);
			now->sum_max += len;
			print = print * 1000003 + len;
			now->listener_max = max(now->listener_max, len);
			now->listener_over = max(now->listener_over, len - limit);
		}
	}
	return print;
}

/*
 * A processor that is emulated may stand still between two sockets, while what one of them
 * has goes over to the other: a new maximum counts if a second look finds the same.
 */
static void look_well(const struct net *net, const struct watch *watch, struct watch *now)
{
	u64 print = look(net, now), again;
	int tries;

	for (tries = 0; tries < 16 && now->sum_max > READ_ONCE(watch->sum_max); tries++) {
		struct watch next = { .limit = now->limit };

		again = look(net, &next);
		now->listener_max = max(now->listener_max, next.listener_max);
		now->listener_over = max(now->listener_over, next.listener_over);
		if (again == print)
			return;
		now->sum_max = min(now->sum_max, next.sum_max);
		print = again;
	}
}

static void keep(struct net *net)
{
	struct watch *watch = net_generic(net, watch_id);
	struct watch now = { .limit = READ_ONCE(watch->limit) };

	look_well(net, watch, &now);
	spin_lock_bh(&watch->lock);
	watch->sum_max = max(watch->sum_max, now.sum_max);
	watch->listener_max = max(watch->listener_max, now.listener_max);
	watch->listener_over = max(watch->listener_over, now.listener_over);
	watch->looked++;
	spin_unlock_bh(&watch->lock);
}

static int transport(const struct sk_buff *skb, u8 pf)
{
	unsigned int offset = 0;

	if (pf == NFPROTO_IPV4)
		return ip_hdr(skb)->protocol == IPPROTO_TCP ? ip_hdrlen(skb) : -1;
#if IS_ENABLED(CONFIG_IPV6)
	if (ipv6_hdr(skb)->nexthdr == IPPROTO_TCP)
		return sizeof(struct ipv6hdr);
	return ipv6_find_hdr(skb, &offset, IPPROTO_TCP, NULL, NULL) < 0 ? -1 : offset;
#else
	return -1;
#endif
}

static unsigned int hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *state)
{
	int offset = transport(skb, state->pf);
	struct tcphdr buf, *th;

	if (offset < 0)
		return NF_ACCEPT;
	th = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (th && th->syn)
		keep(state->net);
	if (th && th->syn && state->hook == NF_INET_LOCAL_IN)
		udelay(READ_ONCE(delay_us));
	return NF_ACCEPT;
}

#define WATCH_HOOK(family, num, prio) { \
	.hook = hook, \
	.pf = (family), \
	.hooknum = (num), \
	.priority = (prio), \
}

/* After tcptrack's at LOCAL_IN: not what it drops. */
static const struct nf_hook_ops ops[] = {
	WATCH_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN, INT_MAX - 1),
	WATCH_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, INT_MAX),
	WATCH_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, INT_MAX - 1),
	WATCH_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, INT_MAX),
};

static int watch_show(struct seq_file *m, void *v)
{
	struct watch *watch = net_generic(seq_file_single_net(m), watch_id);

	spin_lock_bh(&watch->lock);
	seq_printf(m, "sum_max %d\nlistener_max %d\nlistener_over %d\nlooked %lu\n",
		   watch->sum_max, watch->listener_max, watch->listener_over, watch->looked);
	spin_unlock_bh(&watch->lock);
	return 0;
}

static int watch_write(struct file *file, char *buf, size_t size)
{
	struct seq_file *m = file->private_data;
	struct watch *watch = net_generic(seq_file_single_net(m), watch_id);
	int limit, err;

	err = kstrtoint(strim(buf), 0, &limit);
	if (err)
		return err;
	spin_lock_bh(&watch->lock);
	WRITE_ONCE(watch->limit, limit);
	watch->sum_max = 0;
	watch->listener_max = 0;
	watch->listener_over = 0;
	watch->looked = 0;
	spin_unlock_bh(&watch->lock);
	return 0;
}

static int __net_init watch_net_init(struct net *net)
{
	struct watch *watch = net_generic(net, watch_id);
	int err;

	spin_lock_init(&watch->lock);
	if (!proc_create_net_single_write("tcptrack_watch", 0600, net->proc_net, watch_show,
					  watch_write, NULL))
		return -ENOMEM;
	err = nf_register_net_hooks(net, ops, ARRAY_SIZE(ops));
	if (err)
		remove_proc_entry("tcptrack_watch", net->proc_net);
	return err;
}

static void __net_exit watch_net_pre_exit(struct net *net)
{
	nf_unregister_net_hooks(net, ops, ARRAY_SIZE(ops));
}

static void __net_exit watch_net_exit(struct net *net)
{
	remove_proc_entry("tcptrack_watch", net->proc_net);
}

static struct pernet_operations watch_net_ops = {
	.init = watch_net_init,
	.pre_exit = watch_net_pre_exit,
	.exit = watch_net_exit,
	.id = &watch_id,
	.size = sizeof(struct watch),
};

static int __init watch_init(void)
{
	return register_pernet_subsys(&watch_net_ops);
}

static void __exit watch_exit(void)
{
	unregister_pernet_subsys(&watch_net_ops);
}

module_init(watch_init);
module_exit(watch_exit);

MODULE_DESCRIPTION("The most half-open connections that the stack has held (a test of tcptrack)");
MODULE_LICENSE("GPL");
