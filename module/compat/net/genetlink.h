/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/genetlink.h>
#ifndef TCPTRACK_COMPAT_GENETLINK_H
#define TCPTRACK_COMPAT_GENETLINK_H

/* Before the name was given (6.7, 6.1.68), the same was asked for by that of operations. */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

/* Since 6.9 a family is told who joins its groups. */
#ifdef TT_HAVE_GENL_BIND
#define TT_GENL_BIND(fn) .bind = (fn),
#define TT_GENL_HAS_BIND true
#else
#define TT_GENL_BIND(fn)
#define TT_GENL_HAS_BIND false
#endif

/* Since 6.6 a dump has a struct genl_info, too. */
#ifdef TT_HAVE_GENL_INFO_DUMP
#define tt_genl_dump_attrs(cb) (genl_info_dump(cb)->attrs)
#else
#define tt_genl_dump_attrs(cb) (genl_dumpit_info(cb)->attrs)
#endif

#endif
