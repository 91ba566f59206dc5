// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink: which flows somebody asks for, by their ends. */

#include <linux/netlink.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "key.h"
#include "netlink.h"
#include "netlink_filter.h"

static int get_prefix(struct tt_netlink_end *end, const struct nlattr *attr, u16 family,
		      struct netlink_ext_ack *extack)
{
	unsigned int bits = family == AF_INET ? 32 : 128;

	end->prefix = 128;
	if (!attr)
		return 0;
	if (!end->has_addr)
		return tt_netlink_refuse(attr, extack, "a prefix length without an address",
					 -EINVAL);
	if (nla_get_u8(attr) > bits)
		return tt_netlink_refuse(attr, extack, "the prefix is longer than the address",
					 -EINVAL);
	end->prefix -= bits - nla_get_u8(attr);
	return 0;
}

static int get_end(struct tt_netlink_end *end, const struct tt_netlink_end_attrs *attrs,
		   u16 *family, struct netlink_ext_ack *extack)
{
	int err;

	end->has_addr = attrs->addr;
	end->has_port = attrs->port;
	if (end->has_port)
		end->port = nla_get_be16(attrs->port);
	if (end->has_addr) {
		err = tt_netlink_get_addr(attrs->addr, &end->addr, family, extack);
		if (err)
			return err;
	}
	return get_prefix(end, attrs->prefix_len, *family, extack);
}

int tt_netlink_filter_get(struct tt_netlink_filter *filter,
			  const struct tt_netlink_filter_attrs *attrs,
			  struct netlink_ext_ack *extack)
{
	u16 *family = &filter->family;

	memset(filter, 0, sizeof(*filter));
	return tt_netlink_get_family(attrs->family, family, extack) ?:
	       get_end(&filter->any, &attrs->any, family, extack) ?:
	       get_end(&filter->end[0], &attrs->end[0], family, extack) ?:
	       get_end(&filter->end[1], &attrs->end[1], family, extack);
}

static bool fits_addr(const struct tt_netlink_end *want, const struct tt_key *key, int end)
{
	return !want->has_addr || ipv6_prefix_equal(&key->addr[end], &want->addr, want->prefix);
}

static bool fits_port(const struct tt_netlink_end *want, const struct tt_key *key, int end)
{
	return !want->has_port || want->port == key->port[end];
}

static bool fits_end(const struct tt_netlink_end *want, const struct tt_key *key, int end)
{
	return fits_addr(want, key, end) && fits_port(want, key, end);
}

bool tt_netlink_filter_fits(const struct tt_netlink_filter *filter, const struct tt_key *key,
			    int a)
{
	const struct tt_netlink_end *any = &filter->any;

	if (filter->family && filter->family != key->family)
		return false;
	return (fits_addr(any, key, 0) || fits_addr(any, key, 1)) &&
	       (fits_port(any, key, 0) || fits_port(any, key, 1)) &&
	       fits_end(&filter->end[0], key, a) && fits_end(&filter->end[1], key, !a);
}
