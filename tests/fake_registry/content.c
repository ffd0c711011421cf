/* SPDX-License-Identifier: Apache-2.0 */
/* Repositories, blobs and manifests in memory. */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/text.h"
#include "tests/fake_registry/internal.h"

static void free_repository(void *value)
{
	struct fake_repository *repository = value;

	map_release(&repository->blobs);
	map_release(&repository->manifests);
	map_release(&repository->tags);
	free(repository);
}

static void free_upload(void *value)
{
	struct fake_upload *upload = value;

	free(upload->repository);
	strbuf_release(&upload->data);
	free(upload);
}

static void free_token(void *value)
{
	struct fake_token *token = value;

	free(token->scopes);
	free(token);
}

struct fake_content *content_new(void)
{
	struct fake_content *content = xcalloc(1, sizeof(*content));

	pthread_mutex_init(&content->mutex, NULL);
	pthread_cond_init(&content->upload_is_free, NULL);
	content->repositories.free_value = free_repository;
	content->uploads.free_value = free_upload;
	content->tokens.free_value = free_token;
	return content;
}

void content_release(struct fake_content *content)
{
	pthread_mutex_lock(&content->mutex);
	bool is_last = --content->references == 0;
	pthread_mutex_unlock(&content->mutex);
	if (!is_last)
		return;
	map_release(&content->repositories);
	map_release(&content->blobs);
	map_release(&content->uploads);
	map_release(&content->tokens);
	for (size_t i = 0; i < content->n_manifests; i++) {
		free(content->all_manifests[i]->media_type);
		free(content->all_manifests[i]);
	}
	free(content->all_manifests);
	for (size_t i = 0; i < content->n_bytes; i++) {
		free(content->all_bytes[i]->data);
		free(content->all_bytes[i]);
	}
	free(content->all_bytes);
	pthread_cond_destroy(&content->upload_is_free);
	pthread_mutex_destroy(&content->mutex);
	free(content);
}

struct fake_repository *content_repository(struct fake_content *content, const char *name, bool create)
{
	struct fake_repository *repository = map_get(&content->repositories, name);

	if (!repository && create) {
		repository = xcalloc(1, sizeof(*repository));
		map_set(&content->repositories, name, repository);
	}
	return repository;
}

static struct fake_bytes *keep_bytes(struct fake_content *content, char *data, size_t size)
{
	struct fake_bytes *bytes = xmalloc(sizeof(*bytes));

	*bytes = (struct fake_bytes){.data = data, .size = size};
	array_grow(content->all_bytes, content->n_bytes, content->allocated_bytes);
	content->all_bytes[content->n_bytes++] = bytes;
	return bytes;
}

struct fake_bytes *content_add_blob(struct fake_content *content, const char *repository, const char *digest,
				    char *data, size_t size)
{
	struct fake_bytes *bytes = map_get(&content->blobs, digest);

	if (bytes) {
		free(data);
	} else {
		bytes = keep_bytes(content, data, size);
		map_set(&content->blobs, digest, bytes);
	}
	map_set(&content_repository(content, repository, true)->blobs, digest, bytes);
	return bytes;
}

struct fake_bytes *content_find_blob(struct fake_content *content, const char *repository, const char *digest)
{
	const struct fake_repository *found = content_repository(content, repository, false);

	return found ? map_get(&found->blobs, digest) : NULL;
}

static struct fake_manifest *new_manifest(struct fake_content *content, const char *media_type,
					  const char *data, size_t size, const char *digest)
{
	struct fake_manifest *manifest = xcalloc(1, sizeof(*manifest));
	char *copy = xmalloc(size + 1);

	memcpy(copy, data, size);
	copy[size] = '\0';
	manifest->bytes = keep_bytes(content, copy, size);
	manifest->media_type = xstrdup(media_type);
	memcpy(manifest->digest, digest, DIGEST_TEXT_SIZE);
	array_grow(content->all_manifests, content->n_manifests, content->allocated_manifests);
	content->all_manifests[content->n_manifests++] = manifest;
	return manifest;
}

struct fake_manifest *content_add_manifest(struct fake_content *content, const char *repository,
					   const char *tag, const char *media_type, const char *data,
					   size_t size)
{
	struct fake_repository *target = content_repository(content, repository, true);
	char text[DIGEST_TEXT_SIZE];
	struct digest digest;

	digest_of(data, size, &digest);
	digest_format(&digest, text);
	struct fake_manifest *manifest = map_get(&target->manifests, text);
	if (!manifest || strcmp(manifest->media_type, media_type) != 0)
		manifest = new_manifest(content, media_type, data, size, text);
	map_set(&target->manifests, text, manifest);
	if (tag)
		map_set(&target->tags, tag, manifest);
	return manifest;
}

struct fake_manifest *content_find_manifest(struct fake_content *content, const char *repository,
					    const char *tag_or_digest)
{
	const struct fake_repository *found = content_repository(content, repository, false);

	if (!found)
		return NULL;
	return map_get(strchr(tag_or_digest, ':') ? &found->manifests : &found->tags, tag_or_digest);
}

/* --- the tests' side */

void fake_registry_add_blob(struct fake_registry *registry, const char *repository, const void *data,
			    size_t length, struct digest *digest)
{
	struct digest computed;
	char text[DIGEST_TEXT_SIZE];
	char *copy = xmalloc(length);

	if (length)
		memcpy(copy, data, length);
	digest_of(data, length, &computed);
	digest_format(&computed, text);
	pthread_mutex_lock(&registry->content->mutex);
	content_add_blob(registry->content, repository, text, copy, length);
	pthread_mutex_unlock(&registry->content->mutex);
	if (digest)
		*digest = computed;
}

void fake_registry_add_manifest(struct fake_registry *registry, const char *repository, const char *tag,
				const char *media_type, const void *data, size_t length,
				struct digest *digest)
{
	pthread_mutex_lock(&registry->content->mutex);
	content_add_manifest(registry->content, repository, tag, media_type, data, length);
	pthread_mutex_unlock(&registry->content->mutex);
	if (digest)
		digest_of(data, length, digest);
}

bool fake_registry_has_blob(struct fake_registry *registry, const char *repository,
			    const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];

	pthread_mutex_lock(&registry->content->mutex);
	bool has = content_find_blob(registry->content, repository, digest_format(digest, text)) != NULL;
	pthread_mutex_unlock(&registry->content->mutex);
	return has;
}

bool fake_registry_has_manifest(struct fake_registry *registry, const char *repository,
				const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];

	pthread_mutex_lock(&registry->content->mutex);
	bool has = content_find_manifest(registry->content, repository, digest_format(digest, text)) != NULL;
	pthread_mutex_unlock(&registry->content->mutex);
	return has;
}

bool fake_registry_find_tag(struct fake_registry *registry, const char *repository, const char *tag,
			    struct digest *digest)
{
	struct error err = ERROR_INIT;

	pthread_mutex_lock(&registry->content->mutex);
	const struct fake_manifest *manifest = content_find_manifest(registry->content, repository, tag);
	bool has = manifest && digest_parse(digest, manifest->digest, &err) == 0;
	pthread_mutex_unlock(&registry->content->mutex);
	error_clear(&err);
	return has;
}

char *fake_registry_read_manifest(struct fake_registry *registry, const char *repository,
				  const char *tag_or_digest)
{
	char *copy = NULL;

	pthread_mutex_lock(&registry->content->mutex);
	const struct fake_manifest *manifest =
		content_find_manifest(registry->content, repository, tag_or_digest);
	if (manifest) {
		copy = xmalloc(manifest->bytes->size + 1);
		memcpy(copy, manifest->bytes->data, manifest->bytes->size + 1);
	}
	pthread_mutex_unlock(&registry->content->mutex);
	return copy;
}

/* A damaged copy takes the place of the blob: what is being sent right now must not change. */
void fake_registry_corrupt_blob(struct fake_registry *registry, const struct digest *digest, size_t offset)
{
	struct fake_content *content = registry->content;
	char text[DIGEST_TEXT_SIZE];

	digest_format(digest, text);
	pthread_mutex_lock(&content->mutex);
	const struct fake_bytes *sound = map_get(&content->blobs, text);
	if (!sound || offset >= sound->size)
		fake_abort("no such blob or byte to corrupt");
	char *data = xmalloc(sound->size);
	memcpy(data, sound->data, sound->size);
	data[offset] = (char)~data[offset];
	struct fake_bytes *damaged = keep_bytes(content, data, sound->size);
	map_set(&content->blobs, text, damaged);
	const struct map_entry *entry = NULL;
	while ((entry = map_next(&content->repositories, entry))) {
		struct fake_repository *repository = entry->value;
		if (map_contains(&repository->blobs, text))
			map_set(&repository->blobs, text, damaged);
	}
	pthread_mutex_unlock(&content->mutex);
}

size_t fake_registry_count_blobs(struct fake_registry *registry)
{
	pthread_mutex_lock(&registry->content->mutex);
	size_t count = registry->content->blobs.count;
	pthread_mutex_unlock(&registry->content->mutex);
	return count;
}

size_t fake_registry_count_manifests(struct fake_registry *registry)
{
	struct map distinct = MAP_INIT;

	pthread_mutex_lock(&registry->content->mutex);
	const struct map_entry *entry = NULL;
	while ((entry = map_next(&registry->content->repositories, entry))) {
		const struct fake_repository *repository = entry->value;
		const struct map_entry *manifest = NULL;
		while ((manifest = map_next(&repository->manifests, manifest)))
			map_set(&distinct, manifest->key, NULL);
	}
	pthread_mutex_unlock(&registry->content->mutex);
	size_t count = distinct.count;
	map_release(&distinct);
	return count;
}

void fake_registry_expire_tokens(struct fake_registry *registry)
{
	pthread_mutex_lock(&registry->content->mutex);
	map_release(&registry->content->tokens);
	pthread_mutex_unlock(&registry->content->mutex);
}
