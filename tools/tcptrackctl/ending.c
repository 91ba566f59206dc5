// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of what goes on until a signal: between two things or, where one of them cannot end
 * because nobody reads what is written, in it.
 */

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "ending.h"
#include "tcptrackctl.h"

#define GRACE_S	1	/* to write what there is */

static volatile sig_atomic_t ended;
static sigset_t signals;
static void (*last)(void);

static void end_it(int signal)
{
	ended = 1;
	alarm(GRACE_S);
}

static void end_now(int signal)
{
	if (last)
		last();
	_exit(EXIT_REFUSED);
}

void ending_begin(const int *of, size_t n, void (*at_last)(void))
{
	/* who writes goes on, as far as it is read */
	const struct sigaction soon = { .sa_handler = end_it, .sa_flags = SA_RESTART };
	const struct sigaction now = { .sa_handler = end_now };
	size_t i;

	last = at_last;
	sigemptyset(&signals);
	for (i = 0; i < n; i++) {
		sigaddset(&signals, of[i]);
		sigaction(of[i], &soon, NULL);
	}
	sigaction(SIGALRM, &now, NULL);
}

bool ending_asked(void)
{
	return ended;
}

void ending_ask(void)
{
	ended = 1;
}

int ending_poll(struct pollfd *fds, nfds_t n, const struct timespec *most)
{
	sigset_t none;
	int found = -1;

	sigemptyset(&none);
	/* between the look at ended and ppoll() they wait */
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (!ended)
		found = ppoll(fds, n, most, &none);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	return found;
}
