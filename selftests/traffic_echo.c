// SPDX-License-Identifier: GPL-2.0-only
/* traffic: octets that have to come back as they were. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "traffic.h"

#define PIECE	10000		/* that no socket's buffers are too small for */
#define PIECES	10

bool read_all(int fd, char *buf, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = recv(fd, buf + got, len - got, 0);
		if (n <= 0)
			return false;
		got += n;
	}
	return true;
}

static bool send_all(int fd, const char *buf, size_t len)
{
	ssize_t n;

	for (; len; buf += n, len -= n) {
		n = send(fd, buf, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
	}
	return true;
}

void echo_serve(int fd)
{
	char buf[PIECE];
	ssize_t n;

	do {
		n = recv(fd, buf, sizeof(buf), 0);
	} while (n > 0 && send_all(fd, buf, n));
}

bool echo(int fd)
{
	static __thread unsigned int r;
	char sent[PIECE], got[PIECE];
	int i, k;

	for (i = 0; i < PIECES; i++) {
		/* no two pieces are alike */
		for (k = 0; k < PIECE; k++) {
			r = r * 1664525 + 1013904223;
			sent[k] = r >> 24;
		}
		if (!send_all(fd, sent, PIECE) || !read_all(fd, got, PIECE))
			return false;
		if (memcmp(sent, got, PIECE)) {
			errno = EBADMSG;
			return false;
		}
	}
	return true;
}
