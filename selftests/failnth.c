// SPDX-License-Identifier: GPL-2.0-only
/*
 * failnth: do one thing again and again, with its first allocation failing,
 * then with its second, and so on until it needs no more.
 *
 *   failnth insmod FILE [PARAMETER=VALUE]...
 *   failnth netns          a new network namespace
 *   failnth read FILE      open it and read all of it
 *
 * Each time it is either done or refused with an error, and what was refused has
 * left nothing to be seen. Status 0 if that held and at least one was refused.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MOST		20000

static const char *file;
static char params[256];
static int here;		/* the namespace that we come from */

static int do_insmod(void)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	return err;
}

static bool insmod_clean(bool done)
{
	int i;

	for (i = 0; done && syscall(SYS_delete_module, "tcptrack", O_NONBLOCK); i++) {
		if (i == 100)
			return false;
		usleep(10000);
	}
	return access("/sys/module/tcptrack", F_OK) && access("/proc/tcptrack", F_OK) &&
	       access("/proc/net/tcptrack", F_OK) && access("/proc/sys/net/tcptrack", F_OK);
}

static int do_netns(void)
{
	return unshare(CLONE_NEWNET) ? errno : 0;
}

static bool netns_clean(bool done)
{
	return !done || (!access("/proc/thread-self/net/tcptrack", F_OK) &&
			 !setns(here, CLONE_NEWNET));
}

static int do_read(void)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), err;
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return errno;
	do {
		n = read(fd, buf, sizeof(buf));
		err = n < 0 ? errno : 0;
	} while (n > 0);
	close(fd);
	return err;
}

static bool read_clean(bool done)
{
	return true;
}

static const struct action {
	const char *name;
	int (*run)(void);
	bool (*clean)(bool done);
} actions[] = {
	{ "insmod", do_insmod, insmod_clean },
	{ "netns", do_netns, netns_clean },
	{ "read", do_read, read_clean },
};

/* Run it with its @n-th allocation failing; false if it has not that many. */
static bool fail_one(const struct action *a, int fd, int n, int *err)
{
	char text[16];
	ssize_t len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(fd, text, len, 0) != len) {
		perror("failnth: fail-nth");
		exit(2);
	}
	*err = a->run();
	len = pread(fd, text, sizeof(text) - 1, 0);
	if (pwrite(fd, "0", 1, 0) != 1)
		exit(2);
	/* what copies to user space may fail as well: then it was still to come */
	if (len < 0)
		return false;
	text[len] = 0;
	return atoi(text) == 0;
}

static int run(const struct action *a, int fd)
{
	int n, err, refused = 0;

	for (n = 1; n < MOST; n++) {
		bool failed = fail_one(a, fd, n, &err);

		if ((!failed && err) || (err && err != ENOMEM && err != EFAULT)) {
			printf("allocation %d: %s\n", n, strerror(err));
			return 1;
		}
		if (!a->clean(!err)) {
			printf("allocation %d (%s): not as it was before\n", n, strerror(err));
			return 1;
		}
		if (!failed)
			break;
		refused += !!err;
	}
	printf("%s: %d allocations, %d of them it cannot do without\n", a->name, n - 1, refused);
	return n == MOST || !refused;
}

int main(int argc, char **argv)
{
	int i, fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0 || argc < 2) {
		perror("failnth");
		return 2;
	}
	here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	file = argv[2];
	for (i = 3; i < argc; i++) {
		strncat(params, argv[i], sizeof(params) - strlen(params) - 2);
		strcat(params, " ");
	}
	for (i = 0; i < (int)ARRAY_SIZE(actions); i++)
		if (!strcmp(argv[1], actions[i].name))
			return run(&actions[i], fd);
	return 2;
}
