// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink without a library: for clients that count, and do little else. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/tcptrack.h>

#include "nlfamily.h"

uint16_t nl_family;
char nl_buffer[32768];
char nl_text[256];
char nl_answer[1024];
int nl_bad, nl_messages;

static struct {
	char name[GENL_NAMSIZ];
	uint32_t id;
} groups[4];

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

void nl_begin(struct nl_request *r, uint16_t type, uint8_t cmd, uint16_t flags)
{
	static uint32_t seq;

	memset(r, 0, sizeof(*r));
	r->nlh.nlmsg_len = NLMSG_LENGTH(sizeof(r->genl));
	r->nlh.nlmsg_type = type;
	r->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	r->nlh.nlmsg_seq = ++seq;
	r->genl.cmd = cmd;
	r->genl.version = 1;
}

void nl_put(struct nl_request *r, uint16_t type, const void *data, uint16_t len)
{
	struct nlattr *attr = (void *)((char *)r + NLMSG_ALIGN(r->nlh.nlmsg_len));

	if (NLMSG_ALIGN(r->nlh.nlmsg_len) + NLA_HDRLEN + NLA_ALIGN(len) > sizeof(*r))
		die("too many attributes");
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	r->nlh.nlmsg_len = NLMSG_ALIGN(r->nlh.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

void nl_send(int fd, const struct nl_request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, r, r->nlh.nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		die("send: %s", strerror(errno));
}

static void each(const void *data, size_t len, const struct nlattr **attrs, int max)
{
	const struct nlattr *attr;
	size_t at;

	memset(attrs, 0, (max + 1) * sizeof(*attrs));
	for (at = 0; at + NLA_HDRLEN <= len; at += NLA_ALIGN(attr->nla_len)) {
		attr = (const void *)((const char *)data + at);
		if (attr->nla_len < NLA_HDRLEN || at + attr->nla_len > len)
			break;
		if ((attr->nla_type & NLA_TYPE_MASK) <= max)
			attrs[attr->nla_type & NLA_TYPE_MASK] = attr;
	}
}

void nl_attrs(const struct nlmsghdr *nlh, const struct nlattr **attrs, int max)
{
	size_t header = NLMSG_LENGTH(GENL_HDRLEN);

	each((const char *)nlh + header, nlh->nlmsg_len - header, attrs, max);
}

static void got_groups(const struct nlattr *all)
{
	const struct nlattr *group[16], *attrs[CTRL_ATTR_MCAST_GRP_MAX + 1];
	size_t i, n = 0;

	each(nl_data(all), all->nla_len - NLA_HDRLEN, group, 15);
	for (i = 0; i < 16 && n < COUNT(groups); i++) {
		if (!group[i])
			continue;
		each(nl_data(group[i]), group[i]->nla_len - NLA_HDRLEN, attrs,
		     CTRL_ATTR_MCAST_GRP_MAX);
		snprintf(groups[n].name, sizeof(groups[n].name), "%s",
			 (const char *)nl_data(attrs[CTRL_ATTR_MCAST_GRP_NAME]));
		memcpy(&groups[n++].id, nl_data(attrs[CTRL_ATTR_MCAST_GRP_ID]), sizeof(uint32_t));
	}
}

uint32_t nl_group(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(groups); i++) {
		if (!strcmp(groups[i].name, name))
			return groups[i].id;
	}
	return 0;
}

/* Extended, if it is: behind the request, which is there whole if it was refused. */
static void got_words(const struct nlmsghdr *nlh, const struct nl_request *r)
{
	const struct nlattr *attrs[NLMSGERR_ATTR_OFFS + 1], *bad;
	size_t skip = NLMSG_LENGTH(sizeof(int));
	uint32_t at;

	nl_text[0] = '\0';
	nl_bad = 0;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		skip += sizeof(*nlh);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			skip += NLMSG_ALIGN(r->nlh.nlmsg_len) - sizeof(*nlh);
	}
	each((const char *)nlh + skip, nlh->nlmsg_len - skip, attrs, NLMSGERR_ATTR_OFFS);
	if (attrs[NLMSGERR_ATTR_MSG])
		snprintf(nl_text, sizeof(nl_text), "%s",
			 (const char *)nl_data(attrs[NLMSGERR_ATTR_MSG]));
	if (!attrs[NLMSGERR_ATTR_OFFS])
		return;
	memcpy(&at, nl_data(attrs[NLMSGERR_ATTR_OFFS]), sizeof(at));
	bad = (const void *)((const char *)r + at);
	nl_bad = bad->nla_type & NLA_TYPE_MASK;
}

static void got_family(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[CTRL_ATTR_MAX + 1];

	nl_attrs(nlh, attrs, CTRL_ATTR_MAX);
	if (attrs[CTRL_ATTR_FAMILY_ID])
		memcpy(&nl_family, nl_data(attrs[CTRL_ATTR_FAMILY_ID]), sizeof(nl_family));
	if (attrs[CTRL_ATTR_MCAST_GROUPS])
		got_groups(attrs[CTRL_ATTR_MCAST_GROUPS]);
}

int nl_ack(int fd, const struct nl_request *r)
{
	const struct nlmsghdr *nlh;
	unsigned int left;
	ssize_t n;

	nl_messages = 0;
	nl_send(fd, r);
	for (;;) {
		n = recv(fd, nl_buffer, sizeof(nl_buffer), 0);
		if (n < 0)
			die("recv: %s", strerror(errno));
		left = n;
		for (nlh = (void *)nl_buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_seq != r->nlh.nlmsg_seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
				got_words(nlh, r);
				return *(const int *)NLMSG_DATA(nlh);
			}
			nl_messages++;
			if (nlh->nlmsg_len <= sizeof(nl_answer))
				memcpy(nl_answer, nlh, nlh->nlmsg_len);
			if (nlh->nlmsg_type == GENL_ID_CTRL)
				got_family(nlh);
		}
	}
}

int nl_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	struct nl_request r;
	int err, one = 1;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	nl_begin(&r, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	nl_put(&r, CTRL_ATTR_FAMILY_NAME, TCPTRACK_FAMILY_NAME, sizeof(TCPTRACK_FAMILY_NAME));
	err = nl_ack(fd, &r);
	if (err)
		die("no family: %s", strerror(-err));
	return fd;
}
