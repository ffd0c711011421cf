/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command that talks to a registry or a store needs, set up once from the flags that all of
 * them share: the HTTP and registry clients, the work directory with the manifest cache and the spool.
 *
 * The work directory: manifests/ (raw manifests by digest), catalogs/ (remembered image lists), releases/
 * and configs/ (remembered payloads, and configs of release images), and for each job (a command with its
 * source and target, named by a hash) jobs/<key>.lock, jobs/<key>.json (what was finished) and
 * jobs/<key>.spool/ (blobs in flight and those read while planning, and GnuPG's homes, gnupg-XXXXXX/; removed
 * when the job is done). A job without a target is called process-<pid>; what a killed one leaves, a later
 * run removes. The same job twice at the same time is ERROR_BUSY.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/strvec.h"
#include "oci/location.h"
#include "operation/outcome.h"
#include "plan/manifest_cache.h"
#include "registry/registry.h"
#include "source/source.h"
#include "store/store.h"

struct run_options {
	const char *auth_file; /* for both sides, unless one has its own */
	const char *source_auth_file;
	const char *target_auth_file;
	bool is_insecure;
	bool is_source_insecure;
	bool is_target_insecure;
	struct strvec ca_files;
	const char *certificate_directory;
	const char *source_certificate_directory;
	const char *target_certificate_directory;
	const char *registries_conf;
	unsigned jobs;        /* 0: 8 */
	bool has_retry_times; /* else the defaults of http/retry.h */
	unsigned retry_times;
	unsigned retry_delay_ms;
	uint64_t rate_limit_bytes;
	bool without_attached; /* --signatures none */
	bool is_dry_run;
	bool stops_on_error;        /* --continue-on-error=false */
	bool skip_sync;             /* for measurements: AIRLIFT_NO_SYNC */
	const char *work_directory; /* NULL: ${XDG_CACHE_HOME:-~/.cache}/airlift */
};

struct run {
	const struct run_options *options; /* borrowed */
	struct strvec source_hosts;        /* named on the command line */
	struct strvec target_hosts;
	struct http_client *http;
	struct registry_client *registry;
	char *work_directory;
	char *job; /* "<work directory>/jobs/<key>" */
	struct file_lock lock;
	bool is_done; /* the spool is of no more use */
	struct manifest_cache *cache;
	struct blob_store *spool;
	struct progress progress;
	unsigned jobs;
	unsigned request_jobs; /* small requests at a time */
};

/* `command`, `sources` and `targets` make the job; "insecure" is about the registries they name. Without
 * a target it is a job of this process alone, which leaves nothing but what is remembered. */
int run_open(struct run **run, const struct run_options *options, const char *command,
	     const struct location *sources, size_t n_sources, const struct location *targets,
	     size_t n_targets, struct error *err) MUST_CHECK;
/* For commands that move nothing: no work directory and no job; clients only after run_go_online. */
struct run *run_new_offline(const struct run_options *options);
int run_go_online(struct run *run, const struct location *sources, size_t n_sources,
		  const struct location *targets, size_t n_targets, struct error *err) MUST_CHECK;
void run_close(struct run *run);
void run_closep(struct run **run);

/* Where a location's images come from: the registry client's source, or a store opened for reading. */
int run_open_source(struct run *run, const struct location *location, struct source **source,
		    struct error *err) MUST_CHECK;

/* Resolves, beside the images what is attached to them, and seals. */
int run_resolve(struct run *run, struct plan *plan, const struct platform *platform, struct outcome *outcome,
		struct error *err) MUST_CHECK;
/* The same for releases: signatures of the images of a manifest list too. */
int run_resolve_release(struct run *run, struct plan *plan, struct outcome *outcome,
			struct error *err) MUST_CHECK;

/* Enough space for `bytes` on the file system of `path`, which need not be there yet? The error says needed
 * and free. */
int run_check_space(const char *path, uint64_t bytes, const char *what, struct error *err) MUST_CHECK;

/* With --continue-on-error=false: the first failure of a plan as an error. */
int run_check_failures(struct run *run, const struct plan *plan, struct error *err) MUST_CHECK;

/* Takes the plan's blobs that are whole out of the spool: they are where they belong now. What a broken
 * connection left stays for the next run. */
int run_empty_spool(struct run *run, const struct plan *plan, struct error *err) MUST_CHECK;

/* Moves a sealed plan to a registry: what is there, space in the work directory, blobs, manifests, tags.
 * In a dry run only asks. */
int run_move_to_registry(struct run *run, struct plan *plan, const char *host, struct outcome *outcome,
			 struct error *err) MUST_CHECK;
