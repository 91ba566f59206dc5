// SPDX-License-Identifier: GPL-2.0-only
/* A file that is there whole, or as it was. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tcptrackctl.h"

static const int deadly[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ };
static const char *wanted;	/* as it was named; NULL: stdout */
static char *target, *beside;	/* NULL: written through */

/* Whatever ends this program: what was begun goes. */
static void give_up(void)
{
	if (beside)
		unlink(beside);
}

static void ended_by(int signal)
{
	give_up();
	raise(signal);		/* SA_RESETHAND: it ends us now */
}

static void mind_signals(void)
{
	const struct sigaction action = { .sa_handler = ended_by, .sa_flags = SA_RESETHAND };
	struct sigaction before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deadly); i++) {
		if (!sigaction(deadly[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(deadly[i], &action, NULL);
	}
}

static void __attribute__((noreturn)) failed(void)
{
	die(EXIT_REFUSED, "%s: %s", wanted, strerror(errno));
}

static bool is_stdout(const struct stat *st)
{
	struct stat out;

	return !fstat(STDOUT_FILENO, &out) && st->st_dev == out.st_dev && st->st_ino == out.st_ino;
}

/* A device, a fifo: there is only one of it. */
static FILE *through(void)
{
	int fd = open(wanted, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		failed();
	return file;
}

/* Where a link leads to is replaced, not the link. */
static char *resolve(void)
{
	struct stat st;

	/* (one that leads to nothing is not followed by guessing) */
	return lstat(wanted, &st) ? strdup(wanted) : realpath(wanted, NULL);
}

/* The name is in beside before a signal could want it. */
static int make_beside(void)
{
	sigset_t all, before;
	char *name;
	int fd;

	if (asprintf(&name, "%s.XXXXXX", target) < 0)
		die(EXIT_REFUSED, "no memory");
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0) {
		beside = name;
		atexit(give_up);
		mind_signals();
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return fd;
}

FILE *file_begin(const char *path, mode_t mode)
{
	struct stat st;
	bool exists;
	FILE *file;
	int fd;

	wanted = path;
	if (!path)
		return stdout;
	exists = !stat(path, &st);
	if (exists && is_stdout(&st)) {
		wanted = NULL;
		return stdout;
	}
	if (exists && !S_ISREG(st.st_mode))
		return through();
	target = resolve();
	fd = target ? make_beside() : -1;
	if (fd < 0)
		failed();
	/* only root may give it away; before its mode, so that nobody else may read it meanwhile */
	if (exists && fchown(fd, st.st_uid, st.st_gid) && errno != EPERM)
		failed();
	file = fdopen(fd, "w");
	if (!file || fchmod(fd, exists ? st.st_mode & 0777 : mode))
		failed();
	return file;
}

void file_commit(FILE *file)
{
	if (!wanted)	/* main() looks after stdout */
		return;
	if (ferror(file))	/* of before: what was not written is forgotten */
		die(EXIT_REFUSED, "%s: not all of it could be written", wanted);
	if (fflush(file) || (beside && fsync(fileno(file))) || fclose(file) ||
	    (beside && rename(beside, target)))
		failed();
	beside = NULL;
}
