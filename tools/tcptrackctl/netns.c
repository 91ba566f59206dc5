// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces of ip-netns(8). */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tcptrackctl.h"

#define NAMED	"/run/netns"

static int home = -1;
static bool away;

int netns_enter(const char *name)
{
	char path[4096];
	int fd, err = 0;

	if (home < 0)
		home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), strchr(name, '/') ? "%s" : NAMED "/%s", name);
	fd = home < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (setns(fd, CLONE_NEWNET))
		err = -errno;
	else
		away = true;
	close(fd);
	return err;
}

void netns_return(void)
{
	if (away && setns(home, CLONE_NEWNET))
		die(EXIT_REFUSED, "back from a network namespace: %s", strerror(errno));
	away = false;
}

static int named(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

char **netns_names(void)
{
	struct dirent **entries = NULL;
	int i, n = scandir(NAMED, &entries, named, alphasort);
	char **names;

	if (n < 0 && errno != ENOENT)
		die(EXIT_REFUSED, NAMED ": %s", strerror(errno));
	n = n < 0 ? 0 : n;
	names = calloc(n + 1, sizeof(*names));
	if (!names)
		die(EXIT_REFUSED, "no memory");
	for (i = 0; i < n; i++)
		names[i] = entries[i]->d_name;
	free(entries);
	return names;
}
