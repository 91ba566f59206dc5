// SPDX-License-Identifier: GPL-2.0-only
/* top: its samples. Each is what "-j" prints of status, states, listeners and stats. */

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcptrackctl.h"
#include "top.h"

static const char * const columns[] = { "local", "remote", "forward", "entered" };
static const char * const rates[] = {
	"syns", "cookies_sent", "cookies_valid", "syns_dropped", "cookies_invalid", "accept_full"
};

void sample_print(void)
{
	static const struct {
		const char *name;
		int (*print)(int argc, char **argv);
	} parts[] = {
		{ "status", cmd_status },
		{ "states", cmd_states },
		{ "listeners", cmd_listeners },
		{ "stats", cmd_stats },
	};
	size_t i;

	options.json = true;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		printf("%c\"%s\":", i ? ',' : '{', parts[i].name);
		parts[i].print(0, NULL);
	}
	puts("}");
}

double series_get(const struct top *top, const struct series *series, unsigned int ago)
{
	return series->last[(top->samples - 1 - ago) % HISTORY];
}

static void series_add(struct top *top, struct series *series, double n)
{
	series->last[(top->samples - 1) % HISTORY] = n;
}

static long long number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

long long sample_number(const struct top *top, const char *part, const char *name)
{
	return number(json_object_get(top->all, part), name);
}

/* How much of it there was each second, or -1. */
static double per_second(long long now, long long before, long long ms)
{
	return ms > 0 && now >= before ? (now - before) * 1000.0 / ms : -1;
}

static void take_states(struct top *top, const json_t *all, long long ms)
{
	const json_t *now = json_object_get(all, "states");
	const json_t *before = json_object_get(top->all, "states");
	size_t i, c;

	for (i = 0; i < STATES; i++) {
		const json_t *row = json_array_get(now, i);
		long long entered = number(row, columns[COLUMN_ENTERED]);

		for (c = 0; c < COLUMN_ENTERED; c++)
			series_add(top, &top->states[i][c], number(row, columns[c]));
		series_add(top, &top->states[i][COLUMN_ENTERED],
			   per_second(entered, number(json_array_get(before, i),
						      columns[COLUMN_ENTERED]), ms));
	}
}

static void take_rates(struct top *top, const json_t *all, long long ms)
{
	const json_t *now = json_object_get(all, "stats");
	const json_t *before = json_object_get(top->all, "stats");
	size_t i;

	for (i = 0; i < RATES; i++)
		series_add(top, &top->rates[i],
			   per_second(number(now, rates[i]), number(before, rates[i]), ms));
}

static void name_it(struct listener *l, const json_t *json)
{
	const char *addr = json_string_value(json_object_get(json, "address"));
	long long dev = number(json, "dev");
	char device[IF_NAMESIZE];

	addr = addr ? addr : "?";
	snprintf(l->name, sizeof(l->name), strchr(addr, ':') ? "[%s]:%lld" : "%s:%lld", addr,
		 number(json, "port"));
	if (!dev)
		return;
	if (!if_indextoname(dev, device))
		snprintf(device, sizeof(device), "%lld", dev);
	snprintf(l->name + strlen(l->name), sizeof(l->name) - strlen(l->name), "%%%s", device);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct listener *)a)->name, ((const struct listener *)b)->name);
}

static const char *text_of(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text ? text : "?";
}

static void take_listener(struct listener *l, const json_t *json, const struct listener *before,
			  long long ms)
{
	double *per[] = { &l->syns, &l->cookies, &l->dropped };
	size_t i;

	l->family = text_of(json, "family");
	l->mode = text_of(json, "mode");
	l->cookie_mode = text_of(json, "cookie_mode");
	l->halfopen = number(json, "halfopen");
	l->peak = number(json, "peak");
	l->limit = number(json, "limit");
	l->acceptq = number(json, "acceptq");
	l->acceptq_max = number(json, "acceptq_max");
	l->counted[0] = number(json, "syns");
	l->counted[1] = number(json, "cookies_sent");
	l->counted[2] = number(json, "syns_dropped") + number(json, "accept_full");
	for (i = 0; i < ARRAY_SIZE(per); i++)
		*per[i] = before ? per_second(l->counted[i], before->counted[i], ms) : -1;
}

static void take_listeners(struct top *top, const json_t *all, long long ms)
{
	const json_t *array = json_object_get(all, "listeners");
	size_t n = json_array_size(array), i;
	struct listener *listeners = calloc(n ? n : 1, sizeof(*listeners));

	if (!listeners)
		die(EXIT_REFUSED, "no memory");
	if (top->listeners)
		qsort(top->listeners, top->nlisteners, sizeof(*listeners), by_name);
	for (i = 0; i < n; i++) {
		const json_t *json = json_array_get(array, i);
		const struct listener *before = NULL;

		name_it(&listeners[i], json);
		if (top->listeners)
			before = bsearch(&listeners[i], top->listeners, top->nlisteners,
					 sizeof(*listeners), by_name);
		take_listener(&listeners[i], json, before, ms);
	}
	free(top->listeners);
	top->listeners = listeners;
	top->nlisteners = n;
}

bool sample_take(struct top *top, const char *text)
{
	json_t *all = json_loads(text, 0, NULL);
	long long ms;

	if (!all) {
		snprintf(top->why, sizeof(top->why), "what the module says is not understood");
		return false;
	}
	ms = number(json_object_get(all, "status"), "uptime_ms") -
		sample_number(top, "status", "uptime_ms");
	/* the first one, or the module has been loaded again: nothing is known of before */
	if (!top->all || ms < 0) {
		top->samples = 0;
		ms = 0;
	}
	top->samples++;
	take_states(top, all, ms);
	take_rates(top, all, ms);
	take_listeners(top, all, ms);
	json_decref(top->all);
	top->all = all;
	top->why[0] = '\0';
	listeners_sort(top);
	return true;
}
