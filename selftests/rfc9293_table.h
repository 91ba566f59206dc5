/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RFC 9293 as a table, written from the RFCs and from module/state.h alone,
 * never from module/state.c: it is what rfc9293.c holds the machine against.
 *
 * A segment that arrives goes through the steps of 3.10.7 in their order. In
 * each step the first row that fits decides: it ends the walk with an event, or
 * (no event) takes the endpoint to a state and passes the segment to the next
 * step. A segment that leaves needs one step: it tells which arrow of figure 5
 * its sender took.
 *
 * Where the RFCs fix what the endpoint does but not what it is called, a row
 * names all the events that would be right.
 */
#ifndef TCPTRACK_RFC9293_TABLE_H
#define TCPTRACK_RFC9293_TABLE_H

#include "state.h"

/* What a row may ask of an endpoint and a segment besides state and flags. */
#define F_PASSIVE	0x001	/* came from LISTEN */
#define F_ACTIVE	0x002	/* came from SYN_SENT */
#define F_FIN_SENT	0x004	/* its FIN has left */
#define F_NO_FIN	0x008	/* its FIN has not left */
#define F_RFC1337	0x010	/* keeps TIME_WAIT through a RST */
#define F_DATA		0x020	/* the segment carries text */
#define F_NOSEQ		0x040	/* SYN_RECEIVED, its SYN,ACK not sent yet */
#define F_ISN		0x080	/* starts where the SYN did: at IRS, or sent, at ISS */
#define F_SAME_END	0x100	/* ends at RCV.NXT, or sent, at SND.NXT */
#define F_TRIMMED	0x200	/* its end, a FIN included, lies beyond the window */
#define F_NEWER		0x400	/* starts after RCV.NXT */
#define F_SHUT		0x800	/* starts at RCV.NXT, and RCV.WND is 0 */

/**
 * struct rfc_row - one rule
 * @states: bit mask of enum tt_state
 * @set: flags that must be set
 * @clear: flags that must not be set
 * @seq: bit mask of enum tt_seqrel; of enum rfc_sent for what leaves
 * @ack: bit mask of enum tt_ackrel
 * @facts: F_* that must hold
 * @to: state after it, %STAY, or either of both with %OR_STAY
 * @events: bit mask of the events that fit; 0 goes on to the next step
 * @rfc: where it is written
 */
struct rfc_row {
	u16 states;
	u8 set;
	u8 clear;
	u8 seq;
	u8 ack;
	u16 facts;
	u8 to;
	u32 events;
	const char *rfc;
};

/* Where a segment that leaves lies in what its sender sent before. */
enum rfc_sent {
	RFC_AT,			/* starts at SND.NXT */
	RFC_OVER,		/* starts in SND.UNA..SND.NXT, ends after it */
	RFC_GAP,		/* starts after SND.NXT */
	RFC_AGAIN,		/* starts in SND.UNA..SND.NXT, ends in it */
	RFC_BACK,		/* starts before SND.UNA */
};

#define STAY		0x40
#define OR_STAY		0x80
#define ANY		0xff
#define FIN		TT_FIN
#define SYN		TT_SYN
#define RST		TT_RST
#define ACK		TT_ACK

#define S(state)	(1u << TT_##state)
#define Q(rel)		(1u << TT_SEQ_##rel)
#define W(rel)		(1u << RFC_##rel)
#define A(rel)		(1u << TT_ACK_##rel)
#define E(event)	(1u << TT_EV_##event)

#define S_NONE		(S(CLOSED) | S(LISTEN))
#define S_CLOSERS	(S(FIN_WAIT_1) | S(CLOSING) | S(LAST_ACK))
#define S_FIN_RCVD	(S(CLOSE_WAIT) | S(CLOSING) | S(LAST_ACK))
#define S_SYNCED	(S(ESTABLISHED) | S(FIN_WAIT_1) | S(FIN_WAIT_2) | S_FIN_RCVD | S(TIME_WAIT))
#define S_OTHERS	(S(SYN_RECEIVED) | S_SYNCED)
#define S_ALL		(S_NONE | S(SYN_SENT) | S_OTHERS)

#define Q_OUT		(Q(OLD) | Q(BEYOND))
#define A_GOOD		(A(NEW) | A(ALL))
#define A_BAD		(A(OLD) | A(DUP) | A(BEYOND))
#define W_NEW		(W(AT) | W(OVER))
#define W_KNOWN		(W(AGAIN) | W(BACK))
#define W_RST		(W(AT) | W(OVER) | W(AGAIN))

/* A FIN, or text, of a peer that had closed: ignored, the name is free. */
#define E_AFTER_FIN	(E(NONE) | E(UNEXPECTED) | E(FIN_RETRANS))
/* A SYN of a sender that is past it: not followed, the name is free. */
#define E_LATE_SYN	(E(SYN_RETRANS) | E(SYNACK_RETRANS) | E(UNEXPECTED) | E(TW_REOPEN))

/* 3.10.7.1 to 3.10.7.3: CLOSED, LISTEN, SYN_SENT. */
static const struct rfc_row rfc_early[] = {
	{ S(CLOSED), RST, 0, ANY, ANY, 0, STAY, E(RST_IGNORED), "9293 3.10.7.1" },
	{ S(CLOSED), 0, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.7.1" },

	{ S(LISTEN), RST, 0, ANY, ANY, 0, STAY, E(RST_IGNORED), "9293 3.10.7.2 first" },
	{ S(LISTEN), ACK, 0, ANY, ANY, 0, STAY, E(BAD_ACK), "9293 3.10.7.2 second" },
	{ S(LISTEN), SYN, 0, ANY, ANY, 0, TT_SYN_RECEIVED, E(NONE), "9293 3.10.7.2 third" },
	{ S(LISTEN), 0, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.7.2 fourth" },

	{ S(SYN_SENT), RST | ACK, 0, ANY, A_BAD, 0, STAY, E(RST_IGNORED), "9293 3.10.7.3 first" },
	{ S(SYN_SENT), ACK, 0, ANY, A_BAD, 0, STAY, E(BAD_ACK), "9293 3.10.7.3 first" },
	{ S(SYN_SENT), RST | ACK, 0, ANY, ANY, 0, TT_CLOSED, E(REFUSED), "9293 3.10.7.3 second" },
	{ S(SYN_SENT), RST, 0, ANY, ANY, 0, STAY, E(RST_IGNORED), "9293 3.10.7.3 second" },
	{ S(SYN_SENT), SYN | ACK | FIN, 0, ANY, ANY, 0, TT_CLOSE_WAIT, E(NONE),
	  "9293 3.10.7.3 fourth, 3.10.7.4 eighth" },
	{ S(SYN_SENT), SYN | ACK, 0, ANY, ANY, 0, TT_ESTABLISHED, E(NONE),
	  "9293 3.10.7.3 fourth" },
	{ S(SYN_SENT), SYN, 0, ANY, ANY, 0, TT_SYN_RECEIVED, E(SIMUL_OPEN),
	  "9293 3.10.7.3 fourth, 3.5 figure 7" },
	{ S(SYN_SENT), 0, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.7.3 fifth" },
	{ S_OTHERS, 0, 0, ANY, ANY, 0, STAY, 0, "9293 3.10.7.4" },
};

/* 3.10.7.4 first: the sequence number, and who may pass by without a good one. */
static const struct rfc_row rfc_first[] = {
	{ S(TIME_WAIT), SYN, ACK | RST | FIN, ANY, ANY, F_NEWER, STAY, E(TW_REOPEN),
	  "6191 2, 1122 4.2.2.13" },
	{ S(TIME_WAIT), SYN | FIN, ACK | RST, ANY, ANY, F_NEWER, STAY,
	  E(TW_REOPEN) | E(UNEXPECTED), "6191 2" },
	/* At RCV.NXT: 6191 could let it reopen, Linux acknowledges it. */
	{ S(TIME_WAIT), SYN, ACK | RST, Q(EXACT) | Q(BEYOND), ANY, 0, STAY, E(OLD_DUP), "6191 2" },
	{ S(TIME_WAIT), SYN, ACK | RST, Q(OVERLAP), ANY, 0, STAY, E(OLD_DUP) | E(CHALLENGE),
	  "9293 3.10.7.4 first, 5961 4.2" },
	{ S(SYN_RECEIVED), SYN, ACK | RST, ANY, ANY, F_ISN, STAY, E(SYN_RETRANS),
	  "9293 3.10.7.4 first, 3.8.1" },
	/* The figure lets it count, the text does not: RCV.NXT is IRS+1 already. */
	{ S(SYN_RECEIVED), SYN | ACK | FIN, RST, Q(OLD) | Q(OVERLAP), A_GOOD, F_ACTIVE | F_ISN,
	  TT_CLOSE_WAIT | OR_STAY, E(NONE) | E(OLD_DUP) | E(CHALLENGE),
	  "9293 3.5 figure 7, 3.10.7.4 first" },
	{ S(SYN_RECEIVED), SYN | ACK, RST, Q(OLD) | Q(OVERLAP), A_GOOD, F_ACTIVE | F_ISN,
	  TT_ESTABLISHED | OR_STAY, E(NONE) | E(OLD_DUP) | E(CHALLENGE),
	  "9293 3.5 figure 7, 3.10.7.4 first" },
	{ S(SYN_RECEIVED), SYN | ACK, RST, Q(OLD) | Q(OVERLAP), ANY, F_ACTIVE | F_ISN, STAY,
	  E(BAD_ACK) | E(OLD_DUP) | E(CHALLENGE), "9293 3.5 figure 7, 3.10.7.4 fifth" },

	{ S_OTHERS, RST, 0, Q_OUT, ANY, 0, STAY, E(RST_IGNORED), "9293 3.10.7.4 first, 5961 3.2" },
	{ S(TIME_WAIT), SYN, ACK, Q(OLD), ANY, 0, STAY, E(OLD_DUP), "6191 2, 9293 3.10.7.4 first" },
	{ S_SYNCED, SYN, 0, Q_OUT, ANY, 0, STAY, E(CHALLENGE), "5961 4.2 (whatever its number)" },
	{ S(TIME_WAIT), FIN | ACK, SYN, Q(OLD), ANY, F_SAME_END, STAY, E(TW_RESTART),
	  "9293 3.10.7.4 fifth and eighth" },
	{ S(TIME_WAIT), FIN, SYN | ACK, Q(OLD), ANY, F_SAME_END, STAY, E(TW_RESTART) | E(OLD_DUP),
	  "9293 3.10.7.4 first" },
	{ S_FIN_RCVD, FIN | ACK, SYN, Q(OLD), ANY, F_SAME_END, STAY, E(FIN_RETRANS),
	  "9293 3.10.7.4 first, 3.6" },
	{ S_FIN_RCVD, FIN, 0, Q(OLD), ANY, 0, STAY, E(FIN_RETRANS) | E(OLD_DUP),
	  "9293 3.10.7.4 first" },
	{ S_OTHERS, ACK, SYN | RST, Q(BEYOND), ANY, F_SHUT, STAY, 0,
	  "9293 3.10.7.4 first: special allowance for valid ACKs" },
	{ S_OTHERS, 0, 0, Q_OUT, ANY, 0, STAY, E(OLD_DUP), "9293 3.10.7.4 first" },
	{ S_OTHERS, 0, 0, ANY, ANY, 0, STAY, 0, "9293 3.10.7.4 first" },
};

/* 3.10.7.4 second: RST. */
static const struct rfc_row rfc_second[] = {
	{ S(TIME_WAIT), RST, 0, Q(EXACT), ANY, F_RFC1337, STAY, E(RST_IGNORED), "1337 3, F1" },
	{ S(TIME_WAIT), RST, 0, ANY, ANY, F_RFC1337, STAY, E(RST_IGNORED) | E(CHALLENGE),
	  "1337 3, F1; 5961 3.2" },
	{ S(TIME_WAIT), RST, 0, Q(EXACT), ANY, 0, TT_CLOSED, E(TW_ASSASSINATED),
	  "9293 3.10.7.4 second, 1337 2" },
	{ S(SYN_RECEIVED), RST, 0, Q(EXACT), ANY, F_PASSIVE, TT_LISTEN, E(RESET),
	  "9293 3.10.7.4 second" },
	{ S_OTHERS, RST, 0, Q(EXACT), ANY, 0, TT_CLOSED, E(RESET), "9293 3.10.7.4 second" },
	{ S_OTHERS, RST, 0, Q(AHEAD), ANY, 0, STAY, E(CHALLENGE), "5961 3.2" },
	/* Its number lies before the window, its text inside: drop or challenge. */
	{ S_OTHERS, RST, 0, Q(OVERLAP), ANY, 0, STAY, E(CHALLENGE) | E(RST_IGNORED), "5961 3.2" },
	{ S_OTHERS, 0, 0, ANY, ANY, 0, STAY, 0, "9293 3.10.7.4 second" },
};

/* 3.10.7.4 fourth: SYN. */
static const struct rfc_row rfc_fourth[] = {
	{ S(SYN_RECEIVED), SYN, 0, Q(EXACT) | Q(AHEAD), ANY, F_PASSIVE, TT_LISTEN,
	  E(RESET), "9293 3.10.7.4 fourth" },
	{ S_OTHERS, SYN, 0, ANY, ANY, 0, STAY, E(CHALLENGE), "9293 3.10.7.4 fourth, 5961 4.2" },
	{ S_OTHERS, 0, 0, ANY, ANY, 0, STAY, 0, "9293 3.10.7.4 fourth" },
};

/* 3.10.7.4 fifth: ACK. */
static const struct rfc_row rfc_fifth[] = {
	{ S_OTHERS, 0, ACK, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.7.4 fifth" },
	{ S(SYN_RECEIVED), ACK, 0, ANY, A_GOOD, 0, TT_ESTABLISHED, 0, "9293 3.10.7.4 fifth" },
	{ S(SYN_RECEIVED), ACK, 0, ANY, ANY, 0, STAY, E(BAD_ACK), "9293 3.10.7.4 fifth" },
	{ S_SYNCED, ACK, 0, ANY, A(BEYOND), 0, STAY, E(BAD_ACK), "9293 3.10.7.4 fifth, 5961 5.2" },
	{ S(FIN_WAIT_1), ACK, 0, ANY, A(ALL), F_FIN_SENT, TT_FIN_WAIT_2, 0,
	  "9293 3.10.7.4 fifth, FIN-WAIT-1" },
	{ S(CLOSING), ACK, 0, ANY, A(ALL), F_FIN_SENT, TT_TIME_WAIT, 0,
	  "9293 3.10.7.4 fifth, CLOSING" },
	{ S(CLOSING), ACK | FIN, 0, ANY, ANY, 0, STAY, E_AFTER_FIN,
	  "9293 3.10.7.4 fifth, CLOSING" },
	{ S(CLOSING), ACK, 0, ANY, ANY, F_DATA, STAY, E(NONE) | E(UNEXPECTED),
	  "9293 3.10.7.4 fifth, CLOSING" },
	{ S(CLOSING), ACK, 0, ANY, ANY, 0, STAY, E(NONE), "9293 3.10.7.4 fifth, CLOSING" },
	{ S(LAST_ACK), ACK, 0, ANY, A(ALL), F_FIN_SENT, TT_CLOSED, E(NONE),
	  "9293 3.10.7.4 fifth, LAST-ACK" },
	{ S(TIME_WAIT), ACK | FIN, 0, Q(EXACT) | Q(OVERLAP), ANY, 0, STAY, E(TW_RESTART),
	  "9293 3.10.7.4 fifth and eighth, TIME-WAIT" },
	{ S(TIME_WAIT), ACK, 0, Q(AHEAD) | Q(OVERLAP) | Q(BEYOND), ANY, 0, STAY,
	  E(TW_RESTART) | E_AFTER_FIN, "9293 3.10.7.4 fifth, TIME-WAIT" },
	{ S(TIME_WAIT), ACK, 0, ANY, ANY, F_DATA, STAY, E(TW_RESTART) | E_AFTER_FIN,
	  "9293 3.10.7.4 seventh, TIME-WAIT" },
	{ S(TIME_WAIT), ACK, 0, ANY, ANY, 0, STAY, E(TW_RESTART),
	  "9293 3.10.7.4 fifth, TIME-WAIT" },
	{ S_SYNCED, ACK, 0, ANY, ANY, 0, STAY, 0, "9293 3.10.7.4 fifth" },
};

/* 3.10.7.4 seventh and eighth: text and FIN. TIME_WAIT: CLOSING until the fifth. */
static const struct rfc_row rfc_eighth[] = {
	{ S(CLOSE_WAIT) | S(LAST_ACK), 0, FIN, ANY, ANY, F_DATA, STAY, E(NONE) | E(UNEXPECTED),
	  "9293 3.10.7.4 seventh" },
	{ S(TIME_WAIT), 0, FIN, ANY, ANY, F_DATA, STAY, E(NONE) | E(UNEXPECTED),
	  "9293 3.10.7.4 seventh" },
	{ S_SYNCED, 0, FIN, ANY, ANY, 0, STAY, E(NONE), "9293 3.10.7.4 seventh" },
	{ S(CLOSE_WAIT) | S(LAST_ACK), FIN, 0, ANY, ANY, 0, STAY, E_AFTER_FIN,
	  "9293 3.10.7.4 eighth, CLOSE-WAIT and LAST-ACK" },
	{ S(TIME_WAIT), FIN, 0, ANY, ANY, 0, STAY, E_AFTER_FIN | E(TW_RESTART),
	  "9293 3.10.7.4 eighth, TIME-WAIT" },
	{ S_SYNCED, FIN, 0, Q(AHEAD) | Q(BEYOND), ANY, 0, STAY, E(NONE),
	  "9293 3.10.7.4 first, SHLD-31" },
	{ S_SYNCED, FIN, 0, ANY, ANY, F_TRIMMED, STAY, E(NONE), "9293 3.10.7.4 first, trimming" },
	{ S(ESTABLISHED), FIN, 0, ANY, ANY, 0, TT_CLOSE_WAIT, E(NONE), "9293 3.10.7.4 eighth" },
	{ S(FIN_WAIT_1), FIN, 0, ANY, ANY, 0, TT_CLOSING, E(SIMUL_CLOSE),
	  "9293 3.10.7.4 eighth, FIN-WAIT-1" },
	{ S(FIN_WAIT_2), FIN, 0, ANY, ANY, 0, TT_TIME_WAIT, E(NONE),
	  "9293 3.10.7.4 eighth, FIN-WAIT-2" },
};

/* 3.3.2 figure 5 and 3.10.1 to 3.10.5: what a segment that leaves tells. */
static const struct rfc_row rfc_leaves[] = {
	{ S_NONE, RST, 0, ANY, ANY, 0, STAY, E(NONE), "9293 3.10.7.1, 3.10.7.2 second" },
	{ S_NONE, FIN, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.4" },
	{ S_NONE, SYN | ACK, 0, ANY, ANY, 0, TT_SYN_RECEIVED, E(NONE), "9293 3.10.7.2 third" },
	{ S_NONE, SYN, 0, ANY, ANY, 0, TT_SYN_SENT, E(NONE), "9293 3.10.1, 3.10.2; 7413" },
	{ S_NONE, 0, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.7.1, 3.10.7.2" },

	{ S(SYN_SENT), RST, 0, ANY, ANY, 0, STAY, E(NONE), "9293 3.10.7.3 first" },
	{ S(SYN_SENT), FIN, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.4, SYN-SENT" },
	/* The SYN, or SYN,ACK, that it answers was not seen: to follow it is a choice. */
	{ S(SYN_SENT), SYN | ACK, 0, ANY, ANY, F_ISN, TT_SYN_RECEIVED | OR_STAY,
	  E(SIMUL_OPEN) | E(NONE) | E(UNEXPECTED), "9293 3.10.7.3 fourth, 3.5 figure 7" },
	{ S(SYN_SENT), SYN, ACK, ANY, ANY, F_ISN, STAY, E(SYN_RETRANS), "9293 3.8.1" },
	{ S(SYN_SENT), SYN, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.4.1" },
	{ S(SYN_SENT), ACK, 0, ANY, ANY, 0, TT_ESTABLISHED | OR_STAY, E(NONE) | E(UNEXPECTED),
	  "9293 3.10.7.3 fourth" },
	{ S(SYN_SENT), 0, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.3" },

	{ S(SYN_RECEIVED), RST, 0, ANY, ANY, F_NOSEQ, TT_CLOSED | OR_STAY,
	  E(NONE) | E(RESET) | E(RST_IGNORED), "9293 3.10.5" },
	{ S(SYN_RECEIVED), RST, 0, W(AT), ANY, 0, TT_CLOSED, E(RESET), "9293 3.10.5" },
	{ S(SYN_RECEIVED), RST, 0, ANY, ANY, 0, STAY, E(NONE) | E(RST_IGNORED),
	  "9293 3.10.7.4 fifth, SYN-RECEIVED" },
	{ S(SYN_RECEIVED), SYN | FIN, 0, ANY, ANY, 0, TT_FIN_WAIT_1 | OR_STAY,
	  E_LATE_SYN, "9293 3.10.4 (never sent)" },
	{ S(SYN_RECEIVED), SYN | ACK, 0, ANY, ANY, F_NOSEQ, STAY, E(NONE), "9293 3.10.7.2 third" },
	{ S(SYN_RECEIVED), SYN, 0, ANY, ANY, F_NOSEQ, STAY, E(NONE), "9293 3.10.2 (split)" },
	{ S(SYN_RECEIVED), SYN | ACK, 0, ANY, ANY, F_ISN, STAY, E(SYNACK_RETRANS), "9293 3.8.1" },
	{ S(SYN_RECEIVED), SYN, 0, ANY, ANY, F_ISN, STAY, E(SYN_RETRANS), "9293 3.8.1" },
	{ S(SYN_RECEIVED), SYN, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.4.1" },
	{ S(SYN_RECEIVED), FIN | ACK, 0, W(AT), ANY, 0, TT_FIN_WAIT_1, E(NONE),
	  "9293 3.10.4, SYN-RECEIVED" },
	{ S(SYN_RECEIVED), ACK, FIN, W(AT), ANY, 0, STAY, E(NONE), "9293 3.5; split handshake" },
	{ S(SYN_RECEIVED), ACK, FIN, ANY, ANY, 0, STAY, E(NONE) | E(UNEXPECTED), "9293 3.5" },

	{ S(TIME_WAIT), RST, 0, ANY, ANY, 0, STAY, E(RST_IGNORED), "9293 3.10.5, TIME-WAIT" },
	{ S_SYNCED, RST, 0, W_RST, ANY, 0, TT_CLOSED, E(RESET), "9293 3.10.5" },
	{ S_SYNCED, RST, 0, ANY, ANY, 0, STAY, E(RST_IGNORED), "9293 3.5.2 (2)" },
	{ S_SYNCED, SYN, 0, ANY, ANY, 0, STAY, E_LATE_SYN, "9293 3.5.1" },
	{ S_OTHERS, FIN, ACK, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.1 (ACK always sent)" },

	{ S(ESTABLISHED), FIN, 0, W_NEW, ANY, 0, TT_FIN_WAIT_1, E(NONE), "9293 3.10.4" },
	{ S(CLOSE_WAIT), FIN, 0, W_NEW, ANY, 0, TT_LAST_ACK, E(NONE), "9293 3.10.4" },
	{ S(ESTABLISHED) | S(SYN_RECEIVED), FIN, 0, W(GAP) | W(OVER), ANY, 0,
	  TT_FIN_WAIT_1 | OR_STAY, E(NONE) | E(UNEXPECTED), "9293 3.10.4" },
	{ S(CLOSE_WAIT), FIN, 0, W(GAP), ANY, 0, TT_LAST_ACK | OR_STAY, E(NONE) | E(UNEXPECTED),
	  "9293 3.10.4" },
	/* An ACK that left after it came by before it; it is not acknowledged. */
	{ S(ESTABLISHED), FIN, 0, W(AGAIN), ANY, F_SAME_END, TT_FIN_WAIT_1, E(NONE),
	  "9293 3.8.1" },
	{ S(SYN_RECEIVED), FIN, 0, W(AGAIN) | W(BACK), ANY, F_SAME_END | F_DATA,
	  TT_FIN_WAIT_1 | OR_STAY, E(NONE) | E(UNEXPECTED), "9293 3.8.1 (7413)" },
	{ S(SYN_RECEIVED), FIN, 0, W(AGAIN), ANY, F_ISN, STAY, E(UNEXPECTED), "9293 3.10.4" },
	{ S(SYN_RECEIVED), FIN, 0, W(AGAIN), ANY, F_SAME_END, TT_FIN_WAIT_1, E(NONE),
	  "9293 3.8.1 (7413)" },
	{ S(CLOSE_WAIT), FIN, 0, W(AGAIN), ANY, F_SAME_END, TT_LAST_ACK, E(NONE), "9293 3.8.1" },
	/* The socket closed first, its FIN leaves only now. */
	{ S_CLOSERS, FIN, 0, W_NEW, ANY, F_NO_FIN, STAY, E(NONE), "9293 3.10.4" },
	{ S_CLOSERS, FIN, 0, W(GAP), ANY, F_NO_FIN, STAY, E(NONE) | E(UNEXPECTED), "9293 3.10.4" },
	{ S_CLOSERS, FIN, 0, ANY, ANY, F_NO_FIN | F_SAME_END, STAY, E(NONE) | E(FIN_RETRANS) |
	  E(UNEXPECTED), "9293 3.8.1" },
	{ S_CLOSERS, FIN, 0, ANY, ANY, F_FIN_SENT | F_SAME_END, STAY, E(FIN_RETRANS),
	  "9293 3.8.1" },
	{ S(FIN_WAIT_2) | S(TIME_WAIT), FIN, 0, ANY, ANY, F_FIN_SENT | F_SAME_END, STAY,
	  E(FIN_RETRANS), "9293 3.8.1" },
	{ S(FIN_WAIT_2) | S(TIME_WAIT), FIN, 0, ANY, ANY, F_SAME_END, STAY,
	  E(FIN_RETRANS) | E(UNEXPECTED), "9293 3.8.1" },
	{ S_OTHERS, FIN, 0, ANY, ANY, 0, STAY, E(UNEXPECTED), "9293 3.10.4" },

	{ S_OTHERS, ACK, 0, ANY, ANY, F_FIN_SENT | F_DATA, STAY, E(NONE) | E(UNEXPECTED),
	  "9293 3.10.3" },
	{ S_SYNCED, ACK, 0, W(GAP), ANY, 0, STAY, E(NONE) | E(UNEXPECTED), "9293 3.10.3" },
	{ S_SYNCED, ACK, 0, ANY, ANY, 0, STAY, E(NONE), "9293 3.10.3" },
	{ S_OTHERS, 0, ACK, ANY, ANY, 0, STAY, E(NONE) | E(UNEXPECTED), "9293 3.1" },
};

#endif /* TCPTRACK_RFC9293_TABLE_H */
