// SPDX-License-Identifier: GPL-2.0-only
/* save: what is set, in all namespaces. */

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "save.h"
#include "tcptrackctl.h"
#include "version.h"

static const char *netns;	/* where we are, or NULL */
static bool all_saved = true;

static void left_out(const char *what, const char *why)
{
	complain("%s%s%s is not saved: %s", netns ? netns : "", netns && *what ? ": " : "", what,
		 why);
	all_saved = false;
}

/* An index means nothing tomorrow; a name may. */
static const char *device(const struct nlattr *attr, const char *listener)
{
	static char name[IF_NAMESIZE];
	uint32_t ifindex = netlink_uint(attr);

	if (!ifindex)
		return "";
	if (if_indextoname(ifindex, name))
		return name;
	left_out(listener, "its device is gone");
	return NULL;
}

bool save_is_set(struct nlattr **attrs)
{
	const struct nlattr *overflow = attrs[TCPTRACK_A_LISTENER_OVERFLOW];
	const struct nlattr *cookies = attrs[TCPTRACK_A_LISTENER_COOKIE_MODE];

	return attrs[TCPTRACK_A_LISTENER_LIMIT_SET] ||
	       (overflow && netlink_uint(overflow) != TCPTRACK_LISTENER_OVERFLOW_INHERIT) ||
	       netlink_uint(cookies) != TCPTRACK_COOKIE_MODE_AUTO;
}

static void listener(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *limit = attrs[TCPTRACK_A_LISTENER_LIMIT_SET];
	const struct nlattr *overflow = attrs[TCPTRACK_A_LISTENER_OVERFLOW];
	const struct nlattr *cookies = attrs[TCPTRACK_A_LISTENER_COOKIE_MODE];
	const struct nlattr *addr = attrs[TCPTRACK_A_LISTENER_ADDR];
	const struct nlattr *port = attrs[TCPTRACK_A_LISTENER_PORT];
	const char *dev;
	json_t *l;

	if (!save_is_set(attrs))
		return;
	dev = device(attrs[TCPTRACK_A_LISTENER_DEV], endpoint(addr, port));
	if (!dev)
		return;
	l = json_pack("{s:s, s:s, s:i, s:s}", "family",
		      family_name(netlink_uint(attrs[TCPTRACK_A_LISTENER_FAMILY])),
		      "address", address(addr), "port", port_number(port), "device", dev);
	if (!l) {
		left_out(endpoint(addr, port), "the name of its device is not UTF-8");
		return;
	}
	if (limit)
		json_object_set_new(l, "limit", json_integer(netlink_uint(limit)));
	/* the defaults, too: another value may be set by the time this is restored */
	if (overflow)
		json_object_set_new(l, "overflow", json_string(word(listener_overflow_words,
								    netlink_uint(overflow))));
	if (cookies)
		json_object_set_new(l, "cookie_mode", json_string(word(listener_cookie_words,
								       netlink_uint(cookies))));
	json_array_append_new(arg, l);
}

static int compare(const void *a, const void *b)
{
	static const char * const names[] = { "family", "address", "device" };
	const json_t *l = *(json_t * const *)a, *m = *(json_t * const *)b;
	int order = json_integer_value(json_object_get(l, "port")) -
		    json_integer_value(json_object_get(m, "port"));
	size_t i;

	for (i = 0; !order && i < ARRAY_SIZE(names); i++)
		order = strcmp(json_string_value(json_object_get(l, names[i])),
			       json_string_value(json_object_get(m, names[i])));
	return order;
}

/* In an order of their own: the module has them as they came. */
static json_t *sorted(json_t *listeners)
{
	size_t i, n = json_array_size(listeners);
	json_t **all = calloc(n + 1, sizeof(json_t *)), *to = json_array();

	if (!all)
		die(EXIT_REFUSED, "no memory");
	for (i = 0; i < n; i++)
		all[i] = json_array_get(listeners, i);
	qsort(all, n, sizeof(json_t *), compare);
	for (i = 0; i < n; i++)
		json_array_append(to, all[i]);
	free(all);
	json_decref(listeners);
	return to;
}

/* Of the namespace where we are. */
static void one(json_t *namespaces)
{
	json_t *name = netns ? json_string(netns) : json_null(), *settings, *listeners;
	const char *not_utf8;

	if (!name) {
		left_out("", "its name is not UTF-8");
		return;
	}
	settings = settings_read(&not_utf8);
	if (not_utf8)
		left_out(not_utf8, "it is not UTF-8");
	/* the module's own choice is nobody's wish */
	if (settings_is(settings, "mode", "monitor") && stats_no_cookies())
		json_object_del(settings, "mode");
	listeners = json_array();
	netlink_run(netlink_request(TCPTRACK_CMD_LISTENERS_GET, true), listener,
		    TCPTRACK_A_LISTENER_MAX, listeners);
	listeners = sorted(listeners);
	json_array_append_new(namespaces, json_pack("{s:o, s:o, s:o}", "netns", name,
						    "settings", settings,
						    "listeners", listeners));
}

static void all_named(json_t *namespaces)
{
	char **name = netns_names();
	int err;

	for (; *name; name++) {
		netns = *name;
		err = netns_enter(netns);
		if (err) {
			left_out("", strerror(-err));
			continue;
		}
		netlink_open();
		one(namespaces);
	}
	netns_return();
}

int cmd_save(int argc, char **argv)
{
	json_t *namespaces = json_array(), *all;
	FILE *file;

	if (argc > 1)
		no_arguments("save FILE", argc - 1, argv + 1);
	netns = options.netns;
	one(namespaces);
	if (!netns)
		all_named(namespaces);
	all = json_pack("{s:i, s:s, s:o}", SAVE_FORMAT, SAVE_NUMBER, "version",
			TCPTRACK_VERSION, "namespaces", namespaces);
	file = file_begin(argc ? argv[0] : NULL, 0600);
	errno = 0;
	if (!all || json_dumpf(all, file, JSON_INDENT(4)) || putc('\n', file) == EOF) {
		if (!all || !ferror(file))
			die(EXIT_REFUSED, "no memory");
		if (!argc)
			not_printed(errno);
		die(EXIT_REFUSED, "%s: %s", argv[0], strerror(errno ? errno : EIO));
	}
	file_commit(file);
	json_decref(all);
	return all_saved ? 0 : EXIT_PARTLY;
}
