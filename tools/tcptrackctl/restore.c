// SPDX-License-Identifier: GPL-2.0-only
/* restore: what save has written, and what of that cannot be. */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "save.h"
#include "tcptrackctl.h"

static const char *netns;	/* where we are, or NULL */
static bool all_restored = true;

static void __attribute__((format(printf, 1, 2))) left_out(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die(EXIT_REFUSED, "no memory");
	va_end(args);
	complain("%s%s%s", netns ? netns : "", netns ? ": " : "", text);
	free(text);
	all_restored = false;
}

static void __attribute__((noreturn)) die_not_root(void)
{
	die(EXIT_REFUSED, "only root may change this (CAP_NET_ADMIN in this namespace)");
}

/* Returns whether it is done; what: of whom it is told. */
static bool set(struct nlmsghdr *nlh, const char *what)
{
	const char *why;
	int err = netlink_try(nlh, &why);

	if (err == -EPERM)
		die_not_root();
	if (err && what)
		left_out("%s is not restored: %s%s%s", what, why ? why : "", why ? ": " : "",
			 strerror(-err));
	return !err;
}

/* --- settings --- */

static void one_setting(const char *name, const json_t *value)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_SETTINGS_SET, false);
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT), what[256];

	snprintf(what, sizeof(what), "%s=%s", name, text ? text : "?");
	free(text);
	if (!settings_put(nlh, name, value))
		set(nlh, what);
}

/* All at once, if that may be: nobody sees half of it. */
static void settings(json_t *saved)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_SETTINGS_SET, false);
	const char *name, *wrong;
	size_t known = 0;
	json_t *value;

	json_object_foreach(saved, name, value) {
		wrong = settings_put(nlh, name, value);
		if (wrong)
			left_out("%s is not restored: it %s", name, wrong);
		else
			known++;
	}
	if (!known || set(nlh, NULL))
		return;
	json_object_foreach(saved, name, value)
		one_setting(name, value);
}

/* --- listeners --- */

/* what: of which listener. One that is not known here is of a newer program. */
static void put_word(struct nlmsghdr *nlh, uint16_t attr, const char * const *words,
		     const json_t *l, const char *name, const char *what)
{
	const json_t *value = json_object_get(l, name);
	const char *text = json_string_value(value);
	uint32_t i;

	for (i = 0; text && words[i]; i++) {
		if (!strcmp(words[i], text)) {
			mnl_attr_put_u32(nlh, attr, i);
			return;
		}
	}
	if (value)
		left_out("%s: %s is not restored: it is no word that this program knows", what,
			 name);
}

static bool put_address(struct nlmsghdr *nlh, const char *text)
{
	struct in6_addr addr;

	if (inet_pton(AF_INET, text, &addr) == 1)
		mnl_attr_put(nlh, TCPTRACK_A_LISTENER_ADDR, sizeof(struct in_addr), &addr);
	else if (inet_pton(AF_INET6, text, &addr) == 1)
		mnl_attr_put(nlh, TCPTRACK_A_LISTENER_ADDR, sizeof(addr), &addr);
	else
		return false;
	return true;
}

/* Returns what is wrong, or NULL. */
static const char *put_listener(struct nlmsghdr *nlh, const json_t *l, const char *addr,
				json_int_t port, const char *device)
{
	const json_t *limit = json_object_get(l, "limit");
	json_int_t n = json_integer_value(limit);
	uint32_t ifindex = *device ? if_nametoindex(device) : 0;

	if (*device && !ifindex)
		return "there is no such device";
	if (!put_address(nlh, addr) || port < 1 || port > 65535)
		return "that is no address and port";
	mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_PORT, htons(port));
	if (ifindex)
		mnl_attr_put_u32(nlh, TCPTRACK_A_LISTENER_DEV, ifindex);
	if (limit && (!json_is_integer(limit) || n < 0 || n > UINT32_MAX))
		return "its limit is no number that it can be";
	if (limit)
		mnl_attr_put_u32(nlh, TCPTRACK_A_LISTENER_LIMIT_SET, n);
	return NULL;
}

static void listener(json_t *l)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_LISTENER_SET, false);
	const char *addr, *device = "", *wrong;
	char what[256];
	json_int_t port;

	if (json_unpack(l, "{s:s, s:I, s?s}", "address", &addr, "port", &port, "device",
			&device)) {
		left_out("a listener without address and port is not restored");
		return;
	}
	snprintf(what, sizeof(what), strchr(addr, ':') ? "listener [%s]:%lld%s%s" :
		 "listener %s:%lld%s%s", addr, (long long)port, *device ? " dev " : "", device);
	wrong = put_listener(nlh, l, addr, port, device);
	if (wrong) {
		left_out("%s is not restored: %s", what, wrong);
		return;
	}
	put_word(nlh, TCPTRACK_A_LISTENER_OVERFLOW, listener_overflow_words, l, "overflow", what);
	put_word(nlh, TCPTRACK_A_LISTENER_COOKIE_MODE, listener_cookie_words, l, "cookie_mode",
		 what);
	set(nlh, what);
}

/* --- what the file does not have --- */

static bool exact;

/* A listener with a setting. */
struct present {
	struct present *next;
	char what[256];
	uint32_t ifindex;
	size_t size;		/* of its address */
	struct in6_addr addr;
	uint16_t port;
	bool limit;
};

static void present(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *addr = attrs[TCPTRACK_A_LISTENER_ADDR];
	const struct nlattr *port = attrs[TCPTRACK_A_LISTENER_PORT];
	struct present **all = arg, *p;
	char dev[IF_NAMESIZE] = "";

	if (!save_is_set(attrs) || !addr || mnl_attr_get_payload_len(addr) > sizeof(p->addr))
		return;
	p = calloc(1, sizeof(*p));
	if (!p)
		die(EXIT_REFUSED, "no memory");
	p->size = mnl_attr_get_payload_len(addr);
	memcpy(&p->addr, mnl_attr_get_payload(addr), p->size);
	p->port = port_number(port);
	p->ifindex = netlink_uint(attrs[TCPTRACK_A_LISTENER_DEV]);
	p->limit = attrs[TCPTRACK_A_LISTENER_LIMIT_SET];
	if (p->ifindex && !if_indextoname(p->ifindex, dev))
		snprintf(dev, sizeof(dev), "%u", p->ifindex);
	snprintf(p->what, sizeof(p->what), "listener %s%s%s", endpoint(addr, port),
		 p->ifindex ? " dev " : "", dev);
	p->next = *all;
	*all = p;
}

static bool is_it(const struct present *p, const json_t *l)
{
	const char *addr = json_string_value(json_object_get(l, "address"));
	const char *dev = json_string_value(json_object_get(l, "device"));
	struct in6_addr bytes;

	return addr && inet_pton(p->size == 4 ? AF_INET : AF_INET6, addr, &bytes) == 1 &&
	       !memcmp(&bytes, &p->addr, p->size) &&
	       json_integer_value(json_object_get(l, "port")) == p->port &&
	       (dev && *dev ? if_nametoindex(dev) : 0) == p->ifindex;
}

static const json_t *in_file(const json_t *listeners, const struct present *p)
{
	const json_t *l;
	size_t i;

	json_array_foreach(listeners, i, l) {
		if (is_it(p, l))
			return l;
	}
	return NULL;
}

static void delete(const struct present *p)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_LISTENER_DELETE, false);
	const char *why;
	int err;

	mnl_attr_put(nlh, TCPTRACK_A_LISTENER_ADDR, p->size, &p->addr);
	mnl_attr_put_u16(nlh, TCPTRACK_A_LISTENER_PORT, htons(p->port));
	if (p->ifindex)
		mnl_attr_put_u32(nlh, TCPTRACK_A_LISTENER_DEV, p->ifindex);
	err = netlink_try(nlh, &why);
	if (err == -EPERM)
		die_not_root();
	if (err && err != -ENOENT)
		left_out("%s is not deleted: %s%s%s", p->what, why ? why : "", why ? ": " : "",
			 strerror(-err));
}

/*
 * A limit of its own goes only with all that is set for the listener: nothing else says that
 * the namespace's holds. What the file has is set afterwards.
 */
static void delete_others(const json_t *listeners)
{
	struct present *all = NULL, *next;
	const json_t *l;

	netlink_run(netlink_request(TCPTRACK_CMD_LISTENERS_GET, true), present,
		    TCPTRACK_A_LISTENER_MAX, &all);
	for (; all; all = next) {
		next = all->next;
		l = in_file(listeners, all);
		if (!l || (all->limit && !json_object_get(l, "limit")))
			delete(all);
		free(all);
	}
}

/* --- the file --- */

static void one(json_t *saved)
{
	json_t *listeners = json_object_get(saved, "listeners"), *l;
	size_t i;

	settings(json_object_get(saved, "settings"));
	if (exact)
		delete_others(listeners);
	json_array_foreach(listeners, i, l)
		listener(l);
}

/* Whether it has the parts that save writes, each what it has to be. */
static bool is_namespace(const json_t *saved)
{
	const json_t *name = json_object_get(saved, "netns");

	return (json_is_null(name) || json_is_string(name)) &&
	       json_is_object(json_object_get(saved, "settings")) &&
	       json_is_array(json_object_get(saved, "listeners"));
}

/* Without -n, all of them, each where it belongs; with it, that one, where we are. */
static void namespaces(json_t *all, const char *file)
{
	bool found = !options.netns;
	json_t *saved;
	size_t i;
	int err;

	json_array_foreach(all, i, saved) {
		const char *name = json_string_value(json_object_get(saved, "netns"));

		if (!is_namespace(saved)) {
			netns = NULL;
			left_out("entry %zu of namespaces is not what save prints: not restored",
				 i + 1);
			continue;
		}
		if (options.netns && (!name || strcmp(name, options.netns)))
			continue;
		found = true;
		netns = name;
		err = 0;
		if (name && !options.netns && strchr(name, '/'))
			err = -EINVAL;
		else if (name && !options.netns)
			err = netns_enter(name);
		if (err) {
			left_out("nothing of this namespace is restored: %s", strerror(-err));
			continue;
		}
		if (!options.netns) {
			if (!name)
				netns_return();
			netlink_open();
		}
		one(saved);
	}
	if (!found)
		die(EXIT_USAGE, "%s has nothing of network namespace \"%s\"", file,
		    options.netns);
}

int cmd_restore(int argc, char **argv)
{
	const char *name;
	json_t *all, *list;
	json_error_t error;
	json_int_t format;

	if (argc && !strcmp(argv[0], "--exact")) {
		exact = true;
		argc--;
		argv++;
	}
	name = argc ? argv[0] : "standard input";
	if (argc > 1)
		no_arguments("restore FILE", argc - 1, argv + 1);
	all = argc ? json_load_file(name, JSON_REJECT_DUPLICATES, &error) :
		     json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
	if (!all && json_error_code(&error) == json_error_cannot_open_file)
		die(EXIT_USAGE, "%s: %s", name, strerror(errno));
	if (!all)
		die(EXIT_USAGE, "%s is not what \"tcptrackctl save\" prints: line %d: %s", name,
		    error.line, error.text);
	if (json_unpack(all, "{s:I, s:o}", SAVE_FORMAT, &format, "namespaces", &list) ||
	    !json_is_array(list) || format < 1)
		die(EXIT_USAGE, "%s is not what \"tcptrackctl save\" prints", name);
	if (format > SAVE_NUMBER)
		left_out("%s was written by a newer tcptrackctl (%s %lld, this one knows %d): %s",
			 name, "format", (long long)format, SAVE_NUMBER,
			 "what is known of it is restored");
	namespaces(list, name);
	json_decref(all);
	return all_restored ? 0 : EXIT_PARTLY;
}
