/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module: YAML documents with aliases and merge keys, read as trees. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "base/error.h"
#include "base/strvec.h"

#define YAML_MERGE_KEY "<<"

/* What a plain scalar must be to stand for nothing (YAML 1.2 core schema, 10.3.2). */
bool yaml_is_null(const char *text, size_t length);

/* The error of a parser that has stopped; always -1. */
int yaml_syntax_error(const yaml_parser_t *parser, uint64_t first_line, struct error *err);

/*
 * As images_from_yaml, for a text that was parsed once without error and has n_anchors anchors
 * and aliases.
 * Aliased nodes are shared, never copied. An explicit member goes before one that is merged in
 * (yaml.org/type/merge.html). Texts of more than 8 MiB, with more than 10,000 of them, or whose
 * aliases make more work than a long text would, are refused.
 */
int images_from_yaml_trees(const char *text, size_t length, uint64_t first_line, size_t n_anchors,
			   struct strvec *images, struct error *err) MUST_CHECK;
