/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_BENCH_H
#define TCPTRACK_BENCH_H

#include <linux/prandom.h>
#include <linux/types.h>

struct net;
struct net_device;
struct sk_buff;
struct socket;

#define BENCH_DEV	"ttbench0"

/* Packets between two looks at the clock, at most. */
#define BENCH_BATCH	256

/* Peer i has port BENCH_PORT + i, so that an answer tells whose it is. */
#define BENCH_PORT	1024
#define BENCH_PEERS	60000

enum bench_kind {
	BENCH_SYN,	/* SYNs, each from another source */
	BENCH_ACK,	/* ACKs that acknowledge nothing, each from another source */
	BENCH_DATA,	/* segments of established connections, in turn */
	BENCH_FORWARD,	/* the same, not of this host, in both directions */
	BENCH_CONN,	/* whole connections: SYN, ACK, data, FIN, and the server's close */
	BENCH_KINDS
};

/* What becomes of a packet when it is built. */
enum bench_sink {
	BENCH_RECEIVE,	/* netif_receive_skb() */
	BENCH_FREE,	/* freed: the least that a receiver can do */
	BENCH_NOTHING,	/* freed where no clock runs: what remains is the loop and the clock */
	BENCH_SINKS
};

/* One run, as it was written to /proc/tcptrack_bench. */
struct bench_conf {
	unsigned int kind;
	unsigned int sink;
	unsigned int family;	/* 4 or 6 */
	unsigned int port;	/* of the server, which listens for as long as the run lasts */
	unsigned int backlog;
	unsigned int count;	/* packets (connections) that are timed */
	unsigned int warm;	/* of the same kind before, not timed */
	unsigned int floods;	/* SYNs before, not timed: cookies in flight, say */
	unsigned int wait;	/* milliseconds after them */
	unsigned int batch;
	unsigned int flows;	/* of BENCH_DATA and BENCH_FORWARD */
	unsigned int len;	/* octets of data in a segment */
	unsigned int seed;
};

/**
 * struct bench_peer - a client, all of which is in this structure
 * @source: low bits of its address
 * @seq: what it sends next
 * @ack: what it has got from the server, read from the device: the server's next
 * @tsecr: the server's last timestamp
 * @answered: the server has sent it something
 */
struct bench_peer {
	u32 source;
	u32 seq;
	u32 ack;
	u32 tsecr;
	bool answered;
};

/* What is built into a packet. */
struct bench_segment {
	u8 flags;	/* TCPHDR_* */
	bool reverse;	/* from the server to the client */
	u16 port;	/* the client's, as is what follows */
	u32 source;
	u32 seq;
	u32 ack;
	u32 tsecr;
	unsigned int len;
};

/**
 * struct bench - a run and what came of it
 * @conf: what is asked for
 * @net: the namespace of who asked
 * @dev: there
 * @rnd: the same packets for the same seed
 * @peers: of all kinds but BENCH_SYN and BENCH_ACK
 * @npeers: how many
 * @skb: the next batch
 * @ns: for each timed batch, nanoseconds for one packet (connection), in 1/16
 * @batches: length of @ns
 * @build: nanoseconds for building what was timed
 * @deferred: and for what the receiver has left to softirqs
 * @total: and for receiving it
 * @sent: packets that the device was given meanwhile
 * @accepted: connections that the server has accepted
 * @listener: the server
 * @child: what it has accepted, by the order of the peers
 */
struct bench {
	struct bench_conf conf;
	struct net *net;
	struct net_device *dev;
	struct rnd_state rnd;
	struct bench_peer *peers;
	unsigned int npeers;
	struct sk_buff *skb[BENCH_BATCH];
	u32 *ns;
	unsigned int batches;
	u64 build;
	u64 deferred;
	u64 total;
	unsigned long sent;
	unsigned long accepted;
	struct socket *listener;
	struct socket **child;
};

/**
 * bench_packet() - build a packet as it comes from the network
 * @b: run
 * @s: what is in it
 *
 * Return: the packet, its checksum not verified yet, or NULL.
 */
struct sk_buff *bench_packet(const struct bench *b, const struct bench_segment *s);

/**
 * bench_recipe() - do what the run's conf says
 * @b: run; its listener is open
 *
 * Context: process.
 *
 * Return: 0, -ENOMEM, -EPROTO if the server has not answered a peer, or -EINTR.
 */
int bench_recipe(struct bench *b);

/**
 * bench_server_open() - listen
 * @b: run; @listener is set
 *
 * Return: 0 or a negative errno.
 */
int bench_server_open(struct bench *b);
void bench_server_close(struct bench *b);

/**
 * bench_server_accept() - accept one connection
 * @b: run
 *
 * Return: the connection or an ERR_PTR; it never waits.
 */
struct socket *bench_server_accept(struct bench *b);

/* Closes with a RST: nothing remains of it. */
void bench_server_reset(struct socket *child);

/* What has arrived is read, so that the window stays open. */
void bench_server_drain(struct socket *child);

int bench_device_init(void);
void bench_device_exit(void);

/* The device, where it is in this namespace; else NULL. */
struct net_device *bench_device(const struct net *net);

/**
 * bench_device_watch() - what the server sends is noted in its peer
 * @peers: or NULL: no longer
 * @n: how many
 *
 * Context: process; when it returns nobody uses the peers of before.
 */
void bench_device_watch(struct bench_peer *peers, unsigned int n);

/* How many packets it was given since it was made. */
unsigned long bench_device_sent(void);

#endif /* TCPTRACK_BENCH_H */
