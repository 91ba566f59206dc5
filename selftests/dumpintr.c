// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be preloaded: the first DUMP_INTR dumps of devices were interrupted, as the kernel says it
 * when devices come and go meanwhile.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	static ssize_t (*next)(int fd, struct msghdr *msg, int flags);
	static int left;
	socklen_t size = sizeof(int);
	int bus = -1;
	struct nlmsghdr *nlh = msg->msg_iov->iov_base;
	ssize_t n;

	if (!next) {
		next = dlsym(RTLD_NEXT, "recvmsg");
		left = atoi(getenv("DUMP_INTR"));
	}
	n = next(fd, msg, flags);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &bus, &size);
	if (n >= (ssize_t)sizeof(*nlh) && bus == NETLINK_ROUTE && nlh->nlmsg_type == RTM_NEWLINK &&
	    left-- > 0)
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	return n;
}
