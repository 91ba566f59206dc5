/* SPDX-License-Identifier: GPL-2.0-only */
/* For the fuzzers of the machine: random numbers, the same for the same seed. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* The seed, before the first number. */
extern uint64_t random_state;

uint32_t random_32(void);

/* 0 to @n - 1 */
uint32_t below(uint32_t n);

/* true once in @n times */
bool one_in(uint32_t n);

/* Of @len octets at @p one bit. */
void flip_bit(void *p, uint32_t len);

#endif /* RANDOM_H */
