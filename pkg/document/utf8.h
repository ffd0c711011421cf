/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this module: text that is written, character by character. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at the start of a text (C string, not at its end) and its code point; 0 if
 * the bytes are not UTF-8 (Unicode 15, table 3-7). */
size_t utf8_next(const char *text, uint32_t *code_point);

/* What must not stand raw in a quoted text: C0 and C1 controls, DEL, line separators (U+2028, U+2029),
 * U+FEFF, U+FFFE and U+FFFF. */
bool utf8_is_control(uint32_t code_point);
