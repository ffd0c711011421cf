/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: what is followed, and what does not travel along. */
#include "tests/unit/http_server.h"

static bool has_path(const char *head, const char *path)
{
	const char *blank = strchr(head, ' ');

	return !strncmp(blank + 1, path, strlen(path)) && strchr(" ?", blank[1 + strlen(path)]);
}

static void redirect(struct connection *connection, const char *status, const char *location)
{
	server_print(connection, "HTTP/1.1 %s\r\nLocation: %s\r\nContent-Length: 4\r\n\r\nmove", status,
		     location);
}

static void answer(struct connection *connection, const char *head)
{
	unsigned number;
	const char *hop = strstr(head, "/hop/");

	server_read_body(connection, NULL);
	if (has_path(head, "/there")) {
		server_answer(connection, "200 OK", "Content-Type: text/there\r\n", "there");
	} else if (has_path(head, "/away")) {
		redirect(connection, "307 Temporary Redirect", connection->server->target);
	} else if (has_path(head, "/found")) {
		redirect(connection, "302 Found", "there");
	} else if (has_path(head, "/loop")) {
		redirect(connection, "301 Moved", "/pool");
	} else if (has_path(head, "/pool")) {
		redirect(connection, "301 Moved", "/loop");
	} else if (hop && hop < strchr(head, '\r')) {
		number = (unsigned)strtoul(hop + 5, NULL, 10);
		CLEANUP(free_string) char *next =
			number ? xasprintf("/hop/%u", number - 1) : xstrdup("/there");
		redirect(connection, "302 Found", next);
	} else if (has_path(head, "/nowhere")) {
		server_answer(connection, "302 Found", "", "");
	} else if (has_path(head, "/empty")) {
		server_answer(connection, "302 Found", "Location:\r\n", "");
	} else if (has_path(head, "/choices")) {
		server_answer(connection, "300 Multiple Choices", "Location: /there\r\n", "");
	} else {
		server_answer(connection, "404 Not Found", "", "");
	}
}

struct pair {
	struct server *registry, *cdn;
	struct setup setup;
	struct http_response response;
	struct error err;
	char *target;
};

static struct pair pair_new(const char *cdn_path)
{
	struct pair pair = {.registry = server_start(answer, NULL),
			    .cdn = server_start(answer, NULL),
			    .setup = setup_new(NULL),
			    .response = HTTP_RESPONSE_INIT};

	pair.target = server_url(pair.cdn, cdn_path);
	pair.registry->target = pair.target;
	return pair;
}

static void pair_release(struct pair *pair)
{
	http_response_release(&pair->response);
	error_clear(&pair->err);
	setup_release(&pair->setup);
	server_stop(&pair->registry);
	server_stop(&pair->cdn);
	free(pair->target);
}

static int get(struct pair *pair, const char *path, unsigned max_redirects)
{
	static const char *const headers[] = {"Accept: application/x", "Range: bytes=3-", "X-Secret: s3cret",
					      NULL};
	CLEANUP(free_string) char *url = server_url(pair->registry, path);
	struct http_request request = get_request(url);

	request.headers = headers;
	request.authorization = "Bearer t0ken";
	request.max_redirects = max_redirects;
	return http_perform(pair->setup.session, &request, &pair->response, &pair->err);
}

TEST(another_port_of_the_same_host_gets_no_authorization_and_no_headers)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/there");

	EXPECT_OK(get(&pair, "/away", 5), &pair.err);
	EXPECT_STRING(pair.response.body.buf, "there");
	EXPECT_STRING(pair.response.url, pair.target);
	EXPECT(!pair.response.is_same_origin);
	EXPECT(pair.response.location == NULL);
	EXPECT(strstr(pair.registry->heads.items[0], "Authorization: Bearer t0ken\r\n") != NULL);
	EXPECT(strstr(pair.registry->heads.items[0], "X-Secret: s3cret\r\n") != NULL);
	EXPECT(strcasestr(pair.cdn->heads.items[0], "Authorization") == NULL);
	EXPECT(strcasestr(pair.cdn->heads.items[0], "s3cret") == NULL);
	EXPECT(strstr(pair.cdn->heads.items[0], "Range: bytes=3-\r\n") != NULL);
	EXPECT(strstr(pair.cdn->heads.items[0], "Accept: application/x\r\n") != NULL);
	EXPECT(http_client_counters(pair.setup.client)->requests == 2);
}

TEST(the_way_back_to_the_own_origin_has_authorization_again)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/away");
	CLEANUP(free_string) char *back = server_url(pair.registry, "/there");

	pair.cdn->target = back;
	EXPECT_OK(get(&pair, "/away", 5), &pair.err);
	EXPECT(pair.response.is_same_origin);
	EXPECT(strcasestr(pair.cdn->heads.items[0], "Authorization") == NULL);
	EXPECT(strstr(pair.registry->heads.items[1], "Authorization: Bearer t0ken\r\n") != NULL);
}

TEST(a_relative_location_is_resolved)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/there");

	EXPECT_OK(get(&pair, "/found", 5), &pair.err);
	EXPECT_STRING(pair.response.content_type, "text/there");
	EXPECT(pair.response.is_same_origin);
}

TEST(as_many_redirects_as_allowed_are_followed)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/there");

	EXPECT_OK(get(&pair, "/hop/4", 5), &pair.err);
	EXPECT(pair.response.status == 200);
	EXPECT_ERROR(get(&pair, "/hop/5", 5), &pair.err, ERROR_INVALID, "redirects more than 5 times");
	EXPECT(http_client_counters(pair.setup.client)->requests == 12);
}

TEST(a_redirect_is_the_answer_when_none_may_be_followed)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/there");

	EXPECT_OK(get(&pair, "/found", 0), &pair.err);
	EXPECT(pair.response.status == 302);
	EXPECT_STRING(pair.response.location, "there");
}

TEST(a_circle_ends)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/there");

	EXPECT_ERROR(get(&pair, "/loop", 5), &pair.err, ERROR_INVALID, "in a circle");
	EXPECT(http_client_counters(pair.setup.client)->requests == 2);
}

TEST(a_redirect_must_say_where)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/there");

	EXPECT_ERROR(get(&pair, "/nowhere", 5), &pair.err, ERROR_INVALID, "without saying where");
	EXPECT_ERROR(get(&pair, "/empty", 5), &pair.err, ERROR_INVALID, "without saying where");
	EXPECT_OK(get(&pair, "/choices", 5), &pair.err);
	EXPECT(pair.response.status == 300);
}

TEST(redirects_that_lead_away_from_http_are_refused)
{
	static const char *const targets[] = {"file:///etc/passwd", "ftp://host/",     "gopher://host/",
					      "https://u:p@host/",  "https://host/#x", "https://"};

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		CLEANUP(pair_release) struct pair pair = pair_new("/there");
		pair.registry->target = targets[i];
		EXPECT_ERROR(get(&pair, "/away", 5), &pair.err, ERROR_INVALID,
			     "redirects (status 307): URL '");
	}
}

TEST(a_body_goes_to_no_other_origin)
{
	CLEANUP(pair_release) struct pair pair = pair_new("/there");
	CLEANUP(free_string) char *url = server_url(pair.registry, "/away");
	const struct http_source source = {
		.read = memory_read, .context = &(struct memory_source){"body"}, .size = 4};
	struct http_request request = get_request(url);

	request.method = "PUT";
	request.source = &source;
	EXPECT_OK(http_perform(pair.setup.session, &request, &pair.response, &pair.err), &pair.err);
	EXPECT(pair.response.status == 307);
	EXPECT(pair.cdn->heads.count == 0);

	CLEANUP(free_string) char *here = server_url(pair.registry, "/there");
	pair.registry->target = here;
	EXPECT_OK(http_perform(pair.setup.session, &request, &pair.response, &pair.err), &pair.err);
	EXPECT(pair.response.status == 200);
	EXPECT(http_client_counters(pair.setup.client)->bytes_sent == 12);

	CLEANUP(free_string) char *found = server_url(pair.registry, "/found");
	request.url = found;
	EXPECT_OK(http_perform(pair.setup.session, &request, &pair.response, &pair.err), &pair.err);
	EXPECT(pair.response.status == 302);
}
