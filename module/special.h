/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SPECIAL_H
#define TCPTRACK_SPECIAL_H

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/notifier.h>
#include <linux/types.h>

struct tt_net;

#define TT_SPECIAL_BITS	13
#define TT_SPECIAL_NETS	BIT(TT_SPECIAL_BITS)

/**
 * struct tt_special - the IPv4 addresses that the FIB may not have as one host elsewhere
 * @notifier: of the FIB's entries
 * @listening: all entries are marked, and each new one will be, from the first time that it is
 *	switched on; tt_net.conf_lock
 * @known: switched on, too; written under tt_net.conf_lock
 * @octets: by their first octet: prefixes shorter than 24 bits, and what is no prefix
 * @nets: by a hash of their first 24 bits: all others
 *
 * A mark stays when the entry has gone: what is marked is asked for in the FIB, and nothing is
 * taken from here but that an address is not marked. Bits are set by whoever changes the FIB,
 * and read without a lock.
 */
struct tt_special {
	struct notifier_block notifier;
	bool listening, known;
	DECLARE_BITMAP(octets, 256);
	DECLARE_BITMAP(nets, TT_SPECIAL_NETS);
};

/**
 * tt_special_may_be() - whether the FIB has to be asked what an address is
 * @s: of the namespace
 * @addr: the address
 *
 * An entry counts from before its setting returns (RTM_NEWROUTE, RTM_NEWADDR, a device that
 * comes up), and only the first one of a prefix in each table: one of worse metric is not seen
 * before that goes, neither here nor, but for a first one without carrier, by the FIB itself.
 *
 * Context: RCU read side.
 *
 * Return: false: inet_addr_type_dev_table() would say RTN_UNICAST.
 */
bool tt_special_may_be(const struct tt_special *s, __be32 addr);

/**
 * tt_special_switch() - know the FIB, or not
 * @tn: namespace
 * @on: which
 *
 * If it cannot be known, all addresses may be special.
 *
 * Context: process, tt_net.conf_lock held, takes the RTNL.
 */
void tt_special_switch(struct tt_net *tn, bool on);

/**
 * tt_special_exit() - listen to the FIB no more
 * @tn: namespace, which nobody switches any more
 *
 * Context: process, takes the RTNL.
 */
void tt_special_exit(struct tt_net *tn);

#endif /* TCPTRACK_SPECIAL_H */
