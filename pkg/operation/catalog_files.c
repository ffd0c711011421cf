/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/catalog_files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cluster/catalog_source.h"
#include "cluster/manifests.h"
#include "operation/cluster_directory.h"

static int check_size(const char *flag, uint64_t size, struct error *err)
{
	if (size > 0 && size <= POLICY_DEFAULT_MAX_SIZE)
		return 0;
	return error_set(err, ERROR_INVALID,
			 "provided %s of %" PRIu64 " must be greater than 0 and less than or equal to %d",
			 flag, size, POLICY_DEFAULT_MAX_SIZE);
}

int naming_options_check(const struct naming_options *options, struct error *err)
{
	if (options->max_components == 1)
		return error_set(err, ERROR_INVALID,
				 "--max-components 1: must be 0 (no limit) or greater than 1");
	if (options->merge_directory && access(options->merge_directory, R_OK | X_OK) < 0)
		return error_set_errno(err, "--merge %s", options->merge_directory);
	if (check_size("max-icsp-size", options->max_icsp_size, err) < 0)
		return -1;
	return check_size("max-idms-size", options->max_idms_size, err);
}

void catalog_files_warn_of_scope(const struct naming_options *options, const struct mapping *mapping)
{
	if ((options->icsp_scope == POLICY_SCOPE_REGISTRY || options->idms_scope == POLICY_SCOPE_REGISTRY) &&
	    !policy_registry_scope_is_right(mapping))
		log_warning_once(
			"scope registry sends some images to a place where they are not: their path at "
			"the mirror differs from that at the source; --scope auto chooses the widest "
			"scope that is right");
}

static int build_files(const struct naming_options *options, const struct mapping *mapping,
		       const struct strvec *missing, struct cluster_files *files, struct error *err)
{
	const struct manifests_options manifests = {
		.name = mapping_index(mapping)->source.name,
		.icsp_scope = options->icsp_scope,
		.idms_scope = options->idms_scope,
		.max_icsp_size_bytes = options->max_icsp_size,
		.max_idms_size_bytes = options->max_idms_size,
		.further = options->mirrors,
		.n_further = options->n_mirrors,
		.merge_directory = options->merge_directory,
		.missing = missing,
	};

	catalog_files_warn_of_scope(options, mapping);
	return manifests_build(mapping, &manifests, files, err);
}

int catalog_files_check(const struct naming_options *options, const struct mapping *mapping,
			struct error *err)
{
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;

	if (cluster_directory_check(options, err) < 0)
		return -1;
	return build_files(options, mapping, NULL, &files, err);
}

static bool has_same_name(const struct reference *a, const struct reference *b)
{
	return !strcmp(a->name, b->name);
}

static const char *version_of(const struct reference *index)
{
	return *index->tag ? index->tag : index->id + strcspn(index->id, ":") + (*index->id != '\0');
}

char *catalog_files_name(const struct reference *const *indexes, size_t n_indexes, size_t number)
{
	const struct reference *index = indexes[number];
	CLEANUP(free_string) char *name = cluster_object_name(index->name);
	size_t n_same = 0, n_same_before = 0;

	for (size_t i = 0; i < n_indexes; i++) {
		if (i == number || !has_same_name(indexes[i], index))
			continue;
		n_same++;
		n_same_before += i < number && !strcmp(version_of(indexes[i]), version_of(index));
	}
	if (!n_same)
		return steal(&name);
	const char *version = version_of(index);
	int length = *index->tag ? (int)strlen(version) : 12;
	if (!n_same_before)
		return xasprintf("%s-%.*s", name, length, version);
	return xasprintf("%s-%.*s-%zu", name, length, version, n_same_before + 1);
}

/* The stem of a directory that is made anew: as for a single catalog, unless several have that name. */
static const char *stem_of(const struct mapping *mapping, const char *subdirectory)
{
	const char *name = mapping_index(mapping)->source.name;
	CLEANUP(free_string) char *plain = cluster_object_name(name);

	return subdirectory && strcmp(subdirectory, plain) != 0 ? subdirectory : name;
}

/* As with oc, whose names these are: a cluster can have the objects of one of them only. */
static void warn_of_same_names(const struct mapping *mapping, const char *subdirectory)
{
	const char *name = mapping_index(mapping)->source.name;

	if (subdirectory && strcmp(stem_of(mapping, subdirectory), name) != 0)
		log_warning("%s: several catalogs are called %s, and so are the objects in their files; give "
			    "them other names before you apply more than one",
			    subdirectory, name);
}

int catalog_files_write(const struct naming_options *options, const struct mapping *mapping,
			const struct strvec *missing, const char *subdirectory, struct outcome *outcome,
			struct error *err)
{
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;

	outcome_phase(outcome, "files");
	if (build_files(options, mapping, missing, &files, err) < 0)
		return -1;
	warn_of_same_names(mapping, subdirectory);
	CLEANUP(free_string) char *stem = xasprintf("manifests-%s", stem_of(mapping, subdirectory));
	return cluster_directory_write(options, stem, subdirectory, &files, outcome, err);
}

int catalog_files_write_sources(const char *directory, const struct mapping *mapping, struct error *err)
{
	CLEANUP(cluster_files_release) struct cluster_files files = CLUSTER_FILES_INIT;
	bool is_changed;

	mapping_sources_text(mapping, cluster_files_add(&files, "mapping.txt"));
	return manifests_directory_fill(directory, &files, &is_changed, err);
}

int catalog_files_check_conflicts(const struct mapping *mapping, bool only_warn, struct error *err)
{
	CLEANUP(strvec_release) struct strvec conflicts = STRVEC_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	unsigned max_components;

	if (!mapping_find_conflicts(mapping, &conflicts))
		return 0;
	for (size_t i = 0; i < conflicts.count; i++)
		strbuf_addf(&text, "\n  %s", conflicts.items[i]);
	if (mapping->is_release)
		strbuf_add_string(&text, "\nmirror them to different repositories");
	else if (mapping_find_max_components(mapping, &max_components))
		strbuf_addf(&text, "\n--max-components %u (or 0, no limit) avoids this", max_components);
	else
		strbuf_add_string(&text, "\nno value of --max-components avoids this: mirror to another path "
					 "of the registry, or the "
					 "catalogs to different ones");
	if (only_warn) {
		log_warning("images would overwrite each other at the mirror:%s", text.buf);
		return 0;
	}
	return error_set(err, ERROR_INVALID, "images would overwrite each other at the mirror:%s", text.buf);
}
