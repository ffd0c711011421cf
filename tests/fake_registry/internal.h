/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the fake registry share.
 *
 *   server.c      listeners, threads, the life of a connection
 *   connection.c  bytes in and out, plain or TLS
 *   request.c     one request: line, headers, body
 *   exchange.c    ... judged by rules, routed, answered
 *   record.c      what was asked for, and questions about it
 *   answer.c      one answer: headers, body, and how it goes wrong
 *   rules.c       which rules match, merged into one
 *   content.c     repositories, blobs, manifests, uploads, tokens in memory
 *   auth.c        Basic, Bearer and the token endpoint
 *   manifests.c, blobs.c, uploads.c   the protocol
 *
 * Locks: fake_content.mutex guards what several listeners share, fake_registry.mutex the rest; the
 * second may be taken while the first is held, never the other way round. Bytes of blobs and
 * manifests never change and live as long as the content, so they are sent without a lock.
 */
#pragma once

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "tests/fake_registry/fake_registry.h"

/* --- content */

struct fake_bytes {
	char *data;
	size_t size;
};

struct fake_manifest {
	struct fake_bytes *bytes;
	char *media_type;
	char digest[DIGEST_TEXT_SIZE];
};

struct fake_repository {
	struct map blobs;     /* digest -> struct fake_bytes, borrowed */
	struct map manifests; /* digest -> struct fake_manifest, borrowed */
	struct map tags;      /* tag -> struct fake_manifest, borrowed */
};

struct fake_upload {
	char *repository;
	struct strbuf data;
	unsigned state; /* part of the Location; changes with every PATCH */
	bool is_busy;   /* a connection works on it: others wait */
};

struct fake_token {
	char *scopes;        /* separated by blanks */
	uint64_t expires_ms; /* base/cancel.h's clock */
};

struct fake_content {
	pthread_mutex_t mutex;
	pthread_cond_t upload_is_free;
	unsigned references;
	unsigned next_number; /* of uploads and tokens */
	struct map repositories;
	struct map blobs; /* digest -> struct fake_bytes, borrowed */
	struct map uploads;
	struct map tokens;
	struct fake_bytes **all_bytes; /* owned until the end, also what was replaced */
	size_t n_bytes, allocated_bytes;
	struct fake_manifest **all_manifests;
	size_t n_manifests, allocated_manifests;
};

struct fake_content *content_new(void);
void content_release(struct fake_content *content);
/* The functions below are called with content->mutex held. */
struct fake_repository *content_repository(struct fake_content *content, const char *name, bool create);
/* Takes `data`. */
struct fake_bytes *content_add_blob(struct fake_content *content, const char *repository, const char *digest,
				    char *data, size_t size);
struct fake_bytes *content_find_blob(struct fake_content *content, const char *repository,
				     const char *digest);
struct fake_manifest *content_add_manifest(struct fake_content *content, const char *repository,
					   const char *tag, const char *media_type, const char *data,
					   size_t size);
struct fake_manifest *content_find_manifest(struct fake_content *content, const char *repository,
					    const char *tag_or_digest);

/* --- rules */

struct rule {
	struct fake_rule rule;
	unsigned n_seen;
	struct rule *next;
};

/* --- listeners and connections */

struct connection {
	struct fake_registry *registry;
	struct connection *next;
	pthread_t thread;
	int fd; /* registry->mutex for closing it */
	SSL *ssl;
	unsigned number;
	bool must_close, must_reset;
	bool has_client_certificate;
	uint64_t body_bytes; /* sent over it so far */
	atomic_bool is_finished;
	size_t start, end; /* of what is unread in the buffer */
	char buffer[65536];
};

struct fake_registry {
	struct fake_options options;
	struct strvec strings; /* what the copied options point to */
	char *host, *url, *realm, *basic;
	unsigned port;
	int listen_fd;
	int stop_pipe[2]; /* the write end is closed to stop everything that waits */
	int log_fd;
	pthread_t thread;
	struct fake_content *content;
	struct fake_authority *own_authority;
	SSL_CTX *tls;

	pthread_mutex_t mutex; /* everything below */
	struct connection *connections;
	unsigned n_connections;
	struct rule *rules, *old_rules;
	struct fake_request *requests;
	size_t n_requests, allocated_requests;
	unsigned n_active, peak_active;
	atomic_uint_fast64_t bytes_sent;
};

/* Gives up on a broken test environment. */
void fake_abort(const char *what) __attribute__((noreturn));
SSL_CTX *authority_context(struct fake_authority *authority, const struct fake_options *options);
/* Returns early and false when the registry stops. */
bool registry_wait(struct fake_registry *registry, unsigned milliseconds);
void registry_record(struct fake_registry *registry, struct fake_request *request);
void *connection_run(void *connection);

/* Up to `length` bytes, 0 at the end, -1 if the connection broke. */
ssize_t connection_read(struct connection *connection, void *data, size_t length);
/* All of it, or false. */
bool connection_write(struct connection *connection, struct iovec *parts, int n_parts);

/* --- one request and its answer */

struct exchange {
	struct fake_registry *registry;
	struct connection *connection;
	struct fake_request request;
	char *path, *query; /* the query without '?', "" if none */
	char *name;         /* of the repository, NULL outside of /v2/NAME/ */
	char *kind;         /* "manifests", "blobs", "uploads", "tags", "referrers" */
	char *item;         /* tag, digest or upload */
	bool has_length, is_chunked, expects_continue;
	uint64_t length; /* of the request's body */
	bool is_body_read, is_recorded;
	struct fake_rule rule;
	/* the answer */
	int status;
	struct strbuf headers; /* lines ending in \r\n */
	const char *body;      /* borrowed: from text, or bytes of the content */
	size_t body_length;
	uint64_t body_start; /* position of body[0] in the whole blob */
	struct strbuf text;
};

/* Longer bodies are not even ignored. */
#define MAX_BODY_BYTES ((uint64_t)16 << 30)

/* False when the client has left, or does not speak HTTP and was told so. */
bool request_read_head(struct exchange *exchange);
/* Value of a header of the request, or NULL. The caller frees it. */
char *exchange_header(const struct exchange *exchange, const char *name);
/* Value of a parameter of a query or form, decoded, or NULL. The caller frees it. `number` counts
 * parameters of the same name from 0. */
char *form_value(const char *form, const char *name, unsigned number);
/* Appends the body of the request; false if the connection broke or it has more than `limit` bytes. */
bool exchange_read_body(struct exchange *exchange, struct strbuf *body, uint64_t limit);

void answer_header(struct exchange *exchange, const char *format, ...) PRINTF_LIKE(2, 3);
/* An answer in the distribution protocol's error format. */
void answer_error(struct exchange *exchange, int status, const char *code, const char *message);
void answer_json(struct exchange *exchange, int status, const char *content_type);
/* Sends it, as the rule wants it. */
void answer_send(struct exchange *exchange);

void rules_apply(struct exchange *exchange);

/* Whether the request may go on; if not the answer is there. */
bool auth_check(struct exchange *exchange);
void auth_token(struct exchange *exchange);

void manifests_handle(struct exchange *exchange);
void tags_handle(struct exchange *exchange);
void referrers_handle(struct exchange *exchange);
void blobs_handle(struct exchange *exchange);
void uploads_handle(struct exchange *exchange);
