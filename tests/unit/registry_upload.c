/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cancel.h"
#include "tests/unit/registry_upload_fixture.h"

TEST(a_blob_is_written_with_post_and_put)
{
	for (int absolute = 0; absolute < 2; absolute++) {
		CLEANUP(stop) struct upload_test test = {
			.fixture = {
				.fake_options = {.auth = FAKE_AUTH_BEARER, .absolute_locations = absolute}}};
		start(&test);
		expect_written(&test, NULL);
		EXPECT(count(&test, "POST") == 1 && count(&test, "PUT") == 1 && count(&test, NULL) == 2);
		EXPECT(fake_registry_count_header(test.fixture.fake, "/blobs/",
						  "Content-Type: application/octet-stream") == 2);
		EXPECT(fake_registry_count_header(test.fixture.fake, "/blobs/", "Content-Length: 0") == 1);
		EXPECT(fake_registry_count_header(test.fixture.fake, "/blobs/", "Content-Length: 100000") ==
		       1);
		EXPECT(fake_registry_count_header(test.fixture.fake, "/blobs/", "Content-Range") == 0);
	}
}

TEST(a_413_at_put_means_patch_from_then_on)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	add_rule(&test, "PUT", (struct fake_rule){.body_limit_bytes = 1000});
	expect_written(&test, NULL);
	EXPECT(count(&test, "PATCH") == 1 && count(&test, "PUT") == 2 && count(&test, "POST") == 2);
	test.blob[0]++;
	digest_of(test.blob, test.size, &test.descriptor.digest);
	expect_written(&test, NULL);
	EXPECT(count(&test, "PATCH") == 2 && count(&test, "PUT") == 3 && count(&test, "POST") == 3);
}

TEST(a_413_for_everything_is_an_error)
{
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, NULL, (struct fake_rule){.body_limit_bytes = 1000});
	EXPECT_ERROR(write_blob(&test, NULL, &err), &err, ERROR_INVALID,
		     "too large for the registry or a proxy");
}

/* Two PUTs, each on a connection of its own: on a kept one libcurl would send once more by itself. */
static void break_puts(struct upload_test *test)
{
	add_rule(test, "POST", (struct fake_rule){.headers = "Connection: close"});
	add_rule(test, "PUT", (struct fake_rule){.first = 2, .drop = true, .reset = true});
}

TEST(two_broken_puts_mean_patch)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	break_puts(&test);
	expect_written(&test, NULL);
	EXPECT(count(&test, "PATCH") == 1 && count(&test, "POST") == 3);
}

TEST(patch_that_is_not_supported_leads_back_to_put)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	break_puts(&test);
	add_rule(&test, "PATCH", (struct fake_rule){.status = 405});
	expect_written(&test, NULL);
	EXPECT(count(&test, "PATCH") == 1);
}

TEST(after_a_5xx_the_blob_may_be_there)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	add_rule(&test, "PUT", (struct fake_rule){.first = 1, .status = 500, .performs = true});
	expect_written(&test, NULL);
	EXPECT(count(&test, "PUT") == 1 && count(&test, "HEAD") == 1);

	CLEANUP(stop) struct upload_test cut = {0};
	start(&cut);
	add_rule(&cut, "PUT", (struct fake_rule){.first = 1, .drop = true, .performs = true});
	expect_written(&cut, NULL);
	EXPECT(count(&cut, "POST") == 1 && count(&cut, "HEAD") == 1);
}

TEST(passing_errors_start_again_with_a_new_post)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	add_rule(&test, "PUT", (struct fake_rule){.first = 2, .status = 503});
	add_rule(&test, "POST", (struct fake_rule){.first = 1, .status = 429});
	expect_written(&test, NULL);
	EXPECT(count(&test, "POST") == 4 && count(&test, "PUT") == 3);
}

TEST(a_lost_place_or_a_wrong_digest_is_tried_again_but_not_for_ever)
{
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, "PUT", (struct fake_rule){.first = 1, .status = 404});
	expect_written(&test, NULL);

	CLEANUP(stop) struct upload_test bad = {0};
	start(&bad);
	add_rule(&bad, "PUT",
		 (struct fake_rule){
			 .status = 400,
			 .body = "{\"errors\":[{\"code\":\"DIGEST_INVALID\",\"message\":\"no\"}]}"});
	EXPECT_ERROR(write_blob(&bad, NULL, &err), &err, ERROR_INVALID, "DIGEST_INVALID");
	EXPECT(count(&bad, "PUT") == 3);
}

TEST(a_repository_that_does_not_exist_is_said_at_once)
{
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, "POST",
		 (struct fake_rule){
			 .status = 404,
			 .body = "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"no such\"}]}"});
	EXPECT_ERROR(write_blob(&test, NULL, &err), &err, ERROR_NOT_FOUND, "NAME_UNKNOWN");
	EXPECT(count(&test, NULL) == 1);
}

TEST(a_401_at_put_gets_a_new_token_and_the_upload_again)
{
	for (int early = 0; early < 2; early++) {
		CLEANUP(stop) struct upload_test test = {
			.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};
		start(&test);
		add_rule(&test, "PUT", (struct fake_rule){.first = 1, .status = 401, .answers_early = early});
		expect_written(&test, NULL);
		EXPECT(fake_registry_count(test.fixture.fake, NULL, "/token") == 2);
		EXPECT(count(&test, "PUT") == 2);
	}
}

TEST(a_registry_that_stores_something_else_is_an_error)
{
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, "PUT",
		 (struct fake_rule){
			 .headers = "Docker-Content-Digest: sha256:"
				    "0000000000000000000000000000000000000000000000000000000000000000"});
	EXPECT_ERROR(write_blob(&test, NULL, &err), &err, ERROR_DIGEST, "has stored something else");
}

TEST(a_location_elsewhere_gets_no_credentials_or_nothing_at_all)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *attacker =
		fake_registry_start(&(struct fake_options){.address = "127.0.0.2"});
	CLEANUP(free_string) char *header =
		xasprintf("Location: %s/v2/a/b/blobs/uploads/1", fake_registry_url(attacker));
	CLEANUP(stop) struct upload_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BASIC}}};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, "POST", (struct fake_rule){.headers = header});
	EXPECT_ERROR(write_blob(&test, NULL, &err), &err, ERROR_INVALID, "wants the upload at");
	EXPECT(fake_registry_count(attacker, NULL, NULL) == 0);

	/* The same host on another port may take it, without credentials. */
	CLEANUP(fake_registry_stopp) struct fake_registry *storage =
		fake_registry_start(&(struct fake_options){.shares_content_with = test.fixture.fake});
	CLEANUP(free_string) char *other = xasprintf("Location: %s/x", fake_registry_url(storage));
	fake_registry_clear_rules(test.fixture.fake);
	add_rule(&test, "POST", (struct fake_rule){.headers = other});
	fake_registry_add_rule(storage, &(struct fake_rule){.status = 201});
	EXPECT_OK(write_blob(&test, NULL, &err), &err);
	EXPECT(fake_registry_count(storage, "PUT", NULL) == 1);
	EXPECT(fake_registry_count_authorized(storage) == 0);
}

TEST(an_http_location_of_an_https_registry_is_read_as_https)
{
	CLEANUP(stop) struct upload_test test = {
		.fixture = {.fake_options = {.use_tls = true, .auth = FAKE_AUTH_BASIC}, .is_strict = true}};

	start(&test);
	expect_written(&test, NULL);
	/* The answer to POST names the place of the next upload with the wrong scheme. */
	CLEANUP(free_string) char *header =
		xasprintf("Location: http://%s/v2/a/b/blobs/uploads/upload-2?_state=0",
			  fake_registry_host(test.fixture.fake));
	add_rule(&test, "POST", (struct fake_rule){.headers = header});
	test.blob[0]++;
	digest_of(test.blob, test.size, &test.descriptor.digest);
	expect_written(&test, NULL);
	EXPECT(fake_registry_count_status(test.fixture.fake, "PUT", "/blobs/", 201) == 2);
}

TEST(blobs_are_mounted_where_the_registry_does_it)
{
	CLEANUP(stop) struct upload_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	fake_registry_add_blob(test.fixture.fake, "c/d", test.blob, test.size, NULL);
	expect_written(&test, "c/d");
	EXPECT(test.was_mounted);
	EXPECT(count(&test, "POST") == 1 && count(&test, "PUT") == 0);
	/* The target first, then the right to read the source. */
	EXPECT(fake_registry_count(
		       test.fixture.fake, "GET",
		       "scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Ac%2Fd%3Apull") == 1);
}

TEST(a_mount_that_opens_an_upload_is_used_for_it)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	expect_written(&test, "c/d");
	EXPECT(!test.was_mounted);
	EXPECT(count(&test, "POST") == 1 && count(&test, "PUT") == 1);
}

TEST(refused_mounts_become_uploads_and_are_given_up)
{
	static const int statuses[] = {400, 401, 404, 405, 500};

	for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++) {
		CLEANUP(stop) struct upload_test test = {0};
		start(&test);
		fake_registry_add_rule(test.fixture.fake,
				       &(struct fake_rule){.path = "mount=", .status = statuses[i]});
		for (int n = 0; n < 4; n++) {
			test.blob[0]++;
			digest_of(test.blob, test.size, &test.descriptor.digest);
			expect_written(&test, "c/d");
		}
		/* What passes is repeated, and ends the mounting only when it goes on. */
		EXPECT(fake_registry_count(test.fixture.fake, "POST", "mount=") ==
		       (statuses[i] == 500 ? 4 * 3 : 2));
	}
}

TEST(refusals_count_for_one_source_repository)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	fake_registry_add_rule(test.fixture.fake, &(struct fake_rule){.path = "from=c%2Fd", .status = 404});
	for (int n = 0; n < 3; n++) {
		test.blob[0]++;
		digest_of(test.blob, test.size, &test.descriptor.digest);
		expect_written(&test, "c/d");
	}
	EXPECT(fake_registry_count(test.fixture.fake, "POST", "from=c%2Fd") == 2);
	test.blob[0]++;
	digest_of(test.blob, test.size, &test.descriptor.digest);
	fake_registry_add_blob(test.fixture.fake, "e/f", test.blob, test.size, NULL);
	expect_written(&test, "e/f");
	EXPECT(test.was_mounted);
}

TEST(a_mount_waits_for_a_registry_that_is_busy)
{
	CLEANUP(stop) struct upload_test test = {0};

	start(&test);
	fake_registry_add_blob(test.fixture.fake, "c/d", test.blob, test.size, NULL);
	fake_registry_add_rule(test.fixture.fake,
			       &(struct fake_rule){.path = "mount=", .first = 2, .status = 503});
	expect_written(&test, "c/d");
	EXPECT(test.was_mounted && count(&test, "PUT") == 0);
}

/* What came by PATCH is put into its place when the PUT ends it: that may take its time. */
TEST(the_closing_put_is_no_small_request)
{
	CLEANUP(stop) struct upload_test test = {.size = 10000,
						 .fixture = {.small_timeout_ms = 300, .max_attempts = 2}};

	start(&test);
	add_rule(&test, "PUT", (struct fake_rule){.body_limit_bytes = 5000});
	add_rule(&test, "PUT", (struct fake_rule){.skip = 1, .delay_ms = 900});
	expect_written(&test, NULL);
	EXPECT(count(&test, "PATCH") == 1 && count(&test, "PUT") == 2);
}

TEST(a_broken_token_server_is_no_broken_upload)
{
	CLEANUP(stop) struct upload_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	add_rule(&test, "PUT", (struct fake_rule){.first = 1, .status = 401});
	fake_registry_add_rule(test.fixture.fake,
			       &(struct fake_rule){.path = "/token", .skip = 1, .first = 3, .status = 502});
	expect_written(&test, NULL);
	EXPECT(count(&test, "PATCH") == 0 && count(&test, "HEAD") == 0);
}

TEST(a_put_redirected_elsewhere_says_where)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *other =
		fake_registry_start(&(struct fake_options){0});
	CLEANUP(free_string) char *target = xasprintf("%s/x", fake_registry_url(other));
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, "PUT", (struct fake_rule){.redirect = target});
	EXPECT_ERROR(write_blob(&test, NULL, &err), &err, ERROR_INVALID, target);
	EXPECT(fake_registry_count(other, NULL, NULL) == 0);
}

TEST(the_source_is_opened_only_if_nothing_was_mounted)
{
	CLEANUP(stop) struct upload_test test = {.is_not_needed = true};
	struct error err = ERROR_INIT;

	start(&test);
	EXPECT_OK(write_blob(&test, "c/d", &err), &err);
	EXPECT(!test.was_mounted && test.opened == 1);
	EXPECT(count(&test, "POST") == 1 && count(&test, "PUT") == 0);
	fake_registry_add_blob(test.fixture.fake, "c/d", test.blob, test.size, NULL);
	expect_written(&test, "c/d");
	EXPECT(test.was_mounted && test.opened == 1);
	EXPECT(count(&test, "PUT") == 0);
}

TEST(large_uploads_send_a_known_length_too)
{
	CLEANUP(stop) struct upload_test test = {.size = 20u << 20,
						 .fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	expect_written(&test, NULL);
	EXPECT(fake_registry_count_header(test.fixture.fake, "/blobs/", "Transfer-Encoding") == 0);
}

TEST(whether_a_blob_is_there)
{
	static const struct {
		struct fake_rule rule;
		bool is_present;
	} cases[] = {
		{{0}, true},
		{{.content_length_delta = 5}, false},
		{{.headers = "Content-Length: 0"}, true},
		{{.status = 404}, false},
		{{.status = 405}, false},
		{{.first = 2, .status = 502}, true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(stop) struct upload_test test = {0};
		struct error err = ERROR_INIT;
		bool is_present = !cases[i].is_present;
		start(&test);
		fake_registry_add_blob(test.fixture.fake, "a/b", test.blob, test.size, NULL);
		add_rule(&test, "HEAD", cases[i].rule);
		EXPECT_OK(registry_has_blob(test.fixture.session, &test.fixture.repository, &test.descriptor,
					    &is_present, &err),
			  &err);
		if (is_present != cases[i].is_present)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
}

TEST(a_head_refused_by_a_redirects_target_means_there)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *storage =
		fake_registry_start(&(struct fake_options){0});
	CLEANUP(free_string) char *target = xasprintf("%s*", fake_registry_url(storage));
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;
	bool is_present = false;

	start(&test);
	add_rule(&test, "HEAD", (struct fake_rule){.redirect = target});
	fake_registry_add_rule(storage, &(struct fake_rule){.status = 403});
	EXPECT_OK(registry_has_blob(test.fixture.session, &test.fixture.repository, &test.descriptor,
				    &is_present, &err),
		  &err);
	EXPECT(is_present);
}

TEST(a_redirects_target_that_fails_is_asked_again_and_then_means_absent)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *storage =
		fake_registry_start(&(struct fake_options){0});
	CLEANUP(free_string) char *target = xasprintf("%s*", fake_registry_url(storage));
	CLEANUP(stop) struct upload_test test = {.fixture = {.max_attempts = 3}};
	struct error err = ERROR_INIT;
	bool is_present = true;

	start(&test);
	add_rule(&test, "HEAD", (struct fake_rule){.redirect = target});
	fake_registry_add_rule(storage, &(struct fake_rule){.status = 502});
	EXPECT_OK(registry_has_blob(test.fixture.session, &test.fixture.repository, &test.descriptor,
				    &is_present, &err),
		  &err);
	EXPECT(!is_present);
	EXPECT(fake_registry_count(storage, NULL, NULL) == 3);
}

TEST(an_upload_can_be_interrupted)
{
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	atomic_store(&cancel_flag, true);
	EXPECT_ERROR(write_blob(&test, NULL, &err), &err, ERROR_CANCELLED, NULL);
	atomic_store(&cancel_flag, false);
	/* It leaves nothing behind that keeps the next one from working. */
	expect_written(&test, NULL);
}
