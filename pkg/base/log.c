/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>

#include "base/map.h"
#include "base/strbuf.h"

static struct {
	log_function *function;
	void *context;
	enum log_level most_detailed;
} target;

static struct {
	pthread_mutex_t mutex;
	struct map shown;
} once = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void log_set_function(log_function *function, void *context, enum log_level most_detailed)
{
	target.function = function;
	target.context = context;
	target.most_detailed = most_detailed;
}

bool log_shows(enum log_level level)
{
	return target.function && level <= target.most_detailed;
}

static void log_arguments(enum log_level level, bool only_once, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void log_arguments(enum log_level level, bool only_once, const char *format, va_list arguments)
{
	CLEANUP(strbuf_release) struct strbuf message = STRBUF_INIT;
	bool is_repeated = false;

	strbuf_addv(&message, format, arguments);
	if (only_once) {
		pthread_mutex_lock(&once.mutex);
		is_repeated = map_contains(&once.shown, message.buf);
		map_set(&once.shown, message.buf, NULL);
		pthread_mutex_unlock(&once.mutex);
	}
	if (!is_repeated)
		target.function(level, message.buf, target.context);
}

#define LOG(level, only_once, format) \
	do { \
		va_list arguments_; \
		if (!log_shows(level)) \
			return; \
		va_start(arguments_, format); \
		log_arguments(level, only_once, format, arguments_); \
		va_end(arguments_); \
	} while (0)

void log_warning(const char *format, ...)
{
	LOG(LOG_WARNING, false, format);
}

void log_warning_once(const char *format, ...)
{
	LOG(LOG_WARNING, true, format);
}

void log_info(const char *format, ...)
{
	LOG(LOG_INFO, false, format);
}

void log_debug(const char *format, ...)
{
	LOG(LOG_DEBUG, false, format);
}
