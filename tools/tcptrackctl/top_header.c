// SPDX-License-Identifier: GPL-2.0-only
/* top: the verdict and the rates of the namespace, and the line of keys. */

#include <stdio.h>
#include <string.h>
#include <sys/param.h>
#include <time.h>

#include "tcptrackctl.h"
#include "top.h"

#define LABEL	10	/* of a rate */
#define NUMBER	6

static const char *mode_of(const struct top *top)
{
	const json_t *status = json_object_get(top->all, "status");
	const char *text = json_string_value(json_object_get(status, "mode"));

	return text ? text : "?";
}

static void put_title(struct frame *frame, int y, const struct top *top, const struct view *view)
{
	time_t now = time(NULL);
	char clock[16] = "", every[48];
	struct tm tm;
	int x;

	frame_fill(frame, y, 0, STYLE_TITLE);
	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	x = frame_put(frame, y, 1, STYLE_TITLE, "tcptrack");
	if (options.netns)
		x = frame_put(frame, y, x, STYLE_TITLE, " in %s", options.netns);
	if (top->all)
		x = frame_put(frame, y, x, STYLE_TITLE, " · %s · up %s", mode_of(top),
			      status_uptime(sample_number(top, "status", "uptime_ms")));
	if (view->paused)
		x = frame_put(frame, y, x + 2, STYLE_ALARM, " PAUSED ");
	/* (with two bytes of the dot, it is as long as it needs to be apart) */
	snprintf(every, sizeof(every), "every %gs · %s", view->delay, clock);
	if (x + (int)strlen(every) < frame->cols)
		frame_put_right(frame, y, frame->cols - 1, STYLE_TITLE, "%s", every);
}

/* "half-open [bar] 17/4096", in so many columns. */
static void put_gauge(struct frame *frame, int y, int x, int cols, const struct top *top,
		      const char *label, const char *name, const char *max)
{
	long long n = sample_number(top, "status", name);
	long long limit = sample_number(top, "status", max);
	int bar;

	x = frame_put(frame, y, x, STYLE_TEXT, "%s ", label);
	bar = cols - (int)strlen(label) - 1 - 15;
	frame_bar(frame, y, x, bar, n, limit, 0);
	frame_put(frame, y, x + bar + 1, STYLE_BOLD, "%s/%s", number_text(n, 7),
		  number_text(limit, 7));
}

static void put_flood(struct frame *frame, int y, const struct top *top)
{
	const char *text = status_flood(json_object_get(top->all, "status"));
	bool on = sample_number(top, "status", "cookie_mode");

	frame_put(frame, y, 0, on ? STYLE_ALARM : STYLE_GOOD, on ? " ● %s " : " ● %s", text);
}

static void put_rate(struct frame *frame, int y, int x, int cols, const struct top *top,
		     enum rate rate, const char *label, enum style style)
{
	const struct series *series = &top->rates[rate];

	frame_put(frame, y, x, STYLE_TEXT, "%s", label);
	frame_number(frame, y, x + LABEL, NUMBER, series_get(top, series, 0), style);
	frame_spark(frame, y, x + LABEL + NUMBER + 1, cols - LABEL - NUMBER - 3, top, series);
}

int header_put(struct frame *frame, int y, const struct top *top, const struct view *view)
{
	int cols = frame->cols / 3;

	put_title(frame, y++, top, view);
	if (top->why[0])
		frame_put(frame, y, 0, STYLE_ALARM, " %s ", top->why);
	else
		put_flood(frame, y, top);
	y++;
	if (!top->all)
		return y;
	put_gauge(frame, y, 0, frame->cols / 2, top, "half-open", "halfopen", "halfopen_max");
	put_gauge(frame, y, frame->cols / 2 + 1, frame->cols / 2 - 1, top, "flows", "flows",
		  "flows_max");
	y++;
	put_rate(frame, y, 0, cols, top, RATE_SYNS, "SYN/s", STYLE_BOLD);
	put_rate(frame, y, cols, cols, top, RATE_SENT, "cookies/s", STYLE_BOLD);
	put_rate(frame, y, 2 * cols, cols, top, RATE_VALID, "valid/s", STYLE_GOOD);
	y++;
	put_rate(frame, y, 0, cols, top, RATE_DROPPED, "dropped/s", STYLE_BAD);
	put_rate(frame, y, cols, cols, top, RATE_ACCEPT_FULL, "accept/s", STYLE_BAD);
	put_rate(frame, y, 2 * cols, cols, top, RATE_INVALID, "invalid/s", STYLE_WARN);
	return y + 1;
}

void footer_put(struct frame *frame, const struct top *top, const struct view *view)
{
	static const struct {
		const char *key, *what;
	} keys[] = {
		{ "q", "quit" }, { "?", "help" }, { "p", "pause" }, { "+-", "delay" },
		{ "<>", "sort" }, { "r", "reverse" }, { "t", "states" }, { "↑↓", "scroll" },
	};
	int y = frame->rows - 1, x = 0;
	size_t i, last = MIN(view->first + view->page, top->nlisteners);

	for (i = 0; i < ARRAY_SIZE(keys) && x < frame->cols - 20; i++) {
		x = frame_put(frame, y, x, STYLE_BOLD, "%s", keys[i].key);
		x = frame_put(frame, y, x, STYLE_DIM, " %s ", keys[i].what);
	}
	if (last)
		frame_put_right(frame, y, frame->cols - 1, STYLE_TEXT, " %zu-%zu of %zu",
				view->first + 1, last, top->nlisteners);
}
