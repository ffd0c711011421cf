/* SPDX-License-Identifier: Apache-2.0 */
/* "Names, scopes and files": the same flags for catalog mirror and push. */
#pragma once

#include "operation/catalog_files.h"
#include "options.h"

/* As they were written; naming_options_finish turns them into values. */
struct naming_texts {
	const char *icsp_scope, *idms_scope, *scope;
	struct strvec mirrors;
};
void naming_options_init(struct naming_options *naming, struct naming_texts *texts);
void naming_options_release(struct naming_options *naming, struct naming_texts *texts);
void naming_options_add(struct option_table *table, struct naming_options *naming,
			struct naming_texts *texts);
int naming_options_finish(struct naming_options *naming, const struct naming_texts *texts,
			  struct error *err) MUST_CHECK;
