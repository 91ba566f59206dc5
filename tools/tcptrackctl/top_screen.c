// SPDX-License-Identifier: GPL-2.0-only
/* top: the terminal. Whatever ends the program, the terminal is given back as it was. */

#define NCURSES_WIDECHAR 1
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "tcptrackctl.h"
#include "top.h"

static attr_t attributes[STYLES];
static short pairs[STYLES];
static struct termios modes;

static void crashed(int signal)
{
	endwin();
	raise(signal);		/* SA_RESETHAND: it ends us now */
}

static void mind_crashes(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL };
	const struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_RESETHAND };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* Where there are no colours, or none are wanted (no-color.org), it is bold, dim and reverse. */
static void choose_styles(void)
{
	static const struct {
		attr_t attr;
		short fg, bg, fg256, bg256;
	} looks[STYLES] = {
		[STYLE_TEXT]  = { A_NORMAL, -1, -1, -1, -1 },
		[STYLE_DIM]   = { A_DIM, -1, -1, 244, -1 },
		[STYLE_BOLD]  = { A_BOLD, -1, -1, -1, -1 },
		[STYLE_TITLE] = { A_BOLD | A_REVERSE, COLOR_WHITE, COLOR_BLUE, 255, 24 },
		[STYLE_HEAD]  = { A_REVERSE, COLOR_CYAN, -1, 251, 237 },
		[STYLE_SPARK] = { A_NORMAL, COLOR_CYAN, -1, 74, -1 },
		[STYLE_GOOD]  = { A_NORMAL, COLOR_GREEN, -1, 78, -1 },
		[STYLE_WARN]  = { A_BOLD, COLOR_YELLOW, -1, 214, -1 },
		[STYLE_BAD]   = { A_BOLD, COLOR_RED, -1, 203, -1 },
		[STYLE_ALARM] = { A_BOLD | A_REVERSE, COLOR_WHITE, COLOR_RED, 255, 160 },
	};
	bool colours = has_colors() && !getenv("NO_COLOR") && start_color() == OK &&
		use_default_colors() == OK;
	int i;

	for (i = 0; i < STYLES; i++) {
		bool many = colours && COLORS >= 256;
		short fg = many ? looks[i].fg256 : looks[i].fg;
		short bg = many ? looks[i].bg256 : looks[i].bg;

		attributes[i] = looks[i].attr;
		if (!colours || (fg < 0 && bg < 0))
			continue;
		init_pair(i + 1, fg, bg);
		pairs[i] = i + 1;
		if (bg >= 0)
			attributes[i] &= ~A_REVERSE;
		if (many)
			attributes[i] &= ~A_DIM;
	}
}

void screen_open(void)
{
	const char *term = getenv("TERM");

	tcgetattr(STDIN_FILENO, &modes);
	if (!newterm(NULL, stdout, stdin))
		die(EXIT_USAGE, "top cannot draw on a terminal \"%s\" (TERM; \"top -b\" prints)",
		    term ? term : "");
	die_first = screen_close;
	mind_crashes();
	cbreak();
	noecho();
	nonl();
	nodelay(stdscr, true);
	keypad(stdscr, true);
	set_escdelay(25);
	curs_set(0);
	choose_styles();
}

void screen_close(void)
{
	die_first = NULL;
	endwin();
}

void screen_give_back(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

void screen_size(int *rows, int *cols)
{
	getmaxyx(stdscr, *rows, *cols);
}

void screen_draw(const struct frame *frame)
{
	int y, x;

	for (y = 0; y < frame->rows; y++) {
		for (x = 0; x < frame->cols; x++) {
			const struct cell *cell = &frame->cells[y * frame->cols + x];
			const wchar_t text[] = { cell->c, L'\0' };
			cchar_t c;

			if (setcchar(&c, text, attributes[cell->style], pairs[cell->style],
				     NULL) == OK)
				mvadd_wch(y, x, &c);
		}
	}
	refresh();
}

void screen_redraw(void)
{
	clearok(stdscr, true);
}

int screen_key(void)
{
	static const struct {
		int curses, key;
	} keys[] = {
		{ KEY_UP, SCREEN_UP }, { KEY_DOWN, SCREEN_DOWN }, { KEY_PPAGE, SCREEN_PAGE_UP },
		{ KEY_NPAGE, SCREEN_PAGE_DOWN }, { KEY_HOME, SCREEN_HOME }, { KEY_END, SCREEN_END },
		{ KEY_LEFT, SCREEN_LEFT }, { KEY_RIGHT, SCREEN_RIGHT },
		{ KEY_RESIZE, SCREEN_RESIZED },
	};
	int key = getch();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].curses == key)
			return keys[i].key;
	}
	return key == ERR || key > 0xff ? 0 : key;
}
