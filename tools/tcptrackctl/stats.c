// SPDX-License-Identifier: GPL-2.0-only
/* stats: values and counters, by the names of /proc/tcptrack. */

#include <stdio.h>
#include <stdlib.h>
#include <linux/tcptrack.h>

#include "netlink_names.h"
#include "tcptrackctl.h"

static const struct {
	const char *name;
	uint16_t attr;
} counters[] = {
#define A(name, NAME) { #name, TCPTRACK_A_COUNTERS_##NAME },
	TT_VALUE_ATTRS(A)
	TT_STAT_ATTRS(A)
#undef A
};

static void put_string(json_t *all, const char *name, const char *value)
{
	if (options.json)
		json_object_set_new(all, name, json_string(value));
	else
		printf("%s %s\n", name, value);
}

static void put(json_t *all, const char *name, long long value)
{
	if (options.json)
		json_object_set_new(all, name, json_integer(value));
	else
		printf("%s %lld\n", name, value);
}

static void put_bucket(json_t *all, const char *what, const struct nlattr *nest)
{
	struct nlattr *attrs[TCPTRACK_A_BUCKET_MAX + 1];
	char attempt[16] = "", name[80];

	netlink_nested(nest, attrs, TCPTRACK_A_BUCKET_MAX);
	if (attrs[TCPTRACK_A_BUCKET_ATTEMPT])
		snprintf(attempt, sizeof(attempt), "%u",
			 mnl_attr_get_u32(attrs[TCPTRACK_A_BUCKET_ATTEMPT]));
	snprintf(name, sizeof(name), "%s%s_ge%ums", what, attempt,
		 (unsigned int)netlink_uint(attrs[TCPTRACK_A_BUCKET_GE_MS]));
	put(all, name, netlink_uint(attrs[TCPTRACK_A_BUCKET_COUNT]));
}

static void put_buckets(json_t *all, const char *what, const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, NETLINK_HEADER) {
		if (mnl_attr_get_type(attr) == type)
			put_bucket(all, what, attr);
	}
}

static void show(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *version = attrs[TCPTRACK_A_COUNTERS_VERSION];
	json_t *all = json_object();
	size_t i;

	put_string(all, "version", version ? mnl_attr_get_str(version) : "?");
	put_string(all, "mode", word(mode_words, netlink_uint(attrs[TCPTRACK_A_COUNTERS_MODE])));
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct nlattr *attr = attrs[counters[i].attr];

		if (!attr)	/* of a module that is older */
			continue;
		if (counters[i].attr == TCPTRACK_A_COUNTERS_COOKIE_SELFTEST)
			put(all, counters[i].name, (int32_t)mnl_attr_get_u32(attr));
		else
			put(all, counters[i].name, netlink_uint(attr));
	}
	put_buckets(all, "syn_gap", nlh, TCPTRACK_A_COUNTERS_SYN_GAP);
	put_buckets(all, "synack_gap", nlh, TCPTRACK_A_COUNTERS_SYNACK_GAP);
	put_buckets(all, "halfopen_life", nlh, TCPTRACK_A_COUNTERS_HALFOPEN_LIFE);
	if (options.json)
		print_json(all);
	else
		json_decref(all);
}

int cmd_stats(int argc, char **argv)
{
	no_arguments("stats", argc, argv);
	netlink_run(netlink_request(TCPTRACK_CMD_COUNTERS_GET, false), show,
		    TCPTRACK_A_COUNTERS_MAX, NULL);
	return 0;
}
