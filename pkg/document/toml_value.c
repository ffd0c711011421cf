/* SPDX-License-Identifier: Apache-2.0 */
#include "document/toml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/tree.h"

int toml_error(const struct toml_reader *reader, struct error *err, const char *format, ...)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	va_list arguments;
	va_start(arguments, format);
	strbuf_addv(&text, format, arguments);
	va_end(arguments);
	return document_parse_error(err, reader->name, reader->line, "%s", text.buf);
}

char toml_peek(const struct toml_reader *reader)
{
	return reader->at < reader->end ? *reader->at : '\0';
}

bool toml_accept(struct toml_reader *reader, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, text, length) != 0)
		return false;
	reader->at += length;
	return true;
}

void toml_skip_blanks(struct toml_reader *reader)
{
	while (toml_peek(reader) == ' ' || toml_peek(reader) == '\t')
		reader->at++;
}

bool toml_accept_line_end(struct toml_reader *reader)
{
	if (!toml_accept(reader, "\n") && !toml_accept(reader, "\r\n"))
		return false;
	reader->line++;
	return true;
}

int toml_skip_comment(struct toml_reader *reader, struct error *err)
{
	toml_skip_blanks(reader);
	if (!toml_accept(reader, "#"))
		return 0;
	while (reader->at < reader->end && *reader->at != '\n') {
		unsigned char character = (unsigned char)*reader->at;
		bool ends_line = character == '\r' && reader->end - reader->at > 1 && reader->at[1] == '\n';
		if (ends_line)
			break;
		if ((character < 0x20 && character != '\t') || character == 0x7F)
			return toml_error(reader, err, "a comment contains a control character");
		reader->at++;
	}
	return 0;
}

/* Blanks, comments and line ends, as arrays allow them between their elements. */
static int skip_lines(struct toml_reader *reader, struct error *err)
{
	do {
		if (toml_skip_comment(reader, err) < 0)
			return -1;
	} while (toml_accept_line_end(reader));
	return 0;
}

/* The characters of bare keys; numbers and words of values are made of these and '+', '.', ':'. */
static size_t count_bare(const struct toml_reader *reader, const char *more)
{
	size_t length = 0;

	for (const char *at = reader->at; at < reader->end; at++, length++) {
		bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
		bool is_digit = *at >= '0' && *at <= '9';
		bool is_more = *at && strchr(more, *at);
		if (!is_letter && !is_digit && *at != '-' && *at != '_' && !is_more)
			break;
	}
	return length;
}

static int read_key_part(struct toml_reader *reader, struct strvec *parts, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf part = STRBUF_INIT;
	char first = toml_peek(reader);

	if (toml_accept(reader, "\"\"\"") || toml_accept(reader, "'''"))
		return toml_error(reader, err, "a key must be on one line");
	if (first == '"' || first == '\'') {
		if (toml_read_string(reader, &part, err) < 0)
			return -1;
	} else {
		size_t length = count_bare(reader, "");
		if (!length)
			return toml_error(reader, err, "a key is expected");
		strbuf_add(&part, reader->at, length);
		reader->at += length;
	}
	strvec_push(parts, part.buf);
	return 0;
}

int toml_read_key(struct toml_reader *reader, struct strvec *parts, struct error *err)
{
	do {
		toml_skip_blanks(reader);
		if (parts->count == TOML_MAX_PARTS)
			return toml_error(reader, err, "a key has more than %d parts", TOML_MAX_PARTS);
		if (read_key_part(reader, parts, err) < 0)
			return -1;
		toml_skip_blanks(reader);
	} while (toml_accept(reader, "."));
	return 0;
}

static int read_array(struct toml_reader *reader, unsigned depth, json_t **value, struct error *err)
{
	CLEANUP(json_decrefp) json_t *array = json_array();

	for (;;) {
		if (skip_lines(reader, err) < 0)
			return -1;
		if (toml_accept(reader, "]"))
			break;
		json_t *element = NULL;
		if (toml_read_value(reader, depth + 1, &element, err) < 0)
			return -1;
		json_array_append_new(array, element);
		if (skip_lines(reader, err) < 0)
			return -1;
		if (toml_accept(reader, "]"))
			break;
		if (!toml_accept(reader, ","))
			return toml_error(reader, err, "an array needs a comma or ] here");
	}
	*value = steal(&array);
	return 0;
}

static int read_inline_member(struct toml_reader *reader, unsigned depth, json_t *table, struct error *err)
{
	CLEANUP(strvec_release) struct strvec key = STRVEC_INIT;

	if (toml_read_key(reader, &key, err) < 0)
		return -1;
	if (!toml_accept(reader, "="))
		return toml_error(reader, err, "a key needs = here");
	toml_skip_blanks(reader);
	json_t *value = NULL;
	if (toml_read_value(reader, depth + (unsigned)key.count, &value, err) < 0)
		return -1;
	return toml_assign(reader, table, &key, value, err);
}

/* { a = 1, b.c = 2 }: on one line, without a comma behind the last. */
static int read_inline_table(struct toml_reader *reader, unsigned depth, json_t **value, struct error *err)
{
	CLEANUP(json_decrefp) json_t *table = json_object();

	toml_skip_blanks(reader);
	if (!toml_accept(reader, "}")) {
		for (;;) {
			if (read_inline_member(reader, depth, table, err) < 0)
				return -1;
			toml_skip_blanks(reader);
			if (toml_accept(reader, "}"))
				break;
			if (!toml_accept(reader, ","))
				return toml_error(reader, err, "an inline table needs a comma or } here");
		}
	}
	*value = steal(&table);
	return 0;
}

/* Underscores may stand between digits. */
static bool copy_digits(const char *text, struct strbuf *out)
{
	for (size_t i = 0; text[i]; i++) {
		if (text[i] != '_')
			strbuf_add_char(out, text[i]);
		else if (i == 0 || text[i - 1] == '_' || !text[i + 1])
			return false;
	}
	return out->len > 0;
}

static bool only_digits(const char *text, int base)
{
	const char *digits = base == 16   ? "0123456789abcdefABCDEF"
			     : base == 10 ? "0123456789"
			     : base == 8  ? "01234567"
					  : "01";

	return text[strspn(text, digits)] == '\0';
}

/* NULL if the word is not a number that is read. */
static json_t *parse_integer(const char *word)
{
	CLEANUP(strbuf_release) struct strbuf digits = STRBUF_INIT;
	const char *start = word + (*word == '-' || *word == '+');
	int base = 10;

	if (start == word && word[0] == '0' && word[1])
		base = word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : word[1] == 'b' ? 2 : 0;
	if (!base || (start != word && start[0] == '0' && start[1]))
		return NULL; /* a leading zero */
	if (!copy_digits(base == 10 ? start : start + 2, &digits) || !only_digits(digits.buf, base))
		return NULL;

	CLEANUP(free_string) char *number = xasprintf("%s%s", *word == '-' ? "-" : "", digits.buf);
	errno = 0;
	long long value = strtoll(number, NULL, base);
	return errno == ERANGE ? NULL : json_integer(value);
}

static int read_word(struct toml_reader *reader, json_t **value, struct error *err)
{
	size_t length = count_bare(reader, "+.:");
	CLEANUP(free_string) char *word = xstrndup(reader->at, length);

	if (strcmp(word, "true") == 0)
		*value = json_true();
	else if (strcmp(word, "false") == 0)
		*value = json_false();
	else
		*value = length ? parse_integer(word) : NULL;
	if (!*value && length && strchr("+-0123456789", *word))
		return toml_error(reader, err,
				  "%s is not a 64-bit integer; other numbers, dates and "
				  "times are not read",
				  word);
	if (!*value)
		return toml_error(reader, err,
				  "a value is expected: a string, true, false, an integer, "
				  "an array or a table");
	reader->at += length;
	return 0;
}

int toml_read_value(struct toml_reader *reader, unsigned depth, json_t **value, struct error *err)
{
	if (depth > DOCUMENT_MAX_DEPTH)
		return toml_error(reader, err, "is nested deeper than %d levels", DOCUMENT_MAX_DEPTH);
	if (toml_accept(reader, "["))
		return read_array(reader, depth, value, err);
	if (toml_accept(reader, "{"))
		return read_inline_table(reader, depth + 1, value, err);
	if (toml_peek(reader) != '"' && toml_peek(reader) != '\'')
		return read_word(reader, value, err);

	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	if (toml_read_string(reader, &text, err) < 0)
		return -1;
	*value = json_stringn(text.buf, text.len);
	return *value ? 0 : toml_error(reader, err, "a string is not UTF-8");
}
