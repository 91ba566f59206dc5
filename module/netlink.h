/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_NETLINK_H
#define TCPTRACK_NETLINK_H

#include <linux/types.h>

struct genl_family;
struct genl_info;
struct in6_addr;
struct netlink_callback;
struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct tt_flood_report;
struct tt_net;

extern struct genl_family tt_netlink_family;

/**
 * tt_netlink_reply() - begin the answer to a request for one thing
 * @info: the request
 * @size: of its attributes, at most
 * @hdr: set to what genlmsg_end() wants
 *
 * Return: the message or NULL: no memory.
 */
struct sk_buff *tt_netlink_reply(struct genl_info *info, size_t size, void **hdr);

/**
 * tt_netlink_dump() - begin a message of a dump
 * @skb: where to
 * @cb: the dump; its seq says what was there when
 * @cmd: TCPTRACK_CMD_*
 *
 * Return: what genlmsg_end() wants or NULL: no room.
 */
void *tt_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);

/**
 * tt_netlink_get_addr() - an address that somebody names
 * @attr: 4 or 16 bytes
 * @addr: filled, IPv4 as ::ffff:a.b.c.d
 * @family: 0, or the one that it has to be; set to the one that it is
 * @extack: says what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int tt_netlink_get_addr(const struct nlattr *attr, struct in6_addr *addr, u16 *family,
			struct netlink_ext_ack *extack);

/**
 * tt_netlink_get_family() - AF_INET or AF_INET6
 * @attr: NULL for either
 * @family: set, to 0 for either
 * @extack: says what is wrong
 *
 * Return: 0 or -EAFNOSUPPORT.
 */
int tt_netlink_get_family(const struct nlattr *attr, u16 *family, struct netlink_ext_ack *extack);

/* Return: as nla_put(). */
int tt_netlink_put_addr(struct sk_buff *skb, int type, const struct in6_addr *addr, u16 family);

/**
 * tt_netlink_flood() - tell the group "flood"
 * @tn: namespace
 * @cmd: TCPTRACK_CMD_FLOOD_BEGIN or TCPTRACK_CMD_FLOOD_END
 * @report: what is known of it then
 *
 * Context: any.
 */
void tt_netlink_flood(struct tt_net *tn, u8 cmd, const struct tt_flood_report *report);

/**
 * tt_netlink_init() - the family is there
 *
 * From now on everything else has to be ready.
 *
 * Return: 0 or a negative errno.
 */
int tt_netlink_init(void);

/**
 * tt_netlink_exit() - the family is gone
 *
 * On return no request is being answered. (A dump holds the module.)
 */
void tt_netlink_exit(void);

#endif /* TCPTRACK_NETLINK_H */
