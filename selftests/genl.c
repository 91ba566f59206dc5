// SPDX-License-Identifier: GPL-2.0-only
/* genl: the family tcptrack of generic netlink, octet by octet. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "genl.h"

#define ANSWER	65536

int genl_family;
static uint32_t number;

void genl_begin(struct genl_msg *m, int cmd, int flags)
{
	memset(m, 0, sizeof(*m));
	m->nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN;
	m->nlh.nlmsg_type = genl_family;
	m->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	m->genl.cmd = cmd;
	m->genl.version = TCPTRACK_FAMILY_VERSION;
}

void genl_put(struct genl_msg *m, int type, const void *data, size_t len)
{
	struct nlattr *a = (void *)((uint8_t *)m + m->nlh.nlmsg_len);

	if (m->nlh.nlmsg_len + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(*m))
		return;
	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	memcpy(a + 1, data, len);
	m->nlh.nlmsg_len += NLA_HDRLEN + NLA_ALIGN(len);
}

void genl_put_u16(struct genl_msg *m, int type, uint16_t value)
{
	genl_put(m, type, &value, sizeof(value));
}

void genl_put_u32(struct genl_msg *m, int type, uint32_t value)
{
	genl_put(m, type, &value, sizeof(value));
}

void genl_put_text(struct genl_msg *m, int type, const char *text)
{
	genl_put(m, type, text, strlen(text) + 1);
}

/* What ends an answer: 0, or an errno; -2: more is to come. */
static int end_of(const struct nlmsghdr *nlh)
{
	const int *err = NLMSG_DATA(nlh);

	if (nlh->nlmsg_seq != number)
		return -2;
	if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
		return -*err;
	return -2;
}

/* Of what the family's number is looked for in; 0 if it is not there. */
static int family_in(const struct nlmsghdr *nlh)
{
	const uint8_t *p = (const uint8_t *)NLMSG_DATA(nlh) + GENL_HDRLEN;
	const uint8_t *end = (const uint8_t *)nlh + nlh->nlmsg_len;

	while (p + NLA_HDRLEN <= end) {
		const struct nlattr *a = (const void *)p;

		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(const uint16_t *)(a + 1);
		p += NLA_ALIGN(a->nla_len);
	}
	return 0;
}

/* Errors of the socket itself are an answer that could not be given (ENOBUFS). */
int genl_ask(int fd, struct genl_msg *m)
{
	static union {
		struct nlmsghdr nlh;
		uint8_t octets[ANSWER];
	} answer;
	int end;

	m->nlh.nlmsg_seq = ++number;
	if (send(fd, m, m->nlh.nlmsg_len, 0) < 0)
		return errno;
	for (;;) {
		ssize_t n = recv(fd, &answer, sizeof(answer), 0);
		struct nlmsghdr *nlh = &answer.nlh;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -1 : errno;
		for (; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_type == GENL_ID_CTRL && nlh->nlmsg_seq == number)
				genl_family = family_in(nlh);
			end = end_of(nlh);
			if (end != -2)
				return end;
		}
	}
}

int genl_open(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct timeval patience = { .tv_sec = 20 };
	struct genl_msg m;

	if (fd < 0 || bind(fd, (void *)&nl, sizeof(nl)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) {
		perror("netlink");
		exit(2);
	}
	genl_family = 0;
	genl_begin(&m, CTRL_CMD_GETFAMILY, 0);
	m.nlh.nlmsg_type = GENL_ID_CTRL;
	genl_put_text(&m, CTRL_ATTR_FAMILY_NAME, TCPTRACK_FAMILY_NAME);
	if (genl_ask(fd, &m) || !genl_family) {
		fprintf(stderr, "netlink: no family %s\n", TCPTRACK_FAMILY_NAME);
		exit(2);
	}
	return fd;
}
