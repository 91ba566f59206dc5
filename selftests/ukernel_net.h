/* SPDX-License-Identifier: GPL-2.0-only */
/* The networking half of ukernel.h, which includes it: packets, hooks, sockets. */
#ifndef TCPTRACK_UKERNEL_NET_H
#define TCPTRACK_UKERNEL_NET_H

struct tt_net;

struct net_generic {
	void *ptr[1];
};

/* NULL is the first one. */
struct user_namespace {
	int unused;
};
#define init_user_ns	(*(struct user_namespace *)NULL)

struct net {
	struct net_generic *gen;
	struct user_namespace *user_ns;
	u64 net_cookie;
	struct {
		struct inet_timewait_death_row {
			struct inet_hashinfo *hashinfo;
			int sysctl_max_tw_buckets;
		} tcp_death_row;
		u8 sysctl_tcp_rfc1337, sysctl_tcp_synack_retries, sysctl_tcp_syncookies;
		int sysctl_max_syn_backlog, sysctl_tcp_keepalive_time, sysctl_tcp_keepalive_intvl;
		u8 sysctl_tcp_keepalive_probes, sysctl_tcp_timestamps;
	} ipv4;
};

extern struct net init_net;

#define net_eq(a, b)			((a) == (b))
#define net_generic(net, id)		((net)->gen->ptr[id])

struct net_device {
	int ifindex;
	unsigned int flags;
};

struct inet6_dev {
	struct net_device *dev;
};

#define IFF_LOOPBACK			0x8
#define IFNAMSIZ			16
#define netif_is_l3_master(dev)		((void)(dev), false)
#define netif_is_l3_slave(dev)		((void)(dev), false)
#define l3mdev_master_ifindex_rcu(dev)	((void)(dev), 0)
#define dev_get_by_index_rcu(net, i)	((void)(net), (void)(i), (struct net_device *)NULL)

/* Routes */
#define RTN_UNICAST			1
#define RTN_LOCAL			2
#define RTF_LOCAL			0x80000000

struct dst_entry {
	struct net_device *dev;
	u8 rt_type;
	u32 rt6i_flags;
};

#define rtable				dst_entry
#define rt6_info			dst_entry
#define skb_dst(skb)			((skb)->dst)
#define skb_valid_dst(skb)		(!!(skb)->dst)
#define dev_net(dev)			((void)(dev), (const struct net *)&init_net)
#define skb_rtable(skb)			((skb)->dst)

static inline struct inet6_dev *ip6_dst_idev(struct dst_entry *dst)
{
	return NULL;
}

unsigned int inet_addr_type_dev_table(struct net *net, const struct net_device *dev, __be32 addr);
bool ipv6_chk_addr(struct net *net, const struct in6_addr *addr, const struct net_device *dev,
		   int strict);

/* Addresses */
#define IPV6_ADDR_LINKLOCAL		0x20

static inline void ipv6_addr_set_v4mapped(__be32 a, struct in6_addr *v4mapped)
{
	*v4mapped = (struct in6_addr){ .s6_addr32 = { 0, 0, htonl(0xffff), a } };
}

static inline bool ipv6_addr_v4mapped(const struct in6_addr *a)
{
	return !a->s6_addr32[0] && !a->s6_addr32[1] && a->s6_addr32[2] == htonl(0xffff);
}

static inline bool ipv6_addr_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static inline bool ipv6_prefix_equal(const struct in6_addr *a, const struct in6_addr *b,
				     unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < bits; i++)
		if ((a->s6_addr[i / 8] ^ b->s6_addr[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static inline int ipv6_addr_type(const struct in6_addr *a)
{
	return a->s6_addr[0] == 0xfe && (a->s6_addr[1] & 0xc0) == 0x80 ? IPV6_ADDR_LINKLOCAL : 0;
}

/* Attributes of netlink */
struct netlink_ext_ack {
	const char *_msg;
	const struct nlattr *bad_attr;
};

struct nlattr {
	u16 len;
	u8 data[16];
};

#define nla_len(attr)			((attr)->len)
#define nla_get_u8(attr)		((attr)->data[0])
#define nla_get_be16(attr)		(*(const __be16 *)(attr)->data)

/* Packets: the first @headlen octets are in one piece, the others have to be fetched. */
#define PACKET_HOST			0
#define MAX_TCP_OPTION_SPACE		40
#define TCP_MAX_WSCALE			14U
#define TCPOPT_MSS			2
#define TCPOPT_SACK_PERM		4
#define TCPOPT_MD5SIG			19
#define TCPOPT_MPTCP			30
#define TCPOLEN_MSS			4
#define TCPOLEN_SACK_PERM		2
#define TCPOLEN_TIMESTAMP		10

struct sk_buff {
	u8 *data;
	unsigned int len, headlen;
	struct sock *sk;
	struct net_device *dev;
	struct dst_entry *dst;
	int skb_iif;
	u8 pkt_type;
	bool gso, bad_checksum, ipvs_property;
};

static inline unsigned int skb_headlen(const struct sk_buff *skb)
{
	return skb->headlen;
}

static inline u8 *skb_tail_pointer(const struct sk_buff *skb)
{
	return skb->data + skb->headlen;
}

static inline void *skb_header_pointer(const struct sk_buff *skb, int off, int len, void *buf)
{
	if ((int)skb->headlen - off >= len)
		return skb->data + off;
	if (off > (int)skb->len - len)
		return NULL;
	memcpy(buf, skb->data + off, len);
	return buf;
}

#define skb_is_gso(skb)			((skb)->gso)
#define ip_hdr(skb)			((struct iphdr *)(skb)->data)
#define ipv6_hdr(skb)			((struct ipv6hdr *)(skb)->data)
/* (without options and extension headers) */
#define tcp_hdr(skb) \
	((struct tcphdr *)((skb)->data + ((skb)->data[0] >> 4 == 4 ? 20 : 40)))
#define ip_hdrlen(skb)			(ip_hdr(skb)->ihl * 4)
#define inet_iif(skb)			((skb)->skb_iif)
#define inet_sdif(skb)			((void)(skb), 0)
#define inet6_iif(skb)			((skb)->skb_iif)
#define inet6_sdif(skb)			((void)(skb), 0)
#define __tcp_hdrlen(th)		((th)->doff * 4)
#define pskb_may_pull(skb, n)		((skb)->headlen >= (n))
#define __skb_pull(skb, n)		((skb)->data += (n))
#define __skb_push(skb, n)		((skb)->data -= (n))
#define ip_is_fragment(iph)		(((iph)->frag_off & htons(0x3fff)) != 0)
#define tcp_flag_byte(th)		(((const u8 *)(th))[13])

struct ipv6hdr {
	__be32 flow;
	__be16 payload_len;
	u8 nexthdr, hop_limit;
	struct in6_addr saddr, daddr;
};

#define IP6_FH_F_FRAG			1
#define IP6_FH_F_AUTH			2
#define IP6_FH_F_SKIP_RH		4
#define NEXTHDR_ROUTING			43
#define NEXTHDR_DEST			60
#define IPV6_TLV_HAO			201
#define ipv6_find_tlv(skb, off, type)	((void)(skb), (void)(off), -1)
int ipv6_find_hdr(const struct sk_buff *skb, unsigned int *off, int target,
		  unsigned short *frag, int *flags);

struct icmp6hdr {
	u8 icmp6_type, icmp6_code;
	__be16 checksum;
	__be32 data;
};

#define ICMP_PARAMETERPROB		12
#define ICMPV6_DEST_UNREACH		1
#define ICMPV6_PKT_TOOBIG		2
#define ICMPV6_PARAMPROB		4

/* (no test of user space has an ICMP error) */
static inline int icmpv6_err_convert(u8 type, u8 code, int *err)
{
	(void)type, (void)code, (void)err;
	return 1;
}

static inline u16 get_unaligned_be16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static inline u32 get_unaligned_be32(const u8 *p)
{
	return (u32)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* Hooks */
#define NF_DROP				0
#define NF_ACCEPT			1
#define NF_STOLEN			2
#define NFPROTO_IPV4			2
#define NFPROTO_IPV6			10
#define NF_IP_PRI_FIRST			(-1)
#define NF_IP6_PRI_FIRST		(-1)
#define NF_IP_PRI_RAW			(-1)
#define NF_IP6_PRI_RAW			(-1)

enum { NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN, NF_INET_FORWARD, NF_INET_LOCAL_OUT };

struct nf_hook_state {
	u8 hook, pf;
	struct net_device *in, *out;
	struct net *net;
};

typedef unsigned int nf_hookfn(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

struct nf_hook_ops {
	nf_hookfn *hook;
	void *priv;
	u8 pf;
	unsigned int hooknum;
	int priority;
};

int nf_register_net_hooks(struct net *net, const struct nf_hook_ops *ops, unsigned int n);
void nf_unregister_net_hooks(struct net *net, const struct nf_hook_ops *ops, unsigned int n);

static inline u16 nf_ip_checksum(struct sk_buff *skb, unsigned int hook, unsigned int off, u8 proto)
{
	return skb->bad_checksum;
}

#define nf_ip6_checksum			nf_ip_checksum

enum ip_conntrack_info { IP_CT_NEW };
struct nf_conn { unsigned long status; };
#define IPS_SEQ_ADJUST			1
#define IPS_OFFLOAD			2
#define IPS_HW_OFFLOAD			4
#define nf_ct_get(skb, info)		((void)(info), (struct nf_conn *)NULL)

/* One struct for every kind of socket. */
#define TCP_NEW_SYN_RECV		12
#define TCPF_FULL			(~(BIT(TCP_TIME_WAIT) | BIT(TCP_NEW_SYN_RECV)))
#define DEFER_CONNECT			0
#define SOCK_DONE			0
#define RCV_SHUTDOWN			1

struct sock {
	struct sock *next;	/* in its bucket */
	struct net *net;
	struct sock *rsk_listener;
	u8 sk_state, sk_protocol, sk_type, sk_done, tw_substate, num_timeout, icsk_pending;
	u8 sk_shutdown, acked;
	bool unhashed, overflowed, tfo_listener, syncookie;
	u16 sk_family, sk_num;
	int sk_err, sk_bound_dev_if, held;
	u32 sk_ack_backlog, sk_max_ack_backlog;
	__be16 sk_dport, inet_sport;
	__be32 sk_daddr, sk_rcv_saddr;
	struct in6_addr sk_v6_daddr, sk_v6_rcv_saddr;
	u32 snd_una, write_seq, snd_nxt, rcv_nxt, rcv_wnd, lsndtime;
	u32 snt_isn, rcv_isn, rsk_rcv_wnd;
	u32 tw_snd_nxt, tw_rcv_nxt, tw_rcv_wnd, tw_ts_recent_stamp, tw_ts_recent;
	u32 max_window, tsoffset, retrans_stamp;
	u64 bytes_acked;
	struct {
		u8 num_sacks;
		u32 ts_recent, ts_recent_stamp;
	} rx_opt;
	struct { u32 start_seq, end_seq; } selective_acks[4];
	struct { u32 lrcvtime; } icsk_ack;
	u8 icsk_syn_retries;
	struct request_sock_queue { u8 rskq_defer_accept; int len, young; } icsk_accept_queue;
	struct { void *tail; } sk_backlog;
	struct { unsigned long expires; } tw_timer;
};

#define request_sock			sock
#define tcp_request_sock		sock
#define inet_timewait_sock		sock
#define tcp_timewait_sock		sock
#define tcp_sock			sock
#define inet_reqsk(sk)			(sk)
#define tcp_rsk(sk)			(sk)
#define inet_rsk(sk)			(sk)
#define inet_twsk(sk)			(sk)
#define tcp_twsk(sk)			(sk)
#define tcp_sk(sk)			(sk)
#define inet_csk(sk)			(sk)
#define inet_sk(sk)			(sk)
#define sock_net(sk)			((sk)->net)
#define sock_flag(sk, flag)		((sk)->sk_done)
#define sk_fullsock(sk)			(BIT((sk)->sk_state) & TCPF_FULL)
#define sk_acceptq_is_full(sk)		((sk)->sk_ack_backlog > (sk)->sk_max_ack_backlog)
#define reqsk_queue_len(queue)		((queue)->len)
#define reqsk_queue_len_young(queue)	((queue)->young)
#define inet_csk_reqsk_queue_len(sk)	((sk)->icsk_accept_queue.len)
#define inet_test_bit(bit, sk)		((void)(sk), false)
#define tcp_receive_window(tp)		((tp)->rcv_wnd)
#define before(a, b)			((s32)((a) - (b)) < 0)
#define between(seq, a, b)		((b) - (a) >= (seq) - (a))
#define tt_tcp_clock(tp)		((u32)jiffies)
#define sock_gen_put(sk)		((void)(sk)->held--)

struct tcp_options_received {
	u32 ts_recent, ts_recent_stamp, rcv_tsval;
};

static inline bool tcp_paws_reject(const struct tcp_options_received *opt, int rst)
{
	return opt->ts_recent && before(opt->rcv_tsval, opt->ts_recent);
}

#define TCP_PAWS_WINDOW	1
#define tcp_paws_check(opt, window) \
	(!(opt)->ts_recent || (s32)((opt)->ts_recent - (opt)->rcv_tsval) <= (window))

/* What the test has put where the socket tables are. */
struct sock *uk_lookup_sock(int family, const void *laddr, u16 lport);
struct sock *uk_lookup_listener(int family, const void *laddr, u16 lport);

#define __inet_lookup_established(net, info, saddr, sport, daddr, dport, dif, sdif) ({ \
	__be32 uk_daddr = (daddr); \
	(void)(info), (void)(saddr), (void)(sport), (void)(dif), (void)(sdif); \
	uk_lookup_sock(AF_INET, &uk_daddr, dport); })
#define __inet6_lookup_established(net, info, saddr, sport, daddr, dport, dif, sdif) \
	uk_lookup_sock(AF_INET6, daddr, dport)

/* Somebody is always in the bucket: whether it is he who is looked for, is looked up. */
struct hlist_nulls_head { const void *first; };
struct inet_ehash_bucket { struct hlist_nulls_head chain; };
static const struct inet_ehash_bucket uk_bucket = { { &uk_bucket } };
#define inet_ehashfn(net, laddr, lport, faddr, fport) \
	((u32)((void)(laddr), (void)(lport), (void)(faddr), (fport)))
#define inet6_ehashfn(net, laddr, lport, faddr, fport) \
	((u32)((void)(laddr), (void)(lport), (void)(faddr), (fport)))
#define inet_ehash_bucket(info, hash)	((void)(info), (void)(hash), &uk_bucket)
#define is_a_nulls(node)		((unsigned long)(node) & 1)
#define prefetch(p)			((void)(p))

#define __inet_lookup_listener(net, info, skb, doff, saddr, sport, daddr, dport, dif, sdif) ({ \
	__be32 uk_daddr = (daddr); \
	(void)(info), (void)(saddr), (void)(sport), (void)(dif), (void)(sdif); \
	uk_lookup_listener(AF_INET, &uk_daddr, dport); })
#define inet6_lookup_listener(net, info, skb, doff, saddr, sport, daddr, dport, dif, sdif) \
	uk_lookup_listener(AF_INET6, daddr, dport)

struct flowi { int unused; };

#endif /* TCPTRACK_UKERNEL_NET_H */
