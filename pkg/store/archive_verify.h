/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: what a verification finds while it reads, and how it is told.
 * archive_verify.c reads, archive_damage.c turns findings into damages.
 */
#pragma once

#include <pthread.h>

#include "store/archive_store.h"

enum finding_kind {
	FINDING_BLOB,    /* data of a blob */
	FINDING_HEADER,  /* tar header in front of it */
	FINDING_PADDING, /* zeros behind it */
	FINDING_ABSENT,  /* what should be zeros in place of a missing blob */
	FINDING_LAYOUT,  /* the entry oci-layout */
	FINDING_DIRECTORIES,
	FINDING_RECORDS, /* header or padding of airlift/index.json */
	FINDING_INDEX,   /* the entry index.json */
};

struct finding {
	uint64_t offset;
	uint64_t length;
	enum finding_kind kind;
	size_t slot; /* of the kinds that belong to a blob */
};

/* Filled by all workers under the lock. */
struct findings {
	pthread_mutex_t lock;
	struct finding *items;
	size_t count;
	size_t allocated;
};

void findings_add(struct findings *findings, const struct finding *finding);

/* Sorts, joins what is adjacent, names the images; into an empty verification. */
void findings_report(struct findings *findings, struct archive_store *archive,
		     struct archive_verification *verification);
