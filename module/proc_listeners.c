// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/tcptrack_listeners: one line a listener. */

#include <linux/proc_fs.h>
#include <linux/rculist.h>
#include <linux/seq_file.h>

#include "flow.h"
#include "listener.h"
#include "net.h"
#include "proc.h"
#include "view.h"

static void show_address(struct seq_file *m, const struct tt_listener_key *key)
{
	if (key->family == AF_INET)
		seq_printf(m, "ipv4 %pI4:%u", &key->addr.s6_addr32[3], ntohs(key->port));
	else
		seq_printf(m, "ipv6 [%pI6c]:%u", &key->addr, ntohs(key->port));
	seq_printf(m, " %d", key->dev);
}

/* What was set. */
static void show_override(struct seq_file *m, const struct tt_override *o)
{
	static const char * const overflow[] = { "cookie", "recycle", "drop", "inherit" };
	static const char * const cookies[] = { "auto", "always", "never" };
	u32 limit = READ_ONCE(o->limit);

	if (limit == TT_LIMIT_INHERIT)
		seq_puts(m, " inherit");
	else
		seq_printf(m, " %u", limit);
	seq_printf(m, " %s %s", overflow[READ_ONCE(o->overflow)],
		   cookies[READ_ONCE(o->cookies)]);
}

/* Counters that came after what can be set have their columns after it. */
#define FIRST_STATS TT_LISTENER_handshakes_completed

static void show_header(struct seq_file *m)
{
	int i;

	seq_puts(m, "family address dev sockets halfopen young peak limit acceptq acceptq_max mode age_ms");
	for (i = 0; i < FIRST_STATS; i++)
		seq_printf(m, " %s", tt_listener_stat_names[i]);
	seq_puts(m, " limit_set overflow cookie_mode");
	for (; i < TT_LISTENER_STAT_COUNT; i++)
		seq_printf(m, " %s", tt_listener_stat_names[i]);
	seq_putc(m, '\n');
}

static int show(struct seq_file *m, void *v)
{
	const struct tt_listener *l;
	struct tt_listener_stats sum;
	struct tt_view_listener t;
	int i;

	if (v == SEQ_START_TOKEN) {
		show_header(m);
		return 0;
	}
	l = list_entry(v, struct tt_listener, list);
	tt_view_listener(l, &t);
	tt_listener_sum(l, &sum);
	show_address(m, &l->key);
	seq_printf(m, " %u %u %u %u %llu %u %u %s %u", t.sockets, t.halfopen, t.young, t.peak,
		   t.limit, t.acceptq, t.acceptq_max, tt_flood_is_on(l) ? "cookie" : "normal",
		   tt_listener_age_ms(l));
	for (i = 0; i < FIRST_STATS; i++)
		seq_printf(m, " %lu", sum.stat[i]);
	show_override(m, &l->override);
	for (; i < TT_LISTENER_STAT_COUNT; i++)
		seq_printf(m, " %lu", sum.stat[i]);
	seq_putc(m, '\n');
	return 0;
}

static void *start(struct seq_file *m, loff_t *pos)
	__acquires(RCU)
{
	struct tt_net *tn = tt_net(seq_file_net(m));

	rcu_read_lock();
	return *pos ? seq_list_start_rcu(&tn->listeners, *pos - 1) : SEQ_START_TOKEN;
}

static void *next(struct seq_file *m, void *v, loff_t *pos)
{
	struct tt_net *tn = tt_net(seq_file_net(m));

	if (v != SEQ_START_TOKEN)
		return seq_list_next_rcu(v, &tn->listeners, pos);
	(*pos)++;
	return seq_list_start_rcu(&tn->listeners, 0);
}

static void stop(struct seq_file *m, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static const struct seq_operations ops = {
	.start = start,
	.next = next,
	.stop = stop,
	.show = show,
};

int tt_proc_listeners_init(struct net *net)
{
	return proc_create_net("tcptrack_listeners", 0444, net->proc_net, &ops,
			       sizeof(struct seq_net_private)) ? 0 : -ENOMEM;
}

void tt_proc_listeners_exit(struct net *net)
{
	remove_proc_entry("tcptrack_listeners", net->proc_net);
}
