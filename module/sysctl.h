/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPTRACK_SYSCTL_H
#define TCPTRACK_SYSCTL_H

struct tt_net;

/**
 * tt_sysctl_word() - which word of a list it is
 * @names: the list, %NULL at its end
 * @word: from a user
 *
 * Return: its place or -EINVAL.
 */
int tt_sysctl_word(const char * const *names, const char *word);

/**
 * tt_sysctl_init() - net.tcptrack of a namespace
 * @tn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tt_sysctl_init(struct tt_net *tn);
void tt_sysctl_exit(struct tt_net *tn);

#endif /* TCPTRACK_SYSCTL_H */
