/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const names[] = {
	[MANIFEST_UNKNOWN] = "",
	[MANIFEST_OCI_IMAGE] = MEDIA_TYPE_OCI_MANIFEST,
	[MANIFEST_OCI_INDEX] = MEDIA_TYPE_OCI_INDEX,
	[MANIFEST_DOCKER_IMAGE] = MEDIA_TYPE_DOCKER_MANIFEST,
	[MANIFEST_DOCKER_LIST] = MEDIA_TYPE_DOCKER_LIST,
};

enum manifest_type manifest_type_parse(const char *media_type)
{
	static const char blanks[] = " \t";

	if (!media_type)
		return MANIFEST_UNKNOWN;
	media_type += strspn(media_type, blanks);
	size_t length = strcspn(media_type, ";");
	while (length && strchr(blanks, media_type[length - 1]))
		length--;
	for (int type = MANIFEST_OCI_IMAGE; type <= MANIFEST_DOCKER_LIST; type++)
		if (length == strlen(names[type]) && !strncasecmp(media_type, names[type], length))
			return (enum manifest_type)type;
	return MANIFEST_UNKNOWN;
}

const char *manifest_type_name(enum manifest_type type)
{
	return names[type];
}

bool manifest_type_is_index(enum manifest_type type)
{
	return type == MANIFEST_OCI_INDEX || type == MANIFEST_DOCKER_LIST;
}
