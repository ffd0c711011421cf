/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of data read with paths and expectations, whatever it was written in: JSON (jansson), YAML
 * (libyaml, the JSON-like part: no aliases, no tags of its own; scalars by the YAML 1.2 core schema)
 * or TOML (the part of 1.0 that containers-registries.conf uses: tables, arrays of tables, strings,
 * booleans, integers, arrays; dotted keys).
 *
 * A `struct document` owns the tree; a `struct node` is a borrowed place in it, valid as long as the
 * document. Readers say what they expect; the error names the place: "auths.quay.io.auth: is a
 * number, should be a string". Absent and null are the same.
 *
 * Limits: nesting 64; the size is the caller's (it has the bytes already).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strvec.h"

struct document;

/* A place in a document. value == NULL: nothing is there. */
struct node {
	const void *value;         /* private */
	const struct node *parent; /* private: for messages; must outlive this node */
	const char *key;           /* private */
	size_t index;              /* private */
};

void document_free(struct document *document);
void document_freep(struct document **document);

/* One JSON value and nothing after it; duplicate keys are refused. `name` is for messages. */
int document_parse_json(struct document **document, const char *name, const void *bytes, size_t length,
			struct error *err) MUST_CHECK;
/* All YAML documents of a stream, as one array; empty ones are left out. Messages: "NAME: line 7: ...". */
int document_parse_yaml(struct document **document, const char *name, const void *bytes, size_t length,
			struct error *err) MUST_CHECK;
int document_parse_toml(struct document **document, const char *name, const void *bytes, size_t length,
			struct error *err) MUST_CHECK;

struct node document_root(const struct document *document);

enum node_type { NODE_ABSENT, NODE_STRING, NODE_INTEGER, NODE_REAL, NODE_BOOLEAN, NODE_OBJECT, NODE_ARRAY };
enum node_type node_type(const struct node *node);
/* "spec.mirrors[3].source", for messages; the caller frees it. */
char *node_path(const struct node *node);

/* Member of an object; an absent node if there is none or `node` is no object. */
struct node node_member(const struct node *node, const char *key);
/* Element of an array; absent beyond its end. */
struct node node_element(const struct node *node, size_t index);
size_t node_count(const struct node *node); /* elements or members; 0 for anything else */
/* All members in the order of writing, each step in constant time:
 *     const char *key = NULL;
 *     for (struct node member; node_next_member(&object, &member, &key);) ...
 * False at the end, and for what is no object. */
bool node_next_member(const struct node *node, struct node *member, const char **key);

/* The value (borrowed), or an error if it is of another type. `node_string` requires it to be there;
 * `node_optional_string` gives NULL when absent. Strings contain no NUL. */
int node_string(const struct node *node, const char **text, struct error *err) MUST_CHECK;
int node_optional_string(const struct node *node, const char **text, struct error *err) MUST_CHECK;
int node_optional_boolean(const struct node *node, bool fallback, bool *value, struct error *err) MUST_CHECK;
int node_unsigned(const struct node *node, uint64_t maximum, uint64_t *value, struct error *err) MUST_CHECK;
/* An array of strings, appended to the list; absent is empty. */
int node_strings(const struct node *node, struct strvec *list, struct error *err) MUST_CHECK;
/* Requires an object (array); absent is an error. */
int node_expect_object(const struct node *node, struct error *err) MUST_CHECK;
int node_expect_array(const struct node *node, struct error *err) MUST_CHECK;
/* Sets ERROR_INVALID "<document>: <path>: <reason>"; always -1. */
int node_error(const struct node *node, struct error *err, const char *format, ...) PRINTF_LIKE(3, 4);
