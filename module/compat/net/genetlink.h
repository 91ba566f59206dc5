/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/genetlink.h>
#ifndef TCPTRACK_COMPAT_GENETLINK_H
#define TCPTRACK_COMPAT_GENETLINK_H

/* Since 6.6 a dump has a struct genl_info, too. */
#ifdef TT_HAVE_GENL_INFO_DUMP
#define tt_genl_dump_attrs(cb) (genl_info_dump(cb)->attrs)
#else
#define tt_genl_dump_attrs(cb) (genl_dumpit_info(cb)->attrs)
#endif

#endif
