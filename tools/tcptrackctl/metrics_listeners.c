// SPDX-License-Identifier: GPL-2.0-only
/* metrics of each listener. */

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "metrics.h"
#include "netlink_names.h"
#include "tcptrackctl.h"

enum show {
	SHOW_GAUGE,
	SHOW_MS,
	SHOW_COUNTER,
};

static const struct column {
	const char *name;	/* of its meaning */
	const char *metric;
	uint16_t attr;
	enum show show;
} columns[] = {
#define GAUGE(name, NAME) { #name, #name, TCPTRACK_A_LISTENER_##NAME, SHOW_GAUGE },
#define COUNTER(name, NAME) { #name, #name, TCPTRACK_A_LISTENER_##NAME, SHOW_COUNTER },
	GAUGE(sockets, SOCKETS) GAUGE(halfopen, HALFOPEN) GAUGE(young, YOUNG)
	GAUGE(peak, PEAK) GAUGE(limit, LIMIT) GAUGE(acceptq, ACCEPTQ)
	GAUGE(acceptq_max, ACCEPTQ_MAX)
	{ "mode", "cookie_mode", TCPTRACK_A_LISTENER_MODE, SHOW_GAUGE },
	{ "age_ms", "age_seconds", TCPTRACK_A_LISTENER_AGE_MS, SHOW_MS },
	TT_LISTENER_ATTRS(COUNTER)
#undef GAUGE
#undef COUNTER
};

struct listener {
	uint16_t family, port;
	uint32_t dev;
	char address[INET6_ADDRSTRLEN];
	uint64_t value[ARRAY_SIZE(columns)];
	bool has[ARRAY_SIZE(columns)];	/* (an older module does not tell all of them) */
};

struct listeners {
	struct listener *all;
	size_t count, room;
};

static void collect(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *port = attrs[TCPTRACK_A_LISTENER_PORT];
	struct listeners *listeners = arg;
	struct listener *l;
	size_t i;

	if (listeners->count == listeners->room) {
		listeners->room = listeners->room ? 2 * listeners->room : 64;
		listeners->all = reallocarray(listeners->all, listeners->room, sizeof(*l));
		if (!listeners->all)
			die(EXIT_REFUSED, "no memory");
	}
	l = &listeners->all[listeners->count++];
	l->family = netlink_uint(attrs[TCPTRACK_A_LISTENER_FAMILY]);
	l->port = port ? ntohs(mnl_attr_get_u16(port)) : 0;
	l->dev = netlink_uint(attrs[TCPTRACK_A_LISTENER_DEV]);
	snprintf(l->address, sizeof(l->address), "%s", address(attrs[TCPTRACK_A_LISTENER_ADDR]));
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		l->value[i] = netlink_uint(attrs[columns[i].attr]);
		l->has[i] = attrs[columns[i].attr];
	}
}

static int compare(const void *a, const void *b)
{
	const struct listener *l = a, *m = b;

	if (l->port != m->port)
		return l->port < m->port ? -1 : 1;
	if (l->family != m->family)
		return l->family < m->family ? -1 : 1;
	if (l->dev != m->dev)
		return l->dev < m->dev ? -1 : 1;
	return strcmp(l->address, m->address);
}

/*
 * One that was closed and opened again while the module was asked is there twice, and
 * Prometheus takes no metric twice.
 */
static void sort(struct listeners *listeners)
{
	size_t i, n = 0;

	if (!listeners->count)
		return;
	qsort(listeners->all, listeners->count, sizeof(*listeners->all), compare);
	for (i = 0; i < listeners->count; i++) {
		if (!n || compare(&listeners->all[n - 1], &listeners->all[i]))
			listeners->all[n++] = listeners->all[i];
	}
	listeners->count = n;
}

/* Of others, several would have the same label: then the index says which. */
static bool is_ascii(const char *name)
{
	while (*name && !(*name & 0x80))
		name++;
	return !*name;
}

static void put(const struct column *column, const struct listener *l)
{
	char device[IF_NAMESIZE] = "", port[8], name[64];
	uint64_t n = l->value[column - columns];

	snprintf(port, sizeof(port), "%u", l->port);
	if (l->dev && (!if_indextoname(l->dev, device) || !is_ascii(device)))
		snprintf(device, sizeof(device), "%u", l->dev);
	snprintf(name, sizeof(name), "listener_%s", column->metric);
	metric_begin(name, column->show == SHOW_COUNTER ? "_total" : "");
	metric_label("family", family_name(l->family));
	metric_label("address", l->address);
	metric_label("port", port);
	metric_label("device", device);
	if (column->show == SHOW_MS)
		metric_ms(n);
	else
		metric_number(n);
}

void metrics_listeners(void)
{
	struct listeners listeners = { };
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_LISTENERS_GET, true);
	size_t i, j;

	if (options.family)
		mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_FAMILY, options.family);
	netlink_run(nlh, collect, TCPTRACK_A_LISTENER_MAX, &listeners);
	sort(&listeners);
	for (i = 0; i < ARRAY_SIZE(columns) && listeners.count; i++) {
		const struct column *column = &columns[i];
		bool counter = column->show == SHOW_COUNTER;
		char name[64];

		if (!listeners.all[0].has[i])
			continue;
		snprintf(name, sizeof(name), "listener_%s", column->metric);
		metric_head(name, counter ? "_total" : "", counter ? "counter" : "gauge",
			    metric_help(counter ? MEANS_COUNTER : MEANS_LISTENER, column->name));
		for (j = 0; j < listeners.count; j++)
			put(column, &listeners.all[j]);
	}
	free(listeners.all);
}
