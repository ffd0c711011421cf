/* SPDX-License-Identifier: Apache-2.0 */
/* release info --size: how much each component weighs, and how much of that is its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "digest/digest_map.h"
#include "operation/release_report.h"
#include "operation/timestamp.h"

#define MEBIBYTE (1024.0 * 1024.0)
#define MAX_LETTERS 5

/* Layers are shared: they count once. */
struct layers {
	struct digest_map digests;
	size_t *uses;   /* by position; also twice in one image */
	bool *is_shown; /* a shared layer has stood for the own size of an image */
	size_t allocated, allocated_shown;
	struct digest_map bases; /* bottom layers, in the order of the components */
	uint64_t bytes;
};

static void layers_release(struct layers *layers)
{
	digest_map_release(&layers->digests);
	digest_map_release(&layers->bases);
	free(layers->uses);
	free(layers->is_shown);
}

static void add_size(uint64_t *sum, uint64_t size)
{
	if (__builtin_add_overflow(*sum, size, sum))
		*sum = UINT64_MAX;
}

static void add_layer(struct layers *layers, const struct descriptor *layer)
{
	bool is_new;
	uint32_t position = digest_map_add(&layers->digests, &layer->digest, &is_new);

	if (is_new) {
		array_grow(layers->uses, position, layers->allocated);
		array_grow(layers->is_shown, position, layers->allocated_shown);
		layers->uses[position] = 0;
		layers->is_shown[position] = false;
		add_size(&layers->bytes, layer->size);
	}
	layers->uses[position]++;
}

static void count_layers(const struct release_report *report, struct layers *layers)
{
	for (size_t i = 0; i < report->image->payload.n_components; i++) {
		const struct manifest *manifest = &report->sizes[i].manifest;

		if (!report->sizes[i].is_known || !manifest->n_layers)
			continue;
		digest_map_add(&layers->bases, &manifest->layers[0].digest, NULL);
		for (size_t j = 0; j < manifest->n_layers; j++)
			add_layer(layers, &manifest->layers[j]);
	}
}

/* What no other image has; if that is nothing, the top layer, for the first image that ends with it. */
static uint64_t own_bytes(struct layers *layers, const struct manifest *manifest)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < manifest->n_layers; i++)
		if (layers->uses[digest_map_find(&layers->digests, &manifest->layers[i].digest)] == 1)
			add_size(&bytes, manifest->layers[i].size);
	if (bytes || !manifest->n_layers)
		return bytes;
	const struct descriptor *top = &manifest->layers[manifest->n_layers - 1];
	bool *is_shown = &layers->is_shown[digest_map_find(&layers->digests, &top->digest)];
	bytes = *is_shown ? 0 : top->size;
	*is_shown = true;
	return bytes;
}

/* A few bases are letters, each in a column of its own; many are numbers. */
static void add_base(const struct layers *layers, const struct manifest *manifest, struct strbuf *out)
{
	if (layers->bases.count < 2 || !manifest->n_layers)
		return;
	uint32_t base = digest_map_find(&layers->bases, &manifest->layers[0].digest);
	if (layers->bases.count > MAX_LETTERS)
		strbuf_addf(out, "%u", base + 1);
	else
		strbuf_addf(out, "%*c", (int)base + 1, 'A' + (int)base);
}

static void add_row(const struct release_report *report, size_t number, struct layers *layers,
		    struct strbuf *out)
{
	const struct component_size *size = &report->sizes[number];
	const struct manifest *manifest = &size->manifest;
	char age[TIMESTAMP_AGE_SIZE] = "";
	uint64_t bytes = 0;

	strbuf_add_string(out, "  ");
	text_escape(out, report->image->payload.components[number].name,
		    strlen(report->image->payload.components[number].name), SIZE_MAX);
	if (!size->is_known) {
		strbuf_add_string(out, "\t\t\t\t\t\n");
		return;
	}
	if (size->has_created)
		timestamp_format_age(report->now - size->created, age);
	for (size_t i = 0; i < manifest->n_layers; i++)
		add_size(&bytes, manifest->layers[i].size);
	strbuf_addf(out, "\t%4s\t%7zu\t%8.1f\t%10.1f\t ", age, manifest->n_layers, (double)bytes / MEBIBYTE,
		    (double)own_bytes(layers, manifest) / MEBIBYTE);
	add_base(layers, manifest, out);
	strbuf_add_char(out, '\n');
}

/* "47.83kB": four digits, powers of 1000, as Docker writes sizes (docker/go-units, HumanSize). */
static void add_human_size(struct strbuf *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 1000 && unit + 1 < ARRAY_LENGTH(units); unit++)
		size /= 1000;
	strbuf_addf(out, "%.4g%s", size, units[unit]);
}

void release_report_size_table(const struct release_report *report, struct strbuf *out)
{
	CLEANUP(layers_release) struct layers layers = {.digests = DIGEST_MAP_INIT, .bases = DIGEST_MAP_INIT};

	count_layers(report, &layers);
	strbuf_addf(out, "  NAME\t AGE\t LAYERS\t SIZE MB\t UNIQUE MB\t %s\n",
		    layers.bases.count > 1 ? "BASE" : "");
	for (size_t i = 0; i < report->image->payload.n_components; i++)
		add_row(report, i, &layers, out);
	strbuf_add_string(out, "\n  ");
	add_human_size(out, layers.bytes);
	strbuf_addf(out, " across %zu layers", layers.digests.count);
	if (layers.bases.count > 1)
		strbuf_addf(out, ", %zu different base images", layers.bases.count);
	strbuf_add_char(out, '\n');
}
