/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEANINGS_H
#define MEANINGS_H

/* What a name is the name of. */
enum means {
	MEANS_VALUE = 1,	/* of /proc/tcptrack */
	MEANS_COUNTER,
	MEANS_LISTENER,		/* columns */
	MEANS_FLOW,
	MEANS_FLAG,		/* of a flow */
	MEANS_STATE,		/* of RFC 9293 */
	MEANS_SIDE,		/* columns of the table of states */
	MEANS_SETTING,
	MEANS_PARAMETER,	/* of the module */
	MEANS_CLASS,		/* of a flood */
	MEANS_METRIC,		/* whose name is not that of a value */
};

struct meaning {
	enum means kind;
	const char *name;
	const char *what;	/* "" if more says it; of a setting its values and default */
	const char *more;	/* or "" */
};

/* Ends with one whose kind is 0. */
extern const struct meaning meanings[];

/* NULL if there is none. */
const struct meaning *meaning_of(enum means kind, const char *name);

#endif /* MEANINGS_H */
