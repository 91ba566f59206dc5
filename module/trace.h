/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tcptrack:state, halfopen and cookie: what happens to flows, to the queues of listeners, and
 * to SYNs and ACKs in cookie mode. tcptrack:tcptrack_state is the counterpart of
 * sock:inet_sock_set_state: one event for each transition of a local endpoint that
 * /proc/tcptrack counts in "entered".
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tcptrack

#if !defined(TCPTRACK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TCPTRACK_TRACE_H

#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "flow.h"
#include "net.h"
#include "notify.h"
#include "track.h"

#define tt_trace_states \
	EM(TT_LISTEN, "LISTEN") \
	EM(TT_SYN_SENT, "SYN_SENT") \
	EM(TT_SYN_RECEIVED, "SYN_RECEIVED") \
	EM(TT_ESTABLISHED, "ESTABLISHED") \
	EM(TT_FIN_WAIT_1, "FIN_WAIT_1") \
	EM(TT_FIN_WAIT_2, "FIN_WAIT_2") \
	EM(TT_CLOSE_WAIT, "CLOSE_WAIT") \
	EM(TT_CLOSING, "CLOSING") \
	EM(TT_LAST_ACK, "LAST_ACK") \
	EM(TT_TIME_WAIT, "TIME_WAIT") \
	EM_LAST(TT_CLOSED, "CLOSED")

/* The names of the closed_* counters; "-" while the flow goes on. */
#define tt_trace_reasons \
	EM(TT_NORMAL, "normal") \
	EM(TT_RESET_BY_PEER, "reset_by_peer") \
	EM(TT_RESET_BY_US, "reset_by_us") \
	EM(TT_REFUSED, "refused") \
	EM(TT_HALFOPEN_RESET, "halfopen_reset") \
	EM(TT_FORGOTTEN, "forgotten") \
	EM(TT_HANDSHAKE_TIMEOUT, "handshake_timeout") \
	EM(TT_RETRANS_TIMEOUT, "retrans_timeout") \
	EM(TT_UNREACHABLE, "unreachable") \
	EM(TT_EVICTED, "evicted") \
	EM(TT_IDLE, "idle") \
	EM(TT_SOCKET_GONE, "socket_gone") \
	EM_LAST(TT_NO_REASON, "-")

/* A state to be entered, but that the flow is over. */
#define TT_TRACE_END	TT_STATES

#define tt_trace_states_and_end \
	EM(TT_TRACE_END, "END") \
	tt_trace_states

#define tt_trace_sides \
	EM(TT_LOCAL, "local") \
	EM(TT_REMOTE, "remote") \
	EM_LAST(TT_FORWARD, "forward")

#define tt_trace_halfopens \
	EM(TT_HALFOPEN_ADD, "add") \
	EM(TT_HALFOPEN_EVICT, "evict") \
	EM_LAST(TT_HALFOPEN_END, "end")

/* The reason of an end of a half-open connection that is none of its flow. */
#define tt_trace_halfopen_reasons \
	EM(TT_COMPLETED, "completed") \
	tt_trace_reasons

#define tt_trace_cookies \
	EM(TT_COOKIE_SENT, "sent") \
	EM(TT_COOKIE_VALID, "valid") \
	EM(TT_COOKIE_WRONG, "invalid") \
	EM_LAST(TT_COOKIE_NONE, "invalid")

#define tt_trace_whys \
	EM(TT_COOKIE_SENT, "-") \
	EM(TT_COOKIE_VALID, "-") \
	EM(TT_COOKIE_WRONG, "wrong") \
	EM_LAST(TT_COOKIE_NONE, "none_in_flight")

/* What reads the binary buffer learns the numbers, too. */
#undef EM
#undef EM_LAST
#define EM(value, name)		TRACE_DEFINE_ENUM(value);
#define EM_LAST(value, name)	TRACE_DEFINE_ENUM(value);

tt_trace_states_and_end
tt_trace_reasons
tt_trace_sides
tt_trace_halfopens
EM(TT_COMPLETED, "completed")
tt_trace_cookies

#undef EM
#undef EM_LAST
#define EM(value, name)		{ value, name },
#define EM_LAST(value, name)	{ value, name }

/* struct sockaddr_in6, as a number: what reads the binary buffer may not know of it */
#define TT_TRACE_SOCKADDR	28

/* Where, and between whom: saddr and sport are those of the end that it is about. */
#define TT_TRACE_ENDS \
		__field(u32, netns) \
		__field(u16, family) \
		__field(u16, sport) \
		__field(u16, dport) \
		__array(u8, saddr_v6, 16) \
		__array(u8, daddr_v6, 16) \
		__array(u8, saddr, TT_TRACE_SOCKADDR) \
		__array(u8, daddr, TT_TRACE_SOCKADDR)

#define TT_TRACE_ASSIGN_ENDS(tn, key, end) \
		__entry->netns = (tn)->net->ns.inum; \
		__entry->family = (key)->family; \
		__entry->sport = ntohs((key)->port[end]); \
		__entry->dport = ntohs((key)->port[!(end)]); \
		memcpy(__entry->saddr_v6, &(key)->addr[end], 16); \
		memcpy(__entry->daddr_v6, &(key)->addr[!(end)], 16); \
		tt_trace_sockaddr(__entry->saddr, key, end); \
		tt_trace_sockaddr(__entry->daddr, key, !(end))

/* Each transition of either end, and, once, the end of the flow. The flow is locked. */
TRACE_EVENT(state,

	TP_PROTO(const struct tt_flow *flow, int end, int oldstate, int newstate),

	TP_ARGS(flow, end, oldstate, newstate),

	TP_STRUCT__entry(
		TT_TRACE_ENDS
		__field(u8, side)
		__field(u8, oldstate)
		__field(u8, newstate)
		__field(u8, reason)
	),

	TP_fast_assign(
		TT_TRACE_ASSIGN_ENDS(flow->tn, &flow->key, end);
		__entry->side = tt_flow_side(flow, end);
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
		__entry->reason = newstate == TT_TRACE_END ? flow->reason : TT_NO_REASON;
	),

	TP_printk("netns=%u side=%s src=%pISpc dest=%pISpc oldstate=%s newstate=%s reason=%s",
		  __entry->netns, __print_symbolic(__entry->side, tt_trace_sides),
		  __entry->saddr, __entry->daddr,
		  __print_symbolic(__entry->oldstate, tt_trace_states),
		  __print_symbolic(__entry->newstate, tt_trace_states_and_end),
		  __print_symbolic(__entry->reason, tt_trace_reasons))
);

/* The life of a half-open connection: a request socket of ours. The flow is locked. */
TRACE_EVENT(halfopen,

	TP_PROTO(const struct tt_flow *flow, int end, int event, int reason),

	TP_ARGS(flow, end, event, reason),

	TP_STRUCT__entry(
		TT_TRACE_ENDS
		__field(u8, event)
		__field(u8, reason)
		__field(u8, synacks)
		__field(u32, age_ms)
	),

	TP_fast_assign(
		TT_TRACE_ASSIGN_ENDS(flow->tn, &flow->key, end);
		__entry->event = event;
		__entry->reason = reason;
		__entry->synacks = flow->synacks;
		__entry->age_ms = tt_ms_since(flow->created);
	),

	TP_printk("netns=%u src=%pISpc dest=%pISpc event=%s reason=%s age_ms=%u synack_retrans=%u",
		  __entry->netns, __entry->saddr, __entry->daddr,
		  __print_symbolic(__entry->event, tt_trace_halfopens),
		  __print_symbolic(__entry->reason, tt_trace_halfopen_reasons),
		  __entry->age_ms, __entry->synacks)
);

/* A SYN or an ACK in cookie mode. src is this host. */
TRACE_EVENT(cookie,

	TP_PROTO(const struct tt_ctx *ctx, int event),

	TP_ARGS(ctx, event),

	TP_STRUCT__entry(
		TT_TRACE_ENDS
		__field(u8, event)
		__field(u8, early)
	),

	TP_fast_assign(
		TT_TRACE_ASSIGN_ENDS(ctx->tn, &ctx->key, !ctx->from);
		__entry->event = event;
		__entry->early = ctx->early;
	),

	TP_printk("netns=%u src=%pISpc dest=%pISpc event=%s why=%s early=%u",
		  __entry->netns, __entry->saddr, __entry->daddr,
		  __print_symbolic(__entry->event, tt_trace_cookies),
		  __print_symbolic(__entry->event, tt_trace_whys), __entry->early)
);

/*
 * The flow is locked. Fields that inet_sock_set_state has as well bear the same
 * names; saddr and sport are those of the local end.
 */
TRACE_EVENT(tcptrack_state,

	TP_PROTO(const struct tt_flow *flow, int end, int oldstate, int newstate),

	TP_ARGS(flow, end, oldstate, newstate),

	TP_STRUCT__entry(
		__field(u64, net_cookie)
		__field(int, oldstate)
		__field(int, newstate)
		__field(u32, dev)
		__field(u16, sport)
		__field(u16, dport)
		__field(u16, family)
		__field(u16, flags)
		__field(u8, reason)
		__array(u8, saddr_v6, 16)
		__array(u8, daddr_v6, 16)
	),

	TP_fast_assign(
		__entry->net_cookie = flow->tn->net->net_cookie;
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
		__entry->dev = flow->key.dev;
		__entry->sport = ntohs(flow->key.port[end]);
		__entry->dport = ntohs(flow->key.port[!end]);
		__entry->family = flow->key.family;
		__entry->flags = flow->flags;
		__entry->reason = newstate == TT_CLOSED ? flow->reason : TT_NO_REASON;
		memcpy(__entry->saddr_v6, &flow->key.addr[end], 16);
		memcpy(__entry->daddr_v6, &flow->key.addr[!end], 16);
	),

	TP_printk("net=%llu family=%s dev=%u sport=%hu dport=%hu saddrv6=%pI6c daddrv6=%pI6c oldstate=%s newstate=%s flags=0x%x reason=%s",
		  __entry->net_cookie, __entry->family == AF_INET ? "ipv4" : "ipv6",
		  __entry->dev, __entry->sport, __entry->dport,
		  __entry->saddr_v6, __entry->daddr_v6,
		  __print_symbolic(__entry->oldstate, tt_trace_states),
		  __print_symbolic(__entry->newstate, tt_trace_states), __entry->flags,
		  __print_symbolic(__entry->reason, tt_trace_reasons))
);

#endif /* TCPTRACK_TRACE_H */

/* Found by way of the search path in Kbuild. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
