/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <linux/sysctl.h>
#ifndef TCPTRACK_COMPAT_SYSCTL_H
#define TCPTRACK_COMPAT_SYSCTL_H

/* Since 6.11 a handler may not write to its table. */
#ifdef TT_HAVE_CONST_CTL_TABLE
#define TT_CTL_TABLE const struct ctl_table
#else
#define TT_CTL_TABLE struct ctl_table
#endif

#endif
