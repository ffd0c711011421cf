/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module and its tests: whoever shows the files of an image to a visitor. */
#pragma once

#include "layer/layer.h"

struct catalog_source {
	int (*visit)(const struct layer_visitor *visitor, void *context, struct error *err);
	void *context;
};
