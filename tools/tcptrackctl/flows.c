// SPDX-License-Identifier: GPL-2.0-only
/* flows: those that there are, or those that a filter lets through. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static const char * const flag_words[] = {
	"forward", "loopback", "local", "passive", "proven", "adopted", "pickup", "oneway",
	"halfopen", "simopen", "ending", NULL
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

static void put_family(struct nlmsghdr *nlh, const char *text)
{
	options.family = filter_family(text);
}

/* (one alone in the words that a module without "states" knows) */
static void put_state(struct nlmsghdr *nlh, const char *text)
{
	uint32_t mask = filter_mask(text, filter_state);

	if (mask & (mask - 1))
		mnl_attr_put_u32(nlh, TCPTRACK_A_FLOW_STATES, mask);
	else
		mnl_attr_put_u32(nlh, TCPTRACK_A_FLOW_STATE, ffs(mask) - 1);
}

static void put_port(struct nlmsghdr *nlh, const char *text)
{
	filter_port(nlh, TCPTRACK_A_FLOW_PORT, "port", text);
}

static void put_sport(struct nlmsghdr *nlh, const char *text)
{
	filter_port(nlh, TCPTRACK_A_FLOW_PORT_A, "sport", text);
}

static void put_dport(struct nlmsghdr *nlh, const char *text)
{
	filter_port(nlh, TCPTRACK_A_FLOW_PORT_B, "dport", text);
}

static void put_addr(struct nlmsghdr *nlh, const char *text)
{
	filter_addr(nlh, TCPTRACK_A_FLOW_ADDR, TCPTRACK_A_FLOW_PREFIX_LEN, text);
}

static void put_src(struct nlmsghdr *nlh, const char *text)
{
	filter_addr(nlh, TCPTRACK_A_FLOW_ADDR_A, TCPTRACK_A_FLOW_PREFIX_LEN_A, text);
}

static void put_dst(struct nlmsghdr *nlh, const char *text)
{
	filter_addr(nlh, TCPTRACK_A_FLOW_ADDR_B, TCPTRACK_A_FLOW_PREFIX_LEN_B, text);
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

static void put_older(struct nlmsghdr *nlh, const char *text)
{
	mnl_attr_put_u32(nlh, TCPTRACK_A_FLOW_AGE_MIN_MS, time_of("older", text));
}

static void put_younger(struct nlmsghdr *nlh, const char *text)
{
	mnl_attr_put_u32(nlh, TCPTRACK_A_FLOW_AGE_MAX_MS, time_of("younger", text));
}

int cmd_flows(int argc, char **argv)
{
	static const struct filter filters[] = {
		{ "family", put_family }, { "state", put_state }, { "port", put_port },
		{ "addr", put_addr }, { "src", put_src }, { "sport", put_sport },
		{ "dst", put_dst }, { "dport", put_dport }, { "older", put_older },
		{ "younger", put_younger },
		{ }
	};
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
