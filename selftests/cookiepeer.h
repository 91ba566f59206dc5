/* SPDX-License-Identifier: GPL-2.0-only */
/* cookiepeer: SYNs of all kinds, and what came of each. */
#ifndef COOKIEPEER_H
#define COOKIEPEER_H

#include <linux/types.h>
#include <stdbool.h>

#define PORT	80
#define DATA	10

/**
 * struct outcome - of one handshake
 * @packet: the SYN-ACK
 * @len: its length
 * @from: before the SYN was sent, ms
 * @at: when the SYN-ACK came
 * @isn: the kernel's
 * @tsval: the kernel's
 * @has_ts: there is a @tsval
 * @socket: what TCP_INFO tells about the accepted socket
 * @data: the header of what it sent first
 */
struct outcome {
	__u8 packet[128];
	int len;
	long from;
	long at;
	__u32 isn;
	__u32 tsval;
	bool has_ts;
	char socket[200];
	char data[64];
};

int syn_count(void);
const char *syn_name(int n);
void packet_syn(int n, struct outcome *o);
void packet_ack(int n, const struct outcome *o);
void packet_data(int n, struct outcome *o);
void packet_reset(int n, const struct outcome *o);
bool outcome_equal(int n, const struct outcome *a, const struct outcome *b, bool reflected);

#endif /* COOKIEPEER_H */
