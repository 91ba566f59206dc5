/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the libFuzzer targets. Without arguments: FUZZ_RUNS executions that begin with
 * corpus/NAME/ beside the program, with SEED from the environment, or 1. With arguments:
 * libFuzzer's own (a file is run once: so a crash is looked at again).
 */
#ifndef TCPTRACK_FUZZ_H
#define TCPTRACK_FUZZ_H

#include <glob.h>

#include "ukernel_test.h"

#define STRING(x)	#x
#define ARG(x)		STRING(x)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* As a list of files: into a directory libFuzzer would write what it finds. */
static inline void fuzz_corpus(const char *program, char *list, size_t n)
{
	const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	int dir = name - program;
	char pattern[PATH_MAX];
	glob_t files;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%.*scorpus/%s/*", dir, program, name);
	if (glob(pattern, 0, NULL, &files)) {
		fprintf(stderr, "%s: no corpus\n", pattern);
		exit(1);
	}
	snprintf(list, n, "-seed_inputs=");
	for (i = 0; i < files.gl_pathc; i++)
		snprintf(list + strlen(list), n - strlen(list), "%s%s", i ? "," : "",
			 files.gl_pathv[i]);
	globfree(&files);
}

static inline void fuzz_defaults(int *argc, char ***argv)
{
	static char seed[32], corpus[1 << 16] = "-seed_inputs=";
	static char *args[] = { NULL, "-runs=" ARG(FUZZ_RUNS), seed, "-artifact_prefix=/tmp/",
				"-max_len=600", "-verbosity=0",
				"-print_final_stats=1", corpus, NULL };

	if (*argc != 1)
		return;
	snprintf(seed, sizeof(seed), "-seed=%s", getenv("SEED") ? getenv("SEED") : "1");
	args[0] = (*argv)[0];
	fuzz_corpus(args[0], corpus, sizeof(corpus));
	printf("# %s %s%s\n", args[1], seed, corpus[13] ? "" : ", without a corpus");
	fflush(stdout);
	*argc = ARRAY_SIZE(args) - 1;
	*argv = args;
}

#endif /* TCPTRACK_FUZZ_H */
