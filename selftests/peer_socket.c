// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer: commands on real sockets of the kernel under test. None of them blocks
 * for longer than the deadline.
 *
 *   listen S [BACKLOG]     on the current flow's local port
 *   bind S                 to the flow's local port, so that opt can come first
 *   mptcp S                the same, of MPTCP
 *   connect S [fastopen N] from the flow's local port, does not wait
 *   accept S LISTENER      write S N    read S N|eof|ERRNO
 *   shutdown S [both]      close S      abort S (RST)      disconnect S
 *   destroy                whatever socket the current flow has, as "ss -K" does
 *   own S, disown S        between them the program is in a system call on it
 *   opt S NAME VALUE       error S ERRNO (opt: md5, ao, filter, dstopts: any value)
 *   group S N              N listening sockets of one port, which have S0, S1, ... for names
 *   chosen S N             of the group of S the N-th has what comes from now on
 *   chosenby S             ... the one that the first octet of the data says: "x" the last of 8
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/in.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

static struct {
	char name[16];
	int fd;
} socks[64];
static int nsocks;
static int protocol;	/* of the next one */

static int *sock_find(const char *name, bool create)
{
	int i;

	for (i = 0; i < nsocks; i++)
		if (!strcmp(socks[i].name, name))
			return &socks[i].fd;
	if (!create || nsocks == 64)
		fail("socket %s: no such", name);
	snprintf(socks[nsocks].name, sizeof(socks[0].name), "%s", name);
	socks[nsocks].fd = -1;
	return &socks[nsocks++].fd;
}

static socklen_t address(const struct end *e, bool any, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *s4 = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = family;
	if (family == AF_INET) {
		s4->sin_port = htons(e->port);
		if (!any)
			memcpy(&s4->sin_addr, e->ip, 4);
		return sizeof(*s4);
	}
	s6->sin6_port = htons(e->port);
	if (!any)
		memcpy(&s6->sin6_addr, e->ip, 16);
	return sizeof(*s6);
}

static int new_socket(const char *name, bool any, bool shared)
{
	int *fd = sock_find(name, true), one = 1;
	struct sockaddr_storage ss;
	socklen_t len = address(&cur->end[1], any, &ss);

	if (*fd >= 0)		/* "bind" was there before */
		return *fd;
	*fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (*fd < 0)
		fail("socket: %s", strerror(errno));
	setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (shared)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(*fd, (void *)&ss, len) < 0)
		fail("bind: %s", strerror(errno));
	return *fd;
}

static void do_listen(const char *name, int backlog)
{
	if (listen(new_socket(name, true, false), backlog) < 0)
		fail("listen: %s", strerror(errno));
}

static void do_group(const char *name, int n)
{
	char member[32];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(member, sizeof(member), "%s%d", name, i);
		if (listen(new_socket(member, true, true), 128) < 0)
			fail("listen: %s", strerror(errno));
	}
}

static void choose(int fd, struct sock_filter *filter, int n)
{
	struct sock_fprog prog = { n, filter };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog)) < 0)
		fail("SO_ATTACH_REUSEPORT_CBPF: %s", strerror(errno));
}

static void do_chosen(int fd, int n)
{
	struct sock_filter one = { BPF_RET | BPF_K, 0, 0, n };

	choose(fd, &one, 1);
}

static void do_chosenby(int fd)
{
	struct sock_filter data[] = {
		{ BPF_LD | BPF_B | BPF_ABS, 0, 0, 0 },
		{ BPF_ALU | BPF_SUB | BPF_K, 0, 0, 'x' - 7 },
		{ BPF_RET | BPF_A, 0, 0, 0 },
	};

	choose(fd, data, sizeof(data) / sizeof(*data));
}

static void do_connect(const char *name, int data)
{
	int fd = new_socket(name, false, false);
	struct sockaddr_storage ss;
	socklen_t len = address(&cur->end[0], false, &ss);
	char buf[1024] = "x";

	if (data) {
		if (sendto(fd, buf, data, MSG_FASTOPEN, (void *)&ss, len) < 0 &&
		    errno != EINPROGRESS)
			fail("sendto: %s", strerror(errno));
	} else if (connect(fd, (void *)&ss, len) < 0 && errno != EINPROGRESS) {
		fail("connect: %s", strerror(errno));
	}
}

static void do_accept(const char *name, const char *listener)
{
	int *l = sock_find(listener, false), *fd = sock_find(name, true);
	struct pollfd pfd = { .fd = *l, .events = POLLIN };

	poll(&pfd, 1, deadline_ms);
	*fd = accept4(*l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (*fd < 0)
		fail("accept: %s", strerror(errno));
}

static void do_write(int fd, int n)
{
	static char buf[MAX_SEGMENT];

	if (send(fd, buf, n, MSG_NOSIGNAL) != n)
		fail("write: %s", strerror(errno));
}

static void do_read(int fd, const char *what)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char buf[MAX_SEGMENT];
	long want = -1, got = 0;
	ssize_t n = 1;

	if (*what >= '0' && *what <= '9')
		want = number(what);
	while (got != want && n > 0) {
		if (poll(&pfd, 1, deadline_ms) <= 0)
			fail("read: nothing came");
		n = recv(fd, buf, want > 0 ? (size_t)(want - got) : sizeof(buf), 0);
		got += n > 0 ? n : 0;
	}
	if (want >= 0 && got != want)
		fail("read %ld of %ld octets: %s", got, want, n < 0 ? strerror(errno) : "EOF");
	if (!strcmp(what, "eof") && n)
		fail("read: %s instead of EOF", strerror(errno));
	if (*what == 'E' && (n >= 0 || strcmp(strerrorname_np(errno), what)))
		fail("read: %s instead of %s", n ? strerrorname_np(errno) : "EOF", what);
}

static void do_abort(int *fd)
{
	struct linger l = { 1, 0 };

	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(*fd);
	*fd = -1;
}

/* A key for some other peer is enough. */
static void set_md5(int fd)
{
	struct tcp_md5sig md5 = { .tcpm_keylen = 3, .tcpm_key = "key" };
	struct end other = cur->end[0];

	other.ip[3] ^= 0x80;
	address(&other, false, (void *)&md5.tcpm_addr);
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof(md5)) < 0)
		fail("TCP_MD5SIG: %s", strerror(errno));
}

/* TCP-AO, which is not in the headers of every machine that compiles this. */
struct ao_add {
	struct sockaddr_storage addr;
	char alg_name[64];
	__s32 ifindex;
	__u32 flags;
	__u16 reserved;
	__u8 prefix, sndid, rcvid, maclen, keyflags, keylen;
	__u8 key[80];
} __attribute__((aligned(8)));

#define AO_ADD_KEY	38

/* For some other peer, too. */
static void set_ao(int fd)
{
	struct ao_add ao = { .alg_name = "hmac(sha1)", .prefix = family == AF_INET ? 32 : 128,
			     .sndid = 100, .rcvid = 100, .keylen = 3, .key = "key" };
	struct end other = cur->end[0];

	other.port = 0;
	other.ip[3] ^= 0x80;
	address(&other, false, &ao.addr);
	if (setsockopt(fd, IPPROTO_TCP, AO_ADD_KEY, &ao, sizeof(ao)) < 0)
		fail("TCP_AO_ADD_KEY: %s", strerror(errno));
}

/* Options that go with each packet, and so with a SYN-ACK: padding, 6 octets of it. */
static void set_dstopts(int fd)
{
	const __u8 padding[8] = { 0, 0, 1, 4 };

	if (setsockopt(fd, IPPROTO_IPV6, 59, padding, sizeof(padding)) < 0)	/* IPV6_DSTOPTS */
		fail("IPV6_DSTOPTS: %s", strerror(errno));
}

/* One that takes everything. */
static void set_filter(int fd)
{
	struct sock_filter all = { 6, 0, 0, 0xffffffff };
	struct sock_fprog prog = { 1, &all };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0)
		fail("SO_ATTACH_FILTER: %s", strerror(errno));
}

static void do_opt(int fd, const char *name, int value)
{
	static const struct { const char *name; int level, opt; } opts[] = {
		{ "user_timeout", IPPROTO_TCP, TCP_USER_TIMEOUT },
		{ "defer_accept", IPPROTO_TCP, TCP_DEFER_ACCEPT },
		{ "fastopen", IPPROTO_TCP, TCP_FASTOPEN },
		{ "syncnt", IPPROTO_TCP, TCP_SYNCNT },
		{ "linger2", IPPROTO_TCP, TCP_LINGER2 },
		{ "quickack", IPPROTO_TCP, TCP_QUICKACK },
		{ "nodelay", IPPROTO_TCP, TCP_NODELAY },
		{ "keepidle", IPPROTO_TCP, TCP_KEEPIDLE },
		{ "keepintvl", IPPROTO_TCP, TCP_KEEPINTVL },
		{ "keepcnt", IPPROTO_TCP, TCP_KEEPCNT },
		{ "keepalive", SOL_SOCKET, SO_KEEPALIVE },
		{ "rcvbuf", SOL_SOCKET, SO_RCVBUF },
		{ "rcvbufforce", SOL_SOCKET, SO_RCVBUFFORCE },
		{ "mark", SOL_SOCKET, SO_MARK },
		{ "priority", SOL_SOCKET, SO_PRIORITY },
		{ "transparent", SOL_IP, IP_TRANSPARENT },
		{ "recverr", 0, 0 },
		{ "minttl", 0, 0 },
	};
	static const struct { const char *name; void (*set)(int fd); } sets[] = {
		{ "md5", set_md5 }, { "ao", set_ao }, { "filter", set_filter },
		{ "dstopts", set_dstopts },
	};
	size_t i;

	for (i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		if (!strcmp(name, sets[i].name)) {
			sets[i].set(fd);
			return;
		}
	}
	for (i = 0; i < sizeof(opts) / sizeof(*opts); i++) {
		int level = opts[i].level, opt = opts[i].opt;

		if (strcmp(opts[i].name, name))
			continue;
		if (!opt) {
			level = family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
			opt = family == AF_INET ? 11 : 25;	/* IP_RECVERR, IPV6_RECVERR */
			if (*name == 'm')	/* IP_MINTTL, IPV6_MINHOPCOUNT */
				opt = family == AF_INET ? 21 : 73;
		}
		if (setsockopt(fd, level, opt, &value, sizeof(value)) < 0)
			fail("opt %s %d: %s", name, value, strerror(errno));
		return;
	}
	fail("opt %s: unknown", name);
}

struct error_wait {
	int fd;
	int error;
};

static bool has_error(void *arg)
{
	struct error_wait *w = arg;
	socklen_t len = sizeof(w->error);

	getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &w->error, &len);
	return w->error;
}

static void do_error(int fd, const char *name)
{
	struct error_wait w = { .fd = fd };

	if (!wait_until(has_error, &w, deadline_ms * 2))
		fail("error %s: none", name);
	if (strcmp(strerrorname_np(w.error), name))
		fail("error %s: it is %s", name, strerrorname_np(w.error));
}

static void do_disconnect(int fd)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	if (connect(fd, &sa, sizeof(sa)) < 0)
		fail("disconnect: %s", strerror(errno));
}

bool socket_command(int argc, char **argv)
{
	const char *cmd = argv[0];
	int *fd;

	if (argc < 2) {
		if (strcmp(cmd, "destroy"))
			return false;
		stack_destroy();
	} else if (!strcmp(cmd, "listen")) {
		do_listen(argv[1], argc > 2 ? number(argv[2]) : 128);
	} else if (!strcmp(cmd, "bind")) {
		new_socket(argv[1], false, false);
	} else if (!strcmp(cmd, "mptcp")) {
		protocol = IPPROTO_MPTCP;
		new_socket(argv[1], false, false);
		protocol = 0;
	} else if (!strcmp(cmd, "connect")) {
		do_connect(argv[1], argc > 3 ? number(argv[3]) : 0);
	} else if (!strcmp(cmd, "accept") && argc > 2) {
		do_accept(argv[1], argv[2]);
	} else if (!strcmp(cmd, "write") && argc > 2) {
		do_write(*sock_find(argv[1], false), number(argv[2]));
	} else if (!strcmp(cmd, "read") && argc > 2) {
		do_read(*sock_find(argv[1], false), argv[2]);
	} else if (!strcmp(cmd, "shutdown")) {
		shutdown(*sock_find(argv[1], false), argc > 2 ? SHUT_RDWR : SHUT_WR);
	} else if (!strcmp(cmd, "close")) {
		fd = sock_find(argv[1], false);
		close(*fd);
		*fd = -1;
	} else if (!strcmp(cmd, "abort")) {
		do_abort(sock_find(argv[1], false));
	} else if (!strcmp(cmd, "disconnect")) {
		do_disconnect(*sock_find(argv[1], false));
	} else if (!strcmp(cmd, "opt") && argc > 3) {
		do_opt(*sock_find(argv[1], false), argv[2], number(argv[3]));
	} else if (!strcmp(cmd, "group") && argc > 2) {
		do_group(argv[1], number(argv[2]));
	} else if (!strcmp(cmd, "chosen") && argc > 2) {
		do_chosen(*sock_find(argv[1], false), number(argv[2]));
	} else if (!strcmp(cmd, "chosenby")) {
		do_chosenby(*sock_find(argv[1], false));
	} else if (!strcmp(cmd, "own")) {
		socket_own(*sock_find(argv[1], false));
	} else if (!strcmp(cmd, "disown")) {
		socket_disown();
	} else if (!strcmp(cmd, "error") && argc > 2) {
		do_error(*sock_find(argv[1], false), argv[2]);
	} else {
		return false;
	}
	return true;
}
