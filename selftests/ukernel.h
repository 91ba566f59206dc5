/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the path of a segment through module/ uses, in user
 * space and on one CPU: hook.c, segment.c, key.c, track.c, forward.c, local*.c,
 * flow.c, sock.c, stats.c, state.c and window.h compile against it as they are.
 * The Makefile makes a header that includes this one for each that they include.
 *
 * A lock that is taken twice or left behind, and a WARN_ON_ONCE(), end the program.
 */
#ifndef TCPTRACK_UKERNEL_H
#define TCPTRACK_UKERNEL_H

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16, __be16;
typedef uint32_t u32, __be32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;
typedef int spinlock_t;
typedef struct { int counter; } atomic_t, refcount_t;
typedef struct { u64 key[2]; } siphash_key_t;

#define __percpu
#define __force
#define __rcu
#define __init
#define __packed			__attribute__((__packed__))
#define ____cacheline_aligned_in_smp
#define __acquire(x)			((void)0)
#define __release(x)			((void)0)
#define likely(x)			(x)
#define unlikely(x)			(x)
#define noinline
#define notrace
#define BUILD_BUG_ON(x)			_Static_assert(!(x), #x)
#define __uninitialized
#define READ_ONCE(x)			(x)
#define rcu_dereference(x)		(x)
#define rcu_assign_pointer(p, value)	((p) = (value))
#define WRITE_ONCE(x, value)		((x) = (value))
#define data_race(x)			(x)
#define fallthrough			__attribute__((__fallthrough__))
#define BIT(n)				(1UL << (n))
#define IS_ENABLED(option)		1
#define IS_ERR(p)			((unsigned long)(p) >= (unsigned long)-4095)
#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))
#define U8_MAX				0xff
#define U16_MAX				0xffff
#define U32_MAX				0xffffffffU
#define min(a, b)			((a) < (b) ? (a) : (b))
#define max(a, b)			((a) > (b) ? (a) : (b))
#define min_t(type, a, b)		min((type)(a), (type)(b))
#define div_u64(a, b)			((u64)(a) / (b))
#define ilog2(n)			(31 - __builtin_clz(n))
#define DECLARE_BITMAP(name, bits)	unsigned long name[((bits) + 63) / 64]
/* (a mutex as well) */
#define lockdep_assert_held(lock)	uk_check(*(const int *)(lock), #lock " is not held")
#define local_bh_disable()		((void)0)
#define local_bh_enable()		((void)0)

static inline void uk_check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ukernel: %s\n", what);
	abort();
}

#define WARN_ON_ONCE(x)			uk_check(!(x), "WARN_ON_ONCE(" #x ")")

struct mutex { int held; };
struct rcu_head { int unused; };
struct rhash_head { struct rhash_head *next; };
struct rhashtable { struct rhash_head *first; };
struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long what, void *data);
};
struct ratelimit_state { int unused; };
struct sk_buff_head { int unused; };
struct work_struct;
struct delayed_work { void (*func)(struct work_struct *work); };
struct hlist_node { struct hlist_node *next, **pprev; };

/* Time */
#define HZ				1000
#define MSEC_PER_SEC			1000L
#define get_jiffies_64()		((u64)jiffies)
#define jiffies64_to_msecs(j)		(j)
#define tcp_jiffies32			((u32)jiffies)
#define time_after(a, b)		((long)((b) - (a)) < 0)
#define time_before(a, b)		time_after(b, a)
#define time_after_eq(a, b)		(!time_before(a, b))
extern unsigned long jiffies;

static inline unsigned int jiffies_to_msecs(u32 j)
{
	return j;
}

/* Locks and counts */
static inline void spin_lock_init(spinlock_t *lock)
{
	*lock = 0;
}

static inline void spin_lock(spinlock_t *lock)
{
	uk_check(!*lock, "a lock is taken twice");
	*lock = 1;
}

static inline void spin_unlock(spinlock_t *lock)
{
	uk_check(*lock, "a lock is given back twice");
	*lock = 0;
}

#define spin_lock_bh			spin_lock
#define spin_unlock_bh			spin_unlock
#define ATOMIC_INIT(n)			{ n }
#define atomic_read(v)			((v)->counter)
#define atomic_set(v, n)		((v)->counter = (n))
#define atomic_inc(v)			((v)->counter++)
#define atomic_dec(v)			((v)->counter--)
#define atomic_dec_if_positive(v)	((v)->counter > 0 ? --(v)->counter : -1)
#define atomic_inc_return(v)		(++(v)->counter)
#define this_cpu_inc(x)			((x)++)
#define this_cpu_dec(x)			((x)--)
#define __this_cpu_inc(x)		((x)++)
#define __this_cpu_add(x, n)		((x) += (n))
#define this_cpu_add(x, n)		((x) += (n))
#ifndef UK_CPUS
#define UK_CPUS				1
#endif
#define per_cpu_ptr(p, cpu)		((p) + (cpu))
#define for_each_possible_cpu(cpu)	for ((cpu) = 0; (cpu) < UK_CPUS; (cpu)++)

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	entry->next = head;
	entry->prev = head->prev;
	head->prev->next = entry;
	head->prev = entry;
}

static inline void list_del_init(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	INIT_LIST_HEAD(entry);
}

#define list_for_each_entry_rcu(pos, head, member) \
	for ((pos) = (void *)((char *)(head)->next - offsetof(__typeof__(*(pos)), member)); \
	     &(pos)->member != (head); \
	     (pos) = (void *)((char *)(pos)->member.next - offsetof(__typeof__(*(pos)), member)))
#define list_first_entry_or_null(head, type, member) \
	((head)->next == (head) ? NULL : (type *)((char *)(head)->next - offsetof(type, member)))

/* Memory */
#define GFP_ATOMIC			0
#define __GFP_NOWARN			0
#define SLAB_HWCACHE_ALIGN		0
#define SLAB_TYPESAFE_BY_RCU		0

struct kmem_cache;
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, int flags,
				     void (*ctor)(void *object));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache, int flags);
void kmem_cache_free(struct kmem_cache *cache, void *object);

static inline void get_random_bytes(void *p, size_t n)
{
	memset(p, 0, n);
}

/* Trace events compile to nothing. */
#define DECLARE_TRACEPOINT(name)	extern int uk_tracepoint
#define tracepoint_enabled(name)	false
#define TP_PROTO(...)			__VA_ARGS__
#define TRACE_DEFINE_ENUM(value)
#define TRACE_EVENT(name, proto, ...) \
	static inline void trace_##name(proto) { } struct uk_trace_##name

#include "ukernel_net.h"
#include "ukernel_unit.h"

#endif /* TCPTRACK_UKERNEL_H */
