// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink: which flows somebody asks for, by their ends. */

#include <linux/netlink.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "key.h"
#include "netlink.h"
#include "netlink_filter.h"

static int get_prefix(struct tt_netlink_filter *filter, const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	unsigned int bits = filter->family == AF_INET ? 32 : 128;

	filter->prefix = 128;
	if (!attr)
		return 0;
	if (!filter->has_addr)
		return tt_netlink_refuse(attr, extack, "a prefix length without an address",
					 -EINVAL);
	if (nla_get_u8(attr) > bits)
		return tt_netlink_refuse(attr, extack, "the prefix is longer than the address",
					 -EINVAL);
	filter->prefix -= bits - nla_get_u8(attr);
	return 0;
}

int tt_netlink_filter_get(struct tt_netlink_filter *filter,
			  const struct tt_netlink_filter_attrs *attrs,
			  struct netlink_ext_ack *extack)
{
	int err;

	memset(filter, 0, sizeof(*filter));
	err = tt_netlink_get_family(attrs->family, &filter->family, extack);
	if (err)
		return err;
	filter->has_addr = attrs->addr;
	filter->has_port = attrs->port;
	if (filter->has_port)
		filter->port = nla_get_be16(attrs->port);
	if (filter->has_addr) {
		err = tt_netlink_get_addr(attrs->addr, &filter->addr, &filter->family, extack);
		if (err)
			return err;
	}
	return get_prefix(filter, attrs->prefix_len, extack);
}

bool tt_netlink_filter_fits(const struct tt_netlink_filter *filter, const struct tt_key *key)
{
	bool addr = !filter->has_addr, port = !filter->has_port;
	int i;

	if (filter->family && filter->family != key->family)
		return false;
	for (i = 0; i < 2; i++) {
		addr |= filter->has_addr &&
			ipv6_prefix_equal(&key->addr[i], &filter->addr, filter->prefix);
		port |= filter->has_port && filter->port == key->port[i];
	}
	return addr && port;
}
