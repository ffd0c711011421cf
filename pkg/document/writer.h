/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deterministic JSON and YAML out: what is called first is written first, always with the same bytes.
 *
 * json_writer: objects and arrays are opened and closed by the caller; `key` is NULL inside arrays and
 * at the top. With indent > 0 members stand on lines of their own, else the text is compact.
 *
 * (Plain names such as json_string belong to jansson.)
 *
 * YAML is written by yaml_scalar alone: our documents have fixed shapes that callers spell out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct json_writer {
	struct strbuf *out; /* borrowed */
	unsigned indent;    /* spaces a level; 0: compact */
	bool escapes_html;  /* <, > and & of strings as \u003c, \u003e and \u0026, as Go's encoder does */
	unsigned depth;     /* private */
	bool needs_comma;   /* private */
};

#define JSON_WRITER_INIT(out_, indent_) \
	{ \
		.out = (out_), .indent = (indent_) \
	}

void json_open_object(struct json_writer *writer, const char *key);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer, const char *key);
void json_close_array(struct json_writer *writer);
/* Text must be UTF-8; bytes that are not are replaced by U+FFFD. */
void json_write_string(struct json_writer *writer, const char *key, const char *text);
void json_write_unsigned(struct json_writer *writer, const char *key, uint64_t value);
void json_write_real(struct json_writer *writer, const char *key, double value); /* three decimals */
void json_write_boolean(struct json_writer *writer, const char *key, bool value);
/* A number, a boolean or null, as its text is already. */
void json_write_plain(struct json_writer *writer, const char *key, const char *text);

/* Adds text as a YAML scalar the way oc's emitter does: plain where that reads back as the same
 * string, double quotes where it would read back as something else, single quotes where plain is not
 * possible. Text has no line ends. */
void yaml_scalar(struct strbuf *out, const char *text);
/* Whether those tools read plain (unquoted) text as a string: not a number, a boolean, a time, null. */
bool yaml_plain_is_string(const char *text);
