/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that waits: timeouts, cancelling, the rate limit. */
#include "base/parallel.h"
#include "tests/unit/http_server.h"

static void sleep_ms(long milliseconds)
{
	nanosleep(&(struct timespec){.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000},
		  NULL);
}

static void answer(struct connection *connection, const char *head)
{
	if (strstr(head, "/silent")) {
		server_read_body(connection, NULL);
		sleep_ms(4000);
	} else if (strstr(head, "/stall")) {
		server_print(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
		sleep_ms(4000);
	} else if (strstr(head, "/drip")) {
		server_print(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
		for (int i = 0; i < 100 && server_print(connection, "x"); i++)
			sleep_ms(50);
	} else if (strstr(head, "/header-drip")) {
		server_print(connection, "HTTP/1.1 200 OK\r\n");
		for (int i = 0; i < 100 && server_print(connection, "X-%d: y\r\n", i); i++)
			sleep_ms(50);
	} else if (strstr(head, "/swallow")) {
		server_print(connection, "HTTP/1.1 100 Continue\r\n\r\n");
		sleep_ms(4000);
	} else if (strstr(head, "/steady")) {
		server_print(connection, "HTTP/1.1 200 OK\r\nContent-Length: 12000\r\n\r\n");
		CLEANUP(free_string) char *portion = xcalloc(1, 1200);
		for (int i = 0; i < 10 && server_write(connection, portion, 1200); i++)
			sleep_ms(200);
		return;
	} else if (strstr(head, "/large")) {
		CLEANUP(free_string) char *body = xcalloc(1, 150000);
		server_print(connection, "HTTP/1.1 200 OK\r\nContent-Length: 150000\r\n\r\n");
		server_write(connection, body, 150000);
		return;
	} else {
		server_read_body(connection, NULL);
		server_answer(connection, "201 Created", "", "");
		return;
	}
	connection->is_last = true;
}

static ssize_t read_zeros(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	(void)context;
	(void)offset;
	(void)err;
	memset(data, 0, length);
	return (ssize_t)length;
}

/* Ends with an error that names `part`, within two seconds: libcurl looks up once a second. */
static void expect_timeout(const char *path, uint64_t size, const char *part)
{
	struct server *server = server_start(answer, NULL);
	struct setup setup =
		setup_new(&(struct http_options){.stall_timeout_ms = 300, .response_timeout_ms = 300});
	CLEANUP(free_string) char *url = server_url(server, path);
	const struct http_source source = {.read = read_zeros, .size = size};
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;
	struct http_request request = get_request(url);

	if (size) {
		request.method = "PUT";
		request.source = &source;
	}
	uint64_t start_ms = clock_milliseconds();
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_TRANSIENT, part);
	EXPECT(since_ms(start_ms) < 2500);
	http_response_release(&response);
	setup_release(&setup);
	server_stop(&server);
}

TEST(a_server_that_does_not_answer_is_left)
{
	expect_timeout("/silent", 0, "no answer within 0.3 seconds");
	expect_timeout("/silent", 1000, "no answer within 0.3 seconds");
	expect_timeout("/header-drip", 0, "no answer within 0.3 seconds");
}

TEST(a_transfer_that_stands_still_is_ended)
{
	expect_timeout("/stall", 0, "stalled: nothing came for 0.3 seconds");
	expect_timeout("/drip", 0, "stalled: nothing came for 0.3 seconds");
	expect_timeout("/swallow", 64 << 20, "stalled: nothing could be sent for 0.3 seconds");
}

TEST(a_small_request_may_have_a_shorter_timeout)
{
	struct server *server = server_start(answer, NULL);
	struct setup setup = setup_new(&(struct http_options){0});
	CLEANUP(free_string) char *url = server_url(server, "/drip");
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;
	struct http_request request = get_request(url);
	uint64_t start_ms = clock_milliseconds();

	request.is_small = true;
	request.small_timeout_ms = 400;
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_TRANSIENT,
		     "not done within 0.4 seconds");
	EXPECT(clock_milliseconds() - start_ms < 3000);
	http_response_release(&response);
	setup_release(&setup);
	server_stop(&server);
}

TEST(a_slow_transfer_that_moves_goes_on)
{
	struct server *server = server_start(answer, NULL);
	struct setup setup =
		setup_new(&(struct http_options){.stall_timeout_ms = 500, .response_timeout_ms = 500});
	CLEANUP(free_string) char *url = server_url(server, "/steady");
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;
	struct http_request request = get_request(url);

	EXPECT_OK(http_perform(setup.session, &request, &response, &err), &err);
	EXPECT(response.body.len == 12000);
	http_response_release(&response);
	setup_release(&setup);
	server_stop(&server);
}

static void *cancel_soon(void *context)
{
	(void)context;
	sleep_ms(200);
	atomic_store(&cancel_flag, true);
	return NULL;
}

static void expect_cancelled(const char *path, uint64_t rate)
{
	struct server *server = server_start(answer, NULL);
	struct setup setup = setup_new(&(struct http_options){.rate_limit_bytes = rate});
	CLEANUP(free_string) char *url = server_url(server, path);
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;
	struct http_request request = get_request(url);
	pthread_t thread;

	uint64_t start_ms = clock_milliseconds();
	if (pthread_create(&thread, NULL, cancel_soon, NULL))
		abort();
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_CANCELLED,
		     "interrupted");
	EXPECT(since_ms(start_ms) < 2000);
	pthread_join(thread, NULL);
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_CANCELLED,
		     "interrupted");
	atomic_store(&cancel_flag, false);
	http_response_release(&response);
	setup_release(&setup);
	server_stop(&server);
}

TEST(a_request_is_cancelled_within_a_second)
{
	expect_cancelled("/silent", 0);
	expect_cancelled("/stall", 0);
	expect_cancelled("/large", 100);
}

struct limited {
	struct server *server;
	struct setup setup;
};

static void fetch_limited(size_t index, unsigned worker, void *context)
{
	struct limited *limited = context;
	CLEANUP(session_freep) struct http_session *session = http_session_new(limited->setup.client);
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(free_string) char *url = server_url(limited->server, index ? "/large" : "/upload");
	const struct http_source source = {.read = read_zeros, .size = 150000};
	struct http_request request = get_request(url);
	struct error err = ERROR_INIT;

	(void)worker;
	if (!index) {
		request.method = "PUT";
		request.source = &source;
	}
	EXPECT_OK(http_perform(session, &request, &response, &err), &err);
}

TEST(the_rate_limit_holds_for_all_sessions_together)
{
	struct limited limited = {
		.server = server_start(answer, NULL),
		/* The wait is our own: it is not a stall. */
		.setup = setup_new(
			&(struct http_options){.rate_limit_bytes = 300000, .stall_timeout_ms = 200}),
	};
	uint64_t start_ms = clock_milliseconds();

	parallel_for(3, 3, fetch_limited, &limited);
	uint64_t taken_ms = since_ms(start_ms);
	if (taken_ms < 1200 || taken_ms > 2500)
		test_fail(__FILE__, __LINE__, "450000 bytes at 300000 a second took %lu ms",
			  (unsigned long)taken_ms);
	EXPECT(http_client_counters(limited.setup.client)->bytes_received == 300000);
	EXPECT(http_client_counters(limited.setup.client)->bytes_sent == 150000);
	setup_release(&limited.setup);
	server_stop(&limited.server);
}
