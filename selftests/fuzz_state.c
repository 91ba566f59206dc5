// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: any sequence of segments, socket changes and minutes that pass. Sequence
 * numbers are made near those that the tracker expects, so that all states are reached.
 * After each step every gauge, counter and quota must be what the flows are, no state may
 * be out of range, no lock be left.
 */
#include "fuzz.h"

/* A step: so many octets of the input. */
struct step {
	u8 what, flags, seq, ack, len, socket;
};

enum { IN, OUT, FORWARD, GONE, SOCKET, TIME, MEMORY, CONF, KINDS };

static u32 near(u32 base, u8 how)
{
	static const u32 off[] = { 0, 1, -1, 2, 16, -16, 999, 1000, 1001, -1000, 0x40000000,
				   0x7fffffff, 0x80000000, 0xffff0000, 3, 64000 };

	return base + off[how & 15];
}

static void make_sock(struct sock *sk, const struct tt_flow *flow, u32 end, u8 how)
{
	static const u8 states[] = { TCP_ESTABLISHED, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1,
				     TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE, TCP_CLOSE_WAIT,
				     TCP_LAST_ACK, TCP_CLOSING, TCP_NEW_SYN_RECV };
	const struct tt_endpoint *ep = flow ? &flow->ep[end] : NULL;
	struct tt_key key;

	uk_key(&key);
	*sk = (struct sock){
		.net = &init_net, .sk_protocol = IPPROTO_TCP, .sk_type = SOCK_STREAM,
		.sk_family = AF_INET, .sk_state = states[(how & 15) % ARRAY_SIZE(states)],
		.tw_substate = how & 16 ? TCP_FIN_WAIT2 : TCP_TIME_WAIT, .sk_done = how >> 5 & 1,
		.sk_err = how & 64 ? ETIMEDOUT : 0, .snd_una = ep ? ep->snd_una : 1000,
		.write_seq = ep ? ep->snd_nxt : 1001, .rcv_nxt = ep ? ep->rcv_nxt : 5001,
		.rcv_wnd = 1000, .snt_isn = ep ? ep->snd_una : 1000,
		.rcv_isn = ep ? ep->rcv_nxt - 1 : 5000, .rsk_rcv_wnd = 1000,
		.tw_snd_nxt = ep ? ep->snd_nxt : 1001, .tw_rcv_nxt = ep ? ep->rcv_nxt : 5001,
		.tw_rcv_wnd = 1000, .sk_rcv_saddr = key.addr[end].s6_addr32[3],
		.sk_daddr = key.addr[!end].s6_addr32[3], .inet_sport = key.port[end],
		.sk_num = ntohs(key.port[end]), .sk_dport = key.port[!end],
		.tw_timer = { jiffies + 60000 }, .sk_shutdown = how >> 7 ? RCV_SHUTDOWN : 0,
		.max_window = 1000, .bytes_acked = 2000,
		.rx_opt.num_sacks = how >> 5, .selective_acks = { { 5100, 5200 }, { 5300, 5400 } },
	};
}

static void segment(const struct step *step, u32 from, struct sock *sk)
{
	static const u8 hooks[] = { NF_INET_LOCAL_IN, NF_INET_LOCAL_OUT, NF_INET_FORWARD };
	const struct tt_flow *flow = uk_flow();
	struct tt_seg seg = {
		.flags = step->flags, .wnd = step->len & 0x80 ? 0 : 1000,
		.seq = near(flow ? flow->ep[from].snd_nxt : 1000, step->seq),
		.ack = near(flow ? flow->ep[!from].snd_nxt : 5000, step->ack),
		.len = step->len & 15, .wscale = step->len & 0x40 ? step->ack >> 4 : TT_WSCALE_NONE,
	};

	uk.host = step->what & 0x40;
	uk_check(uk_segment(hooks[(step->what & 7) % 3], from, &seg, sk) == NF_ACCEPT,
		 "a segment is not accepted");
}

static void do_step(const struct step *step)
{
	u32 end = step->what >> 3 & 1, kind = step->what & 7;
	u32 here = kind == IN ? !end : end;
	struct tt_flow *flow;
	struct sock sk;

	uk.ports = (step->what >> 4 & 3) * 2;
	flow = uk_flow();
	make_sock(&sk, flow, kind == IN || kind == OUT ? here : end, step->socket);
	uk.sk = step->seq & 0x10 ? &sk : NULL;
	switch (kind) {
	case IN:
	case OUT:
	case FORWARD:
		segment(step, end, step->socket & 0x80 ? &sk : NULL);
		break;
	case GONE:
		if (!flow || !(flow->local & BIT(end)) || !tt_has_socket(flow->ep[end].state))
			break;
		tt_flow_lock(&uk.tn, flow);
		tt_track_gone(flow, end);
		break;
	case SOCKET:
		if (sk_fullsock(&sk))
			tt_track_sock(&uk.tn, &sk, sk.sk_state);
		break;
	case TIME:
		jiffies += step->flags << (step->len & 15);
		break;
	case MEMORY:
		uk.no_memory = step->flags & 1;
		break;
	default:
		uk.tn.conf.forward = step->flags & 1;
		uk.tn.conf.flows_max = 1 + (step->flags >> 1 & 7);
	}
	uk.sk = NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_defaults(argc, argv);
	uk_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct step step;

	uk.tn.conf.forward = 1;
	uk.tn.conf.flows_max = 6;
	for (; size >= sizeof(step); data += sizeof(step), size -= sizeof(step)) {
		memcpy(&step, data, sizeof(step));
		do_step(&step);
		uk_account();
	}
	uk.no_memory = false;
	uk_forget();
	uk_account();
	return 0;
}
