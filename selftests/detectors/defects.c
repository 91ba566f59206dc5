// SPDX-License-Identifier: GPL-2.0-only
/*
 * Deliberate defects, one for each detector: insmod defects.ko what=NAME.
 *
 * Never load this on a machine that matters. scripts/detectors loads it in the
 * test kernels and fails unless each defect is reported: a detector that sees
 * nothing here would see nothing in tcptrack either.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *what = "none";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "the defect to commit");

/* Two unrelated locks, only to be taken in the wrong order. */
static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);
static LIST_HEAD(list);

struct item {
	struct list_head node;
	int value;
};

static noinline void leak(void)
{
	void *p = kmalloc(777, GFP_KERNEL);

	if (p)
		memset(p, 1, 777);
	OPTIMIZER_HIDE_VAR(p);
}

static noinline void use_after_free(void)
{
	char *p = kzalloc(64, GFP_KERNEL);

	if (!p)
		return;
	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	p[3] = 1;
}

static noinline void out_of_bounds(void)
{
	char *p = kzalloc(60, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	p[60] = 1;
	kfree(p);
}

static noinline void sleep_in_atomic(void)
{
	spin_lock(&lock_a);
	kfree(kmalloc(64, GFP_KERNEL));
	spin_unlock(&lock_a);
}

static noinline void lock_inversion(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);

	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

static noinline void rcu_misuse(void)
{
	struct item *i;
	int sum = 0;

	list_for_each_entry_rcu(i, &list, node)
		sum += i->value;
	OPTIMIZER_HIDE_VAR(sum);
}

static void timer_function(struct timer_list *t)
{
}

static noinline void freed_timer(void)
{
	struct timer_list *t = kmalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return;
	timer_setup(t, timer_function, 0);
	mod_timer(t, jiffies + 100 * HZ);
	kfree(t);
}

static noinline void bad_shift(void)
{
	int x = 1, by = 40;

	OPTIMIZER_HIDE_VAR(by);
	x <<= by;
	OPTIMIZER_HIDE_VAR(x);
}

static unsigned long shared;

static int racer(void *unused)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static noinline void unlocked_counter(void)
{
	struct task_struct *task[2];
	int i;

	for (i = 0; i < 2; i++) {
		task[i] = kthread_create(racer, NULL, "racer%d", i);
		if (IS_ERR(task[i]))
			return;
		kthread_bind(task[i], i);
		wake_up_process(task[i]);
	}
	ssleep(5);
	for (i = 0; i < 2; i++)
		kthread_stop(task[i]);
}

static const struct {
	const char *name;
	void (*commit)(void);
} defects[] = {
	{ "leak", leak },
	{ "use_after_free", use_after_free },
	{ "out_of_bounds", out_of_bounds },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "lock_inversion", lock_inversion },
	{ "rcu_misuse", rcu_misuse },
	{ "freed_timer", freed_timer },
	{ "bad_shift", bad_shift },
	{ "data_race", unlocked_counter },
};

static int __init defects_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		if (strcmp(defects[i].name, what))
			continue;
		defects[i].commit();
		return 0;
	}
	return -EINVAL;
}

static void __exit defects_exit(void)
{
}

module_init(defects_init);
module_exit(defects_exit);
MODULE_DESCRIPTION("Deliberate defects that test the kernel's detectors");
MODULE_LICENSE("GPL");
