// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD (scripts/uml): what User Mode Linux 6.12 asks the host for, where something
 * else serves it better.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* So much at once is the shadow of the address space, for KASAN. */
#define SHADOW_SIZE	0x10000000000UL

/* The host takes of it what it has. */
static char whole[1 << 16];

/*
 * It saves and restores 2696 bytes of a process's extended state, whatever the host's processor
 * has. With more (AMX) the host refuses to restore a part (xstateregs_set(): EFAULT), and the
 * first process is killed. What is missing here is restored as zeros: state that nobody uses.
 */
long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(enum __ptrace_request request, ...);
	struct iovec *iov, all = { whole, sizeof(whole) };
	void *addr, *data;
	va_list ap;
	pid_t pid;

	va_start(ap, request);
	pid = va_arg(ap, pid_t);
	addr = va_arg(ap, void *);
	data = va_arg(ap, void *);
	va_end(ap);
	if (!next)
		next = (typeof(next))dlsym(RTLD_NEXT, "ptrace");
	iov = data;
	if (request != PTRACE_SETREGSET || (uintptr_t)addr != NT_X86_XSTATE ||
	    iov->iov_len > sizeof(whole))
		return next(request, pid, addr, data);
	memcpy(whole, iov->iov_base, iov->iov_len);
	return next(request, pid, addr, &all);
}

/*
 * Each address space of a guest's process begins as a copy of the kernel's own process, in which
 * it uses next to nothing. Private, the shadow's page tables (128 MB of pages for 1 GB) would be
 * copied and thrown away for each fork and each exec: a third of what these cost.
 */
void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	static void *(*next)(void *addr, size_t len, int prot, int flags, int fd, off_t offset);

	if (!next)
		next = (typeof(next))dlsym(RTLD_NEXT, "mmap");
	if (len >= SHADOW_SIZE && flags & MAP_PRIVATE && flags & MAP_ANONYMOUS)
		flags ^= MAP_PRIVATE | MAP_SHARED;
	return next(addr, len, prot, flags, fd, offset);
}

void *mmap64(void *addr, size_t len, int prot, int flags, int fd, off64_t offset)
	__attribute__((alias("mmap")));
