/* SPDX-License-Identifier: Apache-2.0 */
#include "document/node_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/tree.h"

#define MAX_DIGITS 17 /* of a double */

const char *const json_sort_all[] = {NULL};

void node_sorted_keys(const struct node *node, struct strvec *keys)
{
	const char *key = NULL;

	for (struct node member; node_next_member(node, &member, &key);)
		strvec_push(keys, key);
	strvec_sort_unique(keys);
}

static void add_real(struct strbuf *out, double value)
{
	char text[40];

	for (int digits = 1; digits <= MAX_DIGITS; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	strbuf_add_string(out, text);
}

bool node_format_plain(const struct node *node, struct strbuf *out)
{
	switch (node_type(node)) {
	case NODE_INTEGER:
		strbuf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(node->value));
		return true;
	case NODE_REAL:
		add_real(out, json_real_value(node->value));
		return true;
	case NODE_BOOLEAN:
		strbuf_add_string(out, json_is_true((const json_t *)node->value) ? "true" : "false");
		return true;
	case NODE_ABSENT:
		strbuf_add_string(out, "null");
		return true;
	case NODE_STRING:
	case NODE_OBJECT:
	case NODE_ARRAY:
		break;
	}
	return false;
}

static bool is_listed(const char *const *names, const char *key)
{
	for (; names && key && *names; names++)
		if (!strcmp(*names, key))
			return true;
	return false;
}

static void write_sorted_members(struct json_writer *writer, const struct node *node)
{
	CLEANUP(strvec_release) struct strvec keys = STRVEC_INIT;

	node_sorted_keys(node, &keys);
	for (size_t i = 0; i < keys.count; i++) {
		struct node member = node_member(node, keys.items[i]);
		json_write_node(writer, keys.items[i], &member, json_sort_all);
	}
}

static void write_object(struct json_writer *writer, const char *key, const struct node *node,
			 const char *const *sorted)
{
	const char *name = NULL;

	json_open_object(writer, key);
	if (sorted == json_sort_all || is_listed(sorted, key))
		write_sorted_members(writer, node);
	else
		for (struct node member; node_next_member(node, &member, &name);)
			json_write_node(writer, name, &member, sorted);
	json_close_object(writer);
}

/* The depth is bounded by that of documents. */
void json_write_node(struct json_writer *writer, const char *key, const struct node *node,
		     const char *const *sorted)
{
	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT;

	if (node_format_plain(node, &plain)) {
		json_write_plain(writer, key, plain.buf);
	} else if (node_type(node) == NODE_STRING) {
		json_write_string(writer, key, json_string_value(node->value));
	} else if (node_type(node) == NODE_OBJECT) {
		write_object(writer, key, node, sorted);
	} else {
		json_open_array(writer, key);
		for (size_t i = 0; i < node_count(node); i++) {
			struct node element = node_element(node, i);
			json_write_node(writer, NULL, &element, sorted);
		}
		json_close_array(writer);
	}
}
