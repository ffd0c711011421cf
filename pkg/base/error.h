/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong: a code for the program, a sentence for the person.
 *
 * A function that can fail returns 0 or -1 and takes `struct error *err` last; err is never NULL,
 * is empty on entry and untouched on success. A message names object, cause and next step, the
 * object first, without "failed to"; context is put in front of it on the way up:
 *
 *     if (registry_read_manifest(session, repository, &wanted, &bytes, err) < 0)
 *             return error_wrap(err, "%s", image->source);
 *
 * Text that came from outside must be escaped (base/text.h) before it enters a message.
 */
#pragma once

#include <stdbool.h>

#include "base/memory.h"

/* A code exists only if some caller branches on it. */
enum error_code {
	ERROR_NONE,
	ERROR_INVALID,      /* what was given cannot be used: malformed, contradictory, over a limit */
	ERROR_USAGE,        /* the command line is wrong (exit status 2) */
	ERROR_NOT_FOUND,    /* the other side says that it is not there */
	ERROR_UNAUTHORIZED, /* 401 or 403, or no usable credentials */
	ERROR_DIGEST,       /* bytes are not what their digest or size says (exit status 4) */
	ERROR_TRANSIENT,    /* may go well when tried again */
	ERROR_IO,           /* our own side: files, memory mappings, processes */
	ERROR_BUSY,         /* another run holds the lock (exit status 75) */
	ERROR_CANCELLED,    /* somebody asked us to stop */
};

struct error {
	enum error_code code;
	char *message; /* owned; NULL while code is ERROR_NONE */
};

#define ERROR_INIT {0}

/* Sets an empty error; always returns -1. */
int error_set(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with ": <text of errno>" after the message. The code is ERROR_IO. */
int error_set_errno(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts "<text>: " in front of the message of a set error; always returns -1. */
int error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Adds "; <text>" behind the message: the next step; of a message of several lines on a line of its own.
 * Always returns -1. */
int error_advise(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Moves an error into an empty one (or drops it if `to` is set already). Always returns -1. */
int error_move(struct error *to, struct error *from);

static inline bool error_is(const struct error *err, enum error_code code)
{
	return err->code == code;
}

/* Whether our own side failed, or was stopped: then it is no use to go on with other images. */
static inline bool error_is_own_side(const struct error *err)
{
	return error_is(err, ERROR_IO) || error_is(err, ERROR_CANCELLED);
}

/* Back to empty; for CLEANUP too. */
void error_clear(struct error *err);
