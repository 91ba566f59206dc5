// SPDX-License-Identifier: GPL-2.0-only
/* A flood: when it begins, when it ends, and the last one. */

#include <stdio.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static const char * const reason_words[] = {
	[TCPTRACK_FLOOD_REASON_LISTENER] = "listener",
	[TCPTRACK_FLOOD_REASON_NAMESPACE] = "namespace",
	NULL
};

/* As the module's log has them. */
static const struct {
	const char *name;
	uint16_t attr;
	const char * const *words;
} figures[] = {
#define F(name, NAME, words) { #name, TCPTRACK_A_FLOOD_##NAME, words }
	F(dev, DEV, NULL),
	F(reason, REASON, reason_words),
	F(halfopen, HALFOPEN, NULL),
	F(limit, LIMIT, NULL),
	F(duration_ms, DURATION_MS, NULL),
	F(class, CLASS, class_words),
	F(syns, SYNS, NULL),
	F(cookies_sent, COOKIES_SENT, NULL),
	F(cookies_valid, COOKIES_VALID, NULL),
	F(accept_full, ACCEPT_FULL, NULL),
	F(sources, SOURCES, NULL),
	F(ended_ms, ENDED_MS, NULL),
#undef F
};

/* Whose flood: ADDRESS:PORT, or * for the namespace. */
static const char *flood_of(struct nlattr **attrs)
{
	const struct nlattr *addr = attrs[TCPTRACK_A_FLOOD_ADDR];

	return addr ? endpoint(addr, attrs[TCPTRACK_A_FLOOD_PORT]) : "*";
}

struct prefix {
	struct nlattr *attrs[TCPTRACK_A_FLOOD_PREFIX_MAX + 1];
	const char *addr;
	unsigned int len, percent;
};

static bool prefix_get(struct prefix *p, const struct nlattr *nest)
{
	if (mnl_attr_get_type(nest) != TCPTRACK_A_FLOOD_TOP)
		return false;
	netlink_nested(nest, p->attrs, TCPTRACK_A_FLOOD_PREFIX_MAX);
	p->addr = address(p->attrs[TCPTRACK_A_FLOOD_PREFIX_ADDR]);
	p->len = netlink_uint(p->attrs[TCPTRACK_A_FLOOD_PREFIX_PREFIX_LEN]);
	p->percent = netlink_uint(p->attrs[TCPTRACK_A_FLOOD_PREFIX_PERCENT]);
	return true;
}

json_t *flood_json(const struct nlmsghdr *nlh, struct nlattr **attrs)
{
	json_t *f = json_object(), *top = json_array();
	const struct nlattr *attr;
	struct prefix p;
	size_t i;

	if (attrs[TCPTRACK_A_FLOOD_ADDR]) {
		const struct nlattr *addr = attrs[TCPTRACK_A_FLOOD_ADDR];
		uint16_t family = netlink_uint(attrs[TCPTRACK_A_FLOOD_FAMILY]);

		json_object_set_new(f, "family", json_string(family_name(family)));
		json_object_set_new(f, "address", json_string(address(addr)));
		json_object_set_new(f, "port",
				    json_integer(port_number(attrs[TCPTRACK_A_FLOOD_PORT])));
	}
	for (i = 0; i < ARRAY_SIZE(figures); i++) {
		uint64_t n = netlink_uint(attrs[figures[i].attr]);

		if (!attrs[figures[i].attr])
			continue;
		json_object_set_new(f, figures[i].name, figures[i].words ?
				    json_string(word(figures[i].words, n)) : json_integer(n));
	}
	mnl_attr_for_each(attr, nlh, NETLINK_HEADER) {
		if (prefix_get(&p, attr))
			json_array_append_new(top, json_pack("{s:s, s:i, s:i}", "address", p.addr,
							     "prefix_len", p.len, "percent",
							     p.percent));
	}
	if (json_array_size(top))
		json_object_set(f, "top", top);
	json_decref(top);
	return f;
}

void flood_print(const struct nlmsghdr *nlh, struct nlattr **attrs)
{
	const char *separator = " top ";
	const struct nlattr *attr;
	struct prefix p;
	size_t i;

	fputs(flood_of(attrs), stdout);
	for (i = 0; i < ARRAY_SIZE(figures); i++) {
		uint64_t n = netlink_uint(attrs[figures[i].attr]);

		if (!attrs[figures[i].attr] || (figures[i].attr == TCPTRACK_A_FLOOD_DEV && !n))
			continue;
		if (figures[i].words)
			printf(" %s %s", figures[i].name, word(figures[i].words, n));
		else
			printf(" %s %llu", figures[i].name, (unsigned long long)n);
	}
	mnl_attr_for_each(attr, nlh, NETLINK_HEADER) {
		if (!prefix_get(&p, attr))
			continue;
		printf("%s%s/%u:%u%%", separator, p.addr, p.len, p.percent);
		separator = ",";
	}
	putchar('\n');
}
