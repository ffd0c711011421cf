/* SPDX-License-Identifier: Apache-2.0 */
/* The roots of the records: catalogs, releases, images. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/map.h"
#include "oci/reference.h"
#include "store/archive_records.h"
#include "store/archive_records_members.h"

#define MAX_SIGNATURE_SIZE ((size_t)64 << 10)
/* More than any release has (release/release.h has the same limits). */
#define MAX_COMPONENTS 4096
#define MAX_SIGNATURES 65

/* What becomes part of tags at the mirror, and of the names of files. */
static int read_tag_part(const struct node *object, const char *key, bool may_be_empty, char **text,
			 struct error *err)
{
	struct node member = node_member(object, key);

	if (records_read_name(object, key, text, err) < 0)
		return -1;
	if (reference_is_tag(*text) || (may_be_empty && !**text))
		return 0;
	return node_error(&member, err, "cannot be part of a tag");
}

static int read_limited_list(const struct node *object, const char *key, size_t limit, struct node *list,
			     struct error *err)
{
	if (records_read_list(object, key, list, err) < 0)
		return -1;
	if (node_count(list) <= limit)
		return 0;
	return node_error(list, err, "has %zu entries, more than %zu", node_count(list), limit);
}

static int read_components(const struct node *object, struct archive_release *release, struct error *err)
{
	struct node list;

	if (read_limited_list(object, "components", MAX_COMPONENTS, &list, err) < 0)
		return -1;
	release->components = xcalloc(node_count(&list), sizeof(*release->components));
	for (size_t i = 0; i < node_count(&list); i++) {
		struct node element = node_element(&list, i);
		struct archive_component *component = &release->components[release->n_components++];

		if (read_tag_part(&element, "name", false, &component->name, err) < 0 ||
		    records_read_name(&element, "image", &component->image, err) < 0)
			return -1;
	}
	return 0;
}

static int read_signature(const struct node *object, struct archive_signature *signature, struct error *err)
{
	CLEANUP(free_string) char *digest = NULL;
	CLEANUP(free_string) char *text = NULL;
	struct node message = node_member(object, "message");

	if (records_read_text(object, "digest", &digest, err) < 0 ||
	    records_read_text(object, "message", &text, err) < 0)
		return -1;
	if (digest_parse(&signature->digest, digest, err) < 0)
		return error_wrap(err, "signature");
	if (!base64_decode(&signature->message, text) || signature->message.len > MAX_SIGNATURE_SIZE)
		return node_error(&message, err, "is not base64 of at most %zu bytes", MAX_SIGNATURE_SIZE);
	return 0;
}

static int read_signatures(const struct node *object, struct archive_release *release, struct error *err)
{
	struct node list;

	if (read_limited_list(object, "signatures", MAX_SIGNATURES, &list, err) < 0)
		return -1;
	release->signatures = xcalloc(node_count(&list), sizeof(*release->signatures));
	for (size_t i = 0; i < node_count(&list); i++) {
		struct node element = node_element(&list, i);
		struct archive_signature *signature = &release->signatures[release->n_signatures++];

		signature->message = (struct strbuf)STRBUF_INIT;
		if (read_signature(&element, signature, err) < 0)
			return -1;
	}
	return 0;
}

static int read_release(const struct node *object, struct archive_release *release, struct error *err)
{
	struct node without_image = node_member(object, "withoutImage");

	if (read_tag_part(object, "version", false, &release->version, err) < 0 ||
	    read_tag_part(object, "architecture", true, &release->architecture, err) < 0 ||
	    node_optional_boolean(&without_image, false, &release->without_image, err) < 0 ||
	    read_components(object, release, err) < 0 ||
	    records_read_names(object, "previous", &release->previous, err) < 0)
		return -1;
	return read_signatures(object, release, err);
}

static int read_root(const struct node *object, struct archive_root *root, struct error *err)
{
	struct node release = node_member(object, "release");

	if (records_read_name(object, "kind", &root->kind, err) < 0 ||
	    records_read_name(object, "source", &root->source, err) < 0 ||
	    records_read_names(object, "images", &root->images, err) < 0)
		return -1;
	if (strcmp(root->kind, "release") != 0)
		return 0;
	if (node_expect_object(&release, err) < 0)
		return -1;
	root->release = xcalloc(1, sizeof(*root->release));
	return read_release(&release, root->release, err);
}

/* By kind and name: push would give two of them one place. */
static int check_unique(const struct archive_records *records, struct error *err)
{
	struct map seen = MAP_INIT;
	int result = 0;

	for (size_t i = 0; i < records->n_roots && result == 0; i++) {
		const struct archive_root *root = &records->roots[i];
		CLEANUP(free_string) char *key = xasprintf("%s %s", root->kind, root->source);

		if (map_contains(&seen, key))
			result = error_set(err, ERROR_INVALID, "roots: %s is there twice", key);
		map_set(&seen, key, NULL);
	}
	map_release(&seen);
	return result;
}

int archive_records_read_roots(const struct node *records_node, struct archive_records *records,
			       struct error *err)
{
	struct node list;

	if (records_read_list(records_node, "roots", &list, err) < 0)
		return -1;
	records->roots = xcalloc(node_count(&list), sizeof(*records->roots));
	for (size_t i = 0; i < node_count(&list); i++) {
		struct node object = node_element(&list, i);

		if (read_root(&object, &records->roots[records->n_roots++], err) < 0)
			return -1;
	}
	return check_unique(records, err);
}
