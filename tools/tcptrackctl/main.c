// SPDX-License-Identifier: GPL-2.0-only
/* tcptrackctl: what tcptrack.ko knows, in the manner of ip(8). */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcptrackctl.h"
#include "version.h"

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
	{ "set", cmd_set },
	{ "listener", cmd_listener },
	{ "save", cmd_save },
	{ "restore", cmd_restore },
	{ "metrics", cmd_metrics },
	{ "serve-metrics", cmd_serve },
	{ "diff", cmd_diff },
	{ "doctor", cmd_doctor },
	{ "explain", cmd_explain },
	{ "monitor", cmd_monitor },
	{ "top", cmd_top },
};

/* These need no module, or look themselves whether there is one. */
static const char * const alone[] = { "serve-metrics", "diff", "doctor", "explain", "top" };

static const char usage_text[] =
	"Usage: tcptrackctl [OPTION]... [COMMAND]\n"
	"\n"
	"  status             how it goes, and a bar for each listener (without a COMMAND)\n"
	"  stats              all values and counters, as /proc/tcptrack has them\n"
	"  states             endpoints by state and side\n"
	"  listeners          listeners, their queues and limits\n"
	"  flows [FILTER]...  flows, of which all of FILTER are true: family ipv4|ipv6; of\n"
	"                     either end: state STATE[,STATE]..., port PORT,\n"
	"                     addr ADDRESS[/PREFIX]; of end a: sport PORT, src ADDRESS[/PREFIX];\n"
	"                     of end b: dport, dst; older TIME, younger TIME (10s, 5m, 2h)\n"
	"  settings           net.tcptrack\n"
	"  set NAME=VALUE...  change these of net.tcptrack, all or none\n"
	"  listener set ADDRESS:PORT [dev DEVICE] [limit N] [overflow POLICY] [cookie-mode MODE]\n"
	"                     for this listener: N half-open connections (0: its backlog);\n"
	"                     cookie|recycle|drop|inherit; auto|always|never\n"
	"  listener delete ADDRESS:PORT [dev DEVICE]\n"
	"                     it is as its namespace again\n"
	"  save [FILE]        net.tcptrack and listeners' settings of this namespace and of all\n"
	"                     named ones (with -n: of that one), as JSON\n"
	"  restore [--exact] [FILE]\n"
	"                     what of that can be; what cannot is said. --exact: what is set for\n"
	"                     listeners that the file does not have is deleted\n"
	"  metrics [FILE]     for Prometheus, in its text format\n"
	"  serve-metrics --listen ADDRESS:PORT\n"
	"                     the same over HTTP; without --listen, on a socket of systemd\n"
	"  diff A.json B.json what changed between two outputs of \"-j stats\", and how fast\n"
	"  doctor             what is wrong around the module, and the command that mends it\n"
	"  explain [NAME]     what a counter, value, setting, state or close reason means\n"
	"  monitor [-t] [-j] [flood|state [FILTER]]\n"
	"                     events as they come, until a signal; -t: with the time\n"
	"  top [-d SECONDS] [-n NETNS] [-b [-N COUNT]]\n"
	"                     all of it live, on the whole screen, until q (? helps);\n"
	"                     -d: how often (1); -b: printed as text, -N: so many times\n"
	"  help               this\n"
	"\n"
	"  -n, --netns NAME   in this network namespace of ip-netns(8), or by its path\n"
	"  -4, -6             listeners and flows of this family only\n"
	"  -j, --json         JSON        -p, --pretty  JSON with indentation\n"
	"  -r, --rate SECONDS stats: what changes in so many seconds, and how fast\n"
	"  -V, --version      print the version of this program\n"
	"  -h, --help         this\n"
	"\n"
	"Ends with 0, 1 (command line), 2 (the kernel refused), 3 (no module),\n"
	"4 (the doctor has found something) or 5 (not all was saved, restored or looked at).\n";

void (*die_first)(void);

void only_ascii(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

static void vcomplain(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	else
		only_ascii(text);
	fprintf(stderr, "tcptrackctl: %s\n", text ? text : "no memory");
	free(text);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
}

void die(int status, const char *format, ...)
{
	va_list args;

	if (die_first)
		die_first();
	fflush(stdout);
	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
	exit(status);
}

void no_arguments(const char *command, int argc, char **argv)
{
	if (argc)
		die(EXIT_USAGE, "%s takes no argument: \"%s\"", command, argv[0]);
}

void enter_netns(const char *name)
{
	int err;

	err = netns_enter(name);
	if (err == -ENOENT)
		die(EXIT_USAGE, "no network namespace \"%s\" (\"ip netns\" lists them)", name);
	if (err == -EINVAL)
		die(EXIT_USAGE, "\"%s\" is no network namespace", name);
	if (err)
		die(EXIT_REFUSED, "network namespace \"%s\": %s%s", name, strerror(-err),
		    err == -EPERM || err == -EACCES ? " (only root may enter it)" : "");
}

static unsigned int seconds(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !n || n > 86400)
		die(EXIT_USAGE, "rate \"%s\" is not a number of seconds from 1 to 86400", text);
	return n;
}

void not_printed(int err)
{
	die(EXIT_REFUSED, "what was to be printed was not: %s", strerror(err ? err : EIO));
}

void flush_stdout(void)
{
	int err = fflush(stdout) ? errno : 0;

	if (err || ferror(stdout))	/* of before: what was not written is forgotten */
		not_printed(err);
}

static int help(void)
{
	fputs(usage_text, stdout);
	return 0;
}

static bool is_alone(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(alone); i++) {
		if (!strcmp(alone[i], name))
			return true;
	}
	return false;
}

static int run(int argc, char **argv)
{
	const char *name = argc ? argv[0] : "status";
	size_t i;

	if (!strcmp(name, "help"))
		return help();
	if (options.rate && strcmp(name, "stats"))
		die(EXIT_USAGE, "-r is for stats, not for %s", name);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		if (!is_alone(name))
			netlink_open();
		return commands[i].run(argc ? argc - 1 : 0, argv + (argc ? 1 : 0));
	}
	die(EXIT_USAGE, "unknown command \"%s\", try \"tcptrackctl help\"", name);
}

/* Nothing else becomes one of them: what is printed and not written is told. */
static void open_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_RDONLY);
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "netns", required_argument, NULL, 'n' },
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "rate", required_argument, NULL, 'r' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int c;

	open_standard();
	while ((c = getopt_long(argc, argv, "+n:jpr:46Vh", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			options.netns = optarg;
			break;
		case 'p':
			options.pretty = true;
			options.json = true;
			break;
		case 'j':
			options.json = true;
			break;
		case 'r':
			options.rate = seconds(optarg);
			break;
		case '4':
			options.family = AF_INET;
			break;
		case '6':
			options.family = AF_INET6;
			break;
		case 'V':
			puts("tcptrackctl " TCPTRACK_VERSION);
			flush_stdout();
			return 0;
		case 'h':
			help();
			flush_stdout();
			return 0;
		default:
			fputs("Try \"tcptrackctl help\".\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (options.netns)
		enter_netns(options.netns);
	c = run(argc - optind, argv + optind);
	flush_stdout();
	return c;
}
