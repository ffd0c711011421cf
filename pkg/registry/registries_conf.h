/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containers-registries.conf(5), version 2 (and v1's [registries.*] lists read as such): where the
 * images of a registry are really fetched from.
 *
 * Loading: `file` if named (missing is an error); else CONTAINERS_REGISTRIES_CONF; else
 * ${XDG_CONFIG_HOME:-~/.config}/containers/registries.conf if it exists; else
 * /etc/containers/registries.conf (missing is fine). Drop-ins (the files *.conf in <file>.d), in lexical
 * order, replace whole entries with the same prefix (for a file named by the user or the environment, its
 * own .d). Without a file of the user's, the drop-ins beside where it would be follow the system's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strvec.h"
#include "oci/reference.h"

enum pull_from_mirror { PULL_FROM_MIRROR_ALL, PULL_FROM_MIRROR_DIGEST_ONLY, PULL_FROM_MIRROR_TAG_ONLY };

struct registry_mirror {
	char *location;
	bool is_insecure;
	enum pull_from_mirror pull;
};

struct registry_entry {
	char *prefix;   /* never empty: the location if none was given */
	char *location; /* empty only with a wildcard prefix */
	bool is_insecure;
	bool is_blocked;
	bool mirror_by_digest_only;
	struct registry_mirror *mirrors;
	size_t n_mirrors;
};

struct registries_conf {
	struct registry_entry *entries; /* sorted by prefix */
	size_t n_entries;
	struct strvec unqualified_search;
	char *origin; /* the file(s), for messages */
};

#define REGISTRIES_CONF_INIT {0}
void registries_conf_release(struct registries_conf *conf);

int registries_conf_load(struct registries_conf *conf, const char *file, struct error *err) MUST_CHECK;
/* One file and one drop-in directory (NULL: none), nothing else: for tests and for the cluster's side. */
int registries_conf_load_files(struct registries_conf *conf, const char *file, const char *drop_in_directory,
			       struct error *err) MUST_CHECK;

/* One place to ask for an image, in the order of trying. */
struct pull_source {
	struct reference reference; /* rewritten; host, path, tag and id */
	bool is_insecure;
	bool is_original; /* the entry's own location, or no entry matched */
};

struct pull_sources {
	struct pull_source *items;
	size_t count;
};
#define PULL_SOURCES_INIT {0}
void pull_sources_release(struct pull_sources *sources);

/* All sources for a reference (docker defaults applied by the caller): mirrors that fit a reference of
 * its kind (digest or tag), then the location itself; blocked ones are left out. ERROR_INVALID with
 * "registry <prefix> is blocked in <file>" when none is left. No matching entry: the reference itself. */
int registries_conf_sources(const struct registries_conf *conf, const struct reference *reference,
			    struct pull_sources *sources, struct error *err) MUST_CHECK;

/* The entry with the longest matching prefix, or NULL. `text` is "host/path" without tag and digest. */
const struct registry_entry *registries_conf_find(const struct registries_conf *conf, const char *text);

/* Length of the part of `text` that `prefix` matches, or -1 (containers/image matching rules). */
long registries_conf_match(const char *text, const char *prefix);
