/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small part of kubectl's jsonpath templates (kubernetes.io, "JSONPath Support"), for `-o jsonpath=...`:
 *
 *     text                 itself, outside of braces
 *     {"\n"} {'a'}         a text; \n, \t, \r, \\, \" and \' in it
 *     {.a.b\.c['d.e'][0]}  members (a backslash takes the meaning from the next character) and elements
 *     {.a[*].b}            of all elements, or of all members of an object
 *     {.a[?(@.b.c=="d")]}  elements where a member is this text
 *
 * What a path finds is printed with a blank between: texts as they are, objects and lists as compact JSON
 * with sorted keys, as kubectl does.
 */
#pragma once

#include "base/error.h"
#include "base/strbuf.h"
#include "document/document.h"

struct jsonpath;

/* ERROR_USAGE, "character 7: ...", for what is none of the above. */
int jsonpath_parse(struct jsonpath **path, const char *text, struct error *err) MUST_CHECK;
void jsonpath_free(struct jsonpath *path);
void jsonpath_freep(struct jsonpath **path);

/* Appends. ERROR_INVALID when there is nothing where a path leads: "foo is not found". */
int jsonpath_evaluate(const struct jsonpath *path, const struct node *root, struct strbuf *out,
		      struct error *err) MUST_CHECK;
