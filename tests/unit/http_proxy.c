/* SPDX-License-Identifier: Apache-2.0 */
/* Proxies of the environment, which also let a test stand for any host; and what is logged. */
#include "base/log.h"
#include "tests/unit/http_server.h"

static void answer(struct connection *connection, const char *head)
{
	if (!strncmp(head, "CONNECT ", 8)) {
		server_answer(connection, connection->server->target, "WWW-Authenticate: Basic\r\n", "no");
		connection->is_last = true;
	} else if (connection->server->target && strstr(head, "/away")) {
		CLEANUP(free_string) char *location =
			xasprintf("Location: %s\r\n", connection->server->target);
		server_answer(connection, "307 Temporary Redirect", location, "");
	} else {
		server_answer(connection, "200 OK", "", "hello");
	}
}

struct world {
	struct server *proxy;
	struct setup setup;
	struct http_response response;
	struct error err;
};

static struct world world_new(void)
{
	struct world world = {.proxy = server_start(answer, NULL),
			      .setup = setup_new(NULL),
			      .response = HTTP_RESPONSE_INIT};
	CLEANUP(free_string) char *url = server_url(world.proxy, "");

	setenv("http_proxy", url, 1);
	setenv("https_proxy", url, 1);
	return world;
}

static void world_release(struct world *world)
{
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	http_response_release(&world->response);
	error_clear(&world->err);
	setup_release(&world->setup);
	server_stop(&world->proxy);
}

static int get(struct world *world, const char *url)
{
	struct http_request request = get_request(url);

	request.authorization = "Bearer t0ken";
	return http_perform(world->setup.session, &request, &world->response, &world->err);
}

TEST(a_proxy_is_told_nothing_but_where_to_connect)
{
	CLEANUP(world_release) struct world world = world_new();

	world.proxy->target = "403 Forbidden";
	EXPECT_ERROR(get(&world, "https://registry.example/v2/"), &world.err, ERROR_INVALID,
		     "the proxy answered 403 to CONNECT");
	EXPECT(strstr(world.proxy->heads.items[0], "CONNECT registry.example:443 ") != NULL);
	EXPECT(strcasestr(world.proxy->heads.items[0], "Authorization") == NULL);
	EXPECT(world.response.challenges.count == 0);
	world.proxy->target = "503 Busy";
	EXPECT_ERROR(get(&world, "https://registry.example/v2/"), &world.err, ERROR_TRANSIENT,
		     "503 to CONNECT");
}

TEST(a_redirect_does_not_lead_to_this_machine)
{
	static const char *const targets[] = {"http://169.254.169.254/latest/meta-data",
					      "http://127.0.0.1:22/",
					      "https://[::1]/",
					      "http://localhost/",
					      "http://2130706433/",
					      "http://0x7f.1/",
					      "//0177.1/"};
	CLEANUP(world_release) struct world world = world_new();

	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		world.proxy->target = targets[i];
		EXPECT_ERROR(get(&world, "http://registry.example/away"), &world.err, ERROR_INVALID,
			     "an address of this machine or its link");
	}
	EXPECT(server_n_requests(world.proxy) == ARRAY_LENGTH(targets));
	world.proxy->target = "http://10.0.0.1/bucket";
	EXPECT_OK(get(&world, "http://registry.example/away"), &world.err);
	EXPECT_STRING(world.response.body.buf, "hello");
}

static void keep_message(enum log_level level, const char *message, void *context)
{
	(void)level;
	strbuf_addf(context, "%s\n", message);
}

TEST(a_log_tells_every_request_and_no_secret)
{
	CLEANUP(world_release) struct world world = world_new();
	CLEANUP(strbuf_release) struct strbuf log = STRBUF_INIT;

	world.proxy->target = "http://cdn.example/x?X-Amz-Signature=s1gnature&digest=sha256:00";
	log_set_function(keep_message, &log, LOG_DEBUG);
	EXPECT_OK(get(&world, "http://registry.example/away"), &world.err);
	log_set_function(NULL, NULL, LOG_WARNING);
	EXPECT(strstr(log.buf, "GET http://registry.example/away: 307, ") != NULL);
	EXPECT(strstr(log.buf, "GET http://cdn.example/x?X-Amz-Signature=REDACTED&digest=sha256:00: 200, ") !=
	       NULL);
	EXPECT(strstr(log.buf, " 5 received, ") != NULL);
	EXPECT(!strstr(log.buf, "s1gnature") && !strstr(log.buf, "t0ken"));
}
