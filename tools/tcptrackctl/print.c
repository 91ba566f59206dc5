// SPDX-License-Identifier: GPL-2.0-only
/* Names, values, addresses and JSON. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

const char * const state_names[] = {
	[TCPTRACK_STATE_LISTEN] = "LISTEN",
	[TCPTRACK_STATE_SYN_SENT] = "SYN_SENT",
	[TCPTRACK_STATE_SYN_RECEIVED] = "SYN_RECEIVED",
	[TCPTRACK_STATE_ESTABLISHED] = "ESTABLISHED",
	[TCPTRACK_STATE_FIN_WAIT_1] = "FIN_WAIT_1",
	[TCPTRACK_STATE_FIN_WAIT_2] = "FIN_WAIT_2",
	[TCPTRACK_STATE_CLOSE_WAIT] = "CLOSE_WAIT",
	[TCPTRACK_STATE_CLOSING] = "CLOSING",
	[TCPTRACK_STATE_LAST_ACK] = "LAST_ACK",
	[TCPTRACK_STATE_TIME_WAIT] = "TIME_WAIT",
	[TCPTRACK_STATE_CLOSED] = "CLOSED",
	NULL
};

const char * const mode_words[] = {
	[TCPTRACK_MODE_ENFORCE] = "enforce",
	[TCPTRACK_MODE_MONITOR] = "monitor",
	[TCPTRACK_MODE_OFF] = "off",
	NULL
};

const char * const listener_words[] = {
	[TCPTRACK_LISTENER_MODE_NORMAL] = "normal",
	[TCPTRACK_LISTENER_MODE_COOKIE] = "cookie",
	NULL
};

const char * const class_words[] = {
	[TCPTRACK_FLOOD_CLASS_SLOW_ACCEPT] = "slow_accept",
	[TCPTRACK_FLOOD_CLASS_CROWD] = "crowd",
	[TCPTRACK_FLOOD_CLASS_FEW_SOURCES] = "few_sources",
	[TCPTRACK_FLOOD_CLASS_SPOOFED] = "spoofed",
	NULL
};

const char *word(const char * const *words, uint32_t n)
{
	uint32_t i;

	for (i = 0; words[i]; i++) {
		if (i == n)
			return words[i];
	}
	return "?";
}

void append(char *text, size_t size, const char *more)
{
	size_t n = strlen(text);

	snprintf(text + n, size - n, "%s", more);
}

/* "a, b or c" */
static const char *choices(const char * const *words)
{
	static char text[128];
	size_t i;

	*text = '\0';
	for (i = 0; words[i]; i++) {
		append(text, sizeof(text), !i ? "" : words[i + 1] ? ", " : " or ");
		append(text, sizeof(text), words[i]);
	}
	return text;
}

uint32_t value_of(const char *name, const char * const *words, const char *text)
{
	unsigned long n;
	uint32_t i;
	char *rest;

	for (i = 0; words && words[i]; i++) {
		if (!strcmp(words[i], text))
			return i;
	}
	if (words)
		die(EXIT_USAGE, "%s is %s, not \"%s\"", name, choices(words), text);
	errno = 0;
	n = strtoul(text, &rest, 10);
	if (*text < '0' || *text > '9' || *rest || errno || n > UINT32_MAX)
		die(EXIT_USAGE, "%s is a number, not \"%s\"", name, text);
	return n;
}

const char *family_name(uint16_t family)
{
	return family == AF_INET ? "ipv4" : "ipv6";
}

const char *address(const struct nlattr *addr)
{
	static char text[4][INET6_ADDRSTRLEN];
	static unsigned int n;
	char *to = text[n++ % 4];

	switch (addr ? mnl_attr_get_payload_len(addr) : 0) {
	case sizeof(struct in_addr):
		return inet_ntop(AF_INET, mnl_attr_get_payload(addr), to, INET6_ADDRSTRLEN);
	case sizeof(struct in6_addr):
		return inet_ntop(AF_INET6, mnl_attr_get_payload(addr), to, INET6_ADDRSTRLEN);
	}
	return "?";
}

unsigned int port_number(const struct nlattr *attr)
{
	return attr ? ntohs(mnl_attr_get_u16(attr)) : 0;
}

const char *endpoint(const struct nlattr *addr, const struct nlattr *attr)
{
	static char text[4][INET6_ADDRSTRLEN + sizeof("[]:65535")];
	bool four = addr && mnl_attr_get_payload_len(addr) == 4;
	static unsigned int n;
	char *to = text[n++ % 4];

	snprintf(to, sizeof(text[0]), four ? "%s:%u" : "[%s]:%u", address(addr),
		 port_number(attr));
	return to;
}

static size_t json_flags(void)
{
	return options.pretty ? JSON_INDENT(4) : JSON_COMPACT;
}

static void dump(const json_t *value)
{
	errno = 0;
	if (value && !json_dumpf(value, stdout, json_flags()))
		return;
	if (value && ferror(stdout))
		not_printed(errno);
	die(EXIT_REFUSED, "no memory");
}

void print_json(json_t *value)
{
	dump(value);
	putchar('\n');
	json_decref(value);
}

/* An element a line, so that a million of them need no memory. */
static const char *list_header;
static bool list_started;

void list_begin(const char *header)
{
	list_header = header;
	list_started = false;
}

void list_next(void)
{
	if (options.json)
		puts(list_started ? "," : "[");
	else if (!list_started)
		puts(list_header);
	list_started = true;
}

void list_add(json_t *value)
{
	list_next();
	dump(value);
	json_decref(value);
}

void list_end(void)
{
	if (options.json)
		puts(list_started ? "\n]" : "[]");
	else if (!list_started)
		list_next();
}
