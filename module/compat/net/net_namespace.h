/* SPDX-License-Identifier: GPL-2.0-only */
#include_next <net/net_namespace.h>
#ifndef TCPTRACK_COMPAT_NET_NAMESPACE_H
#define TCPTRACK_COMPAT_NET_NAMESPACE_H

/* Since 6.6 the length is passed; before, an empty entry ends the table. */
#ifndef TT_HAVE_NET_SYSCTL_SZ
#define register_net_sysctl_sz(net, path, table, size) register_net_sysctl(net, path, table)
#endif

#endif
