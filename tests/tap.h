/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests in TAP. A test registers itself; its name is a sentence:
 *
 *     TEST(a_tag_may_have_128_characters)
 *     {
 *             EXPECT(reference_is_tag(text));
 *             EXPECT_STRING(reference.name, "b");
 *             EXPECT_OK(digest_parse(&digest, text, &err), &err);
 *             EXPECT_ERROR(digest_parse(&digest, "x", &err), &err, ERROR_INVALID, "is not a digest");
 *     }
 *
 * A failed expectation prints where and what, and the test goes on. TEST_SKIP(why) ends a test.
 * `const char *test_directory` is a fresh directory, removed at the end of each test.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

struct test_case {
	const char *name;
	void (*run)(void);
	struct test_case *next;
};

void test_register(struct test_case *test);
void test_fail(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
void test_skip(const char *why);
void test_expect_string(const char *file, int line, const char *what, const char *got, const char *want);
/* Clears err. */
void test_expect_ok(const char *file, int line, const char *what, int result, struct error *err);
void test_expect_error(const char *file, int line, const char *what, int result, struct error *err,
		       enum error_code code, const char *part);
/* The directory of the running test; made at the first call. */
const char *test_directory(void);

#define TEST(name_) \
	static void name_(void); \
	__attribute__((constructor)) static void register_##name_(void) \
	{ \
		static struct test_case test = {.name = #name_, .run = name_}; \
		test_register(&test); \
	} \
	static void name_(void)

#define EXPECT(condition) \
	do { \
		if (!(condition)) \
			test_fail(__FILE__, __LINE__, "%s", #condition); \
	} while (0)
#define EXPECT_STRING(got, want) test_expect_string(__FILE__, __LINE__, #got, got, want)
#define EXPECT_OK(call, err) test_expect_ok(__FILE__, __LINE__, #call, call, err)
#define EXPECT_ERROR(call, err, code, part) \
	test_expect_error(__FILE__, __LINE__, #call, call, err, code, part)
#define TEST_SKIP(why) \
	do { \
		test_skip(why); \
		return; \
	} while (0)
