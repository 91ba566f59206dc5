// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binary ring buffers of a tracefs instance (trace_pipe_raw), because the text of
 * sock:inet_sock_set_state does not say which socket it was. The layout of a page and
 * of an event header is include/linux/ring_buffer.h's, that of the fields is in each
 * event's "format".
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "transitions.h"

#define PAGE		65536	/* more than any page has */
#define PAGE_HEADER	16	/* u64 time stamp, local_t commit */
#define MISSED		0x80000000
#define ADOPTED		0x0004	/* TT_F_ADOPTED */

struct mark {
	unsigned long long ts;
	char text[160];
};

struct fields {
	int id;
	int old, new, sport, dport, saddr, daddr;	/* offsets */
	int socket, net, dev, flags, protocol, text;
};

static struct fields formats[2], marker;
static struct event *events;
static size_t nevents, sevents;
static struct mark *marks;
static size_t nmarks;

/* The offset of a field, or -1. */
static int offset(const char *format, const char *field)
{
	char want[64];
	const char *at = format;

	snprintf(want, sizeof(want), "%s;\toffset:", field);
	while ((at = strstr(at, want))) {
		/* "u16 sport", "saddr_v6[16]", "const void * skaddr" */
		if (at[-1] == ' ')
			return atoi(at + strlen(want));
		at++;
	}
	return -1;
}

static bool read_format(const char *instance, const char *event, struct fields *f)
{
	char path[512], format[16384];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/events/%s/format", instance, event);
	file = fopen(path, "r");
	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return false;
	}
	n = fread(format, 1, sizeof(format) - 1, file);
	fclose(file);
	format[n] = 0;
	f->id = strstr(format, "ID: ") ? atoi(strstr(format, "ID: ") + 4) : -1;
	f->old = offset(format, "oldstate");
	f->new = offset(format, "newstate");
	f->sport = offset(format, "sport");
	f->dport = offset(format, "dport");
	f->saddr = offset(format, "saddr_v6[16]");
	f->daddr = offset(format, "daddr_v6[16]");
	f->socket = offset(format, "skaddr");
	f->net = offset(format, "net_cookie");
	f->dev = offset(format, "dev");
	f->flags = offset(format, "flags");
	f->protocol = offset(format, "protocol");
	f->text = offset(format, "buf[]");
	if (f->text < 0)
		f->text = offset(format, "buf");
	return f->id >= 0;
}

static unsigned long long get(const unsigned char *data, int at, int size)
{
	uint64_t n = 0;

	if (at >= 0)
		memcpy(&n, data + at, size);	/* little endian, as all that this runs on */
	return n;
}

static void add_mark(unsigned long long ts, const char *text)
{
	struct mark *m;

	if (!(nmarks & 255))
		marks = realloc(marks, (nmarks + 256) * sizeof(*marks));
	m = &marks[nmarks++];
	m->ts = ts;
	snprintf(m->text, sizeof(m->text), "%s", text);
	m->text[strcspn(m->text, "\n")] = 0;
}

static void add_event(unsigned long long ts, const unsigned char *data, enum kind kind)
{
	const struct fields *f = &formats[kind];
	struct event *e;

	if (f->protocol >= 0 && get(data, f->protocol, 2) != 6)
		return;
	/* close() after shutdown() sets FIN_WAIT1 once more */
	if (kind == STACK && get(data, f->old, 4) == get(data, f->new, 4))
		return;
	if (nevents == sevents) {
		sevents = sevents ? sevents * 2 : 4096;
		events = realloc(events, sevents * sizeof(*events));
	}
	e = &events[nevents];
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->ts = ts;
	e->order = nevents++;
	e->id = kind == STACK ? get(data, f->socket, 8) : get(data, f->net, 8);
	e->dev = get(data, f->dev, 4);
	e->adopted = kind == TRACKER && get(data, f->flags, 2) & ADOPTED;
	e->old = get(data, f->old, 4);
	e->new = get(data, f->new, 4);
	e->tuple.sport = get(data, f->sport, 2);
	e->tuple.dport = get(data, f->dport, 2);
	memcpy(e->tuple.saddr, data + f->saddr, 16);
	memcpy(e->tuple.daddr, data + f->daddr, 16);
}

static void one(unsigned long long ts, const unsigned char *data)
{
	int id = get(data, 0, 2);	/* common_type */

	if (id == formats[STACK].id)
		add_event(ts, data, STACK);
	else if (id == formats[TRACKER].id)
		add_event(ts, data, TRACKER);
	else if (id == marker.id)
		add_mark(ts, (const char *)data + marker.text);
}

/* False if events were lost before this page. */
static bool read_page(const unsigned char *page)
{
	unsigned long long ts = get(page, 0, 8), commit = get(page, 8, 8);
	const unsigned char *p = page + PAGE_HEADER, *end = p + (commit & 0xfffff);

	while (p < end) {
		uint32_t head = get(p, 0, 4), type = head & 31, delta = head >> 5;
		uint64_t more = get(p, 4, 4);

		switch (type) {
		case 29:	/* padding */
			if (!delta)
				return !(commit & MISSED);
			p += 4 + more;
			break;
		case 30:	/* time extend */
			ts += delta + (more << 27);
			p += 8;
			break;
		case 31:	/* absolute time stamp, without its upper five bits */
			ts = (ts & ~((1ULL << 59) - 1)) | (delta + (more << 27));
			p += 8;
			break;
		case 0:
			ts += delta;
			one(ts, p + 8);
			p += 4 + more;
			break;
		default:
			ts += delta;
			one(ts, p + 4);
			p += 4 + type * 4;
		}
	}
	return !(commit & MISSED);
}

static bool read_cpu(const char *dir)
{
	static unsigned char page[PAGE];
	char path[512];
	bool whole = true;
	int fd;

	snprintf(path, sizeof(path), "%s/trace_pipe_raw", dir);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0) {
		printf("%s: %s\n", path, strerror(errno));
		return false;
	}
	while (read(fd, page, getpagesize()) > PAGE_HEADER)
		whole &= read_page(page);
	close(fd);
	if (!whole)
		printf("%s: events were lost\n", dir);
	return whole;
}

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return (x->ts > y->ts) - (x->ts < y->ts);
}

const char *mark_before(unsigned long long ts)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < nmarks && marks[i].ts <= ts; i++)
		text = marks[i].text;
	return text;
}

bool read_events(const char *instance, struct event **all, size_t *n)
{
	char pattern[512];
	bool whole = true;
	glob_t cpus;
	size_t i;

	if (!read_format(instance, "sock/inet_sock_set_state", &formats[STACK]) ||
	    !read_format(instance, "tcptrack/tcptrack_state", &formats[TRACKER]) ||
	    !read_format("/sys/kernel/tracing", "ftrace/print", &marker))
		return false;
	snprintf(pattern, sizeof(pattern), "%s/per_cpu/cpu*", instance);
	if (glob(pattern, 0, NULL, &cpus))
		return false;
	for (i = 0; i < cpus.gl_pathc; i++)
		whole &= read_cpu(cpus.gl_pathv[i]);
	globfree(&cpus);
	qsort(marks, nmarks, sizeof(*marks), by_time);
	*all = events;
	*n = nevents;
	return whole;
}
