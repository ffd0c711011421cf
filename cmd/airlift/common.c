/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/text.h"
#include "cluster/naming.h"
#include "display.h"
#include "summary.h"

/* --- options */

void common_options_init(struct common_options *options)
{
	*options = (struct common_options){
		.signatures = "auto", .progress = "auto", .log_format = "text", .continue_on_error = true};
}

void common_options_release(struct common_options *options)
{
	strvec_release(&options->run.ca_files);
}

void common_options_add(struct option_table *table, struct common_options *options)
{
	struct run_options *run = &options->run;
	const struct option_spec specs[] = {
		{"authfile", OPTION_STRING, &run->auth_file, "FILE",
		 "credentials: a pull secret or containers-auth.json; default: the usual places",
		 .letter = 'a'},
		{"registry-config", OPTION_STRING, &run->auth_file, "FILE", "", .is_alias = true},
		{"pull-secret", OPTION_STRING, &run->auth_file, "FILE", "", .is_alias = true},
		{"src-authfile", OPTION_STRING, &run->source_auth_file, "FILE",
		 "credentials for the source alone"},
		{"dest-authfile", OPTION_STRING, &run->target_auth_file, "FILE",
		 "credentials for the target alone"},
		{"insecure", OPTION_FLAG, &run->is_insecure, NULL,
		 "allow plain http and unverified TLS for the registries named on the command line"},
		{"src-insecure", OPTION_FLAG, &run->is_source_insecure, NULL,
		 "the same for the source alone"},
		{"dest-insecure", OPTION_FLAG, &run->is_target_insecure, NULL,
		 "the same for the target alone"},
		{"src-tls-verify", OPTION_INVERSE, &run->is_source_insecure, NULL, "", .is_alias = true},
		{"dest-tls-verify", OPTION_INVERSE, &run->is_target_insecure, NULL, "", .is_alias = true},
		{"tls-verify", OPTION_INVERSE, &run->is_insecure, NULL, "", .is_alias = true},
		{"ca-file", OPTION_LIST, &run->ca_files, "FILE",
		 "trust these certificates too (PEM); may be repeated"},
		{"certificate-authority", OPTION_LIST, &run->ca_files, "FILE", "", .is_alias = true},
		{"cert-dir", OPTION_STRING, &run->certificate_directory, "DIR",
		 "*.crt, *.cert and *.key for the registries, instead of certs.d"},
		{"src-cert-dir", OPTION_STRING, &run->source_certificate_directory, "DIR",
		 "the same for the source alone"},
		{"dest-cert-dir", OPTION_STRING, &run->target_certificate_directory, "DIR",
		 "the same for the target alone"},
		{"registries-conf", OPTION_STRING, &run->registries_conf, "FILE",
		 "containers-registries.conf for sources: mirrors, blocked registries"},
		{"jobs", OPTION_NUMBER, &run->jobs, "N", "transfers at a time (8)"},
		{"max-per-registry", OPTION_NUMBER, &run->jobs, "N", "", .is_alias = true},
		{"retry-times", OPTION_STRING, &options->retry_times, "N",
		 "repeat a request so often; a transfer that makes progress is never given up"},
		{"retry-delay", OPTION_SECONDS, &run->retry_delay_ms, "SECONDS",
		 "wait so long before the first repetition"},
		{"limit-rate", OPTION_SIZE, &run->rate_limit_bytes, "SIZE",
		 "bytes per second, over all transfers"},
		{"signatures", OPTION_STRING, &options->signatures, "auto|none",
		 "whether .sig images and referrers travel along (auto)"},
		{"dry-run", OPTION_FLAG, &run->is_dry_run, NULL,
		 "only plan: counts and bytes, nothing is written to the target"},
		{"continue-on-error", OPTION_FLAG, &options->continue_on_error, NULL,
		 "carry on when an image fails, and list what is missing (true)"},
		{"progress", OPTION_STRING, &options->progress, "auto|plain|none",
		 "how progress is shown on stderr"},
		{"log-format", OPTION_STRING, &options->log_format, "text|json",
		 "format of messages on stderr"},
		{"report", OPTION_STRING, &options->report, "FILE",
		 "write counts, bytes, requests and each image's outcome as JSON"},
		{"workdir", OPTION_STRING, &run->work_directory, "DIR",
		 "partial downloads and state; default ${XDG_CACHE_HOME:-~/.cache}/airlift"},
		{"quiet", OPTION_FLAG, &options->is_quiet, NULL,
		 "no progress, no warnings, no summary but what is missing", .letter = 'q'},
		{"verbose", OPTION_COUNT, &options->verbosity, NULL,
		 "say what is decided; twice: every request", .letter = 'v'},
	};

	options_add(table, specs, ARRAY_LENGTH(specs));
}

void naming_options_init(struct naming_options *naming, struct naming_texts *texts)
{
	*naming = (struct naming_options){.max_components = CLUSTER_DEFAULT_MAX_COMPONENTS,
					  .max_icsp_size = POLICY_DEFAULT_MAX_SIZE,
					  .max_idms_size = POLICY_DEFAULT_MAX_SIZE};
	*texts = (struct naming_texts){0};
}

void naming_options_release(struct naming_options *naming, struct naming_texts *texts)
{
	for (size_t i = 0; i < naming->n_mirrors; i++)
		reference_release(&naming->mirrors[i]);
	free(naming->mirrors);
	strvec_release(&texts->mirrors);
}

void naming_options_add(struct option_table *table, struct naming_options *naming, struct naming_texts *texts)
{
	const struct option_spec specs[] = {
		{"icsp-scope", OPTION_STRING, &texts->icsp_scope, "SCOPE",
		 "repository or registry: the sources in imageContentSourcePolicy.yaml"},
		{"idms-scope", OPTION_STRING, &texts->idms_scope, "SCOPE",
		 "repository or registry: the sources in imageDigestMirrorSet.yaml"},
		{"scope", OPTION_STRING, &texts->scope, "SCOPE",
		 "both of them: repository, namespace, registry or auto (the widest that is right for every "
		 "image)"},
		{"max-icsp-size", OPTION_SIZE, &naming->max_icsp_size, "BYTES",
		 "size limit of one ImageContentSourcePolicy (250000)"},
		{"max-idms-size", OPTION_SIZE, &naming->max_idms_size, "BYTES",
		 "size limit of one ImageDigestMirrorSet (250000)"},
		{"max-components", OPTION_NUMBER, &naming->max_components, "N",
		 "path components of a repository at the target (2); 0: no limit"},
		{"to-manifests", OPTION_STRING, &naming->to_manifests, "DIR",
		 "directory for the cluster's files; default manifests-<index>-<time>"},
		{"manifests-only", OPTION_FLAG, &naming->manifests_only, NULL,
		 "write the cluster's files, copy no image"},
		{"mirror", OPTION_LIST, &texts->mirrors, "HOST/PATH",
		 "a further mirror to name in the policies; may be repeated"},
		{"merge", OPTION_STRING, &naming->merge_directory, "DIR",
		 "merge with the policies in this directory"},
	};

	options_add(table, specs, ARRAY_LENGTH(specs));
}

static int parse_scope(enum policy_scope *scope, const char *flag, const char *text, struct error *err)
{
	if (!text)
		return 0;
	if (strcmp(text, "repository") != 0 && strcmp(text, "registry") != 0) {
		CLEANUP(free_string) char *shown = text_escaped(text);
		return error_set(err, ERROR_INVALID,
				 "invalid %s %s (repository or registry; --scope knows more)", flag, shown);
	}
	return policy_scope_parse(scope, text, err);
}

int naming_options_finish(struct naming_options *naming, const struct naming_texts *texts, struct error *err)
{
	if (texts->scope) {
		if (policy_scope_parse(&naming->icsp_scope, texts->scope, err) < 0)
			return error_wrap(err, "--scope");
		naming->idms_scope = naming->icsp_scope;
	}
	if (parse_scope(&naming->icsp_scope, "icsp-scope", texts->icsp_scope, err) < 0 ||
	    parse_scope(&naming->idms_scope, "idms-scope", texts->idms_scope, err) < 0)
		return -1;
	naming->mirrors = xcalloc(texts->mirrors.count, sizeof(*naming->mirrors));
	for (; naming->n_mirrors < texts->mirrors.count; naming->n_mirrors++) {
		CLEANUP(location_release) struct location location = LOCATION_INIT;

		if (location_parse_target(&location, texts->mirrors.items[naming->n_mirrors], err) < 0)
			return error_wrap(err, "--mirror");
		if (location.type != LOCATION_REGISTRY)
			return error_set(err, ERROR_USAGE, "--mirror %s: is not a registry", location.text);
		reference_copy(&naming->mirrors[naming->n_mirrors], &location.reference);
	}
	return 0;
}

void pasted_options_add(struct option_table *table)
{
	static const struct option_spec specs[] = {
		{"skip-verification", OPTION_IGNORED, NULL, NULL, "airlift always verifies"},
		{"skip-missing", OPTION_IGNORED, NULL, NULL,
		 "missing images never stop a run; see --continue-on-error"},
		{"all", OPTION_IGNORED, NULL, NULL, "all platforms are copied unless --platform is given",
		 .letter = 'A'},
		{"preserve-digests", OPTION_IGNORED, NULL, NULL, "digests are always kept"},
		{"keep-manifest-list", OPTION_IGNORED, NULL, NULL, "manifest lists are always kept"},
		{"src-creds", OPTION_REFUSED, NULL, "USER:PASSWORD",
		 "secrets on a command line can be seen by everybody; put them into a file and give "
		 "--src-authfile FILE"},
		{"dest-creds", OPTION_REFUSED, NULL, "USER:PASSWORD",
		 "secrets on a command line can be seen by everybody; put them into a file and give "
		 "--dest-authfile FILE"},
		{"apply-release-image-signature", OPTION_REFUSED, NULL, NULL,
		 "needs a cluster; use --release-image-signature-to-dir and oc apply -f"},
		{"to-image-stream", OPTION_REFUSED, NULL, NULL, "needs a cluster; use --to HOST/REPOSITORY"},
		{"overwrite", OPTION_REFUSED, NULL, NULL, "needs a cluster"},
		{"path", OPTION_REFUSED, NULL, NULL, "catalogs are read where they are, nothing is unpacked"},
		{"dir", OPTION_REFUSED, NULL, NULL,
		 "use archive:PATH as the target, and airlift push on the other side"},
		{"from-dir", OPTION_REFUSED, NULL, NULL, "use airlift push with an archive"},
	};

	options_add(table, specs, ARRAY_LENGTH(specs));
}

static int check_choice(const char *flag, const char *value, const char *const *choices, size_t count,
			struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf list = STRBUF_INIT;

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(value, choices[i]))
			return 0;
		strbuf_addf(&list, "%s%s", i ? ", " : "", choices[i]);
	}
	CLEANUP(free_string) char *shown = text_escaped(value);
	return error_set(err, ERROR_USAGE, "--%s: '%s' is none of: %s", flag, shown, list.buf);
}

int common_options_finish(struct common_options *options, const struct option_table *table, struct error *err)
{
	static const char *const signatures[] = {"auto", "none"},
				 *const progress[] = {"auto", "plain", "none"},
				 *const formats[] = {"text", "json"};

	if (check_choice("signatures", options->signatures, signatures, ARRAY_LENGTH(signatures), err) < 0 ||
	    check_choice("progress", options->progress, progress, ARRAY_LENGTH(progress), err) < 0 ||
	    check_choice("log-format", options->log_format, formats, ARRAY_LENGTH(formats), err) < 0)
		return -1;
	if (options->run.jobs > 256)
		return error_set(err, ERROR_USAGE, "--jobs %u: at most 256", options->run.jobs);
	if (options->retry_times) {
		uint64_t retry_times;
		if (text_parse_number(options->retry_times, 1000, &retry_times, err) < 0)
			return error_wrap(err, "--retry-times");
		options->run.has_retry_times = true;
		options->run.retry_times = (unsigned)retry_times;
	}
	options->run.without_attached = !strcmp(options->signatures, "none");
	options->run.stops_on_error = !options->continue_on_error;
	options->run.skip_sync = getenv("AIRLIFT_NO_SYNC") != NULL;
	display_start_log(!strcmp(options->log_format, "json"), options->is_quiet, options->verbosity);
	options_warn(table);
	return 0;
}

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
	bool is_terminal = isatty(STDERR_FILENO) && !strcmp(options->progress, "auto") &&
			   strcmp(options->log_format, "json") != 0;
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
