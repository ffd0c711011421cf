/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common.h"
#include "operation/release_info.h"

static int print_info(const struct common_options *common, struct release_info_request *request,
		      const struct strvec *arguments, const char *arch, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (common->report)
		return error_set(err, ERROR_USAGE,
				 "--report: is for commands that do something; -o json tells what there is");
	if (arguments->count != 1)
		return error_set(err, ERROR_USAGE, "needs one REF: a version, a pull spec or archive:PATH");
	if (release_info_parse(request, arguments->items[0], arch, err) < 0 ||
	    release_info_request_check(request, err) < 0)
		return -1;
	int result = release_info(request, &common->run, &text, err);
	fwrite(text.buf, 1, text.len, stdout);
	return result;
}

static int run_release_info(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	struct release_info_request request = {.location = LOCATION_INIT};
	struct option_table table = {0};
	const char *arch = NULL;
	int status;

	common_options_init(&common);
	const struct option_spec own[] = {
		{"output", OPTION_STRING, &request.output, "FORMAT",
		 "json, digest, pullspec, name (a line for each component) or jsonpath=TEMPLATE",
		 .letter = 'o'},
		{"digest", OPTION_FLAG, &request.shows_digest, NULL, "only the digest of the release"},
		{"pullspecs", OPTION_FLAG, &request.shows_pull_specs, NULL,
		 "pull specs of the components instead of their digests"},
		{"image-for", OPTION_STRING, &request.image_for, "COMPONENT",
		 "only the pull spec of one component"},
		{"size", OPTION_FLAG, &request.shows_size, NULL,
		 "how large each component is, and how much of that is its own"},
		{"filter-by-os", OPTION_STRING, &request.filter, "REGEX",
		 "which image of a manifest list is read (linux and the architecture of this machine)"},
		{"arch", OPTION_STRING, &arch, "ARCH",
		 "of a bare version: x86_64, aarch64, ppc64le, s390x or multi (x86_64)"},
	};
	options_add(&table, own, ARRAY_LENGTH(own));
	common_options_add(&table, &common);
	if (common_start(command, &table, argv, &common, &arguments, &status))
		status = print_info(&common, &request, &arguments, arch, &err) < 0
				 ? command_fail(command, &err)
				 : 0;
	location_release(&request.location);
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
