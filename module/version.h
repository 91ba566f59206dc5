/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_VERSION_H
#define TCPTRACK_VERSION_H

/*
 * The version of the module, of tcptrackctl and of the packages. dkms.conf and
 * scripts/lib.sh read this line; debian/changelog must say the same (make check).
 */
#define TCPTRACK_VERSION "0.1.0"

#endif /* TCPTRACK_VERSION_H */
