/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: the parts of writing an archive. archive_writer.c opens it and takes blobs,
 * archive_resume.c finds what an interrupted run has left, archive_finish.c writes the tail.
 *
 * Threads: blobs are written by many at the same time, each to its own slot; a slot's status is claimed
 * atomically, everything else of a slot belongs to the one who claimed it. The layout is frozen once
 * the writer is open; finish runs alone.
 */
#pragma once

#include "base/file.h"
#include "store/archive_layout.h"
#include "store/blob_store.h"

struct archive_writer {
	struct blob_store store;
	char *path;
	char *partial_path;
	char *plan_path;
	struct file_lock lock;
	int fd;                   /* of PATH.partial */
	struct volume_set *bytes; /* the same file, for reading */
	struct archive_layout layout;
	bool with_records;
};

/* Looks at every planned blob: those whose header is in place are hashed; the right ones become filled,
 * the headers of the others are taken away. ERROR_CANCELLED when it was cut short. `progress` may be NULL. */
int archive_resume(struct archive_writer *writer, struct progress *progress, struct error *err) MUST_CHECK;

/* Writes the header(s) of a slot: the last step of a blob. */
int archive_writer_put_header(struct archive_writer *writer, size_t slot, bool is_absent,
			      struct error *err) MUST_CHECK;
/* Overwrites the header(s) by zeros: whatever lies there is no blob any more. */
int archive_clear_header(struct archive_writer *writer, size_t slot, struct error *err) MUST_CHECK;
