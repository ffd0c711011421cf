/* SPDX-License-Identifier: Apache-2.0 */
/* What a run did: for the summary, the report and the exit status. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "http/http.h"
#include "mirror/mirror.h"
#include "store/archive.h"

enum image_status {
	IMAGE_COPIED,
	IMAGE_PRESENT,
	IMAGE_PLANNED, /* in a dry run */
	IMAGE_MISSING,
	IMAGE_UNTRIED, /* the run ended before */
};

struct outcome_image {
	char *source;
	char *target;    /* NULL for stores */
	bool has_digest; /* it was learnt */
	struct digest digest;
	char *reason; /* of a missing one */
	bool is_attached;
	enum image_status status;
};

/* A manifests directory. */
struct outcome_directory {
	char *path;
	bool is_unchanged; /* it was there already, with the same files */
	bool is_release;
	bool has_next_steps; /* next-steps.md is in it */
};

#define OUTCOME_MAX_PHASES 16

struct outcome {
	const char *command; /* "catalog mirror", ...: set by whoever runs it */
	bool is_dry_run;
	bool is_nothing_new;
	size_t n_roots, n_roots_missing; /* of what was asked for: whether it is at the target at all */
	enum error_code root_failure;    /* why the last of those is not */
	struct outcome_image *images;    /* sorted by source */
	size_t n_images, allocated_images;
	size_t n_asked;         /* images that were asked for: without attached ones */
	size_t n_missing;       /* of those */
	size_t n_attached;      /* signatures and referrers that travelled along */
	size_t n_blobs;         /* unique ones of the plan */
	uint64_t planned_bytes; /* all of it */
	uint64_t needed_bytes;  /* what the target lacked */
	struct mirror_counts counts;
	struct outcome_directory *directories; /* made or found to be the same, in the order of the roots */
	size_t n_directories, allocated_directories;
	char *archive;         /* path of an archive that was made */
	bool is_plain_archive; /* an oci-archive */
	uint64_t archive_bytes;
	struct strvec skipped;                           /* catalog texts that are no references */
	const struct archive_verification *verification; /* of verify; borrowed, or NULL */
	struct {
		const char *name;
		double seconds;
	} phases[OUTCOME_MAX_PHASES];
	size_t n_phases;
	uint64_t phase_start_ms; /* private */
};

#define OUTCOME_INIT {0}

void outcome_release(struct outcome *outcome);

/* Ends the phase that runs and begins another (NULL: none). */
void outcome_phase(struct outcome *outcome, const char *name);

/* Takes over what the images of a moved (or, in a dry run, a sealed) plan have come to. `mirror` is NULL when
 * nothing was moved: then they are there already if there is nothing new, else untried. `host` is the target
 * registry or NULL. */
void outcome_add_plan(struct outcome *outcome, const struct plan *plan, const struct mirror *mirror,
		      const char *host);

/* The next manifests directory; borrowed until there is another. */
struct outcome_directory *outcome_add_directory(struct outcome *outcome, const char *path, bool is_unchanged);

/* 0 done, 1 nothing usable, 3 in part, 4 no root is there and the last one is not what its digest says. */
int outcome_exit_status(const struct outcome *outcome);
/* 1, 2, 4, 75, 130 by the kind of error that ended a run. */
int error_exit_status(const struct error *err);

/* The JSON of --report; `failure`: the error that ended the run, or NULL. */
void outcome_write_report(const struct outcome *outcome, const struct http_counters *counters,
			  const struct error *failure, int exit_status, struct strbuf *out);
