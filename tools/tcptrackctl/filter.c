// SPDX-License-Identifier: GPL-2.0-only
/* Pairs of NAME and VALUE that say which flows: of flows, and of monitor state. */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

uint16_t filter_family(const char *text)
{
	if (strcmp(text, "ipv4") && strcmp(text, "ipv6"))
		die(EXIT_USAGE, "family \"%s\" is neither ipv4 nor ipv6", text);
	return strcmp(text, "ipv4") ? AF_INET6 : AF_INET;
}

void filter_port(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	uint32_t port = value_of(f->name, NULL, text);

	if (port > 65535)
		die(EXIT_USAGE, "%s \"%s\" is not a number from 0 to 65535", f->name, text);
	mnl_attr_put_u16(nlh, f->attr, htons(port));
}

void filter_addr(struct nlmsghdr *nlh, const struct filter *f, const char *text)
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
	mnl_attr_put(nlh, f->attr, size, bytes);
	if (!slash)
		return;
	bits = value_of("prefix", NULL, slash);
	if (bits > 255)
		die(EXIT_USAGE, "prefix \"%s\" is not a number from 0 to 255", slash);
	mnl_attr_put_u8(nlh, f->prefix_attr, bits);
}

uint32_t filter_mask(const char *text, bit_fn bit)
{
	char *copy = strdup(text), *rest = copy, *one;
	uint32_t mask = 0;

	if (!copy)
		die(EXIT_REFUSED, "no memory");
	while ((one = strsep(&rest, ",")))
		mask |= bit(one);
	free(copy);
	return mask;
}

/* ss(8) has fin-wait-1 for FIN_WAIT_1. */
static bool same_state(const char *name, const char *text)
{
	for (; *name && *text; name++, text++) {
		if (strncasecmp(name, text, 1) && !(*name == '_' && *text == '-'))
			return false;
	}
	return !*name && !*text;
}

uint32_t filter_state(const char *text)
{
#define S(name)	(1U << TCPTRACK_STATE_##name)
	static const uint32_t connected = S(SYN_SENT) | S(SYN_RECEIVED) | S(ESTABLISHED) |
		S(FIN_WAIT_1) | S(FIN_WAIT_2) | S(CLOSE_WAIT) | S(CLOSING) | S(LAST_ACK) |
		S(TIME_WAIT);
	static const struct {
		const char *name;
		uint32_t mask;
	} more[] = {
		{ "syn_recv", S(SYN_RECEIVED) },
		{ "connected", connected },
		{ "synchronized", connected & ~S(SYN_SENT) },
		{ "bucket", S(SYN_RECEIVED) | S(TIME_WAIT) },
		{ "big", connected & ~(S(SYN_RECEIVED) | S(TIME_WAIT)) },
	};
#undef S
	uint32_t i;

	for (i = 0; state_names[i]; i++) {
		if (same_state(state_names[i], text))
			return 1U << i;
	}
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		if (same_state(more[i].name, text))
			return more[i].mask;
	}
	die(EXIT_USAGE, "no state is called \"%s\" (\"tcptrackctl states\" lists them)", text);
}

void filter_read(const struct filter *filters, struct nlmsghdr *nlh, int argc, char **argv)
{
	char names[128] = "";
	uint32_t said = 0;
	size_t i;

	for (i = 0; filters[i].name; i++) {
		append(names, sizeof(names), i ? ", " : "");
		append(names, sizeof(names), filters[i].name);
	}
	for (; argc > 0; argc -= 2, argv += 2) {
		for (i = 0; filters[i].name && strcmp(filters[i].name, argv[0]); i++)
			;
		if (!filters[i].name)
			die(EXIT_USAGE, "no filter is called \"%s\": %s", argv[0], names);
		if (argc < 2)
			die(EXIT_USAGE, "\"%s\" needs a value", argv[0]);
		if (said & 1U << i)
			die(EXIT_USAGE, "%s is given twice", argv[0]);
		said |= 1U << i;
		filters[i].put(nlh, &filters[i], argv[1]);
	}
}
