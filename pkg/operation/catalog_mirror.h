/* SPDX-License-Identifier: Apache-2.0 */
/* airlift catalog mirror: an operator catalog with everything that it names, to a registry or an archive. */
#pragma once

#include "operation/catalog_files.h"
#include "operation/run.h"

struct catalog_request {
	struct location *sources;
	size_t n_sources;
	struct location target;
	const char *index_filter; /* regular expression on os/architecture[/variant] */
	bool require_complete;    /* of an archive: nothing may be missing */
	struct naming_options naming;
};

int catalog_request_parse(struct catalog_request *request, const char *const *sources, size_t n_sources,
			  const char *target, struct error *err) MUST_CHECK;
void catalog_request_release(struct catalog_request *request);

int catalog_mirror(struct run *run, const struct catalog_request *request, struct outcome *outcome,
		   struct error *err) MUST_CHECK;
