/* SPDX-License-Identifier: Apache-2.0 */
/* A list of owned strings, always followed by a NULL so that it can serve as an argv. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

struct strvec {
	char **items; /* NULL while empty and never filled */
	size_t count;
	size_t allocated;
};

#define STRVEC_INIT {0}

/* Frees everything and leaves an empty list; for CLEANUP too. */
void strvec_release(struct strvec *list);
void strvec_push(struct strvec *list, const char *text);
void strvec_pushf(struct strvec *list, const char *format, ...) PRINTF_LIKE(2, 3);
/* Takes `text`. */
void strvec_push_take(struct strvec *list, char *text);
bool strvec_contains(const struct strvec *list, const char *text);
/* Sorts bytewise and drops repetitions. */
void strvec_sort_unique(struct strvec *list);
