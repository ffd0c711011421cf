/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MAX_MISSING_SHOWN 20

static void print_seconds(uint64_t elapsed_ms)
{
	uint64_t seconds = elapsed_ms / 1000;

	if (seconds >= 3600)
		fprintf(stderr, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		fprintf(stderr, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
	else
		fprintf(stderr, "%.1f s", (double)elapsed_ms / 1000);
}

static void print_plan(const struct outcome *outcome)
{
	char all[TEXT_SIZE_LENGTH], present[TEXT_SIZE_LENGTH], left[TEXT_SIZE_LENGTH];
	uint64_t needed = outcome->planned_bytes > outcome->counts.bytes_present
				  ? outcome->planned_bytes - outcome->counts.bytes_present : 0;

	fprintf(stderr, "dry run: nothing was written\n");
	fprintf(stderr, "  images          %zu (and %zu signatures and referrers)\n", outcome->n_asked - outcome->n_missing,
		outcome->n_attached);
	fprintf(stderr, "  unique blobs    %zu\n", outcome->n_blobs);
	fprintf(stderr, "  bytes           %s (%" PRIu64 ")\n", text_format_size(outcome->planned_bytes, all),
		outcome->planned_bytes);
	fprintf(stderr, "  at the target   %" PRIu64 " images, %" PRIu64 " blobs, %s\n", outcome->counts.images_present,
		outcome->counts.blobs_present, text_format_size(outcome->counts.bytes_present, present));
	fprintf(stderr, "  to be moved     %s\n", text_format_size(needed, left));
}

static void print_work(const struct outcome *outcome, uint64_t elapsed_ms)
{
	char written[TEXT_SIZE_LENGTH];

	size_t n_images = outcome->n_asked - outcome->n_missing;

	fprintf(stderr, "%zu image%s", n_images, n_images == 1 ? "" : "s");
	if (outcome->n_attached)
		fprintf(stderr, " with %zu signatures and referrers", outcome->n_attached);
	if (outcome->counts.images_present)
		fprintf(stderr, ", %" PRIu64 " of them there already", outcome->counts.images_present);
	fprintf(stderr, "; %" PRIu64 " blobs, %s written", outcome->counts.blobs_copied,
		text_format_size(outcome->counts.bytes_copied, written));
	if (outcome->counts.blobs_mounted)
		fprintf(stderr, ", %" PRIu64 " mounted", outcome->counts.blobs_mounted);
	fprintf(stderr, "; ");
	print_seconds(elapsed_ms);
	fprintf(stderr, "\n");
}

static void print_missing(const struct outcome *outcome)
{
	size_t shown = 0;

	if (!outcome->n_missing)
		return;
	fprintf(stderr, "missing: %zu of %zu images:\n", outcome->n_missing, outcome->n_asked);
	for (size_t i = 0; i < outcome->n_images; i++) {
		const struct outcome_image *image = &outcome->images[i];

		if (image->status != IMAGE_MISSING || image->is_attached)
			continue;
		if (++shown > MAX_MISSING_SHOWN) {
			fprintf(stderr, "  ... and %zu more: see missing.txt or --report FILE\n",
				outcome->n_missing - MAX_MISSING_SHOWN);
			break;
		}
		fprintf(stderr, "  %s\n", image->reason ? image->reason : image->source);
	}
	if (!strcmp(outcome->command, "push"))
		fprintf(stderr, "run the mirror command again on the connected side, carry the archive over and push it again\n");
	else
		fprintf(stderr, "run the same command again to fetch what is missing\n");
}

static void print_next(const struct outcome *outcome)
{
	char size[TEXT_SIZE_LENGTH];

	if (outcome->archive) {
		fprintf(stderr, "archive: %s (%s)\n", outcome->archive, text_format_size(outcome->archive_bytes, size));
	}
	if (outcome->archive && !outcome->is_plain_archive) {
		fprintf(stderr, "next: carry it over, then\n  airlift push %s REGISTRY[/PATH]\n", outcome->archive);
	}
	for (size_t i = 0; i < outcome->directories.count; i++) {
		const char *directory = outcome->directories.items[i];

		fprintf(stderr, "%s %s\n", outcome->is_directory_unchanged ? "unchanged:" : "written:", directory);
		fprintf(stderr, "next:\n  oc apply -f %s/imageDigestMirrorSet.yaml    (OpenShift before 4.13: imageContentSourcePolicy.yaml)\n  oc apply -f %s/catalogSource.yaml\n",
			directory, directory);
	}
}

void summary_print(const struct outcome *outcome, uint64_t elapsed_ms)
{
	if (outcome->is_dry_run) {
		print_plan(outcome);
		print_missing(outcome);
		return;
	}
	if (outcome->is_nothing_new) {
		fprintf(stderr, "nothing new: %zu images are there already; ", outcome->n_asked - outcome->n_missing);
		print_seconds(elapsed_ms);
		fprintf(stderr, "\n");
	} else if (outcome->n_images) {
		print_work(outcome, elapsed_ms);
	}
	if (outcome->skipped.count)
		fprintf(stderr, "left out: %zu texts of the catalog that are no image references\n", outcome->skipped.count);
	print_missing(outcome);
	print_next(outcome);
}
