// SPDX-License-Identifier: GPL-2.0-only
/* status: a verdict in a line, and a bar for each listener. */

#include <stdio.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

#define BAR	20

/* " (last: ...)", if there was a flood */
static char last[128];

static void uptime(char *text, size_t size, unsigned long long ms)
{
	unsigned long long minutes = ms / 60000;

	if (minutes >= 24 * 60)
		snprintf(text, size, "%llud %lluh", minutes / (24 * 60), minutes / 60 % 24);
	else if (minutes >= 60)
		snprintf(text, size, "%lluh %llum", minutes / 60, minutes % 60);
	else
		snprintf(text, size, "%llum %llus", minutes, ms / 1000 % 60);
}

/* HH:MM:SS */
static const char *clock_time(unsigned long long ms)
{
	static char text[32];

	snprintf(text, sizeof(text), "%02llu:%02llu:%02llu", ms / 3600000, ms / 60000 % 60,
		 ms / 1000 % 60);
	return text;
}

static const char *rate(unsigned long long n, unsigned long long ms)
{
	unsigned long long each = ms ? n * 1000 / ms : n;
	static char text[32];

	if (each >= 10000000)
		snprintf(text, sizeof(text), "%lluM/s", each / 1000000);
	else if (each >= 10000)
		snprintf(text, sizeof(text), "%lluk/s", each / 1000);
	else
		snprintf(text, sizeof(text), "%llu/s", each);
	return text;
}

static void last_flood(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	unsigned long long ms = netlink_uint(attrs[TCPTRACK_A_FLOOD_DURATION_MS]);
	json_t *all = arg;

	if (!attrs[TCPTRACK_A_FLOOD_CLASS])	/* there was none */
		return;
	json_object_set_new(all, "last_flood", flood_json(nlh, attrs));
	snprintf(last, sizeof(last), " (last: %s, %s, %s, %s)", flood_of(attrs, true),
		 clock_time(ms), rate(netlink_uint(attrs[TCPTRACK_A_FLOOD_SYNS]), ms),
		 word(class_words, netlink_uint(attrs[TCPTRACK_A_FLOOD_CLASS])));
}

static void verdict(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
#define N(name)	((unsigned long long)netlink_uint(attrs[TCPTRACK_A_COUNTERS_##name]))
	const char *mode = word(mode_words, N(MODE));
	char up[64], flood[192];
	json_t *all = arg;

	if (N(COOKIE_MODE))
		snprintf(flood, sizeof(flood), "flood: cookie mode at %llu", N(COOKIE_MODE));
	else
		snprintf(flood, sizeof(flood), "no flood%s", last);
	uptime(up, sizeof(up), N(UPTIME_MS));
	if (!options.json) {
		printf("%s · up %s · half-open %llu/%llu · flows %llu/%llu · %s\n", mode, up,
		       N(HALFOPEN), N(HALFOPEN_MAX), N(FLOWS), N(FLOWS_MAX), flood);
		return;
	}
	json_object_set_new(all, "mode", json_string(mode));
	json_object_set_new(all, "uptime_ms", json_integer(N(UPTIME_MS)));
	json_object_set_new(all, "halfopen", json_integer(N(HALFOPEN)));
	json_object_set_new(all, "halfopen_max", json_integer(N(HALFOPEN_MAX)));
	json_object_set_new(all, "flows", json_integer(N(FLOWS)));
	json_object_set_new(all, "flows_max", json_integer(N(FLOWS_MAX)));
	json_object_set_new(all, "cookie_mode", json_integer(N(COOKIE_MODE)));
#undef N
}

static void bar(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	unsigned long long n = netlink_uint(attrs[TCPTRACK_A_LISTENER_HALFOPEN]);
	unsigned long long limit = netlink_uint(attrs[TCPTRACK_A_LISTENER_LIMIT]);
	unsigned long long filled = limit ? (n * BAR + limit - 1) / limit : 0;
	const char *mode = word(listener_words, netlink_uint(attrs[TCPTRACK_A_LISTENER_MODE]));
	int full = filled > BAR ? BAR : filled;

	printf("%-24s [%.*s%*s] %llu/%llu%s%s\n",
	       endpoint(attrs[TCPTRACK_A_LISTENER_ADDR], attrs[TCPTRACK_A_LISTENER_PORT]),
	       full, "####################", BAR - full, "", n, limit,
	       strcmp(mode, "normal") ? " " : "", strcmp(mode, "normal") ? mode : "");
}

int cmd_status(int argc, char **argv)
{
	json_t *all = json_object();
	struct nlmsghdr *nlh;

	no_arguments("status", argc, argv);
	netlink_run(netlink_request(TCPTRACK_CMD_FLOOD_GET, false), last_flood,
		    TCPTRACK_A_FLOOD_MAX, all);
	netlink_run(netlink_request(TCPTRACK_CMD_COUNTERS_GET, false), verdict,
		    TCPTRACK_A_COUNTERS_MAX, all);
	if (options.json) {
		print_json(all);
		return 0;
	}
	json_decref(all);
	nlh = netlink_request(TCPTRACK_CMD_LISTENERS_GET, true);
	if (options.family)
		mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_FAMILY, options.family);
	netlink_run(nlh, bar, TCPTRACK_A_LISTENER_MAX, NULL);
	return 0;
}
