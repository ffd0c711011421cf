/* SPDX-License-Identifier: Apache-2.0 */
/* From a command line of `oc adm release mirror`, or our own, to what is to be done. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "operation/release_image.h"
#include "operation/release_mirror.h"

/* What oc takes when only --to-dir or --to-mirror is given. */
static const char default_target[] = "docker://registry.invalid/openshift/release";

static bool is_archive(const char *text)
{
	return text_starts_with(text, "archive:") || text_starts_with(text, "file://");
}

/* --- sources */

/* `airlift release mirror REF... archive:PATH`, as with catalogs: the last one is the target then. */
static const char *target_argument(const struct release_texts *texts)
{
	const struct strvec *arguments = texts->arguments;
	const char *last = arguments->count ? arguments->items[arguments->count - 1] : NULL;

	return !texts->to && !texts->to_directory && last && is_archive(last) ? last : NULL;
}

static int parse_sources(struct release_request *request, const struct release_texts *texts,
			 struct error *err)
{
	size_t n_arguments = texts->arguments->count - (target_argument(texts) != NULL);
	const struct strvec *list = texts->from.count ? &texts->from : texts->arguments;
	size_t count = texts->from.count ? texts->from.count : n_arguments;

	if (texts->from.count && n_arguments)
		return error_set(err, ERROR_USAGE, "you may not specify an argument and --from");
	if (!count)
		return error_set(err, ERROR_USAGE, "must specify a release image with --from");
	request->sources = xcalloc(count, sizeof(*request->sources));
	request->versions = xcalloc(count, sizeof(char *));
	for (; request->n_sources < count; request->n_sources++) {
		struct location *source = &request->sources[request->n_sources];

		if (release_location_parse(source, list->items[request->n_sources], texts->arch,
					   &request->versions[request->n_sources], err) < 0)
			return error_wrap(err, "source");
		for (size_t i = 0; i < request->n_sources; i++)
			if (!strcmp(request->sources[i].text, source->text)) {
				/* Counted, so that it is released. */
				request->n_sources++;
				return error_set(err, ERROR_USAGE, "%s: is named twice", source->text);
			}
	}
	return 0;
}

/* --- the target */

static int parse_archive_target(struct release_request *request, const struct release_texts *texts,
				const char *to, struct error *err)
{
	if (location_parse_archive(&request->targets[RELEASE_TARGET], to, err) < 0)
		return error_wrap(err, "--to");
	if (texts->to_release_image)
		return error_set(
			err, ERROR_USAGE,
			"--to-release-image: is about registries; push decides on names at the mirror");
	if (!texts->to_directory || *request->targets[RELEASE_TARGET].path == '/')
		return 0;
	/* oc writes file:// targets below --to-dir. */
	CLEANUP(free_string) char *path =
		xasprintf("archive:%s/%s", texts->to_directory, request->targets[RELEASE_TARGET].path);
	location_release(&request->targets[RELEASE_TARGET]);
	request->targets[RELEASE_TARGET] = (struct location)LOCATION_INIT;
	return location_parse_archive(&request->targets[RELEASE_TARGET], path, err);
}

static int parse_registry_target(struct release_request *request, const char *to, struct error *err)
{
	if (release_target_parse(&request->to, to, err) < 0)
		return -1;
	CLEANUP(free_string) char *repository = reference_exact(&request->to.repository);
	CLEANUP(free_string) char *text = xasprintf("docker://%s", repository);
	return location_parse_target(&request->targets[RELEASE_TARGET], text, err);
}

static int parse_directory_target(struct release_request *request, const struct release_texts *texts,
				  struct error *err)
{
	CLEANUP(free_string) char *path = xasprintf("archive:%s/openshift-release", texts->to_directory);

	if (texts->to_release_image)
		return error_set(err, ERROR_USAGE, "--to-release-image: needs a registry as --to");
	if (request->n_sources > 1)
		return error_set(
			err, ERROR_USAGE,
			"--to-dir: names the archive after its release, so it takes one; for several: "
			"--to archive:PATH");
	request->names_archive = true;
	return location_parse_archive(&request->targets[RELEASE_TARGET], path, err);
}

static int parse_target(struct release_request *request, const struct release_texts *texts, struct error *err)
{
	const char *argument = target_argument(texts);
	const char *to = texts->to ? texts->to : argument;

	if (to && *to)
		return is_archive(to) ? parse_archive_target(request, texts, to, err)
				      : parse_registry_target(request, to, err);
	if (texts->to_directory)
		return parse_directory_target(request, texts, err);
	if (request->prints_mapping)
		return parse_registry_target(request, default_target, err);
	return error_set(err, ERROR_USAGE,
			 "must specify an image repository or image stream to mirror the release to: --to "
			 "HOST/REPOSITORY, or --to archive:PATH");
}

static int parse_release_image_target(struct release_request *request, const char *text, struct error *err)
{
	struct location *target = &request->targets[RELEASE_IMAGE_TARGET];

	if (!text)
		return 0;
	if (request->skips_release_image)
		return error_set(err, ERROR_USAGE,
				 "--skip-release-image and --to-release-image may not both be specified");
	if (location_parse_target(target, text, err) < 0)
		return error_wrap(err, "--to-release-image");
	if (target->type != LOCATION_REGISTRY || !*target->reference.name)
		return error_set(err, ERROR_USAGE, "--to-release-image %s: is not an image in a registry",
				 text);
	if (request->n_sources > 1)
		return error_set(err, ERROR_USAGE, "--to-release-image: is for one release at a time");
	if (!*target->reference.tag)
		reference_set(&target->reference.tag, "latest");
	return 0;
}

/* --- the rest */

static int parse_instructions(struct release_request *request, const char *text, struct error *err)
{
	static const char *const names[] = {
		[INSTRUCTIONS_ICSP] = "icsp", [INSTRUCTIONS_IDMS] = "idms", [INSTRUCTIONS_NONE] = "none"};

	if (!text || !*text)
		return 0;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (strcasecmp(text, names[i]) != 0)
			continue;
		request->instructions = (enum release_instructions)i;
		return 0;
	}
	return error_set(err, ERROR_USAGE, "--print-mirror-instructions must be one of icsp, idms, none");
}

static int check_request(const struct release_request *request, struct error *err)
{
	bool is_registry = request->targets[RELEASE_TARGET].type == LOCATION_REGISTRY;

	if (request->require_complete && is_registry)
		return error_set(err, ERROR_USAGE,
				 "--require-complete: is about archives; for a registry use "
				 "--continue-on-error=false");
	if (request->prints_mapping && !is_registry)
		return error_set(err, ERROR_USAGE,
				 "--to-mirror: prints names in a registry; an archive has none before push");
	if (request->naming.manifests_only && !is_registry)
		return error_set(err, ERROR_USAGE,
				 "--manifests-only: the files of an archive's releases are written by push");
	if (trust_options_check(&request->trust, err) < 0)
		return -1;
	return naming_options_check(&request->naming, err);
}

int release_request_parse(struct release_request *request, const struct release_texts *texts,
			  struct error *err)
{
	if (parse_sources(request, texts, err) < 0 || parse_target(request, texts, err) < 0 ||
	    parse_release_image_target(request, texts->to_release_image, err) < 0 ||
	    parse_instructions(request, texts->instructions, err) < 0)
		return -1;
	request->n_targets = texts->to_release_image ? 2 : 1;
	if (texts->to_directory)
		request->to_directory = xstrdup(texts->to_directory);
	if (texts->signature_directory)
		request->signature_directory = xstrdup(texts->signature_directory);
	else if (texts->to_directory)
		request->signature_directory = xasprintf("%s/config", texts->to_directory);
	return check_request(request, err);
}

void release_request_release(struct release_request *request)
{
	for (size_t i = 0; i < request->n_sources; i++) {
		location_release(&request->sources[i]);
		free(request->versions[i]);
	}
	free(request->sources);
	free(request->versions);
	location_release(&request->targets[RELEASE_TARGET]);
	release_target_release(&request->to);
	location_release(&request->targets[RELEASE_IMAGE_TARGET]);
	free(request->to_directory);
	free(request->signature_directory);
}
