/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct strbuf *out, const void *bytes, size_t length)
{
	const unsigned char *next = bytes;

	strbuf_grow(out, (length + 2) / 3 * 4);
	for (size_t left = length; left; left -= left < 3 ? left : 3, next += 3) {
		uint32_t bits = (uint32_t)next[0] << 16;

		if (left > 1)
			bits |= (uint32_t)next[1] << 8;
		if (left > 2)
			bits |= next[2];
		strbuf_add_char(out, alphabet[bits >> 18]);
		strbuf_add_char(out, alphabet[bits >> 12 & 63]);
		strbuf_add_char(out, left > 1 ? alphabet[bits >> 6 & 63] : '=');
		strbuf_add_char(out, left > 2 ? alphabet[bits & 63] : '=');
	}
}

/* 0 to 63, or -1. */
static int digit_value(char digit)
{
	const char *place = digit ? strchr(alphabet, digit) : NULL;

	return place ? (int)(place - alphabet) : -1;
}

bool base64_decode(struct strbuf *out, const char *text)
{
	uint32_t bits = 0;
	unsigned n_digits = 0;

	/* At once, so that growing leaves no copies behind: it may be a password. */
	strbuf_grow(out, strlen(text));
	for (; *text && *text != '='; text++) {
		if (*text == '\r' || *text == '\n')
			continue;
		int value = digit_value(*text);
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		unsigned place = n_digits++ % 4;
		if (place)
			strbuf_add_char(out, (char)(bits >> (6 - 2 * place)));
	}
	return n_digits % 4 != 1 && text[strspn(text, "=\r\n")] == '\0';
}
