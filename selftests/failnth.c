// SPDX-License-Identifier: GPL-2.0-only
/*
 * failnth: do one thing again and again, with its first allocation failing,
 * then with its second, and so on until it needs no more.
 *
 *   failnth [-o] insmod FILE [PARAMETER=VALUE]...
 *   failnth [-o] netns			a new network namespace
 *   failnth [-o] read FILE		open it and read all of it
 *   failnth [-o] write FILE VALUE	a sysctl
 *   failnth [-o] do OPERATION [WORD]	of generic netlink
 *   failnth [-o] dump OPERATION
 *   failnth [-o] connect [blind]	socket, listen, connect, accept, a byte each way;
 *					blind: and what we count is not looked at
 *
 * Each time it is either done, all of it, or refused with an error, and what was refused
 * has left nothing to be seen; and without a fault it is done right afterwards (insmod, which
 * takes its time: at the end). -o: by the settings of debugfs only what the module's own code
 * allocates may fail. Prints "faults N refused N", or what was wrong, with status 1.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failnth.h"

#define MOST		3000

bool failnth_ours, failnth_hit;
unsigned long failnth_counted;

void failnth_die(const char *what)
{
	fprintf(stderr, "failnth: %s: %s\n", what, strerror(errno));
	exit(2);
}

const char *failnth_text(const char *path)
{
	static char text[1 << 17];
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return NULL;
	do {
		n = read(fd, text + len, sizeof(text) - 1 - len);
		if (n < 0)
			err = errno;
		else
			len += n;
	} while (n > 0);
	close(fd);
	text[len] = '\0';
	errno = err;
	return err ? NULL : text;
}

unsigned long failnth_value(const char *name)
{
	const char *at = failnth_text("/proc/thread-self/net/tcptrack");
	char line[64];

	snprintf(line, sizeof(line), "\n%s ", name);
	at = at ? strstr(at, line) : NULL;
	if (!at)
		failnth_die(name);
	return strtoul(at + strlen(line), NULL, 10);
}

/* --- a namespace --- */

static int here;		/* the namespace that we come from */
static ino_t here_is;

static ino_t where(void)
{
	struct stat st;

	if (stat("/proc/thread-self/ns/net", &st))
		failnth_die("ns/net");
	return st.st_ino;
}

static void netns_set_up(char **args)
{
	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	here_is = where();
}

static int netns_run(void)
{
	return unshare(CLONE_NEWNET) ? errno : 0;
}

static const char *netns_wrong(int err)
{
	const char *wrong = NULL;

	if (err)
		return where() == here_is ? NULL : "it is another namespace";
	if (access("/proc/thread-self/net/tcptrack", F_OK) ||
	    access("/proc/thread-self/net/tcptrack_flows", F_OK) ||
	    access("/proc/thread-self/net/tcptrack_listeners", F_OK) ||
	    access("/proc/thread-self/net/stat/tcptrack", F_OK))
		wrong = "it has not all of /proc/net";
	else if (access("/proc/sys/net/tcptrack/early_devices", F_OK))
		wrong = "it has no sysctl";
	if (setns(here, CLONE_NEWNET))
		failnth_die("setns");
	return wrong;
}

static const struct failnth_action netns = {
	.name = "netns", .set_up = netns_set_up, .run = netns_run, .wrong = netns_wrong,
};

/* --- files --- */

static const char *file, *value;
static char was[1024];
static int file_fd, lines;

static int count_lines(const char *text)
{
	int n = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

static const char *lines_read;

static int read_run(void)
{
	lines_read = failnth_text(file);
	return lines_read ? 0 : errno;
}

static void read_set_up(char **args)
{
	file = args[0];
	if (!file || read_run())
		failnth_die("what to read");
	lines = count_lines(lines_read);
}

static const char *read_wrong(int err)
{
	return err || count_lines(lines_read) == lines ? NULL : "not all of it was read";
}

static const struct failnth_action reading = {
	.name = "read", .set_up = read_set_up, .run = read_run, .wrong = read_wrong,
};

static void write_set_up(char **args)
{
	const char *text;

	file = args[0];
	value = args[1];
	text = value ? failnth_text(file) : NULL;
	if (!text)
		failnth_die("what to write");
	snprintf(was, sizeof(was), "%.*s", (int)strcspn(text, "\n"), text);
}

static void write_begin(void)
{
	file_fd = open(file, O_WRONLY | O_CLOEXEC);
	if (file_fd < 0)
		failnth_die(file);
}

static int write_run(void)
{
	return write(file_fd, value, strlen(value)) == (ssize_t)strlen(value) ? 0 : errno;
}

static bool file_is(const char *what)
{
	const char *text = failnth_text(file);

	return text && !strncmp(text, what, strlen(what)) && text[strlen(what)] == '\n';
}

/* Of the hooks of LOCAL_IN and LOCAL_OUT what is seen tells that each is there once. */
static bool hooks_are_right(void)
{
	const char *mode = failnth_text("/proc/sys/net/tcptrack/mode");
	bool off = mode && !strcmp(mode, "off\n");

	return mode && failnth_seen() == (off ? 0 : FAILNTH_SEGMENTS);
}

static const char *write_wrong(int err)
{
	close(file_fd);
	if (!file_is(err ? was : value))
		return err ? "it was refused, and has changed" : "it is not what was written";
	if (!hooks_are_right())
		return "the hooks are not as the settings say";
	if (err)
		return NULL;
	write_begin();
	if (write(file_fd, was, strlen(was)) != (ssize_t)strlen(was) || close(file_fd))
		failnth_die(file);
	if (!file_is(was))
		return "it cannot be set back";
	return hooks_are_right() ? NULL : "set back, the hooks are not";
}

static const struct failnth_action writing = {
	.name = "write", .set_up = write_set_up, .begin = write_begin, .run = write_run,
	.wrong = write_wrong,
};

/* --- all of them --- */

static const struct failnth_action * const actions[] = {
	&failnth_insmod, &netns, &reading, &writing, &failnth_do, &failnth_dump, &failnth_connect,
};

static bool sensible(const struct failnth_action *a, int err)
{
	return !err || err == ENOMEM || (!failnth_ours && a->passes && a->passes(err));
}

/* Once, with the @n-th allocation failing; 0: with none. What went wrong, or NULL. */
static const char *once(const struct failnth_action *a, int fd, int n, int *err)
{
	char text[16];
	ssize_t len = snprintf(text, sizeof(text), "%d", n);

	if (a->begin)
		a->begin();
	if (pwrite(fd, text, len, 0) != len)
		failnth_die("fail-nth");
	*err = a->run();
	len = pread(fd, text, sizeof(text) - 1, 0);
	if (pwrite(fd, "0", 1, 0) != 1)
		failnth_die("fail-nth");
	/* what copies to user space may fail as well: then it was still to come */
	text[len < 0 ? 0 : len] = '\0';
	failnth_hit = n && len > 0 && !atoi(text);
	if (*err && !failnth_hit)
		return "nothing was made to fail";
	if (!sensible(a, *err))
		return "this is no error of an allocation";
	return a->wrong(*err);
}

static int run(const struct failnth_action *a, int fd)
{
	int n, err, refused = 0;
	const char *wrong;

	for (n = 1; n < MOST; n++) {
		wrong = once(a, fd, n, &err);
		if (wrong) {
			printf("fault %d (%s): %s\n", n, strerror(err), wrong);
			return 1;
		}
		if (!failnth_hit)
			break;
		refused += err || failnth_counted;
		wrong = a->slow ? NULL : once(a, fd, 0, &err);
		if (wrong) {
			printf("after fault %d (%s): %s\n", n, strerror(err), wrong);
			return 1;
		}
	}
	printf("faults %d refused %d\n", n - 1, refused);
	return n == MOST;
}

int main(int argc, char **argv)
{
	int i, fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	failnth_ours = argc > 1 && !strcmp(argv[1], "-o");
	argv += 1 + failnth_ours;
	if (fd < 0 || !argv[0])
		failnth_die("usage, or no fail-nth");
	for (i = 0; i < (int)ARRAY_SIZE(actions); i++) {
		if (strcmp(argv[0], actions[i]->name))
			continue;
		if (actions[i]->set_up)
			actions[i]->set_up(argv + 1);
		return run(actions[i], fd);
	}
	failnth_die(argv[0]);
}
