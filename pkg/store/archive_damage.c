/* SPDX-License-Identifier: Apache-2.0 */
#include "store/archive_verify.h"

#include <stdlib.h>

#include "store/archive_reach.h"
#include "store/layout_index.h"

void archive_verification_release(struct archive_verification *verification)
{
	for (size_t i = 0; i < verification->n_damages; i++) {
		free(verification->damages[i].what);
		strvec_release(&verification->damages[i].images);
	}
	free(verification->damages);
	*verification = (struct archive_verification){0};
}

void findings_add(struct findings *findings, const struct finding *finding)
{
	pthread_mutex_lock(&findings->lock);
	array_grow(findings->items, findings->count, findings->allocated);
	findings->items[findings->count++] = *finding;
	pthread_mutex_unlock(&findings->lock);
}

static bool belongs_to_blob(const struct finding *finding)
{
	return finding->kind <= FINDING_PADDING;
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *first = a, *second = b;

	return first->offset < second->offset ? -1 : first->offset > second->offset;
}

/* Damaged chunks that follow one another are one damage. */
static void join_adjacent(struct findings *findings)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		struct finding *last = count ? &findings->items[count - 1] : NULL;
		if (last && last->kind == finding->kind && last->slot == finding->slot &&
		    last->offset + last->length == finding->offset)
			last->length += finding->length;
		else
			findings->items[count++] = *finding;
	}
	findings->count = count;
}

static char *describe(const struct finding *finding, const struct archive_layout *layout)
{
	static const char *const words[] = {
		[FINDING_BLOB] = "blob ",
		[FINDING_HEADER] = "header of blob ",
		[FINDING_PADDING] = "padding of blob ",
		[FINDING_ABSENT] = "place of the missing blob ",
		[FINDING_LAYOUT] = LAYOUT_FILE,
		[FINDING_DIRECTORIES] = "headers of the directories",
		[FINDING_RECORDS] = ARCHIVE_RECORDS_FILE,
		[FINDING_INDEX] = LAYOUT_INDEX_FILE,
	};
	char digest[DIGEST_TEXT_SIZE] = "";

	if (finding->kind <= FINDING_ABSENT)
		digest_format(&layout->digests.digests[finding->slot], digest);
	return xasprintf("%s%s", words[finding->kind], digest);
}

/* --- which images need a damaged blob */

struct search {
	const struct archive_layout *layout;
	const bool *is_damaged; /* by slot */
	struct strvec *sources; /* by slot */
	const char *source;     /* of the image at hand */
};

static void note_image(const struct digest *digest, uint64_t size, void *context)
{
	struct search *search = context;
	uint32_t slot = digest_map_find(&search->layout->digests, digest);

	(void)size;
	if (slot != DIGEST_MAP_NONE && search->is_damaged[slot])
		strvec_push(&search->sources[slot], search->source);
}

static void find_images(struct archive_store *archive, const struct findings *findings,
			struct strvec *sources)
{
	CLEANUP(free_memory) bool *is_damaged = xcalloc(archive->layout.digests.count, sizeof(*is_damaged));
	struct search search = {.layout = &archive->layout, .is_damaged = is_damaged, .sources = sources};

	for (size_t i = 0; i < findings->count; i++)
		if (belongs_to_blob(&findings->items[i]))
			is_damaged[findings->items[i].slot] = true;
	for (size_t i = 0; i < archive->records.n_images; i++) {
		/* Below a damaged manifest nothing can be known: the image is named for the manifest. */
		CLEANUP(error_clear) struct error ignored = ERROR_INIT;
		search.source = archive->records.images[i].source;
		if (archive_reach(&archive->store, &archive->records.images[i], note_image, &search,
				  &ignored) < 0)
			continue;
	}
}

static void copy_sources(struct strvec *to, const struct strvec *from)
{
	for (size_t i = 0; i < from->count; i++)
		strvec_push(to, from->items[i]);
	strvec_sort_unique(to);
}

void findings_report(struct findings *findings, struct archive_store *archive,
		     struct archive_verification *verification)
{
	size_t n_slots = archive->layout.digests.count;

	if (!findings->count)
		return;
	qsort(findings->items, findings->count, sizeof(*findings->items), compare_findings);
	join_adjacent(findings);
	struct strvec *sources = xcalloc(n_slots, sizeof(*sources));
	find_images(archive, findings, sources);
	verification->damages = xcalloc(findings->count, sizeof(*verification->damages));
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		struct archive_damage *damage = &verification->damages[verification->n_damages++];
		damage->offset = finding->offset;
		damage->length = finding->length;
		damage->what = describe(finding, &archive->layout);
		if (belongs_to_blob(finding))
			copy_sources(&damage->images, &sources[finding->slot]);
	}
	for (size_t i = 0; i < n_slots; i++)
		strvec_release(&sources[i]);
	free(sources);
}
