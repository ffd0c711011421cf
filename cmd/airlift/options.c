/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

void options_add(struct option_table *table, const struct option_spec *items, size_t count)
{
	assert(table->count + count <= OPTIONS_MAX);
	for (size_t i = 0; i < count; i++)
		table->items[table->count++] = items[i];
}

/* --- mistyped words */

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein distance. */
static unsigned distance(const char *a, const char *b)
{
	size_t length = strlen(b);
	CLEANUP(free_memory) unsigned *row = xcalloc(length + 1, sizeof(*row));

	for (size_t i = 0; i <= length; i++)
		row[i] = (unsigned)i;
	for (unsigned line = 1; *a; a++, line++) {
		unsigned diagonal = row[0];

		row[0] = line;
		for (size_t i = 1; i <= length; i++) {
			unsigned above = row[i];
			row[i] = smallest(above + 1, row[i - 1] + 1, diagonal + (*a != b[i - 1]));
			diagonal = above;
		}
	}
	return row[length];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t count)
{
	const char *nearest = NULL;
	unsigned best = 1 + (unsigned)strnlen(word, 64) / 3;

	if (strlen(word) > 64)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		unsigned found = distance(word, candidates[i]);
		if (found <= best && (!nearest || found < best)) {
			best = found;
			nearest = candidates[i];
		}
	}
	return nearest;
}

static int unknown_option(const struct option_table *table, const char *name, struct error *err)
{
	const char *names[OPTIONS_MAX];

	for (size_t i = 0; i < table->count; i++)
		names[i] = table->items[i].name;
	const char *nearest = nearest_word(name, names, table->count);
	CLEANUP(free_string) char *shown = text_escaped(name);
	if (nearest)
		return error_set(err, ERROR_USAGE, "there is no option --%s; did you mean --%s?", shown,
				 nearest);
	return error_set(err, ERROR_USAGE, "there is no option --%s; see --help", shown);
}

/* --- values */

static int set_boolean(const struct option_spec *option, const char *value, struct error *err)
{
	bool is_true = !value || !strcmp(value, "true") || !strcmp(value, "1");

	if (!is_true && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
		return error_set(err, ERROR_USAGE, "--%s: is true or false", option->name);
	*(bool *)option->value = option->kind == OPTION_INVERSE ? !is_true : is_true;
	return 0;
}

static int set_number(const struct option_spec *option, const char *value, struct error *err)
{
	uint64_t number;

	if (text_parse_number(value, 1000000, &number, err) < 0)
		return error_wrap(err, "--%s", option->name);
	*(unsigned *)option->value = (unsigned)number * (option->kind == OPTION_SECONDS ? 1000 : 1);
	return 0;
}

static int set_value(struct option_spec *option, const char *value, struct error *err)
{
	switch (option->kind) {
	case OPTION_FLAG:
	case OPTION_INVERSE:
		return set_boolean(option, value, err);
	case OPTION_STRING:
		*(const char **)option->value = value;
		return 0;
	case OPTION_LIST:
		strvec_push(option->value, value);
		return 0;
	case OPTION_SIZE:
		return text_parse_size(value, option->value, err) < 0 ? error_wrap(err, "--%s", option->name)
								      : 0;
	case OPTION_NUMBER:
	case OPTION_SECONDS:
		return set_number(option, value, err);
	case OPTION_COUNT:
		*(unsigned *)option->value += 1;
		return 0;
	case OPTION_IGNORED:
		option->is_given = true;
		return 0;
	case OPTION_REFUSED:
		return error_set(err, ERROR_USAGE, "--%s: %s", option->name, option->help);
	}
	return 0;
}

/* --- parsing */

/* The words of the command line, one after the other. */
struct words {
	char *const *next;
};

static int take_value(struct option_spec *option, const char *attached, struct words *words,
		      struct error *err)
{
	const char *value = attached;

	if (option->kind == OPTION_REFUSED)
		return set_value(option, NULL, err);
	if (!value && option->argument) {
		value = *words->next;
		if (!value)
			return error_set(err, ERROR_USAGE, "--%s: needs a value (%s)", option->name,
					 option->argument);
		words->next++;
	}
	return set_value(option, value, err);
}

static int parse_long(struct option_table *table, const char *word, struct words *words, bool *wants_help,
		      struct error *err)
{
	const char *equals = strchr(word, '=');
	CLEANUP(free_string) char *name = equals ? xstrndup(word, (size_t)(equals - word)) : xstrdup(word);

	if (!strcmp(name, "help")) {
		*wants_help = true;
		return 0;
	}
	for (size_t i = 0; i < table->count; i++)
		if (!strcmp(table->items[i].name, name))
			return take_value(&table->items[i], equals ? equals + 1 : NULL, words, err);
	return unknown_option(table, name, err);
}

static struct option_spec *find_letter(struct option_table *table, char letter)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->items[i].letter == letter)
			return &table->items[i];
	return NULL;
}

/* "-vv", "-a FILE", "-aFILE". */
static int parse_letters(struct option_table *table, const char *letters, struct words *words,
			 bool *wants_help, struct error *err)
{
	for (; *letters; letters++) {
		struct option_spec *option = find_letter(table, *letters);

		if (!option && *letters == 'h') {
			*wants_help = true;
			return 0;
		}
		if (!option) {
			char text[2] = {*letters, '\0'};
			CLEANUP(free_string) char *shown = text_escaped(text);
			return error_set(err, ERROR_USAGE, "there is no option -%s; see --help", shown);
		}
		if (option->argument)
			return take_value(option, letters[1] ? letters + 1 + (letters[1] == '=') : NULL,
					  words, err);
		if (set_value(option, NULL, err) < 0)
			return -1;
	}
	return 0;
}

int options_parse(struct option_table *table, char *const *argv, struct strvec *arguments, bool *wants_help,
		  struct error *err)
{
	struct words words = {.next = argv};
	bool is_ended = false;

	*wants_help = false;
	while (*words.next && !*wants_help) {
		const char *word = *words.next++;
		int result = 0;

		if (is_ended || word[0] != '-' || !word[1])
			strvec_push(arguments, word);
		else if (!strcmp(word, "--"))
			is_ended = true;
		else if (word[1] == '-')
			result = parse_long(table, word + 2, &words, wants_help, err);
		else
			result = parse_letters(table, word + 1, &words, wants_help, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

void options_warn(const struct option_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->items[i].is_given)
			log_warning("--%s has no effect: %s", table->items[i].name, table->items[i].help);
}

/* --- help */

static void print_wrapped(const char *text)
{
	const int indent = 8, width = 78;
	int column = indent;

	printf("%*s", indent, "");
	while (*text) {
		size_t length = strcspn(text, " ");

		if (column > indent && column + (int)length > width) {
			printf("\n%*s", indent, "");
			column = indent;
		}
		printf("%.*s", (int)length, text);
		column += (int)length + 1;
		text += length;
		if (*text == ' ') {
			text++;
			if (column + (int)strcspn(text, " ") <= width && *text)
				putchar(' ');
		}
	}
	putchar('\n');
}

void options_print(const struct option_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct option_spec *option = &table->items[i];

		if (option->is_alias || option->kind == OPTION_IGNORED || option->kind == OPTION_REFUSED)
			continue;
		if (option->letter)
			printf("  -%c, --%s%s%s\n", option->letter, option->name, option->argument ? " " : "",
			       option->argument ? option->argument : "");
		else
			printf("  --%s%s%s\n", option->name, option->argument ? " " : "",
			       option->argument ? option->argument : "");
		print_wrapped(option->help);
	}
}
