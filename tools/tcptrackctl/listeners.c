// SPDX-License-Identifier: GPL-2.0-only
/* listeners, listener: their queues, limits and counters; what is set for one. */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "netlink_names.h"
#include "tcptrackctl.h"

/* Numbers before the mode, and after it, as the columns of /proc/net/tcptrack_listeners. */
static const struct {
	const char *name;
	uint16_t attr;
} before[] = {
#define N(name, NAME) { #name, TCPTRACK_A_LISTENER_##NAME },
	N(dev, DEV) N(sockets, SOCKETS) N(halfopen, HALFOPEN) N(young, YOUNG) N(peak, PEAK)
	N(limit, LIMIT) N(acceptq, ACCEPTQ) N(acceptq_max, ACCEPTQ_MAX)
}, after[] = {
	N(age_ms, AGE_MS) TT_LISTENER_ATTRS(N)
#undef N
};

/* Of these, what comes after what can be set: handshakes_completed. */
#define LAST (ARRAY_SIZE(after) - 1)

const char * const listener_overflow_words[] = {
	[TCPTRACK_LISTENER_OVERFLOW_COOKIE] = "cookie",
	[TCPTRACK_LISTENER_OVERFLOW_RECYCLE] = "recycle",
	[TCPTRACK_LISTENER_OVERFLOW_DROP] = "drop",
	[TCPTRACK_LISTENER_OVERFLOW_INHERIT] = "inherit",
	NULL
};

const char * const listener_cookie_words[] = {
	[TCPTRACK_COOKIE_MODE_AUTO] = "auto",
	[TCPTRACK_COOKIE_MODE_ALWAYS] = "always",
	[TCPTRACK_COOKIE_MODE_NEVER] = "never",
	NULL
};

/* What an older module does not tell is not shown as if it were 0. */
static void put_number(json_t *l, const char *name, const struct nlattr *attr)
{
	if (attr)
		json_object_set_new(l, name, json_integer(netlink_uint(attr)));
}

static void put_word(json_t *l, const char *name, const struct nlattr *attr,
		     const char * const *words)
{
	if (attr)
		json_object_set_new(l, name, json_string(word(words, netlink_uint(attr))));
}

static void show_json(struct nlattr **attrs)
{
	const char *family = family_name(netlink_uint(attrs[TCPTRACK_A_LISTENER_FAMILY]));
	const struct nlattr *limit = attrs[TCPTRACK_A_LISTENER_LIMIT_SET];
	const struct nlattr *overflow = attrs[TCPTRACK_A_LISTENER_OVERFLOW];
	const struct nlattr *port = attrs[TCPTRACK_A_LISTENER_PORT];
	json_t *l = json_object();
	size_t i;

	json_object_set_new(l, "family", json_string(family));
	json_object_set_new(l, "address", json_string(address(attrs[TCPTRACK_A_LISTENER_ADDR])));
	json_object_set_new(l, "port", json_integer(port ? ntohs(mnl_attr_get_u16(port)) : 0));
	for (i = 0; i < ARRAY_SIZE(before); i++)
		put_number(l, before[i].name, attrs[before[i].attr]);
	put_word(l, "mode", attrs[TCPTRACK_A_LISTENER_MODE], listener_words);
	for (i = 0; i < LAST; i++)
		put_number(l, after[i].name, attrs[after[i].attr]);
	put_number(l, "limit_set", limit);
	if (!limit && overflow)
		json_object_set_new(l, "limit_set", json_string("inherit"));
	put_word(l, "overflow", overflow, listener_overflow_words);
	put_word(l, "cookie_mode", attrs[TCPTRACK_A_LISTENER_COOKIE_MODE], listener_cookie_words);
	put_number(l, after[LAST].name, attrs[after[LAST].attr]);
	list_add(l);
}

static void print_number(const struct nlattr *attr, const char *without)
{
	if (attr)
		printf(" %llu", (unsigned long long)netlink_uint(attr));
	else
		printf(" %s", without);
}

static void print_word(const struct nlattr *attr, const char * const *words)
{
	printf(" %s", attr ? word(words, netlink_uint(attr)) : "-");
}

static void show(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	size_t i;

	if (options.json) {
		show_json(attrs);
		return;
	}
	list_next();
	printf("%s %s", family_name(netlink_uint(attrs[TCPTRACK_A_LISTENER_FAMILY])),
	       endpoint(attrs[TCPTRACK_A_LISTENER_ADDR], attrs[TCPTRACK_A_LISTENER_PORT]));
	for (i = 0; i < ARRAY_SIZE(before); i++)
		print_number(attrs[before[i].attr], "-");
	print_word(attrs[TCPTRACK_A_LISTENER_MODE], listener_words);
	for (i = 0; i < LAST; i++)
		print_number(attrs[after[i].attr], "-");
	/* (none is set: the module does not tell it, but what else is set) */
	print_number(attrs[TCPTRACK_A_LISTENER_LIMIT_SET],
		     attrs[TCPTRACK_A_LISTENER_OVERFLOW] ? "inherit" : "-");
	print_word(attrs[TCPTRACK_A_LISTENER_OVERFLOW], listener_overflow_words);
	print_word(attrs[TCPTRACK_A_LISTENER_COOKIE_MODE], listener_cookie_words);
	print_number(attrs[after[LAST].attr], "-");
	putchar('\n');
}

static const char *header(void)
{
	static char text[1024];
	size_t i;

	snprintf(text, sizeof(text), "family address");
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		append(text, sizeof(text), " ");
		append(text, sizeof(text), before[i].name);
	}
	append(text, sizeof(text), " mode");
	for (i = 0; i < LAST; i++) {
		append(text, sizeof(text), " ");
		append(text, sizeof(text), after[i].name);
	}
	append(text, sizeof(text), " limit_set overflow cookie_mode ");
	append(text, sizeof(text), after[LAST].name);
	return text;
}

int cmd_listeners(int argc, char **argv)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_LISTENERS_GET, true);
	bool changed;

	no_arguments("listeners", argc, argv);
	if (options.family)
		mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_FAMILY, options.family);
	list_begin(header());
	changed = netlink_run(nlh, show, TCPTRACK_A_LISTENER_MAX, NULL);
	list_end();
	netlink_changed(changed, "listeners");
	return 0;
}

/* ADDRESS:PORT, [ADDRESS]:PORT; text is written to. */
static void put_endpoint(struct nlmsghdr *nlh, char *text)
{
	char *colon = strrchr(text, ':'), *addr = text, *rest = "";
	char copy[INET6_ADDRSTRLEN + sizeof("[]:65535")];
	struct in6_addr six;
	struct in_addr four;
	long port;

	snprintf(copy, sizeof(copy), "%s", text);
	if (!colon || strchr(copy, '%'))
		goto bad;
	*colon = '\0';
	port = strtol(colon + 1, &rest, 10);
	if (colon[1] < '0' || colon[1] > '9' || *rest || port > 65535)
		goto bad;
	if (*addr == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		if (inet_pton(AF_INET6, addr + 1, &six) != 1)
			goto bad;
		mnl_attr_put(nlh, TCPTRACK_A_LISTENER_ADDR, sizeof(six), &six);
	} else {
		if (inet_pton(AF_INET, addr, &four) != 1)
			goto bad;
		mnl_attr_put(nlh, TCPTRACK_A_LISTENER_ADDR, sizeof(four), &four);
	}
	mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_PORT, htons(port));
	return;
bad:
	die(EXIT_USAGE, "\"%s\" is not ADDRESS:PORT or [ADDRESS]:PORT (\"%s\" shows them)", copy,
	    "tcptrackctl listeners");
}

/* N or, as ip(8) has it, ifN; or 0. */
static uint32_t index_of(const char *text)
{
	unsigned long n;
	char *end;

	text += strncmp(text, "if", 2) ? 0 : 2;
	errno = 0;
	n = strtoul(text, &end, 10);
	return *text < '0' || *text > '9' || *end || errno || n > INT32_MAX ? 0 : n;
}

/* What is set for a device outlives it: of one that is gone there is only the number. */
static uint32_t device(const char *name, bool gone)
{
	uint32_t ifindex = if_nametoindex(name);

	if (!ifindex && gone)
		ifindex = index_of(name);
	if (!ifindex)
		die(EXIT_USAGE, "no device \"%s\" (\"ip link\" lists them)", name);
	return ifindex;
}

static int one_of(const char *name, bool set)
{
	static const char * const names[] = { "dev", "limit", "overflow", "cookie-mode" };
	size_t i;

	for (i = 0; i < (set ? ARRAY_SIZE(names) : 1); i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	die(EXIT_USAGE, "listener: \"%s\" is not %s", name,
	    set ? "dev, limit, overflow or cookie-mode" : "dev");
}

/* ADDRESS:PORT, and pairs of NAME and VALUE. */
static void put_arguments(struct nlmsghdr *nlh, bool set, int argc, char **argv)
{
	bool named[4] = { };
	int i, what;

	put_endpoint(nlh, argv[0]);
	for (i = 1; i < argc; i += 2) {
		what = one_of(argv[i], set);
		if (i + 1 == argc)
			die(EXIT_USAGE, "\"%s\" needs a value", argv[i]);
		if (named[what])
			die(EXIT_USAGE, "%s is set twice", argv[i]);
		named[what] = true;
		switch (what) {
		case 0:
			mnl_attr_put_u32(nlh, TCPTRACK_A_LISTENER_DEV,
					 device(argv[i + 1], !set));
			break;
		case 1:
			mnl_attr_put_u32(nlh, TCPTRACK_A_LISTENER_LIMIT_SET,
					 value_of("limit", NULL, argv[i + 1]));
			break;
		case 2:
			mnl_attr_put_u32(nlh, TCPTRACK_A_LISTENER_OVERFLOW,
					 value_of("overflow", listener_overflow_words,
						  argv[i + 1]));
			break;
		case 3:
			mnl_attr_put_u32(nlh, TCPTRACK_A_LISTENER_COOKIE_MODE,
					 value_of("cookie-mode", listener_cookie_words,
						  argv[i + 1]));
			break;
		}
	}
}

int cmd_listener(int argc, char **argv)
{
	static const char how[] =
		"[dev DEVICE] [limit N] [overflow POLICY] [cookie-mode MODE]";
	bool set = argc && !strcmp(argv[0], "set");
	struct nlmsghdr *nlh;

	if (argc < 2 || (!set && strcmp(argv[0], "delete")))
		die(EXIT_USAGE, "listener set ADDRESS:PORT %s, or listener delete ADDRESS:PORT %s",
		    how, "[dev DEVICE]");
	nlh = netlink_request(set ? TCPTRACK_CMD_LISTENER_SET : TCPTRACK_CMD_LISTENER_DELETE,
			      false);
	put_arguments(nlh, set, argc - 1, argv + 1);
	netlink_run(nlh, NULL, 0, NULL);
	return 0;
}
