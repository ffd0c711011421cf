/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/manifest_get.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "document/document.h"
#include "oci/reference.h"

#define ADVICE \
	"the registry, or a proxy or mirror before it, changed the content: try again, and if it stays so, " \
	"tell who runs it"

char *media_type_normalise(const char *content_type)
{
	if (!content_type)
		return xstrdup("");
	content_type += strspn(content_type, " \t");
	char *type = xstrndup(content_type, strcspn(content_type, "; \t"));
	for (char *letter = type; *letter; letter++)
		*letter = (char)tolower((unsigned char)*letter);
	return type;
}

/* What the body says; "" if it does not. Nothing depends on it before manifest_parse has checked it. */
static char *type_of_body(const struct strbuf *bytes)
{
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	const char *type = NULL;

	if (document_parse_json(&document, "manifest", bytes->buf, bytes->len, &ignored) < 0)
		return xstrdup("");
	struct node root = document_root(document);
	struct node member = node_member(&root, "mediaType");
	if (node_optional_string(&member, &type, &ignored) < 0 || !type)
		return xstrdup("");
	return xstrdup(type);
}

static bool body_is_schema1(const struct strbuf *bytes)
{
	static const char key[] = "\"schemaVersion\"";
	CLEANUP(document_freep) struct document *document = NULL;
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	uint64_t version = 0;

	/* Few bodies need a second look: ": 2" stands behind nearly all of these keys. */
	const char *found = memmem(bytes->buf, bytes->len, key, strlen(key));
	if (!found || found[strlen(key) + strspn(found + strlen(key), ": \t\r\n")] == '2')
		return false;
	if (document_parse_json(&document, "manifest", bytes->buf, bytes->len, &ignored) < 0)
		return false;
	struct node root = document_root(document);
	struct node member = node_member(&root, "schemaVersion");
	return node_type(&member) == NODE_INTEGER && node_unsigned(&member, 2, &version, &ignored) == 0 &&
	       version == 1;
}

static char *media_type(const struct http_response *response, const struct strbuf *bytes)
{
	CLEANUP(free_string) char *type = media_type_normalise(response->content_type);

	if (*type && strcmp(type, "text/plain") != 0 && strcmp(type, "application/octet-stream") != 0 &&
	    strcmp(type, "application/json") != 0)
		return steal(&type);
	return type_of_body(bytes);
}

/* What was asked for by digest must hash to it. What was asked for by tag is what it hashes to; a
 * server that says something else has altered it. */
static int check_digest(const char *tag_or_digest, const struct http_response *response,
			const struct digest *actual, struct error *err)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	char got[DIGEST_TEXT_SIZE];
	struct digest stated;

	digest_format(actual, got);
	if (strchr(tag_or_digest, ':')) {
		if (strcmp(tag_or_digest, got) == 0)
			return 0;
		return error_set(
			err, ERROR_DIGEST,
			"content integrity error: the manifest retrieved with "
			"digest %s does not match the digest calculated from the content %s; " ADVICE,
			tag_or_digest, got);
	}
	if (!response->docker_content_digest ||
	    digest_parse(&stated, response->docker_content_digest, &ignored) < 0 ||
	    digest_equal(&stated, actual))
		return 0;
	return error_set(err, ERROR_DIGEST,
			 "content integrity error: the registry says that the manifest of "
			 "tag %s is %s, its content is %s; " ADVICE,
			 tag_or_digest, response->docker_content_digest, got);
}

/* Its digest leaves out a signature that is part of the bytes, so that none of the checks below makes
 * sense. A header alone may be wrong; who sends one of these two is believed. */
static int refuse_schema1(const struct http_response *response, struct error *err)
{
	CLEANUP(free_string) char *type = media_type_normalise(response->content_type);

	if (strcmp(type, MEDIA_TYPE_DOCKER_SCHEMA1) != 0 &&
	    strcmp(type, MEDIA_TYPE_DOCKER_SCHEMA1_SIGNED) != 0 && !body_is_schema1(&response->body))
		return 0;
	return error_set(err, ERROR_INVALID,
			 "it is of Docker's schema 1, which cannot be copied with its digest; have the image "
			 "pushed again in schema 2 or OCI format");
}

int manifest_check_name(const char *tag_or_digest, struct error *err)
{
	struct digest digest;

	if (strchr(tag_or_digest, ':'))
		return digest_parse(&digest, tag_or_digest, err);
	if (reference_is_tag(tag_or_digest))
		return 0;
	CLEANUP(free_string) char *shown = text_escaped(tag_or_digest);
	return error_set(err, ERROR_INVALID, "\"%s\" is not a tag", shown);
}

int manifest_get(const struct access *access, const char *tag_or_digest, struct strbuf *bytes,
		 struct descriptor *descriptor, struct error *err)
{
	static const char *const headers[] = {"Accept: " MEDIA_TYPE_ACCEPT_MANIFESTS, NULL};
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;

	if (manifest_check_name(tag_or_digest, err) < 0)
		return -1;
	CLEANUP(free_string) char *url = access_url(access, "manifests/%s", tag_or_digest);
	CLEANUP(free_string) char *what = xasprintf("manifest %s", tag_or_digest);
	struct api_request request = {
		.method = "GET",
		.url = url,
		.what = what,
		.headers = headers,
		.body_limit = OCI_MAX_MANIFEST_SIZE,
		.is_small = true,
	};
	if (request_perform(access, &request, &response, err) < 0)
		return -1;
	if (response.status != 200)
		return request_refused(access, &request, &response, err);

	struct digest digest;
	digest_of(response.body.buf, response.body.len, &digest);
	if (refuse_schema1(&response, err) < 0)
		return error_wrap(err, "%s/%s: %s", access->repository->host, access->repository->path, what);
	if (check_digest(tag_or_digest, &response, &digest, err) < 0)
		return error_wrap(err, "%s/%s", access->repository->host, access->repository->path);
	*descriptor = (struct descriptor){
		.digest = digest,
		.size = response.body.len,
		.media_type = media_type(&response, &response.body),
	};
	strbuf_release(bytes);
	*bytes = response.body;
	response.body = (struct strbuf)STRBUF_INIT;
	return 0;
}
