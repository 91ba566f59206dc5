// SPDX-License-Identifier: GPL-2.0-only
/* monitor state FILTER...: what of the flows is told, and which flows. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static void put_family(struct nlmsghdr *nlh, const char *text)
{
	if (strcmp(text, "ipv4") && strcmp(text, "ipv6"))
		die(EXIT_USAGE, "family \"%s\" is neither ipv4 nor ipv6", text);
	mnl_attr_put_u16(nlh, TCPTRACK_A_SUBSCRIPTION_FAMILY,
			 strcmp(text, "ipv4") ? AF_INET6 : AF_INET);
}

static void put_port(struct nlmsghdr *nlh, const char *text)
{
	uint32_t port = value_of("port", NULL, text);

	if (port > 65535)
		die(EXIT_USAGE, "port \"%s\" is not a number from 0 to 65535", text);
	mnl_attr_put_u16(nlh, TCPTRACK_A_SUBSCRIPTION_PORT, htons(port));
}

static void put_addr(struct nlmsghdr *nlh, const char *text)
{
	char addr[INET6_ADDRSTRLEN + sizeof("/128")], *slash;
	uint8_t bytes[16];
	size_t size = 4;
	uint32_t bits;

	snprintf(addr, sizeof(addr), "%s", text);
	slash = strchr(addr, '/');
	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, addr, bytes) != 1) {
		size = sizeof(bytes);
		if (inet_pton(AF_INET6, addr, bytes) != 1)
			die(EXIT_USAGE, "\"%s\" is not an address", text);
	}
	mnl_attr_put(nlh, TCPTRACK_A_SUBSCRIPTION_ADDR, size, bytes);
	if (!slash)
		return;
	bits = value_of("prefix", NULL, slash);
	if (bits > 255)
		die(EXIT_USAGE, "prefix \"%s\" is not a number from 0 to 255", slash);
	mnl_attr_put_u8(nlh, TCPTRACK_A_SUBSCRIPTION_PREFIX_LEN, bits);
}

static uint32_t bit_of(const char *what, const char * const *words, const char *text)
{
	uint32_t i;

	for (i = 0; words[i]; i++) {
		if (!strcasecmp(words[i], text))
			return 1U << i;
	}
	die(EXIT_USAGE, "no %s is called \"%s\"", what, text);
}

/* WORD[,WORD]..., or "none". */
static void put_mask(struct nlmsghdr *nlh, uint16_t type, const char *what,
		     const char * const *words, const char *text)
{
	char *copy = strdup(text), *rest = copy, *one;
	uint32_t mask = 0;

	if (!copy)
		die(EXIT_REFUSED, "no memory");
	while (strcmp(text, "none") && (one = strsep(&rest, ",")))
		mask |= bit_of(what, words, one);
	free(copy);
	mnl_attr_put_u32(nlh, type, mask);
}

static void put_side(struct nlmsghdr *nlh, const char *text)
{
	put_mask(nlh, TCPTRACK_A_SUBSCRIPTION_SIDES, "side", side_words, text);
}

static void put_state(struct nlmsghdr *nlh, const char *text)
{
	put_mask(nlh, TCPTRACK_A_SUBSCRIPTION_STATES, "state", state_names, text);
}

static void put_reason(struct nlmsghdr *nlh, const char *text)
{
	put_mask(nlh, TCPTRACK_A_SUBSCRIPTION_REASONS, "reason", close_words, text);
}

static void put_one(struct nlmsghdr *nlh, const char *what, const char *value, uint32_t *said)
{
	static const struct {
		const char *name;
		void (*put)(struct nlmsghdr *nlh, const char *text);
	} filters[] = {
		{ "family", put_family }, { "addr", put_addr }, { "port", put_port },
		{ "side", put_side }, { "state", put_state }, { "reason", put_reason },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(filters) && strcmp(filters[i].name, what); i++)
		;
	if (i == ARRAY_SIZE(filters))
		die(EXIT_USAGE, "no filter is called \"%s\": %s", what,
		    "family, addr, port, side, state, reason");
	if (!value)
		die(EXIT_USAGE, "\"%s\" needs a value", what);
	if (*said & 1U << i)
		die(EXIT_USAGE, "%s is set twice", what);
	*said |= 1U << i;
	filters[i].put(nlh, value);
}

void subscribe(int argc, char **argv)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_SUBSCRIPTION_SET, false);
	uint32_t said = 0;

	for (; argc > 0; argc -= 2, argv += 2)
		put_one(nlh, argv[0], argc > 1 ? argv[1] : NULL, &said);
	netlink_run(nlh, NULL, 0, NULL);
}
