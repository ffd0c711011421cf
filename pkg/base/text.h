/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small rules about text: what may be shown on a terminal, how sizes and numbers are written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"

/* Adds text from outside in a form that is safe to show: control characters (C0, DEL, C1), bytes
 * that are not UTF-8 and bidirectional controls become \xNN or \u{...}; after max_length bytes of
 * output it ends with "...". */
void text_escape(struct strbuf *out, const char *text, size_t length, size_t max_length);

/* The same as a new string of at most 1 KiB, for a C string. The caller frees it. */
char *text_escaped(const char *text);

bool text_starts_with(const char *text, const char *prefix);
bool text_ends_with(const char *text, const char *suffix);

/* "4G", "25Gi", "650M", "1024": K, M, G, T are powers of 1000, Ki, Mi, Gi, Ti of 1024. */
int text_parse_size(const char *text, uint64_t *size_bytes, struct error *err) MUST_CHECK;

/* Digits only, the whole string, at most `maximum`. */
int text_parse_number(const char *text, uint64_t maximum, uint64_t *number, struct error *err) MUST_CHECK;

/* "512 B", "1.50 MiB", "25.0 GiB": binary units, three digits, for people. Returns `out`. */
#define TEXT_SIZE_LENGTH 24
const char *text_format_size(uint64_t size_bytes, char out[TEXT_SIZE_LENGTH]);
