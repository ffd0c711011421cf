/* SPDX-License-Identifier: Apache-2.0 */
/* A child process with a little input and bounded output. Private to this module. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/strbuf.h"

struct child {
	pid_t pid; /* 0: none, or ended */
	int output_fd;
	int errors_fd;
	struct strbuf output; /* may hold secrets: wiped on release */
	struct strbuf errors; /* its beginning */
	int status;           /* as of waitpid, when it has ended */
};

#define CHILD_INIT {.output_fd = -1, .errors_fd = -1, .output = STRBUF_INIT, .errors = STRBUF_INIT}
/* Kills what still runs (its process group) and reaps it. */
void child_release(struct child *child);

/* argv[0] is looked for in PATH; ERROR_NOT_FOUND when it is not there. Input: at most 4096 bytes. */
int child_start(struct child *child, const char *const argv[], const char *input,
		struct error *err) MUST_CHECK;
/* Until it has ended. ERROR_IO: too slow; ERROR_INVALID: more than output_limit_bytes; ERROR_CANCELLED. */
int child_finish(struct child *child, uint64_t timeout_ms, size_t output_limit_bytes,
		 struct error *err) MUST_CHECK;
