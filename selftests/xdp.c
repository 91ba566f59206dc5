// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdp PATH: an XDP program that lets everything pass, pinned there for ip-link(8).
 * xdp -c DIRECTORY: a program by which no socket of that cgroup is given anything.
 * xdp -l PATH: a security module's answer to whoever wants to connect: no. It is one as long as
 * PATH exists.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BTF_FILE	"/sys/kernel/btf/vmlinux"
#define LSM_HOOK	"bpf_lsm_inet_conn_request"

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* A program that says @verdict; @hook: the BTF type of what it stands behind, or 0. */
static int load(int type, int verdict, unsigned int hook)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = type,
		.insns = (unsigned long)insns,
		.insn_cnt = 2,
		.license = (unsigned long)"GPL",
		.attach_btf_id = hook,
		.expected_attach_type = hook ? BPF_LSM_MAC : 0,
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static bool pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = (unsigned long)path, .bpf_fd = fd };

	return !bpf(BPF_OBJ_PIN, &attr);
}

static bool attach(int fd, const char *path)
{
	union bpf_attr attr = {
		.target_fd = open(path, O_RDONLY | O_DIRECTORY),
		.attach_bpf_fd = fd,
		.attach_type = BPF_CGROUP_INET_INGRESS,
	};

	return !bpf(BPF_PROG_ATTACH, &attr);
}

static int attach_lsm(int fd)
{
	union bpf_attr attr = { .raw_tracepoint = { .prog_fd = fd } };

	return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

/* What follows a type, by its kind and the number of its members (linux/btf.h). */
static size_t btf_rest(const struct btf_type *t)
{
	size_t n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:		return sizeof(__u32);
	case BTF_KIND_ARRAY:		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:	return n * sizeof(struct btf_param);
	case BTF_KIND_VAR:		return sizeof(struct btf_var);
	case BTF_KIND_DATASEC:		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:		return sizeof(struct btf_decl_tag);
	}
	return 0;
}

/* The number of the kernel's function of that name, 0 if it has none. */
static unsigned int btf_function(const char *name)
{
	const struct btf_header *h;
	FILE *f = fopen(BTF_FILE, "r");
	const char *types, *end, *strings;
	unsigned int id = 0;
	char *all = malloc(1 << 25);
	size_t len = f && all ? fread(all, 1, 1 << 25, f) : 0;

	h = (const void *)all;
	if (len < sizeof(*h) || len < h->hdr_len + h->str_off + h->str_len)
		return 0;
	types = all + h->hdr_len + h->type_off;
	strings = all + h->hdr_len + h->str_off;
	for (end = types + h->type_len; types < end;) {
		const struct btf_type *t = (const void *)types;

		id++;
		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && !strcmp(strings + t->name_off, name))
			return id;
		types += sizeof(*t) + btf_rest(t);
	}
	return 0;
}

static bool refuse(const char *path)
{
	unsigned int hook = btf_function(LSM_HOOK);
	int fd;

	if (!hook) {
		errno = ENOENT;
		return false;
	}
	fd = load(BPF_PROG_TYPE_LSM, -EPERM, hook);
	return fd >= 0 && (fd = attach_lsm(fd)) >= 0 && pin(fd, path);
}

static bool in_cgroup(const char *path)
{
	int fd = load(BPF_PROG_TYPE_CGROUP_SKB, 0, 0);

	return fd >= 0 && attach(fd, path);
}

static bool pass(const char *path)
{
	int fd = load(BPF_PROG_TYPE_XDP, XDP_PASS, 0);

	return fd >= 0 && pin(fd, path);
}

int main(int argc, char **argv)
{
	bool (*what)(const char *path) = pass;

	if (argc == 3)
		what = !strcmp(argv[1], "-c") ? in_cgroup : !strcmp(argv[1], "-l") ? refuse : NULL;
	if (argc < 2 || argc > 3 || !what)
		return 2;
	if (what(argv[argc - 1]))
		return 0;
	perror("xdp");
	return 1;
}
