// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_files [-n RUNS] [-s SEED]: RUNS times one of /proc's files or net.tcptrack's is read
 * or written, at odd places and in odd pieces, with what is right, nearly right, or noise.
 *
 * In pieces of any size a file of a quiet namespace has as many lines as at once, and they
 * begin with the same words. A setting that was written, whatever it was, can be written
 * again as it is read, and then reads the same; what was refused has changed nothing.
 * Status 0 if that held. The same seed is the same run.
 */

#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "random.h"

#define SYSCTL	"/proc/sys/net/tcptrack"
#define FILES	64
#define ROOM	262144
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char * const proc[] = {
	"/proc/net/tcptrack", "/proc/net/tcptrack_flows", "/proc/net/tcptrack_listeners",
	"/proc/net/stat/tcptrack", "/proc/net/stat/tcptrack_flood"
};

static char *settings[FILES];
static int nsettings;
static long reads, writes, refused;

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0) {
		printf("# %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

/* All of it, in pieces of up to @most octets; the length. */
static size_t read_all(const char *path, char *to, uint32_t most)
{
	int fd = open_file(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	do {
		size_t piece = most == ROOM ? most : 1 + below(most);

		n = read(fd, to + len, piece < ROOM - 1 - len ? piece : ROOM - 1 - len);
		len += n > 0 ? n : 0;
	} while (n > 0);
	close(fd);
	to[len] = 0;
	return len;
}

/* Lines, and a sum over how each of them begins. */
static void summary(const char *text, long *lines, uint64_t *words)
{
	*lines = 0;
	*words = 0;
	while (*text) {
		size_t n = strcspn(text, "\n"), i;
		uint64_t h = 14695981039346656037ULL;

		for (i = 0; i < n && text[i] != ' '; i++)
			h = (h ^ (uint8_t)text[i]) * 1099511628211ULL;
		*words += h;
		++*lines;
		text += n + (text[n] == '\n');
	}
}

static bool read_in_pieces(const char *path)
{
	static char whole[ROOM], pieces[ROOM];
	long lines[2];
	uint64_t words[2];

	read_all(path, whole, ROOM);
	read_all(path, pieces, below(2) ? 7 : 5000);
	summary(whole, &lines[0], &words[0]);
	summary(pieces, &lines[1], &words[1]);
	if (lines[0] == lines[1] && words[0] == words[1])
		return true;
	printf("# %s: %ld lines at once, %ld in pieces\n", path, lines[0], lines[1]);
	return false;
}

/* Any place, any length: an end, or a part, or an error, but no more than asked for. */
static bool read_anywhere(const char *path)
{
	static char buf[8192];
	int fd = open_file(path, O_RDONLY);
	size_t len = below(4) ? below(sizeof(buf)) : below(9);
	off_t at = below(4) ? below(20000) : (off_t)random_32() << below(32);
	ssize_t n = pread(fd, buf, len, at);
	bool good = n <= (ssize_t)len;

	lseek(fd, below(3000), SEEK_SET);
	n = read(fd, buf, len);
	close(fd);
	return good && n <= (ssize_t)len;
}

static void get(const char *path, char *to, size_t size)
{
	int fd = open_file(path, O_RDONLY);
	ssize_t n = read(fd, to, size - 1);

	close(fd);
	to[n < 0 ? 0 : n] = 0;
}

static bool put(const char *path, const char *text, size_t len, off_t at)
{
	int fd = open_file(path, O_WRONLY);
	ssize_t n = pwrite(fd, text, len, at);

	close(fd);
	return n == (ssize_t)len;
}

/* What may be meant for a setting. */
static size_t invent(char *to, size_t size)
{
	static const char * const words[] = {
		"0", "1", "-1", "75", "100", "101", "65536", "2147483647", "2147483648",
		"4294967296", "99999999999999999999", "0x10", "010", "enforce", "monitor", "off",
		"on", "cookie", "recycle", "drop", "prerouting", "ingress", "route", "reflect",
		"lo", "lo v1", "v1 v1", "monitor          off", "drop            ",
		"a-name-that-is-too-long", "..", "a/b", "", " ", "\t1\t", "1 2", "enforce off"
	};
	const char *w = words[below(ARRAY_SIZE(words))];
	size_t len = snprintf(to, size, "%s%s", w, below(2) ? "\n" : ""), i;

	if (one_in(4) && len)
		flip_bit(to, len);
	if (one_in(8)) {
		len = below(size);
		for (i = 0; i < len; i++)
			to[i] = below(2) ? 'v' : random_32();
	}
	return len;
}

/* Of a setting that is a word: what was taken for it is what was written. */
static bool is_meant(const char *path, const char *text, const char *now)
{
	size_t len, n = strcspn(now, "\n");

	if (!isalpha(*now) || strstr(path, "devices"))
		return true;
	while (isspace(*text))
		text++;
	len = strcspn(text, "\n");
	while (len && isspace(text[len - 1]))
		len--;
	return len == n && !memcmp(text, now, n);
}

static bool write_something(const char *path)
{
	static char text[6000];
	char before[1024], now[1024], again[1024];
	size_t len = invent(text, sizeof(text));
	off_t at = below(4) ? 0 : below(5000);
	bool done;

	get(path, before, sizeof(before));
	done = put(path, text, len, at);
	get(path, now, sizeof(now));
	refused += !done;
	if (!done && strcmp(before, now)) {
		printf("# %s: refused, but was %s and is %s\n", path, before, now);
		return false;
	}
	text[len < sizeof(text) ? len : sizeof(text) - 1] = 0;
	if (done && len && !at && !is_meant(path, text, now)) {
		printf("# %s: written %s, and is now %s\n", path, text, now);
		return false;
	}
	if (!put(path, now, strlen(now), 0)) {
		printf("# %s: %s can be read but not written\n", path, now);
		return false;
	}
	get(path, again, sizeof(again));
	if (strcmp(now, again))
		printf("# %s: written %s, read %s\n", path, now, again);
	return !strcmp(now, again);
}

static bool once(void)
{
	const char *path = below(2) ? proc[below(ARRAY_SIZE(proc))] : settings[below(nsettings)];
	uint32_t what = below(8);

	if (what < 4 && strstr(path, SYSCTL)) {
		writes++;
		return write_something(path);
	}
	reads++;
	/* (a setting is read at once, or not at all) */
	if (what < 5 && !strstr(path, SYSCTL))
		return read_in_pieces(path);
	return read_anywhere(path);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

static void find_settings(void)
{
	DIR *d = opendir(SYSCTL);
	struct dirent *e;

	while (d && (e = readdir(d)) && nsettings < FILES)
		if (e->d_name[0] != '.' &&
		    asprintf(&settings[nsettings], SYSCTL "/%s", e->d_name) > 0)
			nsettings++;
	if (!nsettings) {
		perror(SYSCTL);
		exit(1);
	}
	closedir(d);
	qsort(settings, nsettings, sizeof(settings[0]), by_name);
}

int main(int argc, char **argv)
{
	unsigned long seed = time(NULL);
	long n = 1000, i;
	int c;

	while ((c = getopt(argc, argv, "n:s:")) != -1) {
		if (c == 'n')
			n = atol(optarg);
		else if (c == 's')
			seed = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	printf("# fuzz_files -n %ld -s %lu\n", n, seed);
	fflush(stdout);
	random_state = seed;
	find_settings();
	for (i = 0; i < n; i++) {
		if (!once()) {
			printf("# execution %ld\n", i);
			return 1;
		}
	}
	printf("# %ld read, %ld written, %ld of them refused\n", reads, writes, refused);
	return 0;
}
