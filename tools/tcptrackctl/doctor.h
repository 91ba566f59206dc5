/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Tells of a finding: what is wrong (a sentence), and the command that mends it. "@" at the
 * beginning of the command: it is to be run in the namespace that is looked at. An empty
 * command is not told.
 */
void __attribute__((format(printf, 2, 3))) doctor_found(const char *command, const char *format,
							...);

/* Whether a shell takes a name as it is: else it belongs in no command. */
bool doctor_is_plain(const char *name);

/* Says that the check could not look. */
void doctor_cannot(const char *why);

/* --- doctor_netlink.c: checks --- */

void check_early(void);
void check_flowtable(void);
void check_xdp(void);

/* --- doctor_iptables.c --- */

/*
 * A chain of iptables behind the early hook, here or at ingress, that lets not everything pass:
 * what it is called, or, if there is none, what was there before.
 */
void doctor_iptables(char *chain, size_t size, bool at_ingress);

/* --- doctor.c: for checks --- */

/* The number in a file, or -1. */
long long doctor_number(const char *path);

/* Whether net.tcptrack has the setting, and it is this word; and it is not 0. */
bool doctor_setting_is(const char *name, const char *word);
bool doctor_setting_on(const char *name);

/* Whether the file has a line that begins so; false if there is no such file. */
bool doctor_has_line(const char *path, const char *begin);

#endif /* DOCTOR_H */
