/* SPDX-License-Identifier: GPL-2.0-only */
/* genl: the family tcptrack of generic netlink, octet by octet. */
#ifndef GENL_H
#define GENL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/tcptrack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GENL_ROOM	4096

/* A message; all of it is @nlh.nlmsg_len long. */
struct genl_msg {
	struct nlmsghdr nlh;
	struct genlmsghdr genl;
	uint8_t room[GENL_ROOM];
};

/* A socket of this namespace, and the number of the family; or the program ends. */
int genl_open(void);
extern int genl_family;

/* Begin a message, append attributes to it. */
void genl_begin(struct genl_msg *m, int cmd, int flags);
void genl_put(struct genl_msg *m, int type, const void *data, size_t len);
void genl_put_u16(struct genl_msg *m, int type, uint16_t value);
void genl_put_u32(struct genl_msg *m, int type, uint32_t value);
void genl_put_text(struct genl_msg *m, int type, const char *text);

/*
 * Sends it as it is, but for its number, and takes all of the answer.
 * Return: 0; an errno if it is refused; -1 if no end of an answer came.
 */
int genl_ask(int fd, struct genl_msg *m);

#endif /* GENL_H */
