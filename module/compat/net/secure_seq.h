/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/secure_seq.h>
#ifndef TCPTRACK_COMPAT_NET_SECURE_SEQ_H
#define TCPTRACK_COMPAT_NET_SECURE_SEQ_H

/*
 * Before, IPv4's timestamp offset was not exported: no offset, which is right with
 * tcp_timestamps 0 and 2, and tt_cookie_selftest() fails with 1.
 */
#ifndef TT_HAVE_SEQ_AND_TS_OFF
union tcp_seq_and_ts_off {
	struct {
		u32 seq;
		u32 ts_off;
	};
	u64 hash64;
};

#define secure_tcp_seq_and_ts_off(net, saddr, daddr, sport, dport) \
	((union tcp_seq_and_ts_off) {})
#define secure_tcpv6_seq_and_ts_off(net, saddr, daddr, sport, dport) \
	((union tcp_seq_and_ts_off) {})
#endif

#endif
