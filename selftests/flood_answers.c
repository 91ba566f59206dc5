// SPDX-License-Identifier: GPL-2.0-only
/* flood: the sequence numbers of the SYN-ACKs. */

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "flood.h"

#define SYN_ACK	0x12

static int fd;
static long answered;
static uint32_t *isn;
static bool *seen;

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

bool answers_begin(int ifindex)
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_ifindex = ifindex,
		.sll_protocol = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6),
	};
	int room = 1 << 26;

	isn = calloc(count, sizeof(*isn));
	seen = calloc(count, sizeof(*seen));
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	return isn && seen && fd >= 0 &&
	       !setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) &&
	       !bind(fd, (void *)&ll, sizeof(ll));
}

/* A new one */
static bool take(const uint8_t *p, long len)
{
	bool v4 = family == AF_INET;
	const uint8_t *t = p + (v4 ? (p[0] & 15) * 4 : 40);
	long i;

	if (len < t - p + 20 || p[v4 ? 9 : 6] != IPPROTO_TCP ||
	    (t[13] & SYN_ACK) != SYN_ACK || (t[0] << 8 | t[1]) != port)
		return false;
	i = number_of(p + (v4 ? 16 : 24), t[2] << 8 | t[3]);
	if (i < 0 || i >= count || seen[i])
		return false;
	seen[i] = true;
	isn[i] = get32(t + 4);
	answered++;
	return true;
}

/* Whether a new one was among what is there. */
static bool drain(void)
{
	uint8_t packet[256];
	bool new = false;
	long len;

	while ((len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0)
		new |= take(packet, len);
	return new;
}

void answers_collect(int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t last = now_ns(), left = ms;

	drain();
	while (answered < count && left > 0) {
		poll(&p, 1, left);
		if (drain())
			last = now_ns();
		left = ms - (now_ns() - last) / 1000000;
	}
}

/* Pairs of the same difference between the answers @step numbers apart. */
static long same_difference(uint64_t *values, long step)
{
	long i, n = 0;

	for (i = 0; i + step < count; i++) {
		if (seen[i] && seen[i + step])
			values[n++] = isn[i + step] - isn[i];
	}
	return pairs(values, n);
}

bool answers_tell(const char *file)
{
	uint64_t *values = calloc(count, sizeof(*values));
	FILE *f = fopen(file, "w");
	long i, n = 0;

	if (!f) {
		perror(file);
		return false;
	}
	for (i = 0; i < count; i++) {
		if (!seen[i])
			continue;
		fprintf(f, "%ld %u\n", i, isn[i]);
		values[n++] = isn[i];
	}
	printf("answered %ld\nisn %ld\n", answered, pairs(values, n));
	printf("address %ld\n", same_difference(values, 1));
	printf("port %ld\n", same_difference(values, sources ? sources : 1));
	return !fclose(f);
}
