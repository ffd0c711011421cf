/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON from registries, read so that nobody else can read it differently.
 *
 * Go's encoding/json, which CRI-O and podman use, takes a key in any case for a field's, keeps the
 * last of two equal keys and treats null like an absent key; jansson does none of it. What the two
 * would read differently is refused here (CVE-2021-41190 and its kin).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define STRICT_JSON_MAX_DEPTH 64

/* Parses a whole text of at most max_values values (a value costs up to 150 bytes of memory, so a
 * text of two-byte values is bounded before it is built). The root is an object; the caller
 * releases it (json_decrefp). */
int strict_json_load(json_t **root, const void *bytes, size_t length, size_t max_values,
		     struct error *err) MUST_CHECK;

/* Refuses keys that Go would take for one of `known` (ends with NULL) although they differ. */
int strict_json_check_keys(const json_t *object, const char *const known[], struct error *err) MUST_CHECK;

/* The member, or NULL if it is absent or null. */
json_t *strict_json_get(const json_t *object, const char *key);
/* A copy of a string member, or NULL if it is absent or null. */
int strict_json_string(const json_t *object, const char *key, char **text, struct error *err) MUST_CHECK;
/* An object member, or NULL if it is absent or null. */
int strict_json_object(const json_t *object, const char *key, json_t **member, struct error *err) MUST_CHECK;
