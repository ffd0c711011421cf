/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/inspect.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "document/writer.h"
#include "store/archive.h"

int inspect_parse(struct location *location, const char *text, struct error *err)
{
	struct stat status;

	if (stat(text, &status) == 0 && !S_ISDIR(status.st_mode)) {
		CLEANUP(free_string) char *archive = xasprintf("archive:%s", text);
		return location_parse(location, archive, err);
	}
	if (location_parse(location, text, err) == 0)
		return 0;
	return error_advise(err, "and there is no file of this name");
}

static void add_escaped(struct strbuf *out, const char *text)
{
	text_escape(out, text, strlen(text), 4096);
}

/* --- archives */

static void add_release(struct strbuf *out, const struct archive_release *release)
{
	strbuf_add_string(out, "          version ");
	add_escaped(out, release->version);
	strbuf_addf(out, "%s", *release->architecture ? " for " : "");
	add_escaped(out, release->architecture);
	strbuf_addf(out, ", %zu components, %zu signature%s\n", release->n_components, release->n_signatures,
		    release->n_signatures == 1 ? "" : "s");
}

static void archive_as_text(const struct blob_store *store, struct strbuf *out)
{
	const struct archive_records *records = archive_store_records(store);
	char size[TEXT_SIZE_LENGTH];
	size_t n_blobs, n_attached = 0;
	uint64_t bytes = archive_store_blob_bytes(store, &n_blobs);

	for (size_t i = 0; i < records->n_images; i++)
		n_attached += records->images[i].attached_to != NULL;
	strbuf_addf(out, "archive   %s\nid        %s\n", blob_store_name(store), records->id);
	strbuf_addf(out, "state     %s\n", records->n_missing ? "incomplete" : "complete");
	strbuf_addf(out, "content   %zu images, %zu attached to them, %zu blobs, %s\n",
		    records->n_images - n_attached, n_attached, n_blobs, text_format_size(bytes, size));
	for (size_t i = 0; i < records->n_roots; i++) {
		strbuf_addf(out, "%-9s ", records->roots[i].kind);
		add_escaped(out, records->roots[i].source);
		strbuf_addf(out, " (%zu images)\n", records->roots[i].images.count);
		if (records->roots[i].release)
			add_release(out, records->roots[i].release);
	}
	for (size_t i = 0; i < records->n_missing; i++) {
		strbuf_add_string(out, "missing   ");
		add_escaped(out, records->missing[i].source);
		strbuf_add_string(out, "\n          ");
		add_escaped(out, records->missing[i].reason);
		strbuf_add_char(out, '\n');
	}
}

static void write_strings(struct json_writer *writer, const char *key, const struct strvec *list)
{
	json_open_array(writer, key);
	for (size_t i = 0; i < list->count; i++)
		json_write_string(writer, NULL, list->items[i]);
	json_close_array(writer);
}

static void write_image(struct json_writer *writer, const struct archive_image *image)
{
	char digest[DIGEST_TEXT_SIZE];

	json_open_object(writer, NULL);
	json_write_string(writer, "source", image->source);
	json_write_string(writer, "mediaType", manifest_type_name(image->type));
	json_write_string(writer, "digest", digest_format(&image->digest, digest));
	json_write_unsigned(writer, "size", image->size);
	if (image->attached_to)
		json_write_string(writer, "attachedTo", image->attached_to);
	json_close_object(writer);
}

static void write_release(struct json_writer *writer, const struct archive_release *release)
{
	char digest[DIGEST_TEXT_SIZE];

	json_open_object(writer, "release");
	json_write_string(writer, "version", release->version);
	json_write_string(writer, "architecture", release->architecture);
	json_open_array(writer, "components");
	for (size_t i = 0; i < release->n_components; i++) {
		json_open_object(writer, NULL);
		json_write_string(writer, "name", release->components[i].name);
		json_write_string(writer, "image", release->components[i].image);
		json_close_object(writer);
	}
	json_close_array(writer);
	json_open_array(writer, "signed");
	for (size_t i = 0; i < release->n_signatures; i++)
		json_write_string(writer, NULL, digest_format(&release->signatures[i].digest, digest));
	json_close_array(writer);
	json_close_object(writer);
}

static void write_archive_lists(struct json_writer *writer, const struct archive_records *records)
{
	json_open_array(writer, "roots");
	for (size_t i = 0; i < records->n_roots; i++) {
		json_open_object(writer, NULL);
		json_write_string(writer, "kind", records->roots[i].kind);
		json_write_string(writer, "source", records->roots[i].source);
		write_strings(writer, "images", &records->roots[i].images);
		if (records->roots[i].release)
			write_release(writer, records->roots[i].release);
		json_close_object(writer);
	}
	json_close_array(writer);
	json_open_array(writer, "images");
	for (size_t i = 0; i < records->n_images; i++)
		write_image(writer, &records->images[i]);
	json_close_array(writer);
	json_open_array(writer, "missing");
	for (size_t i = 0; i < records->n_missing; i++) {
		json_open_object(writer, NULL);
		json_write_string(writer, "source", records->missing[i].source);
		json_write_string(writer, "reason", records->missing[i].reason);
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void archive_as_json(const struct blob_store *store, struct strbuf *out)
{
	const struct archive_records *records = archive_store_records(store);
	struct json_writer writer = JSON_WRITER_INIT(out, 2);
	size_t n_blobs;
	uint64_t bytes = archive_store_blob_bytes(store, &n_blobs);

	json_open_object(&writer, NULL);
	json_write_string(&writer, "archive", blob_store_name(store));
	json_write_string(&writer, "id", records->id);
	json_write_boolean(&writer, "complete", records->n_missing == 0);
	write_strings(&writer, "predecessors", &records->predecessors);
	json_write_unsigned(&writer, "blobs", n_blobs);
	json_write_unsigned(&writer, "bytes", bytes);
	write_archive_lists(&writer, records);
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
}

/* --- layouts */

static void layout_as_text(const struct blob_store *store, struct strbuf *out)
{
	size_t count;
	const struct store_image *images = blob_store_images(store, &count);
	char digest[DIGEST_TEXT_SIZE];

	strbuf_addf(out, "layout    %s\ncontent   %zu images\n", blob_store_name(store), count);
	for (size_t i = 0; i < count; i++) {
		strbuf_addf(out, "image     %s  ", digest_format(&images[i].descriptor.digest, digest));
		add_escaped(out, images[i].name ? images[i].name : "(without a name)");
		strbuf_add_char(out, '\n');
	}
}

static void layout_as_json(const struct blob_store *store, struct strbuf *out)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 2);
	size_t count;
	const struct store_image *images = blob_store_images(store, &count);
	char digest[DIGEST_TEXT_SIZE];

	json_open_object(&writer, NULL);
	json_write_string(&writer, "layout", blob_store_name(store));
	json_open_array(&writer, "images");
	for (size_t i = 0; i < count; i++) {
		json_open_object(&writer, NULL);
		if (images[i].name)
			json_write_string(&writer, "name", images[i].name);
		json_write_string(&writer, "mediaType", images[i].descriptor.media_type);
		json_write_string(&writer, "digest", digest_format(&images[i].descriptor.digest, digest));
		json_write_unsigned(&writer, "size", images[i].descriptor.size);
		json_close_object(&writer);
	}
	json_close_array(&writer);
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
}

/* --- images in a registry */

struct inspected_image {
	char *name;
	struct source_image from;
	struct descriptor top;
	struct manifest manifest;
	struct image_config config;
	bool has_config;
};

static void inspected_image_release(struct inspected_image *image)
{
	free(image->name);
	source_image_release(&image->from);
	descriptor_release(&image->top);
	manifest_release(&image->manifest);
	image_config_release(&image->config);
}

/* Artifacts have configs that are none: that is no error. */
static int read_config(struct source_session *session, struct inspected_image *image, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const struct descriptor *config = &image->manifest.config;

	if (manifest_type_is_index(image->manifest.type) || config->size > OCI_MAX_CONFIG_SIZE)
		return 0;
	if (source_read_blob(session, &image->from, config, OCI_MAX_CONFIG_SIZE, &bytes, err) < 0)
		return -1;
	image->has_config = image_config_parse(&image->config, bytes.buf, bytes.len, &ignored) == 0;
	return 0;
}

static int read_image(struct source *source, const struct location *location, struct inspected_image *image,
		      struct error *err)
{
	CLEANUP(source_session_freep) struct source_session *session = source_session_new(source);
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	struct reference reference = REFERENCE_INIT;

	location_reference(location, &reference);
	image->name = reference_exact(&reference);
	int result = source_image_init_registry(&image->from, source, image->name, &reference, err);
	reference_release(&reference);
	if (result < 0)
		return -1;
	if (source_resolve(session, &image->from, &bytes, &image->top, err) < 0 ||
	    manifest_parse(&image->manifest, bytes.buf, bytes.len, image->top.media_type, OCI_MAX_CHILDREN,
			   err) < 0 ||
	    read_config(session, image, err) < 0)
		return error_wrap(err, "%s", image->name);
	return 0;
}

static uint64_t layer_bytes(const struct manifest *manifest)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < manifest->n_layers; i++)
		if (__builtin_add_overflow(bytes, manifest->layers[i].size, &bytes))
			return UINT64_MAX;
	return bytes;
}

static void image_as_text(const struct inspected_image *image, struct strbuf *out)
{
	const struct manifest *manifest = &image->manifest;
	char digest[DIGEST_TEXT_SIZE], size[TEXT_SIZE_LENGTH];

	strbuf_addf(out, "image     %s\ndigest    %s\ntype      %s\n", image->name,
		    digest_format(&image->top.digest, digest), manifest_type_name(manifest->type));
	if (!manifest_type_is_index(manifest->type))
		strbuf_addf(out, "layers    %zu, %s\n", manifest->n_layers,
			    text_format_size(layer_bytes(manifest), size));
	for (size_t i = 0; i < manifest->n_children; i++) {
		CLEANUP(free_string) char *platform = platform_format(&manifest->children[i].platform);
		strbuf_addf(out, "platform  %s  ", digest_format(&manifest->children[i].digest, digest));
		add_escaped(out, manifest->children[i].has_platform ? platform : "-");
		strbuf_add_char(out, '\n');
	}
	if (!image->has_config)
		return;
	CLEANUP(free_string) char *platform = platform_format(&image->config.platform);
	strbuf_add_string(out, "platform  ");
	add_escaped(out, platform);
	strbuf_add_string(out, "\ncreated   ");
	add_escaped(out, image->config.created ? image->config.created : "-");
	strbuf_add_char(out, '\n');
	for (size_t i = 0; i < image->config.n_labels; i++) {
		strbuf_add_string(out, "label     ");
		add_escaped(out, image->config.labels[i].name);
		strbuf_add_char(out, '=');
		add_escaped(out, image->config.labels[i].value);
		strbuf_add_char(out, '\n');
	}
}

static void write_descriptors(struct json_writer *writer, const char *key, const struct descriptor *list,
			      size_t count)
{
	char digest[DIGEST_TEXT_SIZE];

	json_open_array(writer, key);
	for (size_t i = 0; i < count; i++) {
		json_open_object(writer, NULL);
		json_write_string(writer, "mediaType", list[i].media_type);
		json_write_string(writer, "digest", digest_format(&list[i].digest, digest));
		json_write_unsigned(writer, "size", list[i].size);
		if (list[i].has_platform) {
			CLEANUP(free_string) char *platform = platform_format(&list[i].platform);
			json_write_string(writer, "platform", platform);
		}
		json_close_object(writer);
	}
	json_close_array(writer);
}

static void image_as_json(const struct inspected_image *image, struct strbuf *out)
{
	struct json_writer writer = JSON_WRITER_INIT(out, 2);
	char digest[DIGEST_TEXT_SIZE];

	json_open_object(&writer, NULL);
	json_write_string(&writer, "image", image->name);
	json_write_string(&writer, "digest", digest_format(&image->top.digest, digest));
	json_write_string(&writer, "mediaType", manifest_type_name(image->manifest.type));
	if (manifest_type_is_index(image->manifest.type))
		write_descriptors(&writer, "manifests", image->manifest.children, image->manifest.n_children);
	else
		write_descriptors(&writer, "layers", image->manifest.layers, image->manifest.n_layers);
	if (image->has_config) {
		CLEANUP(free_string) char *platform = platform_format(&image->config.platform);
		json_write_string(&writer, "platform", platform);
		if (image->config.created)
			json_write_string(&writer, "created", image->config.created);
		json_open_object(&writer, "labels");
		for (size_t i = 0; i < image->config.n_labels; i++)
			json_write_string(&writer, image->config.labels[i].name,
					  image->config.labels[i].value);
		json_close_object(&writer);
	}
	json_close_object(&writer);
	strbuf_add_char(out, '\n');
}

static int inspect_image(struct source *source, const struct location *location, bool is_json,
			 struct strbuf *out, struct error *err)
{
	CLEANUP(inspected_image_release) struct inspected_image image = {0};

	if (read_image(source, location, &image, err) < 0)
		return -1;
	if (is_json)
		image_as_json(&image, out);
	else
		image_as_text(&image, out);
	return 0;
}

int inspect_location(const struct location *location, const struct run_options *options, bool is_json,
		     struct strbuf *out, struct error *err)
{
	CLEANUP(run_closep) struct run *run = run_new_offline(options);
	CLEANUP(source_freep) struct source *source = NULL;

	if (location->type == LOCATION_REGISTRY && run_go_online(run, location, 1, NULL, 0, err) < 0)
		return -1;
	if (run_open_source(run, location, &source, err) < 0)
		return -1;
	if (location->type == LOCATION_REGISTRY)
		return inspect_image(source, location, is_json, out, err);
	bool is_archive = location->type == LOCATION_ARCHIVE;
	if (is_json)
		(is_archive ? archive_as_json : layout_as_json)(source_store(source), out);
	else
		(is_archive ? archive_as_text : layout_as_text)(source_store(source), out);
	return 0;
}
