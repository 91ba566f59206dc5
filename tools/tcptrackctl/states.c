// SPDX-License-Identifier: GPL-2.0-only
/* states: how many endpoints are in each. */

#include <stdio.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static void show_row(const struct nlattr *nest)
{
	static const struct {
		const char *name;
		uint16_t attr;
		int width;
	} columns[] = {
		{ "local", TCPTRACK_A_STATE_ROW_LOCAL, 8 },
		{ "remote", TCPTRACK_A_STATE_ROW_REMOTE, 8 },
		{ "forward", TCPTRACK_A_STATE_ROW_FORWARD, 8 },
		{ "entered", TCPTRACK_A_STATE_ROW_ENTERED, 12 },
	};
	struct nlattr *attrs[TCPTRACK_A_STATE_ROW_MAX + 1];
	json_t *row = json_object();
	const char *name;
	size_t i;

	netlink_nested(nest, attrs, TCPTRACK_A_STATE_ROW_MAX);
	name = word(state_names, netlink_uint(attrs[TCPTRACK_A_STATE_ROW_STATE]));
	json_object_set_new(row, "state", json_string(name));
	if (!options.json) {
		list_next();
		printf("%-12s", name);
	}
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		long long n = netlink_uint(attrs[columns[i].attr]);

		json_object_set_new(row, columns[i].name, json_integer(n));
		if (!options.json)
			printf(" %*lld", columns[i].width, n);
	}
	if (options.json) {
		list_add(row);
		return;
	}
	putchar('\n');
	json_decref(row);
}

static void show(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *attr;

	list_begin("state           local   remote  forward      entered");
	mnl_attr_for_each(attr, nlh, NETLINK_HEADER) {
		if (mnl_attr_get_type(attr) == TCPTRACK_A_STATES_STATE)
			show_row(attr);
	}
	list_end();
}

int cmd_states(int argc, char **argv)
{
	no_arguments("states", argc, argv);
	netlink_run(netlink_request(TCPTRACK_CMD_STATES_GET, false), show,
		    TCPTRACK_A_STATES_MAX, NULL);
	return 0;
}
