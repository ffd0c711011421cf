/* SPDX-License-Identifier: Apache-2.0 */
/* The four kinds of TOML strings: "basic", 'literal', """multi-line basic""", '''multi-line literal'''. */
#include "document/toml.h"

#include <stdint.h>
#include <string.h>

/* Code points as UTF-8; the caller has checked that it is a scalar value. */
static void add_code_point(struct strbuf *out, uint32_t code_point)
{
	if (code_point < 0x80) {
		strbuf_add_char(out, (char)code_point);
		return;
	}
	unsigned followers = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
	static const uint8_t leads[] = {0, 0xC0, 0xE0, 0xF0};
	strbuf_add_char(out, (char)(leads[followers] | code_point >> (6 * followers)));
	while (followers--)
		strbuf_add_char(out, (char)(0x80 | (code_point >> (6 * followers) & 0x3F)));
}

static int hexadecimal_value(char character)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = character ? strchr(digits, character | 0x20) : NULL;

	/* OR-ing 0x20 turns some control characters into digits. */
	if (!found || (unsigned char)character < '0')
		return -1;
	return (int)(found - digits);
}

static int read_code_point(struct toml_reader *reader, unsigned n_digits, struct strbuf *out,
			   struct error *err)
{
	uint32_t code_point = 0;

	for (unsigned i = 0; i < n_digits; i++) {
		int digit = hexadecimal_value(toml_peek(reader));
		if (digit < 0)
			return toml_error(reader, err, "an escape needs %u hexadecimal digits", n_digits);
		code_point = code_point << 4 | (uint32_t)digit;
		reader->at++;
	}
	if (!code_point || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000))
		return toml_error(reader, err, "an escape names no character");
	add_code_point(out, code_point);
	return 0;
}

/* Behind the backslash. */
static int read_escape(struct toml_reader *reader, struct strbuf *out, struct error *err)
{
	static const char letters[] = "btnfr\"\\";
	static const char meanings[] = "\b\t\n\f\r\"\\";
	char letter = toml_peek(reader);
	const char *found = letter ? strchr(letters, letter) : NULL;

	if (found) {
		reader->at++;
		strbuf_add_char(out, meanings[found - letters]);
		return 0;
	}
	if (toml_accept(reader, "u"))
		return read_code_point(reader, 4, out, err);
	if (toml_accept(reader, "U"))
		return read_code_point(reader, 8, out, err);
	return toml_error(reader, err, "an unknown escape in a string");
}

/* A backslash at the end of a line swallows the white space and line ends that follow. */
static bool skip_folded_line(struct toml_reader *reader)
{
	const char *behind_backslash = reader->at;

	toml_skip_blanks(reader);
	if (!toml_accept_line_end(reader)) {
		reader->at = behind_backslash;
		return false;
	}
	do
		toml_skip_blanks(reader);
	while (toml_accept_line_end(reader));
	return true;
}

static int add_character(struct toml_reader *reader, struct strbuf *out, struct error *err)
{
	unsigned char character = (unsigned char)toml_peek(reader);

	if (!character && reader->at == reader->end)
		return toml_error(reader, err, "a string is not closed");
	if ((character < 0x20 && character != '\t') || character == 0x7F)
		return toml_error(reader, err, "a string contains a control character or a line end");
	strbuf_add_char(out, (char)character);
	reader->at++;
	return 0;
}

static int read_line_string(struct toml_reader *reader, const char *quote, struct strbuf *out,
			    struct error *err)
{
	while (!toml_accept(reader, quote)) {
		if (*quote == '"' && toml_accept(reader, "\\")) {
			if (read_escape(reader, out, err) < 0)
				return -1;
		} else if (add_character(reader, out, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Up to two quotes may stand directly before the closing three. */
static bool accept_closing(struct toml_reader *reader, const char *three_quotes, struct strbuf *out)
{
	if (!toml_accept(reader, three_quotes))
		return false;
	for (int i = 0; i < 2 && toml_peek(reader) == *three_quotes; i++) {
		strbuf_add_char(out, *three_quotes);
		reader->at++;
	}
	return true;
}

static int read_lines_string(struct toml_reader *reader, const char *quote, struct strbuf *out,
			     struct error *err)
{
	toml_accept_line_end(reader); /* the first one does not count */
	while (!accept_closing(reader, quote, out)) {
		if (*quote == '"' && toml_accept(reader, "\\")) {
			if (!skip_folded_line(reader) && read_escape(reader, out, err) < 0)
				return -1;
		} else if (toml_accept_line_end(reader)) {
			strbuf_add_char(out, '\n');
		} else if (add_character(reader, out, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int toml_read_string(struct toml_reader *reader, struct strbuf *out, struct error *err)
{
	if (toml_accept(reader, "\"\"\""))
		return read_lines_string(reader, "\"\"\"", out, err);
	if (toml_accept(reader, "'''"))
		return read_lines_string(reader, "'''", out, err);
	if (toml_accept(reader, "\""))
		return read_line_string(reader, "\"", out, err);
	if (toml_accept(reader, "'"))
		return read_line_string(reader, "'", out, err);
	return toml_error(reader, err, "a string is expected");
}
