/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_CONF_H
#define TCPTRACK_CONF_H

#include <linux/compiler.h>
#include <linux/types.h>

struct list_head;
struct tt_net;

/* The words of net.tcptrack.mode, .overflow, .early and .reply, as conf.c orders their names. */
enum tt_mode {
	TT_ENFORCE,
	TT_MONITOR,
	TT_OFF,
};

enum tt_overflow {
	TT_OVERFLOW_COOKIE,
	TT_OVERFLOW_RECYCLE,
	TT_OVERFLOW_DROP,
};

enum tt_early_place {
	TT_EARLY_OFF,
	TT_EARLY_PREROUTING,
	TT_EARLY_INGRESS,
};

enum tt_reply {
	TT_REPLY_ROUTE,
	TT_REPLY_REFLECT,
};

/*
 * net.tcptrack (Documentation/sysctl.rst), once, but for early_devices: WORD(name, its words,
 * default), NUMBER(name, least, greatest, default); TT_BY_MEMORY: so much as there is of it.
 * What holds a namespace's, the sysctls and netlink are made from this list, and the page is
 * held against it (scripts/explain-regen). Names are ABI.
 */
#define TT_BY_MEMORY	0
#define TT_CONF(WORD, NUMBER) \
	NUMBER(flows_max, 4, 2147483647, TT_BY_MEMORY) \
	NUMBER(halfopen_max, 1, 2147483647, TT_BY_MEMORY) \
	NUMBER(halfopen_listener_max, 0, 2147483647, 0) \
	NUMBER(halfopen_source_max, 0, 2147483647, 0) \
	NUMBER(halfopen_timeout_min, 100, 600000, 3000) \
	NUMBER(cookie_start, 0, 100, 75) \
	NUMBER(cookie_end, 0, 100, 40) \
	NUMBER(cookie_min_time, 0, 600000, 10000) \
	NUMBER(cookie_resets, 0, 100000, 64) \
	WORD(mode, tt_mode_names, TT_ENFORCE) \
	WORD(overflow, overflow_names, TT_OVERFLOW_COOKIE) \
	WORD(forward, no_yes, 1) \
	WORD(early, early_names, TT_EARLY_OFF) \
	WORD(reply, reply_names, TT_REPLY_ROUTE)

/* A value each, by its name; written under tt_net.conf_lock, read without. */
struct tt_conf {
#define FIELD(name, ...) unsigned int name;
	TT_CONF(FIELD, FIELD)
#undef FIELD
};

enum tt_conf_item {
#define ITEM(name, ...) TT_CONF_##name,
	TT_CONF(ITEM, ITEM)
#undef ITEM
	TT_CONF_COUNT
};

/**
 * struct tt_conf_range - what a setting may be
 * @name: of the sysctl
 * @words: of a word, by value, %NULL at their end; %NULL for a number
 * @least: value
 * @greatest: value
 * @initial: init_net's value at load; %TT_BY_MEMORY: by the memory that there is
 * @refusal: what is said to who wants another value
 */
struct tt_conf_range {
	const char *name;
	const char * const *words;
	unsigned int least, greatest, initial;
	const char *refusal;
};

extern const struct tt_conf_range tt_conf_ranges[TT_CONF_COUNT];

/* The words of net.tcptrack.mode, by enum tt_mode; %NULL ends the list. */
extern const char * const tt_mode_names[];

/**
 * struct tt_conf_change - what is set together
 * @set: BIT(enum tt_conf_item) of the values in @conf that are set
 * @conf: these, in their ranges
 * @devices: early_devices, from tt_device_parse(), or %NULL; afterwards, what is to be
 *	given to tt_device_forget()
 */
struct tt_conf_change {
	unsigned long set;
	struct tt_conf conf;
	struct list_head *devices;
};

static inline unsigned int tt_conf_get(const struct tt_conf *conf, enum tt_conf_item item)
{
	return READ_ONCE(((const unsigned int *)conf)[item]);
}

static inline void tt_conf_put(struct tt_conf *conf, enum tt_conf_item item, unsigned int value)
{
	WRITE_ONCE(((unsigned int *)conf)[item], value);
}

static inline bool tt_conf_in_range(enum tt_conf_item item, unsigned int value)
{
	return value >= tt_conf_ranges[item].least && value <= tt_conf_ranges[item].greatest;
}

/**
 * tt_conf_set() - set all of it, or nothing
 * @tn: namespace
 * @change: what
 *
 * Hooks are put in and taken out before this returns; limits hold as soon as the collector
 * has run, which is asked to. Who holds tt_net.conf_lock sees all of a change or nothing.
 *
 * Context: process; takes tt_net.conf_lock, and under it the RTNL.
 *
 * Return: 0, or what tt_device_swap() or tt_hook_switch() says, then all is as it was.
 */
int tt_conf_set(struct tt_net *tn, const struct tt_conf_change *change);

#endif /* TCPTRACK_CONF_H */
