/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/images.h"

#include <string.h>
#include <strings.h>

#include "catalog/catalog.h"

static bool is_name(const char *text, size_t length, const char *name)
{
	return length == strlen(name) && !strncasecmp(text, name, length);
}

enum image_member image_member_of(const char *name, size_t length)
{
	if (is_name(name, length, "image"))
		return MEMBER_IMAGE;
	if (is_name(name, length, "relatedImages"))
		return MEMBER_RELATED_IMAGES;
	return MEMBER_OTHER;
}

const char *images_add(struct strvec *images, const char *text, size_t length)
{
	if (length > CATALOG_MAX_IMAGE)
		return "image is longer than 4096 bytes";
	if (memchr(text, '\0', length))
		return "image has a NUL character in it";
	if (length)
		strvec_push_take(images, xstrndup(text, length));
	return NULL;
}
