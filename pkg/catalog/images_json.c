/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/images.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"

#define BLANKS " \t\r\n"

struct json_reader {
	const char *text;
	size_t length;
	size_t offset; /* of the value that is being read */
	uint64_t line; /* of the byte at line_offset */
	size_t line_offset;
	struct strvec *images;
};

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	default:
		return "true or false";
	}
}

/* The line at which the current value begins; asked for by messages only. */
static uint64_t value_line(struct json_reader *reader)
{
	for (; reader->line_offset < reader->offset; reader->line_offset++)
		reader->line += reader->text[reader->line_offset] == '\n';
	return reader->line;
}

static int type_error(struct json_reader *reader, const char *what, const json_t *value, const char *expected,
		      struct error *err)
{
	return error_set(err, ERROR_INVALID, "line %llu: %s is %s, should be %s",
			 (unsigned long long)value_line(reader), what, type_name(value), expected);
}

static int take_image(struct json_reader *reader, const char *what, const json_t *value, struct error *err)
{
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return type_error(reader, what, value, "a string", err);
	const char *problem = images_add(reader->images, json_string_value(value), json_string_length(value));
	if (problem)
		return error_set(err, ERROR_INVALID, "line %llu: %s", (unsigned long long)value_line(reader),
				 problem);
	return 0;
}

/* The last member that has the name, whatever its case; NULL if there is none. */
static const json_t *find_member(json_t *object, enum image_member wanted)
{
	const json_t *found = NULL;

	for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
		const char *key = json_object_iter_key(i);
		if (image_member_of(key, strlen(key)) == wanted)
			found = json_object_iter_value(i);
	}
	return found;
}

static int take_related_images(struct json_reader *reader, const json_t *list, struct error *err)
{
	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return type_error(reader, "relatedImages", list, "a list", err);
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *item = json_array_get(list, i);
		if (json_is_null(item))
			continue;
		if (!json_is_object(item))
			return type_error(reader, "a member of relatedImages", item, "an object", err);
		if (take_image(reader, "relatedImages.image", find_member(item, MEMBER_IMAGE), err) < 0)
			return -1;
	}
	return 0;
}

static int take_document(struct json_reader *reader, json_t *document, struct error *err)
{
	if (!json_is_object(document))
		return type_error(reader, "a document", document, "an object", err);
	if (take_image(reader, "image", find_member(document, MEMBER_IMAGE), err) < 0)
		return -1;
	return take_related_images(reader, find_member(document, MEMBER_RELATED_IMAGES), err);
}

static int syntax_error(struct json_reader *reader, const json_error_t *error, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(error->text);
	uint64_t line = value_line(reader) + (error->line > 0 ? (uint64_t)error->line - 1 : 0);

	return error_set(err, ERROR_INVALID, "line %llu: %s", (unsigned long long)line, shown);
}

/* JSON values between YAML's separators: what follows the first separator is read as YAML, which is what
 * such a file is. Anything else that is no JSON value is an error: guessing would lose images. */
static int read_rest(struct json_reader *reader, const json_error_t *error, struct error *err)
{
	const char *rest = reader->text + reader->offset;
	size_t length = reader->length - reader->offset;

	if (length >= 3 && !memcmp(rest, "---", 3))
		return images_from_yaml(rest, length, value_line(reader), reader->images, err);
	return syntax_error(reader, error, err);
}

int images_from_json(const char *text, size_t length, uint64_t first_line, struct strvec *images,
		     struct error *err)
{
	struct json_reader reader = {.text = text, .length = length, .line = first_line, .images = images};
	/* A number that nobody reads may be of any size. */
	const size_t flags = JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;

	for (;;) {
		json_error_t error;
		while (reader.offset < length && memchr(BLANKS, text[reader.offset], strlen(BLANKS)))
			reader.offset++;
		if (reader.offset == length)
			return 0;
		CLEANUP(json_decrefp) json_t *document =
			json_loadb(text + reader.offset, length - reader.offset, flags, &error);
		if (!document)
			return read_rest(&reader, &error, err);
		if (take_document(&reader, document, err) < 0)
			return -1;
		reader.offset += (size_t)error.position;
	}
}
