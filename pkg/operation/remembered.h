/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was found out about a manifest (or a config), remembered in the work directory by its digest: what
 * has not changed is not read again. What was damaged counts as not remembered.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "digest/digest.h"

/* `kind` is a directory in the work directory: "catalogs", "releases", "configs". */
bool remembered_read(const char *work_directory, const char *kind, const struct digest *manifest,
		     struct strbuf *text);
int remembered_write(const char *work_directory, const char *kind, const struct digest *manifest,
		     const struct strbuf *text, struct error *err) MUST_CHECK;
