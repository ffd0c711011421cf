/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one file of containers-registries.conf(5). Checks and their words are those of containers/image
 * (pkg/sysregistriesv2), which is what reads the same file on a cluster's nodes.
 */
#include "registry/registries_conf_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "document/document.h"

void registry_entry_release(struct registry_entry *entry)
{
	for (size_t i = 0; i < entry->n_mirrors; i++)
		free(entry->mirrors[i].location);
	free(entry->mirrors);
	free(entry->prefix);
	free(entry->location);
	*entry = (struct registry_entry){0};
}

void registries_conf_file_release(struct registries_conf_file *file)
{
	for (size_t i = 0; i < file->n_entries; i++)
		registry_entry_release(&file->entries[i]);
	free(file->entries);
	strvec_release(&file->unqualified_search);
	*file = (struct registries_conf_file)REGISTRIES_CONF_FILE_INIT;
}

/* A location or prefix without trailing slashes; "" when it is absent. The caller frees it. */
static int normalise_location(const struct node *node, const char *text, char **location, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(text);
	size_t length = strlen(text);

	if (text_starts_with(text, "http://") || text_starts_with(text, "https://"))
		return node_error(node, err, "invalid location '%s': URI schemes are not supported", shown);
	while (length && text[length - 1] == '/')
		length--;
	*location = xstrndup(text, length);
	return 0;
}

static int read_location(const struct node *table, const char *key, char **location, struct error *err)
{
	struct node node = node_member(table, key);
	const char *text;

	if (node_optional_string(&node, &text, err) < 0)
		return -1;
	return normalise_location(&node, text ? text : "", location, err);
}

static int read_flag(const struct node *table, const char *key, bool *flag, struct error *err)
{
	struct node node = node_member(table, key);

	return node_optional_boolean(&node, false, flag, err);
}

static int read_pull_from_mirror(const struct node *table, const struct registry_entry *entry,
				 struct registry_mirror *mirror, struct error *err)
{
	struct node node = node_member(table, "pull-from-mirror");
	CLEANUP(free_string) char *prefix = text_escaped(entry->prefix);
	CLEANUP(free_string) char *location = text_escaped(mirror->location);
	const char *text;

	if (node_optional_string(&node, &text, err) < 0)
		return -1;
	if (!text || !*text)
		return 0;
	if (entry->mirror_by_digest_only)
		return node_error(
			&node, err,
			"cannot set mirror usage mirror-by-digest-only for the registry (\"%s\") and "
			"pull-from-mirror for per-mirror (\"%s\") at the same time",
			prefix, location);
	if (!strcmp(text, "digest-only")) {
		mirror->pull = PULL_FROM_MIRROR_DIGEST_ONLY;
	} else if (!strcmp(text, "tag-only")) {
		mirror->pull = PULL_FROM_MIRROR_TAG_ONLY;
	} else if (strcmp(text, "all") != 0) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return node_error(&node, err, "unsupported pull-from-mirror value \"%s\" for mirror \"%s\"",
				  shown, location);
	}
	return 0;
}

static int read_mirrors(const struct node *table, struct registry_entry *entry, struct error *err)
{
	struct node list = node_member(table, "mirror");

	if (node_type(&list) == NODE_ABSENT)
		return 0;
	if (node_expect_array(&list, err) < 0)
		return -1;
	size_t count = node_count(&list);
	entry->mirrors = xcalloc(count, sizeof(*entry->mirrors));
	for (size_t i = 0; i < count; i++) {
		struct node node = node_element(&list, i);
		struct registry_mirror *mirror = &entry->mirrors[entry->n_mirrors++];

		if (node_expect_object(&node, err) < 0 ||
		    read_location(&node, "location", &mirror->location, err) < 0 ||
		    read_flag(&node, "insecure", &mirror->is_insecure, err) < 0)
			return -1;
		if (!*mirror->location)
			return node_error(&node, err, "invalid condition: mirror location is unset");
		if (read_pull_from_mirror(&node, entry, mirror, err) < 0)
			return -1;
	}
	return 0;
}

static int check_names(const struct node *table, struct registry_entry *entry, struct error *err)
{
	if (!*entry->prefix && !*entry->location)
		return node_error(table, err, "invalid condition: both location and prefix are unset");
	if (!*entry->location && !text_starts_with(entry->prefix, "*."))
		return node_error(table, err,
				  "invalid condition: location is unset and prefix is not in the "
				  "format: *.example.com");
	if (!*entry->prefix) {
		free(entry->prefix);
		entry->prefix = xstrdup(entry->location);
	}
	struct node pull = node_member(table, "pull-from-mirror");
	const char *text;
	if (node_optional_string(&pull, &text, err) < 0)
		return -1;
	if (text && *text) {
		CLEANUP(free_string) char *prefix = text_escaped(entry->prefix);
		return node_error(&pull, err,
				  "pull-from-mirror must not be set for a non-mirror registry \"%s\"",
				  prefix);
	}
	return 0;
}

static int read_entry(const struct node *table, struct registry_entry *entry, struct error *err)
{
	if (node_expect_object(table, err) < 0 ||
	    read_location(table, "location", &entry->location, err) < 0 ||
	    read_location(table, "prefix", &entry->prefix, err) < 0 ||
	    read_flag(table, "insecure", &entry->is_insecure, err) < 0 ||
	    read_flag(table, "blocked", &entry->is_blocked, err) < 0 ||
	    read_flag(table, "mirror-by-digest-only", &entry->mirror_by_digest_only, err) < 0)
		return -1;
	if (check_names(table, entry, err) < 0)
		return -1;
	return read_mirrors(table, entry, err);
}

static int read_entries(struct registries_conf_file *file, const struct node *root, struct error *err)
{
	struct node list = node_member(root, "registry");

	if (node_type(&list) == NODE_ABSENT)
		return 0;
	if (node_expect_array(&list, err) < 0)
		return -1;
	size_t count = node_count(&list);
	file->entries = xcalloc(count, sizeof(*file->entries));
	for (size_t i = 0; i < count; i++) {
		struct node table = node_element(&list, i);

		if (read_entry(&table, &file->entries[file->n_entries++], err) < 0)
			return -1;
	}
	return 0;
}

static int read_search(struct registries_conf_file *file, const struct node *list, struct error *err)
{
	CLEANUP(strvec_release) struct strvec texts = STRVEC_INIT;

	file->has_unqualified_search = node_type(list) != NODE_ABSENT;
	if (node_strings(list, &texts, err) < 0)
		return -1;
	for (size_t i = 0; i < texts.count; i++) {
		CLEANUP(free_string) char *shown = text_escaped(texts.items[i]);
		CLEANUP(free_string) char *host = NULL;

		if (normalise_location(list, texts.items[i], &host, err) < 0)
			return -1;
		if (!reference_is_host(host))
			return node_error(list, err, "'%s' is not a host[:port]", shown);
		strvec_push_take(&file->unqualified_search, steal(&host));
	}
	return 0;
}

/* The entry for a location of version 1, made at the first mention. */
static struct registry_entry *entry_for(struct registries_conf_file *file, const char *location)
{
	for (size_t i = 0; i < file->n_entries; i++)
		if (!strcmp(file->entries[i].location, location))
			return &file->entries[i];
	file->entries = xreallocarray(file->entries, file->n_entries + 1, sizeof(*file->entries));
	struct registry_entry *entry = &file->entries[file->n_entries++];
	*entry = (struct registry_entry){.prefix = xstrdup(location), .location = xstrdup(location)};
	return entry;
}

/* [registries.block] or [registries.insecure] of version 1. */
static int read_v1_list(struct registries_conf_file *file, const struct node *list, bool is_block,
			struct error *err)
{
	CLEANUP(strvec_release) struct strvec texts = STRVEC_INIT;

	if (node_strings(list, &texts, err) < 0)
		return -1;
	for (size_t i = 0; i < texts.count; i++) {
		CLEANUP(free_string) char *location = NULL;

		if (normalise_location(list, texts.items[i], &location, err) < 0)
			return -1;
		if (!*location)
			return node_error(list, err, "has an empty name");
		struct registry_entry *entry = entry_for(file, location);
		entry->is_blocked |= is_block;
		entry->is_insecure |= !is_block;
	}
	return 0;
}

static int read_v1(struct registries_conf_file *file, const struct node *registries, struct error *err)
{
	struct node search = node_member(registries, "search"), block = node_member(registries, "block");
	struct node insecure = node_member(registries, "insecure");
	struct node search_list = node_member(&search, "registries");
	struct node block_list = node_member(&block, "registries");
	struct node insecure_list = node_member(&insecure, "registries");

	if (read_search(file, &search_list, err) < 0 || read_v1_list(file, &block_list, true, err) < 0)
		return -1;
	return read_v1_list(file, &insecure_list, false, err);
}

static bool is_version_2(const struct node *root)
{
	static const char *const keys[] = {
		"registry",
		"unqualified-search-registries",
		"credential-helpers",
		"short-name-mode",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		struct node node = node_member(root, keys[i]);
		if (node_type(&node) != NODE_ABSENT)
			return true;
	}
	return false;
}

/* Entries with the same location are the same registry under several prefixes. */
static int check_conflicts(const struct registries_conf_file *file, const struct node *root,
			   struct error *err)
{
	CLEANUP(map_release) struct map first = MAP_INIT;

	for (size_t i = 0; i < file->n_entries; i++) {
		struct registry_entry *entry = &file->entries[i];
		const char *name = *entry->location ? entry->location : entry->prefix;
		const struct registry_entry *other = map_get(&first, name);

		if (!other) {
			map_set(&first, name, entry);
			continue;
		}
		CLEANUP(free_string) char *shown = text_escaped(name);
		if (other->is_insecure != entry->is_insecure || other->is_blocked != entry->is_blocked)
			return node_error(
				root, err,
				"registry '%s' is defined multiple times with conflicting '%s' setting",
				shown, other->is_insecure != entry->is_insecure ? "insecure" : "blocked");
	}
	return 0;
}

/* Existing files do repeat prefixes: the first one counts. */
static void drop_repeated_prefixes(struct registries_conf_file *file)
{
	CLEANUP(map_release) struct map seen = MAP_INIT;
	size_t kept = 0;

	for (size_t i = 0; i < file->n_entries; i++) {
		struct registry_entry entry = steal(&file->entries[i]);

		if (map_contains(&seen, entry.prefix)) {
			registry_entry_release(&entry);
			continue;
		}
		map_set(&seen, entry.prefix, NULL);
		file->entries[kept++] = entry;
	}
	file->n_entries = kept;
}

static int read_file(struct registries_conf_file *file, const struct node *root, bool is_drop_in,
		     struct error *err)
{
	struct node version_1 = node_member(root, "registries");
	struct node search = node_member(root, "unqualified-search-registries");

	if (node_type(&version_1) == NODE_ABSENT)
		return read_search(file, &search, err) < 0 ? -1 : read_entries(file, root, err);
	if (is_version_2(root))
		return node_error(root, err, "mixing sysregistry v1/v2 is not supported");
	if (is_drop_in)
		return node_error(root, err, "a drop-in must be in the format of version 2: [[registry]]");
	return read_v1(file, &version_1, err);
}

int registries_conf_file_parse(struct registries_conf_file *file, const char *name, const void *bytes,
			       size_t length, bool is_drop_in, struct error *err)
{
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(registries_conf_file_release) struct registries_conf_file read = REGISTRIES_CONF_FILE_INIT;

	if (document_parse_toml(&document, name, bytes, length, err) < 0)
		return -1;
	struct node root = document_root(document);
	if (read_file(&read, &root, is_drop_in, err) < 0 || check_conflicts(&read, &root, err) < 0)
		return -1;
	drop_repeated_prefixes(&read);
	*file = steal(&read);
	return 0;
}
