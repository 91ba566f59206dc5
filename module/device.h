/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_DEVICE_H
#define TCPTRACK_DEVICE_H

#include <linux/if.h>

struct list_head;
struct tt_net;

/* net.tcptrack.early_devices: so many names; so many octets and one that shows if it was more. */
#define TT_DEVICES_MAX	32
#define TT_DEVICES_TEXT	(TT_DEVICES_MAX * IFNAMSIZ + 1)

/**
 * tt_device_switch() - hook the ingress of all devices of the list that are there
 * @tn: namespace
 * @on: whether; if not, take the hooks out
 *
 * Devices that come later follow, until it is switched off.
 *
 * Context: process, tt_net.conf_lock held; takes the RTNL.
 *
 * Return: 0, or a negative errno (%-EOPNOTSUPP: this kernel has no such hook),
 * then it is as it was.
 */
int tt_device_switch(struct tt_net *tn, bool on);

/**
 * tt_device_parse() - a list from its text
 * @list: empty; filled, and to be given to tt_device_forget() whatever is returned
 * @names: separated by white space; written to
 *
 * Return: 0, %-EINVAL (no name for a device), %-E2BIG (too many, or too long), %-ENOMEM.
 */
int tt_device_parse(struct list_head *list, char *names);

/**
 * tt_device_swap() - another list
 * @tn: namespace
 * @list: of tt_device_parse(); afterwards, the one that was the namespace's before
 *
 * Context: process, tt_net.conf_lock held; takes the RTNL.
 *
 * Return: 0 or a negative errno, then both lists are as they were.
 */
int tt_device_swap(struct tt_net *tn, struct list_head *list);

/* Frees the names of a list, which is empty afterwards. */
void tt_device_forget(struct list_head *list);

/**
 * tt_device_get() - the list as it is now
 * @tn: namespace
 * @names: %TT_DEVICES_TEXT octets
 *
 * A device that was renamed while it was hooked is listed by its new name.
 *
 * Context: process; takes the RTNL.
 */
void tt_device_get(struct tt_net *tn, char *names);

int tt_device_net_init(struct tt_net *tn);

/**
 * tt_device_net_exit() - forget the list
 * @tn: switched off, for ever
 */
void tt_device_net_exit(struct tt_net *tn);

#endif /* TCPTRACK_DEVICE_H */
