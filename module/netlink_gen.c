// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/tcptrack.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/tcptrack.h>

/* TCPTRACK_CMD_COUNTERS_GET - do */
const struct nla_policy tcptrack_counters_get_nl_policy[TCPTRACK_A_COUNTERS_PAD + 1] = {
};

/* TCPTRACK_CMD_STATES_GET - do */
const struct nla_policy tcptrack_states_get_nl_policy[TCPTRACK_A_STATES_PAD + 1] = {
};

/* TCPTRACK_CMD_LISTENERS_GET - do */
const struct nla_policy tcptrack_listeners_get_nl_policy[TCPTRACK_A_LISTENER_DEV + 1] = {
	[TCPTRACK_A_LISTENER_FAMILY] = { .type = NLA_U16, },
	[TCPTRACK_A_LISTENER_ADDR] = { .type = NLA_BINARY, },
	[TCPTRACK_A_LISTENER_PORT] = { .type = NLA_U16, },
	[TCPTRACK_A_LISTENER_DEV] = { .type = NLA_U32, },
};

/* TCPTRACK_CMD_FLOWS_GET - do */
const struct nla_policy tcptrack_flows_get_nl_policy[TCPTRACK_A_FLOW_STATES + 1] = {
	[TCPTRACK_A_FLOW_FAMILY] = { .type = NLA_U16, },
	[TCPTRACK_A_FLOW_ADDR_A] = { .type = NLA_BINARY, },
	[TCPTRACK_A_FLOW_PORT_A] = { .type = NLA_U16, },
	[TCPTRACK_A_FLOW_ADDR_B] = { .type = NLA_BINARY, },
	[TCPTRACK_A_FLOW_PORT_B] = { .type = NLA_U16, },
	[TCPTRACK_A_FLOW_DEV] = { .type = NLA_U32, },
	[TCPTRACK_A_FLOW_STATE] = NLA_POLICY_MAX(NLA_U32, 10),
	[TCPTRACK_A_FLOW_PORT] = { .type = NLA_U16, },
	[TCPTRACK_A_FLOW_ADDR] = { .type = NLA_BINARY, },
	[TCPTRACK_A_FLOW_PREFIX_LEN] = { .type = NLA_U8, },
	[TCPTRACK_A_FLOW_AGE_MIN_MS] = { .type = NLA_U32, },
	[TCPTRACK_A_FLOW_AGE_MAX_MS] = { .type = NLA_U32, },
	[TCPTRACK_A_FLOW_PREFIX_LEN_A] = { .type = NLA_U8, },
	[TCPTRACK_A_FLOW_PREFIX_LEN_B] = { .type = NLA_U8, },
	[TCPTRACK_A_FLOW_STATES] = NLA_POLICY_MASK(NLA_U32, 0x7ff),
};

/* TCPTRACK_CMD_SETTINGS_GET - do */
const struct nla_policy tcptrack_settings_get_nl_policy[TCPTRACK_A_SETTINGS_PAD + 1] = {
};

/* TCPTRACK_CMD_SETTINGS_SET - do */
const struct nla_policy tcptrack_settings_set_nl_policy[TCPTRACK_A_SETTINGS_COOKIE_RESETS + 1] = {
	[TCPTRACK_A_SETTINGS_MODE] = NLA_POLICY_MAX(NLA_U32, 2),
	[TCPTRACK_A_SETTINGS_OVERFLOW] = NLA_POLICY_MAX(NLA_U32, 2),
	[TCPTRACK_A_SETTINGS_EARLY] = NLA_POLICY_MAX(NLA_U32, 2),
	[TCPTRACK_A_SETTINGS_REPLY] = NLA_POLICY_MAX(NLA_U32, 1),
	[TCPTRACK_A_SETTINGS_EARLY_DEVICES] = { .type = NLA_NUL_STRING, },
	[TCPTRACK_A_SETTINGS_FORWARD] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_FLOWS_MAX] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_HALFOPEN_MAX] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_HALFOPEN_LISTENER_MAX] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_HALFOPEN_SOURCE_MAX] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_HALFOPEN_TIMEOUT_MIN] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_COOKIE_START] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_COOKIE_END] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_COOKIE_MIN_TIME] = { .type = NLA_U32, },
	[TCPTRACK_A_SETTINGS_COOKIE_RESETS] = { .type = NLA_U32, },
};

/* TCPTRACK_CMD_LISTENER_SET - do */
const struct nla_policy tcptrack_listener_set_nl_policy[TCPTRACK_A_LISTENER_COOKIE_MODE + 1] = {
	[TCPTRACK_A_LISTENER_FAMILY] = { .type = NLA_U16, },
	[TCPTRACK_A_LISTENER_ADDR] = { .type = NLA_BINARY, },
	[TCPTRACK_A_LISTENER_PORT] = { .type = NLA_U16, },
	[TCPTRACK_A_LISTENER_DEV] = { .type = NLA_U32, },
	[TCPTRACK_A_LISTENER_LIMIT_SET] = { .type = NLA_U32, },
	[TCPTRACK_A_LISTENER_OVERFLOW] = NLA_POLICY_MAX(NLA_U32, 3),
	[TCPTRACK_A_LISTENER_COOKIE_MODE] = NLA_POLICY_MAX(NLA_U32, 2),
};

/* TCPTRACK_CMD_LISTENER_DELETE - do */
const struct nla_policy tcptrack_listener_delete_nl_policy[TCPTRACK_A_LISTENER_DEV + 1] = {
	[TCPTRACK_A_LISTENER_FAMILY] = { .type = NLA_U16, },
	[TCPTRACK_A_LISTENER_ADDR] = { .type = NLA_BINARY, },
	[TCPTRACK_A_LISTENER_PORT] = { .type = NLA_U16, },
	[TCPTRACK_A_LISTENER_DEV] = { .type = NLA_U32, },
};

/* TCPTRACK_CMD_FLOOD_GET - do */
const struct nla_policy tcptrack_flood_get_nl_policy[TCPTRACK_A_FLOOD_PAD + 1] = {
};

/* TCPTRACK_CMD_SUBSCRIPTION_SET - do */
const struct nla_policy tcptrack_subscription_set_nl_policy[TCPTRACK_A_SUBSCRIPTION_REASONS + 1] = {
	[TCPTRACK_A_SUBSCRIPTION_FAMILY] = { .type = NLA_U16, },
	[TCPTRACK_A_SUBSCRIPTION_ADDR] = { .type = NLA_BINARY, },
	[TCPTRACK_A_SUBSCRIPTION_PREFIX_LEN] = { .type = NLA_U8, },
	[TCPTRACK_A_SUBSCRIPTION_PORT] = { .type = NLA_U16, },
	[TCPTRACK_A_SUBSCRIPTION_SIDES] = NLA_POLICY_MASK(NLA_U32, 0x7),
	[TCPTRACK_A_SUBSCRIPTION_STATES] = NLA_POLICY_MASK(NLA_U32, 0x7ff),
	[TCPTRACK_A_SUBSCRIPTION_REASONS] = NLA_POLICY_MASK(NLA_U32, 0xfff),
};

/* TCPTRACK_CMD_SUBSCRIPTION_DELETE - do */
const struct nla_policy tcptrack_subscription_delete_nl_policy[TCPTRACK_A_SUBSCRIPTION_PAD + 1] = {
};

/* Ops table for tcptrack */
const struct genl_ops tcptrack_nl_ops[11] = {
	{
		.cmd		= TCPTRACK_CMD_COUNTERS_GET,
		.doit		= tcptrack_nl_counters_get_doit,
		.policy		= tcptrack_counters_get_nl_policy,
		.maxattr	= TCPTRACK_A_COUNTERS_PAD,
	},
	{
		.cmd		= TCPTRACK_CMD_STATES_GET,
		.doit		= tcptrack_nl_states_get_doit,
		.policy		= tcptrack_states_get_nl_policy,
		.maxattr	= TCPTRACK_A_STATES_PAD,
	},
	{
		.cmd		= TCPTRACK_CMD_LISTENERS_GET,
		.doit		= tcptrack_nl_listeners_get_doit,
		.dumpit		= tcptrack_nl_listeners_get_dumpit,
		.policy		= tcptrack_listeners_get_nl_policy,
		.maxattr	= TCPTRACK_A_LISTENER_DEV,
	},
	{
		.cmd		= TCPTRACK_CMD_FLOWS_GET,
		.doit		= tcptrack_nl_flows_get_doit,
		.dumpit		= tcptrack_nl_flows_get_dumpit,
		.policy		= tcptrack_flows_get_nl_policy,
		.maxattr	= TCPTRACK_A_FLOW_STATES,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TCPTRACK_CMD_SETTINGS_GET,
		.doit		= tcptrack_nl_settings_get_doit,
		.policy		= tcptrack_settings_get_nl_policy,
		.maxattr	= TCPTRACK_A_SETTINGS_PAD,
	},
	{
		.cmd		= TCPTRACK_CMD_SETTINGS_SET,
		.doit		= tcptrack_nl_settings_set_doit,
		.policy		= tcptrack_settings_set_nl_policy,
		.maxattr	= TCPTRACK_A_SETTINGS_COOKIE_RESETS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TCPTRACK_CMD_LISTENER_SET,
		.doit		= tcptrack_nl_listener_set_doit,
		.policy		= tcptrack_listener_set_nl_policy,
		.maxattr	= TCPTRACK_A_LISTENER_COOKIE_MODE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TCPTRACK_CMD_LISTENER_DELETE,
		.doit		= tcptrack_nl_listener_delete_doit,
		.policy		= tcptrack_listener_delete_nl_policy,
		.maxattr	= TCPTRACK_A_LISTENER_DEV,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TCPTRACK_CMD_FLOOD_GET,
		.doit		= tcptrack_nl_flood_get_doit,
		.policy		= tcptrack_flood_get_nl_policy,
		.maxattr	= TCPTRACK_A_FLOOD_PAD,
	},
	{
		.cmd		= TCPTRACK_CMD_SUBSCRIPTION_SET,
		.doit		= tcptrack_nl_subscription_set_doit,
		.policy		= tcptrack_subscription_set_nl_policy,
		.maxattr	= TCPTRACK_A_SUBSCRIPTION_REASONS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TCPTRACK_CMD_SUBSCRIPTION_DELETE,
		.doit		= tcptrack_nl_subscription_delete_doit,
		.policy		= tcptrack_subscription_delete_nl_policy,
		.maxattr	= TCPTRACK_A_SUBSCRIPTION_PAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

static const struct genl_multicast_group tcptrack_nl_mcgrps[] = {
	[TCPTRACK_NLGRP_FLOOD] = { "flood", },
	[TCPTRACK_NLGRP_STATE] = { "state", },
};
