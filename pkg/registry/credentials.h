/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which credentials are used for a repository (containers-auth.json(5); docker config.json).
 *
 * Files: the one named by the user alone (missing or malformed is an error); else REGISTRY_AUTH_FILE
 * (likewise); else the first of these with a match: ${XDG_RUNTIME_DIR}/containers/auth.json (unset:
 * /run/containers/UID/auth.json), ${XDG_CONFIG_HOME:-~/.config}/containers/auth.json,
 * ${DOCKER_CONFIG:-~/.docker}/config.json, ~/.dockercfg. A missing file is skipped, a malformed one is an
 * error. In a file: credHelpers[host]; then auths keys from the full repository down to the host; then
 * normalised host keys (scheme and path stripped, the names of docker.io taken together; ports count);
 * then, in docker's config.json, credsStore. An empty object is no credential.
 *
 * Secrets never enter messages or logs; they are wiped when freed. Helper programs are run without a
 * shell, with a limit of 64 KiB and 30 s, and asked once per host and run.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strvec.h"

struct credential {
	char *user; /* NULL unless user and password; may be there beside an identity token */
	char *password;
	char *identity_token; /* OAuth2 refresh token, or NULL */
	char *registry_token; /* a bearer token as it is, or NULL */
	char *origin;         /* "/run/.../auth.json, key 'quay.io/a'": for messages; NULL: no credential */
};

#define CREDENTIAL_INIT {0}
void credential_release(struct credential *credential); /* wipes */
bool credential_is_empty(const struct credential *credential);

struct credentials; /* the files, read when first needed; thread-safe */

/* `file` is what the user named, or NULL. Reads nothing yet. */
struct credentials *credentials_new(const char *file);
void credentials_free(struct credentials *credentials);

/* For "host[:port]" and the repository path in it ("" for the registry as a whole). Leaves an empty
 * credential when nothing matches. */
int credentials_find(struct credentials *credentials, const char *host, const char *path,
		     struct credential *found, struct error *err) MUST_CHECK;

/* The files that were or would be looked at, "a, b": for "no credentials for X in ...". The caller
 * frees it. */
char *credentials_describe_files(struct credentials *credentials);
