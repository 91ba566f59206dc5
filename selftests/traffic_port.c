// SPDX-License-Identifier: GPL-2.0-only
/*
 * traffic: the client's ports. One that a test has had before may meet what its last
 * connection has left in TIME_WAIT, and is then no SYN like the others.
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "traffic.h"

#define FIRST	22000
#define COUNT	(65536 - FIRST)

static atomic_int next_port;

void reserve_ports(int n)
{
	const char *path = getenv("TRAFFIC_PORTS");
	int fd, port = 0;

	if (!path)
		return;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) || pread(fd, &port, sizeof(port), 0) < 0)
		perror(path);
	next_port = port;
	port = (port + n) % COUNT;
	if (pwrite(fd, &port, sizeof(port), 0) != sizeof(port))
		perror(path);
	close(fd);
}

bool bind_port(int fd, const struct sockaddr_storage *to, socklen_t len, int i)
{
	const char *first = getenv("TRAFFIC_SPORT"), *dev = getenv("TRAFFIC_DEV");
	struct sockaddr_in6 any = { .sin6_family = to->ss_family };
	int one = 1;

	if (dev && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev, strlen(dev)))
		return false;
	if (first)
		any.sin6_port = htons(atoi(first) + i);
	else if (getenv("TRAFFIC_PORTS"))
		any.sin6_port = htons(FIRST + atomic_fetch_add(&next_port, 1) % COUNT);
	else
		return true;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return !bind(fd, (void *)&any, len);
}
