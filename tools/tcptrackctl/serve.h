/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_MAX	4096

/* What is sent; text is NULL if there was no memory for it. */
struct answer {
	char *text;
	size_t size;
};

/* The metrics, or the reason why there are none (done is false); NULL: no memory. */
char *serve_metrics(bool *done, size_t *size);

/*
 * serve_http.c: the answer to what has come of a request so far. Returns false if more of
 * it has to come first.
 */
bool serve_answer(const char *request, size_t size, struct answer *answer);

#endif /* SERVE_H */
