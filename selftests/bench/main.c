// SPDX-License-Identifier: GPL-2.0-only
/*
 * The injector of "make bench". A line of NAME=VALUE words in /proc/tcptrack_bench is a run:
 * it is over when write() returns, in the namespace of who wrote, where the device
 * ttbench0 has to be. Reading tells of the last run:
 *   ns N      nanoseconds for a packet (connection): the median of all batches;
 *             p10, p90 and mean are of the same
 *   build     nanoseconds to build a packet, in none of these
 *   deferred  nanoseconds after a packet for what was left to softirqs, in none of these
 *   packets, sent, accepted
 */

#include <linux/bottom_half.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "bench.h"

static DEFINE_MUTEX(run_mutex);	/* one run at a time; guards what follows */
static struct bench *last;

static const char * const kinds[BENCH_KINDS] = { "syn", "ack", "data", "forward", "conn" };
static const char * const sinks[BENCH_SINKS] = { "receive", "free", "nothing" };

#define WORD(name, min, max) { #name, offsetof(struct bench_conf, name), min, max, NULL, 0 }
#define NAMED(name, names) \
	{ #name, offsetof(struct bench_conf, name), 0, 0, names, ARRAY_SIZE(names) }

static const struct {
	const char *name;
	unsigned int offset;
	unsigned int min, max;
	const char * const *names;
	unsigned int n;
} words[] = {
	NAMED(kind, kinds),
	NAMED(sink, sinks),
	WORD(family, 4, 6),
	WORD(port, 1, U16_MAX),
	WORD(backlog, 1, INT_MAX),
	WORD(count, 1, 100000000),
	WORD(warm, 0, 100000000),
	WORD(floods, 0, 100000000),
	WORD(wait, 0, 600000),
	WORD(batch, 1, BENCH_BATCH),
	WORD(flows, 1, BENCH_PEERS),
	WORD(len, 0, 1400),
	WORD(seed, 0, INT_MAX),
};

static int parse_word(struct bench_conf *conf, char *word)
{
	char *value = strchr(word, '=');
	unsigned int i, v;
	int n;

	if (!value)
		return -EINVAL;
	*value++ = 0;
	for (i = 0; i < ARRAY_SIZE(words) && strcmp(words[i].name, word); i++)
		;
	if (i == ARRAY_SIZE(words))
		return -EINVAL;
	if (words[i].names) {
		n = match_string(words[i].names, words[i].n, value);
		if (n < 0)
			return -EINVAL;
		v = n;
	} else if (kstrtouint(value, 0, &v) || v < words[i].min || v > words[i].max) {
		return -ERANGE;
	}
	*(unsigned int *)((char *)conf + words[i].offset) = v;
	return 0;
}

static int parse(struct bench_conf *conf, char *line)
{
	char *word;
	int err = 0;

	*conf = (struct bench_conf){
		.family = 4, .port = 80, .backlog = 1024, .count = 65536, .warm = 4096,
		.batch = 64, .flows = 64, .len = 100, .seed = 1,
	};
	while (!err && (word = strsep(&line, "\n "))) {
		if (*word)
			err = parse_word(conf, word);
	}
	if (err)
		return err;
	if (conf->family == 5 || (conf->sink != BENCH_RECEIVE && conf->kind > BENCH_ACK))
		return -EINVAL;
	conf->flows = min(roundup(conf->flows, conf->batch), rounddown(BENCH_PEERS, conf->batch));
	return 0;
}

static void bench_free(struct bench *b)
{
	if (!b)
		return;
	kvfree(b->child);
	kvfree(b->peers);
	kvfree(b->ns);
	kfree(b);
}

static struct bench *bench_new(const struct bench_conf *conf)
{
	struct bench *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	b->conf = *conf;
	b->npeers = conf->kind == BENCH_CONN ? conf->batch : conf->flows;
	prandom_seed_state(&b->rnd, ~(u64)conf->seed);
	b->batches = DIV_ROUND_UP(conf->count, conf->batch);
	b->ns = kvcalloc(b->batches, sizeof(*b->ns), GFP_KERNEL);
	if (!b->ns)
		goto err;
	if (conf->kind == BENCH_SYN || conf->kind == BENCH_ACK)
		return b;
	b->peers = kvcalloc(b->npeers, sizeof(*b->peers), GFP_KERNEL);
	b->child = kvcalloc(b->npeers, sizeof(*b->child), GFP_KERNEL);
	if (b->peers && b->child)
		return b;
err:
	bench_free(b);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static int run(struct bench *b)
{
	unsigned int i;
	int err;

	b->net = current->nsproxy->net_ns;
	b->dev = bench_device(b->net);
	if (!b->dev)
		return -ENODEV;
	err = bench_server_open(b);
	if (err)
		return err;
	bench_device_watch(b->peers, b->npeers);
	err = bench_recipe(b);
	bench_device_watch(NULL, 0);
	for (i = 0; i < b->npeers; i++)
		if (b->child && b->child[i])
			bench_server_reset(b->child[i]);
	bench_server_close(b);
	sort(b->ns, b->batches, sizeof(*b->ns), by_value, NULL);
	return err;
}

static int start(const struct bench_conf *conf)
{
	struct bench *b = bench_new(conf);
	int err;

	if (!b)
		return -ENOMEM;
	mutex_lock(&run_mutex);
	err = run(b);
	swap(b, last);
	mutex_unlock(&run_mutex);
	bench_free(b);
	return err;
}

static ssize_t bench_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	struct bench_conf conf;
	char *line;
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	line = memdup_user_nul(buf, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	err = parse(&conf, line);
	kfree(line);
	err = err ?: start(&conf);
	return err ?: size;
}

static void show(struct seq_file *m, const char *name, u64 sixteenths)
{
	seq_printf(m, "%s %llu.%02llu\n", name, sixteenths / 16, sixteenths % 16 * 100 / 16);
}

static int bench_show(struct seq_file *m, void *v)
{
	const struct bench *b;
	u64 n;

	mutex_lock(&run_mutex);
	b = last;
	if (b) {
		n = (u64)b->batches * b->conf.batch;
		show(m, "ns", b->ns[b->batches / 2]);
		show(m, "p10", b->ns[b->batches / 10]);
		show(m, "p90", b->ns[(u64)b->batches * 9 / 10]);
		show(m, "mean", div64_u64(b->total * 16, n));
		show(m, "build", div64_u64(b->build * 16, n));
		show(m, "deferred", div64_u64(b->deferred * 16, n));
		seq_printf(m, "packets %llu\nsent %lu\naccepted %lu\n", n, b->sent, b->accepted);
	}
	mutex_unlock(&run_mutex);
	return 0;
}

static int bench_open(struct inode *inode, struct file *file)
{
	return single_open(file, bench_show, NULL);
}

static const struct proc_ops bench_ops = {
	.proc_open = bench_open,
	.proc_read = seq_read,
	.proc_write = bench_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init bench_init(void)
{
	int err = bench_device_init();

	if (err)
		return err;
	if (proc_create("tcptrack_bench", 0600, NULL, &bench_ops))
		return 0;
	bench_device_exit();
	return -ENOMEM;
}

static void __exit bench_exit(void)
{
	remove_proc_entry("tcptrack_bench", NULL);
	bench_free(last);
	bench_device_exit();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("Packets for the bench of tcptrack");
MODULE_LICENSE("GPL");
