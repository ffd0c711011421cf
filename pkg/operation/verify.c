/* SPDX-License-Identifier: Apache-2.0 */
#include "operation/verify.h"

#include "base/text.h"
#include "oci/location.h"

int verify_parse(const char *text, char **path, struct error *err)
{
	CLEANUP(location_release) struct location location = LOCATION_INIT;

	if (!text_starts_with(text, "archive:") && !text_starts_with(text, "file://")) {
		*path = xstrdup(text);
		return 0;
	}
	if (location_parse(&location, text, err) < 0)
		return -1;
	*path = steal(&location.path);
	return 0;
}

int verify_archive(const char *path, struct progress *progress, struct archive_verification *verification,
		   struct error *err)
{
	return archive_verify(path, progress, verification, err);
}
