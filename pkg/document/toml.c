/* SPDX-License-Identifier: Apache-2.0 */
/* TOML: lines, headers and the rules about what may be added to which table. */
#include "document/toml.h"

#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "document/document.h"
#include "document/tree.h"

/* Addresses are good names here: nothing is freed before the whole tree is. */
#define KIND_NAME_SIZE 32
static const char *kind_name(const json_t *container, char name[KIND_NAME_SIZE])
{
	snprintf(name, KIND_NAME_SIZE, "%p", (const void *)container);
	return name;
}

static void set_kind(struct toml_reader *reader, const json_t *container, enum toml_kind kind)
{
	char name[KIND_NAME_SIZE];

	map_set(&reader->kinds, kind_name(container, name), (void *)(uintptr_t)kind);
}

static enum toml_kind kind_of(const struct toml_reader *reader, const json_t *container)
{
	char name[KIND_NAME_SIZE];

	return (enum toml_kind)(uintptr_t)map_get(&reader->kinds, kind_name(container, name));
}

static int repeated(const struct toml_reader *reader, const char *key, struct error *err)
{
	CLEANUP(free_string) char *safe_key = text_escaped(key);

	return toml_error(reader, err, "\"%s\" is defined twice", safe_key);
}

/* Takes the value; the key must be free. */
static int put(struct toml_reader *reader, json_t *table, const char *key, json_t *value, struct error *err)
{
	if (json_object_set_new(table, key, value) < 0)
		return toml_error(reader, err, "a key is not UTF-8");
	return 0;
}

static int put_table(struct toml_reader *reader, json_t *table, const char *key, enum toml_kind kind,
		     json_t **made, struct error *err)
{
	*made = json_object();
	if (put(reader, table, key, *made, err) < 0)
		return -1;
	set_kind(reader, *made, kind);
	return 0;
}

int toml_assign(struct toml_reader *reader, json_t *table, const struct strvec *key, json_t *value,
		struct error *err)
{
	CLEANUP(json_decrefp) json_t *owned = value;

	for (size_t i = 0; i + 1 < key->count; i++) {
		json_t *next = json_object_get(table, key->items[i]);
		if (!next) {
			if (put_table(reader, table, key->items[i], TOML_DOTTED, &next, err) < 0)
				return -1;
		} else if (kind_of(reader, next) != TOML_DOTTED) {
			return repeated(reader, key->items[i], err);
		}
		table = next;
	}
	const char *last = key->items[key->count - 1];
	if (json_object_get(table, last))
		return repeated(reader, last, err);
	return put(reader, table, last, steal(&owned), err);
}

/* The table that all parts of a header but the last lead to. */
static int walk_header(struct toml_reader *reader, const struct strvec *key, json_t **found,
		       struct error *err)
{
	json_t *table = reader->root;

	for (size_t i = 0; i + 1 < key->count; i++) {
		json_t *next = json_object_get(table, key->items[i]);
		if (!next) {
			if (put_table(reader, table, key->items[i], TOML_IMPLICIT, &next, err) < 0)
				return -1;
		} else if (kind_of(reader, next) == TOML_CLOSED) {
			return repeated(reader, key->items[i], err);
		}
		/* [[registry.mirror]] belongs to the last [[registry]]. */
		table = json_is_array(next) ? json_array_get(next, json_array_size(next) - 1) : next;
	}
	*found = table;
	return 0;
}

static int open_table(struct toml_reader *reader, json_t *parent, const char *key, struct error *err)
{
	json_t *table = json_object_get(parent, key);

	if (!table)
		return put_table(reader, parent, key, TOML_HEADER, &reader->table, err);
	if (kind_of(reader, table) != TOML_IMPLICIT)
		return repeated(reader, key, err);
	set_kind(reader, table, TOML_HEADER);
	reader->table = table;
	return 0;
}

static int open_array_element(struct toml_reader *reader, json_t *parent, const char *key, struct error *err)
{
	json_t *array = json_object_get(parent, key);

	if (!array) {
		array = json_array();
		if (put(reader, parent, key, array, err) < 0)
			return -1;
		set_kind(reader, array, TOML_ARRAY_OF_TABLES);
	} else if (kind_of(reader, array) != TOML_ARRAY_OF_TABLES) {
		return repeated(reader, key, err);
	}
	reader->table = json_object();
	set_kind(reader, reader->table, TOML_HEADER);
	json_array_append_new(array, reader->table);
	return 0;
}

/* Behind the first bracket. */
static int read_header(struct toml_reader *reader, struct error *err)
{
	CLEANUP(strvec_release) struct strvec key = STRVEC_INIT;
	bool is_array = toml_accept(reader, "[");

	if (toml_read_key(reader, &key, err) < 0)
		return -1;
	if (!toml_accept(reader, is_array ? "]]" : "]"))
		return toml_error(reader, err, "a table header is not closed");
	/* Each part may be an array of tables: two levels. */
	reader->depth = 2 * (unsigned)key.count;

	json_t *parent = NULL;
	if (walk_header(reader, &key, &parent, err) < 0)
		return -1;
	const char *last = key.items[key.count - 1];
	return is_array ? open_array_element(reader, parent, last, err)
			: open_table(reader, parent, last, err);
}

static int read_assignment(struct toml_reader *reader, struct error *err)
{
	CLEANUP(strvec_release) struct strvec key = STRVEC_INIT;

	if (toml_read_key(reader, &key, err) < 0)
		return -1;
	if (!toml_accept(reader, "="))
		return toml_error(reader, err, "a key needs = here");
	toml_skip_blanks(reader);

	json_t *value = NULL;
	if (toml_read_value(reader, reader->depth + (unsigned)key.count, &value, err) < 0)
		return -1;
	return toml_assign(reader, reader->table, &key, value, err);
}

static int read_lines(struct toml_reader *reader, struct error *err)
{
	toml_accept(reader, "\xEF\xBB\xBF");
	for (;;) {
		if (toml_skip_comment(reader, err) < 0)
			return -1;
		if (reader->at == reader->end)
			return 0;
		if (toml_accept_line_end(reader))
			continue;

		int result =
			toml_accept(reader, "[") ? read_header(reader, err) : read_assignment(reader, err);
		if (result < 0 || toml_skip_comment(reader, err) < 0)
			return -1;
		if (reader->at < reader->end && !toml_accept_line_end(reader))
			return toml_error(reader, err, "a line end is expected");
	}
}

static void reader_release(struct toml_reader *reader)
{
	json_decref(reader->root);
	map_release(&reader->kinds);
}

int document_parse_toml(struct document **document, const char *name, const void *bytes, size_t length,
			struct error *err)
{
	const char *text = bytes ? bytes : "";
	CLEANUP(reader_release) struct toml_reader reader = {
		.name = name,
		.at = text,
		.end = text + length,
		.line = 1,
		.root = json_object(),
		.kinds = MAP_INIT,
	};

	reader.table = reader.root;
	if (read_lines(&reader, err) < 0)
		return -1;
	*document = document_new(name, steal(&reader.root));
	return 0;
}
