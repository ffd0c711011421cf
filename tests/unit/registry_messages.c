/* SPDX-License-Identifier: Apache-2.0 */
/* What a refusal tells: what was asked for, with which credentials, and what to try. */
#include "tests/unit/registry_upload_fixture.h"

static const struct {
	int status;
	const char *reading, *writing; /* parts of the messages, in this order: "A*B" */
} cases[] = {
	{401, "access denied to pull (status 401)*credentials used: */auth.json, key*--authfile FILE",
	 "access denied to push (status 401)*credentials used: */auth.json, key*--authfile FILE"},
	{403, "access denied to pull (status 403)*why*/auth.json, key*--authfile FILE",
	 "access denied to push (status 403)*why*/auth.json, key*--authfile FILE"},
	{404, "not there (status 404)*why", "not there (status 404)*why*made first"},
	{413, "too large*(status 413)*why", "too large*(status 413)*why*client_max_body_size"},
	{429, "too many requests*(status 429)*why*fewer --jobs",
	 "too many requests*(status 429)*why*fewer --jobs"},
	{500, "has a problem (status 500)*why*--retry-times", "has a problem (status 500)*why*--retry-times"},
	{503, "has a problem (status 503)*why*--retry-times", "has a problem (status 503)*why*--retry-times"},
	{418, "refused (status 418)*why", "refused (status 418)*why"},
};

static bool has_parts(const char *message, const char *parts)
{
	while (message && *parts) {
		size_t length = strcspn(parts, "*");
		const char *found = memmem(message, strlen(message), parts, length);

		message = found ? found + length : NULL;
		parts += length + (parts[length] == '*');
	}
	return message != NULL;
}

static void expect_message(struct error *err, const char *object, const char *parts)
{
	if (!err->message || !has_parts(err->message, object) || !has_parts(err->message, parts))
		test_fail(__FILE__, __LINE__, "%s (%s) is not in: %s", parts, object,
			  err->message ? err->message : "(success)");
	error_clear(err);
}

static void start_refusing(struct upload_test *test, int status, enum registry_side side)
{
	struct fake_rule rule = {
		.path = "/a/b/",
		.status = status,
		.body = "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"why\"}]}",
	};

	test->fixture.max_attempts = 2;
	start(test);
	test->fixture.repository.side = side;

	fake_registry_add_rule(test->fixture.fake, &rule);
}

TEST(refused_reads_say_what_and_why_and_what_to_try)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(stop) struct upload_test test = {0};
		CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
		CLEANUP(descriptor_release) struct descriptor descriptor = {0};
		struct blob_sink sink = {0};
		struct error err = ERROR_INIT;

		start_refusing(&test, cases[i].status, REGISTRY_SOURCE);
		EXPECT(registry_resolve(test.fixture.session, &test.fixture.repository, "v1", &bytes,
					&descriptor, &err) < 0);
		expect_message(&err, "127.0.0.1:*/a/b: manifest v1: ", cases[i].reading);
		EXPECT(registry_read_blob(test.fixture.session, &test.fixture.repository, &test.descriptor,
					  &sink, &err) < 0);
		expect_message(&err, "127.0.0.1:*/a/b: blob sha256:", cases[i].reading);
	}
}

TEST(refused_writes_say_what_and_why_and_what_to_try)
{
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		CLEANUP(stop) struct upload_test test = {0};
		struct error err = ERROR_INIT;

		start_refusing(&test, cases[i].status, REGISTRY_TARGET);
		EXPECT(write_blob(&test, NULL, &err) < 0);
		expect_message(&err, "127.0.0.1:*/a/b: upload of blob sha256:", cases[i].writing);
		EXPECT(registry_write_manifest(test.fixture.session, &test.fixture.repository, "v1",
					       MEDIA_TYPE_OCI_MANIFEST, &test.descriptor.digest, "{}", 2,
					       &err) < 0);
		expect_message(&err, "127.0.0.1:*/a/b: writing manifest v1: ", cases[i].writing);
	}
}
