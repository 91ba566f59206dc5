// SPDX-License-Identifier: GPL-2.0-only
/* net.tcptrack, one for each namespace (Documentation/sysctl.rst). */

#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>

#include "conf.h"
#include "device.h"
#include "net.h"
#include "sysctl.h"

int tt_sysctl_word(const char * const *names, const char *word)
{
	int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], word))
			return i;
	}
	return -EINVAL;
}

/* Of a table's entry: the setting is extra1, the namespace extra2. */
static enum tt_conf_item item_of(const struct ctl_table *table)
{
	return (const struct tt_conf_range *)table->extra1 - tt_conf_ranges;
}

static int set(const struct ctl_table *table, unsigned int value)
{
	enum tt_conf_item item = item_of(table);
	struct tt_conf_change change = { .set = BIT(item) };

	tt_conf_put(&change.conf, item, value);
	return tt_conf_set(table->extra2, &change);
}

static int do_word(TT_CTL_TABLE *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	const struct tt_net *tn = table->extra2;
	const struct tt_conf_range *range = table->extra1;
	char buf[16];
	struct ctl_table copy = { .data = buf, .maxlen = sizeof(buf) };
	int err, i;

	strscpy(buf, range->words[tt_conf_get(&tn->conf, item_of(table))], sizeof(buf));
	err = proc_dostring(&copy, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	/* cut off: no word is so long */
	if (strlen(buf) == sizeof(buf) - 1)
		return -EINVAL;
	i = tt_sysctl_word(range->words, strim(buf));
	return i < 0 ? i : set(table, i);
}

static int do_number(TT_CTL_TABLE *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	const struct tt_net *tn = table->extra2;
	struct tt_conf_range range = *(const struct tt_conf_range *)table->extra1;
	unsigned int value = tt_conf_get(&tn->conf, item_of(table));
	struct ctl_table copy = {
		.data = &value,
		.maxlen = sizeof(value),
		.extra1 = &range.least,
		.extra2 = &range.greatest,
	};
	int err = proc_douintvec_minmax(&copy, write, buffer, lenp, ppos);

	return err || !write ? err : set(table, value);
}

static int do_devices(TT_CTL_TABLE *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	char *names = kzalloc(TT_DEVICES_TEXT, GFP_KERNEL);
	struct ctl_table copy = { .data = names, .maxlen = TT_DEVICES_TEXT };
	struct tt_net *tn = table->extra2;
	LIST_HEAD(devices);
	struct tt_conf_change change = { .devices = &devices };
	int err;

	if (!names)
		return -ENOMEM;
	tt_device_get(tn, names);
	err = proc_dostring(&copy, write, buffer, lenp, ppos);
	if (!err && write)
		err = tt_device_parse(&devices, names) ?: tt_conf_set(tn, &change);
	tt_device_forget(&devices);
	kfree(names);
	return err;
}

/* The values, early_devices, and the empty entry that older kernels look for. */
#define ENTRIES	(TT_CONF_COUNT + 1)

int tt_sysctl_init(struct tt_net *tn)
{
	struct ctl_table *table = kcalloc(ENTRIES + 1, sizeof(*table), GFP_KERNEL);
	unsigned int i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < TT_CONF_COUNT; i++) {
		table[i].procname = tt_conf_ranges[i].name;
		table[i].proc_handler = tt_conf_ranges[i].words ? do_word : do_number;
		table[i].extra1 = (void *)&tt_conf_ranges[i];
	}
	table[i].procname = "early_devices";
	table[i].proc_handler = do_devices;
	for (i = 0; i < ENTRIES; i++) {
		table[i].mode = 0644;
		table[i].extra2 = tn;
	}
	tn->sysctl = register_net_sysctl_sz(tn->net, "net/tcptrack", table, ENTRIES);
	if (tn->sysctl)
		return 0;
	kfree(table);
	return -ENOMEM;
}

void tt_sysctl_exit(struct tt_net *tn)
{
	const struct ctl_table *table = tn->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(tn->sysctl);
	kfree(table);
}
