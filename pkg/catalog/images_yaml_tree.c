/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/images_yaml_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "catalog/images.h"
#include "document/writer.h"

/* libyaml looks every anchor and alias up in a list of all anchors: these keep the product small. */
#define MAX_LENGTH ((size_t)8 << 20)
#define MAX_ANCHORS 10000
/* Members and elements that are looked at, each time they are. */
#define MAX_VISITS 20000000
#define MAX_MERGE_DEPTH 16

struct tree_reader {
	yaml_document_t *document;
	uint64_t first_line;
	size_t visits_left;
	struct strvec *images; /* borrowed */
};

bool yaml_is_null(const char *text, size_t length)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		if (length == strlen(words[i]) && !memcmp(text, words[i], length))
			return true;
	return false;
}

int yaml_syntax_error(const yaml_parser_t *parser, uint64_t first_line, struct error *err)
{
	const char *problem = parser->problem ? parser->problem : "not YAML";
	uint64_t line = first_line + parser->problem_mark.line;

	/* Where characters are wrong libyaml knows the place as an offset only; the reader is never far
	 * ahead of the mark. */
	if (parser->error == YAML_READER_ERROR)
		line = first_line + parser->mark.line;
	if (parser->context)
		return error_set(err, ERROR_INVALID, "line %llu: %s (%s)", (unsigned long long)line, problem,
				 parser->context);
	return error_set(err, ERROR_INVALID, "line %llu: %s", (unsigned long long)line, problem);
}

static int node_error(struct tree_reader *reader, const yaml_node_t *node, const char *text,
		      struct error *err)
{
	uint64_t line = reader->first_line + node->start_mark.line;

	return error_set(err, ERROR_INVALID, "line %" PRIu64 ": %s", line, text);
}

static int count_visit(struct tree_reader *reader, const yaml_node_t *node, struct error *err)
{
	if (!reader->visits_left)
		return node_error(reader, node, "aliases are used too often", err);
	reader->visits_left--;
	return 0;
}

static bool node_is_absent(const yaml_node_t *node)
{
	return !node ||
	       (node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		yaml_is_null((const char *)node->data.scalar.value, node->data.scalar.length));
}

static bool is_merge_key(const yaml_node_t *key)
{
	return key->type == YAML_SCALAR_NODE && !strcmp((const char *)key->data.scalar.value, YAML_MERGE_KEY);
}

static bool is_member(const yaml_node_t *key, enum image_member wanted)
{
	return key->type == YAML_SCALAR_NODE &&
	       image_member_of((const char *)key->data.scalar.value, key->data.scalar.length) == wanted;
}

static int find_member(struct tree_reader *reader, const yaml_node_t *mapping, enum image_member wanted,
		       unsigned depth, yaml_node_t **found, struct error *err);

/* The value of a merge key: a mapping, or a list of mappings of which the first goes before. */
static int find_merged(struct tree_reader *reader, const yaml_node_t *value, enum image_member wanted,
		       unsigned depth, yaml_node_t **found, struct error *err)
{
	if (value->type != YAML_SEQUENCE_NODE)
		return find_member(reader, value, wanted, depth, found, err);
	const yaml_node_item_t *item = value->data.sequence.items.start;
	for (; item < value->data.sequence.items.top && !*found; item++) {
		const yaml_node_t *mapping = yaml_document_get_node(reader->document, *item);
		if (count_visit(reader, value, err) < 0 ||
		    find_member(reader, mapping, wanted, depth, found, err) < 0)
			return -1;
	}
	return 0;
}

static int find_member(struct tree_reader *reader, const yaml_node_t *mapping, enum image_member wanted,
		       unsigned depth, yaml_node_t **found, struct error *err)
{
	yaml_node_t *merged = NULL, *own = NULL;

	if (depth > MAX_MERGE_DEPTH)
		return node_error(reader, mapping, "merge keys are nested too deeply", err);
	if (mapping->type != YAML_MAPPING_NODE)
		return node_error(reader, mapping, "what is merged is no mapping", err);
	const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	for (; pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(reader->document, pair->key);
		yaml_node_t *value = yaml_document_get_node(reader->document, pair->value);
		if (count_visit(reader, mapping, err) < 0)
			return -1;
		if (is_member(key, wanted))
			own = value;
		else if (!merged && is_merge_key(key) &&
			 find_merged(reader, value, wanted, depth + 1, &merged, err) < 0)
			return -1;
	}
	*found = own ? own : merged;
	return 0;
}

static int take_image(struct tree_reader *reader, const yaml_node_t *mapping, struct error *err)
{
	yaml_node_t *image = NULL;

	if (find_member(reader, mapping, MEMBER_IMAGE, 0, &image, err) < 0)
		return -1;
	if (node_is_absent(image))
		return 0;
	if (image->type != YAML_SCALAR_NODE)
		return node_error(reader, image, "image should be a string", err);
	if (image->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    !yaml_plain_is_string((const char *)image->data.scalar.value))
		return node_error(reader, image, "image should be a string; quote it", err);
	const char *problem =
		images_add(reader->images, (const char *)image->data.scalar.value, image->data.scalar.length);
	return problem ? node_error(reader, image, problem, err) : 0;
}

static int take_related_images(struct tree_reader *reader, const yaml_node_t *root, struct error *err)
{
	yaml_node_t *list = NULL;

	if (find_member(reader, root, MEMBER_RELATED_IMAGES, 0, &list, err) < 0)
		return -1;
	if (node_is_absent(list))
		return 0;
	if (list->type != YAML_SEQUENCE_NODE)
		return node_error(reader, list, "relatedImages should be a list", err);
	const yaml_node_item_t *item = list->data.sequence.items.start;
	for (; item < list->data.sequence.items.top; item++) {
		const yaml_node_t *element = yaml_document_get_node(reader->document, *item);
		if (node_is_absent(element))
			continue;
		if (element->type != YAML_MAPPING_NODE)
			return node_error(reader, element, "a member of relatedImages should be a mapping",
					  err);
		if (take_image(reader, element, err) < 0)
			return -1;
	}
	return 0;
}

static int read_tree(struct tree_reader *reader, struct error *err)
{
	const yaml_node_t *root = yaml_document_get_root_node(reader->document);

	if (node_is_absent(root))
		return 0;
	if (root->type != YAML_MAPPING_NODE)
		return node_error(reader, root, "a document should be a mapping", err);
	if (take_image(reader, root, err) < 0)
		return -1;
	return take_related_images(reader, root, err);
}

static int read_trees(struct tree_reader *reader, yaml_parser_t *parser, struct error *err)
{
	for (;;) {
		CLEANUP(yaml_document_delete) yaml_document_t document = {0};
		if (!yaml_parser_load(parser, &document))
			return yaml_syntax_error(parser, reader->first_line, err);
		if (!yaml_document_get_root_node(&document))
			return 0;
		reader->document = &document;
		if (read_tree(reader, err) < 0)
			return -1;
	}
}

int images_from_yaml_trees(const char *text, size_t length, uint64_t first_line, size_t n_anchors,
			   struct strvec *images, struct error *err)
{
	CLEANUP(yaml_parser_delete) yaml_parser_t parser = {0};
	struct tree_reader reader = {.first_line = first_line, .visits_left = MAX_VISITS, .images = images};

	if (length > MAX_LENGTH || n_anchors > MAX_ANCHORS)
		return error_set(
			err, ERROR_INVALID,
			"line %llu: YAML with aliases is read only up to 8 MiB and %d anchors and aliases",
			(unsigned long long)first_line, MAX_ANCHORS);
	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	return read_trees(&reader, &parser, err);
}
