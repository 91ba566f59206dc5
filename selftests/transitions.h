/* SPDX-License-Identifier: GPL-2.0-only */
/* What transitions_read.c takes out of a tracefs instance. */
#ifndef TRANSITIONS_H
#define TRANSITIONS_H

#include <stdbool.h>
#include <stddef.h>

struct tuple {
	unsigned char saddr[16], daddr[16];	/* IPv4: mapped */
	unsigned short sport, dport;
};

enum kind {
	STACK,		/* sock:inet_sock_set_state */
	TRACKER,	/* tcptrack:tcptrack_state */
};

struct event {
	unsigned long long ts;		/* of trace_clock counter */
	unsigned long long order;	/* of those with the same ts */
	unsigned long long id;		/* the socket, or the namespace of the flow */
	struct tuple tuple;
	unsigned int dev;
	bool adopted;			/* the flow was made from its socket */
	enum kind kind;
	unsigned char old, new;		/* as recorded */
};

/* All events, unordered, to be freed; false, and said why, if any was lost. */
bool read_events(const char *instance, struct event **events, size_t *n);

/* The last thing written to trace_marker before that time, or "". */
const char *mark_before(unsigned long long ts);

#endif /* TRANSITIONS_H */
