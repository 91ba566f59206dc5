/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/inet6_hashtables.h>
#ifndef TCPTRACK_COMPAT_NET_INET6_HASHTABLES_H
#define TCPTRACK_COMPAT_NET_INET6_HASHTABLES_H

/* Newer look-ups know their table: the namespace's. */
#ifndef TT_HAVE_LOOKUP_HASHINFO
#define __inet6_lookup_established(net, hashinfo, ...) \
	((void)(hashinfo), __inet6_lookup_established(net, __VA_ARGS__))
#define inet6_lookup_listener(net, hashinfo, ...) \
	((void)(hashinfo), inet6_lookup_listener(net, __VA_ARGS__))
#endif

#endif
