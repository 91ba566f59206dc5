// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_packets -4|-6 [-m MODE] [-n RUNS] [-s SEED]: RUNS packets from a network that plays
 * with the kernel's sockets, and with routes through it: valid exchanges, of which half are
 * spoilt in some way.
 *
 * MODE is plain, cookie, prerouting or ingress: the last three answer all SYNs with cookies,
 * from LOCAL_IN or earlier. Ends with what nft's own counter has seen beside the module's
 * hooks: it has to be segments_seen, exactly. A connection over loopback that is used all
 * the while loses nothing. Status 0 if all that held. The same seed is the same run.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fuzz_packets.h"
#include "peer.h"
#include "random.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SLOTS		24
#define SOCKETS		48
#define PORT		80
#define PORTS		3		/* from there on; the last is closed */
#define HONEST		9

int family = AF_INET;
int deadline_ms = 15000;

static const struct {
	const char *name, *nft;
} witness[] = {
	{ "in", "hook input priority 2147483644" },
	{ "out", "hook output priority -300" },
	{ "forward", "hook forward priority 97" },
};

/* A connection: end 0 is played here; 1 is the kernel's, or (forwarded) played here, too. */
static struct slot {
	bool forward;
	struct fuzz_end end[2];
} slots[SLOTS];

static int listeners[PORTS - 1];
static int sockets[SOCKETS];	/* accepted or connected, 0: none */
static int honest[2];
static long done[FUZZ_MUTATIONS], answers;

void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# fuzz_packets: ");
	vprintf(fmt, ap);
	printf("\n");
	exit(1);
}

bool wait_until(bool (*cond)(void *), void *arg, int ms)
{
	while (ms > 0 && !cond(arg)) {
		usleep(10000);
		ms -= 10;
	}
	return cond(arg);
}

/* --- the kernel's sockets --- */

static void to_sockaddr(struct sockaddr_storage *ss, const uint8_t *ip, int port)
{
	memset(ss, 0, sizeof(*ss));
	ss->ss_family = family;
	if (family == AF_INET) {
		memcpy(&((struct sockaddr_in *)ss)->sin_addr, ip, 4);
		((struct sockaddr_in *)ss)->sin_port = htons(port);
	} else {
		memcpy(&((struct sockaddr_in6 *)ss)->sin6_addr, ip, 16);
		((struct sockaddr_in6 *)ss)->sin6_port = htons(port);
	}
}

static int open_socket(void)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		fail("socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

static int listen_at(int port)
{
	static const uint8_t any[16];
	struct sockaddr_storage ss;
	int fd = open_socket();

	to_sockaddr(&ss, any, port);
	if (bind(fd, (void *)&ss, sizeof(ss)) || listen(fd, 64))
		fail("listen: %s", strerror(errno));
	return fd;
}

static void open_honest(void)
{
	uint8_t loopback[16] = { 127, 0, 0, 1 };
	struct sockaddr_storage ss;
	int l = listen_at(HONEST);

	if (family == AF_INET6) {
		memset(loopback, 0, sizeof(loopback));
		loopback[15] = 1;
	}
	honest[0] = open_socket();
	to_sockaddr(&ss, loopback, HONEST);
	if (connect(honest[0], (void *)&ss, sizeof(ss)) && errno != EINPROGRESS)
		fail("connect: %s", strerror(errno));
	poll(&(struct pollfd){ l, POLLIN, 0 }, 1, deadline_ms);
	honest[1] = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (honest[1] < 0)
		fail("the honest connection is not accepted: %s", strerror(errno));
	close(l);
}

/* There and back. (Only on a busy machine it is not there at once.) */
static void use_honest(void)
{
	int i;
	char c;

	for (i = 0; i < 2; i++) {
		if (send(honest[i], "h", 1, MSG_NOSIGNAL) != 1)
			fail("the honest connection: %s", strerror(errno));
		poll(&(struct pollfd){ honest[!i], POLLIN, 0 }, 1, deadline_ms);
		if (recv(honest[!i], &c, 1, 0) != 1)
			fail("the honest connection has lost an octet");
	}
}

static void keep(int fd)
{
	int *at = &sockets[below(SOCKETS)];

	if (*at)
		close(*at);
	*at = fd;
}

static void drop(int *at)
{
	struct linger abort = { 1, 0 };

	if (one_in(3))
		setsockopt(*at, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	close(*at);
	*at = 0;
}

/* An active open, to an end that is played by that slot from now on. */
static void open_active(struct slot *s)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = open_socket();

	to_sockaddr(&ss, s->end[0].ip, s->end[0].port);
	connect(fd, (void *)&ss, sizeof(ss));
	if (!getsockname(fd, (void *)&ss, &len))
		s->end[1].port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	keep(fd);
}

static void use_socket(int *at)
{
	char buf[512] = "data";

	switch (below(6)) {
	case 0:
		drop(at);
		break;
	case 1:
		shutdown(*at, SHUT_WR);
		break;
	case 2:
		while (recv(*at, buf, sizeof(buf), 0) > 0)
			;
		break;
	default:
		send(*at, buf, 1 + below(sizeof(buf)), MSG_NOSIGNAL);
	}
}

static void act(struct slot *s)
{
	int fd, *at = &sockets[below(SOCKETS)];

	if (one_in(3)) {
		fd = accept4(listeners[below(PORTS - 1)], NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			keep(fd);
	} else if (*at) {
		use_socket(at);
	} else if (!s->forward && one_in(4)) {
		open_active(s);
	}
}

/* --- the ends that are played here --- */

static void new_slot(struct slot *s)
{
	s->forward = one_in(3);
	net_address(0, false, s->end[0].ip);
	net_address(s->forward ? 1 : 0, !s->forward, s->end[1].ip);
	s->end[0].dev = 0;
	s->end[1].dev = 1;
	s->end[0].port = 1024 + below(512);
	s->end[1].port = PORT + below(PORTS);
	s->end[0].next = random_32();
	s->end[1].next = s->forward ? random_32() : 0;
}

/* Mostly what is due, else near it, else anywhere. */
static uint32_t near(uint32_t due)
{
	if (!one_in(8))
		return due;
	return one_in(3) ? random_32() : due + below(2048) - 1024;
}

static void options(struct fuzz_segment *seg)
{
	static const uint8_t syn[] = {
		2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7
	};
	int i;

	if (seg->flags & TCP_S && !one_in(4)) {
		memcpy(seg->opt, syn, sizeof(syn));
		seg->optlen = sizeof(syn);
	}
	if (!one_in(8))
		return;
	seg->optlen = 4 * below(11);
	for (i = 0; i < seg->optlen; i++)
		seg->opt[i] = one_in(2) ? below(9) : random_32();
}

static void step(struct slot *s)
{
	static const uint8_t flags[] = {
		TCP_S, TCP_S, TCP_S, TCP_S | TCP_A, TCP_A, TCP_A, TCP_A, TCP_A | TCP_P,
		TCP_A | TCP_P, TCP_A | TCP_F, TCP_A | TCP_F, TCP_R, TCP_R | TCP_A
	};
	int e = s->forward ? below(2) : 0;
	struct fuzz_end *from = &s->end[e], *to = &s->end[!e];
	enum fuzz_mutation how = one_in(2) ? FUZZ_VALID : below(FUZZ_MUTATIONS);
	struct fuzz_segment seg = { .win = one_in(8) ? 0 : 64000 };
	uint8_t p[2 * FUZZ_ROOM];
	size_t len;

	seg.flags = one_in(32) ? random_32() : flags[below(sizeof(flags))];
	seg.seq = near(from->next);
	seg.ack = seg.flags & TCP_A ? near(to->next) : 0;
	seg.len = seg.flags & TCP_P || one_in(8) ? below(600) : 0;
	options(&seg);
	len = fuzz_build(p, from, to, &seg);
	done[how] += fuzz_send(from->dev, p, len, how);
	if (how == FUZZ_VALID && seg.seq == from->next)
		from->next += seg.len + !!(seg.flags & TCP_S) + !!(seg.flags & TCP_F);
}

/* What the kernel's sockets say is where their numbers are. */
static void learn(const uint8_t *p, int len)
{
	int off = family == AF_INET ? 20 : 40, i;
	const uint8_t *t = p + off;

	if (len < off + 20 || p[family == AF_INET ? 9 : 6] != 6)
		return;
	for (i = 0; i < SLOTS; i++) {
		struct slot *s = &slots[i];

		if (s->forward || s->end[0].port != (t[2] << 8 | t[3]) ||
		    s->end[1].port != (t[0] << 8 | t[1]) || t[13] & TCP_R)
			continue;
		s->end[1].next = (uint32_t)t[4] << 24 | t[5] << 16 | t[6] << 8 | t[7];
		s->end[1].next += len - off - (t[12] >> 4) * 4 + !!(t[13] & TCP_S) +
				  !!(t[13] & TCP_F);
	}
}

static void drain(void)
{
	static uint8_t p[65536];
	int dev, len;

	for (dev = 0; dev < 2; dev++) {
		while ((len = net_read(dev, p, sizeof(p), 0))) {
			answers++;
			if (!dev)
				learn(p, len);
		}
	}
}

/* --- what has to hold --- */

static void shell(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	if (system(command))
		fail("%s: failed", command);
}

static void open_witness(void)
{
	size_t i;

	shell("nft 'table inet witness { counter seen { }; }'");
	for (i = 0; i < ARRAY_SIZE(witness); i++)
		shell("nft 'table inet witness { chain %s { type filter %s; "
		      "meta l4proto tcp counter name seen; }; }'",
		      witness[i].name, witness[i].nft);
}

static long witnessed(void)
{
	FILE *f = popen("nft list counter inet witness seen", "re");
	char line[256];
	long n = -1;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, " packets %ld", &n);
	if (!f || pclose(f) || n < 0)
		fail("nft does not tell");
	return n;
}

static long value(const char *name)
{
	FILE *f = fopen("/proc/thread-self/net/tcptrack", "re");
	char line[256], key[64];
	long n = -1, v;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63s %ld\n", key, &v) == 2 && !strcmp(key, name))
			n = v;
	if (!f || n < 0)
		fail("/proc/net/tcptrack has no %s", name);
	fclose(f);
	return n;
}

static void bounds_hold(void)
{
	if (value("flows") > value("flows_max") || value("halfopen") > value("halfopen_max") ||
	    value("flows_unproven") > value("flows_max") / 4)
		fail("a bound does not hold");
	use_honest();
}

/* To be looked at: how far into the module it came. */
static const char * const reached[] = {
	"flows_created", "flows_picked_up", "flows_destroyed", "closed_normal", "challenge_acks",
	"bad_acks", "stray", "syns", "over_listener", "over_namespace", "cookies_sent",
	"cookie_left_socket", "cookie_left_header", "cookies_valid", "cookies_invalid"
};

/* What both have counted. A timer may send something between two readings: then again. */
struct account {
	long seen, saw, early, header;
};

static void take(struct account *a)
{
	do {
		a->seen = value("segments_seen");
		a->early = value("early_cookies") + value("early_acks_dropped");
		a->header = value("invalid_header");
		a->saw = witnessed();
	} while (value("segments_seen") != a->seen);
}

/* Before LOCAL_IN there is no witness; and what is no TCP at all nft does not count. */
static bool agree(const struct account *was)
{
	struct account now;
	int i;

	take(&now);
	printf("# ");
	for (i = 0; i < FUZZ_MUTATIONS; i++)
		printf("%s %ld, ", fuzz_mutation_names[i], done[i]);
	printf("answers %ld\n# ", answers);
	for (i = 0; i < (int)ARRAY_SIZE(reached); i++)
		printf("%s %ld%s", reached[i], value(reached[i]),
		       i + 1 < (int)ARRAY_SIZE(reached) ? ", " : "\n");
	now.seen -= was->seen;
	now.saw -= was->saw;
	now.early -= was->early;
	now.header -= was->header;
	printf("# segments_seen %ld: nft %ld, early %ld, invalid_header %ld\n", now.seen, now.saw,
	       now.early, now.header);
	return now.seen == now.saw + now.early + now.header;
}

static void begin(const char *mode)
{
	int i;

	net_setup();
	net_forward();
	net_sysctl("net.tcptrack.flows_max", "256", true);
	net_sysctl("net.ipv4.ip_local_port_range", "20000 29999", true);
	if (strcmp(mode, "plain")) {
		net_sysctl("net.tcptrack.overflow", "cookie", true);
		net_sysctl("net.tcptrack.cookie_start", "0", true);
	}
	if (!strcmp(mode, "ingress"))
		net_sysctl("net.tcptrack.early_devices", "peer0", true);
	if (!strcmp(mode, "ingress") || !strcmp(mode, "prerouting"))
		net_sysctl("net.tcptrack.early", mode, true);
	open_honest();
	for (i = 0; i < PORTS - 1; i++)
		listeners[i] = listen_at(PORT + i);
	for (i = 0; i < SLOTS; i++)
		new_slot(&slots[i]);
}

int main(int argc, char **argv)
{
	const char *mode = "plain";
	struct account was;
	long n = 2000, i;
	unsigned long seed = time(NULL);
	int c;

	while ((c = getopt(argc, argv, "46m:n:s:")) != -1) {
		if (c == '4' || c == '6')
			family = c == '4' ? AF_INET : AF_INET6;
		else if (c == 'm')
			mode = optarg;
		else if (c == 'n')
			n = atol(optarg);
		else if (c == 's')
			seed = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	printf("# fuzz_packets -%d -m %s -n %ld -s %lu\n", family == AF_INET ? 4 : 6, mode, n,
	       seed);
	fflush(stdout);
	random_state = seed;
	begin(mode);
	drain();
	open_witness();
	take(&was);
	for (i = 0; i < n; i++) {
		struct slot *s = &slots[below(SLOTS)];

		if (one_in(64))
			new_slot(s);
		if (one_in(8))
			act(s);
		step(s);
		drain();
		if (i % 512 == 511)
			bounds_hold();
	}
	bounds_hold();
	return !agree(&was);
}
