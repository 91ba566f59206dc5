// SPDX-License-Identifier: GPL-2.0-only
/* What the sockets know. */

#include <linux/prefetch.h>
#include <linux/tcp.h>
#include <net/inet6_hashtables.h>
#include <net/inet_connection_sock.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>

#include "key.h"
#include "net.h"
#include "sock.h"
#include "track.h"

/* Written under the socket's lock, which is not ours to take: any of its values will do. */
#define PEEK(x)	data_race(x)

/* In a VRF dif is its device and sdif the one below; else there is no sdif. */
static void find_devs(const struct tt_key *key, int ifindex, int *dif, int *sdif)
{
	*dif = key->dev ?: ifindex;
	*sdif = key->dev && !tt_key_is_link_local(key) ? ifindex ?: *dif : 0;
}

struct sock *tt_sock_find(const struct tt_net *tn, const struct tt_key *key, int end, int ifindex)
{
	struct inet_hashinfo *hashinfo = tn->net->ipv4.tcp_death_row.hashinfo;
	const struct in6_addr *laddr = &key->addr[end], *raddr = &key->addr[!end];
	u16 lport = ntohs(key->port[end]);
	__be16 rport = key->port[!end];
	int dif, sdif;

	find_devs(key, ifindex, &dif, &sdif);
	if (key->family == AF_INET)
		return __inet_lookup_established(tn->net, hashinfo, raddr->s6_addr32[3], rport,
						 laddr->s6_addr32[3], lport, dif, sdif);
#if IS_ENABLED(CONFIG_IPV6)
	return __inet6_lookup_established(tn->net, hashinfo, raddr, rport, laddr, lport,
					  dif, sdif);
#else
	return NULL;
#endif
}

void tt_sock_expect(struct tt_ctx *ctx)
{
	struct inet_hashinfo *hashinfo = ctx->tn->net->ipv4.tcp_death_row.hashinfo;
	const struct in6_addr *saddr = &ctx->key.addr[ctx->from];
	const struct in6_addr *daddr = &ctx->key.addr[!ctx->from];
	u16 lport = ntohs(ctx->key.port[!ctx->from]);
	__be16 rport = ctx->key.port[ctx->from];
	u32 hash;

	if (ctx->key.family == AF_INET)
		hash = inet_ehashfn(ctx->tn->net, daddr->s6_addr32[3], lport, saddr->s6_addr32[3],
				    rport);
#if IS_ENABLED(CONFIG_IPV6)
	else
		hash = inet6_ehashfn(ctx->tn->net, daddr, lport, saddr, rport);
#else
	else
		return;
#endif
	ctx->bucket = &inet_ehash_bucket(hashinfo, hash)->chain;
	prefetch(ctx->bucket);
}

bool tt_sock_none(const struct tt_ctx *ctx)
{
	return ctx->bucket && is_a_nulls(READ_ONCE(ctx->bucket->first));
}

bool tt_sock_exists(const struct tt_ctx *ctx)
{
	struct sock *sk;

	if (tt_sock_none(ctx))
		return false;
	sk = tt_sock_find(ctx->tn, &ctx->key, !ctx->from,
			  tt_key_ifindex(ctx->skb, ctx->key.family));
	if (sk)
		sock_gen_put(sk);
	return sk;
}

bool tt_sock_has_listener(const struct tt_net *tn, const struct tt_key *key, int end, int ifindex)
{
	struct inet_hashinfo *hashinfo = tn->net->ipv4.tcp_death_row.hashinfo;
	const struct in6_addr *laddr = &key->addr[end], *raddr = &key->addr[!end];
	u16 lport = ntohs(key->port[end]);
	__be16 rport = key->port[!end];
	int dif, sdif;

	find_devs(key, ifindex, &dif, &sdif);
	if (key->family == AF_INET)
		return __inet_lookup_listener(tn->net, hashinfo, NULL, 0, raddr->s6_addr32[3],
					      rport, laddr->s6_addr32[3], lport, dif, sdif);
#if IS_ENABLED(CONFIG_IPV6)
	return inet6_lookup_listener(tn->net, hashinfo, NULL, 0, raddr, rport, laddr, lport,
				     dif, sdif);
#else
	return false;
#endif
}

/* Programs that choose among a SO_REUSEPORT group expect the TCP header at skb->data. */
static struct sock *find_listener(struct tt_ctx *ctx, struct sk_buff *skb, int doff)
{
	struct inet_hashinfo *hashinfo = ctx->tn->net->ipv4.tcp_death_row.hashinfo;
	const struct in6_addr *saddr = &ctx->key.addr[ctx->from];
	const struct in6_addr *daddr = &ctx->key.addr[!ctx->from];
	__be16 sport = ctx->key.port[ctx->from];
	u16 dport = ntohs(ctx->key.port[!ctx->from]);

	if (ctx->key.family == AF_INET)
		return __inet_lookup_listener(ctx->tn->net, hashinfo, skb, doff,
					      saddr->s6_addr32[3], sport, daddr->s6_addr32[3],
					      dport, inet_iif(ctx->skb), inet_sdif(ctx->skb));
#if IS_ENABLED(CONFIG_IPV6)
	return inet6_lookup_listener(ctx->tn->net, hashinfo, skb, doff, saddr, sport, daddr, dport,
				     inet6_iif(ctx->skb), inet6_sdif(ctx->skb));
#else
	return NULL;
#endif
}

static unsigned int tcp_length(const struct tt_ctx *ctx)
{
	return __tcp_hdrlen((const struct tcphdr *)(ctx->skb->data + ctx->thoff));
}

struct sock *tt_sock_listener(struct tt_ctx *ctx)
{
	struct sk_buff *skb = ctx->skb;
	struct sock *sk = skb->sk;
	int doff = tcp_length(ctx);

	if (sk && sk_fullsock(sk) && READ_ONCE(sk->sk_state) == TCP_LISTEN &&
	    net_eq(sock_net(sk), ctx->tn->net))
		return sk;
	__skb_pull(skb, ctx->thoff);
	sk = find_listener(ctx, skb, doff);
	__skb_push(skb, ctx->thoff);
	return sk;
}

static void set_vars(struct tt_endpoint *ep, u32 snd_una, u32 snd_nxt, u32 rcv_nxt, u32 rcv_wnd)
{
	ep->snd_una = snd_una;
	ep->snd_nxt = snd_nxt;
	ep->rcv_nxt = rcv_nxt;
	ep->rcv_wnd = rcv_wnd;
	ep->flags |= TT_EP_SEQ | TT_EP_RCV;
}

static void sync_request(struct tt_endpoint *ep, const struct sock *sk)
{
	const struct request_sock *req = inet_reqsk(sk);
	const struct tcp_request_sock *treq = tcp_rsk(req);

	set_vars(ep, treq->snt_isn, treq->snt_isn + 1, treq->rcv_nxt, req->rsk_rcv_wnd);
	ep->flags |= TT_EP_PASSIVE;
}

static void sync_timewait(struct tt_endpoint *ep, const struct sock *sk)
{
	const struct tcp_timewait_sock *tw = tcp_twsk(sk);
	u32 snd_nxt = PEEK(tw->tw_snd_nxt);

	set_vars(ep, snd_nxt, snd_nxt, PEEK(tw->tw_rcv_nxt), PEEK(tw->tw_rcv_wnd));
	ep->flags |= TT_EP_FIN_SENT;
	if (READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_rfc1337))
		ep->flags |= TT_EP_RFC1337;
}

void tt_sock_sync(struct tt_endpoint *ep, const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	switch (READ_ONCE(sk->sk_state)) {
	case TCP_NEW_SYN_RECV:
		sync_request(ep, sk);
		return;
	case TCP_TIME_WAIT:
		sync_timewait(ep, sk);
		return;
	case TCP_SYN_SENT:
		ep->snd_una = PEEK(tp->snd_una);
		ep->snd_nxt = PEEK(tp->write_seq);
		ep->flags |= TT_EP_SEQ;
		ep->flags &= ~TT_EP_RCV;
		return;
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		ep->flags |= TT_EP_FIN_SENT;
		break;
	}
	/* snd_nxt lags: over loopback the answer may be here before it is set */
	set_vars(ep, PEEK(tp->snd_una), PEEK(tp->write_seq), PEEK(tp->rcv_nxt),
		 PEEK(tcp_receive_window(tp)));
}

bool tt_sock_opens_now(const struct sock *sk)
{
	return READ_ONCE(sk->sk_state) == TCP_SYN_SENT && !PEEK(inet_csk(sk)->icsk_pending) &&
	       !PEEK(inet_test_bit(DEFER_CONNECT, sk));
}

bool tt_sock_is_behind(const struct sock *sk)
{
	return sk_fullsock(sk) && PEEK(sk->sk_backlog.tail);
}

bool tt_sock_request_waits(const struct sock *sk, u32 len)
{
	const struct request_sock *req = inet_reqsk(sk);
	const struct sock *listener = req->rsk_listener;

	if (!listener)
		return false;
	if (!len && READ_ONCE(inet_csk(listener)->icsk_accept_queue.rskq_defer_accept) >
	    req->num_timeout)
		return true;
	return sk_acceptq_is_full(listener);
}

/* As tcp_parse_options() has it where no connection has agreed on them (yet, or any more). */
static bool sees_timestamp(const struct sock *sk, const struct tt_seg *seg)
{
	return seg->has_ts && READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_timestamps);
}

bool tt_sock_reopens(const struct sock *sk, const struct tt_seg *seg)
{
	const struct tcp_timewait_sock *tw = tcp_twsk(sk);

	return sk->sk_state == TCP_TIME_WAIT && sees_timestamp(sk, seg) &&
	       READ_ONCE(inet_twsk(sk)->tw_substate) == TCP_TIME_WAIT &&
	       PEEK(tw->tw_ts_recent_stamp) &&
	       (s32)(PEEK(tw->tw_ts_recent) - seg->tsval) < 0;
}

/* RFC 7323, 5.3, R1, as tcp_timewait_state_process() has it. */
static bool is_too_old(const struct sock *sk, const struct tt_seg *seg)
{
	const struct tcp_timewait_sock *tw = tcp_twsk(sk);
	const struct tcp_options_received was = {
		.ts_recent = PEEK(tw->tw_ts_recent),
		.ts_recent_stamp = PEEK(tw->tw_ts_recent_stamp),
		.rcv_tsval = seg->tsval,
	};

	return sees_timestamp(sk, seg) && was.ts_recent_stamp && tcp_paws_reject(&was, 0);
}

bool tt_sock_takes_syn(const struct sock *sk, const struct tt_seg *seg)
{
	if (tt_sock_reopens(sk, seg))
		return true;
	return READ_ONCE(inet_twsk(sk)->tw_substate) == TCP_TIME_WAIT &&
	       before(PEEK(tcp_twsk(sk)->tw_rcv_nxt), seg->seq) && !is_too_old(sk, seg);
}

bool tt_sock_echo_is_bad(const struct sock *sk, const struct tt_seg *seg)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 echo = seg->tsecr - PEEK(tp->tsoffset);

	return READ_ONCE(sk->sk_state) == TCP_SYN_SENT && sees_timestamp(sk, seg) &&
	       seg->tsecr && echo && !between(echo, PEEK(tp->retrans_stamp), tt_tcp_clock(tp));
}

bool tt_sock_paws_refuses(const struct sock *sk, const struct tt_seg *seg)
{
	struct tcp_options_received rx = { .rcv_tsval = seg->tsval };

	if (!seg->has_ts)
		return false;
	if (!sk_fullsock(sk))
		return is_too_old(sk, seg);
	/* (0 where timestamps were not agreed on) */
	rx.ts_recent = PEEK(tcp_sk(sk)->rx_opt.ts_recent);
	rx.ts_recent_stamp = PEEK(tcp_sk(sk)->rx_opt.ts_recent_stamp);
	return !tcp_paws_check(&rx, TCP_PAWS_WINDOW);
}

bool tt_sock_ack_too_old(const struct sock *sk, const struct tt_seg *seg)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 window = min_t(u64, PEEK(tp->max_window), PEEK(tp->bytes_acked));

	return before(seg->ack, PEEK(tp->snd_una) - window);
}

bool tt_sock_sack_edge(const struct sock *sk, u32 seq)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	int i, blocks = min_t(int, PEEK(tp->rx_opt.num_sacks), ARRAY_SIZE(tp->selective_acks));
	u32 edge;

	if (blocks <= 0)
		return false;
	edge = PEEK(tp->selective_acks[0].end_seq);
	for (i = 1; i < blocks; i++) {
		if (before(edge, PEEK(tp->selective_acks[i].end_seq)))
			edge = PEEK(tp->selective_acks[i].end_seq);
	}
	return seq == edge;
}

bool tt_sock_sent_before(const struct sock *sk, u32 end)
{
	return !before(PEEK(tcp_sk(sk)->snd_nxt), end);
}

unsigned int tt_sock_idle_ms(const struct sock *sk)
{
	u32 now = tcp_jiffies32;
	u32 sent = now - PEEK(tcp_sk(sk)->lsndtime);
	u32 received = now - PEEK(inet_csk(sk)->icsk_ack.lrcvtime);

	return jiffies_to_msecs(min(sent, received));
}
