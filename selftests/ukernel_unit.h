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
UK_SHARED bool uk_no_memory;		/* allocations fail */
UK_SHARED int uk_fail_nth;		/* the one that fails, of those from now on */
UK_SHARED int uk_allocated;		/* so many are not freed */
UK_SHARED u64 uk_ns;			/* ktime_get_ns() */

#define ktime_get_ns()			(uk_ns)

/* Locks and counts */
#define DEFINE_MUTEX(name)		struct mutex name
#define DEFINE_SPINLOCK(name)		spinlock_t name
#define mutex_init(lock)		((lock)->held = 0)
#define lockdep_is_held(lock)		((void)(lock), true)
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

/* Memory: the test looks whether all of it was given back. */
#define GFP_KERNEL			0
#define GFP_KERNEL_ACCOUNT		0
#define kmalloc(size, flags)		uk_alloc(size, 0xa5)
#define kzalloc(size, flags)		uk_alloc(size, 0)
#define kfree_rcu(p, member)		kfree(p)

static inline void *uk_alloc(size_t size, int octet)
{
	bool fails = uk_no_memory || (uk_fail_nth && !--uk_fail_nth);
	void *p = fails ? NULL : malloc(size);

	if (!p)
		return NULL;
	uk_allocated++;
	return memset(p, octet, size);
}

static inline void kfree(const void *p)
{
	uk_allocated -= !!p;
	free((void *)p);
}

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

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del_init(entry);
	list_add_tail(entry, head);
}

static inline void list_splice_tail(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
}

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

#define this_cpu_ptr(p)			(p)
#define alloc_percpu(type)		((type *)uk_alloc(sizeof(type) * UK_CPUS, 0))
#define alloc_percpu_gfp(type, gfp)	alloc_percpu(type)
#define free_percpu(p)			kfree(p)
#define SZ_16K				(16 << 10)
#define SZ_128K				(128 << 10)
#define PAGE_SHIFT			12
#define totalram_pages()		(uk_pages)

UK_SHARED unsigned long uk_pages;

/* Parameters are seen from outside of their file. */
#define MODULE_PARM_DESC(name, text)
#define module_param(name, type, mode)	type *const uk_param_##name = &(name)
extern unsigned int *const uk_param_flows_max, *const uk_param_halfopen_max;

/* A hash table is a list. (One is called as a function of string.h is.) */
#define DEFINE_HASHTABLE(name, bits)	struct hlist_node *uk_table_##name
#define hash_add_rcu(name, node, key)	((void)(key), hlist_add_head(node, &uk_table_##name))
#define uk_hash_entry(node, type, member) \
	((node) ? container_of(node, type, member) : NULL)
#define hash_for_each_possible_rcu(name, obj, member, key) \
	for ((obj) = uk_hash_entry(uk_table_##name, __typeof__(*(obj)), member); (obj); \
	     (obj) = uk_hash_entry((obj)->member.next, __typeof__(*(obj)), member))

static inline void hlist_add_head(struct hlist_node *node, struct hlist_node **head)
{
	node->next = *head;
	node->pprev = head;
	if (node->next)
		node->next->pprev = &node->next;
	*head = node;
}

static inline void hash_del_rcu(struct hlist_node *node)
{
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->pprev = NULL;
}

struct rhashtable_params {
	size_t head_offset, key_offset, key_len;
	bool automatic_shrinking;
};

UK_SHARED int uk_insert_err;	/* what an insertion says */

#define rhashtable_init(ht, params)	((ht)->first = NULL, 0)
#define rhashtable_destroy(ht)		uk_check(!(ht)->first, "the table is not empty")

static inline struct rhash_head **uk_rhash_find(struct rhashtable *ht, const void *key,
						const struct rhashtable_params *params)
{
	struct rhash_head **at;

	for (at = &ht->first; *at; at = &(*at)->next) {
		const char *object = (const char *)*at - params->head_offset;

		if (!memcmp(object + params->key_offset, key, params->key_len))
			break;
	}
	return at;
}

static inline void *rhashtable_lookup_fast(struct rhashtable *ht, const void *key,
					   const struct rhashtable_params params)
{
	struct rhash_head *node = *uk_rhash_find(ht, key, &params);

	return node ? (char *)node - params.head_offset : NULL;
}

static inline int rhashtable_insert_fast(struct rhashtable *ht, struct rhash_head *node,
					 const struct rhashtable_params params)
{
	const char *object = (const char *)node - params.head_offset;

	uk_check(!*uk_rhash_find(ht, object + params.key_offset, &params), "two of one key");
	if (uk_insert_err)
		return uk_insert_err;
	node->next = ht->first;
	ht->first = node;
	return 0;
}

static inline int rhashtable_remove_fast(struct rhashtable *ht, struct rhash_head *node,
					 const struct rhashtable_params params)
{
	const char *object = (const char *)node - params.head_offset;
	struct rhash_head **at = uk_rhash_find(ht, object + params.key_offset, &params);

	uk_check(*at == node, "what is removed is not there");
	*at = node->next;
	return 0;
}

/* Bits */
#define smp_load_acquire(p)		(*(p))
#define smp_store_release(p, value)	(*(p) = (value))
#define hash_32(value, bits)		((u32)(value) * 0x61c88647U >> (32 - (bits)))
#define hash_64(value, bits)		((u32)((u64)(value) * 0x61C8864680B583EBULL >> (64 - (bits))))
#define bitmap_zero(map, bits)		memset(map, 0, (bits) / 8)

static inline bool test_bit(unsigned int n, const unsigned long *map)
{
	return map[n / 64] & BIT(n % 64);
}

static inline void set_bit(unsigned int n, unsigned long *map)
{
	map[n / 64] |= BIT(n % 64);
}

/* Namespaces */
struct pernet_operations {
	int (*init)(struct net *net);
	void (*pre_exit)(struct net *net);
	void (*exit)(struct net *net);
	unsigned int *id;
	size_t size;
};

int register_pernet_subsys(struct pernet_operations *ops);
void unregister_pernet_subsys(struct pernet_operations *ops);

/* Chance is what the test says. */
u32 get_random_u32(void);
#define jhash_2words(a, b, salt)	((u32)(a) ^ (u32)(b) ^ (salt))

/* SYN cookies */
#define TICK_NSEC			1000000L
#define TCP_SYNCOOKIE_VALID		(120 * HZ)
#define tcp_synq_no_recent_overflow(sk)	(!(sk)->overflowed)
#define tcp_synq_overflow(sk)		((sk)->overflowed = true)

/* Work: only noted, with its delay. */
#define DECLARE_DELAYED_WORK(name, f)	struct delayed_work name = { .func = (f) }
#define system_unbound_wq		0
#define queue_delayed_work(wq, work, n)	uk_queue(work, n)
#define mod_delayed_work(wq, work, n)	uk_queue(work, n)
#define cancel_delayed_work_sync(work)	uk_queue(NULL, 0)

UK_SHARED struct delayed_work *uk_work;
UK_SHARED unsigned long uk_delay;

static inline void uk_queue(struct delayed_work *work, unsigned long delay)
{
	uk_work = work;
	uk_delay = delay;
}

/* The tables of sockets, of which nobody moves to another bucket. */
struct inet_hashinfo {
	unsigned int ehash_mask, lhash2_mask;
	struct inet_ehash_bucket *ehash;
	struct inet_listen_hashbucket {
		struct hlist_nulls_head nulls_head;
	} *lhash2;
};

#define hlist_nulls_empty(head)		(!(head)->first)
#define get_nulls_value(node)		((void)(node), slot)	/* as its caller calls it */
#define sk_nulls_for_each_rcu(sk, node, head) \
	for ((node) = NULL, (void)(node), (sk) = (struct sock *)(head)->first; (sk); (sk) = (sk)->next)
#define sk_unhashed(sk)			((sk)->unhashed)
#define sk_refcnt			held
#define refcount_inc_not_zero(n)	(++*(n))

/* Notifiers */
#define NOTIFY_DONE			0

enum fib_event_type {
	FIB_EVENT_ENTRY_REPLACE, FIB_EVENT_ENTRY_APPEND, FIB_EVENT_ENTRY_ADD,
	FIB_EVENT_ENTRY_DEL, FIB_EVENT_RULE_ADD,
};

struct fib_notifier_info {
	int family;
};

struct fib_entry_notifier_info {
	struct fib_notifier_info info;
	u32 dst;
	int dst_len;
	u8 dscp, type;
};

#define inet_dscp_to_dsfield(dscp)	(dscp)
int register_fib_notifier(struct net *net, struct notifier_block *nb, void *flush, void *extack);
int unregister_fib_notifier(struct net *net, struct notifier_block *nb);

/* Generic netlink */
#define NETLINK_GENERIC			16
#define NETLINK_URELEASE		1
#define NETLINK_CB(skb)			(*(skb))	/* of which only sk is asked */
#define NL_SET_ERR_MSG(extack, msg)	((void)((extack)->_msg = (msg)))
#define SOCK_DEAD			1
#define sock_hold(sk)			((void)(sk)->held++)
#define sock_put(sk)			((void)(sk)->held--)
#define genl_info_net(info)		((info)->net)

struct nla_policy { int unused; };
struct genl_ops { int unused; };

struct genl_info {
	struct nlattr **attrs;
	struct netlink_ext_ack *extack;
	struct net *net;
	u32 snd_portid;
};

struct netlink_notify {
	struct net *net;
	u32 portid;
	int protocol;
};

static inline u32 nla_get_u32(const struct nlattr *attr)
{
	u32 value;

	memcpy(&value, attr->data, sizeof(value));
	return value;
}

int netlink_register_notifier(struct notifier_block *nb);
int netlink_unregister_notifier(struct notifier_block *nb);

#endif /* TCPTRACK_UKERNEL_UNIT_H */
