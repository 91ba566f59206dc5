// SPDX-License-Identifier: GPL-2.0-only
/*
 * nldo: one request, of any shape, and what the module says to it.
 *
 *   nldo [-d|-v] OPERATION [TYPE=HEX]...	-d: a dump, -v: what is in the answer
 *   nldo join GROUP
 *
 * An operation and an attribute (its name or number, and its octets) may be any. Prints
 * "ok MESSAGES [NAME=HEX]..." or "ERRNO|BAD ATTRIBUTE|TEXT".
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/tcptrack.h>

#include "nlfamily.h"

static const struct {
	const char *name;
	uint8_t cmd;
} operations[] = {
	{ "counters-get", TCPTRACK_CMD_COUNTERS_GET },
	{ "states-get", TCPTRACK_CMD_STATES_GET },
	{ "listeners-get", TCPTRACK_CMD_LISTENERS_GET },
	{ "flows-get", TCPTRACK_CMD_FLOWS_GET },
	{ "settings-get", TCPTRACK_CMD_SETTINGS_GET },
	{ "settings-set", TCPTRACK_CMD_SETTINGS_SET },
	{ "listener-set", TCPTRACK_CMD_LISTENER_SET },
	{ "listener-delete", TCPTRACK_CMD_LISTENER_DELETE },
	{ "flood-get", TCPTRACK_CMD_FLOOD_GET },
	{ "flow-end", TCPTRACK_CMD_FLOW_END },
	{ "subscription-set", TCPTRACK_CMD_SUBSCRIPTION_SET },
	{ "subscription-delete", TCPTRACK_CMD_SUBSCRIPTION_DELETE },
};

static const struct {
	const char *prefix;	/* of the operation */
	const char *name;
	uint16_t type;
} attributes[] = {
#define A(prefix, name, SET, NAME) { prefix, name, TCPTRACK_A_##SET##_##NAME }
	A("counters", "flows", COUNTERS, FLOWS),
	A("states", "state", STATES, STATE),
	A("flood", "syns", FLOOD, SYNS),
	A("listener", "family", LISTENER, FAMILY),
	A("listener", "addr", LISTENER, ADDR),
	A("listener", "port", LISTENER, PORT),
	A("listener", "dev", LISTENER, DEV),
	A("listener", "sockets", LISTENER, SOCKETS),
	A("listener", "limit_set", LISTENER, LIMIT_SET),
	A("listener", "overflow", LISTENER, OVERFLOW),
	A("listener", "cookie_mode", LISTENER, COOKIE_MODE),
	A("flow", "family", FLOW, FAMILY),
	A("flow", "addr_a", FLOW, ADDR_A),
	A("flow", "port_a", FLOW, PORT_A),
	A("flow", "addr_b", FLOW, ADDR_B),
	A("flow", "port_b", FLOW, PORT_B),
	A("flow", "dev", FLOW, DEV),
	A("flow", "state_a", FLOW, STATE_A),
	A("flow", "state", FLOW, STATE),
	A("flow", "port", FLOW, PORT),
	A("flow", "addr", FLOW, ADDR),
	A("flow", "prefix_len", FLOW, PREFIX_LEN),
	A("flow", "age_min_ms", FLOW, AGE_MIN_MS),
	A("flow", "age_max_ms", FLOW, AGE_MAX_MS),
	A("flow", "prefix_len_a", FLOW, PREFIX_LEN_A),
	A("flow", "prefix_len_b", FLOW, PREFIX_LEN_B),
	A("flow", "states", FLOW, STATES),
	A("settings", "mode", SETTINGS, MODE),
	A("settings", "overflow", SETTINGS, OVERFLOW),
	A("settings", "early", SETTINGS, EARLY),
	A("settings", "reply", SETTINGS, REPLY),
	A("settings", "early_devices", SETTINGS, EARLY_DEVICES),
	A("settings", "forward", SETTINGS, FORWARD),
	A("settings", "flows_max", SETTINGS, FLOWS_MAX),
	A("settings", "cookie_start", SETTINGS, COOKIE_START),
	A("subscription", "family", SUBSCRIPTION, FAMILY),
	A("subscription", "addr", SUBSCRIPTION, ADDR),
	A("subscription", "prefix_len", SUBSCRIPTION, PREFIX_LEN),
	A("subscription", "port", SUBSCRIPTION, PORT),
	A("subscription", "sides", SUBSCRIPTION, SIDES),
	A("subscription", "states", SUBSCRIPTION, STATES),
	A("subscription", "reasons", SUBSCRIPTION, REASONS),
	A("subscription", "lost", SUBSCRIPTION, LOST),
#undef A
};

static bool is_of(size_t i, const char *operation)
{
	return !strncmp(attributes[i].prefix, operation, strlen(attributes[i].prefix));
}

static uint16_t type_of(const char *operation, const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(attributes); i++) {
		if (is_of(i, operation) && !strcmp(attributes[i].name, name))
			return attributes[i].type;
	}
	return strtoul(name, NULL, 10);
}

static const char *name_of(const char *operation, int type)
{
	static char number[16];
	size_t i;

	for (i = 0; i < COUNT(attributes); i++) {
		if (is_of(i, operation) && attributes[i].type == type)
			return attributes[i].name;
	}
	snprintf(number, sizeof(number), type ? "%d" : "", type);
	return number;
}

static void put(struct nl_request *r, const char *operation, char *attr)
{
	char *hex = strchr(attr, '=');
	uint8_t data[256];
	size_t n = 0;

	if (!hex)
		die("%s: no attribute", attr);
	*hex++ = '\0';
	for (; hex[0] && hex[1] && n < sizeof(data); hex += 2) {
		char two[] = { hex[0], hex[1], '\0' };

		data[n++] = strtoul(two, NULL, 16);
	}
	nl_put(r, type_of(operation, attr), data, n);
}

/* Those with a name. */
static void say_answer(const char *operation)
{
	const struct nlattr *attrs[TCPTRACK_A_FLOW_MAX + 1];
	size_t i, at;

	nl_attrs((void *)nl_answer, attrs, TCPTRACK_A_FLOW_MAX);
	for (i = 0; i < COUNT(attributes); i++) {
		const struct nlattr *attr;

		if (!is_of(i, operation) || attributes[i].type > TCPTRACK_A_FLOW_MAX)
			continue;
		attr = attrs[attributes[i].type];
		if (!attr)
			continue;
		printf(" %s=", attributes[i].name);
		for (at = 0; at < attr->nla_len - (size_t)NLA_HDRLEN; at++)
			printf("%02x", ((const uint8_t *)nl_data(attr))[at]);
	}
}

static void say(const char *operation, int err, bool verbose)
{
	if (err)
		printf("%s|%s|%s", strerrorname_np(-err), name_of(operation, nl_bad), nl_text);
	else
		printf("ok %d", nl_messages);
	if (!err && verbose)
		say_answer(operation);
	putchar('\n');
}

static void join(int fd, const char *name)
{
	uint32_t group = nl_group(name);

	nl_text[0] = '\0';
	nl_messages = 0;
	say("", setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) ?
		-errno : 0, false);
}

int main(int argc, char **argv)
{
	bool dump = argc > 1 && !strcmp(argv[1], "-d");
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	struct nl_request r;
	size_t i;
	int fd;

	argc -= 1 + dump + verbose;
	argv += 1 + dump + verbose;
	if (argc < 1)
		die("usage: nldo [-d|-v] OPERATION [TYPE=HEX]... | nldo join GROUP");
	fd = nl_open();
	if (argc == 2 && !strcmp(argv[0], "join")) {
		join(fd, argv[1]);
		return 0;
	}
	for (i = 0; i < COUNT(operations) && strcmp(operations[i].name, argv[0]); i++)
		;
	nl_begin(&r, nl_family, i < COUNT(operations) ? operations[i].cmd : atoi(argv[0]),
		 dump ? NLM_F_DUMP : NLM_F_ACK);
	for (i = 1; i < (size_t)argc; i++)
		put(&r, argv[0], argv[i]);
	say(argv[0], nl_ack(fd, &r), verbose);
	return 0;
}
