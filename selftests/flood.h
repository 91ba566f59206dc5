/* SPDX-License-Identifier: GPL-2.0-only */
/* flood: what its files share. */
#ifndef FLOOD_H
#define FLOOD_H

#include <stdbool.h>
#include <stdint.h>

extern int family;
extern int port;
extern long count;
extern long sources;

int64_t now_ns(void);

/* How many pairs of @n values are equal; sorts them. */
long pairs(uint64_t *values, long n);

/* The number of the SYN that came from there. */
long number_of(const uint8_t *source, int source_port);

/* From now on SYN-ACKs that come in by that device are seen. */
bool answers_begin(int ifindex);

/* Takes those that are there, and waits @ms for each new one while some are missing. */
void answers_collect(int ms);

/* Writes them to @file, prints what the comment of flood.c says. */
bool answers_tell(const char *file);

#endif
