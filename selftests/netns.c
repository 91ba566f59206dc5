// SPDX-License-Identifier: GPL-2.0-only
/*
 * netns NAME COMMAND...	run it in a namespace of ip-netns(8)
 * netns NAME -w KEY=VALUE...	set sysctls there; NAME "-": in this one
 *
 * As nsenter(1) and sysctl(8) do, but static: on an emulated machine, and more so in User
 * Mode Linux, the libraries of those cost more than what they do.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int die(int status, const char *what)
{
	fprintf(stderr, "netns: %s: %s\n", what, strerror(errno));
	exit(status);
}

static void enter(const char *name)
{
	char path[256];
	int fd;

	if (!strcmp(name, "-"))
		return;
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(1, path);
}

/* A dot leads a level down, unless it is written as a slash: as sysctl(8) has it. */
static void set(char *setting)
{
	char path[256], *value = strchr(setting, '='), *c;
	int fd;

	if (!value) {
		errno = EINVAL;
		die(1, setting);
	}
	*value++ = '\0';
	for (c = setting; *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	snprintf(path, sizeof(path), "/proc/sys/%s", setting);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0 || close(fd))
		die(1, path);
}

int main(int argc, char **argv)
{
	int i;

	if (argc < 3) {
		fputs("usage: netns NAME COMMAND... | netns NAME -w KEY=VALUE...\n", stderr);
		return 2;
	}
	enter(argv[1]);
	if (strcmp(argv[2], "-w")) {
		execvp(argv[2], argv + 2);
		die(errno == ENOENT ? 127 : 126, argv[2]);
	}
	for (i = 3; i < argc; i++)
		set(argv[i]);
	return 0;
}
