/* SPDX-License-Identifier: Apache-2.0 */
#include "document/writer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "document/utf8.h"

static void add_control(struct strbuf *out, uint32_t code_point)
{
	static const char characters[] = "\b\t\n\f\r";
	static const char letters[] = "btnfr";
	const char *found = code_point < 0x20 ? strchr(characters, (int)code_point) : NULL;

	if (found)
		strbuf_addf(out, "\\%c", letters[found - characters]);
	else
		strbuf_addf(out, "\\u%04" PRIx32, code_point);
}

static void add_quoted(const struct json_writer *writer, const char *text)
{
	struct strbuf *out = writer->out;

	strbuf_add_char(out, '"');
	while (*text) {
		uint32_t code_point = 0;
		size_t length = utf8_next(text, &code_point);
		if (!length)
			strbuf_add_string(out, "\xEF\xBF\xBD");
		else if (code_point == '"' || code_point == '\\')
			strbuf_addf(out, "\\%c", *text);
		else if (utf8_is_control(code_point) ||
			 (writer->escapes_html &&
			  (code_point == '<' || code_point == '>' || code_point == '&')))
			add_control(out, code_point);
		else
			strbuf_add(out, text, length);
		text += length ? length : 1;
	}
	strbuf_add_char(out, '"');
}

static void start_line(struct json_writer *writer)
{
	if (!writer->indent)
		return;
	strbuf_add_char(writer->out, '\n');
	for (unsigned i = 0; i < writer->depth * writer->indent; i++)
		strbuf_add_char(writer->out, ' ');
}

/* What stands before a value: a comma, its line, its key. */
static void start_value(struct json_writer *writer, const char *key)
{
	if (writer->needs_comma)
		strbuf_add_char(writer->out, ',');
	if (writer->depth)
		start_line(writer);
	if (key) {
		add_quoted(writer, key);
		strbuf_add_string(writer->out, writer->indent ? ": " : ":");
	}
	writer->needs_comma = true;
}

static void open_container(struct json_writer *writer, const char *key, char bracket)
{
	start_value(writer, key);
	strbuf_add_char(writer->out, bracket);
	writer->depth++;
	writer->needs_comma = false;
}

static void close_container(struct json_writer *writer, char bracket)
{
	bool is_empty = !writer->needs_comma;

	writer->depth--;
	if (!is_empty)
		start_line(writer);
	strbuf_add_char(writer->out, bracket);
	writer->needs_comma = true;
}

void json_open_object(struct json_writer *writer, const char *key)
{
	open_container(writer, key, '{');
}

void json_close_object(struct json_writer *writer)
{
	close_container(writer, '}');
}

void json_open_array(struct json_writer *writer, const char *key)
{
	open_container(writer, key, '[');
}

void json_close_array(struct json_writer *writer)
{
	close_container(writer, ']');
}

void json_write_string(struct json_writer *writer, const char *key, const char *text)
{
	start_value(writer, key);
	add_quoted(writer, text);
}

void json_write_unsigned(struct json_writer *writer, const char *key, uint64_t value)
{
	start_value(writer, key);
	strbuf_addf(writer->out, "%" PRIu64, value);
}

/* Through an integer: printf would write the decimal point of the locale. */
void json_write_real(struct json_writer *writer, const char *key, double value)
{
	start_value(writer, key);
	if (!isfinite(value) || fabs(value) > 1e15) {
		strbuf_add_string(writer->out, "null");
		return;
	}
	int64_t thousandths = (int64_t)(value * 1000 + (value < 0 ? -0.5 : 0.5));
	uint64_t magnitude = thousandths < 0 ? (uint64_t)-thousandths : (uint64_t)thousandths;
	strbuf_addf(writer->out, "%s%" PRIu64 ".%03" PRIu64, thousandths < 0 ? "-" : "", magnitude / 1000,
		    magnitude % 1000);
}

void json_write_boolean(struct json_writer *writer, const char *key, bool value)
{
	start_value(writer, key);
	strbuf_add_string(writer->out, value ? "true" : "false");
}

void json_write_plain(struct json_writer *writer, const char *key, const char *text)
{
	start_value(writer, key);
	strbuf_add_string(writer->out, text);
}
