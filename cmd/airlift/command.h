/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of airlift: name, words, function. One file a command. */
#pragma once

#include "options.h"

struct command {
	const char *name;                                             /* "catalog mirror" */
	const char *usage;                                            /* "SRC... DST" */
	const char *summary;                                          /* one line */
	const char *help;                                             /* paragraphs and examples for --help */
	int (*run)(const struct command *command, char *const *argv); /* argv behind the name; exit status */
};

extern const struct command command_copy, command_catalog_mirror, command_release_info,
	command_release_verify, command_release_mirror, command_push, command_inspect, command_verify,
	command_version;

/* Prints usage, help and options to stdout; returns 0. */
int command_print_help(const struct command *command, const struct option_table *options);
/* "airlift copy: ..." on stderr; returns the exit status of the error, which it clears. */
int command_fail(const struct command *command, struct error *err);
