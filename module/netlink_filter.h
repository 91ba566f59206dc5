/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_NETLINK_FILTER_H
#define TCPTRACK_NETLINK_FILTER_H

#include <linux/in6.h>
#include <linux/types.h>

struct netlink_ext_ack;
struct nlattr;
struct tt_key;

/**
 * struct tt_netlink_end - what an end has to be
 * @has_addr: it has @addr
 * @has_port: it has @port
 * @prefix: so many bits of @addr, as it is here, count
 * @port: as on the wire
 * @addr: IPv4 as ::ffff:a.b.c.d
 */
struct tt_netlink_end {
	bool has_addr, has_port;
	u8 prefix;
	__be16 port;
	struct in6_addr addr;
};

/**
 * struct tt_netlink_filter - which flows are asked for
 * @family: AF_INET, AF_INET6, or 0 for either
 * @any: either end has its address, either end, the same or the other one, its port
 * @end: ends a and b
 */
struct tt_netlink_filter {
	u16 family;
	struct tt_netlink_end any, end[2];
};

/**
 * struct tt_netlink_end_attrs - how somebody says so; NULL is anything
 * @addr: 4 or 16 bytes
 * @prefix_len: u8
 * @port: __be16
 */
struct tt_netlink_end_attrs {
	const struct nlattr *addr, *prefix_len, *port;
};

/**
 * struct tt_netlink_filter_attrs - the same of a filter
 * @family: u16
 * @any: either end
 * @end: ends a and b
 */
struct tt_netlink_filter_attrs {
	const struct nlattr *family;
	struct tt_netlink_end_attrs any, end[2];
};

/**
 * tt_netlink_filter_get() - read it
 * @filter: written whole
 * @attrs: what was said
 * @extack: says what is wrong
 *
 * Return: 0, -EINVAL or -EAFNOSUPPORT.
 */
int tt_netlink_filter_get(struct tt_netlink_filter *filter,
			  const struct tt_netlink_filter_attrs *attrs,
			  struct netlink_ext_ack *extack);

/**
 * tt_netlink_filter_fits() - whether a flow is asked for
 * @filter: what is
 * @key: its key
 * @a: which end of @key is end a
 *
 * Return: it is.
 */
bool tt_netlink_filter_fits(const struct tt_netlink_filter *filter, const struct tt_key *key,
			    int a);

#endif /* TCPTRACK_NETLINK_FILTER_H */
