/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/walk_order.h"

/* '/' goes before every other character, and the end before that. */
static int rank(char character)
{
	return !character ? 0 : character == '/' ? 1 : 1 + (unsigned char)character;
}

int walk_order_compare(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return rank(*a) - rank(*b);
}
