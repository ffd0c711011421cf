/* SPDX-License-Identifier: Apache-2.0 */
/* The record of requests, and questions to it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "tests/fake_registry/internal.h"

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static struct fake_request copy_request(const struct fake_request *request)
{
	struct fake_request result = *request;

	result.method = copy(request->method);
	result.target = copy(request->target);
	result.headers = copy(request->headers);
	result.authorization = copy(request->authorization);
	result.body = copy(request->body);
	return result;
}

static const char *authorization_kind(const char *authorization)
{
	if (!authorization)
		return "-";
	if (!strncasecmp(authorization, "basic ", 6))
		return "basic";
	return !strncasecmp(authorization, "bearer ", 7) ? "bearer" : "other";
}

char *fake_request_line(const struct fake_request *request)
{
	return xasprintf("%s %s %d %" PRIu64 " %" PRIu64 " %s %u\n", request->method, request->target,
			 request->status, request->bytes_received, request->bytes_sent,
			 authorization_kind(request->authorization), request->connection);
}

void registry_record(struct fake_registry *registry, struct fake_request *request)
{
	pthread_mutex_lock(&registry->mutex);
	array_grow(registry->requests, registry->n_requests, registry->allocated_requests);
	registry->requests[registry->n_requests++] = copy_request(request);
	registry->n_active--;
	if (registry->log_fd >= 0) {
		CLEANUP(free_string) char *line = fake_request_line(request);
		if (write(registry->log_fd, line, strlen(line)) < 0)
			fake_abort(registry->options.log_path);
	}
	pthread_mutex_unlock(&registry->mutex);
}

struct fake_request *fake_registry_requests(struct fake_registry *registry, size_t *n_requests)
{
	pthread_mutex_lock(&registry->mutex);
	struct fake_request *requests = xcalloc(registry->n_requests, sizeof(*requests));
	for (size_t i = 0; i < registry->n_requests; i++)
		requests[i] = copy_request(&registry->requests[i]);
	*n_requests = registry->n_requests;
	pthread_mutex_unlock(&registry->mutex);
	return requests;
}

void fake_requests_free(struct fake_request *requests, size_t n_requests)
{
	for (size_t i = 0; i < n_requests; i++) {
		free(requests[i].method);
		free(requests[i].target);
		free(requests[i].headers);
		free(requests[i].authorization);
		free(requests[i].body);
	}
	free(requests);
}

/* What is counted; NULL and -1 fit everything. */
struct question {
	const char *method, *part, *header;
	int status;
	bool is_authorized;
};

static bool fits(const struct question *question, const struct fake_request *request)
{
	return (!question->method || !strcmp(question->method, request->method)) &&
	       (!question->part || strstr(request->target, question->part)) &&
	       (!question->header || strstr(request->headers, question->header)) &&
	       (question->status < 0 || question->status == request->status) &&
	       (!question->is_authorized || request->authorization);
}

static size_t count(struct fake_registry *registry, const struct question *question)
{
	size_t found = 0;

	pthread_mutex_lock(&registry->mutex);
	for (size_t i = 0; i < registry->n_requests; i++)
		found += fits(question, &registry->requests[i]);
	pthread_mutex_unlock(&registry->mutex);
	return found;
}

size_t fake_registry_count(struct fake_registry *registry, const char *method, const char *part)
{
	return count(registry, &(struct question){.method = method, .part = part, .status = -1});
}

size_t fake_registry_count_status(struct fake_registry *registry, const char *method, const char *part,
				  int status)
{
	return count(registry, &(struct question){.method = method, .part = part, .status = status});
}

size_t fake_registry_count_header(struct fake_registry *registry, const char *part, const char *text)
{
	return count(registry, &(struct question){.part = part, .header = text, .status = -1});
}

size_t fake_registry_count_authorized(struct fake_registry *registry)
{
	return count(registry, &(struct question){.is_authorized = true, .status = -1});
}

size_t fake_registry_count_connections(struct fake_registry *registry)
{
	pthread_mutex_lock(&registry->mutex);
	size_t n_connections = registry->n_connections;
	pthread_mutex_unlock(&registry->mutex);
	return n_connections;
}

uint64_t fake_registry_bytes_sent(struct fake_registry *registry)
{
	return atomic_load(&registry->bytes_sent);
}

unsigned fake_registry_peak_requests(struct fake_registry *registry)
{
	pthread_mutex_lock(&registry->mutex);
	unsigned peak = registry->peak_active;
	pthread_mutex_unlock(&registry->mutex);
	return peak;
}

void fake_registry_clear_requests(struct fake_registry *registry)
{
	pthread_mutex_lock(&registry->mutex);
	fake_requests_free(registry->requests, registry->n_requests);
	registry->requests = NULL;
	registry->n_requests = registry->allocated_requests = 0;
	registry->peak_active = registry->n_active;
	pthread_mutex_unlock(&registry->mutex);
	atomic_store(&registry->bytes_sent, 0);
}
