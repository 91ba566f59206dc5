// SPDX-License-Identifier: GPL-2.0-only
/* flows: those that there are, or those that a filter lets through. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static const char * const flag_words[] = {
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_FORWARD)] = "forward",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_LOOPBACK)] = "loopback",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_LOCAL)] = "local",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_PASSIVE)] = "passive",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_PROVEN)] = "proven",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_ADOPTED)] = "adopted",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_PICKUP)] = "pickup",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_ONEWAY)] = "oneway",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_HALFOPEN)] = "halfopen",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_SIMOPEN)] = "simopen",
	[__builtin_ctz(TCPTRACK_FLOW_FLAGS_ENDING)] = "ending",
	NULL
};

static void show_json(struct nlattr **attrs, uint32_t flags)
{
	json_t *f = json_object(), *words = json_array();
	int i;

#define TEXT(name, text)	json_object_set_new(f, name, json_string(text))
#define NUMBER(name, n)		json_object_set_new(f, name, json_integer(n))
	TEXT("family", family_name(netlink_uint(attrs[TCPTRACK_A_FLOW_FAMILY])));
	TEXT("addr_a", address(attrs[TCPTRACK_A_FLOW_ADDR_A]));
	NUMBER("port_a", port_number(attrs[TCPTRACK_A_FLOW_PORT_A]));
	TEXT("addr_b", address(attrs[TCPTRACK_A_FLOW_ADDR_B]));
	NUMBER("port_b", port_number(attrs[TCPTRACK_A_FLOW_PORT_B]));
	TEXT("state_a", word(state_names, netlink_uint(attrs[TCPTRACK_A_FLOW_STATE_A])));
	TEXT("state_b", word(state_names, netlink_uint(attrs[TCPTRACK_A_FLOW_STATE_B])));
	NUMBER("age_ms", netlink_uint(attrs[TCPTRACK_A_FLOW_AGE_MS]));
	NUMBER("idle_ms", netlink_uint(attrs[TCPTRACK_A_FLOW_IDLE_MS]));
	NUMBER("ifindex", netlink_uint(attrs[TCPTRACK_A_FLOW_IFINDEX]));
	NUMBER("dev", netlink_uint(attrs[TCPTRACK_A_FLOW_DEV]));
#undef TEXT
#undef NUMBER
	for (i = 0; flag_words[i]; i++) {
		if (flags & 1U << i)
			json_array_append_new(words, json_string(flag_words[i]));
	}
	json_object_set_new(f, "flags", words);
	list_add(f);
}

static void show(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	uint32_t flags = netlink_uint(attrs[TCPTRACK_A_FLOW_FLAGS]);
	char separator = ' ';
	int i;

	if (options.json) {
		show_json(attrs, flags);
		return;
	}
	list_next();
	printf("%s %s %s %s %s %u %u %d", family_name(netlink_uint(attrs[TCPTRACK_A_FLOW_FAMILY])),
	       endpoint(attrs[TCPTRACK_A_FLOW_ADDR_A], attrs[TCPTRACK_A_FLOW_PORT_A]),
	       endpoint(attrs[TCPTRACK_A_FLOW_ADDR_B], attrs[TCPTRACK_A_FLOW_PORT_B]),
	       word(state_names, netlink_uint(attrs[TCPTRACK_A_FLOW_STATE_A])),
	       word(state_names, netlink_uint(attrs[TCPTRACK_A_FLOW_STATE_B])),
	       (unsigned int)netlink_uint(attrs[TCPTRACK_A_FLOW_AGE_MS]),
	       (unsigned int)netlink_uint(attrs[TCPTRACK_A_FLOW_IDLE_MS]),
	       (int)netlink_uint(attrs[TCPTRACK_A_FLOW_IFINDEX]));
	for (i = 0; flag_words[i]; i++) {
		if (!(flags & 1U << i))
			continue;
		printf("%c%s", separator, flag_words[i]);
		separator = ',';
	}
	putchar('\n');
}

static void put_family(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	if (options.family)	/* -4, -6 */
		die(EXIT_USAGE, "%s is given twice", f->name);
	options.family = filter_family(text);
}

/* (one alone in the words that a module without "states" knows) */
static void put_state(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	uint32_t mask = filter_mask(text, filter_state);

	if (mask & (mask - 1))
		mnl_attr_put_u32(nlh, TCPTRACK_A_FLOW_STATES, mask);
	else
		mnl_attr_put_u32(nlh, TCPTRACK_A_FLOW_STATE, ffs(mask) - 1);
}

/* In milliseconds; up to the highest that an age can be. */
static uint32_t time_of(const char *name, const char *text)
{
	static const struct {
		const char *name;
		unsigned long long ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
	};
	unsigned long long n;
	char *unit;
	size_t i;

	errno = 0;
	n = strtoull(text, &unit, 10);
	for (i = 0; i < ARRAY_SIZE(units) && strcmp(units[i].name, unit); i++)
		;
	if (errno || *text < '0' || *text > '9' || i == ARRAY_SIZE(units) ||
	    n > UINT32_MAX / units[i].ms)
		die(EXIT_USAGE, "%s \"%s\" is no time up to 49d: 500ms, 10s, 5m, 2h", name, text);
	return n * units[i].ms;
}

static void put_age(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	mnl_attr_put_u32(nlh, f->attr, time_of(f->name, text));
}

int cmd_flows(int argc, char **argv)
{
#define A(name)	TCPTRACK_A_FLOW_##name
	static const struct filter filters[] = {
		{ "family", put_family, 0, 0 },
		{ "state", put_state, 0, 0 },
		{ "port", filter_port, A(PORT), 0 },
		{ "addr", filter_addr, A(ADDR), A(PREFIX_LEN) },
		{ "src", filter_addr, A(ADDR_A), A(PREFIX_LEN_A) },
		{ "sport", filter_port, A(PORT_A), 0 },
		{ "dst", filter_addr, A(ADDR_B), A(PREFIX_LEN_B) },
		{ "dport", filter_port, A(PORT_B), 0 },
		{ "older", put_age, A(AGE_MIN_MS), 0 },
		{ "younger", put_age, A(AGE_MAX_MS), 0 },
		{ }
	};
#undef A
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_FLOWS_GET, true);
	bool changed;

	filter_read(filters, nlh, argc, argv);
	if (options.family)
		mnl_attr_put_u16(nlh, TCPTRACK_A_FLOW_FAMILY, options.family);
	list_begin("family a b state_a state_b age_ms idle_ms ifindex flags");
	changed = netlink_run(nlh, show, TCPTRACK_A_FLOW_MAX, NULL);
	list_end();
	netlink_changed(changed, "flows");
	return 0;
}
