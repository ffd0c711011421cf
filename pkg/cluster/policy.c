/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void entry_release(struct policy_entry *entry)
{
	free(entry->source);
	strvec_release(&entry->mirrors);
	free(entry->mirror_source_policy);
}

void policy_release(struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++)
		entry_release(&policy->entries[i]);
	free(policy->entries);
	*policy = (struct policy)POLICY_INIT;
}

int policy_scope_parse(enum policy_scope *scope, const char *text, struct error *err)
{
	static const char *const names[] = {
		[POLICY_SCOPE_REPOSITORY] = "repository",
		[POLICY_SCOPE_NAMESPACE] = "namespace",
		[POLICY_SCOPE_REGISTRY] = "registry",
		[POLICY_SCOPE_AUTO] = "auto",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*scope = (enum policy_scope)i;
			return 0;
		}
	}
	CLEANUP(free_string) char *shown = text_escaped(text);
	return error_set(err, ERROR_USAGE,
			 "\"%s\" is no scope: choose repository, namespace, registry or auto", shown);
}

/* Where the source is, or where it belongs. */
static size_t find_position(const struct policy *policy, const char *source)
{
	size_t low = 0;
	size_t high = policy->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(policy->entries[middle].source, source) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The entry of a source, made if needed. */
static struct policy_entry *get_entry(struct policy *policy, const char *source)
{
	size_t position = find_position(policy, source);

	if (position < policy->count && strcmp(policy->entries[position].source, source) == 0)
		return &policy->entries[position];
	array_grow(policy->entries, policy->count, policy->allocated);
	struct policy_entry *entry = &policy->entries[position];
	memmove(entry + 1, entry, (policy->count - position) * sizeof(*entry));
	policy->count++;
	*entry = (struct policy_entry){.source = xstrdup(source)};
	return entry;
}

void policy_add(struct policy *policy, const char *source, const char *mirror)
{
	struct policy_entry *entry = get_entry(policy, source);

	if (!strvec_contains(&entry->mirrors, mirror))
		strvec_push(&entry->mirrors, mirror);
}

/* --- existing policies */

static bool is_object_of_kind(const struct node *object, enum policy_kind kind)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *wanted = kind == POLICY_ICSP ? "ImageContentSourcePolicy" : "ImageDigestMirrorSet";
	struct node member = node_member(object, "kind");
	const char *text = NULL;

	return node_type(&member) == NODE_STRING && node_string(&member, &text, &ignored) == 0 &&
	       strcmp(text, wanted) == 0;
}

static int merge_source_policy(struct policy_entry *entry, const struct node *node, struct error *err)
{
	const char *text = NULL;

	if (node_optional_string(node, &text, err) < 0)
		return -1;
	if (!text || !*text)
		return 0;
	if (entry->mirror_source_policy && strcmp(entry->mirror_source_policy, text) != 0)
		return node_error(node, err, "differs from that of another entry with the same source");
	free(entry->mirror_source_policy);
	entry->mirror_source_policy = xstrdup(text);
	return 0;
}

static int merge_entry(struct policy *policy, enum policy_kind kind, const struct node *node,
		       struct error *err)
{
	CLEANUP(strvec_release) struct strvec mirrors = STRVEC_INIT;
	struct node source_node = node_member(node, "source");
	struct node mirrors_node = node_member(node, "mirrors");
	const char *source = NULL;

	if (node_string(&source_node, &source, err) < 0 || node_strings(&mirrors_node, &mirrors, err) < 0)
		return -1;
	if (!*source)
		return node_error(&source_node, err, "is empty");

	struct policy_entry *entry = get_entry(policy, source);
	for (size_t i = 0; i < mirrors.count; i++) {
		if (!strvec_contains(&entry->mirrors, mirrors.items[i]))
			strvec_push(&entry->mirrors, mirrors.items[i]);
	}
	if (kind == POLICY_ICSP)
		return 0;
	struct node policy_node = node_member(node, "mirrorSourcePolicy");
	return merge_source_policy(entry, &policy_node, err);
}

static int merge_object(struct policy *policy, enum policy_kind kind, const struct node *object,
			struct error *err)
{
	if (!is_object_of_kind(object, kind))
		return 0;

	struct node spec = node_member(object, "spec");
	struct node list =
		node_member(&spec, kind == POLICY_ICSP ? "repositoryDigestMirrors" : "imageDigestMirrors");
	if (node_type(&list) == NODE_ABSENT)
		return 0;
	if (node_expect_array(&list, err) < 0)
		return -1;
	for (size_t i = 0; i < node_count(&list); i++) {
		struct node entry = node_element(&list, i);
		if (node_expect_object(&entry, err) < 0 || merge_entry(policy, kind, &entry, err) < 0)
			return -1;
	}
	return 0;
}

static int merge_objects(struct policy *policy, enum policy_kind kind, const struct node *objects,
			 struct error *err)
{
	for (size_t i = 0; i < node_count(objects); i++) {
		struct node object = node_element(objects, i);
		if (merge_object(policy, kind, &object, err) < 0)
			return -1;
	}
	return 0;
}

int policy_merge_document(struct policy *policy, enum policy_kind kind, const struct document *document,
			  struct error *err)
{
	struct node root = document_root(document);

	if (node_expect_array(&root, err) < 0 || merge_objects(policy, kind, &root, err) < 0)
		return -1;
	/* `oc get ... -o yaml` puts the objects into a list. */
	for (size_t i = 0; i < node_count(&root); i++) {
		struct node object = node_element(&root, i);
		struct node items = node_member(&object, "items");
		if (node_type(&items) == NODE_ARRAY && merge_objects(policy, kind, &items, err) < 0)
			return -1;
	}
	return 0;
}
