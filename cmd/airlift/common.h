/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that mean the same everywhere, and the frame of a run: signals, progress, summary, report. */
#pragma once

#include "command.h"
#include "operation/run.h"

struct common_options {
	struct run_options run;
	const char *signatures;  /* "auto" or "none" */
	const char *progress;    /* "auto", "plain", "none" */
	const char *log_format;  /* "text", "json" */
	const char *report;      /* file, or NULL */
	const char *retry_times; /* a number, or NULL */
	const char *jobs;        /* the same */
	bool continue_on_error;
	bool is_quiet;
	unsigned verbosity;
};

void common_options_init(struct common_options *options);
void common_options_release(struct common_options *options);
/* Those of airlift, and what people paste from oc and skopeo. */
void common_options_add(struct option_table *table, struct common_options *options);
/* Parses the command line, answers --help, checks the common values. False when the command ends here, with
 * *status. */
bool common_start(const struct command *command, struct option_table *table, char *const *argv,
		  struct common_options *options, struct strvec *arguments, int *status) MUST_CHECK;

/* Runs work(run, context, outcome, err) with progress shown and signals turned into cancellation; then
 * prints the summary and writes the report. Returns the exit status. `run` was opened by the caller and
 * is closed here. */
typedef int work_function(struct run *run, void *context, struct outcome *outcome, struct error *err);
int common_run(const struct command *command, struct common_options *options, struct run *run,
	       work_function *work, void *context);
