/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_FLOOD_H
#define TCPTRACK_FLOOD_H

#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/types.h>

struct tt_listener;
struct tt_net;
struct tt_sketch;

/* Cookies are remembered for as long as the stack takes them: 16 windows of 8 s. */
#define TT_FLOOD_WINDOWS	16
#define TT_FLOOD_WINDOW_MS	8000

/* syns, cookies_sent, cookies_valid, accept_full */
#define TT_FLOOD_COUNTERS	4

/* Prefixes that are told of. */
#define TT_FLOOD_TOP		3

/* How a flood looks from its counters and its sources (design.md, 5). */
enum tt_flood_class {
	TT_SLOW_ACCEPT,
	TT_CROWD,
	TT_FEW_SOURCES,
	TT_SPOOFED,
	TT_FLOOD_CLASSES
};

/**
 * struct tt_flood_report - what is told of a flood; from @duration_ms on: when it is over
 * @family: of the listener; 0 if it is the namespace's
 * @addr: of the listener, IPv4 as ::ffff:a.b.c.d
 * @port: the same, network order
 * @dev: interface or VRF that it is bound to, or 0
 * @level: half-open connections when it began
 * @limit: how many there might have been
 * @ended: ktime_get_ns(); 0 while it goes on
 * @duration_ms: how long it was
 * @class: how it looks
 * @n: the counters meanwhile
 * @sources: estimate of the distinct addresses
 * @top: of TT_FEW_SOURCES: the most frequent prefixes, and their share of the SYNs;
 *	those that there are not have no family
 */
struct tt_flood_report {
	u16 family;
	struct in6_addr addr;
	__be16 port;
	int dev;
	int level;
	int limit;
	u64 ended;
	u32 duration_ms;
	enum tt_flood_class class;
	unsigned long n[TT_FLOOD_COUNTERS];
	u64 sources;
	struct {
		struct in6_addr addr;
		u16 family;
		u8 len;
		u32 percent;
	} top[TT_FLOOD_TOP];
};

/**
 * struct tt_flood - cookie mode of a listener, or of all listeners of a namespace
 * @on: every SYN is answered with a cookie; set by whoever finds the watermark
 *	reached, cleared by the collector
 * @outstanding: more cookies were sent than came back; written by the collector only
 * @last: jiffies when a cookie was sent; read without a lock
 * @gone: it is not entered any more; this and what follows up to @sketch is
 *	written under tt_net.flood_lock
 * @announced: the collector has told of it
 * @since: jiffies when it was entered
 * @level: half-open connections at that moment
 * @limit: how many there might have been
 * @begin: the counters at that moment
 * @sketch: while on, read under RCU
 * @window: of the ring, the one that is being filled; this and what follows is
 *	the collector's own
 * @window_since: jiffies when it began
 * @sent: cookies sent less cookies that came back, by window
 * @overpaid: more came back than was sent: somebody sends his cookie again and again
 * @overpaid_since: jiffies when that was seen last
 * @last_sent: the counter when it was read last
 * @last_valid: the same
 * @rolled: @last when they were read last
 */
struct tt_flood {
	bool on;
	bool outstanding;
	u32 last;
	bool gone;
	bool announced;
	u32 since;
	int level;
	int limit;
	unsigned long begin[TT_FLOOD_COUNTERS];
	struct tt_sketch __rcu *sketch;
	u8 window;
	u32 window_since;
	long sent[TT_FLOOD_WINDOWS];
	bool overpaid;
	u32 overpaid_since;
	unsigned long last_sent;
	unsigned long last_valid;
	u32 rolled;
};

void tt_flood_init(struct tt_flood *flood);

/**
 * tt_flood_end() - what it belongs to goes away
 * @tn: namespace
 * @l: listener, or NULL for the namespace
 *
 * Context: any; the end, if cookie mode is on, is for tt_flood_tell() to tell.
 */
void tt_flood_end(struct tt_net *tn, struct tt_listener *l);

/**
 * tt_flood_again() - a listener that was gone has a socket again
 * @tn: namespace
 * @l: listener
 *
 * Context: any; tt_listeners_lock held.
 */
void tt_flood_again(struct tt_net *tn, struct tt_listener *l);

/**
 * tt_flood_stop() - a listener has to leave its cookie mode now
 * @tn: namespace
 * @l: listener; its &struct tt_override says already that it may not enter it again
 *
 * Context: any; the end, if cookie mode is on, is for tt_flood_tell() to tell.
 */
void tt_flood_stop(struct tt_net *tn, struct tt_listener *l);

/**
 * tt_flood_note() - something is to be told
 * @tn: namespace
 * @cmd: TCPTRACK_CMD_FLOOD_BEGIN or TCPTRACK_CMD_FLOOD_END
 * @report: what; copied
 *
 * Not by who finds it so, for he has locks for which others wait. What has no room or no
 * memory is counted (events_lost).
 *
 * Context: any; tt_net.flood_lock held.
 */
void tt_flood_note(struct tt_net *tn, u8 cmd, const struct tt_flood_report *report);

/**
 * tt_flood_tell() - tell who listens, and the log, what has begun and ended since
 * @tn: namespace
 *
 * Context: process, no lock that packets or close() wait for: a message to a group looks at
 * every socket of every namespace that is in any.
 */
void tt_flood_tell(struct tt_net *tn);

/**
 * tt_flood_is_on() - whether SYNs for a listener are answered with cookies
 * @l: listener
 *
 * Return: true if it or its namespace is in cookie mode and its overflow policy is to answer
 * with cookies, or if it always does.
 */
bool tt_flood_is_on(const struct tt_listener *l);

/**
 * tt_flood_enter() - enter cookie mode, unless it is on, or the listener may not
 * @tn: namespace
 * @l: listener, or NULL for the namespace
 * @level: how many half-open connections there were
 *
 * Context: RCU read side, softirq or process.
 */
void tt_flood_enter(struct tt_net *tn, struct tt_listener *l, int level);

/**
 * tt_flood_syn() - a SYN came in cookie mode
 * @l: listener
 * @addr: its source, IPv4 as ::ffff:a.b.c.d
 * @family: AF_INET or AF_INET6
 *
 * Context: RCU read side.
 */
void tt_flood_syn(struct tt_listener *l, const struct in6_addr *addr, u16 family);

/**
 * tt_flood_outstanding() - whether a cookie may still come back
 * @flood: of a listener or a namespace
 *
 * A cookie counts for two seconds whatever came back meanwhile: the collector has seen
 * it by then, and one that came back twice has not paid for it.
 *
 * Return: if false, no ACK needs to be checked.
 */
static inline bool tt_flood_outstanding(const struct tt_flood *flood)
{
	return READ_ONCE(flood->outstanding) || (u32)jiffies - READ_ONCE(flood->last) < 2 * HZ;
}

/* A cookie was sent. */
static inline void tt_flood_sent(struct tt_flood *flood)
{
	u32 now = jiffies;

	if (READ_ONCE(flood->last) != now)
		WRITE_ONCE(flood->last, now);
}

/**
 * tt_flood_leave_all() - cookie modes end, and those that are there are not entered again
 *
 * Context: process, at rmmod, while the netlink family is there.
 */
void tt_flood_leave_all(void);

/**
 * tt_flood_last() - the flood that ended last
 * @tn: namespace
 * @report: written whole; if there was none, its ended is 0
 */
void tt_flood_last(struct tt_net *tn, struct tt_flood_report *report);

/**
 * tt_flood_tick() - leave cookie modes of a namespace whose time is over, tell of new ones
 * @tn: namespace
 *
 * Context: process, the collector only, under tt_nets_mutex.
 */
void tt_flood_tick(struct tt_net *tn);

#endif /* TCPTRACK_FLOOD_H */
