// SPDX-License-Identifier: GPL-2.0-only
/* Loading and leaving. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "cookie.h"
#include "flood.h"
#include "flow.h"
#include "gc.h"
#include "halfopen.h"
#include "listener.h"
#include "net.h"
#include "netlink.h"
#include "probe.h"
#include "proc.h"
#include "source.h"
#include "sysctl.h"

static char *mode = "enforce";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "enforce, monitor or off: net.tcptrack.mode of the first packet");

static int __init tcptrack_init(void)
{
	int err;

	err = tt_sysctl_word(tt_mode_names, mode);
	if (err < 0) {
		pr_err("mode=%s: neither enforce nor monitor nor off\n", mode);
		return err;
	}
	tt_mode_at_load = err;
	tt_cookie_result = tt_cookie_selftest();
	if (tt_cookie_result && tt_mode_at_load == TT_ENFORCE) {
		pr_warn("cookies do not work on this kernel (%d): mode=monitor\n",
			tt_cookie_result);
		tt_mode_at_load = TT_MONITOR;
	}
	err = tt_flow_init();
	if (err)
		return err;
	err = tt_listener_init();
	if (err)
		goto err_listener;
	err = tt_source_init();
	if (err)
		goto err_source;
	tt_halfopen_init();
	err = tt_net_init();
	if (err)
		goto err_net;
	err = tt_probe_init();
	if (err)
		goto err_probe;
	err = tt_proc_init();
	if (err)
		goto err_proc;
	tt_gc_start();
	err = tt_netlink_init();
	if (err)
		goto err_netlink;
	return 0;

err_netlink:
	tt_gc_stop();
	tt_proc_exit();
err_proc:
	tt_probe_exit();
err_probe:
	tt_net_exit();
err_net:
	rcu_barrier();
	tt_source_exit();
err_source:
	tt_listener_exit();
err_listener:
	tt_flow_exit();
	return err;
}

static void __exit tcptrack_exit(void)
{
	tt_gc_stop();
	/* who listens is told how a flood ended, so the family has to be there */
	tt_flood_leave_all();
	tt_netlink_exit();
	tt_proc_exit();
	tt_probe_exit();
	tt_net_exit();
	rcu_barrier();
	tt_source_exit();
	tt_listener_exit();
	tt_flow_exit();
}

module_init(tcptrack_init);
module_exit(tcptrack_exit);

MODULE_DESCRIPTION("TCP handshake and teardown tracker with a bounded half-open queue");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
