/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "store/archive.h"

#define DEFAULT_JOBS 8
#define DEFAULT_REQUEST_JOBS 64

/* Of jobs that are of one process alone. */
static const char process_prefix[] = "process-";

static char *default_work_directory(void)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (cache && *cache == '/')
		return xasprintf("%s/airlift", cache);
	return xasprintf("%s/.cache/airlift", home && *home ? home : "");
}

/* The same relative path is another file in another directory. */
static void add_location(struct strbuf *text, const struct location *location)
{
	CLEANUP(free_string) char *directory = NULL;

	if (location->type != LOCATION_REGISTRY && *location->path != '/')
		directory = realpath(".", NULL);
	strbuf_addf(text, "%s%s%s", location->text, directory ? "\nin " : "", directory ? directory : "");
}

/* A dry run may look on while the job is running, and so may what has no target. */
static char *job_key(const struct run_options *options, const char *command, const struct location *sources,
		     size_t n_sources, const struct location *targets, size_t n_targets)
{
	CLEANUP(strbuf_release) struct strbuf text = STRBUF_INIT;
	char hex[DIGEST_HEX_LENGTH + 1];
	struct digest digest;

	strbuf_addf(&text, "%s%s", command, options->is_dry_run ? " (dry run)" : "");
	for (size_t i = 0; i < n_sources; i++) {
		strbuf_add_string(&text, "\n");
		add_location(&text, &sources[i]);
	}
	for (size_t i = 0; i < n_targets; i++) {
		strbuf_add_string(&text, "\n-> ");
		add_location(&text, &targets[i]);
	}
	if (!n_targets)
		return xasprintf("%s%ld", process_prefix, (long)getpid());
	digest_of(text.buf, text.len, &digest);
	return xstrndup(digest_format_hex(&digest, hex), 24);
}

/* One that is younger may be about to take its lock. */
#define ABANDONED_SECONDS 60

static void remove_if_abandoned(const char *lock_path)
{
	CLEANUP(error_clear) struct error ignored = ERROR_INIT;
	CLEANUP(file_lock_release) struct file_lock lock = FILE_LOCK_INIT;
	struct stat status;

	if (stat(lock_path, &status) < 0 || time(NULL) - status.st_mtime < ABANDONED_SECONDS ||
	    file_lock_take(&lock, lock_path, &ignored) < 0)
		return;
	CLEANUP(free_string)
	char *spool = xasprintf("%.*s.spool", (int)(strlen(lock_path) - strlen(".lock")), lock_path);
	(void)!directory_remove_all(AT_FDCWD, spool, &ignored);
}

/* Jobs of one process have a name of their own: nobody else would ever clean up behind one that was
 * killed. */
static void remove_abandoned(const char *jobs)
{
	CLEANUP(close_directory) DIR *directory = opendir(jobs);

	for (const struct dirent *entry; directory && (entry = readdir(directory));) {
		CLEANUP(free_string) char *path = xasprintf("%s/%s", jobs, entry->d_name);

		if (text_starts_with(entry->d_name, process_prefix) && text_ends_with(entry->d_name, ".lock"))
			remove_if_abandoned(path);
	}
}

static int open_job(struct run *run, const char *key, struct error *err)
{
	CLEANUP(free_string) char *jobs = xasprintf("%s/jobs", run->work_directory);
	CLEANUP(free_string) char *lock = xasprintf("%s/%s.lock", jobs, key);
	CLEANUP(free_string) char *spool = xasprintf("%s/%s.spool", jobs, key);

	run->job = xasprintf("%s/%s", jobs, key);
	if (directory_create_all(jobs, 0700, err) < 0)
		return -1;
	remove_abandoned(jobs);
	if (file_lock_take(&run->lock, lock, err) < 0)
		return error_is(err, ERROR_BUSY) ? error_wrap(err, "the same command is running already")
						 : -1;
	return directory_store_open(&run->spool, spool, DIRECTORY_CACHE, err);
}

static int open_work_directory(struct run *run, const char *key, struct error *err)
{
	run->work_directory = run->options->work_directory ? xstrdup(run->options->work_directory)
							   : default_work_directory();
	if (directory_create_all(run->work_directory, 0700, err) == 0 &&
	    manifest_cache_open(&run->cache, run->work_directory, err) == 0 && open_job(run, key, err) == 0)
		return 0;
	if (!error_is(err, ERROR_BUSY)) {
		error_wrap(err, "work directory");
		error_advise(err, "choose another with --workdir DIR");
	}
	return -1;
}

static struct registry_side_options side_options(const struct run_options *options, bool is_source)
{
	const char *auth_file = is_source ? options->source_auth_file : options->target_auth_file;
	const char *directory =
		is_source ? options->source_certificate_directory : options->target_certificate_directory;

	return (struct registry_side_options){
		.auth_file = auth_file ? auth_file : options->auth_file,
		.certificate_directory = directory ? directory : options->certificate_directory,
		.is_insecure = options->is_insecure ||
			       (is_source ? options->is_source_insecure : options->is_target_insecure),
	};
}

static void add_host(struct strvec *hosts, const struct location *location)
{
	if (location->type == LOCATION_REGISTRY)
		strvec_push(hosts,
			    *location->reference.registry ? location->reference.registry : "docker.io");
}

int run_go_online(struct run *run, const struct location *sources, size_t n_sources,
		  const struct location *targets, size_t n_targets, struct error *err)
{
	const struct run_options *options = run->options;
	struct http_options http = {.ca_files = options->ca_files,
				    .rate_limit_bytes = options->rate_limit_bytes};

	if (http_client_new(&run->http, &http, err) < 0)
		return -1;
	struct registry_options registry = {
		.http = run->http,
		.sides = {[REGISTRY_SOURCE] = side_options(options, true),
			  [REGISTRY_TARGET] = side_options(options, false)},
		.registries_conf = options->registries_conf,
		.retry = {.max_attempts = options->has_retry_times ? options->retry_times + 1 : 0,
			  .delay_ms = options->retry_delay_ms},
		.pull_scope_only = options->is_dry_run,
	};
	for (size_t i = 0; i < n_sources; i++)
		add_host(&run->source_hosts, &sources[i]);
	for (size_t i = 0; i < n_targets; i++)
		add_host(&run->target_hosts, &targets[i]);
	registry.sides[REGISTRY_SOURCE].insecure_hosts = run->source_hosts;
	registry.sides[REGISTRY_TARGET].insecure_hosts = run->target_hosts;
	return registry_client_new(&run->registry, &registry, err);
}

struct run *run_new_offline(const struct run_options *options)
{
	struct run *run = xcalloc(1, sizeof(*run));

	run->lock = (struct file_lock)FILE_LOCK_INIT;
	run->options = options;
	run->is_done = options->is_dry_run; /* leaves nothing behind */
	run->jobs = options->jobs ? options->jobs : DEFAULT_JOBS;
	run->request_jobs = options->jobs ? options->jobs : DEFAULT_REQUEST_JOBS;
	return run;
}

int run_open(struct run **opened, const struct run_options *options, const char *command,
	     const struct location *sources, size_t n_sources, const struct location *targets,
	     size_t n_targets, struct error *err)
{
	CLEANUP(run_closep) struct run *run = run_new_offline(options);
	CLEANUP(free_string) char *key = job_key(options, command, sources, n_sources, targets, n_targets);

	if (run_go_online(run, sources, n_sources, targets, n_targets, err) < 0 ||
	    open_work_directory(run, key, err) < 0)
		return -1;
	run->is_done |= !n_targets;
	*opened = steal(&run);
	return 0;
}

static void remove_spool(const struct run *run)
{
	CLEANUP(error_clear) struct error err = ERROR_INIT;

	if (!run->is_done || !run->spool)
		return;
	CLEANUP(free_string) char *spool = xasprintf("%s.spool", run->job);
	if (directory_remove_all(AT_FDCWD, spool, &err) < 0)
		log_warning("%s", err.message);
}

void run_close(struct run *run)
{
	if (!run)
		return;
	remove_spool(run);
	blob_store_free(run->spool);
	file_lock_release(&run->lock);
	free(run->job);
	manifest_cache_free(run->cache);
	registry_client_free(run->registry);
	http_client_free(run->http);
	strvec_release(&run->source_hosts);
	strvec_release(&run->target_hosts);
	free(run->work_directory);
	free(run);
}

void run_closep(struct run **run)
{
	run_close(*run);
}

int run_open_source(struct run *run, const struct location *location, struct source **source,
		    struct error *err)
{
	struct blob_store *store = NULL;
	int result = 0;

	switch (location->type) {
	case LOCATION_REGISTRY:
		*source = source_new_registry(run->registry);
		return 0;
	case LOCATION_ARCHIVE:
		result = archive_open(&store, location->path, err);
		break;
	case LOCATION_OCI_DIRECTORY:
		result = directory_store_open(&store, location->path, DIRECTORY_READ, err);
		break;
	case LOCATION_OCI_ARCHIVE:
		result = tar_store_open(&store, location->path, err);
		break;
	}
	if (result < 0)
		return -1;
	*source = source_new_store(store);
	return 0;
}

static int resolve(struct run *run, struct plan *plan, struct plan_options *options, struct outcome *outcome,
		   struct error *err)
{
	options->workers = run->request_jobs;
	options->with_attached = !run->options->without_attached;
	options->progress = &run->progress;
	outcome_phase(outcome, "manifests");
	if (plan_resolve(plan, options, err) < 0)
		return -1;
	plan_seal(plan);
	outcome->n_blobs += plan->n_blobs_used;
	outcome->planned_bytes += plan->total_bytes;
	return 0;
}

int run_resolve(struct run *run, struct plan *plan, const struct platform *platform, struct outcome *outcome,
		struct error *err)
{
	struct plan_options options = {.platform = platform};

	return resolve(run, plan, &options, outcome, err);
}

int run_resolve_release(struct run *run, struct plan *plan, struct outcome *outcome, struct error *err)
{
	struct plan_options options = {.with_attached_children = true};

	return resolve(run, plan, &options, outcome, err);
}

int run_check_space(const char *path, uint64_t bytes, const char *what, struct error *err)
{
	char needed_text[TEXT_SIZE_LENGTH], free_text[TEXT_SIZE_LENGTH];
	CLEANUP(free_string) char *place = path_nearest_existing(path);
	uint64_t free_bytes;

	if (file_system_space(place, &free_bytes, err) < 0)
		return -1;
	if (bytes <= free_bytes)
		return 0;
	return error_set(err, ERROR_IO,
			 "%s: no space for %s: %s (%" PRIu64
			 " bytes) needed, %s free; make room, or choose another place",
			 path, what, text_format_size(bytes, needed_text), bytes,
			 text_format_size(free_bytes, free_text));
}

/* Only of a root is a wrong digest more than one failed image (exit status 4). */
static enum error_code failure_code(const struct plan_image *image)
{
	return error_is(&image->failure, ERROR_DIGEST) && !image->is_root ? ERROR_INVALID
									  : image->failure.code;
}

int run_check_failures(struct run *run, const struct plan *plan, struct error *err)
{
	if (!run->options->stops_on_error)
		return 0;
	for (size_t i = 0; i < plan->n_images; i++) {
		const struct plan_image *image = plan->images[i];
		if (image->attached_to == PLAN_NONE && !plan_image_takes_part(image))
			return error_set(err, failure_code(image), "%s", image->failure.message);
	}
	return 0;
}

int run_empty_spool(struct run *run, const struct plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->n_blobs; i++) {
		const struct digest *digest = &plan->blob_digests.digests[i];

		if (blob_store_has(run->spool, digest, plan->blobs[i].size) &&
		    directory_store_remove_blob(run->spool, digest, err) < 0)
			return -1;
	}
	return 0;
}

static int move_to_registry(struct run *run, struct mirror *mirror, struct plan *plan,
			    struct outcome *outcome, struct error *err)
{
	size_t n_blobs;

	outcome_phase(outcome, "target");
	if (mirror_find_present(mirror, err) < 0)
		return -1;
	mirror_count_needed(mirror, &n_blobs, &outcome->needed_bytes);
	if (run->options->is_dry_run && mirror_find_present_blobs(mirror, err) < 0)
		return -1;
	if (!source_store(plan->source) &&
	    run_check_space(run->work_directory, mirror_spool_bytes(mirror), "the blobs in flight", err) < 0)
		return -1;
	if (run->options->is_dry_run)
		return 0;
	outcome_phase(outcome, "copying");
	if (mirror_to_registry(mirror, err) < 0 || run_empty_spool(run, plan, err) < 0)
		return -1;
	return run_check_failures(run, plan, err);
}

int run_move_to_registry(struct run *run, struct plan *plan, const char *host, struct outcome *outcome,
			 struct error *err)
{
	struct mirror_options options = {
		.jobs = run->jobs,
		.request_jobs = run->request_jobs,
		.continue_on_error = !run->options->stops_on_error,
		.spool = run->spool,
		.progress = &run->progress,
		.client = run->registry,
		.host = host,
	};

	if (run_check_failures(run, plan, err) < 0)
		return -1;
	CLEANUP(mirror_freep) struct mirror *mirror = mirror_new(plan, &options);
	int result = move_to_registry(run, mirror, plan, outcome, err);
	outcome_phase(outcome, NULL);
	outcome_add_plan(outcome, plan, mirror, host);
	return result;
}
