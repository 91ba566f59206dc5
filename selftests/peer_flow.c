// SPDX-License-Identifier: GPL-2.0-only
/* peer: the commands that send segments of the current flow, or wait for them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"

static long last_ms;		/* when the kernel's last segment came */

static __u8 flags_of(const char *word)
{
	__u8 f = 0;

	for (; *word; word++) {
		const char *letters = "FSRPAU", *at = strchr(letters, *word);

		if (!at && *word != '0')
			fail("flag %c: unknown", *word);
		if (at)
			f |= 1 << (at - letters);
	}
	return f;
}

struct given {
	bool seq, ack, len, win;
	long gap_min, gap_max;
};

__u32 flow_relative(const char *word, const struct end *e)
{
	if (*word == '+' || *word == '-')
		return e->nxt + number(word);
	return e->iss + number(word);
}

/* The peer's next incarnation of the flow. */
void flow_again(const char *word)
{
	struct end *e = &cur->end[0];

	e->iss = flow_relative(word, e);
	e->nxt = e->iss;
}

static bool mangle_word(struct segment *seg, const char *word, const char *value)
{
	if (!strcmp(word, "ext"))
		seg->m.ext = strdup(value ? value : "");
	else if (!strcmp(word, "doff"))
		seg->m.doff = number(value);
	else if (!strcmp(word, "cut"))
		seg->m.cut = number(value);
	else if (!strcmp(word, "frag"))
		seg->m.frag = number(value);
	else if (!strcmp(word, "pad"))
		seg->m.pad = number(value);
	else if (!strcmp(word, "gso"))
		seg->m.gso = number(value);
	else if (!strcmp(word, "linear"))
		seg->m.linear = number(value);
	else if (!strcmp(word, "opt"))
		segment_options(seg, value ? value : "");
	else
		return false;
	return true;
}

/* Words after > or < to a segment from one end to the other. */
static void segment_words(int argc, char **argv, const struct end *from,
			  const struct end *to, struct segment *seg, struct given *g)
{
	int i;

	memset(seg, 0, sizeof(*seg));
	memset(g, 0, sizeof(*g));
	if (argc < 2)
		fail("no flags");
	seg->m.doff = -1;
	seg->m.cut = -1;
	seg->win = 65535;
	seg->flags = flags_of(argv[1]);
	seg->seq = seg->flags & TCP_S && !(seg->flags & TCP_A) ? from->iss : from->nxt;
	if (seg->flags & TCP_S && from->nxt == from->iss + 1)
		seg->seq = from->iss;
	seg->ack = seg->flags & TCP_A ? to->nxt : 0;
	for (i = 2; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(argv[i], "badsum")) {
			seg->m.badsum = true;
			continue;
		}
		if (!strcmp(argv[i], "lost")) {
			seg->m.lost = true;
			continue;
		}
		if (!value)
			fail("%s: no value", argv[i]);
		if (!strcmp(argv[i], "seq")) {
			seg->seq = flow_relative(value, from);
			g->seq = true;
		} else if (!strcmp(argv[i], "ack")) {
			seg->ack = flow_relative(value, to);
			g->ack = true;
		} else if (!strcmp(argv[i], "len")) {
			seg->len = number(value);
			g->len = true;
		} else if (!strcmp(argv[i], "win")) {
			seg->win = number(value);
			g->win = true;
		} else if (!strcmp(argv[i], "gap") && i + 2 < argc) {
			g->gap_min = number(value);
			g->gap_max = number(argv[++i + 1]);
		} else if (!mangle_word(seg, argv[i], value)) {
			fail("%s: unknown", argv[i]);
		}
		i++;
	}
}

/*
 * Not the kernel's fault nor the tracker's: on a slow machine a timer went off that
 * the script does not know of. The case begins again.
 */
static struct segment sent_before[64];
static long sent_ms[64];
static int nsent;

static void fail_if_late(const struct segment *got)
{
	int i, mask = TCP_S | TCP_F | TCP_R;

	for (i = 0; i < nsent && i < 64; i++)
		if (sent_before[i].seq == got->seq && sent_before[i].len == got->len &&
		    !((sent_before[i].flags ^ got->flags) & mask) && got->sport &&
		    sent_before[i].dport == got->dport && now_ms() - sent_ms[i] > 700 &&
		    (got->len || got->flags & mask))
			too_late();
}

/* Whatever came that no line of the script has asked for. */
void flow_unread(void)
{
	struct segment got;

	while (segment_receive(0, &got, 0))
		fail_if_late(&got);
}

/* What a segment takes of the sequence space: where the next one begins. */
static __u32 segment_end(const struct segment *seg)
{
	return seg->seq + seg->len + !!(seg->flags & TCP_S) + !!(seg->flags & TCP_F);
}

static void passed_on(int dev, const struct segment *seg, const struct end *from,
		      const struct end *to)
{
	struct segment got;
	int left = seg->m.gso ? seg->len : 0;

	if (seg->m.frag || seg->m.lost)
		return;
	do {		/* what went in as one comes out in segments */
		if (!segment_receive(dev, &got, deadline_ms))
			fail("it was not passed on");
		left -= got.len;
	} while (left > 0);
	if (seg->m.gso)
		return;
	if (got.seq != seg->seq || (got.flags ^ seg->flags) & 0x3f)
		fail("passed on was %s", segment_text(&got, from, to));
}

void flow_send(int argc, char **argv, int from_end)
{
	struct end *from = &cur->end[from_end], *to = &cur->end[!from_end];
	struct segment seg;
	struct given g;

	segment_words(argc, argv, from, to, &seg, &g);
	if ((!g.seq || seg.seq == from->nxt) && seg.m.cut < 0 && !seg.m.badsum &&
	    !(seg.flags & TCP_R))
		from->nxt = segment_end(&seg);
	segment_send(from_end, from, to, &seg);
	if (cur->forward)
		passed_on(!from_end, &seg, from, to);
}

static void learn(struct end *from, const struct segment *seg)
{
	if (seg->flags & TCP_R)
		return;
	if (seg->flags & TCP_S)
		from->iss = seg->seq;
	if (seg->flags & TCP_S || (__s32)(segment_end(seg) - from->nxt) > 0)
		from->nxt = segment_end(seg);
}

static bool is_current(const struct segment *seg)
{
	return seg->sport == cur->end[1].port && seg->dport == cur->end[0].port;
}

void flow_expect(int argc, char **argv)
{
	struct end *from = &cur->end[1], *to = &cur->end[0];
	int mask = TCP_S | TCP_A | TCP_F | TCP_R;
	struct segment want, got;
	struct given g;
	long ms;

	segment_words(argc, argv, from, to, &want, &g);
	if (!segment_receive(0, &got, g.gap_max ? g.gap_max + 1000 : deadline_ms))
		fail("the kernel sent nothing");
	ms = now_ms();
	if (!is_current(&got) || (got.flags ^ want.flags) & mask) {
		fail_if_late(&got);
		fail("the kernel sent %s", segment_text(&got, from, to));
	}
	if (got.flags & TCP_S)
		learn(from, &got);
	segment_words(argc, argv, from, to, &want, &g);
	if ((g.seq && got.seq != want.seq) || (g.ack && got.ack != want.ack) ||
	    (g.len && got.len != want.len) || (g.win && got.win != want.win))
		fail("the kernel sent %s", segment_text(&got, from, to));
	if (g.gap_max && (ms - last_ms < g.gap_min || ms - last_ms > g.gap_max))
		fail("it came after %ld ms", ms - last_ms);
	last_ms = ms;
	sent_ms[nsent % 64] = ms;
	sent_before[nsent++ % 64] = got;
	learn(from, &got);
}

void flow_quiet(int dev, int ms)
{
	struct segment got;

	if (segment_receive(dev, &got, ms)) {
		fail_if_late(&got);
		fail("the kernel sent %s", segment_text(&got, &cur->end[1], &cur->end[0]));
	}
}

void flow_drain(void)
{
	struct segment got;

	while (segment_receive(0, &got, 0))
		if (is_current(&got))
			learn(&cur->end[1], &got);
}

/* N segments, each of another flow that only A knows. */
void flow_flood(int argc, char **argv)
{
	struct flow real = *cur;
	long i, n = number(argv[1]);
	struct segment seg, got;
	struct given g;

	for (i = 0; i < n; i++) {
		cur->end[0] = real.end[0];
		cur->end[0].port = 10000 + i % 50000;
		cur->end[0].ip[family == AF_INET ? 3 : 15] += 1 + i / 50000;
		segment_words(argc - 1, argv + 1, &cur->end[0], &cur->end[1], &seg, &g);
		segment_send(0, &cur->end[0], &cur->end[1], &seg);
		if (!segment_receive(1, &got, deadline_ms))
			fail("segment %ld was not passed on", i);
	}
	*cur = real;
}
