/* SPDX-License-Identifier: Apache-2.0 */
#include "release/component_versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "release/semver.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WHITE_SPACE " \t\n\v\f\r"

static void component_version_release(struct component_version *version)
{
	free(version->name);
	free(version->version);
	free(version->display_name);
	free(version->component);
}

void component_versions_release(struct component_versions *versions)
{
	for (size_t i = 0; i < versions->count; i++)
		component_version_release(&versions->items[i]);
	free(versions->items);
	strvec_release(&versions->warnings);
	*versions = (struct component_versions)COMPONENT_VERSIONS_INIT;
}

/* Takes what is in `version`. */
static void add_version(struct component_versions *versions, struct component_version version)
{
	array_grow(versions->items, versions->count, versions->allocated);
	versions->items[versions->count++] = version;
}

static int compare_versions(const void *a, const void *b)
{
	const struct component_version *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void sort(struct component_versions *versions)
{
	if (versions->count)
		qsort(versions->items, versions->count, sizeof(*versions->items), compare_versions);
}

/* --- one label */

static char *trimmed(const char *text, size_t length)
{
	while (length && strchr(WHITE_SPACE, *text)) {
		text++;
		length--;
	}
	while (length && strchr(WHITE_SPACE, text[length - 1]))
		length--;
	return xstrndup(text, length);
}

/* Letters and digits, two at least; a '-' neither first nor last. */
static bool is_name(const char *text)
{
	size_t length = strlen(text);

	return length >= 2 && strspn(text, LOWER "-") == length && *text != '-' && text[length - 1] != '-';
}

static bool is_display_name(const char *text)
{
	return *text && !text[strspn(text, LOWER UPPER "-:(). \t\n\f\r")];
}

static int refuse(const char *pair, const char *reason, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(pair);

	error_set(err, ERROR_INVALID, "\"%s\" %s", shown, reason);
	return -1;
}

/* The value, in the pair, whose '=' becomes the end of the name. */
static int split_pair(char *pair, const char **value, struct error *err)
{
	char *equals = strchr(pair, '=');

	if (!equals)
		return refuse(pair, "has no '='", err);
	*equals = '\0';
	*value = equals + 1;
	if (!is_name(pair))
		return refuse(pair, "is not a name of two or more of a-z, 0-9 and '-'", err);
	return 0;
}

typedef int add_pair_function(void *context, const char *name, const char *value, struct error *err);

static int for_each_pair(const char *label, add_pair_function *add, void *context, struct error *err)
{
	for (const char *start = label;;) {
		size_t length = strcspn(start, ",");
		CLEANUP(free_string) char *pair = trimmed(start, length);
		const char *value = NULL;
		if (split_pair(pair, &value, err) < 0 || add(context, pair, value, err) < 0)
			return -1;
		if (!start[length])
			return 0;
		start += length + 1;
	}
}

static int add_display_name(void *context, const char *name, const char *value, struct error *err)
{
	struct map *names = context;

	if (!is_display_name(value))
		return refuse(value, "is not a display name of letters, digits, white space and -:().", err);
	map_set(names, name, xstrdup(value));
	return 0;
}

static int add_version_text(void *context, const char *name, const char *value, struct error *err)
{
	struct map *texts = context;

	if (!semver_is_valid(value))
		return refuse(value, "is not a semantic version", err);
	map_set(texts, name, xstrndup(value, strcspn(value, "+")));
	return 0;
}

int component_versions_parse(struct component_versions *versions, const char *label,
			     const char *display_names, struct error *err)
{
	CLEANUP(map_release) struct map names = MAP_INIT_FREEING(free);
	CLEANUP(map_release) struct map texts = MAP_INIT_FREEING(free);
	CLEANUP(free_string) char *label_text = trimmed(label, strlen(label));
	CLEANUP(free_string) char *name_text =
		trimmed(display_names ? display_names : "", display_names ? strlen(display_names) : 0);

	if (!*label_text)
		return 0;
	if (*name_text && for_each_pair(name_text, add_display_name, &names, err) < 0)
		return -1;
	if (for_each_pair(label_text, add_version_text, &texts, err) < 0)
		return -1;
	for (const struct map_entry *entry = map_next(&texts, NULL); entry; entry = map_next(&texts, entry)) {
		const char *display_name = map_get(&names, entry->key);
		add_version(versions, (struct component_version){
					      .name = xstrdup(entry->key),
					      .version = xstrdup(entry->value),
					      .display_name = xstrdup(display_name ? display_name : ""),
				      });
	}
	sort(versions);
	return 0;
}

/* --- all components */

struct collected {
	struct component_version version; /* the lowest texts; without name */
	bool is_ambiguous;
};

static void collected_free(void *collected)
{
	component_version_release(&((struct collected *)collected)->version);
	free(collected);
}

static void keep_lowest(char **lowest, const char *text, bool *is_ambiguous)
{
	int order = *lowest ? strcmp(text, *lowest) : -1;

	if (*lowest && order != 0)
		*is_ambiguous = true;
	if (order < 0) {
		free(*lowest);
		*lowest = xstrdup(text);
	}
}

/* Images that carry a client of another version for their own use name it as well. */
static bool is_believed(const char *name, const char *component)
{
	return strcmp(name, "kubectl") != 0 || !strcmp(component, "cli") ||
	       !strcmp(component, "cli-artifacts");
}

static void collect(struct map *all, const struct component_version *version, const char *component)
{
	struct collected *collected = map_get(all, version->name);

	if (!collected) {
		collected = xcalloc(1, sizeof(*collected));
		map_set(all, version->name, collected);
	}
	free(collected->version.component);
	collected->version.component = xstrdup(component);
	if (!is_believed(version->name, component))
		return;
	keep_lowest(&collected->version.version, version->version, &collected->is_ambiguous);
	keep_lowest(&collected->version.display_name, version->display_name, &collected->is_ambiguous);
}

static void collect_component(struct map *all, const struct release_component *component,
			      struct strvec *warnings)
{
	CLEANUP(component_versions_release) struct component_versions own = COMPONENT_VERSIONS_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (!component->versions)
		return;
	if (component_versions_parse(&own, component->versions, component->display_names, &err) < 0) {
		CLEANUP(free_string) char *shown = text_escaped(component->name);
		strvec_pushf(warnings, "the versions that component %s reports are not used: %s", shown,
			     err.message);
		return;
	}
	for (size_t i = 0; i < own.count; i++)
		collect(all, &own.items[i], component->name);
}

/* Two spaces behind the comma, as oc has them; names hold nothing to escape. */
static void warn_of_ambiguous(struct component_versions *versions, const struct map *all)
{
	CLEANUP(strbuf_release) struct strbuf names = STRBUF_INIT;

	for (size_t i = 0; i < versions->count; i++) {
		const char *name = versions->items[i].name;
		const struct collected *collected = map_get(all, name);
		if (!collected->is_ambiguous || !strcmp(name, "machine-os"))
			continue;
		strbuf_addf(&names, "%s%s", names.len ? ",  " : "", name);
	}
	if (names.len)
		strvec_pushf(&versions->warnings,
			     "multiple versions or display names reported for the following component(s): %s",
			     names.buf);
}

void component_versions_collect(struct component_versions *versions, const struct release_payload *payload)
{
	CLEANUP(map_release) struct map all = MAP_INIT_FREEING(collected_free);

	for (size_t i = 0; i < payload->n_components; i++)
		collect_component(&all, &payload->components[i], &versions->warnings);
	for (const struct map_entry *entry = map_next(&all, NULL); entry; entry = map_next(&all, entry)) {
		struct collected *collected = entry->value;
		struct component_version version = steal(&collected->version);
		if (!version.version) {
			component_version_release(&version);
			continue;
		}
		version.name = xstrdup(entry->key);
		add_version(versions, version);
	}
	sort(versions);
	warn_of_ambiguous(versions, &all);
}
