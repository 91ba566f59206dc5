/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of ukernel.h, which includes it, that only units of single files need. */
#ifndef TCPTRACK_UKERNEL_UNIT_H
#define TCPTRACK_UKERNEL_UNIT_H

typedef uint64_t __be64;

#define __net_init
#define __net_exit
#define __read_mostly
#define KBUILD_MODNAME			"tcptrack"
#define static_assert			_Static_assert
#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))
#define clamp_t(type, x, low, high)	min_t(type, (type)max((type)(x), (type)(low)), high)
#define max_t(type, a, b)		max((type)(a), (type)(b))
#define pr_info(...)			((void)0)
#define pr_warn_ratelimited(...)	((void)(uk_warnings++))
#define strscpy(to, from, size)		snprintf(to, size, "%s", from)
#define NSEC_PER_MSEC			1000000L
#define msecs_to_jiffies(ms)		(ms)
#define cond_resched()			((void)0)

/* One of all files of the program. */
#define UK_SHARED			__attribute__((__weak__))

UK_SHARED unsigned int uk_warnings;	/* of the log */
UK_SHARED bool uk_no_memory;		/* the next allocation fails, and those after it */
UK_SHARED u64 uk_ns;			/* ktime_get_ns() */

#define ktime_get_ns()			(uk_ns)

/* Locks and counts */
#define DEFINE_MUTEX(name)		struct mutex name
#define DEFINE_SPINLOCK(name)		spinlock_t name
#define mutex_init(lock)		((lock)->held = 0)
#define lockdep_is_held(lock)		((void)(lock), true)
#define atomic_inc(v)			((v)->counter++)
#define atomic_add(n, v)		((v)->counter += (n))

static inline void mutex_lock(struct mutex *lock)
{
	uk_check(!lock->held, "a mutex is taken twice");
	lock->held = 1;
}

static inline void mutex_unlock(struct mutex *lock)
{
	uk_check(lock->held, "a mutex is given back twice");
	lock->held = 0;
}

/* RCU: nobody reads while somebody writes. */
#define rcu_read_lock()			((void)0)
#define rcu_read_unlock()		((void)0)
#define synchronize_rcu()		((void)0)
#define RCU_INIT_POINTER(p, value)	((p) = (value))
#define rcu_dereference_protected(p, c)	((void)(c), (p))
#define rcu_replace_pointer(p, value, c) ({ \
	__typeof__(p) uk_old = (p); \
	(void)(c); \
	(p) = (value); \
	uk_old; })

/* Memory: what is not freed is found by LeakSanitizer. */
#define GFP_KERNEL			0
#define GFP_KERNEL_ACCOUNT		0
#define kmalloc(size, flags)		(uk_no_memory ? NULL : malloc(size))
#define kzalloc(size, flags)		(uk_no_memory ? NULL : calloc(1, size))
#define kfree(p)			free((void *)(p))
#define kfree_rcu(p, member)		free(p)

/* Lists */
#define LIST_HEAD(name)			struct list_head name = { &(name), &(name) }
#define list_empty(head)		((head)->next == (head))
#define list_add_tail_rcu		list_add_tail
#define list_del			list_del_init
#define list_del_rcu			list_del_init
#define list_for_each_entry		list_for_each_entry_rcu
#define list_for_each_entry_safe(pos, n, head, member) \
	for ((pos) = (void *)((char *)(head)->next - offsetof(__typeof__(*(pos)), member)); \
	     &(pos)->member != (head) && \
	     ((n) = (void *)((char *)(pos)->member.next - offsetof(__typeof__(*(pos)), member))); \
	     (pos) = (n))

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->prev->next = to->next;
	to->next->prev = from->prev;
	from->next->prev = to;
	to->next = from->next;
	INIT_LIST_HEAD(from);
}

#endif /* TCPTRACK_UKERNEL_UNIT_H */
