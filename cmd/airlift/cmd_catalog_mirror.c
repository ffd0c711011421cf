/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common.h"
#include "naming.h"
#include "operation/catalog_mirror.h"

static int work(struct run *run, void *context, struct outcome *outcome, struct error *err)
{
	return catalog_mirror(run, context, outcome, err);
}

static int parse(struct catalog_request *request, const struct strvec *arguments, struct error *err)
{
	if (arguments->count < 2)
		return error_set(err, ERROR_USAGE, "must specify source and dest: SRC... DST");
	return catalog_request_parse(request, (const char *const *)arguments->items, arguments->count - 1,
				     arguments->items[arguments->count - 1], err);
}

static int run_catalog_mirror(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	struct catalog_request request = {.index_filter = "linux/amd64"};
	struct naming_texts texts;
	struct option_table table = {0};
	struct run *run = NULL;
	int status;

	common_options_init(&common);
	naming_options_init(&request.naming, &texts);
	const struct option_spec own[] = {
		{"index-filter-by-os", OPTION_STRING, &request.index_filter, "REGEX",
		 "which platform of the index image is read (linux/amd64); every platform is copied"},
		{"require-complete", OPTION_FLAG, &request.require_complete, NULL,
		 "of an archive: finish it only if no image is missing"},
		{"filter-by-os", OPTION_STRING, &request.index_filter, "REGEX", "", .is_alias = true},
	};
	options_add(&table, own, ARRAY_LENGTH(own));
	naming_options_add(&table, &request.naming, &texts);
	common_options_add(&table, &common);
	if (common_start(command, &table, argv, &common, &arguments, &status)) {
		bool is_ready = naming_options_finish(&request.naming, &texts, &err) == 0 &&
				parse(&request, &arguments, &err) == 0 &&
				run_open(&run, &common.run, command->name, request.sources, request.n_sources,
					 &request.target, 1, &err) == 0;
		status = is_ready ? common_run(command, &common, run, work, &request)
				  : command_fail(command, &err);
	}
	catalog_request_release(&request);
	naming_options_release(&request.naming, &texts);
	return status;
}

const struct command command_catalog_mirror = {
	.name = "catalog mirror",
	.usage = "SRC... DST",
	.summary = "an operator catalog with everything that it names, to a registry or an archive",
	.help = "Copies the index image SRC, every bundle and every related image, with all of their "
		"platforms,\n"
		"to the registry DST (HOST[:PORT][/PATH]) or into the archive DST (archive:PATH). For a "
		"registry the\n"
		"files that a cluster needs are written: mapping.txt, catalogSource.yaml,\n"
		"imageContentSourcePolicy.yaml, imageDigestMirrorSet.yaml.\n"
		"\n"
		"Examples:\n"
		"  airlift catalog mirror registry.redhat.io/redhat/redhat-operator-index:v4.18 "
		"registry.lan:5000/olm\n"
		"  airlift catalog mirror registry.redhat.io/redhat/redhat-operator-index:v4.18 "
		"archive:/media/disk/olm.tar\n"
		"  airlift catalog mirror --dry-run registry.redhat.io/redhat/redhat-operator-index:v4.18 "
		"registry.lan:5000",
	.run = run_catalog_mirror,
};
