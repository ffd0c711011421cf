/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A string that grows.
 *
 * `buf` is never NULL and always has a NUL at buf[len], so it can be used as a C string at any
 * time (the bytes may hold NULs of their own). The struct is open for reading; only the functions
 * change it.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

struct strbuf {
	char *buf;
	size_t len;
	size_t allocated; /* 0 while buf is the shared empty string */
};

extern char strbuf_empty[];
#define STRBUF_INIT {.buf = strbuf_empty}

/* Frees the storage and leaves an empty, usable strbuf; for CLEANUP too. */
void strbuf_release(struct strbuf *string);
/* Empties it and keeps the storage. */
void strbuf_reset(struct strbuf *string);
/* Makes room for `extra` more bytes behind len. */
void strbuf_grow(struct strbuf *string, size_t extra);
/* After bytes were written directly into the room behind len. */
void strbuf_set_length(struct strbuf *string, size_t length);

void strbuf_add(struct strbuf *string, const void *data, size_t length);
void strbuf_add_string(struct strbuf *string, const char *text);
void strbuf_add_char(struct strbuf *string, char character);
void strbuf_addf(struct strbuf *string, const char *format, ...) PRINTF_LIKE(2, 3);
void strbuf_addv(struct strbuf *string, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* The string, now owned by the caller (free); the strbuf is empty again. */
char *strbuf_detach(struct strbuf *string);
