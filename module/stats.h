/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_STATS_H
#define TCPTRACK_STATS_H

#include "state.h"

struct seq_file;
struct tt_net;

/*
 * Every counter, once: TT_STAT(name, meaning). The enum, /proc/tcptrack and
 * (through scripts) the documentation are made from this list. Names are ABI:
 * new ones are appended to their group, none is ever renamed.
 */
#define TT_STATS(TT_STAT) \
	/* segments */ \
	TT_STAT(segments_seen, "TCP segments that a hook was shown") \
	TT_STAT(segments_early, "of these: returned at once, their socket is ESTABLISHED") \
	TT_STAT(segments_repeat, "of these: shown a second time (VRF, IPVS), not followed again") \
	TT_STAT(invalid_fragment, "of these: a fragment, not judged") \
	TT_STAT(invalid_header, "of these: IPv6 extension headers that do not lead to TCP") \
	TT_STAT(invalid_length, "of these: too short for a TCP header") \
	TT_STAT(invalid_offset, "of these: data offset below 5 or beyond the segment") \
	TT_STAT(invalid_option, "of these: a SYN with an option of length 0 or 1, or too long") \
	TT_STAT(invalid_checksum, "of these: wrong checksum") \
	TT_STAT(probe_syn_fin, "SYN together with FIN or RST") \
	TT_STAT(probe_fin, "FIN without ACK to no flow") \
	TT_STAT(probe_null, "no flag at all to no flow") \
	TT_STAT(probe_xmas, "FIN, PSH and URG without ACK to no flow") \
	TT_STAT(stray, "segments without SYN to no flow from which none was picked up") \
	/* flows */ \
	TT_STAT(flows_created, "flows that began with a SYN") \
	TT_STAT(flows_adopted, "flows made from a socket that existed before") \
	TT_STAT(flows_picked_up, "flows picked up mid-stream") \
	TT_STAT(flows_refused_full, "SYNs whose flow is not tracked: flows_max reached") \
	TT_STAT(flows_refused_memory, "SYNs whose flow is not tracked: no memory") \
	TT_STAT(flows_destroyed, "flows that ended, for whatever reason") \
	/* why flows ended; the order is that of enum tt_reason */ \
	TT_STAT(closed_normal, "both sides sent FIN") \
	TT_STAT(closed_reset_by_peer, "RST from the peer (forwarded: from either side)") \
	TT_STAT(closed_reset_by_us, "RST from this host") \
	TT_STAT(closed_refused, "RST in answer to a SYN: no listener") \
	TT_STAT(closed_halfopen_reset, "SYN, SYN-ACK, RST: what a half-open port scan looks like") \
	TT_STAT(closed_forgotten, "RST for a connection that the other side no longer knows") \
	TT_STAT(closed_handshake_timeout, "handshake not completed in time") \
	TT_STAT(closed_retrans_timeout, "the socket gave up (tcp_retries2, keepalive)") \
	TT_STAT(closed_unreachable, "ICMP error that the socket believed") \
	TT_STAT(closed_evicted, "unproven, and the oldest when room was needed") \
	TT_STAT(closed_idle, "no segment for the idle time of its state") \
	TT_STAT(closed_socket_gone, "the socket went without a segment that tells why") \
	/* what happened on the way */ \
	TT_STAT(syn_retrans, "SYNs sent again") \
	TT_STAT(synack_retrans, "SYN-ACKs sent again") \
	TT_STAT(fin_retrans, "FINs sent again") \
	TT_STAT(simultaneous_opens, "flows that both sides opened") \
	TT_STAT(simultaneous_closes, "flows that both sides closed at once (CLOSING)") \
	TT_STAT(half_closes, "flows in which data flowed after the first FIN") \
	TT_STAT(fast_opens, "SYNs with data that a socket accepted (RFC 7413)") \
	TT_STAT(challenge_acks, "RST or SYN that RFC 5961 has challenged") \
	TT_STAT(rst_ignored, "RST that RFC 9293 has ignored") \
	TT_STAT(old_duplicates, "SYN or FIN with an unacceptable sequence number") \
	TT_STAT(bad_acks, "segments refused for an acknowledgment of what was never sent") \
	TT_STAT(timewait_restarted, "TIME_WAIT whose 2MSL began again") \
	TT_STAT(timewait_reopened, "TIME_WAIT that a new SYN reopened (RFC 6191)") \
	TT_STAT(timewait_assassinated, "TIME_WAIT that a RST ended (RFC 1337)") \
	/* the bound on half-open connections */ \
	TT_STAT(syns, "SYNs that found a listener and no socket of their own") \
	TT_STAT(accept_full, "of these: the accept queue was full, so they are dropped") \
	TT_STAT(over_listener, "of these: the listener's half-open limit was reached") \
	TT_STAT(over_namespace, "of these: the namespace's half-open limit was reached") \
	TT_STAT(over_source, "of these: the source prefix's half-open limit was reached") \
	TT_STAT(syns_dropped, "of these: dropped for one of these limits") \
	TT_STAT(halfopen_evicted, "half-open connections taken out to make room") \
	TT_STAT(halfopen_expired, "half-open connections taken out by a shortened time-out") \
	TT_STAT(handshakes_completed, "handshakes that a third ACK completed, also by a cookie") \
	TT_STAT(listeners_refused, "look-ups of listeners not followed: too many, no memory") \
	/* SYN cookies */ \
	TT_STAT(cookie_modes, "times that cookie mode was entered") \
	TT_STAT(cookies_sent, "SYNs answered with a cookie") \
	TT_STAT(cookies_own_buffer, "of these: the answer left in the buffer of its SYN") \
	TT_STAT(cookies_reflected, "of cookies_sent: back where the SYN came from (reply)") \
	TT_STAT(early_cookies, "of cookies_sent: before routing (early)") \
	TT_STAT(cookies_no_memory, "SYNs not answered: no memory") \
	TT_STAT(cookies_no_route, "SYNs not answered: no way back") \
	TT_STAT(cookie_left_socket, "SYNs left to the stack: their tuple has a socket") \
	TT_STAT(cookie_left_tproxy, "SYNs left to the stack: TPROXY chose the socket") \
	TT_STAT(cookie_left_nat, "SYNs left to the stack: NAT") \
	TT_STAT(cookie_left_header, "SYNs left to the stack: IP options, extension headers") \
	TT_STAT(cookie_left_multicast, "SYNs left to the stack: not from or to one host") \
	TT_STAT(cookie_left_auth, "SYNs left to the stack: MD5 or AO") \
	TT_STAT(cookie_left_mptcp, "SYNs left to the stack: MP_JOIN") \
	TT_STAT(cookie_left_ttl, "SYNs left to the stack: IP_MINTTL, IPV6_MINHOPCOUNT") \
	TT_STAT(cookie_left_filter, "SYNs left to the stack: filter of the socket or its cgroup") \
	TT_STAT(cookie_left_security, "SYNs left to the stack: security module") \
	TT_STAT(cookie_left_ipsec, "SYNs left to the stack: IPsec policy, or no way back by it") \
	TT_STAT(cookie_left_option, "SYNs left to the stack: options wrong, or of socket or BPF") \
	TT_STAT(cookie_left_window, "SYNs left to the stack: window scale not foreseeable") \
	TT_STAT(cookies_valid, "ACKs that brought a good cookie") \
	TT_STAT(cookies_invalid, "ACKs in cookie mode that brought none or a bad one") \
	TT_STAT(cookies_invalid_unhashed, "of these: none was in flight, so no hash was computed") \
	TT_STAT(cookies_invalid_passed, "of these: left to the stack, which answers with a RST") \
	TT_STAT(early_acks_dropped, "of cookies_invalid: dropped before routing (early)") \
	/* how well the tracker knows the sockets */ \
	TT_STAT(corrected, "states that the collector set right") \
	TT_STAT(collector_runs, "runs of the collector") \
	/* what is set for one listener */ \
	TT_STAT(settings_refused, "settings of a listener refused: too many, or no memory") \
	/* what it tells of it */ \
	TT_STAT(events_lost, "events that were not sent: no memory, or nobody took them in time")

enum tt_stat {
#define TT_STAT(name, meaning) TT_STAT_##name,
	TT_STATS(TT_STAT)
#undef TT_STAT
	TT_STAT_COUNT
};

/* Whose endpoint it is: the columns of /proc/tcptrack. */
enum tt_side {
	TT_LOCAL,
	TT_REMOTE,
	TT_FORWARD,
	TT_SIDES
};

/* Retransmission gaps: attempt 1..6, edges at 0 and 750 ms * 2^k. */
#define TT_GAP_ATTEMPTS	6
#define TT_GAP_BUCKETS	8
/* Half-open life: edges at 0 and 2^k ms, k = 0..16. */
#define TT_LIFE_BUCKETS	18

enum tt_gap {
	TT_GAP_SYN,
	TT_GAP_SYNACK,
	TT_GAPS
};

/**
 * struct tt_stats - one CPU's share; only sums over all CPUs mean anything
 * @stat: TT_STATS; segments_early are not in segments_seen here: nearly all are early, and
 *	counted once is enough (tt_stats_seen())
 * @gauge: endpoints by side and state; one CPU's may be negative
 * @halfopen: request sockets in SYN_RECEIVED
 * @entered: how often a local endpoint entered the state
 * @gap: log2 histogram of retransmission gaps by attempt
 * @life: log2 histogram of the life of half-open entries
 */
struct tt_stats {
	unsigned long stat[TT_STAT_COUNT];
	long gauge[TT_SIDES][TT_STATES];
	long halfopen;
	unsigned long entered[TT_STATES];
	unsigned long gap[TT_GAPS][TT_GAP_ATTEMPTS][TT_GAP_BUCKETS];
	unsigned long life[TT_LIFE_BUCKETS];
};

#ifdef __KERNEL__
#define tt_stat_inc(tn, name)	this_cpu_inc((tn)->stats->stat[TT_STAT_##name])
/* With bottom halves off: nothing that counts can come between. */
#define __tt_stat_inc(tn, name)	__this_cpu_inc((tn)->stats->stat[TT_STAT_##name])

/* The names of the states as everything that users see spells them. */
extern const char * const tt_state_names[TT_STATES];
extern const char * const tt_stat_names[TT_STAT_COUNT];

/* What users see as segments_seen. */
static inline unsigned long tt_stats_seen(const struct tt_stats *stats)
{
	return READ_ONCE(stats->stat[TT_STAT_segments_seen]) +
	       READ_ONCE(stats->stat[TT_STAT_segments_early]);
}

/**
 * tt_stats_gap() - account a retransmission
 * @tn: namespace
 * @what: SYN or SYN-ACK
 * @attempt: 1 for the first retransmission; those after the sixth are not in the histogram
 * @ms: time since the one before it
 */
void tt_stats_gap(struct tt_net *tn, enum tt_gap what, unsigned int attempt, unsigned int ms);

/**
 * tt_stats_life() - account the end of a half-open entry
 * @tn: namespace
 * @ms: how long it lived
 */
void tt_stats_life(struct tt_net *tn, unsigned int ms);

/**
 * tt_stats_sum() - sum over all CPUs
 * @tn: namespace
 * @sum: written whole
 *
 * Context: may be called anywhere; costs the same for any number of flows.
 */
void tt_stats_sum(const struct tt_net *tn, struct tt_stats *sum);
#endif /* __KERNEL__ */

#endif /* TCPTRACK_STATS_H */
