// SPDX-License-Identifier: GPL-2.0-only
/* top: its screen of help. */

#include "tcptrackctl.h"
#include "top.h"

#define WHAT	11
#define SECOND	43	/* column of the second half */

/* One or two of them in a row; a row without a key is a heading. */
static const struct {
	const char *key, *what, *key2, *what2;
} lines[] = {
	{ "", "Keys", "", "" },
	{ "q", "quit", "?", "this, and back" },
	{ "p", "pause, and go on", "+ -", "longer, shorter interval" },
	{ "↑ ↓", "scroll (or k, j)", "t", "states: all, busy, none" },
	{ "PgUp PgDn", " by a page", "Home End", " to the ends (or g, G)" },
	{ "< >", "sort by the next column (or ← →)", "", "" },
	{ "r", "the other way round", "L M", "sort by name, mode" },
	{ "H P A", "half-open, peak, accept queue", "S C D", "SYNs, cookies, drops" },
	{ "", "Of the namespace, a second", "", "" },
	{ "SYN", "SYNs that found a listener", "cookies", "of these, so answered" },
	{ "dropped", "of these, over a limit", "accept", "of these, at a full queue" },
	{ "valid", "ACKs with a good cookie", "invalid", "in cookie mode, without" },
	{ "", "States", "", "" },
	{ "LOCAL", "ends on this host", "REMOTE", "their peers" },
	{ "FORWARD", "both ends of what passes", "ENTER/S", "local ends, a second" },
	{ "", "Listeners: what is in cookie mode is yellow", "", "" },
	{ "QUEUE", "half-open connections, of their limit; the mark is the peak", "", "" },
	{ "ACCEPTQ", "connections that wait for accept(), of the backlog; red: full", "", "" },
	{ "SYN/S", "SYNs", "COOK/S", "cookies sent" },
	{ "DROP/S", "SYNs that nobody answers: over a limit, or at a full queue", "", "" },
	{ "MODE", "cookie; or always, never, as \"tcptrackctl listener set\" has it", "", "" },
};

void help_put(struct frame *frame)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (!lines[i].key[0]) {
			frame_fill(frame, i, 0, STYLE_HEAD);
			frame_put(frame, i, 0, STYLE_HEAD, "%s", lines[i].what);
			continue;
		}
		frame_put(frame, i, 1, STYLE_BOLD, "%s", lines[i].key);
		frame_put(frame, i, WHAT, STYLE_TEXT, "%s", lines[i].what);
		frame_put(frame, i, SECOND, STYLE_BOLD, "%s", lines[i].key2);
		frame_put(frame, i, SECOND + WHAT - 2, STYLE_TEXT, "%s", lines[i].what2);
	}
	frame_put(frame, frame->rows - 1, 1, STYLE_DIM, "tcptrackctl explain NAME says more");
}
