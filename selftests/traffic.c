// SPDX-License-Identifier: GPL-2.0-only
/*
 * traffic: real connections between real sockets, quickly.
 *
 *   traffic server PORT                 dual stack; prints "ready", until killed
 *   traffic client ADDRESS PORT MODE N [THREADS]
 *   traffic cross ADDRESS PORT N LOCAL  N sockets at LOCAL and PORT, PORT + 1, ... that
 *                                       on SIGUSR1 connect to the same ports of ADDRESS,
 *                                       "open", and on the next one close, "closed"
 *
 * N connections, each of them checked; status 0 if all went as MODE says:
 *   keep      ten requests, then the client closes
 *   client    one request, the client closes first
 *   server    one request, the server closes first
 *   half      the client closes its side, then 60 kB come back in pieces
 *   rserver   the server aborts            rclient  the client aborts
 *   refused   the port is closed           self     connects to itself
 *   hold      opened together, "ready", used in turn until SIGTERM; lost: fails; "again" when
 *             each of them has had its turn since SIGUSR1
 *   holdhalf  like hold, but the client has closed its side; data comes in slowly
 *   bulk      10 MB one way on each
 *   echo      100 kB there and back, and intact
 *   holdecho  like hold, with these
 *   netns     N namespaces, each with a connection over loopback, each then gone
 * A link-local ADDRESS may end with %DEVICE. TRAFFIC_SPORT=N: from port N on;
 * TRAFFIC_DEV: its sockets are bound to that device. Without TRAFFIC_SPORT
 * each connection has the next port after the one that the file TRAFFIC_PORTS names.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "traffic.h"

#define REPLY	100
#define PIECE	6000
#define BULK	(10 << 20)

static struct sockaddr_storage server;
static socklen_t server_len;
static const char *mode;
static atomic_int todo, failures;
static atomic_bool stop;

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

static void on_term(int sig)
{
	stop = 1;
}

static bool read_eof(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

static void abort_socket(int fd)
{
	struct linger l = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

static void serve_half(int fd, bool slow)
{
	char piece[PIECE] = "";
	int i;

	if (!read_eof(fd))
		return;
	while (slow && send(fd, piece, 1, MSG_NOSIGNAL) == 1)
		usleep(100000);
	for (i = 0; i < 10; i++) {
		send(fd, piece, sizeof(piece), MSG_NOSIGNAL);
		usleep(1000);
	}
}

static void serve_bulk(int fd)
{
	static char sink[1 << 16];
	ssize_t n;

	do {
		n = recv(fd, sink, sizeof(sink), 0);
	} while (n > 0);
}

static void *serve(void *arg)
{
	int fd = (long)arg;
	char reply[REPLY] = "x", c = 'c';

	while (recv(fd, &c, 1, 0) == 1 && !strchr("rhHbe", c)) {
		send(fd, reply, sizeof(reply), MSG_NOSIGNAL);
		if (c == 'c')
			break;
	}
	if (c == 'h' || c == 'H')
		serve_half(fd, c == 'H');
	if (c == 'b')
		serve_bulk(fd);
	if (c == 'e')
		echo_serve(fd);
	if (c == 'r')
		abort_socket(fd);
	else
		close(fd);
	return NULL;
}

static void thread(void *(*fn)(void *), void *arg, pthread_t *id)
{
	pthread_attr_t attr;
	pthread_t other;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 16);
	if (!id)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	while (pthread_create(id ? id : &other, &attr, fn, arg) == EAGAIN)
		usleep(1000);
	pthread_attr_destroy(&attr);
}

static int run_server(int port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int l = socket(AF_INET6, SOCK_STREAM, 0), one = 1, off = 0;

	if (l < 0 && errno == EAFNOSUPPORT) {	/* any address, as there */
		sin6.sin6_family = AF_INET;
		l = socket(AF_INET, SOCK_STREAM, 0);
	}
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(l, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(l, (void *)&sin6, sizeof(sin6)) || listen(l, 1024)) {
		perror("traffic: listen");
		return 1;
	}
	say("ready");
	for (;;) {
		int fd = accept(l, NULL, NULL);

		if (fd >= 0)
			thread(serve, (void *)(long)fd, NULL);
		else if (errno != EINTR && errno != ECONNABORTED)
			usleep(1000);
	}
}

static bool fail(int fd, const char *what)
{
	struct sockaddr_in6 me = {};
	socklen_t len = sizeof(me);
	int err = errno;

	getsockname(fd, (void *)&me, &len);
	fprintf(stderr, "traffic: %s: port %d: %s: %s\n", mode, ntohs(me.sin6_port), what,
		strerror(err));
	close(fd);
	return false;
}

static int new_socket(void)
{
	struct timeval tv = { .tv_sec = 30 };
	int fd = socket(server.ss_family, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static bool request(int fd, char c)
{
	char reply[REPLY];

	return send(fd, &c, 1, MSG_NOSIGNAL) == 1 && read_all(fd, reply, sizeof(reply));
}

static bool do_refused(int fd)
{
	if (connect(fd, (void *)&server, server_len) == 0 || errno != ECONNREFUSED)
		return fail(fd, "not refused");
	close(fd);
	return true;
}

/* A socket that is both ends of its connection. */
static bool do_self(int fd)
{
	struct sockaddr_storage me;
	socklen_t len = sizeof(me);
	char c = 's';

	if (bind(fd, (void *)&server, server_len) || getsockname(fd, (void *)&me, &len) ||
	    connect(fd, (void *)&me, len))
		return fail(fd, "no connection with itself");
	if (send(fd, &c, 1, 0) != 1 || recv(fd, &c, 1, 0) != 1)
		return fail(fd, "nothing comes back");
	close(fd);
	return true;
}

static bool do_half(int fd)
{
	char piece[PIECE];
	int i;

	send(fd, "h", 1, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	for (i = 0; i < 10; i++)
		if (!read_all(fd, piece, sizeof(piece)))
			return fail(fd, "data after the FIN");
	return read_eof(fd) || fail(fd, "no EOF");
}

static bool do_bulk(int fd)
{
	static char data[1 << 16] = "b";
	size_t sent = 0;
	ssize_t n;

	while (sent < BULK) {
		n = send(fd, data, sizeof(data), MSG_NOSIGNAL);
		if (n <= 0)
			return fail(fd, "send");
		sent += n;
	}
	shutdown(fd, SHUT_WR);
	return read_eof(fd) || fail(fd, "no EOF");
}

static bool one_connection(void)
{
	int fd = new_socket(), i, requests = !strcmp(mode, "keep") ? 10 : 1;

	if (!strcmp(mode, "netns"))
		return !close(fd) && do_netns();
	if (!strcmp(mode, "refused"))
		return do_refused(fd);
	if (!strcmp(mode, "self"))
		return do_self(fd);
	if (!bind_port(fd, &server, server_len, 0))
		return fail(fd, "bind");
	if (connect(fd, (void *)&server, server_len))
		return fail(fd, "connect");
	if (!strcmp(mode, "half")) {
		if (!do_half(fd))
			return false;
	} else if (!strcmp(mode, "bulk")) {
		if (!do_bulk(fd))
			return false;
	} else if (!strcmp(mode, "echo")) {
		if (send(fd, "e", 1, MSG_NOSIGNAL) != 1 || !echo(fd))
			return fail(fd, "not what was sent");
	} else if (!strcmp(mode, "rserver")) {
		char c;

		send(fd, "r", 1, MSG_NOSIGNAL);
		if (recv(fd, &c, 1, 0) >= 0 || errno != ECONNRESET)
			return fail(fd, "no reset");
	} else if (!strcmp(mode, "server")) {
		if (!request(fd, 'c') || !read_eof(fd))
			return fail(fd, "the server does not close");
	} else {
		for (i = 0; i < requests; i++)
			if (!request(fd, 'k'))
				return fail(fd, "no reply");
	}
	if (!strcmp(mode, "rclient"))
		abort_socket(fd);
	else
		close(fd);
	return true;
}

static void *work(void *arg)
{
	while (!stop && atomic_fetch_sub(&todo, 1) > 0)
		if (!one_connection())
			failures++;
	return NULL;
}

static bool use(int fd, char how)
{
	char c;

	return (how == 'H' ? recv(fd, &c, 1, 0) == 1 : how == 'e' ? echo(fd) : request(fd, 'k')) ||
	       (stop && errno == EINTR) || fail(fd, "lost");
}

/* Those used since SIGUSR1, which is blocked; -1: it has not come, or it was said. */
static long again(long since, int n)
{
	const struct timespec now = {};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigtimedwait(&set, NULL, &now) == SIGUSR1)
		return 0;
	if (since < 0 || ++since < n)
		return since;
	say("again");
	return -1;
}

/* @how: what asks the server for it, 0 if nothing has to */
static int run_hold(int n, char how)
{
	int *fds = calloc(n, sizeof(int)), i, lost = 0;
	long used = 0, since = -1;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < n; i++) {
		fds[i] = new_socket();
		if (!bind_port(fds[i], &server, server_len, i))
			return !fail(fds[i], "bind");
		if (connect(fds[i], (void *)&server, server_len))
			lost += !fail(fds[i], "connect");
		if (how)
			send(fds[i], &how, 1, MSG_NOSIGNAL);
		if (how == 'H')
			shutdown(fds[i], SHUT_WR);
	}
	say("ready");
	for (i = 0; !stop && !lost; i = (i + 1) % n, used++) {
		lost += !use(fds[i], how);
		since = again(since, n);
		usleep(500);
	}
	for (i = 0; i < n; i++)
		close(fds[i]);
	free(fds);
	printf("%ld requests, %d lost\n", used, lost);
	fflush(stdout);
	return !!lost;
}

static int run_client(int n, int threads)
{
	pthread_t id[256];
	int i;

	reserve_ports(n);
	if (!strcmp(mode, "hold"))
		return run_hold(n, 0);
	if (!strcmp(mode, "holdhalf"))
		return run_hold(n, 'H');
	if (!strcmp(mode, "holdecho"))
		return run_hold(n, 'e');
	todo = n;
	for (i = 0; i < threads; i++)
		thread(work, NULL, &id[i]);
	for (i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	return !!failures;
}

static bool set_address(const char *text, int port)
{
	struct sockaddr_in6 *s6 = (void *)&server;
	struct sockaddr_in *s4 = (void *)&server;
	char copy[64], *scope;

	if (inet_pton(AF_INET, text, &s4->sin_addr) == 1) {
		s4->sin_family = AF_INET;
		s4->sin_port = htons(port);
		server_len = sizeof(*s4);
		return true;
	}
	snprintf(copy, sizeof(copy), "%s", text);
	scope = strchr(copy, '%');
	if (scope) {
		*scope++ = 0;
		s6->sin6_scope_id = if_nametoindex(scope);
	}
	s6->sin6_family = AF_INET6;
	s6->sin6_port = htons(port);
	server_len = sizeof(*s6);
	return inet_pton(AF_INET6, copy, &s6->sin6_addr) == 1;
}

static void set_port(int port)
{
	((struct sockaddr_in *)&server)->sin_port = htons(port);	/* as in sockaddr_in6 */
}

static bool opened(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err;

	if (poll(&p, 1, 60000) != 1)
		return fail(fd, "not open");
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	errno = err;
	return !err || fail(fd, "connect");
}

/* Two of these open from both sides, and close from both. */
static int run_cross(const char *address, int port, int n, const char *local)
{
	int *fds = calloc(n, sizeof(int)), i, sig;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < n; i++) {
		if (!set_address(local, port + i))
			return 2;
		fds[i] = new_socket();
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
		if (bind(fds[i], (void *)&server, server_len))
			return !fail(fds[i], "bind");
	}
	if (!set_address(address, port))
		return 2;
	say("ready");
	sigwait(&set, &sig);
	for (i = 0; i < n; i++) {
		set_port(port + i);
		if (connect(fds[i], (void *)&server, server_len) && errno != EINPROGRESS)
			return !fail(fds[i], "connect");
	}
	for (i = 0; i < n; i++) {
		if (!opened(fds[i]))
			return 1;
	}
	say("open");
	sigwait(&set, &sig);
	for (i = 0; i < n; i++)
		close(fds[i]);
	say("closed");
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_term };
	struct rlimit rl = { 65536, 65536 };
	int threads = argc > 6 ? atoi(argv[6]) : 8;

	setrlimit(RLIMIT_NOFILE, &rl);
	if (argc == 3 && !strcmp(argv[1], "server"))
		return run_server(atoi(argv[2]));
	if (argc == 6 && !strcmp(argv[1], "cross")) {
		mode = argv[1];
		return run_cross(argv[2], atoi(argv[3]), atoi(argv[4]), argv[5]);
	}
	if (argc < 6 || strcmp(argv[1], "client") || threads < 1 || threads > 256)
		return 2;
	sigaction(SIGTERM, &sa, NULL);
	mode = argv[4];
	if (!set_address(argv[2], atoi(argv[3])))
		return 2;
	return run_client(atoi(argv[5]), threads);
}
