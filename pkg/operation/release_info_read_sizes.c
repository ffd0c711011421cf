/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifests and configs of a release's components, for --size. A plan would fetch all images of those
 * that are lists; here one of each is enough.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/parallel.h"
#include "base/text.h"
#include "operation/platform_filter.h"
#include "operation/release_report.h"
#include "operation/timestamp.h"

/* Frozen while the workers run, but for sizes (by item) and sessions (by worker). */
struct size_reading {
	const struct release_payload *payload;
	struct run *run;
	struct source *source;
	regex_t pattern;
	const struct release_filter *filter;
	const struct archive_records *records; /* of an archive */
	struct source_session **sessions;
	struct component_size *sizes;
};

static const struct archive_image *find_recorded(const struct archive_records *records,
						 const struct digest *digest)
{
	for (size_t i = 0; records && i < records->n_images; i++)
		if (digest_equal(&records->images[i].digest, digest))
			return &records->images[i];
	return NULL;
}

static int init_stored(const struct size_reading *reading, const struct release_component *component,
		       struct source_image *image, struct error *err)
{
	CLEANUP(descriptor_release) struct descriptor top = {.digest = component->digest};
	const struct archive_image *recorded = find_recorded(reading->records, &component->digest);

	if (!recorded)
		return error_set(err, ERROR_NOT_FOUND, "%s: is not in the archive", component->image);
	top.size = recorded->size;
	top.media_type = xstrdup(manifest_type_name(recorded->type));
	source_image_init_store(image, &top);
	return 0;
}

static int init_image(const struct size_reading *reading, const struct release_component *component,
		      struct source_image *image, struct error *err)
{
	struct reference reference = REFERENCE_INIT;

	if (source_store(reading->source))
		return init_stored(reading, component, image, err);
	reference_copy(&reference, &component->reference);
	reference_apply_docker_defaults(&reference);
	int result = source_image_init_registry(image, reading->source, component->image, &reference, err);
	reference_release(&reference);
	return result;
}

/* The top manifest, or with a descriptor another one. */
static int read_manifest(const struct size_reading *reading, struct source_session *session,
			 struct source_image *image, const struct digest *digest,
			 const struct descriptor *descriptor, struct manifest *manifest, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};
	struct manifest_cache *cache = source_store(reading->source) ? NULL : reading->run->cache;

	if (!cache || !manifest_cache_read(cache, digest, &bytes)) {
		int result = descriptor ? source_read_manifest(session, image, descriptor, &bytes, err)
					: source_resolve(session, image, &bytes, &top, err);
		if (result < 0)
			return -1;
		if (!descriptor && !digest_equal(&top.digest, digest))
			return error_set(err, ERROR_DIGEST, "the manifest has another digest");
		if (cache && manifest_cache_write(cache, digest, bytes.buf, bytes.len, err) < 0)
			return -1;
	}
	const char *media_type = descriptor ? descriptor->media_type : top.media_type;
	return manifest_parse(manifest, bytes.buf, bytes.len, media_type, OCI_MAX_CHILDREN, err);
}

static const struct descriptor *choose(const struct size_reading *reading, const struct manifest *index)
{
	for (size_t i = 0; i < index->n_children; i++)
		if (platform_filter_matches(&reading->pattern, &index->children[i]))
			return &index->children[i];
	return reading->filter->is_default && index->n_children ? &index->children[0] : NULL;
}

static int descend(const struct size_reading *reading, struct source_session *session,
		   struct source_image *image, struct manifest *manifest, struct error *err)
{
	CLEANUP(manifest_release) struct manifest child = MANIFEST_INIT;

	if (!manifest_type_is_index(manifest->type))
		return 0;
	const struct descriptor *chosen = choose(reading, manifest);
	if (!chosen)
		return error_set(err, ERROR_INVALID,
				 "is a manifest list, and --filter-by-os matches none of its images");
	if (read_manifest(reading, session, image, &chosen->digest, chosen, &child, err) < 0)
		return -1;
	if (manifest_type_is_index(child.type))
		return error_set(err, ERROR_INVALID, "what it lists is a list again, not an image");
	manifest_release(manifest);
	*manifest = steal(&child);
	return 0;
}

static int read_created(struct source_session *session, struct source_image *image,
			struct component_size *size, struct error *err)
{
	CLEANUP(image_config_release) struct image_config config = IMAGE_CONFIG_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;

	if (source_read_blob(session, image, &size->manifest.config, OCI_MAX_CONFIG_SIZE, &bytes, err) < 0 ||
	    image_config_parse(&config, bytes.buf, bytes.len, err) < 0)
		return -1;
	size->has_created = config.created && timestamp_parse(config.created, &size->created);
	return 0;
}

static void read_size(size_t number, unsigned worker, void *context)
{
	struct size_reading *reading = context;
	const struct release_component *component = &reading->payload->components[number];
	struct component_size *size = &reading->sizes[number];
	CLEANUP(source_image_release) struct source_image image = {0};
	struct error *err = &size->failure;

	if (!reading->sessions[worker])
		reading->sessions[worker] = source_session_new(reading->source);
	struct source_session *session = reading->sessions[worker];
	size->is_known = init_image(reading, component, &image, err) == 0 &&
			 read_manifest(reading, session, &image, &component->digest, NULL, &size->manifest,
				       err) == 0 &&
			 descend(reading, session, &image, &size->manifest, err) == 0 &&
			 read_created(session, &image, size, err) == 0;
}

static int take_failures(struct release_report *report, struct error *err)
{
	for (size_t i = 0; i < report->image->payload.n_components; i++) {
		struct error *failure = &report->sizes[i].failure;

		if (report->sizes[i].is_known)
			continue;
		if (cancel_requested())
			return cancel_error(err);
		if (error_is_own_side(failure))
			return error_move(err, failure);
		strvec_pushf(&report->warnings, "tag \"%s\": %s", report->image->payload.components[i].name,
			     failure->message);
	}
	strvec_sort_unique(&report->warnings);
	return 0;
}

static void read_all(struct size_reading *reading)
{
	unsigned workers = reading->run->request_jobs;

	reading->records =
		source_store(reading->source) ? archive_store_records(source_store(reading->source)) : NULL;
	reading->sessions = xcalloc(workers, sizeof(struct source_session *));
	parallel_for(reading->payload->n_components, workers, read_size, reading);
	for (unsigned i = 0; i < workers; i++)
		source_session_free(reading->sessions[i]);
	free(reading->sessions);
}

int release_report_read_sizes(struct release_report *report, struct run *run, struct source *source,
			      const struct release_filter *filter, struct error *err)
{
	struct size_reading reading = {
		.payload = &report->image->payload,
		.run = run,
		.source = source,
		.filter = filter,
	};

	if (platform_filter_compile(&reading.pattern, "--filter-by-os", filter->pattern, err) < 0)
		return -1;
	report->sizes = xcalloc(reading.payload->n_components, sizeof(*report->sizes));
	reading.sizes = report->sizes;
	read_all(&reading);
	regfree(&reading.pattern);
	return take_failures(report, err);
}
