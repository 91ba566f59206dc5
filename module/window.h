/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_WINDOW_H
#define TCPTRACK_WINDOW_H

#include "state.h"

/* Sequence space is a circle: a is before b (RFC 9293, 3.4). */
static inline bool tt_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/* The octet after the segment; SYN and FIN count one each. */
static inline u32 tt_seg_end(const struct tt_seg *seg)
{
	return seg->seq + seg->len + !!(seg->flags & TT_SYN) + !!(seg->flags & TT_FIN);
}

/*
 * What a segment tells about the variables of an endpoint (RFC 9293, 3.3.1): a
 * SYN that it received, a SYN that it sent, the window that it offers, and
 * whatever else it sends.
 */
void tt_learn_irs(struct tt_endpoint *ep, const struct tt_seg *seg);
void tt_learn_iss(struct tt_endpoint *ep, const struct tt_seg *seg);
void tt_learn_window(struct tt_endpoint *ep, const struct tt_seg *seg);
void tt_learn_sent(struct tt_endpoint *ep, const struct tt_seg *seg);

#endif /* TCPTRACK_WINDOW_H */
