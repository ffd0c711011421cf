/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module and its tests: the walk of a visitor through layers, wherever they come from. */
#pragma once

#include <stdbool.h>

#include "layer/hidden.h"
#include "layer/layer.h"
#include "layer/stream.h"

struct layer_walk {
	const struct layer_visitor *visitor; /* borrowed */
	char *location;                      /* clean */
	struct layer_hidden above;           /* by the layers that were read */
	bool is_stopped;                     /* the visitor has seen enough */
};

#define LAYER_WALK_INIT {.above = LAYER_HIDDEN_INIT}

int layer_walk_start(struct layer_walk *walk, const struct layer_visitor *visitor,
		     struct error *err) MUST_CHECK;
/* The next layer, from the top down. */
int layer_walk_read(struct layer_walk *walk, const struct layer_source *source, struct error *err) MUST_CHECK;
void layer_walk_release(struct layer_walk *walk);
