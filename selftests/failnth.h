/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAILNTH_H
#define FAILNTH_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct failnth_action - what is done again and again
 * @name: the first word of the command line
 * @set_up: once, with the other words
 * @begin: before each time, without a fault
 * @run: it, with a fault; 0 or an errno
 * @wrong: after each time, without a fault: what is not as this result of @run demands, or
 *	NULL; and all is as it was before @begin
 * @slow: it is not done without a fault after each one, but only at the end
 * @passes: of these errnos of the stack it is not told whether it was done
 */
struct failnth_action {
	const char *name;
	void (*set_up)(char **args);
	void (*begin)(void);
	int (*run)(void);
	const char *(*wrong)(int err);
	bool (*passes)(int err);
	bool slow;
};

extern const struct failnth_action failnth_insmod, failnth_do, failnth_dump, failnth_connect;

/* Only what the module's own code asks for may fail (-o); whether the last one did. */
extern bool failnth_ours, failnth_hit;

/* How many things were refused, and counted, where no error tells. */
extern unsigned long failnth_counted;

/* It cannot go on. */
void failnth_die(const char *what) __attribute__((noreturn));

/* All of a file, in a buffer that the next call overwrites; NULL, and errno. */
const char *failnth_text(const char *path);

/* A value of /proc/net/tcptrack of this namespace. */
unsigned long failnth_value(const char *name);

/*
 * One connection over loopback: four segments, each sent and received. Return: how many of
 * them were seen, or -1.
 */
int failnth_seen(void);
#define FAILNTH_SEGMENTS	8

#endif /* FAILNTH_H */
