/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parallel.h"
#include "http/client.h"
#include "http/retry.h"
#include "tests/unit/http_server.h"

#define URL "https://registry.example/v2/"

static bool fail_and_ask(struct retry *retry, long status, uint64_t retry_after_ms, bool made_progress)
{
	struct http_response response = {.status = status, .retry_after_ms = retry_after_ms};
	struct error err = ERROR_INIT;

	error_set(&err, ERROR_TRANSIENT, "it broke");
	bool is_again = retry_again(retry, URL, &response, made_progress, &err);
	EXPECT(is_again == error_is(&err, ERROR_NONE));
	error_clear(&err);
	return is_again;
}

TEST(statuses_that_may_change_are_worth_another_try)
{
	static const long again[] = {408, 425, 429, 499, 500, 502, 503, 504, 520, 524};
	static const long never[] = {0, 200, 301, 400, 401, 403, 404, 413, 416, 501, 505, 519, 525};

	for (size_t i = 0; i < ARRAY_LENGTH(again); i++)
		EXPECT(retry_is_transient_status(again[i]));
	for (size_t i = 0; i < ARRAY_LENGTH(never); i++)
		EXPECT(!retry_is_transient_status(never[i]));
}

TEST(there_are_as_many_attempts_as_allowed)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	struct retry three =
		RETRY_INIT(setup.client, ((struct retry_policy){.max_attempts = 3, .delay_ms = 1}));
	struct retry usual = RETRY_INIT(setup.client, ((struct retry_policy){.delay_ms = 1}));
	int n_attempts = 1;

	EXPECT(fail_and_ask(&three, 0, 0, false));
	EXPECT(fail_and_ask(&three, 0, 0, false));
	EXPECT(!fail_and_ask(&three, 0, 0, false));
	while (fail_and_ask(&usual, 500, 0, false))
		n_attempts++;
	EXPECT(n_attempts == 6);
	EXPECT(http_client_counters(setup.client)->retries == 7);
}

TEST(a_transfer_that_moves_never_runs_out_of_attempts)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	struct retry retry =
		RETRY_INIT(setup.client, ((struct retry_policy){.max_attempts = 2, .delay_ms = 1}));

	for (int i = 0; i < 20; i++)
		EXPECT(fail_and_ask(&retry, 0, 0, true));
	EXPECT(!fail_and_ask(&retry, 0, 0, false));
}

TEST(what_counts_as_progress)
{
	EXPECT(!retry_is_progress(0, 0) && !retry_is_progress(0, 100));
	EXPECT(retry_is_progress(1, 10) && retry_is_progress(50, 1000) && !retry_is_progress(49, 1000));
	EXPECT(retry_is_progress(1 << 20, UINT64_C(1) << 40));
	EXPECT(!retry_is_progress((1 << 20) - 1, UINT64_C(1) << 40));
}

TEST(some_failures_are_worth_fewer_attempts)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	struct retry retry = RETRY_INIT(setup.client, ((struct retry_policy){.delay_ms = 1}));
	struct http_response response = {.max_attempts = 2};
	struct error err = ERROR_INIT;

	/* Another kind of failure before does not count. */
	EXPECT(fail_and_ask(&retry, 500, 0, false));
	error_set(&err, ERROR_TRANSIENT, "it broke");
	EXPECT(retry_again(&retry, URL, &response, false, &err));
	error_set(&err, ERROR_TRANSIENT, "it broke");
	EXPECT_ERROR(retry_again(&retry, URL, &response, false, &err) ? 0 : -1, &err, ERROR_TRANSIENT,
		     "it broke");
}

TEST(an_origin_that_only_fails_is_not_asked_twice_in_the_end)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	struct retry retry = RETRY_INIT(setup.client, ((struct retry_policy){.delay_ms = 1}));
	uint64_t start_ms = clock_milliseconds();

	for (int i = 0; i < HOPELESS_FAILURES; i++)
		EXPECT(!http_client_note_failure(setup.client, URL, start_ms + HOPELESS_MS * 2));
	EXPECT(http_client_note_failure(setup.client, URL, start_ms + HOPELESS_MS * 4));
	http_client_note_answer(setup.client, "https://registry.example:443");
	EXPECT(!http_client_note_failure(setup.client, URL, start_ms + HOPELESS_MS * 9));
	EXPECT(fail_and_ask(&retry, 0, 0, false));
	http_client_note_answer(setup.client, "https://registry.example:443");
	for (int i = 0; i <= HOPELESS_FAILURES; i++)
		(void)http_client_note_failure(setup.client, URL, 1);
	EXPECT(start_ms < HOPELESS_MS + 1000 || !fail_and_ask(&retry, 0, 0, false));
}

TEST(who_has_much_to_go_through_may_take_its_time)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);

	EXPECT(http_client_response_timeout_ms(setup.client, 64 << 20) == 120000);
	EXPECT(http_client_response_timeout_ms(setup.client, (64 << 20) + 1) >= 600000);
	EXPECT(http_client_response_timeout_ms(setup.client, UINT64_C(20) << 30) >= 1800000);
	EXPECT(http_client_response_timeout_ms(setup.client, UINT64_MAX) == 600000 + 3600000);
}

TEST(only_transient_errors_are_retried)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	static const enum error_code codes[] = {ERROR_INVALID, ERROR_NOT_FOUND, ERROR_UNAUTHORIZED,
						ERROR_DIGEST,  ERROR_IO,        ERROR_CANCELLED};

	for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
		struct retry retry = RETRY_INIT(setup.client, ((struct retry_policy){.delay_ms = 1}));
		struct error err = ERROR_INIT;
		error_set(&err, codes[i], "no");
		EXPECT(!retry_again(&retry, URL, &(struct http_response){0}, true, &err));
		EXPECT(error_is(&err, codes[i]));
		error_clear(&err);
	}
}

static uint64_t time_one(unsigned delay_ms, unsigned attempts_before, long status, uint64_t retry_after_ms)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	struct retry retry =
		RETRY_INIT(setup.client, ((struct retry_policy){.max_attempts = 9, .delay_ms = delay_ms}));
	uint64_t start_ms = clock_milliseconds();

	retry.attempt = attempts_before;
	EXPECT(fail_and_ask(&retry, status, retry_after_ms, false));
	return since_ms(start_ms);
}

static void expect_between(uint64_t taken_ms, uint64_t least, uint64_t most)
{
	if (taken_ms < least || taken_ms > most)
		test_fail(__FILE__, __LINE__, "%lu ms is not between %lu and %lu", (unsigned long)taken_ms,
			  (unsigned long)least, (unsigned long)most);
}

TEST(waits_double_and_vary)
{
	expect_between(time_one(0, 0, 0, 0), 249, 700);
	expect_between(time_one(100, 0, 500, 0), 49, 250);
	expect_between(time_one(100, 2, 500, 0), 199, 600);
}

TEST(a_longer_retry_after_wins_and_a_shorter_one_does_not)
{
	expect_between(time_one(1, 0, 503, 300), 299, 600);
	expect_between(time_one(400, 0, 503, 10), 199, 600);
}

struct pause {
	struct setup setup;
	uint64_t waited_ms;
};

static void pause_and_wait(size_t index, unsigned worker, void *context)
{
	struct pause *pause = context;
	struct retry retry = RETRY_INIT(pause->setup.client, ((struct retry_policy){.delay_ms = 1}));
	struct error err = ERROR_INIT;

	(void)worker;
	if (!index) {
		fail_and_ask(&retry, 429, 600, false);
		return;
	}
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	uint64_t start_ms = clock_milliseconds();
	EXPECT_OK(retry_wait_for_origin(&retry, "https://other.example/v2/", &err), &err);
	EXPECT_OK(retry_wait_for_origin(&retry, "not a url", &err), &err);
	EXPECT(since_ms(start_ms) < 200);
	EXPECT_OK(retry_wait_for_origin(&retry, "HTTPS://REGISTRY.example:443/v2/x?y", &err), &err);
	pause->waited_ms = since_ms(start_ms);
}

TEST(too_many_requests_pauses_the_origin_for_all_sessions)
{
	struct pause pause = {.setup = setup_new(NULL)};

	parallel_for(2, 2, pause_and_wait, &pause);
	expect_between(pause.waited_ms, 300, 800);
	setup_release(&pause.setup);
}

TEST(a_pause_is_made_longer_but_not_shorter)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);

	EXPECT(http_client_pause_left_ms(setup.client, URL) == 0);
	http_client_pause_origin(setup.client, URL, 5000);
	http_client_pause_origin(setup.client, URL, 10);
	expect_between(http_client_pause_left_ms(setup.client, URL), 4000, 5000);
	http_client_pause_origin(setup.client, URL, 9000);
	expect_between(http_client_pause_left_ms(setup.client, URL), 8000, 9000);
}

TEST(waiting_ends_when_cancelled)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	struct retry retry = RETRY_INIT(setup.client, ((struct retry_policy){.delay_ms = 60000}));
	struct error err = ERROR_INIT;

	http_client_pause_origin(setup.client, URL, 60000);
	atomic_store(&cancel_flag, true);
	EXPECT_ERROR(retry_wait_for_origin(&retry, URL, &err), &err, ERROR_CANCELLED, NULL);
	error_set(&err, ERROR_TRANSIENT, "it broke");
	EXPECT(!retry_again(&retry, URL, &(struct http_response){.status = 500}, false, &err));
	EXPECT(error_is(&err, ERROR_CANCELLED));
	error_clear(&err);
	atomic_store(&cancel_flag, false);
}

/* The loop as its users write it. */
static void fail_twice(struct connection *connection, const char *head)
{
	(void)head;
	if (server_n_requests(connection->server) <= 2)
		server_answer(connection, "502 Bad Gateway", "", "");
	else
		server_answer(connection, "200 OK", "", "at last");
}

TEST(a_gateway_that_recovers_is_asked_until_it_answers)
{
	CLEANUP(setup_release) struct setup setup = setup_new(NULL);
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct server *server = server_start(fail_twice, NULL);
	CLEANUP(free_string) char *url = server_url(server, "/");
	struct http_request request = get_request(url);
	struct retry retry = RETRY_INIT(setup.client, ((struct retry_policy){.delay_ms = 1}));
	struct error err = ERROR_INIT;

	do {
		EXPECT_OK(retry_wait_for_origin(&retry, url, &err), &err);
		http_response_release(&response);
		EXPECT_OK(http_perform(setup.session, &request, &response, &err), &err);
		if (retry_is_transient_status(response.status))
			error_set(&err, ERROR_TRANSIENT, "status %ld", response.status);
	} while (retry_again(&retry, url, &response, false, &err));
	EXPECT_STRING(response.body.buf, "at last");
	EXPECT(http_client_counters(setup.client)->retries == 2);
	server_stop(&server);
}
