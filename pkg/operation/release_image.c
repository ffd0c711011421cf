/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/release_image.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "operation/oc_store.h"
#include "operation/planning_blobs.h"
#include "operation/remembered.h"
#include "release/semver.h"

static const char remembered_kind[] = "releases";
static const char config_kind[] = "configs";
static const char progress_text[] = "reading the release image";

void release_image_release(struct release_image *image)
{
	source_image_release(&image->from);
	reference_release(&image->reference);
	free(steal(&image->name));
	image_config_release(&image->config);
	strbuf_release(&image->config_bytes);
	platform_image_release(&image->platform);
	release_payload_release(&image->payload);
}

/* --- the name */

static const char *const architectures[][2] = {
	{"x86_64", "x86_64"},   {"amd64", "x86_64"}, {"aarch64", "aarch64"}, {"arm64", "aarch64"},
	{"ppc64le", "ppc64le"}, {"s390x", "s390x"},  {"multi", "multi"},
};

static const char *find_architecture(const char *arch)
{
	for (size_t i = 0; i < ARRAY_LENGTH(architectures); i++)
		if (!strcmp(architectures[i][0], arch))
			return architectures[i][1];
	return NULL;
}

/* "4.14" and "v4.14.1" are meant as versions; a one-word image name never starts so. */
static bool looks_like_version(const char *text)
{
	const char *number = text + (*text == 'v');
	size_t n_digits = strspn(number, "0123456789");

	return n_digits > 0 && number[n_digits] == '.' && !text[strcspn(text, "/:@")];
}

int release_location_parse(struct location *location, const char *text, const char *arch, char **version,
			   struct error *err)
{
	const char *architecture = find_architecture(arch ? arch : "x86_64");

	if (!architecture) {
		CLEANUP(free_string) char *shown = text_escaped(arch);
		return error_set(err, ERROR_USAGE,
				 "--arch %s: is none of x86_64, aarch64, s390x, ppc64le, multi", shown);
	}
	if (semver_is_valid(text)) {
		CLEANUP(free_string)
		char *image =
			xasprintf("quay.io/openshift-release-dev/ocp-release:%s-%s", text, architecture);
		*version = xstrdup(text);
		return location_parse(location, image, err);
	}
	if (looks_like_version(text)) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return error_set(err, ERROR_USAGE, "'%s' is no version such as 4.14.1, and no pull spec",
				 shown);
	}
	if (arch)
		return error_set(
			err, ERROR_USAGE,
			"--arch: goes with a bare version such as 4.14.1; a pull spec says by itself "
			"which image it is");
	if (location_parse(location, text, err) < 0)
		return -1;
	if (location->type == LOCATION_REGISTRY || location->type == LOCATION_ARCHIVE)
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(text);
	return error_set(err, ERROR_USAGE,
			 "%s: a release is an image in a registry, or in an archive: archive:PATH", shown);
}

int release_image_init(struct release_image *image, struct source *source, const struct location *location,
		       struct error *err)
{
	if (oc_store_refuse(location, err) < 0)
		return -1;
	if (location->type != LOCATION_REGISTRY)
		return error_set(err, ERROR_USAGE,
				 "%s: a release is read from a registry; what an archive holds is sent with: "
				 "airlift push",
				 location->text);
	location_reference(location, &image->reference);
	image->name = reference_exact(&image->reference);
	return source_image_init_registry(&image->from, source, image->name, &image->reference, err);
}

int release_image_init_recorded(struct release_image *image, const struct archive_records *records,
				const struct archive_root *root, struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const struct archive_image *recorded = archive_records_find_image(records, root->source);

	if (!recorded)
		return error_set(err, ERROR_NOT_FOUND, "%s: the release image is not in the archive",
				 root->source);
	struct descriptor top = {.digest = recorded->digest,
				 .size = recorded->size,
				 .media_type = (char *)manifest_type_name(recorded->type)};
	/* Recorded names need not be references: then there is only the name. */
	(void)!reference_parse_with_host(&image->reference, root->source, &ignored);
	image->name = xstrdup(root->source);
	source_image_init_store(&image->from, &top);
	return 0;
}

const char *release_image_architecture(const struct release_image *image)
{
	const char *architecture = image->config.platform.architecture;

	return architecture ? release_architecture(architecture) : "";
}

/* --- the payload */

/* Whoever asks about an archive wants to know what is in it, not what another one held. */
static const char *memory_of(const struct run *run, struct source *source)
{
	return source_store(source) ? NULL : run->work_directory;
}

static bool remember(const char *memory, struct release_image *image)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;

	return memory && remembered_read(memory, remembered_kind, &image->platform.chosen, &text) &&
	       release_payload_parse(&image->payload, text.buf, text.len, &ignored) == 0;
}

static int read_layers(struct run *run, struct source *source, struct release_image *image,
		       const struct descriptor *layers, size_t count, struct error *err)
{
	if (planning_blobs_fetch(run, source, &image->from, layers, count, progress_text, err) < 0)
		return -1;
	return release_payload_read(&image->payload, planning_blobs_store(run, source), layers, count,
				    &run->progress, err);
}

/* Releases have all of it in their top layer; the base below it is a hundred times as large. */
static int read_payload(struct run *run, struct source *source, struct release_image *image,
			struct error *err)
{
	CLEANUP(error_clear) struct error incomplete = ERROR_INIT;
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	const char *memory = memory_of(run, source);
	const struct descriptor *layers = image->platform.manifest.layers;
	size_t n_layers = image->platform.manifest.n_layers;

	if (remember(memory, image))
		return 0;
	bool is_whole = n_layers > 1 &&
			read_layers(run, source, image, &layers[n_layers - 1], 1, &incomplete) == 0 &&
			image->payload.metadata.len > 0;
	if (incomplete.code != ERROR_NONE && !error_is(&incomplete, ERROR_NOT_FOUND))
		return error_move(err, &incomplete);
	if (!is_whole) {
		release_payload_release(&image->payload);
		image->payload = (struct release_payload)RELEASE_PAYLOAD_INIT;
		if (read_layers(run, source, image, layers, n_layers, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < image->payload.warnings.count; i++)
		log_warning("%s: %s", image->name, image->payload.warnings.items[i]);
	if (!memory)
		return 0;
	release_payload_format(&image->payload, &text);
	return remembered_write(memory, remembered_kind, &image->platform.chosen, &text, err);
}

const struct platform_choice *release_image_choice(bool keeps_manifest_list)
{
	static const struct platform_choice amd64 = {
		.flag = "--filter-by-os", .filter = "linux/amd64", .rule = PLATFORM_WISH};

	return keeps_manifest_list ? &amd64 : NULL;
}

int release_image_resolve(struct run *run, struct source *source, struct release_image *image,
			  const struct platform_choice *choice, struct error *err)
{
	static const struct platform_choice first = {0};
	CLEANUP(source_session_freep) struct source_session *session = source_session_new(source);

	if (platform_image_read(run, session, &image->from, NULL, choice ? choice : &first, &image->platform,
				err) < 0)
		return error_wrap(err, "%s", image->name);
	image->is_resolved = true;
	return 0;
}

/* Without the image its digest is known from its signature, and its payload has no keys to offer. */
static void stand_in(struct release_image *image, const struct archive_root *root)
{
	const struct archive_release *release = root->release;

	image->name = xstrdup(root->source);
	image->platform.top = image->platform.chosen =
		release->n_signatures ? release->signatures[0].digest : (struct digest){{0}};
	image->is_resolved = true;
	image->payload.version = xstrdup(release->version);
}

int release_image_open_recorded(struct run *run, struct source *source, struct release_image *image,
				const struct archive_records *records, const struct archive_root *root,
				struct error *err)
{
	bool is_multi = !strcmp(root->release->architecture, "multi");

	if (root->release->without_image && !archive_records_find_image(records, root->source)) {
		stand_in(image, root);
		return 0;
	}
	if (release_image_init_recorded(image, records, root, err) < 0)
		return -1;
	return release_image_resolve(run, source, image, release_image_choice(is_multi), err);
}

/* Asking for it each time would be the one blob that a run with nothing new fetches. */
static int read_config(struct run *run, struct source *source, struct release_image *image, struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const struct digest *digest = &image->platform.manifest.config.digest;
	struct strbuf *bytes = &image->config_bytes;
	const char *memory = memory_of(run, source);

	if (memory && remembered_read(memory, config_kind, digest, bytes) &&
	    image_config_parse(&image->config, bytes->buf, bytes->len, &ignored) == 0)
		return 0;
	strbuf_reset(bytes);
	if (planning_blobs_read_config(run, source, &image->from, &image->platform.manifest, progress_text,
				       &image->config, bytes, err) < 0)
		return -1;
	return memory ? remembered_write(memory, config_kind, digest, bytes, err) : 0;
}

int release_image_read_payload(struct run *run, struct source *source, struct release_image *image,
			       struct error *err)
{
	if (image->payload.version)
		return 0;
	if (read_config(run, source, image, err) < 0 || read_payload(run, source, image, err) < 0)
		return error_wrap(err, "%s", image->name);
	return 0;
}

/* The tag of a bare version is "<version>-<architecture>"; what is in a list is another matter. */
static int check_tagged_architecture(const struct release_image *image, const char *version,
				     struct error *err)
{
	const char *tagged = image->reference.tag + strlen(version) + 1;
	const char *architecture = release_image_architecture(image);

	if (image->platform.is_list || !*architecture || !strcmp(tagged, architecture))
		return 0;
	return error_set(err, ERROR_DIGEST, "%s: is for %s, not for %s as its tag says", image->name,
			 architecture, tagged);
}

int release_image_check_version(struct run *run, struct source *source, struct release_image *image,
				const char *version, struct error *err)
{
	if (release_image_read_payload(run, source, image, err) < 0)
		return -1;
	if (strcmp(image->payload.version, version) != 0)
		return error_set(err, ERROR_DIGEST, "%s: is release %s, not %s as its tag says", image->name,
				 image->payload.version, version);
	return check_tagged_architecture(image, version, err);
}
