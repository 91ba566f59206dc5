// SPDX-License-Identifier: GPL-2.0-only
/* doctor: iptables, not as nft has it. Its tables are read by getsockopt(2). */

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "doctor.h"
#include "tcptrackctl.h"

/* What is asked for, and how the answer begins, is laid out as for IPv4. */
static const struct family {
	int family, level, info, entries;
	const char *tables, *name;
} families[] = {
	{ AF_INET, IPPROTO_IP, IPT_SO_GET_INFO, IPT_SO_GET_ENTRIES, "/proc/net/ip_tables_names",
	  "iptables" },
	{ AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO, IP6T_SO_GET_ENTRIES,
	  "/proc/net/ip6_tables_names", "ip6tables" },
};

/* What a chain's last rule does, which is its policy. */
static int policy_of(const struct family *f, const void *rule)
{
	const struct ip6t_entry *six = rule;
	const struct ipt_entry *four = rule;
	const struct xt_standard_target *target = rule +
		(f->family == AF_INET ? four->target_offset : six->target_offset);

	return target->verdict;
}

static int read_policy(const struct family *f, int fd, const struct ipt_getinfo *info,
		       unsigned int hook)
{
	socklen_t size = sizeof(struct ipt_get_entries) + info->size;
	struct ipt_get_entries *all = calloc(1, size);
	int found = -ENOMEM;

	if (!all)
		return found;
	memcpy(all->name, info->name, sizeof(all->name));
	all->size = info->size;
	if (getsockopt(fd, f->level, f->entries, all, &size))
		found = -errno;
	else
		found = policy_of(f, (char *)all->entrytable + info->underflow[hook]) !=
			-NF_ACCEPT - 1;
	free(all);
	return found;
}

/* Whether it lets not everything pass, or a negative errno. */
static int acts(const struct family *f, const char *table, unsigned int hook)
{
	int fd = socket(f->family, SOCK_DGRAM | SOCK_CLOEXEC, 0), found;
	struct ipt_getinfo info = { };
	socklen_t size = sizeof(info);

	snprintf(info.name, sizeof(info.name), "%s", table);
	if (fd < 0 || getsockopt(fd, f->level, f->info, &info, &size))
		found = -errno;
	else if (info.hook_entry[hook] != info.underflow[hook])
		found = 1;	/* there are rules */
	else
		found = read_policy(f, fd, &info, hook);
	if (fd >= 0)
		close(fd);
	return found;
}

void doctor_iptables(char *chain, size_t size, bool at_ingress)
{
	static const struct {
		const char *table, *line, *chain;
		unsigned int hook;
		bool ingress;	/* before the early hook otherwise */
	} chains[] = {
		{ "raw", "raw\n", "raw PREROUTING", NF_INET_PRE_ROUTING, true },
		{ "mangle", "mangle\n", "mangle PREROUTING", NF_INET_PRE_ROUTING, false },
		{ "filter", "filter\n", "INPUT", NF_INET_LOCAL_IN, false },
	};
	size_t i, c;
	int found;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		for (c = 0; c < ARRAY_SIZE(chains); c++) {
			/* (a table that is not there would be made by the question) */
			if ((chains[c].ingress && !at_ingress) ||
			    !doctor_has_line(families[i].tables, chains[c].line))
				continue;
			found = acts(&families[i], chains[c].table, chains[c].hook);
			if (found < 0)
				doctor_cannot(strerror(-found));
			else if (found)
				snprintf(chain, size, "%s' %s", families[i].name, chains[c].chain);
		}
	}
}
