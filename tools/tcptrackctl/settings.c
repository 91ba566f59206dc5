// SPDX-License-Identifier: GPL-2.0-only
/* settings, set: net.tcptrack of the namespace. */

#include <stdio.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static const char * const overflow_words[] = {
	[TCPTRACK_OVERFLOW_COOKIE] = "cookie",
	[TCPTRACK_OVERFLOW_RECYCLE] = "recycle",
	[TCPTRACK_OVERFLOW_DROP] = "drop",
	NULL
};

static const char * const early_words[] = {
	[TCPTRACK_EARLY_OFF] = "off",
	[TCPTRACK_EARLY_PREROUTING] = "prerouting",
	[TCPTRACK_EARLY_INGRESS] = "ingress",
	NULL
};

static const char * const reply_words[] = {
	[TCPTRACK_REPLY_ROUTE] = "route",
	[TCPTRACK_REPLY_REFLECT] = "reflect",
	NULL
};

static const struct {
	const char *name;
	uint16_t attr;
	const char * const *words;
} settings[] = {
#define S(name, NAME, words) { #name, TCPTRACK_A_SETTINGS_##NAME, words }
	S(mode, MODE, mode_words),
	S(overflow, OVERFLOW, overflow_words),
	S(forward, FORWARD, NULL),
	S(early, EARLY, early_words),
	S(reply, REPLY, reply_words),
	S(flows_max, FLOWS_MAX, NULL),
	S(halfopen_max, HALFOPEN_MAX, NULL),
	S(halfopen_listener_max, HALFOPEN_LISTENER_MAX, NULL),
	S(halfopen_source_max, HALFOPEN_SOURCE_MAX, NULL),
	S(halfopen_timeout_min, HALFOPEN_TIMEOUT_MIN, NULL),
	S(cookie_start, COOKIE_START, NULL),
	S(cookie_end, COOKIE_END, NULL),
	S(cookie_min_time, COOKIE_MIN_TIME, NULL),
	S(cookie_resets, COOKIE_RESETS, NULL),
#undef S
};

static const char early_devices[] = "early_devices";
static bool odd;	/* JSON does not have it */

static void read_all(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *devices = attrs[TCPTRACK_A_SETTINGS_EARLY_DEVICES];
	json_t *all = arg;
	size_t i;

	odd = false;
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		uint32_t n = netlink_uint(attrs[settings[i].attr]);

		if (!attrs[settings[i].attr])	/* of an older module */
			continue;
		json_object_set_new(all, settings[i].name, settings[i].words ?
				    json_string(word(settings[i].words, n)) : json_integer(n));
	}
	if (devices)
		odd = json_object_set_new(all, early_devices,
					  json_string(mnl_attr_get_str(devices)));
}

json_t *settings_read(const char **not_utf8)
{
	json_t *all = json_object();

	netlink_run(netlink_request(TCPTRACK_CMD_SETTINGS_GET, false), read_all,
		    TCPTRACK_A_SETTINGS_MAX, all);
	*not_utf8 = odd ? early_devices : NULL;
	return all;
}

bool settings_is(const json_t *all, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(all, name));

	return text && !strcmp(text, value);
}

int cmd_settings(int argc, char **argv)
{
	const char *name, *not_utf8;
	json_t *all, *value;

	no_arguments("settings", argc, argv);
	all = settings_read(&not_utf8);
	if (not_utf8)
		fprintf(stderr, "tcptrackctl: %s is not shown: it is not UTF-8\n", not_utf8);
	if (options.json) {
		print_json(all);
		return not_utf8 ? EXIT_PARTLY : 0;
	}
	json_object_foreach(all, name, value) {
		if (json_is_string(value))
			printf("%s = %s\n", name, json_string_value(value));
		else
			printf("%s = %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
	}
	json_decref(all);
	return not_utf8 ? EXIT_PARTLY : 0;
}

/* More is not for the kernel to refuse. */
#define DEVICES_TEXT	1024

/* There is room for each of them once. */
static void once(bool *named, uint16_t attr, const char *name)
{
	if (named[attr])
		die(EXIT_USAGE, "%s is set twice", name);
	named[attr] = true;
}

/* NAME and VALUE. */
static void put(struct nlmsghdr *nlh, bool *named, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcmp(settings[i].name, name))
			continue;
		once(named, settings[i].attr, name);
		mnl_attr_put_u32(nlh, settings[i].attr, value_of(name, settings[i].words, value));
		return;
	}
	if (strcmp(name, early_devices))
		die(EXIT_USAGE, "no setting is called \"%s\" (\"tcptrackctl settings\" lists them)",
		    name);
	if (strlen(value) > DEVICES_TEXT)
		die(EXIT_USAGE, "%s are too many", early_devices);
	once(named, TCPTRACK_A_SETTINGS_EARLY_DEVICES, name);
	mnl_attr_put_strz(nlh, TCPTRACK_A_SETTINGS_EARLY_DEVICES, value);
}

static const char *put_value(struct nlmsghdr *nlh, size_t i, const json_t *value)
{
	const char * const *words = settings[i].words, *text = json_string_value(value);
	json_int_t n = json_integer_value(value);

	if (!words && (!json_is_integer(value) || n < 0 || n > UINT32_MAX))
		return "is no number that a setting can be";
	for (n = words ? 0 : n; words && (!text || strcmp(words[n], text)); n++) {
		if (!text || !words[n + 1])
			return "is no word that this program knows";
	}
	mnl_attr_put_u32(nlh, settings[i].attr, n);
	return NULL;
}

const char *settings_put(struct nlmsghdr *nlh, const char *name, const json_t *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!strcmp(settings[i].name, name))
			return put_value(nlh, i, value);
	}
	if (strcmp(name, early_devices))
		return "is no setting that this program knows";
	if (!json_is_string(value) || json_string_length(value) > DEVICES_TEXT)
		return "is no list of devices";
	mnl_attr_put_strz(nlh, TCPTRACK_A_SETTINGS_EARLY_DEVICES, json_string_value(value));
	return NULL;
}

int cmd_set(int argc, char **argv)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_SETTINGS_SET, false);
	bool named[TCPTRACK_A_SETTINGS_MAX + 1] = { };
	char *value;
	int i;

	if (!argc)
		die(EXIT_USAGE, "set what? NAME=VALUE... (\"tcptrackctl settings\" lists them)");
	for (i = 0; i < argc; i++) {
		value = strchr(argv[i], '=');
		if (!value)
			die(EXIT_USAGE, "\"%s\" is not NAME=VALUE", argv[i]);
		*value++ = '\0';
		put(nlh, named, argv[i], value);
	}
	netlink_run(nlh, NULL, 0, NULL);
	return 0;
}
