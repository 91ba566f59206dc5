// SPDX-License-Identifier: GPL-2.0-only
/* Namespaces, as they come and go. */

#include <linux/hashtable.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "cookie.h"
#include "device.h"
#include "flow.h"
#include "halfopen.h"
#include "hook.h"
#include "listener.h"
#include "net.h"
#include "proc.h"
#include "subscription.h"
#include "sysctl.h"

unsigned int tt_net_id __read_mostly;
struct tt_net *tt_net_first __read_mostly;

/* Guards tt_nets and the writing of index; held by the collector while it runs: not for long. */
DEFINE_MUTEX(tt_nets_mutex);
LIST_HEAD(tt_nets);
static DEFINE_HASHTABLE(index, 8);

unsigned int tt_mode_at_load;

static unsigned int halfopen_max;
module_param(halfopen_max, uint, 0444);
MODULE_PARM_DESC(halfopen_max, "half-open connections that the stack may hold (default: RAM / 128 KiB)");

static unsigned int flows_max;
module_param(flows_max, uint, 0444);
MODULE_PARM_DESC(flows_max, "flows that may be tracked in all namespaces together (default: RAM / 16 KiB)");

struct tt_net *tt_net_find(const struct net *net)
{
	struct tt_net *tn;

	hash_for_each_possible_rcu(index, tn, hash, (unsigned long)net) {
		if (tn->net == net)
			return tn;
	}
	return NULL;
}

unsigned int tt_net_flows_max(const struct tt_net *tn)
{
	return min(READ_ONCE(tn->conf.flows_max), READ_ONCE(tt_net_first->conf.flows_max));
}

int tt_net_halfopen_max(const struct tt_net *tn)
{
	return min(READ_ONCE(tn->conf.halfopen_max), READ_ONCE(tt_net_first->conf.halfopen_max));
}

/* What holds for 512 MB as for 1 TB: so much of the memory that there is. */
static unsigned int by_memory(u32 share, unsigned int least)
{
	u64 memory = (u64)totalram_pages() << PAGE_SHIFT;

	return clamp_t(u64, div_u64(memory, share), least, INT_MAX);
}

/* A new namespace begins with what init_net has. */
static void conf_init(struct tt_net *tn)
{
	struct tt_conf *conf = &tn->conf;
	unsigned int i;

	if (!net_eq(tn->net, &init_net)) {
		/* each value is one that held; they need not be of one moment */
		*conf = data_race(tt_net_first->conf);
		return;
	}
	tt_net_first = tn;
	for (i = 0; i < TT_CONF_COUNT; i++)
		tt_conf_put(conf, i, tt_conf_ranges[i].initial);
	conf->flows_max = flows_max ? clamp_t(unsigned int, flows_max, 4, INT_MAX) :
				      by_memory(SZ_16K, 1024);
	conf->halfopen_max = halfopen_max ? clamp_t(unsigned int, halfopen_max, 1, INT_MAX) :
					    by_memory(SZ_128K, 128);
	conf->mode = tt_mode_at_load;
}

/* Namespaces that come from now on are younger than the module. */
static bool registered;

/* No hook, probe or collector can reach it any more. */
static void release(struct tt_net *tn)
{
	tt_special_exit(tn);
	tt_sysctl_exit(tn);
	tt_device_net_exit(tn);
	tt_proc_net_exit(tn->net);
	tt_halfopen_net_exit(tn);
	tt_listener_net_exit(tn);
	tt_subscription_net_exit(tn);
	tt_notify_exit(&tn->notify);
	tt_flow_table_exit(tn);
	tt_cookie_ack_net_exit(tn);
	free_percpu(tn->stats);
}

/* From now on no packet of it is shown to us. */
static void dismantle(struct tt_net *tn)
{
	mutex_lock(&tn->conf_lock);
	WRITE_ONCE(tn->dismantled, true);
	tt_hook_switch(tn);
	mutex_unlock(&tn->conf_lock);
}

static int __net_init net_init(struct net *net)
{
	struct tt_net *tn = tt_net(net);
	int err;

	tn->net = net;
	tn->started = ktime_get_ns();
	tn->was_there = !registered;
	conf_init(tn);
	mutex_init(&tn->conf_lock);
	atomic_set(&tn->nlisten, 0);
	atomic_set(&tn->listen_seq, 0);
	tn->stats = alloc_percpu_gfp(struct tt_stats, GFP_KERNEL_ACCOUNT);
	if (!tn->stats)
		return -ENOMEM;
	err = tt_cookie_ack_net_init(tn);
	if (err)
		goto err_budget;
	err = tt_flow_table_init(tn);
	if (err)
		goto err_table;
	tt_listener_net_init(tn);
	tt_notify_init(&tn->notify, tn, NULL, 0);
	INIT_LIST_HEAD(&tn->subscriptions);
	err = tt_proc_net_init(net);
	if (err)
		goto err_proc;
	err = tt_device_net_init(tn);
	if (err)
		goto err_device;
	err = tt_sysctl_init(tn);
	if (err)
		goto err_sysctl;
	mutex_lock(&tn->conf_lock);
	err = tt_hook_switch(tn);
	mutex_unlock(&tn->conf_lock);
	if (err)
		goto err_hook;
	mutex_lock(&tt_nets_mutex);
	list_add_tail(&tn->list, &tt_nets);
	hash_add_rcu(index, &tn->hash, (unsigned long)net);
	mutex_unlock(&tt_nets_mutex);
	return 0;

err_hook:
	dismantle(tn);	/* what a sysctl has put in meanwhile is, too */
	/* some of the hooks were there for a moment: as between net_pre_exit() and net_exit() */
	synchronize_rcu();
	release(tn);
	return err;
err_sysctl:
	tt_device_net_exit(tn);
err_device:
	tt_proc_net_exit(net);
err_proc:
	tt_notify_exit(&tn->notify);
	tt_flow_table_exit(tn);
err_table:
	tt_cookie_ack_net_exit(tn);
err_budget:
	free_percpu(tn->stats);
	return err;
}

/* A grace period passes between this and net_exit(): no reader is left by then. */
static void __net_exit net_pre_exit(struct net *net)
{
	struct tt_net *tn = tt_net(net);

	dismantle(tn);
	mutex_lock(&tt_nets_mutex);
	list_del(&tn->list);
	hash_del_rcu(&tn->hash);
	mutex_unlock(&tt_nets_mutex);
}

static void __net_exit net_exit(struct net *net)
{
	release(tt_net(net));
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &tt_net_id,
	.size = sizeof(struct tt_net),
};

int __init tt_net_init(void)
{
	int err = register_pernet_subsys(&net_ops);

	registered = !err;
	return err;
}

void tt_net_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
