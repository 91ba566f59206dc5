/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ENDING_H
#define ENDING_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/*
 * From now on each of n signals asks to end. Whoever has not ended a second later is ended, with
 * EXIT_REFUSED: it cannot write what it has to. Then at_last() (or NULL) is called first, in a
 * signal handler.
 */
void ending_begin(const int *of, size_t n, void (*at_last)(void));

/* Whether one of them came, or ending_ask() was called. */
bool ending_asked(void);
void ending_ask(void);

/* As ppoll(2) with no signal blocked; -1 at once if there was one of these before it. */
int ending_poll(struct pollfd *fds, nfds_t n, const struct timespec *most);

#endif /* ENDING_H */
