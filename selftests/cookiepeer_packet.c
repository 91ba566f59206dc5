// SPDX-License-Identifier: GPL-2.0-only
/* cookiepeer: the packets, and what must be equal in them. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cookiepeer.h"
#include "peer.h"

#define TCP_E	0x40
#define TCP_C	0x80
#define LABEL	0xabcde		/* of the SYN's flow */
#define FULL	"mss=1460,sack,ts=77:0,nop,wscale=7"

struct flow *cur;

/* Beside all MSS and window scales, which syn_count() adds. */
static const struct syn {
	const char *opt;
	__u8 flags, tos, reserved, len;
} syns[] = {
	{ .opt = "" }, { .opt = "mss=1460" }, { .opt = "ts=1:0" }, { .opt = "sack" },
	{ .opt = "wscale=7" }, { .opt = "mss=1460,wscale=7,sack" },
	{ .opt = "mss=1460,sack,ts=5:0" }, { .opt = "mss=1460,nop,wscale=3,ts=5:0" },
	{ .opt = "mss=1460,ts=5:9" }, { .opt = "ts=4294967295:0,sack,wscale=0" },
	{ .opt = "ts=0:0,sack,wscale=2" }, { .opt = "mss=1460,mss=1300,ts=1:0" },
	{ .opt = "ts=1:0,ts=2:0,mss=900,wscale=1,wscale=9" },
	{ .opt = "hex=fd04f989,mss=1400,hex=4c020000,ts=3:0,sack" },
	{ .opt = "eol,mss=1460,ts=3:0" }, { .opt = "mss=1460,ts=3:0,eol,sack,wscale=7" },
	{ .opt = "mss=1460,ts=3:0,hex=03040707" }, { .opt = FULL, TCP_E },
	{ .opt = FULL, TCP_C }, { .opt = FULL, TCP_E | TCP_C },
	{ .opt = FULL, TCP_E | TCP_C, 1 }, { .opt = FULL, TCP_E | TCP_C, 2 },
	{ .opt = FULL, TCP_E | TCP_C, 3 }, { .opt = FULL, TCP_E | TCP_C, 0, 1 },
	{ .opt = FULL, TCP_E | TCP_C, 3, 1 }, { .opt = FULL, TCP_E | TCP_C, 2, 4 },
	{ .opt = FULL, 0, 3 }, { .opt = FULL, 0, 0xb8 }, { .opt = FULL, 0, 0xbb },
	{ .opt = "mss=1460,ts=9:0", TCP_E | TCP_C },
	{ .opt = "mss=1460,sack,wscale=7", TCP_E | TCP_C }, { .opt = FULL, TCP_P },
	{ .opt = FULL, TCP_U }, { .opt = FULL, 0, 0, 0, 100 }, { .opt = "", 0, 0, 0, 1 },
	{ .opt = "mss=1460,hex=2202,ts=3:0,sack", 0, 0, 0, 0 },
	{ .opt = "mss=1460,hex=220a0102030405060708,ts=3:0", 0, 0, 0, 100 },
	{ .opt = "mss=1460,hex=fe0cf9890102030405060708,ts=3:0", 0, 0, 0, 50 },
	{ .opt = "mss=1460,ts=3:0,sack,hex=1e0401ff" },
};

static const int sizes[] = { 0, 1, 87, 88, 535, 536, 1220, 1299, 1300, 1440, 1460, 8960, 65535 };

#define NSYNS	((int)(sizeof(syns) / sizeof(*syns)))
#define NSIZES	((int)(sizeof(sizes) / sizeof(*sizes)))
#define NSCALES	17

int syn_count(void)
{
	return NSYNS + NSIZES + NSCALES;
}

static struct syn syn_get(int n)
{
	static char text[64];

	if (n < NSYNS)
		return syns[n];
	n -= NSYNS;
	if (n < NSIZES)
		snprintf(text, sizeof(text), "mss=%d,sack,ts=%d:0,nop,wscale=7", sizes[n], n);
	else
		snprintf(text, sizeof(text), "mss=1460,sack,ts=%d:0,nop,wscale=%d", n,
			 n == NSIZES + 16 ? 255 : n - NSIZES);
	return (struct syn) { .opt = text };
}

const char *syn_name(int n)
{
	static char text[128];
	struct syn s = syn_get(n);

	snprintf(text, sizeof(text), "%s%s%s tos %#x reserved %u len %u", s.opt,
		 s.flags & TCP_E ? " ECE" : "", s.flags & TCP_C ? " CWR" : "", s.tos, s.reserved,
		 s.len);
	return text;
}

long number(const char *word)
{
	return strtol(word, NULL, 0);
}

static void put16(__u8 *p, __u32 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(__u8 *p, __u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static __u32 get32(const __u8 *p)
{
	return (__u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static __u16 checksum(__u32 s, const __u8 *p, int len)
{
	for (; len > 0; p += 2, len -= 2)
		s += p[0] << 8 | (len > 1 ? p[1] : 0);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static int ip_len(void)
{
	return family == AF_INET ? 20 : 40;
}

/* Of the segment in a packet, addresses included; 0 if the one in it is right. */
static __u16 tcp_checksum(const __u8 *packet, int len)
{
	int addr = family == AF_INET ? 12 : 8, ip = ip_len();
	__u16 s = ~checksum(IPPROTO_TCP + len - ip, packet + addr, ip - addr);

	return checksum(s, packet + ip, len - ip);
}

static void ip_header(__u8 *p, __u8 tos, int len)
{
	memset(p, 0, ip_len());
	if (family == AF_INET) {
		p[0] = 0x45;
		p[1] = tos;
		put16(p + 2, 20 + len);
		p[8] = 64;
		p[9] = IPPROTO_TCP;
		net_address(0, false, p + 12);
		net_address(0, true, p + 16);
		put16(p + 10, checksum(0, p, 20));
		return;
	}
	put32(p, 6u << 28 | tos << 20 | LABEL);
	put16(p + 4, len);
	p[6] = IPPROTO_TCP;
	p[7] = 64;
	net_address(0, false, p + 8);
	net_address(0, true, p + 24);
}

static __u32 iss(int n)
{
	return 0x10000019u * n;
}

static void segment(int n, __u8 flags, __u8 reserved, __u8 tos, __u32 seq, __u32 ack,
		    const struct segment *opt, int len)
{
	__u8 p[512], *t = p + 64;	/* net_address() writes 16 octets */
	int ip = ip_len(), size = 20 + opt->optlen + len;

	memset(p, 0, sizeof(p));
	put16(t, 40000 + n);
	put16(t + 2, PORT);
	put32(t + 4, seq);
	put32(t + 8, ack);
	t[12] = (20 + opt->optlen) / 4 << 4 | reserved;
	t[13] = flags;
	put16(t + 14, 5000);
	memcpy(t + 20, opt->opt, opt->optlen);
	memset(t + 20 + opt->optlen, 'x', len);
	ip_header(p, tos, size);
	memmove(p + ip, t, size);
	put16(p + ip + 16, tcp_checksum(p, ip + size));
	net_write(0, p, ip + size, 0, 0, 0);
}

/* The next one with these flags and so many octets, of those for this peer's port. */
static int receive(int n, __u8 *p, int size, __u8 flags, int octets)
{
	long end = now_ms() + deadline_ms;
	const __u8 *t = p + ip_len();
	int len;

	do {
		len = net_read(0, p, size, 100);
		if (len >= ip_len() + 20 && p[0] >> 4 == (family == AF_INET ? 4 : 6) &&
		    p[family == AF_INET ? 9 : 6] == IPPROTO_TCP && t[13] & TCP_A &&
		    (t[13] & TCP_S) == (flags & TCP_S) && (t[2] << 8 | t[3]) == 40000 + n &&
		    len - ip_len() - (t[12] >> 4) * 4 == octets)
			return len;
	} while (now_ms() < end);
	fail("no answer");
}

/* Where the timestamp of a SYN-ACK is, 0 if nowhere. */
static int find_timestamp(const __u8 *p)
{
	int at = ip_len() + 20, end = ip_len() + (p[ip_len() + 12] >> 4) * 4;

	while (at < end && p[at]) {
		if (p[at] == 8)
			return at + 2;
		at += p[at] == 1 ? 1 : p[at + 1];
	}
	return 0;
}

void packet_syn(int n, struct outcome *o)
{
	struct syn s = syn_get(n);
	struct segment opt = {};
	int at;

	segment_options(&opt, s.opt);
	o->from = now_ms();
	segment(n, TCP_S | s.flags, s.reserved, s.tos, iss(n), 0, &opt, s.len);
	o->len = receive(n, o->packet, sizeof(o->packet), TCP_S, 0);
	o->at = now_ms();
	o->isn = get32(o->packet + ip_len() + 4);
	at = find_timestamp(o->packet);
	o->has_ts = at;
	o->tsval = at ? get32(o->packet + at) : 0;
	if (tcp_checksum(o->packet, o->len))
		fail("wrong checksum");
}

void packet_ack(int n, const struct outcome *o)
{
	struct segment opt = {};
	char ts[64];

	snprintf(ts, sizeof(ts), "ts=1000:%u", o->tsval);
	if (o->has_ts)
		segment_options(&opt, ts);
	segment(n, TCP_A | TCP_P, 0, 0, iss(n) + 1, o->isn + 1, &opt, DATA);
}

void packet_data(int n, struct outcome *o)
{
	__u8 p[256];
	const __u8 *t = p + ip_len();

	receive(n, p, sizeof(p), 0, DATA);
	if (get32(t + 4) != o->isn + 1 || get32(t + 8) != iss(n) + 1 + DATA)
		fail("data begins elsewhere");
	snprintf(o->data, sizeof(o->data), "tos %#x ttl %u doff %u flags %#x window %u",
		 family == AF_INET ? p[1] : (p[0] & 15) << 4 | p[1] >> 4,
		 p[family == AF_INET ? 8 : 7], t[12] >> 4, t[13], t[14] << 8 | t[15]);
}

void packet_reset(int n, const struct outcome *o)
{
	struct segment opt = {};

	segment(n, TCP_R | TCP_A, 0, 0, iss(n) + 1 + DATA, o->isn + 1 + DATA, &opt, 0);
}

/* The stack draws a flow label for each SYN-ACK, if any, unless it reflects the SYN's. */
static bool mask_label(__u8 *p, bool reflected)
{
	__u32 label = get32(p) & 0xfffff;

	if (family == AF_INET)
		return true;
	if (reflected)
		return label == LABEL;
	if (label)
		put32(p, (get32(p) & ~0xfffff) | 1);
	return true;
}

static bool mask(struct outcome *o, bool reflected)
{
	int at = find_timestamp(o->packet);

	memset(o->packet + ip_len() + 4, 0, 4);
	memset(o->packet + ip_len() + 16, 0, 2);
	if (at)
		memset(o->packet + at, 0, 4);
	return mask_label(o->packet, reflected);
}

static void show(const char *who, const struct outcome *o)
{
	int i;

	printf("# %s:", who);
	for (i = 0; i < o->len; i++)
		printf("%s%02x", i % 4 ? "" : " ", o->packet[i]);
	printf("\n#	%s; %s\n", o->socket, o->data);
}

bool outcome_equal(int n, const struct outcome *a, const struct outcome *b, bool reflected)
{
	struct outcome x = *a, y = *b;
	bool labels = mask(&x, reflected) & mask(&y, reflected);
	__u32 later = b->tsval - a->tsval;

	/*
	 * The offset of the tuple is the same: so are the six bits above it. Ours reads a clock
	 * that may be a tick behind.
	 */
	if (labels && x.len == y.len && !memcmp(x.packet, y.packet, x.len) &&
	    (!a->has_ts || (!(later & 63) && later + 64 <= b->at - a->from + 128)) &&
	    !strcmp(a->socket, b->socket) && !strcmp(a->data, b->data))
		return true;
	printf("# SYN %d (%s): TSval %u ms later in %ld ms\n", n, syn_name(n), later,
	       b->at - a->from);
	show("stack", a);
	show("tcptrack", b);
	return false;
}
