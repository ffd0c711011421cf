/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "common.h"
#include "operation/release_info.h"

struct info_work {
	struct release_info_request request;
	struct strbuf out;
};

static int work(struct run *run, void *context, struct outcome *outcome, struct error *err)
{
	struct info_work *info = context;

	return release_info(run, &info->request, &info->out, outcome, err);
}

static int parse(struct release_info_request *request, const struct strvec *arguments, const char *arch,
		 struct error *err)
{
	if (arguments->count != 1)
		return error_set(err, ERROR_USAGE, "needs one REF: a version, a pull spec or archive:PATH");
	if (release_info_parse(request, arguments->items[0], arch, err) < 0)
		return -1;
	return release_info_request_check(request, err);
}

static int run_release_info(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	struct info_work info = {.request = {.location = LOCATION_INIT}, .out = STRBUF_INIT};
	struct release_info_request *request = &info.request;
	struct option_table table = {0};
	const char *arch = NULL;
	struct run *run = NULL;
	int status;

	common_options_init(&common);
	const struct option_spec own[] = {
		{"output", OPTION_STRING, &request->output, "FORMAT",
		 "json, digest, pullspec, name (a line for each component) or jsonpath=TEMPLATE",
		 .letter = 'o'},
		{"digest", OPTION_FLAG, &request->shows_digest, NULL, "only the digest of the release"},
		{"pullspecs", OPTION_FLAG, &request->shows_pull_specs, NULL,
		 "pull specs of the components instead of their digests"},
		{"image-for", OPTION_STRING, &request->image_for, "COMPONENT",
		 "only the pull spec of one component"},
		{"size", OPTION_FLAG, &request->shows_size, NULL,
		 "how large each component is, and how much of that is its own"},
		{"filter-by-os", OPTION_STRING, &request->filter, "REGEX",
		 "which image of a manifest list is read (linux and the architecture of this machine)"},
		{"arch", OPTION_STRING, &arch, "ARCH",
		 "of a bare version: x86_64, aarch64, ppc64le, s390x or multi (x86_64)"},
	};
	options_add(&table, own, ARRAY_LENGTH(own));
	common_options_add(&table, &common);
	if (common_start(command, &table, argv, &common, &arguments, &status)) {
		bool is_ready = parse(request, &arguments, arch, &err) == 0 &&
				release_info_open(&run, request, &common.run, &err) == 0;
		status = is_ready ? common_run(command, &common, run, work, &info)
				  : command_fail(command, &err);
		fwrite(info.out.buf, 1, info.out.len, stdout);
	}
	location_release(&request->location);
	free(request->version);
	strbuf_release(&info.out);
	return status;
}

const struct command command_release_info = {
	.name = "release info",
	.usage = "REF",
	.summary = "what a release is: digest, version, architecture, components",
	.help = "Shows an OpenShift release: REF is a version (4.14.1: that image of "
		"quay.io/openshift-release-dev/ocp-release),\n"
		"a pull spec, or archive:PATH for every release in an archive. Nothing is changed. The "
		"output is "
		"that of\n"
		"oc adm release info. Reading a release does not say who made it: release verify does.\n"
		"\n"
		"-o jsonpath=TEMPLATE looks into what -o json prints: texts outside of braces, {\"\\n\"}, "
		"{.a.b}, "
		"{.a['b.c']},\n"
		"{.a[0]}, {.a[*].b}, {.a[?(@.b==\"text\")].c}.\n"
		"\n"
		"Examples:\n"
		"  airlift release info 4.14.1\n"
		"  airlift release info quay.io/openshift-release-dev/ocp-release:4.14.1-x86_64 -o "
		"'jsonpath={.digest}{\"\\n\"}'\n"
		"  airlift release info 4.14.1 --image-for=etcd",
	.run = run_release_info,
};
