// SPDX-License-Identifier: GPL-2.0-only
/* To the module and back. */

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/tcptrack.h>

#include "ending.h"
#include "tcptrackctl.h"

/* A reader of a million flows is given as many a time as fit in this. */
#define OLDER_HINT	"(\"tcptrackctl doctor\" has the command)"

static char buffer[32768];
static char request_buffer[2048];
static struct mnl_socket *sock;
static unsigned int sequence;
static uint16_t family;
static struct {
	char name[GENL_NAMSIZ];
	uint32_t id;
} groups[4];

struct run {
	each_fn each;
	uint16_t max;
	void *arg;
	bool changed;
};

static struct nlmsghdr *request(uint16_t type, uint8_t command, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request_buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++sequence;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

struct nlmsghdr *netlink_request(uint8_t command, bool dump)
{
	return request(family, command, dump ? NLM_F_DUMP : NLM_F_ACK);
}

struct table {
	struct nlattr **attrs;
	uint16_t max;
};

static int collect(const struct nlattr *attr, void *data)
{
	struct table *table = data;

	if (mnl_attr_get_type(attr) <= table->max)
		table->attrs[mnl_attr_get_type(attr)] = (struct nlattr *)attr;
	return MNL_CB_OK;
}

void netlink_nested(const struct nlattr *nest, struct nlattr **attrs, uint16_t max)
{
	struct table table = { attrs, max };

	memset(attrs, 0, (max + 1) * sizeof(*attrs));
	mnl_attr_parse_nested(nest, collect, &table);
}

uint64_t netlink_uint(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	}
	return 0;
}

static void message(const struct nlmsghdr *nlh, const struct run *run)
{
	struct nlattr *attrs[run->max + 1];
	struct table table = { attrs, run->max };

	memset(attrs, 0, sizeof(attrs));
	mnl_attr_parse(nlh, NETLINK_HEADER, collect, &table);
	if (run->each)
		run->each(nlh, attrs, run->arg);
}

static const char *extack;

static int find_text(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		extack = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* The last message: 0 or a negative errno, and the kernel's own words, if it has any. */
static int end(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(err->error);

	if (mnl_nlmsg_get_payload_len(nlh) < skip || !err->error)
		return 0;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		skip = sizeof(*err);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			skip += mnl_nlmsg_get_payload_len(&err->msg);
	}
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, skip, find_text, NULL);
	return err->error;
}

/*
 * Not mnl_cb_run(): in libmnl 1.0.4 it gives up what it was reading when a dump was
 * interrupted. Returns 0 or a negative errno.
 */
static int talk(const struct nlmsghdr *request, struct run *run)
{
	const struct nlmsghdr *nlh;
	ssize_t n;
	int left;

	if (mnl_socket_sendto(sock, request, request->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		n = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
		if (n < 0)
			return -errno;
		left = n;
		for (nlh = (void *)buffer; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left)) {
			if (nlh->nlmsg_seq != request->nlmsg_seq)
				continue;
			run->changed |= !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
				return end(nlh);
			message(nlh, run);
		}
	}
}

void netlink_changed(bool changed, const char *what)
{
	if (changed)
		fprintf(stderr, "tcptrackctl: %s came or went meanwhile\n", what);
}

int netlink_try(struct nlmsghdr *nlh, const char **why)
{
	struct run run = { };
	int err;

	extack = NULL;
	err = talk(nlh, &run);
	*why = extack;
	return err;
}

static void __attribute__((noreturn)) unloaded(void)
{
	die(EXIT_NO_MODULE, "the module was unloaded");
}

bool netlink_run(struct nlmsghdr *nlh, each_fn each, uint16_t max, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct run run = { .each = each, .max = max, .arg = arg };
	int err;

	extack = NULL;
	err = talk(nlh, &run);
	if (!err)
		return run.changed;
	if (err == -EPERM)
		die(EXIT_REFUSED, "only root may %s (CAP_NET_ADMIN in this namespace)",
		    genl->cmd == TCPTRACK_CMD_FLOWS_GET ? "see flows" :
		    genl->cmd == TCPTRACK_CMD_SUBSCRIPTION_SET ? "follow flows" : "change this");
	if (err == -EOPNOTSUPP && !extack)
		die(EXIT_REFUSED, "the module is older than this program and does not know that "
		    OLDER_HINT);
	if (err == -ENOENT && !extack)	/* of the family: it was there when we looked */
		unloaded();
	die(EXIT_REFUSED, "the module refuses: %s%s%s", extack ? extack : "",
	    extack ? ": " : "", strerror(-err));
}

static void got_groups(const struct nlattr *nest)
{
	struct nlattr *attrs[CTRL_ATTR_MCAST_GRP_MAX + 1];
	const struct nlattr *attr;
	size_t n = 0;

	mnl_attr_for_each_nested(attr, nest) {
		netlink_nested(attr, attrs, CTRL_ATTR_MCAST_GRP_MAX);
		if (n == ARRAY_SIZE(groups) || !attrs[CTRL_ATTR_MCAST_GRP_NAME])
			continue;
		snprintf(groups[n].name, sizeof(groups[n].name), "%s",
			 mnl_attr_get_str(attrs[CTRL_ATTR_MCAST_GRP_NAME]));
		groups[n++].id = netlink_uint(attrs[CTRL_ATTR_MCAST_GRP_ID]);
	}
}

static void got_family(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	if (attrs[CTRL_ATTR_FAMILY_ID])
		family = mnl_attr_get_u16(attrs[CTRL_ATTR_FAMILY_ID]);
	if (attrs[CTRL_ATTR_MCAST_GROUPS])
		got_groups(attrs[CTRL_ATTR_MCAST_GROUPS]);
}

struct mnl_socket *netlink_socket(int bus)
{
	static const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct mnl_socket *s = mnl_socket_open2(bus, SOCK_CLOEXEC);

	if (!s || (!mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) &&
		   !connect(mnl_socket_get_fd(s), (const void *)&kernel, sizeof(kernel))))
		return s;
	mnl_socket_close(s);
	return NULL;
}

void netlink_open(void)
{
	struct run run = { .each = got_family, .max = CTRL_ATTR_MAX };
	struct nlmsghdr *nlh;
	int one = 1, err;

	if (sock)
		mnl_socket_close(sock);
	sock = netlink_socket(NETLINK_GENERIC);
	if (!sock)
		die(EXIT_REFUSED, "netlink: %s", strerror(errno));
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	sequence = time(NULL);
	nlh = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, TCPTRACK_FAMILY_NAME);
	err = talk(nlh, &run);
	if (!err && family)
		return;
	if (err == -ENOENT)
		die(EXIT_NO_MODULE, "no module tcptrack, or one without netlink (\"%s\")",
		    "modprobe tcptrack");
	die(EXIT_REFUSED, "netlink: %s", strerror(-err));
}

uint8_t netlink_command(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	return genl->cmd;
}

void netlink_join(const char *group, const char *refused)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(groups) && strcmp(groups[i].name, group); i++)
		;
	if (i == ARRAY_SIZE(groups))
		die(EXIT_REFUSED, "the module is older than this program and has no events "
		    OLDER_HINT);
	if (!mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &groups[i].id,
				   sizeof(groups[i].id)))
		return;
	die(EXIT_REFUSED, "%s", errno == EPERM ? refused : strerror(errno));
}

/* The module is told what finds no room here (events_lost), and we are told of its end. */
static void join_all(void)
{
	unsigned int ctrl = GENL_ID_CTRL;	/* the number of its group "notify", too */
	int one = 1, size = 1 << 20, fd = mnl_socket_get_fd(sock);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	mnl_socket_setsockopt(sock, NETLINK_BROADCAST_ERROR, &one, sizeof(one));
	if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &ctrl, sizeof(ctrl)) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK))
		die(EXIT_REFUSED, "netlink: %s", strerror(errno));
}

static void of_families(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	if (netlink_command(nlh) == CTRL_CMD_DELFAMILY &&
	    netlink_uint(attrs[CTRL_ATTR_FAMILY_ID]) == family)
		unloaded();
}

/*
 * What was lost may be that the module went. Before all is read that there is, the answer would
 * be lost like that, and no word of it; afterwards, that is told again.
 */
static bool to_ask;
static unsigned int asked;

static void ask_for_family(void)
{
	struct nlmsghdr *nlh = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);

	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, family);
	to_ask = false;
	asked = nlh->nlmsg_seq;
	if (mnl_socket_sendto(sock, nlh, nlh->nlmsg_len) < 0)
		die(EXIT_REFUSED, "netlink: %s", strerror(errno));
}

static void of_control(const struct nlmsghdr *nlh)
{
	const struct run run = { .each = of_families, .max = CTRL_ATTR_FAMILY_ID };

	if (nlh->nlmsg_type == GENL_ID_CTRL)
		message(nlh, &run);
	else if (nlh->nlmsg_type == NLMSG_ERROR && asked && nlh->nlmsg_seq == asked &&
		 end(nlh) == -ENOENT)
		unloaded();
}

/* All that is there. */
static void receive(const struct run *run, void (*lost)(void))
{
	const struct nlmsghdr *nlh;
	ssize_t n = mnl_socket_recvfrom(sock, buffer, sizeof(buffer));
	int left = n;

	if (n < 0 && errno == ENOBUFS) {
		lost();
		to_ask = true;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		die(EXIT_REFUSED, "netlink: %s", strerror(errno));
	}
	for (nlh = (void *)buffer; n > 0 && mnl_nlmsg_ok(nlh, left);
	     nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_type == family)
			message(nlh, run);
		else
			of_control(nlh);
	}
}

int netlink_listen(each_fn each, uint16_t max, void (*lost)(void))
{
	struct pollfd fd = { .fd = mnl_socket_get_fd(sock), .events = POLLIN };
	const struct run run = { .each = each, .max = max };
	static const int signals[] = { SIGINT, SIGTERM };
	const struct timespec at_once = { };
	int n;

	ending_begin(signals, ARRAY_SIZE(signals), NULL);
	join_all();
	while (!ending_asked()) {
		n = ending_poll(&fd, 1, to_ask ? &at_once : NULL);
		if (n < 0)
			continue;
		if (n)
			receive(&run, lost);
		else
			ask_for_family();
		flush_stdout();
	}
	return 0;
}
