/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in columns, as Go's text/tabwriter lays it out for oc (minwidth 0, padding 1, blanks). A tab ends a
 * cell; what stands behind the last tab of a line belongs to no column. A column is as wide as its widest
 * cell among lines that follow one another and have it. Widths count characters.
 *
 * Private to this module.
 */
#pragma once

#include "base/strbuf.h"

/* Text from outside must be escaped before: it could hold tabs. */
void columns_align(struct strbuf *out, const char *text);
