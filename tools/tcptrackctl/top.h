/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACKCTL_TOP_H
#define TCPTRACKCTL_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>
#include <jansson.h>

/* --- top_sample.c: what is shown --- */

#define HISTORY		240	/* samples that a sparkline may show */
#define STATES		11

/* The columns of "states". */
enum column {
	COLUMN_LOCAL,
	COLUMN_REMOTE,
	COLUMN_FORWARD,
	COLUMN_ENTERED,		/* a second */
	COLUMNS_OF_STATES,
};

/* Of the namespace, a second. */
enum rate {
	RATE_SYNS,
	RATE_SENT,
	RATE_VALID,
	RATE_DROPPED,
	RATE_INVALID,
	RATE_ACCEPT_FULL,
	RATES,
};

/* A number and those before it; a rate below 0: it takes two samples. */
struct series {
	double last[HISTORY];	/* by sample, round and round */
};

struct listener {
	char name[96];		/* ADDRESS:PORT[%DEVICE], and what tells it from others */
	const char *family, *mode, *cookie_mode;
	long long halfopen, peak, limit, acceptq, acceptq_max;
	double syns, cookies, dropped;	/* as counted, then a second */
	double counted[3];
};

struct top {
	json_t *all;		/* the last sample, or NULL; the listeners' words are its */
	unsigned int samples;	/* how many there are in the series */
	struct series states[STATES][COLUMNS_OF_STATES];
	struct series rates[RATES];
	struct listener *listeners;	/* in the order in which they are shown */
	size_t nlisteners;
	char why[256];		/* there is no sample now, because; or "" */
};

/* Prints a sample: what a child does (child.h). */
void sample_print(void);

/* Takes the next sample over from such a text. Returns false, and top->why, if it is none. */
bool sample_take(struct top *top, const char *text);

/* The newest number of a series, or of some samples before (ago). */
double series_get(const struct top *top, const struct series *series, unsigned int ago);

/* A number of the last sample, below "status" or another of its parts. */
long long sample_number(const struct top *top, const char *part, const char *name);

/* --- top_listeners.c: their order --- */

void listeners_sort(struct top *top);

/* --- top_frame.c: a screen of characters --- */

enum style {
	STYLE_TEXT,
	STYLE_DIM,
	STYLE_BOLD,
	STYLE_TITLE,
	STYLE_HEAD,
	STYLE_SPARK,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_ALARM,
	STYLES,
};

struct cell {
	wchar_t c;
	uint8_t style;
};

struct frame {
	int rows, cols;
	bool wide;		/* else ASCII */
	bool old;		/* all is dim: it is not so any more */
	struct cell *cells;
};

bool frame_begin(struct frame *frame, int rows, int cols);

/* Text from a column on, in UTF-8; what does not fit is cut. Returns the next column. */
int __attribute__((format(printf, 5, 6)))
frame_put(struct frame *frame, int y, int x, enum style style, const char *format, ...);

/* The same, so that it ends before a column. */
void __attribute__((format(printf, 5, 6)))
frame_put_right(struct frame *frame, int y, int end, enum style style, const char *format, ...);

/* The style of what is left of a row. */
void frame_fill(struct frame *frame, int y, int x, enum style style);

/* How far something is filled, in so many columns; a mark where it was fullest. */
void frame_bar(struct frame *frame, int y, int x, int cols, long long n, long long limit,
	       long long peak);

/* The newest numbers of a series, the last one on the right. */
void frame_spark(struct frame *frame, int y, int x, int cols, const struct top *top,
		 const struct series *series);

/* A number, right-aligned, as exact as there is place; less than 0: not known. */
void frame_number(struct frame *frame, int y, int x, int cols, double n, enum style style);

/* Such a number as text. In a static buffer, of which there are four. */
const char *number_text(double n, int cols);

/* As text without styles, rows from the top. */
void frame_print(const struct frame *frame, int rows);

/* --- the parts of the screen: each returns the row after its own --- */

/* What the user has chosen. */
enum show_states { SHOW_ALL, SHOW_BUSY, SHOW_NONE };

struct view {
	double delay;		/* seconds between samples */
	bool paused, help;
	enum show_states states;
	size_t first;		/* listener in the first row */
	size_t page;		/* of the last frame: how many there are on it */
};

int header_put(struct frame *frame, int y, const struct top *top, const struct view *view);
int states_rows(const struct top *top, enum show_states show);
int states_put(struct frame *frame, int y, const struct top *top, enum show_states show);
int listeners_put(struct frame *frame, int y, int rows, const struct top *top, struct view *view);
void help_put(struct frame *frame);
void footer_put(struct frame *frame, const struct top *top, const struct view *view);

/* The order of the listeners: one of the keys of the help, or '<', '>', 'r'. */
bool listeners_key(struct top *top, int key);

/* --- top_screen.c: the terminal --- */

/* Ends, saying why, if there is none to draw on. */
void screen_open(void);
void screen_close(void);

/* Its modes alone, as they were: of a terminal that takes nothing; in a signal handler, too. */
void screen_give_back(void);

void screen_size(int *rows, int *cols);
void screen_draw(const struct frame *frame);

/* Draws it all anew: somebody else may have written there. */
void screen_redraw(void);

/* KEY_* of curses, mapped to what follows, or a character; 0: there is none. */
enum {
	SCREEN_UP = 0x100,
	SCREEN_DOWN,
	SCREEN_LEFT,
	SCREEN_RIGHT,
	SCREEN_PAGE_UP,
	SCREEN_PAGE_DOWN,
	SCREEN_HOME,
	SCREEN_END,
	SCREEN_RESIZED,
};

int screen_key(void);

#endif /* TCPTRACKCTL_TOP_H */
