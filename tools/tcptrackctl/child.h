/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACKCTL_CHILD_H
#define TCPTRACKCTL_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
	pid_t pid;	/* -1: there is none */
	int out, err;
	int done;	/* for poll(): at its end when the child has ended */
};

/* run() prints, after netlink_open(). Returns false, with errno, if there is no process. */
bool child_start(struct child *c, void (*run)(void));

/*
 * Waits for it. Returns what it has printed: to stdout if its status is 0, else to stderr. -1:
 * no answer came in time. A memfd, which is the caller's.
 */
int child_end_file(struct child *c, int *status);

/* What is in it, as a text (to free), or NULL. It is closed. */
char *child_text(int fd, size_t *size);

/* Both. */
char *child_end(struct child *c, int *status, size_t *size);

#endif /* TCPTRACKCTL_CHILD_H */
