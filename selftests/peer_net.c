// SPDX-License-Identifier: GPL-2.0-only
/* peer: a network namespace of its own, and TUN devices into it. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "peer.h"

static int tun[2] = { -1, -1 };

struct in6_ifreq {
	struct in6_addr addr;
	__u32 prefix;
	int ifindex;
};

/* 10.9.DEV.1 and fd09:0:0:DEV::1 are the kernel's, .2 and ::2 the peer's. */
void net_address(int dev, bool kernel, __u8 *ip)
{
	char text[64];

	memset(ip, 0, 16);
	if (family == AF_INET)
		snprintf(text, sizeof(text), "10.9.%d.%d", dev, kernel ? 1 : 2);
	else
		snprintf(text, sizeof(text), "fd09:0:0:%d::%d", dev, kernel ? 1 : 2);
	if (inet_pton(family, text, ip) != 1)
		fail("%s: no address", text);
}

void net_sysctl(const char *name, const char *value, bool must)
{
	char path[256], *p;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	for (p = path; *p; p++)
		if (*p == '.')
			*p = '/';
	fd = open(path, O_WRONLY);
	if (fd < 0 && errno == ENOENT && !must)
		return;
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		fail("%s = %s: %s", path, value, strerror(errno));
	close(fd);
}

static void set_flags(const char *dev, int fd)
{
	struct ifreq ifr = {};

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
		fail("%s: %s", dev, strerror(errno));
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		fail("%s up: %s", dev, strerror(errno));
}

static void add_ipv4(const char *dev, int fd, int n)
{
	struct ifreq ifr = {};
	struct sockaddr_in sin = { .sin_family = AF_INET };
	__u8 ip[16];

	snprintf(ifr.ifr_name, IFNAMSIZ, "%s", dev);
	net_address(n, true, ip);
	memcpy(&sin.sin_addr, ip, 4);
	memcpy(&ifr.ifr_addr, &sin, sizeof(sin));
	if (ioctl(fd, SIOCSIFADDR, &ifr) < 0)
		fail("%s address: %s", dev, strerror(errno));
	sin.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&ifr.ifr_netmask, &sin, sizeof(sin));
	if (ioctl(fd, SIOCSIFNETMASK, &ifr) < 0)
		fail("%s netmask: %s", dev, strerror(errno));
}

static bool bindable(void *arg)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	memcpy(&sin6.sin6_addr, arg, 16);
	err = bind(fd, (void *)&sin6, sizeof(sin6));
	close(fd);
	return !err;
}

static void add_ipv6(const char *dev, int fd, int n)
{
	struct in6_ifreq req = { .prefix = 64, .ifindex = if_nametoindex(dev) };
	__u8 ip[16];

	net_address(n, true, ip);
	memcpy(&req.addr, ip, 16);
	if (ioctl(fd, SIOCSIFADDR, &req) < 0)
		fail("%s address: %s", dev, strerror(errno));
	if (!wait_until(bindable, ip, deadline_ms))
		fail("%s address: stays tentative", dev);
}

static void tun_create(int n)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	int fd;

	tun[n] = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun[n] < 0)
		fail("/dev/net/tun: %s", strerror(errno));
	snprintf(ifr.ifr_name, IFNAMSIZ, "peer%d", n);
	if (ioctl(tun[n], TUNSETIFF, &ifr) < 0 || ioctl(tun[n], TUNSETOFFLOAD, 0) < 0)
		fail("TUN %s: %s", ifr.ifr_name, strerror(errno));
	fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("socket: %s", strerror(errno));
	set_flags(ifr.ifr_name, fd);
	if (family == AF_INET)
		add_ipv4(ifr.ifr_name, fd, n);
	else
		add_ipv6(ifr.ifr_name, fd, n);
	close(fd);
}

void net_setup(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare: %s", strerror(errno));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	set_flags("lo", fd);
	close(fd);
	if (family == AF_INET6)
		net_sysctl("net.ipv6.conf.default.accept_dad", "0", true);
	tun_create(0);
}

void net_forward(void)
{
	if (tun[1] >= 0)
		return;
	net_sysctl(family == AF_INET ? "net.ipv4.conf.all.forwarding" :
		   "net.ipv6.conf.all.forwarding", "1", true);
	tun_create(1);
}

/*
 * TUN hands the packet to the stack before write() returns. What is longer than a page
 * and than hdr_len goes into frags from there on.
 */
void net_write(int dev, const void *packet, size_t len, int gso, int l4off, int linear)
{
	struct virtio_net_hdr hdr = {};
	struct iovec iov[2] = {
		{ &hdr, sizeof(hdr) }, { (void *)packet, len }
	};

	if (gso) {
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr.gso_type = family == AF_INET ? VIRTIO_NET_HDR_GSO_TCPV4 :
						   VIRTIO_NET_HDR_GSO_TCPV6;
		hdr.gso_size = gso;
		hdr.hdr_len = l4off + 20;
		hdr.csum_start = l4off;
		hdr.csum_offset = 16;
	}
	if (linear)
		hdr.hdr_len = linear;
	if (writev(tun[dev], iov, 2) != (ssize_t)(len + sizeof(hdr)))
		fail("TUN write: %s", strerror(errno));
}

/* Length of the next packet that the kernel sent, 0 if none came in time. */
int net_read(int dev, void *packet, size_t size, int ms)
{
	struct virtio_net_hdr hdr;
	struct iovec iov[2] = { { &hdr, sizeof(hdr) }, { packet, size } };
	struct pollfd pfd = { .fd = tun[dev], .events = POLLIN };
	ssize_t n;

	n = readv(tun[dev], iov, 2);
	if (n < 0 && errno == EAGAIN && ms > 0 && poll(&pfd, 1, ms) > 0)
		n = readv(tun[dev], iov, 2);
	if (n < 0 && errno != EAGAIN)
		fail("TUN read: %s", strerror(errno));
	return n < (ssize_t)sizeof(hdr) ? 0 : (int)(n - sizeof(hdr));
}
