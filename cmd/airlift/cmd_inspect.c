/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "common.h"
#include "operation/inspect.h"

static int parse_format(const char *text, bool *is_json, struct error *err)
{
	*is_json = text && !strcmp(text, "json");
	if (!text || *is_json || !strcmp(text, "text"))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(text);
	return error_set(err, ERROR_USAGE, "-o %s: text or json", shown);
}

static int inspect(const struct common_options *common, const struct strvec *arguments, const char *format,
		   struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(location_release) struct location location = LOCATION_INIT;
	bool is_json;

	if (parse_format(format, &is_json, err) < 0)
		return -1;
	if (common->report)
		return error_set(
			err, ERROR_USAGE,
			"--report: is for commands that do something; -o json is the same for what there is");
	if (arguments->count != 1)
		return error_set(err, ERROR_USAGE, "needs one LOCATION");
	if (inspect_parse(&location, arguments->items[0], err) < 0 ||
	    inspect_location(&location, &common->run, is_json, &text, err) < 0)
		return -1;
	fwrite(text.buf, 1, text.len, stdout);
	return 0;
}

static int run_inspect(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	struct option_table table = {0};
	const char *format = NULL;
	int status;

	common_options_init(&common);
	const struct option_spec own[] = {
		{"output", OPTION_STRING, &format, "text|json", "format (text)", .letter = 'o'},
	};
	options_add(&table, own, ARRAY_LENGTH(own));
	common_options_add(&table, &common);
	if (!common_start(command, &table, argv, &common, &arguments, &status))
		return status;
	if (inspect(&common, &arguments, format, &err) < 0)
		return command_fail(command, &err);
	return 0;
}

const struct command command_inspect = {
	.name = "inspect",
	.usage = "LOCATION",
	.summary = "what is in an archive, a layout or an image",
	.help = "Shows what a portable archive, an OCI layout or an image in a registry holds. Nothing is "
		"changed and\n"
		"nothing large is read; verify checks every byte.\n"
		"\n"
		"Examples:\n"
		"  airlift inspect archive:/media/disk/olm.tar\n"
		"  airlift inspect -o json registry.redhat.io/redhat/redhat-operator-index:v4.18",
	.run = run_inspect,
};
