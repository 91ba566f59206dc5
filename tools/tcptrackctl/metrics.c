// SPDX-License-Identifier: GPL-2.0-only
/* metrics: Prometheus' text format. Names are ABI. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/tcptrack.h>

#include "meanings.h"
#include "metrics.h"
#include "netlink_names.h"
#include "tcptrackctl.h"

#define PREFIX	"tcptrack_"
#define CLOSED	"closed_"

static FILE *out;

static void put_escaped(const char *text, const char *escape)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", out);
		else if (*text & 0x80)	/* a page is UTF-8, a name may be anything */
			putc('?', out);
		else if (strchr(escape, *text))
			fprintf(out, "\\%c", *text);
		else
			putc(*text, out);
	}
}

static char separator;		/* before the next label */

void metric_label(const char *name, const char *value)
{
	fprintf(out, "%c%s=\"", separator, name);
	put_escaped(value, "\\\"");
	putc('"', out);
	separator = ',';
}

void metric_begin(const char *name, const char *suffix)
{
	fprintf(out, PREFIX "%s%s", name, suffix);
	separator = '{';
	if (options.netns)
		metric_label("netns", options.netns);
}

static void labelled(void)
{
	fputs(separator == '{' ? " " : "} ", out);
}

void metric_number(uint64_t n)
{
	labelled();
	fprintf(out, "%llu\n", (unsigned long long)n);
}

void metric_head(const char *name, const char *suffix, const char *type, const char *help)
{
	fprintf(out, "# HELP " PREFIX "%s%s ", name, suffix);
	put_escaped(help, "\\");
	fprintf(out, "\n# TYPE " PREFIX "%s%s %s\n", name, suffix, type);
}

const char *metric_help(enum means kind, const char *name)
{
	const struct meaning *m = meaning_of(kind, name);

	if (!m)
		return name;
	return *m->what ? m->what : m->more;
}

void metric_ms(uint64_t ms)
{
	labelled();
	fprintf(out, "%llu.%03llu\n", (unsigned long long)ms / 1000, (unsigned long long)ms % 1000);
}

/* --- values and counters --- */

static void put_info(struct nlattr **attrs)
{
	const struct nlattr *version = attrs[TCPTRACK_A_COUNTERS_VERSION];

	metric_head("info", "", "gauge", metric_help(MEANS_METRIC, PREFIX "info"));
	metric_begin("info", "");
	metric_label("version", version ? mnl_attr_get_str(version) : "?");
	metric_label("mode", word(mode_words, netlink_uint(attrs[TCPTRACK_A_COUNTERS_MODE])));
	metric_number(1);
}

static void put_uptime(const struct nlattr *attr)
{
	const char *help = metric_help(MEANS_VALUE, "uptime_ms");

	if (!attr)
		return;
	metric_head("uptime_seconds", "", "gauge", help + strlen("milli"));
	metric_begin("uptime_seconds", "");
	metric_ms(netlink_uint(attr));
}

static void put_values(struct nlattr **attrs)
{
	static const struct {
		const char *name;
		uint16_t attr;
	} values[] = {
#define A(name, NAME) { #name, TCPTRACK_A_COUNTERS_##NAME },
		TT_VALUE_ATTRS(A)
#undef A
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		const struct nlattr *attr = attrs[values[i].attr];
		const char *name = values[i].name;
		long long n = netlink_uint(attr);

		if (!attr || values[i].attr == TCPTRACK_A_COUNTERS_UPTIME_MS)
			continue;
		if (values[i].attr == TCPTRACK_A_COUNTERS_COOKIE_SELFTEST)
			n = (int32_t)n;
		/* tcptrack_flows are the endpoints by state */
		if (values[i].attr == TCPTRACK_A_COUNTERS_FLOWS)
			name = "flows_tracked";
		metric_head(name, "", "gauge", metric_help(MEANS_VALUE, values[i].name));
		metric_begin(name, "");
		labelled();
		fprintf(out, "%lld\n", n);
	}
}

/* Together they are flows_destroyed. (And promtool takes the "us" of a name for a unit.) */
static void put_closed(const char *reason, uint64_t n, bool first)
{
	if (first)
		metric_head("closed", "_total", "counter",
			    metric_help(MEANS_COUNTER, "flows_destroyed"));
	metric_begin("closed", "_total");
	metric_label("reason", reason);
	metric_number(n);
}

static void put_counters(struct nlattr **attrs)
{
	static const struct {
		const char *name;
		uint16_t attr;
	} counters[] = {
#define A(name, NAME) { #name, TCPTRACK_A_COUNTERS_##NAME },
		TT_STAT_ATTRS(A)
#undef A
	};
	bool closed = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		const struct nlattr *attr = attrs[counters[i].attr];
		const char *name = counters[i].name;

		if (!attr)
			continue;
		if (!strncmp(name, CLOSED, strlen(CLOSED))) {
			put_closed(name + strlen(CLOSED), netlink_uint(attr), !closed);
			closed = true;
			continue;
		}
		metric_head(name, "_total", "counter", metric_help(MEANS_COUNTER, name));
		metric_begin(name, "_total");
		metric_number(netlink_uint(attr));
	}
}

/* --- histograms --- */

struct bucket {
	unsigned int attempt, ge_ms;
	unsigned long long count;
};

#define BUCKETS	256

static size_t buckets_of(const struct nlmsghdr *nlh, uint16_t type, struct bucket *buckets)
{
	struct nlattr *attrs[TCPTRACK_A_BUCKET_MAX + 1];
	const struct nlattr *attr;
	size_t n = 0;

	mnl_attr_for_each(attr, nlh, NETLINK_HEADER) {
		if (mnl_attr_get_type(attr) != type || n == BUCKETS)
			continue;
		netlink_nested(attr, attrs, TCPTRACK_A_BUCKET_MAX);
		buckets[n].attempt = netlink_uint(attrs[TCPTRACK_A_BUCKET_ATTEMPT]);
		buckets[n].ge_ms = netlink_uint(attrs[TCPTRACK_A_BUCKET_GE_MS]);
		buckets[n++].count = netlink_uint(attrs[TCPTRACK_A_BUCKET_COUNT]);
	}
	return n;
}

static void begin_bucket(const char *name, const char *suffix, unsigned int attempt)
{
	char text[16];

	metric_begin(name, suffix);
	if (!attempt)
		return;
	snprintf(text, sizeof(text), "%u", attempt);
	metric_label("attempt", text);
}

/*
 * The module counts whole milliseconds, rounded down, from an edge to below the next: so the
 * next edge is what they are less than or equal to. It knows no sum.
 */
static void put_histogram(const struct nlmsghdr *nlh, const char *name, uint16_t type)
{
	struct bucket buckets[BUCKETS];
	size_t i, n = buckets_of(nlh, type, buckets);
	unsigned long long sum = 0;
	char le[32];

	if (n)
		metric_head(name, "_seconds", "histogram", metric_help(MEANS_VALUE, name));
	for (i = 0; i < n; i++) {
		bool last = i + 1 == n || buckets[i + 1].attempt != buckets[i].attempt;

		sum += buckets[i].count;
		if (!last)
			snprintf(le, sizeof(le), "%g", buckets[i + 1].ge_ms / 1000.0);
		begin_bucket(name, "_seconds_bucket", buckets[i].attempt);
		metric_label("le", last ? "+Inf" : le);
		metric_number(sum);
		if (!last)
			continue;
		begin_bucket(name, "_seconds_count", buckets[i].attempt);
		metric_number(sum);
		sum = 0;
	}
}

static void counters(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	put_info(attrs);
	put_uptime(attrs[TCPTRACK_A_COUNTERS_UPTIME_MS]);
	put_values(attrs);
	put_counters(attrs);
	put_histogram(nlh, "syn_gap", TCPTRACK_A_COUNTERS_SYN_GAP);
	put_histogram(nlh, "synack_gap", TCPTRACK_A_COUNTERS_SYNACK_GAP);
	put_histogram(nlh, "halfopen_life", TCPTRACK_A_COUNTERS_HALFOPEN_LIFE);
}

/* --- states --- */

static void put_state(const struct nlmsghdr *nlh, const char *name, const char *suffix,
		      const char *side, uint16_t type)
{
	struct nlattr *attrs[TCPTRACK_A_STATE_ROW_MAX + 1];
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, NETLINK_HEADER) {
		if (mnl_attr_get_type(attr) != TCPTRACK_A_STATES_STATE)
			continue;
		netlink_nested(attr, attrs, TCPTRACK_A_STATE_ROW_MAX);
		metric_begin(name, suffix);
		if (side)
			metric_label("side", side);
		metric_label("state", word(state_names,
					   netlink_uint(attrs[TCPTRACK_A_STATE_ROW_STATE])));
		metric_number(netlink_uint(attrs[type]));
	}
}

static void states(const struct nlmsghdr *nlh, struct nlattr **attrs, void *arg)
{
	metric_head("flows", "", "gauge", metric_help(MEANS_METRIC, PREFIX "flows"));
	put_state(nlh, "flows", "", "local", TCPTRACK_A_STATE_ROW_LOCAL);
	put_state(nlh, "flows", "", "remote", TCPTRACK_A_STATE_ROW_REMOTE);
	put_state(nlh, "flows", "", "forward", TCPTRACK_A_STATE_ROW_FORWARD);
	metric_head("state_entered", "_total", "counter", metric_help(MEANS_SIDE, "entered"));
	put_state(nlh, "state_entered", "_total", NULL, TCPTRACK_A_STATE_ROW_ENTERED);
}

void metrics_print(FILE *to)
{
	out = to;
	netlink_run(netlink_request(TCPTRACK_CMD_COUNTERS_GET, false), counters,
		    TCPTRACK_A_COUNTERS_MAX, NULL);
	netlink_run(netlink_request(TCPTRACK_CMD_STATES_GET, false), states,
		    TCPTRACK_A_STATES_MAX, NULL);
	metrics_listeners();
}

void metrics_write(FILE *to)
{
	char *text;
	size_t size;
	FILE *all = open_memstream(&text, &size);

	if (!all)
		die(EXIT_REFUSED, "no memory");
	metrics_print(all);
	if (fclose(all))
		die(EXIT_REFUSED, "no memory");
	/* after a short write stdio has nothing left that fflush() could fail to write */
	if (fwrite(text, 1, size, to) != size)
		die(EXIT_REFUSED, "the metrics were not written: %s", strerror(errno));
	free(text);
}

int cmd_metrics(int argc, char **argv)
{
	FILE *to;

	if (argc > 1)
		no_arguments("metrics FILE", argc - 1, argv + 1);
	/* others are to read it: node_exporter is one */
	to = file_begin(argc ? argv[0] : NULL, 0644);
	metrics_write(to);
	file_commit(to);
	return 0;
}
