// SPDX-License-Identifier: GPL-2.0-only
/* failnth: the operations of generic netlink. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/tcptrack.h>

#include "failnth.h"
#include "nlfamily.h"

#define PORT		4242	/* nothing listens there */

static int fd;
static const char *word;	/* behind the operation */

/* What was answered: so many messages and octets, and the first one's attributes. */
static struct answer {
	int messages;
	size_t octets, first_len;
	char first[2048];
} answer, whole;

static void got(const struct nlmsghdr *nlh)
{
	size_t header = NLMSG_LENGTH(GENL_HDRLEN);

	answer.octets += nlh->nlmsg_len;
	if (answer.messages++)
		return;
	answer.first_len = nlh->nlmsg_len - header;
	if (answer.first_len > sizeof(answer.first))
		answer.first_len = sizeof(answer.first);
	memcpy(answer.first, (const char *)nlh + header, answer.first_len);
}

/* 0 or an errno; a dump comes in pieces, each of which is made when it is asked for. */
static int ask(const struct nl_request *r)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	static char buffer[32768];
	const struct nlmsghdr *nlh;
	unsigned int left;
	ssize_t n;

	memset(&answer, 0, sizeof(answer));
	if (sendto(fd, r, r->nlh.nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return errno;
	for (;;) {
		n = recv(fd, buffer, 8192, 0);
		if (n < 0)
			return errno;
		left = n;
		for (nlh = (void *)buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE)
				return -*(const int *)NLMSG_DATA(nlh);
			got(nlh);
		}
	}
}

/* --- the requests --- */

static void put_u32(struct nl_request *r, uint16_t type, uint32_t value)
{
	nl_put(r, type, &value, sizeof(value));
}

static void put_listener(struct nl_request *r, uint16_t number)
{
	uint16_t port = htons(number);
	char any[16] = { };

	nl_put(r, TCPTRACK_A_LISTENER_ADDR, any, sizeof(any));
	nl_put(r, TCPTRACK_A_LISTENER_PORT, &port, sizeof(port));
}

static void put_there(struct nl_request *r)
{
	put_listener(r, 80);
}

static void put_absent(struct nl_request *r)
{
	put_listener(r, PORT);
}

static void put_limit(struct nl_request *r)
{
	put_listener(r, PORT);
	put_u32(r, TCPTRACK_A_LISTENER_LIMIT_SET, 77);
	put_u32(r, TCPTRACK_A_LISTENER_OVERFLOW, TCPTRACK_LISTENER_OVERFLOW_DROP);
}

/* All that settings-set can fail at: hooks, and those of devices. */
static void put_settings(struct nl_request *r)
{
	bool ingress = word && !strcmp(word, "ingress");
	const char *devices = ingress ? "lo v1 later" : "v1 lo";

	put_u32(r, TCPTRACK_A_SETTINGS_EARLY,
		ingress ? TCPTRACK_EARLY_INGRESS : TCPTRACK_EARLY_PREROUTING);
	nl_put(r, TCPTRACK_A_SETTINGS_EARLY_DEVICES, devices, strlen(devices) + 1);
	put_u32(r, TCPTRACK_A_SETTINGS_MODE, TCPTRACK_MODE_MONITOR);
	put_u32(r, TCPTRACK_A_SETTINGS_FORWARD, 1);
	put_u32(r, TCPTRACK_A_SETTINGS_COOKIE_START, 60);
	put_u32(r, TCPTRACK_A_SETTINGS_FLOWS_MAX, 5000);
}

static void put_sides(struct nl_request *r)
{
	put_u32(r, TCPTRACK_A_SUBSCRIPTION_SIDES, 1);
}

/* One of the flows that are there. */
static void put_flow(struct nl_request *r)
{
	static const uint16_t types[] = {
		TCPTRACK_A_FLOW_ADDR_A, TCPTRACK_A_FLOW_PORT_A, TCPTRACK_A_FLOW_ADDR_B,
		TCPTRACK_A_FLOW_PORT_B,
	};
	const struct nlattr *attr[TCPTRACK_A_FLOW_PORT_B + 1];
	struct nl_request all;
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		char attrs[sizeof(answer.first)];
	} flow = { };
	size_t i;

	nl_begin(&all, nl_family, TCPTRACK_CMD_FLOWS_GET, NLM_F_DUMP);
	if (ask(&all) || !answer.messages)
		failnth_die("there are no flows");
	flow.nlh.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + answer.first_len;
	memcpy(flow.attrs, answer.first, answer.first_len);
	nl_attrs(&flow.nlh, attr, TCPTRACK_A_FLOW_PORT_B);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		nl_put(r, types[i], nl_data(attr[types[i]]), attr[types[i]]->nla_len - NLA_HDRLEN);
}

/**
 * struct operation - what is asked
 * @name: of it
 * @cmd: its number
 * @put: its attributes, if it has some
 * @before: another one, that has to come first, or 0
 * @undo: the one that is done with if this one was; then again it is refused, or 0
 */
static const struct operation {
	const char *name;
	uint8_t cmd;
	void (*put)(struct nl_request *r);
	uint8_t before, undo;
	void (*put_undo)(struct nl_request *r);
} operations[] = {
	{ .name = "counters-get", .cmd = TCPTRACK_CMD_COUNTERS_GET },
	{ .name = "states-get", .cmd = TCPTRACK_CMD_STATES_GET },
	{ .name = "listeners-get", .cmd = TCPTRACK_CMD_LISTENERS_GET, .put = put_there },
	{ .name = "flows-get", .cmd = TCPTRACK_CMD_FLOWS_GET, .put = put_flow },
	{ .name = "settings-get", .cmd = TCPTRACK_CMD_SETTINGS_GET },
	{ .name = "flood-get", .cmd = TCPTRACK_CMD_FLOOD_GET },
	{ .name = "settings-set", .cmd = TCPTRACK_CMD_SETTINGS_SET, .put = put_settings },
	{
		.name = "listener-set", .cmd = TCPTRACK_CMD_LISTENER_SET, .put = put_limit,
		.undo = TCPTRACK_CMD_LISTENER_DELETE, .put_undo = put_absent,
	}, {
		.name = "listener-delete", .cmd = TCPTRACK_CMD_LISTENER_DELETE, .put = put_absent,
		.before = TCPTRACK_CMD_LISTENER_SET,
	}, {
		.name = "subscription-set", .cmd = TCPTRACK_CMD_SUBSCRIPTION_SET, .put = put_sides,
		.undo = TCPTRACK_CMD_SUBSCRIPTION_DELETE,
	}, {
		.name = "subscription-delete", .cmd = TCPTRACK_CMD_SUBSCRIPTION_DELETE,
		.before = TCPTRACK_CMD_SUBSCRIPTION_SET,
	},
};

static const struct operation *op;
static struct nl_request request;

static int ask_for(uint8_t cmd, void (*put)(struct nl_request *r))
{
	struct nl_request r;

	nl_begin(&r, nl_family, cmd, NLM_F_ACK);
	if (put)
		put(&r);
	return ask(&r);
}

/* --- settings: what they were, what they are once they are set --- */

static struct answer set_before, set_after;

static void settings(struct answer *now)
{
	struct answer was = answer;

	if (ask_for(TCPTRACK_CMD_SETTINGS_GET, NULL))
		failnth_die("settings-get");
	*now = answer;
	answer = was;
}

static bool same(const struct answer *a, const struct answer *b)
{
	return a->first_len == b->first_len && !memcmp(a->first, b->first, a->first_len);
}

/* What settings-get answers is what settings-set takes. */
static void put_back(struct nl_request *r)
{
	memcpy((char *)r + r->nlh.nlmsg_len, set_before.first, set_before.first_len);
	r->nlh.nlmsg_len += set_before.first_len;
}

static const char *settings_wrong(int err)
{
	struct answer now;

	settings(&now);
	/* (whether it was done is not known where only the stack's answer failed) */
	if (err == ENOBUFS && same(&now, &set_after))
		err = 0;
	if (!same(&now, err ? &set_before : &set_after))
		return err ? "it was refused, and has changed" : "not all is set";
	if (failnth_seen() != FAILNTH_SEGMENTS)
		return "the hooks are not as the settings say";
	if (ask_for(TCPTRACK_CMD_SETTINGS_SET, put_back))
		return "it cannot be set back";
	settings(&now);
	if (!same(&now, &set_before))
		return "set back, it is not what it was";
	return failnth_seen() == FAILNTH_SEGMENTS ? NULL : "set back, the hooks are not";
}

/* --- all --- */

static void begin(void)
{
	fd = nl_open();
	if (op->before && ask_for(op->before, op->before == TCPTRACK_CMD_LISTENER_SET ?
				  put_limit : put_sides))
		failnth_die("what has to come before");
}

static int run(void)
{
	return ask(&request);
}

/* Whether what was done, or not, can be undone once, or not. */
static const char *undo_wrong(int err)
{
	/* what was to be deleted is there if that was refused, what was to be set is not */
	bool is_there = op->undo ? !err : err;
	int wanted = is_there ? 0 : ENOENT, is;

	is = ask_for(op->undo ?: op->cmd, op->undo ? op->put_undo : op->put);
	if (is == wanted || (err == ENOBUFS && (!is || is == ENOENT)))
		return NULL;
	return err ? "it was refused, and has been done" : "it was not done";
}

static const char *wrong(int err)
{
	const char *why = NULL;

	if (op->cmd == TCPTRACK_CMD_SETTINGS_SET)
		why = settings_wrong(err);
	else if (op->undo || op->before)
		why = undo_wrong(err);
	else if (!err && (answer.messages != whole.messages || answer.octets != whole.octets))
		why = "not all of it was answered";
	close(fd);
	return why;
}

static void set_up(char **args, uint16_t flags)
{
	const char *why;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(operations) && args[0]; i++) {
		if (!strcmp(operations[i].name, args[0]))
			op = &operations[i];
	}
	if (!op)
		failnth_die("no such operation");
	word = args[1];
	begin();
	settings(&set_before);
	nl_begin(&request, nl_family, op->cmd, flags);
	if (op->put && flags == NLM_F_ACK) {
		struct nl_request r = request;

		op->put(&r);
		request = r;
	}
	errno = run();
	if (errno)
		failnth_die(args[0]);
	whole = answer;
	settings(&set_after);
	why = wrong(0);
	if (why)
		failnth_die(why);
}

static void do_set_up(char **args)
{
	set_up(args, NLM_F_ACK);
}

static void dump_set_up(char **args)
{
	set_up(args, NLM_F_DUMP);
}

/* Of the request, of the answer. */
static bool passes(int err)
{
	return err == ENOBUFS;
}

const struct failnth_action failnth_do = {
	.name = "do", .set_up = do_set_up, .begin = begin, .run = run, .wrong = wrong,
	.passes = passes,
};

const struct failnth_action failnth_dump = {
	.name = "dump", .set_up = dump_set_up, .begin = begin, .run = run, .wrong = wrong,
	.passes = passes,
};
