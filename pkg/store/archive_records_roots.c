/* SPDX-License-Identifier: Apache-2.0 */
/* The roots of the records: catalogs, releases, images. */
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "store/archive_records.h"
#include "store/archive_records_members.h"

#define MAX_SIGNATURE_SIZE ((size_t)64 << 10)

static int read_components(const struct node *object, struct archive_release *release, struct error *err)
{
	struct node list;

	if (records_read_list(object, "components", &list, err) < 0)
		return -1;
	release->components = xcalloc(node_count(&list), sizeof(*release->components));
	for (size_t i = 0; i < node_count(&list); i++) {
		struct node element = node_element(&list, i);
		struct archive_component *component = &release->components[release->n_components++];

		if (records_read_name(&element, "name", &component->name, err) < 0 ||
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
	if (strlen(text) > MAX_SIGNATURE_SIZE * 4 / 3 + 4 || !base64_decode(&signature->message, text))
		return node_error(&message, err, "is not base64 of at most %zu bytes", MAX_SIGNATURE_SIZE);
	return 0;
}

static int read_signatures(const struct node *object, struct archive_release *release, struct error *err)
{
	struct node list;

	if (records_read_list(object, "signatures", &list, err) < 0)
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

	if (records_read_name(object, "version", &release->version, err) < 0 ||
	    records_read_name(object, "architecture", &release->architecture, err) < 0 ||
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
	return 0;
}
