/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "display.h"

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

static void add_access_options(struct option_table *table, struct common_options *options)
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
	};

	options_add(table, specs, ARRAY_LENGTH(specs));
}

static void add_work_options(struct option_table *table, struct common_options *options)
{
	struct run_options *run = &options->run;
	const struct option_spec specs[] = {
		{"jobs", OPTION_STRING, &options->jobs, "N", "transfers at a time (8)"},
		{"max-per-registry", OPTION_STRING, &options->jobs, "N", "", .is_alias = true},
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

static void add_pasted_options(struct option_table *table)
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
		 "needs a cluster; airlift writes files for oc apply -f"},
		{"to-image-stream", OPTION_REFUSED, NULL, NULL,
		 "needs a cluster; give a registry as the target"},
		{"overwrite", OPTION_REFUSED, NULL, NULL, "needs a cluster"},
		{"path", OPTION_REFUSED, NULL, NULL, "catalogs are read where they are, nothing is unpacked"},
		{"dir", OPTION_REFUSED, NULL, NULL,
		 "use archive:PATH as the target, and airlift push on the other side"},
		{"from-dir", OPTION_REFUSED, NULL, NULL, "use airlift push with an archive"},
	};

	options_add(table, specs, ARRAY_LENGTH(specs));
}

void common_options_add(struct option_table *table, struct common_options *options)
{
	add_access_options(table, options);
	add_work_options(table, options);
	add_pasted_options(table);
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

/* Better now than after hours. */
static int check_report(const char *path, struct error *err)
{
	CLEANUP(free_string) char *parent = path_parent(path);

	if (access(parent, W_OK | X_OK) == 0)
		return 0;
	return error_set_errno(err, "--report %s: cannot be written", path);
}

/* Checks the values, sets logging up and warns of options without effect; before anything is done. */
static int finish_options(struct common_options *options, const struct option_table *table, struct error *err)
{
	static const char *const signatures[] = {"auto", "none"},
				 *const progress[] = {"auto", "plain", "none"},
				 *const formats[] = {"text", "json"};

	if (check_choice("signatures", options->signatures, signatures, ARRAY_LENGTH(signatures), err) < 0 ||
	    check_choice("progress", options->progress, progress, ARRAY_LENGTH(progress), err) < 0 ||
	    check_choice("log-format", options->log_format, formats, ARRAY_LENGTH(formats), err) < 0)
		return -1;
	if (options->jobs) {
		uint64_t jobs;
		if (text_parse_number(options->jobs, 256, &jobs, err) < 0)
			return error_wrap(err, "--jobs");
		if (!jobs)
			return error_set(err, ERROR_USAGE, "--jobs 0: at least 1");
		options->run.jobs = (unsigned)jobs;
	}
	if (options->retry_times) {
		uint64_t retry_times;
		if (text_parse_number(options->retry_times, 1000, &retry_times, err) < 0)
			return error_wrap(err, "--retry-times");
		options->run.has_retry_times = true;
		options->run.retry_times = (unsigned)retry_times;
	}
	if (options->report && check_report(options->report, err) < 0)
		return -1;
	options->run.without_attached = !strcmp(options->signatures, "none");
	options->run.stops_on_error = !options->continue_on_error;
	options->run.skip_sync = getenv("AIRLIFT_NO_SYNC") != NULL;
	display_start_log(!strcmp(options->log_format, "json"), options->is_quiet, options->verbosity);
	options_warn(table);
	return 0;
}

bool common_start(const struct command *command, struct option_table *table, char *const *argv,
		  struct common_options *options, struct strvec *arguments, int *status)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;
	bool wants_help = false;

	if (options_parse(table, argv, arguments, &wants_help, &err) == 0) {
		if (wants_help) {
			*status = command_print_help(command, table);
			return false;
		}
		if (finish_options(options, table, &err) == 0)
			return true;
	}
	*status = command_fail(command, &err);
	return false;
}
