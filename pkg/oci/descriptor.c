/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/descriptor.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci/strict_json.h"

static const char *const descriptor_keys[] = {
	"mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform", NULL,
};

static const char *const platform_keys[] = {
	"architecture", "os", "os.version", "os.features", "variant", "features", NULL,
};

void descriptor_release(struct descriptor *descriptor)
{
	free(descriptor->media_type);
	free(descriptor->artifact_type);
	free(descriptor->reference_name);
	platform_release(&descriptor->platform);
	*descriptor = (struct descriptor){0};
}

bool descriptor_is_foreign(const struct descriptor *descriptor)
{
	static const char *const types[] = {
		"application/vnd.docker.image.rootfs.foreign.diff.tar",
		"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
		"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
		if (!strcmp(descriptor->media_type, types[i]))
			return true;
	return false;
}

static bool is_sha512(const char *text)
{
	static const char prefix[] = "sha512:";
	const char *hex = text + strlen(prefix);

	return text_starts_with(text, prefix) && strlen(hex) == 128 && strspn(hex, "0123456789abcdef") == 128;
}

static int read_digest(struct descriptor *descriptor, const json_t *json, struct error *err)
{
	const json_t *member = strict_json_get(json, "digest");

	if (!member)
		return error_set(err, ERROR_INVALID, "digest is missing");
	if (!json_is_string(member))
		return error_set(err, ERROR_INVALID, "digest is not a string");
	const char *text = json_string_value(member);
	if (is_sha512(text))
		return error_set(err, ERROR_INVALID, "'%s' uses sha512, which cannot be copied", text);
	return digest_parse(&descriptor->digest, text, err);
}

static int read_size(struct descriptor *descriptor, const json_t *json, struct error *err)
{
	const json_t *member = strict_json_get(json, "size");
	json_int_t size = json_integer_value(member);

	if (!member)
		return error_set(err, ERROR_INVALID, "size is missing");
	if (!json_is_integer(member) || size < 0 || (uint64_t)size > OCI_MAX_BLOB_SIZE)
		return error_set(err, ERROR_INVALID, "size is not an integer from 0 to %" PRIu64,
				 OCI_MAX_BLOB_SIZE);
	descriptor->size = (uint64_t)size;
	return 0;
}

static int read_annotations(struct descriptor *descriptor, const json_t *json, struct error *err)
{
	json_t *annotations;

	if (strict_json_object(json, "annotations", &annotations, err) < 0)
		return -1;
	if (!annotations)
		return 0;
	return strict_json_string(annotations, "org.opencontainers.image.ref.name",
				  &descriptor->reference_name, err);
}

static int read_platform(struct descriptor *descriptor, const json_t *json, struct error *err)
{
	json_t *platform;

	if (strict_json_object(json, "platform", &platform, err) < 0)
		return -1;
	if (!platform)
		return 0;
	descriptor->has_platform = true;
	if (strict_json_check_keys(platform, platform_keys, err) < 0 ||
	    platform_from_json(&descriptor->platform, platform, err) < 0)
		return error_wrap(err, "platform");
	return 0;
}

static bool data_matches(const struct descriptor *descriptor, const char *text)
{
	size_t length = strlen(text);
	size_t padding = text_ends_with(text, "==") ? 2 : text_ends_with(text, "=");
	struct digest digest;

	/* EVP_DecodeBlock counts the padding as bytes. The limit keeps lengths within its int. */
	if (length % 4 || length > 2 * OCI_MAX_MANIFEST_SIZE || length / 4 * 3 - padding != descriptor->size)
		return false;
	CLEANUP(free_memory) unsigned char *decoded = xmalloc(length / 4 * 3 + 1);
	if (EVP_DecodeBlock(decoded, (const unsigned char *)text, (int)length) != (int)(length / 4 * 3))
		return false;
	digest_of(decoded, (size_t)descriptor->size, &digest);
	return digest_equal(&digest, &descriptor->digest);
}

/* `data` holds the content once more, in base64. It is not used, but other clients may take it in
 * place of the blob: content that contradicts its digest is refused. */
static int check_data(const struct descriptor *descriptor, const json_t *json, struct error *err)
{
	const json_t *data = strict_json_get(json, "data");

	if (data && (!json_is_string(data) || !data_matches(descriptor, json_string_value(data))))
		return error_set(err, ERROR_INVALID, "data is not the content that size and digest say");
	return 0;
}

static int read_members(struct descriptor *descriptor, const json_t *json, struct error *err)
{
	if (!json_is_object(json))
		return error_set(err, ERROR_INVALID, "descriptor is not an object");
	if (strict_json_check_keys(json, descriptor_keys, err) < 0 ||
	    read_digest(descriptor, json, err) < 0 || read_size(descriptor, json, err) < 0 ||
	    strict_json_string(json, "mediaType", &descriptor->media_type, err) < 0 ||
	    strict_json_string(json, "artifactType", &descriptor->artifact_type, err) < 0 ||
	    read_annotations(descriptor, json, err) < 0 || read_platform(descriptor, json, err) < 0)
		return -1;
	if (!descriptor->media_type)
		descriptor->media_type = xstrdup("");
	return check_data(descriptor, json, err);
}

int descriptor_from_json(struct descriptor *descriptor, const json_t *json, struct error *err)
{
	CLEANUP(descriptor_release) struct descriptor parsed = {0};

	if (read_members(&parsed, json, err) < 0)
		return -1;
	*descriptor = steal(&parsed);
	return 0;
}
