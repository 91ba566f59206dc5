// SPDX-License-Identifier: GPL-2.0-only
/* traffic: a connection in a namespace that goes with it. */

#define _GNU_SOURCE
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traffic.h"

/* Both ends of a connection in a namespace that lives no longer. */
static int in_netns(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(80) };
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int l, c, s;
	char byte = 'n';

	if (unshare(CLONE_NEWNET))
		return 1;
	l = socket(AF_INET, SOCK_STREAM, 0);
	c = socket(AF_INET, SOCK_STREAM, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (ioctl(l, SIOCSIFFLAGS, &ifr) || bind(l, (void *)&sin, sizeof(sin)) ||
	    listen(l, 1) || connect(c, (void *)&sin, sizeof(sin)))
		return 1;
	s = accept(l, NULL, NULL);
	return s < 0 || send(c, &byte, 1, 0) != 1 || recv(s, &byte, 1, 0) != 1;
}

bool do_netns(void)
{
	int status = 1;
	pid_t pid = fork();

	if (!pid)
		_exit(in_netns());
	return waitpid(pid, &status, 0) == pid && !status;
}
