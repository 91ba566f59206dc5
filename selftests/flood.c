// SPDX-License-Identifier: GPL-2.0-only
/*
 * flood: segments with correct checksums, quickly, from addresses that answer nothing.
 *
 *   flood [OPTION]... DEVICE ADDRESS PORT
 *
 *   -n N     so many SYNs (1000), each on a tuple of its own
 *   -a LEN   ACKs of nothing that was ever sent instead, with so much data
 *   -r N     at most so many a second (0: as fast as it can)
 *   -s SEED  another seed, other sources, ports and sequence numbers (1)
 *   -f N     from so many sources only (0: random in all of 198.18.0.0/15, 2001:2::/48)
 *   -p N     IPv6: sources of so many /64 only, with -f (1)
 *   -m MAC   of the next hop
 *   -b       wrong checksums
 *   -w       the last option says that it is longer than the header
 *   -g       each in two fragments (IPv6), which count as two
 *   -c       count the distinct sources
 *   -i FILE  all begin with the same sequence number; writes the SYN-ACKs' to FILE, "NUMBER
 *            ISN" a line (one each), and prints what else it has seen of them
 *
 * Prints "sent N"; with -c "sources N"; with -i "answered N" (tuples), and how many
 * pairs of answers have the same "isn", how many pairs of neighbours the same difference of
 * theirs: from one "address" or "port" to the next.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/tcp.h>
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
#include <time.h>
#include <unistd.h>

#include "flood.h"

#define BATCH	64
#define PORTS	64511		/* from 1024 on */
#define OPTIONS	20
#define DATA	1400

struct ip4 {
	uint8_t ihl, tos;
	uint16_t len, id, frag;
	uint8_t ttl, protocol;
	uint16_t sum;
	uint8_t source[4], dest[4];
} __attribute__((packed));

struct ip6 {
	uint32_t flow;
	uint16_t len;
	uint8_t next, hops;
	uint8_t source[16], dest[16];
} __attribute__((packed));

struct frag {
	uint8_t next, reserved;
	uint16_t at;
	uint32_t id;
} __attribute__((packed));

struct packet {
	struct ether_header eth;
	union {
		struct ip4 ip4;
		struct ip6 ip6;
	};
	uint8_t room[sizeof(struct frag) + sizeof(struct tcphdr) + OPTIONS + DATA];
} __attribute__((packed));

int family;
int port;
long count = 1000;
long sources;
static long rate, prefixes = 1;
static long data = -1;		/* ACKs, with so much */
static uint64_t seed = 1;
static bool bad, wrong, fragments, count_sources;
static const char *isns;	/* the file for them */
static volatile sig_atomic_t stop;
static uint8_t dest[16];
static struct ether_header eth = { .ether_dhost = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

/* splitmix64: the same for the same seed and number, in any order */
static uint64_t mix(uint64_t i)
{
	uint64_t z = seed * 0x9e3779b97f4a7c15ULL + i * 0xd1b54a32d192ed03ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint32_t add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	return len ? sum + (p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Of so many sources as asked for; the prefixes take turns. */
static void set_source(uint8_t *ip, long i)
{
	uint64_t r = sources ? (uint64_t)(i % sources) + 1 : mix(2 * i);

	if (family == AF_INET) {
		ip[0] = 198;
		ip[1] = 18 | (r >> 16 & 1);
		ip[2] = r >> 8;
		ip[3] = r;
		return;
	}
	memset(ip, 0, 16);
	ip[0] = 0x20;
	ip[1] = 0x01;
	ip[3] = 0x02;
	if (sources) {
		ip[7] = i % prefixes;
	} else {
		ip[6] = r >> 40;
		ip[7] = r >> 32;
	}
	ip[12] = r >> 24;
	ip[13] = r >> 16;
	ip[14] = r >> 8;
	ip[15] = r;
}

static int port_of(long turn)
{
	return 1024 + (turn + (seed & 0xfff) * 13) % PORTS;
}

long number_of(const uint8_t *source, int source_port)
{
	const uint8_t *r = source + (family == AF_INET ? 1 : 13);
	long turn = (source_port - port_of(0) + PORTS) % PORTS;
	int high = family == AF_INET ? r[0] & 1 : r[0];	/* 198.18.0.0/15 has 17 bits for it */

	return sources ? turn * sources + (high << 16 | r[1] << 8 | r[2]) - 1 : turn;
}

/* MSS, SACK, timestamps, window scale: what Linux asks for. */
static void set_options(uint8_t *opt, uint32_t stamp)
{
	static const uint8_t model[OPTIONS] = {
		2, 4, 1460 >> 8, 1460 & 255, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7
	};

	memcpy(opt, model, OPTIONS);
	memcpy(opt + 8, &stamp, sizeof(stamp));
	if (wrong)
		opt[18] = 4;
}

static size_t tcp_len(void)
{
	return sizeof(struct tcphdr) + OPTIONS + (data > 0 ? data : 0);
}

static void set_tcp(uint8_t *room, long i, const uint8_t *source, size_t alen)
{
	struct tcphdr *th = (void *)room;
	uint64_t r = mix(2 * i + 1);
	uint32_t sum;

	memset(room, 0, tcp_len());
	/* so that few sources do not repeat a tuple either */
	th->source = htons(port_of(i / (sources ? sources : 1)));
	th->dest = htons(port);
	th->seq = isns ? 0 : r;
	th->doff = (sizeof(*th) + OPTIONS) / 4;
	th->syn = data < 0;
	th->ack = data >= 0;
	th->ack_seq = th->ack ? r >> 16 : 0;
	th->window = htons(64240);
	set_options(room + sizeof(*th), r >> 32);
	sum = add(add(IPPROTO_TCP + tcp_len(), source, alen), dest, alen);
	th->check = fold(add(sum, room, tcp_len()));
	if (bad)
		th->check ^= 0x5555;
}

static size_t make(struct packet *p, long i)
{
	size_t ip = family == AF_INET ? sizeof(struct ip4) : sizeof(struct ip6);
	uint8_t *tcp = (uint8_t *)p + sizeof(p->eth) + ip;
	size_t len = tcp_len();

	p->eth = eth;
	if (family == AF_INET) {
		memset(&p->ip4, 0, ip);
		p->ip4.ihl = 0x45;
		p->ip4.len = htons(ip + len);
		p->ip4.frag = htons(0x4000);
		p->ip4.ttl = 64;
		p->ip4.protocol = IPPROTO_TCP;
		set_source(p->ip4.source, i);
		memcpy(p->ip4.dest, dest, 4);
		p->ip4.sum = fold(add(0, &p->ip4, ip));
		set_tcp(tcp, i, p->ip4.source, 4);
	} else {
		memset(&p->ip6, 0, ip);
		p->ip6.flow = htonl(6u << 28);
		p->ip6.len = htons(len);
		p->ip6.next = IPPROTO_TCP;
		p->ip6.hops = 64;
		set_source(p->ip6.source, i);
		memcpy(p->ip6.dest, dest, 16);
		set_tcp(tcp, i, p->ip6.source, 16);
	}
	return sizeof(p->eth) + ip + len;
}

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Until it is the turn of number @i. */
static void pace(int64_t begun, long i)
{
	int64_t wait;

	if (!rate)
		return;
	wait = begun + i * 1000000000LL / rate - now_ns();
	if (wait > 0)
		nanosleep(&(struct timespec){ wait / 1000000000, wait % 1000000000 }, NULL);
}

#define FIRST	24	/* octets in the first of two fragments */

/* Two for each packet. */
static size_t make_fragment(struct packet *p, long number)
{
	long i = number / 2;
	bool second = number & 1;
	uint8_t *tcp = (uint8_t *)p + sizeof(p->eth) + sizeof(struct ip6);
	struct frag frag = { .next = IPPROTO_TCP, .id = mix(i) };
	size_t len = second ? tcp_len() - FIRST : FIRST;

	make(p, i);
	frag.at = htons(second ? FIRST : 1);
	memmove(tcp + sizeof(frag), second ? tcp + FIRST : tcp, len);
	memcpy(tcp, &frag, sizeof(frag));
	p->ip6.next = IPPROTO_FRAGMENT;
	p->ip6.len = htons(sizeof(frag) + len);
	return sizeof(p->eth) + sizeof(struct ip6) + sizeof(frag) + len;
}

static bool send_batch(int fd, long first, long n)
{
	static struct packet packets[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr msgs[BATCH];
	long done = 0, k;

	for (k = 0; k < n; k++) {
		iov[k].iov_base = &packets[k];
		iov[k].iov_len = fragments ? make_fragment(&packets[k], first + k) :
					     make(&packets[k], first + k);
		msgs[k].msg_hdr.msg_iov = &iov[k];
		msgs[k].msg_hdr.msg_iovlen = 1;
	}
	while (done < n) {
		k = sendmmsg(fd, msgs + done, n - done, 0);
		if (k < 0 && errno != ENOBUFS && errno != EINTR) {
			perror("flood: sendmmsg");
			return false;
		}
		done += k > 0 ? k : 0;
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

long pairs(uint64_t *values, long n)
{
	long i, same = 0, all = 0;

	qsort(values, n, sizeof(*values), by_value);
	for (i = 1; i < n; i++) {
		same = values[i] == values[i - 1] ? same + 1 : 0;
		all += same;
	}
	return all;
}

static long distinct_sources(long sent)
{
	uint64_t *values = calloc(sent + 1, sizeof(*values));
	long i, n;
	uint8_t ip[16];

	for (i = 0; i < sent; i++) {
		set_source(ip, i);
		memcpy(&values[i], ip, 4);
		if (family == AF_INET6) {
			memcpy(&values[i], ip + 4, 4);	/* all that differs */
			memcpy((uint8_t *)&values[i] + 4, ip + 12, 4);
		}
	}
	qsort(values, sent, sizeof(*values), by_value);
	for (i = 0, n = 0; i < sent; i++)
		n += !i || values[i] != values[i - 1];
	free(values);
	return n;
}

static int run(int fd)
{
	int64_t begun = now_ns();
	long sent = 0, room;

	while (sent < count && !stop) {
		/* with a rate, one by one or a tenth of a second's */
		room = rate ? rate / 10 + 1 : BATCH;
		room = room < BATCH ? room : BATCH;
		room = room < count - sent ? room : count - sent;
		pace(begun, sent);
		if (!send_batch(fd, sent, room))
			return 1;
		sent += room;
		if (isns)
			answers_collect(0);
	}
	if (isns)
		answers_collect(1000);
	printf("sent %ld\n", sent);
	if (count_sources)
		printf("sources %ld\n", distinct_sources(sent));
	return isns ? !answers_tell(isns) : 0;
}

static bool set_mac(const char *text)
{
	uint8_t *m = eth.ether_dhost;

	return sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4,
		      m + 5) == 6;
}

static bool parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:a:r:s:f:p:m:i:bcwg")) != -1) {
		if (c == 'n')
			count = atol(optarg);
		else if (c == 'a')
			data = atol(optarg);
		else if (c == 'r')
			rate = atol(optarg);
		else if (c == 's')
			seed = atol(optarg);
		else if (c == 'f')
			sources = atol(optarg);
		else if (c == 'p')
			prefixes = atol(optarg);
		else if (c == 'i')
			isns = optarg;
		else if (c == 'b')
			bad = true;
		else if (c == 'c')
			count_sources = true;
		else if (c == 'w')
			wrong = true;
		else if (c == 'g')
			fragments = true;
		else if (c != 'm' || !set_mac(optarg))
			return false;
	}
	if (argc - optind != 3 || prefixes < 1 || data > DATA)
		return false;
	family = strchr(argv[optind + 1], ':') ? AF_INET6 : AF_INET;
	port = atoi(argv[optind + 2]);
	eth.ether_type = htons(family == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	return inet_pton(family, argv[optind + 1], dest) == 1;
}

static void on_term(int sig)
{
	stop = 1;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET };
	struct sigaction sa = { .sa_handler = on_term };
	int fd;

	if (!parse(argc, argv)) {
		fprintf(stderr, "flood: see flood.c\n");
		return 2;
	}
	ll.sll_ifindex = if_nametoindex(argv[optind]);
	fd = socket(AF_PACKET, SOCK_RAW, 0);	/* no protocol: it receives nothing */
	if (!ll.sll_ifindex || fd < 0 || bind(fd, (void *)&ll, sizeof(ll)) ||
	    (isns && !answers_begin(ll.sll_ifindex))) {
		perror("flood");
		return 1;
	}
	sigaction(SIGTERM, &sa, NULL);
	return run(fd);
}
