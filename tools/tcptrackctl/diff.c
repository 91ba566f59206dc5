// SPDX-License-Identifier: GPL-2.0-only
/* diff: what changed between two outputs of "stats -j", and how fast. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "meanings.h"
#include "tcptrackctl.h"

static long long uptime(const json_t *stats)
{
	const json_t *ms = json_object_get(stats, "uptime_ms");

	return json_is_integer(ms) ? json_integer_value(ms) : -1;
}

static json_t *saved(const char *path)
{
	const char *name;
	json_error_t error;
	json_t *stats, *value;
	FILE *file = fopen(path, "re");

	if (!file)
		die(EXIT_USAGE, "%s: %s", path, strerror(errno));
	stats = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	if (!stats)
		die(EXIT_USAGE, "%s: line %d: %s (\"tcptrackctl -j stats >FILE\" makes one)", path,
		    error.line, error.text);
	fclose(file);
	if (uptime(stats) < 0)
		die(EXIT_USAGE, "%s is not what \"tcptrackctl -j stats\" prints: no uptime_ms",
		    path);
	json_object_foreach(stats, name, value) {
		if (!json_is_integer(value) && !json_is_string(value))
			die(EXIT_USAGE, "%s is not what \"tcptrackctl -j stats\" prints: %s",
			    path, name);
	}
	return stats;
}

static bool is_counter(const char *name)
{
	return meaning_of(MEANS_COUNTER, name) || strstr(name, "_ge");
}

static void add(json_t *all, const char *name, const json_t *from, const json_t *to,
		double seconds)
{
	long long change = json_integer_value(to) - json_integer_value(from);
	json_t *o;

	if (!options.json && json_is_integer(to)) {
		printf("%s %+lld %.3f\n", name, change, change / seconds);
		return;
	}
	if (!options.json) {
		printf("%s %s %s\n", name, json_string_value(from), json_string_value(to));
		return;
	}
	o = json_object();
	json_object_set(o, "from", (json_t *)from);
	json_object_set(o, "to", (json_t *)to);
	if (json_is_integer(to)) {
		json_object_set_new(o, "change", json_integer(change));
		json_object_set_new(o, "per_second", json_real(change / seconds));
	}
	json_object_set_new(all, name, o);
}

/* What only one of two versions of the module has, says nothing. */
static bool comparable(const json_t *from, const json_t *to)
{
	return from && to && json_typeof(from) == json_typeof(to);
}

static void check(const json_t *before, const json_t *after)
{
	const json_t *to;
	const char *name;
	long long change;

	if (uptime(after) <= uptime(before))
		die(EXIT_USAGE,
		    "the second was not taken after the first, or the module was loaded again in between: uptime_ms %lld, then %lld",
		    uptime(before), uptime(after));
	json_object_foreach((json_t *)before, name, to) {
		const json_t *from = to;

		to = json_object_get(after, name);
		if (comparable(from, to) && __builtin_sub_overflow(json_integer_value(to),
								   json_integer_value(from),
								   &change))
			die(EXIT_USAGE, "%s is no number of \"tcptrackctl -j stats\"", name);
		if (comparable(from, to) && is_counter(name) &&
		    json_integer_value(to) < json_integer_value(from))
			die(EXIT_USAGE,
			    "these are of two hosts or namespaces, or the module was loaded again in between: %s %lld, then %lld",
			    name, (long long)json_integer_value(from),
			    (long long)json_integer_value(to));
	}
}

void diff_print(const json_t *before, const json_t *after)
{
	double seconds;
	const char *name;
	json_t *all, *to;

	check(before, after);
	seconds = (uptime(after) - uptime(before)) / 1000.0;
	all = json_object();
	if (!options.json)
		puts("name change per_second");
	json_object_foreach((json_t *)after, name, to) {
		const json_t *from = json_object_get(before, name);

		if (comparable(from, to) && !json_equal((json_t *)from, to))
			add(all, name, from, to, seconds);
	}
	if (options.json)
		print_json(all);
	else
		json_decref(all);
}

int cmd_diff(int argc, char **argv)
{
	json_t *before, *after;

	if (argc != 2)
		die(EXIT_USAGE, "diff takes two files: A.json B.json");
	before = saved(argv[0]);
	after = saved(argv[1]);
	diff_print(before, after);
	json_decref(before);
	json_decref(after);
	return 0;
}
