/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to this module: what a plain YAML scalar means.
 *
 * YAML 1.2.2, section 10.3.2 (core schema): null, booleans, decimal, octal and hexadecimal integers,
 * floating-point numbers; everything else is a string. "yes", "on" and the like are strings.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* A new value; NULL for .inf and .nan, which have no place in a JSON-like tree. The text is UTF-8
 * without NUL. Integers beyond 64 bits become reals. */
json_t *core_schema_resolve(const char *text);

/* Whether it is a decimal number, integers too: [-+]? ( "." digits | digits ("." digits?)? ) ( [eE] [-+]? digits )?
 * YAML 1.1 has the same, but for underscores. */
bool core_schema_is_number(const char *text);
