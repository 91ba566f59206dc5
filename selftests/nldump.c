// SPDX-License-Identifier: GPL-2.0-only
/*
 * nldump: flows by generic netlink, and whether they are those that they have to be.
 *
 *   nldump FILE [PORT]		dump all, or those with this port at an end; which, into FILE
 *   nldump BEFORE FILE AFTER	of three of these: what is in the first and in the last has
 *				lived throughout, and has to be in the second once
 *
 * The first prints "flows N", of them "twice N", and of the messages those "interrupted N"
 * that said that flows came or went; "ms N" from the request to the end. The second "stay N",
 * and of those "missing N".
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/tcptrack.h>

#include "nlfamily.h"

/* Flows, each by 64 bits of its hash. */
struct set {
	uint64_t *key;
	size_t n, room;
};

static struct set dumped;
static unsigned long interrupted;

static void add(struct set *set, uint64_t key)
{
	if (set->n == set->room) {
		set->room = set->room ? 2 * set->room : 1 << 16;
		set->key = realloc(set->key, set->room * sizeof(*set->key));
		if (!set->key)
			die("no memory");
	}
	set->key[set->n++] = key;
}

static int compare(const void *a, const void *b)
{
	uint64_t ka = *(const uint64_t *)a, kb = *(const uint64_t *)b;

	return ka < kb ? -1 : ka > kb;
}

static bool has(const struct set *set, uint64_t key)
{
	return bsearch(&key, set->key, set->n, sizeof(key), compare);
}

static uint64_t hash(const struct nlattr **attrs)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	int i, j;

	for (i = TCPTRACK_A_FLOW_ADDR_A; i <= TCPTRACK_A_FLOW_PORT_B; i++) {
		const uint8_t *data = nl_data(attrs[i]);

		for (j = 0; j < attrs[i]->nla_len - NLA_HDRLEN; j++)
			h = (h ^ data[j]) * 0x100000001b3ULL;
	}
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

static bool message(const struct nlmsghdr *nlh, uint32_t seq)
{
	const struct nlattr *attrs[TCPTRACK_A_FLOW_PORT_B + 1];

	if (nlh->nlmsg_seq != seq)
		return true;
	interrupted += !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
	if (nlh->nlmsg_type == NLMSG_DONE)
		return false;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		die("dump: %s", strerror(-((const struct nlmsgerr *)NLMSG_DATA(nlh))->error));
	nl_attrs(nlh, attrs, TCPTRACK_A_FLOW_PORT_B);
	add(&dumped, hash(attrs));
	return true;
}

/* All flows, or those with a port at either end; how many ms it took. */
static long dump(const char *port)
{
	uint16_t be = port ? __builtin_bswap16(atoi(port)) : 0;
	struct timespec from, to;
	const struct nlmsghdr *nlh;
	struct nl_request r;
	unsigned int left;
	int fd = nl_open();
	bool more = true;
	ssize_t n;

	nl_begin(&r, nl_family, TCPTRACK_CMD_FLOWS_GET, NLM_F_DUMP);
	if (port)
		nl_put(&r, TCPTRACK_A_FLOW_PORT, &be, sizeof(be));
	clock_gettime(CLOCK_MONOTONIC, &from);
	nl_send(fd, &r);
	while (more) {
		n = recv(fd, nl_buffer, sizeof(nl_buffer), 0);
		if (n < 0)
			die("recv: %s", strerror(errno));
		left = n;
		for (nlh = (void *)nl_buffer; more && NLMSG_OK(nlh, left);
		     nlh = NLMSG_NEXT(nlh, left))
			more = message(nlh, r.nlh.nlmsg_seq);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	close(fd);
	qsort(dumped.key, dumped.n, sizeof(uint64_t), compare);
	return (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
}

static void read_set(const char *path, struct set *set)
{
	FILE *f = fopen(path, "r");
	uint64_t key;

	if (!f)
		die("%s: %s", path, strerror(errno));
	while (fread(&key, sizeof(key), 1, f))
		add(set, key);
	fclose(f);
}

static void dump_to(const char *path, const char *port)
{
	long ms = dump(port);
	FILE *f = fopen(path, "w");
	size_t i, twice = 0;

	if (!f || fwrite(dumped.key, sizeof(uint64_t), dumped.n, f) != dumped.n || fclose(f))
		die("%s: %s", path, strerror(errno));
	for (i = 1; i < dumped.n; i++)
		twice += dumped.key[i] == dumped.key[i - 1];
	printf("flows %zu\ntwice %zu\ninterrupted %lu\nms %ld\n", dumped.n, twice, interrupted,
	       ms);
}

static void compare_files(char **path)
{
	struct set set[3] = { };
	unsigned long stay = 0, missing = 0;
	size_t i;

	for (i = 0; i < 3; i++)
		read_set(path[i], &set[i]);
	for (i = 0; i < set[0].n; i++) {
		if (!has(&set[2], set[0].key[i]))
			continue;
		stay++;
		missing += !has(&set[1], set[0].key[i]);
	}
	printf("stay %lu\nmissing %lu\n", stay, missing);
}

int main(int argc, char **argv)
{
	if (argc == 2 || argc == 3)
		dump_to(argv[1], argv[2]);
	else if (argc == 4)
		compare_files(argv + 1);
	else
		die("usage: nldump FILE [PORT] | nldump BEFORE FILE AFTER");
	return 0;
}
