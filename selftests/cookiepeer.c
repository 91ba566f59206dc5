// SPDX-License-Identifier: GPL-2.0-only
/*
 * cookiepeer ON OFF [early] <ENVIRONMENTS: is a cookie of ours the stack's, bit by bit?
 *
 * One environment a line, "NAME; COMMAND; ...", each in a network namespace of its
 * own for IPv4 and IPv6. All kinds of SYN are sent twice
 * to one listener with tcp_syncookies=2, first after the shell command OFF, then
 * after ON. Both SYN-ACKs must be equal in all but ISN and TSval; each handshake is
 * completed, data goes both ways, and both sockets must have come out equal. Prints
 * "ok NAME", "not ok NAME" or "skip NAME" (this kernel cannot). "early": all our cookies
 * leave before routing. Commands:
 *   only 46m            these families; m is IPv4 at an IPv6 listener
 *   sysctl NAME=VALUE   (trysysctl: if this kernel has it)
 *   sh COMMAND          after the device peer0 is there
 *   rcvbuf N, maxseg N, ttl N, tos N, clamp N, mark N, reflect    of the listener
 *   tap                 somebody else holds each SYN as well
 *   usec_ts             the route to the peer has timestamps in microseconds
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cookiepeer.h"
#include "peer.h"

#define BLANK	"\n "
#define WORLD	"only sysctl trysysctl sh tap usec_ts"
#define SKIP	4

/* Not in the headers of Linux 6.1 */
#ifndef RTAX_FEATURE_TCP_USEC_TS
#define RTAX_FEATURE_TCP_USEC_TS	16
#endif
#ifndef TCPI_OPT_USEC_TS
#define TCPI_OPT_USEC_TS	64
#endif

#ifndef IPV6_FLOWLABEL_MGR
#define IPV6_FLOWLABEL_MGR	32
#endif

/* struct in6_flowlabel_req, whose header does not go with netinet's */
struct flowlabel_req {
	__u8 dst[16];
	__u32 label;
	__u8 action, share;
	__u16 flags, expires, linger;
	__u32 pad;
};

int family;
int deadline_ms = 15000;
static bool mapped, tapped, reflected, early, in_usec;
static int listener;
static const char *doing = "";

void fail(const char *fmt, ...)
{
	va_list ap;

	printf("# %s: ", doing);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool wait_until(bool (*cond)(void *), void *arg, int ms)
{
	long end = now_ms() + ms;

	while (!cond(arg)) {
		if (now_ms() >= end)
			return false;
		usleep(2000);
	}
	return true;
}

/* A counter of the stack ("TcpExt: NAME") or of the tracker. */
static long counter(const char *name)
{
	char names[8192], values[8192], *n, *v, *ns, *vs;
	FILE *f = fopen("/proc/net/netstat", "r");
	long value = -1;

	while (f && fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		n = strtok_r(names, BLANK, &ns);
		v = strtok_r(values, BLANK, &vs);
		for (; n && v; n = strtok_r(NULL, BLANK, &ns), v = strtok_r(NULL, BLANK, &vs))
			if (!strcmp(n, name))
				value = atol(v);
	}
	if (f)
		fclose(f);
	f = value < 0 ? fopen("/proc/net/tcptrack", "r") : NULL;
	while (f && fscanf(f, "%8191s%*[ ]%8191[^\n]", names, values) == 2)
		if (!strcmp(names, name))
			value = atol(values);
	if (f)
		fclose(f);
	if (value < 0)
		fail("no counter %s", name);
	return value;
}

static void set(int level, int option, const char *value)
{
	int n = atoi(value);

	if (setsockopt(listener, level, option, &n, sizeof(n)))
		fail("option %d of level %d: %m", option, level);
}

static void set_reflect(void)
{
	struct flowlabel_req req = { .action = 0, .flags = 4 };	/* IPV6_FL_F_REFLECT */

	if (setsockopt(listener, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)))
		fail("IPV6_FL_F_REFLECT: %m");
	reflected = true;
}

static void set_sysctl(char *assignment, bool must)
{
	char *value = strchr(assignment, '=');

	*value++ = 0;
	net_sysctl(assignment, value, must);
}

/* Takes all packets and reads none. */
static void tap(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)), room = 1 << 28;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		fail("tap: %m");
	tapped = true;
}

static void put_attr(struct nlmsghdr *n, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (void *)((char *)n + NLMSG_ALIGN(n->nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	n->nlmsg_len = NLMSG_ALIGN(n->nlmsg_len) + RTA_ALIGN(a->rta_len);
}

/* (ip(8) of iproute2 6.1 has no word for it.) A kernel that does not know it refuses it. */
static void route_usec_ts(void)
{
	struct {
		struct nlmsghdr n;
		struct rtmsg r;
		char attrs[128];
	} m = {
		.n = { .nlmsg_len = NLMSG_LENGTH(sizeof(m.r)), .nlmsg_type = RTM_NEWROUTE,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL },
		.r = { .rtm_family = family, .rtm_dst_len = family == AF_INET ? 32 : 128,
		       .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
		       .rtm_scope = RT_SCOPE_LINK, .rtm_type = RTN_UNICAST },
	};
	__u32 features = RTAX_FEATURE_TCP_USEC_TS, oif = if_nametoindex("peer0");
	struct {
		struct nlmsghdr n;
		struct nlmsgerr e;
		char text[512];
	} answer = {};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct rtattr *metrics;
	__u8 ip[16];

	net_address(0, false, ip);
	put_attr(&m.n, RTA_DST, ip, family == AF_INET ? 4 : 16);
	put_attr(&m.n, RTA_OIF, &oif, sizeof(oif));
	metrics = (void *)((char *)&m + m.n.nlmsg_len);
	put_attr(&m.n, RTA_METRICS, NULL, 0);
	put_attr(&m.n, RTAX_FEATURES, &features, sizeof(features));
	metrics->rta_len = (char *)&m + m.n.nlmsg_len - (char *)metrics;
	if (fd < 0 || send(fd, &m, m.n.nlmsg_len, 0) != (ssize_t)m.n.nlmsg_len ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(answer.e)) ||
	    answer.n.nlmsg_type != NLMSG_ERROR)
		fail("rtnetlink: %m");
	close(fd);
	if (answer.e.error == -EINVAL)
		exit(SKIP);
	if (answer.e.error)
		fail("usec_ts: %s", strerror(-answer.e.error));
	in_usec = true;
}

static void run_shell(const char *text)
{
	if (system(text))
		fail("%s", text);
}

static bool world(const char *word, char *rest)
{
	if (!strcmp(word, "sysctl") || !strcmp(word, "trysysctl"))
		set_sysctl(rest, *word == 's');
	else if (!strcmp(word, "sh"))
		run_shell(rest);
	else if (!strcmp(word, "tap"))
		tap();
	else if (!strcmp(word, "usec_ts"))
		route_usec_ts();
	else
		return !strcmp(word, "only");
	return true;
}

static bool of_listener(const char *word, char *rest)
{
	bool v6 = family == AF_INET6;

	if (!strcmp(word, "rcvbuf"))
		set(SOL_SOCKET, SO_RCVBUFFORCE, rest);
	else if (!strcmp(word, "mark"))
		set(SOL_SOCKET, SO_MARK, rest);
	else if (!strcmp(word, "maxseg"))
		set(IPPROTO_TCP, TCP_MAXSEG, rest);
	else if (!strcmp(word, "clamp"))
		set(IPPROTO_TCP, TCP_WINDOW_CLAMP, rest);
	else if (!strcmp(word, "ttl"))
		set(v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_UNICAST_HOPS : IP_TTL, rest);
	else if (!strcmp(word, "tos"))
		set(v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, rest);
	else if (!strcmp(word, "reflect"))
		set_reflect();
	else
		return false;
	return true;
}

/* First what is around the listener: a socket takes defaults at its birth. */
static void commands(const char *text, bool sockets)
{
	char copy[1024], *part, *rest, *save;

	snprintf(copy, sizeof(copy), "%s", text);
	for (part = strtok_r(copy, ";", &save); part; part = strtok_r(NULL, ";", &save)) {
		part += strspn(part, " ");
		rest = part + strcspn(part, " ");
		if (*rest)
			*rest++ = 0;
		if (sockets ? !of_listener(part, rest) && !strstr(WORLD, part) :
			      strstr(WORLD, part) && !world(part, rest))
			fail("%s: unknown", part);
	}
}

static void listen_on(const char *text)
{
	struct sockaddr_in6 s6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	struct sockaddr_in s4 = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	bool v6 = family == AF_INET6 || mapped;

	commands(text, false);
	listener = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	commands(text, true);
	if (bind(listener, v6 ? (void *)&s6 : (void *)&s4, v6 ? sizeof(s6) : sizeof(s4)) ||
	    listen(listener, 1000))
		fail("listen: %m");
}

/* What the socket of a completed handshake must have in common. */
static void look(int n, struct outcome *o)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);
	char data[DATA];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		fail("accept: %m");
	if (recv(fd, data, sizeof(data), 0) != DATA || send(fd, data, DATA, 0) != DATA)
		fail("no data: %m");
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		fail("TCP_INFO: %m");
	snprintf(o->socket, sizeof(o->socket),
		 "options %#x wscale %u,%u snd_mss %u advmss %u pmtu %u ssthresh %u rcvbuf %u",
		 info.tcpi_options, info.tcpi_snd_wscale, info.tcpi_rcv_wscale,
		 info.tcpi_snd_mss, info.tcpi_advmss, info.tcpi_pmtu, info.tcpi_rcv_ssthresh,
		 info.tcpi_rcv_space);
	packet_data(n, o);
	close(fd);
}

static void handshake(int n, struct outcome *o)
{
	static char name[128];

	doing = name;
	snprintf(name, sizeof(name), "SYN %d (%s)", n, syn_name(n));
	packet_syn(n, o);
	packet_ack(n, o);
	look(n, o);
	packet_reset(n, o);
}

static void expect(const char *name, long was, long change)
{
	long is = counter(name);

	if (is - was != change)
		fail("%s changed by %ld, not by %ld", name, is - was, change);
}

/* All SYNs once; who answered shows in the counters. */
static void pass(const char *how, bool ours, struct outcome *o)
{
	long sent, received, own, buffer, before;
	int n;

	doing = how;
	if (system(how))
		fail("fails");
	sent = counter("SyncookiesSent");
	received = counter("SyncookiesRecv");
	own = counter("cookies_sent");
	buffer = counter("cookies_own_buffer");
	before = counter("early_cookies");
	for (n = 0; n < syn_count(); n++)
		handshake(n, &o[n]);
	doing = ours ? "after our cookies" : "after the stack's cookies";
	expect("SyncookiesSent", sent, ours ? 0 : n);
	expect("SyncookiesRecv", received, n);
	expect("cookies_sent", own, ours ? n : 0);
	expect("cookies_own_buffer", buffer, ours && !tapped ? n : 0);
	expect("early_cookies", before, ours && early ? n : 0);
}

/*
 * Without cookies, such a route is in microseconds; with the stack's own it is not, as at
 * the third ACK nothing tells that it should be. (TCP_INFO is compared.)
 */
static void is_in_usec(const char *off)
{
	unsigned int options;
	struct outcome o;
	int n;

	if (system(off))
		fail("%s fails", off);
	net_sysctl("net.ipv4.tcp_syncookies", "1", true);
	for (n = 0; n < syn_count(); n++) {
		memset(&o, 0, sizeof(o));
		handshake(n, &o);
		if (sscanf(o.socket, "options %x", &options) != 1 ||
		    !(options & TCPI_OPT_USEC_TS) != !o.has_ts)
			fail("not as the route says: %s", o.socket);
	}
	net_sysctl("net.ipv4.tcp_syncookies", "2", true);
}

static void environment(const char *on, const char *off, const char *text)
{
	struct outcome *stack = calloc(syn_count(), sizeof(*stack));
	struct outcome *ours = calloc(syn_count(), sizeof(*ours));
	int n, bad = 0;

	net_setup();
	net_sysctl("net.ipv4.tcp_syncookies", "2", true);
	listen_on(text);
	if (in_usec)
		is_in_usec(off);
	pass(off, false, stack);
	pass(on, true, ours);
	for (n = 0; n < syn_count(); n++)
		bad += !outcome_equal(n, &stack[n], &ours[n], reflected);
	exit(!!bad);
}

static bool wanted(const char *text, char which)
{
	const char *only = strstr(text, "only ");

	const char *found = strchr(only ? only + 5 : "46", which);

	return found && (!only || found < strchrnul(only, ';'));
}

static void run(const char *on, const char *off, const char *line, char which)
{
	char name[64], text[1024] = "";
	int status = 1;
	pid_t pid;

	if (sscanf(line, "%63[^;\n];%1023[^\n]", name, text) < 1 || !wanted(text, which))
		return;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		family = which == '6' ? AF_INET6 : AF_INET;
		mapped = which == 'm';
		environment(on, off, text);
	}
	waitpid(pid, &status, 0);
	printf("%s %s, IPv%s\n", !status ? "ok" :
	       WIFEXITED(status) && WEXITSTATUS(status) == SKIP ? "skip" : "not ok", name,
	       which == 'm' ? "4 at an IPv6 listener" : which == '6' ? "6" : "4");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[1200];
	const char *which;

	early = argc == 4 && !strcmp(argv[3], "early");
	if (argc != 3 && !early)
		return 2;
	while (fgets(line, sizeof(line), stdin))
		for (which = "46m"; *which && line[0] != '\n'; which++)
			run(argv[1], argv[2], line, *which);
	return 0;
}
