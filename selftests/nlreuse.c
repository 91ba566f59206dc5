// SPDX-License-Identifier: GPL-2.0-only
/*
 * nlreuse: a socket that has subscribed closes, and another one takes its port ID before the
 * module hears of that. The subscription of the new one has to stay.
 *
 *   nlreuse ROUNDS
 *
 * The kernel wakes who waits for room in a socket that closes after it has given the port ID
 * away, and before it calls the notifiers: such a thread, of a higher priority, on the same
 * CPU, goes first wherever the kernel may be preempted. Prints "taken N" (how often the port ID
 * was taken before close() was back) and "lost N", so many subscriptions were deleted.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcptrack.h>

#include "nlfamily.h"

#define PORTID	0x7c9a0001	/* that of no process */

static volatile int closed;
static unsigned int taken, lost;

/* The thread that takes the port ID. */
struct taker {
	int full;		/* a socket that waits for room at PORTID */
	int fd;			/* the one that takes it */
	volatile pid_t tid;
};

static int bound(void)
{
	const struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_pid = PORTID };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	while (bind(fd, (const void *)&addr, sizeof(addr))) {
		if (errno != EADDRINUSE)
			die("bind: %s", strerror(errno));
	}
	return fd;
}

static int ask(int fd, uint8_t cmd)
{
	const uint16_t port = 9;
	struct nl_request r;

	nl_begin(&r, nl_family, cmd, NLM_F_ACK);
	if (cmd == TCPTRACK_CMD_SUBSCRIPTION_SET)
		nl_put(&r, TCPTRACK_A_SUBSCRIPTION_PORT, &port, sizeof(port));
	return nl_ack(fd, &r);
}

static int send_to(int fd, int flags)
{
	const struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_pid = PORTID };
	char data[1024] = "";

	return sendto(fd, data, sizeof(data), flags, (const void *)&addr, sizeof(addr));
}

static void be_preferred(void)
{
	const struct sched_param param = { .sched_priority = 10 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		die("sched_setscheduler: %s", strerror(errno));
}

static void *take(void *data)
{
	struct taker *t = data;

	be_preferred();
	t->tid = gettid();
	/* until there is nobody any more */
	while (send_to(t->full, 0) >= 0)
		;
	if (errno != ECONNREFUSED)
		die("waiting for room: %s", strerror(errno));
	t->fd = bound();
	taken += !closed;
	if (ask(t->fd, TCPTRACK_CMD_SUBSCRIPTION_SET))
		die("subscription-set: %s", nl_text);
	return NULL;
}

/* Whether a thread of ours sleeps in the kernel. */
static bool waits(pid_t tid)
{
	char path[64], text[512] = "";
	const char *state;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die("%s: %s", path, strerror(errno));
	close(fd);
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

static void one_round(int full)
{
	struct taker t = { .full = full };
	int fd = bound(), room = 4096;
	pthread_t thread;

	if (ask(fd, TCPTRACK_CMD_SUBSCRIPTION_SET))
		die("subscription-set: %s", nl_text);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	while (send_to(full, MSG_DONTWAIT) >= 0)
		;
	closed = 0;
	if (pthread_create(&thread, NULL, take, &t))
		die("no thread");
	while (!t.tid || !waits(t.tid))
		sched_yield();
	close(fd);
	closed = 1;
	pthread_join(thread, NULL);
	lost += ask(t.fd, TCPTRACK_CMD_SUBSCRIPTION_DELETE) != 0;
	close(t.fd);
}

int main(int argc, char **argv)
{
	int rounds = argc == 2 ? atoi(argv[1]) : 0;
	cpu_set_t first;
	int full;

	if (rounds < 1)
		die("usage: nlreuse ROUNDS");
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		die("sched_setaffinity: %s", strerror(errno));
	full = nl_open();
	while (rounds--)
		one_round(full);
	printf("taken %u\nlost %u\n", taken, lost);
	return 0;
}
