// SPDX-License-Identifier: GPL-2.0-only
/* explain: what a name means. Needs no module. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "meanings.h"
#include "tcptrackctl.h"

#define WIDTH	80
#define INDENT	4
#define NAME	64
#define NEAR	8	/* names are suggested at most */

static const char * const kinds[] = {
	[MEANS_VALUE] = "value",
	[MEANS_COUNTER] = "counter",
	[MEANS_LISTENER] = "column of listeners",
	[MEANS_FLOW] = "column of flows",
	[MEANS_FLAG] = "flag of a flow",
	[MEANS_STATE] = "state",
	[MEANS_SIDE] = "column of states",
	[MEANS_SETTING] = "setting net.tcptrack",
	[MEANS_PARAMETER] = "parameter of the module",
	[MEANS_CLASS] = "class of a flood",
	[MEANS_METRIC] = "metric",
};

const struct meaning *meaning_of(enum means kind, const char *name)
{
	const struct meaning *m;

	for (m = meanings; m->kind; m++) {
		if (m->kind == kind && !strcmp(m->name, name))
			return m;
	}
	return NULL;
}

/*
 * A close reason is the name of its counter, without what it begins with; what is in ms is
 * in seconds as a metric.
 */
static bool is_called(const struct meaning *m, const char *name)
{
	size_t n = strlen(name);

	return !strcasecmp(m->name, name) ||
	       (!strncmp(m->name, name, n) && !strcmp(m->name + n, "_ms")) ||
	       (m->kind == MEANS_COUNTER && !strncmp(m->name, "closed_", 7) &&
		!strcasecmp(m->name + 7, name));
}

static bool is_meant(const char *name)
{
	const struct meaning *m;

	for (m = meanings; m->kind; m++) {
		if (is_called(m, name))
			return true;
	}
	return false;
}

/* What is written around the name, where it is shown: the names of metrics and buckets. */
static void bare(char name[NAME], const char *text)
{
	static const char * const before[] = { "net.tcptrack.", "tcptrack_", "listener_" };
	static const char * const behind[] = { "_total", "_bucket", "_count", "_seconds" };
	size_t i, n;
	char *gap;

	if (!strcmp(text, "tcptrack_flows_tracked"))
		text = "flows";
	else if (!strcmp(text, "tcptrack_state_entered_total"))
		text = "entered";
	else if (!strcmp(text, "tcptrack_closed_total"))
		text = "flows_destroyed";
	snprintf(name, NAME, "%s", text);
	if (is_meant(name))
		return;
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		if (!strncmp(text, before[i], strlen(before[i])))
			text += strlen(before[i]);
	}
	snprintf(name, NAME, "%s", text);
	for (i = 0; i < ARRAY_SIZE(behind); i++) {
		n = strlen(name);
		if (n > strlen(behind[i]) && !strcmp(name + n - strlen(behind[i]), behind[i]))
			name[n - strlen(behind[i])] = '\0';
	}
	gap = strstr(name, "_ge");
	if (gap && gap[3] >= '0' && gap[3] <= '9') {
		*gap = '\0';
		while (gap > name && gap[-1] >= '0' && gap[-1] <= '9')
			*--gap = '\0';
	}
}

static char *paragraph(const struct meaning *m)
{
	const char *stop = *m->what && *m->more ? ". " : "";
	size_t n = strlen(m->what) + strlen(stop) + strlen(m->more) + 1;
	char *text = malloc(n);

	if (!text)
		die(EXIT_REFUSED, "no memory");
	snprintf(text, n, "%s%s%s", m->what, stop, m->more);
	return text;
}

static void print_wrapped(const char *text)
{
	int column = 0;

	while (*text) {
		int n = strcspn(text, " ");

		if (column && column + 1 + n > WIDTH) {
			putchar('\n');
			column = 0;
		}
		column += printf("%*s%.*s", column ? 1 : INDENT, "", n, text);
		text += n + (text[n] == ' ');
	}
	putchar('\n');
}

static void show(const struct meaning *m)
{
	char *text = paragraph(m);
	json_t *o;

	if (options.json) {
		o = json_object();
		json_object_set_new(o, "name", json_string(m->name));
		json_object_set_new(o, "kind", json_string(kinds[m->kind]));
		json_object_set_new(o, "text", json_string(text));
		list_add(o);
	} else {
		printf("%s (%s)\n", m->name, kinds[m->kind]);
		print_wrapped(text);
	}
	free(text);
}

/* How many letters have to be changed, added or left out. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NAME + 1], i, j, diagonal, above;

	for (j = 0; b[j]; j++)
		row[j] = j;
	row[j] = j;
	for (i = 0; a[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (j = 0; b[j]; j++) {
			unsigned int least = diagonal + (strncasecmp(a + i, b + j, 1) != 0);

			above = row[j + 1];
			if (above + 1 < least)
				least = above + 1;
			if (row[j] + 1 < least)
				least = row[j] + 1;
			row[j + 1] = least;
			diagonal = above;
		}
	}
	return row[j];
}

/* Those that are spelled alike, or have it in them; the same name once. */
static bool is_near(const struct meaning *m, const char *name, unsigned int most)
{
	const struct meaning *before;

	if (strlen(m->name) > NAME ||
	    (distance(name, m->name) > most &&
	     (strlen(name) < 4 || !strcasestr(m->name, name))))
		return false;
	for (before = meanings; before < m; before++) {
		if (!strcmp(before->name, m->name))
			return false;
	}
	return true;
}

static int unknown(const char *given, const char *name)
{
	unsigned int most = (strlen(name) + 1) / 3;
	const struct meaning *m;
	unsigned int n = 0;

	fprintf(stderr, "tcptrackctl: nothing is called \"%s\"", given);
	for (m = meanings; m->kind && n < NEAR; m++) {
		if (is_near(m, name, most))
			fprintf(stderr, "%s%s", n++ ? ", " : "; is it ", m->name);
	}
	fprintf(stderr, "%s\n", !n ? " (\"tcptrackctl explain\" lists all names)" : "?");
	return EXIT_USAGE;
}

/* Without a name: all of them. */
static void show_names(void)
{
	const struct meaning *m;

	list_begin("name kind");
	for (m = meanings; m->kind; m++) {
		if (options.json) {
			show(m);
			continue;
		}
		list_next();
		printf("%s %s\n", m->name, kinds[m->kind]);
	}
	list_end();
}

int cmd_explain(int argc, char **argv)
{
	const struct meaning *m;
	bool found = false;
	char name[NAME];

	if (argc > 1)
		die(EXIT_USAGE, "explain takes one name: \"%s\"", argv[1]);
	if (!argc) {
		show_names();
		return 0;
	}
	bare(name, argv[0]);
	list_begin("");
	for (m = meanings; m->kind; m++) {
		if (!is_called(m, name))
			continue;
		show(m);
		found = true;
	}
	if (!found)
		return unknown(argv[0], name);
	if (options.json)
		list_end();
	return 0;
}
