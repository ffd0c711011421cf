/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and ownership.
 *
 * Allocation never fails: out of memory aborts, so no caller has a path for it that nobody tests.
 * Whatever is sized by the network or by a file is bounded where it is read, not here.
 *
 * An owned local is declared with CLEANUP(function) and handed over with steal(&local).
 */
#pragma once

#include <stddef.h>

/* Runs function(&variable) when the variable goes out of scope. */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* Takes the value out of a variable and leaves zero behind: the caller now owns it. */
#define steal(pointer) \
	({ \
		__typeof__(pointer) steal_from_ = (pointer); \
		__typeof__(*steal_from_) stolen_ = *steal_from_; \
		*steal_from_ = (__typeof__(*steal_from_)){0}; \
		stolen_; \
	})

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_argument) \
	__attribute__((format(printf, format_index, first_argument)))

void *xmalloc(size_t size);
/* Zeroed; aborts if the product overflows. */
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *pointer, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xasprintf(const char *format, ...) PRINTF_LIKE(1, 2);

/* Makes room for one more element: grows `array` (a pointer lvalue) by doubling when `count` has
 * reached `allocated` (a size_t lvalue). New elements are not initialised. */
#define array_grow(array, count, allocated) \
	do { \
		if ((count) == (allocated)) { \
			(allocated) = (allocated) ? 2 * (allocated) : 16; \
			(array) = xreallocarray((array), (allocated), sizeof(*(array))); \
		} \
	} while (0)

/* For CLEANUP: frees what a char * (or any other pointer) variable holds. */
void free_string(char **text);
void free_memory(void *pointer_variable);
