/* SPDX-License-Identifier: Apache-2.0 */
/* The header block of an answer, line by line as libcurl hands it over, and the text of an error. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* The rest behind an empty line is the body. */
static const char *read_lines(struct header_reader *reader, const char *text, const char *end)
{
	while (text < end && !reader->is_complete) {
		CLEANUP(error_clear) struct error err = ERROR_INIT;
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;

		if (header_reader_add(reader, text, (size_t)(next - text), &err) < 0) {
			require(err.code == ERROR_INVALID);
			return end;
		}
		text = next;
	}
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(http_response_release) struct http_response response = HTTP_RESPONSE_INIT;
	struct header_reader reader = {.response = &response};
	const char *text = (const char *)data;

	if (!size)
		return 0;
	const char *body = read_lines(&reader, text, text + size);
	require(response.retry_after_ms <= RETRY_AFTER_MAX_MS);
	require(!reader.is_complete || response.status >= 200);
	strbuf_add(&response.body, body, (size_t)(text + size - body));
	CLEANUP(free_string) char *words = http_error_text(&response);
	require(strlen(words) <= 300);
	for (const char *c = words; *c; c++)
		require((unsigned char)*c >= ' ' && *c != 0x7F);
	return 0;
}
