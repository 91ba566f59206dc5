// SPDX-License-Identifier: GPL-2.0-only
/*
 * listeners [-a ADDRESS] [-d DEVICE] [-f] PORT BACKLOG N [never]: N listening sockets of one
 * port (a SO_REUSEPORT group if N > 1), dual stack or at that address, bound to that device;
 * -f: with a filter that takes everything; prints "ready". A client is answered as by "traffic
 * server", one after another; never: none is accepted. SIGHUP: the first socket is shut down
 * and listens again, "again".
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

#define REPLY	100
#define MOST	64

static volatile sig_atomic_t again;
static struct sockaddr_storage at;
static socklen_t at_len;
static const char *device;
static bool filter;

static void on_hup(int sig)
{
	again = 1;
}

/* NULL: any, of both families */
static bool set_address(const char *text, int port)
{
	struct sockaddr_in6 *s6 = (void *)&at;
	struct sockaddr_in *s4 = (void *)&at;

	if (text && !strchr(text, ':')) {
		s4->sin_family = AF_INET;
		s4->sin_port = htons(port);
		at_len = sizeof(*s4);
		return inet_pton(AF_INET, text, &s4->sin_addr) == 1;
	}
	s6->sin6_family = AF_INET6;
	s6->sin6_port = htons(port);
	at_len = sizeof(*s6);
	return !text || inet_pton(AF_INET6, text, &s6->sin6_addr) == 1;
}

static int filter_set(int fd)
{
	struct sock_filter all = { BPF_RET | BPF_K, 0, 0, 0xffffffff };
	struct sock_fprog prog = { 1, &all };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

static int listener(int backlog, bool group)
{
	int fd = socket(at.ss_family, SOCK_STREAM, 0), one = 1, off = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (group)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (at.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if ((device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device))) ||
	    (filter && filter_set(fd)) || bind(fd, (void *)&at, at_len) || listen(fd, backlog)) {
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

	while (c != 'c' && recv(fd, &c, 1, 0) == 1 && c != 'e')
		send(fd, reply, sizeof(reply), MSG_NOSIGNAL);
	if (c == 'e')
		echo_serve(fd);
	close(fd);
}

/* The arguments that are no options; NULL: they are not understood. */
static char **parse(int argc, char **argv)
{
	const char *address = NULL;
	int c;

	while ((c = getopt(argc, argv, "a:d:f")) != -1) {
		if (c == 'a')
			address = optarg;
		else if (c == 'd')
			device = optarg;
		else if (c == 'f')
			filter = true;
		else
			return NULL;
	}
	if (argc - optind < 3 || argc - optind > 4 || !set_address(address, atoi(argv[optind])))
		return NULL;
	return argv + optind;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_hup };
	char **args = parse(argc, argv);
	int backlog = args ? atoi(args[1]) : 0, n = args ? atoi(args[2]) : 0, i;
	struct pollfd fds[MOST];

	if (n < 1 || n > MOST)
		return 2;
	for (i = 0; i < n; i++) {
		fds[i].fd = listener(backlog, n > 1);
		fds[i].events = args[3] ? 0 : POLLIN;
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
