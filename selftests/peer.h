/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peer: plays the remote host for real sockets of the kernel under test, or
 * both hosts of a flow that it forwards, by a script (see peer.c).
 */
#ifndef PEER_H
#define PEER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define __noreturn	__attribute__((noreturn))
#define __printf(a, b)	__attribute__((format(printf, a, b)))

#define TCP_F	0x01
#define TCP_S	0x02
#define TCP_R	0x04
#define TCP_P	0x08
#define TCP_A	0x10
#define TCP_U	0x20

#define MAX_WORDS	32
#define MAX_SEGMENT	32768

/**
 * struct end - one end of a flow as the script sees it
 * @ip: address, network order; the first 4 octets for IPv4
 * @port: host order
 * @iss: initial sequence number; what scripts write is relative to it
 * @nxt: the octet after the last one that it sent
 */
struct end {
	__u8 ip[16];
	__u16 port;
	__u32 iss;
	__u32 nxt;
};

/**
 * struct flow - what "flow" and "fwd" define
 * @name: of the script
 * @forward: both ends are played here, the kernel only routes
 * @end: 0 is the remote host (forwarded: the opener A), 1 the kernel (B)
 */
struct flow {
	char name[16];
	bool forward;
	struct end end[2];
};

/* Lies and wrappings of a segment that is sent. */
struct mangle {
	const char *ext;	/* IPv6 extension header: hbh, dst, rt, bad */
	int doff;		/* -1: the true one */
	int cut;		/* -1: nothing; octets of TCP that are left */
	int frag;		/* 0: none; octets in the first fragment */
	int pad;		/* octets after the packet, as of a short frame */
	int gso;		/* 0: none; MSS */
	int linear;		/* 0: all; octets that are not in frags of the skb */
	bool badsum;
	bool lost;		/* forwarded: must not come out */
};

struct segment {
	__u8 flags;
	__u32 seq;
	__u32 ack;
	__u16 win;
	__u16 len;
	__u8 opt[40];
	__u8 optlen;
	__u16 sport;
	__u16 dport;
	struct mangle m;
};

/* peer.c */
extern int family;
extern bool no_module;
extern int deadline_ms;
extern struct flow *cur;
void fail(const char *fmt, ...) __noreturn __printf(1, 2);
void too_late(void);
long now_ms(void);
long number(const char *word);
bool wait_until(bool (*cond)(void *), void *arg, int ms);
void flow_text(const struct end *a, char *buf, size_t size);

/* peer_flow.c: commands on the current flow */
__u32 flow_relative(const char *word, const struct end *e);
void flow_send(int argc, char **argv, int from_end);
void flow_expect(int argc, char **argv);
void flow_flood(int argc, char **argv);
void flow_quiet(int dev, int ms);
void flow_again(const char *word);
void flow_drain(void);
void flow_unread(void);

/* peer_net.c: the namespace and its TUN devices, 0 and (forwarding) 1 */
void net_setup(void);
void net_forward(void);
void net_address(int dev, bool kernel, __u8 *ip);
void net_sysctl(const char *name, const char *value, bool must);
void net_write(int dev, const void *packet, size_t len, int gso, int l4off, int linear);
int net_read(int dev, void *packet, size_t size, int ms);

/* peer_packet.c */
void segment_send(int dev, const struct end *from, const struct end *to,
		  const struct segment *seg);
bool segment_receive(int dev, struct segment *seg, int ms);
void segment_options(struct segment *seg, const char *text);
const char *segment_text(const struct segment *seg, const struct end *from,
			 const struct end *to);
void icmp_send(const char *kind);
void icmp_quote_other(bool other_seq);

/* peer_socket.c: commands on sockets; false if the word is none of them */
bool socket_command(int argc, char **argv);

/* peer_own.c: a thread begins to write to @fd, and does not get on before socket_disown() */
void socket_own(int fd);
void socket_disown(void);

/* peer_stack.c: what sock_diag(7) says of the namespace's sockets; ports in host order */
struct stack_socket {
	int family;
	int state;
	const void *src, *dst;
	__u16 sport, dport;
};

void stack_sockets(int of_family, void (*each)(const struct stack_socket *s, void *arg), void *arg);
void stack_destroy(void);

/* peer_proc.c: what the tracker and the stack show */
void proc_begin(void);
void proc_state(const char *local, const char *remote);
void proc_noflow(void);
void proc_gone(long mark, long min, long max);
void proc_flags(const char *flags);
void proc_gauge(const char *column, const char *state, long n);
void proc_count(const char *name, long n);
void proc_check(void);
void proc_looked(int runs);
void proc_end(void);
void proc_maybe(const char *name);
void proc_silent(void);
long proc_tracepoint(void);

#endif /* PEER_H */
