/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners, threads, the record of requests. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fake_registry/internal.h"

void fake_abort(const char *what)
{
	fprintf(stderr, "fake registry: %s: %s\n", what, strerror(errno));
	abort();
}

bool registry_wait(struct fake_registry *registry, unsigned milliseconds)
{
	struct pollfd stop = {.fd = registry->stop_pipe[0]};

	return poll(&stop, 1, (int)milliseconds) == 0;
}

/* --- connections */

static void free_connection(struct connection *connection)
{
	pthread_join(connection->thread, NULL);
	free(connection);
}

static void reap_finished(struct fake_registry *registry)
{
	struct connection *finished = NULL;

	pthread_mutex_lock(&registry->mutex);
	for (struct connection **link = &registry->connections; *link;) {
		struct connection *connection = *link;
		if (!atomic_load(&connection->is_finished)) {
			link = &connection->next;
			continue;
		}
		*link = connection->next;
		connection->next = finished;
		finished = connection;
	}
	pthread_mutex_unlock(&registry->mutex);
	while (finished) {
		struct connection *next = finished->next;
		free_connection(finished);
		finished = next;
	}
}

/* Signals are the main thread's business; a broken pipe under TLS shows as an error. */
static void start_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(thread, NULL, run, argument) != 0)
		fake_abort("pthread_create");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void add_connection(struct fake_registry *registry, int fd)
{
	struct connection *connection = xmalloc(sizeof(*connection));

	memset(connection, 0, offsetof(struct connection, buffer));
	connection->registry = registry;
	connection->fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	pthread_mutex_lock(&registry->mutex);
	connection->number = ++registry->n_connections;
	connection->next = registry->connections;
	registry->connections = connection;
	start_thread(&connection->thread, connection_run, connection);
	pthread_mutex_unlock(&registry->mutex);
}

static void *accept_connections(void *argument)
{
	struct fake_registry *registry = argument;
	struct pollfd fds[] = {
		{.fd = registry->listen_fd, .events = POLLIN},
		{.fd = registry->stop_pipe[0]},
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			fake_abort("poll");
		if (fds[1].revents)
			return NULL;
		int fd = accept4(registry->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			add_connection(registry, fd);
		reap_finished(registry);
	}
}

/* --- starting */

static void keep(struct fake_registry *registry, const char **text)
{
	if (!*text)
		return;
	strvec_push(&registry->strings, *text);
	*text = registry->strings.items[registry->strings.count - 1];
}

static void copy_options(struct fake_registry *registry, const struct fake_options *options)
{
	struct fake_options *copy = &registry->options;

	*copy = *options;
	copy->address = options->address ? options->address : "127.0.0.1";
	copy->user = options->user ? options->user : "user";
	copy->password = options->password ? options->password : "password";
	copy->service = options->service ? options->service : "fake";
	copy->token_seconds = options->token_seconds ? options->token_seconds : 300;
	keep(registry, &copy->address);
	keep(registry, &copy->certificate_name);
	keep(registry, &copy->user);
	keep(registry, &copy->password);
	keep(registry, &copy->identity_token);
	keep(registry, &copy->realm);
	keep(registry, &copy->service);
	keep(registry, &copy->log_path);
}

static void start_listening(struct fake_registry *registry)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	registry->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (inet_pton(AF_INET, registry->options.address, &address.sin_addr) != 1 ||
	    bind(registry->listen_fd, (struct sockaddr *)&address, length) < 0 ||
	    listen(registry->listen_fd, 1024) < 0 ||
	    getsockname(registry->listen_fd, (struct sockaddr *)&address, &length) < 0)
		fake_abort(registry->options.address);
	registry->port = ntohs(address.sin_port);
	registry->host = xasprintf("%s:%u", registry->options.address, registry->port);
	registry->url = xasprintf("%s://%s", registry->options.use_tls ? "https" : "http", registry->host);
	registry->realm = registry->options.realm ? xstrdup(registry->options.realm)
						  : xasprintf("%s/token", registry->url);
}

static void start_tls(struct fake_registry *registry)
{
	if (!registry->options.use_tls)
		return;
	if (!registry->options.authority)
		registry->options.authority = registry->own_authority = fake_authority_new();
	registry->tls = authority_context(registry->options.authority, &registry->options);
}

static void share_content(struct fake_registry *registry)
{
	struct fake_registry *other = registry->options.shares_content_with;

	registry->content = other ? other->content : content_new();
	pthread_mutex_lock(&registry->content->mutex);
	registry->content->references++;
	pthread_mutex_unlock(&registry->content->mutex);
}

static char *basic_authorization(const char *user, const char *password)
{
	CLEANUP(free_string) char *plain = xasprintf("%s:%s", user, password);
	size_t length = strlen(plain);
	CLEANUP(free_string) char *encoded = xmalloc(4 * (length / 3 + 1) + 1);

	EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)plain, (int)length);
	return xasprintf("Basic %s", encoded);
}

struct fake_registry *fake_registry_start(const struct fake_options *options)
{
	struct fake_registry *registry = xcalloc(1, sizeof(*registry));

	pthread_mutex_init(&registry->mutex, NULL);
	copy_options(registry, options);
	registry->log_fd = -1;
	if (options->log_path) {
		registry->log_fd = open(options->log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
		if (registry->log_fd < 0)
			fake_abort(options->log_path);
	}
	if (pipe2(registry->stop_pipe, O_CLOEXEC) < 0)
		fake_abort("pipe");
	registry->basic = basic_authorization(registry->options.user, registry->options.password);
	start_listening(registry);
	start_tls(registry);
	share_content(registry);
	start_thread(&registry->thread, accept_connections, registry);
	return registry;
}

/* --- stopping */

static void free_rules(struct rule *rule)
{
	while (rule) {
		struct rule *next = rule->next;
		const char *strings[] = {rule->rule.method, rule->rule.path,        rule->rule.header,
					 rule->rule.body,   rule->rule.retry_after, rule->rule.redirect,
					 rule->rule.raw,    rule->rule.headers};
		for (size_t i = 0; i < ARRAY_LENGTH(strings); i++)
			free((char *)strings[i]);
		free(rule);
		rule = next;
	}
}

static void stop_threads(struct fake_registry *registry)
{
	close(registry->stop_pipe[1]);
	pthread_join(registry->thread, NULL);
	pthread_mutex_lock(&registry->mutex);
	for (struct connection *connection = registry->connections; connection; connection = connection->next)
		if (connection->fd >= 0)
			shutdown(connection->fd, SHUT_RDWR);
	pthread_mutex_unlock(&registry->mutex);
	while (registry->connections) {
		struct connection *next = registry->connections->next;
		free_connection(registry->connections);
		registry->connections = next;
	}
}

void fake_registry_stop(struct fake_registry *registry)
{
	if (!registry)
		return;
	stop_threads(registry);
	close(registry->stop_pipe[0]);
	close(registry->listen_fd);
	if (registry->log_fd >= 0)
		close(registry->log_fd);
	SSL_CTX_free(registry->tls);
	fake_authority_free(registry->own_authority);
	content_release(registry->content);
	free_rules(registry->rules);
	free_rules(registry->old_rules);
	fake_requests_free(registry->requests, registry->n_requests);
	strvec_release(&registry->strings);
	free(registry->host);
	free(registry->url);
	free(registry->realm);
	free(registry->basic);
	pthread_mutex_destroy(&registry->mutex);
	free(registry);
}

void fake_registry_stopp(struct fake_registry **registry)
{
	fake_registry_stop(*registry);
}

const char *fake_registry_host(const struct fake_registry *registry)
{
	return registry->host;
}

const char *fake_registry_url(const struct fake_registry *registry)
{
	return registry->url;
}

unsigned fake_registry_port(const struct fake_registry *registry)
{
	return registry->port;
}

const char *fake_registry_ca_pem(const struct fake_registry *registry)
{
	return registry->options.use_tls ? fake_authority_pem(registry->options.authority) : NULL;
}
