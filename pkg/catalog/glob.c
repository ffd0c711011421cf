/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/glob.h"

#include <stdint.h>
#include <string.h>

struct text {
	const char *at;
	const char *end;
};

/* The next character; bytes that are not UTF-8 count one by one. */
static uint32_t next_character(struct text *text)
{
	unsigned char first = (unsigned char)*text->at++;
	unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
	uint32_t character = first;

	if (first >= 0xf5 || (size_t)(text->end - text->at) < more)
		return character;
	for (unsigned i = 0; i < more; i++)
		if (((unsigned char)text->at[i] & 0xc0) != 0x80)
			return character;
	for (; more; more--)
		character = character << 8 | (unsigned char)*text->at++;
	return character;
}

/* One end of a range in a class; false if the class ends too early. */
static bool next_class_character(struct text *glob, uint32_t *character)
{
	if (glob->at < glob->end && *glob->at == '\\')
		glob->at++;
	if (glob->at == glob->end)
		return false;
	*character = next_character(glob);
	return true;
}

/* Behind '['; moves behind ']'. A class without its end contains nothing. */
static bool class_contains(struct text *glob, uint32_t character)
{
	bool is_negated = glob->at < glob->end && (*glob->at == '^' || *glob->at == '!');
	bool is_found = false;

	glob->at += is_negated;
	for (bool is_first = true;; is_first = false) {
		uint32_t low, high;
		if (glob->at < glob->end && *glob->at == ']' && !is_first) {
			glob->at++;
			return is_found != is_negated;
		}
		if (!next_class_character(glob, &low))
			return false;
		high = low;
		if (glob->end - glob->at > 1 && glob->at[0] == '-' && glob->at[1] != ']') {
			glob->at++;
			if (!next_class_character(glob, &high))
				return false;
		}
		is_found |= low <= character && character <= high;
	}
}

/* One pattern character other than '*' against one character of the name; both move on. */
static bool match_one(struct text *glob, struct text *name)
{
	uint32_t character = next_character(name);

	switch (*glob->at) {
	case '?':
		glob->at++;
		return true;
	case '[':
		glob->at++;
		return class_contains(glob, character);
	case '\\':
		glob->at++;
		if (glob->at == glob->end)
			return false;
		break;
	default:
		break;
	}
	return next_character(glob) == character;
}

bool glob_match(const char *glob, size_t glob_length, const char *name, size_t name_length)
{
	struct text pattern = {.at = glob, .end = glob + glob_length};
	struct text text = {.at = name, .end = name + name_length};
	/* Where to go on when a match breaks: behind the last '*', with one more character under it. It is
	 * enough to go back to the last one, so the time is at most the product of the lengths. */
	struct text star_pattern = {0}, star_text = {0};

	while (text.at < text.end) {
		if (pattern.at < pattern.end && *pattern.at == '*') {
			pattern.at++;
			star_pattern = pattern;
			star_text = text;
		} else if (pattern.at == pattern.end || !match_one(&pattern, &text)) {
			if (!star_pattern.at)
				return false;
			next_character(&star_text);
			pattern = star_pattern;
			text = star_text;
		}
	}
	while (pattern.at < pattern.end && *pattern.at == '*')
		pattern.at++;
	return pattern.at == pattern.end;
}

static bool is_any_number(const char *glob, size_t length)
{
	return length == 2 && glob[0] == '*' && glob[1] == '*';
}

/* Where the component that begins at `at` is followed by another: its beginning; else NULL. */
static const char *next_component(const char *at, size_t length)
{
	return at[length] ? at + length + 1 : NULL;
}

/* The same way as in glob_match, a level higher: components for characters, "**" for '*'. */
bool glob_match_path(const char *glob, const char *path, bool directory_only)
{
	const char *star_glob = NULL, *star_path = NULL;

	while (path) {
		size_t name_length = strcspn(path, "/");
		size_t glob_length = strcspn(glob, "/");
		const char *next_glob = next_component(glob, glob_length);
		if (is_any_number(glob, glob_length)) {
			/* At the end it stands for all that is below. */
			if (!next_glob)
				return path[name_length] || !directory_only;
			star_glob = glob = next_glob;
			star_path = path;
			continue;
		}
		if (glob_match(glob, glob_length, path, name_length)) {
			bool is_directory = path[name_length] == '/';
			if (!next_glob && (is_directory || !directory_only))
				return true;
			path = next_component(path, name_length);
			if (!path && next_glob && !directory_only &&
			    is_any_number(next_glob, strlen(next_glob)))
				return true;
			if (next_glob && path) {
				glob = next_glob;
				continue;
			}
		}
		if (!star_glob)
			return false;
		star_path = next_component(star_path, strcspn(star_path, "/"));
		path = star_path;
		glob = star_glob;
	}
	return false;
}
