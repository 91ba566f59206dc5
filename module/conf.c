// SPDX-License-Identifier: GPL-2.0-only
/* What net.tcptrack may be, and how it is set: all that is set together, or nothing. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include "conf.h"
#include "device.h"
#include "gc.h"
#include "hook.h"
#include "net.h"

const char * const tt_mode_names[] = { "enforce", "monitor", "off", NULL };
static const char * const overflow_names[] = { "cookie", "recycle", "drop", NULL };
static const char * const early_names[] = { "off", "prerouting", "ingress", NULL };
static const char * const reply_names[] = { "route", "reflect", NULL };
static const char * const no_yes[] = { "0", "1", NULL };

const struct tt_conf_range tt_conf_ranges[TT_CONF_COUNT] = {
#define WORD(_name, _words, _default) [TT_CONF_##_name] = { \
	.name = #_name, \
	.words = _words, \
	.greatest = ARRAY_SIZE(_words) - 2, \
	.initial = _default, \
	.refusal = #_name " has no such value", \
},
#define NUMBER(_name, _least, _greatest, _default) [TT_CONF_##_name] = { \
	.name = #_name, \
	.least = _least, \
	.greatest = _greatest, \
	.initial = _default, \
	.refusal = #_name " is a number from " #_least " to " #_greatest, \
},
	TT_CONF(WORD, NUMBER)
#undef WORD
#undef NUMBER
};

/* The only ones that can fail: which packets are shown to us, and what is to be known then. */
#define HOOKS	(BIT(TT_CONF_mode) | BIT(TT_CONF_forward) | BIT(TT_CONF_early) | \
		 BIT(TT_CONF_reply))

static void store(struct tt_conf *to, const struct tt_conf *from, unsigned long those)
{
	unsigned int i;

	for (i = 0; i < TT_CONF_COUNT; i++) {
		if (those & BIT(i))
			tt_conf_put(to, i, tt_conf_get(from, i));
	}
}

/*
 * Without hooks, sockets are still followed by the tracepoint and the collector. The
 * other values wait for the hooks: no packet is judged by what was refused.
 */
static int set_values(struct tt_net *tn, const struct tt_conf_change *change)
{
	struct tt_conf was = tn->conf;
	int err = 0;

	if (change->set & HOOKS) {
		store(&tn->conf, &change->conf, change->set & HOOKS);
		err = tt_hook_switch(tn);
		if (err)
			store(&tn->conf, &was, HOOKS);
	}
	if (!err)
		store(&tn->conf, &change->conf, change->set & ~HOOKS);
	return err;
}

int tt_conf_set(struct tt_net *tn, const struct tt_conf_change *change)
{
	int err = 0;

	BUILD_BUG_ON(sizeof(struct tt_conf) != TT_CONF_COUNT * sizeof(unsigned int));
	mutex_lock(&tn->conf_lock);
	if (change->devices)
		err = tt_device_swap(tn, change->devices);
	if (err)
		goto out;
	err = set_values(tn, change);
	if (err && change->devices && tt_device_swap(tn, change->devices))
		pr_warn_ratelimited("early_devices: no device is hooked any more\n");
out:
	mutex_unlock(&tn->conf_lock);
	tt_gc_kick(tn);
	return err;
}
