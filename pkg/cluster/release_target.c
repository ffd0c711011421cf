/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/release_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "oci/location.h"

static const char version_mark[] = "${version}";
static const char component_mark[] = "${component}";
/* Where the release itself takes the place of a component. */
static const char release_word[] = "release";

void release_target_release(struct release_target *target)
{
	reference_release(&target->repository);
	free(target->tag_pattern);
	free(target->text);
	*target = (struct release_target)RELEASE_TARGET_INIT;
}

static size_t count_mark(const char *text, const char *mark)
{
	size_t count = 0;

	for (const char *at = strstr(text, mark); at; at = strstr(at + strlen(mark), mark))
		count++;
	return count;
}

/* Adds the pattern with the marks replaced. */
static void expand(struct strbuf *out, const char *pattern, const char *version, const char *component)
{
	while (*pattern) {
		if (text_starts_with(pattern, version_mark)) {
			strbuf_add_string(out, version);
			pattern += strlen(version_mark);
		} else if (text_starts_with(pattern, component_mark)) {
			strbuf_add_string(out, component);
			pattern += strlen(component_mark);
		} else {
			strbuf_add_char(out, *pattern++);
		}
	}
}

/* The place where ':' and the pattern of the tag begin; the end of a text without a pattern. */
static const char *find_pattern(const char *text)
{
	const char *slash = strrchr(text, '/');
	const char *end = text + strlen(text);
	const char *colon = strchr(slash ? slash : text, ':');

	return colon && strstr(colon, component_mark) ? colon : end;
}

/* No text in these messages: it may have a password in it, which location.h will find. */
static int check_marks(const char *text, const char *repository, struct error *err)
{
	static const char form[] = "as in HOST/REPOSITORY:${version}-${component}";
	size_t n_components = count_mark(text, component_mark);

	if (strstr(repository, component_mark) || (n_components && strstr(repository, version_mark)))
		return error_set(
			err, ERROR_USAGE,
			"--to must be a valid image reference: ${component} and ${version} belong in "
			"its tag, %s",
			form);
	if (n_components > 1)
		return error_set(
			err, ERROR_USAGE,
			"--to has ${component} more than once: when mirroring to multiple repositories, "
			"use the new release command with --from-release and --mirror (of oc adm)");
	if (!n_components && strstr(text, version_mark))
		return error_set(err, ERROR_USAGE,
				 "--to has ${version} without ${component}: write both, %s, or neither",
				 form);
	return 0;
}

static int refuse_tag(struct error *err)
{
	return error_set(err, ERROR_USAGE,
			 "--to must be to an image repository and may not contain a tag or digest; write "
			 "HOST/REPOSITORY alone: the tags are made from version and architecture");
}

/* "host/repository@...", but not the "user:password@host/..." of location.h. */
static bool has_digest(const char *repository)
{
	const char *slash = strrchr(repository, '/');

	return slash && strchr(slash, '@');
}

static int parse_repository(struct release_target *target, const char *text, struct error *err)
{
	CLEANUP(location_release) struct location location = LOCATION_INIT;

	if (has_digest(text))
		return refuse_tag(err);
	if (location_parse_target(&location, text, err) < 0)
		return -1;
	if (location.type != LOCATION_REGISTRY) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return error_set(err, ERROR_USAGE,
				 "'%s' is no repository of a registry; write HOST[:PORT]/REPOSITORY", shown);
	}
	if (*location.reference.tag)
		return refuse_tag(err);
	if (!*location.reference.name)
		return error_set(err, ERROR_USAGE,
				 "'%s' is a registry alone; name a repository for the release, for example "
				 "%s/openshift/release",
				 text, location.reference.registry);
	target->repository = steal(&location.reference);
	return 0;
}

/* The pattern makes a tag as soon as it does so for the shortest texts. */
static int check_pattern(const char *pattern, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf tag = STRBUF_INIT;

	expand(&tag, pattern, "4", "c");
	if (reference_is_tag(tag.buf))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(pattern);
	return error_set(
		err, ERROR_USAGE,
		"--to must be a valid image reference: '%s' makes no tag; a tag has letters, digits, "
		"'_', '.' and '-', 128 at most",
		shown);
}

int release_target_parse(struct release_target *target, const char *text, struct error *err)
{
	CLEANUP(release_target_release) struct release_target parsed = {.text = xstrdup(text)};
	const char *pattern = find_pattern(text);
	CLEANUP(free_string) char *repository = xstrndup(text, (size_t)(pattern - text));

	if (check_marks(text, repository, err) < 0 || parse_repository(&parsed, repository, err) < 0)
		return -1;
	if (*pattern) {
		if (check_pattern(pattern + 1, err) < 0)
			return -1;
		parsed.tag_pattern = xstrdup(pattern + 1);
	}
	*target = steal(&parsed);
	return 0;
}

int release_target_name(const struct release_target *target, const char *version, const char *architecture,
			const char *component, struct reference *result, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf tag = STRBUF_INIT;
	const char *dash = *architecture ? "-" : "";

	if (target->tag_pattern) {
		expand(&tag, target->tag_pattern, version, component ? component : release_word);
		strbuf_addf(&tag, "%s%s", dash, architecture);
	} else {
		strbuf_addf(&tag, "%s%s%s", version, dash, architecture);
		if (component)
			strbuf_addf(&tag, "-%s", component);
	}
	if (!reference_is_tag(tag.buf)) {
		CLEANUP(free_string) char *shown = text_escaped(tag.buf);
		return error_set(
			err, ERROR_INVALID,
			"%s: '%s' is no tag: a tag has letters, digits, '_', '.' and '-', 128 at most; "
			"choose another target",
			target->text, shown);
	}
	reference_copy(result, &target->repository);
	reference_set(&result->tag, tag.buf);
	return 0;
}
