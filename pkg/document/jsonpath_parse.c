/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/jsonpath_tree.h"

struct parser {
	const char *text;
	const char *here;
	struct jsonpath *path;
	struct error *err;
};

static void release_part(struct jsonpath_part *part)
{
	for (size_t i = 0; i < part->n_steps; i++) {
		free(part->steps[i].name);
		free(part->steps[i].value);
		strvec_release(&part->steps[i].names);
	}
	free(part->steps);
	free(part->text);
}

void jsonpath_free(struct jsonpath *path)
{
	if (!path)
		return;
	for (size_t i = 0; i < path->n_parts; i++)
		release_part(&path->parts[i]);
	free(path->parts);
	free(path);
}

void jsonpath_freep(struct jsonpath **path)
{
	jsonpath_free(*path);
	*path = NULL;
}

static int fail(const struct parser *parser, const char *expected)
{
	return error_set(parser->err, ERROR_USAGE, "character %zu: %s",
			 (size_t)(parser->here - parser->text) + 1, expected);
}

static struct jsonpath_part *add_part(struct parser *parser)
{
	struct jsonpath *path = parser->path;

	array_grow(path->parts, path->n_parts, path->allocated_parts);
	path->parts[path->n_parts] = (struct jsonpath_part){0};
	return &path->parts[path->n_parts++];
}

static struct jsonpath_step *add_step(struct jsonpath_part *part, enum jsonpath_step_type type)
{
	array_grow(part->steps, part->n_steps, part->allocated_steps);
	part->steps[part->n_steps] = (struct jsonpath_step){.type = type};
	return &part->steps[part->n_steps++];
}

static bool skip(struct parser *parser, const char *token)
{
	if (!text_starts_with(parser->here, token))
		return false;
	parser->here += strlen(token);
	return true;
}

static void skip_blanks(struct parser *parser)
{
	while (skip(parser, " "))
		;
}

static int take_escape(struct parser *parser, struct strbuf *out)
{
	static const char letters[] = "ntr\\\"'";
	static const char characters[] = "\n\t\r\\\"'";
	char letter = parser->here[1];
	const char *found = letter ? strchr(letters, letter) : NULL;

	if (!found)
		return fail(parser, "only \\n, \\t, \\r, \\\\, \\\" and \\' mean something in a text");
	strbuf_add_char(out, characters[found - letters]);
	parser->here += 2;
	return 0;
}

/* "..." or '...', the parser being at the opening quote. Names keep nothing special but the backslash, which
 * stands for the character behind it. */
static int take_quoted(struct parser *parser, bool is_name, char **text)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;
	const char *start = parser->here;
	char quote = *parser->here++;

	while (*parser->here && *parser->here != quote) {
		bool is_escape = *parser->here == '\\';
		if (is_escape && !is_name) {
			if (take_escape(parser, &out) < 0)
				return -1;
			continue;
		}
		if (is_escape && parser->here[1])
			parser->here++;
		strbuf_add_char(&out, *parser->here++);
	}
	if (!*parser->here) {
		parser->here = start;
		return fail(parser, "this quote has no end");
	}
	parser->here++;
	*text = strbuf_detach(&out);
	return 0;
}

/* Behind the dot. */
static int take_name(struct parser *parser, char **name)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	while (*parser->here && !strchr(".[]{}()'\"*?@$,:=!<>&| \t\n", *parser->here)) {
		if (*parser->here == '\\' && parser->here[1])
			parser->here++;
		strbuf_add_char(&out, *parser->here++);
	}
	if (!out.len)
		return fail(parser, "the name of a member should stand here");
	*name = strbuf_detach(&out);
	return 0;
}

/* Behind "[?(". */
static int take_filter(struct parser *parser, struct jsonpath_part *part)
{
	struct jsonpath_step *step = add_step(part, JSONPATH_FILTER);

	skip_blanks(parser);
	if (!skip(parser, "@."))
		return fail(parser, "a filter is [?(@.name==\"text\")]");
	do {
		char *name = NULL;
		if (take_name(parser, &name) < 0)
			return -1;
		strvec_push_take(&step->names, name);
	} while (skip(parser, "."));
	skip_blanks(parser);
	if (!skip(parser, "=="))
		return fail(parser, "a filter can compare with == alone");
	skip_blanks(parser);
	if (*parser->here != '"' && *parser->here != '\'')
		return fail(parser, "a filter compares with a text in quotes");
	if (take_quoted(parser, false, &step->value) < 0)
		return -1;
	skip_blanks(parser);
	return skip(parser, ")]") ? 0 : fail(parser, "')]' should end the filter");
}

static int take_index(struct parser *parser, struct jsonpath_part *part)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	size_t length = strspn(parser->here, "0123456789");
	CLEANUP(free_string) char *digits = xstrndup(parser->here, length);
	uint64_t index;

	if (!length || text_parse_number(digits, UINT32_MAX, &index, &ignored) < 0)
		return fail(parser, "a number, *, a name in quotes or ?(...) should stand in brackets");
	parser->here += length;
	add_step(part, JSONPATH_ELEMENT)->index = index;
	return 0;
}

/* Behind the bracket. */
static int take_brackets(struct parser *parser, struct jsonpath_part *part)
{
	if (skip(parser, "?("))
		return take_filter(parser, part);
	if (*parser->here == '\'' || *parser->here == '"') {
		char *name = NULL;
		if (take_quoted(parser, true, &name) < 0)
			return -1;
		add_step(part, JSONPATH_MEMBER)->name = name;
	} else if (skip(parser, "*")) {
		add_step(part, JSONPATH_ALL);
	} else if (take_index(parser, part) < 0) {
		return -1;
	}
	return skip(parser, "]") ? 0 : fail(parser, "']' should stand here");
}

static int take_path(struct parser *parser, struct jsonpath_part *part)
{
	for (;;) {
		char *name = NULL;
		if (skip(parser, "[")) {
			if (take_brackets(parser, part) < 0)
				return -1;
		} else if (skip(parser, ".")) {
			if (take_name(parser, &name) < 0)
				return -1;
			add_step(part, JSONPATH_MEMBER)->name = name;
		} else {
			return 0;
		}
	}
}

/* Behind the brace. */
static int take_braces(struct parser *parser)
{
	struct jsonpath_part *part = add_part(parser);
	int result;

	skip_blanks(parser);
	if (*parser->here == '"' || *parser->here == '\'')
		result = take_quoted(parser, false, &part->text);
	else if (*parser->here == '.' || *parser->here == '[')
		result = take_path(parser, part);
	else
		result = fail(parser, "a path such as .digest or a text in quotes should stand in braces");
	if (result < 0)
		return -1;
	skip_blanks(parser);
	return skip(parser, "}") ? 0 : fail(parser, "'}' should stand here");
}

int jsonpath_parse(struct jsonpath **path, const char *text, struct error *err)
{
	CLEANUP(jsonpath_freep) struct jsonpath *parsed = xcalloc(1, sizeof(*parsed));
	struct parser parser = {.text = text, .here = text, .path = parsed, .err = err};

	while (*parser.here) {
		size_t length = strcspn(parser.here, "{");
		if (length)
			add_part(&parser)->text = xstrndup(parser.here, length);
		parser.here += length;
		if (skip(&parser, "{") && take_braces(&parser) < 0)
			return -1;
	}
	*path = steal(&parsed);
	return 0;
}
