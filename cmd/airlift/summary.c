/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

#define MAX_MISSING_SHOWN 20

static void print_seconds(struct strbuf *out, uint64_t elapsed_ms)
{
	uint64_t seconds = elapsed_ms / 1000;

	if (seconds >= 3600)
		strbuf_addf(out, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600, seconds / 60 % 60);
	else if (seconds >= 60)
		strbuf_addf(out, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
	else
		strbuf_addf(out, "%.1f s", (double)elapsed_ms / 1000);
}

static void print_plan(struct strbuf *out, const struct outcome *outcome)
{
	char all[TEXT_SIZE_LENGTH], present[TEXT_SIZE_LENGTH], left[TEXT_SIZE_LENGTH];
	uint64_t needed = outcome->planned_bytes > outcome->counts.bytes_present
				  ? outcome->planned_bytes - outcome->counts.bytes_present
				  : 0;

	strbuf_addf(out, "dry run: nothing was written\n");
	strbuf_addf(out, "  images          %zu (and %zu attached: signatures, referrers)\n",
		    outcome->n_asked - outcome->n_missing, outcome->n_attached);
	strbuf_addf(out, "  unique blobs    %zu\n", outcome->n_blobs);
	strbuf_addf(out, "  bytes           %s (%" PRIu64 ")\n",
		    text_format_size(outcome->planned_bytes, all), outcome->planned_bytes);
	strbuf_addf(out, "  at the target   %" PRIu64 " images, %" PRIu64 " blobs, %s\n",
		    outcome->counts.images_present, outcome->counts.blobs_present,
		    text_format_size(outcome->counts.bytes_present, present));
	strbuf_addf(out, "  to be moved     %s\n", text_format_size(needed, left));
}

static void print_work(struct strbuf *out, const struct outcome *outcome, uint64_t elapsed_ms)
{
	size_t n_images = outcome->n_asked - outcome->n_missing;
	char written[TEXT_SIZE_LENGTH];

	strbuf_addf(out, "%zu image%s", n_images, n_images == 1 ? "" : "s");
	if (outcome->n_attached)
		strbuf_addf(out, " with %zu attached (signatures, referrers)", outcome->n_attached);
	if (outcome->counts.images_present)
		strbuf_addf(out, ", %" PRIu64 " of them there already", outcome->counts.images_present);
	strbuf_addf(out, "; %" PRIu64 " blobs, %s written", outcome->counts.blobs_copied,
		    text_format_size(outcome->counts.bytes_copied, written));
	if (outcome->counts.blobs_mounted)
		strbuf_addf(out, ", %" PRIu64 " mounted", outcome->counts.blobs_mounted);
	strbuf_add_string(out, "; ");
	print_seconds(out, elapsed_ms);
	strbuf_add_char(out, '\n');
}

static void print_missing(struct strbuf *out, const struct outcome *outcome)
{
	size_t shown = 0;

	if (!outcome->n_missing)
		return;
	strbuf_addf(out, "missing: %zu of %zu images:\n", outcome->n_missing, outcome->n_asked);
	for (size_t i = 0; i < outcome->n_images; i++) {
		const struct outcome_image *image = &outcome->images[i];

		if (image->status != IMAGE_MISSING || image->is_attached)
			continue;
		if (++shown > MAX_MISSING_SHOWN) {
			strbuf_addf(out, "  ... and %zu more: see missing.txt or --report FILE\n",
				    outcome->n_missing - MAX_MISSING_SHOWN);
			break;
		}
		strbuf_addf(out, "  %s\n", image->reason ? image->reason : image->source);
	}
	if (!strcmp(outcome->command, "push"))
		strbuf_addf(out, "run the mirror command again on the connected side, carry the archive over "
				 "and push it again\n");
	else
		strbuf_addf(out, "run the same command again to fetch what is missing\n");
}

/* Nothing that a later run can mend: the catalog itself is wrong. */
static void print_skipped(struct strbuf *out, const struct outcome *outcome)
{
	if (!outcome->skipped.count)
		return;
	strbuf_addf(out, "left out: %zu text%s of the catalog that %s no image reference:\n",
		    outcome->skipped.count, outcome->skipped.count == 1 ? "" : "s",
		    outcome->skipped.count == 1 ? "is" : "are");
	for (size_t i = 0; i < outcome->skipped.count && i < MAX_MISSING_SHOWN; i++)
		strbuf_addf(out, "  %s\n", outcome->skipped.items[i]);
}

static void print_next_of_catalog(struct strbuf *out, const char *directory)
{
	strbuf_addf(out,
		    "next:\n  oc apply -f %s/imageDigestMirrorSet.yaml    (OpenShift before 4.13: "
		    "imageContentSourcePolicy.yaml)\n  oc apply -f %s/catalogSource.yaml\n",
		    directory, directory);
}

static void print_next(struct strbuf *out, const struct outcome *outcome)
{
	char size[TEXT_SIZE_LENGTH];

	if (outcome->archive)
		strbuf_addf(out, "archive: %s (%s)\n", outcome->archive,
			    text_format_size(outcome->archive_bytes, size));
	if (outcome->archive && !outcome->is_plain_archive)
		strbuf_addf(out, "next: carry it over, then\n  airlift push %s REGISTRY[/PATH]\n",
			    outcome->archive);
	for (size_t i = 0; i < outcome->n_directories; i++) {
		const struct outcome_directory *directory = &outcome->directories[i];

		strbuf_addf(out, "%s %s\n",
			    directory->is_unchanged ? "unchanged:" : "written:", directory->path);
		if (directory->has_next_steps)
			strbuf_addf(out, "next: %s/next-steps.md\n", directory->path);
		else if (!directory->is_release)
			print_next_of_catalog(out, directory->path);
	}
}

void summary_write(const struct outcome *outcome, uint64_t elapsed_ms, struct strbuf *out)
{
	if (outcome->is_dry_run) {
		print_plan(out, outcome);
		print_skipped(out, outcome);
		print_missing(out, outcome);
		return;
	}
	if (outcome->is_nothing_new) {
		strbuf_addf(out, "nothing new: %zu images are there already; ",
			    outcome->n_asked - outcome->n_missing);
		print_seconds(out, elapsed_ms);
		strbuf_add_char(out, '\n');
	} else if (outcome->n_images) {
		print_work(out, outcome, elapsed_ms);
	}
	print_skipped(out, outcome);
	print_missing(out, outcome);
	print_next(out, outcome);
}

void summary_write_missing(const struct outcome *outcome, struct strbuf *out)
{
	print_skipped(out, outcome);
	print_missing(out, outcome);
}
