// SPDX-License-Identifier: GPL-2.0-only
/*
 * show: /proc/net/tcptrack of a namespace, in one process: on an emulated machine, and
 * more so in User Mode Linux, each that starts costs. NS is a name of ip-netns(8) or "-".
 *
 *   show NS value NAME
 *   show NS state COLUMN STATE		print it
 *   show NS since FILE			print "NAME CHANGE" of what has changed
 *   show NS parity			print "STATE TRACKER STACK", as ss(8) counts
 *
 *   show -w SECONDS NS value NAME WANTED
 *   show -w SECONDS NS state COLUMN STATE WANTED
 *   show -w SECONDS NS since FILE [NAME CHANGE]...
 *   show -w SECONDS NS parity		status 0 as soon as it is so, 1 if it never is
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NSTATES	11
#define COLUMNS	5

/* As they are shown, and as ss(8) calls them (it shows no CLOSED one). */
static const char * const states[NSTATES][2] = {
	{ "LISTEN", "LISTEN" }, { "SYN_SENT", "SYN-SENT" }, { "SYN_RECEIVED", "SYN-RECV" },
	{ "ESTABLISHED", "ESTAB" }, { "FIN_WAIT_1", "FIN-WAIT-1" },
	{ "FIN_WAIT_2", "FIN-WAIT-2" }, { "CLOSE_WAIT", "CLOSE-WAIT" },
	{ "CLOSING", "CLOSING" }, { "LAST_ACK", "LAST-ACK" }, { "TIME_WAIT", "TIME-WAIT" },
	{ "CLOSED", "" },
};

static char now[1 << 16], was[1 << 16];

static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("show: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static void read_file(const char *path, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	if (n < 0 || len == size - 1)
		die("%s: %s", path, n < 0 ? strerror(errno) : "too long");
	buf[len] = '\0';
}

static void enter(const char *ns)
{
	char path[256];
	int fd;

	if (!strcmp(ns, "-"))
		return;
	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

/* The words of the line at *@at, which moves on; their number, -1 at the end. */
static int next_line(const char **at, char words[COLUMNS][64])
{
	char line[512];
	size_t len = strcspn(*at, "\n");
	int n;

	if (!**at)
		return -1;
	snprintf(line, sizeof(line), "%.*s", (int)len, *at);
	*at += len + ((*at)[len] == '\n');
	n = sscanf(line, "%63s %63s %63s %63s %63s", words[0], words[1], words[2], words[3],
		   words[4]);
	return n < 0 ? 0 : n;
}

/* The value of @name in @text, in a static buffer, or NULL. */
static const char *value(const char *text, const char *name)
{
	static char words[COLUMNS][64];
	int n;

	while ((n = next_line(&text, words)) >= 0) {
		if (n == 2 && !strcmp(words[0], name))
			return words[1];
	}
	return NULL;
}

static const char *state(const char *text, const char *column, const char *name)
{
	static char words[COLUMNS][64];
	int n, i, which = 0;

	while ((n = next_line(&text, words)) == COLUMNS) {
		for (i = 1; !which && i < COLUMNS; i++)
			which = strcmp(words[i], column) ? 0 : i;
		if (which && !strcmp(words[0], name))
			return words[which];
	}
	return NULL;
}

/* A name that is not there is a mistake of who asks: it would never change. */
static long long change(const char *name)
{
	const char *is = value(now, name);
	long long last = is ? atoll(is) : 0;

	if (!is)
		die("%s: no such value", name);
	is = value(was, name);
	if (!is)
		die("%s: no such value before", name);
	return last - atoll(is);
}

static void print_changes(void)
{
	char words[COLUMNS][64];
	const char *at = now, *old;
	int n;

	while ((n = next_line(&at, words)) >= 0) {
		old = n == 2 ? value(was, words[0]) : NULL;
		if (old && strcmp(old, words[1]))
			printf("%s %lld\n", words[0], change(words[0]));
	}
}

static bool changes_are(char **pairs)
{
	for (; pairs[0] && pairs[1]; pairs += 2) {
		if (change(pairs[0]) != atoll(pairs[1]))
			return false;
	}
	return true;
}

/* What ss(8) counts in each state. */
static void ask_ss(int *count)
{
	char line[1024], name[64];
	FILE *f = popen("exec ss -Htan", "re");
	int i;

	memset(count, 0, NSTATES * sizeof(*count));
	while (f && fgets(line, sizeof(line), f)) {
		for (i = 0; sscanf(line, "%63s", name) == 1 && i < NSTATES; i++)
			count[i] += !strcmp(name, states[i][1]);
	}
	if (!f || pclose(f))
		die("ss failed");
}

static bool parity(bool print)
{
	int count[NSTATES], i;
	bool equal = true;

	ask_ss(count);
	read_file("/proc/net/tcptrack", now, sizeof(now));
	for (i = 0; i < NSTATES; i++) {
		const char *shown = state(now, "local", states[i][0]);

		if (print)
			printf("%s %s %d\n", states[i][0], shown ?: "none", count[i]);
		equal = equal && shown && atoi(shown) == count[i];
	}
	return equal;
}

/* Whether it is as it should be; without @wait, it is printed. */
static bool look(char **argv, bool wait)
{
	const char *is = NULL, *wanted = NULL;

	if (!strcmp(argv[0], "parity"))
		return parity(!wait);
	read_file("/proc/net/tcptrack", now, sizeof(now));
	if (!strcmp(argv[0], "since")) {
		if (!wait)
			print_changes();
		return !wait || changes_are(argv + 2);
	}
	if (!strcmp(argv[0], "value")) {
		is = value(now, argv[1]);
		wanted = wait ? argv[2] : NULL;
	} else {
		is = state(now, argv[1], argv[2]);
		wanted = wait ? argv[3] : NULL;
	}
	if (!wait && is)
		puts(is);
	return is && (!wait || !strcmp(is, wanted));
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static bool understood(int argc, char **argv, bool wait)
{
	static const struct {
		const char *what;
		int argc;	/* without what is wanted */
	} kinds[] = { { "value", 2 }, { "state", 3 }, { "since", 2 }, { "parity", 1 }, { NULL } };
	int i = 0;

	while (argc && kinds[i].what && strcmp(argv[0], kinds[i].what))
		i++;
	if (argc < 1 || !kinds[i].what)
		return false;
	if (!strcmp(argv[0], "since"))
		return wait ? argc >= 2 && argc % 2 == 0 : argc == 2;
	return argc == kinds[i].argc + (wait && strcmp(argv[0], "parity"));
}

int main(int argc, char **argv)
{
	bool wait = argc > 2 && !strcmp(argv[1], "-w");
	long long end = wait ? now_ms() + (long long)(atof(argv[2]) * 1000) : 0;
	char **args = argv + (wait ? 4 : 2);
	int left = argc - (wait ? 4 : 2);

	if (!understood(left, args, wait)) {
		fputs("show: see show.c\n", stderr);
		return 2;
	}
	if (!strcmp(args[0], "since"))
		read_file(args[1], was, sizeof(was));
	enter(args[-1]);
	while (!look(args, wait)) {
		if (!wait || now_ms() >= end)
			return 1;
		usleep(50000);
	}
	return 0;
}
