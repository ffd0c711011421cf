/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed jsonpath template. Private to this module. */
#pragma once

#include "base/strvec.h"
#include "document/jsonpath.h"

enum jsonpath_step_type {
	JSONPATH_MEMBER,  /* .name, ['name'] */
	JSONPATH_ELEMENT, /* [index] */
	JSONPATH_ALL,     /* [*] */
	JSONPATH_FILTER,  /* [?(@.names=="value")] */
};

struct jsonpath_step {
	enum jsonpath_step_type type;
	char *name;
	uint64_t index;
	struct strvec names;
	char *value;
};

/* A text, or a path through the document. */
struct jsonpath_part {
	char *text; /* NULL: a path */
	struct jsonpath_step *steps;
	size_t n_steps, allocated_steps;
};

struct jsonpath {
	struct jsonpath_part *parts;
	size_t n_parts, allocated_parts;
};
