/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a release for the cluster. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cluster/manifests.h"
#include "cluster/next_steps.h"
#include "cluster/signature_config_map.h"
#include "operation/cluster_directory.h"
#include "operation/release_record.h"
#include "release/semver.h"

/* oc's modes: the files say which releases are trusted, nobody else need read them. */
#define SIGNATURE_DIRECTORY_MODE 0750
#define SIGNATURE_FILE_MODE 0640

char *release_files_name(const struct archive_release *release, const struct reference *image)
{
	const char *slash = strrchr(image->name, '/');

	return xasprintf("%s-%s%s%s", slash ? slash + 1 : image->name, release->version,
			 *release->architecture ? "-" : "", release->architecture);
}

/* The text of the ConfigMap of the signature's digest. */
static void config_map_text(const struct archive_signature *signature, struct strbuf *out)
{
	const struct strbuf *messages[] = {&signature->message};

	signature_config_map_text(&signature->digest, messages, 1, out);
}

static bool is_release_image(const struct mapping_entry *entry, const struct reference *image)
{
	return !strcmp(entry->source.id, image->id) && !strcmp(entry->source.name, image->name) &&
	       !strcmp(entry->source.namespace, image->namespace) &&
	       !strcmp(entry->source.registry, image->registry);
}

static const struct mapping_entry *find_release_image(const struct release_files *files)
{
	for (size_t i = 0; i < files->mapping->count; i++)
		if (is_release_image(&files->mapping->entries[i], files->image))
			return &files->mapping->entries[i];
	return NULL;
}

static const struct mapping_entry *find_component(const struct release_files *files, const char *name)
{
	const struct archive_release *release = files->release;

	for (size_t i = 0; i < release->n_components; i++) {
		if (strcmp(release->components[i].name, name) != 0)
			continue;
		for (size_t entry = 0; entry < files->mapping->count; entry++)
			if (!strcmp(files->mapping->entries[entry].text, release->components[i].image))
				return &files->mapping->entries[entry];
	}
	return NULL;
}

/* "HOST/REPO@sha256:..." or, with a tag, "HOST/REPO:TAG". */
static char *at_mirror(const struct mapping_entry *entry, bool by_tag)
{
	CLEANUP(free_string) char *repository = reference_display_repository(&entry->target);

	return by_tag ? xasprintf("%s:%s", repository, entry->target.tag)
		      : xasprintf("%s@%s", repository, entry->target.id);
}

static int compare_newest_first(const void *a, const void *b)
{
	return semver_compare_items(b, a);
}

/* Of many the newest matter. */
static void list_previous(const struct archive_release *release, struct strvec *previous)
{
	for (size_t i = 0; i < release->previous.count; i++)
		strvec_push(previous, release->previous.items[i]);
	if (previous->count)
		qsort(previous->items, previous->count, sizeof(*previous->items), compare_newest_first);
}

static void add_next_steps(const struct release_files *files, const struct strvec *signature_files,
			   struct cluster_files *out)
{
	const struct mapping_entry *image = find_release_image(files);
	const struct mapping_entry *installer = find_component(files, "installer");

	/* Without the release image at the mirror there is nothing to update to. */
	if (!image)
		return;
	CLEANUP(free_string) char *update_image = at_mirror(image, false);
	CLEANUP(free_string) char *mirror_tag = at_mirror(image, true);
	CLEANUP(free_string) char *installer_image = installer ? at_mirror(installer, false) : NULL;
	const struct mapping_entry *component =
		files->release->n_components ? find_component(files, files->release->components[0].name)
					     : NULL;
	CLEANUP(free_string) char *component_image = component ? at_mirror(component, false) : NULL;
	CLEANUP(strvec_release) struct strvec previous = STRVEC_INIT;
	list_previous(files->release, &previous);
	struct next_steps steps = {
		.version = files->release->version,
		.architecture = files->release->architecture,
		.source = files->source,
		.update_image = update_image,
		.mirror_tag = mirror_tag,
		.installer_image = installer_image,
		.component_image = component_image,
		.signature_files = signature_files,
		.previous = &previous,
		.n_images = files->mapping->count,
		.n_missing = files->n_missing,
	};

	next_steps_text(&steps, cluster_files_add(out, "next-steps.md"));
}

static int build(const struct naming_options *naming, const struct release_files *files,
		 struct cluster_files *out, struct error *err)
{
	CLEANUP(strvec_release) struct strvec signature_files = STRVEC_INIT;
	const struct manifests_options manifests = {
		.name = files->image->name,
		.icsp_scope = naming->icsp_scope,
		.idms_scope = naming->idms_scope,
		.max_icsp_size_bytes = naming->max_icsp_size,
		.max_idms_size_bytes = naming->max_idms_size,
		.further = naming->mirrors,
		.n_further = naming->n_mirrors,
		.merge_directory = naming->merge_directory,
		.missing = files->missing,
	};

	if (manifests_build(files->mapping, &manifests, out, err) < 0)
		return -1;
	for (size_t i = 0; !files->is_badly_signed && i < files->release->n_signatures; i++) {
		const struct archive_signature *signature = &files->release->signatures[i];
		CLEANUP(free_string) char *name = signature_config_map_file_name(&signature->digest);

		if (strvec_contains(&signature_files, name))
			continue;
		strvec_push(&signature_files, name);
		config_map_text(signature, cluster_files_add(out, name));
	}
	add_next_steps(files, &signature_files, out);
	return 0;
}

int release_files_check(const struct naming_options *naming, const struct release_files *files,
			struct error *err)
{
	CLEANUP(cluster_files_release) struct cluster_files built = CLUSTER_FILES_INIT;

	if (cluster_directory_check(naming, err) < 0)
		return -1;
	catalog_files_warn_of_scope(naming, files->mapping);
	return build(naming, files, &built, err);
}

int release_files_write(const struct naming_options *naming, const struct release_files *files,
			struct outcome *outcome, struct error *err)
{
	CLEANUP(cluster_files_release) struct cluster_files built = CLUSTER_FILES_INIT;

	outcome_phase(outcome, "files");
	if (build(naming, files, &built, err) < 0 ||
	    cluster_directory_write(naming, files->stem, files->subdirectory, &built, outcome, err) < 0)
		return -1;
	struct outcome_directory *directory = &outcome->directories[outcome->n_directories - 1];
	directory->is_release = true;
	directory->has_next_steps = find_release_image(files) != NULL;
	return 0;
}

int release_files_write_signatures(const struct archive_release *release, const char *directory,
				   struct strvec *paths, struct error *err)
{
	if (!release->n_signatures)
		return 0;
	if (directory_create_all(directory, SIGNATURE_DIRECTORY_MODE, err) < 0)
		return -1;
	for (size_t i = 0; i < release->n_signatures; i++) {
		const struct archive_signature *signature = &release->signatures[i];
		CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
		CLEANUP(free_string) char *name = signature_config_map_file_name(&signature->digest);
		CLEANUP(free_string) char *path = xasprintf("%s/%s", directory, name);

		config_map_text(signature, &text);
		if (file_replace(AT_FDCWD, path, text.buf, text.len, SIGNATURE_FILE_MODE, err) < 0)
			return -1;
		strvec_push(paths, path);
	}
	return 0;
}
