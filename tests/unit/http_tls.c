/* SPDX-License-Identifier: Apache-2.0 */
/* Whom we trust, and to whom we show our certificate. */
#include "tests/unit/http_certificates.h"
#include "tests/unit/http_server.h"

static void answer(struct connection *connection, const char *head)
{
	const char *target = connection->server->target;

	if (target && strstr(head, "/away")) {
		CLEANUP(free_string) char *location = xasprintf("Location: %s\r\n", target);
		server_answer(connection, "307 Temporary Redirect", location, "");
		return;
	}
	server_answer(connection, "200 OK", "", "hello");
}

/* Two servers with certificates of one private authority. */
struct world {
	struct identity authority, identity;
	SSL_CTX *tls;
	struct server *registry, *cdn;
	char *ca_file;
	struct setup setup;
	struct http_response response;
	struct error err;
};

static struct world world_new(const char *host, int days, bool trust_everywhere)
{
	struct world world = {.response = HTTP_RESPONSE_INIT};
	struct http_options options = {0};

	world.authority = identity_new("test authority", NULL, NULL, 10);
	world.identity = identity_new("test server", &world.authority, host, days);
	world.tls = server_tls_new(&world.identity);
	world.registry = server_start(answer, world.tls);
	world.cdn = server_start(answer, world.tls);
	world.ca_file = write_certificate(&world.authority, "ca");
	if (trust_everywhere)
		strvec_push(&options.ca_files, world.ca_file);
	world.setup = setup_new(&options);
	strvec_release(&options.ca_files);
	return world;
}

static void world_release(struct world *world)
{
	http_response_release(&world->response);
	error_clear(&world->err);
	setup_release(&world->setup);
	server_stop(&world->registry);
	server_stop(&world->cdn);
	SSL_CTX_free(world->tls);
	identity_release(&world->identity);
	identity_release(&world->authority);
	free(world->ca_file);
}

static int get(struct world *world, const struct server *server, const char *path, const struct http_tls *tls)
{
	CLEANUP(free_string) char *url = server_url(server, path);
	struct http_request request = get_request(url);

	request.tls = tls;
	return http_perform(world->setup.session, &request, &world->response, &world->err);
}

TEST(an_unknown_authority_is_not_trusted)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, false);

	EXPECT_ERROR(get(&world, world.registry, "/", NULL), &world.err, ERROR_INVALID,
		     "is not trusted: unable to get local issuer");
	EXPECT_ERROR(get(&world, world.registry, "/", NULL), &world.err, ERROR_INVALID, "--ca-file FILE");
	EXPECT(server_n_requests(world.registry) == 0);
}

TEST(the_place_for_an_authority_is_where_it_is_looked_for)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, false);
	CLEANUP(free_string) char *target = server_url(world.cdn, "/");
	struct http_tls tls = {.directory = (char *)"/etc/containers/certs.d/docker.io"};

	EXPECT_ERROR(get(&world, world.registry, "/", &tls), &world.err, ERROR_INVALID,
		     "--ca-file FILE or put it into /etc/containers/certs.d/docker.io/ca.crt");
	/* What stands there is not used for others. */
	strvec_push(&tls.ca_files, world.ca_file);
	world.registry->target = target;
	EXPECT(get(&world, world.registry, "/away", &tls) < 0);
	EXPECT(strstr(world.err.message, "--ca-file") && !strstr(world.err.message, "certs.d"));
	strvec_release(&tls.ca_files);
}

TEST(an_authority_can_be_trusted_for_every_host)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, true);
	CLEANUP(free_string) char *target = server_url(world.cdn, "/");

	EXPECT_OK(get(&world, world.registry, "/", NULL), &world.err);
	world.registry->target = target;
	EXPECT_OK(get(&world, world.registry, "/away", NULL), &world.err);
	EXPECT(!world.response.is_same_origin);
}

TEST(an_authority_can_be_trusted_for_one_origin_only)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, false);
	CLEANUP(free_string) char *target = server_url(world.cdn, "/");
	struct http_tls tls = {0};

	strvec_push(&tls.ca_files, world.ca_file);
	EXPECT_OK(get(&world, world.registry, "/", &tls), &world.err);
	/* The connection that is open now was made with that trust, and serves nobody else. */
	EXPECT_ERROR(get(&world, world.registry, "/", NULL), &world.err, ERROR_INVALID, "is not trusted");
	world.registry->target = target;
	EXPECT_ERROR(get(&world, world.registry, "/away", &tls), &world.err, ERROR_INVALID, "is not trusted");
	EXPECT_OK(get(&world, world.cdn, "/", &tls), &world.err);
	EXPECT_ERROR(get(&world, world.registry, "/away", &tls), &world.err, ERROR_INVALID, "is not trusted");
	strvec_release(&tls.ca_files);
}

TEST(a_connection_is_kept_for_the_next_request)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, false);
	struct http_tls tls = {0};

	strvec_push(&tls.ca_files, world.ca_file);
	for (int i = 0; i < 3; i++)
		EXPECT_OK(get(&world, world.registry, "/", &tls), &world.err);
	EXPECT(world.registry->n_connections == 1);
	strvec_release(&tls.ca_files);
}

TEST(insecure_holds_for_one_origin_only)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, false);
	CLEANUP(free_string) char *target = server_url(world.cdn, "/");
	const struct http_tls tls = {.skip_verify = true};

	EXPECT_OK(get(&world, world.registry, "/", &tls), &world.err);
	EXPECT_OK(get(&world, world.cdn, "/", &tls), &world.err);
	EXPECT_ERROR(get(&world, world.registry, "/", NULL), &world.err, ERROR_INVALID, "is not trusted");
	world.registry->target = target;
	EXPECT_ERROR(get(&world, world.registry, "/away", &tls), &world.err, ERROR_INVALID, "is not trusted");
}

TEST(a_certificate_for_another_name_is_refused)
{
	CLEANUP(world_release) struct world world = world_new("DNS:elsewhere.example", 10, true);

	EXPECT_ERROR(get(&world, world.registry, "/", NULL), &world.err, ERROR_INVALID, "name");
}

TEST(an_expired_certificate_is_refused)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", -1, true);

	EXPECT_ERROR(get(&world, world.registry, "/", NULL), &world.err, ERROR_INVALID, "expired");
}

TEST(a_client_certificate_is_shown_to_its_origin_only)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, true);
	CLEANUP(identity_release) struct identity client = identity_new("client", &world.authority, NULL, 10);
	CLEANUP(free_string) char *target = server_url(world.cdn, "/");
	struct http_tls tls = {.client_certificate = write_certificate(&client, "client"),
			       .client_key = write_key(&client, "client")};

	world.registry->target = target;
	EXPECT_OK(get(&world, world.registry, "/away", &tls), &world.err);
	EXPECT(atomic_load(&world.registry->saw_client_certificate));
	EXPECT(server_n_requests(world.cdn) == 1);
	EXPECT(!atomic_load(&world.cdn->saw_client_certificate));
	free(tls.client_certificate);
	free(tls.client_key);
}

TEST(a_client_certificate_that_cannot_be_used_is_named)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, true);
	char missing[] = "/nonexistent/client.cert";
	const struct http_tls tls = {.client_certificate = missing};

	EXPECT_ERROR(get(&world, world.registry, "/", &tls), &world.err, ERROR_INVALID, missing);
}

/* Does not wait for an empty line: a TLS hello has none. */
static void *answer_plainly(void *context)
{
	const int *listening = context;
	char bytes[512];
	int fd = accept4(*listening, NULL, NULL, SOCK_CLOEXEC);

	if (recv(fd, bytes, sizeof(bytes), 0) > 0)
		send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

TEST(a_server_that_speaks_http_on_an_https_port_is_recognised)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, true);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t thread;

	EXPECT(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 1) == 0);
	EXPECT(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
	if (pthread_create(&thread, NULL, answer_plainly, &fd))
		abort();
	CLEANUP(free_string) char *url =
		xasprintf("https://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port));
	struct http_request request = get_request(url);
	EXPECT_ERROR(http_perform(world.setup.session, &request, &world.response, &world.err), &world.err,
		     ERROR_INVALID, "speaks http, not https; if it is meant to, use --insecure");
	pthread_join(thread, NULL);
	close(fd);
}

TEST(https_is_never_left_for_http)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, true);
	struct server *plain = server_start(answer, NULL);
	CLEANUP(free_string) char *target = server_url(plain, "/");

	world.registry->target = target;
	EXPECT_ERROR(get(&world, world.registry, "/away", NULL), &world.err, ERROR_INVALID,
		     "redirects from https to http://");
	EXPECT(server_n_requests(plain) == 0);
	server_stop(&plain);
}

TEST(http_may_become_https)
{
	CLEANUP(world_release) struct world world = world_new("IP:127.0.0.1", 10, true);
	struct server *plain = server_start(answer, NULL);
	CLEANUP(free_string) char *target = server_url(world.cdn, "/");

	plain->target = target;
	EXPECT_OK(get(&world, plain, "/away", NULL), &world.err);
	EXPECT(server_n_requests(world.cdn) == 1);
	server_stop(&plain);
}

static void expect_bad_ca_file(const char *text, const char *part)
{
	CLEANUP(free_string) char *path = xasprintf("%s/bad.crt", test_directory());
	struct http_options options = {0};
	struct http_client *client;
	struct error err = ERROR_INIT;

	FILE *file = text ? fopen(path, "w") : NULL;
	if (file) {
		fputs(text, file);
		fclose(file);
	}
	strvec_push(&options.ca_files, path);
	EXPECT_ERROR(http_client_new(&client, &options, &err), &err, text ? ERROR_INVALID : ERROR_IO, part);
	strvec_release(&options.ca_files);
}

TEST(a_file_without_authorities_is_refused)
{
	expect_bad_ca_file(NULL, "bad.crt: no such file");
	expect_bad_ca_file("", "bad.crt: holds no certificate");
	expect_bad_ca_file("hello\n", "bad.crt: holds no certificate");
	expect_bad_ca_file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged");
}
