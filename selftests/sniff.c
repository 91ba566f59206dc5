// SPDX-License-Identifier: GPL-2.0-only
/*
 * sniff DEVICE PORT: prints "ready", then until SIGTERM a line for each TCP segment from
 * (<) and to (>) PORT, without what differs from one time to the next: the other port,
 * the IP id and flow label, checksums, timestamps, and where sequence numbers begin.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define MOST	4096

enum { SYN = 2, ACK = 16 };

/* The beginning of both sides' sequence numbers, the client's first. */
static struct conn {
	uint8_t client[18];
	uint32_t isn[2];
} conns[MOST];
static int nconns, port;
static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	stop = 1;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static struct conn *conn_of(const uint8_t *client)
{
	int i;

	for (i = 0; i < nconns; i++)
		if (!memcmp(conns[i].client, client, sizeof(conns[i].client)))
			return &conns[i];
	if (nconns == MOST)
		exit(1);
	memcpy(conns[nconns].client, client, sizeof(conns[nconns].client));
	return &conns[nconns++];
}

static void show_options(const uint8_t *opt, int len)
{
	int i, left = 0;

	printf(" options ");
	for (i = 0; i < len; i++) {
		if (!left && opt[i] == 8)
			left = 10;
		/* kind and length, but not the times */
		printf(left && left <= 8 ? "xx" : "%02x", opt[i]);
		left -= left > 0;
	}
}

static void show_data(const uint8_t *data, int len)
{
	uint32_t hash = 2166136261;
	int i;

	for (i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 16777619;
	printf(" data %d %08x\n", len, hash);
}

static void show(const uint8_t *p, int len)
{
	bool v4 = p[0] >> 4 == 4;
	int ip = v4 ? (p[0] & 15) * 4 : 40, alen = v4 ? 4 : 16;
	const uint8_t *t = p + ip, *addr = p + (v4 ? 12 : 8);
	bool back = get16(t) == port;
	uint8_t client[18] = {};
	uint32_t ack = get32(t + 8);
	struct conn *c;

	len = v4 ? get16(p + 2) : 40 + get16(p + 4);
	memcpy(client, addr + (back ? alen : 0), alen);
	memcpy(client + 16, t + (back ? 2 : 0), 2);
	c = conn_of(client);
	if (t[13] & SYN)
		c->isn[back] = get32(t + 4);
	printf("%c ip %d", back ? '<' : '>', len);
	if (v4)
		printf(" tos %02x frag %04x ttl %d", p[1], get16(p + 6), p[8]);
	else
		printf(" class %02x hops %d", (p[0] & 15) << 4 | p[1] >> 4, p[7]);
	printf(" flags %02x%02x seq %u ack %u win %u urg %u", t[12] & 15, t[13],
	       get32(t + 4) - c->isn[back], t[13] & ACK ? ack - c->isn[!back] : ack,
	       get16(t + 14), get16(t + 18));
	show_options(t + 20, (t[12] >> 4) * 4 - 20);
	show_data(t + (t[12] >> 4) * 4, p + len - t - (t[12] >> 4) * 4);
}

static void take(const uint8_t *p, int len)
{
	const uint8_t *t;

	if (len < 40 || (p[0] >> 4 == 6 && len < 60) || (p[0] >> 4 != 4 && p[0] >> 4 != 6))
		return;
	t = p + (p[0] >> 4 == 4 ? (p[0] & 15) * 4 : 40);
	if (p[p[0] >> 4 == 4 ? 9 : 6] == IPPROTO_TCP && (get16(t) == port || get16(t + 2) == port))
		show(p, len);
}

int main(int argc, char **argv)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct sigaction sa = { .sa_handler = on_term };
	static uint8_t packet[1 << 16];
	int fd, len, room = 1 << 26;

	if (argc != 3)
		return 2;
	ll.sll_ifindex = if_nametoindex(argv[1]);
	port = atoi(argv[2]);
	fd = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (void *)&ll, sizeof(ll))) {
		perror("sniff");
		return 1;
	}
	sigaction(SIGTERM, &sa, NULL);
	puts("ready");
	fflush(stdout);
	do {
		len = recv(fd, packet, sizeof(packet), stop ? MSG_DONTWAIT : 0);
		if (len > 0)
			take(packet, len);
	} while (len > 0 || (len < 0 && errno == EINTR));
	return 0;
}
