/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/reference.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "oci/reference_grammar.h"

/* Host and path together, as in `oc`. */
#define MAX_NAME_LENGTH 255

/* A member that was never set counts as empty. */
static const char *or_empty(const char *member)
{
	return member ? member : "";
}

static bool is_empty(const char *member)
{
	return !member || !*member;
}

void reference_release(struct reference *reference)
{
	if (reference->block) {
		free(reference->block);
	} else {
		free(reference->registry);
		free(reference->namespace);
		free(reference->name);
		free(reference->tag);
		free(reference->id);
	}
	*reference = (struct reference)REFERENCE_INIT;
}

void reference_pack(struct reference *reference)
{
	const char *texts[] = {reference->registry, reference->namespace, reference->name, reference->tag,
			       reference->id};
	size_t offsets[ARRAY_LENGTH(texts)];
	CLEANUP(strbuf_release) struct strbuf block = STRBUF_INIT;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		offsets[i] = block.len;
		strbuf_add(&block, texts[i], strlen(texts[i]) + 1);
	}
	char *packed = xmalloc(block.len);
	memcpy(packed, block.buf, block.len);
	reference_release(reference);
	*reference = (struct reference){
		.registry = packed + offsets[0],
		.namespace = packed + offsets[1],
		.name = packed + offsets[2],
		.tag = packed + offsets[3],
		.id = packed + offsets[4],
		.block = packed,
	};
}

void reference_copy(struct reference *to, const struct reference *from)
{
	*to = (struct reference){
		.registry = xstrdup(or_empty(from->registry)),
		.namespace = xstrdup(or_empty(from->namespace)),
		.name = xstrdup(or_empty(from->name)),
		.tag = xstrdup(or_empty(from->tag)),
		.id = xstrdup(or_empty(from->id)),
	};
}

void reference_set(char **member, const char *text)
{
	char *copy = xstrdup(text);

	free(*member);
	*member = copy;
}

/* --- parsing */

typedef bool match_fn(const char *text, struct reference_parts *parts);

static const char *explain_mismatch(const char *text, match_fn *matches)
{
	struct reference_parts parts;
	CLEANUP(free_string) char *lowered = xstrdup(text);

	if (!*text)
		return "repository name must have at least one component";
	for (char *letter = lowered; *letter; letter++)
		if (*letter >= 'A' && *letter <= 'Z')
			*letter = (char)(*letter - 'A' + 'a');
	return matches(lowered, &parts) ? "repository name must be lowercase" : "invalid reference format";
}

/* What is wrong with the text, or NULL and the parts. The name may be max_length long. */
static const char *find_fault(const char *text, match_fn *matches, size_t max_length,
			      struct reference_parts *parts)
{
	if (!matches(text, parts))
		return explain_mismatch(text, matches);
	if (parts->name.length > max_length)
		return "repository name must not be more than 255 characters";
	return parts->digest.length ? reference_digest_fault(parts->digest) : NULL;
}

static int refuse(const char *text, const char *reason, struct error *err)
{
	CLEANUP(free_string) char *shown = text_escaped(text);

	return error_set(err, ERROR_INVALID, "\"%s\" is not a valid image reference: %s", shown, reason);
}

static char *copy_span(struct span span)
{
	return xstrndup(span.length ? span.text : "", span.length);
}

/* Everything but the registry, which the caller has taken off the front of parts->name. */
static void fill_path(struct reference *reference, const struct reference_parts *parts)
{
	struct span name = parts->name, namespace = {0};
	const char *slash = memchr(name.text, '/', name.length);

	if (slash) {
		namespace = (struct span){.text = name.text, .length = (size_t)(slash - name.text)};
		name = (struct span){.text = slash + 1, .length = name.length - namespace.length - 1};
	}
	reference->namespace = copy_span(namespace);
	reference->name = copy_span(name);
	reference->tag = copy_span(parts->tag);
	reference->id = copy_span(parts->digest);
}

static bool looks_like_registry(struct span name)
{
	return memchr(name.text, '.', name.length) ||
	       (name.length >= strlen("localhost") && text_starts_with(name.text, "localhost"));
}

static bool is_registry_component(struct span component)
{
	return memchr(component.text, '.', component.length) ||
	       memchr(component.text, ':', component.length) ||
	       (component.length == strlen("localhost") && text_starts_with(component.text, "localhost"));
}

int reference_parse(struct reference *reference, const char *text, struct error *err)
{
	struct reference_parts parts;
	struct span host = {0};
	const char *fault = find_fault(text, reference_matches, MAX_NAME_LENGTH, &parts);

	if (fault)
		return refuse(text, fault, err);
	const char *slash = memchr(parts.name.text, '/', parts.name.length);
	if (!slash && looks_like_registry(parts.name)) {
		/* The whole text, so that a port survives; `oc` keeps even a digest in it. */
		host = (struct span){.text = text, .length = strlen(text)};
		parts.name.length = 0;
		parts.tag.length = 0;
	} else if (slash) {
		host = (struct span){.text = text, .length = (size_t)(slash - text)};
		if (is_registry_component(host))
			parts.name = (struct span){.text = slash + 1,
						   .length = parts.name.length - host.length - 1};
		else
			host.length = 0;
	}
	reference->registry = copy_span(host);
	fill_path(reference, &parts);
	return 0;
}

int reference_parse_with_host(struct reference *reference, const char *text, struct error *err)
{
	struct reference_parts parts = {.name = {.text = ""}};
	const char *slash = strchr(text, '/');
	CLEANUP(free_string) char *host = slash ? xstrndup(text, (size_t)(slash - text)) : xstrdup(text);

	if (!reference_is_host(host))
		return refuse(text, "it does not begin with a host name", err);
	if (slash && slash[1]) {
		size_t prefix_length = strlen(host) + 1;
		size_t max_length = MAX_NAME_LENGTH > prefix_length ? MAX_NAME_LENGTH - prefix_length : 0;
		const char *fault = find_fault(slash + 1, reference_matches_path, max_length, &parts);

		if (fault)
			return refuse(text, fault, err);
	}
	reference->registry = steal(&host);
	fill_path(reference, &parts);
	return 0;
}

/* --- printing */

static bool is_docker_hub(const char *registry)
{
	return !strcmp(registry, "docker.io") || !strcmp(registry, "index.docker.io") ||
	       !strcmp(registry, "registry-1.docker.io");
}

/* [registry/][namespace/]name; nothing if the name is empty. */
static void add_repository(struct strbuf *out, const char *registry, const char *namespace, const char *name)
{
	if (is_empty(name))
		return;
	if (!is_empty(registry))
		strbuf_addf(out, "%s/", registry);
	if (!is_empty(namespace))
		strbuf_addf(out, "%s/", namespace);
	strbuf_add_string(out, name);
}

static void add_identifier(struct strbuf *out, const struct reference *reference)
{
	if (is_empty(reference->name))
		return;
	if (!is_empty(reference->id))
		strbuf_addf(out, "@%s", reference->id);
	else if (!is_empty(reference->tag))
		strbuf_addf(out, ":%s", reference->tag);
}

static void add_display_repository(struct strbuf *out, const struct reference *reference)
{
	bool is_official = is_empty(reference->namespace) && is_docker_hub(or_empty(reference->registry));

	add_repository(out, reference->registry, is_official ? "library" : reference->namespace,
		       reference->name);
}

char *reference_exact(const struct reference *reference)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	add_repository(&out, reference->registry, reference->namespace, reference->name);
	add_identifier(&out, reference);
	return strbuf_detach(&out);
}

char *reference_display(const struct reference *reference)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	add_display_repository(&out, reference);
	add_identifier(&out, reference);
	return strbuf_detach(&out);
}

char *reference_display_repository(const struct reference *reference)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	add_display_repository(&out, reference);
	return strbuf_detach(&out);
}

char *reference_repository_path(const struct reference *reference)
{
	CLEANUP(strbuf_release) struct strbuf out = STRBUF_INIT;

	add_repository(&out, NULL, reference->namespace, reference->name);
	return strbuf_detach(&out);
}

char *reference_hash_tag(const struct reference *reference)
{
	CLEANUP(free_string) char *text = reference_display(reference);
	uint32_t hash = 2166136261u;

	for (const char *byte = text; *byte; byte++)
		hash = (hash ^ (unsigned char)*byte) * 16777619u;
	return xasprintf("%" PRIx32, hash);
}

/* --- meaning */

void reference_apply_docker_defaults(struct reference *reference)
{
	if (is_empty(reference->registry))
		reference_set(&reference->registry, "docker.io");
	if (is_empty(reference->namespace) && is_docker_hub(reference->registry))
		reference_set(&reference->namespace, "library");
	if (is_empty(reference->tag))
		reference_set(&reference->tag, "latest");
}

int reference_digest(const struct reference *reference, struct digest *digest, struct error *err)
{
	const char *id = or_empty(reference->id);
	const char *colon = strchr(id, ':');

	if (colon && !text_starts_with(id, "sha256:")) {
		CLEANUP(free_string) char *shown = text_escaped(id);
		return error_set(err, ERROR_INVALID,
				 "'%s' uses %.6s, which cannot be copied; only sha256 can", shown, shown);
	}
	return digest_parse(digest, id, err);
}

const char *reference_connect_host(const char *registry)
{
	return is_docker_hub(registry) ? "registry-1.docker.io" : registry;
}
