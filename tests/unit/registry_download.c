/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "tests/unit/registry_fixture.h"

/* --- a sink that keeps everything */

struct kept {
	struct strbuf bytes;
	unsigned restarts;
	bool is_full;
};

static int keep(void *context, const void *data, size_t length, struct error *err)
{
	struct kept *kept = context;

	if (kept->is_full)
		return error_set(err, ERROR_IO, "no space left");
	strbuf_add(&kept->bytes, data, length);
	return 0;
}

static int forget(void *context, struct error *err)
{
	struct kept *kept = context;

	(void)err;
	strbuf_reset(&kept->bytes);
	kept->restarts++;
	return 0;
}

#define BLOB_SIZE 100000

struct download_test {
	struct fixture fixture;
	char *blob;
	struct descriptor descriptor;
	struct kept kept;
	struct blob_sink sink;
};

static void stop(struct download_test *test)
{
	fixture_stop(&test->fixture);
	strbuf_release(&test->kept.bytes);
	free(test->blob);
}

static void start(struct download_test *test)
{
	test->fixture.has_credentials = true;
	fixture_start(&test->fixture);
	test->blob = xmalloc(BLOB_SIZE);
	for (size_t i = 0; i < BLOB_SIZE; i++)
		test->blob[i] = (char)(i * 31 + i / 251);
	test->descriptor = (struct descriptor){.size = BLOB_SIZE};
	fake_registry_add_blob(test->fixture.fake, "a/b", test->blob, BLOB_SIZE, &test->descriptor.digest);
	test->kept.bytes = (struct strbuf)STRBUF_INIT;
	test->sink = (struct blob_sink){.write = keep, .restart = forget, .context = &test->kept};
}

static int read_blob(struct download_test *test, struct error *err)
{
	return registry_read_blob(test->fixture.session, &test->fixture.repository, &test->descriptor,
				  &test->sink, err);
}

static void expect_blob(struct download_test *test)
{
	struct error err = ERROR_INIT;

	EXPECT_OK(read_blob(test, &err), &err);
	EXPECT(test->kept.bytes.len == BLOB_SIZE && test->sink.offset == BLOB_SIZE);
	EXPECT(test->kept.bytes.len == BLOB_SIZE && memcmp(test->kept.bytes.buf, test->blob, BLOB_SIZE) == 0);
}

static void add_rule(struct download_test *test, struct fake_rule rule)
{
	rule.method = "GET";
	rule.path = "/blobs/";
	fake_registry_add_rule(test->fixture.fake, &rule);
}

TEST(a_blob_is_read_with_one_request)
{
	CLEANUP(stop) struct download_test test = {0};

	start(&test);
	expect_blob(&test);
	EXPECT(fake_registry_count(test.fixture.fake, "GET", "/blobs/") == 1);
}

TEST(broken_connections_cost_only_what_was_in_flight)
{
	CLEANUP(stop) struct download_test test = {.fixture = {.max_attempts = 2}};

	start(&test);
	/* More breaks than attempts: progress resets the count. */
	add_rule(&test, (struct fake_rule){.cut_after_bytes = 20000});
	expect_blob(&test);
	EXPECT(test.kept.restarts == 0);
	EXPECT(fake_registry_bytes_sent(test.fixture.fake) <= BLOB_SIZE + 1000);
	EXPECT(fake_registry_count_header(test.fixture.fake, "/blobs/", "Range: bytes=20000-") == 1);
}

TEST(a_download_without_progress_ends)
{
	CLEANUP(stop) struct download_test test = {.fixture = {.max_attempts = 3}};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, (struct fake_rule){.cut_at_once = true});
	EXPECT_ERROR(read_blob(&test, &err), &err, ERROR_TRANSIENT, "blob sha256:");
	EXPECT(fake_registry_count(test.fixture.fake, "GET", "/blobs/") == 3);
}

TEST(a_server_without_range_begins_again_and_does_not_go_on_for_ever)
{
	CLEANUP(stop) struct download_test test = {0};

	start(&test);
	add_rule(&test, (struct fake_rule){.first = 1, .cut_after_bytes = 30000});
	add_rule(&test, (struct fake_rule){.no_range = true});
	expect_blob(&test);
	EXPECT(test.kept.restarts == 1);

	CLEANUP(stop) struct download_test other = {.fixture = {.max_attempts = 3}};
	struct error err = ERROR_INIT;
	start(&other);
	add_rule(&other, (struct fake_rule){.no_range = true, .cut_after_bytes = 30000});
	EXPECT_ERROR(read_blob(&other, &err), &err, ERROR_TRANSIENT, NULL);
	EXPECT(fake_registry_count(other.fixture.fake, "GET", "/blobs/") <= 4);
}

TEST(a_wrong_part_is_not_used)
{
	static const char *const ranges[] = {
		"Content-Range: bytes 100-99999/100000",   "Content-Range: bytes 30000-99999/100001",
		"Content-Range: bytes 30000-99998/100000", "Content-Range:",
		"Content-Range: bytes */100000",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
		CLEANUP(stop) struct download_test test = {0};
		start(&test);
		add_rule(&test, (struct fake_rule){.first = 1, .cut_after_bytes = 30000});
		add_rule(&test, (struct fake_rule){.skip = 1, .first = 1, .headers = ranges[i]});
		expect_blob(&test);
		EXPECT(test.kept.restarts == 1);
		EXPECT(fake_registry_count(test.fixture.fake, "GET", "/blobs/") == 3);
	}
}

TEST(a_416_means_from_the_start)
{
	CLEANUP(stop) struct download_test test = {0};

	start(&test);
	add_rule(&test, (struct fake_rule){.first = 1, .cut_after_bytes = 30000});
	add_rule(&test, (struct fake_rule){.skip = 1, .first = 1, .status = 416});
	expect_blob(&test);
	EXPECT(test.kept.restarts == 1);
}

TEST(a_sink_that_has_a_part_gets_the_rest)
{
	CLEANUP(stop) struct download_test test = {0};

	start(&test);
	strbuf_add(&test.kept.bytes, test.blob, 60000);
	test.sink.offset = 60000;
	expect_blob(&test);
	EXPECT(fake_registry_bytes_sent(test.fixture.fake) < 50000);
	/* All of it: no request at all. */
	size_t before = fake_registry_count(test.fixture.fake, NULL, NULL);
	expect_blob(&test);
	EXPECT(fake_registry_count(test.fixture.fake, NULL, NULL) == before);
}

TEST(wrong_lengths_are_refused_at_once)
{
	struct error err = ERROR_INIT;
	CLEANUP(stop) struct download_test test = {0};

	start(&test);
	test.descriptor.size = BLOB_SIZE - 1;
	EXPECT_ERROR(read_blob(&test, &err), &err, ERROR_DIGEST, "sends 100000 bytes");
	EXPECT(test.kept.bytes.len == 0);
	EXPECT(fake_registry_count(test.fixture.fake, "GET", "/blobs/") == 1);

	CLEANUP(stop) struct download_test endless = {0};
	start(&endless);
	add_rule(&endless, (struct fake_rule){.endless = true});
	EXPECT_ERROR(read_blob(&endless, &err), &err, ERROR_DIGEST, "sends more than the 100000 bytes");
	EXPECT(endless.kept.bytes.len <= BLOB_SIZE);
}

TEST(a_body_that_ends_early_without_a_length_goes_on)
{
	CLEANUP(stop) struct download_test test = {0};

	start(&test);
	add_rule(&test, (struct fake_rule){.first = 1, .no_content_length = true, .cut_after_bytes = 5000});
	expect_blob(&test);
}

TEST(statuses_that_pass_are_waited_for_and_404_is_final)
{
	struct error err = ERROR_INIT;
	CLEANUP(stop) struct download_test test = {0};

	start(&test);
	add_rule(&test, (struct fake_rule){.first = 3, .status = 502});
	expect_blob(&test);

	memset(test.descriptor.digest.bytes, 7, DIGEST_SIZE);
	test.sink.offset = 0;
	EXPECT_ERROR(read_blob(&test, &err), &err, ERROR_NOT_FOUND, "not there (status 404)");
}

TEST(redirects_get_no_credentials_and_their_failures_pass)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *storage =
		fake_registry_start(&(struct fake_options){0});
	CLEANUP(free_string) char *target = xasprintf("%s*", fake_registry_url(storage));
	CLEANUP(stop) struct download_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	fake_registry_add_blob(storage, "a/b", test.blob, BLOB_SIZE, NULL);
	fake_registry_add_rule(storage, &(struct fake_rule){.first = 1, .status = 403});
	fake_registry_add_rule(storage, &(struct fake_rule){.skip = 1, .first = 1, .cut_after_bytes = 50000});
	add_rule(&test, (struct fake_rule){.redirect = target});
	expect_blob(&test);
	EXPECT(fake_registry_count(storage, NULL, NULL) == 3);
	EXPECT(fake_registry_count_authorized(storage) == 0);
	EXPECT(fake_registry_count(test.fixture.fake, "GET", "/blobs/") == 3);
}

TEST(storage_that_wants_credentials_gets_none_and_is_not_asked_again)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *storage =
		fake_registry_start(&(struct fake_options){0});
	CLEANUP(free_string) char *target = xasprintf("%s*", fake_registry_url(storage));
	CLEANUP(stop) struct download_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};
	struct error err = ERROR_INIT;

	start(&test);
	fake_registry_add_rule(
		storage,
		&(struct fake_rule){.status = 401,
				    .headers = "WWW-Authenticate: Bearer realm=\"http://127.0.0.9/token\""});
	add_rule(&test, (struct fake_rule){.redirect = target});
	EXPECT_ERROR(read_blob(&test, &err), &err, ERROR_INVALID,
		     "the server that the registry redirects to asks for credentials");
	EXPECT(fake_registry_count(storage, NULL, NULL) == 1);
	EXPECT(fake_registry_count_authorized(storage) == 0);
}

TEST(a_byte_now_and_then_does_not_keep_a_download_alive)
{
	CLEANUP(stop) struct download_test test = {.fixture = {.max_attempts = 3}};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, (struct fake_rule){.cut_after_bytes = 100});
	EXPECT_ERROR(read_blob(&test, &err), &err, ERROR_TRANSIENT, NULL);
	EXPECT(fake_registry_count(test.fixture.fake, "GET", "/blobs/") == 3);
}

TEST(a_token_server_may_be_down_as_long_as_a_transfer_is_repeated)
{
	CLEANUP(stop) struct download_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	fake_registry_add_rule(test.fixture.fake,
			       &(struct fake_rule){.path = "/token", .first = 8, .status = 502});
	expect_blob(&test);
	EXPECT(fake_registry_count(test.fixture.fake, NULL, "/token") == 9);
}

TEST(what_storage_does_not_have_is_absent_in_the_end)
{
	CLEANUP(fake_registry_stopp) struct fake_registry *storage =
		fake_registry_start(&(struct fake_options){0});
	CLEANUP(free_string) char *target = xasprintf("%s*", fake_registry_url(storage));
	CLEANUP(stop) struct download_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	add_rule(&test, (struct fake_rule){.redirect = target});
	EXPECT_ERROR(read_blob(&test, &err), &err, ERROR_NOT_FOUND, "refused by the server");
	EXPECT(fake_registry_count(storage, NULL, NULL) == 4);
}

TEST(a_token_that_expires_between_parts_is_renewed)
{
	CLEANUP(stop) struct download_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	add_rule(&test, (struct fake_rule){.first = 1, .cut_after_bytes = 50000});
	add_rule(&test, (struct fake_rule){.skip = 1, .first = 1, .status = 401});
	expect_blob(&test);
	EXPECT(test.kept.restarts == 0);
	EXPECT(fake_registry_count(test.fixture.fake, NULL, "/token") == 2);
}

TEST(an_error_of_the_sink_is_its_own)
{
	CLEANUP(stop) struct download_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	test.kept.is_full = true;
	EXPECT_ERROR(read_blob(&test, &err), &err, ERROR_IO, "no space left");
	EXPECT(fake_registry_count(test.fixture.fake, "GET", "/blobs/") == 1);
}

TEST(the_empty_blob_needs_no_request)
{
	CLEANUP(stop) struct download_test test = {0};
	struct error err = ERROR_INIT;

	start(&test);
	test.descriptor.size = 0;
	EXPECT_OK(read_blob(&test, &err), &err);
	EXPECT(fake_registry_count(test.fixture.fake, NULL, NULL) == 0);
}
