// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_netlink [-u] [-n RUNS] [-s SEED]: RUNS messages to the family tcptrack, valid ones
 * of each operation, of which most are spoilt in some way. -u: from a user namespace of its
 * own (status 4 if this kernel has none).
 *
 * Each has one answer: what was asked for, or an errno. Status 0 if that held, and if at
 * the end the family still answers. The same seed is the same run.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "genl.h"
#include "random.h"

#define ERRNOS	134
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static long answers[ERRNOS];

/* Mostly one of a few, so that things are found again. */
static void put_addr(struct genl_msg *m, int type)
{
	static const uint8_t v4[4] = { 10, 1, 1, 1 }, other[4] = { 127, 0, 0, 1 };
	uint8_t v6[16] = { 0 };

	v6[15] = below(3);
	if (one_in(2))
		genl_put(m, type, one_in(2) ? v4 : other, 4);
	else
		genl_put(m, type, v6, 16);
}

static void put_family(struct genl_msg *m, int type)
{
	if (one_in(2))
		genl_put_u16(m, type, one_in(8) ? below(64) : one_in(2) ? AF_INET : AF_INET6);
}

static void put_port(struct genl_msg *m, int type)
{
	genl_put_u16(m, type, htons(one_in(8) ? below(65536) : 80 + below(4)));
}

/* Sometimes that attribute is not there. */
static void put_listener(struct genl_msg *m)
{
	put_family(m, TCPTRACK_A_LISTENER_FAMILY);
	if (!one_in(8))
		put_addr(m, TCPTRACK_A_LISTENER_ADDR);
	if (!one_in(8))
		put_port(m, TCPTRACK_A_LISTENER_PORT);
	if (one_in(8))
		genl_put_u32(m, TCPTRACK_A_LISTENER_DEV, below(4));
}

static void put_override(struct genl_msg *m)
{
	put_listener(m);
	if (one_in(2))
		genl_put_u32(m, TCPTRACK_A_LISTENER_LIMIT_SET,
			     one_in(4) ? random_32() : below(100));
	if (one_in(2))
		genl_put_u32(m, TCPTRACK_A_LISTENER_OVERFLOW, below(4));
	if (one_in(2))
		genl_put_u32(m, TCPTRACK_A_LISTENER_COOKIE_MODE, below(3));
}

static void put_flow(struct genl_msg *m)
{
	put_family(m, TCPTRACK_A_FLOW_FAMILY);
	put_addr(m, TCPTRACK_A_FLOW_ADDR_A);
	put_port(m, TCPTRACK_A_FLOW_PORT_A);
	put_addr(m, TCPTRACK_A_FLOW_ADDR_B);
	genl_put_u16(m, TCPTRACK_A_FLOW_PORT_B, htons(40000));
	if (one_in(8))
		genl_put_u32(m, TCPTRACK_A_FLOW_DEV, below(4));
}

static void put_end(struct genl_msg *m, int addr, int prefix_len, int port)
{
	uint8_t bits = below(one_in(4) ? 256 : 33);

	if (one_in(3))
		put_port(m, port);
	if (!one_in(3))
		return;
	put_addr(m, addr);
	genl_put(m, prefix_len, &bits, 1);
}

static void put_age(struct genl_msg *m, int type)
{
	if (one_in(4))
		genl_put_u32(m, type, one_in(4) ? random_32() : below(1000));
}

static void put_filter(struct genl_msg *m)
{
	put_family(m, TCPTRACK_A_FLOW_FAMILY);
	put_end(m, TCPTRACK_A_FLOW_ADDR, TCPTRACK_A_FLOW_PREFIX_LEN, TCPTRACK_A_FLOW_PORT);
	if (one_in(3))
		put_end(m, TCPTRACK_A_FLOW_ADDR_A, TCPTRACK_A_FLOW_PREFIX_LEN_A,
			TCPTRACK_A_FLOW_PORT_A);
	if (one_in(3))
		put_end(m, TCPTRACK_A_FLOW_ADDR_B, TCPTRACK_A_FLOW_PREFIX_LEN_B,
			TCPTRACK_A_FLOW_PORT_B);
	if (one_in(3))
		genl_put_u32(m, TCPTRACK_A_FLOW_STATE, below(11));
	if (one_in(3))
		genl_put_u32(m, TCPTRACK_A_FLOW_STATES, below(1 << 11));
	put_age(m, TCPTRACK_A_FLOW_AGE_MIN_MS);
	put_age(m, TCPTRACK_A_FLOW_AGE_MAX_MS);
}

static void put_settings(struct genl_msg *m)
{
	static const char * const names[] = {
		"", "lo", "v1", "lo v1", "v1 no-such-device", " ", "a/b"
	};
	int type;

	for (type = TCPTRACK_A_SETTINGS_MODE; type <= TCPTRACK_A_SETTINGS_COOKIE_RESETS; type++) {
		if (!one_in(4))
			continue;
		if (type == TCPTRACK_A_SETTINGS_EARLY_DEVICES)
			genl_put_text(m, type, names[below(ARRAY_SIZE(names))]);
		else if (type <= TCPTRACK_A_SETTINGS_FORWARD)
			genl_put_u32(m, type, below(3));
		else
			genl_put_u32(m, type, one_in(4) ? random_32() : 1 + below(1000));
	}
}

static void put_subscription(struct genl_msg *m)
{
	put_family(m, TCPTRACK_A_SUBSCRIPTION_FAMILY);
	put_end(m, TCPTRACK_A_SUBSCRIPTION_ADDR, TCPTRACK_A_SUBSCRIPTION_PREFIX_LEN,
		TCPTRACK_A_SUBSCRIPTION_PORT);
	if (one_in(3))
		genl_put_u32(m, TCPTRACK_A_SUBSCRIPTION_SIDES, below(1 << 3));
	if (one_in(3))
		genl_put_u32(m, TCPTRACK_A_SUBSCRIPTION_STATES, below(1 << 11));
	if (one_in(3))
		genl_put_u32(m, TCPTRACK_A_SUBSCRIPTION_REASONS, below(1 << 12));
}

static const struct {
	int cmd, flags;
	void (*put)(struct genl_msg *m);
} ops[] = {
	{ TCPTRACK_CMD_COUNTERS_GET, 0, NULL },
	{ TCPTRACK_CMD_STATES_GET, 0, NULL },
	{ TCPTRACK_CMD_LISTENERS_GET, 0, put_listener },
	{ TCPTRACK_CMD_LISTENERS_GET, NLM_F_DUMP, put_listener },
	{ TCPTRACK_CMD_FLOWS_GET, 0, put_flow },
	{ TCPTRACK_CMD_FLOWS_GET, NLM_F_DUMP, put_filter },
	{ TCPTRACK_CMD_SETTINGS_GET, 0, NULL },
	{ TCPTRACK_CMD_SETTINGS_SET, 0, put_settings },
	{ TCPTRACK_CMD_LISTENER_SET, 0, put_override },
	{ TCPTRACK_CMD_LISTENER_DELETE, 0, put_listener },
	{ TCPTRACK_CMD_FLOOD_GET, 0, NULL },
	{ TCPTRACK_CMD_SUBSCRIPTION_SET, 0, put_subscription },
	{ TCPTRACK_CMD_SUBSCRIPTION_DELETE, 0, NULL },
};

/* A random one of its attributes; NULL if it has none. */
static struct nlattr *attr_of(struct genl_msg *m)
{
	uint8_t *p = m->room, *end = (uint8_t *)m + m->nlh.nlmsg_len;
	struct nlattr *found = NULL;
	uint32_t n = 0;

	while (p + NLA_HDRLEN <= end) {
		struct nlattr *a = (void *)p;

		if (a->nla_len < NLA_HDRLEN)
			break;
		if (one_in(++n))
			found = a;
		p += NLA_ALIGN(a->nla_len);
	}
	return found;
}

static void noise(struct genl_msg *m)
{
	uint8_t data[200];
	size_t i, len = below(one_in(2) ? 9 : sizeof(data));

	for (i = 0; i < len; i++)
		data[i] = random_32();
	genl_put(m, below(1 << 16) & (one_in(4) ? 0xffff : 0x1f), data, len);
}

/* Its own length stays what is sent, and REQUEST and ACK are asked for. */
static void spoil(struct genl_msg *m)
{
	size_t len = m->nlh.nlmsg_len - NLMSG_HDRLEN;
	struct nlattr *a = attr_of(m);
	char text[1500];

	if (!len)
		return;
	switch (below(9)) {
	case 0:
		flip_bit(&m->genl, len);
		break;
	case 1:
		if (a)
			a->nla_len = one_in(2) ? a->nla_len + below(9) - 4 : random_32();
		break;
	case 2:
		if (a)
			a->nla_type = one_in(2) ? below(64) : a->nla_type ^ 256u << below(8);
		break;
	case 3:
		noise(m);
		break;
	case 4:
		m->nlh.nlmsg_len -= below(len + 1);
		break;
	case 5:
		m->genl.cmd = random_32();
		break;
	case 6:
		m->nlh.nlmsg_flags |= random_32() & 0xfff8;
		break;
	case 7:
		memset(text, one_in(2) ? ' ' : 'd', sizeof(text));
		text[below(sizeof(text))] = 0;
		text[sizeof(text) - 1] = 0;
		genl_put_text(m, TCPTRACK_A_SETTINGS_EARLY_DEVICES, text);
		break;
	default:
		if (a)
			genl_put(m, a->nla_type & 0x3fff, a + 1, below(40));
	}
}

static bool ask(int fd, long i)
{
	uint32_t which = below(ARRAY_SIZE(ops));
	struct genl_msg m;
	int err;

	genl_begin(&m, ops[which].cmd, ops[which].flags);
	if (ops[which].put)
		ops[which].put(&m);
	if (!one_in(3))
		spoil(&m);
	if (one_in(8))
		spoil(&m);
	err = genl_ask(fd, &m);
	if (err < 0 || err >= ERRNOS) {
		printf("# message %ld, command %d: %s\n", i, m.genl.cmd,
		       err < 0 ? "no answer" : "an answer that is no errno");
		return false;
	}
	answers[err]++;
	return true;
}

static void put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static void enter_user_namespace(void)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %d 1", getuid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		perror("# no user namespace");
		exit(4);
	}
	put_file("/proc/self/setgroups", "deny");
	put_file("/proc/self/uid_map", map);
}

static int report(int fd, long n)
{
	struct genl_msg m;
	long sum = 0;
	int i;

	printf("#");
	for (i = 0; i < ERRNOS; i++) {
		if (answers[i])
			printf(" %s %ld,", i ? strerror(i) : "done", answers[i]);
		sum += answers[i];
	}
	printf(" all %ld\n", sum);
	genl_begin(&m, TCPTRACK_CMD_COUNTERS_GET, 0);
	return sum != n || genl_ask(fd, &m);
}

int main(int argc, char **argv)
{
	unsigned long seed = time(NULL);
	bool user = false;
	long n = 1000, i;
	int c, fd;

	while ((c = getopt(argc, argv, "un:s:")) != -1) {
		if (c == 'u')
			user = true;
		else if (c == 'n')
			n = atol(optarg);
		else if (c == 's')
			seed = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	printf("# fuzz_netlink%s -n %ld -s %lu\n", user ? " -u" : "", n, seed);
	fflush(stdout);
	random_state = seed;
	if (user)
		enter_user_namespace();
	fd = genl_open();
	for (i = 0; i < n; i++)
		if (!ask(fd, i))
			return 1;
	return report(fd, n);
}
