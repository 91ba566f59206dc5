// SPDX-License-Identifier: GPL-2.0-only
/* What every kind of flow has in common when a segment moves it. */

#include "flow.h"
#include "net.h"
#include "track.h"
#include "window.h"

void tt_track_stray(const struct tt_ctx *ctx)
{
	struct tt_net *tn = ctx->tn;
	u8 flags = ctx->seg.flags & (TT_SFR | TT_ACK | TT_PSH | TT_URG);

	/* a segment is refused for one reason */
	if (ctx->malformed)
		return;
	if (flags & TT_SYN && flags & (TT_FIN | TT_RST))
		tt_stat_inc(tn, probe_syn_fin);
	else if (!flags)
		tt_stat_inc(tn, probe_null);
	else if (flags == (TT_FIN | TT_PSH | TT_URG))
		tt_stat_inc(tn, probe_xmas);
	else if (flags & TT_FIN && !(flags & TT_ACK))
		tt_stat_inc(tn, probe_fin);
	else
		tt_stat_inc(tn, stray);
}

static void count_once(struct tt_flow *flow, u16 flag, enum tt_stat stat)
{
	if (flow->flags & flag)
		return;
	flow->flags |= flag;
	__this_cpu_inc(flow->tn->stats->stat[stat]);
}

static void count_syn_retrans(struct tt_flow *flow)
{
	struct tt_net *tn = flow->tn;

	__tt_stat_inc(tn, syn_retrans);
	if (flow->syns < U8_MAX)
		flow->syns++;
	/* once a SYN-ACK was seen, half is its time */
	if (flow->flags & TT_F_SYNACK)
		return;
	flow->syn_gap = min_t(u32, tt_ms_since(flow->half), U16_MAX);
	tt_stats_gap(tn, TT_GAP_SYN, flow->syns, flow->syn_gap);
	flow->half = tt_now();
}

static void count_synack_retrans(struct tt_flow *flow)
{
	struct tt_net *tn = flow->tn;

	__tt_stat_inc(tn, synack_retrans);
	if (flow->synacks < U8_MAX)
		flow->synacks++;
	tt_stats_gap(tn, TT_GAP_SYNACK, flow->synacks, tt_ms_since(flow->half));
	flow->half = tt_now();
}

void tt_track_count_event(struct tt_flow *flow, enum tt_event ev, u8 flags)
{
	struct tt_net *tn = flow->tn;

	switch (ev) {
	case TT_EV_SYN_RETRANS:
		count_syn_retrans(flow);
		break;
	case TT_EV_SYNACK_RETRANS:
		count_synack_retrans(flow);
		break;
	case TT_EV_FIN_RETRANS:
		__tt_stat_inc(tn, fin_retrans);
		break;
	case TT_EV_SIMUL_OPEN:
		count_once(flow, TT_F_SIMOPEN, TT_STAT_simultaneous_opens);
		break;
	case TT_EV_SIMUL_CLOSE:
		count_once(flow, TT_F_SIMCLOSE, TT_STAT_simultaneous_closes);
		break;
	case TT_EV_CHALLENGE:
		__tt_stat_inc(tn, challenge_acks);
		break;
	case TT_EV_OLD_DUP:
		if (flags & TT_SFR)
			__tt_stat_inc(tn, old_duplicates);
		break;
	case TT_EV_BAD_ACK:
		__tt_stat_inc(tn, bad_acks);
		break;
	case TT_EV_RST_IGNORED:
		__tt_stat_inc(tn, rst_ignored);
		break;
	case TT_EV_TW_RESTART:
		__tt_stat_inc(tn, timewait_restarted);
		break;
	case TT_EV_TW_ASSASSINATED:
		__tt_stat_inc(tn, timewait_assassinated);
		break;
	default:
		break;
	}
}

void tt_track_halfclose(struct tt_flow *flow, int from, const struct tt_seg *seg)
{
	if (seg->len && flow->ep[from].state == TT_CLOSE_WAIT)
		count_once(flow, TT_F_HALFCLOSED, TT_STAT_half_closes);
}

bool tt_track_fins_cross(struct tt_flow *flow, int from, const struct tt_seg *seg)
{
	const struct tt_endpoint *other = &flow->ep[!from];
	struct tt_endpoint next __uninitialized;

	if (!(seg->flags & TT_ACK) || !(other->flags & TT_EP_FIN_SENT) ||
	    !tt_before(seg->ack, other->snd_nxt))
		return false;
	next = flow->ep[from];
	next.state = TT_ESTABLISHED;
	tt_step(&next, TT_SENT, seg);
	next.state = TT_CLOSING;
	tt_track_apply(flow, from, &next);
	return true;
}
