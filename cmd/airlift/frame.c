/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of a run: signals, progress, summary, report. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/parallel.h"
#include "common.h"
#include "display.h"
#include "summary.h"

/* --- signals */

static volatile sig_atomic_t received_signal;

static void note_signal(int number)
{
	if (received_signal)
		_exit(128 + number);
	received_signal = number;
	atomic_store(&cancel_flag, true);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = note_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* --- the frame of a run */

struct frame {
	struct run *run;
	work_function *work;
	void *context;
	struct outcome *outcome;
	struct error *err;
	struct display display;
	bool has_worked;
	int result;
};

/* Two threads: one works, one shows how far the other is. */
static void run_item(size_t index, unsigned worker, void *context)
{
	struct frame *frame = context;

	(void)worker;
	if (index == 1) {
		display_show(&frame->display);
		return;
	}
	frame->has_worked = true;
	frame->result = frame->work(frame->run, frame->context, frame->outcome, frame->err);
	atomic_store(&frame->display.is_over, true);
}

static enum display_mode choose_display(const struct common_options *options)
{
	if (options->is_quiet || !strcmp(options->progress, "none"))
		return DISPLAY_NONE;
	const char *terminal = getenv("TERM");
	bool is_dumb = terminal && !strcmp(terminal, "dumb");
	bool is_terminal = isatty(STDERR_FILENO) && !strcmp(options->progress, "auto") &&
			   strcmp(options->log_format, "json") != 0 && !is_dumb;
	return is_terminal ? DISPLAY_TERMINAL : DISPLAY_PLAIN;
}

static int write_report(const struct common_options *options, const struct frame *frame, int exit_status,
			struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct http_client *http = frame->run->http;

	if (!options->report)
		return 0;
	outcome_write_report(frame->outcome, http ? http_client_counters(http) : NULL,
			     frame->result < 0 ? frame->err : NULL, exit_status, &text);
	return file_replace(AT_FDCWD, options->report, text.buf, text.len, 0644, err);
}

static int exit_status_of(const struct frame *frame)
{
	if (frame->result == 0)
		return outcome_exit_status(frame->outcome);
	if (error_is(frame->err, ERROR_CANCELLED) && received_signal)
		return 128 + received_signal;
	return error_exit_status(frame->err);
}

/* What is missing must be said even to those who asked for silence. */
static void print_summary(const struct common_options *options, const struct outcome *outcome,
			  uint64_t elapsed_ms)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (options->is_quiet)
		summary_write_missing(outcome, &text);
	else
		summary_write(outcome, elapsed_ms, &text);
	display_print("info", text.buf);
}

static int finish(const struct command *command, const struct common_options *options, struct frame *frame,
		  uint64_t elapsed_ms)
{
	CLEANUP(error_clear) struct error report_error = ERROR_INIT;
	int status = exit_status_of(frame);

	outcome_phase(frame->outcome, NULL);
	if (write_report(options, frame, status, &report_error) < 0) {
		int report_status = command_fail(command, &report_error);
		status = status ? status : report_status;
	}
	if (frame->result < 0)
		command_fail(command, frame->err);
	else
		print_summary(options, frame->outcome, elapsed_ms);
	return status;
}

int common_run(const struct command *command, struct common_options *options, struct run *run,
	       work_function *work, void *context)
{
	CLEANUP(run_closep) struct run *owned = run;
	CLEANUP(outcome_release) struct outcome outcome = OUTCOME_INIT;
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	struct frame frame = {
		.run = owned,
		.work = work,
		.context = context,
		.outcome = &outcome,
		.err = &err,
		.display = {.mode = choose_display(options), .progress = &owned->progress},
	};
	uint64_t start = clock_milliseconds();

	outcome.command = command->name;
	catch_signals();
	parallel_for(2, 2, run_item, &frame);
	/* A signal may come before the first step. */
	if (!frame.has_worked)
		frame.result = cancel_error(&err);
	return finish(command, options, &frame, clock_milliseconds() - start);
}
