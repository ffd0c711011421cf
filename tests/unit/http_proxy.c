/* SPDX-License-Identifier: Apache-2.0 */
/* Proxies of the environment, which also let a test stand for any host; and what is logged. */
#include <netdb.h>

#include "base/log.h"
#include "http/address.h"
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

static bool is_proxied(const char *text)
{
	CLEANUP(url_release) struct url url = {0};
	struct error err = ERROR_INIT;

	EXPECT_OK(url_parse(&url, text, &err), &err);
	return address_is_of_proxy(&url);
}

TEST(no_proxy_names_hosts_and_domains)
{
	setenv("https_proxy", "http://proxy.example:3128", 1);
	setenv("no_proxy", "lab.lan, .corp.example,10.0.0.1", 1);
	EXPECT(is_proxied("https://quay.io/"));
	EXPECT(!is_proxied("http://quay.io/"));
	EXPECT(!is_proxied("https://lab.lan/") && !is_proxied("https://r.LAB.lan.:5000/"));
	EXPECT(is_proxied("https://notlab.lan/"));
	EXPECT(!is_proxied("https://a.corp.example/") && !is_proxied("https://corp.example/"));
	EXPECT(!is_proxied("https://10.0.0.1/") && is_proxied("https://10.0.0.12/"));
	setenv("no_proxy", "*", 1);
	EXPECT(!is_proxied("https://quay.io/"));
	unsetenv("no_proxy");
	unsetenv("https_proxy");
	EXPECT(!is_proxied("https://quay.io/"));
	setenv("ALL_PROXY", "http://proxy.example:3128", 1);
	EXPECT(is_proxied("http://quay.io/"));
	unsetenv("ALL_PROXY");
}

TEST(what_a_server_chose_does_not_lead_to_this_machine)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "localhost.", "x.localhost"};
	CLEANUP(world_release) struct world world = world_new();

	unsetenv("http_proxy");
	for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++) {
		CLEANUP(free_string) char *url =
			xasprintf("http://%s:%u/upload", hosts[i], world.proxy->port);
		struct http_request request = get_request(url);
		request.is_foreign = true;
		EXPECT_ERROR(http_perform(world.setup.session, &request, &world.response, &world.err),
			     &world.err, ERROR_INVALID, "an address of this machine or its link");
	}
	EXPECT(server_n_requests(world.proxy) == 0);
}

/* A name that the resolver leads here, and that does not look like it. */
TEST(names_of_this_machine_are_found_out_when_they_are_contacted)
{
	CLEANUP(world_release) struct world world = world_new();
	char name[256] = "";
	struct addrinfo *found = NULL;

	unsetenv("http_proxy");
	if (gethostname(name, sizeof(name) - 1) || getaddrinfo(name, NULL, NULL, &found))
		TEST_SKIP("the host name has no address");
	bool is_local = address_is_local(found->ai_addr);
	freeaddrinfo(found);
	if (!is_local)
		TEST_SKIP("the host name has an address of the network");
	CLEANUP(free_string) char *url = xasprintf("http://%s:%u/upload", name, world.proxy->port);
	struct http_request request = get_request(url);
	/* The registry's own name may lead here. */
	EXPECT_OK(http_perform(world.setup.session, &request, &world.response, &world.err), &world.err);
	EXPECT(world.response.is_local);
	request.is_foreign = true;
	CLEANUP(session_freep) struct http_session *fresh = http_session_new(world.setup.client);
	EXPECT_ERROR(http_perform(fresh, &request, &world.response, &world.err), &world.err, ERROR_INVALID,
		     "an address of this machine or its link");
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
