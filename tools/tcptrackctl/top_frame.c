// SPDX-License-Identifier: GPL-2.0-only
/* top: a screen as characters with styles, before it is drawn or printed. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "tcptrackctl.h"
#include "top.h"

bool frame_begin(struct frame *frame, int rows, int cols)
{
	struct cell *cells = reallocarray(frame->cells, (size_t)rows * cols, sizeof(*cells));
	int i;

	if (!cells)
		return false;
	frame->cells = cells;
	frame->rows = rows;
	frame->cols = cols;
	frame->old = false;
	for (i = 0; i < rows * cols; i++)
		cells[i] = (struct cell){ L' ', STYLE_TEXT };
	return true;
}

static void put_cell(struct frame *frame, int y, int x, enum style style, wchar_t c)
{
	if (y < 0 || y >= frame->rows || x < 0 || x >= frame->cols)
		return;
	if (frame->old && style != STYLE_TITLE && style != STYLE_ALARM && style != STYLE_HEAD)
		style = STYLE_DIM;
	frame->cells[y * frame->cols + x] = (struct cell){ c, style };
}

/* The next character of UTF-8 text; our own is right, and what others wrote may be not. */
static wchar_t next_char(const char **text)
{
	const unsigned char *s = (const unsigned char *)*text;
	int more = s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3, i;
	wchar_t c = more ? s[0] & (0x3f >> more) : s[0];

	for (i = 1; i <= more && (s[i] & 0xc0) == 0x80; i++)
		c = c << 6 | (s[i] & 0x3f);
	*text += i;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ? L'?' : c;
}

/* What stands for it where there is ASCII only. */
static wchar_t to_ascii(wchar_t c)
{
	static const wchar_t others[] = L"·|…~▼v▲^↑^↓v←<→>●*";
	size_t i;

	for (i = 0; c > 0x7f && others[i]; i += 2) {
		if (others[i] == c)
			return others[i + 1];
	}
	return c > 0x7f ? L'?' : c;
}

static int put_text(struct frame *frame, int y, int x, enum style style, const char *text)
{
	while (*text) {
		wchar_t c = next_char(&text);

		put_cell(frame, y, x++, style, frame->wide ? c : to_ascii(c));
	}
	return x;
}

int frame_put(struct frame *frame, int y, int x, enum style style, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return put_text(frame, y, x, style, text);
}

void frame_put_right(struct frame *frame, int y, int end, enum style style,
		     const char *format, ...)
{
	char text[512];
	const char *p = text;
	va_list args;
	int n;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (n = 0; *p; n++)
		next_char(&p);
	put_text(frame, y, MAX(end - n, 0), style, text);
}

void frame_fill(struct frame *frame, int y, int x, enum style style)
{
	for (; x < frame->cols; x++)
		put_cell(frame, y, x, style, L' ');
}

void frame_bar(struct frame *frame, int y, int x, int cols, long long n, long long limit,
	       long long peak)
{
	double part = limit > 0 ? (double)n / limit : 0;
	enum style style = part >= 0.9 ? STYLE_BAD : part >= 0.5 ? STYLE_WARN : STYLE_GOOD;
	/* what is there at all is seen; full is only what is full */
	int halves = MIN((int)(part * cols * 2), cols * 2), i;
	int mark = peak > n && limit > 0 ? MIN(peak * cols / limit, cols - 1) : -1;

	if (n > 0 && !halves)
		halves = 1;
	for (i = 0; i < cols; i++) {
		bool full = 2 * i + 1 < halves, half = 2 * i + 1 == halves;

		if (full || half)
			put_cell(frame, y, x + i, style,
				 !frame->wide ? L'#' : full ? L'━' : L'╸');
		else if (i == mark)
			put_cell(frame, y, x + i, STYLE_WARN, frame->wide ? L'╂' : L'|');
		else
			put_cell(frame, y, x + i, STYLE_DIM, frame->wide ? L'─' : L'-');
	}
}

void frame_spark(struct frame *frame, int y, int x, int cols, const struct top *top,
		 const struct series *series)
{
	const wchar_t *levels = frame->wide ? L" ▁▂▃▄▅▆▇█" : L" ._-=+*%#";
	int n = MIN(MIN(cols, (int)top->samples), HISTORY), i;
	double most = 0, least = 0;

	for (i = 0; i < n; i++) {
		double v = series_get(top, series, i);

		most = MAX(most, v);
		least = i ? MIN(least, v) : v;
	}
	for (i = 0; i < n; i++) {
		double v = series_get(top, series, i);
		/* what never changes is a line, not a wall */
		int level = v <= 0 ? 0 : least == most ? 2 : 1 + (int)(v / most * 7);

		put_cell(frame, y, x + cols - 1 - i, STYLE_SPARK, levels[level]);
	}
}

const char *number_text(double n, int cols)
{
	static const char units[] = "kMGTP";
	static char text[4][32];
	static unsigned int at;
	char *to = text[at++ % 4];
	int i, digits;

	if (n < 0)
		return "-";
	/* 0.3, but not 3.0 */
	if (n > 0 && n < 9.95 && (int)(n * 10 + 0.5) % 10)
		snprintf(to, sizeof(text[0]), "%.1f", n);
	else
		snprintf(to, sizeof(text[0]), "%.0f", n);
	for (i = 0; units[i] && (int)strlen(to) > cols; i++) {
		n /= 1000;
		/* no more digits than there is place for, and none that say nothing */
		digits = cols - 3 - (n >= 10) - (n >= 100);
		digits = n >= 100 || digits < 0 ? 0 : MIN(digits, 2);
		snprintf(to, sizeof(text[0]), "%.*f%c", digits, n, units[i]);
	}
	return to;
}

void frame_number(struct frame *frame, int y, int x, int cols, double n, enum style style)
{
	frame_put_right(frame, y, x + cols, n > 0 ? style : STYLE_DIM, "%s",
			number_text(n, cols));
}

void frame_print(const struct frame *frame, int rows)
{
	int x, y, end;

	for (y = 0; y < rows; y++) {
		const struct cell *row = frame->cells + y * frame->cols;

		for (end = frame->cols; end && row[end - 1].c == L' '; end--)
			;
		for (x = 0; x < end; x++)
			printf("%lc", (wint_t)row[x].c);
		putchar('\n');
	}
}
