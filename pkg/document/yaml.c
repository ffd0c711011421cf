/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML through libyaml's events into the same tree as JSON. Refused, because they make a small text
 * large or mean different things to different readers: anchors, aliases, tags, merge keys, keys that
 * are not scalars, keys given twice.
 */
#include "document/document.h"

#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "document/core_schema.h"
#include "document/tree.h"

/* An array or object that is not closed yet. */
struct level {
	json_t *container; /* owned until it is closed */
	char *key;         /* owned; of the member whose value comes next */
};

struct yaml_reader {
	const char *name;
	yaml_parser_t parser;
	json_t *documents;
	struct level levels[DOCUMENT_MAX_DEPTH];
	size_t depth;
};

static void reader_release(struct yaml_reader *reader)
{
	for (size_t i = 0; i < reader->depth; i++) {
		json_decref(reader->levels[i].container);
		free(reader->levels[i].key);
	}
	json_decref(reader->documents);
	yaml_parser_delete(&reader->parser);
}

static size_t line_of(const yaml_event_t *event)
{
	return event->start_mark.line + 1;
}

static int parser_error(const struct yaml_reader *reader, struct error *err)
{
	const yaml_parser_t *parser = &reader->parser;

	if (parser->error == YAML_MEMORY_ERROR)
		abort();
	/* libyaml's own words; they do not quote the input. A wrong encoding has no line. */
	return document_parse_error(err, reader->name, parser->problem_mark.line + 1, "%s",
				    parser->problem ? parser->problem : "is not YAML");
}

static int repeated_key(const struct yaml_reader *reader, const char *key, const yaml_event_t *event,
			struct error *err)
{
	CLEANUP(free_string) char *safe_key = text_escaped(key);

	return document_parse_error(err, reader->name, line_of(event), "the key \"%s\" is given twice",
				    safe_key);
}

/* Takes the value and puts it where it belongs: below the innermost open level, or at the top. */
static int add_value(struct yaml_reader *reader, json_t *value, const yaml_event_t *event, struct error *err)
{
	CLEANUP(json_decrefp) json_t *owned = value;

	if (!reader->depth) {
		/* A document without content, as between two separators, is none. */
		if (!json_is_null(owned))
			json_array_append_new(reader->documents, steal(&owned));
		return 0;
	}

	struct level *level = &reader->levels[reader->depth - 1];
	if (json_is_array(level->container)) {
		json_array_append_new(level->container, steal(&owned));
		return 0;
	}
	if (!level->key)
		return document_parse_error(err, reader->name, line_of(event), "a key must be a scalar");
	CLEANUP(free_string) char *key = steal(&level->key);
	if (json_object_set_new(level->container, key, steal(&owned)) < 0)
		return document_parse_error(err, reader->name, line_of(event), "is not UTF-8");
	return 0;
}

static int open_level(struct yaml_reader *reader, json_t *container, const yaml_event_t *event,
		      struct error *err)
{
	CLEANUP(json_decrefp) json_t *owned = container;
	const struct level *outer = reader->depth ? &reader->levels[reader->depth - 1] : NULL;

	if (outer && json_is_object(outer->container) && !outer->key)
		return document_parse_error(err, reader->name, line_of(event), "a key must be a scalar");
	if (reader->depth == DOCUMENT_MAX_DEPTH)
		return document_parse_error(err, reader->name, line_of(event),
					    "is nested deeper than %d levels", DOCUMENT_MAX_DEPTH);
	reader->levels[reader->depth++] = (struct level){.container = steal(&owned)};
	return 0;
}

static int close_level(struct yaml_reader *reader, const yaml_event_t *event, struct error *err)
{
	struct level closed = reader->levels[--reader->depth];

	return add_value(reader, closed.container, event, err);
}

/* The next scalar of a mapping whose key is not known yet. */
static int set_key(struct yaml_reader *reader, struct level *level, const yaml_event_t *event,
		   struct error *err)
{
	const char *text = (const char *)event->data.scalar.value;

	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(text, "<<") == 0)
		return document_parse_error(err, reader->name, line_of(event),
					    "merge keys (<<) are not read");
	if (json_object_get(level->container, text))
		return repeated_key(reader, text, event, err);
	level->key = xstrdup(text);
	return 0;
}

static int read_scalar(struct yaml_reader *reader, const yaml_event_t *event, struct error *err)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct level *level = reader->depth ? &reader->levels[reader->depth - 1] : NULL;

	if (memchr(text, '\0', length))
		return document_parse_error(err, reader->name, line_of(event), "contains a NUL");
	if (level && json_is_object(level->container) && !level->key)
		return set_key(reader, level, event, err);

	bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	json_t *value = is_plain ? core_schema_resolve(text) : json_stringn(text, length);
	if (!value)
		return document_parse_error(err, reader->name, line_of(event),
					    "is a number without end, or not UTF-8");
	return add_value(reader, value, event, err);
}

static int check_properties(const struct yaml_reader *reader, const yaml_event_t *event,
			    const yaml_char_t *anchor, const yaml_char_t *tag, struct error *err)
{
	if (anchor)
		return document_parse_error(err, reader->name, line_of(event),
					    "anchors are not read; write the value out");
	if (tag)
		return document_parse_error(err, reader->name, line_of(event), "tags are not read");
	return 0;
}

static int read_event(struct yaml_reader *reader, const yaml_event_t *event, struct error *err)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		if (check_properties(reader, event, event->data.scalar.anchor, event->data.scalar.tag, err) <
		    0)
			return -1;
		return read_scalar(reader, event, err);
	case YAML_SEQUENCE_START_EVENT:
		if (check_properties(reader, event, event->data.sequence_start.anchor,
				     event->data.sequence_start.tag, err) < 0)
			return -1;
		return open_level(reader, json_array(), event, err);
	case YAML_MAPPING_START_EVENT:
		if (check_properties(reader, event, event->data.mapping_start.anchor,
				     event->data.mapping_start.tag, err) < 0)
			return -1;
		return open_level(reader, json_object(), event, err);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return close_level(reader, event, err);
	case YAML_ALIAS_EVENT:
		return document_parse_error(err, reader->name, line_of(event),
					    "aliases are not read; write the value out");
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static int read_stream(struct yaml_reader *reader, struct error *err)
{
	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t event = {.type = YAML_NO_EVENT};
		if (!yaml_parser_parse(&reader->parser, &event))
			return parser_error(reader, err);
		if (event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (read_event(reader, &event, err) < 0)
			return -1;
	}
}

int document_parse_yaml(struct document **document, const char *name, const void *bytes, size_t length,
			struct error *err)
{
	CLEANUP(reader_release) struct yaml_reader reader = {.name = name};

	if (!yaml_parser_initialize(&reader.parser))
		abort();
	reader.documents = json_array();
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, bytes ? bytes : (const void *)"", length);
	if (read_stream(&reader, err) < 0)
		return -1;
	*document = document_new(name, steal(&reader.documents));
	return 0;
}
