/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A catalog's image list, remembered in the work directory by the digest of the index image: a catalog
 * that has not changed is not read again. What was damaged counts as not remembered.
 *
 * Private to this module.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/strvec.h"
#include "digest/digest.h"

/* `index` is the manifest of the platform that the catalog was read from. */
bool image_list_read(const char *work_directory, const struct digest *index, struct strvec *images);
int image_list_write(const char *work_directory, const struct digest *index, const struct strvec *images,
		     struct error *err) MUST_CHECK;
