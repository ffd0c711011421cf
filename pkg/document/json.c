/* SPDX-License-Identifier: Apache-2.0 */
/* JSON (RFC 8259) through jansson, with a limit on the nesting that jansson has set far too high. */
#include "document/document.h"

#include <string.h>

#include "base/text.h"
#include "document/tree.h"

/* The first character behind the string whose opening quote is at `position`. */
static size_t skip_string(const char *bytes, size_t length, size_t position)
{
	for (position++; position < length && bytes[position] != '"'; position++) {
		if (bytes[position] == '\\')
			position++;
	}
	return position;
}

/* jansson recurses; looking first keeps the stack small whatever the text is. */
static int check_depth(const char *name, const char *bytes, size_t length, struct error *err)
{
	size_t depth = 0;
	size_t line = 1;

	for (size_t i = 0; i < length; i++) {
		char character = bytes[i];
		if (character == '"')
			i = skip_string(bytes, length, i);
		else if (character == '\n')
			line++;
		else if (character == '{' || character == '[')
			depth++;
		else if ((character == '}' || character == ']') && depth)
			depth--;
		if (depth > DOCUMENT_MAX_DEPTH)
			return document_parse_error(err, name, line, "is nested deeper than %d levels",
						    DOCUMENT_MAX_DEPTH);
	}
	return 0;
}

int document_parse_json(struct document **document, const char *name, const void *bytes, size_t length,
			struct error *err)
{
	if (check_depth(name, bytes, length, err) < 0)
		return -1;

	json_error_t problem;
	json_t *root =
		json_loadb(bytes ? bytes : "", length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
	if (!root) {
		/* The text quotes the input. */
		CLEANUP(free_string) char *reason = text_escaped(problem.text);
		size_t line = problem.line > 0 ? (size_t)problem.line : 1;
		return document_parse_error(err, name, line, "%s", reason);
	}
	*document = document_new(name, root);
	return 0;
}
