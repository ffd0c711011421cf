/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/request.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "oci/reference.h"
#include "registry/authorization.h"
#include "registry/client.h"
#include "registry/warning_header.h"

#define SMALL_ATTEMPTS 6
#define SMALL_BODY_LIMIT (1u << 20)
/* Uploads of more than this want a fresh token. */
#define LONG_BODY_SIZE (8u << 20)

int access_open(struct access *access, struct registry_session *session, const struct repository *repository,
		struct error *err)
{
	CLEANUP(free_string) char *host = text_escaped(repository->host);
	CLEANUP(free_string) char *path = text_escaped(repository->path);

	if (!reference_is_host(repository->host))
		return error_set(err, ERROR_INVALID, "\"%s\" is not the name of a registry", host);
	if (!reference_is_repository_path(repository->path))
		return error_set(err, ERROR_INVALID, "\"%s\" is not the name of a repository in %s", path,
				 host);
	*access = (struct access){.session = session, .repository = repository};
	return endpoint_find(session, repository, &access->endpoint, err);
}

char *access_url(const struct access *access, const char *format, ...)
{
	CLEANUP(strbuf_release) struct strbuf url = STRBUF_INIT;
	va_list arguments;

	strbuf_addf(&url, "%s/v2/%s/", access->endpoint->base_url, access->repository->path);
	va_start(arguments, format);
	strbuf_addv(&url, format, arguments);
	va_end(arguments);
	return strbuf_detach(&url);
}

struct retry_policy request_retry_policy(const struct registry_client *client, unsigned attempts)
{
	struct retry_policy policy = client->options.retry;

	if (policy.max_attempts == 0)
		policy.max_attempts = attempts ? attempts : SMALL_ATTEMPTS;
	return policy;
}

void response_reset(struct http_response *response)
{
	http_response_release(response);
	*response = (struct http_response)HTTP_RESPONSE_INIT;
}

bool response_mentions(const struct http_response *response, const char *text)
{
	/* A NUL ends it: then there is less to find. */
	return strcasestr(response->body.buf, text) != NULL;
}

bool response_says_absent(const struct http_response *response)
{
	if (response->status == 404)
		return true;
	return (response->status == 400 || response->status == 500) &&
	       (response_mentions(response, "\"MANIFEST_UNKNOWN\"") ||
		response_mentions(response, "\"BLOB_UNKNOWN\"") ||
		response_mentions(response, "\"NAME_UNKNOWN\"") ||
		(response_mentions(response, "\"UNKNOWN\"") && response_mentions(response, "not found")));
}

bool response_is_foreign_error(const struct http_response *response)
{
	return response->status >= 400 && !response->is_same_origin;
}

static int refused_text(const struct access *access, const struct api_request *request,
			const struct http_response *response, enum error_code code, const char *cause,
			struct error *err)
{
	CLEANUP(free_string) char *text = http_error_text(response);

	return error_set(err, code, "%s/%s: %s: %s (status %ld)%s%s", access->repository->host,
			 access->repository->path, request->what, cause, response->status, *text ? ": " : "",
			 text);
}

static bool is_write(const struct api_request *request)
{
	return strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0;
}

static int denied(const struct access *access, const struct api_request *request,
		  const struct http_response *response, struct error *err)
{
	const char *cause = access->repository->side == REGISTRY_SOURCE ? "access denied to pull"
			    : is_write(request)                         ? "access denied to push"
									: "access denied to push or pull";

	refused_text(access, request, response, ERROR_UNAUTHORIZED, cause, err);
	return authorization_explain(access, err);
}

static int absent(const struct access *access, const struct api_request *request,
		  const struct http_response *response, struct error *err)
{
	refused_text(access, request, response, ERROR_NOT_FOUND, "not there", err);
	/* By a PATCH it was the place of an upload that got lost. */
	if (!is_write(request) || strcmp(request->method, "PATCH") == 0)
		return -1;
	return error_advise(err, "does the repository have to be made first, or the project that it is in?");
}

static int passing(const struct access *access, const struct api_request *request,
		   const struct http_response *response, struct error *err)
{
	if (response->status != 429) {
		refused_text(access, request, response, ERROR_TRANSIENT, "the registry has a problem", err);
		return error_advise(err, "try again later, or with more --retry-times");
	}
	refused_text(access, request, response, ERROR_TRANSIENT, "too many requests for the registry", err);
	return error_advise(err, "try again later, or with fewer --jobs");
}

static int too_large(const struct access *access, const struct api_request *request,
		     const struct http_response *response, struct error *err)
{
	refused_text(access, request, response, ERROR_INVALID,
		     "too large for the registry or a proxy before it", err);
	if (!is_write(request))
		return -1;
	return error_advise(err, "what limits the size of a request there? (nginx: client_max_body_size)");
}

/* What stands behind a redirect gives bytes to whoever has the URL; one that asks who we are is none of
 * those, and asking it again does not help. */
static int foreign_login(const struct access *access, const struct api_request *request,
			 const struct http_response *response, struct error *err)
{
	CLEANUP(free_string) char *shown = http_redacted_url(response->url);

	refused_text(access, request, response, ERROR_INVALID,
		     "the server that the registry redirects to asks for credentials, and gets none", err);
	return error_advise(err, "it is %s; the registry should give a URL that needs none", shown);
}

/* Only what reads is sent to another origin. */
static int redirected(const struct access *access, const struct api_request *request,
		      const struct http_response *response, struct error *err)
{
	CLEANUP(free_string) char *shown = http_redacted_url(response->location);

	refused_text(access, request, response, ERROR_INVALID, "redirected to another server", err);
	return error_advise(err, "%s gets no request of this kind; is %s the registry's own name?", shown,
			    access->repository->host);
}

int request_refused(const struct access *access, const struct api_request *request,
		    const struct http_response *response, struct error *err)
{
	long status = response->status;

	if (response_is_foreign_error(response) && status == 401 && response->challenges.count)
		return foreign_login(access, request, response, err);
	if (response_is_foreign_error(response))
		return refused_text(access, request, response, ERROR_TRANSIENT,
				    "refused by the server that the registry redirects to", err);
	if (status == 401 || status == 403)
		return denied(access, request, response, err);
	if (response_says_absent(response))
		return absent(access, request, response, err);
	if (retry_is_transient_status(status))
		return passing(access, request, response, err);
	if (status == 413)
		return too_large(access, request, response, err);
	if (status >= 300 && status < 400 && response->location)
		return redirected(access, request, response, err);
	return refused_text(access, request, response, ERROR_INVALID,
			    status >= 400 ? "refused" : "an answer that makes no sense here", err);
}

static int send_request(const struct access *access, const struct api_request *request,
			const char *authorization, struct http_response *response, struct error *err)
{
	bool can_redirect = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
	struct http_request http = {
		.method = request->method,
		.url = request->url,
		.headers = request->headers,
		.authorization = authorization,
		.tls = request->is_anonymous ? NULL : &access->endpoint->tls,
		.allow_http = access->endpoint->is_insecure,
		.source = request->source,
		.sink = request->sink,
		.body_limit = request->body_limit ? request->body_limit : SMALL_BODY_LIMIT,
		/* Without GET and HEAD http follows only to the same origin, and only 307 and 308. */
		.max_redirects = can_redirect ? MAX_REDIRECTS : 1,
		.is_small = request->is_small,
		.is_foreign = request->is_distant && !access->endpoint->is_local,
		.handled_bytes = request->handled_bytes,
	};

	response_reset(response);
	int result = http_perform(access->session->http, &http, response, err);
	if (response->is_same_origin)
		warning_header_show(access->repository->host, response->warning);
	if (result == 0)
		return 0;
	return error_wrap(err, "%s/%s: %s", access->repository->host, access->repository->path,
			  request->what);
}

static bool is_unauthorized(const struct http_response *response)
{
	return response->status == 401 && response->is_same_origin;
}

int request_attempt(const struct access *access, const struct api_request *request,
		    struct http_response *response, bool *is_final, struct error *err)
{
	CLEANUP(authorization_release) struct authorization first = AUTHORIZATION_INIT;
	CLEANUP(authorization_release) struct authorization second = AUTHORIZATION_INIT;
	bool is_long = request->source && request->source->size > LONG_BODY_SIZE;
	bool has_new = false;

	*is_final = false;
	response_reset(response);
	if (request->is_anonymous)
		return send_request(access, request, NULL, response, err);

	if (authorization_get(access, request->mount_from, is_long, &first, err) < 0) {
		*is_final = !error_is(err, ERROR_TRANSIENT);
		return error_wrap(err, "%s/%s: %s", access->repository->host, access->repository->path,
				  request->what);
	}
	if (send_request(access, request, first.header, response, err) < 0)
		return -1;
	if (!is_unauthorized(response))
		return 0;

	if (authorization_renew(access, request->mount_from, &response->challenges, &first, &second, &has_new,
				err) < 0) {
		*is_final = !error_is(err, ERROR_TRANSIENT);
		response_reset(response);
		return error_wrap(err, "%s/%s: %s", access->repository->host, access->repository->path,
				  request->what);
	}
	if (has_new && send_request(access, request, second.header, response, err) < 0)
		return -1;
	if (!is_unauthorized(response))
		return 0;
	*is_final = true;
	return denied(access, request, response, err);
}

/* Whether the answer is one that the caller wants to see. */
static bool is_answer(const struct api_request *request, const struct http_response *response)
{
	if (response_is_foreign_error(response))
		return request->returns_foreign_errors &&
		       (request->returns_server_errors || response->status < 500);
	if (!retry_is_transient_status(response->status) || response_says_absent(response))
		return true;
	return request->returns_server_errors && response->status >= 500 && response->status != 503;
}

int request_perform(const struct access *access, const struct api_request *request,
		    struct http_response *response, struct error *err)
{
	struct registry_client *client = access->session->client;
	struct retry retry = RETRY_INIT(client->http, request_retry_policy(client, 0));

	for (;;) {
		bool is_final = false;
		if (retry_wait_for_origin(&retry, request->url, err) < 0)
			return -1;
		if (request_attempt(access, request, response, &is_final, err) == 0) {
			if (is_answer(request, response))
				return 0;
			request_refused(access, request, response, err);
		}
		if (is_final || !retry_again(&retry, request->url, response, false, err))
			return -1;
	}
}

static ssize_t read_memory(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	const struct memory_body *body = context;

	if (offset >= body->length)
		return error_set(err, ERROR_INVALID, "the request's body was read beyond its end");
	if (length > body->length - offset)
		length = body->length - (size_t)offset;
	memcpy(data, (const char *)body->data + offset, length);
	return (ssize_t)length;
}

struct http_source memory_body_source(const struct memory_body *body)
{
	/* The source only reads, whatever the type of its context. */
	return (struct http_source){.read = read_memory, .context = (void *)body, .size = body->length};
}
