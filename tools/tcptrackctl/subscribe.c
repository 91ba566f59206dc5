// SPDX-License-Identifier: GPL-2.0-only
/* monitor state FILTER...: what of the flows is told, and which flows. */

#include <string.h>
#include <strings.h>
#include <linux/tcptrack.h>

#include "tcptrackctl.h"

static void put_family(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	if (options.family)	/* -4, -6 */
		die(EXIT_USAGE, "%s is given twice", f->name);
	mnl_attr_put_u16(nlh, f->attr, filter_family(text));
}

static uint32_t bit_of(const char *what, const char * const *words, const char *text)
{
	uint32_t i;

	for (i = 0; words[i]; i++) {
		if (!strcasecmp(words[i], text))
			return 1U << i;
	}
	die(EXIT_USAGE, "no %s is called \"%s\"", what, text);
}

static uint32_t side(const char *text)
{
	return bit_of("side", side_words, text);
}

static uint32_t reason(const char *text)
{
	return bit_of("reason", close_words, text);
}

/* WORD[,WORD]..., or "none". */
static void put_mask(struct nlmsghdr *nlh, uint16_t attr, bit_fn bit, const char *text)
{
	mnl_attr_put_u32(nlh, attr, strcmp(text, "none") ? filter_mask(text, bit) : 0);
}

static void put_side(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	put_mask(nlh, f->attr, side, text);
}

static void put_state(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	put_mask(nlh, f->attr, filter_state, text);
}

static void put_reason(struct nlmsghdr *nlh, const struct filter *f, const char *text)
{
	put_mask(nlh, f->attr, reason, text);
}

void subscribe(int argc, char **argv)
{
#define A(name)	TCPTRACK_A_SUBSCRIPTION_##name
	static const struct filter filters[] = {
		{ "family", put_family, A(FAMILY), 0 },
		{ "addr", filter_addr, A(ADDR), A(PREFIX_LEN) },
		{ "port", filter_port, A(PORT), 0 },
		{ "side", put_side, A(SIDES), 0 },
		{ "state", put_state, A(STATES), 0 },
		{ "reason", put_reason, A(REASONS), 0 },
		{ }
	};
#undef A
	struct nlmsghdr *nlh = netlink_request(TCPTRACK_CMD_SUBSCRIPTION_SET, false);

	filter_read(filters, nlh, argc, argv);
	if (options.family)
		mnl_attr_put_u16(nlh, filters[0].attr, options.family);
	netlink_run(nlh, NULL, 0, NULL);
}
