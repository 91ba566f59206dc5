/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tcptrack:tcptrack_state, the counterpart of sock:inet_sock_set_state: one event
 * for each transition of a local endpoint that /proc/tcptrack counts in "entered".
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tcptrack

#if !defined(TCPTRACK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TCPTRACK_TRACE_H

#include <linux/tracepoint.h>
#include <net/net_namespace.h>

#include "flow.h"
#include "net.h"

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

/* What reads the binary buffer learns the numbers, too. */
#undef EM
#undef EM_LAST
#define EM(value, name)		TRACE_DEFINE_ENUM(value);
#define EM_LAST(value, name)	TRACE_DEFINE_ENUM(value);

tt_trace_states
tt_trace_reasons

#undef EM
#undef EM_LAST
#define EM(value, name)		{ value, name },
#define EM_LAST(value, name)	{ value, name }

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
