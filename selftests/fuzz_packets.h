/* SPDX-License-Identifier: GPL-2.0-only */
/* fuzz_packets: what its files share. */
#ifndef FUZZ_PACKETS_H
#define FUZZ_PACKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_ROOM	2048

#define TCP_F	0x01
#define TCP_S	0x02
#define TCP_R	0x04
#define TCP_P	0x08
#define TCP_A	0x10

/* One end of a connection; it is played here, or it is a socket of the kernel's. */
struct fuzz_end {
	uint8_t ip[16];
	uint16_t port;
	uint32_t next;		/* the number of its next octet, as far as is known */
	int dev;		/* the TUN device that its packets come in by */
};

struct fuzz_segment {
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t win, len;
	uint8_t opt[40];
	int optlen;
};

/* What was done to a packet. */
enum fuzz_mutation {
	FUZZ_VALID, FUZZ_TCP_BITS, FUZZ_IP_BITS, FUZZ_CHECKSUM, FUZZ_OFFSET, FUZZ_CUT, FUZZ_PAD,
	FUZZ_FRAGMENTS, FUZZ_HEADERS, FUZZ_ICMP, FUZZ_TWICE, FUZZ_NOISE, FUZZ_MUTATIONS
};

extern const char * const fuzz_mutation_names[FUZZ_MUTATIONS];

/*
 * fuzz_build: a valid packet; its length. fuzz_send: it, or what became of it, is given to
 * the kernel, in one piece or several; how many those were.
 */
size_t fuzz_build(uint8_t *p, const struct fuzz_end *from, const struct fuzz_end *to,
		  const struct fuzz_segment *seg);
int fuzz_send(int dev, uint8_t *p, size_t len, enum fuzz_mutation how);

#endif /* FUZZ_PACKETS_H */
