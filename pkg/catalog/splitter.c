/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/splitter.h"

#include <string.h>

#define BLANKS " \t\r\n\v\f"
#define FORMAT_WINDOW 4096

enum piece_format piece_format_of(const char *text, size_t length)
{
	size_t window = length < FORMAT_WINDOW ? length : FORMAT_WINDOW;

	for (size_t i = 0; i < window; i++)
		if (!memchr(BLANKS, text[i], strlen(BLANKS)))
			return text[i] == '{' ? PIECE_JSON : PIECE_YAML;
	return window == FORMAT_WINDOW ? PIECE_YAML : PIECE_UNKNOWN;
}

static size_t scan_string(struct splitter *splitter, const char *text, size_t i, size_t length)
{
	for (; i < length; i++) {
		if (splitter->is_escaped) {
			splitter->is_escaped = false;
		} else if (text[i] == '\\') {
			splitter->is_escaped = true;
		} else if (text[i] == '"') {
			splitter->is_in_string = false;
			return i + 1;
		}
	}
	return length;
}

static void scan_json(struct splitter *splitter, const char *text, size_t length)
{
	size_t i = splitter->scanned;

	while (i < length) {
		if (splitter->is_in_string) {
			i = scan_string(splitter, text, i, length);
			continue;
		}
		switch (text[i++]) {
		case '"':
			splitter->is_in_string = true;
			break;
		case '{':
		case '[':
			splitter->depth++;
			break;
		case '}':
		case ']':
			splitter->depth -= splitter->depth > 0;
			if (!splitter->depth)
				splitter->boundary = i;
			break;
		default:
			break;
		}
	}
	splitter->scanned = length;
}

/* The end of a separator line; NULL if it is another line, or not known yet (then *is_open). */
static const char *separator_end(const char *line, const char *end, bool *is_open)
{
	const char *newline = memchr(line, '\n', (size_t)(end - line));

	*is_open = !newline;
	if (!newline || newline - line < 3 || memcmp(line, "---", 3) != 0)
		return NULL;
	const char *rest = line + 3;
	while (rest < newline && memchr(" \t\r", *rest, 3))
		rest++;
	return rest == newline || (*rest == '#' && rest > line + 3) ? newline : NULL;
}

static void scan_yaml(struct splitter *splitter, const char *text, size_t length)
{
	const char *end = text + length, *at = text + splitter->scanned;
	bool is_open = false;

	/* `scanned` stays on the newline in front of a line that is not complete. */
	while ((at = memmem(at, (size_t)(end - at), "\n---", 4))) {
		if (separator_end(at + 1, end, &is_open))
			splitter->boundary = (size_t)(at + 1 - text);
		if (is_open) {
			splitter->scanned = (size_t)(at - text);
			return;
		}
		at++;
	}
	size_t tail = length < 3 ? length : 3;
	if (length - tail > splitter->scanned)
		splitter->scanned = length - tail;
}

void splitter_scan(struct splitter *splitter, const char *text, size_t length)
{
	if (splitter->format == PIECE_JSON)
		scan_json(splitter, text, length);
	else
		scan_yaml(splitter, text, length);
}

void splitter_cut(struct splitter *splitter)
{
	splitter->scanned -= splitter->boundary;
	splitter->boundary = 0;
}
