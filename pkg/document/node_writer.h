/* SPDX-License-Identifier: Apache-2.0 */
/* What was read, written again: a node with everything in it, as JSON. Integers keep their value, real
 * numbers are written with as few digits as give the same number. */
#pragma once

#include "document/document.h"
#include "document/writer.h"

/* For `sorted`: the members of all objects. */
extern const char *const json_sort_all[];

/*
 * Members stand in the order of the document. `sorted` (a NULL ends it; NULL: none) names members whose own
 * members are sorted by their bytes, with all that is in them: Go writes its maps so. A node that is not
 * there is null.
 */
void json_write_node(struct json_writer *writer, const char *key, const struct node *node,
		     const char *const *sorted);

/* The names of an object's members, sorted by their bytes, into an empty list. */
void node_sorted_keys(const struct node *node, struct strvec *keys);

/* A number or a boolean as text, "null" for null and for what is not there; false for strings, objects and
 * lists. */
bool node_format_plain(const struct node *node, struct strbuf *out);
