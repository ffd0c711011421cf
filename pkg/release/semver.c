/* SPDX-License-Identifier: Apache-2.0 */
#include "release/semver.h"

#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

struct span {
	const char *text;
	size_t length;
};

/* Borrows from the text. */
struct version {
	struct span numbers[3];
	struct span prerelease; /* of length 0: there is none */
};

static bool is_numeric(struct span span)
{
	return strspn(span.text, DIGITS) >= span.length;
}

static bool has_leading_zero(struct span span)
{
	return span.length > 1 && *span.text == '0' && is_numeric(span);
}

static bool take_number(const char **text, struct span *number)
{
	*number = (struct span){.text = *text, .length = strspn(*text, DIGITS)};
	*text += number->length;
	return number->length && !has_leading_zero(*number);
}

static bool take_character(const char **text, char character)
{
	if (**text != character)
		return false;
	(*text)++;
	return true;
}

static struct span take_identifier(const char **text)
{
	struct span identifier = {.text = *text, .length = strspn(*text, DIGITS LETTERS "-")};

	*text += identifier.length;
	return identifier;
}

/* Identifiers with dots between them. */
static bool take_identifiers(const char **text, bool allows_leading_zeros, struct span *all)
{
	const char *start = *text;

	do {
		struct span identifier = take_identifier(text);
		if (!identifier.length || (!allows_leading_zeros && has_leading_zero(identifier)))
			return false;
	} while (take_character(text, '.'));
	*all = (struct span){.text = start, .length = (size_t)(*text - start)};
	return true;
}

static bool parse(const char *text, struct version *version)
{
	struct span build;

	*version = (struct version){.prerelease = {.text = ""}};
	for (int i = 0; i < 3; i++)
		if ((i > 0 && !take_character(&text, '.')) || !take_number(&text, &version->numbers[i]))
			return false;
	if (take_character(&text, '-') && !take_identifiers(&text, false, &version->prerelease))
		return false;
	if (take_character(&text, '+') && !take_identifiers(&text, true, &build))
		return false;
	return !*text;
}

bool semver_is_valid(const char *text)
{
	struct version version;

	return parse(text, &version);
}

static int compare_sizes(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* Without leading zeros the longer number is the greater one. */
static int compare_numbers(struct span a, struct span b)
{
	return a.length != b.length ? compare_sizes(a.length, b.length) : memcmp(a.text, b.text, a.length);
}

static int compare_texts(struct span a, struct span b)
{
	int result = memcmp(a.text, b.text, a.length < b.length ? a.length : b.length);

	return result ? result : compare_sizes(a.length, b.length);
}

static int compare_identifiers(struct span a, struct span b)
{
	bool is_a_numeric = is_numeric(a), is_b_numeric = is_numeric(b);

	if (is_a_numeric != is_b_numeric)
		return is_a_numeric ? -1 : 1;
	return is_a_numeric ? compare_numbers(a, b) : compare_texts(a, b);
}

static int compare_prereleases(struct span a, struct span b)
{
	const char *a_rest = a.text, *b_rest = b.text;

	/* A version without one is the release itself. */
	if (!a.length || !b.length)
		return compare_sizes(!a.length, !b.length);
	for (;;) {
		int result = compare_identifiers(take_identifier(&a_rest), take_identifier(&b_rest));
		if (result)
			return result;
		bool has_a_more = take_character(&a_rest, '.'), has_b_more = take_character(&b_rest, '.');
		if (!has_a_more || !has_b_more)
			return (int)has_a_more - (int)has_b_more;
	}
}

int semver_compare(const char *a, const char *b)
{
	struct version a_version, b_version;
	bool is_a_valid = parse(a, &a_version), is_b_valid = parse(b, &b_version);

	if (is_a_valid != is_b_valid)
		return is_a_valid ? -1 : 1;
	if (!is_a_valid)
		return strcmp(a, b);
	for (int i = 0; i < 3; i++) {
		int result = compare_numbers(a_version.numbers[i], b_version.numbers[i]);
		if (result)
			return result;
	}
	return compare_prereleases(a_version.prerelease, b_version.prerelease);
}

int semver_compare_items(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	int result = semver_compare(*left, *right);

	return result ? result : strcmp(*left, *right);
}
