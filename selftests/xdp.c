// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdp PATH: an XDP program that lets everything pass, pinned there for ip-link(8).
 * xdp -c DIRECTORY: a program by which no socket of that cgroup is given anything.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A program that says @verdict. */
static int load(int type, int verdict)
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
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static bool pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = (unsigned long)path, .bpf_fd = fd };

	return !syscall(SYS_bpf, BPF_OBJ_PIN, &attr, sizeof(attr));
}

static bool attach(int fd, const char *path)
{
	union bpf_attr attr = {
		.target_fd = open(path, O_RDONLY | O_DIRECTORY),
		.attach_bpf_fd = fd,
		.attach_type = BPF_CGROUP_INET_INGRESS,
	};

	return !syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr));
}

int main(int argc, char **argv)
{
	bool cgroup = argc == 3 && !strcmp(argv[1], "-c");
	int fd;

	if (argc != 2 + cgroup)
		return 2;
	fd = cgroup ? load(BPF_PROG_TYPE_CGROUP_SKB, 0) : load(BPF_PROG_TYPE_XDP, XDP_PASS);
	if (fd < 0 || !(cgroup ? attach(fd, argv[2]) : pin(fd, argv[1]))) {
		perror("xdp");
		return 1;
	}
	return 0;
}
