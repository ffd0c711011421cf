/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads of a blob into the repository "a/b" of a fake registry. */
#pragma once

#include "tests/unit/registry_fixture.h"

struct upload_test {
	struct fixture fixture;
	size_t size; /* 0: 100000 */
	char *blob;
	struct descriptor descriptor;
	struct blob_source source;
	unsigned opened;
	bool is_not_needed;
	bool was_mounted;
};

static inline ssize_t read_blob(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	const struct upload_test *test = context;

	(void)err;
	if (length > test->size - offset)
		length = test->size - (size_t)offset;
	memcpy(data, test->blob + offset, length);
	return (ssize_t)length;
}

static inline int open_blob(void *context, bool *is_needed, struct error *err)
{
	struct upload_test *test = context;

	(void)err;
	test->opened++;
	EXPECT(*is_needed);
	*is_needed = !test->is_not_needed;
	return 0;
}

static inline void stop(struct upload_test *test)
{
	fixture_stop(&test->fixture);
	free(test->blob);
}

static inline void start(struct upload_test *test)
{
	test->fixture.side = REGISTRY_TARGET;
	test->fixture.has_credentials = true;
	fixture_start(&test->fixture);
	if (!test->size)
		test->size = 100000;
	test->blob = xmalloc(test->size);
	for (size_t i = 0; i < test->size; i++)
		test->blob[i] = (char)(i * 31 + i / 251);
	test->descriptor = (struct descriptor){.size = test->size};
	digest_of(test->blob, test->size, &test->descriptor.digest);
	test->source = (struct blob_source){
		.bytes = {.read = read_blob, .context = test, .size = test->size},
		.open = open_blob,
	};
}

static inline int write_blob(struct upload_test *test, const char *mount_from, struct error *err)
{
	return registry_write_blob(test->fixture.session, &test->fixture.repository, &test->descriptor,
				   mount_from, &test->source, &test->was_mounted, err);
}

static inline void expect_written(struct upload_test *test, const char *mount_from)
{
	struct error err = ERROR_INIT;

	EXPECT_OK(write_blob(test, mount_from, &err), &err);
	EXPECT(fake_registry_has_blob(test->fixture.fake, "a/b", &test->descriptor.digest));
}

static inline size_t count(struct upload_test *test, const char *method)
{
	return fake_registry_count(test->fixture.fake, method, "/blobs/");
}

static inline void add_rule(struct upload_test *test, const char *method, struct fake_rule rule)
{
	rule.method = method;
	rule.path = "/blobs/";
	fake_registry_add_rule(test->fixture.fake, &rule);
}
