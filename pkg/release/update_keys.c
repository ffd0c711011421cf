/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as clusters read it, where document/document.h is too strict: the manifest of real releases has had a
 * key twice ("namespace"). So libyaml's events are followed, and only what is on the way to the keys counts;
 * of what is there twice the later one does, but every keyring is kept.
 */
#include "release/update_keys.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"

#define MAX_DEPTH 64

static const char annotation[] = "release.openshift.io/verification-config-map";

/* Mappings that matter. */
enum place {
	PLACE_ELSEWHERE,
	PLACE_STREAM, /* around all objects */
	PLACE_OBJECT,
	PLACE_METADATA,
	PLACE_ANNOTATIONS,
	PLACE_DATA,
};

struct level {
	enum place place;
	bool is_mapping;
	bool has_key; /* and its value comes next */
};

struct manifest_reader {
	yaml_parser_t parser;
	struct level levels[MAX_DEPTH];
	size_t depth;
	char *key; /* owned; the last one, whose value comes next */
	/* of the object so far */
	bool is_v1;
	bool is_config_map;
	bool has_annotation;
	struct strvec keyrings;
};

static void reader_release(struct manifest_reader *reader)
{
	yaml_parser_delete(&reader->parser);
	free(reader->key);
	strvec_release(&reader->keyrings);
}

bool update_keys_are_mentioned(const void *bytes, size_t length)
{
	return length && memmem(bytes, length, annotation, strlen(annotation));
}

static int refuse(const yaml_event_t *event, const char *reason, struct error *err)
{
	return error_set(err, ERROR_INVALID, "line %zu: %s", event->start_mark.line + 1, reason);
}

static int syntax_error(const yaml_parser_t *parser, struct error *err)
{
	if (parser->error == YAML_MEMORY_ERROR)
		abort();
	/* libyaml's own words, which do not quote the input. */
	return error_set(err, ERROR_INVALID, "line %zu: %s", parser->problem_mark.line + 1,
			 parser->problem ? parser->problem : "is not YAML");
}

static struct level *innermost(struct manifest_reader *reader)
{
	return &reader->levels[reader->depth - 1];
}

static void set_key(struct manifest_reader *reader, const char *text)
{
	free(reader->key);
	reader->key = xstrdup(text);
}

/* Of the two nodes of a member the first is its key. */
static bool is_key(struct level *level)
{
	level->has_key = level->is_mapping && !level->has_key;
	return level->has_key;
}

static bool is_keyring(const struct manifest_reader *reader, const struct level *level)
{
	return level->place == PLACE_DATA && text_starts_with(reader->key, "verifier-public-key-");
}

static void add_value(struct manifest_reader *reader, const struct level *level, const char *text)
{
	if (is_keyring(reader, level))
		strvec_push(&reader->keyrings, text);
	else if (level->place == PLACE_OBJECT && !strcmp(reader->key, "apiVersion"))
		reader->is_v1 = !strcmp(text, "v1");
	else if (level->place == PLACE_OBJECT && !strcmp(reader->key, "kind"))
		reader->is_config_map = !strcmp(text, "ConfigMap");
}

static int read_scalar(struct manifest_reader *reader, const yaml_event_t *event, struct error *err)
{
	const char *text = (const char *)event->data.scalar.value;
	struct level *level = innermost(reader);

	if (memchr(text, '\0', event->data.scalar.length))
		return refuse(event, "contains a NUL", err);
	if (!is_key(level)) {
		add_value(reader, level, text);
		return 0;
	}
	set_key(reader, text);
	if (level->place == PLACE_ANNOTATIONS && !strcmp(text, annotation))
		reader->has_annotation = true;
	return 0;
}

/* Of the value of the key that came last. */
static enum place place_below(const struct manifest_reader *reader, enum place place)
{
	if (place == PLACE_STREAM)
		return PLACE_OBJECT;
	if (place == PLACE_OBJECT && !strcmp(reader->key, "metadata"))
		return PLACE_METADATA;
	if (place == PLACE_OBJECT && !strcmp(reader->key, "data"))
		return PLACE_DATA;
	if (place == PLACE_METADATA && !strcmp(reader->key, "annotations"))
		return PLACE_ANNOTATIONS;
	return PLACE_ELSEWHERE;
}

static int open_level(struct manifest_reader *reader, const yaml_event_t *event, struct error *err)
{
	struct level *outer = innermost(reader);
	bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
	enum place place = PLACE_ELSEWHERE;

	if (is_key(outer))
		set_key(reader, "");
	else if (is_keyring(reader, outer))
		return refuse(event, "a verifier-public-key is not a text", err);
	else if (is_mapping)
		place = place_below(reader, outer->place);
	if (reader->depth == MAX_DEPTH)
		return refuse(event, "is nested too deeply", err);
	if (place == PLACE_METADATA || place == PLACE_ANNOTATIONS)
		reader->has_annotation = false;
	reader->levels[reader->depth++] = (struct level){.place = place, .is_mapping = is_mapping};
	return 0;
}

static int read_alias(struct manifest_reader *reader, const yaml_event_t *event, struct error *err)
{
	struct level *level = innermost(reader);

	if (level->place != PLACE_ELSEWHERE)
		return refuse(event, "aliases are not read; write the value out", err);
	if (is_key(level))
		set_key(reader, "");
	return 0;
}

static void start_object(struct manifest_reader *reader)
{
	reader->levels[0] = (struct level){.place = PLACE_STREAM};
	reader->depth = 1;
	set_key(reader, "");
	reader->is_v1 = reader->is_config_map = reader->has_annotation = false;
	strvec_release(&reader->keyrings);
}

static int read_event(struct manifest_reader *reader, const yaml_event_t *event, struct error *err)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		start_object(reader);
		return 0;
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event, err);
	case YAML_ALIAS_EVENT:
		return read_alias(reader, event, err);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		return open_level(reader, event, err);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		reader->depth--;
		/* It may have been a key itself, and keys in it are none for what comes next. */
		set_key(reader, "");
		return 0;
	default:
		return 0;
	}
}

/* Up to the end of the first object that is wanted, or of the stream. */
static int read_stream(struct manifest_reader *reader, bool *is_found, struct error *err)
{
	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t event = {.type = YAML_NO_EVENT};
		if (!yaml_parser_parse(&reader->parser, &event))
			return syntax_error(&reader->parser, err);
		if (read_event(reader, &event, err) < 0)
			return -1;
		*is_found = event.type == YAML_DOCUMENT_END_EVENT && reader->is_v1 && reader->is_config_map &&
			    reader->has_annotation;
		if (*is_found || event.type == YAML_STREAM_END_EVENT)
			return 0;
	}
}

int update_keys_parse(const void *bytes, size_t length, struct strvec *keyrings, bool *is_found,
		      struct error *err)
{
	CLEANUP(reader_release) struct manifest_reader reader = {.depth = 0};
	bool is_found_here = false;

	if (!yaml_parser_initialize(&reader.parser))
		abort();
	start_object(&reader);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, bytes ? bytes : (const void *)"", length);
	if (read_stream(&reader, &is_found_here, err) < 0)
		return -1;
	if (is_found_here)
		*keyrings = steal(&reader.keyrings);
	*is_found = is_found_here;
	return 0;
}
