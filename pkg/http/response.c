/* SPDX-License-Identifier: Apache-2.0 */
/* What holds a response, and what its body says about an error. */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/http.h"

/* Room that text_escape may need for its last character and the dots behind it is left free. */
#define ERROR_TEXT_MAX (300 - 15)
#define ERRORS_SHOWN_MAX 3

void http_response_release(struct http_response *response)
{
	free(response->url);
	free(response->content_type);
	free(response->location);
	free(response->docker_content_digest);
	free(response->content_range);
	free(response->range);
	free(response->link);
	free(response->subject);
	free(response->chunk_min_length);
	free(response->artifactory);
	free(response->warning);
	free(response->registry_version);
	strvec_release(&response->challenges);
	strbuf_release(&response->body);
	*response = (struct http_response)HTTP_RESPONSE_INIT;
}

static void add_part(struct strbuf *out, const char *separator, const char *text)
{
	if (!text || !*text)
		return;
	if (out->len)
		strbuf_add_string(out, separator);
	strbuf_add_string(out, text);
}

/* distribution-spec "Error Codes": {"errors":[{"code","message","detail"}...]}; some registries and
 * proxies send one object with "message" or "details" instead. */
static void add_json_errors(struct strbuf *out, const json_t *root)
{
	const json_t *errors = json_object_get(root, "errors");

	for (size_t i = 0; i < json_array_size(errors) && i < ERRORS_SHOWN_MAX; i++) {
		const json_t *entry = json_array_get(errors, i);
		CLEANUP(strbuf_release) struct strbuf one = STRBUF_INIT;

		add_part(&one, "", json_string_value(json_object_get(entry, "code")));
		add_part(&one, ": ", json_string_value(json_object_get(entry, "message")));
		add_part(out, "; ", one.buf);
	}
	if (out->len)
		return;
	add_part(out, "", json_string_value(json_object_get(root, "message")));
	if (!out->len)
		add_part(out, "", json_string_value(json_object_get(root, "details")));
}

/* Runs of white space as one blank: pages of HTML become readable. */
static void add_words(struct strbuf *out, const char *text, size_t length)
{
	bool is_gap = false;

	for (size_t i = 0; i < length; i++) {
		if (isspace((unsigned char)text[i])) {
			is_gap = out->len > 0;
			continue;
		}
		if (is_gap)
			strbuf_add_char(out, ' ');
		strbuf_add_char(out, text[i]);
		is_gap = false;
	}
}

char *http_error_text(const struct http_response *response)
{
	CLEANUP(strbuf_release) struct strbuf found = STRBUF_INIT, words = STRBUF_INIT;
	struct strbuf shown = STRBUF_INIT;
	CLEANUP(json_decrefp) json_t *root = json_loadb(response->body.buf, response->body.len, 0, NULL);

	if (root)
		add_json_errors(&found, root);
	if (found.len)
		add_words(&words, found.buf, found.len);
	else
		add_words(&words, response->body.buf, response->body.len);
	text_escape(&shown, words.buf, words.len, ERROR_TEXT_MAX);
	return strbuf_detach(&shown);
}
