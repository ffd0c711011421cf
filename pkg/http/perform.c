/* SPDX-License-Identifier: Apache-2.0 */
/* A request with its redirects: each hop is a new exchange, for which everything is decided anew. */
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/log.h"
#include "base/text.h"
#include "http/address.h"
#include "http/exchange.h"
#include "http/retry.h"
#include "http/url.h"

struct walk {
	struct http_session *session;
	const struct http_request *request;
	char *origin;         /* of the request's own URL */
	bool is_origin_local; /* that is on this machine: redirects to it are nothing new */
	uint64_t deadline_ms;
	struct strvec visited; /* the last one is the current hop */
};

static void walk_release(struct walk *walk)
{
	free(steal(&walk->origin));
	strvec_release(&walk->visited);
}

static const char *current_url(const struct walk *walk)
{
	return walk->visited.items[walk->visited.count - 1];
}

static int walk_start(struct walk *walk, struct http_session *session, const struct http_request *request,
		      struct error *err)
{
	CLEANUP(url_release) struct url url = {0};

	walk->session = session;
	walk->request = request;
	if (url_parse(&url, request->url, err) < 0 || http_origin(request->url, &walk->origin, err) < 0)
		return -1;
	if (!url.is_https && !request->allow_http) {
		CLEANUP(free_string) char *shown = http_redacted_url(request->url);
		return error_set(err, ERROR_INVALID,
				 "%s: is not https; if that is meant, use --insecure "
				 "(--src-insecure, --dest-insecure)",
				 shown);
	}
	walk->is_origin_local = address_is_local_host(url.host);
	if (walk->is_origin_local && request->is_foreign) {
		CLEANUP(free_string) char *shown = http_redacted_url(request->url);
		return error_set(err, ERROR_INVALID,
				 "%s: an address of this machine or its link, which is not asked", shown);
	}
	walk->deadline_ms = 0;
	if (request->is_small)
		walk->deadline_ms =
			clock_milliseconds() + http_client_small_timeout_ms(session->client, request);
	strvec_push(&walk->visited, request->url);
	return 0;
}

/* A name of the request's own host may lead to this machine too: then so may its redirects. */
static void note_peer(struct walk *walk, const struct exchange *exchange)
{
	char *address = NULL;

	if (exchange->is_proxied)
		return;
	if (curl_easy_getinfo(exchange->handle->easy, CURLINFO_PRIMARY_IP, &address) || !address || !*address)
		return;
	CLEANUP(free_string) char *host = xasprintf(strchr(address, ':') ? "[%s]" : "%s", address);
	walk->is_origin_local = walk->is_origin_local || address_is_local_host(host);
}

static int walk_perform_hop(struct walk *walk, struct http_response *response, struct error *err)
{
	struct http_client *client = walk->session->client;
	const char *url = current_url(walk);
	CLEANUP(url_release) struct url parsed = {0};
	CLEANUP(free_string) char *origin = NULL;

	if (url_parse(&parsed, url, err) < 0 || http_origin(url, &origin, err) < 0)
		return -1;
	bool is_own_origin = !strcmp(origin, walk->origin);
	bool is_first = walk->visited.count == 1;
	struct exchange exchange = {
		.client = client,
		.handle = http_session_handle(walk->session, is_own_origin ? walk->request->tls : NULL),
		.request = walk->request,
		.url = url,
		.is_own_origin = is_own_origin,
		.is_proxied = address_is_of_proxy(&parsed),
		.may_be_local = (is_own_origin && !walk->request->is_foreign) || walk->is_origin_local,
		.deadline_ms = walk->deadline_ms,
		.response = response,
	};
	int result = exchange_perform(&exchange, err);
	if (is_first)
		note_peer(walk, &exchange);
	if (response->status && !retry_is_transient_status(response->status))
		http_client_note_answer(client, origin);
	response->url = xstrdup(url);
	response->is_same_origin = is_own_origin;
	response->is_local = walk->is_origin_local;
	return result;
}

static bool is_redirect(const struct http_request *request, long status)
{
	bool is_read = !strcmp(request->method, "GET") || !strcmp(request->method, "HEAD");

	if (status == 307 || status == 308)
		return true;
	return is_read && (status == 301 || status == 302 || status == 303);
}

/* A body goes to no other origin; the caller sees the 3xx then. */
static bool is_followed(const struct walk *walk, const char *target)
{
	const char *method = walk->request->method;
	struct error ignored = ERROR_INIT;
	CLEANUP(free_string) char *origin = NULL;

	if (!walk->request->source && (!strcmp(method, "GET") || !strcmp(method, "HEAD")))
		return true;
	if (http_origin(target, &origin, &ignored) < 0) {
		error_clear(&ignored);
		return false;
	}
	return !strcmp(origin, walk->origin);
}

/* Rules for the next hop; the message says where the redirect would have led. */
static int check_target(const struct walk *walk, const char *target, struct error *err)
{
	CLEANUP(url_release) struct url from = {0}, to = {0};
	CLEANUP(free_string) char *shown = http_redacted_url(target);

	if (url_parse(&from, current_url(walk), err) < 0 || url_parse(&to, target, err) < 0)
		return -1;
	if (from.is_https && !to.is_https)
		return error_set(err, ERROR_INVALID, "redirects from https to %s, which is not followed",
				 shown);
	if (!to.is_https && !walk->request->allow_http)
		return error_set(err, ERROR_INVALID, "redirects to %s, which is not https", shown);
	if (!walk->is_origin_local && address_is_local_host(to.host))
		return error_set(err, ERROR_INVALID,
				 "redirects to %s, an address of this machine or its link, "
				 "which is not followed",
				 shown);
	if (strvec_contains(&walk->visited, target))
		return error_set(err, ERROR_INVALID, "redirects in a circle, back to %s", shown);
	if (walk->visited.count > walk->request->max_redirects)
		return error_set(err, ERROR_INVALID, "redirects more than %u times, at last to %s",
				 walk->request->max_redirects, shown);
	return 0;
}

/* Puts the next URL on the walk; 0: this response is the last. */
static int walk_advance(struct walk *walk, const struct http_response *response, struct error *err)
{
	CLEANUP(free_string) char *target = NULL;

	if (!walk->request->max_redirects || !is_redirect(walk->request, response->status))
		return 0;
	if (!response->location || !*response->location)
		return error_set(err, ERROR_INVALID, "redirects (status %ld) without saying where",
				 response->status);
	if (http_resolve(current_url(walk), response->location, &target, err) < 0)
		return error_wrap(err, "redirects (status %ld)", response->status);
	if (!is_followed(walk, target))
		return 0;
	if (check_target(walk, target, err) < 0)
		return -1;
	strvec_push_take(&walk->visited, steal(&target));
	return 1;
}

int http_perform(struct http_session *session, const struct http_request *request,
		 struct http_response *response, struct error *err)
{
	CLEANUP(walk_release) struct walk walk = {0};

	if (walk_start(&walk, session, request, err) < 0)
		return -1;
	for (;;) {
		if (walk_perform_hop(&walk, response, err) < 0)
			return -1;
		int advanced = walk_advance(&walk, response, err);
		if (advanced > 0)
			continue;
		if (advanced == 0)
			return 0;
		CLEANUP(free_string) char *shown = http_redacted_url(response->url);
		return error_wrap(err, "%s %s", request->method, shown);
	}
}
