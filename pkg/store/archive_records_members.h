/* SPDX-License-Identifier: Apache-2.0 */
/* Members of the records, with what must hold for each. Private to this module. */
#pragma once

#include "base/error.h"
#include "base/strvec.h"
#include "document/document.h"

/* A text as it is: escape it before it is shown. The caller frees the copy. */
int records_read_text(const struct node *object, const char *key, char **copy, struct error *err) MUST_CHECK;
/* Names are shown, compared and written into files: they are what archive_records_name leaves as it is. */
int records_read_name(const struct node *object, const char *key, char **copy, struct error *err) MUST_CHECK;
/* NULL if absent. */
int records_read_optional_name(const struct node *object, const char *key, char **copy,
			       struct error *err) MUST_CHECK;
int records_read_names(const struct node *object, const char *key, struct strvec *names,
		       struct error *err) MUST_CHECK;
/* A list that must be there. */
int records_read_list(const struct node *root, const char *key, struct node *list,
		      struct error *err) MUST_CHECK;
