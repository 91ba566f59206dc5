// SPDX-License-Identifier: GPL-2.0-only
/* flows: those that there are, or those that a filter lets through. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static const char * const flag_words[] = {
	"forward", "loopback", "local", "passive", "proven", "adopted", "pickup", "oneway",
	"halfopen", "simopen", "ending", NULL
};

static unsigned int port_of(const struct nlattr *attr)
{
	return attr ? ntohs(mnl_attr_get_u16(attr)) : 0;
}

static void show_json(struct nlattr **attrs, uint32_t flags)
{
	json_t *f = json_object(), *words = json_array();
	int i;

#define TEXT(name, text)	json_object_set_new(f, name, json_string(text))
#define NUMBER(name, n)		json_object_set_new(f, name, json_integer(n))
	TEXT("family", family_name(netlink_uint(attrs[TCPTRACK_A_FLOW_FAMILY])));
	TEXT("addr_a", address(attrs[TCPTRACK_A_FLOW_ADDR_A]));
	NUMBER("port_a", port_of(attrs[TCPTRACK_A_FLOW_PORT_A]));
	TEXT("addr_b", address(attrs[TCPTRACK_A_FLOW_ADDR_B]));
	NUMBER("port_b", port_of(attrs[TCPTRACK_A_FLOW_PORT_B]));
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

static unsigned long number(const char *what, const char *text, unsigned long most)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || n > most)
		die(EXIT_USAGE, "%s \"%s\" is not a number from 0 to %lu", what, text, most);
	return n;
}

static void filter_family(struct nlmsghdr *nlh, const char *text)
{
	if (!strcmp(text, "ipv4"))
		options.family = AF_INET;
	else if (!strcmp(text, "ipv6"))
		options.family = AF_INET6;
	else
		die(EXIT_USAGE, "family \"%s\" is neither ipv4 nor ipv6", text);
}

static void filter_state(struct nlmsghdr *nlh, const char *text)
{
	uint32_t i;

	for (i = 0; state_names[i]; i++) {
		if (!strcasecmp(state_names[i], text)) {
			mnl_attr_put_u32(nlh, TCPTRACK_A_FLOW_STATE, i);
			return;
		}
	}
	die(EXIT_USAGE, "no state is called \"%s\" (\"tcptrackctl states\" lists them)", text);
}

static void filter_port(struct nlmsghdr *nlh, const char *text)
{
	mnl_attr_put_u16(nlh, TCPTRACK_A_FLOW_PORT, htons(number("port", text, 65535)));
}

static void filter_addr(struct nlmsghdr *nlh, const char *text)
{
	char addr[INET6_ADDRSTRLEN + sizeof("/128")], *slash;
	uint8_t bytes[16];
	size_t size = 4;

	snprintf(addr, sizeof(addr), "%s", text);
	slash = strchr(addr, '/');
	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, addr, bytes) != 1) {
		size = sizeof(bytes);
		if (inet_pton(AF_INET6, addr, bytes) != 1)
			die(EXIT_USAGE, "\"%s\" is not an address", text);
	}
	mnl_attr_put(nlh, TCPTRACK_A_FLOW_ADDR, size, bytes);
	if (slash)
		mnl_attr_put_u8(nlh, TCPTRACK_A_FLOW_PREFIX_LEN, number("prefix", slash, 255));
}

static void filter_one(struct nlmsghdr *nlh, const char *what, const char *value, uint32_t *said)
{
	static const struct {
		const char *name;
		void (*put)(struct nlmsghdr *nlh, const char *text);
	} filters[] = {
		{ "family", filter_family },
		{ "state", filter_state },
		{ "port", filter_port },
		{ "addr", filter_addr },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		if (strcmp(filters[i].name, what))
			continue;
		if (!value)
			die(EXIT_USAGE, "\"%s\" needs a value", what);
		if (*said & 1U << i)
			die(EXIT_USAGE, "%s is given twice", what);
		*said |= 1U << i;
		filters[i].put(nlh, value);
		return;
	}
	die(EXIT_USAGE, "no filter is called \"%s\": family, state, port, addr", what);
}

int cmd_flows(int argc, char **argv)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_FLOWS_GET, true);
	uint32_t said = 0;
	bool changed;

	for (; argc > 0; argc -= 2, argv += 2)
		filter_one(nlh, argv[0], argc > 1 ? argv[1] : NULL, &said);
	if (options.family)
		mnl_attr_put_u16(nlh, TCPTRACK_A_FLOW_FAMILY, options.family);
	list_begin("family a b state_a state_b age_ms idle_ms ifindex flags");
	changed = netlink_run(nlh, show, TCPTRACK_A_FLOW_MAX, NULL);
	list_end();
	netlink_changed(changed, "flows");
	return 0;
}
