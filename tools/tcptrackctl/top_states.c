// SPDX-License-Identifier: GPL-2.0-only
/* top: endpoints by state and side, and how often a state is entered, with what was before. */

#include <sys/param.h>

#include "tcptrackctl.h"
#include "top.h"

#define NAME	12	/* SYN_RECEIVED */
#define NUMBER	7
#define SPARK	3	/* less than that shows nothing */

/* Whether there is, or was lately, any. */
static bool busy(const struct top *top, int state)
{
	unsigned int n = MIN(top->samples, HISTORY), c, i;

	for (c = 0; c < COLUMNS_OF_STATES; c++) {
		for (i = 0; i < n; i++) {
			if (series_get(top, &top->states[state][c], i) > 0)
				return true;
		}
	}
	return false;
}

static bool shown(const struct top *top, enum show_states show, int state)
{
	return show == SHOW_ALL || (show == SHOW_BUSY && busy(top, state));
}

int states_rows(const struct top *top, enum show_states show)
{
	int state, n = show != SHOW_NONE;

	for (state = 0; state < STATES; state++)
		n += shown(top, show, state);
	return n;
}

static void put_row(struct frame *frame, int y, const struct top *top, int state, int cols)
{
	int c, x = NAME;

	frame_put(frame, y, 0, busy(top, state) ? STYLE_TEXT : STYLE_DIM, "%s",
		  state_names[state]);
	for (c = 0; c < COLUMNS_OF_STATES; c++, x += cols) {
		const struct series *series = &top->states[state][c];
		int spark = cols - NUMBER - 2;

		frame_number(frame, y, x + 1, NUMBER, series_get(top, series, 0), STYLE_BOLD);
		if (spark >= SPARK)
			frame_spark(frame, y, x + NUMBER + 2, spark, top, series);
	}
}

int states_put(struct frame *frame, int y, const struct top *top, enum show_states show)
{
	static const char * const heads[] = { "LOCAL", "REMOTE", "FORWARD", "ENTER/S" };
	int cols = MAX((frame->cols - NAME) / COLUMNS_OF_STATES, NUMBER + 1);
	int state, c;

	if (show == SHOW_NONE)
		return y;
	frame_fill(frame, y, 0, STYLE_HEAD);
	frame_put(frame, y, 0, STYLE_HEAD, "STATE");
	for (c = 0; c < COLUMNS_OF_STATES; c++)
		frame_put_right(frame, y, NAME + c * cols + 1 + NUMBER, STYLE_HEAD, "%s", heads[c]);
	y++;
	for (state = 0; state < STATES; state++) {
		if (shown(top, show, state))
			put_row(frame, y++, top, state, cols);
	}
	return y;
}
