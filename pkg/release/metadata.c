/* SPDX-License-Identifier: Apache-2.0 */
/* release-metadata: a node of the update graph (Cincinnati) in JSON. */
#include <string.h>

#include "base/text.h"
#include "document/document.h"
#include "release/release.h"

static int check_kind(const struct node *root, struct error *err)
{
	struct node member = node_member(root, "kind");
	const char *kind = NULL;

	if (node_string(&member, &kind, err) < 0)
		return -1;
	if (!strcmp(kind, "cincinnati-metadata-v0"))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(kind);
	return node_error(&member, err, "\"%s\" is not cincinnati-metadata-v0", shown);
}

int release_parse_metadata(struct release_payload *payload, const void *bytes, size_t length,
			   struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(strvec_release) struct strvec previous = STRVEC_INIT;
	const char *version = NULL;

	if (length > RELEASE_MAX_METADATA_SIZE)
		return error_set(err, ERROR_INVALID, "release-metadata: is larger than %zu bytes",
				 RELEASE_MAX_METADATA_SIZE);
	if (document_parse_json(&document, "release-metadata", bytes, length, err) < 0)
		return -1;
	struct node root = document_root(document);
	struct node version_node = node_member(&root, "version");
	struct node previous_node = node_member(&root, "previous");
	if (node_expect_object(&root, err) < 0 || check_kind(&root, err) < 0 ||
	    node_string(&version_node, &version, err) < 0 || node_strings(&previous_node, &previous, err) < 0)
		return -1;
	payload->previous = steal(&previous);
	return 0;
}
