// SPDX-License-Identifier: GPL-2.0-only
/* Random numbers, the same for the same seed: splitmix64. */

#include "random.h"

uint64_t random_state;

uint32_t random_32(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (z ^ z >> 31) >> 32;
}

uint32_t below(uint32_t n)
{
	return random_32() % n;
}

bool one_in(uint32_t n)
{
	return !below(n);
}

void flip_bit(void *p, uint32_t len)
{
	((uint8_t *)p)[below(len)] ^= 1 << below(8);
}
