/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/tcptrack.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_TCPTRACK_GEN_H
#define _LINUX_TCPTRACK_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/tcptrack.h>

extern const struct nla_policy tcptrack_counters_get_nl_policy[TCPTRACK_A_COUNTERS_PAD + 1];

extern const struct nla_policy tcptrack_states_get_nl_policy[TCPTRACK_A_STATES_PAD + 1];

extern const struct nla_policy tcptrack_listeners_get_nl_policy[TCPTRACK_A_LISTENER_DEV + 1];

extern const struct nla_policy tcptrack_flows_get_nl_policy[TCPTRACK_A_FLOW_STATES + 1];

extern const struct nla_policy tcptrack_settings_get_nl_policy[TCPTRACK_A_SETTINGS_PAD + 1];

extern const struct nla_policy tcptrack_settings_set_nl_policy[TCPTRACK_A_SETTINGS_COOKIE_RESETS + 1];

extern const struct nla_policy tcptrack_listener_set_nl_policy[TCPTRACK_A_LISTENER_COOKIE_MODE + 1];

extern const struct nla_policy tcptrack_listener_delete_nl_policy[TCPTRACK_A_LISTENER_DEV + 1];

extern const struct nla_policy tcptrack_flood_get_nl_policy[TCPTRACK_A_FLOOD_PAD + 1];

extern const struct nla_policy tcptrack_subscription_set_nl_policy[TCPTRACK_A_SUBSCRIPTION_REASONS + 1];

extern const struct nla_policy tcptrack_subscription_delete_nl_policy[TCPTRACK_A_SUBSCRIPTION_PAD + 1];

/* Ops table for tcptrack */
extern const struct genl_ops tcptrack_nl_ops[11];

int tcptrack_nl_counters_get_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_states_get_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_listeners_get_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_listeners_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb);
int tcptrack_nl_flows_get_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_flows_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int tcptrack_nl_settings_get_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_settings_set_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_listener_set_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_listener_delete_doit(struct sk_buff *skb,
				     struct genl_info *info);
int tcptrack_nl_flood_get_doit(struct sk_buff *skb, struct genl_info *info);
int tcptrack_nl_subscription_set_doit(struct sk_buff *skb,
				      struct genl_info *info);
int tcptrack_nl_subscription_delete_doit(struct sk_buff *skb,
					 struct genl_info *info);

enum {
	TCPTRACK_NLGRP_FLOOD,
	TCPTRACK_NLGRP_STATE,
};

#endif /* _LINUX_TCPTRACK_GEN_H */
