// SPDX-License-Identifier: GPL-2.0-only
/* module/source.c, in user space: how many half-open connections a source prefix may have. */
#include "ukernel.h"
#include "kselftest_harness.h"

#include "key.h"
#include "net.h"
#include "source.h"

unsigned long jiffies;

FIXTURE(source)
{
	struct tt_net tn, other;
	struct tt_key key;
};

/* The address of an end. */
static void set(struct _test_data_source *self, int end, const char *text)
{
	struct in6_addr *addr = &self->key.addr[end];
	__be32 four;

	self->key.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (self->key.family == AF_INET6) {
		uk_check(inet_pton(AF_INET6, text, addr) == 1, text);
	} else {
		uk_check(inet_pton(AF_INET, text, &four) == 1, text);
		ipv6_addr_set_v4mapped(four, addr);
	}
}

FIXTURE_SETUP(source)
{
	self->tn.conf.halfopen_source_max = 2;
	self->other.conf.halfopen_source_max = 2;
	set(self, 0, "192.0.2.1");
	uk_check(!tt_source_init(), "no table");
}

FIXTURE_TEARDOWN(source)
{
	tt_source_exit();
	EXPECT_EQ(0, uk_allocated);
}

/* Takes a place of end 0's, or returns NULL where there is none. */
static struct tt_source *take(struct _test_data_source *self)
{
	struct tt_source *source = (struct tt_source *)self;
	bool full = tt_source_full(&self->tn, &self->key, 0, &source);

	uk_check(full == !source, "neither a place nor none");
	return source;
}

TEST_F(source, up_to_the_limit)
{
	struct tt_source *a = take(self), *b = take(self);

	EXPECT_NE(NULL, a);
	EXPECT_EQ(a, b);
	EXPECT_EQ(NULL, take(self));
	EXPECT_EQ(NULL, take(self));
	tt_source_put(a);
	EXPECT_NE(NULL, take(self));
	EXPECT_EQ(NULL, take(self));
	tt_source_put(a);
	tt_source_put(a);
	EXPECT_EQ(0, uk_allocated);
}

TEST_F(source, of_one)
{
	struct tt_source *a;

	self->tn.conf.halfopen_source_max = 1;
	a = take(self);
	EXPECT_NE(NULL, a);
	EXPECT_EQ(NULL, take(self));
	tt_source_put(a);
}

TEST_F(source, limit_is_lowered_and_taken_back)
{
	struct tt_source *a = take(self), *none = a;

	take(self);
	self->tn.conf.halfopen_source_max = 1;
	EXPECT_EQ(NULL, take(self));
	tt_source_put(a);
	EXPECT_EQ(NULL, take(self));
	self->tn.conf.halfopen_source_max = 0;
	EXPECT_FALSE(tt_source_full(&self->tn, &self->key, 0, &none));
	EXPECT_EQ(NULL, none);
	EXPECT_EQ(NULL, tt_source_get(&self->tn, &self->key, 0));
	tt_source_put(a);
}

/* What is there already counts, and is never too much. */
TEST_F(source, those_that_are_there)
{
	struct tt_source *a = tt_source_get(&self->tn, &self->key, 0);
	int i;

	EXPECT_NE(NULL, a);
	for (i = 0; i < 9; i++)
		EXPECT_EQ(a, tt_source_get(&self->tn, &self->key, 0));
	EXPECT_EQ(NULL, take(self));
	for (i = 0; i < 8; i++)
		tt_source_put(a);
	EXPECT_EQ(NULL, take(self));
	tt_source_put(a);
	EXPECT_EQ(a, take(self));
	tt_source_put(a);
	tt_source_put(a);
}

/* Whether two sources share their places. */
static bool same(struct _test_data_source *self, const char *a, const char *b)
{
	struct tt_source *first, *second;

	set(self, 0, a);
	first = take(self);
	set(self, 0, b);
	second = take(self);
	tt_source_put(first);
	tt_source_put(second);
	return first == second;
}

TEST_F(source, prefixes)
{
	EXPECT_TRUE(same(self, "192.0.2.1", "192.0.2.1"));
	EXPECT_FALSE(same(self, "192.0.2.1", "192.0.2.0"));
	EXPECT_FALSE(same(self, "192.0.2.1", "64.0.2.1"));
	EXPECT_TRUE(same(self, "2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"));
	EXPECT_FALSE(same(self, "2001:db8::1", "2001:db8:0:1::1"));
	EXPECT_FALSE(same(self, "2001:db8::1", "a001:db8::1"));
	/* the same eight octets, of another family */
	EXPECT_FALSE(same(self, "0:ffff:c000:201::", "192.0.2.1"));
}

TEST_F(source, the_end_that_is_the_source)
{
	struct tt_source *a = take(self), *b, *c;

	set(self, 1, "192.0.2.9");
	self->key.port[0] = htons(0x1234);
	b = tt_source_get(&self->tn, &self->key, 1);
	EXPECT_NE(a, b);
	/* its port does not matter, nor what the other end is */
	set(self, 0, "192.0.2.9");
	set(self, 1, "200.0.2.1");
	c = take(self);
	EXPECT_EQ(b, c);
	tt_source_put(a);
	tt_source_put(b);
	tt_source_put(c);
}

TEST_F(source, of_another_namespace)
{
	struct tt_source *a = take(self), *b;

	EXPECT_FALSE(tt_source_full(&self->other, &self->key, 0, &b));
	EXPECT_NE(a, b);
	tt_source_put(a);
	tt_source_put(b);
}

/* Whom nobody can count, nobody refuses. */
TEST_F(source, no_memory)
{
	struct tt_source *none = (struct tt_source *)self, *a;

	uk_no_memory = true;
	EXPECT_FALSE(tt_source_full(&self->tn, &self->key, 0, &none));
	EXPECT_EQ(NULL, none);
	EXPECT_EQ(NULL, tt_source_get(&self->tn, &self->key, 0));
	uk_no_memory = false;
	uk_insert_err = -ENOMEM;
	EXPECT_FALSE(tt_source_full(&self->tn, &self->key, 0, &none));
	EXPECT_EQ(NULL, none);
	EXPECT_EQ(0, uk_allocated);
	uk_insert_err = 0;
	a = take(self);
	EXPECT_NE(NULL, a);
	/* whom somebody can, as before */
	uk_no_memory = true;
	EXPECT_EQ(a, take(self));
	EXPECT_EQ(NULL, take(self));
	tt_source_put(a);
	tt_source_put(a);
}

TEST_HARNESS_MAIN
