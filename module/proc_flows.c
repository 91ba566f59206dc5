// SPDX-License-Identifier: GPL-2.0-only
/* /proc/net/tcptrack_flows: one line a flow. */

#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "flow.h"
#include "net.h"
#include "proc.h"
#include "view.h"

struct reader {
	struct seq_net_private p;
	struct tt_view_flows flows;
};

static void show_end(struct seq_file *m, const struct tt_key *key, int end)
{
	if (key->family == AF_INET)
		seq_printf(m, " %pI4:%u", &key->addr[end].s6_addr32[3], ntohs(key->port[end]));
	else
		seq_printf(m, " [%pI6c]:%u", &key->addr[end], ntohs(key->port[end]));
}

static void show_flags(struct seq_file *m, u32 flags)
{
	char separator = ' ';
	int i;

	for (i = 0; tt_flow_flag_names[i]; i++) {
		if (!(flags & BIT(i)))
			continue;
		seq_printf(m, "%c%s", separator, tt_flow_flag_names[i]);
		separator = ',';
	}
	seq_putc(m, '\n');
}

static void show_flow(struct seq_file *m, const struct tt_flow *flow)
{
	int a = tt_view_first_end(flow);

	seq_puts(m, flow->key.family == AF_INET ? "ipv4" : "ipv6");
	show_end(m, &flow->key, a);
	show_end(m, &flow->key, !a);
	seq_printf(m, " %s %s %u %u %d", tt_state_names[flow->ep[a].state],
		   tt_state_names[flow->ep[!a].state], tt_ms_since(flow->created),
		   tt_view_idle_ms(flow), flow->ifindex);
	show_flags(m, tt_view_flags(flow));
}

/* Position 0 is the header line, position n + 1 the step that begins at cursor n. */
static void *start(struct seq_file *m, loff_t *pos)
{
	if (!*pos)
		return SEQ_START_TOKEN;
	return *pos - 1 <= U32_MAX ? m->private : NULL;
}

static void *next(struct seq_file *m, void *v, loff_t *pos)
{
	struct reader *reader = m->private;

	*pos = v == SEQ_START_TOKEN ? 1 : reader->flows.next + 1;
	return start(m, pos);
}

static void stop(struct seq_file *m, void *v)
{
}

static int show(struct seq_file *m, void *v)
{
	struct reader *reader = m->private;
	struct tt_net *tn = tt_net(seq_file_net(m));
	unsigned int i;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "family a b state_a state_b age_ms idle_ms ifindex flags\n");
		return 0;
	}
	reader->flows.next = m->index - 1;
	tt_view_flows(tn, &reader->flows);

	rcu_read_lock();
	for (i = 0; i < reader->flows.count; i++)
		show_flow(m, &reader->flows.flow[i]);
	rcu_read_unlock();
	return 0;
}

static const struct seq_operations ops = {
	.start = start,
	.next = next,
	.stop = stop,
	.show = show,
};

int tt_proc_flows_init(struct net *net)
{
	return proc_create_net("tcptrack_flows", 0440, net->proc_net, &ops,
			       sizeof(struct reader)) ? 0 : -ENOMEM;
}

void tt_proc_flows_exit(struct net *net)
{
	remove_proc_entry("tcptrack_flows", net->proc_net);
}
