/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common.h"
#include "operation/copy.h"

struct copy_context {
	struct copy_request request;
	struct digest digest;
	bool is_copied;
};

static int work(struct run *run, void *context, struct outcome *outcome, struct error *err)
{
	struct copy_context *copy = context;

	if (copy_image(run, &copy->request, &copy->digest, outcome, err) < 0)
		return -1;
	copy->is_copied = true;
	return 0;
}

static void print_digest(const struct copy_context *copy)
{
	char text[DIGEST_TEXT_SIZE];

	if (copy->is_copied)
		printf("%s\n", digest_format(&copy->digest, text));
}

static int parse(struct copy_context *copy, const struct strvec *arguments, const char *platform_text,
		 struct platform *platform, struct error *err)
{
	if (arguments->count != 2)
		return error_set(err, ERROR_USAGE, "needs one SRC and one DST");
	if (platform_text) {
		if (platform_parse(platform, platform_text, err) < 0)
			return error_wrap(err, "--platform");
		copy->request.platform = platform;
	}
	return copy_request_parse(&copy->request, arguments->items[0], arguments->items[1], err);
}

static int run_copy(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	CLEANUP(platform_release) struct platform platform = {0};
	struct copy_context copy = {0};
	struct option_table table = {0};
	const char *platform_text = NULL;
	struct run *run = NULL;
	int status;

	common_options_init(&common);
	const struct option_spec own[] = {
		{"platform", OPTION_STRING, &platform_text, "OS/ARCH[/VARIANT]",
		 "of an index copy this image alone; default: the whole index"},
	};
	options_add(&table, own, ARRAY_LENGTH(own));
	common_options_add(&table, &common);
	if (common_start(command, &table, argv, &common, &arguments, &status)) {
		bool is_ready = parse(&copy, &arguments, platform_text, &platform, &err) == 0 &&
				run_open(&run, &common.run, command->name, &copy.request.source, 1,
					 &copy.request.target, 1, &err) == 0;
		status = is_ready ? common_run(command, &common, run, work, &copy)
				  : command_fail(command, &err);
	}
	print_digest(&copy);
	copy_request_release(&copy.request);
	return status;
}

const struct command command_copy = {
	.name = "copy",
	.usage = "SRC DST",
	.summary = "one image from anywhere to anywhere, digest kept",
	.help = "Copies one image with all of its platforms, its signatures and its referrers. The digest "
		"never\n"
		"changes; it is printed. Locations:\n"
		"  [docker://]HOST[:PORT]/REPO[:TAG][@DIGEST]   an image in a registry\n"
		"  archive:PATH, file://PATH                    a portable archive\n"
		"  oci:DIR[:NAME], oci-archive:FILE[:NAME]      an OCI image layout\n"
		"\n"
		"Examples:\n"
		"  airlift copy docker://quay.io/org/app:v1 docker://registry.lan:5000/org/app:v1\n"
		"  airlift copy quay.io/org/app@sha256:... oci-archive:app.tar:app\n"
		"  airlift copy --platform linux/arm64 quay.io/org/app:v1 oci:app",
	.run = run_copy,
};
