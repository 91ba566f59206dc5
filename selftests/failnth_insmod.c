// SPDX-License-Identifier: GPL-2.0-only
/* failnth: the module comes, or it has not been there. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/tcptrack.h>

#include "failnth.h"
#include "nlfamily.h"

static const char *module;
static char params[256];

static void set_up(char **args)
{
	module = *args;
	if (!module)
		failnth_die("which module");
	while (*++args) {
		strncat(params, *args, sizeof(params) - strlen(params) - 2);
		strcat(params, " ");
	}
}

static int run(void)
{
	int fd = open(module, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = syscall(SYS_finit_module, fd, params, 0) ? errno : 0;
	close(fd);
	return err;
}

/* (By a dump: who asks for a family by its name has the kernel look for a module.) */
static bool has_family(void)
{
	static const char name[] = TCPTRACK_FAMILY_NAME;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	const struct nlattr *attrs[CTRL_ATTR_FAMILY_NAME + 1];
	const struct nlmsghdr *nlh;
	struct nl_request r;
	bool found = false;
	unsigned int left;
	ssize_t n;

	nl_begin(&r, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_DUMP);
	nl_send(fd, &r);
	for (;;) {
		n = recv(fd, nl_buffer, sizeof(nl_buffer), 0);
		if (n <= 0)
			failnth_die("families");
		left = n;
		for (nlh = (void *)nl_buffer; NLMSG_OK(nlh, left); nlh = NLMSG_NEXT(nlh, left)) {
			if (nlh->nlmsg_type != GENL_ID_CTRL) {
				close(fd);
				return found;
			}
			nl_attrs(nlh, attrs, CTRL_ATTR_FAMILY_NAME);
			found |= attrs[CTRL_ATTR_FAMILY_NAME] &&
				 !strcmp(nl_data(attrs[CTRL_ATTR_FAMILY_NAME]), name);
		}
	}
}

/* What there is of it: all of these, or none. */
static const char * const places[] = {
	"/sys/module/tcptrack", "/proc/tcptrack", "/proc/thread-self/net/tcptrack",
	"/proc/thread-self/net/tcptrack_flows", "/proc/thread-self/net/tcptrack_listeners",
	"/proc/thread-self/net/stat/tcptrack",
	"/proc/thread-self/net/stat/tcptrack_flood", "/proc/sys/net/tcptrack",
	"/proc/sys/net/tcptrack/mode", "/proc/sys/net/tcptrack/early_devices",
};

static const char *not_all(bool there)
{
	static char text[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (!access(places[i], F_OK) == there)
			continue;
		snprintf(text, sizeof(text), "%s is %sthere", places[i], there ? "not " : "still ");
		return text;
	}
	if (has_family() != there)
		return there ? "the family is not there" : "the family is still there";
	return NULL;
}

static const char *gone(void)
{
	const char *slab;

	slab = failnth_text("/proc/slabinfo");
	if (!slab || strstr(slab, "tcptrack"))
		return "there are caches left";
	return not_all(false);
}

static const char *wrong(int err)
{
	const char *why;
	int i;

	if (err)
		return gone();
	why = not_all(true);
	if (!why && failnth_seen() != FAILNTH_SEGMENTS)
		why = "the hooks are not there";
	for (i = 0; syscall(SYS_delete_module, "tcptrack", O_NONBLOCK); i++) {
		if (i == 100)
			return "it cannot be unloaded";
		usleep(10000);
	}
	return why ?: gone();
}

const struct failnth_action failnth_insmod = {
	.name = "insmod", .set_up = set_up, .run = run, .wrong = wrong,
	.slow = true,
};
