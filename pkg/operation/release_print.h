/* SPDX-License-Identifier: Apache-2.0 */
/* What `oc adm release mirror` prints when it is done, for scripts that read it. Private to this module. */
#pragma once

#include "operation/release_mirror.h"
#include "operation/release_record.h"

/* "SOURCE TARGET" lines (--to-mirror). */
void release_print_mapping(const struct mapping *mapping, struct strbuf *out);

/* "Success" (or how many images are missing), the update image, the mirror prefixes, and how to use them
 * (--print-mirror-instructions). */
int release_print_result(const struct release_request *request, const struct release_files *files,
			 bool is_dry_run, struct strbuf *out, struct error *err) MUST_CHECK;

/* The ConfigMaps that were written to --release-image-signature-to-dir. */
void release_print_signatures(const struct strvec *paths, struct strbuf *out);
