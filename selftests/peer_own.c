// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer: a program that is in the middle of a system call on its socket, for as long as a
 * script wants. It writes from a page that userfaultfd(2) does not give it: what arrives
 * meanwhile waits in the socket's backlog.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peer.h"

static int uffd = -1, owned;
static void *page;
static pthread_t owner;

static void *owner_main(void *arg)
{
	send(owned, page, 1, MSG_NOSIGNAL);
	return NULL;
}

void socket_own(int fd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct pollfd pfd = { .events = POLLIN };
	size_t size = getpagesize();
	struct uffd_msg msg;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		fail("userfaultfd: %s", strerror(errno));
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (unsigned long)page;
	range.range.len = size;
	if (page == MAP_FAILED || ioctl(uffd, UFFDIO_REGISTER, &range))
		fail("a page of userfaultfd: %s", strerror(errno));
	owned = fd;
	if (pthread_create(&owner, NULL, owner_main, NULL))
		fail("no thread");
	pfd.fd = uffd;
	if (poll(&pfd, 1, deadline_ms) <= 0 || read(uffd, &msg, sizeof(msg)) != sizeof(msg))
		fail("own: it does not wait");
}

void socket_disown(void)
{
	struct uffdio_zeropage zero = { .range = { .start = (unsigned long)page,
						   .len = getpagesize() } };

	if (uffd < 0 || ioctl(uffd, UFFDIO_ZEROPAGE, &zero) || pthread_join(owner, NULL))
		fail("disown: %s", strerror(errno));
	close(uffd);
	uffd = -1;
}
