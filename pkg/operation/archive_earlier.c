/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An archive that exists already. It is not changed: what it holds and nobody asks for anew goes into the
 * new archive as well, and what both need is read from it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operation/archive_assembly.h"

const struct archive_records *archive_assembly_earlier_records(const struct archive_assembly *assembly)
{
	return assembly->earlier ? archive_store_records(source_store(assembly->earlier)) : NULL;
}

int archive_assembly_open_earlier(struct archive_assembly *assembly, struct error *err)
{
	struct blob_store *store = NULL;

	if (!assembly->target->with_records) {
		if (access(assembly->target->path, F_OK) == 0)
			return error_set(err, ERROR_INVALID,
					 "%s: exists already; an oci-archive is not added to: choose another "
					 "name or remove it",
					 assembly->target->path);
		return 0;
	}
	if (stat(assembly->target->path, &assembly->earlier_file) != 0)
		return 0;
	if (archive_open(&store, assembly->target->path, err) < 0)
		return error_advise(err, "nothing was changed: choose another name, or remove it first");
	assembly->earlier = source_new_store(store);
	const struct archive_records *records = archive_store_records(store);
	for (size_t i = 0; i < records->n_images; i++)
		map_set(&assembly->earlier_images, records->images[i].source, &records->images[i]);
	return 0;
}

const struct archive_image *archive_assembly_find_earlier(const struct archive_assembly *assembly,
							  const char *source)
{
	return map_get(&assembly->earlier_images, source);
}

static bool has_signature(const struct archive_release *release, const struct digest *digest)
{
	for (size_t i = 0; i < release->n_signatures; i++)
		if (digest_equal(&release->signatures[i].digest, digest))
			return true;
	return false;
}

/* A release may have been taken before it was signed. */
static bool has_signatures(const struct archive_release *earlier, const struct archive_release *wanted)
{
	for (size_t i = 0; wanted && i < wanted->n_signatures; i++)
		if (!has_signature(earlier, &wanted->signatures[i].digest))
			return false;
	return true;
}

static bool has_root(const struct archive_records *records, const struct archive_root *root)
{
	for (size_t i = 0; i < records->n_roots; i++)
		if (!strcmp(records->roots[i].kind, root->kind) &&
		    !strcmp(records->roots[i].source, root->source))
			return has_signatures(records->roots[i].release, root->release);
	return false;
}

bool archive_assembly_has_everything(const struct archive_assembly *assembly)
{
	const struct archive_records *records = archive_assembly_earlier_records(assembly);
	const struct plan *plan = assembly->plans[0];

	if (!records)
		return false;
	for (size_t i = 0; i < assembly->target->n_roots; i++)
		if (!has_root(records, &assembly->target->roots[i]))
			return false;
	for (size_t i = 0; i < plan->n_images; i++) {
		const struct archive_image *image =
			archive_assembly_find_earlier(assembly, plan->images[i]->name);
		if (plan_image_takes_part(plan->images[i]) &&
		    (!image || !digest_equal(&image->digest, &plan->images[i]->digest)))
			return false;
	}
	return true;
}

/* Whether the root is asked for anew, so that the earlier archive's images of it are of no interest. */
bool archive_assembly_is_replaced(const struct archive_assembly *assembly, const struct archive_root *root)
{
	for (size_t i = 0; i < assembly->target->n_roots; i++)
		if (!strcmp(assembly->target->roots[i].kind, root->kind) &&
		    !strcmp(assembly->target->roots[i].source, root->source))
			return true;
	return false;
}

static void keep_image(const struct archive_assembly *assembly, struct plan *plan, const char *source)
{
	const struct archive_image *image = archive_assembly_find_earlier(assembly, source);
	struct source_image from = {0};

	if (!image)
		return;
	struct descriptor top = {.digest = image->digest,
				 .size = image->size,
				 .media_type = (char *)manifest_type_name(image->type)};
	source_image_init_store(&from, &top);
	struct plan_image *added = plan_add_image(plan, image->source, &from);
	added->is_pinned = true;
	added->digest = image->digest;
}

/* Names to be kept: a list, and a set of the same. */
struct kept {
	struct strvec list;
	struct map names;
};

static void keep_name(struct kept *kept, const char *name)
{
	if (map_contains(&kept->names, name))
		return;
	map_set(&kept->names, name, NULL);
	strvec_push(&kept->list, name);
}

static void keep_roots(const struct archive_assembly *assembly, struct kept *kept)
{
	const struct archive_records *records = archive_assembly_earlier_records(assembly);

	for (size_t i = 0; i < records->n_roots; i++) {
		if (archive_assembly_is_replaced(assembly, &records->roots[i]))
			continue;
		keep_name(kept, records->roots[i].source);
		for (size_t image = 0; image < records->roots[i].images.count; image++)
			keep_name(kept, records->roots[i].images.items[image]);
	}
}

/* What cannot be had today but is there is not thrown away. */
static void keep_failed(const struct archive_assembly *assembly, struct kept *kept)
{
	const struct plan *plan = assembly->plans[0];

	for (size_t i = 0; i < plan->n_images; i++)
		if (!plan_image_takes_part(plan->images[i]) && plan->images[i]->attached_to == PLAN_NONE &&
		    archive_assembly_find_earlier(assembly, plan->images[i]->name))
			keep_name(kept, plan->images[i]->name);
}

/* What is attached may have something attached itself: until nothing is added any more. */
static void keep_attached(const struct archive_assembly *assembly, struct kept *kept)
{
	const struct archive_records *records = archive_assembly_earlier_records(assembly);

	for (size_t before = SIZE_MAX; before != kept->list.count;) {
		before = kept->list.count;
		for (size_t i = 0; i < records->n_images; i++)
			if (records->images[i].attached_to &&
			    map_contains(&kept->names, records->images[i].attached_to))
				keep_name(kept, records->images[i].source);
	}
}

/* Their tags at a mirror would be the same. */
static bool would_overwrite(const struct archive_release *a, const struct archive_release *b)
{
	return a && b && !strcmp(a->version, b->version) && !strcmp(a->architecture, b->architecture);
}

static const struct plan_image *find_planned(const struct archive_assembly *assembly, const char *source)
{
	for (size_t i = 0; i < assembly->plans[0]->n_images; i++)
		if (!strcmp(assembly->plans[0]->images[i]->name, source))
			return assembly->plans[0]->images[i];
	return NULL;
}

static bool same_components(const struct archive_release *a, const struct archive_release *b)
{
	if (a->n_components != b->n_components)
		return false;
	for (size_t i = 0; i < a->n_components; i++)
		if (strcmp(a->components[i].name, b->components[i].name) != 0 ||
		    strcmp(a->components[i].image, b->components[i].image) != 0)
			return false;
	return true;
}

/* A release that stays, and one that is asked for: push could give both of them no place. */
static int check_release(const struct archive_assembly *assembly, const struct archive_root *earlier,
			 const struct archive_root *wanted, struct error *err)
{
	const struct archive_image *image = archive_assembly_find_earlier(assembly, earlier->source);
	const struct plan_image *planned = find_planned(assembly, wanted->source);

	if (!would_overwrite(earlier->release, wanted->release) ||
	    (same_components(earlier->release, wanted->release) &&
	     (!image || !planned || digest_equal(&image->digest, &planned->digest))))
		return 0;
	error_set(err, ERROR_INVALID,
		  "%s: holds another release %s for %s, %s: at a mirror they would overwrite each other",
		  assembly->target->path, earlier->release->version, earlier->release->architecture,
		  earlier->source);
	return error_advise(err, "use another archive for %s", wanted->source);
}

int archive_assembly_check_releases(const struct archive_assembly *assembly, struct error *err)
{
	const struct archive_records *earlier = archive_assembly_earlier_records(assembly);

	for (size_t i = 0; earlier && i < earlier->n_roots; i++) {
		if (!earlier->roots[i].release || archive_assembly_is_replaced(assembly, &earlier->roots[i]))
			continue;
		for (size_t wanted = 0; wanted < assembly->target->n_roots; wanted++)
			if (check_release(assembly, &earlier->roots[i], &assembly->target->roots[wanted],
					  err) < 0)
				return -1;
	}
	return 0;
}

static bool is_asked_for(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_images; i++)
		if (!strcmp(plan->images[i]->name, name))
			return true;
	return false;
}

int archive_assembly_check_kept(const struct archive_assembly *assembly, struct error *err)
{
	const struct plan *plan = assembly->plans[1];

	for (size_t i = 0; plan && i < plan->n_images; i++) {
		const struct plan_image *image = plan->images[i];

		/* What was asked for again is told as missing. */
		if (plan_image_takes_part(image) || is_asked_for(assembly->plans[0], image->name))
			continue;
		error_set(err, image->failure.code, "%s: %s, which it holds, cannot be taken over: %s",
			  assembly->target->path, image->name, image->failure.message);
		return error_advise(err,
				    "it was left as it is; airlift verify %s finds all that is damaged; name "
				    "what the image "
				    "belongs to on the command line too and it is fetched again, or choose "
				    "another archive",
				    assembly->target->path);
	}
	return 0;
}

int archive_assembly_plan_earlier(struct archive_assembly *assembly, struct outcome *outcome,
				  struct error *err)
{
	struct kept kept = {0};

	if (!assembly->earlier)
		return 0;
	keep_roots(assembly, &kept);
	keep_failed(assembly, &kept);
	keep_attached(assembly, &kept);
	strvec_sort_unique(&kept.list);
	if (kept.list.count) {
		assembly->plans[1] = plan_new(assembly->earlier, assembly->run->cache);
		assembly->n_plans = 2;
	}
	for (size_t i = 0; i < kept.list.count; i++)
		keep_image(assembly, assembly->plans[1], kept.list.items[i]);
	map_release(&kept.names);
	strvec_release(&kept.list);
	if (assembly->n_plans < 2)
		return 0;
	struct plan_options options = {.workers = assembly->run->jobs, .progress = &assembly->run->progress};
	outcome_phase(outcome, "earlier archive");
	if (plan_resolve(assembly->plans[1], &options, err) < 0)
		return -1;
	plan_seal(assembly->plans[1]);
	return archive_assembly_check_kept(assembly, err);
}

int archive_assembly_check_earlier(const struct archive_assembly *assembly, struct error *err)
{
	const struct stat *known = &assembly->earlier_file;
	struct stat now;
	bool is_there = stat(assembly->target->path, &now) == 0;

	if (is_there ? assembly->earlier && now.st_ino == known->st_ino && now.st_dev == known->st_dev
		     : !assembly->earlier)
		return 0;
	return error_set(err, ERROR_BUSY, "%s: another run has just written it; run the same command again",
			 assembly->target->path);
}
