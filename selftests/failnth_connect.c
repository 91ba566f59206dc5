// SPDX-License-Identifier: GPL-2.0-only
/* failnth: connections over loopback. The module may fail to follow them, no more. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "failnth.h"

/* A connection: where it is listened for, its client, its server. */
struct connection {
	int listener, client, server;
};

static void shut(struct connection *c)
{
	if (c->client >= 0)
		close(c->client);
	if (c->server >= 0)
		close(c->server);
	if (c->listener >= 0)
		close(c->listener);
}

/* 0 or an errno; closed by shut() in either case */
static int open_it(struct connection *c)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval patience = { .tv_sec = 40 };
	socklen_t len = sizeof(addr);

	*c = (struct connection){ -1, -1, -1 };
	c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->listener < 0 || bind(c->listener, (void *)&addr, sizeof(addr)) ||
	    getsockname(c->listener, (void *)&addr, &len) || listen(c->listener, 5))
		return errno;
	c->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->client < 0 || connect(c->client, (void *)&addr, sizeof(addr)) ||
	    setsockopt(c->listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		return errno;
	c->server = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
	return c->server < 0 ? errno : 0;
}

static int pass(int from, int to)
{
	struct timeval patience = { .tv_sec = 40 };
	char byte = 'x';

	if (setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    send(from, &byte, 1, MSG_NOSIGNAL) != 1)
		return errno;
	byte = 0;
	return recv(to, &byte, 1, 0) == 1 && byte == 'x' ? 0 : errno ?: EPIPE;
}

/* SYN, SYN-ACK, ACK; RST */
int failnth_seen(void)
{
	struct linger at_once = { .l_onoff = 1 };
	unsigned long before = failnth_value("segments_seen");
	struct connection c;
	int err = open_it(&c);

	if (!err)
		setsockopt(c.client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	shut(&c);
	return err ? -1 : (int)(failnth_value("segments_seen") - before);
}

/* What was refused for want of memory. */
static unsigned long refused(void)
{
	return failnth_value("flows_refused_memory") + failnth_value("listeners_refused");
}

static unsigned long refused_before;
static bool blind;	/* what would be read fails as well */

static void set_up(char **args)
{
	blind = args[0] && !strcmp(args[0], "blind");
}

static void begin(void)
{
	refused_before = blind ? 0 : refused();
}

static int run(void)
{
	struct connection c;
	int err = open_it(&c) ?: pass(c.client, c.server) ?: pass(c.server, c.client);

	shut(&c);
	return err;
}

static const char *wrong(int err)
{
	failnth_counted = blind ? 0 : refused() - refused_before;
	if (!failnth_ours)
		return NULL;
	if (err)
		return "we have broken a connection";
	return failnth_counted <= failnth_hit ? NULL : "too much was refused";
}

/* What a socket, a port, a route and a segment need, and a segment that never comes. */
static bool passes(int err)
{
	return err == ENOBUFS || err == ENFILE || err == EADDRINUSE || err == EADDRNOTAVAIL ||
	       err == ETIMEDOUT || err == EAGAIN;
}

const struct failnth_action failnth_connect = {
	.name = "connect", .set_up = set_up, .begin = begin, .run = run, .wrong = wrong,
	.passes = passes,
};
