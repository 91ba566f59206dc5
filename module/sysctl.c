// SPDX-License-Identifier: GPL-2.0-only
/* net.tcptrack, one for each namespace (Documentation/sysctl.rst). */

#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>

#include "device.h"
#include "gc.h"
#include "hook.h"
#include "net.h"
#include "sysctl.h"

const char * const tt_mode_names[] = { "enforce", "monitor", "off", NULL };
static const char * const overflow_names[] = { "cookie", "recycle", "drop", NULL };
static const char * const early_names[] = { "off", "prerouting", "ingress", NULL };
static const char * const reply_names[] = { "route", "reflect", NULL };
static const char * const no_yes[] = { "0", "1", NULL };

static unsigned int one = 1;
static unsigned int flows_least = 4;
static unsigned int most = INT_MAX;
static unsigned int hundred = 100;
static unsigned int ms_least = 100;
static unsigned int ms_most = 600000;
static unsigned int resets_most = 100000;

int tt_sysctl_word(const char * const *names, const char *word)
{
	int i;

	for (i = 0; names[i]; i++) {
		if (!strcmp(names[i], word))
			return i;
	}
	return -EINVAL;
}

/* A word of a list: extra1; the place of the one that holds: data. */
static int do_word(const struct ctl_table *table, int write, void *buffer, size_t *lenp,
		   loff_t *ppos, unsigned int *value)
{
	const char * const *names = table->extra1;
	char buf[16];
	struct ctl_table copy = { .data = buf, .maxlen = sizeof(buf) };
	int err, i;

	*value = READ_ONCE(*(unsigned int *)table->data);
	strscpy(buf, names[*value], sizeof(buf));
	err = proc_dostring(&copy, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	i = tt_sysctl_word(names, strim(buf));
	if (i < 0)
		return i;
	*value = i;
	return 0;
}

static int set_word(TT_CTL_TABLE *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	unsigned int value;
	int err = do_word(table, write, buffer, lenp, ppos, &value);

	if (!err && write)
		WRITE_ONCE(*(unsigned int *)table->data, value);
	return err;
}

/*
 * The namespace, extra2, is shown other packets now. Without hooks, sockets are still
 * followed by the tracepoint and the collector.
 */
static int set_hooks(TT_CTL_TABLE *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	struct tt_net *tn = table->extra2;
	unsigned int *word = table->data, was, value;
	int err = do_word(table, write, buffer, lenp, ppos, &value);

	if (err || !write)
		return err;
	mutex_lock(&tt_nets_mutex);
	was = *word;
	WRITE_ONCE(*word, value);
	err = tt_hook_switch(tn);
	if (err)
		WRITE_ONCE(*word, was);
	mutex_unlock(&tt_nets_mutex);
	tt_gc_kick();
	return err;
}

/* A limit that is lower now holds at once, not when the collector comes by. */
static int set_limit(TT_CTL_TABLE *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	int err = proc_douintvec_minmax(table, write, buffer, lenp, ppos);

	if (!err && write)
		tt_gc_kick();
	return err;
}

static int set_devices(TT_CTL_TABLE *table, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	struct ctl_table copy = { .maxlen = TT_DEVICES_TEXT };
	struct tt_net *tn = table->extra2;
	char *names = kzalloc(TT_DEVICES_TEXT, GFP_KERNEL);
	int err;

	if (!names)
		return -ENOMEM;
	tt_device_get(tn, names);
	copy.data = names;
	err = proc_dostring(&copy, write, buffer, lenp, ppos);
	if (!err && write)
		err = tt_device_set(tn, names);
	kfree(names);
	return err;
}

#define FIELD(name)	offsetof(struct tt_conf, name)
#define NUMBER(name, handler, least, greatest) { \
	.procname = #name, \
	.data = (void *)FIELD(name), \
	.maxlen = sizeof(unsigned int), \
	.mode = 0644, \
	.proc_handler = handler, \
	.extra1 = &(least), \
	.extra2 = &(greatest), \
}

#define WORD(name, handler, words) { \
	.procname = #name, \
	.data = (void *)FIELD(name), \
	.maxlen = sizeof(unsigned int), \
	.mode = 0644, \
	.proc_handler = handler, \
	.extra1 = (void *)(words), \
}

/* In this, data is the place in struct tt_conf; extra2, if empty, will be the namespace. */
static const struct ctl_table template[] = {
	WORD(mode, set_hooks, tt_mode_names),
	WORD(overflow, set_word, overflow_names),
	WORD(reply, set_word, reply_names),
	WORD(forward, set_hooks, no_yes),
	WORD(early, set_hooks, early_names),
	{
		.procname = "early_devices",
		.mode = 0644,
		.proc_handler = set_devices,
	},
	NUMBER(flows_max, proc_douintvec_minmax, flows_least, most),
	NUMBER(halfopen_max, set_limit, one, most),
	NUMBER(halfopen_listener_max, set_limit, *(unsigned int *)SYSCTL_ZERO, most),
	NUMBER(halfopen_source_max, set_limit, *(unsigned int *)SYSCTL_ZERO, most),
	NUMBER(halfopen_timeout_min, set_limit, ms_least, ms_most),
	NUMBER(cookie_start, set_limit, *(unsigned int *)SYSCTL_ZERO, hundred),
	NUMBER(cookie_end, set_limit, *(unsigned int *)SYSCTL_ZERO, hundred),
	NUMBER(cookie_min_time, set_limit, *(unsigned int *)SYSCTL_ZERO, ms_most),
	NUMBER(cookie_resets, proc_douintvec_minmax, *(unsigned int *)SYSCTL_ZERO, resets_most),
	{ }
};

int tt_sysctl_init(struct tt_net *tn)
{
	struct ctl_table *table = kmemdup(template, sizeof(template), GFP_KERNEL);
	unsigned int i;

	if (!table)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(template) - 1; i++) {
		table[i].data = (void *)&tn->conf + (unsigned long)table[i].data;
		if (!table[i].extra2)
			table[i].extra2 = tn;
	}
	tn->sysctl = register_net_sysctl_sz(tn->net, "net/tcptrack", table,
					    ARRAY_SIZE(template) - 1);
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
