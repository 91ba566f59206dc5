// SPDX-License-Identifier: GPL-2.0-only
/* module/special.c, in user space: for which addresses the FIB has to be asked. */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "net.h"
#include "special.h"

#define RTN_BROADCAST	3

unsigned long jiffies;

static struct notifier_block *registered;
static int registrations, registration_err;

int register_fib_notifier(struct net *net, struct notifier_block *nb, void *flush, void *extack)
{
	registrations++;
	if (!registration_err)
		registered = nb;
	return registration_err;
}

int unregister_fib_notifier(struct net *net, struct notifier_block *nb)
{
	uk_check(registered == nb, "it is not registered");
	registered = NULL;
	return 0;
}

FIXTURE(special)
{
	struct net net;
	struct tt_net tn;
};

FIXTURE_SETUP(special)
{
	self->tn.net = &self->net;
	/* what was there before */
	memset(self->tn.special.octets, 0xff, sizeof(self->tn.special.octets));
	memset(self->tn.special.nets, 0xff, sizeof(self->tn.special.nets));
	mutex_lock(&self->tn.conf_lock);
	tt_special_switch(&self->tn, true);
}

FIXTURE_TEARDOWN(special)
{
	tt_special_exit(&self->tn);
	EXPECT_EQ(NULL, registered);
}

static u32 number(const char *text)
{
	__be32 addr;

	uk_check(inet_pton(AF_INET, text, &addr) == 1, text);
	return ntohl(addr);
}

static bool may_be(struct _test_data_special *self, const char *text)
{
	return tt_special_may_be(&self->tn.special, htonl(number(text)));
}

static void tell(unsigned long what, const char *prefix, int len, u8 type, u8 dscp, int family)
{
	struct fib_entry_notifier_info fen = {
		.info.family = family, .dst = number(prefix), .dst_len = len,
		.type = type, .dscp = dscp,
	};

	uk_check(registered->notifier_call(registered, what, &fen.info) == NOTIFY_DONE, prefix);
}

static void local(const char *prefix, int len)
{
	tell(FIB_EVENT_ENTRY_REPLACE, prefix, len, RTN_LOCAL, 0, AF_INET);
}

/* How many of the 256 first octets are marked, beside those that always are. */
static int octets(struct _test_data_special *self)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < 256; i++)
		n += test_bit(i, self->tn.special.octets);
	return n - 33;
}

/* And how many of the hashes of 24 bits. */
static int nets(struct _test_data_special *self)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < TT_SPECIAL_NETS; i++)
		n += test_bit(i, self->tn.special.nets);
	return n;
}

TEST_F(special, always)
{
	EXPECT_TRUE(may_be(self, "0.0.0.0"));
	EXPECT_TRUE(may_be(self, "0.255.255.255"));
	EXPECT_FALSE(may_be(self, "1.0.0.0"));
	EXPECT_FALSE(may_be(self, "127.0.0.1"));	/* until lo is up */
	EXPECT_FALSE(may_be(self, "223.255.255.255"));
	EXPECT_TRUE(may_be(self, "224.0.0.0"));
	EXPECT_TRUE(may_be(self, "239.255.255.255"));
	EXPECT_TRUE(may_be(self, "255.255.255.255"));
	EXPECT_EQ(0, octets(self));
	EXPECT_EQ(0, nets(self));
}

/* A /24 and what is in one is found by a hash; what is larger by its first octet. */
TEST_F(special, length)
{
	static const struct {
		const char *prefix;
		int len, octets, nets;
	} cases[] = {
		{ "192.0.2.1", 32, 0, 1 }, { "192.0.2.128", 25, 0, 1 }, { "192.0.2.0", 24, 0, 1 },
		{ "192.0.2.0", 23, 1, 0 }, { "192.0.0.0", 9, 1, 0 }, { "192.0.0.0", 8, 1, 0 },
		{ "192.0.0.0", 7, 2, 0 }, { "160.0.0.0", 3, 32, 0 }, { "128.0.0.0", 2, 64, 0 },
		{ "128.0.0.0", 1, 128 - 32, 0 }, { "0.0.0.0", 0, 256 - 33, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		tt_special_exit(&self->tn);
		memset(&self->tn, 0, sizeof(self->tn));
		self->tn.net = &self->net;
		mutex_lock(&self->tn.conf_lock);
		tt_special_switch(&self->tn, true);
		local(cases[i].prefix, cases[i].len);
		EXPECT_EQ(cases[i].octets, octets(self))
			TH_LOG("/%d", cases[i].len);
		EXPECT_EQ(cases[i].nets, nets(self));
		EXPECT_TRUE(may_be(self, cases[i].prefix));
	}
}

TEST_F(special, neighbours)
{
	local("198.51.100.7", 32);
	EXPECT_TRUE(may_be(self, "198.51.100.0"));
	EXPECT_TRUE(may_be(self, "198.51.100.255"));
	EXPECT_FALSE(may_be(self, "198.51.99.255"));
	EXPECT_FALSE(may_be(self, "198.51.101.0"));
	local("10.0.0.0", 7);
	EXPECT_FALSE(may_be(self, "9.255.255.255"));
	EXPECT_TRUE(may_be(self, "10.0.0.0"));
	EXPECT_TRUE(may_be(self, "11.255.255.255"));
	EXPECT_FALSE(may_be(self, "12.0.0.0"));
}

/* Of every prefix: its first and its last address, whatever else is marked. */
TEST_F(special, nothing_is_missed)
{
	u32 rnd = 9293;
	int len, i;

	for (len = 1; len <= 32; len++) {
		for (i = 0; i < 50; i++) {
			u32 mask = -1U << (32 - len), first;
			struct fib_entry_notifier_info fen;

			rnd = rnd * 1664525 + 1013904223;
			first = rnd & mask;
			fen = (struct fib_entry_notifier_info){
				.info.family = AF_INET, .dst = first, .dst_len = len,
				.type = RTN_LOCAL,
			};
			bitmap_zero(self->tn.special.octets, 256);
			bitmap_zero(self->tn.special.nets, TT_SPECIAL_NETS);
			registered->notifier_call(registered, FIB_EVENT_ENTRY_ADD, &fen.info);
			EXPECT_TRUE(tt_special_may_be(&self->tn.special, htonl(first)));
			EXPECT_TRUE(tt_special_may_be(&self->tn.special, htonl(first | ~mask)));
		}
	}
}

TEST_F(special, entries)
{
	tell(FIB_EVENT_ENTRY_REPLACE, "192.0.2.0", 24, RTN_UNICAST, 0, AF_INET);
	EXPECT_FALSE(may_be(self, "192.0.2.1"));
	tell(FIB_EVENT_ENTRY_DEL, "192.0.2.0", 24, RTN_LOCAL, 0, AF_INET);
	EXPECT_FALSE(may_be(self, "192.0.2.1"));
	tell(FIB_EVENT_RULE_ADD, "192.0.2.0", 24, RTN_LOCAL, 0, AF_INET);
	EXPECT_FALSE(may_be(self, "192.0.2.1"));
	tell(FIB_EVENT_ENTRY_REPLACE, "192.0.2.0", 24, RTN_LOCAL, 0, AF_INET6);
	EXPECT_FALSE(may_be(self, "192.0.2.1"));
	/* one for another DSCP may be the one that hides what there is */
	tell(FIB_EVENT_ENTRY_REPLACE, "192.0.2.0", 24, RTN_UNICAST, 4, AF_INET);
	EXPECT_TRUE(may_be(self, "192.0.2.1"));
	tell(FIB_EVENT_ENTRY_APPEND, "198.51.100.0", 24, RTN_BROADCAST, 0, AF_INET);
	EXPECT_TRUE(may_be(self, "198.51.100.1"));
	tell(FIB_EVENT_ENTRY_ADD, "203.0.113.0", 24, RTN_LOCAL, 0, AF_INET);
	EXPECT_TRUE(may_be(self, "203.0.113.1"));
}

/* Switched off, any address may be; the marks are kept, for no entry is told twice. */
TEST_F(special, switched)
{
	local("192.0.2.1", 32);
	tt_special_switch(&self->tn, false);
	EXPECT_TRUE(may_be(self, "198.51.100.1"));
	local("203.0.113.1", 32);
	tt_special_switch(&self->tn, true);
	EXPECT_EQ(1, registrations);
	EXPECT_FALSE(may_be(self, "198.51.100.1"));
	EXPECT_TRUE(may_be(self, "192.0.2.1"));
	EXPECT_TRUE(may_be(self, "203.0.113.1"));
}

TEST_F(special, is_not_known)
{
	tt_special_exit(&self->tn);
	memset(&self->tn, 0, sizeof(self->tn));
	self->tn.net = &self->net;
	mutex_lock(&self->tn.conf_lock);
	registration_err = -ENOMEM;
	tt_special_switch(&self->tn, true);
	EXPECT_TRUE(may_be(self, "198.51.100.1"));
	EXPECT_FALSE(self->tn.special.listening);
	tt_special_exit(&self->tn);
	registration_err = 0;
	tt_special_switch(&self->tn, true);
	EXPECT_FALSE(may_be(self, "198.51.100.1"));
}

/* In a namespace of a user's own, whose end shall wait for nothing. */
TEST_F(special, of_a_user)
{
	static struct user_namespace own;

	tt_special_exit(&self->tn);
	memset(&self->tn, 0, sizeof(self->tn));
	self->tn.net = &self->net;
	self->net.user_ns = &own;
	mutex_lock(&self->tn.conf_lock);
	tt_special_switch(&self->tn, true);
	EXPECT_EQ(1, registrations);
	EXPECT_TRUE(may_be(self, "198.51.100.1"));
	EXPECT_FALSE(self->tn.special.listening);
}

TEST_HARNESS_MAIN
