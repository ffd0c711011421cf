/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module: the order in which a sorted walk through directories meets files. */
#pragma once

/* Like strcmp, component by component: "a/b" comes before "a-b", as "a" comes before "a-b". */
int walk_order_compare(const char *a, const char *b);
