/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source.h"

#include <stdlib.h>
#include <string.h>

#include "source/private.h"

/* --- sources and sessions */

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

bool source_session_is_stored(const struct source_session *session)
{
	return !session->registry;
}

void source_session_freep(struct source_session **session)
{
	source_session_free(*session);
}

/* --- images */

void source_image_release(struct source_image *image)
{
	free(steal(&image->reference));
	if (image->stored)
		descriptor_release(image->stored);
	free(steal(&image->stored));
}

/* "host/path[:tag][@digest]": reads back the same, whatever the host looks like. */
static char *full_text(const struct reference *reference)
{
	CLEANUP(free_string) char *path = reference_repository_path(reference);

	return xasprintf("%s/%s%s%s%s%s", reference->registry, path, *reference->tag ? ":" : "",
			 reference->tag, *reference->id ? "@" : "", reference->id);
}

int source_image_init_registry(struct source_image *image, struct source *source, const char *name,
			       const struct reference *reference, struct error *err)
{
	CLEANUP(pull_sources_release) struct pull_sources places = PULL_SOURCES_INIT;
	struct reference full = REFERENCE_INIT;

	reference_copy(&full, reference);
	reference_apply_docker_defaults(&full);
	if (*reference->id && !*reference->tag)
		reference_set(&full.tag, "");
	image->reference = full_text(&full);
	reference_release(&full);
	/* Only to see that there is one. */
	if (source_find_places(source, image, &places, err) < 0)
		return error_wrap(err, "%s", name);
	return 0;
}

void source_image_init_store(struct source_image *image, const struct descriptor *top)
{
	image->stored = xcalloc(1, sizeof(*image->stored));
	*image->stored = stored_copy_descriptor(top);
}

/* Length of "host/path" in a full text. */
static size_t repository_length(const char *reference)
{
	const char *at = strchr(reference, '@');
	size_t length = at ? (size_t)(at - reference) : strlen(reference);
	const char *slash = memrchr(reference, '/', length);
	const char *colon = slash ? memchr(slash, ':', length - (size_t)(slash - reference)) : NULL;

	return colon ? (size_t)(colon - reference) : length;
}

void source_image_init_sibling(struct source_image *image, const struct source_image *of,
			       const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];

	image->reference = xasprintf("%.*s@%s", (int)repository_length(of->reference), of->reference,
				     digest_format(digest, text));
	atomic_store(&image->preferred, atomic_load((atomic_uint *)&of->preferred));
}

char *source_image_host(const struct source_image *image)
{
	if (!image->reference)
		return xstrdup("");
	return xstrndup(image->reference, strcspn(image->reference, "/"));
}

char *source_image_path_at(struct source *source, const struct source_image *image, const char *host)
{
	CLEANUP(pull_sources_release) struct pull_sources places = PULL_SOURCES_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	if (!image->reference || source_find_places(source, image, &places, &ignored) < 0)
		return NULL;
	const struct pull_source *place =
		&places.items[atomic_load((atomic_uint *)&image->preferred) % places.count];
	return strcmp(place->reference.registry, host) ? NULL : reference_repository_path(&place->reference);
}

/* --- reading manifests */

/* Where an attempt puts what it reads, and what it looks for. */
struct reading {
	struct strbuf *bytes;
	struct descriptor *top;
	const struct descriptor *descriptor;
	const struct digest *digest;
	const char *tag;
	bool *is_known; /* also: is_supported */
	struct digest *peeked;
};

static int resolve_at(struct attempt *attempt, struct registry_session *session,
		      const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	const struct reading *reading = attempt->context;

	strbuf_reset(reading->bytes);
	return registry_resolve(session, repository, reading->tag ? reading->tag : tag_or_digest,
				reading->bytes, reading->top, err);
}

static int read_stored(struct blob_store *store, const struct descriptor *descriptor, struct strbuf *bytes,
		       struct error *err)
{
	return blob_store_read_blob(store, &descriptor->digest, descriptor->size, OCI_MAX_MANIFEST_SIZE,
				    bytes, err);
}

int source_resolve(struct source_session *session, struct source_image *image, struct strbuf *bytes,
		   struct descriptor *top, struct error *err)
{
	struct reading reading = {.bytes = bytes, .top = top};
	struct attempt attempt = {.run = resolve_at, .context = &reading};

	if (session->registry)
		return source_try_places(session, image, &attempt, err);
	if (read_stored(session->source->store, image->stored, bytes, err) < 0)
		return -1;
	*top = stored_copy_descriptor(image->stored);
	return 0;
}

int source_resolve_tag(struct source_session *session, struct source_image *image, const char *tag,
		       struct strbuf *bytes, struct descriptor *top, struct error *err)
{
	struct reading reading = {.bytes = bytes, .top = top, .tag = tag};
	struct attempt attempt = {.run = resolve_at, .context = &reading};

	if (session->registry)
		return source_try_places(session, image, &attempt, err);
	return stored_resolve_tag(session->source->store, tag, bytes, top, err);
}

static int peek_at(struct attempt *attempt, struct registry_session *session,
		   const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	const struct reading *reading = attempt->context;
	bool is_present;

	if (registry_head_manifest(session, repository, tag_or_digest, &is_present, reading->is_known,
				   reading->peeked, err) < 0)
		return -1;
	if (!is_present)
		return error_set(err, ERROR_NOT_FOUND, "%s/%s:%s: there is no such image", repository->host,
				 repository->path, tag_or_digest);
	return 0;
}

int source_peek(struct source_session *session, struct source_image *image, bool *is_known,
		struct digest *digest, struct error *err)
{
	struct reading reading = {.is_known = is_known, .peeked = digest};
	struct attempt attempt = {.run = peek_at, .context = &reading};

	if (session->registry)
		return source_try_places(session, image, &attempt, err);
	*is_known = true;
	*digest = image->stored->digest;
	return 0;
}

static int read_manifest_at(struct attempt *attempt, struct registry_session *session,
			    const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	const struct reading *reading = attempt->context;

	(void)tag_or_digest;
	strbuf_reset(reading->bytes);
	return registry_read_manifest(session, repository, reading->descriptor, true, reading->bytes, err);
}

int source_read_manifest(struct source_session *session, struct source_image *image,
			 const struct descriptor *descriptor, struct strbuf *bytes, struct error *err)
{
	struct reading reading = {.bytes = bytes, .descriptor = descriptor};
	struct attempt attempt = {.run = read_manifest_at, .context = &reading};

	if (session->registry)
		return source_try_places(session, image, &attempt, err);
	return read_stored(session->source->store, descriptor, bytes, err);
}

static int read_referrers_at(struct attempt *attempt, struct registry_session *session,
			     const struct repository *repository, const char *tag_or_digest,
			     struct error *err)
{
	const struct reading *reading = attempt->context;

	(void)tag_or_digest;
	strbuf_reset(reading->bytes);
	return registry_read_referrers(session, repository, reading->digest, reading->is_known,
				       reading->bytes, err);
}

int source_read_referrers(struct source_session *session, struct source_image *image,
			  const struct digest *digest, bool *is_supported, struct strbuf *bytes,
			  struct error *err)
{
	struct reading reading = {.bytes = bytes, .digest = digest, .is_known = is_supported};
	struct attempt attempt = {.run = read_referrers_at, .context = &reading};

	if (session->registry)
		return source_try_places(session, image, &attempt, err);
	*is_supported = true;
	stored_find_referrers(session->source->store, digest, bytes);
	return 0;
}

/* --- reading small blobs */

static int add_bytes(void *context, const void *data, size_t length, struct error *err)
{
	(void)err;
	strbuf_add(context, data, length);
	return 0;
}

static int forget_bytes(void *context, struct error *err)
{
	(void)err;
	strbuf_reset(context);
	return 0;
}

static int read_blob_at(struct attempt *attempt, struct registry_session *session,
			const struct repository *repository, const char *tag_or_digest, struct error *err)
{
	const struct reading *reading = attempt->context;
	struct blob_sink sink = {.write = add_bytes, .restart = forget_bytes, .context = reading->bytes};
	struct digest found;

	(void)tag_or_digest;
	strbuf_reset(reading->bytes);
	if (registry_read_blob(session, repository, reading->descriptor, &sink, err) < 0)
		return -1;
	digest_of(reading->bytes->buf, reading->bytes->len, &found);
	if (digest_equal(&found, &reading->descriptor->digest))
		return 0;
	char text[DIGEST_TEXT_SIZE];
	return error_set(err, ERROR_DIGEST, "%s/%s: blob %s: its bytes have another digest", repository->host,
			 repository->path, digest_format(&reading->descriptor->digest, text));
}

int source_read_blob(struct source_session *session, struct source_image *image,
		     const struct descriptor *descriptor, size_t limit, struct strbuf *bytes,
		     struct error *err)
{
	struct reading reading = {.bytes = bytes, .descriptor = descriptor};
	struct attempt attempt = {.run = read_blob_at, .context = &reading};

	if (descriptor->size > limit)
		return error_set(err, ERROR_INVALID,
				 "a blob of more than %zu bytes, which is read into memory", limit);
	if (session->registry)
		return source_try_places(session, image, &attempt, err);
	return blob_store_read_blob(session->source->store, &descriptor->digest, descriptor->size, limit,
				    bytes, err);
}
