/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container registry for tests: it speaks the distribution protocol properly, and misbehaves where
 * a rule says so.
 *
 * One `struct fake_registry` is one listener on the loopback interface, on a port that the kernel
 * chooses, with a thread for each connection. Its content lives in memory. Several listeners can
 * share content and tokens ("a CDN", "a token server", "an attacker" are just more listeners).
 * Every request is recorded; tests look at the record afterwards.
 *
 *     struct fake_registry *registry = fake_registry_start(&(struct fake_options){0});
 *     struct digest digest;
 *
 *     fake_registry_add_image(registry, "a/b", &(struct fake_image){.tag = "v1", .n_layers = 2,
 *                             .layer_size = 1000}, &digest);
 *     fake_registry_add_rule(registry, &(struct fake_rule){.method = "GET", .path = "/blobs/",
 *                            .first = 2, .status = 503, .retry_after = "1"});
 *     ... the code under test talks to fake_registry_host(registry) ...
 *     EXPECT(fake_registry_count(registry, "GET", "/blobs/") == 5);
 *     fake_registry_stop(registry);
 *
 * All functions may be called from any thread at any time until fake_registry_stop. Nothing here
 * returns an error: a test that cannot have its registry aborts with a word on stderr.
 *
 * What it speaks: /v2/, manifests GET HEAD PUT DELETE (Content-Type, digest and references checked),
 * blobs GET HEAD (one Range), uploads POST PATCH PUT GET DELETE with single POST and mount, tags/list
 * with n, last and Link, referrers (if switched on), GET and POST /token. HTTP/1.1 with keep-alive,
 * Expect: 100-continue and chunked request bodies.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest/digest.h"

struct fake_registry;
struct fake_authority;

/* --- starting and stopping */

enum fake_auth {
	FAKE_AUTH_NONE,
	FAKE_AUTH_BASIC,
	FAKE_AUTH_BEARER, /* tokens from /token of this listener, or from `realm` */
};

struct fake_options {
	const char *address; /* NULL: 127.0.0.1; or another 127.0.0.x */
	bool use_tls;
	struct fake_authority *authority; /* borrowed; NULL with TLS: the registry makes its own */
	const char *certificate_name;     /* NULL: valid for the address and localhost; else only for this */
	bool asks_for_client_certificate; /* and records whether one came; none is required */
	bool requires_client_certificate; /* the handshake fails without one from `authority` */
	enum fake_auth auth;
	const char *user;                /* NULL: "user" */
	const char *password;            /* NULL: "password" */
	const char *identity_token;      /* refresh token that POST /token takes; NULL: none */
	const char *realm;               /* NULL: URL of this listener's /token */
	const char *service;             /* NULL: "fake" */
	unsigned token_seconds;          /* 0: 300 */
	bool no_token_post;              /* POST /token answers 404: only GET is known */
	bool allows_anonymous_pull;      /* with bearer: tokens for pull without credentials */
	bool accepts_missing_references; /* manifests may name blobs and children that are not there */
	bool has_referrers;              /* GET /v2/NAME/referrers/DIGEST answers; else 404 */
	bool absolute_locations;         /* Location of uploads: full URLs instead of paths */
	unsigned page_size;              /* tags in a page at most; 0: as many as asked for */
	/* Content, uploads and tokens are those of this registry, which must be stopped later. */
	struct fake_registry *shares_content_with;
	const char *log_path; /* one line a request is appended; see fake_request_line */
};

/* Copies the options. The listener accepts connections when this returns. */
struct fake_registry *fake_registry_start(const struct fake_options *options);
/* Cuts the connections, ends the threads, frees everything. NULL is fine. */
void fake_registry_stop(struct fake_registry *registry);
/* For CLEANUP. */
void fake_registry_stopp(struct fake_registry **registry);

/* "127.0.0.1:34567": what goes in front of a repository. Borrowed. */
const char *fake_registry_host(const struct fake_registry *registry);
/* "http://127.0.0.1:34567" or "https://...". Borrowed. */
const char *fake_registry_url(const struct fake_registry *registry);
unsigned fake_registry_port(const struct fake_registry *registry);
/* The PEM of the certificate authority, to be trusted by clients. Borrowed; NULL without TLS. */
const char *fake_registry_ca_pem(const struct fake_registry *registry);

/* --- certificates */

struct fake_authority *fake_authority_new(void);
void fake_authority_free(struct fake_authority *authority);
/* PEM of the authority's own certificate. Borrowed. */
const char *fake_authority_pem(const struct fake_authority *authority);
/* Writes a certificate for clients and its key as PEM files. */
void fake_authority_write_client(struct fake_authority *authority, const char *certificate_path,
				 const char *key_path);

/* --- content. `digest` may be NULL everywhere. */

void fake_registry_add_blob(struct fake_registry *registry, const char *repository, const void *data,
			    size_t length, struct digest *digest);
/* `tag` may be NULL. References are not checked. */
void fake_registry_add_manifest(struct fake_registry *registry, const char *repository, const char *tag,
				const char *media_type, const void *data, size_t length,
				struct digest *digest);

struct fake_image {
	const char *tag; /* NULL: by digest only */
	unsigned seed;   /* the same seed, the same bytes; other seeds differ in every blob */
	unsigned n_layers;
	size_t layer_size;        /* random bytes each (not real tars) */
	bool is_docker;           /* docker schema 2 types instead of OCI */
	const char *architecture; /* NULL: amd64 */
};

/* An image with its config and layers. */
void fake_registry_add_image(struct fake_registry *registry, const char *repository,
			     const struct fake_image *image, struct digest *digest);
/* An index over manifests that are in this repository (their type, size and architecture are known);
 * images[i].architecture names the platforms. */
void fake_registry_add_index(struct fake_registry *registry, const char *repository, const char *tag,
			     bool is_docker, const struct fake_image *images, size_t n_images,
			     struct digest *digest);

bool fake_registry_has_blob(struct fake_registry *registry, const char *repository,
			    const struct digest *digest);
bool fake_registry_has_manifest(struct fake_registry *registry, const char *repository,
				const struct digest *digest);
/* False if there is no such tag. */
bool fake_registry_find_tag(struct fake_registry *registry, const char *repository, const char *tag,
			    struct digest *digest);
/* The bytes of a manifest as a NUL-terminated copy that the caller frees, or NULL. */
char *fake_registry_read_manifest(struct fake_registry *registry, const char *repository,
				  const char *tag_or_digest);
/* Damages a stored blob: the byte at `offset` is inverted, its name stays. */
void fake_registry_corrupt_blob(struct fake_registry *registry, const struct digest *digest, size_t offset);
/* How many distinct blobs and manifests there are. */
size_t fake_registry_count_blobs(struct fake_registry *registry);
size_t fake_registry_count_manifests(struct fake_registry *registry);
/* All tokens handed out so far are worth nothing from now on. */
void fake_registry_expire_tokens(struct fake_registry *registry);

/* --- misbehaviour */

/*
 * What to do with requests that match. All rules that match a request count, in the order in which
 * they were added; for one field the last rule that sets it wins. Strings are copied.
 *
 * A rule sees matching requests numbered from 1. It applies to number N if N > skip and, counted from
 * there, N is among the `first` ones (0: no end) and a multiple of `every` (0: each).
 */
struct fake_rule {
	/* Which requests. */
	const char *method; /* NULL: every method */
	const char *path;   /* part of path and query; NULL: every request */
	const char *header; /* part of a header line as it was sent, "Range: bytes=5"; NULL: any */
	unsigned skip, first, every;

	/* Before the answer. */
	unsigned delay_ms;         /* latency */
	uint64_t body_limit_bytes; /* request bodies of more are answered 413, unread */
	bool drop;                 /* close the connection without an answer, body unread */
	bool reset;                /* ... with RST instead of FIN; also for the cuts below */
	bool answers_early;        /* `status` goes out without reading the request's body */
	bool performs;             /* with `status`, `drop`: do what was asked for first, then that */

	/* Another answer. */
	int status;
	const char *body;        /* with `status` (or 200): this instead of what belongs there */
	const char *retry_after; /* header Retry-After */
	const char *redirect;    /* 307 to this URL; a '*' at its end stands for path and query */
	const char *raw;         /* these very bytes, then the connection is closed */
	/* "Name: value" lines joined by \r\n: added, in place of our own ones of the same name; an empty
	 * value only removes ours. "Docker-Content-Digest: sha256:00..\r\nContent-Type:" */
	const char *headers;
	size_t header_padding_bytes; /* a header X-Padding of this many bytes */

	/* The answer's body. */
	bool no_range;                 /* Range is ignored: always 200 with all of it */
	int64_t content_length_delta;  /* Content-Length is wrong by so much */
	bool no_content_length;        /* the end of the connection ends the body */
	bool chunked;                  /* Transfer-Encoding: chunked */
	bool endless;                  /* zeros after the body, for ever; no Content-Length */
	bool corrupt;                  /* the byte at corrupt_offset is inverted */
	uint64_t corrupt_offset;       /* position in the whole blob or manifest, whatever Range says */
	uint64_t cut_after_bytes;      /* the connection ends after so many bytes of a body */
	uint64_t cut_connection_bytes; /* ... counted over all bodies of a connection */
	bool cut_at_once;              /* ... after the headers */
	uint64_t stall_after_bytes;    /* silence after so many bytes of a body (until the client leaves) */
	bool stall;                    /* silence instead of an answer */
	unsigned trickle_ms;           /* a pause before each 1 KiB of the body */
};

void fake_registry_add_rule(struct fake_registry *registry, const struct fake_rule *rule);
void fake_registry_clear_rules(struct fake_registry *registry);

/* --- the record */

struct fake_request {
	char *method;
	char *target;            /* path and query */
	char *headers;           /* all lines as sent, joined by \n */
	char *authorization;     /* value of the header, NULL if none came */
	char *body;              /* of POST /token, NUL-terminated; else NULL */
	int status;              /* 0: no answer was given */
	uint64_t bytes_received; /* of the body */
	uint64_t bytes_sent;     /* of the body */
	bool has_client_certificate;
	unsigned connection; /* connections are numbered from 1 */
};

/* A copy of everything so far, in the order in which the requests ended. Free with the function. */
struct fake_request *fake_registry_requests(struct fake_registry *registry, size_t *n_requests);
void fake_requests_free(struct fake_request *requests, size_t n_requests);
/* Requests with this method (NULL: any) whose target contains `part` (NULL: any). */
size_t fake_registry_count(struct fake_registry *registry, const char *method, const char *part);
/* The same with a condition on the status. */
size_t fake_registry_count_status(struct fake_registry *registry, const char *method, const char *part,
				  int status);
/* Requests whose target contains `part` and one of whose header lines contains `text` (case counts),
 * e.g. "Range: bytes=". */
size_t fake_registry_count_header(struct fake_registry *registry, const char *part, const char *text);
/* Requests that carried Authorization. */
size_t fake_registry_count_authorized(struct fake_registry *registry);
size_t fake_registry_count_connections(struct fake_registry *registry);
/* Bytes of all bodies sent. */
uint64_t fake_registry_bytes_sent(struct fake_registry *registry);
/* Most requests that were being answered at the same time. */
unsigned fake_registry_peak_requests(struct fake_registry *registry);
void fake_registry_clear_requests(struct fake_registry *registry);

/*
 * The line of a request in a log file:
 *
 *     METHOD TARGET STATUS RECEIVED SENT AUTHORIZATION CONNECTION
 *
 * AUTHORIZATION is "-", "basic", "bearer" or "other". The caller frees it.
 */
char *fake_request_line(const struct fake_request *request);
