/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP exchange at a time, in straight lines: blocking, on libcurl easy handles of the worker.
 *
 *   struct http_client    settings, and what workers share: origin gates, the rate limit, counters.
 *                         Made once; may be used from any thread.
 *   struct http_session   one a worker, used by one thread at a time: owns an easy handle for each
 *                         TLS setting in use, and so keeps its connections alive. Nothing of
 *                         libcurl is shared between sessions.
 *
 * http_perform does one request with its redirects; it never repeats a request. Repeating is one
 * layer's job (retry.h), used by the module that also knows how to authorise anew.
 *
 * Redirects are followed here, hop by hop: at most 5 (token requests: 3), never from https to http,
 * a loop ends it, only http and https, no user information in a URL. `authorization`, the client
 * certificate and "insecure" belong to the origin (scheme, host, port) of the request's own URL and
 * are not used for any other; of the headers another origin gets only Accept and Range. A redirect
 * of a request other than GET and HEAD is followed only for 307 and 308 to the same origin (else the
 * 3xx is the response). No redirect leads to loopback or link-local addresses, unless the request's
 * own host is at such a one.
 *
 * Limits at the read: header block 128 KiB, 16 KiB a line that we use; body as the request says.
 * Errors: ERROR_TRANSIENT where another try may help (connection refused, reset, timeouts, short
 * bodies, TLS alerts), ERROR_INVALID where it will not (unknown host name stays transient; untrusted
 * certificate, malformed URL, too large), ERROR_CANCELLED. Any HTTP status is a success here: look
 * at response->status. A sink's or source's own error wins over libcurl's.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"

struct http_client;
struct http_session;

struct http_options {
	struct strvec ca_files;       /* PEM files trusted beside the system's, for every host */
	uint64_t rate_limit_bytes;    /* per second over all sessions together; 0: none */
	unsigned connect_timeout_ms;  /* 0: 15000 */
	unsigned stall_timeout_ms;    /* no byte for so long ends a transfer; 0: 60000 */
	unsigned response_timeout_ms; /* wait for an answer after the request was sent; 0: 120000;
				       * after an upload of more than 64 MiB: 600000 and more */
	unsigned small_timeout_ms;    /* for the whole of a small request; 0: 120000 */
};

/* What the whole run asked for; read at the end for the report. */
struct http_counters {
	atomic_uint_fast64_t requests; /* every request put on the wire, hops included */
	atomic_uint_fast64_t retries;
	atomic_uint_fast64_t bytes_received; /* bodies */
	atomic_uint_fast64_t bytes_sent;
};

/* Copies what it needs of the options. ERROR_IO/ERROR_INVALID for an unreadable CA file. */
int http_client_new(struct http_client **client, const struct http_options *options,
		    struct error *err) MUST_CHECK;
void http_client_free(struct http_client *client);
struct http_counters *http_client_counters(struct http_client *client);

struct http_session *http_session_new(struct http_client *client);
void http_session_free(struct http_session *session);

/* TLS settings of one origin. Borrowed by requests; owned by whoever knows the registry. */
struct http_tls {
	bool skip_verify;         /* the user called this registry insecure */
	struct strvec ca_files;   /* PEM files, trusted beside the system's (certs.d: *.crt) */
	char *client_certificate; /* PEM files, or NULL */
	char *client_key;
	char *directory; /* where such files are looked for: for advice; or NULL */
};

/* Takes the body as it comes; -1 with an error ends the transfer. */
struct http_sink {
	int (*write)(void *context, const void *data, size_t length, struct error *err);
	void *context;
};

/* Gives the body of a request: exactly `size` bytes from any offset (so that it can be sent again). */
struct http_source {
	/* Up to `length` bytes from `offset`; 0 < returned <= length, or -1 with an error. */
	ssize_t (*read)(void *context, uint64_t offset, void *data, size_t length, struct error *err);
	void *context;
	uint64_t size;
};

struct http_request {
	const char *method; /* "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" */
	const char *url;
	const char *const *headers;       /* "Name: value", NULL-terminated; or NULL */
	const char *authorization;        /* value of the header for the URL's own origin, or NULL */
	const struct http_tls *tls;       /* for the URL's own origin, or NULL for the defaults */
	bool allow_http;                  /* http:// URLs may be contacted (the user said so) */
	const struct http_source *source; /* body, or NULL for none (POST, PUT, PATCH then send length 0) */
	const struct http_sink *sink;     /* takes bodies of 200 and 206; NULL: into response->body */
	uint64_t body_limit;              /* for bodies of 200 and 206: more is ERROR_INVALID; 0 without
					    * a sink: the body does not matter, it is cut at 64 KiB */
	unsigned max_redirects;           /* 0: none are followed, the 3xx is the response */
	bool is_small;                    /* a total timeout of 120 s applies */
	unsigned small_timeout_ms;        /* another one; 0: the client's */
	bool is_foreign;        /* a server chose the URL: nothing on this machine or its link is asked */
	uint64_t handled_bytes; /* what the server has to go through before it answers, if more than the
				 * body: the answer may take longer */
};

struct http_response {
	long status;
	char *url;             /* of the last hop */
	bool is_same_origin;   /* the last hop has the origin of the request's URL */
	bool is_local;         /* the request's own host is this machine, or on its link */
	unsigned max_attempts; /* after an error: more make no sense; 0: no such limit is known */
	char *content_type;    /* these are NULL when absent */
	char *location;
	char *docker_content_digest;
	char *content_range;
	char *range;
	char *link;               /* all lines of this name, joined by commas */
	char *subject;            /* OCI-Subject */
	char *chunk_min_length;   /* OCI-Chunk-Min-Length */
	char *artifactory;        /* X-Artifactory-Id or X-JFrog-Version */
	char *warning;            /* likewise */
	char *registry_version;   /* Docker-Distribution-API-Version */
	struct strvec challenges; /* WWW-Authenticate lines */
	bool has_content_length;
	uint64_t content_length;
	uint64_t retry_after_ms; /* 0: none; at most 300 s */
	struct strbuf body;      /* what no sink took; error bodies are cut at 64 KiB */
};

#define HTTP_RESPONSE_INIT {.body = STRBUF_INIT}

void http_response_release(struct http_response *response);

/* One request. `response` is empty on entry and holds what was received, also after an error. */
int http_perform(struct http_session *session, const struct http_request *request,
		 struct http_response *response, struct error *err) MUST_CHECK;

/* What the server said about an error, for a message: from {"errors":[{"code","message"}...]} or the
 * start of the text, escaped, at most 300 bytes; "" if nothing. The caller frees it. */
char *http_error_text(const struct http_response *response);

/* "scheme://host:port" in lower case with the port always there; ERROR_INVALID if not http(s) or
 * with user information, fragment or control characters. The caller frees it. */
int http_origin(const char *url, char **origin, struct error *err) MUST_CHECK;

/* `location` resolved against `base` (RFC 3986), the query kept verbatim. The caller frees it. */
int http_resolve(const char *base, const char *location, char **url, struct error *err) MUST_CHECK;

/* A URL for a log: query values other than scope, service, mount, from, digest, n and last become
 * REDACTED, user information too. The caller frees it. */
char *http_redacted_url(const char *url);

/* Percent-encodes everything but unreserved characters (RFC 3986 2.3). The caller frees it. */
char *http_percent_encode(const char *text);
