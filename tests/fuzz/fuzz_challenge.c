/* SPDX-License-Identifier: Apache-2.0 */
/* WWW-Authenticate lines, separated by newlines. What comes out must be safe to put into a request. */
#include "registry/challenge.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_printable(const char *text)
{
	for (; text && *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			abort();
}

static void split_lines(struct strvec *lines, const char *data, size_t size)
{
	while (size) {
		size_t length = strnlen(data, size);
		const char *end = memchr(data, '\n', length);

		if (end)
			length = (size_t)(end - data);
		strvec_push_take(lines, xstrndup(data, length));
		data += length;
		size -= length;
		if (size) {
			data++;
			size--;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strvec_release) struct strvec lines = STRVEC_INIT;
	CLEANUP(challenge_release) struct challenge challenge = CHALLENGE_INIT;

	split_lines(&lines, (const char *)data, size);
	challenge_parse(&challenge, &lines);
	if (!challenge.offered || strlen(challenge.offered) > 1024)
		abort();
	if ((challenge.scheme == CHALLENGE_BEARER) != (challenge.realm != NULL))
		abort();
	require_printable(challenge.realm);
	require_printable(challenge.service);
	require_printable(challenge.scope);
	require_printable(challenge.error);
	require_printable(challenge.offered);
	return 0;
}
