/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SOCK_H
#define TCPTRACK_SOCK_H

#include <net/inet_timewait_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "state.h"

struct sk_buff;
struct tt_ctx;
struct tt_flow;
struct tt_key;
struct tt_net;

/*
 * What a socket tells about its endpoint. All of it is read without the
 * socket's lock: each value was true at some moment since the call began.
 */

/* A TCP socket of this namespace with a struct tcp_sock behind it. */
static inline bool tt_sock_is_full(const struct sock *sk, const struct net *net)
{
	return sk_fullsock(sk) && sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM &&
	       net_eq(sock_net(sk), net);
}

/* One of TCP in ESTABLISHED, of whatever namespace. */
static inline bool tt_sock_is_ordinary(const struct sock *sk)
{
	/* that is a state of full sockets only; one octet, volatile or not */
	return sk && data_race(*(const u8 *)&sk->sk_state) == TCP_ESTABLISHED &&
	       sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM;
}

/* A segment of such a socket in ESTABLISHED has nothing to tell (design.md, 3). */
static inline bool tt_sock_is_established(const struct sock *sk, const struct net *net)
{
	return tt_sock_is_ordinary(sk) && net_eq(sock_net(sk), net);
}

/**
 * tt_sock_of() - the TCP socket of an skb, if it has one that can be trusted
 * @skb: at LOCAL_IN or LOCAL_OUT
 * @net: the namespace of the hook; an skb that crossed a veth may still carry its sender's
 *
 * Return: a full, request or TIME_WAIT socket, no reference taken, or NULL.
 */
static inline struct sock *tt_sock_of(const struct sk_buff *skb, const struct net *net)
{
	struct sock *sk = skb->sk;

	if (!sk || !net_eq(sock_net(sk), net))
		return NULL;
	if (sk_fullsock(sk))
		return tt_sock_is_full(sk, net) && sk->sk_state != TCP_LISTEN ? sk : NULL;
	return sk;
}

/**
 * tt_sock_find() - look the socket of an end up as the stack would
 * @tn: namespace
 * @key: key of the flow
 * @end: the local end
 * @ifindex: interface by which the peer is reached, or 0
 *
 * Context: RCU read side.
 *
 * Return: a full, request or TIME_WAIT socket with a reference that
 * sock_gen_put() gives back, or NULL.
 */
struct sock *tt_sock_find(const struct tt_net *tn, const struct tt_key *key, int end, int ifindex);

/**
 * tt_sock_expect() - tt_sock_exists() is about to be asked
 * @ctx: segment that came for this host, its key written
 *
 * In a flood each tuple is another one, and so is the memory where its socket would be: that is
 * on its way while something else is done.
 *
 * Context: RCU read side.
 */
void tt_sock_expect(struct tt_ctx *ctx);

/**
 * tt_sock_none() - whether there is plainly no socket that has the tuple of a segment
 * @ctx: segment, after tt_sock_expect()
 *
 * Context: RCU read side.
 *
 * Return: true if nobody has even the hash of it, which is nearly always so for a stranger;
 * false does not tell.
 */
bool tt_sock_none(const struct tt_ctx *ctx);

/**
 * tt_sock_exists() - whether any socket but a listener has the tuple of a segment
 * @ctx: segment that came for this host
 *
 * Context: RCU read side.
 *
 * Return: true if so.
 */
bool tt_sock_exists(const struct tt_ctx *ctx);

/**
 * tt_sock_has_listener() - whether somebody listens where an end was
 * @tn: namespace
 * @key: key of the flow
 * @end: the local end
 * @ifindex: interface by which the peer is reached, or 0
 *
 * Context: RCU read side.
 *
 * Return: true if so.
 */
bool tt_sock_has_listener(const struct tt_net *tn, const struct tt_key *key, int end, int ifindex);

/**
 * tt_sock_listener() - the listening socket that a segment is for
 * @ctx: segment that came for this host, its TCP header linear
 *
 * As the stack will find it: with the choice of a SO_REUSEPORT group, or of
 * TPROXY.
 *
 * Context: RCU read side.
 *
 * Return: the socket, no reference taken, or NULL.
 */
struct sock *tt_sock_listener(struct tt_ctx *ctx);

/**
 * tt_state_of() - the RFC 9293 state for a TCP_* one
 * @tcp_state: from tcp_states.h
 *
 * Return: that state.
 */
static inline enum tt_state tt_state_of(int tcp_state)
{
	switch (tcp_state) {
	case TCP_ESTABLISHED:
		return TT_ESTABLISHED;
	case TCP_SYN_SENT:
		return TT_SYN_SENT;
	case TCP_SYN_RECV:
	case TCP_NEW_SYN_RECV:
		return TT_SYN_RECEIVED;
	case TCP_FIN_WAIT1:
		return TT_FIN_WAIT_1;
	case TCP_FIN_WAIT2:
		return TT_FIN_WAIT_2;
	case TCP_TIME_WAIT:
		return TT_TIME_WAIT;
	case TCP_CLOSE_WAIT:
		return TT_CLOSE_WAIT;
	case TCP_LAST_ACK:
		return TT_LAST_ACK;
	case TCP_LISTEN:
		return TT_LISTEN;
	case TCP_CLOSING:
		return TT_CLOSING;
	default:
		return TT_CLOSED;
	}
}

/**
 * tt_sock_state() - the RFC 9293 state of a socket
 * @sk: full, request or TIME_WAIT socket
 *
 * Return: that state.
 */
static inline enum tt_state tt_sock_state(const struct sock *sk)
{
	int state = READ_ONCE(sk->sk_state);

	/* FIN_WAIT_2 without an owner is a small socket in a TIME_WAIT one's clothes */
	if (state == TCP_TIME_WAIT)
		state = READ_ONCE(inet_twsk(sk)->tw_substate);
	return tt_state_of(state);
}

/**
 * tt_sock_sync() - take an endpoint's sequence variables from its socket
 * @ep: endpoint; its state is left alone
 * @sk: its socket
 */
void tt_sock_sync(struct tt_endpoint *ep, const struct sock *sk);

/**
 * tt_sock_opens_now() - whether connect() has not come to send the SYN yet
 * @sk: any socket
 *
 * The timer for the SYN is set once it has left; with TCP_FASTOPEN_CONNECT it waits for
 * the data, for as long as those take.
 *
 * Return: true if LOCAL_OUT will see it at once.
 */
bool tt_sock_opens_now(const struct sock *sk);

/**
 * tt_sock_is_behind() - whether segments have passed the hooks that it has not seen yet
 * @sk: any socket
 *
 * They wait for as long as its owner is in a system call.
 *
 * Return: true if one of them may have ended the flow already.
 */
bool tt_sock_is_behind(const struct sock *sk);

/**
 * tt_sock_request_waits() - whether a request will stay SYN_RECEIVED although this ACK is good
 * @req: request socket
 * @len: octets of data in the segment
 *
 * TCP_DEFER_ACCEPT lets the bare third ACK pass by; a full accept queue, each.
 *
 * Return: true if it stays.
 */
bool tt_sock_request_waits(const struct sock *req, u32 len);

/**
 * tt_sock_reopens() - whether a TIME_WAIT socket takes a SYN for its timestamp alone
 * @sk: any socket
 * @seg: a SYN
 *
 * RFC 6191, 2: a newer timestamp reopens where the sequence number does not.
 *
 * Return: true if it does.
 */
bool tt_sock_reopens(const struct sock *sk, const struct tt_seg *seg);

/**
 * tt_sock_takes_syn() - whether a TIME_WAIT socket gives way to a SYN, and a listener gets it
 * @sk: socket whose sk_state is TCP_TIME_WAIT
 * @seg: a SYN
 *
 * As tcp_timewait_state_process() has it. An old one is answered with an ACK, and in FIN_WAIT_2
 * any with an ACK or a RST.
 *
 * Return: true if it does.
 */
bool tt_sock_takes_syn(const struct sock *sk, const struct tt_seg *seg);

/**
 * tt_sock_echo_is_bad() - whether a socket in SYN_SENT refuses a SYN-ACK for its timestamp
 * @sk: full socket
 * @seg: a SYN-ACK
 *
 * RFC 7323, 5.5 as tcp_rcv_synsent_state_process() has it: what is echoed was never sent.
 *
 * Return: true if it does.
 */
bool tt_sock_echo_is_bad(const struct sock *sk, const struct tt_seg *seg);

/**
 * tt_sock_paws_refuses() - whether a socket refuses a segment for its timestamp
 * @sk: full socket, or one whose sk_state is TCP_TIME_WAIT
 * @seg: no RST, its options
 *
 * RFC 7323, 5.3, R1, as tcp_validate_incoming() and tcp_timewait_state_process() have it, but
 * for bare ACKs that move nothing.
 *
 * Return: true if it does.
 */
bool tt_sock_paws_refuses(const struct sock *sk, const struct tt_seg *seg);

/**
 * tt_sock_ack_too_old() - whether a socket refuses a segment for its acknowledgment
 * @sk: full socket
 * @seg: with an acknowledgment of what it has sent
 *
 * RFC 5961, 5.2, as tcp_ack() has it: older than the largest window that the peer had.
 *
 * Return: true if so.
 */
bool tt_sock_ack_too_old(const struct sock *sk, const struct tt_seg *seg);

/**
 * tt_sock_sack_edge() - whether a number is where the last of a socket's SACK blocks ends
 * @sk: full socket
 * @seq: the number
 *
 * Return: true if so: a RST with it counts.
 */
bool tt_sock_sack_edge(const struct sock *sk, u32 seq);

/**
 * tt_sock_sent_before() - whether a segment of a full socket is a retransmission
 * @sk: full socket
 * @end: the octet after the segment
 *
 * Context: LOCAL_OUT; the socket learns of new data after it has left.
 *
 * Return: true if it is.
 */
bool tt_sock_sent_before(const struct sock *sk, u32 end);

/**
 * tt_sock_idle_ms() - how long a full socket has neither sent nor received
 * @sk: full socket
 *
 * Return: milliseconds.
 */
unsigned int tt_sock_idle_ms(const struct sock *sk);

static inline bool tt_sock_is_request(const struct sock *sk)
{
	return READ_ONCE(sk->sk_state) == TCP_NEW_SYN_RECV;
}

#endif /* TCPTRACK_SOCK_H */
