/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads where one PUT will not do. */
#include "registry/upload_parts.h"
#include "tests/unit/registry_upload_fixture.h"

#define MIB (1u << 20)

static size_t count_header(struct upload_test *test, const char *text)
{
	return fake_registry_count_header(test->fixture.fake, "/blobs/uploads/", text);
}

/* Other bytes of the same size. */
static void change_blob(struct upload_test *test)
{
	test->blob[0]++;
	digest_of(test->blob, test->size, &test->descriptor.digest);
}

TEST(a_413_at_patch_means_chunks_from_then_on)
{
	CLEANUP(stop) struct upload_test test = {.size = 10 * MIB,
						 .fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	add_rule(&test, NULL, (struct fake_rule){.body_limit_bytes = 5 * MIB});
	expect_written(&test, NULL);
	/* PUT and one PATCH, each with a place of its own; then three chunks of 4 MiB. */
	EXPECT(count(&test, "POST") == 3 && count(&test, "PATCH") == 4 && count(&test, "PUT") == 2);
	EXPECT(count_header(&test, "Content-Range: 0-4194303") == 1);
	EXPECT(count_header(&test, "Content-Range: 4194304-8388607") == 1);
	EXPECT(count_header(&test, "Content-Range: 8388608-10485759") == 1);
	EXPECT(count_header(&test, "Content-Range") == 3);
	change_blob(&test);
	expect_written(&test, NULL);
	EXPECT(count(&test, "POST") == 4 && count(&test, "PATCH") == 7 && count(&test, "PUT") == 3);
	EXPECT(test.opened == 2);
}

TEST(large_chunks_are_tried_first)
{
	CLEANUP(stop) struct upload_test test = {.size = 52 * MIB};

	start(&test);
	add_rule(&test, NULL, (struct fake_rule){.body_limit_bytes = 51 * MIB});
	expect_written(&test, NULL);
	EXPECT(count_header(&test, "Content-Range: 0-52428799") == 1);
	EXPECT(count_header(&test, "Content-Range: 52428800-54525951") == 1);
	EXPECT(count_header(&test, "Content-Range") == 2);
}

TEST(a_registry_may_want_larger_chunks)
{
	CLEANUP(stop) struct upload_test test = {.size = 10 * MIB};

	start(&test);
	add_rule(&test, NULL, (struct fake_rule){.body_limit_bytes = 7 * MIB});
	add_rule(&test, "POST", (struct fake_rule){.headers = "OCI-Chunk-Min-Length: 6291456"});
	expect_written(&test, NULL);
	EXPECT(count_header(&test, "Content-Range: 0-6291455") == 1);
	EXPECT(count_header(&test, "Content-Range: 6291456-10485759") == 1);
}

/* Chunks of 4 MiB right away. */
static void start_with_chunks(struct upload_test *test)
{
	test->size = 10 * MIB;
	start(test);
	add_rule(test, NULL, (struct fake_rule){.body_limit_bytes = 5 * MIB});
	expect_written(test, NULL);
	fake_registry_clear_rules(test->fixture.fake);
	fake_registry_clear_requests(test->fixture.fake);
	change_blob(test);
}

TEST(a_broken_chunk_is_repeated_and_not_the_others)
{
	static const struct {
		struct fake_rule rule;
		size_t patches;
		const char *again;
	} cases[] = {
		{{.skip = 1, .first = 1, .drop = true, .reset = true}, 4, "Content-Range: 4194304-8388607"},
		{{.skip = 1, .first = 1, .status = 502}, 4, "Content-Range: 4194304-8388607"},
		{{.skip = 1, .first = 1, .status = 416}, 4, "Content-Range: 4194304-8388607"},
		/* It has arrived, only the answer got lost. */
		{{.skip = 1, .first = 1, .drop = true, .performs = true},
		 3,
		 "Content-Range: 8388608-10485759"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(stop) struct upload_test test = {0};
		start_with_chunks(&test);
		/* No connection is used twice: libcurl would repeat a request on its own. */
		add_rule(&test, NULL, (struct fake_rule){.headers = "Connection: close"});
		add_rule(&test, "PATCH", cases[i].rule);
		expect_written(&test, NULL);
		if (count(&test, "POST") != 1 || count(&test, "GET") != 1 ||
		    count(&test, "PATCH") != cases[i].patches || count_header(&test, cases[i].again) < 1)
			test_fail(__FILE__, __LINE__, "case %zu: %zu POST, %zu GET, %zu PATCH", i,
				  count(&test, "POST"), count(&test, "GET"), count(&test, "PATCH"));
	}
}

TEST(a_place_that_is_lost_between_chunks_means_a_new_one)
{
	static const struct fake_rule answers[] = {
		{.status = 404},
		{.headers = "Range: 0-0"},
		{.headers = "Range:"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(answers); i++) {
		CLEANUP(stop) struct upload_test test = {0};
		start_with_chunks(&test);
		add_rule(&test, "PATCH", (struct fake_rule){.skip = 1, .first = 1, .status = 502});
		add_rule(&test, "GET", answers[i]);
		expect_written(&test, NULL);
		if (count(&test, "POST") != 2 || count(&test, "GET") != 1 || count(&test, "PATCH") != 5)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
}

/* Quay says one byte too many; what a registry has is never more than was sent. */
TEST(a_range_of_too_many_bytes_is_cut)
{
	CLEANUP(stop) struct upload_test test = {0};

	start_with_chunks(&test);
	add_rule(&test, NULL, (struct fake_rule){.headers = "Connection: close"});
	add_rule(&test, "PATCH", (struct fake_rule){.skip = 1, .first = 1, .drop = true, .performs = true});
	add_rule(&test, "GET", (struct fake_rule){.headers = "Range: bytes=0-8388608"});
	expect_written(&test, NULL);
	EXPECT(count(&test, "POST") == 1 && count(&test, "PATCH") == 3);
}

TEST(endless_416_ends)
{
	CLEANUP(stop) struct upload_test test = {0};
	struct error err = ERROR_INIT;

	start_with_chunks(&test);
	add_rule(&test, "PATCH", (struct fake_rule){.skip = 1, .status = 416});
	EXPECT_ERROR(write_blob(&test, NULL, &err), &err, ERROR_INVALID, "416");
	EXPECT(count(&test, NULL) < 20);
}

/* A connection that breaks now and then does not end an upload in chunks. */
TEST(chunks_never_run_out_of_attempts)
{
	CLEANUP(stop) struct upload_test test = {.fixture = {.max_attempts = 2}};

	start_with_chunks(&test);
	add_rule(&test, "PATCH", (struct fake_rule){.every = 2, .status = 503});
	expect_written(&test, NULL);
	EXPECT(count(&test, "POST") == 1 && count(&test, "PATCH") == 5);
}

TEST(connections_that_break_under_put_and_patch_mean_chunks)
{
	CLEANUP(stop) struct upload_test test = {.size = 52 * MIB};

	start(&test);
	add_rule(&test, NULL, (struct fake_rule){.headers = "Connection: close"});
	add_rule(&test, "PUT", (struct fake_rule){.first = 2, .drop = true, .reset = true});
	add_rule(&test, "PATCH", (struct fake_rule){.first = 2, .drop = true, .reset = true});
	expect_written(&test, NULL);
	EXPECT(count(&test, "POST") == 5 && count(&test, "PATCH") == 4);
	/* That was no property of the registry: the next one is a PUT. */
	change_blob(&test);
	expect_written(&test, NULL);
	EXPECT(count(&test, "POST") == 6 && count(&test, "PATCH") == 4);
}

TEST(artifactory_gets_patch_from_the_start)
{
	static const char *const headers[] = {"X-JFrog-Version: Artifactory/7.1", "x-artifactory-id: abc"};

	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		CLEANUP(stop) struct upload_test test = {0};
		start(&test);
		fake_registry_add_rule(test.fixture.fake,
				       &(struct fake_rule){.path = "/v2/", .headers = headers[i]});
		expect_written(&test, NULL);
		EXPECT(count(&test, "POST") == 1 && count(&test, "PATCH") == 1 && count(&test, "PUT") == 1);
		EXPECT(count_header(&test, "Content-Range") == 0);
	}
}

TEST(a_401_at_the_closing_put_sends_only_that_again)
{
	CLEANUP(stop) struct upload_test test = {.fixture = {.fake_options = {.auth = FAKE_AUTH_BEARER}}};

	start(&test);
	fake_registry_add_rule(test.fixture.fake,
			       &(struct fake_rule){.path = "/v2/", .headers = "X-JFrog-Version: 7"});
	add_rule(&test, "PUT", (struct fake_rule){.first = 1, .status = 401});
	expect_written(&test, NULL);
	EXPECT(count(&test, "POST") == 1 && count(&test, "PATCH") == 1 && count(&test, "PUT") == 2);
	EXPECT(fake_registry_count(test.fixture.fake, NULL, "/token") == 2);
}

TEST(ranges_of_uploads)
{
	static const struct {
		const char *range;
		uint64_t bytes;
	} cases[] = {
		{"0-9", 10},
		{"bytes=0-9", 10},
		{"bytes 0-9", 10},
		{"BYTES=0-9", 10},
		{"0-0", 0},
		{"0--1", 0},
		{"bytes=0--1", 0},
		{NULL, 0},
		{"", 0},
		{"5-9", 0},
		{"0-", 0},
		{"0-9/10", 0},
		{"0-9223372036854775808", 0},
		{"0-99999999999999999999999", 0},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		if (upload_confirmed_bytes(cases[i].range) != cases[i].bytes)
			test_fail(__FILE__, __LINE__, "\"%s\"", cases[i].range ? cases[i].range : "NULL");
}
