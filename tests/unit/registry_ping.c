/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a registry is there, in which scheme, and what it has to say to everybody. */
#include "base/log.h"
#include "registry/client.h"
#include "registry/endpoint.h"
#include "registry/warning_header.h"
#include "tests/unit/registry_fixture.h"

static const char manifest_text[] = "{\"some\":\"content\"}";

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

TEST(a_registry_is_what_answers_the_ping_like_one)
{
	static const struct {
		int status;
		const char *header;
		bool is_registry;
	} cases[] = {
		{404, "", false},
		{403, "", true},
		{200, "", true},
		{500, "", false},
		{404, "Docker-Distribution-Api-Version: registry/2.0\r\n", true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(fixture_stop) struct fixture fixture = {.max_attempts = 1};
		struct error err = ERROR_INIT;
		fixture_start(&fixture);
		add_manifest(&fixture);
		/* The API lives below /v2/ too: only the ping itself ends there. */
		CLEANUP(free_string) char *raw = xasprintf("HTTP/1.1 %d X\r\n%sContent-Length: 0\r\n\r\n",
							   cases[i].status, cases[i].header);
		fake_registry_add_rule(fixture.fake,
				       &(struct fake_rule){.path = "/v2/", .first = 1, .raw = raw});
		if (cases[i].is_registry) {
			EXPECT_OK(resolve(&fixture, "v1", &err), &err);
			continue;
		}
		CLEANUP(free_string) char *words =
			xasprintf("endpoint \"%s/v2/\" does not support v2 API (got %d)",
				  fake_registry_url(fixture.fake), cases[i].status);
		EXPECT_ERROR(resolve(&fixture, "v1", &err), &err,
			     cases[i].status == 500 ? ERROR_TRANSIENT : ERROR_INVALID, words);
	}
}

/* A TLS server that drops one connection and answers http as such servers do. */
TEST(one_dropped_connection_does_not_make_a_registry_unknown)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.max_attempts = 2};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	fake_registry_add_rule(
		fixture.fake,
		&(struct fake_rule){.path = "/v2/",
				    .first = 1,
				    .raw = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request "
					   "to an HTTPS server.\n"});
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);

	CLEANUP(fixture_stop) struct fixture hopeless = {.max_attempts = 2};
	fixture_start(&hopeless);
	fake_registry_add_rule(hopeless.fake, &(struct fake_rule){.raw = "HTTP/1.0 400 Bad Request\r\n\r\n"});
	EXPECT_ERROR(resolve(&hopeless, "v1", &err), &err, ERROR_TRANSIENT, "(got 400)");
	EXPECT_ERROR(resolve(&hopeless, "v1", &err), &err, ERROR_TRANSIENT, "and with https");
	EXPECT(fake_registry_count(hopeless.fake, NULL, NULL) == 2);
}

TEST(a_server_that_sends_http_to_https_does_not_speak_http)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *secure =
		fake_registry_start(&(struct fake_options){.use_tls = true});
	CLEANUP(free_string) char *target = xasprintf("%s*", fake_registry_url(secure));
	CLEANUP(fixture_stop) struct fixture fixture = {.max_attempts = 2};
	CLEANUP(strvec_release) struct strvec ca_files = STRVEC_INIT;
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	strvec_push_take(&ca_files, fixture_file("ca.crt", fake_registry_ca_pem(secure)));
	http_session_free(steal(&fixture.session->http));
	http_client_free(steal(&fixture.http));
	EXPECT_OK(http_client_new(&fixture.http, &(struct http_options){.ca_files = ca_files}, &err), &err);
	fixture.client->http = fixture.http;
	fixture.session->http = http_session_new(fixture.http);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/v2/", .redirect = target});
	EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_TRANSIENT, "from http to https");
	EXPECT(fake_registry_count(secure, NULL, NULL) == 2);
}

static void end_holds(struct fixture *fixture)
{
	const struct map *endpoints = &fixture->client->endpoints;

	for (const struct map_entry *entry = map_next(endpoints, NULL); entry;
	     entry = map_next(endpoints, entry))
		((struct endpoint *)entry->value)->flight.failure_ends_ms = 0;
}

TEST(who_was_long_not_there_is_tried_once_at_a_time)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.max_attempts = 3};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	fake_registry_add_rule(fixture.fake, &(struct fake_rule){.path = "/v2/", .first = 4, .drop = true});
	for (size_t i = 0; i < 2; i++) {
		EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_TRANSIENT, NULL);
		EXPECT(fake_registry_count(fixture.fake, NULL, NULL) == 3 + i);
		EXPECT_ERROR(resolve(&fixture, "v1", &err), &err, ERROR_TRANSIENT, NULL);
		EXPECT(fake_registry_count(fixture.fake, NULL, NULL) == 3 + i);
		end_holds(&fixture);
	}
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT(endpoint_hold_ms(1) == 30000 && endpoint_hold_ms(2) == 60000);
	EXPECT(endpoint_hold_ms(20) == 300000);
}

TEST(http_is_spoken_to_insecure_registries_only)
{
	CLEANUP(fixture_stop) struct fixture fixture = {.is_strict = true, .max_attempts = 1};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	EXPECT(resolve(&fixture, "v1", &err) < 0);
	EXPECT(fake_registry_count(fixture.fake, NULL, NULL) == 0);
	error_clear(&err);
}

/* --- warnings */

static void keep_message(enum log_level level, const char *message, void *context)
{
	if (level == LOG_WARNING)
		strbuf_addf(context, "%s\n", message);
}

TEST(warnings_of_a_registry_are_shown_once)
{
	CLEANUP(strbuf_release) struct strbuf shown = STRBUF_INIT;
	CLEANUP(fixture_stop) struct fixture fixture = {0};
	struct error err = ERROR_INIT;

	fixture_start(&fixture);
	add_manifest(&fixture);
	fake_registry_add_rule(
		fixture.fake,
		&(struct fake_rule){.path = "/manifests/",
				    .headers = "Warning: 299 - \"Old \\\"stuff\\\" \x1b[2J\", 110 - \"x\"\r\n"
					       "Warning: 299 - \"Second\""});
	log_set_function(keep_message, &shown, LOG_WARNING);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	EXPECT_OK(resolve(&fixture, "v1", &err), &err);
	log_set_function(NULL, NULL, LOG_WARNING);
	CLEANUP(free_string) char *wanted = xasprintf("%s says: Old \"stuff\" \\x1b[2J\n%s says: Second\n",
						      fixture.repository.host, fixture.repository.host);
	EXPECT_STRING(shown.buf, wanted);
	warning_header_show("x", "299 - \"unclosed");
	warning_header_show("x", "299");
	warning_header_show("x", "");
}
