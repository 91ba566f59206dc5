// SPDX-License-Identifier: GPL-2.0-only
/* net.tcptrack.early_devices: whose ingress is hooked, as devices come, go and are renamed. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "device.h"
#include "hook.h"
#include "net.h"

/**
 * struct device_name - one of the list; guarded by the RTNL
 * @list: in tt_net.devices
 * @name: what the device is called, or would be if it were there
 * @ops: while it is hooked, with the device
 * @rcu: who shows the hooks reads @ops under RCU
 */
struct device_name {
	struct list_head list;
	char name[IFNAMSIZ];
	struct nf_hook_ops ops;
	struct rcu_head rcu;
};

static int hook(struct tt_net *tn, struct device_name *d, struct net_device *dev)
{
	int err;

	/* after the chains of nft, whatever their priority */
	d->ops = (struct nf_hook_ops) {
		.hook = tt_hook_early,
		.dev = dev,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = INT_MAX,
	};
	err = nf_register_net_hook(tn->net, &d->ops);
	if (err)
		d->ops.dev = NULL;
	return err;
}

static void unhook(struct tt_net *tn, struct device_name *d)
{
	if (!d->ops.dev)
		return;
	nf_unregister_net_hook(tn->net, &d->ops);
	d->ops.dev = NULL;
}

static void unhook_all(struct tt_net *tn)
{
	struct device_name *d;

	list_for_each_entry(d, &tn->devices, list)
		unhook(tn, d);
}

static int hook_all(struct tt_net *tn)
{
	struct device_name *d;
	int err = 0;

	ASSERT_RTNL();
	list_for_each_entry(d, &tn->devices, list) {
		struct net_device *dev = __dev_get_by_name(tn->net, d->name);

		/* by an alternative name, one device would have several entries */
		if (dev && !strcmp(dev->name, d->name))
			err = hook(tn, d, dev);
		if (err) {
			unhook_all(tn);
			break;
		}
	}
	return err;
}

int tt_device_switch(struct tt_net *tn, bool on)
{
	int err = 0;

	lockdep_assert_held(&tn->conf_lock);
	if (on && !IS_ENABLED(CONFIG_NETFILTER_INGRESS))
		return -EOPNOTSUPP;
	rtnl_lock();
	if (on)
		err = hook_all(tn);
	else
		unhook_all(tn);
	if (!err)
		tn->ingress = on;
	rtnl_unlock();
	return err;
}

void tt_device_forget(struct list_head *list)
{
	struct device_name *d, *next;

	list_for_each_entry_safe(d, next, list, list) {
		list_del(&d->list);
		kfree_rcu(d, rcu);
	}
}

static bool is_listed(const struct list_head *list, const char *name)
{
	const struct device_name *d;

	list_for_each_entry(d, list, list) {
		if (!strcmp(d->name, name))
			return true;
	}
	return false;
}

int tt_device_parse(struct list_head *list, char *names)
{
	unsigned int n = 0;
	char *name;

	if (strlen(names) >= TT_DEVICES_TEXT - 1)
		return -E2BIG;
	while ((name = strsep(&names, " \t\n"))) {
		struct device_name *d;

		if (!*name || is_listed(list, name))
			continue;
		if (!dev_valid_name(name))
			return -EINVAL;
		if (++n > TT_DEVICES_MAX)
			return -E2BIG;
		d = kzalloc(sizeof(*d), GFP_KERNEL);
		if (!d)
			return -ENOMEM;
		strscpy(d->name, name, sizeof(d->name));
		list_add_tail(&d->list, list);
	}
	return 0;
}

static void swap_lists(struct list_head *a, struct list_head *b)
{
	LIST_HEAD(other);

	list_splice_init(a, &other);
	list_splice_init(b, a);
	list_splice_init(&other, b);
}

int tt_device_swap(struct tt_net *tn, struct list_head *list)
{
	int err = 0;

	lockdep_assert_held(&tn->conf_lock);
	rtnl_lock();
	unhook_all(tn);
	swap_lists(&tn->devices, list);
	if (tn->ingress)
		err = hook_all(tn);
	if (err) {
		swap_lists(&tn->devices, list);
		if (hook_all(tn))
			pr_warn_ratelimited("early_devices: no device is hooked any more\n");
	}
	rtnl_unlock();
	return err;
}

void tt_device_get(struct tt_net *tn, char *names)
{
	const struct device_name *d;
	size_t len = 0;

	names[0] = '\0';
	rtnl_lock();
	list_for_each_entry(d, &tn->devices, list)
		len += scnprintf(names + len, TT_DEVICES_TEXT - len, "%s%s", len ? " " : "",
				 d->name);
	rtnl_unlock();
}

/* A device is there, by this name. */
static void came(struct tt_net *tn, struct net_device *dev)
{
	struct device_name *d;

	list_for_each_entry(d, &tn->devices, list) {
		if (!d->ops.dev && !strcmp(d->name, dev->name) && hook(tn, d, dev))
			netdev_warn(dev, "its ingress could not be hooked\n");
	}
}

/* The name that a hooked device takes may be in the list already. */
static void take_name(struct tt_net *tn, struct device_name *taker, const char *name)
{
	struct device_name *d, *next;

	list_for_each_entry_safe(d, next, &tn->devices, list) {
		if (d == taker || strcmp(d->name, name))
			continue;
		unhook(tn, d);
		list_del(&d->list);
		kfree_rcu(d, rcu);
	}
	strscpy(taker->name, name, sizeof(taker->name));
}

static void renamed(struct tt_net *tn, struct net_device *dev)
{
	struct device_name *d;

	list_for_each_entry(d, &tn->devices, list) {
		if (d->ops.dev == dev) {
			take_name(tn, d, dev->name);
			return;
		}
	}
	came(tn, dev);
}

static void went(struct tt_net *tn, const struct net_device *dev)
{
	struct device_name *d;

	list_for_each_entry(d, &tn->devices, list) {
		if (d->ops.dev == dev)
			unhook(tn, d);
	}
}

static int event(struct notifier_block *nb, unsigned long what, void *info)
{
	struct tt_net *tn = container_of(nb, struct tt_net, notifier);
	struct net_device *dev = netdev_notifier_info_to_dev(info);

	if (!tn->ingress)
		return NOTIFY_DONE;
	if (what == NETDEV_REGISTER)
		came(tn, dev);
	else if (what == NETDEV_CHANGENAME)
		renamed(tn, dev);
	else if (what == NETDEV_UNREGISTER)
		went(tn, dev);
	return NOTIFY_DONE;
}

int tt_device_net_init(struct tt_net *tn)
{
	INIT_LIST_HEAD(&tn->devices);
	tn->notifier.notifier_call = event;
	return register_netdevice_notifier_net(tn->net, &tn->notifier);
}

void tt_device_net_exit(struct tt_net *tn)
{
	unregister_netdevice_notifier_net(tn->net, &tn->notifier);
	tt_device_forget(&tn->devices);
}
