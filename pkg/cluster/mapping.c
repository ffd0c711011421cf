/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/naming.h"

void mapping_entry_release(struct mapping_entry *entry)
{
	free(entry->text);
	reference_release(&entry->source);
	reference_release(&entry->target);
}

void mapping_release(struct mapping *mapping)
{
	for (size_t i = 0; i < mapping->count; i++)
		mapping_entry_release(&mapping->entries[i]);
	free(mapping->entries);
	reference_release(&mapping->mirror);
	*mapping = (struct mapping)MAPPING_INIT;
}

static void normalise_source(struct reference *source)
{
	bool is_digest_only = *source->id && !*source->tag;

	reference_apply_docker_defaults(source);
	if (is_digest_only)
		reference_set(&source->tag, "");
}

void mapping_add(struct mapping *mapping, struct mapping_entry *entry)
{
	struct error ignored = ERROR_INIT;

	/* An id that is no sha256 digest cannot be compared; it cannot be copied either. */
	entry->digest_is_known =
		*entry->source.id && reference_digest(&entry->source, &entry->digest, &ignored) == 0;
	error_clear(&ignored);
	/* There may be tens of thousands. */
	reference_pack(&entry->source);
	reference_pack(&entry->target);
	array_grow(mapping->entries, mapping->count, mapping->allocated);
	mapping->entries[mapping->count++] = steal(entry);
}

static int add_image(struct mapping *mapping, const char *text, struct error *err)
{
	CLEANUP(reference_release) struct reference image = REFERENCE_INIT;
	CLEANUP(mapping_entry_release) struct mapping_entry entry = {.text = xstrdup(text)};

	if (reference_parse(&image, text, err) < 0)
		return -1;
	if (cluster_target_name(&image, &mapping->mirror, mapping->max_components, &entry.target, err) < 0)
		return -1;
	entry.source = steal(&image);
	normalise_source(&entry.source);
	mapping_add(mapping, &entry);
	return 0;
}

static int add_index(struct mapping *mapping, const struct reference *index, struct error *err)
{
	CLEANUP(mapping_entry_release) struct mapping_entry entry = {
		.text = reference_exact(index),
		.is_index = true,
	};

	if (cluster_target_name(index, &mapping->mirror, mapping->max_components, &entry.target, err) < 0)
		return -1;
	reference_copy(&entry.source, index);
	mapping_add(mapping, &entry);
	return 0;
}

static int compare_references(const struct reference *a, const struct reference *b)
{
	const char *const members[][2] = {
		{a->registry, b->registry},
		{a->namespace, b->namespace},
		{a->name, b->name},
		{a->tag, b->tag},
		{a->id, b->id},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
		int order = strcmp(members[i][0], members[i][1]);
		if (order)
			return order;
	}
	return 0;
}

/* Sorts by the source, then the index first, then by the text. */
static int compare_entries(const void *left, const void *right)
{
	const struct mapping_entry *a = left;
	const struct mapping_entry *b = right;
	int order = compare_references(&a->source, &b->source);

	if (order)
		return order;
	if (a->is_index != b->is_index)
		return a->is_index ? -1 : 1;
	return strcmp(a->text, b->text);
}

static void sort_unique(struct mapping *mapping)
{
	size_t kept = 0;

	if (!mapping->count)
		return;
	qsort(mapping->entries, mapping->count, sizeof(*mapping->entries), compare_entries);
	for (size_t i = 1; i < mapping->count; i++) {
		if (compare_references(&mapping->entries[kept].source, &mapping->entries[i].source) == 0)
			mapping_entry_release(&mapping->entries[i]);
		else
			mapping->entries[++kept] = mapping->entries[i];
	}
	mapping->count = kept + 1;
}

static int compare_by_target(const void *left, const void *right)
{
	const struct mapping_entry *a = left;
	const struct mapping_entry *b = right;
	int order = compare_references(&a->source, &b->source);

	return order ? order : compare_references(&a->target, &b->target);
}

void mapping_sort_by_target(struct mapping *mapping)
{
	if (mapping->count)
		qsort(mapping->entries, mapping->count, sizeof(*mapping->entries), compare_by_target);
}

int mapping_build(struct mapping *mapping, const struct strvec *images, const struct reference *index,
		  const struct reference *mirror, unsigned max_components, struct strvec *warnings,
		  struct error *err)
{
	CLEANUP(mapping_release) struct mapping built = {.max_components = max_components};

	reference_copy(&built.mirror, mirror);
	if (max_components == 1)
		return error_set(err, ERROR_INVALID,
				 "the largest number of path components is 1; it must be "
				 "0 (no limit) or at least 2");
	if (index && add_index(&built, index, err) < 0)
		return -1;
	for (size_t i = 0; i < images->count; i++) {
		CLEANUP(error_clear) struct error problem = ERROR_INIT;
		if (add_image(&built, images->items[i], &problem) < 0)
			strvec_pushf(warnings, "%s: it is left out", problem.message);
	}
	sort_unique(&built);
	*mapping = steal(&built);
	return 0;
}

const struct mapping_entry *mapping_index(const struct mapping *mapping)
{
	for (size_t i = 0; i < mapping->count; i++) {
		if (mapping->entries[i].is_index)
			return &mapping->entries[i];
	}
	return NULL;
}

static char *text_without_digest(const struct reference *reference)
{
	CLEANUP(reference_release) struct reference copy = REFERENCE_INIT;

	reference_copy(&copy, reference);
	reference_set(&copy.id, "");
	return reference_exact(&copy);
}

static void add_lines(struct strvec *lines, struct strbuf *out)
{
	strvec_sort_unique(lines);
	for (size_t i = 0; i < lines->count; i++)
		strbuf_addf(out, "%s\n", lines->items[i]);
}

void mapping_text(const struct mapping *mapping, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec lines = STRVEC_INIT;

	for (size_t i = 0; i < mapping->count; i++) {
		CLEANUP(free_string) char *source = reference_exact(&mapping->entries[i].source);
		CLEANUP(free_string) char *target = text_without_digest(&mapping->entries[i].target);
		strvec_pushf(&lines, "%s=%s", source, target);
	}
	add_lines(&lines, out);
}

void mapping_sources_text(const struct mapping *mapping, struct strbuf *out)
{
	CLEANUP(strvec_release) struct strvec lines = STRVEC_INIT;

	for (size_t i = 0; i < mapping->count; i++)
		strvec_push_take(&lines, reference_exact(&mapping->entries[i].source));
	add_lines(&lines, out);
}
