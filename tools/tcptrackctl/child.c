// SPDX-License-Identifier: GPL-2.0-only
/*
 * A question to the module in a process of its own: the module may have come or gone meanwhile,
 * and whoever cannot go on without it ends, saying why.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "child.h"
#include "tcptrackctl.h"

#define CHILD_S		10	/* for the module's answers */
#define NOEXEC_SEAL	0x0008U	/* MFD_NOEXEC_SEAL, which libc's header may not have */

char *child_text(int fd, size_t *size)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = n < 0 ? NULL : malloc(n + 1);

	if (text && pread(fd, text, n, 0) != n) {
		free(text);
		text = NULL;
	}
	if (text) {
		text[n] = '\0';
		*size = n;
	}
	close(fd);
	return text;
}

/* Its parent may have a terminal to care for. */
static void forget_signals(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGSEGV, SIGABRT, SIGBUS,
		SIGFPE, SIGALRM,
	};
	sigset_t none;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn)) be_child(const struct child *c, void (*run)(void))
{
	forget_signals();
	alarm(CHILD_S);
	if (dup2(c->out, STDOUT_FILENO) < 0 || dup2(c->err, STDERR_FILENO) < 0)
		_exit(EXIT_REFUSED);
	netlink_open();
	run();
	_exit(fflush(stdout) || ferror(stdout) ? EXIT_REFUSED : 0);
}

static void close_all(struct child *c)
{
	int *fds[] = { &c->out, &c->err, &c->done };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

/* Where vm.memfd_noexec=2 has it, only so; before Linux 6.3 there is no such flag. */
static int memory(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC) : fd;
}

bool child_start(struct child *c, void (*run)(void))
{
	int ends[2] = { -1, -1 };

	c->out = memory("answer");
	c->err = memory("errors");
	c->pid = -1;
	c->done = -1;
	fflush(NULL);
	/* ignored, as who started us may have it, it would leave no status */
	signal(SIGCHLD, SIG_DFL);
	if (c->out >= 0 && c->err >= 0 && !pipe(ends))
		c->pid = fork();
	if (!c->pid) {
		close(ends[0]);
		be_child(c, run);
	}
	if (ends[1] >= 0)
		close(ends[1]);
	c->done = ends[0];
	if (c->pid > 0)
		return true;
	close_all(c);
	return false;
}

int child_end_file(struct child *c, int *status)
{
	int fd, *from;

	*status = -1;
	while (waitpid(c->pid, status, 0) < 0 && errno == EINTR)
		;
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	c->pid = -1;
	from = *status ? &c->err : &c->out;
	fd = *from;
	*from = -1;
	close_all(c);
	return fd;
}

char *child_end(struct child *c, int *status, size_t *size)
{
	return child_text(child_end_file(c, status), size);
}
