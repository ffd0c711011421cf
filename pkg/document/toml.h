/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: what the two halves of the TOML reader share. toml_value.c reads keys and
 * values from the text, toml.c puts them into tables.
 *
 * Source: TOML 1.0.0 (toml.io). Left out with a clear message: floating-point numbers, dates, times.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/strvec.h"

/* Of a dotted key, so that headers and keys together stay below DOCUMENT_MAX_DEPTH. */
#define TOML_MAX_PARTS 16

struct toml_reader {
	const char *name; /* borrowed */
	const char *at;   /* the next character */
	const char *end;
	size_t line;
	json_t *root;     /* owned */
	json_t *table;    /* borrowed: where "key = value" goes */
	unsigned depth;   /* levels around its values, at most */
	struct map kinds; /* address of a table or an array, as text -> its enum toml_kind */
};

/* How a table or array came to be decides what may be added to it later. */
enum toml_kind {
	TOML_CLOSED,          /* written as a value: complete (what the map does not know) */
	TOML_IMPLICIT,        /* named on the way to another: [a.b] makes a */
	TOML_HEADER,          /* by its own [header] */
	TOML_DOTTED,          /* by a dotted key */
	TOML_ARRAY_OF_TABLES, /* by [[header]] */
};

/* ERROR_INVALID with name and line; always -1. */
int toml_error(const struct toml_reader *reader, struct error *err, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The next character, or 0 at the end of the text (and for a NUL, which is allowed nowhere). */
char toml_peek(const struct toml_reader *reader);
/* Steps over `text` if it comes next. */
bool toml_accept(struct toml_reader *reader, const char *text);
void toml_skip_blanks(struct toml_reader *reader);
/* Blanks and a comment, up to the end of the line. */
int toml_skip_comment(struct toml_reader *reader, struct error *err) MUST_CHECK;
/* A line end, if one comes next. */
bool toml_accept_line_end(struct toml_reader *reader);

/* A dotted key, one item a part: bare or quoted. */
int toml_read_key(struct toml_reader *reader, struct strvec *parts, struct error *err) MUST_CHECK;
/* A string in any of the four forms, added to `out`. Only the two that fit on a line are keys. */
int toml_read_string(struct toml_reader *reader, struct strbuf *out, struct error *err) MUST_CHECK;
/* Any value; *value is the caller's. `depth` counts the arrays and tables around it. */
int toml_read_value(struct toml_reader *reader, unsigned depth, json_t **value, struct error *err) MUST_CHECK;

/* Adds a value (taken) under a dotted key. */
int toml_assign(struct toml_reader *reader, json_t *table, const struct strvec *key, json_t *value,
		struct error *err) MUST_CHECK;
