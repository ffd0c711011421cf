/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that grow old between and before uploads. The clock of this program can be put forward. */
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/registry_upload_fixture.h"

static atomic_long seconds_ahead;

/* In place of libc's, for libraries too. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (syscall(SYS_clock_gettime, clock, now) < 0)
		return -1;
	if (clock == CLOCK_MONOTONIC)
		now->tv_sec += atomic_load(&seconds_ahead);
	return 0;
}

static void let_pass(long seconds)
{
	atomic_fetch_add(&seconds_ahead, seconds);
}

static void start_with_tokens(struct upload_test *test, size_t size, unsigned token_seconds)
{
	test->size = size;
	test->fixture.fake_options.auth = FAKE_AUTH_BEARER;
	test->fixture.fake_options.token_seconds = token_seconds;
	start(test);
}

/* One more blob of this size. */
static void expect_next(struct upload_test *test, size_t size)
{
	test->size = test->descriptor.size = test->source.bytes.size = size;
	test->blob[0]++;
	digest_of(test->blob, size, &test->descriptor.digest);
	expect_written(test, NULL);
}

static size_t count_tokens(struct upload_test *test)
{
	return fake_registry_count(test->fixture.fake, NULL, "/token");
}

static size_t count_refused(struct upload_test *test)
{
	return fake_registry_count_status(test->fixture.fake, NULL, "/blobs/", 401);
}

#define LARGE (9u << 20)

TEST(a_token_is_renewed_before_it_ends)
{
	CLEANUP(stop) struct upload_test test = {0};

	start_with_tokens(&test, 1000, 100);
	expect_written(&test, NULL);
	let_pass(80);
	expect_next(&test, 900);
	EXPECT(count_tokens(&test) == 1);
	/* 15 s before the end it still works, at 5 s it is not relied on. */
	let_pass(15);
	expect_next(&test, 800);
	EXPECT(count_tokens(&test) == 2 && count_refused(&test) == 0);
}

/* Quay does not say how long its tokens live. */
TEST(a_token_of_unknown_lifetime_is_renewed_before_a_large_body_only)
{
	CLEANUP(stop) struct upload_test test = {0};

	start_with_tokens(&test, LARGE, 3600);
	expect_written(&test, NULL);
	/* The same token is given out once more, without expires_in. */
	fake_registry_add_rule(
		test.fixture.fake,
		&(struct fake_rule){
			.path = "/token", .first = 1, .status = 200, .body = "{\"token\":\"fake-token-1\"}"});
	add_rule(&test, "POST", (struct fake_rule){.first = 1, .status = 401});
	expect_next(&test, 1000);
	EXPECT(count_tokens(&test) == 2 && count_refused(&test) == 1);
	let_pass(70);
	expect_next(&test, 900);
	EXPECT(count_tokens(&test) == 2);
	expect_next(&test, LARGE - 1);
	EXPECT(count_tokens(&test) == 3 && count_refused(&test) == 1);
}

TEST(a_token_that_lives_shorter_than_it_says_costs_one_request)
{
	CLEANUP(stop) struct upload_test test = {0};

	start_with_tokens(&test, 1000, 5);
	expect_written(&test, NULL);
	let_pass(6);
	expect_next(&test, 900);
	EXPECT(count_tokens(&test) == 2 && count_refused(&test) == 1);
	EXPECT(count(&test, "POST") == 3 && count(&test, "PUT") == 2);
}
