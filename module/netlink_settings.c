// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink: net.tcptrack. */

#include <linux/mutex.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <uapi/linux/tcptrack.h>

#include "conf.h"
#include "device.h"
#include "net.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_names.h"

static const u16 attr_of[TT_CONF_COUNT] = {
#define A(name, NAME) [TT_CONF_##name] = TCPTRACK_A_SETTINGS_##NAME,
	TT_CONF_ATTRS(A)
#undef A
};

static bool put_settings(struct sk_buff *skb, const struct tt_conf *conf)
{
	int i;

	for (i = 0; i < TT_CONF_COUNT; i++) {
		if (nla_put_u32(skb, attr_of[i], tt_conf_get(conf, i)))
			return false;
	}
	return true;
}

int tcptrack_nl_settings_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tt_net *tn = tt_net(genl_info_net(info));
	char *devices = kzalloc(TT_DEVICES_TEXT, GFP_KERNEL);
	struct sk_buff *skb;
	bool failed;
	void *hdr;

	if (!devices)
		return -ENOMEM;
	skb = tt_netlink_reply(info, TT_CONF_COUNT * nla_total_size(sizeof(u32)) +
			       nla_total_size(TT_DEVICES_TEXT), &hdr);
	if (!skb) {
		kfree(devices);
		return -ENOMEM;
	}
	mutex_lock(&tn->conf_lock);
	tt_device_get(tn, devices);
	failed = !put_settings(skb, &tn->conf) ||
		 nla_put_string(skb, TCPTRACK_A_SETTINGS_EARLY_DEVICES, devices);
	mutex_unlock(&tn->conf_lock);
	kfree(devices);
	return tt_netlink_end(skb, hdr, info, failed);
}

static int get_values(struct tt_conf_change *change, struct genl_info *info)
{
	int i;

	for (i = 0; i < TT_CONF_COUNT; i++) {
		const struct nlattr *attr = info->attrs[attr_of[i]];

		if (!attr)
			continue;
		if (!tt_conf_in_range(i, nla_get_u32(attr)))
			return tt_netlink_refuse(attr, info->extack, tt_conf_ranges[i].refusal,
						 -ERANGE);
		tt_conf_put(&change->conf, i, nla_get_u32(attr));
		change->set |= BIT(i);
	}
	return 0;
}

static int get_devices(struct list_head *devices, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[TCPTRACK_A_SETTINGS_EARLY_DEVICES];
	char *names = nla_strdup(attr, GFP_KERNEL);
	int err;

	if (!names)
		return -ENOMEM;
	err = tt_device_parse(devices, names);
	kfree(names);
	if (err == -EINVAL)
		return tt_netlink_refuse(attr, info->extack,
					 "early_devices has what is no name of a device", err);
	if (err == -E2BIG)
		return tt_netlink_refuse(attr, info->extack,
					 "early_devices are 32 names at most", err);
	return err;
}

/* All is looked at first: what is left to fail are hooks. */
static int change_all(struct tt_conf_change *change, struct list_head *devices,
		      struct genl_info *info)
{
	int err = get_values(change, info);

	if (!err && info->attrs[TCPTRACK_A_SETTINGS_EARLY_DEVICES]) {
		change->devices = devices;
		err = get_devices(devices, info);
	}
	if (err)
		return err;
	if (!change->set && !change->devices) {
		NL_SET_ERR_MSG(info->extack, "nothing to set: at least one setting is needed");
		return -EINVAL;
	}
	err = tt_conf_set(tt_net(genl_info_net(info)), change);
	if (err == -EOPNOTSUPP && info->attrs[TCPTRACK_A_SETTINGS_EARLY])
		return tt_netlink_refuse(info->attrs[TCPTRACK_A_SETTINGS_EARLY], info->extack,
					 "this kernel has no hooks at ingress", err);
	if (err)
		NL_SET_ERR_MSG(info->extack, "the hooks could not be changed");
	return err;
}

int tcptrack_nl_settings_set_doit(struct sk_buff *request, struct genl_info *info)
{
	struct tt_conf_change change = { };
	LIST_HEAD(devices);
	int err = change_all(&change, &devices, info);

	tt_device_forget(&devices);
	return err;
}
