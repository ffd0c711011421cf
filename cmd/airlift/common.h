/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that mean the same everywhere, and the frame of a run: signals, progress, summary, report. */
#pragma once

#include "command.h"
#include "operation/catalog_files.h"
#include "operation/run.h"

struct common_options {
	struct run_options run;
	const char *signatures;  /* "auto" or "none" */
	const char *progress;    /* "auto", "plain", "none" */
	const char *log_format;  /* "text", "json" */
	const char *report;      /* file, or NULL */
	const char *retry_times; /* a number, or NULL */
	bool continue_on_error;
	bool is_quiet;
	unsigned verbosity;
};

void common_options_init(struct common_options *options);
void common_options_release(struct common_options *options);
void common_options_add(struct option_table *table, struct common_options *options);
/* Names, scopes and files; `scopes` are the texts that naming_options_finish turns into values. */
struct naming_texts {
	const char *icsp_scope, *idms_scope, *scope;
	struct strvec mirrors;
};
void naming_options_init(struct naming_options *naming, struct naming_texts *texts);
void naming_options_release(struct naming_options *naming, struct naming_texts *texts);
void naming_options_add(struct option_table *table, struct naming_options *naming,
			struct naming_texts *texts);
int naming_options_finish(struct naming_options *naming, const struct naming_texts *texts,
			  struct error *err) MUST_CHECK;
/* Lines that people paste from oc and skopeo. */
void pasted_options_add(struct option_table *table);

/* Checks the common values, sets logging up and warns of options without effect; before anything is done. */
int common_options_finish(struct common_options *options, const struct option_table *table,
			  struct error *err) MUST_CHECK;

/* Runs work(run, context, outcome, err) with progress shown and signals turned into cancellation; then
 * prints the summary and writes the report. Returns the exit status. `run` was opened by the caller and
 * is closed here. */
typedef int work_function(struct run *run, void *context, struct outcome *outcome, struct error *err);
int common_run(const struct command *command, struct common_options *options, struct run *run,
	       work_function *work, void *context);
