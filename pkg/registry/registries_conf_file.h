/* SPDX-License-Identifier: Apache-2.0 */
/* Private to registries_conf*.c: one file, before the files are put together; and the rewriting.
 * Private to this module. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "registry/registries_conf.h"

/* What one file says. Entries are in the order of writing; a prefix that comes again is left out. */
struct registries_conf_file {
	struct registry_entry *entries;
	size_t n_entries;
	struct strvec unqualified_search;
	bool has_unqualified_search; /* an empty list is one too */
};

#define REGISTRIES_CONF_FILE_INIT {0}
void registries_conf_file_release(struct registries_conf_file *file);
void registry_entry_release(struct registry_entry *entry);

/* Reads and checks the text of a file. ERROR_INVALID "<name>: <place>: ...". A drop-in must be of
 * version 2. */
int registries_conf_file_parse(struct registries_conf_file *file, const char *name, const void *bytes,
			       size_t length, bool is_drop_in, struct error *err) MUST_CHECK;

/* The reference with what `prefix` matches replaced by `location`; tag and id stay. An empty location (of a
 * wildcard prefix) changes nothing. ERROR_INVALID if the prefix does not match or the result is no full
 * reference. */
int registries_conf_rewrite(const struct reference *reference, const char *prefix, const char *location,
			    struct reference *rewritten, struct error *err) MUST_CHECK;
