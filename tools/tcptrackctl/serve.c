// SPDX-License-Identifier: GPL-2.0-only
/* serve-metrics: the metrics over HTTP. One process, few clients, each with a deadline. */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "child.h"
#include "serve.h"
#include "tcptrackctl.h"

#define LISTENERS	4	/* of socket activation, at most */
#define FIRST_FD	3	/* of socket activation */
#define CLIENTS		16	/* who comes later takes the place of one */
#define ASK_S		5	/* to send the request */
#define ANSWER_S	30	/* to take the answer */
#define LEAVE_S		2	/* to close */
#define PAGES		2	/* in memory, whatever the clients do */
#define FRESH_MS	1000	/* so long a page is for all who ask */

enum step {
	STEP_ASK,
	STEP_ANSWER,
	STEP_LEAVE,
};

struct client {
	int fd;
	enum step step;
	long long deadline;
	char request[REQUEST_MAX];
	size_t got;
	struct answer answer;
	size_t sent;
	off_t page_sent;
};

static struct client clients[CLIENTS];
static size_t nclients;
static int listeners[LISTENERS];
static size_t nlisteners;
static struct page pages[PAGES];

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void go_to(struct client *c, enum step next, int seconds)
{
	c->step = next;
	c->deadline = now_ms() + seconds * 1000LL;
}

static void print_metrics(void)
{
	metrics_print(stdout);
}

/* As it was printed, so it is sent: with thousands of listeners it is too much for copies. */
static bool make_page(struct page *page, char **why)
{
	struct child child;
	int status;
	size_t size;

	*why = NULL;
	if (!child_start(&child, print_metrics)) {
		if (asprintf(why, "tcptrackctl: nobody to ask the module: %s\n",
			     strerror(errno)) < 0)
			*why = NULL;
		return false;
	}
	page->fd = child_end_file(&child, &status);
	if (!status) {
		page->made = now_ms();
		page->size = lseek(page->fd, 0, SEEK_END);
		return true;
	}
	*why = child_text(page->fd, &size);
	if (*why && !**why) {
		free(*why);
		*why = strdup("tcptrackctl: no answer from the module\n");
	}
	return false;
}

void serve_page_back(struct page *page)
{
	page->readers--;
}

/* Who has not taken it by now goes without the rest of it. */
static void take_back(struct page *page)
{
	size_t i;

	for (i = 0; i < nclients; i++) {
		if (clients[i].answer.page != page)
			continue;
		serve_page_back(page);
		clients[i].answer.page = NULL;
		clients[i].step = STEP_LEAVE;
		clients[i].deadline = 0;
	}
}

static void forget(struct page *page)
{
	if (page->made && !page->readers) {
		close(page->fd);
		page->made = 0;
	}
}

/* The newest one, or a new one in the place of the oldest. */
struct page *serve_page(char **why)
{
	struct page *newest = &pages[0], *oldest = &pages[0];
	size_t i;

	for (i = 1; i < PAGES; i++) {
		if (pages[i].made > newest->made)
			newest = &pages[i];
		if (pages[i].made < oldest->made)
			oldest = &pages[i];
	}
	if (!newest->made || now_ms() - newest->made >= FRESH_MS) {
		take_back(oldest);
		for (i = 0; i < PAGES; i++)
			forget(&pages[i]);
		newest = oldest;
		if (!make_page(newest, why))
			return NULL;
	}
	newest->readers++;
	return newest;
}

static void leave(struct client *c)
{
	close(c->fd);
	free(c->answer.text);
	if (c->answer.page)
		serve_page_back(c->answer.page);
	*c = clients[--nclients];
}

/* Returns whether the client stays. */
static bool ask(struct client *c)
{
	ssize_t n = recv(c->fd, c->request + c->got, sizeof(c->request) - c->got, MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	c->got += n;
	if (!serve_answer(c->request, c->got, &c->answer))
		return true;
	go_to(c, STEP_ANSWER, ANSWER_S);
	return c->answer.text;
}

static bool answer(struct client *c)
{
	size_t left = c->answer.size - c->sent;
	ssize_t n;

	if (left)
		n = send(c->fd, c->answer.text + c->sent, left, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = sendfile(c->fd, c->answer.page->fd, &c->page_sent,
			     c->answer.page->size - c->page_sent);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (left)
		c->sent += n;
	if (c->sent < c->answer.size ||
	    (c->answer.page && c->page_sent < c->answer.page->size))
		return true;
	/* what it may still send would be answered with a RST, which overtakes the answer */
	shutdown(c->fd, SHUT_WR);
	go_to(c, STEP_LEAVE, LEAVE_S);
	return true;
}

static bool drain(struct client *c)
{
	char rest[4096];
	ssize_t n = recv(c->fd, rest, sizeof(rest), MSG_DONTWAIT);

	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool go_on(struct client *c)
{
	switch (c->step) {
	case STEP_ASK:
		return ask(c);
	case STEP_ANSWER:
		return answer(c);
	case STEP_LEAVE:
		return drain(c);
	}
	return false;
}

/* Whether a goes rather than b: who asks before who was answered, and the oldest first. */
static bool goes_first(const struct client *a, const struct client *b)
{
	static const int order[] = { [STEP_ASK] = 0, [STEP_LEAVE] = 1, [STEP_ANSWER] = 2 };

	if (order[a->step] != order[b->step])
		return order[a->step] < order[b->step];
	return a->deadline < b->deadline;
}

/* Nobody holds a place who does not use it, while others wait for one. */
static void make_room(void)
{
	struct client *goes = &clients[0];
	size_t i;

	for (i = 1; i < nclients; i++) {
		if (goes_first(&clients[i], goes))
			goes = &clients[i];
	}
	leave(goes);
}

static void come(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0) {
		/* no memory, no file: the connection waits, and so do we */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			poll(NULL, 0, 100);
		return;
	}
	if (nclients == CLIENTS)
		make_room();
	c = &clients[nclients++];
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	go_to(c, STEP_ASK, ASK_S);
}

static int until_deadline(void)
{
	long long next = -1, now = now_ms();
	size_t i;

	for (i = 0; i < nclients; i++) {
		long long left = clients[i].deadline > now ? clients[i].deadline - now : 0;

		if (next < 0 || left < next)
			next = left;
	}
	return next;
}

static void serve(void)
{
	struct pollfd fds[CLIENTS + LISTENERS];
	size_t i, n, polled;

	for (;;) {
		polled = nclients;
		for (i = 0; i < polled; i++) {
			fds[i].fd = clients[i].fd;
			fds[i].events = clients[i].step == STEP_ANSWER ? POLLOUT : POLLIN;
		}
		n = polled;
		for (i = 0; i < nlisteners; i++) {
			fds[n].fd = listeners[i];
			fds[n++].events = POLLIN;
		}
		if (poll(fds, n, until_deadline()) < 0) {
			if (errno == EINTR)
				continue;
			die(EXIT_REFUSED, "poll: %s", strerror(errno));
		}
		/* backwards: the last one, which has had its turn, takes the place of who leaves */
		for (i = polled; i-- > 0;) {
			if ((fds[i].revents && !go_on(&clients[i])) ||
			    clients[i].deadline <= now_ms())
				leave(&clients[i]);
		}
		for (i = polled; i < n; i++) {
			if (fds[i].revents)
				come(fds[i].fd);
		}
	}
}

static void listen_at(char *where)
{
	static const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	char *colon = strrchr(where, ':'), *host = where, *text = strdup(where), *end;
	struct addrinfo *address;
	int fd, one = 1;

	/* getaddrinfo(3) takes 65537 for 1 */
	if (!colon || colon[1] < '0' || colon[1] > '9' || strtoul(colon + 1, &end, 10) > 65535 ||
	    *end)
		die(EXIT_USAGE, "\"%s\" is not ADDRESS:PORT", where);
	*colon = '\0';
	if (*host == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		host++;
	}
	if (!*host || getaddrinfo(host, colon + 1, &hints, &address))
		die(EXIT_USAGE, "\"%s\" is not ADDRESS:PORT", text);
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, address->ai_addr, address->ai_addrlen) || listen(fd, CLIENTS))
		die(EXIT_REFUSED, "%s: %s", text, strerror(errno));
	freeaddrinfo(address);
	free(text);
	listeners[nlisteners++] = fd;
}

/* sd_listen_fds(3): sockets that listen already, from FIRST_FD on. */
static void listen_by_systemd(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n = fds ? atoi(fds) : 0, fd, is = 0;
	socklen_t size = sizeof(is);

	if (!pid || atoi(pid) != getpid() || n < 1)
		die(EXIT_USAGE, "serve-metrics needs --listen ADDRESS:PORT, or systemd's socket");
	if (n > LISTENERS)
		die(EXIT_USAGE, "systemd gives %d sockets, more than %d", n, LISTENERS);
	for (fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is, &size) || !is)
			die(EXIT_USAGE, "systemd gives no socket that listens (Accept=no)");
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		listeners[nlisteners++] = fd;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
}

int cmd_serve(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[0], "--listen"))
		listen_at(argv[1]);
	else if (argc)
		die(EXIT_USAGE, "serve-metrics takes --listen ADDRESS:PORT, not \"%s\"", argv[0]);
	else
		listen_by_systemd();
	signal(SIGPIPE, SIG_IGN);
	serve();
	return 0;
}
