/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/writer.h"

struct source {
	struct registry_client *client; /* borrowed; NULL for a store */
	struct blob_store *store;
};

struct source_session {
	struct source *source;
	struct registry_session *registry; /* NULL for a store */
};

struct source *source_new_registry(struct registry_client *client)
{
	struct source *source = xcalloc(1, sizeof(*source));

	source->client = client;
	return source;
}

struct source *source_new_store(struct blob_store *store)
{
	struct source *source = xcalloc(1, sizeof(*source));

	source->store = store;
	return source;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	blob_store_free(source->store);
	free(source);
}

void source_freep(struct source **source)
{
	source_free(*source);
}

struct blob_store *source_store(struct source *source)
{
	return source->store;
}

struct source_session *source_session_new(struct source *source)
{
	struct source_session *session = xcalloc(1, sizeof(*session));

	session->source = source;
	if (source->client)
		session->registry = registry_session_new(source->client);
	return session;
}

void source_session_free(struct source_session *session)
{
	if (!session)
		return;
	registry_session_free(session->registry);
	free(session);
}

void source_session_freep(struct source_session **session)
{
	source_session_free(*session);
}

void source_image_release(struct source_image *image)
{
	free(steal(&image->name));
	pull_sources_release(&image->places);
	descriptor_release(&image->stored);
}

int source_image_init_registry(struct source_image *image, struct source *source, const char *name,
			       const struct reference *reference, struct error *err)
{
	struct reference full = REFERENCE_INIT;

	reference_copy(&full, reference);
	reference_apply_docker_defaults(&full);
	if (*reference->id && !*reference->tag)
		reference_set(&full.tag, "");
	int result = registries_conf_sources(registry_client_registries_conf(source->client), &full,
					     &image->places, err);
	reference_release(&full);
	if (result < 0)
		return error_wrap(err, "%s", name);
	image->name = xstrdup(name);
	return 0;
}

static char *copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static struct descriptor copy_top(const struct descriptor *top)
{
	return (struct descriptor){
		.digest = top->digest,
		.size = top->size,
		.media_type = copy_text(top->media_type),
		.artifact_type = copy_text(top->artifact_type),
		.reference_name = copy_text(top->reference_name),
	};
}

void source_image_init_store(struct source_image *image, const char *name, const struct descriptor *top)
{
	image->name = xstrdup(name);
	image->stored = copy_top(top);
}

/* --- trying the places of an image in a registry */

/* What is done at one place. `tag_or_digest` is the image's own. */
struct attempt {
	int (*run)(struct attempt *attempt, struct registry_session *session,
		   const struct repository *repository, const char *tag_or_digest, struct error *err);
	struct strbuf *bytes;
	struct descriptor *top;
	const struct descriptor *descriptor;
	const struct digest *digest;
	const char *tag;
	struct blob_sink *sink;
	bool *is_known;          /* also: is_supported */
	struct digest *peeked;
};

/* Whether another place may do better. Our own side's errors and a request to stop end it. */
static bool is_fault_of_place(const struct error *err)
{
	switch (err->code) {
	case ERROR_NOT_FOUND:
	case ERROR_UNAUTHORIZED:
	case ERROR_TRANSIENT:
	case ERROR_DIGEST:
	case ERROR_INVALID:
		return true;
	case ERROR_NONE:
	case ERROR_USAGE:
	case ERROR_IO:
	case ERROR_BUSY:
	case ERROR_CANCELLED:
		return false;
	}
	return false;
}

static int try_place(struct source_session *session, const struct pull_source *place,
		     struct attempt *attempt, struct error *err)
{
	CLEANUP(free_string) char *path = reference_repository_path(&place->reference);
	struct repository repository = {
		.side = REGISTRY_SOURCE,
		.host = place->reference.registry,
		.path = path,
		.is_insecure = place->is_insecure,
	};
	const char *wanted = *place->reference.id ? place->reference.id : place->reference.tag;

	return attempt->run(attempt, session->registry, &repository, wanted, err);
}

static int try_places(struct source_session *session, struct source_image *image,
		      struct attempt *attempt, struct error *err)
{
	CLEANUP(error_clear) struct error first = ERROR_INIT;
	unsigned preferred = atomic_load(&image->preferred);
	size_t count = image->places.count;

	for (size_t i = 0; i < count; i++) {
		CLEANUP(error_clear) struct error failed = ERROR_INIT;
		unsigned number = (unsigned)((preferred + i) % count);

		if (try_place(session, &image->places.items[number], attempt, &failed) == 0) {
			atomic_store(&image->preferred, number);
			return 0;
		}
		if (!is_fault_of_place(&failed))
			return error_move(err, &failed);
		/* What matters to a person is why the registry itself did not answer. */
		if (first.code == ERROR_NONE || image->places.items[number].is_original) {
			error_clear(&first);
			error_move(&first, &failed);
		}
	}
	return error_move(err, &first);
}

static int resolve_at(struct attempt *attempt, struct registry_session *session,
		      const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	strbuf_reset(attempt->bytes);
	return registry_resolve(session, repository, attempt->tag ? attempt->tag : tag_or_digest,
				attempt->bytes, attempt->top, err);
}

static int peek_at(struct attempt *attempt, struct registry_session *session,
		   const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	bool is_present;

	if (registry_head_manifest(session, repository, tag_or_digest, &is_present, attempt->is_known,
				   attempt->peeked, err) < 0)
		return -1;
	if (!is_present)
		return error_set(err, ERROR_NOT_FOUND, "%s/%s:%s: there is no such image", repository->host,
				 repository->path, tag_or_digest);
	return 0;
}

static int read_manifest_at(struct attempt *attempt, struct registry_session *session,
			    const struct repository *repository, const char *tag_or_digest,
			    struct error *err)
{
	(void)tag_or_digest;
	strbuf_reset(attempt->bytes);
	return registry_read_manifest(session, repository, attempt->descriptor, true, attempt->bytes, err);
}

static int read_blob_at(struct attempt *attempt, struct registry_session *session,
			const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	(void)tag_or_digest;
	return registry_read_blob(session, repository, attempt->descriptor, attempt->sink, err);
}

static int read_referrers_at(struct attempt *attempt, struct registry_session *session,
			     const struct repository *repository, const char *tag_or_digest,
			     struct error *err)
{
	(void)tag_or_digest;
	strbuf_reset(attempt->bytes);
	return registry_read_referrers(session, repository, attempt->digest, attempt->is_known,
				       attempt->bytes, err);
}

/* --- reading */

int source_resolve(struct source_session *session, struct source_image *image, struct strbuf *bytes,
		   struct descriptor *top, struct error *err)
{
	struct attempt attempt = {.run = resolve_at, .bytes = bytes, .top = top};

	if (session->registry)
		return try_places(session, image, &attempt, err);
	if (blob_store_read_blob(session->source->store, &image->stored.digest, image->stored.size,
				 OCI_MAX_MANIFEST_SIZE, bytes, err) < 0)
		return -1;
	*top = copy_top(&image->stored);
	return 0;
}

int source_peek(struct source_session *session, struct source_image *image, bool *is_known,
		struct digest *digest, struct error *err)
{
	struct attempt attempt = {.run = peek_at, .is_known = is_known, .peeked = digest};

	if (session->registry)
		return try_places(session, image, &attempt, err);
	*is_known = true;
	*digest = image->stored.digest;
	return 0;
}

int source_read_manifest(struct source_session *session, struct source_image *image,
			 const struct descriptor *descriptor, struct strbuf *bytes, struct error *err)
{
	struct attempt attempt = {.run = read_manifest_at, .bytes = bytes, .descriptor = descriptor};

	if (session->registry)
		return try_places(session, image, &attempt, err);
	return blob_store_read_blob(session->source->store, &descriptor->digest, descriptor->size,
				    OCI_MAX_MANIFEST_SIZE, bytes, err);
}

static int read_stored_blob(struct blob_store *store, const struct descriptor *descriptor,
			    struct blob_sink *sink, struct error *err)
{
	CLEANUP(blob_reader_freep) struct blob_reader *reader = NULL;
	const size_t portion = 512 << 10;

	if (blob_store_open_blob(store, &descriptor->digest, descriptor->size, &reader, err) < 0)
		return -1;
	CLEANUP(free_memory) char *buffer = xmalloc(portion);
	while (sink->offset < descriptor->size) {
		ssize_t got = blob_reader_read(reader, sink->offset, buffer, portion, err);
		if (got < 0 || sink->write(sink->context, buffer, (size_t)got, err) < 0)
			return -1;
		sink->offset += (uint64_t)got;
	}
	return 0;
}

int source_read_blob(struct source_session *session, struct source_image *image,
		     const struct descriptor *descriptor, struct blob_sink *sink, struct error *err)
{
	struct attempt attempt = {.run = read_blob_at, .descriptor = descriptor, .sink = sink};

	if (session->registry)
		return try_places(session, image, &attempt, err);
	return read_stored_blob(session->source->store, descriptor, sink, err);
}

/* Whether a name in index.json is that of this tag: "<repository>:<tag>", or the tag alone as other tools
 * write it. The tags that are looked for hold a digest, so the repository need not be compared. */
static bool names_tag(const char *name, const char *tag)
{
	if (!name || !text_ends_with(name, tag))
		return false;
	size_t before = strlen(name) - strlen(tag);
	return !before || name[before - 1] == ':';
}

static int resolve_stored_tag(struct blob_store *store, const char *tag, struct strbuf *bytes,
			      struct descriptor *top, struct error *err)
{
	size_t count;
	const struct store_image *images = blob_store_images(store, &count);

	for (size_t i = 0; i < count; i++) {
		if (!names_tag(images[i].name, tag))
			continue;
		if (blob_store_read_blob(store, &images[i].descriptor.digest, images[i].descriptor.size,
					 OCI_MAX_MANIFEST_SIZE, bytes, err) < 0)
			return -1;
		*top = copy_top(&images[i].descriptor);
		return 0;
	}
	return error_set(err, ERROR_NOT_FOUND, "%s: not in %s", tag, blob_store_name(store));
}

int source_resolve_tag(struct source_session *session, struct source_image *image, const char *tag,
		       struct strbuf *bytes, struct descriptor *top, struct error *err)
{
	struct attempt attempt = {.run = resolve_at, .bytes = bytes, .top = top, .tag = tag};

	if (session->registry)
		return try_places(session, image, &attempt, err);
	return resolve_stored_tag(session->source->store, tag, bytes, top, err);
}

/* Whether a stored manifest has this subject. What cannot be read or parsed refers to nothing. */
static bool refers_to(struct blob_store *store, const struct descriptor *stored, const struct digest *subject)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;

	return blob_store_read_blob(store, &stored->digest, stored->size, OCI_MAX_MANIFEST_SIZE, &bytes, &ignored) == 0 &&
	       manifest_parse(&manifest, bytes.buf, bytes.len, stored->media_type, OCI_MAX_CHILDREN, &ignored) == 0 &&
	       manifest.has_subject && digest_equal(&manifest.subject, subject);
}

/* A layout has no list of referrers: its index names them among the images. As a registry would
 * answer: an index, or nothing. */
static void find_stored_referrers(struct blob_store *store, const struct digest *subject,
				 struct strbuf *bytes)
{
	struct json_writer writer = JSON_WRITER_INIT(bytes, 0);
	char digest[DIGEST_TEXT_SIZE];
	size_t count;
	const struct store_image *images = blob_store_images(store, &count);

	json_open_object(&writer, NULL);
	json_write_unsigned(&writer, "schemaVersion", 2);
	json_write_string(&writer, "mediaType", MEDIA_TYPE_OCI_INDEX);
	json_open_array(&writer, "manifests");
	for (size_t i = 0; i < count; i++) {
		if (!refers_to(store, &images[i].descriptor, subject))
			continue;
		json_open_object(&writer, NULL);
		json_write_string(&writer, "mediaType", images[i].descriptor.media_type);
		json_write_string(&writer, "digest", digest_format(&images[i].descriptor.digest, digest));
		json_write_unsigned(&writer, "size", images[i].descriptor.size);
		json_close_object(&writer);
	}
	json_close_array(&writer);
	json_close_object(&writer);
}

int source_read_referrers(struct source_session *session, struct source_image *image,
			  const struct digest *digest, bool *is_supported, struct strbuf *bytes,
			  struct error *err)
{
	struct attempt attempt = {.run = read_referrers_at, .bytes = bytes, .digest = digest,
				  .is_known = is_supported};

	if (session->registry)
		return try_places(session, image, &attempt, err);
	*is_supported = true;
	find_stored_referrers(session->source->store, digest, bytes);
	return 0;
}
