/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REQUEST_MAX	4096

/* The metrics of a moment, in a file. */
struct page {
	int fd;
	off_t size;
	unsigned int readers;
	long long made;		/* ms; 0: there is none */
};

/* What is sent: a text (NULL: no memory for it) and then, unless it is NULL, the page. */
struct answer {
	char *text;
	size_t size;
	struct page *page;
};

/*
 * A page, which is the caller's until he gives it back. NULL: there is none, and why says why (to
 * free; NULL: no memory for it).
 */
struct page *serve_page(char **why);
void serve_page_back(struct page *page);

/*
 * serve_http.c: the answer to what has come of a request so far. Returns false if more of
 * it has to come first.
 */
bool serve_answer(const char *request, size_t size, struct answer *answer);

#endif /* SERVE_H */
