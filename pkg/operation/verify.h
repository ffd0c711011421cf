/* SPDX-License-Identifier: Apache-2.0 */
/* airlift verify: the whole of an archive, offline. */
#pragma once

#include "store/archive.h"

/* "PATH", "archive:PATH" or "file://PATH" -> the path, which the caller frees. */
int verify_parse(const char *text, char **path, struct error *err) MUST_CHECK;
int verify_archive(const char *path, struct progress *progress, struct archive_verification *verification,
		   struct error *err) MUST_CHECK;
