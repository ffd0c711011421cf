/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image references, by the rules of `oc` (openshift/library-go pkg/image/reference): five strings,
 * all of which may be empty. The grammar is older and more liberal than that of distribution.
 *
 * A parsed reference contains only characters of its grammar: it is safe to show and to put into a
 * path or a URL. But oc's grammar accepts more than registries do: "quay.io:v1" is a registry as a
 * whole, "Team/app" a name; what is to be connected to must also pass reference_is_host and
 * reference_is_repository_path (location_parse sees to it). The id may be a sha256, sha384 or sha512
 * digest; only sha256 can be copied.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "digest/digest.h"

struct reference {
	char *registry;  /* "quay.io", "localhost:5000"; none of the members is ever NULL once parsed */
	char *namespace; /* first path component, if there are two or more */
	char *name;      /* the rest of the path; may contain '/' */
	char *tag;
	char *id;    /* whole digest: "sha256:..." */
	char *block; /* private: of a packed reference, what all of them point into */
};

#define REFERENCE_INIT {0}

void reference_release(struct reference *reference);
/* A deep copy into an empty reference. */
void reference_copy(struct reference *to, const struct reference *from);
/* Makes a finished reference small, for keeping many: one allocation instead of five. It must not be
 * changed any more (reference_set, docker defaults); a copy of it can be. */
void reference_pack(struct reference *reference);

/* ERROR_INVALID with oc's reason: "invalid reference format", "repository name must be lowercase",
 * "repository name must have at least one component", "repository name must not be more than 255
 * characters", "unsupported digest algorithm", "invalid checksum digest length", "invalid checksum
 * digest format". The message is '"<text>" is not a valid image reference: <reason>'. */
int reference_parse(struct reference *reference, const char *text, struct error *err) MUST_CHECK;

/* Host (any host, without dot too) before the first '/', the rest parsed as above: what follows
 * "docker://". The path may be empty: then only `registry` is set. */
int reference_parse_with_host(struct reference *reference, const char *text, struct error *err) MUST_CHECK;

/* "[registry/][namespace/]name" and "@id" if there is an id, else ":tag" if there is a tag; empty
 * if the name is empty. The caller frees all of these. */
char *reference_exact(const struct reference *reference);
/* The same with "library" put in for docker.io names without a namespace. */
char *reference_display(const struct reference *reference);
/* Display form without tag and id. */
char *reference_display_repository(const struct reference *reference);
/* "namespace/name": the path in a registry's API. */
char *reference_repository_path(const struct reference *reference);

/* Empty registry -> docker.io; empty namespace there -> library; empty tag -> latest. */
void reference_apply_docker_defaults(struct reference *reference);

/* Replaces a member by a copy of text. */
void reference_set(char **member, const char *text);

/* The sha256 digest in `id`: 0 and *digest, or ERROR_INVALID when it is sha384 or sha512. */
int reference_digest(const struct reference *reference, struct digest *digest, struct error *err) MUST_CHECK;

/* The host to connect to: docker.io and index.docker.io are served by registry-1.docker.io. */
const char *reference_connect_host(const char *registry);

/* The tag that a reference by digest gets at a mirror: FNV-1a (32 bit) of its display form in
 * hexadecimal without padding (oc adm catalog mirror). The caller frees it. */
char *reference_hash_tag(const struct reference *reference);

bool reference_is_tag(const char *text);             /* [A-Za-z0-9_][A-Za-z0-9_.-]{0,127} */
bool reference_is_repository_path(const char *text); /* components of the grammar, at most 255 */
bool reference_is_host(const char *text);            /* name, IPv4 or [IPv6], optional port */
