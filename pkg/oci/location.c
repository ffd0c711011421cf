/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/location.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char accepted_forms[] =
	"write [docker://]HOST[:PORT]/REPOSITORY[:TAG][@DIGEST], archive:PATH, file://PATH, "
	"oci:DIRECTORY[:NAME] or oci-archive:FILE[:NAME]";

static const char registry_prefix[] = "docker://";

static const struct path_form {
	const char *prefix;
	enum location_type type;
	const char *needs;
} path_forms[] = {
	{"archive:", LOCATION_ARCHIVE, "archive:PATH"},
	{"file://", LOCATION_ARCHIVE, "file://PATH"},
	{"oci:", LOCATION_OCI_DIRECTORY, "oci:DIRECTORY[:NAME]"},
	{"oci-archive:", LOCATION_OCI_ARCHIVE, "oci-archive:FILE[:NAME]"},
};

void location_release(struct location *location)
{
	reference_release(&location->reference);
	free(location->path);
	free(location->name);
	free(location->text);
	*location = (struct location)LOCATION_INIT;
}

static int parse_path(struct location *location, const struct path_form *form, struct error *err)
{
	const char *rest = location->text + strlen(form->prefix);

	location->type = form->type;
	if (!strcmp(form->prefix, "file://") && *rest == '/')
		rest++;
	const char *colon = form->type == LOCATION_ARCHIVE ? NULL : strchr(rest, ':');
	size_t length = colon ? (size_t)(colon - rest) : strlen(rest);
	if (!length) {
		CLEANUP(free_string) char *shown = text_escaped(location->text);
		return error_set(err, ERROR_USAGE, "'%s' names no path; write %s", shown, form->needs);
	}
	location->path = xstrndup(rest, length);
	if (colon && colon[1])
		location->name = xstrdup(colon + 1);
	return 0;
}

/* oc's grammar lets "quay.io:v1" pass as a registry and "Team/app" as a name; no server would. */
static int check_registry(const struct location *location, struct error *err)
{
	const struct reference *reference = &location->reference;
	CLEANUP(free_string) char *path = reference_repository_path(reference);

	if (*reference->registry && !reference_is_host(reference->registry))
		return error_set(err, ERROR_USAGE, "'%s': '%s' is not a registry (HOST or HOST:PORT)",
				 location->text, reference->registry);
	if (*path && !reference_is_repository_path(path))
		return error_set(err, ERROR_USAGE,
				 "'%s': '%s' is not a repository name; it must be lowercase", location->text,
				 path);
	return 0;
}

static int check_image(const struct location *location, struct error *err)
{
	if (!*location->reference.name)
		return error_set(err, ERROR_USAGE,
				 "'%s' is a registry; an image needs a repository: "
				 "HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]",
				 location->text);
	return check_registry(location, err);
}

static int refuse_without_host(const struct location *location, struct error *err)
{
	const struct reference *reference = &location->reference;
	const char *host = *reference->namespace ? reference->namespace : reference->name;

	if (!*reference->namespace && *reference->tag &&
	    strspn(reference->tag, "0123456789") == strlen(reference->tag))
		return error_set(err, ERROR_USAGE,
				 "'%s' reads as image '%s' with tag '%s', not as a registry; write "
				 "docker://%s",
				 location->text, host, reference->tag, location->text);
	return error_set(err, ERROR_USAGE, "'%s' names no registry; write docker://%s if '%s' is the host",
			 location->text, location->text, host);
}

static int check_target(const struct location *location, struct error *err)
{
	if (*location->reference.id)
		return error_set(err, ERROR_USAGE,
				 "'%s' has a digest; a target is a registry or a path in one: "
				 "HOST[:PORT][/PATH]",
				 location->text);
	if (!*location->reference.registry)
		return refuse_without_host(location, err);
	return check_registry(location, err);
}

/* What a registry location must have to serve as an image or as a target. */
typedef int check_fn(const struct location *location, struct error *err);

/* "user:password@host/...", also behind "https://": such a text must not be shown. */
static bool has_password(const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *first = scheme ? scheme + 3 : text;
	const char *at = strchr(first, '@');
	const char *slash = strchr(first, '/');
	const char *colon = strchr(first, ':');

	return at && slash && colon && at < slash && colon < at;
}

static int parse_registry(struct location *location, check_fn *check, struct error *err)
{
	CLEANUP(error_clear) struct error reason = ERROR_INIT;
	struct reference *reference = &location->reference;
	const char *text = location->text;

	if (has_password(text))
		return error_set(
			err, ERROR_USAGE,
			"a reference has a password in it, which everybody can see on a command line; "
			"write HOST/REPOSITORY alone, and put the credentials into a file: --authfile FILE");
	int result = text_starts_with(text, registry_prefix)
			     ? reference_parse_with_host(reference, text + strlen(registry_prefix), &reason)
			     : reference_parse(reference, text, &reason);

	if (result < 0)
		return error_set(err, ERROR_USAGE, "%s; %s", reason.message, accepted_forms);
	location->type = LOCATION_REGISTRY;
	return check(location, err);
}

static int parse_any(struct location *location, check_fn *check, struct error *err)
{
	for (size_t i = 0; i < ARRAY_LENGTH(path_forms); i++)
		if (text_starts_with(location->text, path_forms[i].prefix))
			return parse_path(location, &path_forms[i], err);
	return parse_registry(location, check, err);
}

static int parse_text(struct location *location, const char *text, check_fn *check, struct error *err)
{
	CLEANUP(location_release) struct location parsed = {.text = xstrdup(text)};

	if (parse_any(&parsed, check, err) < 0)
		return -1;
	*location = steal(&parsed);
	return 0;
}

int location_parse(struct location *location, const char *text, struct error *err)
{
	return parse_text(location, text, check_image, err);
}

int location_parse_target(struct location *location, const char *text, struct error *err)
{
	return parse_text(location, text, check_target, err);
}

static int not_an_archive(const char *text, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(text);

	error_set(err, ERROR_USAGE, "'%s' is no archive of airlift", shown);
	return error_advise(err, "airlift copy %s HOST/REPOSITORY:TAG sends what it names", shown);
}

int location_parse_archive(struct location *location, const char *text, struct error *err)
{
	bool has_scheme = text_starts_with(text, "archive:") || text_starts_with(text, "file://");

	if (text_starts_with(text, "oci:") || text_starts_with(text, "oci-archive:") ||
	    text_starts_with(text, "docker://"))
		return not_an_archive(text, err);
	CLEANUP(free_string) char *full = has_scheme ? xstrdup(text) : xasprintf("archive:%s", text);

	return location_parse(location, full, err);
}

int location_parse_archive_path(const char *text, char **path, struct error *err)
{
	CLEANUP(location_release) struct location location = LOCATION_INIT;

	if (location_parse_archive(&location, text, err) < 0)
		return -1;
	*path = steal(&location.path);
	return 0;
}

void location_reference(const struct location *location, struct reference *reference)
{
	reference_copy(reference, &location->reference);
	if (!*reference->registry)
		reference_apply_docker_defaults(reference);
	if (!*reference->id && !*reference->tag)
		reference_set(&reference->tag, "latest");
}
