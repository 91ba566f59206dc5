/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/tcp.h>
#ifndef TCPTRACK_COMPAT_NET_TCP_H
#define TCPTRACK_COMPAT_NET_TCP_H

/* Since 6.8 the cookie is read from the header. */
static inline int tt_cookie_check_v4(const struct iphdr *iph, const struct tcphdr *th)
{
#ifdef TT_HAVE_COOKIE_CHECK_TH
	return __cookie_v4_check(iph, th);
#else
	return __cookie_v4_check(iph, th, ntohl(th->ack_seq) - 1);
#endif
}

static inline int tt_cookie_check_v6(const struct ipv6hdr *ip6h, const struct tcphdr *th)
{
#ifdef TT_HAVE_COOKIE_CHECK_TH
	return __cookie_v6_check(ip6h, th);
#else
	return __cookie_v6_check(ip6h, th, ntohl(th->ack_seq) - 1);
#endif
}

/* Since 6.7 a route may want timestamps in microseconds. */
static inline u32 tt_tcp_clock(const struct tcp_sock *tp)
{
#ifdef TT_HAVE_TCP_CLOCK_TS
	return tcp_clock_ts(data_race(!!tp->tcp_usec_ts));	/* set once, before it is sent */
#else
	return tcp_time_stamp_raw();
#endif
}

#endif
