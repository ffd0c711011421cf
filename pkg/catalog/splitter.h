/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module and its tests: where a growing text of documents may be cut.
 *
 * JSON: behind a value at the top, found by counting brackets outside of strings. YAML: in front of a line
 * of "---" and nothing but blanks or a comment. On text that is neither the cuts mean nothing, but the
 * parser will not like the pieces any better than the whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum piece_format {
	PIECE_UNKNOWN, /* only blanks so far */
	PIECE_JSON,
	PIECE_YAML,
};

/* The format by the first non-blank byte among the first 4096. */
enum piece_format piece_format_of(const char *text, size_t length);

struct splitter {
	enum piece_format format;
	size_t scanned;  /* bytes of the text that were looked at */
	size_t boundary; /* the last place to cut; 0: none */
	size_t depth;    /* open brackets */
	bool is_in_string;
	bool is_escaped; /* the last byte was a backslash in a string */
};

/* Looks at what was added to the text. */
void splitter_scan(struct splitter *splitter, const char *text, size_t length);
/* The text up to the boundary has been taken away. */
void splitter_cut(struct splitter *splitter);
