/* SPDX-License-Identifier: Apache-2.0 */
#include "release/update_keys.h"

#include <string.h>

#include "base/text.h"
#include "document/document.h"

static const char annotation[] = "release.openshift.io/verification-config-map";

bool update_keys_are_mentioned(const void *bytes, size_t length)
{
	return length && memmem(bytes, length, annotation, strlen(annotation));
}

static bool member_is(const struct node *object, const char *key, const char *wanted)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	struct node member = node_member(object, key);
	const char *text = NULL;

	return node_string(&member, &text, &ignored) == 0 && !strcmp(text, wanted);
}

/* A key without a value is there too, unlike what node_member says of it. */
static bool has_key(const struct node *object, const char *wanted)
{
	const char *key = NULL;

	for (struct node member; node_next_member(object, &member, &key);)
		if (!strcmp(key, wanted))
			return true;
	return false;
}

static bool is_wanted(const struct node *object)
{
	struct node metadata = node_member(object, "metadata");
	struct node annotations = node_member(&metadata, "annotations");

	return member_is(object, "apiVersion", "v1") && member_is(object, "kind", "ConfigMap") &&
	       has_key(&annotations, annotation);
}

static int read_keyrings(const struct node *config_map, struct strvec *keyrings, struct error *err)
{
	struct node data = node_member(config_map, "data");
	const char *key = NULL;

	if (node_type(&data) == NODE_ABSENT)
		return 0;
	if (node_expect_object(&data, err) < 0)
		return -1;
	for (struct node member; node_next_member(&data, &member, &key);) {
		const char *text = NULL;
		if (!text_starts_with(key, "verifier-public-key-"))
			continue;
		if (node_string(&member, &text, err) < 0)
			return -1;
		strvec_push(keyrings, text);
	}
	return 0;
}

static int find_in_object(const struct node *object, struct strvec *keyrings, bool *is_found,
			  struct error *err)
{
	CLEANUP(strvec_release) struct strvec found = STRVEC_INIT;

	if (!is_wanted(object))
		return 0;
	if (read_keyrings(object, &found, err) < 0)
		return -1;
	*keyrings = steal(&found);
	*is_found = true;
	return 0;
}

int update_keys_parse(const char *name, const void *bytes, size_t length, struct strvec *keyrings,
		      bool *is_found, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	bool is_json = text_ends_with(name, ".json"), is_found_here = false;

	if ((is_json ? document_parse_json(&document, name, bytes, length, err)
		     : document_parse_yaml(&document, name, bytes, length, err)) < 0)
		return -1;
	struct node root = document_root(document);
	if (is_json && find_in_object(&root, keyrings, &is_found_here, err) < 0)
		return -1;
	for (size_t i = 0; !is_json && !is_found_here && i < node_count(&root); i++) {
		struct node object = node_element(&root, i);
		if (find_in_object(&object, keyrings, &is_found_here, err) < 0)
			return -1;
	}
	*is_found = is_found_here;
	return 0;
}
