/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *format_text(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		abort();
	return text;
}

int error_set(struct error *err, enum error_code code, const char *format, ...)
{
	va_list arguments;

	assert(err->code == ERROR_NONE && code != ERROR_NONE);
	va_start(arguments, format);
	err->message = format_text(format, arguments);
	va_end(arguments);
	err->code = code;
	return -1;
}

int error_set_errno(struct error *err, const char *format, ...)
{
	int number = errno;
	va_list arguments;

	assert(err->code == ERROR_NONE);
	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	char reason[128];
	err->message = xasprintf("%s: %s", text, strerror_r(number, reason, sizeof(reason)));
	err->code = ERROR_IO;
	free(text);
	return -1;
}

int error_wrap(struct error *err, const char *format, ...)
{
	va_list arguments;

	assert(err->code != ERROR_NONE);
	va_start(arguments, format);
	char *context = format_text(format, arguments);
	va_end(arguments);
	char *message = xasprintf("%s: %s", context, err->message);
	free(context);
	free(err->message);
	err->message = message;
	return -1;
}

int error_advise(struct error *err, const char *format, ...)
{
	va_list arguments;

	assert(err->code != ERROR_NONE);
	va_start(arguments, format);
	char *advice = format_text(format, arguments);
	va_end(arguments);
	/* Behind a list it would look like part of its last line. */
	const char *separator = strchr(err->message, '\n') ? "\n" : "; ";
	char *message = xasprintf("%s%s%s", err->message, separator, advice);
	free(advice);
	free(err->message);
	err->message = message;
	return -1;
}

int error_move(struct error *to, struct error *from)
{
	assert(from->code != ERROR_NONE);
	if (to->code != ERROR_NONE) {
		error_clear(from);
		return -1;
	}
	*to = steal(from);
	return -1;
}

void error_clear(struct error *err)
{
	free(err->message);
	*err = (struct error)ERROR_INIT;
}
