// SPDX-License-Identifier: GPL-2.0-only
/* settings, set: net.tcptrack of the namespace. */

#include <stdio.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static const char * const overflow_words[] = { "cookie", "recycle", "drop", NULL };
static const char * const early_words[] = { "off", "prerouting", "ingress", NULL };
static const char * const reply_words[] = { "route", "reflect", NULL };

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

static void show(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	const struct nlattr *devices = attrs[TCPTRACK_A_SETTINGS_EARLY_DEVICES];
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		uint32_t n = netlink_uint(attrs[settings[i].attr]);
		const char *name = settings[i].name, *text = NULL;

		if (settings[i].words)
			text = word(settings[i].words, n);
		json_object_set_new(all, name, text ? json_string(text) : json_integer(n));
		if (!options.json && text)
			printf("%s = %s\n", name, text);
		else if (!options.json)
			printf("%s = %u\n", name, n);
	}
	json_object_set_new(all, "early_devices",
			    json_string(devices ? mnl_attr_get_str(devices) : ""));
	if (options.json) {
		print_json(all);
		return;
	}
	printf("early_devices = %s\n", devices ? mnl_attr_get_str(devices) : "");
	json_decref(all);
}

int cmd_settings(int argc, char **argv)
{
	no_arguments("settings", argc, argv);
	netlink_run(netlink_request(TCPTRACK_CMD_SETTINGS_GET, false), show,
		    TCPTRACK_A_SETTINGS_MAX, NULL);
	return 0;
}

static const char early_devices[] = "early_devices";

/* More is not for the kernel to refuse. */
#define DEVICES_TEXT	1024

/* NAME and VALUE; returns its attribute. */
static uint16_t put(struct nlmsghdr *nlh, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		if (strcmp(settings[i].name, name))
			continue;
		mnl_attr_put_u32(nlh, settings[i].attr, value_of(name, settings[i].words, value));
		return settings[i].attr;
	}
	if (strcmp(name, early_devices))
		die(EXIT_USAGE, "no setting is called \"%s\" (\"tcptrackctl settings\" lists them)",
		    name);
	if (strlen(value) > DEVICES_TEXT)
		die(EXIT_USAGE, "%s are too many", early_devices);
	mnl_attr_put_strz(nlh, TCPTRACK_A_SETTINGS_EARLY_DEVICES, value);
	return TCPTRACK_A_SETTINGS_EARLY_DEVICES;
}

int cmd_set(int argc, char **argv)
{
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_SETTINGS_SET, false);
	bool named[TCPTRACK_A_SETTINGS_MAX + 1] = { };
	uint16_t attr;
	char *value;
	int i;

	if (!argc)
		die(EXIT_USAGE, "set what? NAME=VALUE... (\"tcptrackctl settings\" lists them)");
	for (i = 0; i < argc; i++) {
		value = strchr(argv[i], '=');
		if (!value)
			die(EXIT_USAGE, "\"%s\" is not NAME=VALUE", argv[i]);
		*value++ = '\0';
		attr = put(nlh, argv[i], value);
		if (named[attr])
			die(EXIT_USAGE, "%s is set twice", argv[i]);
		named[attr] = true;
	}
	netlink_run(nlh, NULL, 0, NULL);
	return 0;
}
