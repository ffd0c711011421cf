/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "document/writer.h"

void outcome_release(struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->n_images; i++) {
		free(outcome->images[i].source);
		free(outcome->images[i].target);
		free(outcome->images[i].reason);
	}
	free(outcome->images);
	for (size_t i = 0; i < outcome->n_directories; i++)
		free(outcome->directories[i].path);
	free(outcome->directories);
	strvec_release(&outcome->skipped);
	free(outcome->archive);
	*outcome = (struct outcome)OUTCOME_INIT;
}

void outcome_phase(struct outcome *outcome, const char *name)
{
	uint64_t now = clock_milliseconds();

	if (outcome->n_phases && outcome->phase_start_ms)
		outcome->phases[outcome->n_phases - 1].seconds +=
			(double)(now - outcome->phase_start_ms) / 1000;
	outcome->phase_start_ms = name ? now : 0;
	if (!name)
		return;
	if (outcome->n_phases && !strcmp(outcome->phases[outcome->n_phases - 1].name, name))
		return;
	if (outcome->n_phases < OUTCOME_MAX_PHASES)
		outcome->phases[outcome->n_phases++].name = name;
}

static enum image_status status_of(const struct outcome *outcome, const struct plan_image *image,
				   const struct mirror *mirror, uint32_t number)
{
	if (!plan_image_takes_part(image))
		return IMAGE_MISSING;
	if (mirror ? mirror_image_is_present(mirror, number) : outcome->is_nothing_new)
		return IMAGE_PRESENT;
	if (outcome->is_dry_run)
		return IMAGE_PLANNED;
	return mirror && mirror_image_is_done(mirror, number) ? IMAGE_COPIED : IMAGE_UNTRIED;
}

static char *target_name(const struct plan_image *image, const char *host)
{
	char text[DIGEST_TEXT_SIZE];

	if (!host || !image->target_repository)
		return NULL;
	if (image->target_tag)
		return xasprintf("%s/%s:%s", host, image->target_repository, image->target_tag);
	return xasprintf("%s/%s@%s", host, image->target_repository, digest_format(&image->digest, text));
}

static void add_image(struct outcome *outcome, const struct plan_image *image, enum image_status status,
		      const char *host)
{
	bool is_attached = image->attached_to != PLAN_NONE;

	array_grow(outcome->images, outcome->n_images, outcome->allocated_images);
	outcome->images[outcome->n_images++] = (struct outcome_image){
		.source = xstrdup(image->name),
		.target = target_name(image, host),
		.has_digest = image->top != PLAN_NONE || image->is_pinned,
		.digest = image->digest,
		.reason = image->failure.message ? xstrdup(image->failure.message) : NULL,
		.is_attached = is_attached,
		.status = status,
	};
	outcome->n_asked += !is_attached;
	outcome->n_attached += is_attached && status != IMAGE_MISSING;
	outcome->n_missing += !is_attached && status == IMAGE_MISSING;
	outcome->n_roots += image->is_root;
	if (!image->is_root || status != IMAGE_MISSING)
		return;
	outcome->n_roots_missing++;
	outcome->root_failure = image->failure.code;
}

static int compare_sources(const void *a, const void *b)
{
	const struct outcome_image *first = a, *second = b;

	return strcmp(first->source, second->source);
}

static void add_counts(struct mirror_counts *sum, struct mirror_counts counts)
{
	sum->images_present += counts.images_present;
	sum->images_copied += counts.images_copied;
	sum->blobs_present += counts.blobs_present;
	sum->blobs_mounted += counts.blobs_mounted;
	sum->blobs_copied += counts.blobs_copied;
	sum->bytes_copied += counts.bytes_copied;
	sum->bytes_present += counts.bytes_present;
}

void outcome_add_plan(struct outcome *outcome, const struct plan *plan, const struct mirror *mirror,
		      const char *host)
{
	for (size_t i = 0; i < plan->n_images; i++) {
		const struct plan_image *image = plan->images[i];
		add_image(outcome, image, status_of(outcome, image, mirror, (uint32_t)i), host);
	}
	if (outcome->n_images)
		qsort(outcome->images, outcome->n_images, sizeof(*outcome->images), compare_sources);
	if (mirror)
		add_counts(&outcome->counts, mirror_counts(mirror));
}

struct outcome_directory *outcome_add_directory(struct outcome *outcome, const char *path, bool is_unchanged)
{
	array_grow(outcome->directories, outcome->n_directories, outcome->allocated_directories);
	struct outcome_directory *directory = &outcome->directories[outcome->n_directories++];
	*directory = (struct outcome_directory){.path = xstrdup(path), .is_unchanged = is_unchanged};
	return directory;
}

int outcome_exit_status(const struct outcome *outcome)
{
	if (outcome->verification && outcome->verification->n_damages)
		return 4;
	if (outcome->n_roots_missing && outcome->n_roots_missing == outcome->n_roots)
		return outcome->root_failure == ERROR_DIGEST ? 4 : 1;
	if (!outcome->n_missing && !outcome->skipped.count)
		return 0;
	if (!outcome->n_asked)
		return 1;
	return outcome->n_missing == outcome->n_asked && outcome->n_asked ? 1 : 3;
}

int error_exit_status(const struct error *err)
{
	switch (err->code) {
	case ERROR_NONE:
		return 0;
	case ERROR_USAGE:
		return 2;
	case ERROR_DIGEST:
		return 4;
	case ERROR_BUSY:
		return 75;
	case ERROR_CANCELLED:
		return 130;
	case ERROR_INVALID:
	case ERROR_NOT_FOUND:
	case ERROR_UNAUTHORIZED:
	case ERROR_TRANSIENT:
	case ERROR_IO:
		return 1;
	}
	return 1;
}

/* --- the report */

static const char *status_name(enum image_status status)
{
	switch (status) {
	case IMAGE_COPIED:
		return "copied";
	case IMAGE_PRESENT:
		return "present";
	case IMAGE_PLANNED:
		return "planned";
	case IMAGE_MISSING:
		return "missing";
	case IMAGE_UNTRIED:
		return "untried";
	}
	return "";
}

static void write_optional(struct json_writer *writer, const char *key, const char *text)
{
	if (text)
		json_write_string(writer, key, text);
}

static void write_images(struct json_writer *writer, const struct outcome *outcome)
{
	char digest[DIGEST_TEXT_SIZE];

	json_open_array(writer, "images");
	for (size_t i = 0; i < outcome->n_images; i++) {
		const struct outcome_image *image = &outcome->images[i];

		json_open_object(writer, NULL);
		json_write_string(writer, "source", image->source);
		write_optional(writer, "target", image->target);
		if (image->has_digest)
			json_write_string(writer, "digest", digest_format(&image->digest, digest));
		json_write_string(writer, "outcome", status_name(image->status));
		write_optional(writer, "reason", image->reason);
		if (image->is_attached)
			json_write_boolean(writer, "attached", true);
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void write_counts(struct json_writer *writer, const struct outcome *outcome,
			 const struct http_counters *counters)
{
	json_open_object(writer, "counts");
	json_write_unsigned(writer, "images", outcome->n_asked);
	json_write_unsigned(writer, "missing", outcome->n_missing);
	json_write_unsigned(writer, "attached", outcome->n_attached);
	json_write_unsigned(writer, "images_present", outcome->counts.images_present);
	json_write_unsigned(writer, "blobs", outcome->n_blobs);
	json_write_unsigned(writer, "blobs_copied", outcome->counts.blobs_copied);
	json_write_unsigned(writer, "blobs_mounted", outcome->counts.blobs_mounted);
	json_write_unsigned(writer, "blobs_present", outcome->counts.blobs_present);
	json_close_object(writer);
	json_open_object(writer, "bytes");
	json_write_unsigned(writer, "planned", outcome->planned_bytes);
	json_write_unsigned(writer, "needed", outcome->needed_bytes);
	json_write_unsigned(writer, "fetched", counters ? atomic_load(&counters->bytes_received) : 0);
	json_write_unsigned(writer, "written", outcome->counts.bytes_copied);
	json_close_object(writer);
	json_write_unsigned(writer, "requests", counters ? atomic_load(&counters->requests) : 0);
	json_write_unsigned(writer, "retries", counters ? atomic_load(&counters->retries) : 0);
}

static void write_strings(struct json_writer *writer, const char *key, const struct strvec *list)
{
	json_open_array(writer, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(writer, NULL, list->items[i]);
	json_close_array(writer);
}

static void write_verification(struct json_writer *writer, const struct archive_verification *verification)
{
	if (!verification)
		return;
	json_open_object(writer, "verification");
	json_write_unsigned(writer, "bytes", verification->bytes);
	json_write_unsigned(writer, "blobs", verification->n_blobs);
	json_open_array(writer, "damages");
	for (size_t i = 0; i < verification->n_damages; i++) {
		const struct archive_damage *damage = &verification->damages[i];

		json_open_object(writer, NULL);
		json_write_unsigned(writer, "offset", damage->offset);
		json_write_unsigned(writer, "length", damage->length);
		json_write_string(writer, "what", damage->what);
		write_strings(writer, "images", &damage->images);
		json_close_object(writer);
	}
	json_close_array(writer);
	json_close_object(writer);
}

void outcome_write_report(const struct outcome *outcome, const struct http_counters *counters,
			  const struct error *failure, int exit_status, struct strbuf *out)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 2);

	json_open_object(&writer, NULL);
	json_write_string(&writer, "command", outcome->command ? outcome->command : "");
	json_write_boolean(&writer, "dry_run", outcome->is_dry_run);
	json_write_boolean(&writer, "nothing_new", outcome->is_nothing_new);
	json_write_unsigned(&writer, "exit_status", (uint64_t)exit_status);
	if (failure)
		json_write_string(&writer, "error", failure->message);
	write_counts(&writer, outcome, counters);
	json_open_object(&writer, "seconds");
	for (size_t i = 0; i < outcome->n_phases; i++)
		json_write_real(&writer, outcome->phases[i].name, outcome->phases[i].seconds);
	json_close_object(&writer);
	json_open_array(&writer, "manifests_directories");
	for (size_t i = 0; i < outcome->n_directories; i++)
		json_write_string(&writer, NULL, outcome->directories[i].path);
	json_close_array(&writer);
	write_optional(&writer, "archive", outcome->archive);
	write_strings(&writer, "skipped", &outcome->skipped);
	write_images(&writer, outcome);
	write_verification(&writer, outcome->verification);
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
}
