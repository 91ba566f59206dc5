// SPDX-License-Identifier: GPL-2.0-only
/* doctor: what is wrong around the module. It reads, and changes nothing. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/tcptrack.h>

#include "doctor.h"
#include "tcptrackctl.h"
#include "version.h"

#define SYSCTL	"@sysctl -w "

/* What DKMS signs with; where Ubuntu's is, it is that. */
#define MOK		"/var/lib/dkms/mok.pub"
#define MOK_UBUNTU	"/var/lib/shim-signed/mok/MOK.der"

#define RELOAD		"modprobe -r tcptrack && modprobe tcptrack && "
#define SAVED		"/root/tcptrack.json"
#define BY_FILE		"tcptrackctl save " SAVED " && " RELOAD "tcptrackctl restore " SAVED
#define BY_SERVICE	"systemctl stop tcptrack-restore && " RELOAD \
			"systemctl start tcptrack-restore"

/* What the module says, or NULL without one. */
static json_t *stats, *settings;
static const char *checking;
static unsigned int findings;
static const char *unchecked;	/* the last one of them */
static unsigned int nunchecked;

bool doctor_is_plain(const char *name)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";

	return *name && *name != '-' && !name[strspn(name, plain)];
}

static void in_namespace(char *to, size_t size, const char *command)
{
	if (*command != '@')
		snprintf(to, size, "%s", command);
	else if (options.netns && !doctor_is_plain(options.netns))
		*to = '\0';
	else if (options.netns)
		snprintf(to, size, "ip netns exec %s %s", options.netns, command + 1);
	else
		snprintf(to, size, "%s", command + 1);
}

void doctor_found(const char *command, const char *format, ...)
{
	char mend[512], text[512];
	va_list args;
	json_t *o;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	only_ascii(text);
	in_namespace(mend, sizeof(mend), command);
	findings++;
	if (!options.json) {
		printf("%s: %s\n", checking, text);
		if (*mend)
			printf("    %s\n", mend);
		return;
	}
	o = json_object();
	json_object_set_new(o, "check", json_string(checking));
	json_object_set_new(o, "text", json_string(text));
	if (*mend)
		json_object_set_new(o, "command", json_string(mend));
	list_add(o);
}

void doctor_cannot(const char *why)
{
	if (unchecked != checking) {
		unchecked = checking;
		nunchecked++;
	}
	fprintf(stderr, "tcptrackctl: %s is not checked: %s\n", checking, why);
}

static bool first_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool done;

	if (!file)
		return false;
	done = fgets(line, size, file);
	fclose(file);
	if (done)
		line[strcspn(line, "\n")] = '\0';
	return done;
}

long long doctor_number(const char *path)
{
	char line[64];

	return first_line(path, line, sizeof(line)) ? atoll(line) : -1;
}

/* As the module says: who reads /proc/sys may have another one. */
bool doctor_setting_is(const char *name, const char *word)
{
	return settings_is(settings, name, word);
}

bool doctor_setting_on(const char *name)
{
	return json_integer_value(json_object_get(settings, name));
}

bool doctor_has_line(const char *path, const char *begin)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[256];

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = !strncmp(line, begin, strlen(begin));
	fclose(file);
	return found;
}

static long long value(const char *name)
{
	return json_integer_value(json_object_get(stats, name));
}

/* --- the checks --- */

static void check_module(void)
{
	if (!stats)
		doctor_found("modprobe tcptrack", "the module is not loaded");
}

/* The last of five bytes of the variable; an unsigned module that is loaded has taint E. */
static void check_secure_boot(void)
{
	static const char path[] =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	char bytes[5] = "", taint[32] = "";
	FILE *file = fopen(path, "re");
	bool on;

	if (!file)
		return;
	on = fread(bytes, 1, sizeof(bytes), file) == sizeof(bytes) && bytes[4] == 1;
	fclose(file);
	first_line("/sys/module/tcptrack/taint", taint, sizeof(taint));
	if (on && (!stats || strchr(taint, 'E')))
		doctor_found(!access(MOK_UBUNTU, F_OK) ? "mokutil --import " MOK_UBUNTU :
						     "mokutil --import " MOK,
			     "Secure Boot is on, where a kernel may refuse a module that is not signed with a known key; DKMS signs with this one, which the firmware asks about at the next boot");
}

/* With the module its settings go: they are taken along, by their service where it runs. */
static void check_version(void)
{
	bool service = !access("/run/tcptrack-restore", F_OK);
	char version[64];

	if (!first_line("/sys/module/tcptrack/version", version, sizeof(version)))
		return;
	if (strverscmp(TCPTRACK_VERSION, version) > 0)
		doctor_found(service ? BY_SERVICE : BY_FILE,
			     "the module that is loaded is %s, older than this program (%s)",
			     version, TCPTRACK_VERSION);
}

/* Whether a listener's own policy has SYNs answered with cookies. */
static bool sends_cookies(struct nlattr **attrs)
{
	const struct nlattr *overflow = attrs[TCPTRACK_A_LISTENER_OVERFLOW];
	uint32_t mode = netlink_uint(attrs[TCPTRACK_A_LISTENER_COOKIE_MODE]);

	return mode == TCPTRACK_COOKIE_MODE_ALWAYS ||
	       (mode != TCPTRACK_COOKIE_MODE_NEVER && overflow &&
		netlink_uint(overflow) == TCPTRACK_LISTENER_OVERFLOW_COOKIE);
}

static void of_listener(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	bool *any = arg;

	*any |= sends_cookies(attrs);
}

/* Whether there may be cookies: the namespace's, or a listener's. */
static bool cookies(void)
{
	bool any = doctor_setting_is("overflow", "cookie");

	if (!any)
		netlink_run(netlink_request(TCPTRACK_CMD_LISTENERS_GET, true), of_listener,
			    TCPTRACK_A_LISTENER_MAX, &any);
	return any;
}

static void check_selftest(void)
{
	long long err = value("cookie_selftest");

	if (err && doctor_setting_is("overflow", "cookie"))
		doctor_found(SYSCTL "net.tcptrack.overflow=recycle",
			     "SYN cookies do not work on this kernel (%s); the oldest half-open connection can go instead",
			     strerror(-err));
}

static void check_mode(void)
{
	if (value("cookie_selftest") && doctor_setting_is("mode", "monitor"))
		doctor_found(SYSCTL "net.tcptrack.mode=enforce",
			     "mode is monitor, since the self-test of the cookies failed: nothing is bounded");
}

static void check_syncookies(void)
{
	if (!doctor_number("/proc/sys/net/ipv4/tcp_syncookies") &&
	    (!stats || cookies()))
		doctor_found(SYSCTL "net.ipv4.tcp_syncookies=1",
			     "net.ipv4.tcp_syncookies is 0: the stack takes no cookie back, so none is sent");
}

static void check_timestamps(void)
{
	if (!doctor_number("/proc/sys/net/ipv4/tcp_timestamps"))
		doctor_found(SYSCTL "net.ipv4.tcp_timestamps=1",
			     "net.ipv4.tcp_timestamps is 0: connections by cookies have no window scale and no SACK");
}

/*
 * What a server asked for in listen(2) is not to be seen, what it got is: as much as
 * somaxconn. That is too little if it is less than the kernel's own default, or if it has
 * been too little before.
 */
static void backlog(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	long long *most = arg, sockets = netlink_uint(attrs[TCPTRACK_A_LISTENER_SOCKETS]);
	long long has = netlink_uint(attrs[TCPTRACK_A_LISTENER_ACCEPTQ_MAX]);
	bool was_full = netlink_uint(attrs[TCPTRACK_A_LISTENER_ACCEPT_FULL]) ||
			netlink_uint(attrs[TCPTRACK_A_LISTENER_OVER_LISTENER]);
	char command[128];

	if (!sockets || has != sockets * *most || (*most >= 4096 && !was_full))
		return;
	snprintf(command, sizeof(command), SYSCTL "net.core.somaxconn=%lld",
		 *most < 4096 ? 4096 : 2 * *most);
	doctor_found(command,
		     "the backlog of %s is cut to net.core.somaxconn, %lld%s; the server has to be started again afterwards",
		     endpoint(attrs[TCPTRACK_A_LISTENER_ADDR], attrs[TCPTRACK_A_LISTENER_PORT]),
		     *most, was_full ? ", and was full" : "");
}

static void check_somaxconn(void)
{
	long long most = doctor_number("/proc/sys/net/core/somaxconn");

	if (stats && most > 0)
		netlink_run(netlink_request(TCPTRACK_CMD_LISTENERS_GET, true), backlog,
			    TCPTRACK_A_LISTENER_MAX, &most);
}

/* The limit is that of the initial namespace everywhere. */
static void check_conntrack(void)
{
	long long count = doctor_number("/proc/sys/net/netfilter/nf_conntrack_count");
	long long most = doctor_number("/proc/sys/net/netfilter/nf_conntrack_max");
	char command[128];

	if (most <= 0 || count * 10 < most * 9)
		return;
	snprintf(command, sizeof(command), "sysctl -w net.netfilter.nf_conntrack_max=%lld",
		 2 * most);
	doctor_found(command,
		     "conntrack's table is nearly full (%lld of %lld): then it drops packets",
		     count, most);
}

/* A cookie has left no entry: its connection begins there with the ACK. */
static void check_tcp_loose(void)
{
	if (!doctor_number("/proc/sys/net/netfilter/nf_conntrack_tcp_loose") && cookies())
		doctor_found(SYSCTL "net.netfilter.nf_conntrack_tcp_loose=1",
			     "net.netfilter.nf_conntrack_tcp_loose is 0: conntrack takes the ACK of a cookie for invalid");
}

static void check_flows(void)
{
	long long flows = value("flows"), most = value("flows_max");
	char command[128];
	bool own;

	if (!most || flows * 10 < most * 9)
		return;
	own = json_integer_value(json_object_get(settings, "flows_max")) <= most;
	snprintf(command, sizeof(command), "%s net.tcptrack.flows_max=%lld",
		 own ? "@sysctl -w" : "sysctl -w", 2 * most);
	doctor_found(command, "the table of flows is nearly full (%lld of %lld)%s", flows, most,
		     own ? "" : ", by the limit of the initial namespace");
}

static void check_ipvs(void)
{
	if (!doctor_number("/proc/sys/net/ipv4/vs/drop_entry") &&
	    (doctor_has_line("/proc/net/ip_vs", "TCP ") ||
	     doctor_has_line("/proc/net/ip_vs", "FWM ")))
		doctor_found(SYSCTL "net.ipv4.vs.drop_entry=1",
			     "IPVS takes connections before they reach a listener here: no bound and no cookie holds for them, only its own defence");
}

static const struct {
	const char *name;
	void (*run)(void);
	bool alone;	/* makes sense without the module */
} checks[] = {
	{ "module", check_module, true },
	{ "secure_boot", check_secure_boot, true },
	{ "version", check_version, false },
	{ "cookie_selftest", check_selftest, false },
	{ "mode", check_mode, false },
	{ "tcp_syncookies", check_syncookies, true },
	{ "tcp_timestamps", check_timestamps, true },
	{ "somaxconn", check_somaxconn, false },
	{ "conntrack", check_conntrack, true },
	{ "tcp_loose", check_tcp_loose, false },
	{ "flows_max", check_flows, false },
	{ "early", check_early, false },
	{ "ipvs", check_ipvs, false },
	{ "xdp", check_xdp, false },
	{ "flowtable", check_flowtable, false },
};

int cmd_doctor(int argc, char **argv)
{
	const char *not_utf8;
	size_t i;

	no_arguments("doctor", argc, argv);
	if (!access("/proc/net/tcptrack", F_OK)) {
		netlink_open();
		stats = stats_read();
		settings = settings_read(&not_utf8);
	}
	list_begin("");
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		if (!stats && !checks[i].alone)
			continue;
		checking = checks[i].name;
		checks[i].run();
	}
	if (options.json)
		list_end();
	else if (!findings && nunchecked)
		printf("nothing found; %u not checked\n", nunchecked);
	else if (!findings)
		puts("nothing is wrong");
	json_decref(stats);
	json_decref(settings);
	return findings ? EXIT_FOUND : nunchecked ? EXIT_PARTLY : 0;
}
