/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_print.h"

#include <string.h>

#include "base/text.h"
#include "cluster/mirror_instructions.h"

/* The host of the target that stands for none: release_request.c. */
static const char no_host[] = "registry.invalid/";

void release_print_mapping(const struct mapping *mapping, struct strbuf *out)
{
	for (size_t i = 0; i < mapping->count; i++) {
		CLEANUP(reference_release) struct reference target = REFERENCE_INIT;

		reference_copy(&target, &mapping->entries[i].target);
		reference_set(&target.id, "");
		CLEANUP(free_string) char *text = reference_exact(&target);
		const char *shown = text_starts_with(text, no_host) ? text + strlen(no_host) : text;
		strbuf_addf(out, "%s %s\n", mapping->entries[i].text, shown);
	}
}

static int print_update_image(const struct release_request *request, const struct archive_release *release,
			      struct strbuf *out, struct error *err)
{
	CLEANUP(reference_release) struct reference image = REFERENCE_INIT;

	if (request->targets[RELEASE_IMAGE_TARGET].text)
		reference_copy(&image, &request->targets[RELEASE_IMAGE_TARGET].reference);
	else if (release_target_name(&request->to, release->version, release->architecture, NULL, &image,
				     err) < 0)
		return -1;
	CLEANUP(free_string) char *text = reference_exact(&image);
	strbuf_addf(out, "Update image:  %s\n", text);
	return 0;
}

static void print_prefixes(const struct release_request *request, struct strbuf *out)
{
	const char *words = request->to.tag_pattern ? "Mirrored to: " : "Mirror prefix: ";

	strbuf_addf(out, "%s%s\n", words, request->to.text);
	if (request->targets[RELEASE_IMAGE_TARGET].text)
		strbuf_addf(out, "%s%s\n", words, request->targets[RELEASE_IMAGE_TARGET].text);
}

/* oc names the repository of the release image even when the image itself was skipped. */
static void add_image_repository(const struct release_request *request, const struct reference *image,
				 struct policy *policy)
{
	CLEANUP(free_string) char *source = reference_display_repository(image);
	CLEANUP(free_string) char *mirror = reference_display_repository(&request->to.repository);

	policy_add(policy, source, mirror);
}

int release_print_result(const struct release_request *request, const struct release_files *files,
			 bool is_dry_run, struct strbuf *out, struct error *err)
{
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;

	if (files->n_missing)
		strbuf_addf(out, "\nIncomplete: %zu of %zu images are missing\n", files->n_missing,
			    files->mapping->count);
	else
		strbuf_addf(out, "\n%s\n", is_dry_run ? "Dry run: nothing was copied" : "Success");
	if (print_update_image(request, files->release, out, err) < 0)
		return -1;
	print_prefixes(request, out);
	if (request->instructions == INSTRUCTIONS_NONE)
		return 0;
	mirror_instructions_policy(files->mapping, &request->to.repository, &policy);
	add_image_repository(request, files->image, &policy);
	mirror_instructions_text(request->instructions == INSTRUCTIONS_ICSP ? POLICY_ICSP : POLICY_IDMS,
				 &policy, out);
	if (request->signature_directory && files->release->n_signatures && !is_dry_run)
		strbuf_addf(out, "\n\nTo apply signature configmaps use 'oc apply' on files found in %s\n\n",
			    request->signature_directory);
	return 0;
}

void release_print_signatures(const struct strvec *paths, struct strbuf *out)
{
	for (size_t i = 0; i < paths->count; i++)
		strbuf_addf(out, "Configmap signature file %s created\n", paths->items[i]);
}
