/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are sent. */
#include "tests/unit/http_server.h"

/* What the last request brought; written before the client sees the answer. */
static struct strbuf received = STRBUF_INIT;

static void take_body(struct connection *connection, const char *head)
{
	(void)head;
	strbuf_reset(&received);
	server_read_body(connection, &received);
	server_answer(connection, "201 Created", "Location: /v2/x\r\n", "");
}

/* Answers at once, reads nothing, and resets the connection. */
static void refuse_early(struct connection *connection, const char *head)
{
	(void)head;
	server_answer(connection, "413 Too Large", "Connection: close\r\n", "too large");
	nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
		   sizeof(struct linger));
	connection->is_last = true;
}

/* Lets the client begin, then refuses in the middle. */
static void refuse_midway(struct connection *connection, const char *head)
{
	char bytes[4096];

	if (strcasestr(head, "Expect: 100-continue"))
		server_print(connection, "HTTP/1.1 100 Continue\r\n\r\n");
	server_read(connection, bytes, sizeof(bytes));
	server_answer(connection, "401 Unauthorized", "WWW-Authenticate: Basic\r\nConnection: close\r\n", "");
	while (server_read(connection, bytes, sizeof(bytes)) > 0)
		;
	connection->is_last = true;
}

static void expect_nothing(struct connection *connection, const char *head)
{
	if (strcasestr(head, "Expect: 100-continue")) {
		server_answer(connection, "417 Expectation Failed", "Connection: close\r\n", "");
		connection->is_last = true;
		return;
	}
	take_body(connection, head);
}

struct upload {
	struct server *server;
	struct setup setup;
	struct http_response response;
	struct error err;
	char *data;
};

static void upload_release(struct upload *upload)
{
	http_response_release(&upload->response);
	error_clear(&upload->err);
	setup_release(&upload->setup);
	server_stop(&upload->server);
	strbuf_release(&received);
	free(upload->data);
}

static struct upload upload_new(server_handler *handler, size_t size)
{
	struct upload upload = {.server = server_start(handler, NULL),
				.setup = setup_new(NULL),
				.response = HTTP_RESPONSE_INIT};

	upload.data = xmalloc(size + 1);
	for (size_t i = 0; i < size; i++)
		upload.data[i] = (char)(i * 7 + i / 251);
	return upload;
}

static int send_data(struct upload *upload, const char *method, size_t size)
{
	CLEANUP(free_string) char *url = server_url(upload->server, "/upload");
	const struct http_source source = {
		.read = memory_read, .context = &(struct memory_source){upload->data}, .size = size};
	struct http_request request = get_request(url);

	request.method = method;
	request.source = &source;
	return http_perform(upload->setup.session, &request, &upload->response, &upload->err);
}

static void expect_received(const struct upload *upload, size_t size)
{
	EXPECT(received.len == size);
	EXPECT(received.len == size && !memcmp(received.buf, upload->data, size));
}

TEST(a_body_is_sent_with_its_length_and_as_it_is)
{
	static const char *const methods[] = {"POST", "PUT", "PATCH"};
	static const size_t sizes[] = {0, 1, 70000, 1 << 20, (1 << 20) + 1, 5 << 20};

	for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
		CLEANUP(upload_release) struct upload upload = upload_new(take_body, sizes[i]);
		const char *method = methods[i % 3];
		CLEANUP(free_string) char *length = xasprintf("\r\nContent-Length: %zu\r\n", sizes[i]);

		EXPECT_OK(send_data(&upload, method, sizes[i]), &upload.err);
		const char *head = upload.server->heads.items[0];
		EXPECT(upload.response.status == 201);
		EXPECT_STRING(upload.response.location, "/v2/x");
		EXPECT(strstr(head, method) == head);
		EXPECT(strstr(head, length) != NULL);
		EXPECT(strcasestr(head, "Transfer-Encoding") == NULL);
		EXPECT(strcasestr(head, "Content-Type") == NULL);
		EXPECT(!strcasestr(head, "Expect:") == (sizes[i] <= 1 << 20));
		expect_received(&upload, sizes[i]);
		EXPECT(http_client_counters(upload.setup.client)->bytes_sent == sizes[i]);
	}
}

TEST(methods_with_a_body_send_length_zero_without_one)
{
	static const char *const methods[] = {"POST", "PUT", "PATCH"};
	CLEANUP(upload_release) struct upload upload = upload_new(take_body, 0);
	CLEANUP(free_string) char *url = server_url(upload.server, "/upload");
	struct http_request request = get_request(url);

	for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
		request.method = methods[i];
		EXPECT_OK(http_perform(upload.setup.session, &request, &upload.response, &upload.err),
			  &upload.err);
		EXPECT(strstr(upload.server->heads.items[i], "\r\nContent-Length: 0\r\n") != NULL);
	}
	request.method = "DELETE";
	EXPECT_OK(http_perform(upload.setup.session, &request, &upload.response, &upload.err), &upload.err);
	EXPECT(strstr(upload.server->heads.items[3], "DELETE /upload") == upload.server->heads.items[3]);
	EXPECT(upload.server->n_connections == 1);
}

TEST(a_status_that_comes_before_the_body_was_sent_counts)
{
	for (int i = 0; i < 5; i++) {
		CLEANUP(upload_release) struct upload upload = upload_new(refuse_early, 8 << 20);
		EXPECT_OK(send_data(&upload, "PUT", 8 << 20), &upload.err);
		EXPECT(upload.response.status == 413);
		EXPECT_STRING(upload.response.body.buf, "too large");
		EXPECT(http_client_counters(upload.setup.client)->bytes_sent == 0);
	}
}

TEST(a_status_that_comes_in_the_middle_of_the_body_counts)
{
	CLEANUP(upload_release) struct upload upload = upload_new(refuse_midway, 32 << 20);

	EXPECT_OK(send_data(&upload, "PUT", 32 << 20), &upload.err);
	EXPECT(upload.response.status == 401);
	EXPECT(upload.response.challenges.count == 1);
	EXPECT(http_client_counters(upload.setup.client)->bytes_sent < 32 << 20);
}

TEST(a_server_that_dislikes_expect_is_asked_without)
{
	CLEANUP(upload_release) struct upload upload = upload_new(expect_nothing, 2 << 20);

	EXPECT_OK(send_data(&upload, "PUT", 2 << 20), &upload.err);
	EXPECT(upload.response.status == 201);
	expect_received(&upload, 2 << 20);
}

static ssize_t read_broken(void *context, uint64_t offset, void *data, size_t length, struct error *err)
{
	(void)context;
	(void)data;
	(void)length;
	if (offset)
		return error_set(err, ERROR_DIGEST, "archive.001: damaged");
	memset(data, 'x', 10);
	return 10;
}

TEST(the_sources_own_error_comes_through)
{
	CLEANUP(upload_release) struct upload upload = upload_new(take_body, 0);
	CLEANUP(free_string) char *url = server_url(upload.server, "/upload");
	const struct http_source source = {.read = read_broken, .size = 100};
	struct http_request request = get_request(url);

	request.method = "PUT";
	request.source = &source;
	EXPECT_ERROR(http_perform(upload.setup.session, &request, &upload.response, &upload.err), &upload.err,
		     ERROR_DIGEST, "archive.001: damaged");
}
