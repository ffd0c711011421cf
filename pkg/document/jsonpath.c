/* SPDX-License-Identifier: Apache-2.0 */
#include "document/jsonpath.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/jsonpath_tree.h"
#include "document/node_writer.h"
#include "document/tree.h"

/* What a path has found so far. Nodes have no parents here: those serve messages, and would have to stay. */
struct findings {
	struct node *items;
	size_t count, allocated;
};

static void findings_release(struct findings *findings)
{
	free(findings->items);
	*findings = (struct findings){0};
}

static void add(struct findings *findings, struct node node)
{
	array_grow(findings->items, findings->count, findings->allocated);
	findings->items[findings->count++] = (struct node){.value = node.value};
}

static int find_members(const struct findings *from, const char *name, struct findings *to, struct error *err)
{
	for (size_t i = 0; i < from->count; i++) {
		struct node member = node_member(&from->items[i], name);
		if (member.value)
			add(to, member);
	}
	if (to->count)
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(name);
	return error_set(err, ERROR_INVALID, "%s is not found", shown);
}

static int find_elements(const struct findings *from, uint64_t index, struct findings *to, struct error *err)
{
	for (size_t i = 0; i < from->count; i++) {
		struct node element = node_element(&from->items[i], index);
		if (element.value)
			add(to, element);
	}
	if (to->count)
		return 0;
	return error_set(err, ERROR_INVALID, "element %" PRIu64 " is not found", index);
}

static void find_all(const struct findings *from, struct findings *to)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct node *node = &from->items[i];
		const char *key = NULL;

		for (struct node member; node_next_member(node, &member, &key);)
			add(to, member);
		for (size_t j = 0; node_type(node) == NODE_ARRAY && j < node_count(node); j++)
			add(to, node_element(node, j));
	}
}

static bool is_wanted(const struct node *node, const struct jsonpath_step *step)
{
	struct node here = *node;

	for (size_t i = 0; i < step->names.count; i++)
		here.value = node_member(&here, step->names.items[i]).value;
	return node_type(&here) == NODE_STRING && !strcmp(json_string_value(here.value), step->value);
}

static void find_wanted(const struct findings *from, const struct jsonpath_step *step, struct findings *to)
{
	struct findings all = {0};

	find_all(from, &all);
	for (size_t i = 0; i < all.count; i++)
		if (is_wanted(&all.items[i], step))
			add(to, all.items[i]);
	findings_release(&all);
}

static int take_step(const struct findings *from, const struct jsonpath_step *step, struct findings *to,
		     struct error *err)
{
	switch (step->type) {
	case JSONPATH_MEMBER:
		return find_members(from, step->name, to, err);
	case JSONPATH_ELEMENT:
		return find_elements(from, step->index, to, err);
	case JSONPATH_ALL:
		find_all(from, to);
		break;
	case JSONPATH_FILTER:
		find_wanted(from, step, to);
		break;
	}
	return 0;
}

static void print(const struct node *node, struct strbuf *out)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 0);

	writer.escapes_html = true;
	if (node_type(node) == NODE_STRING)
		strbuf_add_string(out, json_string_value(node->value));
	else
		json_write_node(&writer, NULL, node, json_sort_all);
}

static int evaluate_path(const struct jsonpath_part *part, const struct node *root, struct strbuf *out,
			 struct error *err)
{
	CLEANUP(findings_release) struct findings found = {0};

	add(&found, *root);
	for (size_t i = 0; i < part->n_steps; i++) {
		CLEANUP(findings_release) struct findings next = {0};
		if (take_step(&found, &part->steps[i], &next, err) < 0)
			return -1;
		findings_release(&found);
		found = steal(&next);
	}
	for (size_t i = 0; i < found.count; i++) {
		if (i)
			strbuf_add_char(out, ' ');
		print(&found.items[i], out);
	}
	return 0;
}

int jsonpath_evaluate(const struct jsonpath *path, const struct node *root, struct strbuf *out,
		      struct error *err)
{
	for (size_t i = 0; i < path->n_parts; i++) {
		const struct jsonpath_part *part = &path->parts[i];

		if (part->text)
			strbuf_add_string(out, part->text);
		else if (evaluate_path(part, root, out, err) < 0)
			return -1;
	}
	return 0;
}
