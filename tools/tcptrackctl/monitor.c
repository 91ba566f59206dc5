// SPDX-License-Identifier: GPL-2.0-only
/* monitor: events as they come, one a line. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <sys/time.h>
#include <time.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

const char * const side_words[] = {
	[TCPTRACK_SIDE_LOCAL] = "local",
	[TCPTRACK_SIDE_REMOTE] = "remote",
	[TCPTRACK_SIDE_FORWARD] = "forward",
	NULL
};

static const char * const end_words[] = {
	[TCPTRACK_END_A] = "a",
	[TCPTRACK_END_B] = "b",
	NULL
};

const char * const close_words[] = {
	[TCPTRACK_CLOSE_REASON_NORMAL] = "normal",
	[TCPTRACK_CLOSE_REASON_RESET_BY_PEER] = "reset_by_peer",
	[TCPTRACK_CLOSE_REASON_RESET_BY_US] = "reset_by_us",
	[TCPTRACK_CLOSE_REASON_REFUSED] = "refused",
	[TCPTRACK_CLOSE_REASON_HALFOPEN_RESET] = "halfopen_reset",
	[TCPTRACK_CLOSE_REASON_FORGOTTEN] = "forgotten",
	[TCPTRACK_CLOSE_REASON_HANDSHAKE_TIMEOUT] = "handshake_timeout",
	[TCPTRACK_CLOSE_REASON_RETRANS_TIMEOUT] = "retrans_timeout",
	[TCPTRACK_CLOSE_REASON_UNREACHABLE] = "unreachable",
	[TCPTRACK_CLOSE_REASON_EVICTED] = "evicted",
	[TCPTRACK_CLOSE_REASON_IDLE] = "idle",
	[TCPTRACK_CLOSE_REASON_SOCKET_GONE] = "socket_gone",
	NULL
};

/* Of a flow: the words of both of its events. */
static const struct {
	const char *name;
	uint16_t attr;
	const char * const *words;
} numbers[] = {
#define N(name, NAME, words) { #name, TCPTRACK_A_FLOW_##NAME, words }
	N(dev, DEV, NULL),
	N(end, END, end_words),
	N(side, SIDE, side_words),
	N(old, OLD, state_names),
	N(new, NEW, state_names),
	N(state_a, STATE_A, state_names),
	N(state_b, STATE_B, state_names),
	N(reason, REASON, close_words),
	N(age_ms, AGE_MS, NULL),
#undef N
};

/* Local time as "ip -ts" has it; in JSON with its zone. */
static const char *now(void)
{
	static char text[64];
	struct timeval tv;
	char date[32], zone[16] = "";
	struct tm tm;

	gettimeofday(&tv, NULL);
	localtime_r(&tv.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	if (options.json)
		strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(text, sizeof(text), "%s.%06ld%.3s%s%s", date, (long)tv.tv_usec, zone,
		 *zone ? ":" : "", *zone ? zone + strlen("+hh") : "");
	return text;
}

static void line_begin(const char *event)
{
	if (options.timestamps)
		printf("[%s] ", now());
	printf("%s ", event);
}

static json_t *flow_json(struct nlattr **attrs)
{
	json_t *f = json_object();
	size_t i;

#define PUT(name, value)	json_object_set_new(f, name, value)
	PUT("family", json_string(family_name(netlink_uint(attrs[TCPTRACK_A_FLOW_FAMILY]))));
	PUT("addr_a", json_string(address(attrs[TCPTRACK_A_FLOW_ADDR_A])));
	PUT("port_a", json_integer(port_number(attrs[TCPTRACK_A_FLOW_PORT_A])));
	PUT("addr_b", json_string(address(attrs[TCPTRACK_A_FLOW_ADDR_B])));
	PUT("port_b", json_integer(port_number(attrs[TCPTRACK_A_FLOW_PORT_B])));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t n = netlink_uint(attrs[numbers[i].attr]);

		if (attrs[numbers[i].attr])
			PUT(numbers[i].name, numbers[i].words ?
			    json_string(word(numbers[i].words, n)) : json_integer(n));
	}
#undef PUT
	return f;
}

static void flow_print(struct nlattr **attrs)
{
	size_t i;

	printf("%s %s", endpoint(attrs[TCPTRACK_A_FLOW_ADDR_A], attrs[TCPTRACK_A_FLOW_PORT_A]),
	       endpoint(attrs[TCPTRACK_A_FLOW_ADDR_B], attrs[TCPTRACK_A_FLOW_PORT_B]));
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t n = netlink_uint(attrs[numbers[i].attr]);

		if (!attrs[numbers[i].attr] || (numbers[i].attr == TCPTRACK_A_FLOW_DEV && !n))
			continue;
		if (!numbers[i].words)
			printf(" %s %llu", numbers[i].name, (unsigned long long)n);
		else
			printf("%s %s", numbers[i].attr == TCPTRACK_A_FLOW_NEW ? " ->" : "",
			       word(numbers[i].words, n));
	}
	putchar('\n');
}

static void print_event(const char *event, json_t *all)
{
	json_t *with = json_object();

	json_object_set_new(with, "event", json_string(event));
	if (options.timestamps)
		json_object_set_new(with, "time", json_string(now()));
	json_object_update(with, all);
	json_decref(all);
	print_json(with);
}

/* Of a subscription: the module says how many. */
static void lost_some(unsigned int n)
{
	json_t *event;

	if (options.json) {
		event = json_object();
		json_object_set_new(event, "lost", json_integer(n));
		print_event("subscription-lost", event);
	}
	fprintf(stderr, "tcptrackctl: %u events were lost: they came faster than they were read\n",
		n);
}

static void show(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	static const struct {
		uint8_t command;
		bool flood;
		const char *name;
	} events[] = {
		{ TCPTRACK_CMD_FLOOD_BEGIN, true, "flood-begin" },
		{ TCPTRACK_CMD_FLOOD_END, true, "flood-end" },
		{ TCPTRACK_CMD_FLOW_STATE, false, "flow-state" },
		{ TCPTRACK_CMD_FLOW_END, false, "flow-end" },
	};
	size_t i;

	if (netlink_command(nlh) == TCPTRACK_CMD_SUBSCRIPTION_LOST) {
		lost_some(netlink_uint(attrs[TCPTRACK_A_SUBSCRIPTION_LOST]));
		return;
	}
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (events[i].command == netlink_command(nlh))
			break;
	}
	if (i == ARRAY_SIZE(events))	/* of a newer module */
		return;
	if (options.json) {
		print_event(events[i].name, events[i].flood ? flood_json(nlh, attrs) :
							      flow_json(attrs));
		return;
	}
	line_begin(events[i].name);
	if (events[i].flood)
		flood_print(nlh, attrs);
	else
		flow_print(attrs);
}

static bool subscribed;

static void lost(void)
{
	if (subscribed)		/* its subscription-lost follows */
		return;
	if (options.json)
		print_event("lost", json_object());
	fprintf(stderr, "tcptrackctl: events were lost: they came faster than they were read\n");
}

/* Options may come after the command, too, as in "monitor -j flood". */
static int get_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "timestamp", no_argument, NULL, 't' },
		{ }
	};
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "jpt", longs, NULL)) != -1) {
		if (c == '?')
			die(EXIT_USAGE, "try \"tcptrackctl help\"");
		options.json |= c == 'j' || c == 'p';
		options.pretty |= c == 'p';
		options.timestamps |= c == 't';
	}
	return optind;
}

int cmd_monitor(int argc, char **argv)
{
	bool flood = true, state = true;
	int n = get_options(argc + 1, argv - 1) - 1;
	const char *what = n < argc ? argv[n] : NULL;

	if (what) {
		flood = !strcmp(what, TCPTRACK_MCGRP_FLOOD);
		state = !strcmp(what, TCPTRACK_MCGRP_STATE);
		if (!flood && !state)
			die(EXIT_USAGE, "there are no events \"%s\": flood, state", what);
		if (!state)
			no_arguments("monitor flood", argc - n - 1, argv + n + 1);
		subscribed = argc - n > 1;
	}
	if (options.family && flood)
		die(EXIT_USAGE, "-4 and -6 are for \"monitor state\"");
	subscribed |= options.family;
	if (flood)
		netlink_join(TCPTRACK_MCGRP_FLOOD, "no permission");
	if (subscribed)
		subscribe(argc - n - 1, argv + n + 1);
	else if (state)
		netlink_join(TCPTRACK_MCGRP_STATE,
			     "only root may follow flows (CAP_NET_ADMIN in this namespace); "
			     "\"monitor flood\" is for everybody");
	return netlink_listen(show, MAX((int)TCPTRACK_A_FLOW_MAX, (int)TCPTRACK_A_FLOOD_MAX), lost);
}
