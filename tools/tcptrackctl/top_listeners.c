// SPDX-License-Identifier: GPL-2.0-only
/* top: listeners, their queues as bars, and their rates. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "tcptrackctl.h"
#include "top.h"

#define NAME	19	/* in 80 columns; of what is beyond it gets a half, the bar the other */
#define BAR	8

/* The columns to sort by, from left to right. */
enum sort {
	SORT_NAME,
	SORT_HALFOPEN,
	SORT_PEAK,
	SORT_ACCEPTQ,
	SORT_SYNS,
	SORT_COOKIES,
	SORT_DROPPED,
	SORT_MODE,
	SORTS,
};

static const struct {
	const char *head;
	int cols;		/* after the bar, right-aligned; those of the name are its own */
	int key;
} sorts[] = {
	[SORT_NAME] = { "LISTENER", 0, 'L' },
	[SORT_HALFOPEN] = { "HALF/LIMIT", 10, 'H' },
	[SORT_PEAK] = { "PEAK", 6, 'P' },
	[SORT_ACCEPTQ] = { "ACCEPTQ", 9, 'A' },
	[SORT_SYNS] = { "SYN/S", 6, 'S' },
	[SORT_COOKIES] = { "COOK/S", 7, 'C' },
	[SORT_DROPPED] = { "DROP/S", 7, 'D' },
	[SORT_MODE] = { "MODE", 7, 'M' },
};

static enum sort sort = SORT_HALFOPEN;
static bool reversed;

static const char *mode_of(const struct listener *l)
{
	if (strcmp(l->cookie_mode, "auto"))
		return l->cookie_mode;
	return strcmp(l->mode, "normal") ? l->mode : "-";
}

static double value(const struct listener *l, enum sort by)
{
	switch (by) {
	case SORT_HALFOPEN:
		return l->halfopen;
	case SORT_PEAK:
		return l->peak;
	case SORT_ACCEPTQ:
		return l->acceptq;
	case SORT_SYNS:
		return l->syns;
	case SORT_COOKIES:
		return l->cookies;
	case SORT_DROPPED:
		return l->dropped;
	case SORT_MODE:
		return strcmp(mode_of(l), "-") != 0;
	default:
		return 0;
	}
}

static int compare(const void *a, const void *b)
{
	static const enum sort then[] = { SORT_HALFOPEN, SORT_SYNS };
	const struct listener *one = a, *two = b;
	double d = value(two, sort) - value(one, sort);
	size_t i;
	int n;

	if (reversed)
		d = -d;
	for (i = 0; !d && sort != SORT_NAME && i < ARRAY_SIZE(then); i++)
		d = value(two, then[i]) - value(one, then[i]);
	if (d)
		return d < 0 ? -1 : 1;
	/* strverscmp(): port 80 before port 443 */
	n = strverscmp(one->name, two->name);
	return sort == SORT_NAME && reversed ? -n : n;
}

void listeners_sort(struct top *top)
{
	qsort(top->listeners, top->nlisteners, sizeof(*top->listeners), compare);
}

bool listeners_key(struct top *top, int key)
{
	enum sort by = SORTS;
	size_t i;

	for (i = 0; i < SORTS; i++) {
		if (sorts[i].key == key)
			by = i;
	}
	if (key == '<' || key == SCREEN_LEFT)
		by = (sort + SORTS - 1) % SORTS;
	else if (key == '>' || key == SCREEN_RIGHT)
		by = (sort + 1) % SORTS;
	else if (key == 'r')
		reversed = !reversed;
	else if (by == SORTS)
		return false;
	if (by != SORTS) {
		reversed = false;
		sort = by;
	}
	if (top->listeners)
		listeners_sort(top);
	return true;
}

/* The columns of the name and of the bar. */
static void widths(const struct frame *frame, int *name, int *bar)
{
	int more = frame->cols > 80 ? frame->cols - 80 : 0;

	*name = NAME + more / 2;
	*bar = BAR + more - more / 2;
}

static void put_head(struct frame *frame, int y)
{
	int name, bar, x;
	enum sort i;

	widths(frame, &name, &bar);
	frame_fill(frame, y, 0, STYLE_HEAD);
	frame_put(frame, y, 0, STYLE_HEAD, "%s%s", sorts[SORT_NAME].head,
		  sort != SORT_NAME ? "" : reversed ? "▲" : "▼");
	frame_put(frame, y, name + 1, STYLE_HEAD, "QUEUE");
	x = name + 1 + bar;
	for (i = SORT_NAME + 1; i < SORTS; i++) {
		x += sorts[i].cols;
		frame_put_right(frame, y, x, STYLE_HEAD, "%s%s", sort != i ? "" :
				reversed ? "▲" : "▼", sorts[i].head);
	}
}

/* Its end, with the port, is what tells more. */
static void put_name(struct frame *frame, int y, int cols, const struct listener *l)
{
	enum style style = strcmp(l->mode, "normal") ? STYLE_WARN : STYLE_TEXT;
	int n = strlen(l->name);

	if (n <= cols)
		frame_put(frame, y, 0, style, "%s", l->name);
	else
		frame_put(frame, y, 0, style, "%.*s…%s", cols / 3, l->name,
			  l->name + n - (cols - 1 - cols / 3));
}

/* "N/LIMIT", each as exact as there is place. */
static void put_pair(struct frame *frame, int y, int end, int cols, long long n, long long limit,
		     enum style style)
{
	char text[64];
	int each = (cols - 2) / 2;

	snprintf(text, sizeof(text), "%lld/%lld", n, limit);
	if ((int)strlen(text) >= cols)
		snprintf(text, sizeof(text), "%s/%s", number_text(n, each),
			 number_text(limit, each));
	frame_put_right(frame, y, end, n ? style : STYLE_DIM, "%s", text);
}

static void put_listener(struct frame *frame, int y, const struct listener *l)
{
	bool full = l->acceptq_max && l->acceptq > l->acceptq_max;
	int name, bar, x, i;

	widths(frame, &name, &bar);
	put_name(frame, y, name, l);
	x = name + 1;
	frame_bar(frame, y, x, bar, l->halfopen, l->limit, l->peak);
	x += bar;
	for (i = SORT_NAME + 1; i < SORTS; i++) {
		int cols = sorts[i].cols;

		x += cols;
		if (i == SORT_HALFOPEN)
			put_pair(frame, y, x, cols, l->halfopen, l->limit, STYLE_BOLD);
		else if (i == SORT_ACCEPTQ)
			put_pair(frame, y, x, cols, l->acceptq, l->acceptq_max,
				 full ? STYLE_BAD : STYLE_TEXT);
		else if (i == SORT_MODE)
			frame_put_right(frame, y, x, strcmp(l->mode, "normal") ? STYLE_WARN :
					STYLE_DIM, "%s", mode_of(l));
		else
			frame_number(frame, y, x - cols + 1, cols - 1, value(l, i),
				     i == SORT_DROPPED ? STYLE_BAD : STYLE_TEXT);
	}
}

int listeners_put(struct frame *frame, int y, int rows, const struct top *top, struct view *view)
{
	size_t i;

	view->page = rows > 1 ? rows - 1 : 0;
	if (rows < 1)
		return y;
	put_head(frame, y++);
	if (view->first + view->page > top->nlisteners)
		view->first = top->nlisteners > view->page ? top->nlisteners - view->page : 0;
	for (i = view->first; i < top->nlisteners && i < view->first + view->page; i++)
		put_listener(frame, y++, &top->listeners[i]);
	return y;
}
