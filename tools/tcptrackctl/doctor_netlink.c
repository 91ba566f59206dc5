// SPDX-License-Identifier: GPL-2.0-only
/* doctor: what only other netlink families know. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "doctor.h"
#include "tcptrackctl.h"

#define TRIES	5	/* of a dump, while what it tells of changes */

static char request[256];

struct message {
	struct nlattr **attrs;
	uint16_t max;
};

static int collect(const struct nlattr *attr, void *data)
{
	struct message *m = data;

	if (mnl_attr_get_type(attr) <= m->max)
		m->attrs[mnl_attr_get_type(attr)] = (struct nlattr *)attr;
	return MNL_CB_OK;
}

static void parse(const struct nlmsghdr *nlh, size_t header, struct nlattr **attrs, uint16_t max)
{
	struct message m = { attrs, max };

	memset(attrs, 0, (max + 1) * sizeof(*attrs));
	mnl_attr_parse(nlh, header, collect, &m);
}

/* The whole answer, one message after the other, in all. Returns 0 or a negative errno. */
static int receive(struct mnl_socket *sock, FILE *all)
{
	char buffer[32768];
	ssize_t n;
	int more;

	do {
		n = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
		if (n < 0)
			return -errno;
		more = mnl_cb_run(buffer, n, 1, mnl_socket_get_portid(sock), NULL, NULL);
		if (more < 0)
			return -errno;
		fwrite(buffer, 1, n, all);
	} while (more != MNL_CB_STOP);
	return 0;
}

/* Returns 0 or a negative errno: EINTR, if it changed meanwhile, and nothing is looked at. */
static int dump_once(int bus, const struct nlmsghdr *nlh, mnl_cb_t each)
{
	struct mnl_socket *sock = netlink_socket(bus);
	char *text = NULL;
	size_t size = 0;
	FILE *all;
	int err;

	if (!sock)
		return -errno;
	all = open_memstream(&text, &size);
	if (!all)
		die(EXIT_REFUSED, "no memory");
	err = mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0 ? -errno : receive(sock, all);
	if (fclose(all))
		die(EXIT_REFUSED, "no memory");
	if (!err)
		mnl_cb_run(text, size, 1, mnl_socket_get_portid(sock), each, NULL);
	free(text);
	mnl_socket_close(sock);
	return err;
}

/* What the kernel does not have has nothing in it. */
static void dump(int bus, struct nlmsghdr *nlh, mnl_cb_t each)
{
	unsigned int left = TRIES;
	int err;

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = 1;
	do {
		err = dump_once(bus, nlh, each);
	} while (err == -EINTR && --left);
	if (err == -EINTR)
		doctor_cannot("it changed meanwhile");
	else if (err && err != -EINVAL && err != -EOPNOTSUPP && err != -EPROTONOSUPPORT)
		doctor_cannot(strerror(-err));
}

static void nft_dump(uint16_t what, mnl_cb_t each)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | what;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = NFPROTO_UNSPEC;
	nfg->version = NFNETLINK_V0;
	dump(NETLINK_NETFILTER, nlh, each);
}

/* --- early --- */

static char firewall[512];
static bool at_ingress;

static uint32_t be32(const struct nlattr *attr)
{
	return attr ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static const char *text(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_str(attr) : "?";
}

/* Whether the early hook is before it: at ingress, or where raw has just been. */
static bool is_later(uint32_t hook, int32_t priority)
{
	return hook == NF_INET_LOCAL_IN ||
	       (hook == NF_INET_PRE_ROUTING && (at_ingress || priority > NF_IP_PRI_RAW));
}

/* A chain of the filter type, behind the early hook, that lets not everything pass. */
static int chain(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct nlattr *attrs[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];

	parse(nlh, sizeof(*nfg), attrs, NFTA_CHAIN_MAX);
	if (!attrs[NFTA_CHAIN_HOOK] || strcmp(text(attrs[NFTA_CHAIN_TYPE]), "filter") ||
	    (nfg->nfgen_family != NFPROTO_INET && nfg->nfgen_family != NFPROTO_IPV4 &&
	     nfg->nfgen_family != NFPROTO_IPV6))
		return MNL_CB_OK;
	netlink_nested(attrs[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
	if (!is_later(be32(hook[NFTA_HOOK_HOOKNUM]), be32(hook[NFTA_HOOK_PRIORITY])) ||
	    (be32(attrs[NFTA_CHAIN_POLICY]) == NF_ACCEPT && !be32(attrs[NFTA_CHAIN_USE])))
		return MNL_CB_OK;
	snprintf(firewall, sizeof(firewall), "nft's chain %s %s", text(attrs[NFTA_CHAIN_TABLE]),
		 text(attrs[NFTA_CHAIN_NAME]));
	return MNL_CB_OK;
}

void check_early(void)
{
	at_ingress = doctor_setting_is("early", "ingress");
	if (!at_ingress && !doctor_setting_is("early", "prerouting"))
		return;
	firewall[0] = '\0';
	doctor_iptables(firewall, sizeof(firewall), at_ingress);
	nft_dump(NFT_MSG_GETCHAIN, chain);
	if (*firewall)
		doctor_found("@sysctl -w net.tcptrack.early=off",
			     "a listener in cookie mode answers before %s can hide it", firewall);
}

/* --- flowtable --- */

static char flowtable[512];

static int flowtable_found(const struct nlmsghdr *nlh, void *data)
{
	struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];

	parse(nlh, sizeof(struct nfgenmsg), attrs, NFTA_FLOWTABLE_MAX);
	snprintf(flowtable, sizeof(flowtable), "%s %s", text(attrs[NFTA_FLOWTABLE_TABLE]),
		 text(attrs[NFTA_FLOWTABLE_NAME]));
	return MNL_CB_OK;
}

void check_flowtable(void)
{
	if (!doctor_setting_on("forward"))
		return;
	flowtable[0] = '\0';
	nft_dump(NFT_MSG_GETFLOWTABLE, flowtable_found);
	if (*flowtable)
		doctor_found("@sysctl -w net.tcptrack.forward=0",
			     "what nft's flowtable %s takes over passes the module by: the states of forwarded flows are guesses",
			     flowtable);
}

/* --- xdp --- */

static int link_found(const struct nlmsghdr *nlh, void *data)
{
	static const char * const modes[] = {
		[XDP_ATTACHED_DRV] = "xdpdrv",
		[XDP_ATTACHED_SKB] = "xdpgeneric",
		[XDP_ATTACHED_HW] = "xdpoffload",
	};
	struct nlattr *attrs[IFLA_XDP + 1], *xdp[IFLA_XDP_MAX + 1];
	char command[128] = "";
	const char *name;
	unsigned int mode;

	parse(nlh, sizeof(struct ifinfomsg), attrs, IFLA_XDP);
	if (!attrs[IFLA_XDP])
		return MNL_CB_OK;
	netlink_nested(attrs[IFLA_XDP], xdp, IFLA_XDP_MAX);
	mode = netlink_uint(xdp[IFLA_XDP_ATTACHED]);
	if (mode == XDP_ATTACHED_NONE)
		return MNL_CB_OK;
	name = text(attrs[IFLA_IFNAME]);
	if (doctor_is_plain(name))
		snprintf(command, sizeof(command), "@ip link set dev %s %s off", name,
			 mode < ARRAY_SIZE(modes) ? modes[mode] : "xdp");
	doctor_found(command,
		     "what the XDP program of %s drops, answers or redirects, the module does not see",
		     name);
	return MNL_CB_OK;
}

void check_xdp(void)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifinfomsg *ifi;

	nlh->nlmsg_type = RTM_GETLINK;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	dump(NETLINK_ROUTE, nlh, link_found);
}
