// SPDX-License-Identifier: GPL-2.0-only
/* What is sent, and how long the receiver takes for it. */

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <net/tcp.h>

#include "bench.h"

/* A step of the recipe: packets for a batch, then their reception. */
struct batch {
	unsigned int n;
	bool timed;
	bool reverse;
	u64 ns;
};

static noinline void nothing(struct sk_buff *skb)
{
	barrier_data(skb);
}

static void receive(struct bench *b, unsigned int n)
{
	unsigned int i;

	switch (b->conf.sink) {
	case BENCH_RECEIVE:
		for (i = 0; i < n; i++)
			netif_receive_skb(b->skb[i]);
		break;
	case BENCH_FREE:
		for (i = 0; i < n; i++)
			kfree_skb(b->skb[i]);
		break;
	default:
		for (i = 0; i < n; i++)
			nothing(b->skb[i]);
	}
}

/* Hands the batch over; only the reception is timed. */
static void deliver(struct bench *b, struct batch *batch)
{
	u64 begin, end;
	unsigned int i;

	local_bh_disable();
	begin = ktime_get_ns();
	receive(b, batch->n);
	end = ktime_get_ns();
	local_bh_enable();
	batch->ns += end - begin;
	if (batch->timed)
		b->deferred += ktime_get_ns() - end;
	if (b->conf.sink == BENCH_NOTHING)
		for (i = 0; i < batch->n; i++)
			kfree_skb(b->skb[i]);
}

static void stranger(struct bench *b, struct bench_segment *s)
{
	s->source = prandom_u32_state(&b->rnd);
	s->port = BENCH_PORT + prandom_u32_state(&b->rnd) % BENCH_PEERS;
	s->seq = prandom_u32_state(&b->rnd);
	if (s->flags & TCPHDR_ACK) {
		s->ack = prandom_u32_state(&b->rnd);
		s->tsecr = prandom_u32_state(&b->rnd);
	}
}

/* What the server sends moves the peer when the device is given it. */
static void peers_next(struct bench *b, struct bench_segment *s, unsigned int peer)
{
	struct bench_peer *p = &b->peers[peer];

	s->source = p->source;
	s->port = BENCH_PORT + peer;
	s->len = s->flags & TCPHDR_PSH ? b->conf.len : 0;
	s->tsecr = p->tsecr;
	s->seq = s->reverse ? p->ack : p->seq;
	s->ack = s->reverse ? p->seq : p->ack;
	if (!s->reverse)
		p->seq += s->len + !!(s->flags & (TCPHDR_SYN | TCPHDR_FIN));
}

/* Packets with these flags, of @batch->n peers beginning with @first, or of strangers. */
static int send(struct bench *b, struct batch *batch, unsigned int first, u8 flags)
{
	struct bench_segment s;
	u64 begin = ktime_get_ns();
	unsigned int i;

	for (i = 0; i < batch->n; i++) {
		s = (struct bench_segment){ .flags = flags, .reverse = batch->reverse };
		if (b->peers)
			peers_next(b, &s, first + i);
		else
			stranger(b, &s);
		b->skb[i] = bench_packet(b, &s);
		if (!b->skb[i])
			goto err;
	}
	if (batch->timed)
		b->build += ktime_get_ns() - begin;
	deliver(b, batch);
	return 0;

err:
	while (i)
		kfree_skb(b->skb[--i]);
	return -ENOMEM;
}

static void peers_new(struct bench *b, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		b->peers[i] = (struct bench_peer){
			.source = prandom_u32_state(&b->rnd),
			.seq = prandom_u32_state(&b->rnd),
			.ack = prandom_u32_state(&b->rnd),
		};
}

static int all_answered(const struct bench *b, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		if (!b->peers[i].answered)
			return -EPROTO;
	return 0;
}

/* Who sends SYN, and ACK to what comes back. */
static int handshake(struct bench *b, struct batch *batch, unsigned int first)
{
	int err;

	peers_new(b, first, batch->n);
	err = send(b, batch, first, TCPHDR_SYN);
	if (b->conf.kind == BENCH_FORWARD) {
		batch->reverse = true;
		err = err ?: send(b, batch, first, TCPHDR_SYN | TCPHDR_ACK);
		batch->reverse = false;
	}
	err = err ?: all_answered(b, first, batch->n);
	return err ?: send(b, batch, first, TCPHDR_ACK);
}

/* The server accepts and closes: with its FIN, as it has read all. */
static int serve(struct bench *b, struct batch *batch)
{
	u64 begin = ktime_get_ns();
	struct socket *child;
	unsigned int i;

	for (i = 0; i < batch->n; i++) {
		child = bench_server_accept(b);
		if (IS_ERR(child))
			return PTR_ERR(child);
		bench_server_drain(child);
		sock_release(child);
	}
	batch->ns += ktime_get_ns() - begin;
	return 0;
}

static int connection(struct bench *b, struct batch *batch)
{
	int err = handshake(b, batch, 0);

	err = err ?: send(b, batch, 0, TCPHDR_ACK | TCPHDR_PSH);
	err = err ?: send(b, batch, 0, TCPHDR_ACK | TCPHDR_FIN);
	err = err ?: serve(b, batch);
	return err ?: send(b, batch, 0, TCPHDR_ACK);
}

/* What a server reads it acknowledges: that is what it sends, and so a part of this. */
static int data(struct bench *b, struct batch *batch, unsigned int turn)
{
	unsigned int first = turn * batch->n % b->conf.flows, i;
	u64 begin;
	int err;

	batch->reverse = b->conf.kind == BENCH_FORWARD && turn * batch->n / b->conf.flows % 2;
	err = send(b, batch, first, TCPHDR_ACK | TCPHDR_PSH);
	begin = ktime_get_ns();
	for (i = first; i < first + batch->n; i++)
		if (b->child[i])
			bench_server_drain(b->child[i]);
	batch->ns += ktime_get_ns() - begin;
	return err;
}

static int step(struct bench *b, struct batch *batch, unsigned int turn)
{
	switch (b->conf.kind) {
	case BENCH_SYN:
		return send(b, batch, 0, TCPHDR_SYN);
	case BENCH_ACK:
		return send(b, batch, 0, TCPHDR_ACK);
	case BENCH_DATA:
	case BENCH_FORWARD:
		return data(b, batch, turn);
	default:
		return connection(b, batch);
	}
}

/* So many batches; those that are timed leave their time in @b->ns. */
static int steps(struct bench *b, unsigned int batches, bool timed)
{
	unsigned int turn;
	int err = 0;

	for (turn = 0; turn < batches && !err; turn++) {
		struct batch batch = { .n = b->conf.batch, .timed = timed };

		err = signal_pending(current) ? -EINTR : step(b, &batch, turn);
		if (timed) {
			b->ns[turn] = div_u64(batch.ns * 16, batch.n);
			b->total += batch.ns;
		}
		cond_resched();
	}
	return err;
}

static int accept(struct bench *b, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++) {
		b->child[i] = bench_server_accept(b);
		if (IS_ERR(b->child[i])) {
			b->child[i] = NULL;
			return -EPROTO;
		}
	}
	return 0;
}

/* All connections of BENCH_DATA and BENCH_FORWARD. */
static int connect(struct bench *b)
{
	unsigned int first;
	int err = 0;

	for (first = 0; first < b->conf.flows && !err; first += b->conf.batch) {
		struct batch batch = { .n = b->conf.batch };

		err = handshake(b, &batch, first);
		if (b->conf.kind == BENCH_DATA)
			err = err ?: accept(b, first, batch.n);
	}
	return err;
}

static int flood(struct bench *b)
{
	struct bench_peer *peers = b->peers;
	unsigned int left;
	int err = 0;

	b->peers = NULL;
	for (left = b->conf.floods; left && !err; left -= min(left, b->conf.batch)) {
		struct batch batch = { .n = min(left, b->conf.batch) };

		err = send(b, &batch, 0, TCPHDR_SYN);
	}
	b->peers = peers;
	if (b->conf.wait)
		msleep_interruptible(b->conf.wait);
	return err;
}

int bench_recipe(struct bench *b)
{
	unsigned int warm = DIV_ROUND_UP(b->conf.warm, b->conf.batch);
	int err = flood(b);

	/* nobody's tuple is one of another kind's */
	prandom_seed_state(&b->rnd, (u64)b->conf.kind << 32 | b->conf.seed);
	if (b->conf.kind == BENCH_DATA || b->conf.kind == BENCH_FORWARD)
		err = err ?: connect(b);
	err = err ?: steps(b, warm, false);
	b->sent = bench_device_sent();
	err = err ?: steps(b, b->batches, true);
	b->sent = bench_device_sent() - b->sent;
	return err;
}
