// SPDX-License-Identifier: GPL-2.0-only
/* A file that is there whole, or as it was. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tcptrackctl.h"

static const char *wanted;
static char *beside;

/* Whatever ends this program: what was begun goes. */
static void give_up(void)
{
	if (beside)
		unlink(beside);
}

static void __attribute__((noreturn)) failed(void)
{
	die(EXIT_REFUSED, "%s: %s", wanted, strerror(errno));
}

FILE *file_begin(const char *path, mode_t mode)
{
	FILE *file;
	int fd;

	wanted = path;
	if (!path)
		return stdout;
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		die(EXIT_REFUSED, "no memory");
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		beside = NULL;
		failed();
	}
	atexit(give_up);
	file = fdopen(fd, "w");
	if (!file || fchmod(fd, mode))
		failed();
	return file;
}

void file_commit(FILE *file)
{
	if (!wanted)	/* main() looks after stdout */
		return;
	if (ferror(file))	/* of before: what was not written is forgotten */
		die(EXIT_REFUSED, "%s: not all of it could be written", wanted);
	if (fflush(file) || fsync(fileno(file)) || fclose(file) || rename(beside, wanted))
		failed();
	beside = NULL;
}
