// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_packets: valid packets, and what becomes of them. */

#include <string.h>
#include <sys/socket.h>

#include "fuzz_packets.h"
#include "peer.h"
#include "random.h"

#define TCP_HEADER	20
#define MORE		0x2000		/* fragments */

const char * const fuzz_mutation_names[FUZZ_MUTATIONS] = {
	"valid", "tcp bits", "ip bits", "checksum", "offset", "cut", "pad", "fragments", "headers",
	"icmp", "twice", "noise"
};

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t sum(uint32_t s, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		s += p[0] << 8 | p[1];
	return len ? s + (p[0] << 8) : s;
}

static uint16_t fold(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static size_t ip_len(void)
{
	return family == AF_INET ? 20 : 40;
}

/* The transport's checksum of the packet, at @at of its @len octets behind @off. */
static void set_checksum(uint8_t *p, size_t off, size_t len, int proto, size_t at)
{
	size_t n = family == AF_INET ? 4 : 16;
	const uint8_t *ips = p + (family == AF_INET ? 12 : 8);
	uint32_t s = proto == 1 ? 0 : sum(proto + len, ips, 2 * n);

	put16(p + off + at, 0);
	put16(p + off + at, fold(sum(s, p + off, len)));
}

static void set_ip(uint8_t *p, const uint8_t *source, const uint8_t *dest, int proto, size_t len)
{
	if (family == AF_INET) {
		memset(p, 0, 20);
		p[0] = 0x45;
		put16(p + 2, 20 + len);
		put16(p + 4, random_32());
		p[8] = 64;
		p[9] = proto;
		memmove(p + 12, source, 4);
		memmove(p + 16, dest, 4);
		put16(p + 10, fold(sum(0, p, 20)));
		return;
	}
	memset(p, 0, 8);
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = proto;
	p[7] = 64;
	memmove(p + 8, source, 16);
	memmove(p + 24, dest, 16);
}

size_t fuzz_build(uint8_t *p, const struct fuzz_end *from, const struct fuzz_end *to,
		  const struct fuzz_segment *seg)
{
	size_t len = TCP_HEADER + seg->optlen + seg->len, off = ip_len();
	uint8_t *t = p + off;

	set_ip(p, from->ip, to->ip, 6, len);
	memset(t, 'x', len);
	put16(t, from->port);
	put16(t + 2, to->port);
	put32(t + 4, seg->seq);
	put32(t + 8, seg->ack);
	t[12] = (TCP_HEADER + seg->optlen) / 4 << 4;
	t[13] = seg->flags;
	put16(t + 14, seg->win);
	put16(t + 18, 0);
	memcpy(t + TCP_HEADER, seg->opt, seg->optlen);
	set_checksum(p, off, len, 6, 16);
	return off + len;
}

static void flip(uint8_t *p, size_t len)
{
	int n = 1 + below(4);

	while (n--)
		flip_bit(p, len);
}

/* The first four bits stay: TUN takes nothing else. IPv4's own checksum is mostly right. */
static void ip_bits(uint8_t *p)
{
	uint8_t version = p[0] & 0xf0;

	flip(p, ip_len());
	p[0] = version | (p[0] & 0x0f);
	if (family == AF_INET && !one_in(4)) {
		put16(p + 10, 0);
		put16(p + 10, fold(sum(0, p, 20)));
	}
}

static void set_total(uint8_t *p, size_t len)
{
	if (family == AF_INET) {
		put16(p + 2, len);
		put16(p + 10, 0);
		put16(p + 10, fold(sum(0, p, 20)));
	} else {
		put16(p + 4, len - 40);
	}
}

/* One of two parts of it: from @from, @n octets, behind a header of its own. */
static void fragment(int dev, const uint8_t *p, size_t from, size_t n, bool more, uint32_t id)
{
	uint8_t f[FUZZ_ROOM];
	size_t off = ip_len();

	memcpy(f, p, off);
	if (family == AF_INET) {
		put16(f + 4, id);
		put16(f + 6, (more ? MORE : 0) | from / 8);
	} else {
		off += 8;
		memset(f + 40, 0, 8);
		f[40] = f[6];
		f[6] = 44;
		put16(f + 42, from | more);
		put32(f + 44, id);
	}
	memcpy(f + off, p + ip_len() + from, n);
	set_total(f, off + n);
	net_write(dev, f, off + n, 0, 0, 0);
}

/* In order or not, or with a hole or an overlap. */
static int fragments(int dev, const uint8_t *p, size_t len)
{
	size_t all = len - ip_len(), cut = 8 * (1 + below(all / 8 ?: 1)), from;
	uint32_t id = random_32();
	bool late = one_in(2);

	if (cut >= all)
		cut = 8;
	if (cut >= all)
		return 0;
	from = one_in(4) ? 8 * below(all / 8 ?: 1) : cut;
	if (!late)
		fragment(dev, p, 0, cut, true, id);
	fragment(dev, p, from, all - from, false, id);
	if (late)
		fragment(dev, p, 0, cut, true, id);
	return 2;
}

/* IPv4: options. IPv6: a chain of extension headers, of which some lie. */
static size_t headers(uint8_t *p, size_t len)
{
	static const uint8_t kinds[] = { 0, 60, 43, 51, 60, 135, 139, 253 };
	int n = 1 + below(3), extra, i;
	size_t off = ip_len();

	if (family == AF_INET) {
		extra = 4 * (1 + below(10));
		memmove(p + 20 + extra, p + 20, len - 20);
		for (i = 0; i < extra; i++)
			p[20 + i] = one_in(2) ? 1 : random_32();
		p[0] = 0x45 + extra / 4;
		put16(p + 2, len + extra);
		put16(p + 10, 0);
		put16(p + 10, fold(sum(0, p, 20 + extra)));
		return len + extra;
	}
	extra = 8 * n;
	memmove(p + off + extra, p + off, len - off);
	memset(p + off, 0, extra);
	for (i = n - 1; i >= 0; i--) {
		uint8_t *h = p + off + 8 * i;

		h[0] = i == n - 1 ? p[6] : h[8];
		h[2] = 1;	/* PadN */
		h[3] = 4;
		/* what the header before it, or the packet, calls it, is written below */
		h[1] = one_in(8) ? random_32() : 0;
	}
	for (i = n - 1; i >= 0; i--) {
		uint8_t kind = kinds[i ? 1 + below(7) : below(8)];

		if (i)
			p[off + 8 * (i - 1)] = kind;
		else
			p[6] = kind;
	}
	put16(p + 4, len + extra - off);
	return len + extra;
}

/* An error that quotes it, as if the kernel had sent it: for some of them it has. */
static size_t icmp(uint8_t *p, size_t len)
{
	static const uint8_t types[2][4] = { { 3, 3, 11, 12 }, { 1, 1, 2, 3 } };
	uint8_t q[FUZZ_ROOM], ips[32], swap[16];
	size_t off = ip_len(), n = family == AF_INET ? 4 : 16, quote;
	uint8_t *ip = p + (family == AF_INET ? 12 : 8);

	memcpy(ips, ip, 2 * n);
	/* the quoted packet went the other way */
	memcpy(swap, ip, n);
	memcpy(ip, ip + n, n);
	memcpy(ip + n, swap, n);
	memcpy(swap, p + off, 2);
	memcpy(p + off, p + off + 2, 2);
	memcpy(p + off + 2, swap, 2);
	quote = one_in(3) ? below(len) : off + 8 + below(len - off - 7);
	memcpy(q, p, quote);
	memset(p + off, 0, 8);
	p[off] = types[family == AF_INET6][below(4)];
	p[off + 1] = below(family == AF_INET ? 14 : 6);
	put16(p + off + 6, 1200);
	memcpy(p + off + 8, q, quote);
	set_ip(p, ips, ips + n, family == AF_INET ? 1 : 58, 8 + quote);
	set_checksum(p, off, 8 + quote, family == AF_INET ? 1 : 58, 2);
	return off + 8 + quote;
}

static void write_whole(int dev, const uint8_t *p, size_t len)
{
	/* sometimes not in one piece of memory */
	net_write(dev, p, len, 0, 0, one_in(8) ? 1 + below(len) : 0);
}

int fuzz_send(int dev, uint8_t *p, size_t len, enum fuzz_mutation how)
{
	size_t off = ip_len(), tcp = len - off, n;

	switch (how) {
	case FUZZ_TCP_BITS:
		flip(p + off, tcp < 60 ? tcp : 60);
		set_checksum(p, off, tcp, 6, 16);
		break;
	case FUZZ_IP_BITS:
		ip_bits(p);
		break;
	case FUZZ_CHECKSUM:
		p[off + 16] ^= 1 + below(255);
		break;
	case FUZZ_OFFSET:
		p[off + 12] = random_32();
		set_checksum(p, off, tcp, 6, 16);
		break;
	case FUZZ_CUT:
		len = off + below(tcp);
		if (!one_in(4))
			set_total(p, len);
		if (len >= off + 18)
			set_checksum(p, off, len - off, 6, 16);
		break;
	case FUZZ_PAD:
		n = 1 + below(20);
		memset(p + len, 0, n);
		len += n;
		break;
	case FUZZ_FRAGMENTS:
		return fragments(dev, p, len);
	case FUZZ_HEADERS:
		len = headers(p, len);
		break;
	case FUZZ_ICMP:
		len = icmp(p, len);
		break;
	case FUZZ_TWICE:
		write_whole(dev, p, len);
		write_whole(dev, p, len);
		return 2;
	case FUZZ_NOISE:
		for (n = off; n < len; n++)
			p[n] = random_32();
		break;
	default:
		break;
	}
	write_whole(dev, p, len);
	return 1;
}
