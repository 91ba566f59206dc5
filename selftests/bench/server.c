// SPDX-License-Identifier: GPL-2.0-only
/* The server: in the kernel, so that no system call is measured. */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "bench.h"

int bench_server_open(struct bench *b)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(b->conf.port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(b->conf.port) };
	bool v4 = b->conf.family == 4;
	int err;

	err = sock_create_kern(b->net, v4 ? AF_INET : AF_INET6, SOCK_STREAM, IPPROTO_TCP,
			       &b->listener);
	if (err)
		return err;
	sock_set_reuseaddr(b->listener->sk);
	err = v4 ? kernel_bind(b->listener, (struct sockaddr *)&a4, sizeof(a4)) :
		   kernel_bind(b->listener, (struct sockaddr *)&a6, sizeof(a6));
	if (!err)
		err = kernel_listen(b->listener, b->conf.backlog);
	if (err)
		bench_server_close(b);
	return err;
}

void bench_server_close(struct bench *b)
{
	sock_release(b->listener);
	b->listener = NULL;
}

struct socket *bench_server_accept(struct bench *b)
{
	struct socket *child;
	int err = kernel_accept(b->listener, &child, O_NONBLOCK);

	if (err)
		return ERR_PTR(err);
	b->accepted++;
	return child;
}

void bench_server_drain(struct socket *child)
{
	static char buf[4096];
	struct kvec vec;
	struct msghdr msg;

	do {
		vec = (struct kvec){ .iov_base = buf, .iov_len = sizeof(buf) };
		msg = (struct msghdr){};
	} while (kernel_recvmsg(child, &msg, &vec, 1, sizeof(buf), MSG_DONTWAIT) > 0);
}

void bench_server_reset(struct socket *child)
{
	sock_no_linger(child->sk);
	sock_release(child);
}
