// SPDX-License-Identifier: GPL-2.0-only
/* stats: values and counters, by the names of /proc/tcptrack. */

#include <stdio.h>
#include <unistd.h>
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
	json_object_set_new(all, name, json_integer(netlink_uint(attrs[TCPTRACK_A_BUCKET_COUNT])));
}

static void put_buckets(json_t *all, const char *what, const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, NETLINK_HEADER) {
		if (mnl_attr_get_type(attr) == type)
			put_bucket(all, what, attr);
	}
}

static void collect(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *version = attrs[TCPTRACK_A_COUNTERS_VERSION];
	const char *mode = word(mode_words, netlink_uint(attrs[TCPTRACK_A_COUNTERS_MODE]));
	json_t *all = arg;
	size_t i;

	json_object_set_new(all, "version", json_string(version ? mnl_attr_get_str(version) : "?"));
	json_object_set_new(all, "mode", json_string(mode));
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct nlattr *attr = attrs[counters[i].attr];
		json_int_t n;

		if (!attr)	/* of a module that is older */
			continue;
		if (counters[i].attr == TCPTRACK_A_COUNTERS_COOKIE_SELFTEST)
			n = (int32_t)mnl_attr_get_u32(attr);
		else
			n = netlink_uint(attr);
		json_object_set_new(all, counters[i].name, json_integer(n));
	}
	put_buckets(all, "syn_gap", nlh, TCPTRACK_A_COUNTERS_SYN_GAP);
	put_buckets(all, "synack_gap", nlh, TCPTRACK_A_COUNTERS_SYNACK_GAP);
	put_buckets(all, "halfopen_life", nlh, TCPTRACK_A_COUNTERS_HALFOPEN_LIFE);
}

json_t *stats_read(void)
{
	json_t *all = json_object();

	netlink_run(netlink_request(TCPTRACK_CMD_COUNTERS_GET, false), collect,
		    TCPTRACK_A_COUNTERS_MAX, all);
	return all;
}

static void show_rates(json_t *before)
{
	json_t *after;

	sleep(options.rate);
	after = stats_read();
	diff_print(before, after);
	json_decref(before);
	json_decref(after);
}

bool stats_no_cookies(void)
{
	json_t *all = stats_read();
	bool failed = json_integer_value(json_object_get(all, "cookie_selftest"));

	json_decref(all);
	return failed;
}

int cmd_stats(int argc, char **argv)
{
	json_t *all, *value;
	const char *name;

	no_arguments("stats", argc, argv);
	all = stats_read();
	if (options.rate) {
		show_rates(all);
		return 0;
	}
	if (options.json) {
		print_json(all);
		return 0;
	}
	json_object_foreach(all, name, value) {
		if (json_is_string(value))
			printf("%s %s\n", name, json_string_value(value));
		else
			printf("%s %lld\n", name, (long long)json_integer_value(value));
	}
	json_decref(all);
	return 0;
}
