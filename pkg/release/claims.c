/* SPDX-License-Identifier: Apache-2.0 */
#include "release/claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci/strict_json.h"

/* There are seven. */
#define MAX_VALUES 32
#define TYPE "atomic container signature"

void release_claims_release(struct release_claims *claims)
{
	free(steal(&claims->docker_reference));
}

static bool is_known(const char *key, const char *const known[])
{
	for (size_t i = 0; known[i]; i++)
		if (!strcmp(key, known[i]))
			return true;
	return false;
}

/* `path` is for messages: "critical.". */
static int check_keys(const json_t *object, const char *path, const char *const known[], struct error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)object, key, value) {
		if (is_known(key, known))
			continue;
		CLEANUP(free_string) char *shown = text_escaped(key);
		return error_set(err, ERROR_INVALID, "%s%s is not a key of a signature", path, shown);
	}
	return 0;
}

/* The member must be an object with no other keys than the known ones. */
static int get_object(const json_t *parent, const char *path, const char *key, const char *const known[],
		      json_t **object, struct error *err)
{
	CLEANUP(free_string) char *inner = xasprintf("%s%s.", path, key);
	json_t *member = json_object_get(parent, key);

	if (!member)
		return error_set(err, ERROR_INVALID, "%s%s is missing", path, key);
	if (!json_is_object(member))
		return error_set(err, ERROR_INVALID, "%s%s is not an object", path, key);
	if (check_keys(member, inner, known, err) < 0)
		return -1;
	*object = member;
	return 0;
}

/* Borrowed from the object; NULL with an error. */
static const char *get_string(const json_t *parent, const char *path, const char *key, struct error *err)
{
	const json_t *member = json_object_get(parent, key);

	if (json_is_string(member))
		return json_string_value(member);
	error_set(err, ERROR_INVALID, "%s%s is %s", path, key, member ? "not a string" : "missing");
	return NULL;
}

static int check_type(const json_t *critical, struct error *err)
{
	const char *type = get_string(critical, "critical.", "type", err);

	if (!type)
		return -1;
	if (!strcmp(type, TYPE))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(type);
	return error_set(err, ERROR_INVALID, "critical.type is '%s', should be '" TYPE "'", shown);
}

static int read_digest(const json_t *critical, struct digest *digest, struct error *err)
{
	static const char *const known[] = {"docker-manifest-digest", NULL};
	json_t *image = NULL;

	if (get_object(critical, "critical.", "image", known, &image, err) < 0)
		return -1;
	const char *text = get_string(image, "critical.image.", known[0], err);
	if (!text)
		return -1;
	if (digest_parse(digest, text, err) < 0)
		return error_wrap(err, "critical.image.%s", known[0]);
	return 0;
}

static int read_identity(const json_t *critical, char **reference, struct error *err)
{
	static const char *const known[] = {"docker-reference", NULL};
	json_t *identity = NULL;

	if (get_object(critical, "critical.", "identity", known, &identity, err) < 0)
		return -1;
	const char *text = get_string(identity, "critical.identity.", known[0], err);
	if (!text)
		return -1;
	if (!*text)
		return error_set(err, ERROR_INVALID, "critical.identity.%s is empty", known[0]);
	*reference = xstrdup(text);
	return 0;
}

/* Nothing of it is used, but what signs has to write it as the specification says. */
static int check_optional(const json_t *root, struct error *err)
{
	static const char *const known[] = {"creator", "timestamp", NULL};
	json_t *optional = NULL;

	if (!json_object_get(root, "optional"))
		return 0;
	if (get_object(root, "", "optional", known, &optional, err) < 0)
		return -1;
	const json_t *creator = json_object_get(optional, "creator");
	const json_t *timestamp = json_object_get(optional, "timestamp");
	if (creator && !json_is_string(creator))
		return error_set(err, ERROR_INVALID, "optional.creator is not a string");
	if (timestamp && !json_is_integer(timestamp))
		return error_set(err, ERROR_INVALID, "optional.timestamp is not a whole number");
	return 0;
}

int release_claims_parse(struct release_claims *claims, const void *bytes, size_t length, struct error *err)
{
	static const char *const known[] = {"critical", "optional", NULL};
	static const char *const known_critical[] = {"type", "image", "identity", NULL};
	CLEANUP(json_decrefp) json_t *root = NULL;
	CLEANUP(release_claims_release) struct release_claims parsed = RELEASE_CLAIMS_INIT;
	json_t *critical = NULL;

	if (strict_json_load(&root, bytes, length, MAX_VALUES, err) < 0 ||
	    check_keys(root, "", known, err) < 0 ||
	    get_object(root, "", known[0], known_critical, &critical, err) < 0 ||
	    check_type(critical, err) < 0 || read_digest(critical, &parsed.digest, err) < 0 ||
	    read_identity(critical, &parsed.docker_reference, err) < 0 || check_optional(root, err) < 0)
		return -1;
	*claims = steal(&parsed);
	return 0;
}
