/* SPDX-License-Identifier: GPL-2.0-only */
/* For the programs that put segments into the hooks of module/ in user space (ukernel.h). */
#ifndef TCPTRACK_UKERNEL_TEST_H
#define TCPTRACK_UKERNEL_TEST_H

#include "ukernel.h"

#include "flow.h"
#include "local.h"
#include "net.h"
#include "track.h"

#define UK_FLOWS	8
#define UK_TEXT		16

struct uk {
	struct tt_net tn;
	struct tt_stats stats;
	struct tt_flow *flows[UK_FLOWS];	/* the table */
	struct sock *sk;	/* what a look-up of the tuple finds */
	bool host;		/* the addresses are this host's */
	bool no_memory;
	u16 ports;		/* added to those of uk_segment() and uk_flow() */
};

extern struct uk uk;

void uk_init(void);

/* An IPv4 segment from 10.0.0.1:1000 (@from 0) or 10.0.0.2:1001 (1) at a hook. */
unsigned int uk_segment(u8 hook, u32 from, const struct tt_seg *seg, struct sock *sk);

/* The key of these segments, and their flow, if there is one. */
void uk_key(struct tt_key *key);
struct tt_flow *uk_flow(void);

/* Gauges, counters and flows agree, or the program ends. */
void uk_account(void);

/* Every flow and every count. */
void uk_forget(void);

/* Any packet; no lock may be held afterwards. */
unsigned int uk_hook(u8 hook, u8 pf, struct sk_buff *skb);

#endif /* TCPTRACK_UKERNEL_TEST_H */
