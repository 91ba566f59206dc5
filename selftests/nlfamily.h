/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NLFAMILY_H
#define NLFAMILY_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* A request, with room for attributes. */
struct nl_request {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	char attrs[512];
};

extern uint16_t nl_family;
extern char nl_buffer[32768];

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format, ...);

/* A socket, and the number of the family: in nl_family. */
int nl_open(void);

/* That of a multicast group, or 0. */
uint32_t nl_group(const char *name);

void nl_begin(struct nl_request *r, uint16_t type, uint8_t cmd, uint16_t flags);
void nl_put(struct nl_request *r, uint16_t type, const void *data, uint16_t len);
void nl_send(int fd, const struct nl_request *r);

/* What the kernel says to a request with NLM_F_ACK, or to a dump: 0 or a negative errno. */
int nl_ack(int fd, const struct nl_request *r);

/* Its words, or "", the attribute that it means, or 0, and how many messages came before. */
extern char nl_text[256];
extern int nl_bad, nl_messages;

/* The last of these messages, if it has room. */
extern char nl_answer[1024];

/* The attributes of a message of a family, up to max. */
void nl_attrs(const struct nlmsghdr *nlh, const struct nlattr **attrs, int max);

static inline const void *nl_data(const struct nlattr *attr)
{
	return (const char *)attr + NLA_HDRLEN;
}

static inline uint8_t nl_cmd(const struct nlmsghdr *nlh)
{
	return ((const struct genlmsghdr *)NLMSG_DATA(nlh))->cmd;
}

#endif /* NLFAMILY_H */
