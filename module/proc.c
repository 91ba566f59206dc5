// SPDX-License-Identifier: GPL-2.0-only
/* /proc/tcptrack: states and counters, the same cost for any number of flows. */

#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "net.h"
#include "proc.h"
#include "sysctl.h"
#include "view.h"

static void show_states(struct seq_file *m, const struct tt_net *tn, const struct tt_stats *sum)
{
	int i;

	seq_printf(m, "%-12s %8s %8s %8s %12s\n", "state", "local", "remote", "forward",
		   "entered");
	for (i = 0; i < TT_STATES; i++) {
		unsigned long n[TT_SIDES];

		tt_view_state(tn, sum, i, n);
		seq_printf(m, "%-12s %8lu %8lu %8lu %12lu\n", tt_state_names[i], n[TT_LOCAL],
			   n[TT_REMOTE], n[TT_FORWARD], sum->entered[i]);
	}
	seq_putc(m, '\n');
}

static void show_gaps(struct seq_file *m, const struct tt_stats *sum, enum tt_gap what,
		      const char *name)
{
	int attempt, i;

	for (attempt = 0; attempt < TT_GAP_ATTEMPTS; attempt++) {
		for (i = 0; i < TT_GAP_BUCKETS; i++)
			seq_printf(m, "%s_gap%d_ge%ums %lu\n", name, attempt + 1,
				   tt_view_gap_edge(i), sum->gap[what][attempt][i]);
	}
}

static int show(struct seq_file *m, void *v)
{
	const struct tt_net *tn = tt_net(seq_file_single_net(m));
	struct tt_stats *sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	s64 value[TT_VALUE_COUNT];
	int i;

	if (!sum)
		return -ENOMEM;
	tt_stats_sum(tn, sum);
	show_states(m, tn, sum);
	seq_printf(m, "version %s\n", THIS_MODULE->version);
	seq_printf(m, "mode %s\n", tt_mode_names[READ_ONCE(tn->conf.mode)]);
	tt_view_values(tn, sum, value);
	for (i = 0; i < TT_VALUE_COUNT; i++)
		seq_printf(m, "%s %lld\n", tt_value_names[i], value[i]);
	for (i = 0; i < TT_STAT_COUNT; i++)
		seq_printf(m, "%s %lu\n", tt_stat_names[i], sum->stat[i]);
	show_gaps(m, sum, TT_GAP_SYN, "syn");
	show_gaps(m, sum, TT_GAP_SYNACK, "synack");
	for (i = 0; i < TT_LIFE_BUCKETS; i++)
		seq_printf(m, "halfopen_life_ge%ums %lu\n", tt_view_life_edge(i), sum->life[i]);
	kfree(sum);
	return 0;
}

/* lnstat(8): names, then one line of hex for each CPU; column 1 is a gauge: flows, or half-open. */
static void *stat_start(struct seq_file *m, loff_t *pos)
{
	int cpu;

	if (!*pos)
		return SEQ_START_TOKEN;
	cpu = cpumask_next(*pos - 2, cpu_possible_mask);
	if (cpu >= nr_cpu_ids)
		return NULL;
	*pos = cpu + 1;
	return (void *)(cpu + 2UL);	/* 1 is SEQ_START_TOKEN */
}

static void *stat_next(struct seq_file *m, void *v, loff_t *pos)
{
	(*pos)++;
	return stat_start(m, pos);
}

static void stat_stop(struct seq_file *m, void *v)
{
}

/* What an administrator watches, of flows and of floods; lnstat takes 32 columns. */
static const enum tt_stat of_flows[] = {
#define COL(name) TT_STAT_##name
	COL(segments_seen), COL(segments_early), COL(stray),
	COL(invalid_checksum), COL(invalid_fragment), COL(invalid_option), COL(invalid_offset),
	COL(flows_created), COL(flows_adopted), COL(flows_picked_up), COL(flows_refused_full),
	COL(flows_refused_memory), COL(flows_destroyed),
	COL(closed_normal), COL(closed_reset_by_peer), COL(closed_reset_by_us),
	COL(closed_refused), COL(closed_halfopen_reset), COL(closed_forgotten),
	COL(closed_handshake_timeout), COL(closed_retrans_timeout), COL(closed_unreachable),
	COL(closed_evicted), COL(closed_idle), COL(closed_socket_gone),
	COL(syn_retrans), COL(synack_retrans), COL(fin_retrans), COL(challenge_acks),
	COL(timewait_reopened), COL(timewait_assassinated),
};

static const enum tt_stat of_floods[] = {
	COL(syns), COL(handshakes_completed), COL(accept_full), COL(syns_dropped),
	COL(over_listener), COL(over_namespace), COL(over_source),
	COL(halfopen_evicted), COL(halfopen_expired),
	COL(cookie_modes), COL(cookies_sent), COL(cookies_reflected), COL(cookies_valid),
	COL(cookies_invalid), COL(cookies_invalid_unhashed), COL(cookies_invalid_passed),
	COL(cookies_no_route), COL(cookies_no_memory), COL(early_acks_dropped),
#undef COL
};

static void stat_names(struct seq_file *m, const enum tt_stat *columns, unsigned int n)
{
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(of_flows) > 31 || ARRAY_SIZE(of_floods) > 31);
	seq_puts(m, "entries");
	for (i = 0; i < n; i++)
		seq_printf(m, " %s", tt_stat_names[columns[i]]);
	seq_putc(m, '\n');
}

/* @entries: the same for all CPUs */
static void stat_line(struct seq_file *m, const struct tt_stats *stats, unsigned long entries,
		      const enum tt_stat *columns, unsigned int n)
{
	unsigned int i;

	seq_printf(m, "%08lx", entries);
	for (i = 0; i < n; i++)
		seq_printf(m, " %08lx", columns[i] == TT_STAT_segments_seen ?
			   tt_stats_seen(stats) : READ_ONCE(stats->stat[columns[i]]));
	seq_putc(m, '\n');
}

static int flows_show(struct seq_file *m, void *v)
{
	const struct tt_net *tn = tt_net(seq_file_net(m));

	if (v == SEQ_START_TOKEN)
		stat_names(m, of_flows, ARRAY_SIZE(of_flows));
	else
		stat_line(m, per_cpu_ptr(tn->stats, (unsigned long)v - 2),
			  atomic_read(&tn->nflows), of_flows, ARRAY_SIZE(of_flows));
	return 0;
}

static int floods_show(struct seq_file *m, void *v)
{
	const struct tt_net *tn = tt_net(seq_file_net(m));
	long halfopen = 0;
	int cpu;

	if (v == SEQ_START_TOKEN) {
		stat_names(m, of_floods, ARRAY_SIZE(of_floods));
		return 0;
	}
	for_each_possible_cpu(cpu)
		halfopen += READ_ONCE(per_cpu_ptr(tn->stats, cpu)->halfopen);
	stat_line(m, per_cpu_ptr(tn->stats, (unsigned long)v - 2), tt_view_gauge(halfopen),
		  of_floods, ARRAY_SIZE(of_floods));
	return 0;
}

static const struct seq_operations flows_ops = {
	.start = stat_start,
	.next = stat_next,
	.stop = stat_stop,
	.show = flows_show,
};

static const struct seq_operations floods_ops = {
	.start = stat_start,
	.next = stat_next,
	.stop = stat_stop,
	.show = floods_show,
};

int tt_proc_net_init(struct net *net)
{
	if (!proc_create_net_single("tcptrack", 0444, net->proc_net, show, NULL))
		return -ENOMEM;
	if (!proc_create_net("tcptrack", 0444, net->proc_net_stat, &flows_ops,
			     sizeof(struct seq_net_private)))
		goto err_stat;
	if (!proc_create_net("tcptrack_flood", 0444, net->proc_net_stat, &floods_ops,
			     sizeof(struct seq_net_private)))
		goto err_floods;
	if (tt_proc_flows_init(net))
		goto err_flows;
	if (tt_proc_listeners_init(net))
		goto err_listeners;
	return 0;

err_listeners:
	tt_proc_flows_exit(net);
err_flows:
	remove_proc_entry("tcptrack_flood", net->proc_net_stat);
err_floods:
	remove_proc_entry("tcptrack", net->proc_net_stat);
err_stat:
	remove_proc_entry("tcptrack", net->proc_net);
	return -ENOMEM;
}

void tt_proc_net_exit(struct net *net)
{
	tt_proc_listeners_exit(net);
	tt_proc_flows_exit(net);
	remove_proc_entry("tcptrack_flood", net->proc_net_stat);
	remove_proc_entry("tcptrack", net->proc_net_stat);
	remove_proc_entry("tcptrack", net->proc_net);
}

/* As /proc/net itself: a link, so that each reader sees its own namespace. */
int __init tt_proc_init(void)
{
	return proc_symlink("tcptrack", NULL, "self/net/tcptrack") ? 0 : -ENOMEM;
}

void tt_proc_exit(void)
{
	remove_proc_entry("tcptrack", NULL);
}
