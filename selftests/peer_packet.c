// SPDX-License-Identifier: GPL-2.0-only
/* peer: segments to packets and back. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"

#define TCP_HEADER	20

static __u8 last[MAX_SEGMENT];	/* the kernel's last segment, for ICMP to quote */
static int last_len;
static __u32 quote_offset;

static void put16(__u8 *p, __u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(__u8 *p, __u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static __u16 get16(const __u8 *p)
{
	return p[0] << 8 | p[1];
}

static __u32 get32(const __u8 *p)
{
	return (__u32)get16(p) << 16 | get16(p + 2);
}

static __u32 sum(__u32 s, const __u8 *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		s += get16(p);
	if (len)
		s += p[0] << 8;
	return s;
}

static __u16 fold(__u32 s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static __u32 pseudo(const __u8 *src, const __u8 *dst, int proto, size_t len)
{
	size_t n = family == AF_INET ? 4 : 16;

	return sum(sum(proto + len, src, n), dst, n);
}

/* Octets of options, padded; "mss=1460,wscale=7,sack,ts=1:0,nop,eol,hex=0201". */
void segment_options(struct segment *seg, const char *text)
{
	char copy[256], *word, *save;
	__u8 *o = seg->opt;

	snprintf(copy, sizeof(copy), "%s", text);
	for (word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		char *value = strchr(word, '=');
		unsigned int octet;

		if (value)
			*value++ = 0;
		if (!strcmp(word, "mss")) {
			*o++ = 2, *o++ = 4;
			put16(o, number(value));
			o += 2;
		} else if (!strcmp(word, "wscale")) {
			*o++ = 3, *o++ = 3, *o++ = number(value);
		} else if (!strcmp(word, "sack")) {
			*o++ = 4, *o++ = 2;
		} else if (!strcmp(word, "ts")) {
			*o++ = 8, *o++ = 10;
			put32(o, strtoul(value, &value, 0));
			put32(o + 4, *value ? strtoul(value + 1, NULL, 0) : 0);
			o += 8;
		} else if (!strcmp(word, "nop")) {
			*o++ = 1;
		} else if (!strcmp(word, "eol")) {
			*o++ = 0;
		} else if (!strcmp(word, "hex")) {
			for (; sscanf(value, "%2x", &octet) == 1; value += 2)
				*o++ = octet;
		} else {
			fail("option %s: unknown", word);
		}
	}
	while ((o - seg->opt) % 4)
		*o++ = 1;
	seg->optlen = o - seg->opt;
}

static size_t build_tcp(__u8 *t, const struct end *from, const struct end *to,
			const struct segment *seg)
{
	size_t len = TCP_HEADER + seg->optlen + seg->len;
	int doff = seg->m.doff >= 0 ? seg->m.doff : (TCP_HEADER + seg->optlen) / 4;
	__u32 s;

	memset(t, 0, len);
	put16(t, from->port);
	put16(t + 2, to->port);
	put32(t + 4, seg->seq);
	put32(t + 8, seg->ack);
	t[12] = doff << 4;
	t[13] = seg->flags;
	put16(t + 14, seg->win);
	memcpy(t + TCP_HEADER, seg->opt, seg->optlen);
	memset(t + TCP_HEADER + seg->optlen, 'x', seg->len);
	if (seg->m.cut >= 0 && (size_t)seg->m.cut < len)
		len = seg->m.cut;
	s = pseudo(from->ip, to->ip, IPPROTO_TCP, len);
	if (len < 18)
		return len;
	if (seg->m.gso)		/* the kernel does the rest */
		put16(t + 16, fold(s));
	else
		put16(t + 16, ~fold(sum(s, t, len)) ^ (seg->m.badsum ? 0x5555 : 0));
	return len;
}

/* An IPv6 extension header of 8 octets (ah: of 16); "bad" says that it is much longer. */
static size_t build_ext(__u8 *p, const char *ext, __u8 *next)
{
	static const __u8 pad[6] = { 1, 4 };

	p[0] = *next;
	p[1] = 0;
	memcpy(p + 2, pad, sizeof(pad));
	*next = IPPROTO_DSTOPTS;
	if (!strcmp(ext, "hbh")) {
		*next = IPPROTO_HOPOPTS;
	} else if (!strcmp(ext, "rt")) {
		*next = IPPROTO_ROUTING;
		p[2] = 253;		/* RFC 3692 experiment; no segments left */
		p[3] = 0;
	} else if (!strcmp(ext, "ah")) {
		*next = IPPROTO_AH;
		p[1] = 2;
		return 16;
	} else if (!strcmp(ext, "bad")) {
		p[1] = 200;
	} else if (strcmp(ext, "dst")) {
		fail("ext %s: unknown", ext);
	}
	return 8;
}

static size_t build_ip(__u8 *p, const struct end *from, const struct end *to,
		       __u8 proto, size_t len)
{
	static __u16 id;

	if (family == AF_INET) {
		memset(p, 0, 20);
		p[0] = 0x45;
		put16(p + 2, 20 + len);
		put16(p + 4, ++id);
		p[8] = 64;
		p[9] = proto;
		memcpy(p + 12, from->ip, 4);
		memcpy(p + 16, to->ip, 4);
		put16(p + 10, ~fold(sum(0, p, 20)));
		return 20;
	}
	memset(p, 0, 8);
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = proto;
	p[7] = 64;
	memcpy(p + 8, from->ip, 16);
	memcpy(p + 24, to->ip, 16);
	return 40;
}

/* IP options that do nothing. */
static size_t add_nops(__u8 *p, size_t ip)
{
	memset(p + ip, 1, 4);
	p[0]++;
	put16(p + 2, get16(p + 2) + 4);
	put16(p + 10, 0);
	put16(p + 10, ~fold(sum(0, p, ip + 4)));
	return ip + 4;
}

/* One fragment: octets FROM.. of the payload, and whether more follow. */
static void send_fragment(int dev, const __u8 *packet, size_t ip, size_t at,
			  size_t len, bool more)
{
	__u8 f[MAX_SEGMENT];

	memcpy(f, packet, ip);
	if (family == AF_INET) {
		put16(f + 2, ip + len);
		put16(f + 6, at / 8 | (more ? 0x2000 : 0));
		put16(f + 10, 0);
		put16(f + 10, ~fold(sum(0, f, ip)));
		memcpy(f + ip, packet + ip + at, len);
		net_write(dev, f, ip + len, 0, 0, 0);
		return;
	}
	put16(f + 4, 8 + len);
	f[ip] = f[6];
	f[6] = IPPROTO_FRAGMENT;
	f[ip + 1] = 0;
	put16(f + ip + 2, at | more);
	memcpy(f + ip + 4, f + 4, 2);	/* any identification that both share */
	put16(f + ip + 4, 1);
	put16(f + ip + 6, get16(packet + ip + 4));
	memcpy(f + ip + 8, packet + ip + at, len);
	net_write(dev, f, ip + 8 + len, 0, 0, 0);
}

void segment_send(int dev, const struct end *from, const struct end *to,
		  const struct segment *seg)
{
	__u8 tcp[MAX_SEGMENT], packet[MAX_SEGMENT], ext[16] = { 0 }, next = IPPROTO_TCP;
	size_t len, ip, extlen = 0;

	len = build_tcp(tcp, from, to, seg);
	if (seg->m.ext && family == AF_INET6)
		extlen = build_ext(ext, seg->m.ext, &next);
	ip = build_ip(packet, from, to, next, extlen + len);
	if (seg->m.ext && family == AF_INET)
		ip = add_nops(packet, ip);
	memcpy(packet + ip, ext, extlen);
	memcpy(packet + ip + extlen, tcp, len);
	if (seg->m.frag) {
		size_t cut = seg->m.frag & ~7;

		send_fragment(dev, packet, ip, 0, cut, true);
		send_fragment(dev, packet, ip, cut, extlen + len - cut, false);
		return;
	}
	memset(packet + ip + extlen + len, 0xaa, seg->m.pad);
	net_write(dev, packet, ip + extlen + len + seg->m.pad, seg->m.gso, ip + extlen,
		  seg->m.linear);
}

static bool parse(const __u8 *p, int len, struct segment *seg)
{
	int ip = family == AF_INET ? (p[0] & 15) * 4 : 40;
	const __u8 *t = p + ip;
	int doff;

	if (p[0] >> 4 != (family == AF_INET ? 4 : 6) || len < ip + TCP_HEADER)
		return false;
	if (family == AF_INET && (get16(p + 6) & 0x3fff))
		fail("the kernel sent a fragment");
	if (family == AF_INET6 && p[6] == IPPROTO_FRAGMENT)
		fail("the kernel sent a fragment");
	if (p[family == AF_INET ? 9 : 6] != IPPROTO_TCP)
		return false;
	memset(seg, 0, sizeof(*seg));
	doff = (t[12] >> 4) * 4;
	seg->sport = get16(t);
	seg->dport = get16(t + 2);
	seg->seq = get32(t + 4);
	seg->ack = get32(t + 8);
	seg->flags = t[13];
	seg->win = get16(t + 14);
	seg->len = len - ip - doff;
	return true;
}

/* The next TCP segment that the kernel sent, false if none came in time. */
bool segment_receive(int dev, struct segment *seg, int ms)
{
	__u8 packet[MAX_SEGMENT];
	long end = now_ms() + ms;
	int len;

	for (;;) {
		long left = end - now_ms();

		len = net_read(dev, packet, sizeof(packet), left > 0 ? left : 0);
		if (!len && left <= 0)
			return false;
		if (len && parse(packet, len, seg))
			break;
	}
	memcpy(last, packet, len);
	last_len = len;
	return true;
}

const char *segment_text(const struct segment *seg, const struct end *from,
			 const struct end *to)
{
	static char buf[2][160];
	static int which;
	char flags[9], *f = flags;

	which = !which;
	*f++ = seg->flags & TCP_S ? 'S' : '-';
	*f++ = seg->flags & TCP_A ? 'A' : '-';
	*f++ = seg->flags & TCP_F ? 'F' : '-';
	*f++ = seg->flags & TCP_R ? 'R' : '-';
	*f = 0;
	snprintf(buf[which], sizeof(buf[0]), "%u>%u %s seq %d ack %d len %u win %u",
		 seg->sport, seg->dport, flags, (int)(seg->seq - from->iss),
		 seg->flags & TCP_A ? (int)(seg->ack - to->iss) : 0, seg->len, seg->win);
	return buf[which];
}

/* The sequence number in what the next ICMP error quotes is a forged one. */
void icmp_quote_other(bool other_seq)
{
	quote_offset = other_seq ? 1u << 30 : 0;
}

/* An ICMP error about the kernel's last segment: host, admin, port. */
void icmp_send(const char *kind)
{
	static const struct { const char *kind; __u8 v4, v6; } kinds[] = {
		{ "host", 1, 3 }, { "admin", 13, 1 }, { "port", 3, 4 },
	};
	__u8 packet[MAX_SEGMENT], *icmp;
	size_t ip, len, i;
	__u32 s;

	for (i = 0; i < 3 && strcmp(kinds[i].kind, kind); i++)
		;
	if (i == 3 || !last_len)
		fail("icmp %s: unknown, or no segment to quote", kind);
	len = 8 + last_len;
	ip = build_ip(packet, &cur->end[0], &cur->end[1],
		      family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6, len);
	icmp = packet + ip;
	memset(icmp, 0, 8);
	icmp[0] = family == AF_INET ? 3 : 1;
	icmp[1] = family == AF_INET ? kinds[i].v4 : kinds[i].v6;
	memcpy(icmp + 8, last, last_len);
	put32(icmp + 8 + ip + 4, get32(icmp + 8 + ip + 4) + quote_offset);
	s = family == AF_INET ? 0 :
	    pseudo(cur->end[0].ip, cur->end[1].ip, IPPROTO_ICMPV6, len);
	put16(icmp + 2, ~fold(sum(s, icmp, len)));
	net_write(0, packet, ip + len, 0, 0, 0);
}
