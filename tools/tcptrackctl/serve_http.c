// SPDX-License-Identifier: GPL-2.0-only
/* serve-metrics: HTTP/1.0 and 1.1, as much of it as Prometheus needs. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "serve.h"

#define HEAD	"HEAD "
#define SCHEME	"http://"

/* The header, and what there is of the body. */
static void answer_with(struct answer *answer, const char *status, size_t size, const char *body)
{
	int n = asprintf(&answer->text,
			 "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n%sConnection: close\r\n\r\n%s",
			 status, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
			 size, strncmp(status, "405", 3) ? "" : "Allow: GET, HEAD\r\n", body);

	if (n < 0)
		answer->text = NULL;
	answer->size = n;
}

/* why: a line, or NULL */
static void refuse(struct answer *answer, const char *status, const char *why, bool head)
{
	char body[64];

	if (!why) {
		snprintf(body, sizeof(body), "%s\n", status + 4);
		why = body;
	}
	answer_with(answer, status, strlen(why), head ? "" : why);
}

static void answer_metrics(struct answer *answer, bool head)
{
	char *why = NULL;
	struct page *page = serve_page(&why);

	if (page) {
		answer_with(answer, "200 OK", page->size, "");
		if (head)
			serve_page_back(page);
		else
			answer->page = page;
		return;
	}
	refuse(answer, "503 Service Unavailable", why, head);
	free(why);
}

static bool ends(const char *request, size_t size)
{
	return memmem(request, size, "\r\n\r\n", 4) || memmem(request, size, "\n\n", 2);
}

/* METHOD SP TARGET SP HTTP/1.x, a line; what follows it does not matter here. */
static bool read_line(const char *request, size_t size, char *method, char *target)
{
	char line[1024];
	size_t n = 0;
	int end = 0;

	while (n < size && request[n] != '\r' && request[n] != '\n')
		n++;
	if (n >= sizeof(line) || memchr(request, '\0', n))
		return false;
	memcpy(line, request, n);
	line[n] = '\0';
	return sscanf(line, "%15[A-Z] %511[!-~] HTTP/1.%*1[0-9]%n", method, target, &end) == 2 &&
	       end == (int)n;
}

/* Of a target in one of its forms (RFC 9112, 3.2) the path, or NULL. */
static const char *path_of(const char *method, char *target)
{
	char *path = target;

	if (!strcmp(method, "OPTIONS") && !strcmp(target, "*"))
		return target;
	if (!strncasecmp(target, SCHEME, strlen(SCHEME)))
		path += strlen(SCHEME) + strcspn(target + strlen(SCHEME), "/?");
	else if (*target != '/')
		return NULL;
	path[strcspn(path, "?")] = '\0';
	return path;
}

bool serve_answer(const char *request, size_t size, struct answer *answer)
{
	bool head = size >= strlen(HEAD) && !memcmp(request, HEAD, strlen(HEAD));
	char method[16], target[512];
	const char *path = NULL;

	if (!ends(request, size)) {
		if (size < REQUEST_MAX)
			return false;
		refuse(answer, "431 Request Header Fields Too Large", NULL, head);
		return true;
	}
	if (read_line(request, size, method, target))
		path = path_of(method, target);
	if (!path) {
		refuse(answer, "400 Bad Request", NULL, head);
		return true;
	}
	if (!head && strcmp(method, "GET"))
		refuse(answer, "405 Method Not Allowed", NULL, head);
	else if (strcmp(path, "/metrics"))
		refuse(answer, "404 Not Found", NULL, head);
	else
		answer_metrics(answer, head);
	return true;
}
