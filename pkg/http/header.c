/* SPDX-License-Identifier: Apache-2.0 */
#include "http/header.h"

#include <ctype.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/text.h"

#define HEADER_BLOCK_MAX ((size_t)128 * 1024)
#define HEADER_LINE_MAX ((size_t)16 * 1024)

/* The headers that are kept as they are; the first of several counts, unless it is a list. */
static const struct {
	const char *name;
	size_t offset;
	bool is_list; /* further lines belong to it as well (RFC 9110 5.3) */
} kept_fields[] = {
	{"content-range", offsetof(struct http_response, content_range)},
	{"content-type", offsetof(struct http_response, content_type)},
	{"docker-content-digest", offsetof(struct http_response, docker_content_digest)},
	{"docker-distribution-api-version", offsetof(struct http_response, registry_version)},
	{"link", offsetof(struct http_response, link), true},
	{"location", offsetof(struct http_response, location)},
	{"oci-chunk-min-length", offsetof(struct http_response, chunk_min_length)},
	{"oci-subject", offsetof(struct http_response, subject)},
	{"range", offsetof(struct http_response, range)},
	{"warning", offsetof(struct http_response, warning), true},
	{"x-artifactory-id", offsetof(struct http_response, artifactory)},
	{"x-jfrog-version", offsetof(struct http_response, artifactory)},
};

static bool keep_field(struct http_response *response, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kept_fields); i++) {
		if (strcasecmp(kept_fields[i].name, name) != 0)
			continue;
		char **field = (char **)(void *)((char *)response + kept_fields[i].offset);
		if (!*field) {
			*field = xstrdup(value);
		} else if (kept_fields[i].is_list) {
			char *joined = xasprintf("%s, %s", *field, value);
			free(*field);
			*field = joined;
		}
		return true;
	}
	return false;
}

/* RFC 9110 10.2.3: seconds or a date. What is in the past or senseless counts as absent. */
static uint64_t parse_retry_after(const char *value)
{
	if (value[0] && strspn(value, "0123456789") == strlen(value)) {
		uint64_t seconds = strlen(value) > 6 ? RETRY_AFTER_MAX_MS : strtoull(value, NULL, 10);
		return seconds * 1000 < RETRY_AFTER_MAX_MS ? seconds * 1000 : RETRY_AFTER_MAX_MS;
	}
	time_t date = curl_getdate(value, NULL), now = time(NULL);
	if (date <= now)
		return 0;
	uint64_t seconds = (uint64_t)(date - now);
	return seconds < RETRY_AFTER_MAX_MS / 1000 ? seconds * 1000 : RETRY_AFTER_MAX_MS;
}

/* Two lengths that differ mean that somebody on the way reads another message than we do. */
static int set_content_length(struct http_response *response, const char *value, struct error *err)
{
	struct error ignored = ERROR_INIT;
	uint64_t length;

	if (text_parse_number(value, INT64_MAX, &length, &ignored) < 0) {
		error_clear(&ignored);
		CLEANUP(free_string) char *shown = text_escaped(value);
		return error_set(err, ERROR_INVALID, "the answer's Content-Length '%s' is not a length",
				 shown);
	}
	if (response->has_content_length && response->content_length != length)
		return error_set(err, ERROR_INVALID, "the answer has two lengths, %" PRIu64 " and %" PRIu64,
				 response->content_length, length);
	response->has_content_length = true;
	response->content_length = length;
	return 0;
}

static int add_field(struct header_reader *reader, const char *name, const char *value, struct error *err)
{
	struct http_response *response = reader->response;

	if (keep_field(response, name, value))
		return 0;
	if (!strcasecmp(name, "www-authenticate"))
		strvec_push(&response->challenges, value);
	else if (!strcasecmp(name, "retry-after"))
		response->retry_after_ms = parse_retry_after(value);
	else if (!strcasecmp(name, "transfer-encoding"))
		reader->is_chunked = true;
	else if (!strcasecmp(name, "content-length"))
		return set_content_length(response, value, err);
	return 0;
}

/* "HTTP/1.1 200 OK". libcurl has checked the form, or there is no transfer. */
static void start_response(struct header_reader *reader, const char *line)
{
	const char *blank = strchr(line, ' ');

	http_response_release(reader->response);
	reader->response->status = blank ? strtol(blank + 1, NULL, 10) : 0;
	reader->is_complete = false;
	reader->is_chunked = false;
}

static void end_response(struct header_reader *reader)
{
	struct http_response *response = reader->response;

	reader->is_complete = response->status >= 200;
	/* RFC 9112 6.3: the length of a chunked body does not count. */
	if (reader->is_chunked) {
		response->has_content_length = false;
		response->content_length = 0;
	}
}

static int add_line(struct header_reader *reader, char *line, struct error *err)
{
	char *colon = strchr(line, ':');

	if (!colon)
		return 0;
	*colon = '\0';
	const char *value = colon + 1;
	while (*value == ' ' || *value == '\t')
		value++;
	return add_field(reader, line, value, err);
}

int header_reader_add(struct header_reader *reader, const char *line, size_t length, struct error *err)
{
	bool is_status = length >= 5 && !memcmp(line, "HTTP/", 5);

	reader->size_bytes += length;
	if (reader->size_bytes > HEADER_BLOCK_MAX)
		return error_set(err, ERROR_INVALID, "the answer's header is larger than %zu bytes",
				 HEADER_BLOCK_MAX);
	/* 417 is what libcurl itself may answer with a second try, without "Expect". */
	if (reader->is_complete && !(is_status && reader->response->status == 417))
		return 0;
	while (length && isspace((unsigned char)line[length - 1]))
		length--;
	if (!length) {
		end_response(reader);
		return 0;
	}
	/* A line as long as that, or with a NUL in it, is none of those that we read. */
	if (length > HEADER_LINE_MAX || memchr(line, '\0', length))
		return error_set(err, ERROR_INVALID,
				 "the answer's header has a line of %zu bytes that is not usable", length);
	CLEANUP(free_string) char *text = xstrndup(line, length);
	if (!is_status)
		return add_line(reader, text, err);
	start_response(reader, text);
	return 0;
}
