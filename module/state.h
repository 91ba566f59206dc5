/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One RFC 9293 endpoint as a pure function.
 *
 * state.c and window.h touch no kernel API and no global: the same files are
 * compiled in user space, enumerated against an independently written table
 * and fuzzed (selftests/rfc9293.c).
 */
#ifndef TCPTRACK_STATE_H
#define TCPTRACK_STATE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int32_t s32;
#endif

/* The eleven states of RFC 9293, 3.3.2, in the order in which it lists them. */
enum tt_state {
	TT_LISTEN,
	TT_SYN_SENT,
	TT_SYN_RECEIVED,
	TT_ESTABLISHED,
	TT_FIN_WAIT_1,
	TT_FIN_WAIT_2,
	TT_CLOSE_WAIT,
	TT_CLOSING,
	TT_LAST_ACK,
	TT_TIME_WAIT,
	TT_CLOSED,
	TT_STATES
};

/* What the endpoint did with the segment. */
enum tt_dir {
	TT_SENT,
	TT_RECEIVED,
	TT_DIRS
};

/* TCP header flags as they stand in byte 13 of the header. */
#define TT_FIN	0x01
#define TT_SYN	0x02
#define TT_RST	0x04
#define TT_PSH	0x08
#define TT_ACK	0x10
#define TT_URG	0x20
#define TT_ECE	0x40
#define TT_CWR	0x80

/**
 * struct tt_seg - the part of a segment that moves an endpoint
 * @seq: SEG.SEQ, host order
 * @ack: SEG.ACK, host order, meaningful with %TT_ACK only
 * @len: octets of data; SYN and FIN are not counted here
 * @wnd: SEG.WND as it stands in the header, unscaled
 * @flags: TT_SYN and friends
 * @wscale: shift of a window scale option on a SYN (0..14), 0xff if absent
 * @has_ts: a SYN with a timestamp
 * @tsval: that timestamp
 * @tsecr: and the one that it echoes
 * @mss: of a SYN, 0 if absent; this and what follows moves no endpoint, but is what an answer
 *	has to know
 * @sack: a SYN that permits SACK
 * @wants: what a SYN asks for, if anything, that a cookie cannot give
 */
struct tt_seg {
	u32 seq;
	u32 ack;
	u32 len;
	u16 wnd;
	u8 flags;
	u8 wscale;
	bool has_ts;
	u32 tsval;
	u32 tsecr;
	u16 mss;
	bool sack;
	u8 wants;
};

/* tt_seg.wants: the first of these options. */
enum tt_wants {
	TT_WANTS_NOTHING,
	TT_WANTS_AUTH,	/* MD5 or AO */
	TT_WANTS_JOIN,	/* MP_JOIN */
};

#define TT_WSCALE_NONE	0xff

/* struct tt_endpoint flags */
#define TT_EP_SEQ	0x01	/* snd_una and snd_nxt are known */
#define TT_EP_RCV	0x02	/* rcv_nxt is known (IRS has been seen) */
#define TT_EP_PASSIVE	0x04	/* came from LISTEN: SYN_RECEIVED goes back to LISTEN */
#define TT_EP_FIN_SENT	0x08	/* its FIN is snd_nxt - 1 */
#define TT_EP_FIN_SEEN	0x10	/* the peer's FIN arrived ahead of a hole; it is fin_seq - 1 */
#define TT_EP_RFC1337	0x20	/* ignores a RST in TIME_WAIT (RFC 1337, fix F1) */
#define TT_EP_LOOSE	0x40	/* picked up mid-stream: its variables may lag behind */
#define TT_EP_SYNACK	0x80	/* has sent a SYN-ACK: for the flow, not for tt_step() */

/**
 * struct tt_endpoint - one end of a connection
 * @snd_una: SND.UNA, the oldest octet that is not acknowledged
 * @snd_nxt: SND.NXT, the octet after the last one seen leaving
 * @rcv_nxt: RCV.NXT, the octet expected next
 * @rcv_wnd: RCV.WND in octets, scaled
 * @fin_seq: octet after the peer's FIN, while %TT_EP_FIN_SEEN
 * @state: enum tt_state
 * @flags: TT_EP_*
 * @wscale: shift that it announced, %TT_WSCALE_NONE before or without one
 */
struct tt_endpoint {
	u32 snd_una;
	u32 snd_nxt;
	u32 rcv_nxt;
	u32 rcv_wnd;
	u32 fin_seq;
	u8 state;
	u8 flags;
	u8 wscale;
};

/* What a segment meant to one endpoint: one of these for each step. */
enum tt_event {
	TT_EV_NONE,		/* in order; the state may have moved or not */
	TT_EV_SYN_RETRANS,	/* the same SYN again */
	TT_EV_SYNACK_RETRANS,	/* the same SYN,ACK again */
	TT_EV_FIN_RETRANS,	/* the same FIN again */
	TT_EV_SIMUL_OPEN,	/* SYN_SENT met a SYN without ACK (3.5, figure 7) */
	TT_EV_SIMUL_CLOSE,	/* FIN_WAIT_1 met a FIN that does not ack ours (3.6) */
	TT_EV_CHALLENGE,	/* the endpoint answers with a challenge ACK (RFC 5961) */
	TT_EV_OLD_DUP,		/* unacceptable sequence number: acked, dropped (3.10.7.4, first) */
	TT_EV_BAD_ACK,		/* unacceptable acknowledgment: RST or ACK in reply, dropped */
	TT_EV_REFUSED,		/* SYN_SENT: RST that acknowledges the SYN */
	TT_EV_RESET,		/* the RST counted, or a SYN in a passive SYN_RECEIVED's window */
	TT_EV_RST_IGNORED,	/* a RST that does not count */
	TT_EV_TW_RESTART,	/* TIME_WAIT: 2MSL starts again */
	TT_EV_TW_REOPEN,	/* TIME_WAIT: a SYN that may reopen it (RFC 6191) */
	TT_EV_TW_ASSASSINATED,	/* TIME_WAIT: ended by a RST (RFC 1337) */
	TT_EV_UNEXPECTED,	/* nothing that RFC 9293 lets this endpoint send or act on */
	TT_EVENTS
};

/* How SEG.SEQ..SEG.SEQ+SEG.LEN relates to the receive window (RFC 9293, 3.4). */
enum tt_seqrel {
	TT_SEQ_EXACT,		/* starts at RCV.NXT */
	TT_SEQ_OVERLAP,		/* starts before RCV.NXT, ends after it */
	TT_SEQ_AHEAD,		/* inside the window, after RCV.NXT: a hole before it */
	TT_SEQ_OLD,		/* ends at or before RCV.NXT: a duplicate */
	TT_SEQ_BEYOND,		/* starts at or after the right edge of the window */
	TT_SEQRELS
};

/* How SEG.ACK relates to what the endpoint sent (RFC 9293, 3.10.7.4, fifth). */
enum tt_ackrel {
	TT_ACK_NONE,		/* no ACK flag */
	TT_ACK_OLD,		/* SEG.ACK < SND.UNA */
	TT_ACK_DUP,		/* SEG.ACK = SND.UNA, and that is not SND.NXT */
	TT_ACK_NEW,		/* SND.UNA < SEG.ACK < SND.NXT */
	TT_ACK_ALL,		/* SEG.ACK = SND.NXT: everything, a FIN included */
	TT_ACK_BEYOND,		/* SEG.ACK > SND.NXT: never sent */
	TT_ACKRELS
};

/**
 * tt_endpoint_init() - an endpoint of which nothing is known yet
 * @ep: written whole
 * @state: %TT_LISTEN or %TT_CLOSED
 */
void tt_endpoint_init(struct tt_endpoint *ep, enum tt_state state);

/* What tt_step() does in each direction. */
enum tt_event tt_step_sent(struct tt_endpoint *ep, const struct tt_seg *seg);
enum tt_event tt_step_received(struct tt_endpoint *ep, const struct tt_seg *seg);

/**
 * tt_step() - move one endpoint by one segment
 * @ep: the endpoint, changed in place
 * @dir: %TT_SENT if @ep sent the segment, %TT_RECEIVED if it arrived there
 * @seg: the segment; header already checked by the caller
 *
 * RECEIVED follows RFC 9293, 3.10.7, with RFC 5961 (RST counts at exactly
 * RCV.NXT, SYN in a synchronized state is challenged), RFC 6191 and RFC 1337.
 * SENT follows figure 5: what left tells which transition its sender made.
 * The state after it is in @ep->state.
 *
 * Pure; any context.
 *
 * Return: what the segment meant to @ep.
 */
static inline enum tt_event tt_step(struct tt_endpoint *ep, enum tt_dir dir,
				    const struct tt_seg *seg)
{
	return dir == TT_SENT ? tt_step_sent(ep, seg) : tt_step_received(ep, seg);
}

#endif /* TCPTRACK_STATE_H */
