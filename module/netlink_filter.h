/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_NETLINK_FILTER_H
#define TCPTRACK_NETLINK_FILTER_H

#include <linux/in6.h>
#include <linux/types.h>

struct netlink_ext_ack;
struct nlattr;
struct tt_key;

/**
 * struct tt_netlink_filter - which flows are asked for
 * @family: AF_INET, AF_INET6, or 0 for either
 * @has_addr: only those with @addr at an end
 * @has_port: only those with @port at an end, the same or the other one
 * @prefix: so many bits of @addr, as it is here, count
 * @addr: IPv4 as ::ffff:a.b.c.d
 * @port: as on the wire
 */
struct tt_netlink_filter {
	u16 family;
	bool has_addr, has_port;
	u8 prefix;
	struct in6_addr addr;
	__be16 port;
};

/**
 * struct tt_netlink_filter_attrs - how somebody says so; NULL is anything
 * @family: u16
 * @addr: 4 or 16 bytes
 * @prefix_len: u8
 * @port: __be16
 */
struct tt_netlink_filter_attrs {
	const struct nlattr *family, *addr, *prefix_len, *port;
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

/* Whether a flow with this key is asked for. */
bool tt_netlink_filter_fits(const struct tt_netlink_filter *filter, const struct tt_key *key);

#endif /* TCPTRACK_NETLINK_FILTER_H */
