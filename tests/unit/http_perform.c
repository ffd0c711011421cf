/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: headers, bodies, limits, and what goes wrong with them. */
#include "tests/unit/http_server.h"

static int count_bytes(void *context, const void *data, size_t length, struct error *err)
{
	(void)data;
	(void)err;
	*(uint64_t *)context += length;
	return 0;
}

static int refuse_bytes(void *context, const void *data, size_t length, struct error *err)
{
	(void)context;
	(void)data;
	(void)length;
	return error_set(err, ERROR_IO, "the disk is full");
}

static bool has_path(const char *head, const char *path)
{
	const char *blank = strchr(head, ' ');

	return !strncmp(blank + 1, path, strlen(path)) && strchr(" ?", blank[1 + strlen(path)]);
}

static void answer_endlessly(struct connection *connection)
{
	CLEANUP(free_string) char *portion = xcalloc(1, 65536);

	while (server_write(connection, portion, 65536))
		;
	connection->is_last = true;
}

struct script {
	const char *path;
	const char *bytes;
	bool is_last; /* the connection is closed behind them */
};

/* Answers that are what they are, byte for byte. */
static const struct script scripts[] = {
	{"/chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
		     "6\r\n world\r\n0\r\nLocation: /trailer\r\n\r\n"},
	{"/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", true},
	{"/cut", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", true},
	{"/cut-error", "HTTP/1.1 404 Not Found\r\nContent-Length: 10\r\n\r\nhello", true},
	{"/until-close", "HTTP/1.1 200 OK\r\n\r\nhello", true},
	{"/two-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", true},
	{"/old", "hello, this is HTTP/0.9", true},
	{"/early-hints", "HTTP/1.1 103 Early Hints\r\nLocation: /nowhere\r\n\r\n"
			 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
	{"/hang-up", "", true},
};

static bool answer_by_script(struct connection *connection, const char *head)
{
	for (size_t i = 0; i < ARRAY_LENGTH(scripts); i++) {
		if (!has_path(head, scripts[i].path))
			continue;
		server_print(connection, "%s", scripts[i].bytes);
		connection->is_last = scripts[i].is_last;
		return true;
	}
	return false;
}

static void answer_with_many_headers(struct connection *connection)
{
	server_print(connection, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 20000 && server_print(connection, "X-%d: yyyyyyyyyyyyyyyyyyyy\r\n", i); i++)
		;
	connection->is_last = true;
}

static void answer_with_long_header(struct connection *connection)
{
	CLEANUP(free_string) char *value = xmalloc(20001);

	memset(value, 'x', 20000);
	value[20000] = '\0';
	server_print(connection, "HTTP/1.1 200 OK\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", value);
	connection->is_last = true;
}

static void answer(struct connection *connection, const char *head)
{
	if (answer_by_script(connection, head))
		return;
	if (has_path(head, "/hello")) {
		server_answer(connection, "200 OK",
			      "content-type: text/plain \r\nDOCKER-CONTENT-DIGEST: sha256:00\r\nLink: </x>; "
			      "rel=next\r\n"
			      "OCI-Subject: s\r\nWarning: 299 - \"w\"\r\nRange: 0-7\r\nContent-Range: bytes "
			      "0-4/5\r\n"
			      "WWW-Authenticate: Bearer a=b\r\nWWW-Authenticate: Basic\r\n",
			      "hello");
	} else if (has_path(head, "/part")) {
		server_answer(connection, "206 Partial Content", "Content-Range: bytes 2-4/5\r\n", "llo");
	} else if (has_path(head, "/gzip")) {
		server_answer(connection, "200 OK", "Content-Encoding: gzip\r\n", "not really");
	} else if (has_path(head, "/endless")) {
		server_print(connection, "HTTP/1.1 200 OK\r\n\r\n");
		answer_endlessly(connection);
	} else if (has_path(head, "/endless-error")) {
		server_print(connection, "HTTP/1.1 500 Oops\r\n\r\n");
		answer_endlessly(connection);
	} else if (has_path(head, "/many-headers")) {
		answer_with_many_headers(connection);
	} else if (has_path(head, "/long-header")) {
		answer_with_long_header(connection);
	} else if (has_path(head, "/retry-after")) {
		server_print(connection, "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After:%s\r\n\r\n",
			     connection->server->target);
	} else {
		server_answer(connection, "404 Not Found", "", "nothing here");
	}
}

struct fetched {
	struct server *server;
	struct setup setup;
	struct http_response response;
	struct error err;
	int result;
};

static void fetched_release(struct fetched *fetched)
{
	http_response_release(&fetched->response);
	error_clear(&fetched->err);
	setup_release(&fetched->setup);
	server_stop(&fetched->server);
}

/* One GET from a fresh server. */
static struct fetched fetch(const char *path, const struct http_sink *sink, uint64_t limit)
{
	struct fetched fetched = {.server = server_start(answer, NULL),
				  .setup = setup_new(NULL),
				  .response = HTTP_RESPONSE_INIT};
	CLEANUP(free_string) char *url = server_url(fetched.server, path);
	struct http_request request = get_request(url);

	request.sink = sink;
	request.body_limit = limit;
	fetched.result = http_perform(fetched.setup.session, &request, &fetched.response, &fetched.err);
	return fetched;
}

TEST(an_answer_has_status_headers_and_body)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/hello", NULL, 100);
	const struct http_response *response = &got.response;

	EXPECT_OK(got.result, &got.err);
	EXPECT(response->status == 200);
	EXPECT_STRING(response->body.buf, "hello");
	EXPECT_STRING(response->content_type, "text/plain");
	EXPECT_STRING(response->docker_content_digest, "sha256:00");
	EXPECT_STRING(response->link, "</x>; rel=next");
	EXPECT_STRING(response->subject, "s");
	EXPECT_STRING(response->warning, "299 - \"w\"");
	EXPECT_STRING(response->range, "0-7");
	EXPECT_STRING(response->content_range, "bytes 0-4/5");
	EXPECT(response->location == NULL);
	EXPECT(response->challenges.count == 2);
	EXPECT(response->has_content_length && response->content_length == 5);
	EXPECT(response->is_same_origin);
	EXPECT(http_client_counters(got.setup.client)->requests == 1);
	EXPECT(http_client_counters(got.setup.client)->bytes_received == 5);
}

TEST(a_request_says_who_asks_and_asks_for_no_encoding)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/hello", NULL, 100);
	const char *head = got.server->heads.items[0];

	EXPECT(strstr(head, "User-Agent: airlift/") != NULL);
	EXPECT(strcasestr(head, "Accept-Encoding") == NULL);
	EXPECT(strcasestr(head, "Cookie") == NULL);
	EXPECT(strcasestr(head, "Expect") == NULL);
	EXPECT(strstr(head, " HTTP/1.1\r\n") != NULL);
}

TEST(a_chunked_body_has_no_length_and_its_trailers_do_not_count)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/chunked", NULL, 100);

	EXPECT_OK(got.result, &got.err);
	EXPECT_STRING(got.response.body.buf, "hello world");
	EXPECT(!got.response.has_content_length);
	EXPECT(got.response.location == NULL);
}

TEST(an_interim_answer_leaves_nothing_behind)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/early-hints", NULL, 100);

	EXPECT_OK(got.result, &got.err);
	EXPECT_STRING(got.response.body.buf, "hello");
	EXPECT(got.response.location == NULL);
}

TEST(a_sink_takes_the_body_of_200_and_206_only)
{
	uint64_t n_bytes = 0;
	const struct http_sink sink = {.write = count_bytes, .context = &n_bytes};

	CLEANUP(fetched_release) struct fetched whole = fetch("/hello", &sink, 100);
	EXPECT(n_bytes == 5 && whole.response.body.len == 0);
	CLEANUP(fetched_release) struct fetched part = fetch("/part", &sink, 100);
	EXPECT(n_bytes == 8 && part.response.status == 206);
	CLEANUP(fetched_release) struct fetched absent = fetch("/absent", &sink, 100);
	EXPECT_OK(absent.result, &absent.err);
	EXPECT(n_bytes == 8 && absent.response.status == 404);
	EXPECT_STRING(absent.response.body.buf, "nothing here");
}

TEST(the_sinks_own_error_comes_through)
{
	const struct http_sink sink = {.write = refuse_bytes};
	CLEANUP(fetched_release) struct fetched got = fetch("/hello", &sink, 100);

	EXPECT_ERROR(got.result, &got.err, ERROR_IO, "the disk is full");
}

TEST(a_body_over_the_limit_is_refused)
{
	uint64_t n_bytes = 0;
	const struct http_sink sink = {.write = count_bytes, .context = &n_bytes};

	CLEANUP(fetched_release) struct fetched small = fetch("/hello", NULL, 4);
	EXPECT_ERROR(small.result, &small.err, ERROR_INVALID, "larger than the 4 bytes");
	CLEANUP(fetched_release) struct fetched empty = fetch("/hello", &sink, 0);
	EXPECT_ERROR(empty.result, &empty.err, ERROR_INVALID, "larger than the 0 bytes");
	EXPECT(n_bytes == 0);
	CLEANUP(fetched_release) struct fetched endless = fetch("/endless", &sink, 1 << 20);
	EXPECT_ERROR(endless.result, &endless.err, ERROR_INVALID, "/endless: the answer is larger");
	EXPECT(n_bytes <= 1 << 20);
	CLEANUP(fetched_release) struct fetched exact = fetch("/hello", NULL, 5);
	EXPECT_OK(exact.result, &exact.err);
}

TEST(an_error_body_is_cut_at_64_kib)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/endless-error", NULL, 100);

	EXPECT_OK(got.result, &got.err);
	EXPECT(got.response.status == 500);
	EXPECT(got.response.body.len == 64 << 10);
}

TEST(a_short_body_is_worth_another_try)
{
	CLEANUP(fetched_release) struct fetched cut = fetch("/cut", NULL, 100);
	EXPECT_ERROR(cut.result, &cut.err, ERROR_TRANSIENT, "closed after 5 of 10 bytes");
	EXPECT_STRING(cut.response.body.buf, "hello");
	CLEANUP(fetched_release) struct fetched chunk = fetch("/bad-chunk", NULL, 100);
	EXPECT_ERROR(chunk.result, &chunk.err, ERROR_TRANSIENT, "GET http://127.0.0.1:");
	CLEANUP(fetched_release) struct fetched gone = fetch("/hang-up", NULL, 100);
	EXPECT_ERROR(gone.result, &gone.err, ERROR_TRANSIENT, "closed without an answer");
}

TEST(the_status_of_a_short_error_body_counts)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/cut-error", NULL, 100);

	EXPECT_OK(got.result, &got.err);
	EXPECT(got.response.status == 404);
}

TEST(a_body_without_length_ends_with_the_connection)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/until-close", NULL, 100);

	EXPECT_OK(got.result, &got.err);
	EXPECT_STRING(got.response.body.buf, "hello");
	EXPECT(!got.response.has_content_length);
}

TEST(an_encoding_that_nobody_asked_for_is_not_decoded)
{
	CLEANUP(fetched_release) struct fetched got = fetch("/gzip", NULL, 100);

	EXPECT_OK(got.result, &got.err);
	EXPECT_STRING(got.response.body.buf, "not really");
}

TEST(hostile_headers_are_refused)
{
	CLEANUP(fetched_release) struct fetched lengths = fetch("/two-lengths", NULL, 100);
	EXPECT_ERROR(lengths.result, &lengths.err, ERROR_INVALID, "two lengths, 5 and 6");
	CLEANUP(fetched_release) struct fetched many = fetch("/many-headers", NULL, 100);
	EXPECT_ERROR(many.result, &many.err, ERROR_INVALID, "header is larger than");
	CLEANUP(fetched_release) struct fetched longer = fetch("/long-header", NULL, 100);
	EXPECT_ERROR(longer.result, &longer.err, ERROR_INVALID, "a line of 200");
	CLEANUP(fetched_release) struct fetched old = fetch("/old", NULL, 100);
	EXPECT_ERROR(old.result, &old.err, ERROR_INVALID, "does not speak HTTP");
}

TEST(head_gets_no_body)
{
	struct server *server = server_start(answer, NULL);
	struct setup setup = setup_new(NULL);
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;
	CLEANUP(free_string) char *url = server_url(server, "/part");
	struct http_request request = get_request(url);

	request.method = "HEAD";
	EXPECT_OK(http_perform(setup.session, &request, &response, &err), &err);
	EXPECT(response.has_content_length && response.content_length == 3);
	EXPECT(response.body.len == 0);
	http_response_release(&response);
	setup_release(&setup);
	server_stop(&server);
}

static uint64_t read_retry_after(const char *value)
{
	struct server *server = server_start(answer, NULL);
	struct setup setup = setup_new(NULL);
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;

	server->target = value;
	CLEANUP(free_string) char *url = server_url(server, "/retry-after?x=1");
	struct http_request request = get_request(url);
	EXPECT_OK(http_perform(setup.session, &request, &response, &err), &err);
	uint64_t retry_after_ms = response.retry_after_ms;
	http_response_release(&response);
	setup_release(&setup);
	server_stop(&server);
	return retry_after_ms;
}

TEST(retry_after_is_read_in_both_forms_and_bounded)
{
	char date[64];
	time_t soon = time(NULL) + 100;
	struct tm parts;

	strftime(date, sizeof(date), " %a, %d %b %Y %H:%M:%S GMT", gmtime_r(&soon, &parts));
	EXPECT(read_retry_after(" 2") == 2000);
	EXPECT(read_retry_after("0") == 0);
	EXPECT(read_retry_after(" -5") == 0);
	EXPECT(read_retry_after(" 1000000000") == 300000);
	EXPECT(read_retry_after(" 99999999999999999999999") == 300000);
	EXPECT(read_retry_after(" soon") == 0);
	EXPECT(read_retry_after("") == 0);
	EXPECT(read_retry_after(" Fri, 31 Dec 1999 23:59:59 GMT") == 0);
	EXPECT(read_retry_after(" Fri, 31 Dec 2199 23:59:59 GMT") == 300000);
	uint64_t dated = read_retry_after(date);
	EXPECT(dated > 90000 && dated <= 100000);
}

TEST(what_cannot_be_reached_is_named)
{
	struct server *server = server_start(answer, NULL);
	struct setup setup = setup_new(NULL);
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;
	CLEANUP(free_string) char *url = server_url(server, "/x");
	struct http_request request = get_request(url);

	server_stop(&server);
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_TRANSIENT,
		     "Connection refused");
	EXPECT(response.max_attempts == 0);
	request.url = "http://does-not-exist.invalid/";
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_TRANSIENT,
		     "does-not-exist.invalid cannot be resolved");
	EXPECT(response.max_attempts == 2);
	request.url = "http://127.0.0.1/";
	request.allow_http = false;
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_INVALID,
		     "is not https");
	http_response_release(&response);
	setup_release(&setup);
}

TEST(a_line_break_in_a_header_is_refused)
{
	struct setup setup = setup_new(NULL);
	struct http_response response = HTTP_RESPONSE_INIT;
	struct error err = ERROR_INIT;
	struct http_request request = get_request("http://127.0.0.1:9/");
	const char *const headers[] = {"Accept: a\r\nX: y", NULL};

	request.headers = headers;
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_INVALID,
		     "control characters");
	request.headers = NULL;
	request.authorization = "Bearer a\nb";
	EXPECT_ERROR(http_perform(setup.session, &request, &response, &err), &err, ERROR_INVALID,
		     "control characters");
	http_response_release(&response);
	setup_release(&setup);
}
