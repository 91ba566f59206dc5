// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer: the stack's own view of its sockets, by sock_diag(7). (/proc/net/tcp has the same, but
 * goes through the empty buckets of its table one by one: dear, where it is asked all the time.)
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

struct request {
	struct nlmsghdr nlh;
	struct inet_diag_req_v2 req;
};

static int ask(const struct request *r)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0 || send(fd, r, sizeof(*r), 0) != sizeof(*r))
		fail("sock_diag: %s", strerror(errno));
	return fd;
}

static void tell(const struct inet_diag_msg *m, void (*each)(const struct stack_socket *, void *),
		 void *arg)
{
	const struct stack_socket s = {
		.family = m->idiag_family, .state = m->idiag_state,
		.src = m->id.idiag_src, .dst = m->id.idiag_dst,
		.sport = ntohs(m->id.idiag_sport), .dport = ntohs(m->id.idiag_dport),
	};

	each(&s, arg);
}

/* Whether there is more to come. */
static bool tell_all(const char *buf, ssize_t len,
		     void (*each)(const struct stack_socket *, void *), void *arg)
{
	const struct nlmsghdr *nlh = (const void *)buf;

	if (len < 0)
		fail("sock_diag: %s", strerror(errno));
	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
		if (nlh->nlmsg_type == NLMSG_DONE)
			return false;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			fail("sock_diag: an error");
		tell(NLMSG_DATA(nlh), each, arg);
	}
	return true;
}

/* Those of one family, each once. (Who is bound and no more is no endpoint.) */
void stack_sockets(int of_family, void (*each)(const struct stack_socket *s, void *arg), void *arg)
{
	const struct request r = {
		.nlh = { .nlmsg_len = sizeof(r), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.req = { .sdiag_family = of_family, .sdiag_protocol = IPPROTO_TCP,
			 /* (what is beyond are kinds of TCP_CLOSE, too) */
			 .idiag_states = (1U << (TCP_CLOSING + 1)) - 1 - (1U << TCP_CLOSE) },
	};
	static char buf[1 << 16] __attribute__((aligned(8)));
	int fd = ask(&r);

	while (tell_all(buf, recv(fd, buf, sizeof(buf), 0), each, arg))
		;
	close(fd);
}

/* The current flow's. At once: a program to do it may come too late on a slow machine. */
void stack_destroy(void)
{
	struct request r = {
		.nlh = { .nlmsg_len = sizeof(r), .nlmsg_type = SOCK_DESTROY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.req = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP,
			 .idiag_states = -1,
			 .id = { .idiag_sport = htons(cur->end[1].port),
				 .idiag_dport = htons(cur->end[0].port),
				 .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		char rest[256];
	} answer = {};
	int fd;

	memcpy(r.req.id.idiag_src, cur->end[1].ip, family == AF_INET ? 4 : 16);
	memcpy(r.req.id.idiag_dst, cur->end[0].ip, family == AF_INET ? 4 : 16);
	fd = ask(&r);
	if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer.nlh) ||
	    answer.nlh.nlmsg_type != NLMSG_ERROR || answer.err.error)
		fail("no socket is destroyed: %s", strerror(-answer.err.error));
	close(fd);
}
