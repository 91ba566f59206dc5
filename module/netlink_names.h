/* SPDX-License-Identifier: GPL-2.0-only */
/* Made by scripts/ynl-regen from the lists in stats.h, view.h, listener.h and conf.h. */
#ifndef TCPTRACK_NETLINK_NAMES_H
#define TCPTRACK_NETLINK_NAMES_H

/* A(name in /proc, name of the attribute without its prefix) */
#define TT_STAT_ATTRS(A) \
	A(segments_seen, SEGMENTS_SEEN) \
	A(segments_early, SEGMENTS_EARLY) \
	A(segments_repeat, SEGMENTS_REPEAT) \
	A(invalid_fragment, INVALID_FRAGMENT) \
	A(invalid_header, INVALID_HEADER) \
	A(invalid_length, INVALID_LENGTH) \
	A(invalid_offset, INVALID_OFFSET) \
	A(invalid_option, INVALID_OPTION) \
	A(invalid_checksum, INVALID_CHECKSUM) \
	A(probe_syn_fin, PROBE_SYN_FIN) \
	A(probe_fin, PROBE_FIN) \
	A(probe_null, PROBE_NULL) \
	A(probe_xmas, PROBE_XMAS) \
	A(stray, STRAY) \
	A(flows_created, FLOWS_CREATED) \
	A(flows_adopted, FLOWS_ADOPTED) \
	A(flows_picked_up, FLOWS_PICKED_UP) \
	A(flows_refused_full, FLOWS_REFUSED_FULL) \
	A(flows_refused_memory, FLOWS_REFUSED_MEMORY) \
	A(flows_destroyed, FLOWS_DESTROYED) \
	A(closed_normal, CLOSED_NORMAL) \
	A(closed_reset_by_peer, CLOSED_RESET_BY_PEER) \
	A(closed_reset_by_us, CLOSED_RESET_BY_US) \
	A(closed_refused, CLOSED_REFUSED) \
	A(closed_halfopen_reset, CLOSED_HALFOPEN_RESET) \
	A(closed_forgotten, CLOSED_FORGOTTEN) \
	A(closed_handshake_timeout, CLOSED_HANDSHAKE_TIMEOUT) \
	A(closed_retrans_timeout, CLOSED_RETRANS_TIMEOUT) \
	A(closed_unreachable, CLOSED_UNREACHABLE) \
	A(closed_evicted, CLOSED_EVICTED) \
	A(closed_idle, CLOSED_IDLE) \
	A(closed_socket_gone, CLOSED_SOCKET_GONE) \
	A(syn_retrans, SYN_RETRANS) \
	A(synack_retrans, SYNACK_RETRANS) \
	A(fin_retrans, FIN_RETRANS) \
	A(simultaneous_opens, SIMULTANEOUS_OPENS) \
	A(simultaneous_closes, SIMULTANEOUS_CLOSES) \
	A(half_closes, HALF_CLOSES) \
	A(fast_opens, FAST_OPENS) \
	A(challenge_acks, CHALLENGE_ACKS) \
	A(rst_ignored, RST_IGNORED) \
	A(old_duplicates, OLD_DUPLICATES) \
	A(bad_acks, BAD_ACKS) \
	A(timewait_restarted, TIMEWAIT_RESTARTED) \
	A(timewait_reopened, TIMEWAIT_REOPENED) \
	A(timewait_assassinated, TIMEWAIT_ASSASSINATED) \
	A(syns, SYNS) \
	A(accept_full, ACCEPT_FULL) \
	A(over_listener, OVER_LISTENER) \
	A(over_namespace, OVER_NAMESPACE) \
	A(over_source, OVER_SOURCE) \
	A(syns_dropped, SYNS_DROPPED) \
	A(halfopen_evicted, HALFOPEN_EVICTED) \
	A(halfopen_expired, HALFOPEN_EXPIRED) \
	A(handshakes_completed, HANDSHAKES_COMPLETED) \
	A(listeners_refused, LISTENERS_REFUSED) \
	A(cookie_modes, COOKIE_MODES) \
	A(cookies_sent, COOKIES_SENT) \
	A(cookies_own_buffer, COOKIES_OWN_BUFFER) \
	A(cookies_reflected, COOKIES_REFLECTED) \
	A(early_cookies, EARLY_COOKIES) \
	A(cookies_no_memory, COOKIES_NO_MEMORY) \
	A(cookies_no_route, COOKIES_NO_ROUTE) \
	A(cookie_left_socket, COOKIE_LEFT_SOCKET) \
	A(cookie_left_tproxy, COOKIE_LEFT_TPROXY) \
	A(cookie_left_nat, COOKIE_LEFT_NAT) \
	A(cookie_left_header, COOKIE_LEFT_HEADER) \
	A(cookie_left_multicast, COOKIE_LEFT_MULTICAST) \
	A(cookie_left_auth, COOKIE_LEFT_AUTH) \
	A(cookie_left_mptcp, COOKIE_LEFT_MPTCP) \
	A(cookie_left_ttl, COOKIE_LEFT_TTL) \
	A(cookie_left_filter, COOKIE_LEFT_FILTER) \
	A(cookie_left_security, COOKIE_LEFT_SECURITY) \
	A(cookie_left_ipsec, COOKIE_LEFT_IPSEC) \
	A(cookie_left_option, COOKIE_LEFT_OPTION) \
	A(cookie_left_window, COOKIE_LEFT_WINDOW) \
	A(cookies_valid, COOKIES_VALID) \
	A(cookies_invalid, COOKIES_INVALID) \
	A(cookies_invalid_unhashed, COOKIES_INVALID_UNHASHED) \
	A(cookies_invalid_passed, COOKIES_INVALID_PASSED) \
	A(early_acks_dropped, EARLY_ACKS_DROPPED) \
	A(corrected, CORRECTED) \
	A(collector_runs, COLLECTOR_RUNS) \
	A(settings_refused, SETTINGS_REFUSED) \
	A(events_lost, EVENTS_LOST)

#define TT_VALUE_ATTRS(A) \
	A(uptime_ms, UPTIME_MS) \
	A(flows, FLOWS) \
	A(flows_max, FLOWS_MAX) \
	A(flows_unproven, FLOWS_UNPROVEN) \
	A(halfopen, HALFOPEN) \
	A(halfopen_max, HALFOPEN_MAX) \
	A(cookie_mode, COOKIE_MODE) \
	A(cookie_selftest, COOKIE_SELFTEST) \
	A(timewait_max, TIMEWAIT_MAX) \
	A(tracepoint, TRACEPOINT)

#define TT_LISTENER_ATTRS(A) \
	A(syns, SYNS) \
	A(accept_full, ACCEPT_FULL) \
	A(over_listener, OVER_LISTENER) \
	A(over_namespace, OVER_NAMESPACE) \
	A(over_source, OVER_SOURCE) \
	A(syns_dropped, SYNS_DROPPED) \
	A(halfopen_evicted, HALFOPEN_EVICTED) \
	A(halfopen_expired, HALFOPEN_EXPIRED) \
	A(cookies_sent, COOKIES_SENT) \
	A(cookies_valid, COOKIES_VALID) \
	A(cookies_invalid, COOKIES_INVALID) \
	A(cookie_modes, COOKIE_MODES) \
	A(handshakes_completed, HANDSHAKES_COMPLETED)

#define TT_CONF_ATTRS(A) \
	A(flows_max, FLOWS_MAX) \
	A(halfopen_max, HALFOPEN_MAX) \
	A(halfopen_listener_max, HALFOPEN_LISTENER_MAX) \
	A(halfopen_source_max, HALFOPEN_SOURCE_MAX) \
	A(halfopen_timeout_min, HALFOPEN_TIMEOUT_MIN) \
	A(cookie_start, COOKIE_START) \
	A(cookie_end, COOKIE_END) \
	A(cookie_min_time, COOKIE_MIN_TIME) \
	A(cookie_resets, COOKIE_RESETS) \
	A(mode, MODE) \
	A(overflow, OVERFLOW) \
	A(forward, FORWARD) \
	A(early, EARLY) \
	A(reply, REPLY)

#endif /* TCPTRACK_NETLINK_NAMES_H */
