// SPDX-License-Identifier: GPL-2.0-only
/* tcptrackctl: what tcptrack.ko knows, in the manner of ip(8). */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcptrackctl.h"

#define VERSION	"0.1.0"

struct options options;

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "status", cmd_status },
	{ "stats", cmd_stats },
	{ "states", cmd_states },
	{ "listeners", cmd_listeners },
	{ "flows", cmd_flows },
	{ "settings", cmd_settings },
	{ "monitor", cmd_monitor },
};

static const char usage_text[] =
	"Usage: tcptrackctl [OPTION]... [COMMAND]\n"
	"\n"
	"  status             how it goes, and a bar for each listener (without a COMMAND)\n"
	"  stats              all values and counters, as /proc/tcptrack has them\n"
	"  states             endpoints by state and side\n"
	"  listeners          listeners, their queues and limits\n"
	"  flows [FILTER]...  flows, of which all of FILTER are true: family ipv4|ipv6,\n"
	"                     state STATE, port PORT, addr ADDRESS[/PREFIX] (of either end)\n"
	"  settings           net.tcptrack\n"
	"  monitor [-t] [-j] [flood|state]\n"
	"                     events as they come, until a signal; -t: with the time\n"
	"  help               this\n"
	"\n"
	"  -n, --netns NAME   in this network namespace of ip-netns(8)\n"
	"  -4, -6             listeners and flows of this family only\n"
	"  -j, --json         JSON        -p, --pretty  JSON with indentation\n"
	"  -V, --version      print the version of this program\n"
	"  -h, --help         this\n"
	"\n"
	"Ends with 0, 1 (command line), 2 (the kernel refused) or 3 (no module).\n";

void die(int status, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("tcptrackctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

void no_arguments(const char *command, int argc, char **argv)
{
	if (argc)
		die(EXIT_USAGE, "%s takes no argument: \"%s\"", command, argv[0]);
}

static void enter(const char *name)
{
	char path[4096];
	int fd;

	if (strchr(name, '/'))
		die(EXIT_USAGE, "\"%s\" is no name of a network namespace", name);
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		die(EXIT_USAGE, "no network namespace \"%s\" (\"ip netns\" lists them)", name);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		die(EXIT_REFUSED, "network namespace \"%s\": %s (only root may enter it)", name,
		    strerror(errno));
	close(fd);
}

static int help(void)
{
	fputs(usage_text, stdout);
	return 0;
}

static int run(int argc, char **argv)
{
	const char *name = argc ? argv[0] : "status";
	size_t i;

	if (!strcmp(name, "help"))
		return help();
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		netlink_open();
		return commands[i].run(argc ? argc - 1 : 0, argv + (argc ? 1 : 0));
	}
	die(EXIT_USAGE, "unknown command \"%s\", try \"tcptrackctl help\"", name);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "netns", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *netns = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "+n:jp46Vh", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			netns = optarg;
			break;
		case 'p':
			options.pretty = true;
			options.json = true;
			break;
		case 'j':
			options.json = true;
			break;
		case '4':
			options.family = AF_INET;
			break;
		case '6':
			options.family = AF_INET6;
			break;
		case 'V':
			puts("tcptrackctl " VERSION);
			return 0;
		case 'h':
			return help();
		default:
			fputs("Try \"tcptrackctl help\".\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (netns)
		enter(netns);
	c = run(argc - optind, argv + optind);
	if (fflush(stdout))
		die(EXIT_REFUSED, "what was to be printed was not: %s", strerror(errno));
	return c;
}
