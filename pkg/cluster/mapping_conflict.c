/* SPDX-License-Identifier: Apache-2.0 */
/* Two images on the way to the same place. */
#include "cluster/mapping.h"

#include <string.h>

#include "base/map.h"
#include "cluster/naming.h"

static bool is_same_content(const struct mapping_entry *a, const struct mapping_entry *b)
{
	return a->digest_is_known && b->digest_is_known && digest_equal(&a->digest, &b->digest);
}

/* Repository and tag, as the key of a map. */
static char *place_of(const struct reference *target)
{
	CLEANUP(free_string) char *path = reference_repository_path(target);

	return xasprintf("%s/%s:%s", target->registry, path, target->tag);
}

static void add_conflict(struct strvec *conflicts, const struct mapping_entry *first,
			 const struct mapping_entry *second, const char *place)
{
	CLEANUP(free_string) char *first_source = reference_exact(&first->source);
	CLEANUP(free_string) char *second_source = reference_exact(&second->source);

	strvec_pushf(conflicts, "%s and %s both go to %s", first_source, second_source, place);
}

bool mapping_find_conflicts(const struct mapping *mapping, struct strvec *conflicts)
{
	CLEANUP(map_release) struct map places = MAP_INIT;
	bool found = false;

	for (size_t i = 0; i < mapping->count; i++) {
		struct mapping_entry *entry = &mapping->entries[i];
		CLEANUP(free_string) char *place = place_of(&entry->target);
		const struct mapping_entry *first = map_get(&places, place);
		if (!first) {
			map_set(&places, place, entry);
		} else if (!is_same_content(first, entry)) {
			add_conflict(conflicts, first, entry, place);
			found = true;
		}
	}
	return found;
}

/* Whether some two entries share a place when paths may have max_components. */
static bool has_conflict(const struct mapping *mapping, unsigned max_components)
{
	CLEANUP(map_release) struct map places = MAP_INIT;

	for (size_t i = 0; i < mapping->count; i++) {
		CLEANUP(reference_release) struct reference target = REFERENCE_INIT;
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		struct mapping_entry *entry = &mapping->entries[i];
		/* The name of the image does not depend on its digest or tag, which are there already. */
		if (cluster_target_name(&entry->source, &mapping->mirror, max_components, &target, &err) < 0)
			return true;
		reference_set(&target.tag, entry->target.tag);
		CLEANUP(free_string) char *place = place_of(&target);
		const struct mapping_entry *first = map_get(&places, place);
		if (first && !is_same_content(first, entry))
			return true;
		map_set(&places, place, entry);
	}
	return false;
}

static unsigned count_components(const struct reference *reference)
{
	unsigned count = 0;

	if (reference->namespace && *reference->namespace)
		count++;
	if (reference->name && *reference->name)
		count++;
	for (const char *at = reference->name; at && *at; at++)
		count += *at == '/';
	return count;
}

/* With this many components no path is shortened. */
static unsigned count_longest(const struct mapping *mapping)
{
	unsigned longest = 0;

	for (size_t i = 0; i < mapping->count; i++) {
		unsigned count = count_components(&mapping->entries[i].source);
		longest = count > longest ? count : longest;
	}
	return longest + count_components(&mapping->mirror);
}

bool mapping_find_max_components(const struct mapping *mapping, unsigned *max_components)
{
	/* Shortening only ever makes paths equal: what meets without a limit meets with any. */
	if (has_conflict(mapping, 0))
		return false;

	unsigned longest = count_longest(mapping);
	unsigned candidate = 2;
	while (candidate < longest && has_conflict(mapping, candidate))
		candidate++;
	*max_components = candidate;
	return true;
}
