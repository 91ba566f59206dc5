/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef METRICS_H
#define METRICS_H

#include <stdint.h>

#include "meanings.h"

/* What metrics.c and metrics_listeners.c share. A name is without "tcptrack_". */

/* HELP and TYPE. */
void metric_head(const char *name, const char *suffix, const char *type, const char *help);

/* A sample: its name, then its labels, escaped, then its number and a line end. */
void metric_begin(const char *name, const char *suffix);
void metric_label(const char *name, const char *value);
void metric_number(uint64_t n);
void metric_ms(uint64_t ms);	/* as seconds */

/* What a name means, in a line. */
const char *metric_help(enum means kind, const char *name);

/* Those of each listener. */
void metrics_listeners(void);

#endif /* METRICS_H */
