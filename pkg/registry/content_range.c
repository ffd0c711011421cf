/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/content_range.h"

#include <string.h>
#include <strings.h>

/* Digits, and the character behind them; false without a digit or above 2^64-1. */
static bool take_number(const char **text, char end, uint64_t *number)
{
	const char *at = *text;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*at - '0'), number))
			return false;
	if (at == *text || *at != end)
		return false;
	*text = at + (end != '\0');
	return true;
}

bool content_range_parse(struct content_range *range, const char *text)
{
	*range = (struct content_range){0};
	if (strncasecmp(text, "bytes ", 6) != 0)
		return false;
	text += 6;
	if (!take_number(&text, '-', &range->first) || !take_number(&text, '/', &range->last) ||
	    range->first > range->last)
		return false;
	if (strcmp(text, "*") == 0)
		return true;
	range->has_total = true;
	return take_number(&text, '\0', &range->total) && range->last < range->total;
}
