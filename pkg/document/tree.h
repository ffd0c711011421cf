/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module: how the tree is kept. Whatever the text was, it becomes jansson values. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "document/document.h"

/* Levels of arrays and objects in one another. */
#define DOCUMENT_MAX_DEPTH 64

struct document {
	char *name; /* escaped: for messages */
	json_t *root;
};

/* Takes `root`; copies and escapes `name`. */
struct document *document_new(const char *name, json_t *root);

/* ERROR_INVALID "<name>: line <line>: <text>"; `name` as the caller of the parser wrote it. */
int document_parse_error(struct error *err, const char *name, size_t line, const char *format, ...)
	PRINTF_LIKE(4, 5);
