/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REQUEST_MAX	4096

/* What is sent: a text (NULL: no memory for it) and then, unless page is -1, of that so much. */
struct answer {
	char *text;
	size_t size;
	int page;
	off_t page_size;
};

/* A file with the metrics, or why there are none (done is false); -1: there was none to be had. */
int serve_metrics(bool *done, off_t *size);

/*
 * serve_http.c: the answer to what has come of a request so far. Returns false if more of
 * it has to come first.
 */
bool serve_answer(const char *request, size_t size, struct answer *answer);

#endif /* SERVE_H */
