/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "command.h"
#include "display.h"
#include "operation/outcome.h"

static const struct command *const commands[] = {
	&command_copy,           &command_catalog_mirror, &command_release_info,
	&command_release_verify, &command_release_mirror, &command_push,
	&command_inspect,        &command_verify,         &command_version,
};

static void print_overview(FILE *out)
{
	fprintf(out, "airlift carries OpenShift releases and operator catalogs across an air gap.\n\nusage: "
		     "airlift "
		     "COMMAND ...\n\n");
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		fprintf(out, "  %-16s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\nairlift COMMAND --help tells more.\n");
}

int command_print_help(const struct command *command, const struct option_table *options)
{
	printf("usage: airlift %s %s\n\n%s\n", command->name, command->usage, command->help);
	if (options->count) {
		printf("\nOptions:\n");
		options_print(options);
	}
	return 0;
}

int command_fail(const struct command *command, struct error *err)
{
	int status = error_exit_status(err);

	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	strbuf_addf(&text, "airlift %s: %s\n", command->name, err->message);
	if (status == 2)
		strbuf_addf(&text, "usage: airlift %s %s\n", command->name, command->usage);
	display_print("error", text.buf);
	error_clear(err);
	return status;
}

/* Words of the command's name, if argv begins with them; else 0. */
static size_t match(const struct command *command, int argc, char *const *argv)
{
	const char *space = strchr(command->name, ' ');

	if (!space)
		return argc > 1 && !strcmp(argv[1], command->name) ? 1 : 0;
	size_t length = (size_t)(space - command->name);
	return argc > 2 && strlen(argv[1]) == length && !strncmp(argv[1], command->name, length) &&
			       !strcmp(argv[2], space + 1)
		       ? 2
		       : 0;
}

static int unknown_command(int argc, char *const *argv)
{
	const char *names[ARRAY_LENGTH(commands)];

	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++)
		names[i] = commands[i]->name;
	bool is_group =
		argc > 2 && argv[2][0] != '-' && (!strcmp(argv[1], "catalog") || !strcmp(argv[1], "release"));
	CLEANUP(free_string) char *word = is_group ? xasprintf("%s %s", argv[1], argv[2]) : xstrdup(argv[1]);
	CLEANUP(free_string) char *shown = text_escaped(word);
	const char *nearest = nearest_word(word, names, ARRAY_LENGTH(commands));
	fprintf(stderr, "airlift: there is no command '%s'", shown);
	if (nearest)
		fprintf(stderr, "; did you mean 'airlift %s'?", nearest);
	else if (!strcmp(word, "catalog"))
		fprintf(stderr, "; did you mean 'airlift catalog mirror'?");
	else if (!strcmp(word, "release"))
		fprintf(stderr, "; there are: release info, release verify, release mirror");
	fprintf(stderr, "\n");
	return 2;
}

int main(int argc, char **argv)
{
	bool wants_help = argc > 1 &&
			  (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"));

	if (argc < 2 || wants_help) {
		print_overview(wants_help ? stdout : stderr);
		return wants_help ? 0 : 2;
	}
	if (!strcmp(argv[1], "--version"))
		return command_version.run(&command_version, argv + 2);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		fprintf(stderr, "airlift: libcurl cannot be set up\n");
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(commands); i++) {
		size_t words = match(commands[i], argc, argv);
		if (!words)
			continue;
		int status = commands[i]->run(commands[i], argv + 1 + words);
		if (fflush(stdout) != 0 || ferror(stdout)) {
			fprintf(stderr, "airlift: standard output: cannot be written\n");
			status = status ? status : 1;
		}
		curl_global_cleanup();
		return status;
	}
	return unknown_command(argc, argv);
}
