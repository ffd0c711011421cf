/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line as data: a command lists its options; parsing and --help come from the list.
 *
 * "--name value", "--name=value", "-a value", "-avalue"; flags may say "=true" or "=false". Options and
 * arguments may be mixed; "--" ends the options. An unknown option is an error with the nearest name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strvec.h"

enum option_kind {
	OPTION_FLAG,    /* bool */
	OPTION_INVERSE, /* bool: "=false" sets it (--src-tls-verify=false) */
	OPTION_STRING,  /* const char *, the last one counts */
	OPTION_LIST,    /* struct strvec, repeated */
	OPTION_SIZE,    /* uint64_t, "4G" */
	OPTION_NUMBER,  /* unsigned */
	OPTION_SECONDS, /* unsigned milliseconds, given in seconds */
	OPTION_COUNT,   /* unsigned, counts its uses (-v -v) */
	OPTION_IGNORED, /* accepted with a warning that says why it has no effect */
	OPTION_REFUSED, /* an error that says what to do instead */
};

struct option_spec {
	const char *name;
	enum option_kind kind;
	void *value;          /* of the kind's type */
	const char *argument; /* "FILE"; NULL for flags */
	const char *help;     /* for IGNORED and REFUSED: the explanation */
	char letter;          /* or 0 */
	bool is_alias;        /* not shown by --help */
	bool is_given;        /* set by options_parse for IGNORED */
};

#define OPTIONS_MAX 96

struct option_table {
	struct option_spec items[OPTIONS_MAX];
	size_t count;
};

void options_add(struct option_table *table, const struct option_spec *items, size_t count);
/* Options take their values; the rest is appended to `arguments`. *wants_help: --help or -h was there
 * (nothing after it is looked at). ERROR_USAGE. */
int options_parse(struct option_table *table, char *const *argv, struct strvec *arguments, bool *wants_help,
		  struct error *err) MUST_CHECK;
/* Warns of the IGNORED options that were given; when logging has been set up. */
void options_warn(const struct option_table *table);
/* The OPTIONS part of --help. */
void options_print(const struct option_table *table);
/* The candidate that is nearest to a mistyped word, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *candidates, size_t count);
