/* SPDX-License-Identifier: Apache-2.0 */
/* Images and indexes made up for tests. */
#include <inttypes.h>
#include <string.h>

#include "tests/fake_registry/internal.h"

/* splitmix64: reproducible bytes that no compression shortens. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t value = *state += 0x9E3779B97F4A7C15u;

	value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
	value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
	return value ^ (value >> 31);
}

static void fill(struct strbuf *bytes, size_t size, uint64_t state)
{
	strbuf_grow(bytes, size + sizeof(uint64_t));
	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t value = next_random(&state);
		memcpy(bytes->buf + i, &value, sizeof(value));
	}
	strbuf_set_length(bytes, size);
}

static void add_layer(struct fake_registry *registry, const char *repository, const struct fake_image *image,
		      unsigned number, struct strbuf *manifest)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct digest digest;
	char text[DIGEST_TEXT_SIZE];

	fill(&bytes, image->layer_size, (uint64_t)image->seed << 32 | (number + 1));
	fake_registry_add_blob(registry, repository, bytes.buf, bytes.len, &digest);
	strbuf_addf(manifest, "%s{\"mediaType\":\"%s\",\"size\":%zu,\"digest\":\"%s\"}", number ? "," : "",
		    image->is_docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip"
				     : "application/vnd.oci.image.layer.v1.tar+gzip",
		    bytes.len, digest_format(&digest, text));
}

static void add_config(struct fake_registry *registry, const char *repository, const struct fake_image *image,
		       struct strbuf *manifest)
{
	CLEANUP(strbuf_release) struct strbuf config = STRBUF_INIT;
	struct digest digest;
	char text[DIGEST_TEXT_SIZE];

	strbuf_addf(&config,
		    "{\"architecture\":\"%s\",\"os\":\"linux\",\"config\":{\"Labels\":{\"seed\":\"%u\"}},"
		    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
		    image->architecture ? image->architecture : "amd64", image->seed);
	fake_registry_add_blob(registry, repository, config.buf, config.len, &digest);
	strbuf_addf(manifest, "\"config\":{\"mediaType\":\"%s\",\"size\":%zu,\"digest\":\"%s\"}",
		    image->is_docker ? "application/vnd.docker.container.image.v1+json"
				     : "application/vnd.oci.image.config.v1+json",
		    config.len, digest_format(&digest, text));
}

static const char *manifest_type(bool is_docker)
{
	return is_docker ? "application/vnd.docker.distribution.manifest.v2+json"
			 : "application/vnd.oci.image.manifest.v1+json";
}

static const char *index_type(bool is_docker)
{
	return is_docker ? "application/vnd.docker.distribution.manifest.list.v2+json"
			 : "application/vnd.oci.image.index.v1+json";
}

/* Returns the size of the manifest. */
static size_t add_image(struct fake_registry *registry, const char *repository,
			const struct fake_image *image, struct digest *digest)
{
	CLEANUP(strbuf_release) struct strbuf manifest = STRBUF_INIT;

	strbuf_addf(&manifest, "{\"schemaVersion\":2,\"mediaType\":\"%s\",", manifest_type(image->is_docker));
	add_config(registry, repository, image, &manifest);
	strbuf_add_string(&manifest, ",\"layers\":[");
	for (unsigned i = 0; i < image->n_layers; i++)
		add_layer(registry, repository, image, i, &manifest);
	strbuf_add_string(&manifest, "]}");
	fake_registry_add_manifest(registry, repository, image->tag, manifest_type(image->is_docker),
				   manifest.buf, manifest.len, digest);
	return manifest.len;
}

void fake_registry_add_image(struct fake_registry *registry, const char *repository,
			     const struct fake_image *image, struct digest *digest)
{
	add_image(registry, repository, image, digest);
}

void fake_registry_add_index(struct fake_registry *registry, const char *repository, const char *tag,
			     bool is_docker, const struct fake_image *images, size_t n_images,
			     struct digest *digest)
{
	CLEANUP(strbuf_release) struct strbuf index = STRBUF_INIT;

	strbuf_addf(&index, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[",
		    index_type(is_docker));
	for (size_t i = 0; i < n_images; i++) {
		struct digest child;
		char text[DIGEST_TEXT_SIZE];
		size_t size = add_image(registry, repository, &images[i], &child);

		strbuf_addf(&index,
			    "%s{\"mediaType\":\"%s\",\"size\":%zu,\"digest\":\"%s\","
			    "\"platform\":{\"architecture\":\"%s\",\"os\":\"linux\"}}",
			    i ? "," : "", manifest_type(images[i].is_docker), size,
			    digest_format(&child, text),
			    images[i].architecture ? images[i].architecture : "amd64");
	}
	strbuf_add_string(&index, "]}");
	fake_registry_add_manifest(registry, repository, tag, index_type(is_docker), index.buf, index.len,
				   digest);
}
