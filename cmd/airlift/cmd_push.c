/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common.h"
#include "naming.h"
#include "operation/push.h"
#include "trust.h"

static int work(struct run *run, void *context, struct outcome *outcome, struct error *err)
{
	return push(run, context, outcome, err);
}

static int parse(struct push_request *request, const struct strvec *arguments, struct error *err)
{
	if (arguments->count != 2)
		return error_set(err, ERROR_USAGE, "needs one ARCHIVE and one DST");
	return push_request_parse(request, arguments->items[0], arguments->items[1], err);
}

static int run_push(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	struct push_request request = {0};
	struct naming_texts texts;
	struct option_table table = {0};
	struct run *run = NULL;
	int status;

	const struct option_spec own[] = {
		{"index-filter-by-os", OPTION_IGNORED, NULL, "REGEX", "the archive has its choice made"},
		{"filter-by-os", OPTION_IGNORED, NULL, "REGEX", "", .is_alias = true},
	};
	common_options_init(&common);
	naming_options_init(&request.naming, &texts);
	options_add(&table, own, ARRAY_LENGTH(own));
	trust_options_add_keys(&table, &request.trust);
	trust_options_add_allow_unsigned(&table, &request.trust);
	naming_options_add(&table, &request.naming, &texts);
	common_options_add(&table, &common);
	if (common_start(command, &table, argv, &common, &arguments, &status)) {
		bool is_ready = naming_options_finish(&request.naming, &texts, &err) == 0 &&
				parse(&request, &arguments, &err) == 0 &&
				run_open(&run, &common.run, command->name, &request.archive, 1,
					 &request.target, 1, &err) == 0;
		status = is_ready ? common_run(command, &common, run, work, &request)
				  : command_fail(command, &err);
	}
	push_request_release(&request);
	trust_options_release(&request.trust);
	naming_options_release(&request.naming, &texts);
	return status;
}

const struct command command_push = {
	.name = "push",
	.usage = "ARCHIVE DST",
	.summary = "what an archive holds into a registry",
	.help = "Sends every image of a portable archive to the registry DST (HOST[:PORT][/PATH]) under the "
		"names\n"
		"that a mirror straight to DST would have given, and writes the cluster's files of every "
		"catalog and\n"
		"release in it. Recorded release signatures are checked again where a trusted key is at "
		"hand.\n"
		"The archive is read in place, from read-only media too; nothing is unpacked.\n"
		"\n"
		"Examples:\n"
		"  airlift push /media/disk/olm.tar registry.lan:5000/olm\n"
		"  airlift push --dry-run /media/disk/olm.tar registry.lan:5000/olm",
	.run = run_push,
};
