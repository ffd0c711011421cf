/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/planning_blobs.h"

#include <stdlib.h>

#include "base/cancel.h"
#include "base/parallel.h"

struct planning_fetch {
	struct run *run;
	struct source *source;
	struct source_image *image;
	const struct descriptor *blobs;
	struct error *errors; /* one a blob */
};

struct blob_store *planning_blobs_store(struct run *run, struct source *source)
{
	struct blob_store *own = source_store(source);

	return own ? own : run->spool;
}

static void fetch_blob(size_t number, unsigned worker, void *context)
{
	struct planning_fetch *fetch = context;
	const struct descriptor *blob = &fetch->blobs[number];

	(void)worker;
	if (blob_store_has(fetch->run->spool, &blob->digest, blob->size))
		return;
	CLEANUP(source_session_freep) struct source_session *session = source_session_new(fetch->source);
	(void)!source_download(session, fetch->image, blob, fetch->run->spool, &fetch->run->progress,
			       &fetch->errors[number]);
}

int planning_blobs_fetch(struct run *run, struct source *source, struct source_image *image,
			 const struct descriptor *blobs, size_t count, const char *what, struct error *err)
{
	struct planning_fetch fetch = {.run = run, .source = source, .image = image, .blobs = blobs};
	uint64_t bytes = 0;
	int result = 0;

	if (source_store(source))
		return 0;
	for (size_t i = 0; i < count; i++)
		bytes += blobs[i].size;
	if (run_check_space(run->work_directory, bytes, "what planning reads", err) < 0)
		return -1;
	progress_start(&run->progress, what, 0, bytes);
	fetch.errors = xcalloc(count, sizeof(*fetch.errors));
	parallel_for(count, run->jobs, fetch_blob, &fetch);
	for (size_t i = 0; i < count; i++) {
		if (fetch.errors[i].code != ERROR_NONE)
			result = error_move(err, &fetch.errors[i]);
		error_clear(&fetch.errors[i]);
	}
	free(fetch.errors);
	if (result == 0 && cancel_requested())
		return cancel_error(err);
	return result;
}

int planning_blobs_read_config(struct run *run, struct source *source, struct source_image *image,
			       const struct manifest *manifest, const char *what, struct image_config *config,
			       struct strbuf *bytes, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf read = STRBUF_INIT;

	if (manifest->config.size > OCI_MAX_CONFIG_SIZE)
		return error_set(err, ERROR_INVALID, "its config is larger than %zu bytes",
				 OCI_MAX_CONFIG_SIZE);
	if (planning_blobs_fetch(run, source, image, &manifest->config, 1, what, err) < 0 ||
	    blob_store_read_blob(planning_blobs_store(run, source), &manifest->config.digest,
				 manifest->config.size, OCI_MAX_CONFIG_SIZE, &read, err) < 0 ||
	    image_config_parse(config, read.buf, read.len, err) < 0)
		return -1;
	if (bytes)
		strbuf_add(bytes, read.buf, read.len);
	return 0;
}
