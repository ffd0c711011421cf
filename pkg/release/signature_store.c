/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for signatures in stores, one after the other (containers/image docs/signature-protocols.md). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "http/retry.h"
#include "release/signature.h"
#include "release/signature_url.h"

/* A store that is down must not cost minutes: others follow, and the signature may be there. */
#define MAX_ATTEMPTS 2
#define MAX_WAIT_MS 2000
#define SLOW_MS 10000
/* A signature is a kilobyte; whoever waits for it has another store to ask. */
#define REQUEST_TIMEOUT_MS 20000

const char *const release_default_stores[2] = {
	"https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release",
	"https://storage.googleapis.com/openshift-release/official/signatures/openshift/release",
};

/* What asking for one signature has come to. */
enum answer {
	ANSWER_BODY,    /* of at least one byte */
	ANSWER_SKIP,    /* nothing to check; the next number may do */
	ANSWER_NOTHING, /* there are no more */
	ANSWER_DOWN,    /* the store is of no use */
};

struct search {
	struct http_client *client;
	struct http_session *session;
	struct release_trust *trust;
	const struct digest *digest;
	const struct signature_store *store; /* that is being asked */
	struct strvec *unusable;             /* URLs of stores that are not asked again */
	bool is_ailing;                      /* it has answered 5xx and the like */
	unsigned first, last;                /* the signatures that `reason` is about; 0: none yet */
	char *reason;
	struct strbuf line;   /* of the store, for the message */
	struct strbuf report; /* all lines */
};

static void add_reason(struct search *search)
{
	if (!search->reason)
		return;
	if (search->line.len)
		strbuf_add_string(&search->line, "; ");
	if (search->first)
		strbuf_addf(&search->line, "signature-%u", search->first);
	if (search->last > search->first)
		strbuf_addf(&search->line, " to -%u", search->last);
	strbuf_addf(&search->line, "%s%s", search->first ? ": " : "", search->reason);
	free(steal(&search->reason));
}

/* Equal reasons of signatures in a row are said once. `number` 0: it is about the store. */
static void note(struct search *search, unsigned number, const char *reason)
{
	if (number)
		log_info("%s: signature-%u: %s", search->store->shown, number, reason);
	else
		log_info("%s: %s", search->store->shown, reason);
	if (search->reason && number && number == search->last + 1 && !strcmp(search->reason, reason)) {
		search->last = number;
		return;
	}
	add_reason(search);
	search->reason = xstrdup(reason);
	search->first = search->last = number;
}

/* The first one that is missing ends a store; only if it is signature-1 is there anything to say about it. */
static enum answer note_missing(struct search *search, unsigned number, const char *reason)
{
	if (number == 1)
		note(search, 0, reason);
	return ANSWER_NOTHING;
}

/* One request with its repetitions. -1 with the error of the last one. */
static int request(struct search *search, const char *url, struct http_response *response, struct error *err)
{
	const struct http_request wanted = {
		.method = "GET",
		.url = url,
		.allow_http = search->store->allow_http,
		.body_limit = RELEASE_MAX_SIGNATURE_SIZE,
		.max_redirects = 5,
		.is_small = true,
		.small_timeout_ms = REQUEST_TIMEOUT_MS,
	};
	struct retry retry =
		RETRY_INIT(search->client,
			   ((struct retry_policy){.max_attempts = search->is_ailing ? 1 : MAX_ATTEMPTS}));

	do {
		uint64_t start_ms = clock_milliseconds();
		if (retry_wait_for_origin(&retry, url, err) < 0)
			return -1;
		http_response_release(response);
		if (http_perform(search->session, &wanted, response, err) == 0 &&
		    retry_is_transient_status(response->status))
			error_set(err, ERROR_TRANSIENT, "the server answered %ld", response->status);
		if (response->retry_after_ms > MAX_WAIT_MS)
			response->retry_after_ms = MAX_WAIT_MS;
		if (clock_milliseconds() - start_ms > SLOW_MS)
			response->max_attempts = 1;
	} while (retry_again(&retry, url, response, false, err));
	return error_is(err, ERROR_NONE) ? 0 : -1;
}

/* Takes the error apart: a body that is too large, or a status, is about one signature alone. */
/* The URL has the number in it: without it equal reasons are equal. */
static const char *without_url(const char *message, const char *url)
{
	CLEANUP(free_string) char *shown = http_redacted_url(url);
	CLEANUP(free_string) char *prefix = xasprintf("GET %s: ", shown);

	return text_starts_with(message, prefix) ? message + strlen(prefix) : message;
}

static enum answer judge_failure(struct search *search, unsigned number, const char *url,
				 const struct http_response *response, const struct error *problem)
{
	const char *reason = without_url(problem->message, url);
	bool is_status = retry_is_transient_status(response->status);
	bool was_ailing = search->is_ailing;

	search->is_ailing |= is_status;
	/* It asks for patience, and we had some: nine times that would be minutes. */
	if (was_ailing && (response->status == 429 || response->status == 503)) {
		note(search, number, reason);
		return ANSWER_DOWN;
	}
	if (is_status || (response->status == 200 && error_is(problem, ERROR_INVALID))) {
		note(search, number, reason);
		return ANSWER_SKIP;
	}
	note(search, 0, reason);
	return ANSWER_DOWN;
}

static enum answer judge_response(struct search *search, unsigned number, struct http_response *response)
{
	if (response->status == 404)
		return note_missing(search, number, "no signature for this digest (404)");
	if (response->status != 200) {
		CLEANUP(free_string) char *text = http_error_text(response);
		CLEANUP(free_string) char *reason =
			xasprintf("the server answered %ld%s%s", response->status, *text ? ": " : "", text);
		note(search, number, reason);
		return ANSWER_SKIP;
	}
	if (response->body.len)
		return ANSWER_BODY;
	note(search, number, "is empty");
	return ANSWER_SKIP;
}

static int ask_server(struct search *search, unsigned number, const char *url, struct strbuf *bytes,
		      enum answer *answer, struct error *err)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	CLEANUP(error_clear) struct error problem = ERROR_INIT;

	if (request(search, url, &response, &problem) < 0) {
		if (error_is_own_side(&problem))
			return error_move(err, &problem);
		*answer = judge_failure(search, number, url, &response, &problem);
		return 0;
	}
	*answer = judge_response(search, number, &response);
	if (*answer == ANSWER_BODY)
		strbuf_add(bytes, response.body.buf, response.body.len);
	return 0;
}

static enum answer read_file(struct search *search, unsigned number, const char *path, struct strbuf *bytes)
{
	CLEANUP(error_clear) struct error problem = ERROR_INIT;
	struct stat status;

	if (stat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return note_missing(search, number, "no signature for this digest");
	/* What cannot be looked at cannot be read either. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		note(search, number, "is not a regular file");
		return ANSWER_SKIP;
	}
	if (file_read(AT_FDCWD, path, RELEASE_MAX_SIGNATURE_SIZE, bytes, &problem) < 0) {
		CLEANUP(free_string) char *shown = text_escaped(problem.message);
		note(search, number, shown);
		return ANSWER_SKIP;
	}
	if (bytes->len)
		return ANSWER_BODY;
	note(search, number, "is empty");
	return ANSWER_SKIP;
}

/* 1: this one is good. 0: it is not, and why is noted. */
static int try_signature(struct search *search, unsigned number, enum answer *answer,
			 struct release_signature *signature, struct error *err)
{
	CLEANUP(free_string) char *place = signature_store_place(search->store, search->digest, number);
	CLEANUP(strbuf_release) struct strbuf bytes = STRBUF_INIT;
	CLEANUP(error_clear) struct error problem = ERROR_INIT;

	if (cancel_requested())
		return cancel_error(err);
	if (search->store->is_directory)
		*answer = read_file(search, number, place, &bytes);
	else if (ask_server(search, number, place, &bytes, answer, err) < 0)
		return -1;
	if (*answer != ANSWER_BODY)
		return 0;
	if (release_signature_check(search->trust, search->digest, bytes.buf, bytes.len, signature,
				    &problem) < 0) {
		if (!error_is(&problem, ERROR_DIGEST))
			return error_move(err, &problem);
		note(search, number, problem.message);
		return 0;
	}
	signature->place = search->store->is_directory ? xasprintf("file://%s", place) : steal(&place);
	CLEANUP(free_string) char *url = signature->place;
	signature->place = http_redacted_url(url);
	return 1;
}

static int ask_store(struct search *search, struct release_signature *signature, bool *is_down,
		     struct error *err)
{
	enum answer answer = ANSWER_SKIP;

	search->is_ailing = false;
	for (unsigned n = 1; n <= RELEASE_MAX_SIGNATURES && answer <= ANSWER_SKIP; n++) {
		int result = try_signature(search, n, &answer, signature, err);
		if (result)
			return result;
	}
	*is_down = answer == ANSWER_DOWN;
	add_reason(search);
	strbuf_addf(&search->report, "\n  %s: %s", search->store->shown, search->line.buf);
	strbuf_reset(&search->line);
	return 0;
}

static int ask_stores(struct search *search, const struct strvec *stores, struct release_signature *signature,
		      struct error *err)
{
	for (size_t i = 0; i < stores->count; i++) {
		CLEANUP(signature_store_release) struct signature_store store = SIGNATURE_STORE_INIT;
		if (signature_store_parse(&store, stores->items[i], err) < 0)
			return -1;
		search->store = &store;
		if (strvec_contains(search->unusable, stores->items[i])) {
			strbuf_addf(&search->report, "\n  %s: is not asked again", store.shown);
			continue;
		}
		bool is_down = false;
		int result = ask_store(search, signature, &is_down, err);
		if (result)
			return result;
		if (is_down)
			strvec_push(search->unusable, stores->items[i]);
	}
	return 0;
}

static void search_release(struct search *search)
{
	http_session_free(search->session);
	free(search->reason);
	strbuf_release(&search->line);
	strbuf_release(&search->report);
}

int release_find_signature(struct http_client *client, const struct strvec *stores, struct strvec *unusable,
			   struct release_trust *trust, const struct digest *digest,
			   struct release_signature *signature, struct error *err)
{
	char text[DIGEST_TEXT_SIZE];

	for (size_t i = 0; i < stores->count; i++)
		if (release_check_store(stores->items[i], err) < 0)
			return -1;
	if (!release_trust_has_key(trust))
		return release_trust_no_key(trust, err);
	CLEANUP(search_release) struct search search = {
		.client = client,
		.session = http_session_new(client),
		.trust = trust,
		.digest = digest,
		.unusable = unusable,
		.line = STRBUF_INIT,
		.report = STRBUF_INIT,
	};
	int result = ask_stores(&search, stores, signature, err);
	if (result)
		return result < 0 ? -1 : 0;
	return error_set(err, ERROR_DIGEST, "%s: no store has a signature that is good:%s",
			 digest_format(digest, text),
			 stores->count ? search.report.buf : " there is no store");
}
