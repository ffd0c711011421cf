/* SPDX-License-Identifier: Apache-2.0 */
/* What a registry is asked, answered from a layout or an archive. */
#include <string.h>

#include "base/text.h"
#include "document/writer.h"
#include "source/private.h"

static char *copy_text(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

struct descriptor stored_copy_descriptor(const struct descriptor *descriptor)
{
	return (struct descriptor){
		.digest = descriptor->digest,
		.size = descriptor->size,
		.media_type = xstrdup(descriptor->media_type ? descriptor->media_type : ""),
		.artifact_type = copy_text(descriptor->artifact_type),
	};
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

int stored_resolve_tag(struct blob_store *store, const char *tag, struct strbuf *bytes,
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
		*top = stored_copy_descriptor(&images[i].descriptor);
		return 0;
	}
	return error_set(err, ERROR_NOT_FOUND, "%s: not in %s", tag, blob_store_name(store));
}

/* Whether a stored manifest has this subject. What cannot be read or parsed refers to nothing. */
static bool refers_to(struct blob_store *store, const struct descriptor *stored, const struct digest *subject)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;

	return blob_store_read_blob(store, &stored->digest, stored->size, OCI_MAX_MANIFEST_SIZE, &bytes,
				    &ignored) == 0 &&
	       manifest_parse(&manifest, bytes.buf, bytes.len, stored->media_type, OCI_MAX_CHILDREN,
			      &ignored) == 0 &&
	       manifest.has_subject && digest_equal(&manifest.subject, subject);
}

/* A layout has no list of referrers: its index names them among the images. As a registry would answer:
 * an index. */
void stored_find_referrers(struct blob_store *store, const struct digest *subject, struct strbuf *bytes)
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
