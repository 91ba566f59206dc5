// SPDX-License-Identifier: GPL-2.0-only
/* status: a verdict in a line, and a bar for each listener. */

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

#define BAR	20

const char *status_uptime(unsigned long long ms)
{
	unsigned long long minutes = ms / 60000;
	static char text[64];

	if (minutes >= 24 * 60)
		snprintf(text, sizeof(text), "%llud %lluh", minutes / (24 * 60), minutes / 60 % 24);
	else if (minutes >= 60)
		snprintf(text, sizeof(text), "%lluh %llum", minutes / 60, minutes % 60);
	else
		snprintf(text, sizeof(text), "%llum %llus", minutes, ms / 1000 % 60);
	return text;
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

static long long number(const json_t *all, const char *name)
{
	return json_integer_value(json_object_get(all, name));
}

/* Whose it was, briefly. */
static const char *listener_of(const json_t *flood)
{
	const char *addr = json_string_value(json_object_get(flood, "address"));
	static char text[64];

	if (!addr)
		return "*";
	if (!strcmp(addr, "0.0.0.0") || !strcmp(addr, "::"))
		addr = "";
	snprintf(text, sizeof(text), strchr(addr, ':') ? "[%s]:%lld" : "%s:%lld", addr,
		 number(flood, "port"));
	return text;
}

const char *status_flood(const json_t *all)
{
	const json_t *last = json_object_get(all, "last_flood");
	const char *class = json_string_value(json_object_get(last, "class"));
	long long ms = number(last, "duration_ms");
	static char text[192];

	if (number(all, "cookie_mode"))
		snprintf(text, sizeof(text), "flood: cookie mode at %lld",
			 number(all, "cookie_mode"));
	else if (last)
		snprintf(text, sizeof(text), "no flood (last: %s, %s, %s, %s)",
			 listener_of(last), clock_time(ms), rate(number(last, "syns"), ms),
			 class ? class : "?");
	else
		snprintf(text, sizeof(text), "no flood");
	return text;
}

static void last_flood(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	if (attrs[TCPTRACK_A_FLOOD_CLASS])	/* there was one */
		json_object_set_new(arg, "last_flood", flood_json(nlh, attrs));
}

static void verdict(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
#define N(name)	json_integer(netlink_uint(attrs[TCPTRACK_A_COUNTERS_##name]))
	const char *mode = word(mode_words, netlink_uint(attrs[TCPTRACK_A_COUNTERS_MODE]));
	json_t *all = arg;

	json_object_set_new(all, "mode", json_string(mode));
	json_object_set_new(all, "uptime_ms", N(UPTIME_MS));
	json_object_set_new(all, "halfopen", N(HALFOPEN));
	json_object_set_new(all, "halfopen_max", N(HALFOPEN_MAX));
	json_object_set_new(all, "flows", N(FLOWS));
	json_object_set_new(all, "flows_max", N(FLOWS_MAX));
	json_object_set_new(all, "cookie_mode", N(COOKIE_MODE));
#undef N
}

static void print_verdict(const json_t *all)
{
	printf("%s · up %s · half-open %lld/%lld · flows %lld/%lld · %s\n",
	       json_string_value(json_object_get(all, "mode")),
	       status_uptime(number(all, "uptime_ms")),
	       number(all, "halfopen"), number(all, "halfopen_max"),
	       number(all, "flows"), number(all, "flows_max"), status_flood(all));
}

/* As "ss" and "top" have it: what differs by its device alone is another one. */
static const char *name_of(struct nlattr **attrs)
{
	uint32_t dev = netlink_uint(attrs[TCPTRACK_A_LISTENER_DEV]);
	const char *text = endpoint(attrs[TCPTRACK_A_LISTENER_ADDR],
				    attrs[TCPTRACK_A_LISTENER_PORT]);
	static char name[128];
	char device[IF_NAMESIZE];

	if (!dev)
		return text;
	if (!if_indextoname(dev, device))
		snprintf(device, sizeof(device), "%u", dev);
	snprintf(name, sizeof(name), "%s%%%s", text, device);
	return name;
}

/*
 * Lines come in the order in which the module met the listeners: of those that were there before
 * it, that is the kernel's hash. Here they are by port, and IPv4 comes first.
 */
struct bars {
	struct bar {
		unsigned int port, family;
		char *line;
	} *bars;
	size_t n;
};

static void bar(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	struct bars *all = arg;
	struct bar *b;
	unsigned long long n = netlink_uint(attrs[TCPTRACK_A_LISTENER_HALFOPEN]);
	unsigned long long limit = netlink_uint(attrs[TCPTRACK_A_LISTENER_LIMIT]);
	unsigned long long filled = limit ? (n * BAR + limit - 1) / limit : 0;
	const char *mode = word(listener_words, netlink_uint(attrs[TCPTRACK_A_LISTENER_MODE]));
	int full = filled > BAR ? BAR : filled;

	all->bars = reallocarray(all->bars, all->n + 1, sizeof(*b));
	if (!all->bars)
		die(EXIT_REFUSED, "no memory");
	b = &all->bars[all->n++];
	b->port = port_number(attrs[TCPTRACK_A_LISTENER_PORT]);
	b->family = netlink_uint(attrs[TCPTRACK_A_LISTENER_FAMILY]);
	if (asprintf(&b->line, "%-24s [%.*s%*s] %llu/%llu%s%s", name_of(attrs),
		     full, "####################", BAR - full, "", n, limit,
		     strcmp(mode, "normal") ? " " : "", strcmp(mode, "normal") ? mode : "") < 0)
		die(EXIT_REFUSED, "no memory");
}

static int by_port(const void *a, const void *b)
{
	const struct bar *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return strcmp(x->line, y->line);
}

static void print_bars(struct bars *all)
{
	size_t i;

	if (all->n)
		qsort(all->bars, all->n, sizeof(*all->bars), by_port);
	for (i = 0; i < all->n; i++) {
		puts(all->bars[i].line);
		free(all->bars[i].line);
	}
	free(all->bars);
}

static void listener_json(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
#define ATTR(name)	attrs[TCPTRACK_A_LISTENER_##name]
#define N(name)		((json_int_t)netlink_uint(ATTR(name)))
	json_array_append_new(arg, json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:s}",
					     "family", family_name(N(FAMILY)),
					     "address", address(ATTR(ADDR)),
					     "port", port_number(ATTR(PORT)),
					     "dev", N(DEV),
					     "halfopen", N(HALFOPEN), "limit", N(LIMIT),
					     "mode", word(listener_words, N(MODE))));
#undef N
#undef ATTR
}

static void listeners(each_fn each, void *arg)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_LISTENERS_GET, true);

	if (options.family)
		mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_FAMILY, options.family);
	netlink_run(nlh, each, TCPTRACK_A_LISTENER_MAX, arg);
}

int cmd_status(int argc, char **argv)
{
	json_t *all = json_object(), *list;
	struct bars bars = { 0 };

	no_arguments("status", argc, argv);
	netlink_run(netlink_request(TCPTRACK_CMD_FLOOD_GET, false), last_flood,
		    TCPTRACK_A_FLOOD_MAX, all);
	netlink_run(netlink_request(TCPTRACK_CMD_COUNTERS_GET, false), verdict,
		    TCPTRACK_A_COUNTERS_MAX, all);
	if (options.json) {
		list = json_array();
		listeners(listener_json, list);
		json_object_set_new(all, "listeners", list);
		print_json(all);
		return 0;
	}
	print_verdict(all);
	json_decref(all);
	listeners(bar, &bars);
	print_bars(&bars);
	return 0;
}
