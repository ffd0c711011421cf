/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common.h"
#include "operation/release_verify.h"
#include "trust.h"

struct verify_work {
	struct release_verify_request request;
	struct strbuf out;
};

static int work(struct run *run, void *context, struct outcome *outcome, struct error *err)
{
	struct verify_work *verify = context;

	return release_verify(run, &verify->request, &verify->out, outcome, err);
}

static int parse(struct release_verify_request *request, const struct strvec *arguments, const char *from,
		 const char *arch, struct error *err)
{
	if (arguments->count != 1)
		return error_set(err, ERROR_USAGE, "needs one REF or DIGEST");
	return release_verify_request_parse(request, arguments->items[0], from, arch, err);
}

static int run_release_verify(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	struct verify_work verify = {.out = STRBUF_INIT};
	struct option_table table = {0};
	const char *from = NULL, *arch = NULL;
	struct run *run = NULL;
	int status;

	common_options_init(&common);
	const struct option_spec own[] = {
		{"from", OPTION_STRING, &from, "REPOSITORY",
		 "of a bare digest: where the release is, for the keys in it; default "
		 "quay.io/openshift-release-dev/ocp-release"},
		{"arch", OPTION_STRING, &arch, "ARCH",
		 "of a bare version: x86_64 (default), aarch64, s390x, ppc64le or multi"},
	};
	options_add(&table, own, ARRAY_LENGTH(own));
	trust_options_add_stores(&table, &verify.request.trust);
	trust_options_add_keys(&table, &verify.request.trust);
	common_options_add(&table, &common);
	if (common_start(command, &table, argv, &common, &arguments, &status)) {
		bool is_ready = parse(&verify.request, &arguments, from, arch, &err) == 0 &&
				run_open(&run, &common.run, command->name, &verify.request.location, 1, NULL,
					 0, &err) == 0;
		status = is_ready ? common_run(command, &common, run, work, &verify)
				  : command_fail(command, &err);
		fwrite(verify.out.buf, 1, verify.out.len, stdout);
	}
	release_verify_request_release(&verify.request);
	trust_options_release(&verify.request.trust);
	strbuf_release(&verify.out);
	return status;
}

const struct command command_release_verify = {
	.name = "release verify",
	.usage = "REF|DIGEST",
	.summary = "is this release signed by a trusted key?",
	.help = "Looks for the OpenPGP signatures of the release REF (a pull spec, a version such as 4.14.1, "
		"or\n"
		"archive:PATH) or of the digest DIGEST and checks them. Prints who has signed it and when. "
		"Exit "
		"status 4\n"
		"when nobody who is trusted has, with the reason for every place that was asked.\n"
		"\n"
		"Examples:\n"
		"  airlift release verify 4.14.1\n"
		"  airlift release verify quay.io/openshift-release-dev/ocp-release:4.14.1-x86_64\n"
		"  airlift release verify --release-key key.asc --signature-store file:///srv/signatures "
		"sha256:05ba...",
	.run = run_release_verify,
};
