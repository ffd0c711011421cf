/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/finished.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "cluster/naming.h"
#include "document/document.h"
#include "document/writer.h"
#include "operation/image_list.h"
#include "store/archive.h"

#define MAX_NOTE_SIZE 65536

static char *note_path(const struct run *run)
{
	return xasprintf("%s.json", run->job);
}

/* Everything beside sources and target (which are in the file's name) that changes what is mirrored. */
static char *settings(const struct run *run, const struct catalog_request *request)
{
	return xasprintf("max-components=%u filter=%s signatures=%s", request->naming.max_components,
			 request->index_filter, run->options->without_attached ? "none" : "auto");
}

/* --- the note */

int finished_write(struct run *run, const struct catalog_request *request, struct index_image *const *indexes,
		   struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(free_string) char *path = note_path(run);
	CLEANUP(free_string) char *chosen_settings = settings(run, request);
	struct json_writer writer = JSON_WRITER_INIT(&text, 2);
	char digest[DIGEST_TEXT_SIZE];

	json_open_object(&writer, NULL);
	json_write_string(&writer, "target", request->target.text);
	json_write_string(&writer, "settings", chosen_settings);
	json_open_array(&writer, "catalogs");
	for (size_t i = 0; i < request->n_sources; i++) {
		json_open_object(&writer, NULL);
		json_write_string(&writer, "source", request->sources[i].text);
		json_write_string(&writer, "index", digest_format(&indexes[i]->top, digest));
		json_write_string(&writer, "platform", digest_format(&indexes[i]->chosen, digest));
		json_close_object(&writer);
	}
	json_close_array(&writer);
	json_close_object(&writer);
	strbuf_add_char(&text, '\n');
	return file_replace(AT_FDCWD, path, text.buf, text.len, 0600, err);
}

static bool read_digest(const struct node *catalog, const char *key, struct digest *digest)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct node node = node_member(catalog, key);
	const char *text;

	return node_string(&node, &text, &ignored) == 0 && digest_parse(digest, text, &ignored) == 0;
}

static bool read_indexes(const struct node *root, const struct catalog_request *request,
			 struct index_image *const *indexes)
{
	struct node catalogs = node_member(root, "catalogs");

	for (size_t i = 0; i < request->n_sources; i++) {
		struct node catalog = node_element(&catalogs, i);

		if (!read_digest(&catalog, "index", &indexes[i]->top) ||
		    !read_digest(&catalog, "platform", &indexes[i]->chosen))
			return false;
	}
	return true;
}

/* A note that cannot be used is as good as none: the whole catalog is looked at. */
static bool read_note(const struct run *run, const struct catalog_request *request,
		      struct index_image *const *indexes)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(free_string) char *path = note_path(run);
	CLEANUP(free_string) char *wanted = settings(run, request);
	const char *found;

	if (file_read(AT_FDCWD, path, MAX_NOTE_SIZE, &text, &ignored) < 0 ||
	    document_parse_json(&document, path, text.buf, text.len, &ignored) < 0)
		return false;
	struct node root = document_root(document);
	struct node node = node_member(&root, "settings");
	return node_string(&node, &found, &ignored) == 0 && !strcmp(found, wanted) &&
	       read_indexes(&root, request, indexes);
}

/* --- whether both sides still answer with it */

static int source_is_unchanged(struct source *source, struct index_image *index, bool *is_unchanged,
			       struct error *err)
{
	CLEANUP(source_session_freep) struct source_session *session = source_session_new(source);
	bool is_known = false;
	struct digest digest;

	if (source_peek(session, &index->from, &is_known, &digest, err) < 0)
		return error_wrap(err, "%s", index->name);
	*is_unchanged = is_known && digest_equal(&digest, &index->top);
	return 0;
}

static int registry_is_unchanged(struct run *run, const struct catalog_request *request,
				 const struct index_image *index, bool *is_unchanged, struct error *err)
{
	CLEANUP(registry_session_freep) struct registry_session *session =
		registry_session_new(run->registry);
	struct reference target = REFERENCE_INIT;
	bool is_present = false, has_digest = false;
	struct digest digest;

	if (cluster_target_name(&index->reference, &request->target.reference, request->naming.max_components,
				&target, err) < 0) {
		reference_release(&target);
		return -1;
	}
	CLEANUP(free_string) char *path = reference_repository_path(&target);
	struct repository repository = {.side = REGISTRY_TARGET, .host = target.registry, .path = path};
	int result = registry_head_manifest(session, &repository, target.tag, &is_present, &has_digest,
					    &digest, err);
	*is_unchanged = result == 0 && is_present && has_digest && digest_equal(&digest, &index->top);
	reference_release(&target);
	return result;
}

static bool records_have(const struct archive_records *records, const struct index_image *index)
{
	for (size_t i = 0; i < records->n_images; i++)
		if (!strcmp(records->images[i].source, index->name))
			return digest_equal(&records->images[i].digest, &index->top);
	return false;
}

/* An archive that cannot be opened is not unchanged; what is wrong with it comes out when it is written. */
static bool archive_is_unchanged(const struct catalog_request *request, struct index_image *const *indexes)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	CLEANUP(blob_store_freep) struct blob_store *store = NULL;

	if (archive_open(&store, request->target.path, &ignored) < 0)
		return false;
	const struct archive_records *records = archive_store_records(store);
	if (records->n_missing)
		return false;
	for (size_t i = 0; i < request->n_sources; i++)
		if (!records_have(records, indexes[i]))
			return false;
	return true;
}

static int both_are_unchanged(struct run *run, const struct catalog_request *request, struct source *source,
			      struct index_image *const *indexes, bool *is_unchanged, struct error *err)
{
	bool is_registry = request->target.type == LOCATION_REGISTRY;

	*is_unchanged = is_registry || archive_is_unchanged(request, indexes);
	for (size_t i = 0; i < request->n_sources && *is_unchanged; i++) {
		if (source_is_unchanged(source, indexes[i], is_unchanged, err) < 0)
			return -1;
		if (is_registry && *is_unchanged &&
		    registry_is_unchanged(run, request, indexes[i], is_unchanged, err) < 0)
			return -1;
	}
	return 0;
}

static bool remember_images(const struct run *run, const struct catalog_request *request,
			    struct index_image *const *indexes)
{
	for (size_t i = 0; i < request->n_sources; i++)
		if (!image_list_read(run->work_directory, &indexes[i]->chosen, &indexes[i]->images))
			return false;
	return true;
}

int finished_check(struct run *run, const struct catalog_request *request, struct source *source,
		   struct index_image *const *indexes, bool *is_finished, struct error *err)
{
	*is_finished = false;
	if (!read_note(run, request, indexes))
		return 0;
	bool is_unchanged = remember_images(run, request, indexes);
	if (is_unchanged && both_are_unchanged(run, request, source, indexes, &is_unchanged, err) < 0)
		return -1;
	*is_finished = is_unchanged;
	if (is_unchanged)
		return 0;
	log_info("changed since the last run, or gone from the target: looking at all of it");
	for (size_t i = 0; i < request->n_sources; i++)
		strvec_release(&indexes[i]->images);
	return 0;
}
