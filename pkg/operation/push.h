/* SPDX-License-Identifier: Apache-2.0 */
/* airlift push: what an archive holds into a registry, read in place, with the files for the cluster. */
#pragma once

#include "operation/catalog_files.h"
#include "operation/release_verifier.h"
#include "operation/run.h"

struct push_request {
	struct location archive;
	struct location target;
	struct naming_options naming;
	struct trust_options trust; /* the stores are not asked: signatures are in the archive */
};

/* `archive` may be written with or without "archive:". */
int push_request_parse(struct push_request *request, const char *archive, const char *target,
		       struct error *err) MUST_CHECK;
void push_request_release(struct push_request *request);

int push(struct run *run, const struct push_request *request, struct outcome *outcome,
	 struct error *err) MUST_CHECK;
