/* SPDX-License-Identifier: Apache-2.0 */
/* A new archive while it is put together: what was asked for, and what an archive of the same name holds.
 * Private to this module. */
#pragma once

#include <sys/stat.h>

#include "base/map.h"
#include "operation/archive_target.h"

struct archive_assembly {
	struct run *run;
	struct archive_target *target;
	struct source *earlier; /* NULL: there is none */
	struct stat earlier_file;
	struct map earlier_images; /* source -> struct archive_image of the earlier archive */
	struct plan *plans[2];     /* what was asked for (borrowed); what is kept of the earlier one */
	struct mirror *mirrors[2]; /* that have moved them */
	size_t n_plans;
	struct archive_records records;
};

void archive_assembly_release(struct archive_assembly *assembly);

/* archive_earlier.c: opens an archive that is there already. */
int archive_assembly_open_earlier(struct archive_assembly *assembly, struct error *err) MUST_CHECK;
const struct archive_records *archive_assembly_earlier_records(const struct archive_assembly *assembly);
const struct archive_image *archive_assembly_find_earlier(const struct archive_assembly *assembly,
							  const char *source);
/* Whether the earlier archive holds all that was asked for. */
bool archive_assembly_has_everything(const struct archive_assembly *assembly);
/* Whether this root is asked for anew. */
bool archive_assembly_is_replaced(const struct archive_assembly *assembly, const struct archive_root *root);
/* Two different releases of one version and architecture have no place in one archive. */
int archive_assembly_check_releases(const struct archive_assembly *assembly, struct error *err) MUST_CHECK;
/* The second plan: images of roots that stay, images asked for that cannot be had now but are there, and
 * what is attached to them. */
int archive_assembly_plan_earlier(struct archive_assembly *assembly, struct outcome *outcome,
				  struct error *err) MUST_CHECK;
/* An image that stays and cannot be read any more is an error: the earlier archive has the most that there is
 * of it, and must not be replaced by one without. */
int archive_assembly_check_kept(const struct archive_assembly *assembly, struct error *err) MUST_CHECK;
/* Under the writer's lock: nobody has replaced the earlier archive since it was opened. */
int archive_assembly_check_earlier(const struct archive_assembly *assembly, struct error *err) MUST_CHECK;

/* archive_contents.c: fills in the records of the new archive, from both plans. */
void archive_assembly_make_records(struct archive_assembly *assembly);
