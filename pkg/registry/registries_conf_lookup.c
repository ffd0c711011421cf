/* SPDX-License-Identifier: Apache-2.0 */
/* From an image's name to the places to ask, by the rules of containers/image (pkg/sysregistriesv2). */
#include "registry/registries_conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "registry/registries_conf_file.h"

void pull_sources_release(struct pull_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		reference_release(&sources->items[i].reference);
	free(sources->items);
	*sources = (struct pull_sources)PULL_SOURCES_INIT;
}

static bool ends_component(char c)
{
	return c == '\0' || c == ':' || c == '/' || c == '@';
}

long registries_conf_match(const char *text, const char *prefix)
{
	if (!text_starts_with(prefix, "*.")) {
		size_t length = strlen(prefix);
		return text_starts_with(text, prefix) && ends_component(text[length]) ? (long)length : -1;
	}
	const char *domain = prefix + 1;
	const char *found = strstr(text, domain);
	if (!found || memchr(text, '/', (size_t)(found - text)))
		return -1;
	const char *end = found + strlen(domain);
	return ends_component(*end) ? (long)(end - text) : -1;
}

const struct registry_entry *registries_conf_find(const struct registries_conf *conf, const char *text)
{
	const struct registry_entry *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < conf->n_entries; i++) {
		const struct registry_entry *entry = &conf->entries[i];
		size_t length = strlen(entry->prefix);

		if (length > best_length && registries_conf_match(text, entry->prefix) >= 0) {
			best = entry;
			best_length = length;
		}
	}
	return best;
}

/* "host/path", without tag and id: what prefixes are compared with. The caller frees it. */
static char *full_name(const struct reference *reference)
{
	CLEANUP(free_string) char *path = reference_repository_path(reference);

	return xasprintf("%s%s%s", reference->registry, *reference->registry ? "/" : "", path);
}

int registries_conf_rewrite(const struct reference *reference, const char *prefix, const char *location,
			    struct reference *rewritten, struct error *err)
{
	CLEANUP(free_string) char *name = full_name(reference);
	CLEANUP(free_string) char *shown = text_escaped(prefix);
	CLEANUP(reference_release) struct reference result = REFERENCE_INIT;
	long length = registries_conf_match(name, prefix);

	if (length < 0) {
		error_set(err, ERROR_INVALID, "invalid prefix '%s' for reference '%s'", shown, name);
		return -1;
	}
	if (!*location && !text_starts_with(prefix, "*.")) {
		error_set(err, ERROR_INVALID,
			  "invalid prefix '%s' for an empty location, should be in the format: *.example.com",
			  shown);
		return -1;
	}
	if (!*location) {
		reference_copy(rewritten, reference);
		return 0;
	}
	CLEANUP(free_string) char *text = xasprintf("%s%s", location, name + length);
	CLEANUP(free_string) char *shown_text = text_escaped(text);
	if (reference_parse(&result, text, err) < 0) {
		error_wrap(err, "%s, rewritten by the registry with prefix '%s'", name, shown);
		return -1;
	}
	if (!*result.registry || !*result.name || *result.tag || *result.id) {
		error_set(err, ERROR_INVALID,
			  "%s, rewritten by the registry with prefix '%s': '%s' is no full image name", name,
			  shown, shown_text);
		return -1;
	}
	reference_set(&result.tag, reference->tag);
	reference_set(&result.id, reference->id);
	*rewritten = steal(&result);
	return 0;
}

static bool mirror_fits(const struct registry_entry *entry, const struct registry_mirror *mirror,
			bool by_digest)
{
	if (by_digest)
		return mirror->pull != PULL_FROM_MIRROR_TAG_ONLY;
	return !entry->mirror_by_digest_only && mirror->pull != PULL_FROM_MIRROR_DIGEST_ONLY;
}

/* A lookup while its sources are collected. */
struct lookup {
	const struct registries_conf *conf;
	const struct reference *reference;
	const struct registry_entry *entry;
	const struct registry_entry *blocking; /* the last one that kept a source out */
	struct pull_sources sources;           /* room for all */
};

static int add_source(struct lookup *lookup, const char *location, bool is_insecure, bool is_original,
		      struct error *err)
{
	CLEANUP(reference_release) struct reference rewritten = REFERENCE_INIT;

	if (registries_conf_rewrite(lookup->reference, lookup->entry->prefix, location, &rewritten, err) < 0)
		return -1;
	/* Blocked is what is contacted, not what was asked for: a blocked registry may have mirrors. */
	CLEANUP(free_string) char *name = full_name(&rewritten);
	const struct registry_entry *contacted = registries_conf_find(lookup->conf, name);
	if (contacted && contacted->is_blocked) {
		lookup->blocking = contacted;
		return 0;
	}
	lookup->sources.items[lookup->sources.count++] = (struct pull_source){
		.reference = steal(&rewritten),
		.is_insecure = is_insecure,
		.is_original = is_original,
	};
	return 0;
}

static int blocked_error(const struct lookup *lookup, size_t n_unfit, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(lookup->blocking->prefix);

	error_set(err, ERROR_INVALID, "registry %s is blocked in %s", shown,
		  lookup->conf->origin ? lookup->conf->origin : "registries.conf");
	if (n_unfit)
		error_advise(err, "its mirrors are not for references by %s",
			     *lookup->reference->id ? "digest" : "tag");
	return -1;
}

static void use_reference_itself(const struct reference *reference, struct pull_sources *sources)
{
	sources->items = xcalloc(1, sizeof(*sources->items));
	reference_copy(&sources->items[0].reference, reference);
	sources->items[0].is_original = true;
	sources->count = 1;
}

static void lookup_release(struct lookup *lookup)
{
	pull_sources_release(&lookup->sources);
}

int registries_conf_sources(const struct registries_conf *conf, const struct reference *reference,
			    struct pull_sources *sources, struct error *err)
{
	CLEANUP(free_string) char *name = full_name(reference);
	const struct registry_entry *entry = registries_conf_find(conf, name);
	size_t n_unfit = 0;

	if (!entry) {
		use_reference_itself(reference, sources);
		return 0;
	}
	CLEANUP(lookup_release) struct lookup lookup = {.conf = conf, .reference = reference, .entry = entry};
	lookup.sources.items = xcalloc(entry->n_mirrors + 1, sizeof(*lookup.sources.items));
	for (size_t i = 0; i < entry->n_mirrors; i++) {
		const struct registry_mirror *mirror = &entry->mirrors[i];

		if (!mirror_fits(entry, mirror, *reference->id != '\0'))
			n_unfit++;
		else if (add_source(&lookup, mirror->location, mirror->is_insecure, false, err) < 0)
			return -1;
	}
	if (add_source(&lookup, entry->location, entry->is_insecure, true, err) < 0)
		return -1;
	if (!lookup.sources.count)
		return blocked_error(&lookup, n_unfit, err);
	*sources = steal(&lookup.sources);
	return 0;
}
