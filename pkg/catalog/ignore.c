/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "catalog/glob.h"
#include "layer/path.h"

#define BLANKS " \t\r\v\f"

void ignore_rules_release(struct ignore_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->patterns[i].directory);
		free(rules->patterns[i].glob);
	}
	free(rules->patterns);
	*rules = (struct ignore_rules)IGNORE_RULES_INIT;
}

static void add_line(struct ignore_rules *rules, const char *directory, const char *line, size_t length)
{
	struct ignore_pattern pattern = {0};

	while (length && memchr(BLANKS, *line, strlen(BLANKS)))
		line++, length--;
	while (length && memchr(BLANKS, line[length - 1], strlen(BLANKS)))
		length--;
	if (!length || *line == '#')
		return;
	if (*line == '!') {
		pattern.takes_back = true;
		line++, length--;
	}
	if (length && line[length - 1] == '/') {
		pattern.directories_only = true;
		length--;
	}
	pattern.is_anchored = memchr(line, '/', length);
	if (length && *line == '/')
		line++, length--;
	if (!length)
		return;
	pattern.directory = xstrdup(directory);
	pattern.glob = xstrndup(line, length);
	array_grow(rules->patterns, rules->count, rules->allocated);
	rules->patterns[rules->count++] = pattern;
}

void ignore_rules_add(struct ignore_rules *rules, const char *directory, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		add_line(rules, directory, text, (size_t)(stop - text));
		text = stop + 1;
	}
}

static bool matches(const struct ignore_pattern *pattern, const char *path)
{
	if (!layer_path_is_within(path, pattern->directory))
		return false;
	path += strlen(pattern->directory);
	path += *path == '/';
	if (!*path)
		return false;
	if (pattern->is_anchored)
		return glob_match_path(pattern->glob, path, pattern->directories_only);
	for (;;) {
		size_t length = strcspn(path, "/");
		bool is_directory = path[length] == '/';
		if ((is_directory || !pattern->directories_only) &&
		    glob_match(pattern->glob, strlen(pattern->glob), path, length))
			return true;
		if (!is_directory)
			return false;
		path += length + 1;
	}
}

bool ignore_rules_match(const struct ignore_rules *rules, const char *path)
{
	for (size_t i = rules->count; i-- > 0;)
		if (matches(&rules->patterns[i], path))
			return !rules->patterns[i].takes_back;
	return false;
}
