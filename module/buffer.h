/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_BUFFER_H
#define TCPTRACK_BUFFER_H

struct dst_entry;
struct sk_buff;
struct tt_net;

/**
 * tt_buffer_get() - an skb for the answer to a SYN
 * @tn: namespace, for the counters
 * @syn: the SYN at LOCAL_IN or before; all that is wanted of it has been read
 * @dst: the way back
 * @len: octets of the answer, network header included
 *
 * The SYN's own, if nobody else looks at it and there is room, else a new one.
 * The answer has nothing of the SYN but, where it is tracked, its conntrack.
 *
 * Return: an skb with @len octets to be written from its network header on, and
 * no route; @syn is gone. NULL: no memory, @syn is as it was.
 */
struct sk_buff *tt_buffer_get(struct tt_net *tn, struct sk_buff *syn, const struct dst_entry *dst,
			      unsigned int len);

#endif /* TCPTRACK_BUFFER_H */
