/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/inet_sock.h>
#ifndef TCPTRACK_COMPAT_NET_INET_SOCK_H
#define TCPTRACK_COMPAT_NET_INET_SOCK_H

/* Since 6.6 the bits of struct ipv6_pinfo are flags of struct inet_sock. */
#ifndef TT_HAVE_INET6_FLAGS
#define TT_INET6_FIELD_REPFLOW			repflow
#define TT_INET6_FIELD_AUTOFLOWLABEL		autoflowlabel
#define TT_INET6_FIELD_AUTOFLOWLABEL_SET	autoflowlabel_set
#define inet6_test_bit(nr, sk)	(inet6_sk(sk)->TT_INET6_FIELD_##nr)
#endif

/* Since 6.6, too, those of struct inet_sock itself. */
#ifndef inet_test_bit
#define TT_INET_FIELD_DEFER_CONNECT		defer_connect
#define inet_test_bit(nr, sk)	(inet_sk(sk)->TT_INET_FIELD_##nr)
#endif

#endif
