/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/copy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "operation/archive_target.h"
#include "operation/directory_target.h"
#include "store/archive.h"

/* --- the request */

static int parse_target(struct location *target, const char *text, struct error *err)
{
	if (location_parse(target, text, err) < 0)
		return -1;
	if (target->type == LOCATION_REGISTRY && !*target->reference.tag && !*target->reference.id)
		reference_set(&target->reference.tag, "latest");
	return 0;
}

int copy_request_parse(struct copy_request *request, const char *source, const char *target,
		       struct error *err)
{
	if (location_parse(&request->source, source, err) < 0) {
		if (access(source, F_OK) == 0)
			error_advise(err, "for the file of this name write archive:%s", source);
		return error_wrap(err, "source");
	}
	if (parse_target(&request->target, target, err) < 0)
		return error_wrap(err, "target");
	return 0;
}

void copy_request_release(struct copy_request *request)
{
	location_release(&request->source);
	location_release(&request->target);
}

/* --- the source */

static int add_from_registry(struct plan *plan, const struct location *location, struct plan_image **image,
			     struct error *err)
{
	struct source_image from = {0};
	struct reference reference = REFERENCE_INIT;

	location_reference(location, &reference);
	CLEANUP(free_string) char *name = reference_exact(&reference);
	int result = source_image_init_registry(&from, plan->source, name, &reference, err);
	reference_release(&reference);
	if (result < 0) {
		source_image_release(&from);
		return -1;
	}
	*image = plan_add_image(plan, name, &from);
	if (*location->reference.id) {
		if (reference_digest(&location->reference, &(*image)->digest, err) < 0)
			return error_wrap(err, "%s", name);
		(*image)->is_pinned = true;
	}
	return 0;
}

static void ambiguous_store(const struct blob_store *store, const struct location *location,
			    struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf names = STRBUF_INIT;
	size_t count;
	const struct store_image *images = blob_store_images(store, &count);

	for (size_t i = 0; i < count && i < 10; i++) {
		CLEANUP(free_string)
		char *name = text_escaped(images[i].name ? images[i].name : "(without a name)");
		strbuf_addf(&names, "%s%s", i ? ", " : "", name);
	}
	if (location->name) {
		CLEANUP(free_string) char *wanted = text_escaped(location->name);
		error_set(err, ERROR_NOT_FOUND, "%s: holds no image named '%s'; it holds %zu: %s%s",
			  blob_store_name(store), wanted, count, names.buf, count > 10 ? ", ..." : "");
		return;
	}
	error_set(err, ERROR_INVALID, "%s: holds %zu images: %s%s", blob_store_name(store), count, names.buf,
		  count > 10 ? ", ..." : "");
	if (location->type == LOCATION_ARCHIVE)
		error_advise(err, "push sends all of them; oci-archive:%s:NAME is one of them",
			     location->path);
	else
		error_advise(err, "add :NAME to choose one");
}

static const struct store_image *find_stored(const struct blob_store *store, const char *name)
{
	size_t count;
	const struct store_image *images = blob_store_images(store, &count);

	for (size_t i = 0; i < count; i++)
		if (images[i].name && !strcmp(images[i].name, name))
			return &images[i];
	return NULL;
}

/* The only image, signatures and artifacts aside; of several the only one without a name, which is what a
 * copy without a name made. */
static const struct store_image *find_only(const struct blob_store *store)
{
	const struct store_image *only = NULL, *only_nameless = NULL;
	size_t count, n_images = 0, n_nameless = 0;
	const struct store_image *images = blob_store_images(store, &count);

	for (size_t i = 0; i < count; i++) {
		const char *name = images[i].name;

		if (count > 1 &&
		    ((name && text_ends_with(name, ".sig")) || images[i].descriptor.artifact_type))
			continue;
		only = &images[i];
		n_images++;
		if (!name) {
			only_nameless = &images[i];
			n_nameless++;
		}
	}
	return n_images == 1 ? only : n_nameless == 1 ? only_nameless : NULL;
}

/* An archive says what it was made of, and so what is only attached to that. */
static const struct store_image *find_root(const struct blob_store *store)
{
	const struct archive_records *records = archive_store_records(store);

	if (!records || records->n_roots != 1 || strcmp(records->roots[0].kind, "image") != 0)
		return NULL;
	return find_stored(store, records->roots[0].source);
}

static const struct store_image *choose_stored(const struct blob_store *store,
					       const struct location *location)
{
	if (location->name)
		return find_stored(store, location->name);
	const struct store_image *root = find_root(store);
	return root ? root : find_only(store);
}

static int add_from_store(struct plan *plan, const struct location *location, struct plan_image **image,
			  struct error *err)
{
	struct blob_store *store = source_store(plan->source);
	const struct store_image *stored = choose_stored(store, location);
	struct source_image from = {0};

	if (!stored) {
		ambiguous_store(store, location, err);
		return -1;
	}
	CLEANUP(free_string) char *name = stored->name ? text_escaped(stored->name) : xstrdup(location->text);
	source_image_init_store(&from, &stored->descriptor);
	*image = plan_add_image(plan, name, &from);
	(*image)->is_pinned = true;
	(*image)->digest = stored->descriptor.digest;
	return 0;
}

int copy_add_source(struct plan *plan, const struct location *location, struct plan_image **image,
		    struct error *err)
{
	if (location->type == LOCATION_REGISTRY)
		return add_from_registry(plan, location, image, err);
	return add_from_store(plan, location, image, err);
}

/* --- the target */

static void set_registry_target(struct plan_image *image, const struct reference *target)
{
	image->target_repository = reference_repository_path(target);
	if (*target->tag)
		image->target_tag = xstrdup(target->tag);
}

static bool find_config(const struct plan *plan, const struct plan_manifest *manifest,
			struct descriptor *config)
{
	for (uint32_t i = 0; i < manifest->n_blobs; i++) {
		uint32_t position = plan->manifest_blobs[manifest->first_blob + i];
		const struct plan_blob *blob = &plan->blobs[position];

		if (blob->is_config) {
			*config = (struct descriptor){.digest = plan->blob_digests.digests[position],
						      .size = blob->size};
			return true;
		}
	}
	return false;
}

/* --platform asks for something that an image without an index must be. */
static int check_platform(struct source *source, const struct plan *plan, struct plan_image *image,
			  const struct platform *wanted, struct error *err)
{
	CLEANUP(image_config_release) struct image_config config = IMAGE_CONFIG_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct descriptor blob = {0};

	if (!wanted || image->is_of_index || !find_config(plan, &plan->manifests[image->top], &blob))
		return 0;
	CLEANUP(source_session_freep) struct source_session *session = source_session_new(source);
	if (source_read_blob(session, &image->from, &blob, OCI_MAX_CONFIG_SIZE, &bytes, err) < 0 ||
	    image_config_parse(&config, bytes.buf, bytes.len, err) < 0)
		return error_wrap(err, "%s: its config, for --platform", image->name);
	if (platform_matches(&config.platform, wanted))
		return 0;
	CLEANUP(free_string) char *asked = platform_format(wanted);
	CLEANUP(free_string) char *have = platform_format(&config.platform);
	CLEANUP(free_string) char *shown = text_escaped(have);
	return error_set(err, ERROR_NOT_FOUND, "%s: has no platform %s; it is one image, for %s", image->name,
			 asked, shown);
}

/* The digest behind the target's @ is a promise that the caller wants kept. */
static int check_promise(const struct plan_image *image, const struct location *target, struct error *err)
{
	struct digest promised;
	char text[DIGEST_TEXT_SIZE];

	if (target->type != LOCATION_REGISTRY || !*target->reference.id)
		return 0;
	if (reference_digest(&target->reference, &promised, err) < 0)
		return error_wrap(err, "target");
	if (digest_equal(&promised, &image->digest))
		return 0;
	return error_set(err, ERROR_DIGEST,
			 "%s: is %s, the target names another digest; correct it, or give a tag instead",
			 image->name, digest_format(&image->digest, text));
}

/* An image of a layout may be called anything. */
static void warn_without_registry(const char *name, const char *path)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct reference reference = REFERENCE_INIT;

	if (reference_parse(&reference, name, &ignored) < 0 || !*reference.registry)
		log_warning("%s: names no registry, so that push cannot know where it belongs; airlift copy "
			    "archive:%s "
			    "HOST/REPOSITORY:TAG sends it",
			    name, path);
	reference_release(&reference);
}

static int write_archive(struct run *run, struct plan *plan, const struct location *target,
			 struct outcome *outcome, struct error *err)
{
	struct archive_root root = {.kind = xstrdup("image"), .source = xstrdup(plan->images[0]->name)};
	struct archive_target archive = {
		.path = target->path,
		.with_records = target->type == LOCATION_ARCHIVE,
		.plan = plan,
		.roots = &root,
		.n_roots = 1,
	};

	if (archive.with_records)
		warn_without_registry(root.source, target->path);
	strvec_push(&root.images, plan->images[0]->name);
	if (target->name) {
		/* What an oci-archive calls it is for the person to say. */
		free(plan->images[0]->name);
		plan->images[0]->name = xstrdup(target->name);
	}
	int result = archive_target_write(run, &archive, outcome, err);
	free(root.kind);
	free(root.source);
	strvec_release(&root.images);
	return result;
}

static int write_target(struct run *run, struct plan *plan, const struct location *target,
			struct outcome *outcome, struct error *err)
{
	switch (target->type) {
	case LOCATION_REGISTRY:
		return run_move_to_registry(
			run, plan, *target->reference.registry ? target->reference.registry : "docker.io",
			outcome, err);
	case LOCATION_OCI_DIRECTORY:
		return directory_target_write(run, plan, target, outcome, err);
	case LOCATION_ARCHIVE:
	case LOCATION_OCI_ARCHIVE:
		return write_archive(run, plan, target, outcome, err);
	}
	return 0;
}

int copy_image(struct run *run, const struct copy_request *request, struct digest *digest,
	       struct outcome *outcome, struct error *err)
{
	CLEANUP(source_freep) struct source *source = NULL;
	CLEANUP(plan_freep) struct plan *plan = NULL;
	struct plan_image *image;

	outcome->is_dry_run = run->options->is_dry_run;
	if (run_open_source(run, &request->source, &source, err) < 0)
		return -1;
	plan = plan_new(source, run->cache);
	if (copy_add_source(plan, &request->source, &image, err) < 0)
		return -1;
	image->is_root = true;
	if (request->target.type == LOCATION_REGISTRY)
		set_registry_target(image, &request->target.reference);
	if (run_resolve(run, plan, request->platform, outcome, err) < 0)
		return -1;
	if (!plan_image_takes_part(image))
		return error_move(err, &image->failure);
	if (check_platform(source, plan, image, request->platform, err) < 0 ||
	    check_promise(image, &request->target, err) < 0 ||
	    write_target(run, plan, &request->target, outcome, err) < 0)
		return -1;
	*digest = image->digest;
	run->is_done = plan_image_takes_part(image);
	return plan_image_takes_part(image) ? 0 : error_move(err, &image->failure);
}
