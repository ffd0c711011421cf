/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: the parts of writing an archive. archive_writer.c opens it and takes blobs,
 * archive_resume.c finds what an interrupted run has left, archive_leftover.c keeps what one with another
 * plan has left, archive_finish.c writes the tail.
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
	struct blob_store *leftover; /* owned; NULL if there is nothing */
	struct file_lock lock;
	int fd;                   /* of PATH.partial */
	struct volume_set *bytes; /* the same file, for reading */
	struct archive_layout layout;
	bool with_records;
};

/* Whether the header(s) of a blob stand in its place: the sign that it was committed. */
int archive_has_header(const struct archive_layout *layout, const struct volume_set *bytes, size_t slot,
		       bool *has, struct error *err) MUST_CHECK;

/* Looks at every planned blob: those whose header is in place are hashed; the right ones become filled,
 * the headers of the others are taken away. ERROR_CANCELLED when it was cut short. `progress` may be NULL. */
int archive_resume(struct archive_writer *writer, struct progress *progress, struct error *err) MUST_CHECK;

/* Writes the header(s) of a slot: the last step of a blob. */
int archive_writer_put_header(struct archive_writer *writer, size_t slot, bool is_absent,
			      struct error *err) MUST_CHECK;
/* Overwrites the header(s) by zeros: whatever lies there is no blob any more. */
int archive_clear_header(struct archive_writer *writer, size_t slot, struct error *err) MUST_CHECK;

/*
 * PATH.partial is going to be begun anew, since the plan beside it, `plan`, is not that of this run. If it
 * holds blobs it gets another name; one that has this name already stays if it holds more. The plan goes
 * first: cut off in between, the file still has its plan under the old name.
 */
int archive_leftover_keep(const struct archive_writer *writer, const struct strbuf *plan,
			  struct error *err) MUST_CHECK;
/* The blobs of what was kept, by this run or one before; NULL if there are none. */
struct blob_store *archive_leftover_open(const char *path);
/* Removes what was kept, once it is of no use. */
int archive_leftover_remove(const char *path, struct error *err) MUST_CHECK;
