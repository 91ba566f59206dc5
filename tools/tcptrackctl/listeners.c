// SPDX-License-Identifier: GPL-2.0-only
/* listeners: their queues, limits and counters. */

#include <arpa/inet.h>
#include <stdio.h>
#include <linux/tcptrack.h>

#include "netlink_names.h"
#include "tcptrackctl.h"

/* Numbers before the mode, and after it, as the columns of /proc/net/tcptrack_listeners. */
static const struct {
	const char *name;
	uint16_t attr;
} before[] = {
#define N(name, NAME) { #name, TCPTRACK_A_LISTENER_##NAME },
	N(dev, DEV) N(sockets, SOCKETS) N(halfopen, HALFOPEN) N(young, YOUNG) N(peak, PEAK)
	N(limit, LIMIT) N(acceptq, ACCEPTQ) N(acceptq_max, ACCEPTQ_MAX)
}, after[] = {
	N(age_ms, AGE_MS) TT_LISTENER_ATTRS(N)
#undef N
};

static void show_json(struct nlattr **attrs)
{
	const char *family = family_name(netlink_uint(attrs[TCPTRACK_A_LISTENER_FAMILY]));
	const char *mode = word(listener_words, netlink_uint(attrs[TCPTRACK_A_LISTENER_MODE]));
	const struct nlattr *port = attrs[TCPTRACK_A_LISTENER_PORT];
	json_t *l = json_object();
	size_t i;

	json_object_set_new(l, "family", json_string(family));
	json_object_set_new(l, "address", json_string(address(attrs[TCPTRACK_A_LISTENER_ADDR])));
	json_object_set_new(l, "port", json_integer(port ? ntohs(mnl_attr_get_u16(port)) : 0));
	for (i = 0; i < ARRAY_SIZE(before); i++)
		json_object_set_new(l, before[i].name,
				    json_integer(netlink_uint(attrs[before[i].attr])));
	json_object_set_new(l, "mode", json_string(mode));
	for (i = 0; i < ARRAY_SIZE(after); i++)
		json_object_set_new(l, after[i].name,
				    json_integer(netlink_uint(attrs[after[i].attr])));
	list_add(l);
}

static void show(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	size_t i;

	if (options.json) {
		show_json(attrs);
		return;
	}
	list_next();
	printf("%s %s", family_name(netlink_uint(attrs[TCPTRACK_A_LISTENER_FAMILY])),
	       endpoint(attrs[TCPTRACK_A_LISTENER_ADDR], attrs[TCPTRACK_A_LISTENER_PORT]));
	for (i = 0; i < ARRAY_SIZE(before); i++)
		printf(" %llu", (unsigned long long)netlink_uint(attrs[before[i].attr]));
	printf(" %s", word(listener_words, netlink_uint(attrs[TCPTRACK_A_LISTENER_MODE])));
	for (i = 0; i < ARRAY_SIZE(after); i++)
		printf(" %llu", (unsigned long long)netlink_uint(attrs[after[i].attr]));
	putchar('\n');
}

static const char *header(void)
{
	static char text[1024];
	size_t i, n;

	n = snprintf(text, sizeof(text), "family address");
	for (i = 0; i < ARRAY_SIZE(before); i++)
		n += snprintf(text + n, sizeof(text) - n, " %s", before[i].name);
	n += snprintf(text + n, sizeof(text) - n, " mode");
	for (i = 0; i < ARRAY_SIZE(after); i++)
		n += snprintf(text + n, sizeof(text) - n, " %s", after[i].name);
	return text;
}

int cmd_listeners(int argc, char **argv)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_LISTENERS_GET, true);
	bool changed;

	no_arguments("listeners", argc, argv);
	if (options.family)
		mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_FAMILY, options.family);
	list_begin(header());
	changed = netlink_run(nlh, show, TCPTRACK_A_LISTENER_MAX, NULL);
	list_end();
	netlink_changed(changed, "listeners");
	return 0;
}
