/* SPDX-License-Identifier: GPL-2.0-only */
/* KUnit: SYNs in which all is set that a received skb can carry. */
#ifndef TCPTRACK_KUNIT_DIRTY_H
#define TCPTRACK_KUNIT_DIRTY_H

struct kunit;
struct sk_buff;

/**
 * dirty_syn() - an Ethernet frame with a SYN of IPv4, and each field of its skb set
 * @test: fails if there is no memory
 *
 * Without a route, conntrack and a socket: whoever wants them sets them.
 *
 * Return: the skb, whose data begins with the network header.
 */
struct sk_buff *dirty_syn(struct kunit *test);

/**
 * dirty_headers() - what is set of the fields that are copied with an skb
 * @skb: of which the fields are
 * @copy: all of them, but for where the headers are (csum_start is from the network header
 *	on, where @skb is CHECKSUM_PARTIAL), for the CPU that it was allocated on, for a
 *	hint to GRO and for KCOV's handle
 */
void dirty_headers(const struct sk_buff *skb, struct sk_buff *copy);

#endif /* TCPTRACK_KUNIT_DIRTY_H */
