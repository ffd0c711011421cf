/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages on the side: warnings, and what -v and -v -v show. Errors are not logged but returned.
 *
 * Libraries hand messages over; they go where the command has said, and nowhere before it has.
 * May be called from any thread. Secrets never enter a message; text from outside is escaped by
 * the caller.
 */
#pragma once

#include <stdbool.h>

#include "base/memory.h"

enum log_level {
	LOG_WARNING, /* always shown */
	LOG_INFO,    /* -v: decisions, such as which credentials are used */
	LOG_DEBUG,   /* -v -v: every request */
};

typedef void log_function(enum log_level level, const char *message, void *context);

/* Before the first thread starts. `context` is borrowed. NULL: nothing is shown. */
void log_set_function(log_function *function, void *context, enum log_level most_detailed);

bool log_shows(enum log_level level);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
/* A warning that is given once per run for the same text. */
void log_warning_once(const char *format, ...) PRINTF_LIKE(1, 2);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *format, ...) PRINTF_LIKE(1, 2);
