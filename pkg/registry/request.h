/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call of the API: authorised, repeated where that helps, its outcome in words.
 *
 *   request_attempt   once (twice after a 401)
 *   request_perform   until it has an answer worth looking at: for small requests
 *
 * Blobs are moved by loops of their own around request_attempt (download.c, upload.c).
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>

#include "http/http.h"
#include "http/retry.h"
#include "registry/endpoint.h"
#include "registry/registry.h"

#define MAX_REDIRECTS 5

/* What every call needs: who asks, for what, where. Borrows all three. */
struct access {
	struct registry_session *session;
	const struct repository *repository;
	struct endpoint *endpoint;
};

/* Checks the names (they go into URLs) and finds the endpoint. */
int access_open(struct access *access, struct registry_session *session, const struct repository *repository,
		struct error *err) MUST_CHECK;
/* "https://host/v2/PATH/" and the rest; the caller frees it. */
char *access_url(const struct access *access, const char *format, ...) PRINTF_LIKE(2, 3);

struct api_request {
	const char *method;
	const char *url;
	const char *what; /* for messages: "manifest v4.15"; escaped */
	const char *const *headers;
	const struct http_source *source;
	const struct http_sink *sink;
	uint64_t body_limit; /* 0: 1 MiB */
	bool is_small;
	bool is_anonymous;           /* the URL is not the registry's: nothing of ours goes there */
	bool is_distant;             /* the URL is on another host, which must not be this machine */
	bool returns_server_errors;  /* 5xx except 503 is an answer here, not repeated */
	bool returns_foreign_errors; /* so are errors of the server that a redirect led to; its 5xx only
				      * with both */
	uint64_t handled_bytes;      /* see struct http_request */
	const char *mount_from;
};

/* `attempts`: what counts where the user has not said, 0 for the usual number of small requests. */
struct retry_policy request_retry_policy(const struct registry_client *client, unsigned attempts);

/* One attempt; after a 401 a second one with a new token. Any other status is a success. A second 401,
 * or the lack of something new to try, is ERROR_UNAUTHORIZED, and response->status is 401.
 * *is_final: the error is about authorisation, which has been tried often enough. A token server with a
 * passing problem is not final; then response->url is NULL, nothing was sent. */
int request_attempt(const struct access *access, const struct api_request *request,
		    struct http_response *response, bool *is_final, struct error *err) MUST_CHECK;

/* Attempts until the status is not one that passes. Errors of a server that a redirect led to are such
 * too: its URLs expire. */
int request_perform(const struct access *access, const struct api_request *request,
		    struct http_response *response, struct error *err) MUST_CHECK;

/* Turns a status that nobody wanted into an error: ERROR_UNAUTHORIZED, ERROR_NOT_FOUND, ERROR_TRANSIENT
 * or ERROR_INVALID, with the server's words. Always -1. A server that a redirect led to and that wants
 * credentials is ERROR_INVALID: it gets none. */
int request_refused(const struct access *access, const struct api_request *request,
		    const struct http_response *response, struct error *err);

/* 404, or another error whose code says the same (Harbor). */
bool response_says_absent(const struct http_response *response);
/* Whether the body of an error holds the text, in any case. */
bool response_mentions(const struct http_response *response, const char *text);
/* The answer of a redirect's target, and not a success. */
bool response_is_foreign_error(const struct http_response *response);
/* Released, and empty for the next request. */
void response_reset(struct http_response *response);

/* A request body that lies in memory. `body` is borrowed. */
struct memory_body {
	const void *data;
	size_t length;
};
struct http_source memory_body_source(const struct memory_body *body);
