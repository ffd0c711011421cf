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

	if (request->release_image_target.text)
		reference_copy(&image, &request->release_image_target.reference);
	else if (release_target_name(&request->to, release->version, release->architecture, NULL, &image, err) <
		 0)
		return -1;
	CLEANUP(free_string) char *text = reference_exact(&image);
	strbuf_addf(out, "Update image:  %s\n", text);
	return 0;
}

static void print_prefixes(const struct release_request *request, struct strbuf *out)
{
	const char *words = request->to.tag_pattern ? "Mirrored to: " : "Mirror prefix: ";

	strbuf_addf(out, "%s%s\n", words, request->to.text);
	if (request->release_image_target.text)
		strbuf_addf(out, "%s%s\n", words, request->release_image_target.text);
}

int release_print_success(const struct release_request *request, const struct archive_release *release,
			  const struct mapping *mapping, struct strbuf *out, struct error *err)
{
	CLEANUP(policy_release) struct policy policy = POLICY_INIT;

	strbuf_add_string(out, "\nSuccess\n");
	if (print_update_image(request, release, out, err) < 0)
		return -1;
	print_prefixes(request, out);
	if (request->instructions == INSTRUCTIONS_NONE)
		return 0;
	mirror_instructions_policy(mapping, &request->to.repository, &policy);
	mirror_instructions_text(request->instructions == INSTRUCTIONS_ICSP ? POLICY_ICSP : POLICY_IDMS,
				 &policy, out);
	if (request->signature_directory)
		strbuf_addf(out, "\n\nTo apply signature configmaps use 'oc apply' on files found in %s\n\n",
			    request->signature_directory);
	return 0;
}

void release_print_signatures(const struct release_request *request, const struct strvec *paths,
			      struct strbuf *out)
{
	(void)request;
	for (size_t i = 0; i < paths->count; i++)
		strbuf_addf(out, "Configmap signature file %s created\n", paths->items[i]);
}
