/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees on stderr while a command runs: messages, and how far it is. On a terminal one line
 * that is drawn anew five times a second; elsewhere a plain line every five seconds.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/progress.h"

enum display_mode { DISPLAY_NONE, DISPLAY_PLAIN, DISPLAY_TERMINAL };

struct display {
	enum display_mode mode;
	bool is_json; /* messages as JSON lines */
	const struct progress *progress;
	atomic_bool is_over;
};

/* Messages (base/log.h) go to stderr from now on, without tearing the progress line. */
void display_start_log(bool is_json, bool is_quiet, unsigned verbosity);
/* Lines for a person on stderr; with JSON messages one message a line, of this level. */
void display_print(const char *level, const char *lines);
/* Shows progress until display->is_over. */
void display_show(struct display *display);
