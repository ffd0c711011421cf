/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is attached to images: signatures under the tag sha256-<hex>.sig, and OCI referrers.
 *
 * Most repositories have neither, and most registries know no referrers. So a few are asked first, always
 * the same ones: of each repository the first three images for their signature, of each registry the first
 * image for its referrers. Only where that was not in vain are the others asked. What is found depends on
 * the order of the plan alone, never on which answer came first, and is added in that order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/text.h"
#include "plan/private.h"

#define MAX_ATTACHED_PER_IMAGE 128
#define FIRST_QUESTIONS 3

/* What a repository's first images, or a registry's first, have answered. */
struct answers {
	unsigned n_asked;
	atomic_bool is_hopeful; /* anything else than "not there" */
};

struct finding {
	struct descriptor descriptor;
	char *tag; /* NULL: by digest */
};

/* The questions about one image, or one child of its index. */
struct inquiry {
	uint32_t image;
	struct digest digest;
	bool asks_for_signature, asks_for_referrers;
	bool has_asked_for_signature, has_asked_for_referrers;
	struct answers *repository, *registry; /* in the maps */
	struct finding *findings;
	size_t n_findings, allocated;
};

struct inquiries {
	struct resolution *resolution;
	struct inquiry *items;
	size_t count, allocated;
	struct map repositories; /* -> struct answers; of this round */
};

/* --- one image */

static void add_finding(struct inquiry *inquiry, const struct descriptor *descriptor, const char *tag)
{
	array_grow(inquiry->findings, inquiry->n_findings, inquiry->allocated);
	inquiry->findings[inquiry->n_findings++] = (struct finding){
		.descriptor = {.digest = descriptor->digest,
			       .size = descriptor->size,
			       .media_type = xstrdup(descriptor->media_type ? descriptor->media_type : "")},
		.tag = tag ? xstrdup(tag) : NULL,
	};
}

static void ask_for_signature(struct inquiries *inquiries, struct inquiry *inquiry,
			      struct source_session *session)
{
	struct plan *plan = inquiries->resolution->plan;
	struct plan_image *image = plan->images[inquiry->image];
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor top = {0};
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	char hex[DIGEST_HEX_LENGTH + 1];
	CLEANUP(free_string) char *tag = xasprintf("sha256-%s.sig", digest_format_hex(&inquiry->digest, hex));

	if (source_resolve_tag(session, &image->from, tag, &bytes, &top, &err) == 0 &&
	    plan_keep_manifest(plan, &top.digest, &bytes, &err) == 0)
		add_finding(inquiry, &top, tag);
	if (!error_is(&err, ERROR_NOT_FOUND))
		atomic_store(&inquiry->repository->is_hopeful, true);
	if (err.code != ERROR_NONE && !error_is(&err, ERROR_NOT_FOUND))
		log_info("%s: looking for its signature: %s", image->name, err.message);
}

static int note_referrers(struct inquiry *inquiry, const struct strbuf *bytes, struct error *err)
{
	CLEANUP(manifest_release) struct manifest index = MANIFEST_INIT;

	if (!bytes->len)
		return 0;
	if (manifest_parse(&index, bytes->buf, bytes->len, MEDIA_TYPE_OCI_INDEX, OCI_MAX_CHILDREN, err) < 0)
		return -1;
	if (index.n_children > MAX_ATTACHED_PER_IMAGE)
		return error_set(err, ERROR_INVALID, "has %zu referrers, more than %d", index.n_children,
				 MAX_ATTACHED_PER_IMAGE);
	for (size_t i = 0; i < index.n_children; i++)
		add_finding(inquiry, &index.children[i], NULL);
	return 0;
}

static void ask_for_referrers(struct inquiries *inquiries, struct inquiry *inquiry,
			      struct source_session *session)
{
	struct plan_image *image = inquiries->resolution->plan->images[inquiry->image];
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	bool is_supported = false;

	int result =
		source_read_referrers(session, &image->from, &inquiry->digest, &is_supported, &bytes, &err);
	if (is_supported)
		atomic_store(&inquiry->registry->is_hopeful, true);
	if (result < 0 || note_referrers(inquiry, &bytes, &err) < 0)
		log_info("%s: looking for its referrers: %s", image->name, err.message);
}

static void ask(size_t index, unsigned worker, void *context)
{
	struct inquiries *inquiries = context;
	struct inquiry *inquiry = &inquiries->items[index];
	struct source_session *session = resolution_session(inquiries->resolution, worker);

	if (inquiry->asks_for_signature)
		ask_for_signature(inquiries, inquiry, session);
	if (inquiry->asks_for_referrers)
		ask_for_referrers(inquiries, inquiry, session);
}

/* --- whom to ask */

static struct answers *answers_of(struct map *map, const char *key)
{
	if (!map_contains(map, key))
		map_set(map, key, xcalloc(1, sizeof(struct answers)));
	return map_get(map, key);
}

char *plan_repository_of(const char *name)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct reference reference = REFERENCE_INIT;
	char *repository = NULL;

	if (reference_parse(&reference, name, &ignored) == 0) {
		reference_set(&reference.tag, "");
		reference_set(&reference.id, "");
		repository = reference_exact(&reference);
	}
	reference_release(&reference);
	return repository ? repository : xstrdup(name);
}

static void add_inquiry(struct inquiries *inquiries, uint32_t number, const struct digest *digest)
{
	struct resolution *resolution = inquiries->resolution;
	const struct plan_image *image = resolution->plan->images[number];

	array_grow(inquiries->items, inquiries->count, inquiries->allocated);
	struct inquiry *inquiry = &inquiries->items[inquiries->count++];
	*inquiry = (struct inquiry){.image = number, .digest = *digest};
	CLEANUP(free_string) char *host = source_image_host(&image->from);
	inquiry->registry = answers_of(&resolution->referrer_hosts, host);
	inquiry->asks_for_referrers = inquiry->registry->n_asked++ == 0;
	inquiry->has_asked_for_referrers = inquiry->asks_for_referrers;
	if (image->attached_to != PLAN_NONE)
		return;
	CLEANUP(free_string) char *repository = plan_repository_of(image->name);
	inquiry->repository = answers_of(&inquiries->repositories, repository);
	inquiry->asks_for_signature = inquiry->repository->n_asked++ < FIRST_QUESTIONS;
	inquiry->has_asked_for_signature = inquiry->asks_for_signature;
}

static void add_inquiries(struct inquiries *inquiries, uint32_t number)
{
	const struct plan *plan = inquiries->resolution->plan;
	const struct plan_image *image = plan->images[number];

	add_inquiry(inquiries, number, &image->digest);
	if (!inquiries->resolution->options->with_attached_children || image->attached_to != PLAN_NONE)
		return;
	const struct plan_manifest *top = &plan->manifests[image->top];
	for (size_t i = 0; i < top->n_children; i++)
		add_inquiry(inquiries, number,
			    &plan->manifest_digests.digests[plan->children[top->first_child + i]]);
}

static void choose_the_rest(struct inquiries *inquiries)
{
	for (size_t i = 0; i < inquiries->count; i++) {
		struct inquiry *inquiry = &inquiries->items[i];

		inquiry->asks_for_signature = inquiry->repository && !inquiry->has_asked_for_signature &&
					      atomic_load(&inquiry->repository->is_hopeful);
		inquiry->asks_for_referrers =
			!inquiry->has_asked_for_referrers && atomic_load(&inquiry->registry->is_hopeful);
	}
}

/* --- into the plan */

static void add_attached(struct resolution *resolution, uint32_t subject, const struct finding *finding)
{
	struct plan *plan = resolution->plan;
	const struct plan_image *image = plan->images[subject];
	CLEANUP(free_string) char *repository = plan_repository_of(image->name);
	char text[DIGEST_TEXT_SIZE];
	CLEANUP(free_string) char *name =
		finding->tag
			? xasprintf("%s:%s", repository, finding->tag)
			: xasprintf("%s@%s", repository, digest_format(&finding->descriptor.digest, text));
	struct source_image from = {0};

	if (map_contains(&resolution->attached_names, name))
		return;
	map_set(&resolution->attached_names, name, NULL);
	if (source_store(plan->source))
		source_image_init_store(&from, &finding->descriptor);
	else
		source_image_init_sibling(&from, &image->from, &finding->descriptor.digest);
	struct plan_image *added = plan_add_image(plan, name, &from);
	image = plan->images[subject];
	added->is_pinned = true;
	added->digest = finding->descriptor.digest;
	added->attached_to = subject;
	added->target_repository = image->target_repository ? xstrdup(image->target_repository) : NULL;
	added->target_tag = finding->tag ? xstrdup(finding->tag) : NULL;
}

static void end_inquiry(struct resolution *resolution, struct inquiry *inquiry)
{
	for (size_t i = 0; i < inquiry->n_findings; i++) {
		add_attached(resolution, inquiry->image, &inquiry->findings[i]);
		descriptor_release(&inquiry->findings[i].descriptor);
		free(inquiry->findings[i].tag);
	}
	free(inquiry->findings);
}

void resolution_find_attached(struct resolution *resolution, size_t first, size_t end)
{
	struct inquiries inquiries = {.resolution = resolution, .repositories = MAP_INIT_FREEING(free)};

	for (size_t i = first; i < end; i++)
		if (plan_image_takes_part(resolution->plan->images[i]))
			add_inquiries(&inquiries, (uint32_t)i);
	parallel_for(inquiries.count, resolution->options->workers, ask, &inquiries);
	choose_the_rest(&inquiries);
	parallel_for(inquiries.count, resolution->options->workers, ask, &inquiries);
	for (size_t i = 0; i < inquiries.count; i++)
		end_inquiry(resolution, &inquiries.items[i]);
	free(inquiries.items);
	map_release(&inquiries.repositories);
}
