/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SAVE_H
#define SAVE_H

#include <stdbool.h>

/*
 * The file: an object with SAVE_FORMAT, what wrote it ("version"), and "namespaces", a list of
 * objects: "netns" (a name of ip-netns(8), or null for the one where save ran), "settings" as
 * "settings -j" has them, and "listeners", a list of those that have settings: "family",
 * "address", "port", "device" (a name, or ""), "overflow", "cookie_mode", and "limit", if one is
 * set: there is no other word for the namespace's. What is added later does not change the
 * format's number as long as a reader of before may do without it.
 */
#define SAVE_FORMAT	"tcptrack_settings"
#define SAVE_NUMBER	1

struct nlattr;

/* Whether a listener has a setting of its own, by what the module says of it. */
bool save_is_set(struct nlattr **attrs);

#endif /* SAVE_H */
