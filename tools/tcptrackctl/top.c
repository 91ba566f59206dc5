// SPDX-License-Identifier: GPL-2.0-only
/* top: how it goes, live, until somebody has seen enough. */

#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "ending.h"
#include "tcptrackctl.h"
#include "top.h"

#define LEAST		0.1	/* seconds between samples */
#define MOST		3600.0
#define COLS		80
#define MIN_LISTENERS	4	/* rows, before states are left out for them */
#define MIN_ROWS	10	/* less shows nothing that could be understood */
#define MIN_COLS	60

static struct top top;
static struct view view = { .delay = 1 };
static struct frame frame;
static struct child child = { .pid = -1 };
static double next;		/* when the next sample is due */

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static struct timespec until(double then)
{
	double left = MAX(then - now(), 0);

	return (struct timespec){ left, (left - (time_t)left) * 1e9 };
}

/* --- a frame --- */

/* All states, if the listeners can do with what is left. */
static enum show_states states_shown(int rows)
{
	if (view.states == SHOW_ALL && rows - states_rows(&top, SHOW_ALL) < MIN_LISTENERS)
		return SHOW_BUSY;
	return view.states;
}

static void compose(int rows, int cols)
{
	int y;

	if (!frame_begin(&frame, rows, cols))
		die(EXIT_REFUSED, "no memory");
	if (rows < MIN_ROWS || cols < MIN_COLS) {
		frame_put(&frame, 0, 0, STYLE_WARN, "too small: %dx%d at least", MIN_COLS,
			  MIN_ROWS);
		return;
	}
	if (view.help) {
		help_put(&frame);
		return;
	}
	frame.old = top.why[0];
	y = header_put(&frame, 0, &top, &view);
	if (top.all) {
		y = states_put(&frame, y, &top, states_shown(rows - y - 1));
		listeners_put(&frame, y, rows - y - 1, &top, &view);
	}
	frame_fill(&frame, rows - 1, 0, STYLE_TEXT);
	footer_put(&frame, &top, &view);
}

static void draw(void)
{
	int rows, cols;

	screen_size(&rows, &cols);
	compose(rows, cols);
	screen_draw(&frame);
}

/* --- samples --- */

/* In one line, without the name of the program. Returns the status. */
static int take(void)
{
	static const char prefix[] = "tcptrackctl: ";
	size_t size = 0;
	int status;
	char *text = child_end(&child, &status, &size);

	if (!status && text) {
		sample_take(&top, text);
	} else {
		const char *why = !text || !*text ? "no answer from the module" : text;

		if (!strncmp(why, prefix, sizeof(prefix) - 1))
			why += sizeof(prefix) - 1;
		snprintf(top.why, sizeof(top.why), "%.*s", (int)strcspn(why, "\n"), why);
		status = status > 0 ? status : EXIT_REFUSED;
	}
	free(text);
	return status;
}

static void ask(void)
{
	if (!child_start(&child, sample_print))
		snprintf(top.why, sizeof(top.why), "%s", strerror(errno));
}

/* --- keys --- */

/* 1, 2, 5, 10 ... */
static void change_delay(int by)
{
	static const double delays[] = { LEAST, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, MOST };
	int n = ARRAY_SIZE(delays), i;

	if (by > 0) {
		for (i = 0; i < n - 1 && delays[i] <= view.delay; i++)
			;
	} else {
		for (i = n - 1; i > 0 && delays[i] >= view.delay; i--)
			;
	}
	view.delay = delays[i];
	next = MIN(next, now() + view.delay);
}

static bool scroll_key(int key)
{
	size_t page = MAX(view.page, 1);

	switch (key) {
	case 'k':
	case SCREEN_UP:
		view.first -= view.first > 0;
		return true;
	case 'j':
	case SCREEN_DOWN:
		view.first++;
		return true;
	case SCREEN_PAGE_UP:
		view.first -= MIN(view.first, page);
		return true;
	case SCREEN_PAGE_DOWN:
		view.first += page;
		return true;
	case 'g':
	case SCREEN_HOME:
		view.first = 0;
		return true;
	case 'G':
	case SCREEN_END:
		view.first = top.nlisteners;	/* the next frame knows better */
		return true;
	}
	return false;
}

static void handle_key(int key)
{
	switch (key) {
	case 'q':
		ending_ask();
		return;
	case '?':
	case 'h':
		view.help = !view.help;
		return;
	case 'p':
	case ' ':
		view.paused = !view.paused;
		return;
	case '+':
		change_delay(1);
		return;
	case '-':
		change_delay(-1);
		return;
	case 't':
		view.states = (view.states + 1) % (SHOW_NONE + 1);
		return;
	case 'L' - '@':		/* Ctrl-L */
	case SCREEN_RESIZED:
		screen_redraw();
		return;
	}
	if (!scroll_key(key))
		listeners_key(&top, key);
}

/* (SIGWINCH comes in ppoll() only.) */
static void mind_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t held;

	ending_begin(signals, ARRAY_SIZE(signals), screen_give_back);
	sigemptyset(&held);
	sigaddset(&held, SIGWINCH);
	sigprocmask(SIG_BLOCK, &held, NULL);
}

/* Until a key, an answer, the time of the next question or a signal. */
static void wait_for_it(struct pollfd fds[2])
{
	bool asked = child.pid > 0;
	struct timespec ts = until(next);

	fds[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = asked ? child.done : -1, .events = POLLIN };
	if (ending_poll(fds, 2, asked || view.paused ? NULL : &ts) < 0)
		fds[0].revents = fds[1].revents = 0;
}

static void interact(void)
{
	struct pollfd fds[2];
	int key;

	screen_open();
	mind_signals();
	while (!ending_asked()) {
		draw();
		if (child.pid < 0 && !view.paused && now() >= next) {
			next = now() + view.delay;
			ask();
		}
		wait_for_it(fds);
		/* the terminal has gone */
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			break;
		if (fds[1].revents)
			take();
		while (!ending_asked() && (key = screen_key()))
			handle_key(key);
	}
	screen_close();
	if (child.pid > 0)
		kill(child.pid, SIGKILL);
}

/* --- batch --- */

static int columns_of_batch(void)
{
	const char *text = getenv("COLUMNS");
	int n = text ? atoi(text) : 0;

	return n >= 20 && n <= 1000 ? n : COLS;
}

static void wait_until(double then)
{
	const struct timespec ts = until(then);

	nanosleep(&ts, NULL);
}

/* As interact(), but that all listeners are there. Ends if the module does not answer. */
static void sample_now(void)
{
	int status;

	wait_until(next);
	next = now() + view.delay;
	if (!child_start(&child, sample_print))
		die(EXIT_REFUSED, "%s", strerror(errno));
	status = take();
	if (status)
		die(status, "%s", top.why);
}

static int print_all(unsigned long count)
{
	bool endless = !count;
	int rows, y;

	sample_now();	/* rates are between two */
	for (; endless || count; count--) {
		sample_now();
		rows = top.nlisteners + STATES + 10;
		if (!frame_begin(&frame, rows, columns_of_batch()))
			die(EXIT_REFUSED, "no memory");
		y = header_put(&frame, 0, &top, &view);
		y = states_put(&frame, y, &top, SHOW_ALL);
		y = listeners_put(&frame, y, rows - y, &top, &view);
		frame_print(&frame, y);
		putchar('\n');
		flush_stdout();
	}
	return 0;
}

/* --- the command line --- */

static double delay_of(const char *text)
{
	char *end;
	double n = strtod(text, &end);

	if (*text < '0' || *text > '9' || *end || !(n >= LEAST && n <= MOST))
		die(EXIT_USAGE, "delay \"%s\" is not a number of seconds from %g to %g", text,
		    LEAST, MOST);
	return n;
}

int cmd_top(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "netns", required_argument, NULL, 'n' },
		{ "delay", required_argument, NULL, 'd' },
		{ "batch", no_argument, NULL, 'b' },
		{ "iterations", required_argument, NULL, 'N' },
		{ }
	};
	unsigned long count = 0;
	bool batch = false;
	int c;

	if (options.json)
		die(EXIT_USAGE, "top has no JSON (-j states, listeners, stats and status do)");
	optind = 0;
	while ((c = getopt_long(argc + 1, argv - 1, "n:d:bN:46", longs, NULL)) != -1) {
		if (c == '?')
			die(EXIT_USAGE, "try \"tcptrackctl help\"");
		else if (c == 'd')
			view.delay = delay_of(optarg);
		else if (c == 'N')
			count = value_of("count", NULL, optarg);
		else if (c == '4' || c == '6')
			options.family = c == '4' ? AF_INET : AF_INET6;
		else if (c == 'b')
			batch = true;
		else
			enter_netns(options.netns = optarg);
	}
	no_arguments("top", argc + 1 - optind, argv - 1 + optind);
	if (count && !batch)
		die(EXIT_USAGE, "-N is for -b");
	/* numbers stay as they are everywhere */
	setlocale(LC_CTYPE, "");
	frame.wide = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (batch)
		return print_all(count);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		die(EXIT_USAGE, "top needs a terminal (\"top -b\" prints)");
	sample_now();
	next = now() + view.delay;
	interact();
	return 0;
}
