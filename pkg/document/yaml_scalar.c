/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the Go tools around OpenShift (sigs.k8s.io/yaml over go-yaml v2) write a string: plain; double
 * quotes if plain would read back as another type; single quotes if plain is no syntax; double quotes
 * again if a character needs an escape. Their idea of types is YAML 1.1: "yes" and "1:20" are quoted.
 */
#include "document/writer.h"

#include <string.h>

#include "document/core_schema.h"
#include "document/utf8.h"

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static size_t count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

static const char *skip_sign(const char *text)
{
	return *text == '-' || *text == '+' ? text + 1 : text;
}

static bool is_reserved_word(const char *text)
{
	static const char *const words[] = {
		"",     "~",    "null",  "Null",  "NULL",  "<<",    "y",     "Y",     "yes",   "Yes",
		"YES",  "true", "True",  "TRUE",  "on",    "On",    "ON",    "n",     "N",     "no",
		"No",   "NO",   "false", "False", "FALSE", "off",   "Off",   "OFF",   ".nan",  ".NaN",
		".NAN", ".inf", ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/* Without the underscores, which YAML 1.1 allows between digits. */
static void copy_without_underscores(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		if (*text != '_')
			strbuf_add_char(out, *text);
	}
}

static bool is_integer_with_radix(const char *text)
{
	if (text[0] != '0' || !text[1] || !text[2])
		return false;

	char radix = (char)(text[1] | 0x20);
	const char *digits = radix == 'x'   ? "0123456789abcdefABCDEF"
			     : radix == 'o' ? "01234567"
			     : radix == 'b' ? "01"
					    : "";
	return text[2 + strspn(text + 2, digits)] == '\0';
}

static bool is_number(const char *text)
{
	const char *first = skip_sign(text);
	if (!is_digit(*first) && *first != '.')
		return false;

	CLEANUP(strbuf_release) struct strbuf plain = STRBUF_INIT;
	copy_without_underscores(&plain, first);
	return is_integer_with_radix(plain.buf) || core_schema_is_number(plain.buf);
}

/* A number of one or two digits; NULL if there is none. */
static const char *skip_short_number(const char *text)
{
	size_t length = count_digits(text);

	return length == 1 || length == 2 ? text + length : NULL;
}

/* 2001-1-31 and what may stand behind it: a time after 't', 'T' or a space. */
static bool is_timestamp(const char *text)
{
	if (count_digits(text) != 4 || text[4] != '-')
		return false;
	text = skip_short_number(text + 5);
	if (!text || *text != '-')
		return false;
	text = skip_short_number(text + 1);
	if (!text)
		return false;
	if (*text == '\0')
		return true;
	if (*text != 'T' && *text != 't' && *text != ' ')
		return false;
	text = skip_short_number(text + 1);
	return text && *text == ':' && is_digit(text[1]);
}

/* [-+]? digit (digit|_)* ( ":" [0-5]? digit )+ ( "." (digit|_)* )? */
static bool is_base60(const char *text)
{
	text = skip_sign(text);
	if (!is_digit(*text))
		return false;
	text += strspn(text, "0123456789_");
	if (*text != ':')
		return false;
	while (*text == ':') {
		size_t length = count_digits(++text);
		if (length < 1 || length > 2 || (length == 2 && *text > '5'))
			return false;
		text += length;
	}
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789_");
	return *text == '\0';
}

static bool is_blank_or_end(char character)
{
	return character == ' ' || character == '\t' || character == '\0';
}

/* Control characters, and what is not UTF-8, can stand in double quotes only. */
static bool needs_escape(const char *text)
{
	while (*text) {
		uint32_t code_point = 0;
		size_t length = utf8_next(text, &code_point);
		if (!length || utf8_is_control(code_point))
			return true;
		text += length;
	}
	return false;
}

static bool is_plain_syntax(const char *text)
{
	size_t length = strlen(text);

	if (strchr("#,[]{}&*!|>'\"%@`", text[0]))
		return false; /* finds the end of an empty text too */
	if (strchr("-?:", text[0]) && is_blank_or_end(text[1]))
		return false;
	if (strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0)
		return false;
	if (text[0] == ' ' || text[length - 1] == ' ')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == ':' && is_blank_or_end(text[i + 1]))
			return false;
		if (text[i] == '#' && i && text[i - 1] == ' ')
			return false;
	}
	return true;
}

static void add_single_quoted(struct strbuf *out, const char *text)
{
	strbuf_add_char(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_add_char(out, '\'');
		strbuf_add_char(out, *text);
	}
	strbuf_add_char(out, '\'');
}

/* JSON's escapes are YAML's too. */
static void add_double_quoted(struct strbuf *out, const char *text)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 0);

	json_write_string(&writer, NULL, text);
}

bool yaml_plain_is_string(const char *text)
{
	return !is_reserved_word(text) && !is_number(text) && !is_timestamp(text) && !is_base60(text);
}

void yaml_scalar(struct strbuf *out, const char *text)
{
	if (!yaml_plain_is_string(text) || needs_escape(text))
		add_double_quoted(out, text);
	else if (is_plain_syntax(text))
		strbuf_add_string(out, text);
	else
		add_single_quoted(out, text);
}
