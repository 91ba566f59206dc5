// SPDX-License-Identifier: GPL-2.0-only
/*
 * nlevents: counts the events of flows that it is told, by the group "state" or by a
 * subscription of its own.
 *
 *   nlevents [OPTION]...
 *
 *   -b N     room for so many octets (the system's)
 *   -e       what it misses is to be counted by the module (NETLINK_BROADCAST_ERROR)
 *   -d US    it is slow: so many microseconds for each reading
 *   -s       a subscription, with what follows, instead of the group
 *   -a HEX   of flows with this address at an end     -l N  so many of its bits
 *   -p N     with this port                           -f N  of this family
 *   -z MASK  of ends on these sides                   -x MASK  states   -y MASK  reasons
 *
 * Says "ready", and after SIGTERM, when it has read all there is, "states N" (flow-state),
 * "ends N" (flow-end), "lost N" (as subscription-lost said) and "overruns N" (ENOBUFS).
 * SIGUSR1: the subscription is deleted. SIGUSR2: it is fast from now on.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcptrack.h>

#include "nlfamily.h"

/* Silence, after which all has come. */
#define SILENCE_MS	500

static unsigned long states, ends, lost, overruns, slow;
static volatile sig_atomic_t ended, deleted, fast;

static void on_signal(int signal)
{
	if (signal == SIGTERM)
		ended = 1;
	else if (signal == SIGUSR1)
		deleted = 1;
	else
		fast = 1;
}

static void message(const struct nlmsghdr *nlh)
{
	const struct nlattr *attrs[TCPTRACK_A_SUBSCRIPTION_LOST + 1];
	uint32_t n;

	if (nlh->nlmsg_type != nl_family)
		return;
	switch (nl_cmd(nlh)) {
	case TCPTRACK_CMD_FLOW_STATE:
		states++;
		break;
	case TCPTRACK_CMD_FLOW_END:
		ends++;
		break;
	case TCPTRACK_CMD_SUBSCRIPTION_LOST:
		nl_attrs(nlh, attrs, TCPTRACK_A_SUBSCRIPTION_LOST);
		memcpy(&n, nl_data(attrs[TCPTRACK_A_SUBSCRIPTION_LOST]), sizeof(n));
		lost += n;
		break;
	default:
		die("event %d", nl_cmd(nlh));
	}
}

static void receive(int fd)
{
	ssize_t n = recv(fd, nl_buffer, sizeof(nl_buffer), MSG_DONTWAIT);
	const struct nlmsghdr *nlh;
	unsigned int left = n;

	if (n < 0 && errno == ENOBUFS)
		overruns++;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		die("recv: %s", strerror(errno));
	if (n < 0)
		return;
	for (nlh = (void *)nl_buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left))
		message(nlh);
	if (slow && !ended && !fast)
		usleep(slow);
}

static void stop(int fd)
{
	struct nl_request r;

	deleted = 0;
	nl_begin(&r, nl_family, TCPTRACK_CMD_SUBSCRIPTION_DELETE, 0);
	nl_send(fd, &r);
	printf("deleted\n");
	fflush(stdout);
}

static void listen_to(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	sigset_t ours, none;

	sigemptyset(&none);
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&ours, SIGUSR2);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	printf("ready\n");
	fflush(stdout);
	while (!ended) {
		if (ppoll(&pfd, 1, NULL, &none) > 0)
			receive(fd);
		if (deleted)
			stop(fd);
	}
	while (poll(&pfd, 1, SILENCE_MS) > 0)
		receive(fd);
}

static void put_number(struct nl_request *r, int c, const char *text)
{
	uint32_t n = strtoul(text, NULL, 0);
	uint16_t be = __builtin_bswap16(n), family = n;
	uint8_t bits = n;

	switch (c) {
	case 'p':
		nl_put(r, TCPTRACK_A_SUBSCRIPTION_PORT, &be, sizeof(be));
		break;
	case 'f':
		nl_put(r, TCPTRACK_A_SUBSCRIPTION_FAMILY, &family, sizeof(family));
		break;
	case 'l':
		nl_put(r, TCPTRACK_A_SUBSCRIPTION_PREFIX_LEN, &bits, sizeof(bits));
		break;
	default:
		nl_put(r, c == 'z' ? TCPTRACK_A_SUBSCRIPTION_SIDES :
			  c == 'x' ? TCPTRACK_A_SUBSCRIPTION_STATES :
				     TCPTRACK_A_SUBSCRIPTION_REASONS, &n, sizeof(n));
	}
}

static void put_address(struct nl_request *r, const char *hex)
{
	uint8_t data[16];
	size_t n;

	for (n = 0; n < sizeof(data) && hex[2 * n]; n++) {
		char two[] = { hex[2 * n], hex[2 * n + 1], '\0' };

		data[n] = strtoul(two, NULL, 16);
	}
	nl_put(r, TCPTRACK_A_SUBSCRIPTION_ADDR, data, n);
}

static void set_room(int fd, const char *text)
{
	int n = atoi(text) / 2;		/* the kernel doubles it */

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &n, sizeof(n)))
		die("SO_RCVBUFFORCE: %s", strerror(errno));
}

static void join_state(int fd)
{
	uint32_t group = nl_group(TCPTRACK_MCGRP_STATE);

	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		die("join: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	int c, fd = nl_open(), err, one = 1;
	bool subscribe = false;
	struct nl_request r;

	nl_begin(&r, nl_family, TCPTRACK_CMD_SUBSCRIPTION_SET, NLM_F_ACK);
	while ((c = getopt(argc, argv, "b:ed:sa:l:p:f:z:x:y:")) != -1) {
		if (c == 'b')
			set_room(fd, optarg);
		else if (c == 'e')
			setsockopt(fd, SOL_NETLINK, NETLINK_BROADCAST_ERROR, &one, sizeof(one));
		else if (c == 'd')
			slow = atol(optarg);
		else if (c == 's')
			subscribe = true;
		else if (c == 'a')
			put_address(&r, optarg);
		else if (c == '?')
			die("usage: nlevents [OPTION]...");
		else
			put_number(&r, c, optarg);
	}
	err = subscribe ? nl_ack(fd, &r) : 0;
	if (err)
		die("refused: %s: %s", nl_text, strerror(-err));
	if (!subscribe)
		join_state(fd);
	listen_to(fd);
	printf("states %lu\nends %lu\nlost %lu\noverruns %lu\n", states, ends, lost, overruns);
	return 0;
}
