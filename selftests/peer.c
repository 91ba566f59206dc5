// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer [-4] [-6] [-n] [-c WORDS] [-j N] FILE: run the script in FILE ("-": stdin),
 * each case for IPv4 and IPv6 and in a network namespace of its own, and print
 * "ok NAME" or "not ok NAME" for each (-n: only say how many there are; -c: only
 * the cases whose name holds WORDS; -j: N cases at once, for most of them wait).
 *
 *   case NAME              begins one;  "only 4|6" as its first line: one family
 *   flow NAME LOCAL PEER   a flow of this host (ports), now the current one
 *   fwd NAME A B           a flow that passes through, opened by A
 *   flow NAME              makes it the current one again
 *   asks NAME PEER         flow NAME 80 PEER, and a SYN that is answered; asked: listen s first
 *   opened NAME PEER       as asked (a SYN without options), then the ACK and accept c s
 *   > FLAGS ...            the peer sends (forwarded: A sends, and it comes out)
 *   < FLAGS ...            the kernel sends it within the deadline (forwarded: B)
 *       FLAGS of S A F R P U, 0 for none
 *       seq N, seq +N      relative to the sender's ISS, or to what is next
 *       ack N, ack +N      relative to the receiver's ISS, or to what it sent
 *       len N, win N, opt mss=1460,wscale=7,hex=0201
 *       badsum, doff N, cut N, frag N, pad N, ext hbh|dst|rt|ah|bad|nop, gso N, linear N, lost
 *       gap MIN MAX        "<": that many ms after the segment before
 *   flood N FLAGS ...      as ">", N times from as many other ports (forwarded)
 *   mark, gone MIN MAX     the flow ends that many ms after the mark
 *   quiet [MS], drain      the kernel sends nothing more; forget what it sent
 *   icmp host|admin|port [forged]   about the kernel's last segment
 *   iss +N                 the peer's next incarnation begins there
 *   state L R, noflow, flags F,!G  the tracker's flow; L is the stack's state too
 *   gauge COLUMN STATE N           /proc/tcptrack, COLUMN local|remote|forward|entered
 *   count NAME N [NAME N]...       these counters change so, all others by nothing
 *   check                  ... already now (always done at the end, with parity)
 *   with 0|1 COMMAND...    only if the module was loaded with that tracepoint=
 *   maybe NAME             this counter may have changed: a timer of the stack has its time
 *   looked N               the collector comes by N times
 *   silent                 this case makes changes that no segment shows
 *   sysctl NAME VALUE (trysysctl: if this kernel has it), wait MS, sh COMMAND, repeat N COMMAND...
 * and the commands on sockets in peer_socket.c.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

#define TOO_LATE	3
/* The stack sends a SYN or a SYN-ACK again after 1 s, and segments after 200 ms and more. */
#define SLOW_MS		400
/* Where time travels, looking is all that waiting costs. */
#define MAX_STEP_MS	50

int family;
bool no_module;
int deadline_ms = 15000;
struct flow *cur;
static bool last_try;
static int tries = 5;	/* of a case; where time passes in idleness only, one */

/* One case for one family. */
struct job {
	const char *name;
	int first, last;	/* its lines */
	int family;
	int tries;		/* that are left */
	pid_t pid;
	int out;		/* what it prints */
	bool done, ok;
};

static struct flow flows[64];
static int nflows;
static int line_number;
static const char *line_text;
static long mark_ms, case_ms;

static void command(int argc, char **argv);
static void run_line(const char *text);

void fail(const char *fmt, ...)
{
	va_list ap;

	printf("# line %d (%s): ", line_number, line_text);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	/* the kernel's own timers may have had their say on a machine that is this slow */
	if (case_ms && now_ms() - case_ms > SLOW_MS)
		too_late();
	_exit(1);
}

void too_late(void)
{
	if (last_try)
		return;
	printf("# line %d (%s): this machine was too slow, once more\n", line_number, line_text);
	fflush(stdout);
	_exit(TOO_LATE);
}

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

long number(const char *word)
{
	char *end = NULL;
	long n = word ? strtol(word, &end, 0) : 0;

	if (!word || *end)
		fail("'%s' is none", word ? word : "");
	return n;
}

bool wait_until(bool (*cond)(void *), void *arg, int ms)
{
	long end = now_ms() + ms, step = 1;

	while (!cond(arg)) {
		if (now_ms() >= end)
			return false;
		usleep(step * 1000);
		step = step < MAX_STEP_MS / 2 ? step * 2 : MAX_STEP_MS;
	}
	return true;
}

/* One end, as the tracker writes it. */
void flow_text(const struct end *a, char *buf, size_t size)
{
	char ip[64];

	inet_ntop(family, a->ip, ip, sizeof(ip));
	snprintf(buf, size, family == AF_INET ? "%s:%u" : "[%s]:%u", ip, a->port);
}

static void flow_define(char **argv, bool forward)
{
	struct flow *f = &flows[nflows];

	if (nflows == 64)
		fail("too many flows");
	if (forward)
		net_forward();
	memset(f, 0, sizeof(*f));
	snprintf(f->name, sizeof(f->name), "%s", argv[1]);
	f->forward = forward;
	f->end[0].port = number(argv[forward ? 2 : 3]);
	f->end[1].port = number(argv[forward ? 3 : 2]);
	net_address(0, false, f->end[0].ip);
	net_address(forward ? 1 : 0, !forward, f->end[1].ip);
	f->end[0].iss = 1000000 * (nflows + 1);
	f->end[0].nxt = f->end[0].iss;
	f->end[1].iss = 500000000;
	f->end[1].nxt = f->end[1].iss;
	nflows++;
	cur = f;
}

static void flow_select(const char *name)
{
	for (cur = flows; cur < flows + nflows; cur++)
		if (!strcmp(cur->name, name))
			return;
	fail("flow %s: not defined", name);
}

static void do_repeat(int argc, char **argv)
{
	long i, n = number(argv[1]);

	for (i = 0; i < n; i++)
		command(argc - 2, argv + 2);
}

static void do_counts(int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2)
		proc_count(argv[i], number(argv[i + 1]));
}

/* What many cases begin with. */
static void do_asks(const char *how, const char *name, const char *port)
{
	bool opened = !strcmp(how, "opened");
	char flow[64];

	snprintf(flow, sizeof(flow), "flow %s 80 %s", name, port);
	run_line(flow);
	if (strcmp(how, "asks"))
		run_line("listen s");
	run_line(opened ? "> S" : "> S opt mss=1460");
	run_line("< SA");
	if (opened) {
		run_line("> A");
		run_line("accept c s");
	}
}

/* Commands that need no flow; false if it is none of them. */
static bool general_command(int argc, char **argv)
{
	const char *cmd = argv[0];

	if (!strcmp(cmd, "flow") && argc == 4)
		flow_define(argv, false);
	else if (!strcmp(cmd, "fwd") && argc == 4)
		flow_define(argv, true);
	else if (!strcmp(cmd, "flow") && argc == 2)
		flow_select(argv[1]);
	else if ((!strcmp(cmd, "asks") || !strcmp(cmd, "asked") || !strcmp(cmd, "opened")) &&
		 argc == 3)
		do_asks(cmd, argv[1], argv[2]);
	else if (!strcmp(cmd, "sysctl") && argc == 3)
		net_sysctl(argv[1], argv[2], true);
	else if (!strcmp(cmd, "trysysctl") && argc == 3)
		net_sysctl(argv[1], argv[2], false);
	else if (!strcmp(cmd, "wait") && argc == 2)
		usleep(number(argv[1]) * 1000);
	else if (!strcmp(cmd, "repeat") && argc > 2)
		do_repeat(argc, argv);
	else if (!strcmp(cmd, "count") && argc > 2)
		do_counts(argc, argv);
	else if (!strcmp(cmd, "with") && argc > 2)
		proc_tracepoint() == number(argv[1]) ? command(argc - 2, argv + 2) : (void)0;
	else if (!strcmp(cmd, "gauge") && argc == 4)
		proc_gauge(argv[1], argv[2], number(argv[3]));
	else if (!strcmp(cmd, "check"))
		proc_check();
	else if (!strcmp(cmd, "looked") && argc == 2)
		proc_looked(number(argv[1]));
	else if (!strcmp(cmd, "silent"))
		proc_silent();
	else if (!strcmp(cmd, "maybe") && argc == 2)
		proc_maybe(argv[1]);
	else if (strcmp(cmd, "only"))
		return false;
	return true;
}

static void command(int argc, char **argv)
{
	const char *cmd = argv[0];

	if (general_command(argc, argv))
		return;
	if (!cur)
		fail("no flow yet");
	if (!strcmp(cmd, ">"))
		flow_send(argc, argv, 0);
	else if (!strcmp(cmd, "<") && cur->forward)
		flow_send(argc, argv, 1);
	else if (!strcmp(cmd, "<"))
		flow_expect(argc, argv);
	else if (!strcmp(cmd, "quiet"))
		flow_quiet(0, argc > 1 ? number(argv[1]) : 0);
	else if (!strcmp(cmd, "drain"))
		flow_drain();
	else if (!strcmp(cmd, "icmp") && argc > 1)
		icmp_quote_other(argc > 2), icmp_send(argv[1]);
	else if (!strcmp(cmd, "state") && argc == 3)
		proc_state(argv[1], argv[2]);
	else if (!strcmp(cmd, "iss") && argc == 2)
		flow_again(argv[1]);
	else if (!strcmp(cmd, "flood") && argc > 2)
		flow_flood(argc, argv);
	else if (!strcmp(cmd, "mark"))
		mark_ms = now_ms();
	else if (!strcmp(cmd, "gone") && argc == 3)
		proc_gone(mark_ms, number(argv[1]), number(argv[2]));
	else if (!strcmp(cmd, "noflow"))
		proc_noflow();
	else if (!strcmp(cmd, "flags") && argc == 2)
		proc_flags(argv[1]);
	else if (!socket_command(argc, argv))
		fail("unknown");
}

static void run_line(const char *text)
{
	char copy[512], *argv[MAX_WORDS], *save;
	int argc = 0;

	if (!strncmp(text, "sh ", 3)) {
		if (system(text + 3))
			fail("it failed");
		return;
	}
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (argc == MAX_WORDS)
			fail("too many words");
		argv[argc++] = w;
	}
	if (argc)
		command(argc, argv);
}

/* Where transitions are recorded: which case they belong to. */
static void mark_case(const char *name)
{
	const char *path = getenv("TCPTRACK_MARKER");
	FILE *f = path && *path ? fopen(path, "w") : NULL;

	if (!f)
		return;
	fprintf(f, "%s, IPv%d", name, family == AF_INET ? 4 : 6);
	fclose(f);
}

static void run_case(char **lines, const struct job *job)
{
	int i;

	family = job->family;
	last_try = job->tries == 1;
	line_text = lines[job->first];
	line_number = job->first + 1;
	mark_case(lines[job->first]);
	net_setup();
	proc_begin();
	case_ms = now_ms();
	for (i = job->first + 1; i < job->last; i++) {
		line_number = i + 1;
		line_text = lines[i];
		run_line(lines[i]);
	}
	line_text = "end of case";
	proc_end();
	fflush(stdout);
	_exit(0);
}

static void job_start(char **lines, struct job *job)
{
	if (job->out < 0)
		job->out = memfd_create(job->name, 0);
	fflush(stdout);
	job->pid = fork();
	if (!job->pid) {
		dup2(job->out, STDOUT_FILENO);
		run_case(lines, job);
	}
}

/* Wait for a child; its job may begin again. Returns how many run no more. */
static int job_end(char **lines, struct job *jobs)
{
	struct job *job = jobs;
	int status;
	pid_t pid = wait(&status);

	while (job->pid != pid)
		job++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == TOO_LATE && job->tries > 1) {
		job->tries--;
		job_start(lines, job);
		return 0;
	}
	job->done = true;
	job->ok = !status;
	return 1;
}

static void job_print(struct job *job)
{
	int version = job->family == AF_INET ? 4 : 6;
	char buf[4096];
	ssize_t len;

	lseek(job->out, 0, SEEK_SET);
	while ((len = read(job->out, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, len, stdout);
	close(job->out);
	if (job->ok && job->tries < tries)
		printf("# flaky: %s, IPv%d: %d times\n", job->name, version,
		       tries - job->tries + 1);
	printf("%s %s, IPv%d\n", job->ok ? "ok" : "not ok", job->name, version);
	fflush(stdout);
}

/* Returns how many failed. What they print comes in their order. */
static int run_jobs(char **lines, struct job *jobs, int n, int at_once)
{
	int started = 0, running = 0, printed = 0, failed = 0;

	while (printed < n) {
		for (; started < n && running < at_once; started++, running++)
			job_start(lines, &jobs[started]);
		running -= job_end(lines, jobs);
		for (; printed < started && jobs[printed].done; printed++) {
			job_print(&jobs[printed]);
			failed += !jobs[printed].ok;
		}
	}
	return failed;
}

static int read_lines(const char *path, char ***lines)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	if (!f) {
		perror(path);
		exit(1);
	}
	*lines = NULL;
	while (getline(&line, &size, f) > 0) {
		char *p = line + strspn(line, " \t");

		line[strcspn(line, "#\n")] = 0;
		*lines = realloc(*lines, (n + 1) * sizeof(char *));
		(*lines)[n++] = strdup(p);
	}
	free(line);
	return n;
}

static bool wanted(char **lines, int first, int last, int fam, const char *words)
{
	char other[16];

	if (words && !strstr(lines[first], words))
		return false;
	snprintf(other, sizeof(other), "only %c", fam == AF_INET ? '6' : '4');
	return first + 1 >= last || strncmp(lines[first + 1], other, strlen(other));
}

/* All cases of all families that are wanted. */
static int make_jobs(char **lines, int n, int families, const char *words, struct job *jobs)
{
	int i, j, c, count = 0;

	for (i = 0; i < n; i = j) {
		for (j = i + 1; j < n && strncmp(lines[j], "case ", 5); j++)
			;
		if (strncmp(lines[i], "case ", 5))
			continue;
		for (c = 0; c < 2; c++) {
			int fam = c ? AF_INET6 : AF_INET;

			if (families & 1 << c && wanted(lines, i, j, fam, words))
				jobs[count++] = (struct job){ .name = lines[i] + 5, .first = i,
					.last = j, .family = fam, .tries = tries, .out = -1 };
		}
	}
	return count;
}

int main(int argc, char **argv)
{
	int n, c, families = 0, count = 0, at_once = 1;
	const char *words = NULL;
	struct job *jobs;
	char **lines;

	while ((c = getopt(argc, argv, "46nc:j:t:")) != -1) {
		if (c == '4' || c == '6')
			families |= c == '4' ? 1 : 2;
		else if (c == 'n')
			count = 1;
		else if (c == 'c')
			words = optarg;
		else if (c == 'j')
			at_once = atoi(optarg);
		else if (c == 't')
			tries = atoi(optarg);
		else
			return 2;
	}
	if (optind == argc || at_once < 1 || tries < 1)
		return 2;
	no_module = getenv("PEER_NO_MODULE");
	n = read_lines(argv[optind], &lines);
	jobs = calloc(2 * n + 1, sizeof(*jobs));
	n = make_jobs(lines, n, families ? families : 3, words, jobs);
	if (!count)
		return !!run_jobs(lines, jobs, n, at_once);
	printf("%d\n", n);
	return 0;
}
