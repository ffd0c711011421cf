/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char strbuf_empty[1];

void strbuf_release(struct strbuf *string)
{
	if (string->allocated)
		free(string->buf);
	*string = (struct strbuf)STRBUF_INIT;
}

void strbuf_reset(struct strbuf *string)
{
	if (string->allocated)
		strbuf_set_length(string, 0);
}

void strbuf_grow(struct strbuf *string, size_t extra)
{
	size_t needed;

	if (__builtin_add_overflow(string->len, extra, &needed) ||
	    __builtin_add_overflow(needed, (size_t)1, &needed))
		abort();
	if (needed <= string->allocated)
		return;
	size_t size = string->allocated + string->allocated / 2;
	if (size < needed)
		size = needed < 32 ? 32 : needed;
	string->buf = xreallocarray(string->allocated ? string->buf : NULL, size, 1);
	string->allocated = size;
	string->buf[string->len] = '\0';
}

void strbuf_set_length(struct strbuf *string, size_t length)
{
	if (!length && !string->allocated)
		return;
	string->len = length;
	string->buf[length] = '\0';
}

void strbuf_add(struct strbuf *string, const void *data, size_t length)
{
	if (!length)
		return;
	strbuf_grow(string, length);
	memcpy(string->buf + string->len, data, length);
	strbuf_set_length(string, string->len + length);
}

void strbuf_add_string(struct strbuf *string, const char *text)
{
	strbuf_add(string, text, strlen(text));
}

void strbuf_add_char(struct strbuf *string, char character)
{
	strbuf_add(string, &character, 1);
}

void strbuf_addv(struct strbuf *string, const char *format, va_list arguments)
{
	va_list again;

	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		abort();
	strbuf_grow(string, (size_t)length);
	vsnprintf(string->buf + string->len, (size_t)length + 1, format, arguments);
	string->len += (size_t)length;
}

void strbuf_addf(struct strbuf *string, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	strbuf_addv(string, format, arguments);
	va_end(arguments);
}

char *strbuf_detach(struct strbuf *string)
{
	char *text = string->allocated ? string->buf : xstrdup("");

	*string = (struct strbuf)STRBUF_INIT;
	return text;
}
