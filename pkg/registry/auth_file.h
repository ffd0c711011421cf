/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file with credentials (containers-auth.json(5); docker's config.json; the older ~/.dockercfg, whose
 * top level is what `auths` is in the others). The name of the file tells which it is.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "registry/credentials.h"

struct auth_entry {
	char *key;                    /* as written */
	struct credential credential; /* empty: a marker, or unusable */
	const char *problem;          /* why it is unusable, or NULL; never a value */
};

struct auth_file {
	char *path;
	struct auth_entry *entries; /* in the order of writing */
	size_t n_entries;
	struct strvec helper_hosts; /* credHelpers: hosts and, in parallel, */
	struct strvec helper_names;
	char *store; /* credsStore; NULL unless this is docker's config.json */
};

#define AUTH_FILE_INIT {0}
void auth_file_release(struct auth_file *file); /* wipes */

/* Limit 1 MiB. ERROR_NOT_FOUND when there is none. Warns when others may read it. */
int auth_file_read(struct auth_file *file, const char *path, struct error *err) MUST_CHECK;

/* The most specific usable entry for a repository, or NULL. Warns about unusable ones on the way. */
const struct auth_entry *auth_file_find(const struct auth_file *file, const char *host, const char *path);
/* What credHelpers has for the host, or for another of docker.io's names; or NULL. *server is what to ask
 * it for. */
const char *auth_file_helper(const struct auth_file *file, const char *host, const char **server);

/* The one name that docker.io, registry-1.docker.io and index.docker.io share; other hosts as they are. */
const char *auth_host(const char *host);
/* What helpers keep the credentials of a host under: docker has those of its own registry under an
 * address of the first protocol. */
const char *auth_server(const char *host);
