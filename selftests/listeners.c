// SPDX-License-Identifier: GPL-2.0-only
/*
 * listeners PORT BACKLOG N [never]: N listening sockets, dual stack, of one port (a
 * SO_REUSEPORT group if N > 1); prints "ready". A client is answered as by
 * "traffic server", one after another; never: none is accepted. SIGHUP: the first
 * socket is shut down and listens again, "again".
 */

#define _GNU_SOURCE
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY	100
#define MOST	64

static volatile sig_atomic_t again;

static void on_hup(int sig)
{
	again = 1;
}

static int listener(int port, int backlog, bool group)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0), one = 1, off = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (group)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (void *)&sin6, sizeof(sin6)) || listen(fd, backlog)) {
		perror("listeners");
		exit(1);
	}
	return fd;
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void serve(int fd)
{
	char reply[REPLY] = "x", c = 0;

	while (c != 'c' && recv(fd, &c, 1, 0) == 1)
		send(fd, reply, sizeof(reply), MSG_NOSIGNAL);
	close(fd);
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_hup };
	int backlog = argc > 2 ? atoi(argv[2]) : 0, n = argc > 3 ? atoi(argv[3]) : 0, i;
	struct pollfd fds[MOST];

	if (argc < 4 || argc > 5 || n < 1 || n > MOST)
		return 2;
	for (i = 0; i < n; i++) {
		fds[i].fd = listener(atoi(argv[1]), backlog, n > 1);
		fds[i].events = argc == 4 ? POLLIN : 0;
	}
	sigaction(SIGHUP, &sa, NULL);
	say("ready");
	for (;;) {
		int ready = poll(fds, n, -1);

		if (again) {
			again = 0;
			shutdown(fds[0].fd, SHUT_RD);
			if (listen(fds[0].fd, backlog))
				return 1;
			say("again");
			continue;
		}
		for (i = 0; i < n && ready > 0; i++) {
			if (fds[i].revents & POLLIN)
				serve(accept(fds[i].fd, NULL, NULL));
		}
	}
}
