/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common.h"
#include "naming.h"
#include "operation/release_mirror.h"
#include "trust.h"

struct mirror_work {
	struct release_request request;
	struct strbuf out;
};

static int work(struct run *run, void *context, struct outcome *outcome, struct error *err)
{
	struct mirror_work *mirror = context;

	return release_mirror(run, &mirror->request, &mirror->out, outcome, err);
}

static void add_target_options(struct option_table *table, struct release_request *request,
			       struct release_texts *texts)
{
	const struct option_spec specs[] = {
		{"from", OPTION_LIST, &texts->from, "REF",
		 "the release, if it is not an argument; may be repeated"},
		{"to", OPTION_STRING, &texts->to, "DST",
		 "HOST[:PORT]/REPOSITORY, also with :${version}-${component}, or archive:PATH"},
		{"to-release-image", OPTION_STRING, &texts->to_release_image, "IMAGE",
		 "another name for the release image itself"},
		{"to-dir", OPTION_STRING, &texts->to_directory, "DIR",
		 "an archive openshift-release-<version>-<arch>.tar in DIR, signatures in DIR/config"},
		{"arch", OPTION_STRING, &texts->arch, "ARCH",
		 "of a bare version: x86_64 (default), aarch64, s390x, ppc64le or multi"},
		{"keep-manifest-list", OPTION_FLAG, &request->keeps_manifest_list, NULL,
		 "a release of several architectures is called <version>-multi (it is copied whole anyway)"},
		{"skip-release-image", OPTION_FLAG, &request->skips_release_image, NULL,
		 "the components alone"},
		{"release-image-signature-to-dir", OPTION_STRING, &texts->signature_directory, "DIR",
		 "write the signature ConfigMap into DIR"},
		{"print-mirror-instructions", OPTION_STRING, &texts->instructions, "icsp|idms|none",
		 "which policy is printed at the end (icsp)"},
		{"to-mirror", OPTION_FLAG, &request->prints_mapping, NULL,
		 "print the source and the target of each image, copy nothing"},
		{"require-complete", OPTION_FLAG, &request->require_complete, NULL,
		 "of an archive: finish it only if no image is missing"},
	};

	options_add(table, specs, ARRAY_LENGTH(specs));
}

static bool prepare(const struct command *command, const struct common_options *common,
		    struct release_request *request, struct release_texts *texts,
		    const struct naming_texts *naming, struct run **run, struct error *err)
{
	return naming_options_finish(&request->naming, naming, err) == 0 &&
	       release_request_parse(request, texts, err) == 0 &&
	       run_open(run, &common->run, command->name, request->sources, request->n_sources,
			request->targets, request->n_targets, err) == 0;
}

static int run_release_mirror(const struct command *command, char *const *argv)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	CLEANUP(common_options_release) struct common_options common;
	CLEANUP(strvec_release) struct strvec arguments = STRVEC_INIT;
	struct mirror_work mirror = {.out = STRBUF_INIT};
	struct release_texts texts = {.arguments = &arguments};
	struct naming_texts naming;
	struct option_table table = {0};
	struct run *run = NULL;
	int status;

	common_options_init(&common);
	naming_options_init(&mirror.request.naming, &naming);
	add_target_options(&table, &mirror.request, &texts);
	trust_options_add_stores(&table, &mirror.request.trust);
	trust_options_add_keys(&table, &mirror.request.trust);
	trust_options_add_allow_unsigned(&table, &mirror.request.trust);
	naming_options_add(&table, &mirror.request.naming, &naming);
	common_options_add(&table, &common);
	if (common_start(command, &table, argv, &common, &arguments, &status)) {
		status = prepare(command, &common, &mirror.request, &texts, &naming, &run, &err)
				 ? common_run(command, &common, run, work, &mirror)
				 : command_fail(command, &err);
		fwrite(mirror.out.buf, 1, mirror.out.len, stdout);
	}
	release_request_release(&mirror.request);
	trust_options_release(&mirror.request.trust);
	naming_options_release(&mirror.request.naming, &naming);
	strvec_release(&texts.from);
	strbuf_release(&mirror.out);
	return status;
}

const struct command command_release_mirror = {
	.name = "release mirror",
	.usage = "[REF...] --to DST",
	.summary = "a release with all of its components, its signature checked, to a registry or an archive",
	.help = "Copies the release image REF (a pull spec, or a version such as 4.14.1) and every component "
		"of "
		"it to\n"
		"DST: HOST[:PORT]/REPOSITORY, where they get the tags <version>-<arch>[-<component>], or "
		"archive:PATH.\n"
		"Its signature is checked before anything is copied, and goes along. For a registry the "
		"files "
		"that a\n"
		"cluster needs are written, with next-steps.md: every step of the update.\n"
		"\n"
		"Examples:\n"
		"  airlift release mirror 4.14.1 --to registry.lan:5000/openshift/release\n"
		"  airlift release mirror --from=quay.io/openshift-release-dev/ocp-release:4.14.1-x86_64 "
		"--to=registry.lan:5000/ocp\n"
		"  airlift release mirror 4.14.1 4.14.2 --to archive:/media/disk/releases.tar",
	.run = run_release_mirror,
};
