/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/netlink.h>
#ifndef TCPTRACK_COMPAT_NETLINK_H
#define TCPTRACK_COMPAT_NETLINK_H

/* Since 6.7: a number in as many bytes, 4 or 8, as it needs. */
#ifndef TT_HAVE_NLA_PUT_UINT
static inline int nla_put_uint(struct sk_buff *skb, int attrtype, u64 value)
{
	if (value > U32_MAX)
		return nla_put(skb, attrtype, sizeof(value), &value);
	return nla_put_u32(skb, attrtype, value);
}
#endif

#endif
