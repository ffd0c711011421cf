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
#include "operation/release_report.h"
#include "operation/timestamp.h"

/* Frozen while the workers run, but for sizes (by item) and sessions (by worker). */
struct size_reading {
	const struct release_payload *payload;
	struct run *run;
	struct source *source;
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

static int read_manifest(const struct size_reading *reading, struct source_session *session,
			 struct source_image *image, const struct digest *digest, struct manifest *manifest,
			 struct error *err)
{
	CLEANUP(platform_image_release) struct platform_image chosen = {0};
	const struct platform_choice choice = {
		.flag = "--filter-by-os",
		.filter = reading->filter->pattern,
		.rule = reading->filter->is_default ? PLATFORM_WISH : PLATFORM_FIRST,
	};

	if (platform_image_read(reading->run, session, image, digest, &choice, &chosen, err) < 0)
		return -1;
	*manifest = steal(&chosen.manifest);
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
	size->is_known =
		init_image(reading, component, &image, err) == 0 &&
		read_manifest(reading, session, &image, &component->digest, &size->manifest, err) == 0 &&
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

	report->sizes = xcalloc(reading.payload->n_components, sizeof(*report->sizes));
	reading.sizes = report->sizes;
	read_all(&reading);
	return take_failures(report, err);
}
