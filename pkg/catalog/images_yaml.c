/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML documents as libyaml's events: nothing is kept but the images. Only when an alias or a merge key
 * stands where an image could come from is the text read once more, as trees (images_yaml_tree.c).
 */
#include "catalog/images.h"

#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "catalog/images_yaml_tree.h"
#include "document/writer.h"

#define MAX_DEPTH 256

struct yaml_reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	uint64_t first_line;
	unsigned depth;
	size_t n_anchors; /* and aliases */
	bool needs_tree;
	struct strvec *images; /* borrowed */
};

static void reader_release(struct yaml_reader *reader)
{
	yaml_event_delete(&reader->event);
	yaml_parser_delete(&reader->parser);
}

static uint64_t event_line(const struct yaml_reader *reader)
{
	return reader->first_line + reader->event.start_mark.line;
}

/* Has an anchor or is an alias. */
static bool is_anchored(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor;
	default:
		return event->type == YAML_ALIAS_EVENT;
	}
}

static int next_event(struct yaml_reader *reader, struct error *err)
{
	yaml_event_delete(&reader->event);
	if (!yaml_parser_parse(&reader->parser, &reader->event))
		return yaml_syntax_error(&reader->parser, reader->first_line, err);
	reader->n_anchors += is_anchored(&reader->event);
	switch (reader->event.type) {
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (++reader->depth > MAX_DEPTH)
			return error_set(err, ERROR_INVALID, "line %llu: nested deeper than %d",
					 (unsigned long long)event_line(reader), MAX_DEPTH);
		return 0;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		reader->depth--;
		return 0;
	default:
		return 0;
	}
}

/* Goes on to the last event of the current node. */
static int skip_node(struct yaml_reader *reader, struct error *err)
{
	bool is_collection = reader->event.type == YAML_SEQUENCE_START_EVENT ||
			     reader->event.type == YAML_MAPPING_START_EVENT;

	if (!is_collection)
		return 0;
	for (unsigned outer = reader->depth - 1; reader->depth > outer;)
		if (next_event(reader, err) < 0)
			return -1;
	return 0;
}

/* True if the current node is what is not there: null, or an alias that will be seen in the tree. */
static bool is_absent(struct yaml_reader *reader)
{
	const yaml_event_t *event = &reader->event;

	if (event->type == YAML_ALIAS_EVENT)
		reader->needs_tree = true;
	return event->type == YAML_ALIAS_EVENT ||
	       (event->type == YAML_SCALAR_EVENT && event->data.scalar.plain_implicit &&
		event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		yaml_is_null((const char *)event->data.scalar.value, event->data.scalar.length));
}

static int type_error(struct yaml_reader *reader, const char *what, const char *expected, struct error *err)
{
	const char *type = reader->event.type == YAML_SCALAR_EVENT          ? "a string"
			   : reader->event.type == YAML_MAPPING_START_EVENT ? "a mapping"
									    : "a list";

	return error_set(err, ERROR_INVALID, "line %llu: %s is %s, should be %s",
			 (unsigned long long)event_line(reader), what, type, expected);
}

static int take_image(struct yaml_reader *reader, struct strvec *images, struct error *err)
{
	const yaml_event_t *event = &reader->event;

	strvec_release(images);
	if (is_absent(reader))
		return 0;
	if (event->type != YAML_SCALAR_EVENT)
		return type_error(reader, "image", "a string", err);
	if (event->data.scalar.plain_implicit &&
	    !yaml_plain_is_string((const char *)event->data.scalar.value))
		return error_set(err, ERROR_INVALID, "line %llu: image should be a string; quote it",
				 (unsigned long long)event_line(reader));
	const char *problem =
		images_add(images, (const char *)event->data.scalar.value, event->data.scalar.length);
	if (problem)
		return error_set(err, ERROR_INVALID, "line %llu: %s", (unsigned long long)event_line(reader),
				 problem);
	return 0;
}

/* Reads a key; the next event is its value. */
static int read_key(struct yaml_reader *reader, enum image_member *member, struct error *err)
{
	const yaml_event_t *event = &reader->event;

	*member = MEMBER_OTHER;
	if (event->type == YAML_SCALAR_EVENT) {
		const char *name = (const char *)event->data.scalar.value;
		*member = image_member_of(name, event->data.scalar.length);
		if (!strcmp(name, YAML_MERGE_KEY))
			reader->needs_tree = true;
	} else if (event->type == YAML_ALIAS_EVENT) {
		reader->needs_tree = true;
	}
	return skip_node(reader, err);
}

static void move_images(struct strvec *to, struct strvec *from)
{
	for (size_t i = 0; i < from->count; i++)
		strvec_push_take(to, steal(&from->items[i]));
	from->count = 0;
}

/* The current event begins an element of relatedImages. */
static int read_related_image(struct yaml_reader *reader, struct strvec *images, struct error *err)
{
	CLEANUP(strvec_release) struct strvec image = STRVEC_INIT;

	if (is_absent(reader))
		return 0;
	if (reader->event.type != YAML_MAPPING_START_EVENT)
		return type_error(reader, "a member of relatedImages", "a mapping", err);
	for (;;) {
		enum image_member member;
		if (next_event(reader, err) < 0)
			return -1;
		if (reader->event.type == YAML_MAPPING_END_EVENT)
			break;
		if (read_key(reader, &member, err) < 0 || next_event(reader, err) < 0)
			return -1;
		if (member == MEMBER_IMAGE && take_image(reader, &image, err) < 0)
			return -1;
		if (skip_node(reader, err) < 0)
			return -1;
	}
	move_images(images, &image);
	return 0;
}

static int read_related_images(struct yaml_reader *reader, struct strvec *images, struct error *err)
{
	strvec_release(images);
	if (is_absent(reader))
		return 0;
	if (reader->event.type != YAML_SEQUENCE_START_EVENT)
		return type_error(reader, "relatedImages", "a list", err);
	for (;;) {
		if (next_event(reader, err) < 0)
			return -1;
		if (reader->event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (read_related_image(reader, images, err) < 0)
			return -1;
	}
}

static int read_value(struct yaml_reader *reader, enum image_member member, struct strvec *image,
		      struct strvec *related, struct error *err)
{
	switch (member) {
	case MEMBER_IMAGE:
		return take_image(reader, image, err);
	case MEMBER_RELATED_IMAGES:
		return read_related_images(reader, related, err);
	default:
		return skip_node(reader, err);
	}
}

/* The current event begins the root node of a document. */
static int read_document(struct yaml_reader *reader, struct error *err)
{
	CLEANUP(strvec_release) struct strvec image = STRVEC_INIT;
	CLEANUP(strvec_release) struct strvec related = STRVEC_INIT;

	if (is_absent(reader))
		return 0;
	if (reader->event.type != YAML_MAPPING_START_EVENT)
		return type_error(reader, "a document", "a mapping", err);
	for (;;) {
		enum image_member member;
		if (next_event(reader, err) < 0)
			return -1;
		if (reader->event.type == YAML_MAPPING_END_EVENT)
			break;
		if (read_key(reader, &member, err) < 0 || next_event(reader, err) < 0 ||
		    read_value(reader, member, &image, &related, err) < 0)
			return -1;
	}
	move_images(reader->images, &image);
	move_images(reader->images, &related);
	return 0;
}

static int read_stream(struct yaml_reader *reader, struct error *err)
{
	for (;;) {
		if (next_event(reader, err) < 0)
			return -1;
		if (reader->event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (reader->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (next_event(reader, err) < 0 || read_document(reader, err) < 0)
			return -1;
	}
}

int images_from_yaml(const char *text, size_t length, uint64_t first_line, struct strvec *images,
		     struct error *err)
{
	CLEANUP(strvec_release) struct strvec found = STRVEC_INIT;
	CLEANUP(reader_release) struct yaml_reader reader = {.first_line = first_line, .images = &found};

	if (!yaml_parser_initialize(&reader.parser))
		abort();
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
	if (read_stream(&reader, err) < 0)
		return -1;
	if (reader.needs_tree) {
		strvec_release(&found);
		if (images_from_yaml_trees(text, length, first_line, reader.n_anchors, &found, err) < 0)
			return -1;
	}
	move_images(images, &found);
	return 0;
}
