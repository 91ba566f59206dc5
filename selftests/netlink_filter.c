// SPDX-License-Identifier: GPL-2.0-only
/* module/netlink_filter.c, in user space: what is refused, and which flows fit. */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "key.h"
#include "netlink.h"
#include "netlink_filter.h"

/* As module/netlink.c has them, which needs all of generic netlink. */
int tt_netlink_refuse(const struct nlattr *attr, struct netlink_ext_ack *extack, const char *why,
		      int err)
{
	extack->bad_attr = attr;
	extack->_msg = why;
	return err;
}

int tt_netlink_get_family(const struct nlattr *attr, u16 *family, struct netlink_ext_ack *extack)
{
	*family = attr ? attr->data[0] : 0;
	return *family == 0 || *family == AF_INET || *family == AF_INET6 ? 0 :
	       tt_netlink_refuse(attr, extack, "family", -EAFNOSUPPORT);
}

int tt_netlink_get_addr(const struct nlattr *attr, struct in6_addr *addr, u16 *family,
			struct netlink_ext_ack *extack)
{
	u16 is = attr->len == 4 ? AF_INET : AF_INET6;
	__be32 a;

	if (*family && *family != is)
		return tt_netlink_refuse(attr, extack, "another family", -EINVAL);
	memcpy(is == AF_INET ? (void *)&a : addr, attr->data, attr->len);
	if (is == AF_INET)
		ipv6_addr_set_v4mapped(a, addr);
	*family = is;
	return 0;
}

static struct nlattr attr_addr(const char *text)
{
	struct nlattr attr = { .len = strchr(text, ':') ? 16 : 4 };

	uk_check(inet_pton(attr.len == 4 ? AF_INET : AF_INET6, text, attr.data) == 1, text);
	return attr;
}

static struct nlattr attr_port(u16 port)
{
	return (struct nlattr){ .len = 2, .data = { port >> 8, port } };
}

static struct nlattr attr_u8(u8 value)
{
	return (struct nlattr){ .len = 1, .data = { value } };
}

/* 10.1.2.3:80 and 192.0.2.130:40000; 2001:db8::1:80 and fe80::8000:0:0:1:443 */
FIXTURE(filter)
{
	struct tt_key four, six;
	struct netlink_ext_ack extack;
	struct tt_netlink_filter filter;
	struct tt_netlink_filter_attrs attrs;
};

static void end_is(struct tt_key *key, int end, const char *text, u16 port)
{
	struct nlattr attr = attr_addr(text);
	struct netlink_ext_ack extack;
	u16 family = 0;

	uk_check(!tt_netlink_get_addr(&attr, &key->addr[end], &family, &extack), text);
	key->family = family;
	key->port[end] = htons(port);
}

FIXTURE_SETUP(filter)
{
	end_is(&self->four, 0, "10.1.2.3", 80);
	end_is(&self->four, 1, "192.0.2.130", 40000);
	end_is(&self->six, 0, "2001:db8::1", 80);
	end_is(&self->six, 1, "fe80::8000:0:0:1", 443);
}

FIXTURE_TEARDOWN(filter)
{
}

static int get(struct _test_data_filter *self)
{
	return tt_netlink_filter_get(&self->filter, &self->attrs, &self->extack);
}

static bool fits(struct _test_data_filter *self, const struct tt_key *key, int a)
{
	return !get(self) && tt_netlink_filter_fits(&self->filter, key, a);
}

TEST_F(filter, nothing_asked)
{
	EXPECT_TRUE(fits(self, &self->four, 0));
	EXPECT_TRUE(fits(self, &self->six, 1));
}

TEST_F(filter, family)
{
	struct nlattr family = attr_u8(AF_INET);

	self->attrs.family = &family;
	EXPECT_TRUE(fits(self, &self->four, 0));
	EXPECT_FALSE(fits(self, &self->six, 0));
	family = attr_u8(AF_INET6);
	EXPECT_FALSE(fits(self, &self->four, 0));
	EXPECT_TRUE(fits(self, &self->six, 0));
	family = attr_u8(AF_UNIX);
	EXPECT_EQ(-EAFNOSUPPORT, get(self));
	EXPECT_EQ(&family, self->extack.bad_attr);
}

/* The last bit that counts is 0x80 of an octet, or 0x40; 130 is 10000010. */
TEST_F(filter, prefix_of_ipv4)
{
	struct nlattr addr = attr_addr("192.0.2.192"), len = attr_u8(25);

	self->attrs.any.addr = &addr;
	EXPECT_FALSE(fits(self, &self->four, 0));
	self->attrs.any.prefix_len = &len;
	EXPECT_TRUE(fits(self, &self->four, 0));
	EXPECT_EQ(128 - 32 + 25, self->filter.any.prefix);
	len = attr_u8(26);
	EXPECT_FALSE(fits(self, &self->four, 0));
	len = attr_u8(32);
	EXPECT_FALSE(fits(self, &self->four, 0));
	addr = attr_addr("192.0.2.130");
	EXPECT_TRUE(fits(self, &self->four, 0));
}

/* 0.0.0.0/0 is every IPv4 address, and no IPv6 one. */
TEST_F(filter, prefix_of_nothing)
{
	struct nlattr addr = attr_addr("0.0.0.0"), len = attr_u8(0);

	self->attrs.any.addr = &addr;
	self->attrs.any.prefix_len = &len;
	EXPECT_TRUE(fits(self, &self->four, 0));
	EXPECT_FALSE(fits(self, &self->six, 0));
	addr = attr_addr("::");
	EXPECT_FALSE(fits(self, &self->four, 0));
	EXPECT_TRUE(fits(self, &self->six, 0));
}

TEST_F(filter, prefix_of_ipv6)
{
	struct nlattr addr = attr_addr("fe80::c000:0:0:0"), len = attr_u8(65);

	self->attrs.any.addr = &addr;
	self->attrs.any.prefix_len = &len;
	EXPECT_TRUE(fits(self, &self->six, 0));
	len = attr_u8(66);
	EXPECT_FALSE(fits(self, &self->six, 0));
}

TEST_F(filter, refusals)
{
	struct nlattr four = attr_addr("192.0.2.1"), six = attr_addr("::1"), len = attr_u8(24);

	self->attrs.end[1].prefix_len = &len;
	EXPECT_EQ(-EINVAL, get(self));
	EXPECT_STREQ("a prefix length without an address", self->extack._msg);
	EXPECT_EQ(&len, self->extack.bad_attr);

	self->attrs.end[1].addr = &four;
	EXPECT_EQ(0, get(self));
	len = attr_u8(33);
	EXPECT_EQ(-EINVAL, get(self));
	EXPECT_STREQ("the prefix is longer than the address", self->extack._msg);
	EXPECT_EQ(&len, self->extack.bad_attr);

	self->attrs.end[1].addr = &six;
	EXPECT_EQ(0, get(self));
	len = attr_u8(129);
	EXPECT_EQ(-EINVAL, get(self));

	len = attr_u8(128);
	self->attrs.any.addr = &four;
	EXPECT_EQ(-EINVAL, get(self));
	EXPECT_EQ(&six, self->extack.bad_attr);
}

/* "any" has an address at one end and a port at the same or the other one. */
TEST_F(filter, any_end)
{
	struct nlattr addr = attr_addr("192.0.2.130"), port = attr_port(80);

	self->attrs.any.addr = &addr;
	self->attrs.any.port = &port;
	EXPECT_TRUE(fits(self, &self->four, 0));
	EXPECT_TRUE(fits(self, &self->four, 1));
	port = attr_port(40000);
	EXPECT_TRUE(fits(self, &self->four, 0));
	port = attr_port(443);
	EXPECT_FALSE(fits(self, &self->four, 0));
	addr = attr_addr("10.1.2.4");
	port = attr_port(80);
	EXPECT_FALSE(fits(self, &self->four, 0));
}

/* Which end is a depends on who is local: the same filter, the other way round. */
TEST_F(filter, ends)
{
	struct nlattr addr = attr_addr("10.1.2.3"), port = attr_port(40000);

	self->attrs.end[0].addr = &addr;
	EXPECT_TRUE(fits(self, &self->four, 0));
	EXPECT_FALSE(fits(self, &self->four, 1));
	self->attrs.end[1].port = &port;
	EXPECT_TRUE(fits(self, &self->four, 0));
	EXPECT_FALSE(fits(self, &self->four, 1));
	self->attrs.end[0].port = &port;
	EXPECT_FALSE(fits(self, &self->four, 0));
	EXPECT_FALSE(fits(self, &self->four, 1));
}

TEST_HARNESS_MAIN
