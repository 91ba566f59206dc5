// SPDX-License-Identifier: GPL-2.0-only
/* State changes of full sockets that no packet shows. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/moduleparam.h>
#include <linux/tracepoint.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "listener.h"
#include "net.h"
#include "probe.h"
#include "track.h"

static bool wanted = true;
module_param_named(tracepoint, wanted, bool, 0444);
MODULE_PARM_DESC(tracepoint, "learn silent state changes from sock:inet_sock_set_state (default 1)");

static struct tracepoint *point;

static noinline void listeners(const struct sock *sk, int from, int to)
{
	struct tt_net *tn = tt_net_find(sock_net(sk));

	if (!tn)
		return;
	/* a child is cloned from its listener: LISTEN to SYN_RECV is no end of it */
	if (to == TCP_LISTEN)
		atomic_inc(&tn->nlisten);
	else if (from == TCP_LISTEN && to == TCP_CLOSE)
		atomic_dec(&tn->nlisten);
	else
		return;
	if (to == TCP_CLOSE)
		tt_listener_closed(sk);
	atomic_inc(&tn->listen_seq);
}

static void set_state(void *data, const struct sock *sk, int from, int to)
{
	struct tt_net *tn;

	if (sk->sk_protocol != IPPROTO_TCP || sk->sk_type != SOCK_STREAM)
		return;
	/* a child that is made: nobody has anything to learn */
	if (from == TCP_LISTEN && to == TCP_SYN_RECV)
		return;
	rcu_read_lock();
	if (unlikely(from == TCP_LISTEN || to == TCP_LISTEN)) {
		listeners(sk, from, to);
	} else {
		tn = tt_net_find(sock_net(sk));
		if (tn)
			tt_track_sock(tn, (struct sock *)sk, to);
	}
	rcu_read_unlock();
}

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "inet_sock_set_state"))
		point = tp;
}

int tt_probe_init(void)
{
	int err;

	if (!wanted)
		return 0;
	/* probes run with preemption off, where PREEMPT_RT's locks may not be taken */
	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		pr_notice("PREEMPT_RT: silent changes are found within 1 s\n");
		return 0;
	}
	for_each_kernel_tracepoint(find, NULL);
	if (!point) {
		pr_notice("no tracepoint sock:inet_sock_set_state: silent changes are found within 1 s\n");
		return 0;
	}
	err = tracepoint_probe_register(point, set_state, NULL);
	if (err)
		point = NULL;
	return err;
}

void tt_probe_exit(void)
{
	if (!point)
		return;
	tracepoint_probe_unregister(point, set_state, NULL);
	tracepoint_synchronize_unregister();
	point = NULL;
}

bool tt_probe_active(void)
{
	return point;
}
