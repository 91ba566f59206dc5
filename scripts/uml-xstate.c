// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD (scripts/uml): User Mode Linux 6.12 saves and restores 2696 bytes of a
 * process's extended state, whatever the host's processor has. With more (AMX) the host
 * refuses to restore a part (xstateregs_set(): EFAULT), and the first process is killed.
 * What is missing here is restored as zeros: state that nobody uses.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* The host takes of it what it has. */
static char whole[1 << 16];

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
