/* SPDX-License-Identifier: Apache-2.0 */
/* A fake registry with a client that talks to it, for the tests of pkg/registry. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "registry/registry.h"
#include "tests/fake_registry/fake_registry.h"
#include "tests/tap.h"

/* Everything but `fake_options`, `side`, ... is made by fixture_start. */
struct fixture {
	struct fake_options fake_options;
	enum registry_side side;
	bool has_credentials;  /* user and password of the fake registry */
	const char *auth_json; /* another auth file; '*' stands for the host */
	bool is_strict;        /* not called insecure */
	bool pull_scope_only;
	unsigned max_attempts;
	unsigned small_timeout_ms;

	struct fake_registry *fake;
	struct http_client *http;
	struct strvec hosts;
	char *auth_file;
	struct registry_client *client;
	struct registry_session *session;
	struct repository repository; /* "a/b" */
};

static inline void fixture_stop(struct fixture *fixture)
{
	registry_session_free(fixture->session);
	registry_client_free(fixture->client);
	http_client_free(fixture->http);
	fake_registry_stop(fixture->fake);
	strvec_release(&fixture->hosts);
	free(fixture->auth_file);
}

static inline char *fixture_file(const char *name, const char *text)
{
	struct error err = ERROR_INIT;
	char *path = xasprintf("%s/%s", test_directory(), name);

	EXPECT_OK(file_replace(AT_FDCWD, path, text, strlen(text), 0600, &err), &err);
	return path;
}

static inline void fixture_write_auth_file(struct fixture *fixture)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	const char *json = fixture->auth_json;

	if (!json)
		json = fixture->has_credentials ? "{\"auths\":{\"*\":{\"auth\":\"dXNlcjpwYXNzd29yZA==\"}}}"
						: "{\"auths\":{}}";
	for (; *json; json++) {
		if (*json == '*')
			strbuf_add_string(&text, fake_registry_host(fixture->fake));
		else
			strbuf_add_char(&text, *json);
	}
	fixture->auth_file = fixture_file("auth.json", text.buf);
}

static inline void fixture_start_client(struct fixture *fixture)
{
	struct error err = ERROR_INIT;
	CLEANUP(free_string) char *conf = fixture_file("registries.conf", "");
	CLEANUP(strvec_release) struct strvec ca_files = STRVEC_INIT;
	const char *pem = fake_registry_ca_pem(fixture->fake);

	if (pem)
		strvec_push_take(&ca_files, fixture_file("ca.crt", pem));
	struct http_options http_options = {.ca_files = ca_files,
					    .small_timeout_ms = fixture->small_timeout_ms};
	EXPECT_OK(http_client_new(&fixture->http, &http_options, &err), &err);

	struct registry_options options = {
		.http = fixture->http,
		.registries_conf = conf,
		.retry = {.delay_ms = 1, .max_attempts = fixture->max_attempts},
		.pull_scope_only = fixture->pull_scope_only,
	};
	strvec_push(&fixture->hosts, fake_registry_host(fixture->fake));
	for (int side = REGISTRY_SOURCE; side <= REGISTRY_TARGET; side++) {
		options.sides[side].auth_file = fixture->auth_file;
		options.sides[side].is_insecure = !fixture->is_strict;
		options.sides[side].insecure_hosts = fixture->hosts;
	}
	EXPECT_OK(registry_client_new(&fixture->client, &options, &err), &err);
	fixture->session = registry_session_new(fixture->client);
}

static inline void fixture_start(struct fixture *fixture)
{
	setenv("HOME", test_directory(), 1);
	fixture->fake = fake_registry_start(&fixture->fake_options);
	fixture_write_auth_file(fixture);
	fixture_start_client(fixture);
	fixture->repository = (struct repository){
		.side = fixture->side,
		.host = fake_registry_host(fixture->fake),
		.path = "a/b",
	};
}

/* 1000 bytes that differ from blob to blob. */
#define FIXTURE_BLOB_SIZE 1000
static inline void fixture_make_blob(char seed, char blob[FIXTURE_BLOB_SIZE], struct descriptor *descriptor)
{
	for (int i = 0; i < FIXTURE_BLOB_SIZE; i++)
		blob[i] = (char)(seed + i * 7 + i / 256);
	*descriptor = (struct descriptor){.size = FIXTURE_BLOB_SIZE};
	digest_of(blob, FIXTURE_BLOB_SIZE, &descriptor->digest);
}
