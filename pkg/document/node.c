/* SPDX-License-Identifier: Apache-2.0 */
#include "document/document.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "document/tree.h"

struct document *document_new(const char *name, json_t *root)
{
	struct document *document = xcalloc(1, sizeof(*document));

	document->name = text_escaped(name);
	document->root = root;
	return document;
}

void document_free(struct document *document)
{
	if (!document)
		return;
	json_decref(document->root);
	free(document->name);
	free(document);
}

void document_freep(struct document **document)
{
	document_free(*document);
	*document = NULL;
}

int document_parse_error(struct error *err, const char *name, size_t line, const char *format, ...)
{
	CLEANUP(free_string) char *safe_name = text_escaped(name);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	va_list arguments;
	va_start(arguments, format);
	strbuf_addv(&text, format, arguments);
	va_end(arguments);
	return error_set(err, ERROR_INVALID, "%s: line %zu: %s", safe_name, line, text.buf);
}

/* The root's key is the name of the document. */
struct node document_root(const struct document *document)
{
	return (struct node){.value = document->root, .key = document->name};
}

static const json_t *value_of(const struct node *node)
{
	return node->value;
}

enum node_type node_type(const struct node *node)
{
	const json_t *value = value_of(node);
	if (!value)
		return NODE_ABSENT;

	switch (json_typeof(value)) {
	case JSON_STRING:
		return NODE_STRING;
	case JSON_INTEGER:
		return NODE_INTEGER;
	case JSON_REAL:
		return NODE_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return NODE_BOOLEAN;
	case JSON_OBJECT:
		return NODE_OBJECT;
	case JSON_ARRAY:
		return NODE_ARRAY;
	case JSON_NULL:
		break;
	}
	return NODE_ABSENT;
}

static void add_path(struct strbuf *out, const struct node *node)
{
	if (!node->parent)
		return;
	add_path(out, node->parent);
	if (!node->key) {
		strbuf_addf(out, "[%zu]", node->index);
		return;
	}
	if (out->len)
		strbuf_add_char(out, '.');
	strbuf_add_string(out, node->key);
}

char *node_path(const struct node *node)
{
	CLEANUP(strbuf_release) struct strbuf path = STRBUF_INIT;

	add_path(&path, node);
	return text_escaped(path.buf);
}

struct node node_member(const struct node *node, const char *key)
{
	return (struct node){
		.value = json_object_get(value_of(node), key),
		.parent = node,
		.key = key,
	};
}

struct node node_element(const struct node *node, size_t index)
{
	return (struct node){
		.value = json_array_get(value_of(node), index),
		.parent = node,
		.index = index,
	};
}

size_t node_count(const struct node *node)
{
	const json_t *value = value_of(node);

	/* Both give 0 for a value of another type, and for none. */
	return json_array_size(value) + json_object_size(value);
}

bool node_next_member(const struct node *node, struct node *member, const char **key)
{
	/* jansson takes a pointer to non-const to iterate; nothing is changed through it. */
	json_t *object = (json_t *)node->value;
	void *next = *key ? json_object_iter_next(object, json_object_key_to_iter(*key))
			  : json_object_iter(object);

	if (!next)
		return false;
	*key = json_object_iter_key(next);
	*member = (struct node){.value = json_object_iter_value(next), .parent = node, .key = *key};
	return true;
}

int node_error(const struct node *node, struct error *err, const char *format, ...)
{
	CLEANUP(free_string) char *path = node_path(node);
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	va_list arguments;
	va_start(arguments, format);
	strbuf_addv(&text, format, arguments);
	va_end(arguments);

	while (node->parent)
		node = node->parent;
	if (!*path)
		return error_set(err, ERROR_INVALID, "%s: %s", node->key, text.buf);
	return error_set(err, ERROR_INVALID, "%s: %s: %s", node->key, path, text.buf);
}

static const char *type_words(enum node_type type)
{
	switch (type) {
	case NODE_STRING:
		return "a string";
	case NODE_INTEGER:
	case NODE_REAL:
		return "a number";
	case NODE_BOOLEAN:
		return "a boolean";
	case NODE_OBJECT:
		return "an object";
	case NODE_ARRAY:
		return "an array";
	case NODE_ABSENT:
		break;
	}
	return "missing";
}

static int expect(const struct node *node, enum node_type wanted, struct error *err)
{
	enum node_type type = node_type(node);
	if (type == wanted)
		return 0;
	if (type == NODE_REAL && wanted == NODE_INTEGER)
		return node_error(node, err, "is not a whole number");
	return node_error(node, err, "is %s, should be %s", type_words(type), type_words(wanted));
}

int node_string(const struct node *node, const char **text, struct error *err)
{
	if (expect(node, NODE_STRING, err) < 0)
		return -1;
	*text = json_string_value(value_of(node));
	return 0;
}

int node_optional_string(const struct node *node, const char **text, struct error *err)
{
	if (node_type(node) != NODE_ABSENT)
		return node_string(node, text, err);
	*text = NULL;
	return 0;
}

int node_optional_boolean(const struct node *node, bool fallback, bool *value, struct error *err)
{
	if (node_type(node) == NODE_ABSENT) {
		*value = fallback;
		return 0;
	}
	if (expect(node, NODE_BOOLEAN, err) < 0)
		return -1;
	*value = json_is_true(value_of(node));
	return 0;
}

int node_unsigned(const struct node *node, uint64_t maximum, uint64_t *value, struct error *err)
{
	if (expect(node, NODE_INTEGER, err) < 0)
		return -1;

	json_int_t number = json_integer_value(value_of(node));
	if (number < 0)
		return node_error(node, err, "is negative");
	if ((uint64_t)number > maximum)
		return node_error(node, err, "is %llu, should be at most %llu", (unsigned long long)number,
				  (unsigned long long)maximum);
	*value = (uint64_t)number;
	return 0;
}

int node_strings(const struct node *node, struct strvec *list, struct error *err)
{
	if (node_type(node) == NODE_ABSENT)
		return 0;
	if (node_expect_array(node, err) < 0)
		return -1;

	for (size_t i = 0; i < node_count(node); i++) {
		struct node element = node_element(node, i);
		const char *text = NULL;
		if (node_string(&element, &text, err) < 0)
			return -1;
		strvec_push(list, text);
	}
	return 0;
}

int node_expect_object(const struct node *node, struct error *err)
{
	return expect(node, NODE_OBJECT, err);
}

int node_expect_array(const struct node *node, struct error *err)
{
	return expect(node, NODE_ARRAY, err);
}
