/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"
#include "tests/unit/registry_fixture.h"

static const char manifest_text[] = "{\"some\":\"content\"}";
#define MANIFEST_DIGEST "sha256:59685d14054198fee6005106a66462a924cabe21f4b0c7c1fdf4da95ccee52bd"

static void add_manifest(struct fixture *fixture)
{
	fake_registry_add_manifest(fixture->fake, "a/b", "v1", MEDIA_TYPE_OCI_MANIFEST, manifest_text,
				   strlen(manifest_text), NULL);
}

static int resolve(struct fixture *fixture, const char *name, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};

	return registry_resolve(fixture->session, &fixture->repository, name, &bytes, &descriptor, err);
}

struct many {
	struct fixture *fixture;
	int results[8];
};

static void resolve_in_thread(size_t index, unsigned worker, void *context)
{
	struct many *many = context;
	CLEANUP(registry_session_freep) struct registry_session *session =
		registry_session_new(many->fixture->client);
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(descriptor_release) struct descriptor descriptor = {0};
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	(void)worker;
	many->results[index] =
		registry_resolve(session, &many->fixture->repository, "v1", &bytes, &descriptor, &err);
}

TEST(all_workers_share_one_ping_and_one_token)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
							.has_credentials = true};
	struct many many = {.fixture = &fixture};

	fixture_start(&fixture);
	add_manifest(&fixture);
	parallel_for(ARRAY_LENGTH(many.results), 8, resolve_in_thread, &many);
	for (size_t i = 0; i < ARRAY_LENGTH(many.results); i++)
		EXPECT(many.results[i] == 0);
	EXPECT(fake_registry_count(fixture.fake, "GET", "/token") == 1);
	EXPECT(fake_registry_count_status(fixture.fake, "GET", "/v2/", 401) == 1);
	EXPECT(fake_registry_count(fixture.fake, NULL, NULL) == 10);
}

TEST(a_registry_that_cannot_be_reached_is_asked_once_by_all)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.max_attempts = 2};
	struct many many = {.fixture = &fixture};

	fixture_start(&fixture);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/v2/", .status = 503});
	parallel_for(ARRAY_LENGTH(many.results), 4, resolve_in_thread, &many);
	for (size_t i = 0; i < ARRAY_LENGTH(many.results); i++)
		EXPECT(many.results[i] < 0);
	EXPECT(fake_registry_count(fixture.fake, NULL, NULL) == 2);
}

/* --- authorisation */

TEST(basic_credentials_are_sent_with_the_first_request)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BASIC},
							.has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT(fake_registry_count(fixture.fake, NULL, NULL) == 2);
	EXPECT(fake_registry_count_authorized(fixture.fake) == 1);
}

TEST(without_credentials_the_message_says_where_they_were_looked_for)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BASIC}};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	CLEANUP(free_string) char *words = xasprintf("no credentials for %s in %s; try --authfile FILE",
						     fixture.repository.host, fixture.auth_file);
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_UNAUTHORIZED, words);
	EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 1);
}

TEST(refused_basic_credentials_are_final_and_named)
{
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.auth = FAKE_AUTH_BASIC, .password = "another"}, .has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_UNAUTHORIZED, "credentials used: ");
	EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 1);
}

TEST(refused_credentials_are_no_reason_to_ask_without)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER,
									 .password = "another",
									 .allows_anonymous_pull = true},
							.has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_UNAUTHORIZED, "credentials used: ");
	EXPECT(fake_registry_count(fixture.fake, NULL, "/token") == 1);
	EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 0);
}

TEST(anonymous_tokens_are_asked_for_without_credentials)
{
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.auth = FAKE_AUTH_BEARER, .allows_anonymous_pull = true}};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT(fake_registry_count_authorized(fixture.fake) == 1);
}

TEST(the_scope_is_pull_at_the_source_and_push_at_the_target_unless_it_is_a_dry_run)
{
	static const struct {
		enum registry_side side;
		bool pull_scope_only;
		const char *scope;
	} cases[] = {
		{REGISTRY_SOURCE, false, "scope=repository%3Aa%2Fb%3Apull&"},
		{REGISTRY_TARGET, false, "scope=repository%3Aa%2Fb%3Apull%2Cpush&"},
		{REGISTRY_TARGET, true, "scope=repository%3Aa%2Fb%3Apull&"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
								.has_credentials = true,
								.side = cases[i].side,
								.pull_scope_only = cases[i].pull_scope_only};
		struct error err = ERROR_INIT;
		fixture_start(&fixture);
		add_manifest(&fixture);
		EXPECT_OK(resolve(&fixture, "v1", &err), &err);
		EXPECT(fake_registry_count(fixture.fake, "GET", cases[i].scope) == 1);
	}
}

TEST(an_expired_token_is_replaced_once)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
							.has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	fake_registry_expire_tokens(fixture.fake);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT(fake_registry_count(fixture.fake, NULL, "/token") == 2);
	EXPECT(fake_registry_count_status(fixture.fake, NULL, "/manifests/", 401) == 1);
}

TEST(endless_401_ends)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
							.has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/manifests/",
						   .status = 401,
						   .body = "{\"errors\":[{\"code\":\"UNAUTHORIZED\","
							   "\"message\":\"go \\u001b[31maway\"}]}"});
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_UNAUTHORIZED, "go \\x1b[31maway");
	EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 2);
}

TEST(a_401_after_an_open_ping_gets_a_token_and_is_remembered)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
							.has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	fake_registry_add_manifest(fixture.fake, "c/d", "v1", MEDIA_TYPE_OCI_MANIFEST, manifest_text,
				   strlen(manifest_text), NULL);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/v2/", .first = 1, .status = 200});
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	fixture.repository.path = "c/d";
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT(fake_registry_count_status(fixture.fake, NULL, "/v2/a/b/", 401) == 1);
	EXPECT(fake_registry_count_status(fixture.fake, NULL, "/v2/c/d/", 401) == 0);
}

TEST(identity_tokens_are_posted_and_get_is_the_fallback)
{
	for (int no_post = 0; no_post < 2; no_post++) {
		CLEANUP(fixture_stop) struct fixture fixture = {
			.fake_options = {.auth = FAKE_AUTH_BEARER,
					 .identity_token = "refresh+me",
					 .no_token_post = no_post},
			.auth_json = "{\"auths\":{\"*\":{\"auth\":\"dXNlcjpwYXNzd29yZA==\","
				     "\"identitytoken\":\"refresh+me\"}}}"};
		struct error err = ERROR_INIT;
		fixture_start(&fixture);
		add_manifest(&fixture);
		int result = resolve(&fixture, "v1", &err);
		EXPECT(fake_registry_count(fixture.fake, "POST", "/token") == 1);
		if (!no_post)
			EXPECT_OK(result, &err);
		error_clear(&err);
	}
}

TEST(a_registry_token_is_used_as_it_is)
{
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.auth = FAKE_AUTH_BEARER},
		.auth_json = "{\"auths\":{\"*\":{\"registrytoken\":\"ready-made\"}}}"};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_UNAUTHORIZED, "credentials used");
	EXPECT(fake_registry_count(fixture.fake, NULL, "/token") == 0);
	EXPECT(fake_registry_count_header(fixture.fake, "/manifests/", "Bearer ready-made") == 1);
}

TEST(hostile_token_answers_are_refused)
{
	static const char *const bodies[] = {
		"not json",
		"[]",
		"{}",
		"{\"token\":\"\"}",
		"{\"token\":\"a\\r\\nX: y\"}",
		"{\"token\":7}",
		"{\"token\":\"a b\"}",
		"{\"token\":\"a\",\"token\":\"b\"}",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bodies); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
								.has_credentials = true};
		struct error err = ERROR_INIT;
		fixture_start(&fixture);
		fake_registry_add_rule(
			fixture.fake,
			&(struct fake_rule){.path = "/token", .status = 200, .body = bodies[i]});
		EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_INVALID, "token server ");
		EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 0);
	}
}

TEST(odd_lifetimes_of_tokens_do_no_harm)
{
	static const char *const lifetimes[] = {"-1", "0", "99999999999", "\"300\"", "1e400", "null"};

	for (size_t i = 0; i < ARRAY_LENGTH(lifetimes); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
								.has_credentials = true};
		struct error err = ERROR_INIT;
		fixture_start(&fixture);
		CLEANUP(free_string) char *body =
			xasprintf("{\"access_token\":\"x\",\"expires_in\":%s}", lifetimes[i]);
		fake_registry_add_rule(fixture.fake,
				       &(struct fake_rule){.path = "/token", .status = 200, .body = body});
		EXPECT(resolve(&fixture, "v1", &err) < 0);
		EXPECT(error_is(&err, i == 4 ? ERROR_INVALID : ERROR_UNAUTHORIZED));
		error_clear(&err);
	}
}

TEST(a_busy_token_server_is_asked_again)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
							.has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	fake_registry_add_rule(fixture.fake,
			       &(struct fake_rule){.path = "/token", .first = 2, .status = 502});
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT(fake_registry_count(fixture.fake, NULL, "/token") == 3);
}

TEST(a_token_server_that_is_down_is_not_asked_by_two_layers)
{
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.auth = FAKE_AUTH_BEARER}, .has_credentials = true, .max_attempts = 3};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/token", .status = 502});
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_TRANSIENT, "token server ");
	EXPECT(fake_registry_count(fixture.fake, NULL, "/token") == 3);
}

TEST(a_malformed_token_answer_is_not_quoted)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER},
							.has_credentials = true};
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	fixture_start(&fixture);
	fake_registry_add_rule(
		fixture.fake,
		&(struct fake_rule){.path = "/token", .status = 200, .body = "{\"token\":\"hush-hush\""});
	EXPECT(resolve(&fixture, "v1", &err) < 0);
	EXPECT(error_is(&err, ERROR_INVALID) && strstr(err.message, "is not valid JSON"));
	EXPECT(!strstr(err.message, "hush"));
}

TEST(a_token_server_that_takes_no_identity_token_is_shown_the_password)
{
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.auth = FAKE_AUTH_BEARER, .no_token_post = true},
		.auth_json = "{\"auths\":{\"*\":{\"identitytoken\":\"abc\","
			     "\"auth\":\"dXNlcjpwYXNzd29yZA==\"}}}"};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT(fake_registry_count(fixture.fake, "POST", "/token") == 1);
	EXPECT(fake_registry_count_header(fixture.fake, "/token", "Basic") == 1);
}

TEST(a_token_server_elsewhere_gets_nothing)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *attacker =
		fake_registry_start(&(struct fake_options){.address = "127.0.0.2"});
	CLEANUP(free_string) char *realm = xasprintf("%s/token", fake_registry_url(attacker));
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.auth = FAKE_AUTH_BEARER, .realm = realm}, .has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_INVALID,
		     "is not trusted with the credentials");
	EXPECT(fake_registry_count(attacker, NULL, NULL) == 0);
}

TEST(a_token_server_on_the_same_host_is_fine_and_its_redirects_are_checked)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *attacker =
		fake_registry_start(&(struct fake_options){.address = "127.0.0.2"});
	CLEANUP(fake_registry_stopp) struct fake_registry *server =
		fake_registry_start(&(struct fake_options){0});
	CLEANUP(free_string) char *realm = xasprintf("%s/token", fake_registry_url(server));
	CLEANUP(free_string) char *elsewhere = xasprintf("%s/token", fake_registry_url(attacker));
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.auth = FAKE_AUTH_BEARER, .realm = realm}, .has_credentials = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	fake_registry_add_rule(server, &(struct fake_rule){.redirect = elsewhere});
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_INVALID,
		     "is not trusted with the credentials");
	EXPECT(fake_registry_count_header(server, "/token", "Basic") == 1);
	EXPECT(fake_registry_count(attacker, NULL, NULL) == 0);
}

TEST(tls_with_a_private_authority_works_from_certs_d)
{
	CLEANUP(fixture_stop) struct fixture fixture = {
		.fake_options = {.use_tls = true, .auth = FAKE_AUTH_BEARER},
		.has_credentials = true,
		.is_strict = true};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	/* Without the authority on the command line. */
	registry_session_free(steal(&fixture.session));
	registry_client_free(steal(&fixture.client));
	http_client_free(steal(&fixture.http));
	EXPECT_OK(http_client_new(&fixture.http, &(struct http_options){0}, &err), &err);
	struct registry_options options = {.http = fixture.http, .retry = {.delay_ms = 1, .max_attempts = 1}};
	options.sides[0].auth_file = options.sides[1].auth_file = fixture.auth_file;
	EXPECT_OK(registry_client_new(&fixture.client, &options, &err), &err);
	fixture.session = registry_session_new(fixture.client);
	EXPECT(resolve(&fixture, "v1", &err) < 0);
	error_clear(&err);

	CLEANUP(free_string) char *directory =
		xasprintf("%s/.config/containers/certs.d/%s", test_directory(), fixture.repository.host);
	EXPECT_OK(directory_create_all(directory, 0755, &err), &err);
	CLEANUP(free_string) char *path = xasprintf("%s/ca.crt", directory);
	const char *pem = fake_registry_ca_pem(fixture.fake);
	EXPECT_OK(file_replace(AT_FDCWD, path, pem, strlen(pem), 0600, &err), &err);
	registry_session_free(steal(&fixture.session));
	registry_client_free(steal(&fixture.client));
	EXPECT_OK(registry_client_new(&fixture.client, &options, &err), &err);
	fixture.session = registry_session_new(fixture.client);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
}

TEST(names_that_do_not_belong_into_a_url_are_refused)
{
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	EXPECT_ERROR(resolve(&fixture, "../x", &err), &err, ERROR_INVALID, "is not a tag");
	EXPECT_ERROR(resolve(&fixture, "sha256:../x", &err), &err, ERROR_INVALID, "");
	fixture.repository.path = "a/../b";
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_INVALID, "is not the name of a repository");
	fixture.repository.host = "evil host";
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_INVALID, "is not the name of a registry");
	EXPECT(fake_registry_count(fixture.fake, NULL, "/manifests/") == 0);
}
